"""Texture by numbers: a painted coast with a map of what is where, and a map of another coast."""

from __future__ import annotations

from typing import Any

import numpy as np
from light import ramp
from numpy.typing import NDArray
from strokes import Layer, along_edges, lit, noise, paint

Array = NDArray[Any]
SIZE = 304, 448
SKY, CLOUD, SEA, SAND, MEADOW, WOOD = range(6)
SHOWN = [(90, 140, 210), (250, 250, 250), (20, 60, 130), (235, 200, 120), (120, 180, 60), (20, 80, 40)]  # the labels' colours
_PAINT = [
    [(-2, (0.20, 0.38, 0.68)), (0, (0.36, 0.58, 0.84)), (2, (0.62, 0.78, 0.90))],
    [(-2, (0.76, 0.74, 0.82)), (0, (0.93, 0.90, 0.88)), (2, (1.0, 0.98, 0.92))],
    [(-2, (0.03, 0.15, 0.33)), (0, (0.07, 0.33, 0.47)), (1.2, (0.16, 0.52, 0.60)), (2.2, (0.78, 0.90, 0.88))],
    [(-2, (0.72, 0.50, 0.30)), (0, (0.90, 0.73, 0.46)), (2, (0.99, 0.90, 0.68))],
    [(-2, (0.20, 0.36, 0.10)), (0, (0.48, 0.58, 0.14)), (1.3, (0.78, 0.76, 0.20)), (2.2, (0.93, 0.45, 0.30))],
    [(-2, (0.03, 0.10, 0.09)), (0, (0.08, 0.24, 0.13)), (2, (0.28, 0.42, 0.14))],
]  # fmt: skip


def _places() -> tuple[Array, Array]:
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    return y / SIZE[0], x / SIZE[0]


def _blob(y: float, x: float, high: float, wide: float, rough: Array) -> Array:
    """Where an ellipse with a rough edge is."""
    ys, xs = _places()
    return ((ys - y) / high) ** 2 + ((xs - x) / wide) ** 2 + 0.22 * rough < 1


def exemplar_map() -> Array:
    """A bay: sky with clouds, the sea to the right, a beach, a meadow, woods on a hill."""
    ys, xs = _places()
    rough = noise(SIZE, 9, np.random.default_rng(2))
    out = np.full(SIZE, SKY)
    for y, x, high, wide in ((0.14, 0.33, 0.09, 0.26), (0.22, 1.12, 0.07, 0.24), (0.06, 0.95, 0.05, 0.2)):
        out[_blob(y, x, high, wide, rough)] = CLOUD
    out[ys > 0.42] = SEA
    out[ys > 0.30 + 0.34 * np.clip(xs - 0.15, 0, None) ** 1.5 + 0.012 * rough] = WOOD
    out[ys > 0.54 + 0.18 * xs + 0.02 * rough] = MEADOW
    out[(ys > 0.42) & (xs > 0.62 + 0.8 * (0.78 - ys) ** 2 + 0.012 * rough)] = SAND
    out[(ys > 0.42) & (xs > 0.74 + 1.1 * (0.80 - ys) ** 2 + 0.016 * rough)] = SEA
    out[_blob(0.84, 0.22, 0.09, 0.12, rough)] = WOOD
    return out


def wanted_map() -> Array:
    """An island with a lake, and a headland."""
    ys, _ = _places()
    rough = noise(SIZE, 8, np.random.default_rng(3))
    out = np.full(SIZE, SKY)
    for y, x, high, wide in ((0.16, 0.75, 0.10, 0.34), (0.09, 0.22, 0.05, 0.16), (0.24, 1.32, 0.06, 0.18)):
        out[_blob(y, x, high, wide, rough)] = CLOUD
    out[ys > 0.36] = SEA
    out[_blob(0.39, 1.42, 0.10, 0.34, rough) & (ys > 0.27) & (ys < 0.41)] = WOOD
    for label, grow in ((SAND, 1.0), (MEADOW, 0.86)):
        out[_blob(0.72, 0.66, 0.25 * grow, 0.55 * grow, rough)] = label
    out[_blob(0.60, 0.48, 0.11, 0.24, rough)] = WOOD
    out[_blob(0.70, 0.92, 0.085, 0.14, rough)] = SAND
    out[_blob(0.70, 0.92, 0.065, 0.115, rough)] = SEA
    return out


def painting(labels: Array) -> Array:
    """Each part with a brush of its own: swirls in the sky, level strokes on the sea, upright ones in the meadow, dabs for leaves."""
    rng = np.random.default_rng(9)
    swirl = along_edges(noise(SIZE, 16, rng), 6)
    level, upright = 0.08 * noise(SIZE, 20, rng), np.pi / 2 + 0.25 * noise(SIZE, 12, rng)
    brushes = {
        SKY: (swirl, 14, [Layer(12, 36, 7), Layer(7, 26, 6, colour_jitter=0.04)]),
        SEA: (level, 4, [Layer(7, 44, 4.5), Layer(4, 26, 6, colour_jitter=0.06)]),
        CLOUD: (swirl, 9, [Layer(13, 22, 7), Layer(8, 16, 7, colour_jitter=0.03)]),
        SAND: (level + 0.5, 7, [Layer(9, 24, 5), Layer(3.5, 7, 5, colour_jitter=0.06)]),
        WOOD: (swirl, 5, [Layer(10, 13, 5), Layer(6, 8, 4.5, colour_jitter=0.06, angle_jitter=0.8)]),
        MEADOW: (upright, 6, [Layer(7, 22, 4.5), Layer(3, 18, 4, colour_jitter=0.07, angle_jitter=0.2)]),
    }
    canvas: Array | None = None
    for label, (angle, grain_px, layers) in brushes.items():
        colour = ramp(noise(SIZE, grain_px, rng), [(float(at), paint_) for at, paint_ in _PAINT[label]])
        canvas = paint(colour, angle, layers, label, where=labels == label, ground=canvas)
    return lit(np.asarray(canvas))


def draw() -> dict[str, Array]:
    """All pictures of this class by name, 0..1; maps as label / 255."""
    given, wanted = exemplar_map(), wanted_map()
    return {"style": painting(given), "source_labels": given / 255, "target_labels": wanted / 255}
