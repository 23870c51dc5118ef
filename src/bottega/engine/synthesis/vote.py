"""The vote: every pixel from the source pixels that the patches over it bring. Twin: `twin.vote`.

Pixel p gets, of every patch q that covers it, the source pixel at n(q) + p − q, weighed with the weight of q: their mean in float32, rows
before columns, or their weighted median channel by channel. A pixel with a class takes votes of its own class only. A pixel that nobody
votes for takes the source pixel that its own match points to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Float = NDArray[np.float32]
GROUP = 4  # channels summed side by side: styles are stored in whole groups


def grouped(values: NDArray[Any]) -> int:
    """Channels of a style in whole groups."""
    return int(-(-values.shape[-1] // GROUP) * GROUP)


@compiled
def mean_rows(field: Any, weight: Float, style: Float, wanted: Any, kind: Any, todo: Any, patch: int, top: int, out: Float) -> None:
    """Weighted means for the rows top, top + 1, … of the canvas into `out`, where `todo` is set; (1, 1) is everywhere."""
    r, (rows, columns) = patch // 2, weight.shape
    for y in range(top, top + out.shape[0]):
        y0, y1 = max(y - r, 0), min(y + r + 1, rows)
        for x in range(columns):
            if todo.size > 1 and todo[y, x] == 0:
                continue
            x0, x1 = max(x - r, 0), min(x + r + 1, columns)
            asked = wanted[y, x] if wanted.size > 1 else np.uint8(0)
            for g in range(0, out.shape[2], GROUP):
                a0 = a1 = a2 = a3 = n = np.float32(0)
                for qy in range(y0, y1):
                    for qx in range(x0, x1):
                        w = weight[qy, qx]
                        if w == 0:
                            continue
                        sy, sx = field[qy, qx, 0] + y - qy, field[qy, qx, 1] + x - qx
                        if asked != 0 and kind[sy, sx] != asked:
                            continue
                        a0 += w * style[sy, sx, g]
                        a1 += w * style[sy, sx, g + 1]
                        a2 += w * style[sy, sx, g + 2]
                        a3 += w * style[sy, sx, g + 3]
                        n += w
                if n == 0:
                    own = style[field[y, x, 0], field[y, x, 1]]
                    a0, a1, a2, a3, n = own[g], own[g + 1], own[g + 2], own[g + 3], np.float32(1)
                out[y - top, x, g], out[y - top, x, g + 1] = a0 / n, a1 / n
                out[y - top, x, g + 2], out[y - top, x, g + 3] = a2 / n, a3 / n


@compiled
def _middle(values: Float, weights: Float, count: int) -> Any:
    """The weighted median of the first `count` values, which it sorts."""
    half = np.float32(0)
    for i in range(count):
        half += weights[i]
        v, w, j = values[i], weights[i], i
        while j > 0 and values[j - 1] > v:
            values[j], weights[j] = values[j - 1], weights[j - 1]
            j -= 1
        values[j], weights[j] = v, w
    half *= np.float32(0.5)
    reached, at = weights[0], 0
    while reached < half and at < count - 1:
        at += 1
        reached += weights[at]
    return values[at]


@compiled
def median_rows(field: Any, weight: Float, style: Float, wanted: Any, kind: Any, todo: Any, patch: int, top: int, out: Float) -> None:
    """As `mean_rows`, the weighted median of each channel: no value that no source has."""
    r, (rows, columns) = patch // 2, weight.shape
    values, weights = np.empty(patch * patch, np.float32), np.empty(patch * patch, np.float32)
    for y in range(top, top + out.shape[0]):
        for x in range(columns):
            if todo.size > 1 and todo[y, x] == 0:
                continue
            asked = wanted[y, x] if wanted.size > 1 else np.uint8(0)
            for c in range(out.shape[2]):
                count = 0
                for qy in range(max(y - r, 0), min(y + r + 1, rows)):
                    for qx in range(max(x - r, 0), min(x + r + 1, columns)):
                        sy, sx = field[qy, qx, 0] + y - qy, field[qy, qx, 1] + x - qx
                        if weight[qy, qx] != 0 and (asked == 0 or kind[sy, sx] == asked):
                            values[count], weights[count] = style[sy, sx, c], weight[qy, qx]
                            count += 1
                own = style[field[y, x, 0], field[y, x, 1], c]
                out[y - top, x, c] = _middle(values, weights, count) if count > 0 else own


@compiled
def weigh(cost: Any, site: Any, unit: float, out: Float) -> None:
    """1/(1 + cost/unit) at sites, 0 elsewhere; 1 at all sites when `unit` is 0."""
    for y in range(cost.shape[0]):
        for x in range(cost.shape[1]):
            if site[y, x] == 0:
                out[y, x] = 0
            else:
                out[y, x] = np.float32(1) if unit == 0 else np.float32(1 / (1 + cost[y, x] / unit))
