"""The least and the greatest depth about every place of a shadow map: most places are lit, or hidden, whichever of its pixels is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import compiled

Array = NDArray[Any]

BLOCK_PX = 4


def depth_bounds(shade: Array, reach_px: int) -> Array:
    """Least and greatest depth of the map's pixels within reach of each block of 4 by 4.

    A depth that is not above the least is lit wherever within the reach it is asked; one above the greatest is hidden everywhere.

    Parameters
    ----------
    shade : (m, m) float32
        Depth along the light, metres; inf is nothing.
    reach_px : int
        How far beyond a block's edges it is looked.

    Returns
    -------
    (b, b, 2) float32
        b = ⌈m/4⌉. What lies outside the map is lit: it does not count towards the least, and makes the greatest inf.

    Raises
    ------
    ValueError
        A map that is not square, a reach below 0.
    """
    if shade.ndim != 2 or shade.shape[0] != shade.shape[1] or reach_px < 0:
        raise ValueError(f"bounds of a map {shade.shape} within {reach_px} pixels; allowed is a square one and 0 or more")
    blocks = -(-shade.shape[0] // BLOCK_PX)
    rows, out = np.empty((shade.shape[0], blocks, 2), np.float32), np.empty((blocks, blocks, 2), np.float32)
    _along_rows(shade, reach_px, rows)
    _down_columns(rows, reach_px, out)
    return out


@compiled
def _along_rows(shade: Array, reach: int, out: Array) -> None:
    size = shade.shape[1]
    for y in range(shade.shape[0]):
        for b in range(out.shape[1]):
            first, last = b * BLOCK_PX - reach, b * BLOCK_PX + BLOCK_PX + reach
            least, most = np.float32(np.inf), np.float32(-np.inf)
            if first < 0 or last > size:
                first, last, most = max(first, 0), min(last, size), np.float32(np.inf)
            for x in range(first, last):
                least, most = min(least, shade[y, x]), max(most, shade[y, x])
            out[y, b, 0], out[y, b, 1] = least, most


@compiled
def _down_columns(rows: Array, reach: int, out: Array) -> None:
    size = rows.shape[0]
    for b in range(out.shape[0]):
        first, last = b * BLOCK_PX - reach, b * BLOCK_PX + BLOCK_PX + reach
        beyond = first < 0 or last > size
        for c in range(out.shape[1]):
            out[b, c, 0], out[b, c, 1] = np.float32(np.inf), np.float32(np.inf if beyond else -np.inf)
        for y in range(max(first, 0), min(last, size)):
            for c in range(out.shape[1]):
                out[b, c, 0], out[b, c, 1] = min(out[b, c, 0], rows[y, c, 0]), max(out[b, c, 1], rows[y, c, 1])
