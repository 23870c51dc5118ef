"""What the concept boards take: checks that say what was given and what is allowed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST_PIXELS = 120_000_000  # of a drawing or swatch; several planes of it are held at once


def array(given: Any, name: str, shape: tuple[int, ...] | None, dtype: Any, absent: bool = False) -> None:
    """Raise TypeError or ValueError unless this is an array of that shape (None: any plane) and dtype, finite; None may be allowed."""
    if given is None and absent:
        return
    if not isinstance(given, np.ndarray) or given.dtype != dtype:
        raise TypeError(f"{name} is {getattr(given, 'dtype', type(given).__name__)}, allowed is a numpy array of {np.dtype(dtype).name}")
    if (shape is None and given.ndim != 2) or (shape is not None and given.shape != shape):
        raise ValueError(f"{name} has shape {given.shape}, allowed is {shape if shape is not None else '(H, W)'}")
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise ValueError(f"{name} has a value that is not finite, allowed is finite numbers")
    if given.size == 0:
        raise ValueError(f"{name} has shape {given.shape}: no pixels")


def colours(given: Any, name: str) -> None:
    """Raise TypeError or ValueError unless this is a picture (h, w, 3) float32, finite, 0 or more."""
    array(given, name, (*given.shape[:2], 3) if isinstance(given, np.ndarray) else None, np.float32)
    within(given, name, 0, math.inf)


def within(given: Any, name: str, low: float, high: float) -> None:
    """Raise ValueError unless all values, if any, are within."""
    if given is not None and (given.min() < low or given.max() > high):
        raise ValueError(f"{name} has values from {given.min():g} to {given.max():g}, allowed is {low:g} to {high:g}")


def number(value: float, name: str, low: float, high: float) -> None:
    """Raise ValueError unless a number is finite and within."""
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} is {value!r}, allowed is {low:g} to {high:g}")


def positive(value: float, name: str) -> None:
    """Raise ValueError unless a number is more than 0."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is {value!r}, allowed is more than 0")


def bounded(shape: tuple[int, ...], name: str, most: int = MOST_PIXELS) -> None:
    """Raise ValueError if a picture has too many pixels to be held a few times over. Looks at its shape only."""
    if shape[0] * shape[1] > most:
        raise ValueError(
            f"{name} has {shape[1]}x{shape[0]} pixels, allowed is at most {most // 10**6} million ({int(most**0.5)} a side): "
            "scan it at less, or make it smaller first"
        )
