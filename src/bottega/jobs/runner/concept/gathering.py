"""A picture that is made of a painting's own pixels: its layers, and for each pixel where in the painting it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import DENOMINATOR, CreditMap
from bottega.footage import Box, PaintLayer, layer_of

from .layering import mark_of, without
from .making import CardMaker, MadeLook, Rgb
from .opened import Opened

PAINTED, LINE = "painted", "line"
_COPIED, _BLENDED, _CELLS = 1, 2, 8


def gathered(
    maker: CardMaker,
    painting: Opened,
    positions: NDArray[np.int32],
    *,
    rows: NDArray[Any],
    line: NDArray[np.uint8] | None = None,
    notes: Sequence[str] = (),
) -> MadeLook:
    """A look of the painting's pixels at `positions` (H, W, 2), (x, y). `rows` (H, W) say which of the maker's sources each is credited to.

    `line` (H, W, 4) goes along as a layer that is switched off.
    """
    x, y = positions[..., 0], positions[..., 1]
    picture, band = painting.eight()[y, x], maker.band
    size = (int(x.shape[0]), int(x.shape[1]))
    layers: list[PaintLayer] = [layer_of(PAINTED, without(np.dstack([picture, np.full(size, 255, np.uint8)]), band))]
    if line is not None:
        layers.append(layer_of(LINE, without(line, band), visible=False))
    parts = np.zeros((len(maker.sources), *size), np.uint32)
    np.put_along_axis(parts, rows[None], np.uint32(DENOMINATOR), axis=0)
    copied = np.full(size, painting.copyable())
    if band is not None:
        window = Box(0, 0, size[1], size[0])
        where = band.box(window).inside(window)
        layers.append(mark_of(band, size))
        parts[(slice(None), *where)], copied[where] = 0, False
        parts[(-1, *where)] = DENOMINATOR
    claim = np.where(copied, _COPIED, _BLENDED).astype(np.uint8)
    credit = CreditMap(claim, parts, x.astype(np.uint32) * copied, y.astype(np.uint32) * copied, maker.sources)
    shares = [Fraction(int(p.sum(dtype=np.uint64)), DENOMINATOR * size[0] * size[1]) for p in parts]
    return MadeLook(layers=layers, size=size, credit=credit, figure=shares, palette=main_colours(picture), notes=notes)


def main_colours(picture: NDArray[np.uint8]) -> list[Rgb]:
    """The eight most frequent colours in cells of 32 codes, each by its mean."""
    cells = (picture >> 5).reshape(-1, 3).astype(np.int64) @ np.array([64, 8, 1])
    many = np.bincount(cells, minlength=512)
    sums = [np.bincount(cells, weights=picture[..., c].ravel(), minlength=512) for c in range(3)]
    top = np.argsort(-many, kind="stable")[:_CELLS]
    return [(round(sums[0][i] / many[i]), round(sums[1][i] / many[i]), round(sums[2][i] / many[i])) for i in top if many[i]]
