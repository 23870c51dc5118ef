"""How walls and pillars on a failing storey give way: they come apart, and their middle goes out first."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.motion.direction import Direction, within
from bottega.engine.collapse.records import Bool, Float, Int, Pieces


def buckling(pieces: Pieces, direction: Direction, release: Int) -> tuple[Bool, Float]:
    """Which pieces buckle, and the velocity that each is pushed with.

    A slab under a load gives way across its thinnest side, its middle first: v = buckle · sin(π h) away from the building's middle, h the
    piece's height within its glue cluster, 0..1 (the first mode of Euler's column).

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
    middle = (pieces.centre.min(0) + pieces.centre.max(0)) / 2
    owner = np.repeat(np.arange(len(pieces)), np.diff(pieces.hull_start))
    points = pieces.hull + pieces.centre[owner]
    for cluster in np.unique(pieces.cluster[failing]):
        mine = pieces.cluster == cluster
        cloud = points[mine[owner]]
        spread, axes = np.linalg.eigh(np.cov(cloud.T))
        thin = axes[:, 0]
        if abs(thin[2]) > 0.5 or spread[0] <= 0:
            continue  # a floor
        out = np.array([thin[0], thin[1], 0.0]) / np.hypot(thin[0], thin[1])
        away = cloud.mean(0) - middle
        low, high = cloud[:, 2].min(), cloud[:, 2].max()
        height = (pieces.centre[mine, 2] - low) / (high - low)
        weak[mine] = True
        push[mine] = direction.buckle * np.sin(np.pi * height)[:, None] * out * (1 if away @ out >= 0 else -1)
    return weak & failing, push * failing[:, None]
