"""Convex cells: a prism cut by the planes between seeds. Polyhedra as polygons with a tag for what lies behind each."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Float, Int

MOST_FACES, MOST_CORNERS = 64, 48
_SAME = 1e-9  # metres: nearer than this to a plane is on it
_THIN = 1e-8  # m²: a polygon below this is none


@compiled
def _clip(points: Float, counts: Int, tags: Int, faces: int, plane: Float, tag: int) -> int:
    """Keep what has n·x ≤ d of a convex polyhedron, in place; the new face gets the tag. Gives the number of faces, 0 where none is left.

    Sutherland & Hodgman (1974) on each polygon; the cut's own polygon is put together from the edges that the cuts leave.
    """
    work = np.empty((MOST_CORNERS, 3))
    rim = np.empty((MOST_FACES * 2, 3))
    rims, kept, cut = 0, 0, False
    for f in range(faces):
        n = counts[f]
        m = 0
        for i in range(n):
            a, b = points[f, i], points[f, (i + 1) % n]
            da = plane[0] * a[0] + plane[1] * a[1] + plane[2] * a[2] - plane[3]
            db = plane[0] * b[0] + plane[1] * b[1] + plane[2] * b[2] - plane[3]
            if da > _SAME:
                cut = True
            elif m < MOST_CORNERS:
                work[m] = a
                m += 1
            if (da > _SAME and db < -_SAME) or (da < -_SAME and db > _SAME):
                t = da / (da - db)
                if m < MOST_CORNERS:
                    for k in range(3):
                        work[m, k] = a[k] + (b[k] - a[k]) * t
                    if rims < rim.shape[0]:
                        rim[rims] = work[m]
                        rims += 1
                    m += 1
            elif abs(da) <= _SAME and rims < rim.shape[0]:
                rim[rims] = a
                rims += 1
        if m >= 3:
            for i in range(m):
                points[kept, i] = work[i]
            counts[kept], tags[kept] = m, tags[f]
            kept += 1
    if kept == 0 or not cut:
        return kept
    return _cap(points, counts, tags, kept, plane, tag, rim[:rims])


@compiled
def _cap(points: Float, counts: Int, tags: Int, faces: int, plane: Float, tag: int, rim: Float) -> int:
    """Close a cut: its distinct rim points in order round their middle, seen from outside."""
    keep = np.empty(len(rim), np.int64)
    n = 0
    for i in range(len(rim)):
        fresh = True
        for j in range(n):
            away = rim[i] - rim[keep[j]]
            if away[0] * away[0] + away[1] * away[1] + away[2] * away[2] < 1e-14:
                fresh = False
                break
        if fresh:
            keep[n] = i
            n += 1
    if n < 3 or n > MOST_CORNERS or faces >= MOST_FACES:
        return faces
    middle = np.zeros(3)
    for i in range(n):
        middle += rim[keep[i]] / n
    first = rim[keep[0]] - middle
    axis = np.array(
        [plane[1] * first[2] - plane[2] * first[1], plane[2] * first[0] - plane[0] * first[2], plane[0] * first[1] - plane[1] * first[0]]
    )
    angles = np.empty(n)
    for i in range(n):
        away = rim[keep[i]] - middle
        angles[i] = np.arctan2((away * axis).sum(), (away * first).sum())
    order = np.argsort(angles)
    for i in range(n):
        points[faces, i] = rim[keep[order[i]]]
    counts[faces], tags[faces] = n, tag
    return faces + 1


@compiled
def _reach(points: Float, counts: Int, faces: int, seed: Float, stretch: Float) -> float:
    """The square of the farthest corner's distance from a seed."""
    reach = 0.0
    for f in range(faces):
        for i in range(counts[f]):
            d = 0.0
            for k in range(3):
                d += ((points[f, i, k] - seed[k]) * stretch[k]) ** 2
            reach = max(reach, d)
    return reach


@compiled
def _between(seed: Float, other: Float, stretch: Float, plane: Float) -> None:
    """The plane (n, d) halfway to another seed, n·x ≤ d on the seed's side."""
    offset = 0.0
    for k in range(3):
        plane[k] = 2 * stretch[k] ** 2 * (other[k] - seed[k])
        offset += stretch[k] ** 2 * (other[k] ** 2 - seed[k] ** 2)
    size = np.sqrt(plane[0] ** 2 + plane[1] ** 2 + plane[2] ** 2)
    for k in range(3):
        plane[k] /= size
    plane[3] = offset / size


@compiled
def cells_of(walls: Float, wall_counts: Int, seeds: Float, nearest: Int, stretch: Float) -> tuple[Float, Int, Int, Int]:
    """Voronoi cells of seeds inside a convex polyhedron, in a metric that is `stretch` per axis.

    Parameters
    ----------
    walls, wall_counts
        (W, MOST_CORNERS, 3) and (W,): the polyhedron's polygons, counter-clockwise from outside.
    seeds, nearest
        (S, 3), and (S, S − 1) the other seeds of each by distance in that metric.
    stretch
        (3,): lengths are multiplied by it before they are compared.

    Returns
    -------
    points (P, MOST_CORNERS, 3), counts (P,), tags (P,): −1 − w for wall w, else the seed beyond; owner (P,), the seed whose cell it is of.
    """
    most = len(seeds) * 24 + MOST_FACES
    out, out_counts = np.zeros((most, MOST_CORNERS, 3)), np.empty(most, np.int64)
    out_tags, out_owner = np.empty(most, np.int64), np.empty(most, np.int64)
    points, counts, tags = np.empty((MOST_FACES, MOST_CORNERS, 3)), np.empty(MOST_FACES, np.int64), np.empty(MOST_FACES, np.int64)
    plane, total = np.empty(4), 0
    for s in range(len(seeds)):
        faces = len(walls)
        points[:faces], counts[:faces] = walls, wall_counts
        for w in range(faces):
            tags[w] = -1 - w
        for j in range(nearest.shape[1]):
            other = nearest[s, j]
            gap = 0.0
            for k in range(3):
                gap += ((seeds[other, k] - seeds[s, k]) * stretch[k]) ** 2
            if gap > 4 * _reach(points, counts, faces, seeds[s], stretch):  # no farther seed's plane comes near the cell
                break
            _between(seeds[s], seeds[other], stretch, plane)
            faces = _clip(points, counts, tags, faces, plane, other)
        for f in range(faces):
            if total < most:
                for i in range(counts[f]):
                    out[total, i] = points[f, i]
                out_counts[total], out_tags[total], out_owner[total] = counts[f], tags[f], s
                total += 1
    return out[:total].copy(), out_counts[:total].copy(), out_tags[:total].copy(), out_owner[:total].copy()


def prism_walls(base: Float, low: float, high: float) -> tuple[Float, Int]:
    """An upright prism's polygons, counter-clockwise from outside: its sides in the order of the base's edges, bottom, top."""
    k = len(base)
    walls, counts = np.zeros((k + 2, MOST_CORNERS, 3)), np.full(k + 2, 4, np.int64)
    for i in range(k):
        a, b = base[i], base[(i + 1) % k]
        walls[i, :4] = [(*a, low), (*b, low), (*b, high), (*a, high)]
    walls[k, :k, :2], walls[k, :k, 2] = base[::-1], low
    walls[k + 1, :k, :2], walls[k + 1, :k, 2] = base, high
    counts[k:] = k
    return walls, counts


@compiled
def polygon_facts(points: Float, counts: Int) -> tuple[Float, Float, Float, Float]:
    """Area (P,), middle (P, 3), unit normal (P, 3), and signed volume towards the origin (P,) of convex polygons."""
    n = len(points)
    area, middle, normal, volume = np.zeros(n), np.zeros((n, 3)), np.zeros((n, 3)), np.zeros(n)
    for f in range(n):
        for i in range(1, counts[f] - 1):
            a, b, c = points[f, 0], points[f, i], points[f, i + 1]
            u, v = b - a, c - a
            cross = np.array([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])
            size = 0.5 * np.sqrt((cross * cross).sum())
            area[f] += size
            middle[f] += (a + b + c) * (size / 3)
            normal[f] += cross
            volume[f] += (a * np.array([b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]])).sum() / 6
        if area[f] > 0:
            middle[f] /= area[f]
            normal[f] /= np.sqrt((normal[f] * normal[f]).sum())
    return area, middle, normal, volume


def halved(points: Float, counts: Int, plane: Float) -> list[tuple[Float, Int]]:
    """What a plane (n, d) leaves of a convex polyhedron on either side, both sides where it goes through it."""
    out: list[tuple[Float, Int]] = []
    for sign in (1.0, -1.0):
        room, many = np.zeros((MOST_FACES, MOST_CORNERS, 3)), np.zeros(MOST_FACES, np.int64)
        room[: len(points)], many[: len(points)] = points, counts
        faces = _clip(room, many, np.zeros(MOST_FACES, np.int64), len(points), plane * sign, 0)
        if faces >= 4:
            out.append((room[:faces].copy(), many[:faces].copy()))
    return out
