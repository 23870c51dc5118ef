"""The inner loops of `steadying`, compiled; twins of the same names in `reference`. The rules of `kernels` hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bottega.engine.checks import Float
from bottega.engine.kernels import PARTS, _compiled, whole_parts


@_compiled
def apart(here: Float, there: Float, flow: Float, out: Float) -> None:
    """Mean over the channels of (there(x + flow(x)) − here(x))², bilinear: two frames (H, W, 3), into (H, W)."""
    height, width = out.shape
    for y in range(height):
        for x in range(width):
            px = min(max(x + flow[y, x, 0], 0.0), width - 1.0)
            py = min(max(y + flow[y, x, 1], 0.0), height - 1.0)
            x0, y0 = min(int(px), width - 2), min(int(py), height - 2)
            fx, fy = np.float32(px - x0), np.float32(py - y0)
            total = np.float32(0)
            for c in range(3):
                a = there[y0, x0, c] + fx * (there[y0, x0 + 1, c] - there[y0, x0, c])
                b = there[y0 + 1, x0, c] + fx * (there[y0 + 1, x0 + 1, c] - there[y0 + 1, x0, c])
                away = a + fy * (b - a) - here[y, x, c]
                total += away * away
            out[y, x] = total / np.float32(3)


@_compiled
def gather(sums: tuple[Float, Float, Float], from_there: tuple[Float, NDArray[np.uint32], Float], flow: Float, weight: Float) -> None:
    """Add weight(x) · array(x + flow(x)), bilinear, to three sums: change (H, W, 3), key weights (K, H, W), reach (H, W).

    Of the neighbour's weights the first, the plate's, is left out.
    """
    total, shares, norm = sums
    change, parts, reach = from_there
    height, width = norm.shape
    for y in range(height):
        for x in range(width):
            px = min(max(x + flow[y, x, 0], 0.0), width - 1.0)
            py = min(max(y + flow[y, x, 1], 0.0), height - 1.0)
            x0, y0 = min(int(px), width - 2), min(int(py), height - 2)
            fx, fy = np.float32(px - x0), np.float32(py - y0)
            one = np.float32(1)
            w00, w01 = weight[y, x] * (one - fy) * (one - fx), weight[y, x] * (one - fy) * fx
            w10, w11 = weight[y, x] * fy * (one - fx), weight[y, x] * fy * fx
            for c in range(3):
                upper = w00 * change[y0, x0, c] + w01 * change[y0, x0 + 1, c]
                total[y, x, c] += upper + (w10 * change[y0 + 1, x0, c] + w11 * change[y0 + 1, x0 + 1, c])
            for k in range(shares.shape[0]):
                upper = w00 * np.float32(parts[k + 1, y0, x0]) + w01 * np.float32(parts[k + 1, y0, x0 + 1])
                lower = w10 * np.float32(parts[k + 1, y0 + 1, x0]) + w11 * np.float32(parts[k + 1, y0 + 1, x0 + 1])
                shares[k, y, x] += upper + lower
            upper = w00 * reach[y0, x0] + w01 * reach[y0, x0 + 1]
            norm[y, x] += upper + (w10 * reach[y0 + 1, x0] + w11 * reach[y0 + 1, x0 + 1])


@_compiled
def settle(
    here: tuple[Float, Float], means: tuple[Float, Float], toe: np.float32, out: tuple[Float, NDArray[np.uint32], NDArray[np.uint8]]
) -> None:
    """Decode plate + change, with whole weights of the shares; a pixel that is all the plate's keeps the plate's bits.

    `here`: plate, plate encoded. `means`: change (H, W, 3), shares (K, H, W) in parts of 65536. `out`: rgb, weights (K+1, H, W), copied
    (1 where the plate's bits are kept).
    """
    plate, encoded = here
    change, shares = means
    rgb, weights, copied = out
    count, height, width = shares.shape
    each = np.empty(count, np.float64)
    parts = np.empty(count + 1, np.uint32)
    for y in range(height):
        for x in range(width):
            for k in range(count):
                each[k] = np.float64(shares[k, y, x]) / PARTS
            whole_parts(each, parts)
            for k in range(count + 1):
                weights[k, y, x] = parts[k]
            copied[y, x] = parts[0] == PARTS
            for c in range(3):
                if parts[0] == PARTS:
                    rgb[y, x, c] = plate[y, x, c]
                    continue
                value = encoded[y, x, c] + change[y, x, c]
                linear = toe * np.expm1(np.abs(value))
                rgb[y, x, c] = -linear if value < 0 else linear
