"""Detail finer than the solver's cells: rounded puffs of many sizes, in a tile that repeats and that the air carries along."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust.state import Array
from bottega.engine.synthesis.compiled import compiled

SIDE = 96
_PUFFS = (3, 6, 12, 24)  # along the tile's edge, one octave each
_WEAKER = 0.55


def detail_tile(seed: int) -> Array:
    """Puffs: minus the distance to the nearest of scattered points (Worley 1996), in four octaves, of mean 0 and deviation 1.

    Parameters
    ----------
    seed
        Of the points.

    Returns
    -------
    (96, 96, 96) float32 that continues over its edges.

    Raises
    ------
    ValueError
        A seed below 0.
    """
    if seed < 0:
        raise ValueError(f"seed: a whole number from 0 up is needed, not {seed}")
    tile = np.zeros((SIDE, SIDE, SIDE), np.float32)
    weight = np.float32(1)
    for octave, count in enumerate(_PUFFS):
        points = np.random.default_rng([seed, 3, octave]).random((count, count, count, 3)).astype(np.float32)
        layer = np.empty_like(tile)
        puffs(points, layer)
        tile += weight * (layer - layer.mean(dtype=np.float64).astype(np.float32)) / np.float32(layer.std(dtype=np.float64))
        weight *= np.float32(_WEAKER)
    return np.asarray(tile / np.float32(tile.std(dtype=np.float64)), np.float32)


@compiled
def puffs(points: Array, out: Array) -> None:
    """Minus the distance to the nearest point, in cells; points (C, C, C, 3) 0..1, one in each cell of a lattice that repeats."""
    count, side = points.shape[0], out.shape[0]
    for x in range(side):
        for y in range(side):
            for z in range(side):
                px, py, pz = (x + 0.5) * count / side, (y + 0.5) * count / side, (z + 0.5) * count / side
                i, j, k = int(px), int(py), int(pz)
                nearest = np.float32(9)
                for di in range(-1, 2):
                    for dj in range(-1, 2):
                        for dk in range(-1, 2):
                            p = points[(i + di) % count, (j + dj) % count, (k + dk) % count]
                            a, b, c = p[0] + i + di - px, p[1] + j + dj - py, p[2] + k + dk - pz
                            nearest = min(nearest, a * a + b * b + c * c)
                out[x, y, z] = -np.sqrt(nearest)
