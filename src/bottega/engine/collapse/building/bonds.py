"""What touches what: faces that two cells of a part share, and faces of different parts that lie on one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bottega.engine.collapse.building.cells import MOST_CORNERS, polygon_facts
from bottega.engine.collapse.building.solids import Solid
from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Bool, Float, Int

GAP_M = 0.03  # parts of an artist's mesh may stand so far apart and still touch
LEAST_AREA_M2 = 0.004
_OPPOSITE = -0.999
_COVERED = 0.5  # of a polygon

Found = tuple[Int, Float, Float, Float]


def bonds_within(solids: Sequence[Solid]) -> Found:
    """Pairs, areas, middles and normals of the faces that pieces of the same run share, one a pair."""
    owner = np.repeat(np.arange(len(solids)), [len(s.counts) for s in solids])
    beyond = np.concatenate([s.beyond for s in solids])
    area, middle, normal, _ = polygon_facts(np.concatenate([s.points for s in solids]), np.concatenate([s.counts for s in solids]))
    keep = beyond > owner
    return _one_a_pair(np.stack([owner, beyond], -1)[keep], area[keep], middle[keep], normal[keep])


def bonds_between(solids: Sequence[Solid]) -> tuple[Found, list[Bool]]:
    """The same of pieces of different runs: opposite, in one plane to within 3 cm, overlapping; and which polygons they cover."""
    points = np.concatenate([s.points[s.beyond < 0] for s in solids])
    counts = np.concatenate([s.counts[s.beyond < 0] for s in solids])
    owner = np.repeat(np.arange(len(solids)), [int((s.beyond < 0).sum()) for s in solids])
    group = np.asarray([s.group for s in solids])[owner]
    middle = np.mean([s.centre for s in solids], axis=0)  # near the building, so that offsets are small numbers
    whole, centre, normal, _ = polygon_facts(points, counts)
    offset = (normal * (centre - middle)).sum(-1)
    flip = np.where(_first_sign(normal) < 0, -1.0, 1.0)
    order = np.lexsort((offset * flip,))
    pairs, area, at = _overlaps(points, counts, normal, (offset * flip), order, group, GAP_M)
    hidden = np.bincount(pairs.ravel(), np.repeat(area, 2), len(owner)) > _COVERED * whole
    covered, at_row = [], 0
    for solid in solids:
        mine = solid.beyond < 0
        rows = np.zeros(len(mine), bool)
        rows[mine] = hidden[at_row : at_row + int(mine.sum())]
        at_row += int(mine.sum())
        covered.append(rows)
    return _one_a_pair(owner[pairs], area, at, normal[pairs[:, 0]]), covered


def _first_sign(normal: Float) -> Float:
    """The sign of each normal's first component that is not 0 but for noise."""
    clear = np.abs(normal) > 1e-6
    first = clear.argmax(1)
    return np.asarray(np.sign(normal[np.arange(len(normal)), first]))


def _one_a_pair(pair: Int, area: Float, middle: Float, normal: Float) -> Found:
    """One contact a pair of pieces, first below second: areas summed, middles and normals weighed; contacts too small are none."""
    swap = pair[:, 0] > pair[:, 1]
    pair, normal = np.sort(pair, axis=1), np.where(swap[:, None], -normal, normal)
    rows, of = np.unique(pair, axis=0, return_inverse=True)
    of = of.ravel()
    total = np.bincount(of, area, len(rows))
    at, way = (np.stack([np.bincount(of, area * v[:, k], len(rows)) for k in range(3)], -1).reshape(-1, 3) for v in (middle, normal))
    keep = total > LEAST_AREA_M2
    rows, total, at, way = rows[keep], total[keep], at[keep], way[keep]
    return (
        np.asarray(rows, np.int64),
        np.asarray(total, np.float64),
        at / total[:, None],
        way / np.maximum(np.linalg.norm(way, axis=1), 1e-12)[:, None],
    )


def connected_panels(panel: Int, pair: Int, area: Float) -> Int:
    """Panels numbered from 0 whose pieces hang together: what is cut off from its panel is one of its own.

    A piece alone that its own panel does not touch would fall as a loose brick: it goes with the neighbour that it touches most.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(panel)
    size = np.bincount(panel)[panel]
    for final in (False, True):
        same = panel[pair[:, 0]] == panel[pair[:, 1]]
        a, b = pair[same].T
        _, found = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
        if final:
            break
        alone = (np.bincount(found)[found] == 1) & (size > 1)
        best = np.zeros(n)
        moved = panel.copy()
        for (i, j), face in zip(pair.tolist(), area.tolist(), strict=True):
            for one, two in ((i, j), (j, i)):
                if alone[one] and not alone[two] and face > best[one]:
                    best[one], moved[one] = face, panel[two]
        panel = moved
    return np.asarray(found, np.int64)


@compiled
def _overlaps(points: Float, counts: Int, normal: Float, offset: Float, order: Int, group: Int, gap: float) -> tuple[Int, Float, Float]:
    """Pairs of polygons (P, 2), their common area (P,) and its middle (P, 3); `order` sorts by offset along normals of one sign."""
    n, most = len(points), 16 * len(points) + 64
    low, high = np.empty((n, 3)), np.empty((n, 3))
    for f in range(n):
        for k in range(3):
            low[f, k], high[f, k] = points[f, : counts[f], k].min() - gap, points[f, : counts[f], k].max() + gap
    pairs, area, middle, total = np.empty((most, 2), np.int64), np.empty(most), np.empty((most, 3)), 0
    for i in range(n):
        a = order[i]
        for j in range(i + 1, n):
            b = order[j]
            if offset[b] - offset[a] > gap:
                break
            if group[a] == group[b] or (normal[a] * normal[b]).sum() > _OPPOSITE:
                continue
            if (low[a] > high[b]).any() or (low[b] > high[a]).any():
                continue
            size, at = _common(points[a, : counts[a]], points[b, : counts[b]], normal[a])
            if size > LEAST_AREA_M2 and total < most:
                pairs[total, 0], pairs[total, 1], area[total], middle[total] = a, b, size, at
                total += 1
    return pairs[:total].copy(), area[:total].copy(), middle[:total].copy()


@compiled
def _cross(a: Float, b: Float) -> Float:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


@compiled
def _common(a: Float, b: Float, normal: Float) -> tuple[float, Float]:
    """Area and middle of what two convex polygons have in common, b brought into a's plane along its normal (Sutherland & Hodgman 1974)."""
    side = np.zeros(3)
    side[np.argmin(np.abs(normal))] = 1.0
    u = _cross(normal, side)
    u /= np.sqrt((u * u).sum())
    v = _cross(normal, u)
    polygon, n = np.empty((2 * MOST_CORNERS, 2)), len(b)
    for i in range(n):
        away = b[n - 1 - i] - a[0]  # turned over, so that it runs as a does
        polygon[i, 0], polygon[i, 1] = (away * u).sum(), (away * v).sum()
    for i in range(len(a)):
        p, q = a[i] - a[0], a[(i + 1) % len(a)] - a[0]
        n = _cut(polygon, n, np.array([(p * u).sum(), (p * v).sum()]), np.array([(q * u).sum(), (q * v).sum()]))
        if n < 3:
            return 0.0, np.zeros(3)
    size, x, y = 0.0, 0.0, 0.0
    for k in range(1, n - 1):
        c, d = polygon[k] - polygon[0], polygon[k + 1] - polygon[0]
        part = 0.5 * (c[0] * d[1] - c[1] * d[0])
        size += part
        x += part * (polygon[0, 0] + polygon[k, 0] + polygon[k + 1, 0]) / 3
        y += part * (polygon[0, 1] + polygon[k, 1] + polygon[k + 1, 1]) / 3
    if size <= 0:
        return 0.0, np.zeros(3)
    return size, a[0] + u * (x / size) + v * (y / size)


@compiled
def _cut(polygon: Float, n: int, p: Float, q: Float) -> int:
    """Keep what lies to the left of the line from p to q, in place; gives the number of corners."""
    fresh, m = np.empty_like(polygon), 0
    for k in range(n):
        c, d = polygon[k], polygon[(k + 1) % n]
        dc = (q[0] - p[0]) * (c[1] - p[1]) - (q[1] - p[1]) * (c[0] - p[0])
        dd = (q[0] - p[0]) * (d[1] - p[1]) - (q[1] - p[1]) * (d[0] - p[0])
        if dc >= 0:
            fresh[m] = c
            m += 1
        if (dc > 0 > dd) or (dc < 0 < dd):
            fresh[m] = c + (d - c) * (dc / (dc - dd))
            m += 1
    for k in range(m):
        polygon[k] = fresh[k]
    return m
