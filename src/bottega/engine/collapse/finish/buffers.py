"""What a compositor asks of a frame beside its colour: depth, ids, places, normals, motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera, Pieces
from bottega.engine.synthesis.compiled import uncounted

from .raster import Lens, Planes, draw_samples, empty_planes, lens_of, see
from .skin import Pose, Skin, lay_skin, pose, to_world

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Buffers:
    """A frame's buffers, asked at the middle of each pixel.

    depth
        (H, W) float32, metres along the view; inf where there is nothing.
    piece, triangle
        (H, W) int32; −1 where there is nothing.
    local
        (H, W, 3) float32, metres in the piece's own space; 0 where there is nothing.
    normal
        (H, W, 3) float32, world, out of the piece.
    face
        (H, W) uint8, see `records.Face`.
    motion
        (H, W, 2) float32, pixels: how far what is seen here has come since the frame before, x right, y down.
    """

    depth: Array
    piece: Array
    triangle: Array
    local: Array
    normal: Array
    face: Array
    motion: Array


def draw_pose(
    skin: Skin, now: Pose, lens: Lens, *, size: tuple[int, int], offset: tuple[int, int] = (0, 0), held: Planes | None = None
) -> Planes:
    """The pieces drawn over what is `held` out (its triangles count as nothing), or over nothing."""
    drawn = draw_poses(skin, now, lens, offsets=(offset,), held=(empty_planes(*size) if held is None else held,))
    return Planes(drawn.near[0], drawn.triangle[0])


def draw_poses(skin: Skin, now: Pose, lens: Lens, *, offsets: tuple[tuple[int, int], ...], held: Sequence[Planes]) -> Planes:
    """As `draw_pose`, at each of several offsets over what is held out there: planes (S, H, W)."""
    near = np.stack([h.near for h in held])
    into = Planes(near, np.full(near.shape, -1, np.int32))
    draw_samples(see(to_world(skin, now), lens), skin.triangles, skin.double, lens, into, offsets, 0)
    return into


def rasterise(
    pieces: Pieces, position: Array, *, rotation: Array, camera: Camera, before: tuple[Array, Array, Camera] | None = None
) -> Buffers:
    """Draw the pieces as they lie: for each pixel the nearest triangle at its middle, and the place on it.

    Parameters
    ----------
    pieces : Pieces
        The pieces at rest.
    position, rotation : (N, 3) float, (N, 4) float
        Where they are, as in `Motion`.
    camera : Camera
        Through which they are seen.
    before : tuple, optional
        (position, rotation, camera) of the frame before; without it the motion is 0.

    Returns
    -------
    Buffers
        (H, W) as the camera's size.

    Raises
    ------
    ValueError
        If the pose does not fit the pieces.
    """
    if len(position) != len(pieces):
        raise ValueError(f"position has {len(position)} rows, allowed is one for each of the {len(pieces)} pieces")
    skin, now = lay_skin(pieces), pose(position, rotation)
    was = (now, camera) if before is None else (pose(before[0], before[1]), before[2])
    planes = draw_pose(skin, now, lens_of(camera), size=(camera.height, camera.width))
    return resolve(skin, planes, now=(now, camera), before=was)


def resolve(skin: Skin, planes: Planes, *, now: tuple[Pose, Camera], before: tuple[Pose, Camera]) -> Buffers:
    """The buffers of a drawn frame. Places are where the pixel's ray meets the triangle's plane, not mixed from its corners."""
    triangle = planes.triangle
    there = triangle >= 0
    piece = np.where(there, skin.piece[triangle], -1).astype(np.int32)
    local, depth = place(skin, triangle, now[0], lens_of(now[1]))
    turn = now[0].turn[piece]
    normal = np.where(there[..., None], np.einsum("hwij,hwj->hwi", turn, skin.normal[triangle]), 0).astype(np.float32)
    motion = np.zeros((*triangle.shape, 2), np.float32)
    if before[0] is not now[0] or before[1] is not now[1]:
        rows, columns = np.nonzero(there)
        world = before[0].position[piece[there]] + np.einsum("nij,nj->ni", before[0].turn[piece[there]], local[there].astype(np.float64))
        was, ahead = before[1].project(world)
        moved = np.stack([columns + 0.5, rows + 0.5], -1) - was
        motion[there] = np.where((ahead > 0)[:, None], moved, 0)
    face = np.where(there, skin.face[triangle], 0).astype(np.uint8)
    return Buffers(depth, piece, triangle, local, normal, face, motion)


def place(skin: Skin, triangle: Array, now: Pose, lens: Lens) -> tuple[Array, Array]:
    """(H, W, 3) float32 places in piece space and (H, W) float32 depth, of the triangles seen at the pixels' middles."""
    local, depth = np.zeros((*triangle.shape, 3), np.float32), np.full(triangle.shape, np.inf, np.float32)
    _place(skin, triangle, now, lens, np.empty(3), (local, depth))
    return local, depth


@uncounted
def _place(skin: Any, triangle: Array, now: Any, lens: Any, at: Array, out: Any) -> None:
    local, depth = out
    for y in range(triangle.shape[0]):
        for x in range(triangle.shape[1]):
            if triangle[y, x] >= 0:
                depth[y, x] = meet(skin, triangle[y, x], now, lens, (x + 0.5, y + 0.5), at)
                for i in range(3):
                    local[y, x, i] = at[i]


@uncounted
def meet(skin: Any, t: int, now: Any, lens: Any, pixel: tuple[float, float], out: Array) -> float:
    """Where a pixel's ray meets a triangle's plane: the place in piece space goes to `out`; gives the depth, or −1 where it does not."""
    p, normal, turn = skin.piece[t], skin.normal, now.turn
    rx, ry = (pixel[0] - lens.centre_x) / lens.scale, (pixel[1] - lens.centre_y) / lens.scale
    along, away = 0.0, 0.0
    for i in range(3):
        eye, ray = _in_piece(turn, now.position, p, i, lens, rx, ry)
        along += normal[t, i] * ray
        away += normal[t, i] * eye
    if along == 0:
        return -1.0
    depth = (skin.level[t] - away) / along
    for i in range(3):
        eye, ray = _in_piece(turn, now.position, p, i, lens, rx, ry)
        out[i] = eye + depth * ray
    return float(depth)


@uncounted
def _in_piece(turn: Array, position: Array, p: int, i: int, lens: Any, rx: float, ry: float) -> tuple[float, float]:
    """A coordinate of the eye and of a ray from it, of which one metre is ahead, in a piece's space."""
    eye, ray = 0.0, 0.0
    for j in range(3):
        eye += turn[p, j, i] * (lens.eye[j] - position[p, j])
        ray += turn[p, j, i] * (lens.turn[0, j] * rx + lens.turn[1, j] * ry + lens.turn[2, j])
    return eye, ray
