"""Flat faces whose outline wandered, in triangles that do not lie over one another."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Bool, Float, Int


def unfolded(corners: Float, triangles: Int, polygon: Int, *, normal: Float, flat: Bool) -> tuple[Int, Int]:
    """The same triangles, but for flat polygons in which one came to lie the other way round: these are cut into ears (Meisters 1975).

    Parameters
    ----------
    corners, triangles, polygon
        (V, 3), (T, 3), (T,): a closed mesh whose corners have moved, and the polygon that each triangle is of.
    normal, flat
        (P, 3) and (P,) bool: the polygons' unit normals, and which of them stay in their plane.

    Returns
    -------
    Triangles and their polygons. Every polygon keeps its outline, so the mesh stays closed.
    """
    a, b, c = (corners[triangles[:, k]] for k in range(3))
    turned = flat[polygon] & ((np.cross(b - a, c - a) * normal[polygon]).sum(-1) <= 0)
    worse = np.unique(polygon[turned])
    keep = ~np.isin(polygon, worse)
    out, of = [triangles[keep]], [polygon[keep]]
    for f in worse:
        mine = triangles[polygon == f]
        ring = _outline(mine)
        if ring is None:  # no single ring: it touches itself
            out.append(mine)
        else:
            side = np.cross(normal[f], [1.0, 0, 0] if abs(normal[f][0]) < 0.7 else [0, 1.0, 0])
            side /= np.linalg.norm(side)
            out.append(ring[_ears(corners[ring] @ np.stack([side, np.cross(normal[f], side)], -1))])
        of.append(np.full(len(out[-1]), f, np.int64))
    return np.concatenate(out), np.concatenate(of)


def _outline(triangles: Int) -> Int | None:
    """The corners round a polygon, counter-clockwise: by the edges that only one triangle has."""
    edges = [(int(t[k]), int(t[(k + 1) % 3])) for t in triangles for k in range(3)]
    both = set(edges)
    after = {a: b for a, b in edges if (b, a) not in both}
    ring = [min(after)]
    while after[ring[-1]] != ring[0] and len(ring) < len(after):
        ring.append(after[ring[-1]])
    rims = sum((b, a) not in both for a, b in edges)
    return np.asarray(ring, np.int64) if len(ring) == rims else None


@compiled
def _ears(points: Float) -> Int:
    """Triangles (n − 2, 3) of a polygon (n, 2), counter-clockwise: the stoutest ear, until none is left."""
    n = len(points)
    left, out = np.arange(n), np.empty((n - 2, 3), np.int64)
    for t in range(n - 2):
        many = n - t
        best, at = -np.inf, 0
        for i in range(many):
            before, after = left[(i - 1) % many], left[(i + 1) % many]
            score = _stout(points[before], points[left[i]], points[after])
            if score > 0:
                for j in range(many):
                    k = left[j]
                    if k != before and k != left[i] and k != after and _inside(points[k], points[before], points[left[i]], points[after]):
                        score = -1.0
                        break
            if score > best:
                best, at = score, i
        out[t, 0], out[t, 1], out[t, 2] = left[(at - 1) % many], left[at], left[(at + 1) % many]
        for j in range(at, many - 1):
            left[j] = left[j + 1]
    return out


@compiled
def _turn(a: Float, b: Float, c: Float) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


@compiled
def _stout(a: Float, b: Float, c: Float) -> float:
    """Twice a triangle's area over the square of its longest side; below 0 where it turns the other way."""
    longest = max(((b - a) ** 2).sum(), ((c - b) ** 2).sum(), ((a - c) ** 2).sum())
    return _turn(a, b, c) / float(max(longest, 1e-18))


@compiled
def _inside(p: Float, a: Float, b: Float, c: Float) -> bool:
    return _turn(a, b, p) >= 0 and _turn(b, c, p) >= 0 and _turn(c, a, p) >= 0
