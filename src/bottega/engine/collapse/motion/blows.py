"""The blows of a frame: where a body lost energy, and how much."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.motion.rotations import rotated
from bottega.engine.collapse.motion.scene import GRAVITY, State
from bottega.engine.collapse.records import Float, Int, Pieces


def blows(pieces: Pieces, bodies: list[Int], *, old: State, new: State, seconds: float, least_j: float) -> tuple[Int, Float, Float]:
    """Energy that bodies lost from one state to the next beyond what gravity gave, E = Δ(½ m v²) + m g Δz, where it is above `least_j`.

    The blow came from where the body's hull reaches farthest against its change of momentum less gravity's.

    Parameters
    ----------
    pieces
        N pieces.
    bodies
        The pieces of each body that moves.
    old, new
        States of two frames.
    seconds
        Between them.
    least_j
        Joules.

    Returns
    -------
    (I,) int32 the piece struck, (I, 3) float64 the point, (I,) float64 joules; in the bodies' order.
    """
    none = np.zeros(0, np.int32), np.zeros((0, 3)), np.zeros(0)
    if not bodies:
        return none
    mass = pieces.mass
    lost = 0.5 * mass * ((old.velocity**2).sum(1) - (new.velocity**2).sum(1)) + mass * GRAVITY * (old.position - new.position)[:, 2]
    push = mass[:, None] * (new.velocity - old.velocity + np.array([0.0, 0.0, GRAVITY * seconds]))
    every, begin = np.concatenate(bodies), np.concatenate([[0], np.cumsum([len(b) for b in bodies])])
    energy, push = np.add.reduceat(lost[every], begin[:-1]), np.add.reduceat(push[every], begin[:-1])
    told = np.flatnonzero(energy > least_j)
    if not len(told):
        return none
    members = np.concatenate([bodies[i] for i in told.tolist()])
    counts = np.diff(pieces.hull_start)[members]
    first = np.cumsum(counts) - counts
    taken = np.arange(counts.sum()) + np.repeat(pieces.hull_start[members] - first, counts)
    owner = np.repeat(members, counts)
    points = new.position[owner] + rotated(new.rotation[owner], np.asarray(pieces.hull[taken], np.float64))
    sizes = np.add.reduceat(counts, np.concatenate([[0], np.cumsum([len(bodies[i]) for i in told.tolist()])[:-1]]))
    along = (points * np.repeat(push[told], sizes, axis=0)).sum(1)
    at = np.array([a + int(np.argmin(along[a:b])) for a, b in zip(np.cumsum(sizes) - sizes, np.cumsum(sizes), strict=True)])
    return owner[at].astype(np.int32), points[at], energy[told]
