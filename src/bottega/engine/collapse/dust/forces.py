"""What pushes the air: the weight of its dust, its own eddies kept alive, pieces that fall through it, and the wind it comes to rest in."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust.state import Air, Array
from bottega.engine.synthesis.compiled import uncounted

HALF = np.float32(0.5)


@uncounted
def curl(first: int, last: int, air: Air, cell: np.float32, out: Array) -> None:
    """∇×velocity in the cells' middles, and its length: (X, Y, Z, 4), 1/s; rows first..last; 0 in the outermost cells."""
    u, v, w = air
    nx, ny, nz = out.shape[:3]
    f = np.float32(0.25) / cell
    for i in range(max(first, 1), min(last, nx - 1)):
        for j in range(1, ny - 1):
            for k in range(1, nz - 1):
                wy = (w[i, j + 1, k] + w[i, j + 1, k + 1]) - (w[i, j - 1, k] + w[i, j - 1, k + 1])
                vz = (v[i, j, k + 1] + v[i, j + 1, k + 1]) - (v[i, j, k - 1] + v[i, j + 1, k - 1])
                uz = (u[i, j, k + 1] + u[i + 1, j, k + 1]) - (u[i, j, k - 1] + u[i + 1, j, k - 1])
                wx = (w[i + 1, j, k] + w[i + 1, j, k + 1]) - (w[i - 1, j, k] + w[i - 1, j, k + 1])
                vx = (v[i + 1, j, k] + v[i + 1, j + 1, k]) - (v[i - 1, j, k] + v[i - 1, j + 1, k])
                uy = (u[i, j + 1, k] + u[i + 1, j + 1, k]) - (u[i, j - 1, k] + u[i + 1, j - 1, k])
                a, b, c = f * (wy - vz), f * (uz - wx), f * (vx - uy)
                out[i, j, k, 0], out[i, j, k, 1], out[i, j, k, 2] = a, b, c
                out[i, j, k, 3] = np.sqrt(a * a + b * b + c * c)


@uncounted
def confine(first: int, last: int, whirl: Array, strength: np.float32, out: Array) -> None:
    """Vorticity confinement (Fedkiw, Stam and Jensen 2001): strength·(N × ω), N towards more |ω|: (X, Y, Z, 3), m/s; rows first..last."""
    nx, ny, nz = out.shape[:3]
    for i in range(max(first, 2), min(last, nx - 2)):
        for j in range(2, ny - 2):
            for k in range(1, nz - 2):
                x = whirl[i + 1, j, k, 3] - whirl[i - 1, j, k, 3]
                y = whirl[i, j + 1, k, 3] - whirl[i, j - 1, k, 3]
                z = whirl[i, j, k + 1, 3] - whirl[i, j, k - 1, 3]
                size = np.sqrt(x * x + y * y + z * z)
                if size == 0:
                    continue
                s = strength / size
                a, b, c = whirl[i, j, k, 0], whirl[i, j, k, 1], whirl[i, j, k, 2]
                out[i, j, k, 0], out[i, j, k, 1], out[i, j, k, 2] = s * (y * c - z * b), s * (z * a - x * c), s * (x * b - y * a)


@uncounted
def push(air: Air, given: Array, dust: Array, sink: np.float32) -> None:
    """Add half of each cell's push (X, Y, Z, 3) m/s to its faces, and take the dust's weight: sink m/s for each kg/m³ on either side."""
    u, v, w = air
    nx, ny, nz = dust.shape
    for i in range(nx):
        for j in range(ny):
            for k in range(nz):
                for side in range(2):
                    u[i + side, j, k] += HALF * given[i, j, k, 0]
                    v[i, j + side, k] += HALF * given[i, j, k, 1]
                    w[i, j, k + side] += HALF * (given[i, j, k, 2] - sink * dust[i, j, k])


@uncounted
def drag(air: Air, share: Array, moving: Array) -> None:
    """Blend the air's velocity into that of what fills it: share (X, Y, Z) 0..1, moving (X, Y, Z, 3) m/s."""
    nx, ny, nz = share.shape
    for a in range(3):
        velocity = air[a]
        for i in range(nx + (a == 0)):
            for j in range(ny + (a == 1)):
                for k in range(nz + (a == 2)):
                    here = share[min(i, nx - 1), min(j, ny - 1), min(k, nz - 1)]
                    bi, bj, bk = max(i - (a == 0), 0), max(j - (a == 1), 0), max(k - (a == 2), 0)
                    there = share[min(bi, nx - 1), min(bj, ny - 1), min(bk, nz - 1)]
                    both = here + there
                    if both == 0:
                        continue
                    mine = moving[min(i, nx - 1), min(j, ny - 1), min(k, nz - 1), a]
                    wanted = (here * mine + there * moving[min(bi, nx - 1), min(bj, ny - 1), min(bk, nz - 1), a]) / both
                    velocity[i, j, k] += HALF * both * (wanted - velocity[i, j, k])


@uncounted
def to_wind(air: Air, wind: Array, edge: int, share: np.float32) -> None:
    """Blend the air of the outermost `edge` cells, sides and top, into the wind (Z, 2), but for what is on its way out."""
    for a in range(3):
        velocity = air[a]
        nx, ny, nz = velocity.shape
        for i in range(nx):
            for j in range(ny):
                for k in range(nz):
                    near = min(i, nx - 1 - i, j, ny - 1 - j, nz - 1 - k)
                    ahead, size = (i, nx) if a == 0 else ((j, ny) if a == 1 else (k, nz))
                    leaves = (velocity[i, j, k] < 0 and ahead < edge and a < 2) or (velocity[i, j, k] > 0 and ahead >= size - edge)
                    if near < edge and not leaves:
                        wanted = wind[min(k, wind.shape[0] - 1), a] if a < 2 else np.float32(0)
                        part = share * np.float32(edge - near) / np.float32(edge)
                        velocity[i, j, k] += part * (wanted - velocity[i, j, k])
