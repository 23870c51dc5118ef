"""Which bonds of a glued body a blow breaks: the body as a net of springs, loaded by the blow and by its pieces' inertia."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.records import Float, Int


def bond_loads(pair: Int, area: Float, normal: Float, force: Float, *, pressed: float) -> Float:
    """Force on each bond of a net at rest under `force`: L u = f, load = k |u_second − u_first|.

    L is the net's Laplacian with the contact areas k as stiffness (all bonds as long and as stiff as one another); f is taken less its
    mean, which moves the whole net. A bond that is pressed along its normal bears it better than one that is pulled or sheared.

    Parameters
    ----------
    pair
        (B, 2) int, ends of the bonds, 0..n-1, every piece reached by one.
    area, normal
        (B,) m² and (B, 3) from first to second.
    force
        (n, 3) newtons on the pieces.
    pressed
        Share of a pressing load that counts, 0..1.

    Returns
    -------
    (B,) float64, newtons.
    """
    n, (a, b) = len(force), pair.T
    net = np.zeros((n, n))
    np.add.at(net, (a, a), area)
    np.add.at(net, (b, b), area)
    np.subtract.at(net, (a, b), area)
    np.subtract.at(net, (b, a), area)
    free = force - force.mean(0)
    stiff = float(area.mean())
    moved = np.linalg.solve(net + stiff / n, free)  # + a multiple of 1 1ᵀ: the same u, its mean 0
    pull = (moved[b] - moved[a]) * area[:, None]
    along = (pull * normal).sum(1)
    across = np.linalg.norm(pull - along[:, None] * normal, axis=1)
    return np.asarray(np.hypot(np.where(along > 0, along, pressed * along), across))


def parts(pair: Int, count: int) -> list[Int]:
    """Connected parts of 0..count-1 under the (B, 2) pairs that still hold, each rising, in the order of their lowest."""
    lowest = np.arange(count)
    rows = pair.tolist()
    changed = True
    while changed:
        changed = False
        for a, b in rows:
            least = min(lowest[a], lowest[b])
            if lowest[a] != least or lowest[b] != least:
                lowest[a] = lowest[b] = least
                changed = True
    return [np.flatnonzero(lowest == first) for first in np.unique(lowest)]
