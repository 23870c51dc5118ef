"""Motion blur from the motion of what is seen, after everything else that is known of a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import compiled

Array = NDArray[Any]

_TILE = 16
_FEWEST_TAPS = 8
_STILL_PX = 0.5  # a way shorter than that leaves no blur
_MOST_PX = 48.0


def blur(beauty: Array, motion: Array, *, depth: Array, foreground: Array, shutter: float = 0.5) -> Array:
    """The mean of what passes a pixel while the shutter is open: along the longest way about it (McGuire, Hennessy, Bukowski, Osman 2012).

    A neighbour on that way counts where its own way reaches the pixel and it is not behind it, or where the pixel's own way uncovers it.
    Pixels that nothing passes keep their bits, and so do those of the foreground, which also lends nothing.

    Parameters
    ----------
    beauty : (H, W, 3) float32
        Linear.
    motion : (H, W, 2) float32
        Pixels since the frame before, see `Buffers`; what stands still has 0 exactly.
    depth : (H, W) float32
        Metres, inf where there is nothing.
    foreground : (H, W) float32
        0..1; above 0 a pixel neither lends nor takes.
    shutter : float
        How much of a frame the shutter is open, 0 to 1; half of it before and half after the frame's moment.

    Returns
    -------
    (H, W, 3) float32

    Raises
    ------
    ValueError
        For a shutter outside 0..1.
    """
    if not 0 <= shutter <= 1:
        raise ValueError(f"shutter is {shutter}, allowed is 0 to 1")
    way = motion * np.float32(shutter)
    length = np.linalg.norm(way, axis=-1)
    way = (way * np.minimum(1, _MOST_PX / np.maximum(length, 1e-6))[..., None]).astype(np.float32)
    out = beauty.copy()
    _gather(beauty, way, _longest(way), depth, foreground, out)
    return out


@compiled
def _longest(way: Array) -> Array:
    """The longest way in each tile and those about it within its reach."""
    rows, columns = (way.shape[0] + _TILE - 1) // _TILE, (way.shape[1] + _TILE - 1) // _TILE
    own, out = np.zeros((rows, columns, 2)), np.zeros((rows, columns, 2))
    for y in range(way.shape[0]):
        for x in range(way.shape[1]):
            best = own[y // _TILE, x // _TILE]
            if way[y, x, 0] ** 2 + way[y, x, 1] ** 2 > best[0] ** 2 + best[1] ** 2:
                best[0], best[1] = way[y, x, 0], way[y, x, 1]
    for r in range(rows):
        for c in range(columns):
            for j in range(max(r - 2, 0), min(r + 3, rows)):
                for i in range(max(c - 2, 0), min(c + 3, columns)):
                    length = own[j, i, 0] ** 2 + own[j, i, 1] ** 2
                    near = (max(abs(j - r), abs(i - c)) - 1) * _TILE
                    if length > out[r, c, 0] ** 2 + out[r, c, 1] ** 2 and np.sqrt(length) / 2 >= near:
                        out[r, c] = own[j, i]
    return out


@compiled
def _gather(beauty: Array, way: Array, longest: Array, depth: Array, foreground: Array, out: Array) -> None:
    height, width = depth.shape
    for y in range(height):
        for x in range(width):
            vx, vy = longest[y // _TILE, x // _TILE]
            whole = np.sqrt(vx * vx + vy * vy)
            if whole < _STILL_PX or foreground[y, x] > 0:
                continue
            taps = max(int(np.ceil(whole)), _FEWEST_TAPS)
            own = np.sqrt(way[y, x, 0] ** 2 + way[y, x, 1] ** 2)
            red, green, blue, taken = 0.0, 0.0, 0.0, 0
            for k in range(taps):
                t = (k + 0.5) / taps - 0.5
                sx, sy = int(np.floor(x + 0.5 + t * vx)), int(np.floor(y + 0.5 + t * vy))
                i, j = x, y
                if 0 <= sx < width and 0 <= sy < height and foreground[sy, sx] == 0:
                    away = abs(t) * whole
                    reach = np.sqrt(way[sy, sx, 0] ** 2 + way[sy, sx, 1] ** 2) / 2
                    before = depth[sy, sx] <= depth[y, x] * 1.02
                    if (reach >= away and reach > 0 and before) or own / 2 >= away:
                        i, j = sx, sy
                taken += (i != x) or (j != y)
                red, green, blue = red + beauty[j, i, 0], green + beauty[j, i, 1], blue + beauty[j, i, 2]
            if taken:
                out[y, x, 0], out[y, x, 1], out[y, x, 2] = red / taps, green / taps, blue / taps
