"""Pictures, masks and classes at half size, again and again: means of 2×2 pixels, so that coarse levels do not alias."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Float = NDArray[np.float32]
Allocate = Callable[[tuple[int, ...], Any], NDArray[Any]]
BAND = 256  # rows converted at once, an even number: a half-float picture is never whole in memory as float


def half(size: int) -> int:
    """Side of the next coarser level."""
    return (size + 1) // 2


def bands(rows: int, band: int = BAND) -> list[tuple[int, int]]:
    """Rows in runs of `band`: first, and one past the last."""
    return [(top, min(top + band, rows)) for top in range(0, rows, band)]


def halve(values: NDArray[Any], allocate: Allocate) -> Float:
    """Means of 2×2 pixels of (H, W, C); an odd last row or column counts twice. Twin: `twin.halve`."""
    out = allocate((half(values.shape[0]), half(values.shape[1]), values.shape[2]), np.dtype(np.float32))
    for top, bottom in bands(values.shape[0]):
        _halve(np.ascontiguousarray(values[top:bottom], np.float32), out[top // 2 : half(bottom)])
    return out


def every(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """Half size: set where all of the 2×2 are."""
    a = np.pad(mask, ((0, mask.shape[0] % 2), (0, mask.shape[1] % 2)), mode="edge")
    return np.asarray(a[::2, ::2] & a[1::2, ::2] & a[::2, 1::2] & a[1::2, 1::2])


def some(mask: NDArray[Any]) -> NDArray[np.bool_]:
    """Half size: set where one of the 2×2 is."""
    return ~every(~mask)


@compiled
def _halve(values: Float, out: Float) -> None:
    height, width, channels = values.shape
    for y in range(out.shape[0]):
        y0, y1 = 2 * y, min(2 * y + 1, height - 1)
        for x in range(out.shape[1]):
            x0, x1 = 2 * x, min(2 * x + 1, width - 1)
            for c in range(channels):
                upper, lower = values[y0, x0, c] + values[y0, x1, c], values[y1, x0, c] + values[y1, x1, c]
                out[y, x, c] = np.float32(0.25) * (upper + lower)
