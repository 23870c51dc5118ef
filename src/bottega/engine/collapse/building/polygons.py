"""Convex polygons on the ground: moved inward, cut, measured."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.records import Float


def inset(polygon: Float, by: float) -> Float:
    """A convex polygon, counter-clockwise, with every side moved inward; corners in the same order."""
    edges = np.roll(polygon, -1, 0) - polygon
    normals = np.stack([-edges[:, 1], edges[:, 0]], -1) / np.linalg.norm(edges, axis=1)[:, None]
    offsets = (normals * polygon).sum(-1) + by
    return np.stack([np.linalg.solve(normals[[i - 1, i]], offsets[[i - 1, i]]) for i in range(len(polygon))])


def clip_polygon(polygon: Float, axis: int, at: float, *, above: bool) -> Float:
    """The part of a convex polygon on one side of a line across an axis (Sutherland & Hodgman 1974)."""
    out: list[Float] = []
    away = (polygon[:, axis] - at) * (1 if above else -1) if len(polygon) else np.zeros(0)
    for i in range(len(polygon)):
        j = (i + 1) % len(polygon)
        if away[i] >= 0:
            out.append(polygon[i])
        if (away[i] > 0 > away[j]) or (away[i] < 0 < away[j]):
            out.append(polygon[i] + (polygon[j] - polygon[i]) * (away[i] / (away[i] - away[j])))
    return np.asarray(out, np.float64).reshape(-1, 2)


def polygon_area(polygon: Float) -> float:
    """Area of a polygon, above 0 where counter-clockwise."""
    x, y = polygon[:, 0], polygon[:, 1]
    return 0.5 * float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def deep(polygon: Float, point: Float) -> float:
    """How far inside a convex polygon a point lies, metres; below 0 outside."""
    edges = np.roll(polygon, -1, 0) - polygon
    normals = np.stack([-edges[:, 1], edges[:, 0]], -1) / np.linalg.norm(edges, axis=1)[:, None]
    return float(((point - polygon) * normals).sum(-1).min())
