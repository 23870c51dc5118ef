"""Triangles to pixels: a z-buffer with a watertight fill rule.

Corners are rounded to 1/256 pixel, and what is inside is decided in whole numbers (Pineda 1988) with the top-left rule: two triangles that
share an edge leave no gap and share no pixel. Nearness is linear in the picture: 1/z for a perspective, −z for a parallel view.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera
from bottega.engine.synthesis.compiled import compiled

from .filling import NEAR_M, PARTS, fill_all, place_all

__all__ = ["NEAR_M", "PARTS", "PATTERNS", "Lens", "Planes", "draw", "draw_samples", "empty_planes", "lens_of", "see"]

Array = NDArray[Any]

# Where in a pixel it is asked, in parts from its centre: no two samples share a row or a column
PATTERNS = {
    1: ((0, 0),),
    4: ((-32, -96), (96, -32), (-96, 32), (32, 96)),
    8: ((16, -48), (-16, 48), (80, 16), (-48, -80), (-80, 80), (-112, -16), (48, 112), (112, -112)),
}


class Lens(NamedTuple):
    """How the kernels see: `turn` (3, 3) has the rows right, down and forward; `scale` is pixels a metre (at 1 m, if a perspective)."""

    turn: Array
    eye: Array
    scale: float
    centre_x: float
    centre_y: float
    perspective: bool


class Planes(NamedTuple):
    """What is drawn into: nearness (H, W) float64, larger is nearer, −inf is nothing; and the triangle (H, W) int32, −1 is nothing.

    Several of one size are (S, H, W).
    """

    near: Array
    triangle: Array


def lens_of(camera: Camera) -> Lens:
    """The lens of a camera."""
    turn = np.asarray(camera.to_world, np.float64)
    rows = np.ascontiguousarray(np.stack([turn[:3, 0], -turn[:3, 1], -turn[:3, 2]]))
    eye = np.ascontiguousarray(turn[:3, 3])
    return Lens(rows, eye, float(camera.focal_px), float(camera.centre_px[0]), float(camera.centre_px[1]), True)


def empty_planes(height: int, width: int) -> Planes:
    """Nothing drawn yet."""
    return Planes(np.full((height, width), -np.inf), np.full((height, width), -1, np.int32))


@compiled
def see(points: Array, lens: Any) -> Array:
    """(V, 3) world points as (right, down, forward) of the lens, metres."""
    out = np.empty_like(points)
    for v in range(len(points)):
        x, y, z = points[v, 0] - lens.eye[0], points[v, 1] - lens.eye[1], points[v, 2] - lens.eye[2]
        for i in range(3):
            out[v, i] = lens.turn[i, 0] * x + lens.turn[i, 1] * y + lens.turn[i, 2] * z
    return out


def draw(seen: Array, triangles: Array, double: Array, lens: Lens, into: Planes, offset: tuple[int, int], first: int) -> None:
    """Draw triangles as `see` gives their corners; `first` is added to the numbers written, below 0 writes −1 (a hold-out).

    Triangles that turn their back (clockwise as seen) are left out unless `double`. On a tie the one drawn first stays.
    """
    draw_samples(seen, triangles, double, lens, Planes(into.near[None], into.triangle[None]), (offset,), first)


def draw_samples(
    seen: Array, triangles: Array, double: Array, lens: Lens, into: Planes, offsets: tuple[tuple[int, int], ...], first: int
) -> None:
    """As `draw`, into planes (S, H, W) at once, each asked at its own of S offsets: the same bits as one after another."""
    placed = np.empty((len(seen), 2), np.int64), np.empty(len(seen))
    place_all(seen, len(seen), lens, *placed)
    spare = np.empty((4, 3)), np.empty((4, 2), np.int64), np.empty(4)
    fill_all(seen, triangles, double, lens, placed, spare, tuple(into), np.asarray(offsets, np.int64), first)
