"""A camera from the corners of a building's faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from bottega.engine.collapse.building.corners import FaceCorners, Problem
from bottega.engine.collapse.records import Camera, Float

CORNERS = ("bottom left", "bottom right", "top right", "top left")
_LEAST_AREA_PX = 25.0
_WORST_PX = 0.02  # of the picture's width: corners that fit worse than this are no rectangles of that size
_UNSURE = 1 / 6  # of the focal length


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
    sizes_m
        (F, 2) float64: width and height of each face, given or found.
    focal_sd_px, place_sd_m
        Standard deviations of focal length and place where every corner is marked to within a pixel; 0 for a focal length that was given.
    """

    camera: Camera
    feet: Float
    residual_px: Float
    k1: float
    sizes_m: Float
    focal_sd_px: float
    place_sd_m: float


def solve_camera(
    faces: Sequence[FaceCorners],
    *,
    width: int,
    height: int,
    focal_px: float | None = None,
    square: bool = True,
    lens: bool = False,
    centre: bool = False,
) -> SolvedCamera:
    """Least squares over position, rotation, focal length, unknown lengths and angles: Σ |seen − marked|² over all corners.

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
    centre : bool
        Find the principal point as well, for a picture that was cropped; needs two faces.

    Returns
    -------
    SolvedCamera

    Raises
    ------
    ValueError
        Corners in another order, not convex or degenerate; faces that share no edge; no length in metres; more asked for than the
        corners tell; corners that no such building has, or that lie behind the camera, or a face seen from inside; a focal length that
        a pixel would change by more than a sixth.

    Examples
    --------
    >>> face = FaceCorners("front", ((200, 400), (440, 400), (440, 80), (200, 80)), 6.0, 8.0)
    >>> solved = solve_camera([face], width=640, height=480, focal_px=400.0)
    >>> np.round(solved.camera.to_world[:3, 3], 2).tolist()
    [3.0, -10.0, 4.0]
    """
    if not faces:
        raise ValueError("faces: one at least is needed, none given")
    if not (width and height and width >= 1 and height >= 1):
        raise ValueError(f"the picture's size must be above 0, not {width}x{height}")
    if focal_px is not None and not focal_px > 0:
        raise ValueError(f"focal_px must be above 0, not {focal_px}")
    for face in faces:
        _check_corners(face)
    if not any(face.width_m or face.height_m for face in faces):
        raise ValueError("faces: one width or height in metres at least is needed, say storeys times their height; none given")
    links = _linked(faces, width)
    problem = Problem(tuple(faces), links, width, height, focal_px, square, lens, centre)
    if 8 * len(faces) - 4 * len(links) < problem.unknowns:
        raise ValueError(
            f"{len(faces)} face(s) tell {8 * len(faces) - 4 * len(links)} numbers, asked for are {problem.unknowns}: "
            "give focal_px, widths or heights, or another face, or leave out lens and centre"
        )
    return _checked(problem)


def _check_corners(face: FaceCorners) -> None:
    name = f"face {face.name!r}"
    points = np.asarray(face.corners_px, np.float64)
    if points.shape != (4, 2) or not np.isfinite(points).all():
        raise ValueError(f"{name}: four corners (x, y) are needed ({', '.join(CORNERS)}), given {face.corners_px}")
    if not all(size is None or size > 0 for size in (face.width_m, face.height_m)):
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


def _checked(problem: Problem) -> SolvedCamera:
    x, focal_sd, place_sd = problem.best()
    camera, feet, k1, sizes = problem.read(x)
    seen, depth = problem.seen(x)
    if (depth <= 0).any():
        i, j = np.unravel_index(int(depth.argmin()), depth.shape)
        raise ValueError(
            f"face {problem.faces[i].name!r}: its {CORNERS[j]} corner comes to lie behind the camera: are its corners in order?"
        )
    away = np.linalg.norm(seen - problem.marked, axis=-1)
    if not away.max() <= _WORST_PX * problem.width:
        i, j = np.unravel_index(int(away.argmax()), away.shape)
        raise ValueError(
            f"face {problem.faces[i].name!r}: its {CORNERS[j]} corner is {away.max():.1f} px from where a camera would see it, allowed are "
            f"{_WORST_PX * problem.width:.1f}: are widths and storeys right, in metres?"
        )
    for face, (left, right) in zip(problem.faces, feet, strict=True):
        way, back = right - left, np.asarray(camera.to_world)[:2, 3] - left
        if way[0] * back[1] - way[1] * back[0] > 0:
            raise ValueError(f"face {face.name!r}: it would be seen from inside: are its corners, and those of its neighbours, in order?")
    if not focal_sd < _UNSURE * camera.focal_px:
        raise ValueError(
            f"focal length: a pixel in the corners changes {camera.focal_px:.0f} px by {focal_sd:.0f}, allowed is a sixth: faces seen so "
            "square on do not tell it; give focal_px"
        )
    return SolvedCamera(camera, feet, away, k1, sizes, focal_sd, place_sd)
