"""What collides of a piece: a convex body that does not reach into its neighbours."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.building.cells import polygon_facts
from bottega.engine.collapse.building.solids import Solid
from bottega.engine.collapse.records import Float

_IN_M = 0.002  # a hull may reach so far into a neighbour
_LEAST = 0.5  # of a piece's volume that its hull must keep


def hull_of(solid: Solid) -> Float:
    """Corners of a piece's convex hull, cut back along each of its faces that the hull goes round: what lies there may be a pane.

    Bodies that begin inside one another are thrown apart by a solver, and break what they are tied to. Of the planes that cut into the
    hull the one that takes least goes first, until none does or half of the piece would be lost.

    Parameters
    ----------
    solid
        Nearly convex.

    Returns
    -------
    (K, 3) float64, world.
    """
    rows = np.concatenate([solid.points[f, : solid.counts[f]] for f in range(len(solid.points))])
    _, index = np.unique(rows.round(7), axis=0, return_index=True)
    points, _ = _hull(rows[np.sort(index)])
    _, middle, normal, _ = polygon_facts(solid.points, solid.counts)
    while True:
        beyond = ((points[None] - middle[:, None]) * normal[:, None]).sum(-1).max(1)
        planes = np.flatnonzero(beyond > _IN_M)
        if not len(planes):
            break
        cuts = [_cut(points, middle[k], normal[k]) for k in planes.tolist()]
        best, volume = max(cuts, key=lambda c: c[1])
        if volume < _LEAST * solid.volume:
            break
        points = best
    return points


def _cut(points: Float, at: Float, normal: Float) -> tuple[Float, float]:
    """What of a convex body lies behind a plane, and its volume; no points where next to nothing does."""
    from scipy.spatial import ConvexHull

    side = (points - at) @ normal
    ends = np.unique(np.sort(ConvexHull(points - points[0]).simplices[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)
    across = ends[(side[ends] > 0).any(1) & (side[ends] < 0).any(1)]
    share = side[across[:, 0]] / (side[across[:, 0]] - side[across[:, 1]])
    fresh = points[across[:, 0]] + share[:, None] * (points[across[:, 1]] - points[across[:, 0]])
    left = np.concatenate([points[side <= 0], fresh])
    if len(left) < 4 or np.linalg.svd(left - left.mean(0), compute_uv=False)[-1] < 1e-3:
        return left, 0.0
    return _hull(left)


def _hull(rows: Float) -> tuple[Float, float]:
    from scipy.spatial import ConvexHull

    hull = ConvexHull(rows - rows[0])
    return np.asarray(rows[np.sort(hull.vertices)]), float(hull.volume)
