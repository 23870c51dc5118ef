"""The plain recipe that guided synthesis is usually done by, to measure against: PatchMatch with occupancy, and nothing clever.

Barnes 2009 (propagate, then a random search that halves from the whole source, for every pixel in every pass on every level), Wexler 2007
(every patch has one vote), Fišer 2016 (a patch costs λ times the mean use of its pixels over their fair share, counted as matches change).
Differences are float32, the picture is 8 bit after each vote. One thread.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from bench.examples import Example, Float
from numpy.typing import NDArray

LEAST_SIDE_PX = 16
Field = NDArray[np.int32]


def synthesise_plainly(example: Example, *, rounds: int = 6, sweeps: int = 4, seed: int = 1) -> tuple[Float, Field]:
    """Picture (H, W, C) and field (H, W, 2), row and column of each match. 6 rounds of 4 sweeps is the published default."""
    s = example.settings
    weights = np.array(s.weights(example.style.shape[2], example.source_guides.shape[2]), np.float32)
    levels = [(example.style, example.source_guides, example.target_guides)]
    while min(min(a.shape[:2]) for a in levels[0]) // 2 >= max(LEAST_SIDE_PX, 2 * s.patch + 1):
        levels.insert(0, tuple(_halved(a) for a in levels[0]))  # type: ignore[arg-type]
    rng, field = np.random.default_rng(seed), None
    for number, (style, given, wanted) in enumerate(levels):
        r, (height, width), (h, w) = s.patch // 2, wanted.shape[:2], style.shape[:2]
        if field is None:
            field = rng.integers(r, (h - r, w - r), (height, width, 2)).astype(np.int32)
        else:
            y, x = np.minimum(np.mgrid[0:height, 0:width] // 2, np.array(field.shape[:2])[:, None, None] - 1)
            field = np.clip(field[y, x] * 2 + np.stack(np.mgrid[0:height, 0:width], -1) % 2, r, (h - 1 - r, w - 1 - r)).astype(np.int32)
        lam = np.float32(s.uniformity * h * w / (height * width * s.patch**2))  # type: ignore[operator]
        image = _level(style, given, wanted, weights, field, (s.patch, rounds, sweeps), lam, seed * 100 + number)
    return image, field


def _halved(values: Float) -> Float:
    """Every second pixel each way, as the published code does it."""
    return np.ascontiguousarray(values[::2, ::2])


def _level(
    style: Float, given: Float, wanted: Float, weights: Float, field: Field, times: tuple[int, int, int], lam: Any, seed: int
) -> Float:
    patch, rounds, sweeps = times
    source = np.concatenate([style, given], 2)
    image = _voted(field, style, patch)
    cost, use = np.empty(field.shape[:2], np.float32), _count(field, style.shape[:2], patch)
    for turn in range(rounds):
        target = np.concatenate([image, wanted], 2)
        _price(target, source, weights, field, cost, patch)
        for sweep in range(sweeps):
            _search(target, source, weights, field, cost, use, patch, lam, sweep % 2 == 1, seed * 1000 + turn * sweeps + sweep)
        image = _voted(field, style, patch)
    return image


@numba.njit(cache=True)
def _difference(target: Float, y: int, x: int, source: Float, v: int, u: int, weights: Float, r: int, most: float) -> float:
    total = np.float32(0)
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            ty, tx = min(max(y + dy, 0), target.shape[0] - 1), min(max(x + dx, 0), target.shape[1] - 1)
            for c in range(weights.size):
                d = target[ty, tx, c] - source[v + dy, u + dx, c]
                total += weights[c] * d * d
        if total > most:
            return total
    return total


@numba.njit(cache=True)
def _price(target: Float, source: Float, weights: Float, field: Field, cost: Float, patch: int) -> None:
    for y in range(cost.shape[0]):
        for x in range(cost.shape[1]):
            cost[y, x] = _difference(target, y, x, source, field[y, x, 0], field[y, x, 1], weights, patch // 2, np.inf)


@numba.njit(cache=True)
def _count(field: Field, size: Any, patch: int) -> Field:
    """How many matched patches cover each source pixel."""
    use = np.zeros(size, np.int32)
    for y in range(field.shape[0]):
        for x in range(field.shape[1]):
            _add(use, field[y, x, 0], field[y, x, 1], patch // 2, 1)
    return use


@numba.njit(cache=True)
def _add(use: Field, v: int, u: int, r: int, number: int) -> None:
    use[v - r : v + r + 1, u - r : u + r + 1] += number


@numba.njit(cache=True)
def _used(use: Field, v: int, u: int, r: int) -> float:
    """Mean use of a patch's pixels."""
    total = 0
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            total += use[v + dy, u + dx]
    return total / (2 * r + 1) ** 2


@numba.njit(cache=True)
def _try(at: Any, target: Float, source: Float, weights: Float, field: Field, cost: Float, use: Field, r: int, lam: float) -> None:
    y, x, v, u = at
    if v < r or u < r or v >= source.shape[0] - r or u >= source.shape[1] - r:
        return
    own_v, own_u = field[y, x]
    now = cost[y, x] + lam * _used(use, own_v, own_u, r)
    extra = lam * _used(use, v, u, r)
    if extra >= now:
        return
    other = _difference(target, y, x, source, v, u, weights, r, now - extra)
    if other + extra < now:
        _add(use, own_v, own_u, r, -1)
        _add(use, v, u, r, 1)
        field[y, x, 0], field[y, x, 1], cost[y, x] = v, u, other


@numba.njit(cache=True)
def _search(
    target: Float, source: Float, weights: Float, field: Field, cost: Float, use: Field, patch: int, lam: float, back: bool, seed: int
) -> None:
    np.random.seed(seed)
    r, step, (height, width) = patch // 2, -1 if back else 1, cost.shape
    for i in range(height * width):
        k = height * width - 1 - i if back else i
        y, x = k // width, k % width
        if 0 <= y - step < height:
            _try((y, x, field[y - step, x, 0] + step, field[y - step, x, 1]), target, source, weights, field, cost, use, r, lam)
        if 0 <= x - step < width:
            _try((y, x, field[y, x - step, 0], field[y, x - step, 1] + step), target, source, weights, field, cost, use, r, lam)
        reach = max(source.shape[0], source.shape[1])
        while reach >= 1:
            v, u = field[y, x, 0] + np.random.randint(-reach, reach + 1), field[y, x, 1] + np.random.randint(-reach, reach + 1)
            _try((y, x, v, u), target, source, weights, field, cost, use, r, lam)
            reach //= 2


@numba.njit(cache=True)
def _voted(field: Field, style: Float, patch: int) -> Float:
    """Mean of what all patches over a pixel bring, in whole codes."""
    (height, width), r = field.shape[:2], patch // 2
    out = np.zeros((height, width, style.shape[2]), np.float32)
    for y in range(height):
        for x in range(width):
            n = 0
            for qy in range(max(y - r, 0), min(y + r + 1, height)):
                for qx in range(max(x - r, 0), min(x + r + 1, width)):
                    for c in range(style.shape[2]):
                        out[y, x, c] += style[field[qy, qx, 0] + y - qy, field[qy, qx, 1] + x - qx, c]
                    n += 1
            for c in range(style.shape[2]):
                out[y, x, c] = np.float32(int(out[y, x, c] / n))
    return out
