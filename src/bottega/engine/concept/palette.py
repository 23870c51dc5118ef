"""Palettes: the colours of a painting, a swatch card or a list, and how a cloth's own colours go over into them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dye import GREY, features, recolour
from .oklab import from_oklab, to_oklab
from .records import Cloth, ColourMap, Float, Palette, array, colours, number

_CELL = 0.02  # colours are counted in cells of OKLab of this side
_ROUNDS, _LOOKED_AT = 40, 40_000  # of k-means; pixels of a cloth
_ALIKE = 0.07  # a cloth's colours whose features are nearer than this are one
_FIRST = 1e4  # its largest colour comes out as asked, others give way
_GLINT = 0.01  # what covers less of a cloth is no dye but glints and fluff
_OWN = 4  # colours of its own that a cloth has at most
_LEAST_SLOPE = 0.2  # of the curve of lightness, so that the weave stays to be seen; and from one colour to the next
_AIMS = 6  # rounds in which the mean is brought to the palette's colour
_CANDIDATES = 6  # of the palette's colours for each of a cloth's
_LIFTED = 8.0  # what it costs, times its square, to make a palette's colour lighter or darker so that the order stays
_USED = 0.02  # what it costs to use a palette's colour again, in squared OKLab


def palette_of(pixels: Float, *, count: int = 6, seed: int = 0, mask: NDArray[np.bool_] | None = None, alike: float = 0.02) -> Palette:
    """Take the palette of a painting or a photo of a swatch card.

    Colours are counted in cells of OKLab, a cell weighs the root of its count, so that an accent is seen beside a large ground; weighted
    k-means from k-means++ (Arthur & Vassilvitskii 2007). Shares are those of pixels.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear.
    count : int
        How many colours, 1..64; there are fewer when the picture has fewer.
    seed : int
        Of the first centres.
    mask : ndarray, optional
        (h, w) bool: where to look (leave out the skin, the card's ground).
    alike : float
        Colours nearer than this in OKLab become one.

    Returns
    -------
    Palette

    Raises
    ------
    ValueError
        If the mask is empty.

    Examples
    --------
    >>> two = np.zeros((4, 8, 3), np.float32)
    >>> two[:, 6:] = 1
    >>> palette = palette_of(two)
    >>> palette.shares.tolist(), palette.colours[:, 0].round(3).tolist()
    ([0.75, 0.25], [0.0, 1.0])
    """
    colours(pixels, "pixels")
    array(mask, "mask", pixels.shape[:2], np.bool_, absent=True)
    number(count, "count", 1, 64)
    chosen = pixels.reshape(-1, 3) if mask is None else pixels[mask]
    if not len(chosen):
        raise ValueError("mask is empty, allowed is at least one pixel")
    means, many = _counted(to_oklab(chosen))
    centres = _centres(means, np.sqrt(many), count, np.random.default_rng(seed))
    near = _nearest(means, centres)
    mass = np.bincount(near, weights=many, minlength=len(centres))
    sums = np.stack([np.bincount(near, weights=means[:, i] * many, minlength=len(centres)) for i in range(3)], axis=-1)
    kept = mass > 0
    return _darkest_first(*_joined(sums[kept] / mass[kept, None], mass[kept] / mass.sum(), lambda c: c, alike))


def dyes_of(pixels: Float, *, count: int = _OWN, seed: int = 0) -> Palette:
    """Take a cloth's own colours, as it was dyed or woven: light and shade of a thread are one colour.

    As `palette_of`, but by `features` in place of OKLab; colours that differ little in these become one, what covers less than 1 % is left.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear.
    count : int
        At most so many.
    seed : int
        Of the first centres.

    Returns
    -------
    Palette

    Raises
    ------
    ValueError
        If pixels are no picture.

    Examples
    --------
    >>> thread = np.random.default_rng(1).uniform(0.5, 1, (30, 30, 1)).astype(np.float32) * np.float32([0.4, 0.1, 0.05])
    >>> len(dyes_of(thread).colours), len(palette_of(thread).colours)
    (1, 4)
    """
    colours(pixels, "pixels")
    number(count, "count", 1, 64)
    means, many = _counted(to_oklab(pixels.reshape(-1, 3)))
    told = features(means)
    near = _nearest(told, _centres(told, many, count, np.random.default_rng(seed)))
    used = np.unique(near)
    mass = np.array([many[near == i].sum() for i in used])
    centres = np.stack([(means[near == i] * many[near == i, None]).sum(axis=0) for i in used]) / mass[:, None]
    centres, shares = _joined(centres, mass / mass.sum(), features, _ALIKE)
    seen = shares >= min(_GLINT, shares.max())
    return _darkest_first(centres[seen], shares[seen])


def _counted(lab: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of each cell that has pixels, and how many it has."""
    _, cell, many = np.unique(np.rint(lab / _CELL).astype(np.int64), axis=0, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(cell.reshape(-1), weights=lab[:, i]) for i in range(3)], axis=-1) / many[:, None]
    return means, many.astype(np.float64)


def _nearest(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(np.argmin(np.square(points[:, None] - centres[None]).sum(axis=-1), axis=1), np.int64)


def _centres(points: NDArray[np.float64], weights: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    first = [int(rng.choice(len(points), p=weights / weights.sum()))]
    while len(first) < min(count, len(points)):
        away = np.square(points[:, None] - points[None, first]).sum(axis=-1).min(axis=1) * weights
        if away.sum() <= 0:
            break
        first.append(int(rng.choice(len(points), p=away / away.sum())))
    centres = points[first]
    for _ in range(_ROUNDS):
        near = _nearest(points, centres)
        mass = np.bincount(near, weights=weights, minlength=len(centres))
        sums = np.stack([np.bincount(near, weights=points[:, i] * weights, minlength=len(centres)) for i in range(3)], axis=-1)
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
        if np.abs(moved - centres).max() < 1e-6:
            break
        centres = moved
    return np.asarray(centres, np.float64)


def _joined(
    centres: NDArray[np.float64], shares: NDArray[np.float64], told: Callable[[NDArray[np.float64]], NDArray[np.float64]], alike: float
) -> tuple[Any, Any]:
    """Colours that are nearer than `alike` become one, the nearest two first."""
    while len(centres) > 1:
        at = told(centres)
        apart = np.linalg.norm(at[:, None] - at[None], axis=-1) + 1e9 * np.tri(len(at))
        a, b = (int(i) for i in np.unravel_index(int(np.argmin(apart)), apart.shape))
        if apart[a, b] >= alike:
            break
        both = shares[a] + shares[b]
        centres[a] = (centres[a] * shares[a] + centres[b] * shares[b]) / both
        shares[a] = both
        centres, shares = np.delete(centres, b, axis=0), np.delete(shares, b)
    return centres, shares


def _darkest_first(centres: NDArray[np.float64], shares: NDArray[np.float64]) -> Palette:
    order = np.argsort(centres[:, 0], kind="stable")
    return Palette(centres[order], shares[order] / shares.sum())


def palette_from(given: NDArray[np.float64], *, shares: NDArray[np.float64] | None = None) -> Palette:
    """Make a palette of given colours.

    Parameters
    ----------
    given : ndarray
        (n, 3) float64, linear Rec. 709, 0 or more.
    shares : ndarray, optional
        (n,) float64, 0 or more; None is the same for all.

    Returns
    -------
    Palette
        The darkest first.

    Raises
    ------
    ValueError
        If a colour is below 0, or shares sum to 0.

    Examples
    --------
    >>> palette_from(np.array([[1.0, 1, 1], [0, 0, 0]])).colours[:, 0].round(3).tolist()
    [0.0, 1.0]
    """
    array(given, "given", (len(given), 3), np.float64)
    parts = np.ones(len(given)) if shares is None else shares
    array(parts, "shares", (len(given),), np.float64)
    if given.min() < 0 or parts.min() < 0 or parts.sum() <= 0:
        raise ValueError(f"colours are {given.tolist()}, shares {parts.tolist()}: allowed is 0 or more, and a share of more than 0")
    return _darkest_first(to_oklab(given), parts)


def all_neutral(palette: Palette) -> bool:
    """Whether a palette has greys only.

    Parameters
    ----------
    palette : Palette
        Of a cloth.

    Returns
    -------
    bool

    Raises
    ------
    AttributeError
        If it is no palette.

    Examples
    --------
    >>> all_neutral(palette_from(np.array([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])))
    True
    """
    return not _vivid(palette.colours).any()


def _vivid(lab: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(lab[:, 1], lab[:, 2]) >= GREY[1] * np.maximum(lab[:, 0], 1e-3), np.bool_)


def colour_map(
    pixels: Float, palette: Palette, *, name: str, main: int | None = None, keep_neutrals: bool = True, seed: int = 0
) -> ColourMap:
    """Find how a cloth's colours go over into a palette.

    (1) The cloth's own colours, up to four, are found by `dyes_of`. (2) Each goes to one of the palette's, all together by the least move
    (shares times squared distance in OKLab; more for a colour used twice or that (3) changes); ``main`` says where the largest goes. (3) Of
    the cloth's colours the darker stays the darker; of each, lightness goes along a rising curve that is as steep as before, and flatter
    where it was darkened, as dark cloth has less contrast. (4) Targets are moved until the means of what has each colour are the
    palette's.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear: the cloth.
    palette : Palette
        The designer's.
    name : str
        Name of the palette's source, for the credit.
    main : int, optional
        Which of the palette's colours the cloth's largest (largest that is no grey, with ``keep_neutrals``) becomes.
    keep_neutrals : bool
        Greys stay: they neither move nor are moved to.
    seed : int
        Of the cloth's own palette.

    Returns
    -------
    ColourMap

    Raises
    ------
    ValueError
        If main is none of the palette's colours, or all is grey and greys are kept.

    Examples
    --------
    >>> cloth = np.random.default_rng(1).uniform(0.8, 1.2, (40, 40, 1)).astype(np.float32) * np.float32([0.3, 0.05, 0.04])
    >>> card = palette_from(np.array([[0.02, 0.1, 0.05], [0.1, 0.2, 0.5]]))
    >>> moves = colour_map(cloth, card, name="card", main=1)
    >>> bool(np.abs(to_oklab(recolour(cloth, moves)).mean(axis=(0, 1)) - card.colours[1]).max() < 0.003)
    True
    """
    colours(pixels, "pixels")
    if main is not None:
        number(main, "main", 0, len(palette.colours) - 1)
    step = max(int(np.ceil(np.sqrt(pixels.shape[0] * pixels.shape[1] / _LOOKED_AT))), 1)
    seen = pixels[::step, ::step]
    own = dyes_of(seen, seed=seed)
    source = np.concatenate([np.clip(own.colours[:, :1], 0.01, 0.99), own.colours[:, 1:]], axis=1)
    moving = _vivid(source) if keep_neutrals else np.ones(len(source), bool)
    if not moving.any():
        raise ValueError(f"the cloth has greys only ({len(source)} of them), allowed with keep_neutrals is a colour; or let greys move")
    largest = int(np.argmax(np.where(moving, own.shares, -1)))
    weights = own.shares + np.where(~moving | (np.arange(len(source)) == largest), _FIRST, 0)
    aim = np.where(moving[:, None], palette.colours[_assigned(own, palette, moving, weights, main)], source)
    aim[:, 0] = np.where(moving, _isotonic(source[:, 0], aim[:, 0], weights), source[:, 0])
    near = _nearest(features(to_oklab(seen.reshape(-1, 3))), features(source))
    target = aim.copy()
    for _ in range(_AIMS):
        moves = _map(name, source, target, keep_neutrals)
        target = target + np.where(moving[:, None], aim - _means(recolour(seen, moves), near, len(aim)), 0)
        target[:, 0] = np.clip(target[:, 0], 0.005, 0.995)
    return _map(name, source, target, keep_neutrals)


def _assigned(
    own: Palette, palette: Palette, moving: NDArray[np.bool_], weights: NDArray[np.float64], main: int | None
) -> NDArray[np.int64]:
    """The palette's colour of each own one, by trying all that are near; what must be lightened to keep the order costs more."""
    cost = own.shares[:, None] * np.square(own.colours[:, None] - palette.colours[None]).sum(axis=-1)
    movers = np.flatnonzero(moving)
    near = [np.sort(np.argsort(cost[i], kind="stable")[:_CANDIDATES]) for i in movers]
    best, least = np.zeros(len(own.colours), np.int64), np.inf
    for row in itertools.product(*[[main] if main is not None and weights[i] >= _FIRST else n for i, n in zip(movers, near, strict=True)]):
        chosen = best.copy()
        chosen[movers] = row
        light = np.where(moving, palette.colours[chosen, 0], own.colours[:, 0])
        lifted = _isotonic(own.colours[:, 0], light, weights) - light
        now = cost[movers, chosen[movers]].sum() + _USED * (len(row) - len(set(row))) + _LIFTED * float((own.shares * lifted**2).sum())
        if now < least - 1e-15:
            best, least = chosen, now
    return best


def _reach(source: NDArray[np.float64]) -> float:
    at = features(source)
    apart = np.linalg.norm(at[:, None] - at[None], axis=-1)
    return max(0.35 * float(apart[apart > 0].min()), 0.02) if len(at) > 1 else 0.2


def _means(out: Float, near: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    lab = to_oklab(out.reshape(-1, 3))
    many = np.maximum(np.bincount(near, minlength=count), 1)
    return np.stack([np.bincount(near, weights=lab[:, i], minlength=count) for i in range(3)], axis=-1) / many[:, None]


def _map(name: str, source: NDArray[np.float64], target: NDArray[np.float64], keep_neutrals: bool) -> ColourMap:
    slope = np.clip(np.sqrt(target[:, 0] / source[:, 0]), _LEAST_SLOPE, 1)
    return ColourMap(name, source, target, slope, _reach(source), keep_neutrals)


def _isotonic(c: NDArray[np.float64], t: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lightnesses in the order of c, no nearer to each other than a fifth: pooled where they fall (Ayer 1955), then within 0..1."""
    from scipy.optimize import isotonic_regression

    pooled = np.asarray(isotonic_regression(t - _LEAST_SLOPE * c, weights=weights).x) + _LEAST_SLOPE * c
    room = 0.01 * np.arange(len(c)) / len(c)
    return np.asarray(np.clip(pooled, 0.005 + room, 0.985 + room), np.float64)


def likeness(cloth: Cloth) -> tuple[float, ...]:
    """What a cloth is like, in numbers of about the same size: for "more like this".

    Parameters
    ----------
    cloth : Cloth
        Any.

    Returns
    -------
    tuple of float
        Mean L, a, b (chroma twice), contrast of L, and the size of its pattern (logarithm of its repeat in cm, a tenth; 0 without).

    Raises
    ------
    ValueError
        If its pixels are not.

    Examples
    --------
    >>> [round(v, 3) for v in likeness(Cloth(np.ones((8, 8, 3), np.float32), 4.0))]
    [1.0, 0.0, 0.0, 0.0, 0.0]
    """
    step = max(int(np.ceil(np.sqrt(cloth.pixels[..., 0].size / _LOOKED_AT))), 1)
    lab = to_oklab(cloth.pixels[::step, ::step].reshape(-1, 3))
    light, a, b = (float(v) for v in lab.mean(axis=0))
    size = 0.0 if cloth.repeat_cm is None else 0.1 * float(np.log2(1 + cloth.repeat_cm[0] * cloth.repeat_cm[1]))
    return light, 2 * a, 2 * b, float(lab[:, 0].std()), size


def swatch(palette: Palette) -> Float:
    """The palette's colours as pixels, for a strip on a card.

    Parameters
    ----------
    palette : Palette
        Any.

    Returns
    -------
    ndarray
        (n, 3) float32, linear Rec. 709, in gamut.

    Raises
    ------
    AttributeError
        If it is no palette.

    Examples
    --------
    >>> swatch(palette_from(np.array([[0.25, 0.5, 0.125]]))).round(4).tolist()
    [[0.25, 0.5, 0.125]]
    """
    return from_oklab(palette.colours).astype(np.float32)
