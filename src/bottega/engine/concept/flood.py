"""Areas that grow from their deepest places until they meet (Meyer's flooding, 1994), in one pass with a queue a level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

_LEVELS_A_PIXEL = 4


def flood(markers: NDArray[np.int32], depth: NDArray[np.float64]) -> NDArray[np.int32]:
    """Grow markers (0 is none) over pixels of depth > 0, the deepest first; pixels of depth 0 stay 0. First come, first served."""
    level = np.ceil(depth * _LEVELS_A_PIXEL).astype(np.int32)
    grown = np.where(level > 0, markers, 0).astype(np.int32)
    _flood(grown, level)
    return grown


@compiled
def _flood(grown: NDArray[np.int32], level: NDArray[np.int32]) -> None:
    height, width = grown.shape
    top = level.max()
    first, last = np.full(top + 1, -1, np.int64), np.full(top + 1, -1, np.int64)
    after = np.full(height * width, -1, np.int64)
    for place in range(height * width):
        if grown[place // width, place % width] > 0:
            _push(first, last, after, top, place)
    now = top
    while now > 0:
        place = first[now]
        if place < 0:
            now -= 1
            continue
        first[now] = after[place]
        y, x = place // width, place % width
        for dy, dx in ((-1, 0), (0, -1), (0, 1), (1, 0)):
            v, u = y + dy, x + dx
            if 0 <= v < height and 0 <= u < width and grown[v, u] == 0 and level[v, u] > 0:
                grown[v, u] = grown[y, x]
                _push(first, last, after, min(level[v, u], now), v * width + u)


@compiled
def _push(first: NDArray[np.int64], last: NDArray[np.int64], after: NDArray[np.int64], level: int, place: int) -> None:
    after[place] = -1
    if first[level] < 0:
        first[level] = place
    else:
        after[last[level]] = place
    last[level] = place
