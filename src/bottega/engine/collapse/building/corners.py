"""What the corners of a building's faces say about a camera, as least squares."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from bottega.engine.collapse.records import Camera, Float

_FOCALS = (0.6, 0.9, 1.3, 2.0, 3.2)  # starts, of the picture's width
_TURNS_DEG = (90.0, 60.0, 120.0)  # starts for the angle between two faces
_NEAREST_M = 1e-3


@dataclass(frozen=True, slots=True)
class FaceCorners:
    """One face of a building: an upright rectangle on the ground.

    corners_px
        Bottom left, bottom right, top right, top left as seen from outside: (x, y) pixels.
    width_m, height_m
        Its size; None where nobody measured it. Faces of unknown height are as high as one another.
    """

    name: str
    corners_px: tuple[tuple[float, float], ...]
    width_m: float | None = None
    height_m: float | None = None


@dataclass(frozen=True, slots=True)
class _Values:
    """A vector of unknowns, read: focal length, middle, angles at edges, k1, sizes (F, 2)."""

    focal: float
    centre: tuple[float, float]
    turns: tuple[float, ...]
    k1: float
    sizes: Float


@dataclass(frozen=True, slots=True)
class Problem:
    """Faces, which earlier one each later one continues and whether to its right, and what is to be found.

    A vector of unknowns is: rotation vector (3), position (3), log focal length (0 or 1), principal point off the middle in widths
    (0 or 2), angles at the edges (0 or F − 1), k1 (0 or 1), logs of widths nobody measured, log of the height where one is not measured.
    """

    faces: tuple[FaceCorners, ...]
    links: tuple[tuple[int, bool], ...]
    width: int
    height: int
    focal_px: float | None
    square: bool
    lens: bool
    centre: bool

    @property
    def unknowns(self) -> int:
        """How many."""
        loose = sum(face.width_m is None for face in self.faces) + any(face.height_m is None for face in self.faces)
        return 6 + (self.focal_px is None) + 2 * self.centre + (0 if self.square else len(self.links)) + self.lens + loose

    @property
    def marked(self) -> Float:
        """(F, 4, 2) pixels."""
        return np.asarray([face.corners_px for face in self.faces], np.float64)

    def _values(self, x: Float) -> _Values:
        rest = list(x[6:])
        focal = self.focal_px if self.focal_px is not None else float(np.exp(np.clip(rest.pop(0), -5, 20)))
        off = [rest.pop(0) * self.width for _ in range(2)] if self.centre else [0.0, 0.0]
        turns = [np.pi / 2] * len(self.links) if self.square else [float(rest.pop(0)) for _ in self.links]
        k1 = float(rest.pop(0)) if self.lens else 0.0
        widths = [f.width_m if f.width_m is not None else float(np.exp(np.clip(rest.pop(0), -12, 12))) for f in self.faces]
        loose = float(np.exp(np.clip(rest.pop(0), -12, 12))) if rest else 0.0
        heights = [f.height_m if f.height_m is not None else loose for f in self.faces]
        centre = self.width / 2 + float(off[0]), self.height / 2 + float(off[1])
        return _Values(focal, centre, tuple(turns), k1, np.stack([widths, heights], -1))

    def read(self, x: Float) -> tuple[Camera, Float, float, Float]:
        """Camera, feet, k1 and sizes of a vector of unknowns."""
        from scipy.spatial.transform import Rotation

        values = self._values(x)
        turn = np.eye(4)
        turn[:3, :3], turn[:3, 3] = Rotation.from_rotvec(x[:3]).as_matrix(), x[3:6]
        camera = Camera(turn, values.focal, values.centre, self.width, self.height)
        return camera, self._feet(values), values.k1, values.sizes

    def _feet(self, values: _Values) -> Float:
        """Each face's foot on the ground: the building lies to the left of its direction (y into the building)."""
        feet = [np.array([[0.0, 0.0], [values.sizes[0, 0], 0.0]])]
        for (j, right), turn, (wide, _) in zip(self.links, values.turns, values.sizes[1:], strict=True):
            along = (feet[j][1] - feet[j][0]) / np.linalg.norm(feet[j][1] - feet[j][0])
            angle = turn if right else -turn
            way = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ along * wide
            start = feet[j][1] if right else feet[j][0] - way
            feet.append(np.stack([start, start + way]))
        return np.stack(feet)

    def seen(self, x: Float) -> tuple[Float, Float]:
        """Where the corners are seen, (F, 4, 2), and their depths."""
        camera, feet, k1, sizes = self.read(x)
        corners = np.zeros((len(feet), 4, 3))
        corners[..., :2] = feet[:, [0, 1, 1, 0]]
        corners[:, 2:, 2] = sizes[:, 1:]
        turn = np.asarray(camera.to_world)
        local = (corners.reshape(-1, 3) - turn[:3, 3]) @ turn[:3, :3]
        depth = -local[:, 2]
        flat = np.stack([local[:, 0], -local[:, 1]], -1) / np.maximum(depth, _NEAREST_M)[:, None]
        flat = flat * (1 + k1 * (flat**2).sum(-1, keepdims=True))
        return (flat * camera.focal_px + np.asarray(camera.centre_px)).reshape(-1, 4, 2), depth.reshape(-1, 4)

    def _misses(self, x: Float) -> Float:
        seen, depth = self.seen(x)
        behind = np.minimum(depth, 0)[..., None] * self.width  # pushes what lies behind the camera to its front
        return np.asarray(((seen - self.marked) - behind).ravel())

    def _starts(self) -> list[Float]:
        focals = (self.focal_px,) if self.focal_px is not None else tuple(f * self.width for f in _FOCALS)
        angles = (90.0,) if self.square or not self.links else _TURNS_DEG
        known = [size for face in self.faces for size in (face.height_m, face.width_m) if size is not None]
        high = self.faces[0].height_m or next((f.height_m for f in self.faces if f.height_m), known[0])
        out = []
        for focal, angle in product(focals, angles):
            pose, wide = _pose(self.faces[0], focal, self.width, self.height, high)
            tail = [] if self.focal_px is not None else [np.log(focal)]
            tail += [0.0] * (2 * self.centre) + ([] if self.square else [np.radians(angle)] * len(self.links)) + [0.0] * self.lens
            loose = [np.log(wide if i == 0 else high * 0.7) for i, face in enumerate(self.faces) if face.width_m is None]
            loose += [np.log(high)] if any(face.height_m is None for face in self.faces) else []
            out.append(np.concatenate([pose, tail, loose]))
        return out

    def best(self) -> tuple[Float, float, float]:
        """The unknowns, and the deviations of focal length and place (pixels, metres) for one of a pixel in every number marked."""
        from scipy.optimize import least_squares

        found = [least_squares(self._misses, x, method="lm", x_scale="jac", max_nfev=4000) for x in self._starts()]
        best = min(found, key=lambda f: f.cost)
        _, size, ways = np.linalg.svd(best.jac, full_matrices=False)
        spread = np.sqrt(((ways.T / np.maximum(size, 1e-12)) ** 2).sum(1))
        focal = self.read(best.x)[0].focal_px
        return np.asarray(best.x), float(spread[6] * focal) if self.focal_px is None else 0.0, float(np.linalg.norm(spread[3:6]))


def _pose(face: FaceCorners, focal: float, width: int, height: int, high: float) -> tuple[Float, float]:
    """Rotation vector and position of a camera that sees one face, and the face's width: its homography, taken apart."""
    import cv2
    from scipy.spatial.transform import Rotation

    wide = face.width_m or 1.0
    plane = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float64)
    marked = np.asarray(face.corners_px, np.float64) - [width / 2, height / 2]
    rays = np.stack([marked[:, 0] / focal, -marked[:, 1] / focal], -1)  # x right, y up, at −1 along the view
    maps, _ = cv2.findHomography(plane, rays)
    maps = np.diag([1.0, 1.0, -1.0]) @ maps  # points at z = −1
    if face.width_m is None:  # both sides of a metre are as long
        wide = float(np.linalg.norm(maps[:, 0]) / np.linalg.norm(maps[:, 1]))
        maps[:, 0] /= wide
    scale = 2 / (np.linalg.norm(maps[:, 0]) + np.linalg.norm(maps[:, 1]))
    along, up, to = maps[:, 0] * scale, maps[:, 1] * scale, maps[:, 2] * scale
    if to[2] > 0:  # the face lies before the camera
        along, up, to = -along, -up, -to
    left, _, right = np.linalg.svd(np.stack([along, np.cross(up, along), up], -1))
    to_camera = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return np.concatenate([Rotation.from_matrix(to_camera.T).as_rotvec(), -to_camera.T @ to]), wide
