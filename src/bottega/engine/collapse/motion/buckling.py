"""How walls and pillars on a failing storey give way: they come apart, and their middle goes out first."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.motion.direction import Direction, within
from bottega.engine.collapse.records import Bool, Float, Int, Pieces

_UPRIGHT = 0.5  # of a storey's height: what is glued into less is a floor or a beam
_HOLLOW_M = 1.0


def buckling(pieces: Pieces, direction: Direction, release: Int) -> tuple[Bool, Float]:
    """Which pieces buckle, and the velocity that each is pushed with.

    A wall under a load gives way across its thinnest side, its middle first: v = buckle · sin(π h) away from the building's middle, h the
    piece's height within its glue cluster, 0..1 (the first mode of Euler's column). A shaft's walls go away from the shaft's.

    Parameters
    ----------
    pieces
        N pieces.
    direction
        The failures, whose storeys' upright clusters buckle, and the speed.
    release
        (N,) frame in which a piece is let go, 0 never.

    Returns
    -------
    (N,) bool and (N, 3) float64, m/s.
    """
    weak, push = np.zeros(len(pieces), bool), np.zeros((len(pieces), 3))
    if direction.buckle == 0:
        return weak, push
    storeys = np.unique(np.concatenate([f.storeys or pieces.storey[within(f, pieces)] for f in direction.failures]))
    failing = np.isin(pieces.storey, storeys) & (release > 0)
    low, high, out = _shape(pieces)
    count = int(pieces.cluster.max()) + 1
    foot, head, size = np.full(count, np.inf), np.full(count, -np.inf), np.bincount(pieces.cluster, minlength=count)
    np.minimum.at(foot, pieces.cluster, low)
    np.maximum.at(head, pieces.cluster, high)
    tall = (head - foot)[pieces.cluster]
    weak = failing & (tall > _UPRIGHT * _heights(pieces, low, high)[pieces.storey])
    middle = np.stack([np.bincount(pieces.cluster, pieces.centre[:, k], count) for k in range(3)], 1) / np.maximum(size, 1)[:, None]
    from_own = ((pieces.centre - middle[pieces.cluster])[:, :2] * out).sum(1)
    from_all = ((pieces.centre - (pieces.centre.min(0) + pieces.centre.max(0)) / 2)[:, :2] * out).sum(1)
    hollow = np.abs(from_own) > _HOLLOW_M  # a shaft: each of its walls goes away from its middle
    sign = np.where(np.where(hollow, from_own, from_all) >= 0, 1.0, -1.0)
    height = (pieces.centre[:, 2] - foot[pieces.cluster]) / np.maximum(tall, 1e-9)
    push[weak, :2] = (direction.buckle * np.sin(np.pi * height) * sign)[weak, None] * out[weak]
    return weak, push


def _heights(pieces: Pieces, low: Float, high: Float) -> Float:
    """Each storey's height, from its lowest piece's foot to its highest's head."""
    count = int(pieces.storey.max()) + 1
    foot, head = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(foot, pieces.storey, low)
    np.maximum.at(head, pieces.storey, high)
    return np.asarray(head - foot)


def _shape(pieces: Pieces) -> tuple[Float, Float, Float]:
    """Each piece's foot and head, metres, and (N, 2) the horizontal way in which it is thinnest."""
    first = pieces.hull_start[:-1]
    points = np.asarray(pieces.hull, np.float64)
    low = np.minimum.reduceat(points[:, 2], first) + pieces.centre[:, 2]
    high = np.maximum.reduceat(points[:, 2], first) + pieces.centre[:, 2]
    counts = np.diff(pieces.hull_start)[:, None]
    flat = points[:, :2] - np.repeat(np.add.reduceat(points[:, :2], first) / counts, counts[:, 0], axis=0)
    xx, yy, xy = (np.add.reduceat(flat[:, i] * flat[:, j], first) for i, j in ((0, 0), (1, 1), (0, 1)))
    along = 0.5 * np.arctan2(2 * xy, xx - yy)
    return low, high, np.stack([-np.sin(along), np.cos(along)], 1)


def bulge(arm: Float, mass: Float) -> Float:
    """Velocities of a wall's pieces as its middle goes out between its ends, of unit size, with no momentum: sin(π h) less its mean.

    Parameters
    ----------
    arm
        (m, 3) the pieces' places from the centre of mass, in the world's axes: out is the way across which they spread least.
    mass
        (m,) kg.

    Returns
    -------
    (m, 3) float64.
    """
    out = np.linalg.eigh(arm.T @ arm)[1][:, 0]
    height = (arm[:, 2] - arm[:, 2].min()) / max(float(np.ptp(arm[:, 2])), 1e-9)
    profile = np.sin(np.pi * height)
    profile -= (profile * mass).sum() / mass.sum()
    return np.asarray(profile[:, None] * out)
