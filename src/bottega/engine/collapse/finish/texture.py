"""Tiles for faces that no picture shows, and holes in a plate, made once by example and read from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Face
from bottega.engine.synthesis import Plan, Source, SynthesisSettings, Target, plan, regather, synthesise

from .sources import Tile

Array = NDArray[Any]

_BROAD_PX = 8.0  # sigma of what guides a tile: its broad light and dark
_LUMA = (0.25, 0.5, 0.25)


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """A picture of a surface to take from: broken concrete, brick, a room's wall.

    name
        What it is called in the credit.
    material, face
        Which pieces' faces are made of it.
    picture
        (h, w, 3) float32, linear.
    px_per_metre
        Its real scale.
    lit_by
        (r, g, b) irradiance that it was taken under, in the units of the shot's light; None says that it is albedo.
    """

    name: str
    material: str
    face: Face
    picture: Array
    px_per_metre: float
    lit_by: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was made by example, and the proof: the plan, sources and target that its field and weights are read with.

    picture
        (h, w, 3) float32.
    nnf, weights
        (h, w, 3) int32 source, row and column of each pixel's match, and (h, w) float32, as the engine's `regather` takes them.
    plan, sources, target
        What it was made with.
    """

    picture: Array
    nnf: Array
    weights: Array
    plan: Plan
    sources: tuple[Source, ...]
    target: Target

    def regather(self) -> Array:
        """The picture again from field and weights alone, bit for bit."""
        return np.asarray(regather(self.plan, self.sources, self.target, self.nnf, self.weights))


def make_tile(exemplar: Exemplar, size: int, *, seed: int, settings: SynthesisSettings | None = None) -> tuple[Tile, Made]:
    """A square tile without edges from an exemplar: its patches, laid anew along a broad light and dark of the exemplar's own range.

    Parameters
    ----------
    exemplar : Exemplar
        What to take from.
    size : int
        Side of the tile, pixels of the exemplar's scale.
    seed : int
        Of the broad light and dark, and of the search.
    settings : SynthesisSettings, optional
        The engine's; it wraps in any case.

    Returns
    -------
    tuple of Tile and Made

    Raises
    ------
    ValueError
        If the exemplar is smaller than a patch or of one colour, or `size` is under 32.
    """
    if size < 32:
        raise ValueError(f"size is {size}, allowed is 32 pixels or more")
    given = SynthesisSettings() if settings is None else settings
    used = _with(given, seed)
    broad = _broad(exemplar.picture)
    noise = np.random.default_rng([seed, size]).standard_normal((size, size))
    freq = np.exp(-2 * (np.pi * _BROAD_PX) ** 2 * (np.fft.fftfreq(size)[:, None] ** 2 + np.fft.fftfreq(size) ** 2))
    smooth = np.fft.ifft2(np.fft.fft2(noise) * freq).real
    rank = np.argsort(np.argsort(smooth.ravel(), kind="stable"), kind="stable") / (size * size - 1)
    guide = quantiles(broad, rank).reshape(size, size, 1).astype(np.float32)
    source, target = Source(exemplar.picture, broad[..., None]), Target(guide)
    made = _make((source,), target, used)
    tile = Tile(exemplar.name, exemplar.material, exemplar.face, made.picture, exemplar.px_per_metre, exemplar.lit_by)
    return tile, made


def fill(
    picture: Array, hole: Array, *, exemplars: Sequence[Array] = (), allowed: Array | None = None, broad: Array | None = None, seed: int = 0
) -> Made:
    """A picture with a hole filled from its own other pixels, and from exemplars: a plate behind a lamp post, a clean plate.

    Parameters
    ----------
    picture : (H, W, 3) float32
        Linear.
    hole : (H, W) bool
        What is made; everything else keeps its bits.
    exemplars : sequence of (h, w, 3) float32
        More to take from.
    allowed : (H, W) bool, optional
        Where in the picture may be taken from; everywhere outside the hole if not given.
    broad : (H, W, 3) float32, optional
        Broad colours to be aimed at, in the hole and outside; those around the hole carried into it if not given. See `level`.
    seed : int
        Of the search.

    Returns
    -------
    Made

    Raises
    ------
    ValueError
        If the hole is empty or everything, or of another size.
    """
    if hole.shape != picture.shape[:2] or hole.dtype != np.bool_:
        raise ValueError(f"hole is {hole.dtype} {hole.shape}, allowed is bool {picture.shape[:2]}")
    if hole.all() or not hole.any():
        raise ValueError(f"hole is {int(hole.sum())} of {hole.size} pixels, allowed is some and not all")
    may = ~hole if allowed is None else allowed & ~hole
    guides = _spread(picture, ~hole) if broad is None else broad
    sources = (Source(picture, guides, mask=may), *(Source(e, _broad_colours(e)) for e in exemplars))
    settings = _with(SynthesisSettings(), seed, wrap=False)
    return _make(sources, Target(guides, picture=picture, mask=hole), settings)


def level(picture: Array, known: Array) -> Array:
    """Broad colours of a view whose hole is filled from its sides: between the nearest known ones of its row, by how near each is.

    What is as high in a level camera's picture is about as far away: sky goes on as sky, a street as a street.

    Parameters
    ----------
    picture : (H, W, 3) float32
        Linear.
    known : (H, W) bool
        What of it is known.

    Returns
    -------
    (H, W, 3) float32
        Where a row has nothing known, as around the hole in every direction.
    """
    sure = known & (cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0)
    out, column = _spread(picture, sure), np.arange(picture.shape[1])
    for y in np.nonzero((~sure).any(1) & sure.any(1))[0]:
        there, lost = column[sure[y]], column[~sure[y]]
        after = np.searchsorted(there, lost)
        left, right = there[np.maximum(after - 1, 0)], there[np.minimum(after, len(there) - 1)]
        near = (
            np.where(after == 0, 0, 1 / np.maximum(np.abs(lost - left), 1)),
            np.where(after == len(there), 0, 1 / np.abs(right - lost).clip(1)),
        )
        share = (near[0] / (near[0] + near[1])).astype(np.float32)[:, None]
        out[y, lost] = share * out[y, left] + (1 - share) * out[y, right]
    return np.asarray(cv2.GaussianBlur(out, (0, 0), 2.0, borderType=cv2.BORDER_REFLECT_101) * ~sure[..., None] + out * sure[..., None])


def _with(settings: SynthesisSettings, seed: int, *, wrap: bool = True) -> SynthesisSettings:
    from dataclasses import replace

    return replace(settings, wrap=wrap, seed=seed)


def _make(sources: tuple[Source, ...], target: Target, settings: SynthesisSettings) -> Made:
    sizes = [(int(s.style.shape[0]), int(s.style.shape[1])) for s in sources]
    size = (int(target.guides.shape[0]), int(target.guides.shape[1]))
    made = plan(sizes, size, guide_channels=target.guides.shape[2], settings=settings)
    image, nnf, weights = synthesise(made, sources, target)
    return Made(image, nnf, weights, made, sources, target)


def quantiles(values: Array, shares: Array) -> Array:
    """As `np.quantile`, bit for bit, in the time of a sort where there are as many shares as values."""
    ordered = np.sort(values, axis=None)
    place = (len(ordered) - 1) * shares
    before = np.floor(place).astype(np.intp)
    part = place - before
    low, high = ordered[before], ordered[np.minimum(before + 1, len(ordered) - 1)]
    return np.asarray(np.where(part >= 0.5, high - (high - low) * (1 - part), low + (high - low) * part))


def _broad(picture: Array) -> Array:
    luma = picture @ np.asarray(_LUMA, np.float32)
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), _BROAD_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _broad_colours(picture: Array) -> Array:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BROAD_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _spread(picture: Array, known: Array) -> Array:
    """Broad colours of what is known, carried into what is not (normalised convolution, Knutsson and Westin 1993), ever wider."""
    out, left = np.zeros_like(picture), np.ones(known.shape, np.bool_)
    sigma, weight = _BROAD_PX, known.astype(np.float32)
    while left.any():
        share = cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        colour = cv2.GaussianBlur(picture * weight[..., None], (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        there = left & ((share > 0.05) | (sigma > 2 * max(known.shape)))
        out[there] = colour[there] / np.maximum(share[there], 1e-6)[:, None]
        left &= ~there
        sigma *= 2
    return out
