"""From a swatch to cloth: evenly lit, on its repeat, seamless where it continues at its own edge. The scale in pixels a cm stays."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .photo import even_light, even_patches, patchy
from .records import Cloth, Float, bounded, colours, positive
from .repeat import find_lattice
from .straighten import BAND, LEAST_BAND_PX, straightened

MOST_SWATCH = 40_000_000  # pixels
_PATCHES = 6.0  # light is evened over patches of so much of the swatch, if they hold ...
_REPEATS = 4  # ... so many repeats, and differ by ...
_LIGHT, _COLOUR = 0.22, 0.01  # ... no more than this (see `patchy`): a painting's or a pattern's shapes are left alone


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

    (1) Its light is evened; (2) the steps by which it repeats are found, near the stated ones if they are stated; (3) light is evened over
    whole repeats, and blotches slower than a sixth of the swatch are taken out, if they are light and no shapes; (4) it is laid straight:
    turned, sheared and by less than a pixel scaled, so that as many whole repeats as it holds are whole numbers of pixels along rows and
    columns, and bent so that each piece of it lies where its repeats say; where nothing repeats all of it is taken as it lies; (5) the
    tile is closed: at its right and bottom edge the swatch goes on beyond the tile, and from there to the tile's own left and top runs
    the cut at which the two differ least (Efros & Freeman 2001), closed in itself.

    A corner that a swatch lying askew does not have is taken one repeat away. Cloth without repeat is not resampled: each pixel of the
    tile is one of the swatch's.

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
        Tileable; ``repeat_cm`` is the measured repeat, None where it has none both ways.

    Raises
    ------
    ValueError
        If the swatch is smaller than its repeat, or than 16 pixels, or larger than 40 million pixels: a drawing never shows so many.

    Examples
    --------
    >>> import numpy as np
    >>> tile = np.random.default_rng(1).random((12, 20, 3), np.float32)
    >>> cloth = make_cloth(np.tile(tile, (6, 5, 1)), 10.0, even=False)
    >>> cloth.pixels.shape, cloth.tileable, round(cloth.repeat_cm[0], 3)
    ((60, 80, 3), True, 2.0)
    """
    bounded(pixels.shape, "the swatch", MOST_SWATCH)
    colours(pixels, "pixels")
    positive(px_per_cm, "px_per_cm")
    if min(pixels.shape[:2]) < 16:
        raise ValueError(f"pixels has shape {pixels.shape}, allowed is at least 16 each way")
    lit, gain = even_light(pixels) if even else (pixels, np.ones(pixels.shape[:2], np.float32))
    lattice = find_lattice(lit, px_per_cm, near_cm=repeat_cm)
    sides = tuple(None if step is None else float(np.hypot(*step)) for step in (lattice.across, lattice.down))
    if even and None not in sides:
        lit, gain = even_light(pixels, window_px=(max(round(sides[0] or 1), 1), max(round(sides[1] or 1), 1)))
    if even:
        lit, gain = _patches(lit, gain, sides)
    if where is None:
        y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
        where = np.stack([x, y], axis=-1)
    packed, size = straightened(np.concatenate([lit, where, gain[..., None]], axis=-1), lattice)
    for axis in (1, 0):
        packed = _closed(packed, axis, size[1 - axis])
    packed = np.ascontiguousarray(packed)
    repeat = None if None in sides else (_whole_cm(sides[0], size[0], px_per_cm), _whole_cm(sides[1], size[1], px_per_cm))
    return Cloth(
        pixels=np.ascontiguousarray(packed[..., :3]), px_per_cm=px_per_cm, where=np.ascontiguousarray(packed[..., 3:5]),
        gain=np.ascontiguousarray(packed[..., 5]), repeat_cm=repeat, direction=direction, tileable=True,
    )  # fmt: skip


def _patches(lit: Float, gain: Float, sides: tuple[float | None, ...]) -> tuple[Float, Float]:
    """Even what is slower than a sixth of the swatch, if that is some repeats, and light: patches of other colours are a pattern's own."""
    window = []
    for side, have in zip(sides, lit.shape[1::-1], strict=True):
        wide = have / _PATCHES
        many = max(int(np.ceil(wide / side)), _REPEATS) if side is not None else 1
        window.append(max(round(wide if side is None else many * side), 1))
    if any(wide > have / 2 for wide, have in zip(window, lit.shape[1::-1], strict=True)):
        return lit, gain
    light, colour = patchy(lit, window_px=(window[0], window[1]))
    if light > _LIGHT or colour > _COLOUR:
        return lit, gain
    evened, more = even_patches(lit, window_px=(window[0], window[1]))
    return evened, gain * more


def _whole_cm(side: float | None, size: int, px_per_cm: float) -> float:
    """One repeat of the tile, which holds a whole number of them."""
    return size / px_per_cm / max(round(size / (side or size)), 1)


def _closed(packed: Float, axis: int, length: int) -> Float:
    """Close a picture along an axis at a length: find the seam in a band at its start."""
    swatch = np.moveaxis(packed, axis, 1)
    band = min(swatch.shape[1] - length, max(length // BAND, LEAST_BAND_PX))
    if band < LEAST_BAND_PX:
        return np.moveaxis(np.ascontiguousarray(swatch[:, :length]), 1, axis)
    out, beyond = swatch[:, :length].copy(), swatch[:, length : length + band]
    apart = np.square(np.cbrt(beyond[..., :3]) - np.cbrt(out[:, :band, :3])).sum(axis=-1, dtype=np.float64)
    cut = seam(apart)
    first = np.arange(band)[None] < cut[:, None]
    out[:, :band][first] = beyond[first]
    return np.moveaxis(out, 1, axis)


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
