"""The inner loops of `fitting`, compiled; twins of the same names in `reference`. The rules of `kernels` hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bottega.engine.checks import Byte, Float
from bottega.engine.kernels import _compiled


@_compiled
def misfit(
    pictures: tuple[Byte, Byte], to_key: Float, way: tuple[int, int, int], most: np.float32, judged: tuple[NDArray[np.uint8], Float]
) -> None:
    """Mean over the channels of |here(x) − key(x + M(x + o))|, each at most `most`, bilinear; on every `step`-th pixel that is asked.

    `pictures`: here and key. `way` is (x, y) of the offset o and the step; the map is clamped at its edge. `judged`: what is asked, and
    the misfit, which stays as it is where nothing is asked.
    """
    here, key = pictures
    asked, out = judged
    height, width, channels = key.shape
    across, down, step = way
    rows, columns = out.shape
    for j in range(rows):
        for i in range(columns):
            if asked[j, i] == 0:
                continue
            y, x = j * step, i * step
            my, mx = min(max(y + down, 0), to_key.shape[0] - 1), min(max(x + across, 0), to_key.shape[1] - 1)
            px = min(max(x + to_key[my, mx, 0], 0.0), width - 1.0)
            py = min(max(y + to_key[my, mx, 1], 0.0), height - 1.0)
            x0, y0 = min(int(px), width - 2), min(int(py), height - 2)
            fx, fy = np.float32(px - x0), np.float32(py - y0)
            one = np.float32(1)
            w00, w01 = (one - fy) * (one - fx), (one - fy) * fx
            w10, w11 = fy * (one - fx), fy * fx
            total = np.float32(0)
            for c in range(channels):
                there = w00 * key[y0, x0, c] + w01 * key[y0, x0 + 1, c] + w10 * key[y0 + 1, x0, c] + w11 * key[y0 + 1, x0 + 1, c]
                total += min(np.abs(np.float32(here[y, x, c]) - np.float32(there)), most)
            out[j, i] = total / np.float32(channels)


@_compiled
def taken(maps: tuple[Float, Float], chosen: NDArray[np.uint8], ways: NDArray[np.int64], step: int) -> Float:
    """The first map where nothing is chosen, else the second at x + way of the choice; `chosen` is of every `step`-th pixel's cell."""
    first, second = maps
    height, width = first.shape[:2]
    out = np.empty_like(first)
    for y in range(height):
        for x in range(width):
            choice = chosen[y // step, x // step]
            if choice == 0:
                out[y, x, 0], out[y, x, 1] = first[y, x, 0], first[y, x, 1]
                continue
            yy = min(max(y + ways[choice, 1], 0), height - 1)
            xx = min(max(x + ways[choice, 0], 0), width - 1)
            out[y, x, 0], out[y, x, 1] = second[yy, xx, 0], second[yy, xx, 1]
    return out
