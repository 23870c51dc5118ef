"""What the rooms of a collapse hand to one another: a camera, pieces, bonds between them, and how the pieces move.

Lengths in metres, world z up, the ground at z = 0 unless said otherwise; masses in kg, forces in newtons, times in seconds. Frames are the
shot's own numbers. Rotations are unit quaternions (w, x, y, z), from a piece's rest orientation to the world's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.floating[Any]]
Int = npt.NDArray[np.integer[Any]]
Bool = npt.NDArray[np.bool_]


class Face(IntEnum):
    """What a triangle of a piece shows."""

    OUTSIDE = 0  # the building's skin, which a plate may show at rest
    BROKEN = 1  # where it broke
    INSIDE = 2  # skin that no plate shows: rooms, slabs from below
    GLASS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Pinhole camera: looks down its −Z, +Y up; pixels from the top left, x right, y down, centres at +0.5.

    to_world
        (4, 4) float64, rigid, row-major.
    focal_px, centre_px
        Focal length and principal point (x, y), pixels.
    width, height
        Pixels.
    """

    to_world: Float
    focal_px: float
    centre_px: tuple[float, float]
    width: int
    height: int

    def __post_init__(self) -> None:
        turn = np.asarray(self.to_world, np.float64)
        if turn.shape != (4, 4) or not np.allclose(turn[:3, :3] @ turn[:3, :3].T, np.eye(3), atol=1e-4) or np.linalg.det(turn[:3, :3]) < 0:
            raise ValueError(f"to_world: a rigid (4, 4) matrix is needed, not {turn.tolist()}")
        if not (self.focal_px > 0 and self.width > 0 and self.height > 0):
            raise ValueError(f"camera: focal length and size must be positive, not {self.focal_px} px, {self.width}x{self.height}")

    def project(self, points: Float) -> tuple[Float, Float]:
        """(N, 3) world points to ((N, 2) pixels, (N,) depth along the view in metres; not above 0 means behind the camera)."""
        turn = np.asarray(self.to_world, np.float64)
        local = (np.asarray(points, np.float64) - turn[:3, 3]) @ turn[:3, :3]
        depth = -local[:, 2]
        safe = np.where(depth > 0, depth, np.nan)
        pixel = np.stack([local[:, 0], -local[:, 1]], -1) * (self.focal_px / safe)[:, None]
        return pixel + np.asarray(self.centre_px), depth


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """N rigid pieces at rest. Piece i owns vertices[vertex_start[i]:vertex_start[i+1]], and triangles and hull points in the same way.

    vertices
        (V, 3) float32, relative to the piece's centre; what is seen: chipped, need not be convex.
    vertex_start, triangle_start, hull_start
        (N + 1,) int64.
    triangles
        (T, 3) int32 into `vertices`, counter-clockwise from outside.
    face
        (T,) uint8, see `Face`.
    hull
        (P, 3) float32, relative to the centre: points whose convex hull collides.
    centre
        (N, 3) float64, centre of mass at rest, world.
    volume, density
        (N,) float64, m³ and kg/m³.
    material
        (N,) uint8 into `materials`.
    element, cluster, storey
        (N,) int32: the slab, pier … it was broken from; the glue cluster it moves with; its storey from 0.
    """

    vertices: Float
    vertex_start: Int
    triangles: Int
    triangle_start: Int
    face: Int
    hull: Float
    hull_start: Int
    centre: Float
    volume: Float
    density: Float
    material: Int
    materials: tuple[str, ...]
    element: Int
    cluster: Int
    storey: Int

    def __post_init__(self) -> None:
        n = len(self.centre)
        for name in ("vertex_start", "triangle_start", "hull_start"):
            start, whole = getattr(self, name), getattr(self, {"v": "vertices", "t": "triangles", "h": "hull"}[name[0]])
            if start.shape != (n + 1,) or start[0] != 0 or start[-1] != len(whole) or (np.diff(start) < 0).any():
                raise ValueError(
                    f"{name}: ({n} + 1,) offsets from 0 to {len(whole)} are needed, given {start.shape} from {start[:1]} to {start[-1:]}"
                )
        for name in ("volume", "density", "material", "element", "cluster", "storey"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name}: ({n},) is needed, given {getattr(self, name).shape}")
        if self.face.shape != (len(self.triangles),):
            raise ValueError(f"face: ({len(self.triangles)},) is needed, given {self.face.shape}")

    def __len__(self) -> int:
        return len(self.centre)

    @property
    def mass(self) -> Float:
        """(N,) float64, kg."""
        return np.asarray(self.volume * self.density, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Bonds:
    """B touching pairs of pieces.

    pair
        (B, 2) int32, first below second, rows in rising order.
    area
        (B,) float64, contact area, m².
    centre, normal
        (B, 3) float64: middle of the contact, and its unit normal from first to second.
    strength
        (B,) float64: force at which it breaks, N (MPa × area × 1e6).
    """

    pair: Int
    area: Float
    centre: Float
    normal: Float
    strength: Float

    def __post_init__(self) -> None:
        b = len(self.pair)
        for name, shape in (("pair", (b, 2)), ("area", (b,)), ("centre", (b, 3)), ("normal", (b, 3)), ("strength", (b,))):
            if getattr(self, name).shape != shape:
                raise ValueError(f"bonds' {name}: {shape} is needed, given {getattr(self, name).shape}")

    def __len__(self) -> int:
        return len(self.pair)


@dataclass(frozen=True, slots=True, eq=False)
class Impacts:
    """I blows: the frame, the piece, the world point (I, 3) m, and the energy that went out of the motion, joules."""

    frame: Int
    piece: Int
    point: Float
    energy: Float


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where N pieces are in F frames.

    first_frame
        The shot's number of row 0.
    position
        (F, N, 3) float32: a piece's centre, world.
    rotation
        (F, N, 4) float32 unit quaternions (w, x, y, z).
    asleep
        (F, N) bool: at rest, also before it was ever released.
    broken
        (B,) int32: the frame in which a bond broke, 0 where it never did.
    released
        (N,) int32: the frame in which a piece began to move freely, 0 where it never did.
    impacts
        See `Impacts`.
    """

    first_frame: int
    position: Float
    rotation: Float
    asleep: Bool
    broken: Int
    released: Int
    impacts: Impacts

    def __len__(self) -> int:
        return len(self.position)
