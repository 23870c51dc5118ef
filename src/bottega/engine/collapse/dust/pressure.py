"""Projection: the air's velocity less the gradient of a pressure, so that as much leaves a cell as enters it and is made in it.

The box stands on solid ground and is open to its sides and above (no pressure there). Without buildings the fast sine and cosine transforms
solve it at once; with them it is the preconditioner of conjugate gradients, whose steps do not grow in number with the grid's fineness.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bottega.engine.collapse.dust.state import Air, Array, Mask
from bottega.engine.synthesis.compiled import uncounted

_MOST_STEPS = 40


def inverse_laplacian(right: Array) -> Array:
    """Solve Δp = right in unit cells, p 0 on sides and top, its slope 0 on the ground.

    Parameters
    ----------
    right
        (X, Y, Z) float32.

    Returns
    -------
    (X, Y, Z) float32.
    """
    from scipy import fft

    waves = fft.dct(fft.dstn(right, type=2, axes=(0, 1), norm="ortho"), type=4, axis=2, norm="ortho")
    waves /= _eigenvalues(right.shape)
    return np.asarray(fft.idstn(fft.idct(waves, type=4, axis=2, norm="ortho"), type=2, axes=(0, 1), norm="ortho"), np.float32)


@lru_cache(maxsize=4)
def _eigenvalues(shape: tuple[int, int, int]) -> Array:
    x, y, z = shape
    along_x = 2 * np.cos(np.pi * np.arange(1, x + 1) / x) - 2
    along_y = 2 * np.cos(np.pi * np.arange(1, y + 1) / y) - 2
    along_z = 2 * np.cos(np.pi * (np.arange(z) + 0.5) / z) - 2
    return np.asarray(along_x[:, None, None] + along_y[:, None] + along_z, np.float32)


@uncounted
def still_walls(air: Air, solid: Mask) -> None:
    """No air passes the ground, nor the faces of solid cells."""
    u, v, w = air
    for i in range(solid.shape[0]):
        for j in range(solid.shape[1]):
            w[i, j, 0] = 0
            for k in range(solid.shape[2]):
                if solid[i, j, k]:
                    u[i, j, k] = u[i + 1, j, k] = v[i, j, k] = v[i, j + 1, k] = w[i, j, k] = w[i, j, k + 1] = 0


@uncounted
def divergence(air: Air, made: Array, solid: Mask, out: Array) -> None:
    """What leaves a cell less what enters it and is made in it, m/s; 0 in solid cells. `made` is in m/s too: 1/s times the cell's edge."""
    u, v, w = air
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                side = (u[i + 1, j, k] - u[i, j, k]) + (v[i, j + 1, k] - v[i, j, k])
                out[i, j, k] = 0 if solid[i, j, k] else side + (w[i, j, k + 1] - w[i, j, k]) - made[i, j, k]


@uncounted
def laplacian(p: Array, solid: Mask, out: Array) -> None:
    """Δp in unit cells over the open faces: outside p counts as −p of the cell beside it; ground and solid cells let nothing through."""
    nx, ny, nz = p.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                if solid[i, j, k]:
                    out[i, j, k] = 0
                    continue
                here = p[i, j, k]
                total = np.float32(0)
                total += -2 * here if i == 0 else (np.float32(0) if solid[i - 1, j, k] else p[i - 1, j, k] - here)
                total += -2 * here if i == nx - 1 else (np.float32(0) if solid[i + 1, j, k] else p[i + 1, j, k] - here)
                total += -2 * here if j == 0 else (np.float32(0) if solid[i, j - 1, k] else p[i, j - 1, k] - here)
                total += -2 * here if j == ny - 1 else (np.float32(0) if solid[i, j + 1, k] else p[i, j + 1, k] - here)
                total += np.float32(0) if k == 0 or solid[i, j, k - 1] else p[i, j, k - 1] - here
                total += -2 * here if k == nz - 1 else (np.float32(0) if solid[i, j, k + 1] else p[i, j, k + 1] - here)
                out[i, j, k] = total


@uncounted
def less_gradient(air: Air, p: Array, solid: Mask) -> None:
    """Take ∇p from every open face."""
    u, v, w = air
    nx, ny, nz = p.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                here = p[i, j, k]
                if i == 0:
                    u[i, j, k] -= 2 * here
                elif not solid[i - 1, j, k]:
                    u[i, j, k] -= here - p[i - 1, j, k]
                if i == nx - 1:
                    u[i + 1, j, k] += 2 * here
                if j == 0:
                    v[i, j, k] -= 2 * here
                elif not solid[i, j - 1, k]:
                    v[i, j, k] -= here - p[i, j - 1, k]
                if j == ny - 1:
                    v[i, j + 1, k] += 2 * here
                if k > 0 and not solid[i, j, k - 1]:
                    w[i, j, k] -= here - p[i, j, k - 1]
                if k == nz - 1:
                    w[i, j, k + 1] += 2 * here


@uncounted
def _inner(a: Array, b: Array) -> float:
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                total += np.float64(a[i, j, k]) * np.float64(b[i, j, k])
    return total


def project(air: Air, made: Array, *, solid: Mask, guess: Array, tolerance: float = 1e-3) -> Array:
    """Make the velocity's divergence what is made in each cell, in place, and give back the pressure that did it.

    Parameters
    ----------
    air
        u (X+1, Y, Z), v (X, Y+1, Z), w (X, Y, Z+1) float32, m/s, changed in place.
    made
        (X, Y, Z) float32: air that appears in a cell, 1/s times the cell's edge in m.
    solid
        (X, Y, Z) bool.
    guess
        (X, Y, Z) float32: the pressure to begin with where there are solid cells.
    tolerance
        Divergence that may be left beside buildings, of what was there: root of the mean square.

    Returns
    -------
    (X, Y, Z) float32.

    Raises
    ------
    ValueError
        Air that is not finite, or that does not come to rest in forty steps.
    """
    right = np.empty_like(made)
    still_walls(air, solid)
    divergence(air, made, solid, right)
    size = _inner(right, right)
    if not np.isfinite(size):
        raise ValueError("air that is not finite cannot be projected: were its sources finite?")
    if size == 0:
        return np.zeros_like(guess)
    pressure = _gradients(right, solid, guess, size * tolerance**2) if solid.any() else inverse_laplacian(right)
    less_gradient(air, pressure, solid)
    return pressure


def _gradients(right: Array, solid: Mask, guess: Array, enough: float) -> Array:
    """Preconditioned conjugate gradients (Hestenes and Stiefel 1952)."""
    p = np.where(solid, np.float32(0), guess)
    image = np.empty_like(p)
    laplacian(p, solid, image)
    residual = right - image
    way: npt.NDArray[np.float32] = np.zeros_like(p)
    before = 1.0
    for _ in range(_MOST_STEPS):
        if _inner(residual, residual) <= enough:
            return p
        better = np.where(solid, np.float32(0), inverse_laplacian(residual))
        now = _inner(residual, better)
        way = better + np.float32(now / before) * way
        before = now
        laplacian(way, solid, image)
        step = np.float32(now / _inner(way, image))
        p += step * way
        residual -= step * image
    raise ValueError(f"projection: {_MOST_STEPS} steps did not reach the tolerance; is there a room with no way out, or air made in it?")
