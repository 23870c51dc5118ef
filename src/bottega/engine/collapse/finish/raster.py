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

Array = NDArray[Any]

PARTS = 256  # of a pixel
NEAR_M = 0.05
_FAR_OUT = 1 << 28  # in parts: corners beyond are drawn no further out
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
    """What is drawn into: nearness (H, W) float64, larger is nearer, −inf is nothing; and the triangle (H, W) int32, −1 is nothing."""

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


@compiled
def draw(seen: Array, triangles: Array, double: Array, lens: Any, into: Any, offset: tuple[int, int], first: int) -> None:
    """Draw triangles as `see` gives their corners; `first` is added to the numbers written, below 0 writes −1 (a hold-out).

    Triangles that turn their back (clockwise as seen) are left out unless `double`. On a tie the one drawn first stays.
    """
    corner = np.empty((4, 3))
    at, near = _place_all(seen, lens)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        name = first + t if first >= 0 else -1
        if (not lens.perspective) or (seen[a, 2] >= NEAR_M and seen[b, 2] >= NEAR_M and seen[c, 2] >= NEAR_M):
            area = (at[c, 0] - at[a, 0]) * (at[b, 1] - at[a, 1]) - (at[c, 1] - at[a, 1]) * (at[b, 0] - at[a, 0])
            if area > 0:
                _fill(at[a], at[c], at[b], (near[a], near[c], near[b]), area, into, offset, name)
            elif area < 0 and double[t]:
                _fill(at[a], at[b], at[c], (near[a], near[b], near[c]), -area, into, offset, name)
            continue
        count = _clip(seen, triangles[t], lens.perspective, corner)
        if count >= 3:
            _fan(corner[:count], double[t], lens, into, offset, name)


@compiled
def _place_all(seen: Array, lens: Any) -> tuple[Array, Array]:
    """(V, 2) int64 columns and rows in parts of a pixel, (V,) nearness; of no meaning for what is not in front of the near plane."""
    at, near = np.empty((len(seen), 2), np.int64), np.empty(len(seen))
    for v in range(len(seen)):
        if (not lens.perspective) or seen[v, 2] >= NEAR_M:
            at[v, 0], at[v, 1], near[v] = _place(seen, v, lens)
    return at, near


@compiled
def _fan(corner: Array, double: bool, lens: Any, into: Any, offset: tuple[int, int], name: int) -> None:
    """What a cut has left of a triangle, as triangles from its first corner."""
    at, near = _place_all(corner, lens)
    for k in range(1, len(corner) - 1):
        area = (at[k + 1, 0] - at[0, 0]) * (at[k, 1] - at[0, 1]) - (at[k + 1, 1] - at[0, 1]) * (at[k, 0] - at[0, 0])
        if area > 0:
            _fill(at[0], at[k + 1], at[k], (near[0], near[k + 1], near[k]), area, into, offset, name)
        elif area < 0 and double:
            _fill(at[0], at[k], at[k + 1], (near[0], near[k], near[k + 1]), -area, into, offset, name)


@compiled
def _clip(seen: Array, triangle: Array, perspective: bool, out: Array) -> int:
    """Corners of the part in front of the near plane. A cut edge is cut from its inner end, whichever triangle asks: the same bits."""
    count = 0
    for k in range(3):
        a, b = triangle[k], triangle[(k + 1) % 3]
        a_in, b_in = (not perspective) or seen[a, 2] >= NEAR_M, (not perspective) or seen[b, 2] >= NEAR_M
        if a_in:
            out[count] = seen[a]
            count += 1
        if a_in != b_in:
            inner, outer = (a, b) if a_in else (b, a)
            s = (seen[inner, 2] - NEAR_M) / (seen[inner, 2] - seen[outer, 2])
            for i in range(2):
                out[count, i] = seen[inner, i] + s * (seen[outer, i] - seen[inner, i])
            out[count, 2] = NEAR_M
            count += 1
    return count


@compiled
def _place(corner: Array, k: int, lens: Any) -> tuple[int, int, float]:
    """Column and row in parts of a pixel, and nearness."""
    scale = lens.scale / corner[k, 2] if lens.perspective else lens.scale
    x = np.floor((corner[k, 0] * scale + lens.centre_x) * PARTS + 0.5)
    y = np.floor((corner[k, 1] * scale + lens.centre_y) * PARTS + 0.5)
    near = 1 / corner[k, 2] if lens.perspective else -corner[k, 2]
    return int(min(max(x, -_FAR_OUT), _FAR_OUT)), int(min(max(y, -_FAR_OUT), _FAR_OUT)), near


@compiled
def _bias(dx: int, dy: int) -> int:
    """0 for a top or left edge, to which its own pixels belong; −1 for the others."""
    return 0 if dy < 0 or (dy == 0 and dx > 0) else -1


@compiled
def _fill(a: Array, b: Array, c: Array, level: Any, area: int, into: Any, offset: tuple[int, int], name: int) -> None:
    """One triangle of an area above 0, its corners in parts of a pixel and their nearness."""
    ax, ay, bx, by, cx, cy = a[0], a[1], b[0], b[1], c[0], c[1]
    an, bn, cn = level
    height, width = into.near.shape
    half_x, half_y = PARTS // 2 + offset[0], PARTS // 2 + offset[1]
    left, right = max(-((half_x - min(ax, bx, cx)) // PARTS), 0), min((max(ax, bx, cx) - half_x) // PARTS, width - 1)
    top, bottom = max(-((half_y - min(ay, by, cy)) // PARTS), 0), min((max(ay, by, cy) - half_y) // PARTS, height - 1)
    if left > right or top > bottom:
        return
    bias_a, bias_b, bias_c = _bias(cx - bx, cy - by), _bias(ax - cx, ay - cy), _bias(bx - ax, by - ay)
    whole = 1.0 / area
    for y in range(top, bottom + 1):
        py, px = y * PARTS + half_y, left * PARTS + half_x
        ea = (cx - bx) * (py - by) - (cy - by) * (px - bx)
        eb = (ax - cx) * (py - cy) - (ay - cy) * (px - cx)
        ec = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        for x in range(left, right + 1):
            if ea + bias_a >= 0 and eb + bias_b >= 0 and ec + bias_c >= 0:
                near = (ea * an + eb * bn + ec * cn) * whole
                if near > into.near[y, x]:
                    into.near[y, x] = near
                    into.triangle[y, x] = name
            ea -= (cy - by) * PARTS
            eb -= (ay - cy) * PARTS
            ec -= (by - ay) * PARTS
