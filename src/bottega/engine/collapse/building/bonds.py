"""What touches what: faces that two cells of a part share, and faces of different parts that lie on one another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bottega.engine.collapse.building.cells import MOST_CORNERS, polygon_facts
from bottega.engine.collapse.building.parts import Element
from bottega.engine.collapse.building.skin import Solid
from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Float, Int

GAP_M = 0.03  # parts of an artist's mesh may stand so far apart and still touch
LEAST_AREA_M2 = 0.004
_OPPOSITE = -0.999

Found = tuple[Int, Float, Float, Float]


def bonds_within(solids: Sequence[Solid]) -> Found:
    """Pairs, areas, middles and normals of the faces that cells of the same part share."""
    rows: list[tuple[int, int, float, Float, Float]] = []
    for i, solid in enumerate(solids):
        area, middle, normal, _ = polygon_facts(solid.points, solid.counts)
        rows += [
            (i, solid.first + int(tag), float(area[f]), middle[f], normal[f])
            for f, tag in enumerate(solid.tags)
            if solid.first + tag > i and tag >= 0 and area[f] > LEAST_AREA_M2
        ]
    return _columns(rows)


def bonds_between(solids: Sequence[Solid], elements: Sequence[Element]) -> Found:
    """The same of faces of different parts: opposite, in one plane to within 3 cm, and overlapping."""
    points = np.concatenate([s.points[s.tags < 0] for s in solids])
    counts = np.concatenate([s.counts[s.tags < 0] for s in solids])
    owner = np.repeat(np.arange(len(solids)), [int((s.tags < 0).sum()) for s in solids])
    part = np.asarray([s.element for s in solids])[owner]
    middle = np.asarray([(e.low + e.high) / 2 for e in elements]).mean()  # near the building, so that offsets are small numbers
    _, centre, normal, _ = polygon_facts(points, counts)
    offset = (normal * (centre - [0, 0, middle])).sum(-1)
    flip = np.where(_first_sign(normal) < 0, -1.0, 1.0)
    order = np.lexsort((offset * flip,))
    touching = _overlaps(points, counts, normal, (offset * flip), order, part, GAP_M)
    rows = [(int(owner[a]), int(owner[b]), float(area), at, normal[a]) for a, b, area, at in _merged(touching, owner)]
    return _columns(rows)


def _first_sign(normal: Float) -> Float:
    """The sign of each normal's first component that is not 0 but for noise."""
    clear = np.abs(normal) > 1e-6
    first = clear.argmax(1)
    return np.asarray(np.sign(normal[np.arange(len(normal)), first]))


def _merged(touching: tuple[Int, Float, Float], owner: Int) -> list[tuple[int, int, float, Float]]:
    """One contact a pair of pieces: areas summed, middles weighed."""
    pairs, area, middle = touching
    found: dict[tuple[int, int], tuple[int, int, float, Float]] = {}
    for (a, b), size, at in zip(pairs, area, middle, strict=True):
        first, second = (a, b) if owner[a] < owner[b] else (b, a)
        key = (int(owner[first]), int(owner[second]))
        if key in found:
            one, two, had, place = found[key]
            found[key] = (one, two, had + float(size), (place * had + at * size) / (had + size))
        else:
            found[key] = (int(first), int(second), float(size), at)
    return [found[k] for k in sorted(found)]


def _columns(rows: list[tuple[int, int, float, Float, Float]]) -> Found:
    if not rows:
        return np.empty((0, 2), np.int64), np.empty(0), np.empty((0, 3)), np.empty((0, 3))
    first, second, area, middle, normal = zip(*rows, strict=True)
    return np.stack([first, second], -1).astype(np.int64), np.asarray(area), np.asarray(middle), np.asarray(normal)


@compiled
def _overlaps(points: Float, counts: Int, normal: Float, offset: Float, order: Int, part: Int, gap: float) -> tuple[Int, Float, Float]:
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
            if part[a] == part[b] or (normal[a] * normal[b]).sum() > _OPPOSITE:
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
