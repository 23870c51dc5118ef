"""How much stands between every place of a volume and a light far away: one sweep, slice by slice, away from the light."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust.state import Array
from bottega.engine.synthesis.compiled import uncounted


def depth_towards(extinction: Array, direction: tuple[float, float, float], cell_m: float) -> Array:
    """Optical depth from each entry's middle to the volume's end along a direction: ∫ extinction ds.

    Each slice looks up the one before it where the ray to the light passes it (bilinear), and adds half of both extinctions on the way.

    Parameters
    ----------
    extinction
        (X, Y, Z) float32, 1/m; 0 outside.
    direction
        Unit vector to the light.
    cell_m
        Edge of an entry, m.

    Returns
    -------
    (X, Y, Z) float32.

    Raises
    ------
    ValueError
        A direction without length.
    """
    size = float(np.linalg.norm(direction))
    if not size > 0:
        raise ValueError(f"direction: a vector with a length is needed, not {direction}")
    axis = int(np.argmax(np.abs(direction)))
    turned = np.ascontiguousarray(np.moveaxis(extinction, axis, 0))
    along = direction[axis]
    beside = [direction[a] / abs(along) for a in range(3) if a != axis]
    out = np.empty_like(turned)
    step = np.float32(cell_m * size / abs(along))
    _sweep(turned, along > 0, (np.float32(beside[0]), np.float32(beside[1])), step, out)
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


@uncounted
def _sweep(a: Array, upwards: bool, beside: tuple[np.float32, np.float32], step: np.float32, out: Array) -> None:
    """Through the first axis, from the side the light comes from."""
    n, ny, nz = a.shape
    half, zero, one = np.float32(0.5) * step, np.float32(0), np.float32(1)
    fy0, fz0 = np.floor(beside[0]), np.floor(beside[1])
    fy, fz = beside[0] - fy0, beside[1] - fz0
    dj, dk = int(fy0), int(fz0)
    for m in range(n):
        i = n - 1 - m if upwards else m
        before = i + 1 if upwards else i - 1
        for j in range(ny):
            for k in range(nz):
                here = half * a[i, j, k]
                if m == 0:
                    out[i, j, k] = here
                    continue
                total = zero
                for corner in range(4):
                    jj, kk = j + dj + (corner >> 1), k + dk + (corner & 1)
                    if 0 <= jj < ny and 0 <= kk < nz:
                        share = (fy if corner >> 1 else one - fy) * (fz if corner & 1 else one - fz)
                        total += share * (out[before, jj, kk] + half * a[before, jj, kk])
                out[i, j, k] = here + total
