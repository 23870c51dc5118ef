"""Pictures read between their pixels, and the recipe of a frame read into the frame."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import uncounted

Array = NDArray[Any]

STEPS = 256  # places are rounded to this part of a pixel: nearly on a pixel is on it
_MOST_TAPS = 6
ONE_TAP = 1.3  # source pixels a step below which one read is enough


class Reads(NamedTuple):
    """R reads of sources, in the order of the pixels they go to. A pixel's colour is Σ weight · ratio · source(x, y), in this order.

    pixel
        (R,) int32: row · width + column.
    source
        (R,) int16 into the frame's table of sources.
    x, y
        (R,) int32, source pixels in 1/256, the middle of the first pixel at 0.
    step
        (R, 2, 2) float32: how far (x, y) goes in the source for one pixel to the right, and one down: how much of it is averaged.
    weight
        (R,) float32, 0..1.
    ratio
        (R, 3) float32: light now over light in the source.
    wraps
        (R,) bool: the source is a tile without edges.
    """

    pixel: Array
    source: Array
    x: Array
    y: Array
    step: Array
    weight: Array
    ratio: Array
    wraps: Array

    def chosen(self, which: Array) -> Reads:
        """Some of them, by a mask or by numbers."""
        return Reads(*(np.ascontiguousarray(part[which]) for part in self))


def joined(parts: list[Reads]) -> Reads:
    """All reads of several, ordered by pixel; within a pixel in the order given."""
    whole = Reads(*(np.concatenate(same) for same in zip(*parts, strict=True)))
    return whole.chosen(np.argsort(whole.pixel, kind="stable"))


def read(reads: Reads, pictures: list[Array]) -> Array:
    """(R, 3) float32: what each read finds in its source, before weight and ratio."""
    values = np.zeros((len(reads.pixel), 3), np.float32)
    for k, picture in enumerate(pictures):
        mine = np.nonzero(reads.source == k)[0]
        if len(mine):
            sample(picture, reads.chosen(mine), mine, values)
    return values


def gather(reads: Reads, pictures: list[Array], *, size: tuple[int, int]) -> Array:
    """(H, W, 3) float32: every pixel's reads summed in their order; 0 where it has none.

    Each source's reads are made by `sample`, then summed in float32: the same bits from the same reads and pictures.
    """
    values = read(reads, pictures)
    out = np.zeros((size[0] * size[1], 3), np.float32)
    add_up(reads, values, out)
    return out.reshape(*size, 3)


@uncounted
def add_up(reads: Any, values: Array, out: Array) -> None:
    """Sum weight · ratio · value into each read's pixel."""
    for i in range(len(values)):
        for c in range(3):
            out[reads.pixel[i], c] += reads.weight[i] * reads.ratio[i, c] * values[i, c]


def sample(picture: Array, reads: Reads, into: Array, out: Array) -> None:
    """Read (h, w, 3) float32 where `reads` say; row i goes to out[into[i]].

    Where the source is no finer than the frame: Catmull and Rom's cubic, kept within the four nearest pixels (no dark or bright rims; a
    place on a pixel gives that pixel's bits). Where it is finer: the mean of cubic reads spread over the frame's pixel.
    """
    _sample(picture, reads, into, np.empty(3, np.float32), np.empty(3), out)


@uncounted
def _sample(picture: Array, reads: Any, into: Array, value: Array, total: Array, out: Array) -> None:
    for i in range(len(into)):
        x, y = reads.x[i] / STEPS, reads.y[i] / STEPS
        s = reads.step[i]
        nx, ny = taps(s[0, 0], s[0, 1]), taps(s[1, 0], s[1, 1])
        if nx == 1 and ny == 1:
            _cubic_at(picture, x, y, reads.wraps[i], value)
            for c in range(3):
                out[into[i], c] = value[c]
            continue
        for c in range(3):
            total[c] = 0
        for v in range(ny):
            for u in range(nx):
                du, dv = (u + 0.5) / nx - 0.5, (v + 0.5) / ny - 0.5
                _cubic_at(picture, x + s[0, 0] * du + s[1, 0] * dv, y + s[0, 1] * du + s[1, 1] * dv, reads.wraps[i], value)
                for c in range(3):
                    total[c] += value[c]
        for c in range(3):
            out[into[i], c] = total[c] / (nx * ny)


@uncounted
def taps(dx: float, dy: float) -> int:
    """How many reads a step of that many source pixels needs."""
    length = np.sqrt(dx * dx + dy * dy)
    return 1 if length < ONE_TAP else min(int(np.ceil(length)), _MOST_TAPS)


@uncounted
def _at(index: int, size: int, wraps: bool) -> int:
    if wraps:
        return index % size
    return min(max(index, 0), size - 1)


@uncounted
def _weight(t: float) -> tuple[float, float, float, float]:
    s = 1 - t
    return -0.5 * t * s * s, 1 - t * t * (2.5 - 1.5 * t), 1 - s * s * (2.5 - 1.5 * s), -0.5 * s * t * t


@uncounted
def _cubic_at(picture: Array, x: float, y: float, wraps: bool, out: Array) -> None:
    height, width = picture.shape[:2]
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    wx, wy = _weight(x - x0), _weight(y - y0)
    xs = (_at(x0 - 1, width, wraps), _at(x0, width, wraps), _at(x0 + 1, width, wraps), _at(x0 + 2, width, wraps))
    ys = (_at(y0 - 1, height, wraps), _at(y0, height, wraps), _at(y0 + 1, height, wraps), _at(y0 + 2, height, wraps))
    if x == x0 and y == y0:
        for c in range(3):
            out[c] = picture[ys[1], xs[1], c]
        return
    for c in range(3):
        total = 0.0
        for j in range(4):
            line = 0.0
            for i in range(4):
                line += wx[i] * picture[ys[j], xs[i], c]
            total += wy[j] * line
        a, b = picture[ys[1], xs[1], c], picture[ys[1], xs[2], c]
        d, e = picture[ys[2], xs[1], c], picture[ys[2], xs[2], c]
        out[c] = min(max(total, min(a, b, d, e)), max(a, b, d, e))
