"""What takes light, at twice the solver's fineness: its density, with detail cut out of the cloud's edges and laid over its inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from bottega.engine.collapse.dust.state import Array, Byte
from bottega.engine.synthesis.compiled import uncounted

ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)
DRAWN_OUT = np.float32(0.8)  # of |∇d|²


@uncounted
def at(a: Array, x: Any, y: Any, z: Any) -> Any:
    """Trilinear, 0 from half a cell beyond the volume on; x, y, z count from the first entry's middle."""
    nx, ny, nz = a.shape
    if x <= -1 or y <= -1 or z <= -1 or x >= nx or y >= ny or z >= nz:
        return ZERO
    x = min(max(x, ZERO), np.float32(nx - 1))
    y = min(max(y, ZERO), np.float32(ny - 1))
    z = min(max(z, ZERO), np.float32(nz - 1))
    i, j, k = min(int(x), nx - 2), min(int(y), ny - 2), min(int(z), nz - 2)
    fx, fy, fz = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    c00 = a[i, j, k] + fz * (a[i, j, k + 1] - a[i, j, k])
    c01 = a[i, j + 1, k] + fz * (a[i, j + 1, k + 1] - a[i, j + 1, k])
    c10 = a[i + 1, j, k] + fz * (a[i + 1, j, k + 1] - a[i + 1, j, k])
    c11 = a[i + 1, j + 1, k] + fz * (a[i + 1, j + 1, k + 1] - a[i + 1, j + 1, k])
    c0 = c00 + fy * (c01 - c00)
    return c0 + fx * (c10 + fy * (c11 - c10) - c0)


@uncounted
def _wrapped(whole: Any, side: int) -> int:
    """A whole number modulo the tile's side; a division of floats, which is several times faster than one of integers, put right after."""
    i = int(whole) - side * int(np.floor(whole / np.float32(side)))
    if i < 0:
        return i + side
    return i - side if i >= side else i


@uncounted
def tiled(tile: Array, x: Any, y: Any, z: Any) -> Any:
    """Trilinear in a tile that repeats; x, y, z in its entries."""
    side = tile.shape[0]
    fi, fj, fk = np.floor(x), np.floor(y), np.floor(z)
    fx, fy, fz = np.float32(x - fi), np.float32(y - fj), np.float32(z - fk)
    i, j, k = _wrapped(fi, side), _wrapped(fj, side), _wrapped(fk, side)
    i1, j1, k1 = i + 1 if i + 1 < side else 0, j + 1 if j + 1 < side else 0, k + 1 if k + 1 < side else 0
    c00 = tile[i, j, k] + fz * (tile[i, j, k1] - tile[i, j, k])
    c01 = tile[i, j1, k] + fz * (tile[i, j1, k1] - tile[i, j1, k])
    c10 = tile[i1, j, k] + fz * (tile[i1, j, k1] - tile[i1, j, k])
    c11 = tile[i1, j1, k] + fz * (tile[i1, j1, k1] - tile[i1, j1, k])
    c0 = c00 + fy * (c01 - c00)
    return c0 + fx * (c10 + fy * (c11 - c10) - c0)


@uncounted
def weave(first: int, last: int, given: tuple[Array, Array], cell: np.float32, out: Array) -> None:
    """Both textures' displacements and weights, (X, Y, Z, 8): x, y, z, weight of either; rows first..last.

    given = texture (2, X, Y, Z, 3), and the weight that time gives each (2,). Where one has been drawn out, and its detail with it, the
    other counts for more: weight / (1 + (|∇d| / tolerance)²).
    """
    texture, weight = given
    _, nx, ny, nz, _ = texture.shape
    for i in range(first, last):
        a, b = max(i - 1, 0), min(i + 1, nx - 1)
        for j in range(ny):
            c, d = max(j - 1, 0), min(j + 1, ny - 1)
            for k in range(nz):
                e, f = max(k - 1, 0), min(k + 1, nz - 1)
                for s in range(2):
                    drawn = ZERO
                    for n in range(3):
                        out[i, j, k, 4 * s + n] = texture[s, i, j, k, n]
                        x = (texture[s, b, j, k, n] - texture[s, a, j, k, n]) / (np.float32(b - a) * cell)
                        y = (texture[s, i, d, k, n] - texture[s, i, c, k, n]) / (np.float32(d - c) * cell)
                        z = (texture[s, i, j, f, n] - texture[s, i, j, e, n]) / (np.float32(f - e) * cell)
                        drawn += x * x + y * y + z * z
                    out[i, j, k, 4 * s + 3] = weight[s] / (ONE + drawn / DRAWN_OUT)


def softened(a: Array) -> Array:
    """Blur the first three axes by ⅕, ⅗, ⅕: what is then drawn linearly between cells shows no facets. What is beyond repeats the edge."""
    for axis in range(3):
        n = a.shape[axis]
        before, after = np.take(a, np.maximum(np.arange(n) - 1, 0), axis), np.take(a, np.minimum(np.arange(n) + 1, n - 1), axis)
        a = np.float32(0.6) * a + np.float32(0.2) * (before + after)
    return a


@uncounted
def displaced(woven: Array, x: Any, y: Any, z: Any, out: Array) -> None:
    """Displacements and weights, (8,), at coarse x, y, z that count from the first cell's middle: trilinear, clamped."""
    nx, ny, nz, _ = woven.shape
    x = min(max(x, ZERO), np.float32(nx - 1))
    y = min(max(y, ZERO), np.float32(ny - 1))
    z = min(max(z, ZERO), np.float32(nz - 1))
    i, j, k = min(int(x), nx - 2), min(int(y), ny - 2), min(int(z), nz - 2)
    fx, fy, fz = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    for n in range(8):
        a = woven[i, j, k, n] + fz * (woven[i, j, k + 1, n] - woven[i, j, k, n])
        b = woven[i, j + 1, k, n] + fz * (woven[i, j + 1, k + 1, n] - woven[i, j + 1, k, n])
        c = woven[i + 1, j, k, n] + fz * (woven[i + 1, j, k + 1, n] - woven[i + 1, j, k, n])
        d = woven[i + 1, j + 1, k, n] + fz * (woven[i + 1, j + 1, k + 1, n] - woven[i + 1, j + 1, k, n])
        a, c = a + fy * (b - a), c + fy * (d - c)
        out[n] = a + fx * (c - a)


@uncounted
def detail(tile: Array, moved: Array, place: Any, how: Any) -> Any:
    """Detail at a place (x, y, z) m: both textures' by their weights. how = entries of the tile a metre, (2, 3) offsets in entries."""
    dense, offset = how
    x, y, z = place
    total = ZERO
    for s in range(2):
        px, py, pz = x + moved[4 * s], y + moved[4 * s + 1], z + moved[4 * s + 2]
        here = tiled(tile, dense * px + offset[s, 0], dense * py + offset[s, 1], dense * pz + offset[s, 2])
        total += moved[4 * s + 3] * here
    return total


@uncounted
def cut(thick: Any, puff: Any, how: Any) -> Any:
    """Extinction with detail: thick·exp2(inside·puff), and of that the share beyond an edge that puffs push out and in.

    how = edge (1/m), reach (octaves), inside (octaves), veil.
    """
    edge, reach, inside, veil = how
    if thick <= 0:
        return ZERO
    t = HALF + (np.log2(thick / edge) + reach * puff) * np.float32(0.5)
    t = min(max(t, ZERO), ONE)
    t = t * t * (np.float32(3) - np.float32(2) * t)
    return thick * np.exp2(inside * puff) * (veil + (ONE - veil) * t)


def fill(first: int, last: int, given: Any, how: Any, out: Array) -> None:
    """Extinction (2X, 2Y, 2Z), 1/m, of rows first..last. given = density, woven, tile; how = 1/m a kg/m³, cell, of `detail`, of `cut`."""
    _fill(first, last, given, how, np.zeros(8, np.float32), out)


@uncounted
def _fill(first: int, last: int, given: Any, how: Any, moved: Array, out: Array) -> None:
    density, woven, tile = given
    takes, cell, carved, edges = how
    quarter = np.float32(0.25)
    for i in range(first, last):
        x = HALF * np.float32(i) - quarter
        for j in range(out.shape[1]):
            y = HALF * np.float32(j) - quarter
            for k in range(out.shape[2]):
                z = HALF * np.float32(k) - quarter
                thick = takes * at(density, x, y, z)
                if thick <= edges[0] * np.float32(0.01):
                    out[i, j, k] = 0
                    continue
                displaced(woven, x, y, z, moved)
                puff = detail(tile, moved, (cell * x, cell * y, cell * z), carved)
                out[i, j, k] = cut(thick, puff, edges)


@uncounted
def busy(extinction: Array, block: int, out: Byte) -> None:
    """1 for blocks of block³ entries that light may be taken in, themselves or in an entry beside them."""
    nx, ny, nz = extinction.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                if extinction[i, j, k] > 0:
                    for a in range(max(i - 1, 0) // block, min(i + 1, nx - 1) // block + 1):
                        for b in range(max(j - 1, 0) // block, min(j + 1, ny - 1) // block + 1):
                            for c in range(max(k - 1, 0) // block, min(k + 1, nz - 1) // block + 1):
                                out[a, b, c] = 1
