"""Whose every pixel of a collapse is: the engine's reads counted by exemplar, in whole parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditMap, CreditSource, credit_frame
from bottega.jobs.recipes.collapse import Made
from bottega.jobs.runner.banding import Pixels

from .showing import Showing, whole_parts

_STEPS = 256  # of the engine's places in a pixel


@dataclass(frozen=True, eq=False)
class FrameCredit:
    """A frame's weights (S, H, W) uint32 by credit source, whose pixel a copy is (H, W) uint8 and from where (2, H, W) uint32.

    `matte` is how much of a pixel was changed, 0..1, and `own` how much of the moving pieces is the plates' own pixels.
    """

    weights: NDArray[np.uint32]
    copied_from: NDArray[np.uint8]
    copied_xy: NDArray[np.uint32]
    matte: NDArray[np.float32]
    own: float

    def map(self, pixels: Pixels, sources: Sequence[CreditSource]) -> CreditMap:
        """The credit map; a visible mark's pixels are its own."""
        return credit_frame(pixels.weights, pixels.copied_from, sources, copied_xy=self.copied_xy * (pixels.copied_from > 0))


def credit_of(made: Made, showing: Showing, sources: Sequence[CreditSource]) -> FrameCredit:
    """Count a frame's reads.

    What dust covers stays with what lies under it: dust has no exemplar, and hides nobody's work from the count. Small debris is the
    exemplar's of what broke.
    """
    size = made.rgb.shape[:2]
    row = {s.exemplar: i for i, s in enumerate(sources)}
    shares = np.zeros((len(sources), size[0] * size[1]))
    copied, places, own = np.ones(size, np.uint8), np.zeros((2, *size), np.uint32), 1.0
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    places[0], places[1] = x, y
    if made.finished is None:
        shares[0] = 1
    else:
        to = np.asarray([row[d] for d in showing.whose.sources])
        behind = None if made.behind is None else (np.asarray([row[d] for d in showing.whose.behind]), made.behind)
        own = _shares(made.finished.credit, to, shares, behind)
        if made.chips is not None:
            alpha = made.chips.alpha.ravel().astype(np.float64)
            shares *= 1 - alpha
            shares[row[showing.whose.broken]] += alpha
        one = made.finished.credit.copied()
        if behind is not None:
            one = np.where(one == _CLEAN, -1, one)
        copied = np.where(one >= 0, to[np.maximum(one, 0)] + 1, 0).astype(np.uint8)
        _places(made.finished.credit, one, places)
        copied[made.after | ((copied == 1) & made.touched)] = 0
    weights = whole_parts(shares).reshape(len(sources), *size)
    for i in range(len(sources)):  # a copy is wholly its source's
        alone = copied == i + 1
        weights[:, alone], weights[i, alone] = 0, 65536
    matte = np.where(made.touched, np.maximum(made.covered, 1 / 255), 0).astype(np.float32)
    return FrameCredit(weights, copied, places, matte, own)


def _shares(credit: Any, to: NDArray[Any], shares: NDArray[np.float64], behind: tuple[NDArray[Any], NDArray[Any]] | None) -> float:
    """Each pixel's shares into (S, N); and how much of the pieces comes from plates.

    `behind`: the rows of whom a clean plate by example is, and how much of each pixel.
    """
    front, back = credit.front, credit.back
    alpha = np.zeros(shares.shape[1])
    np.add.at(alpha, front.pixel, front.weight.astype(np.float64))
    np.add.at(shares, (to[front.source], front.pixel), front.weight.astype(np.float64))
    left = back.weight.astype(np.float64) * np.maximum(1 - alpha[back.pixel], 0)
    mine = back.source == _CLEAN if behind is not None else np.zeros(len(back.source), np.bool_)
    np.add.at(shares, (to[back.source[~mine]], back.pixel[~mine]), left[~mine])
    for k, whose in enumerate(() if behind is None else behind[0]):
        np.add.at(shares, (whose, back.pixel[mine]), left[mine] * behind[1][k].ravel()[back.pixel[mine]])  # type: ignore[index]
    total = shares.sum(0)
    bare = total <= 0
    shares[0, bare], total[bare] = 1, 1
    shares /= total
    if not len(front.pixel):
        return 1.0
    mine = front.weight.astype(np.float64)
    return round(float(mine[front.source < _FIRST_TILE].sum() / mine.sum()), 6)


_CLEAN = 1  # among the sources
_FIRST_TILE = 3  # plate, clean plate and the reference come before


def _places(credit: Any, one: NDArray[Any], places: NDArray[np.uint32]) -> None:
    """Columns and rows of what was copied from another place than its own."""
    flat = one.ravel()
    for reads in (credit.back, credit.front):
        whole = flat[reads.pixel] == reads.source
        pixel = reads.pixel[whole]
        places[0].ravel()[pixel] = reads.x[whole] // _STEPS
        places[1].ravel()[pixel] = reads.y[whole] // _STEPS
