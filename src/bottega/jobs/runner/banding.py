"""Lay the visible mark of an override over a made frame, and say in its credit that it is no artist's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditSource
from bottega.attribution.claims import DENOMINATOR
from bottega.footage import Band, Frame
from bottega.model import Role

from .opening import Inputs


@dataclass(frozen=True, eq=False)
class Pixels:
    """A frame as the engine made it: light, difference, each source's weight, whose pixel a copy is, where a network had a hand."""

    rgb: NDArray[np.float32]
    delta: NDArray[np.float32]
    weights: NDArray[np.uint32]
    copied_from: NDArray[np.uint8]
    learned: NDArray[np.bool_] | None = None


def credited(inputs: Inputs, band: Band | None) -> tuple[CreditSource, ...]:
    """All sources of a take; the band comes last, with no author and no licence."""
    if band is None:
        return inputs.sources
    return (*inputs.sources, CreditSource(id=len(inputs.sources) + 1, exemplar=band.digest, role=Role.BAND))


def banded(made: Pixels, band: Band, plate: Frame) -> Pixels:
    """The frame with the band at the foot of the display window. There the credit is the band's alone; elsewhere nothing changes."""
    where = band.box(plate.display).inside(plate.canvas)
    rgb, delta = made.rgb.copy(), made.delta.copy()
    rgb[where] = band.light(plate.display)
    delta[where] = rgb[where] - plate.rgb[where]
    weights: NDArray[Any] = np.concatenate([made.weights, np.zeros_like(made.weights[:1])])
    weights[(slice(None), *where)] = 0
    weights[(-1, *where)] = DENOMINATOR
    copied_from = made.copied_from.copy()
    copied_from[where] = len(weights)  # 1 is the plate, so the last source's number is their count
    learned = None if made.learned is None else made.learned.copy()
    if learned is not None:
        learned[where] = False
    return Pixels(rgb, delta, weights, copied_from, learned)
