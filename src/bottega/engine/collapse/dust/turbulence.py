"""Eddies that are there from the start: a tile of swirling air, free of divergence, of the sizes that the solver can just carry."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.dust.volume import tiled
from bottega.engine.synthesis.compiled import uncounted

SIDE = 64
ENTRY_M = 0.8
_SIZES = (4.0, 16.0)  # wavelengths, entries, from where to where there are eddies
CALM, MOST = np.float32(0.4), np.float32(2.0)  # vorticity, 1/s, from which on eddies break up, and beyond which no more of them


def eddies(seed: int) -> Array:
    """Curl noise (Bridson, Houriham and Nordenstam 2007), made in the frequencies, where a curl is exact: k × ψ(k), of a band of |k|.

    Parameters
    ----------
    seed
        Of the phases.

    Returns
    -------
    (64, 64, 64, 3) float32 that continues over its edges, each component of mean 0, all together of mean square 1.

    Raises
    ------
    ValueError
        A seed below 0.
    """
    if seed < 0:
        raise ValueError(f"seed: a whole number from 0 up is needed, not {seed}")
    from scipy import fft

    potential = np.random.default_rng([seed, 5]).standard_normal((3, SIDE, SIDE, SIDE)).astype(np.float32)
    waves = fft.rfftn(potential, axes=(1, 2, 3))
    k = np.stack(np.meshgrid(fft.fftfreq(SIDE), fft.fftfreq(SIDE), fft.rfftfreq(SIDE), indexing="ij"))
    size = np.sqrt((k * k).sum(0))
    band = np.where((size > 1 / _SIZES[1]) & (size < 1 / _SIZES[0]), np.maximum(size, 1e-9) ** (-11 / 6 - 1), 0)  # Kolmogorov's fall
    swirl = fft.irfftn(np.cross(1j * k, waves * band, axis=0), s=(SIDE,) * 3, axes=(1, 2, 3))
    swirl /= np.sqrt((swirl**2).sum(0).mean())
    return np.ascontiguousarray(np.moveaxis(swirl, 0, -1), np.float32)


@uncounted
def stir(first: int, last: int, given: tuple[Array, Array, Array], how: tuple[np.float32, np.float32, Array], out: Array) -> None:
    """Add strength·rush of the tile's swirl where there is dust; rows first..last. rush = |ω| less what calm air has, up to a most, 1/s.

    how = strength, the tile's entries a cell, and an offset in entries (3,).
    """
    tile, whirl, dust = given
    strength, dense, offset = how
    zero = np.float32(0)
    for i in range(first, last):
        x = offset[0] + dense * np.float32(i)
        for j in range(out.shape[1]):
            y = offset[1] + dense * np.float32(j)
            for k in range(out.shape[2]):
                rush = min(max(whirl[i, j, k, 3] - CALM, zero), MOST)
                if dust[i, j, k] > 0 and rush > 0:
                    for a in range(3):
                        out[i, j, k, a] += strength * rush * tiled(tile[..., a], x, y, offset[2] + dense * np.float32(k))
