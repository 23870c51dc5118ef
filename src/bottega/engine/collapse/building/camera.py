"""A camera from the corners of a building's faces, and how it turns from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from bottega.engine.collapse.records import Camera, Float

CORNERS = ("bottom left", "bottom right", "top right", "top left")
_LEAST_AREA_PX = 25.0
_FOCALS = (0.6, 0.9, 1.3, 2.0, 3.2)  # starts, of the picture's width
_TURNS_DEG = (90.0, 60.0, 120.0)  # starts for the angle between two faces
_WORST_PX = 0.02  # of the picture's width: corners that fit worse than this are no rectangles of that size


@dataclass(frozen=True, slots=True)
class FaceCorners:
    """One face of a building: an upright rectangle on the ground.

    corners_px
        Bottom left, bottom right, top right, top left as seen from outside: (x, y) pixels.
    width_m, height_m
        Its size.
    """

    name: str
    corners_px: tuple[tuple[float, float], ...]
    width_m: float
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class SolvedCamera:
    """A camera and the building's plan under it.

    camera
        In the building's space: the origin is the first face's bottom left corner, x runs along its foot, y into the building, z up.
    feet
        (F, 2, 2) float64: the ends of each face's foot, left and right as seen from outside, metres.
    residual_px
        (F, 4) float64: how far each corner lies from where the solved camera sees it.
    k1
        Radial distortion, of the squared distance in focal lengths; 0 unless it was asked for.
    """

    camera: Camera
    feet: Float
    residual_px: Float
    k1: float


def solve_camera(
    faces: Sequence[FaceCorners], *, width: int, height: int, focal_px: float | None = None, square: bool = True, lens: bool = False
) -> SolvedCamera:
    """Least squares over position, rotation, focal length, and the plan's angles: Σ |seen − marked|² over all corners.

    Starts from the first face's homography (Zhang 2000, sections 2 and 3.1) for several focal lengths, then Levenberg-Marquardt.

    Parameters
    ----------
    faces : sequence of FaceCorners
        One or more; each later one shares an upright edge with one before it, in the picture as on the ground.
    width, height : int
        The picture, pixels; the principal point is its middle.
    focal_px : float, optional
        Where it is known. One face seen square on cannot give it.
    square : bool
        Faces meet at right angles; else their angles are found as well.
    lens : bool
        Find one coefficient of radial distortion as well; needs two faces.

    Returns
    -------
    SolvedCamera

    Raises
    ------
    ValueError
        Corners in another order, not convex or degenerate; faces that share no edge; corners that no such building has, or that lie
        behind the camera.

    Examples
    --------
    >>> face = FaceCorners("front", ((200, 400), (440, 400), (440, 80), (200, 80)), 6.0, 8.0)
    >>> solved = solve_camera([face], width=640, height=480, focal_px=400.0)
    >>> np.round(solved.camera.to_world[:3, 3], 2).tolist()
    [3.0, -10.0, 4.0]
    """
    if not faces:
        raise ValueError("faces: one at least is needed, none given")
    if width < 1 or height < 1:
        raise ValueError(f"the picture's size must be above 0, not {width}x{height}")
    for face in faces:
        _check_corners(face)
    links = _linked(faces, width)
    problem = _Problem(tuple(faces), links, width, height, focal_px, square, lens and len(faces) > 1)
    return _checked(problem, problem.best())


def _check_corners(face: FaceCorners) -> None:
    name = f"face {face.name!r}"
    points = np.asarray(face.corners_px, np.float64)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise ValueError(f"{name}: four corners (x, y) are needed ({', '.join(CORNERS)}), given {face.corners_px}")
    if not (face.width_m > 0 and face.height_m > 0):
        raise ValueError(f"{name}: width and height must be above 0 m, not {face.width_m} and {face.height_m}")
    edges = np.roll(points, -1, 0) - points
    turns = edges[:, 0] * np.roll(edges, -1, 0)[:, 1] - edges[:, 1] * np.roll(edges, -1, 0)[:, 0]
    area = 0.5 * float((points[:, 0] * np.roll(points, -1, 0)[:, 1] - points[:, 1] * np.roll(points, -1, 0)[:, 0]).sum())
    if abs(area) < _LEAST_AREA_PX:
        raise ValueError(
            f"{name}: its corners span {abs(area):.1f} square pixels, allowed are {_LEAST_AREA_PX:g} or more: {face.corners_px}"
        )
    if not ((turns < 0).all() or (turns > 0).all()):
        raise ValueError(f"{name}: its corners are not convex in the order {', '.join(CORNERS)}: {face.corners_px}")
    if area > 0 or points[:2, 1].mean() < points[2:, 1].mean():
        raise ValueError(f"{name}: its corners are in another order than {', '.join(CORNERS)} (as seen from outside): {face.corners_px}")


def _linked(faces: Sequence[FaceCorners], width: int) -> tuple[tuple[int, bool], ...]:
    """For each later face: which earlier one it continues, and whether to the right of it (else to the left)."""
    out = []
    for i, face in enumerate(faces[1:], 1):
        mine = np.asarray(face.corners_px)
        found = []
        for j, right in product(range(i), (True, False)):
            other = np.asarray(faces[j].corners_px)
            gap = np.abs(mine[[0, 3]] - other[[1, 2]]).max() if right else np.abs(mine[[1, 2]] - other[[0, 3]]).max()
            found.append((float(gap), j, right))
        gap, j, right = min(found)
        if gap > _WORST_PX * width:
            raise ValueError(
                f"face {face.name!r}: it shares no upright edge with a face before it; nearest is {faces[j].name!r}, {gap:.1f} px away, "
                f"allowed are {_WORST_PX * width:.1f}"
            )
        out.append((j, right))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Problem:
    """The unknowns: rotation vector (3), position (3), log focal length (0 or 1), angles at the edges (0 or F − 1), k1 (0 or 1)."""

    faces: tuple[FaceCorners, ...]
    links: tuple[tuple[int, bool], ...]
    width: int
    height: int
    focal_px: float | None
    square: bool
    lens: bool

    @property
    def marked(self) -> Float:
        return np.asarray([face.corners_px for face in self.faces], np.float64)

    def read(self, x: Float) -> tuple[Camera, Float, float]:
        """Camera, feet and k1 of a vector of unknowns."""
        from scipy.spatial.transform import Rotation

        rest = list(x[6:])
        focal = self.focal_px if self.focal_px is not None else float(np.exp(np.clip(rest.pop(0), -5, 20)))
        turns = [np.pi / 2] * len(self.links) if self.square else [float(rest.pop(0)) for _ in self.links]
        turn = np.eye(4)
        turn[:3, :3], turn[:3, 3] = Rotation.from_rotvec(x[:3]).as_matrix(), x[3:6]
        camera = Camera(turn, focal, (self.width / 2, self.height / 2), self.width, self.height)
        return camera, self._feet(turns), float(rest[0]) if rest else 0.0

    def _feet(self, turns: Sequence[float]) -> Float:
        """Each face's foot on the ground: the building lies to the left of its direction (y into the building)."""
        feet = [np.array([[0.0, 0.0], [self.faces[0].width_m, 0.0]])]
        for face, (j, right), turn in zip(self.faces[1:], self.links, turns, strict=True):
            along = (feet[j][1] - feet[j][0]) / np.linalg.norm(feet[j][1] - feet[j][0])
            angle = turn if right else -turn
            way = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ along * face.width_m
            start = feet[j][1] if right else feet[j][0] - way
            feet.append(np.stack([start, start + way]))
        return np.stack(feet)

    def corners(self, feet: Float) -> Float:
        """(F, 4, 3) corners in metres, in the order they are marked."""
        out = np.zeros((len(feet), 4, 3))
        out[:, 0, :2], out[:, 1, :2], out[:, 2, :2], out[:, 3, :2] = feet[:, 0], feet[:, 1], feet[:, 1], feet[:, 0]
        out[:, 2:, 2] = np.asarray([face.height_m for face in self.faces])[:, None]
        return out

    def seen(self, x: Float) -> tuple[Float, Float]:
        """Where the corners are seen, (F, 4, 2), and their depths."""
        camera, feet, k1 = self.read(x)
        turn = np.asarray(camera.to_world)
        local = (self.corners(feet).reshape(-1, 3) - turn[:3, 3]) @ turn[:3, :3]
        depth = -local[:, 2]
        flat = np.stack([local[:, 0], -local[:, 1]], -1) / np.maximum(depth, 1e-3)[:, None]
        flat = flat * (1 + k1 * (flat**2).sum(-1, keepdims=True))
        return (flat * camera.focal_px + np.asarray(camera.centre_px)).reshape(-1, 4, 2), depth.reshape(-1, 4)

    def misses(self, x: Float) -> Float:
        seen, depth = self.seen(x)
        behind = np.minimum(depth, 0)[..., None] * self.width  # pushes what lies behind the camera to its front
        return np.asarray(((seen - self.marked) - behind).ravel())

    def starts(self) -> list[Float]:
        focals = (self.focal_px,) if self.focal_px is not None else tuple(f * self.width for f in _FOCALS)
        angles = (90.0,) if self.square or not self.links else _TURNS_DEG
        out = []
        for focal, angle in product(focals, angles):
            pose = _pose(self.faces[0], focal, self.width, self.height)
            tail = ([] if self.focal_px is not None else [np.log(focal)]) + ([] if self.square else [np.radians(angle)] * len(self.links))
            out.append(np.concatenate([pose, tail, [0.0] if self.lens else []]))
        return out

    def best(self) -> Float:
        from scipy.optimize import least_squares

        many = 8 * len(self.faces)
        found = [least_squares(self.misses, x, method="lm" if many >= len(x) else "trf", max_nfev=400) for x in self.starts()]
        return np.asarray(min(found, key=lambda f: f.cost).x)


def _pose(face: FaceCorners, focal: float, width: int, height: int) -> Float:
    """Rotation vector and position of a camera of that focal length that sees one face: its homography, taken apart."""
    import cv2
    from scipy.spatial.transform import Rotation

    plane = np.array([[0, 0], [face.width_m, 0], [face.width_m, face.height_m], [0, face.height_m]], np.float64)
    marked = np.asarray(face.corners_px, np.float64) - [width / 2, height / 2]
    rays = np.stack([marked[:, 0] / focal, -marked[:, 1] / focal], -1)  # x right, y up, at −1 along the view
    maps, _ = cv2.findHomography(plane, rays)
    maps = np.diag([1.0, 1.0, -1.0]) @ maps  # points at z = −1
    scale = 2 / (np.linalg.norm(maps[:, 0]) + np.linalg.norm(maps[:, 1]))
    along, up, to = maps[:, 0] * scale, maps[:, 1] * scale, maps[:, 2] * scale
    if to[2] > 0:  # the face lies before the camera
        along, up, to = -along, -up, -to
    left, _, right = np.linalg.svd(np.stack([along, np.cross(up, along), up], -1))
    to_camera = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return np.concatenate([Rotation.from_matrix(to_camera.T).as_rotvec(), -to_camera.T @ to])


def _checked(problem: _Problem, x: Float) -> SolvedCamera:
    camera, feet, k1 = problem.read(x)
    seen, depth = problem.seen(x)
    if (depth <= 0).any():
        i, j = np.unravel_index(int(depth.argmin()), depth.shape)
        raise ValueError(
            f"face {problem.faces[i].name!r}: its {CORNERS[j]} corner comes to lie behind the camera: are its corners in order?"
        )
    away = np.linalg.norm(seen - problem.marked, axis=-1)
    if away.max() > _WORST_PX * problem.width:
        i, j = np.unravel_index(int(away.argmax()), away.shape)
        raise ValueError(
            f"face {problem.faces[i].name!r}: its {CORNERS[j]} corner is {away.max():.1f} px from where a camera would see it, allowed are "
            f"{_WORST_PX * problem.width:.1f}: are widths and storeys right, in metres?"
        )
    return SolvedCamera(camera, feet, away, k1)
