"""The published recipe written straight down, to compare with: what an afternoon with numba gives.

Coarse to fine on point-sampled pictures; every round one scanline pass with propagation and a random search over the whole source
(Barnes 2009), use of source pixels summed over the patch for every offer (Kaspar 2015), plain vote, 8 bit estimates; six rounds a level.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_KERNEL = {"error_model": "numpy", "cache": True}


@numba.njit(**_KERNEL)
def _difference(t: Array, s: Array, w: Array, y: int, x: int, sy: int, sx: int, r: int) -> float:
    total = np.float32(0)
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            for c in range(w.size):
                d = t[y + dy, x + dx, c] - s[sy + dy, sx + dx, c]
                total += w[c] * d * d
    return total


@numba.njit(**_KERNEL)
def _crowd(use: Array, sy: int, sx: int, r: int) -> float:
    total = 0
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            total += use[sy + dy, sx + dx]
    return total


@numba.njit(**_KERNEL)
def _mark(use: Array, sy: int, sx: int, r: int, by: int) -> None:
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            use[sy + dy, sx + dx] += by


@numba.njit(**_KERNEL)
def _pass(t: Array, s: Array, w: Array, field: Array, use: Array, price: float, r: int, back: bool) -> None:
    rows, columns = t.shape[:2]
    h, k = s.shape[:2]
    step = -1 if back else 1
    for i in range(r, rows - r):
        y = rows - 1 - i if back else i
        for j in range(r, columns - r):
            x = columns - 1 - j if back else j
            by, bx = field[y, x]
            _mark(use, by, bx, r, -1)
            best = _difference(t, s, w, y, x, by, bx, r) + price * _crowd(use, by, bx, r)
            radius = max(h, k)
            for offer in range(40):
                if offer < 2:
                    py, px = (y - step, x) if offer == 0 else (y, x - step)
                    sy, sx = field[py, px, 0] + y - py, field[py, px, 1] + x - px
                else:
                    if radius < 1:
                        break
                    sy, sx = by + np.random.randint(-radius, radius + 1), bx + np.random.randint(-radius, radius + 1)
                    radius //= 2
                sy, sx = min(max(sy, r), h - 1 - r), min(max(sx, r), k - 1 - r)
                cost = _difference(t, s, w, y, x, sy, sx, r) + price * _crowd(use, sy, sx, r)
                if cost < best:
                    best, by, bx = cost, sy, sx
            _mark(use, by, bx, r, 1)
            field[y, x, 0], field[y, x, 1] = by, bx


@numba.njit(**_KERNEL)
def _vote(field: Array, style: Array, out: Array, r: int) -> None:
    rows, columns, channels = out.shape
    for y in range(rows):
        for x in range(columns):
            for c in range(channels):
                total, n = np.float32(0), 0
                for qy in range(max(y - r, r), min(y + r + 1, rows - r)):
                    for qx in range(max(x - r, r), min(x + r + 1, columns - r)):
                        total += style[field[qy, qx, 0] + y - qy, field[qy, qx, 1] + x - qx, c]
                        n += 1
                out[y, x, c] = int(total / n)


@numba.njit(**_KERNEL)
def _seed(number: int) -> None:
    np.random.seed(number)


def _finer(field: Array, rows: int, columns: int, h: int, k: int, r: int) -> Array:
    y, x = np.mgrid[0:rows, 0:columns]
    py, px = np.clip(y // 2, r, field.shape[0] - 1 - r), np.clip(x // 2, r, field.shape[1] - 1 - r)
    out = field[py, px] * 2 + np.stack([y - 2 * py, x - 2 * px], -1)
    return np.clip(out, r, [h - 1 - r, k - 1 - r])


def baseline(
    style: Array, source: Array, target: Array, *, weights: Array, patch: int, uniformity: float, rounds: int = 6
) -> tuple[Array, Array]:
    """Picture and field (row, column) of 8 bit inputs."""
    r, levels = patch // 2, 0
    while min(*style.shape[:2], *target.shape[:2]) >> (levels + 1) >= max(2 * patch + 1, 16):
        levels += 1
    random, field = np.random.default_rng(1), None
    _seed(1)
    for level in range(levels, -1, -1):
        st, gs, gt = (np.ascontiguousarray(a[:: 1 << level, :: 1 << level], np.float32) for a in (style, source, target))
        (rows, columns), (h, k) = gt.shape[:2], st.shape[:2]
        if field is None:
            field = np.stack([random.integers(r, h - r, (rows, columns)), random.integers(r, k - r, (rows, columns))], -1)
        else:
            field = _finer(field, rows, columns, h, k, r)
        use = np.zeros((h, k), np.int32)
        for y in range(r, rows - r):
            for x in range(r, columns - r):
                _mark(use, *field[y, x], r, 1)
        price = uniformity / (rows * columns / (h * k)) / patch**4
        estimate = np.empty((rows, columns, st.shape[2]), np.float32)
        for turn in range(rounds):
            _vote(field, st, estimate, r)
            _pass(np.concatenate([estimate, gt], -1), np.concatenate([st, gs], -1), weights, field, use, price, r, bool(turn & 1))
        _vote(field, st, estimate, r)
    return estimate, field
