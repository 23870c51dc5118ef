"""From a swatch to cloth: evenly lit, on its repeat, seamless where it continues at its own edge. The scale in pixels a cm stays."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .photo import even_light
from .records import Cloth, Float, colours, positive
from .repeat import find_repeat

_BAND = 8  # the seam lies within a band of at most one eighth of the tile ...
_LEAST_BAND_PX = 3  # ... and of at least this


def make_cloth(
    pixels: Float,
    px_per_cm: float,
    *,
    repeat_cm: tuple[float, float] | None = None,
    direction: Literal["one-way", "any"] = "one-way",
    even: bool = True,
    where: Float | None = None,
) -> Cloth:
    """Make a tileable cloth of a straight swatch.

    (1) Its light is evened; (2) its repeat is found, near the stated one if one is stated; (3) light is evened over whole repeats;
    (4) as many whole repeats as it holds, or all of it when nothing repeats, are closed to a tile: at its right and bottom edge the swatch
    goes on beyond the tile, and from there to the tile's own left and top runs the cut at which the two differ least (Efros & Freeman
    2001), closed in itself. Each of the tile's pixels is one of the swatch's at a known place; only whole repeats that are no whole number
    of pixels are resampled (cubic), by less than half a pixel over the whole tile.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear: a scan, or what `rectify` gives.
    px_per_cm : float
        Its scale.
    repeat_cm : tuple of float, optional
        The stated repeat; None finds whether there is one.
    direction : str
        ``"one-way"`` or ``"any"``, see `Cloth`.
    even : bool
        False keeps the light as it is.
    where : ndarray, optional
        (h, w, 2) float32: the places in the photo, as `rectify` gives them.

    Returns
    -------
    Cloth
        Tileable; ``repeat_cm`` is the measured repeat.

    Raises
    ------
    ValueError
        If the swatch is smaller than its repeat, or than 16 pixels.

    Examples
    --------
    >>> import numpy as np
    >>> tile = np.random.default_rng(1).random((12, 20, 3), np.float32)
    >>> cloth = make_cloth(np.tile(tile, (6, 5, 1)), 10.0, even=False)
    >>> cloth.pixels.shape, cloth.tileable, round(cloth.repeat_cm[0], 3)
    ((60, 80, 3), True, 2.0)
    """
    colours(pixels, "pixels")
    positive(px_per_cm, "px_per_cm")
    if min(pixels.shape[:2]) < 16:
        raise ValueError(f"pixels has shape {pixels.shape}, allowed is at least 16 each way")
    lit, gain = even_light(pixels) if even else (pixels, np.ones(pixels.shape[:2], np.float32))
    repeat = find_repeat(lit, px_per_cm, near_cm=repeat_cm)
    if even and repeat is not None:
        lit, gain = even_light(pixels, window_px=(max(round(repeat[0] * px_per_cm), 1), max(round(repeat[1] * px_per_cm), 1)))
    if where is None:
        y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
        where = np.stack([x, y], axis=-1)
    packed = np.concatenate([lit, where, gain[..., None]], axis=-1)
    for axis in (1, 0):
        packed = _closed(packed, axis, None if repeat is None else repeat[1 - axis] * px_per_cm)
    packed = np.ascontiguousarray(packed)
    return Cloth(
        pixels=np.ascontiguousarray(packed[..., :3]), px_per_cm=px_per_cm, where=np.ascontiguousarray(packed[..., 3:5]),
        gain=np.ascontiguousarray(packed[..., 5]), repeat_cm=repeat, direction=direction, tileable=True,
    )  # fmt: skip


def _closed(packed: Float, axis: int, period: float | None) -> Float:
    """Close a picture along an axis: cut to whole periods, then find the seam in a band at its start."""
    swatch = np.moveaxis(packed, axis, 1)
    have = swatch.shape[1]
    length = have - max(have // _BAND, _LEAST_BAND_PX)
    if period is not None:
        taken, length = _whole(have, period)
        swatch = _resampled(swatch, taken, length)
    band = min(swatch.shape[1] - length, max(length // _BAND, _LEAST_BAND_PX))
    if band < _LEAST_BAND_PX:
        return np.moveaxis(np.ascontiguousarray(swatch[:, :length]), 1, axis)
    out, beyond = swatch[:, :length].copy(), swatch[:, length : length + band]
    apart = np.square(np.cbrt(beyond[..., :3]) - np.cbrt(out[:, :band, :3])).sum(axis=-1, dtype=np.float64)
    cut = seam(apart)
    first = np.arange(band)[None] < cut[:, None]
    out[:, :band][first] = beyond[first]
    return np.moveaxis(out, 1, axis)


def _whole(have: int, period: float) -> tuple[float, int]:
    """The longest run of whole periods that leaves room for a seam, preferring one that is nearly a whole number of pixels."""
    most = int((have + 0.5) // period)
    if most < 1:
        raise ValueError(f"swatch is {have} pixels long and its repeat {period:.5g}, allowed is at least one whole repeat")
    best = most
    for many in range(most, max(most * 2 // 3, 1) - 1, -1):
        room = have - many * period >= _LEAST_BAND_PX + 1
        had_room = have - best * period >= _LEAST_BAND_PX + 1
        off, had = (abs(k * period - round(k * period)) for k in (many, best))
        if (room and not had_room) or (room == had_room and off < had - 0.05):
            best = many
    return best * period, min(round(best * period), have)


def _resampled(swatch: Float, length: float, pixels: int) -> Float:
    """So that `length` pixels become `pixels`; the row of the result is as long as the swatch allows."""
    if abs(length - pixels) < 0.02:
        return swatch
    from scipy.interpolate import make_interp_spline

    have = swatch.shape[1]
    places = np.arange(int((have - 1) * pixels / length) + 1) * (length / pixels)
    moved = make_interp_spline(np.arange(have), swatch, k=3, axis=1)(places[places <= have - 1])
    moved[..., 3:5] = np.apply_along_axis(lambda v: np.interp(places[places <= have - 1], np.arange(have), v), 1, swatch[..., 3:5])
    return np.asarray(np.maximum(moved, 0), np.float32)


def seam(apart: NDArray[np.float64]) -> NDArray[np.int64]:
    """The cut down a band along which it costs least, and which ends where it began.

    Parameters
    ----------
    apart : ndarray
        (rows, band) float64, 0 or more: what it costs to cut at a place.

    Returns
    -------
    ndarray
        (rows,) int64: the column of each row's cut; neighbours, and the last and the first row, differ by one at most.

    Raises
    ------
    ValueError
        If the band is empty.

    Examples
    --------
    >>> import numpy as np
    >>> seam(np.array([[3.0, 0, 3], [3, 3, 0], [3, 0, 3]])).tolist()
    [1, 2, 1]
    """
    if apart.ndim != 2 or apart.size == 0:
        raise ValueError(f"apart has shape {apart.shape}, allowed is (rows, band)")
    rows = len(apart)
    free = _path(np.ascontiguousarray(np.concatenate([apart, apart, apart])), -1)
    pinned = int(free[rows])
    return np.asarray(_path(np.ascontiguousarray(np.concatenate([apart, apart[:1]])), pinned)[:rows], np.int64)


@compiled
def _path(cost: Any, pin: int) -> Any:
    """Cheapest path from the first row to the last; `pin` is the column of both, -1 leaves them free."""
    rows, columns = cost.shape
    total = cost.copy()
    if pin >= 0:
        for x in range(columns):
            total[0, x] = cost[0, x] if x == pin else np.inf
    for y in range(1, rows):
        for x in range(columns):
            least = total[y - 1, x]
            if x > 0:
                least = min(least, total[y - 1, x - 1])
            if x < columns - 1:
                least = min(least, total[y - 1, x + 1])
            total[y, x] += least
    path = np.zeros(rows, np.int64)
    at = pin if pin >= 0 else int(np.argmin(total[rows - 1]))
    path[rows - 1] = at
    for y in range(rows - 2, -1, -1):
        best = at
        for x in (at - 1, at + 1):
            if 0 <= x < columns and total[y, x] < total[y, best]:
                best = x
        at = best
        path[y] = at
    return path
