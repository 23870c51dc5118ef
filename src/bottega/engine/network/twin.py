"""Slow numpy twin of `combining`, one pixel at a time in whole numbers and fractions: its specification."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import reference

Float = NDArray[np.float32]
PARTS = 65536


def divided(weights: NDArray[np.uint32], parts: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Twin of `combining.divided`."""
    out = np.zeros((weights.shape[0] + 1, *parts.shape), np.uint32)
    for y, x in np.ndindex(*parts.shape):
        column, network = [int(w) for w in weights[:, y, x]], int(parts[y, x])
        kept = [int(Fraction(w * (PARTS - network), PARTS)) for w in column]
        kept[column.index(max(column))] += PARTS - network - sum(kept)
        out[:, y, x] = [*kept, network]
    return out


def mix(pictures: tuple[Float, Float], residual: Float, reach: Float, parts: NDArray[np.uint32], *, toe: float) -> Float:
    """Twin of `combining.mix`; `pictures` are plate and copy."""
    plate, copied = pictures
    share = (parts / PARTS)[..., None]
    there = reference.encode(copied, toe).astype(np.float64)
    away = share * (reference.encode(plate, toe) + reach[..., None] * residual - there)
    encoded = there + cv2.GaussianBlur(away, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT_101)
    return np.where(share > 0, reference.decode(encoded.astype(np.float32), toe), copied)
