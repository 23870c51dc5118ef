"""Variations of a look on one axis, by name, as the runner knows them. No pixels are seen but the areas of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bottega.engine.concept.choices import Choice, Options, Quota, Recipe, Variations, overlap
from bottega.engine.concept.records import Figure
from bottega.engine.concept.vary import vary

__all__ = ["Choice", "Options", "Quota", "Recipe", "Variations", "areas_of", "overlap", "vary"]


def areas_of(figure: Figure, slots: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """The drawn area of each slot, the parts that take one choice together, in pixels. Raises ValueError for a part that is not drawn."""
    return {slot: float(np.logical_or.reduce([figure.part(name) for name in parts]).sum()) for slot, parts in slots.items()}
