"""The repeat of a cloth, by autocorrelation in two dimensions, to a fraction of a pixel: a swatch never lies quite straight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float, colours, positive

_LIKE = 0.35  # a weave repeats where its correlation with itself is at least this, and at least _OF_BEST of its best
_OF_BEST = 0.85
_OF_MOST = 0.7
_STANDS_OUT = 0.35  # a pattern, where it is so much more than in the worst place before, and ...
_FAR = 0.6  # ... beyond this share of the swatch by ...
_STANDS_OUT_FAR = 0.5  # ... so much
_NEAR = 0.08  # a stated repeat is looked for within this share of it
_SLANT = 0.14  # 8 degrees: how far a swatch may lie askew
_BEYOND_CHANCE = 1.6  # times what chance gives: one over the root of how many blots of the pattern's size are over
_PATTERN_PX = 160  # a pattern is still seen when the swatch is so small
_SOFT_PX = 1.0  # a line's correlation has a round top then, not a roof
_MOVES = 8  # of the place where a paraboloid is laid
_MOST_PIXELS = 2_400_000  # a larger swatch is averaged for the measurement


@dataclass(frozen=True)
class Lattice:
    """By what a swatch repeats, in its pixels.

    Parameters
    ----------
    across
        (x, y) of the step from a repeat to the next on its right; None has none.
    down
        (x, y) of the step to the next below.
    """

    across: tuple[float, float] | None
    down: tuple[float, float] | None


def find_repeat(pixels: Float, px_per_cm: float, *, near_cm: tuple[float, float] | None = None) -> tuple[float, float] | None:
    """Find the repeat (width, height) of a swatch: the lengths of the steps of `find_lattice`.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear, evenly lit.
    px_per_cm : float
        Its scale.
    near_cm : tuple of float, optional
        The repeat as stated on the label.

    Returns
    -------
    tuple of float, or None
        In cm; None when nothing repeats both ways.

    Raises
    ------
    ValueError
        If the swatch is smaller than the stated repeat.

    Examples
    --------
    >>> import numpy as np
    >>> tile = np.random.default_rng(1).random((12, 20, 3), np.float32)
    >>> w, h = find_repeat(np.tile(tile, (6, 5, 1)), 10.0)
    >>> round(w, 2), round(h, 2)
    (2.0, 1.2)
    """
    found = find_lattice(pixels, px_per_cm, near_cm=near_cm)
    if found.across is None or found.down is None:
        return None
    return float(np.hypot(*found.across)) / px_per_cm, float(np.hypot(*found.down)) / px_per_cm


def find_lattice(pixels: Float, px_per_cm: float, *, near_cm: tuple[float, float] | None = None) -> Lattice:
    """Find by which steps a swatch repeats, across and down, each up to 8 degrees askew.

    r(d) is the correlation of the picture with itself shifted by d, over the part that overlaps, each channel of its cube root without its
    mean. Of a pattern (tartan, damask) the repeat is the shortest step at which r of the picture made small, without its threads, stands
    out by 0.35 and by 70 % of the most; without pattern it is that of the weave, the shortest peak of r with 0.35 and 85 % of the best.
    Then it is refined on twice, four times ... that step, as far as the swatch goes, by parabolas through the peak: the error is that of
    one peak over the number of repeats.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear, evenly lit.
    px_per_cm : float
        Its scale.
    near_cm : tuple of float, optional
        Width and height of the repeat as stated on the label: it is looked for within 8 % of them, and may be as large as the swatch.

    Returns
    -------
    Lattice
        In pixels; an axis without repeat is None (a stated one that cannot be measured is as stated, straight).

    Raises
    ------
    ValueError
        If the swatch is smaller than the stated repeat.

    Examples
    --------
    >>> import numpy as np
    >>> tile = np.random.default_rng(1).random((12, 20, 3), np.float32)
    >>> found = find_lattice(np.tile(tile, (6, 5, 1)), 10.0)
    >>> [round(abs(v), 1) for v in (*found.across, *found.down)]
    [20.0, 0.0, 0.0, 12.0]
    """
    from scipy.ndimage import gaussian_filter

    colours(pixels, "pixels")
    positive(px_per_cm, "px_per_cm")
    height, width = pixels.shape[:2]
    factor = max(int(np.ceil(np.sqrt(height * width / _MOST_PIXELS))), 1)
    rooted = np.cbrt(_smaller(pixels, factor).astype(np.float64))
    fine = _Correlation(gaussian_filter(rooted, (_SOFT_PX, _SOFT_PX, 0)))
    coarse_by = max(int(np.ceil(max(rooted.shape[:2]) / _PATTERN_PX)), 1)
    coarse = fine if coarse_by == 1 else _Correlation(_smaller(rooted, coarse_by))
    steps: list[tuple[float, float] | None] = []
    for axis, length, name in ((1, width, "wide"), (0, height, "high")):
        near = None if near_cm is None else near_cm[1 - axis] * px_per_cm
        if near is not None and near > length + 1:
            raise ValueError(f"swatch is {length / px_per_cm:.4g} cm {name}, allowed is at least its repeat, {near / px_per_cm:.4g} cm")
        start = _first(fine, coarse, coarse_by, axis) if near is None else _near(fine, axis, near / factor)
        if start is None:
            steps.append(None if near is None else ((near, 0.0) if axis == 1 else (0.0, near)))
            continue
        y, x = _refined(fine, axis, start)
        steps.append((round(x * factor, 6) + 0.0, round(y * factor, 6) + 0.0))
    return Lattice(steps[0], steps[1])


def _smaller(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    """Means over squares of so many pixels; what is over at the right and below is left out."""
    if factor == 1:
        return pixels
    height, width = (side // factor for side in pixels.shape[:2])
    cut = pixels[: height * factor, : width * factor]
    result: NDArray[Any] = cut.reshape(height, factor, width, factor, -1).mean(axis=(1, 3))
    return result


class _Correlation:
    """Normalised correlation of a picture with itself at any shift (y, x)."""

    def __init__(self, rooted: NDArray[np.float64]) -> None:
        from scipy.fft import irfft2, next_fast_len, rfft2

        centred = rooted - rooted.mean(axis=(0, 1))
        self.shape: tuple[int, int] = (centred.shape[0], centred.shape[1])
        size = tuple(next_fast_len(2 * side, real=True) for side in self.shape)
        power = sum(np.abs(rfft2(centred[..., c], size)) ** 2 for c in range(3))
        self._product = irfft2(power, size)
        self._energy = np.zeros((self.shape[0] + 1, self.shape[1] + 1))
        np.square(centred).sum(axis=-1).cumsum(axis=0).cumsum(axis=1, out=self._energy[1:, 1:])

    def at(self, y: Any, x: Any) -> Any:
        """Of shifts less than the picture."""
        y, x = np.broadcast_arrays(y, x)
        here, there = self._box(-y, -x), self._box(y, x)
        both = np.sqrt(np.maximum(here * there, 1e-24))
        floor = 1e-9 * self._energy[-1, -1] + 1e-12
        return self._product[y % self._product.shape[0], x % self._product.shape[1]] / np.maximum(both, floor)

    def alike(self, y: Any, x: Any) -> Any:
        """1 less the mean squared difference from the shifted picture over twice its variance: truest where little is over."""
        y, x = np.broadcast_arrays(y, x)
        apart = self._box(-y, -x) + self._box(y, x) - 2 * self._product[y % self._product.shape[0], x % self._product.shape[1]]
        over = (self.shape[0] - np.abs(y)) * (self.shape[1] - np.abs(x))
        return 1 - apart / np.maximum(over * 2 * self._energy[-1, -1] / (self.shape[0] * self.shape[1]), 1e-12)

    def _box(self, y: Any, x: Any) -> Any:
        height, width = self.shape
        top, bottom, left, right = np.maximum(y, 0), height - np.maximum(-y, 0), np.maximum(x, 0), width - np.maximum(-x, 0)
        total = self._energy
        return total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]

    def blot(self) -> float:
        """Pixels that are much like one: how far it is each way to a correlation of less than 0.3, both ways, times."""
        apart = [
            int(np.argmax(np.append(line, -1.0) < 0.3))
            for line in (self.at(np.arange(self.shape[0]), 0), self.at(0, np.arange(self.shape[1])))
        ]
        return float(4 * apart[0] * apart[1])

    def along(self, axis: int, shifts: NDArray[np.int64], *, truest: bool = False) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The best of each shift along an axis, over the sides it may slant to, and that side shift."""
        most = self.shape[1 - axis] - 1
        best, side = np.zeros(len(shifts)), np.zeros(len(shifts), np.int64)
        for i, shift in enumerate(shifts):
            reach = min(int(_SLANT * shift) + 1, most)
            sides = np.arange(-reach, reach + 1)
            measure = self.alike if truest else self.at
            like = measure(sides, shift) if axis == 1 else measure(shift, sides)
            at = int(np.argmax(like - 1e-3 * np.abs(sides) / reach))  # of equals the straightest
            best[i], side[i] = like[at], sides[at]
        return best, side


def _peaks(like: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(np.flatnonzero((like[1:-1] >= like[:-2]) & (like[1:-1] > like[2:])) + 1, np.int64)


def _first(fine: _Correlation, coarse: _Correlation, by: int, axis: int) -> tuple[int, int] | None:
    """Shift along the axis and beside it of the pattern's repeat, or of the weave's; None has none."""
    length = coarse.shape[axis]
    shifts = np.arange(1, max(int(0.95 * length), 4))
    like, _ = coarse.along(axis, shifts)
    out = like - np.minimum.accumulate(like)
    peaks = _peaks(like)
    need = np.where(shifts[peaks] > _FAR * length, _STANDS_OUT_FAR, _STANDS_OUT)
    over = (length - shifts[peaks]) * coarse.shape[1 - axis] / coarse.blot()
    peaks = peaks[(like[peaks] >= need) & (out[peaks] >= need) & (like[peaks] * np.sqrt(over) >= _BEYOND_CHANCE)]
    peaks = peaks[shifts[peaks] >= 6]  # finer is the weave's business
    if peaks.size:
        first = _shortest(peaks, out[peaks], _OF_MOST)
        middle, reach = int(shifts[first]) * by, 2 * by
        return _best(fine, axis, max(middle - reach, 3), middle + reach)
    like, side = fine.along(axis, np.arange(max(int(_FAR * fine.shape[axis]), 6)))
    peaks = _peaks(like)
    peaks = peaks[peaks >= 3]
    if not peaks.size:
        return None
    low = np.minimum.accumulate(like)
    peaks = peaks[(like[peaks] >= _LIKE) & (like[peaks] - low[peaks] > 0.5 * _STANDS_OUT)]
    if not peaks.size:
        return None
    first = _shortest(peaks, like[peaks], _OF_BEST)
    return first, int(side[first])


def _shortest(peaks: NDArray[np.int64], height: NDArray[np.float64], share: float) -> int:
    """The first peak of at least a share of the highest; a higher one that follows at once is the true one, with a thread too many."""
    high = height >= share * height.max()
    first = peaks[high][0]
    around = high & (peaks < 1.3 * first)
    return int(peaks[around][np.argmax(height[around])])


def _near(fine: _Correlation, axis: int, near: float) -> tuple[int, int] | None:
    reach = max(_NEAR * near, 1.5)
    return _best(fine, axis, max(int(near - reach), 2), int(np.ceil(near + reach)))


def _best(fine: _Correlation, axis: int, low: int, high: int) -> tuple[int, int] | None:
    """The highest peak of shifts within; None if it has none, or too little of the swatch is over to tell."""
    shifts = np.arange(low - 1, min(high + 2, int(0.95 * fine.shape[axis])))
    if len(shifts) < 3:
        return None
    like, side = fine.along(axis, shifts, truest=True)
    peaks = _peaks(like)
    if not peaks.size:
        return None
    at = int(peaks[np.argmax(like[peaks])])
    return int(shifts[at]), int(side[at])


def _refined(fine: _Correlation, axis: int, start: tuple[int, int]) -> tuple[float, float]:
    """(y, x) of the step, by the highest multiple of it that can be measured."""
    step, many = np.array(_peak(fine, axis, start)), 1
    first = float(fine.alike(*np.rint(step).astype(int)))
    while 2 * many * step[axis] < 0.92 * fine.shape[axis]:
        place = np.rint(2 * many * step).astype(int)
        reach = int(np.clip(0.25 * step[axis], 1, 12))
        window = np.arange(-reach, reach + 1)
        y, x = place[0] + window[:, None], place[1] + window[None]
        inside = (np.abs(y) < fine.shape[0]) & (np.abs(x) < fine.shape[1])
        away = 1e-3 * (np.abs(window[:, None]) + np.abs(window[None])) / reach
        like = np.where(inside, fine.alike(np.where(inside, y, 0), np.where(inside, x, 0)) - away, -1)
        top, left = (int(i) for i in np.unravel_index(int(np.argmax(like)), like.shape))
        if like[top, left] < 0.5 * first:
            break
        many *= 2
        at = (int(place[0] + window[top]), int(place[1] + window[left]))
        step = np.array(_peak(fine, axis, (at[axis], at[1 - axis]))) / many
    return float(step[0]), float(step[1])


def _peak(fine: _Correlation, axis: int, at: tuple[int, int]) -> tuple[float, float]:
    """(y, x) of the top, to a fraction of a pixel, by a paraboloid: a ridge that lies askew has its top beside its highest pixel."""
    middle = np.array(at if axis == 0 else (at[1], at[0]))
    limit = np.array(fine.shape) - 1
    for _ in range(_MOVES):
        for reach in (1, 2, 3):
            if (np.abs(middle) + reach > limit).any():
                return float(middle[0]), float(middle[1])
            y, x = (side.ravel() for side in np.mgrid[-reach : reach + 1, -reach : reach + 1])
            terms = np.stack([np.ones(len(x)), y, x, y * y, y * x, x * x], axis=-1).astype(np.float64)
            _, a, b, c, d, e = np.linalg.lstsq(terms, fine.alike(middle[0] + y, middle[1] + x), rcond=None)[0]
            if c < -1e-12 and e < -1e-12 and 4 * c * e > d * d:
                break
        else:
            return _each_way(fine, middle)
        top = np.array([d * b - 2 * e * a, d * a - 2 * c * b]) / (4 * c * e - d * d)
        if np.abs(top).max() <= 0.75:
            return float(middle[0] + top[0]), float(middle[1] + top[1])
        middle = middle + np.rint(np.clip(top, -2, 2)).astype(int)
    return float(middle[0]), float(middle[1])


def _each_way(fine: _Correlation, middle: NDArray[np.int64]) -> tuple[float, float]:
    """(y, x) by a parabola each way; where there is none, as along a stripe, nothing is told and it stays."""
    out = []
    for way in np.eye(2, dtype=np.int64):
        a, b, c = (float(fine.alike(*(middle + d * way))) for d in (-1, 0, 1))
        bend = a - 2 * b + c
        out.append(float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5)) if bend < -1e-6 else 0.0)
    return float(middle[0] + out[0]), float(middle[1] + out[1])
