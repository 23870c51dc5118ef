"""Curves on logarithmic axes, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 470, 360, 62, 46, 40, 14
COLOURS = [(30, 110, 200), (200, 90, 20), (60, 140, 60), (130, 60, 150)]
INK, FAINT = (40, 40, 40), (220, 220, 220)
Points = Sequence[tuple[float, float]]


def ticks(low: float, high: float) -> list[float]:
    """1, 1.5, 2, 3, 5 and 7 times powers of ten inside a range."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1, 2, 5) if high / low > 8 else (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
    return [m * 10.0**p for p in powers for m in steps if low <= m * 10.0**p <= high]


def panel(title: str, curves: Mapping[str, Points], across: str, up: str) -> NDArray[np.uint8]:
    """One diagram: a line with points for every curve."""
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    points = np.array([p for c in curves.values() for p in c])
    low, high = points.min(0) * (0.8, 0.97), points.max(0) * (1.25, 1.03)

    def at(x: float, y: float) -> tuple[int, int]:
        fx, fy = np.log(np.array([x, y]) / low) / np.log(high / low)
        return round(LEFT + fx * (WIDTH - LEFT - RIGHT)), round(HEIGHT - BOTTOM - fy * (HEIGHT - TOP - BOTTOM))

    for x in ticks(low[0], high[0]):
        cv2.line(image, at(x, low[1]), at(x, high[1]), FAINT, 1)
        text(image, f"{x:g}", (at(x, low[1])[0] - 8, HEIGHT - BOTTOM + 16))
    for y in ticks(low[1], high[1]):
        cv2.line(image, at(low[0], y), at(high[0], y), FAINT, 1)
        text(image, f"{y:g}", (8, at(low[0], y)[1] + 4))
    text(image, f"{title}: {up}", (LEFT, 16))
    text(image, across, (WIDTH // 2 - 40, HEIGHT - 10))
    for i, (name, curve) in enumerate(curves.items()):
        places = [at(*p) for p in sorted(curve)]
        for start, end in pairwise(places):
            cv2.line(image, start, end, COLOURS[i], 2, cv2.LINE_AA)
        for place in places:
            cv2.circle(image, place, 4, COLOURS[i], -1, cv2.LINE_AA)
        text(image, name, (WIDTH - 170, TOP + 16 + 18 * i), COLOURS[i])
    return image


def text(image: NDArray[Any], words: str, place: tuple[int, int], colour: tuple[int, int, int] = INK) -> None:
    cv2.putText(image, words, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)


def save(path: Path, panels: Sequence[NDArray[np.uint8]]) -> None:
    """Write diagrams side by side."""
    if not cv2.imwrite(str(path), np.hstack(panels)[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise OSError(f"{path} cannot be written")
