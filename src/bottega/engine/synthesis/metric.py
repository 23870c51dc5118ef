"""The numbers that patches are compared in: every channel as 16 bits, its weight folded in.

With q = round((v − offset)·scale) and scale = k·√weight, Σ(q − q')² is k² times the weighted squared difference of values. k is as large as
it may be while no difference leaves 16 bits and no patch's sum 31 bits, so rounding moves a channel's difference by at most
1/(k·√weight): for 5×5 patches and weights that sum to 3, 0.12 of an 8 bit code in a channel of weight 1/6. Only the search sees these
numbers. Pictures are voted from the sources' own float values.

A channel's range is its values' range in sources and target, cut off a good way outside its middle 99.8 %: a lamp of 5000 in a picture
around 1 would leave all the rest one number. What lies beyond compares as if it lay on the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled

Float = NDArray[np.float32]

MOST = 16383  # of a 16 bit number: a difference of two has to fit as well
_SUM = 2.0**31 * 0.98  # of a patch; the rest is for rounding
_SAMPLES = 1 << 16  # values a channel that its range is taken from
_OUTSIDE = 64.0  # how far the range may reach beyond the middle 99.8 %, in widths of it
WEIGHT_ONE = 32767  # a weight map's 1


class Metric(NamedTuple):
    """scale and offset a channel; `unit` is k²: what a squared difference of values of weight 1 comes to.

    `span` is the longest range of a channel and `full` the largest squared difference of two pixels, both in 16 bit numbers.
    """

    scale: Float
    offset: Float
    unit: float
    span: float
    full: float


def limits(pictures: Sequence[tuple[NDArray[Any], NDArray[np.bool_] | None]]) -> tuple[float, float]:
    """Lowest and highest value of one channel that are told apart. Each picture comes with the mask of what counts, or None for all."""
    parts = []
    for values, mask in pictures:
        step = max(1, int(np.sqrt(values.size * len(pictures) / _SAMPLES)))
        sample = values[::step, ::step]
        inside = sample if mask is None else sample[mask[::step, ::step]]
        parts.append(inside.ravel() if inside.size or mask is None else values[mask])
    every = np.sort(np.concatenate(parts).astype(np.float64))
    low, high = every[int(0.001 * (every.size - 1))], every[int(np.ceil(0.999 * (every.size - 1)))]
    wide = _OUTSIDE * (high - low)
    if wide == 0:  # nearly all are one value
        return float(every[0]), float(every[-1])
    return max(float(every[0]), low - wide), min(float(every[-1]), high + wide)


def make_metric(ranges: Sequence[tuple[float, float]], weights: Sequence[float], patch: int) -> Metric:
    """The metric of channels with these ranges and weights."""
    roots = np.sqrt(np.asarray(weights, np.float64))
    low, high = np.asarray(ranges, np.float64).T
    reach = roots * np.maximum(high - low, np.finfo(np.float32).tiny)
    k = min(np.sqrt(_SUM / (patch * patch * (reach**2).sum())), 2 * MOST / reach.max())
    scale, offset = (k * roots).astype(np.float32), ((low + high) / 2).astype(np.float32)
    return Metric(scale, offset, float(k * k), float(k * reach.max()), float(k * k * (reach**2).sum()))


@compiled
def pack(values: Float, into: NDArray[np.int16], first: int, scale: Float, offset: Float, rows: Any, columns: Any) -> None:
    """Channels first, first + 1, … of `into` at (y, x) from values[rows[y], columns[x]]."""
    for y in range(rows.size):
        for x in range(columns.size):
            for c in range(values.shape[2]):
                q = np.rint((values[rows[y], columns[x], c] - offset[c]) * scale[c])
                into[y, x, first + c] = np.int16(min(max(q, np.float32(-MOST)), np.float32(MOST)))


@compiled
def renew(values: Float, into: NDArray[np.int16], top: int, kept: Any, todo: Any, metric: Any, tolerance: int, changed: Any) -> None:
    """Write voted rows from `top` on as 16 bit numbers where `todo` is set, and mark pixels that moved by more than `tolerance` of them."""
    scale, offset = metric
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            changed[top + y, x] = 0
            if kept[top + y, x] != 0 or (todo.size > 1 and todo[top + y, x] == 0):
                continue
            for c in range(scale.size):
                q = np.rint((values[y, x, c] - offset[c]) * scale[c])
                new = np.int16(min(max(q, np.float32(-MOST)), np.float32(MOST)))
                if abs(np.int32(new) - np.int32(into[top + y, x, c])) > tolerance:
                    changed[top + y, x] = 1
                into[top + y, x, c] = new
