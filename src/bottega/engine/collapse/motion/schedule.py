"""When each glue cluster may first move: a front that runs along the bonds, what loses its support, and what is held."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.motion.direction import Direction, Shot, check_direction, story_time, within
from bottega.engine.collapse.records import Bonds, Float, Int, Pieces

_UPRIGHT = 0.5  # |z| of a bond's normal from which on one of its sides rests on the other
_ON_GROUND_M = 0.3  # a cluster whose lowest point is within this of the building's lowest stands on the ground
_LAG_S = 0.06  # from losing its support to going


def schedule(pieces: Pieces, bonds: Bonds, *, direction: Direction, shot: Shot) -> Int:
    """Frame in which each glue cluster may first move.

    T(cluster) = min over failures of T(failure) + the shortest way along the bonds over the front's speed (Dijkstra 1959); then, in order
    of time, a cluster goes when less than the told share of what it rests on still stands, or no way along standing clusters leads to the
    ground; a hold-off is a lower bound on all of these.

    Parameters
    ----------
    pieces : Pieces
        N pieces.
    bonds : Bonds
        What touches what.
    direction : Direction
        Failures, speeds, hold-offs.
    shot : Shot
        Its frames.

    Returns
    -------
    (C,) int32, C = highest cluster + 1: the shot's frame in which it may differ from rest for the first time, above the first frame; 0
    where it never does within the shot.

    Raises
    ------
    ValueError
        See `check_direction`; also bonds that name pieces which are not there.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import Direction, Failure, Shot, brick_tower, schedule
    >>> pieces, bonds = brick_tower(2, 1, 3, size=(2.0, 1.0, 3.0))
    >>> direction = Direction((Failure((-1.0, 0.0), 0.5, frame=4, storeys=(0,)),), front_speed=12.0)
    >>> schedule(pieces, bonds, direction=direction, shot=Shot(1, 24)).tolist()
    [4, 6, 4, 6, 5, 6]
    """
    check_direction(direction, pieces, shot=shot)
    if len(bonds) and not 0 <= bonds.pair.min() <= bonds.pair.max() < len(pieces):
        raise ValueError(f"bonds name pieces {bonds.pair.min()}..{bonds.pair.max()}, there are 0..{len(pieces) - 1}")
    times = story_time(direction, shot)
    count = int(pieces.cluster.max()) + 1
    arrival, held = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(arrival, pieces.cluster, _front(pieces, bonds, direction, times, shot.first_frame))
    for hold in direction.hold_offs:
        until = times[max(hold.until_frame - shot.first_frame, 1) - 1]
        np.maximum.at(held, pieces.cluster[within(hold, pieces)], until)
    rests = _rests(pieces, bonds, count)
    going = _cascade(rests, np.maximum(arrival, held), held, direction.support)
    for _ in range(count):
        hanging = np.maximum(np.minimum(going, _standing_until(rests, going)), held)
        if (hanging >= going).all():
            break
        going = _cascade(rests, hanging, held, direction.support)
    step = np.searchsorted(times, going + 1e-9, side="right")
    return np.where(step < len(shot), shot.first_frame + step, 0).astype(np.int32)


def _front(pieces: Pieces, bonds: Bonds, direction: Direction, times: Float, first_frame: int) -> Float:
    """(N,) float64 seconds at which the front reaches each piece, inf where it never does."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    a, b = bonds.pair.T.astype(np.int64)
    way = pieces.centre[b] - pieces.centre[a]
    across, rise = np.hypot(way[:, 0], way[:, 1]), way[:, 2]
    lower = pieces.storey[b] - pieces.storey[a]

    def seconds(rise: Float, storeys: Int) -> Float:
        share = np.where(rise > 0, direction.up, np.where(storeys < 0, direction.down, 1.0))
        safe = np.where(share > 0, share, 1.0)
        return np.where(share > 0, np.maximum(np.hypot(across, rise / safe), 1e-6) / direction.front_speed, np.inf)

    cost = np.concatenate([seconds(rise, lower), seconds(-rise, -lower)])
    ends, kept = (np.concatenate([a, b]), np.concatenate([b, a])), np.isfinite(cost)
    graph = csr_matrix((cost[kept], (ends[0][kept], ends[1][kept])), shape=(len(pieces),) * 2)
    reached = np.full(len(pieces), np.inf)
    for failure in direction.failures:
        start = times[max(failure.frame - first_frame, 1) - 1]
        limit = np.inf if failure.reach_m is None else failure.reach_m / direction.front_speed
        way_s = dijkstra(graph, indices=np.flatnonzero(within(failure, pieces)), min_only=True, limit=limit)
        reached = np.minimum(reached, start + way_s)
    return reached


@dataclass(frozen=True, slots=True, eq=False)
class _Rests:
    """Which cluster rests on which: `neighbours[c]` and `carried[c]` are lists of (other, area); `load[c]` the area c rests on."""

    neighbours: list[list[int]]
    carried: list[list[tuple[int, float]]]
    load: Float
    grounded: Float


def _rests(pieces: Pieces, bonds: Bonds, count: int) -> _Rests:
    a, b = pieces.cluster[bonds.pair[:, 0]], pieces.cluster[bonds.pair[:, 1]]
    between = a != b
    area, up = bonds.area[between], bonds.normal[between, 2]
    a, b = a[between], b[between]
    low = np.full(count, np.inf)
    lowest = np.minimum.reduceat(pieces.hull[:, 2], pieces.hull_start[:-1]) + pieces.centre[:, 2]
    np.minimum.at(low, pieces.cluster, lowest)
    grounded = low <= low.min() + _ON_GROUND_M
    below = np.concatenate([np.stack([a, b], 1)[up > _UPRIGHT], np.stack([b, a], 1)[up < -_UPRIGHT]])  # (what carries, what rests)
    areas = np.concatenate([area[up > _UPRIGHT], area[up < -_UPRIGHT]])
    borne = np.zeros(count, bool)
    borne[below[:, 1]] = True
    side = np.concatenate([np.stack([a, b], 1), np.stack([b, a], 1)])  # what rests on nothing hangs on its neighbours
    hangs = ~borne[side[:, 1]]
    below, areas = np.concatenate([below, side[hangs]]), np.concatenate([areas, np.concatenate([area, area])[hangs]])
    loose = np.setdiff1d(np.flatnonzero(~grounded & np.isfinite(low)), below[:, 1])
    if len(loose):
        below, areas = np.concatenate([below, _nearest(pieces, loose)]), np.concatenate([areas, np.ones(len(loose))])
    carried: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    neighbours: list[set[int]] = [set() for _ in range(count)]
    load = np.zeros(count)
    for (under, over), m2 in zip(below.tolist(), areas.tolist(), strict=True):
        carried[under].append((over, m2))
        load[over] += m2
        neighbours[under].add(over)
    for one, other in zip(a.tolist(), b.tolist(), strict=True):
        neighbours[one].add(other)
        neighbours[other].add(one)
    return _Rests([sorted(n) for n in neighbours], carried, load, grounded)


def _nearest(pieces: Pieces, loose: Int) -> Int:
    """(L, 2): for a cluster bonded to nothing, the cluster of the piece nearest to it, and itself."""
    from scipy.spatial import cKDTree

    pairs = []
    for cluster in loose.tolist():
        mine = pieces.cluster == cluster
        away, index = cKDTree(pieces.centre[~mine]).query(pieces.centre[mine]) if not mine.all() else (np.zeros(1), np.zeros(1, int))
        pairs.append([int(pieces.cluster[~mine][index[np.argmin(away)]]) if not mine.all() else cluster, cluster])
    return np.asarray(pairs, np.int32).reshape(-1, 2)


def _cascade(rests: _Rests, arrival: Float, held: Float, share: float) -> Float:
    """Seconds at which each cluster goes: with the front, or when what it rests on has gone."""
    going, lost = arrival.copy(), np.zeros(len(arrival))
    done = np.zeros(len(arrival), bool)
    queue = [(t, c) for c, t in enumerate(going.tolist()) if np.isfinite(t)]
    heapq.heapify(queue)
    while queue:
        now, cluster = heapq.heappop(queue)
        if done[cluster] or now > going[cluster]:
            continue
        done[cluster] = True
        for over, area in rests.carried[cluster]:
            lost[over] += area
            gives = not rests.grounded[over] and rests.load[over] - lost[over] < share * rests.load[over] - 1e-9
            if not done[over] and (gives or lost[over] >= rests.load[over] * (1 - 1e-9)) and not rests.grounded[over]:
                going[over] = min(going[over], max(now + _LAG_S, held[over]))
                heapq.heappush(queue, (float(going[over]), over))
    return going


def _standing_until(rests: _Rests, going: Float) -> Float:
    """Seconds at which the last way along standing clusters to the ground is cut: the widest path from the ground."""
    until = np.where(rests.grounded, going, -np.inf)
    queue = [(-t, c) for c, t in enumerate(until.tolist()) if t > -np.inf]
    heapq.heapify(queue)
    while queue:
        wide, cluster = heapq.heappop(queue)
        if -wide < until[cluster]:
            continue
        for other in rests.neighbours[cluster]:
            through = min(until[cluster], going[other])
            if through > until[other]:
                until[other] = through
                heapq.heappush(queue, (-through, other))
    return np.maximum(until, 0)
