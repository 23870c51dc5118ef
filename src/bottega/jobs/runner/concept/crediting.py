"""Whose every pixel of a look is, in whole parts: the line's by its alpha, the cloth's by its cover, the rest the drawing's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import DENOMINATOR, CreditMap, CreditSource
from bottega.footage import Band, Box
from bottega.model import Exemplar, Role

from .inputs import LineArt

_COPIED, _BLENDED, _EXTERNAL = 1, 2, 4
_FULL = 255


@dataclass(frozen=True, eq=False)
class LookCredit:
    """A look's credit, and each source's part of the figure (paper aside) as exact fractions, by place in the sources."""

    map: CreditMap
    figure: tuple[Fraction, ...]


def sources_of(exemplars: Sequence[Exemplar], *, band: Band | None) -> tuple[CreditSource, ...]:
    """Who can be credited, the drawing first; the visible mark comes last and is nobody's."""
    named = [
        CreditSource(id=i, exemplar=e.digest, role=e.role, author_id=e.author_id, licence_id=e.licence_id)
        for i, e in enumerate(exemplars, 1)
    ]  # fmt: skip
    if band is not None:
        named.append(CreditSource(id=len(named) + 1, exemplar=band.digest, role=Role.BAND))
    return tuple(named)


def credit_of(
    line: LineArt,
    garments: Sequence[tuple[NDArray[np.uint8], Mapping[int, Fraction]]],
    sources: Sequence[CreditSource],
    *,
    band: Band | None,
    hand: NDArray[np.uint8],
    hands: Sequence[int],
) -> LookCredit:
    """Credit of a look from what is written: `garments` are each one's cover (H, W) uint8, and its sources' shares by their place.

    Where the line is opaque its own pixel goes out, a copy; what a model painted any of is external. Colours that are nobody's cloth, and
    paper, are the drawing's. `hand` (H, W) says whose the line is: 0 the drawing's, then of the sources at `hands`, counted from 1.
    """
    alpha = line.rgba[..., 3].astype(np.int64)
    parts = np.zeros((len(sources), *alpha.shape), np.int64)
    drawn = alpha > 0
    for cover, shares in garments:
        drawn |= cover > 0
        under = DENOMINATOR * (_FULL - alpha) * cover // (_FULL * _FULL)
        for row, share in shares.items():
            if row:  # the drawing has what the others leave
                parts[row] += under * share.numerator // share.denominator
    for number, row in enumerate(hands, 1):
        if row:
            parts[row] += np.where(hand == number, DENOMINATOR * alpha // _FULL, 0)
    parts[0] = DENOMINATOR - parts[1:].sum(0)
    copied = (alpha == _FULL) & line.plain
    if band is not None:
        window = Box(0, 0, alpha.shape[1], alpha.shape[0])
        where = band.box(window).inside(window)
        parts[(slice(None), *where)] = 0
        parts[(-1, *where)] = DENOMINATOR
        copied[where] = False
    models = [i for i, source in enumerate(sources) if source.role is Role.MODEL]
    claim = np.select([copied, (parts[models] > 0).any(0)], [_COPIED, _EXTERNAL], _BLENDED).astype(np.uint8)
    y, x = np.mgrid[0 : alpha.shape[0], 0 : alpha.shape[1]].astype(np.uint32)
    found = CreditMap(claim, parts.astype(np.uint32), x * copied, y * copied, tuple(sources))
    inside = parts[:, drawn].sum(1)
    total = int(inside.sum())
    return LookCredit(
        found, tuple(Fraction(int(n), total) for n in inside) if total else (Fraction(1), *[Fraction(0)] * (len(sources) - 1))
    )
