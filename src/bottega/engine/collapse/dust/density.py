"""The dust's density as rays meet it, on a grid: what other programs are given."""

from __future__ import annotations

from typing import Any

import numpy as np

from bottega.engine.collapse.dust.light import DustLight
from bottega.engine.collapse.dust.march import volume_of
from bottega.engine.collapse.dust.march_kernel import HALF, QUARTER, thickness
from bottega.engine.collapse.dust.slabs import in_slabs
from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.dust.volume import at, displaced
from bottega.engine.synthesis.compiled import compiled

_PLACES = 2  # along each side of an entry that its mean is of


def density(light: DustLight, *, threads: int = 1) -> Array:
    """Extinction σ of a frame's dust with all its detail, each entry the mean of eight places in it: T = exp(−∫ σ ds).

    Parameters
    ----------
    light
        Of `lit`.
    threads
        At most this many; the bits are the same for any number.

    Returns
    -------
    (2X, 2Y, 2Z) float32, 1/m, at twice the grid's fineness: entry i, j, k begins at origin + (i, j, k) · cell_m / 2.
    """
    out = np.zeros_like(light.extinction)
    in_slabs(_fill, len(out), threads, volume_of(light), light.woven, out)
    return out


@compiled
def _fill(first: int, last: int, volume: Any, woven: Array, out: Array) -> None:
    moved, part = np.zeros(8, np.float32), np.float32(1 / _PLACES)
    for i in range(first, last):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                total = np.float32(0)
                for n in range(_PLACES**3):
                    x = np.float32(i) + (np.float32(n % _PLACES) + HALF) * part - HALF
                    y = np.float32(j) + (np.float32(n // _PLACES % _PLACES) + HALF) * part - HALF
                    z = np.float32(k) + (np.float32(n // _PLACES**2) + HALF) * part - HALF
                    if at(volume[0], x, y, z) <= 0:
                        continue
                    displaced(woven, HALF * x - QUARTER, HALF * y - QUARTER, HALF * z - QUARTER, moved)
                    total += thickness(volume, x, y, z, moved)[0]
                out[i, j, k] = total / np.float32(_PLACES**3)
