"""The inner loops, compiled. Every kernel has a short numpy twin of the same name in `reference`, which is its specification.

No fastmath, no threads inside, sums in a fixed order: the same bits on every call. Each kernel releases the interpreter's lock, so that the
caller may run several frames side by side. Compiled code is cached next to this file (or in the user's cache when that is read-only).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Float = NDArray[np.float32]

PARTS = 65536  # weights are whole parts of this


def _compiled(function: F) -> F:
    return cast(F, numba.njit(nogil=True, cache=True, error_model="numpy")(function))


@_compiled
def encode(values: Float, toe: np.float32) -> Float:
    """sign(x)·log(1 + |x|/toe): logarithmic above the toe, linear through 0, odd, so negative values survive."""
    out = np.empty_like(values)
    flat, result = values.ravel(), out.ravel()
    for i in range(flat.size):
        x = flat[i]
        y = np.log1p(np.abs(x) / toe)
        result[i] = -y if x < 0 else y
    return out


@_compiled
def compose(first: Float, second: Float) -> Float:
    """first(x) + second(x + first(x)): go by `first`, look up `second` there (bilinear, clamped at the edge)."""
    height, width = first.shape[:2]
    out = np.empty_like(first)
    for y in range(height):
        for x in range(width):
            px = min(max(x + first[y, x, 0], 0.0), width - 1.0)
            py = min(max(y + first[y, x, 1], 0.0), height - 1.0)
            x0, y0 = min(int(px), width - 2), min(int(py), height - 2)
            fx, fy = np.float32(px - x0), np.float32(py - y0)
            for c in range(2):
                top = second[y0, x0, c] + fx * (second[y0, x0 + 1, c] - second[y0, x0, c])
                low = second[y0 + 1, x0, c] + fx * (second[y0 + 1, x0 + 1, c] - second[y0 + 1, x0, c])
                out[y, x, c] = first[y, x, c] + (top + fy * (low - top))
    return out


@_compiled
def sample_linear(source: Float, shift: Float, top: int, left: int) -> Float:
    """source(x + shift(x)), bilinear, clamped at the edge. `shift` covers a window of the frame that begins at (top, left)."""
    height, width, channels = source.shape
    rows, columns = shift.shape[:2]
    out = np.empty((rows, columns, channels), np.float32)
    for y in range(rows):
        for x in range(columns):
            px = min(max(x + left + shift[y, x, 0], 0.0), width - 1.0)
            py = min(max(y + top + shift[y, x, 1], 0.0), height - 1.0)
            x0, y0 = min(int(px), width - 2), min(int(py), height - 2)
            fx, fy = np.float32(px - x0), np.float32(py - y0)
            for c in range(channels):
                a = source[y0, x0, c] + fx * (source[y0, x0 + 1, c] - source[y0, x0, c])
                b = source[y0 + 1, x0, c] + fx * (source[y0 + 1, x0 + 1, c] - source[y0 + 1, x0, c])
                out[y, x, c] = a + fy * (b - a)
    return out


@_compiled
def _cubic(t: np.float32, weights: Float) -> None:
    one, half = np.float32(1), np.float32(0.5)
    s = one - t
    weights[0] = -half * t * s * s
    weights[3] = -half * s * t * t
    weights[1] = one - t * t * (np.float32(2.5) - np.float32(1.5) * t)
    weights[2] = one - s * s * (np.float32(2.5) - np.float32(1.5) * s)


@_compiled
def sample_cubic(source: Float, shift: Float, top: int, left: int) -> Float:
    """source(x + shift(x)) by Keys' cubic (a = -1/2, Keys 1981), clamped at the edge. Exact copies where the shift is whole."""
    height, width, channels = source.shape
    rows, columns = shift.shape[:2]
    out = np.empty((rows, columns, channels), np.float32)
    wx, wy = np.empty(4, np.float32), np.empty(4, np.float32)
    row = np.empty(channels, np.float32)
    for y in range(rows):
        for x in range(columns):
            px = min(max(x + left + shift[y, x, 0], 0.0), width - 1.0)
            py = min(max(y + top + shift[y, x, 1], 0.0), height - 1.0)
            x0, y0 = int(px), int(py)
            _cubic(np.float32(px - x0), wx)
            _cubic(np.float32(py - y0), wy)
            x1, x2, x3 = max(x0 - 1, 0), min(x0 + 1, width - 1), min(x0 + 2, width - 1)
            for c in range(channels):
                out[y, x, c] = 0
            for j in range(4):
                yy = min(max(y0 + j - 1, 0), height - 1)
                for c in range(channels):
                    row[c] = wx[0] * source[yy, x1, c] + wx[1] * source[yy, x0, c] + wx[2] * source[yy, x2, c] + wx[3] * source[yy, x3, c]
                for c in range(channels):
                    out[y, x, c] += wy[j] * row[c]
    return out


@_compiled
def mismatch(to_key: Float, from_key: Float, here: NDArray[np.uint8], key: NDArray[np.uint8], unit: np.float32) -> Float:
    """Two costs a pixel: squared difference of the guides along the map in units of `unit`, and squared round-trip error in pixels."""
    height, width = here.shape
    out = np.empty((height, width, 2), np.float32)
    for y in range(height):
        for x in range(width):
            qx, qy = x + to_key[y, x, 0], y + to_key[y, x, 1]
            px = min(max(qx, 0.0), width - 1.0)
            py = min(max(qy, 0.0), height - 1.0)
            x0, y0 = min(int(px), width - 2), min(int(py), height - 2)
            fx, fy = np.float32(px - x0), np.float32(py - y0)
            w00, w01 = (np.float32(1) - fy) * (np.float32(1) - fx), (np.float32(1) - fy) * fx
            w10, w11 = fy * (np.float32(1) - fx), fy * fx
            value = w00 * key[y0, x0] + w01 * key[y0, x0 + 1] + w10 * key[y0 + 1, x0] + w11 * key[y0 + 1, x0 + 1]
            difference = (np.float32(here[y, x]) - value) / unit
            trip = np.float32(0)
            for c in range(2):
                back = w00 * from_key[y0, x0, c] + w01 * from_key[y0, x0 + 1, c]
                back += w10 * from_key[y0 + 1, x0, c] + w11 * from_key[y0 + 1, x0 + 1, c]
                # leaving the picture counts as error too: what is clamped there was never seen
                step = to_key[y, x, c] + back
                trip += step * step
            outside = (qx - px) * (qx - px) + (qy - py) * (qy - py)
            out[y, x, 0] = difference * difference
            out[y, x, 1] = trip + outside
    return out


@_compiled
def energies(plate_high: Float, key: Float) -> Float:
    """Mean squares over the channels, of detail: plate − key plate (channel 0), painted change (1), plate and key plate together (2).

    `key` holds nine channels: painted low change, plate high band, painted high change.
    """
    height, width = key.shape[:2]
    out = np.empty((height, width, 3), np.float32)
    third = np.float32(1.0 / 3.0)
    for y in range(height):
        for x in range(width):
            differs, painted, both = np.float32(0), np.float32(0), np.float32(0)
            for c in range(3):
                here, there, change = plate_high[y, x, c], key[y, x, 3 + c], key[y, x, 6 + c]
                differs += (here - there) * (here - there)
                painted += change * change
                both += here * here + there * there
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = differs * third, painted * third, both * third
    return out


@_compiled
def whole_parts(shares: NDArray[np.float64], out: NDArray[np.uint32]) -> None:
    """Shares of candidates (they sum to at most 1) as whole parts of 65536, the plate first, by largest remainder."""
    count = shares.size + 1
    rest = np.empty(count, np.float64)
    total = 0.0
    for i in range(shares.size):
        total += shares[i]
    left = PARTS
    for i in range(count):
        exact = PARTS * (max(0.0, 1.0 - total) if i == 0 else shares[i - 1] / max(1.0, total))
        whole = min(int(exact), left)
        out[i] = whole
        left -= whole
        rest[i] = exact - whole
    while left > 0:
        best = 0
        for i in range(1, count):
            if rest[i] > rest[best]:
                best = i
        out[best] += 1
        rest[best] -= 1.0
        left -= 1


@_compiled
def blend(
    pictures: tuple[Float, Float, Float],
    offers: tuple[Float, Float, Float],
    strengths: tuple[Float, Float, float],
    out: tuple[Float, NDArray[np.uint32], NDArray[np.uint8]],
) -> None:
    """Write the repaired window: plate + Σ choice·(tone·low change + detail·trust·(key's high band − plate's)) in the encoding.

    `pictures`: plate, plate encoded, its high band. `offers`: changes (K, h, w, 9) as `energies` describes them, trust (K, h, w, 2) in the
    low and the high band, choice (K, h, w) that sums to 1. `strengths`: tone (h, w), detail (h, w), toe. `out`: rgb (may be the plate),
    weights (K+1, h, w), copied (h, w).
    """
    plate, encoded, plate_high = pictures
    changes, trust, choice = offers
    tone_map, detail_map, toe_value = strengths
    rgb, weights, copied = out
    count, height, width = choice.shape
    shares = np.empty(count, np.float64)
    parts = np.empty(count + 1, np.uint32)
    toe = np.float32(toe_value)
    for y in range(height):
        for x in range(width):
            tone, detail = tone_map[y, x], detail_map[y, x]
            for i in range(count):
                low, high = trust[i, y, x, 0], trust[i, y, x, 1]
                shares[i] = choice[i, y, x] * (0.5 * min(np.float32(1), tone) * low + 0.5 * min(np.float32(1), detail) * high)
            whole_parts(shares, parts)
            for i in range(count + 1):
                weights[i, y, x] = parts[i]
            copied[y, x] = parts[0] == PARTS
            for c in range(3):
                if parts[0] == PARTS:
                    rgb[y, x, c] = plate[y, x, c]
                    continue
                value = encoded[y, x, c]
                for i in range(count):
                    key_high = changes[i, y, x, 3 + c] + changes[i, y, x, 6 + c]
                    change = tone * changes[i, y, x, c] + detail * trust[i, y, x, 1] * (key_high - plate_high[y, x, c])
                    value += choice[i, y, x] * change
                linear = toe * np.expm1(np.abs(value))
                rgb[y, x, c] = -linear if value < 0 else linear
