"""The repeat of a cloth, by autocorrelation, to a fraction of a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float, colours, positive

_LIKE = 0.35  # a pattern repeats where its correlation with itself is at least this, and at least _OF_BEST of its best
_OF_BEST = 0.85
_NEAR = 0.08  # a stated repeat is looked for within this share of it


def find_repeat(pixels: Float, px_per_cm: float, *, near_cm: tuple[float, float] | None = None) -> tuple[float, float] | None:
    """Find the repeat (width, height) along the axes of a straight swatch.

    r(d) is the correlation of the picture with itself shifted by d, over the part that overlaps, each channel of its cube root without
    its mean. The repeat is the shortest shift at which r has a peak of 0.35 or more and of 85 % of the best; then it is refined on twice,
    four times ... that shift, as far as the swatch goes, by a parabola through the peak: error of one peak over the number of repeats.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear, evenly lit.
    px_per_cm : float
        Its scale.
    near_cm : tuple of float, optional
        The repeat as stated on the label: it is looked for within 8 % of it.

    Returns
    -------
    tuple of float, or None
        In cm; None when nothing repeats (and none was stated).

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
    colours(pixels, "pixels")
    positive(px_per_cm, "px_per_cm")
    height, width = pixels.shape[:2]
    rooted = np.cbrt(pixels.astype(np.float64))
    found = []
    for axis, length, name in ((1, width, "wide"), (0, height, "high")):
        near = None if near_cm is None else near_cm[1 - axis] * px_per_cm
        if near is not None and near > length:
            raise ValueError(f"swatch is {length / px_per_cm:.4g} cm {name}, allowed is at least its repeat, {near / px_per_cm:.4g} cm")
        found.append(_along(_correlation(rooted, axis), near))
    if None in found:
        return near_cm if near_cm is not None else None
    return found[0] / px_per_cm, found[1] / px_per_cm  # type: ignore[operator]


def _correlation(rooted: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Normalised correlation with the picture shifted along an axis, of every shift up to 95 % of its length."""
    from scipy.fft import irfft, next_fast_len, rfft

    lines = np.moveaxis(rooted - rooted.mean(axis=(0, 1)), axis, 0)
    length = lines.shape[0]
    lines = lines.reshape(length, -1)
    size = next_fast_len(2 * length)
    product: Any = irfft((np.abs(rfft(lines, size, axis=0)) ** 2).sum(axis=1), size)[:length]
    energy = np.concatenate([[0.0], np.cumsum((lines**2).sum(axis=1))])
    shifts = np.arange(length)
    both = np.sqrt((energy[length - shifts] - energy[0]) * (energy[length] - energy[shifts]))
    result: NDArray[np.float64] = (product / np.maximum(both, 1e-12))[: max(int(0.95 * length), 4)]
    return result


def _along(like: NDArray[np.float64], near: float | None) -> float | None:
    peaks = np.flatnonzero((like[1:-1] >= like[:-2]) & (like[1:-1] > like[2:])) + 1
    peaks = peaks[peaks >= 3]
    if near is not None:
        peaks = peaks[np.abs(peaks - near) <= max(_NEAR * near, 1.5)]
    else:
        peaks = peaks[like[peaks] >= max(_LIKE, _OF_BEST * like[peaks].max())] if peaks.size else peaks
    if not peaks.size:
        return None
    first = int(peaks[np.argmax(like[peaks])] if near is not None else peaks[0])
    period, many = _parabola(like, first), 1
    while 2 * many * period < len(like) - 2:
        many *= 2
        reach = max(int(0.25 * period), 1)
        middle = round(many * period)
        window = np.arange(max(middle - reach, 1), min(middle + reach + 1, len(like) - 1))
        period = _parabola(like, int(window[np.argmax(like[window])])) / many
    return period


def _parabola(like: NDArray[np.float64], at: int) -> float:
    at = min(max(at, 1), len(like) - 2)
    a, b, c = like[at - 1 : at + 2]
    bend = a - 2 * b + c
    return at + (float(np.clip(0.5 * (a - c) / bend, -0.5, 0.5)) if bend < 0 else 0.0)
