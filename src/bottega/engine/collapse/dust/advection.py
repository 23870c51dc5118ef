"""Air carries itself, the dust and the texture: MacCormack's scheme with clamping, and a flux-limited one that keeps every gram.

Positions are in cells from the box's lowest corner; a cell's middle is at +½. `shift` says where an array's first entry lies in its
cell: (0, ½, ½) for u, (½, ½, ½) for what sits in the middle. Beyond the sides and the top the wind blows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bottega.engine.collapse.dust.state import Air, Array
from bottega.engine.synthesis.compiled import uncounted

HALF = np.float32(0.5)


@uncounted
def _at(a: Array, x: Any, y: Any, z: Any) -> Any:
    """Trilinear, clamped; x, y, z count from the first entry."""
    x = min(max(x, np.float32(0)), np.float32(a.shape[0] - 1))
    y = min(max(y, np.float32(0)), np.float32(a.shape[1] - 1))
    z = min(max(z, np.float32(0)), np.float32(a.shape[2] - 1))
    i, j, k = min(int(x), a.shape[0] - 2), min(int(y), a.shape[1] - 2), min(int(z), a.shape[2] - 2)
    fx, fy, fz = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    c00 = a[i, j, k] + fz * (a[i, j, k + 1] - a[i, j, k])
    c01 = a[i, j + 1, k] + fz * (a[i, j + 1, k + 1] - a[i, j + 1, k])
    c10 = a[i + 1, j, k] + fz * (a[i + 1, j, k + 1] - a[i + 1, j, k])
    c11 = a[i + 1, j + 1, k] + fz * (a[i + 1, j + 1, k + 1] - a[i + 1, j + 1, k])
    c0 = c00 + fy * (c01 - c00)
    c1 = c10 + fy * (c11 - c10)
    return c0 + fx * (c1 - c0)


@uncounted
def _back(air: Any, x: Any, y: Any, z: Any, c: Any) -> tuple[Any, Any, Any]:
    """Where the air at (x, y, z) was: second-order Runge-Kutta; c is seconds over cell, below 0 for where it will be."""
    u, v, w = air
    h = HALF
    mx = x - h * c * _at(u, x, y - h, z - h)
    my = y - h * c * _at(v, x - h, y, z - h)
    mz = z - h * c * _at(w, x - h, y - h, z)
    return (x - c * _at(u, mx, my - h, mz - h), y - c * _at(v, mx - h, my, mz - h), z - c * _at(w, mx - h, my - h, mz))


@uncounted
def carry_back(first: int, last: int, given: tuple[Array, Air], how: Any, out: Any) -> None:
    """out(x) = source(where x was), with the least and the greatest of the eight it lies between. how = shift, seconds/cell, beyond."""
    source, air = given
    (sx, sy, sz), c, beyond, size = how
    value, low, high = out
    for i in range(first, last):
        for j in range(source.shape[1]):
            for k in range(source.shape[2]):
                x, y, z = _back(air, np.float32(i) + sx, np.float32(j) + sy, np.float32(k) + sz, c)
                if x < 0 or y < 0 or z > size[2] or x > size[0] or y > size[1]:
                    value[i, j, k] = low[i, j, k] = high[i, j, k] = beyond[k]
                    continue
                value[i, j, k] = _at(source, x - sx, y - sy, z - sz)
                a, b = _between(source, x - sx, y - sy, z - sz)
                low[i, j, k], high[i, j, k] = a, b


@uncounted
def _between(a: Array, x: Any, y: Any, z: Any) -> tuple[np.float32, np.float32]:
    i = min(max(int(x), 0), a.shape[0] - 2)
    j = min(max(int(y), 0), a.shape[1] - 2)
    k = min(max(int(z), 0), a.shape[2] - 2)
    least = most = a[i, j, k]
    for di in range(2):
        for dj in range(2):
            for dk in range(2):
                least = min(least, a[i + di, j + dj, k + dk])
                most = max(most, a[i + di, j + dj, k + dk])
    return least, most


@uncounted
def correct(first: int, last: int, given: tuple[Array, Air, Any], how: Any, out: Array) -> None:
    """MacCormack's second half (Selle, Fedkiw, Kim, Liu and Rossignac 2008): carried + ½(source − carried and brought back), clamped."""
    source, air, carried = given
    (sx, sy, sz), c, beyond, size = how
    value, low, high = carried
    for i in range(first, last):
        for j in range(source.shape[1]):
            for k in range(source.shape[2]):
                x, y, z = _back(air, np.float32(i) + sx, np.float32(j) + sy, np.float32(k) + sz, -c)
                outside = x < 0 or y < 0 or z > size[2] or x > size[0] or y > size[1]
                again = beyond[k] if outside else _at(value, x - sx, y - sy, z - sz)
                better = value[i, j, k] + HALF * (source[i, j, k] - again)
                out[i, j, k] = min(max(better, low[i, j, k]), high[i, j, k])


@uncounted
def carry_texture(first: int, last: int, given: tuple[Array, Air], how: tuple[np.float32, np.float32], out: Array) -> None:
    """Displacement d(x) = d(b) + (b − x)·cell, b where x was: (2, X, Y, Z, 3), of which rows first..last are written."""
    source, air = given
    c, cell = how
    h = HALF
    nx, ny, nz = source.shape[1:4]
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                x, y, z = _back(air, np.float32(i) + h, np.float32(j) + h, np.float32(k) + h, c)
                px = min(max(x - h, np.float32(0)), np.float32(nx - 1))
                py = min(max(y - h, np.float32(0)), np.float32(ny - 1))
                pz = min(max(z - h, np.float32(0)), np.float32(nz - 1))
                ci, cj, ck = min(int(px), nx - 2), min(int(py), ny - 2), min(int(pz), nz - 2)
                fx, fy, fz = np.float32(px - ci), np.float32(py - cj), np.float32(pz - ck)
                for s in range(2):
                    for a in range(3):
                        total = np.float32(0)
                        for corner in range(8):
                            di, dj, dk = corner >> 2, (corner >> 1) & 1, corner & 1
                            wx = fx if di else np.float32(1) - fx
                            wy = fy if dj else np.float32(1) - fy
                            wz = fz if dk else np.float32(1) - fz
                            total += wx * wy * wz * source[s, ci + di, cj + dj, ck + dk, a]
                        out[s, i, j, k, a] = total
                    out[s, i, j, k, 0] += (x - h - np.float32(i)) * cell
                    out[s, i, j, k, 1] += (y - h - np.float32(j)) * cell
                    out[s, i, j, k, 2] += (z - h - np.float32(k)) * cell


@uncounted
def _through(q: Array, at: tuple[int, int, int], step: tuple[int, int, int], courant: np.float32) -> np.float32:
    """What passes the lower face of a cell along an axis, as a share of a cell: upwind, sharpened by van Leer's limiter (1974)."""
    i, j, k = at
    di, dj, dk = step
    n = i * di + j * dj + k * dk
    size = q.shape[0] * di + q.shape[1] * dj + q.shape[2] * dk
    here = q[i, j, k] if n < size else np.float32(0)
    before = q[i - di, j - dj, k - dk] if n > 0 else np.float32(0)
    if courant == 0 or (here == 0 and before == 0):
        return np.float32(0)
    up, jump = (before, here - before) if courant > 0 else (here, before - here)
    further = np.float32(0)
    if courant > 0:
        further = q[i - 2 * di, j - 2 * dj, k - 2 * dk] if n > 1 else np.float32(0)
    elif n + 1 < size:
        further = q[i + di, j + dj, k + dk]
    slope = up - further
    if slope * jump <= 0:
        return courant * up
    return courant * (up + HALF * (np.float32(1) - abs(courant)) * np.float32(2) * slope / (slope + jump) * jump)


@uncounted
def carry_dust(first: int, last: int, given: tuple[Array, Air], how: Any, out: Any) -> None:
    """Dust that passes each face, in one step short enough that no cell gives away more than it has. how = seconds/cell, fall, solid.

    out = density after it, what came to lie in each column, and what left it sideways or upwards, both in cells' density.
    """
    dust, air = given
    c, fall, solid = how
    u, v, w = air
    after, laid, gone = out
    nx, ny, nz = dust.shape
    for i in range(first, last):
        for j in range(ny):
            for k in range(nz):
                if solid[i, j, k]:
                    after[i, j, k] = 0
                    continue
                west = _through(dust, (i, j, k), (1, 0, 0), c * u[i, j, k])
                east = _through(dust, (i + 1, j, k), (1, 0, 0), c * u[i + 1, j, k])
                south = _through(dust, (i, j, k), (0, 1, 0), c * v[i, j, k])
                north = _through(dust, (i, j + 1, k), (0, 1, 0), c * v[i, j + 1, k])
                top = _through(dust, (i, j, k + 1), (0, 0, 1), c * (w[i, j, k + 1] - fall))
                if k + 1 < nz and solid[i, j, k + 1]:
                    top = np.float32(0)
                if k == 0 or solid[i, j, k - 1]:
                    bottom = -c * fall * dust[i, j, k]
                    laid[i, j] -= bottom
                else:
                    bottom = _through(dust, (i, j, k), (0, 0, 1), c * (w[i, j, k] - fall))
                after[i, j, k] = dust[i, j, k] + ((west - east) + (south - north) + (bottom - top))
                if i == 0:
                    gone[i, j] -= west
                if i == nx - 1:
                    gone[i, j] += east
                if j == 0:
                    gone[i, j] -= south
                if j == ny - 1:
                    gone[i, j] += north
                if k == nz - 1:
                    gone[i, j] += top


@uncounted
def busiest(dust: Array, air: Air, fall: np.float32) -> np.float32:
    """Most that flows out of a cell with dust in it: metres a second, summed over its faces."""
    u, v, w = air
    most = np.float32(0)
    zero = np.float32(0)
    for i in range(dust.shape[0]):
        for j in range(dust.shape[1]):
            for k in range(dust.shape[2]):
                if dust[i, j, k] > 0:
                    side = max(-u[i, j, k], zero) + max(u[i + 1, j, k], zero) + max(-v[i, j, k], zero) + max(v[i, j + 1, k], zero)
                    most = max(most, side + max(fall - w[i, j, k], zero) + max(w[i, j, k + 1] - fall, zero))
    return most
