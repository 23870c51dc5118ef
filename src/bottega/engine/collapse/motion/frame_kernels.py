"""A glued body as a frame of stiff nodes and elastic joints, compiled: its factor once, its loads for every blow.

Plain loops in double precision, no fast maths, no library of linear algebra: the same bits for any number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bottega.engine.collapse.records import Float, Int

_HELD = 1e-7  # share of the joints' stiffness that holds every node to the world, so that the body as a whole may float


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _reach(arm: Float, row: int, column: int) -> float:
    """Entry of the 3 × 6 matrix [I, −[arm]×]: a node's motion (u, θ) to its joint's, u + θ × arm."""
    if column < 3:
        return 1.0 if row == column else 0.0
    turn = column - 3
    if turn == row:
        return 0.0
    other = 3 - row - turn
    sign: float = 1.0 if (turn + 1) % 3 == other else -1.0
    return sign * float(arm[other])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def factor(pair: Int, area: Float, at: Float, place: Float) -> Float:
    """Upper triangle U with UᵀU = K, the frame's stiffness, by Cholesky row after row.

    A joint of area A resists being parted with A and being bent with A²/12, as a square prism of one length and one elasticity would.

    Parameters
    ----------
    pair
        (B, 2) int64, nodes that a joint holds together.
    area, at
        (B,) m² and (B, 3) metres: the joints.
    place
        (n, 3) metres: the nodes.

    Returns
    -------
    (6 n, 6 n) float64; what is below the diagonal is not set.
    """
    n = 6 * len(place)
    k = np.zeros((n, n))
    for b in range(len(pair)):
        for p in range(2):
            for q in range(2):
                sign = 1.0 if p == q else -1.0
                arm, far = at[b] - place[pair[b, p]], at[b] - place[pair[b, q]]
                for i in range(6):
                    for j in range(6):
                        value = 0.0
                        for row in range(3):
                            value += _reach(arm, row, i) * _reach(far, row, j)
                        value *= area[b]
                        if i == j and i >= 3:
                            value += area[b] * area[b] / 12
                        k[6 * pair[b, p] + i, 6 * pair[b, q] + j] += sign * value
    held = _HELD * area.mean()
    for i in range(n):
        k[i, i] += held
    for i in range(n):
        root = np.sqrt(k[i, i])
        k[i, i:] /= root
        for j in range(i + 1, n):
            if k[i, j] != 0.0:
                k[j, j:] -= k[i, j] * k[i, j:]
    return k


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def loads(upper: Float, joints: tuple[Int, Float, Float, Float], place: Float, force: Float, pressed: float) -> Float:
    """Load on each joint of a frame under forces and torques on its nodes: its edge's normal stress and its shear, times its area.

    Parameters
    ----------
    upper
        (6 n, 6 n), see `factor`.
    joints
        (B, 2) nodes, (B,) areas, (B, 3) places, (B, 3) normals from first to second.
    place
        (n, 3) metres.
    force
        (n, 6) newtons and newton metres.
    pressed
        Share of pressing that counts, 0..1.

    Returns
    -------
    (B,) float64, newtons.
    """
    pair, area, at, normal = joints
    n = 6 * len(place)
    x = force.copy().reshape(n)
    for i in range(n):  # Uᵀ y = f
        x[i] /= upper[i, i]
        x[i + 1 :] -= x[i] * upper[i, i + 1 :]
    for i in range(n - 1, -1, -1):  # U x = y
        total = x[i]
        for j in range(i + 1, n):
            total -= upper[i, j] * x[j]
        x[i] = total / upper[i, i]
    out = np.empty(len(pair))
    apart, bent = np.empty(3), np.empty(3)
    for b in range(len(pair)):
        first, second = 6 * pair[b, 0], 6 * pair[b, 1]
        r, s = at[b] - place[pair[b, 0]], at[b] - place[pair[b, 1]]
        for c in range(3):
            d, e = (c + 1) % 3, (c + 2) % 3
            here = x[first + c] + x[first + 3 + d] * r[e] - x[first + 3 + e] * r[d]
            there = x[second + c] + x[second + 3 + d] * s[e] - x[second + 3 + e] * s[d]
            apart[c] = (there - here) * area[b]
            bent[c] = (x[second + 3 + c] - x[first + 3 + c]) * area[b] * area[b] / 12
        along = apart[0] * normal[b, 0] + apart[1] * normal[b, 1] + apart[2] * normal[b, 2]
        shear = np.sqrt(max(apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2 - along * along, 0.0))
        edge = 6 * np.sqrt(bent[0] ** 2 + bent[1] ** 2 + bent[2] ** 2) / np.sqrt(area[b])
        straight = max(along + edge, pressed * (edge - along))
        out[b] = np.sqrt(straight * straight + shear * shear)
    return out
