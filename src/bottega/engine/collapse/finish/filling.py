"""The inner loop of the z-buffer: triangles into several planes at once, each asked at a place of its own in the pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import uncounted

Array = NDArray[Any]

PARTS = 256  # of a pixel
SHIFT = 8  # a whole pixel in parts is 1 << SHIFT; shifted, parts are rounded down
NEAR_M = 0.05
_FAR_OUT = 1 << 28  # in parts: corners beyond are drawn no further out


@uncounted
def place_all(seen: Array, count: int, lens: Any, at: Array, near: Array) -> None:
    """The first `count` corners: (V, 2) int64 columns and rows in parts of a pixel, (V,) nearness; none of those behind the near plane."""
    for v in range(count):
        depth = seen[v, 2]
        if lens.perspective and not depth >= NEAR_M:
            continue
        scale = lens.scale / depth if lens.perspective else lens.scale
        x = np.floor((seen[v, 0] * scale + lens.centre_x) * PARTS + 0.5)
        y = np.floor((seen[v, 1] * scale + lens.centre_y) * PARTS + 0.5)
        at[v, 0], at[v, 1] = int(min(max(x, -_FAR_OUT), _FAR_OUT)), int(min(max(y, -_FAR_OUT), _FAR_OUT))
        near[v] = 1 / depth if lens.perspective else -depth


@uncounted
def fill_all(
    seen: Array, triangles: Array, double: Array, lens: Any, placed: Any, spare: Any, into: Any, offsets: Array, first: int
) -> None:
    """Draw (T, 3) triangles into planes (S, H, W). placed = `place_all`'s of `seen`; spare = room for a cut triangle's corners."""
    at, near = placed
    corner, corner_at, corner_near = spare
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        name = first + t if first >= 0 else -1
        if (not lens.perspective) or (seen[a, 2] >= NEAR_M and seen[b, 2] >= NEAR_M and seen[c, 2] >= NEAR_M):
            _turned(at, near, (a, b, c), double[t], into, offsets, name)
            continue
        count = _clip(seen, triangles, t, corner)
        if count >= 3:
            place_all(corner, count, lens, corner_at, corner_near)
            for k in range(1, count - 1):  # what a cut has left, as triangles from its first corner
                _turned(corner_at, corner_near, (0, k, k + 1), double[t], into, offsets, name)


@uncounted
def _clip(seen: Array, triangles: Array, t: int, out: Array) -> int:
    """Corners of the part in front of the near plane. A cut edge is cut from its inner end, whichever triangle asks: the same bits."""
    count = 0
    for k in range(3):
        a, b = triangles[t, k], triangles[t, (k + 1) % 3]
        a_in, b_in = seen[a, 2] >= NEAR_M, seen[b, 2] >= NEAR_M
        if a_in:
            for i in range(3):
                out[count, i] = seen[a, i]
            count += 1
        if a_in != b_in:
            inner, outer = (a, b) if a_in else (b, a)
            s = (seen[inner, 2] - NEAR_M) / (seen[inner, 2] - seen[outer, 2])
            for i in range(2):
                out[count, i] = seen[inner, i] + s * (seen[outer, i] - seen[inner, i])
            out[count, 2] = NEAR_M
            count += 1
    return count


@uncounted
def _turned(at: Array, near: Array, which: Any, double: bool, into: Any, offsets: Array, name: int) -> None:
    """Fill a triangle that looks this way, or one of two sides whichever way it looks."""
    a, b, c = which
    area = (at[c, 0] - at[a, 0]) * (at[b, 1] - at[a, 1]) - (at[c, 1] - at[a, 1]) * (at[b, 0] - at[a, 0])
    if area < 0 and double:
        _fill(at, near, (a, b, c), -area, into, offsets, name)
    elif area > 0:
        _fill(at, near, (a, c, b), area, into, offsets, name)


@uncounted
def _fill(at: Array, near: Array, which: Any, area: int, into: Any, offsets: Array, name: int) -> None:
    """One triangle of an area above 0, by its corners' numbers."""
    a, b, c = which
    ax, ay, bx, by, cx, cy = at[a, 0], at[a, 1], at[b, 0], at[b, 1], at[c, 0], at[c, 1]
    an, bn, cn = near[a], near[b], near[c]
    drawn, named = into
    samples, height, width = drawn.shape
    least_x, most_x, least_y, most_y = min(ax, bx, cx), max(ax, bx, cx), min(ay, by, cy), max(ay, by, cy)
    for s in range(samples):
        half_x, half_y = PARTS // 2 + offsets[s, 0], PARTS // 2 + offsets[s, 1]
        left, right = max(-((half_x - least_x) >> SHIFT), 0), min((most_x - half_x) >> SHIFT, width - 1)
        top, bottom = max(-((half_y - least_y) >> SHIFT), 0), min((most_y - half_y) >> SHIFT, height - 1)
        if (left > right) | (top > bottom):
            continue
        bias_a, bias_b, bias_c = _bias(cx - bx, cy - by), _bias(ax - cx, ay - cy), _bias(bx - ax, by - ay)
        whole = 1.0 / area
        for y in range(top, bottom + 1):
            py, px = y * PARTS + half_y, left * PARTS + half_x
            ea = (cx - bx) * (py - by) - (cy - by) * (px - bx)
            eb = (ax - cx) * (py - cy) - (ay - cy) * (px - cx)
            ec = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
            for x in range(left, right + 1):
                if ea + bias_a >= 0 and eb + bias_b >= 0 and ec + bias_c >= 0:
                    level = (ea * an + eb * bn + ec * cn) * whole
                    if level > drawn[s, y, x]:
                        drawn[s, y, x] = level
                        named[s, y, x] = name
                ea -= (cy - by) * PARTS
                eb -= (ay - cy) * PARTS
                ec -= (by - ay) * PARTS


@uncounted
def _bias(dx: int, dy: int) -> int:
    """0 for a top or left edge, to which its own pixels belong; −1 for the others."""
    return 0 if dy < 0 or (dy == 0 and dx > 0) else -1
