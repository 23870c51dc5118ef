"""How broken faces wander from plane: by a noise of the place, the same for both neighbours, held where the skin is seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bottega.engine.collapse.building.cells import polygon_facts
from bottega.engine.collapse.building.parts import Element, Part
from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Bool, Float

if TYPE_CHECKING:
    from bottega.engine.collapse.building.solids import Solid

_OCTAVES = ((0.9, 0.9), (0.31, 0.5), (0.12, 0.25))  # lattice, metres; share of the roughness
_ON_M = 1e-6
_EATEN = 1.3  # of the roughness: how far in a face goes that only stood against another
_ROOM = 0.9  # of the way to a bound
_WALL_M = 1.0  # how far from a pane its opening reaches


class Openings:
    """Where there is nothing at rest: a pane, and the wall's thickness before and behind it."""

    def __init__(self, elements: Sequence[Part]) -> None:
        panes = [e for e in elements if isinstance(e, Element) and e.material.name == "glass" and len(e.base) == 4]
        self._planes = np.stack([_sides(e.base) for e in panes]) if panes else np.empty((0, 4, 3))
        self._heights = np.array([(e.low, e.high) for e in panes]).reshape(-1, 2)
        self._middle = np.array([(*e.base.mean(0), (e.low + e.high) / 2) for e in panes]).reshape(-1, 3)
        self._reach = np.array([np.ptp(e.base, axis=0).max() + e.high - e.low for e in panes])

    def away(self, points: Float) -> Float:
        """(N,) metres from each point to the nearest opening, 0 inside one."""
        far = np.full(len(points), np.inf)
        if not len(self._middle):
            return far
        low, high = points.min(0), points.max(0)
        gap = np.maximum(np.maximum(low - self._middle, self._middle - high), 0)
        for i in np.flatnonzero(np.linalg.norm(gap, axis=1) < self._reach + _WALL_M):
            out = points[:, :2] @ self._planes[i, :, :2].T - self._planes[i, :, 2] - np.array([_WALL_M, 0, _WALL_M, 0])
            z = np.maximum(self._heights[i, 0] - points[:, 2], points[:, 2] - self._heights[i, 1])
            far = np.minimum(far, np.hypot(np.maximum(out.max(1), 0), np.maximum(z, 0)))
        return far


def _sides(base: Float) -> Float:
    """(4, 3): outward unit normal and offset of each upright side of a pane: before, right, behind, left."""
    edges = np.roll(base, -1, 0) - base
    normal = np.stack([edges[:, 1], -edges[:, 0]], -1) / np.linalg.norm(edges, axis=1)[:, None]
    return np.concatenate([normal, (normal * base).sum(-1)[:, None]], 1)


def bounds_of(solids: Sequence[Solid]) -> list[Float]:
    """For each piece the planes (K, 4) that its run lies behind: n·x ≤ d. They hold the skin; reveals lie on none of them."""
    groups: dict[int, list[int]] = {}
    for i, solid in enumerate(solids):
        groups.setdefault(solid.group, []).append(i)
    out: list[Float] = [np.empty((0, 4))] * len(solids)
    for members in groups.values():
        points = np.concatenate([solids[i].points for i in members])
        counts = np.concatenate([solids[i].counts for i in members])
        skin = np.concatenate([solids[i].beyond for i in members]) < 0
        inside = np.arange(points.shape[1]) < counts[:, None]
        corners = points[inside]
        _, middle, normal, _ = polygon_facts(points[skin], counts[skin])
        table = np.concatenate([normal, (normal * middle).sum(-1)[:, None]], 1)
        _, index = np.unique(table.round(5), axis=0, return_index=True)
        planes: list[Float] = []
        for plane in table[np.sort(index)]:
            new = all(np.abs(plane - p).max() > 1e-4 for p in planes)
            if new and (corners @ plane[:3] - plane[3]).max() < _ON_M:
                planes.append(plane)
        for i in members:
            out[i] = np.asarray(planes).reshape(-1, 4)
    return out


def hollow(solid: Solid, planes: Float) -> Bool:
    """(P,): skin that lies on none of its run's bounds, as in reveals and recesses."""
    _, middle, normal, _ = polygon_facts(solid.points, solid.counts)
    away = np.abs((middle[:, None] * planes[:, :3]).sum(-1) - planes[:, 3])
    on = ((away < _ON_M) & (normal @ planes[:, :3].T > 1 - _ON_M)).any(1)
    return np.asarray(~on & (solid.beyond < 0))


def roughened(corners: Float, eaten: Bool, held: Bool, planes: Float, openings: Openings, rough: float) -> Float:
    """All corners moved by a noise of their places; on a bound they move along it, on two not at all, into an opening never.

    Corners that are `held` stay. Corners of `eaten` faces, which nothing shows at rest, go inward by another noise.
    """
    moved = np.zeros_like(corners)
    for lattice, share in _OCTAVES:
        moved += share * noise(corners / lattice + 17.3 * share)
    moved *= rough
    away = openings.away(corners)
    size = np.linalg.norm(moved, axis=1)
    moved *= np.minimum(1, away / np.maximum(size, 1e-12))[:, None]
    on = np.abs(corners @ planes[:, :3].T - planes[:, 3]) < _ON_M
    for k in range(len(planes)):
        moved[on[:, k]] -= (moved[on[:, k]] @ planes[k, :3])[:, None] * planes[k, :3]
    moved[(on.sum(1) > 1) | held] = 0
    out = corners + moved * _share(corners, moved, planes, on)[:, None]
    if eaten.any():
        depth = (noise(corners[eaten] / 0.25 + 5.1)[:, 0] * 0.5 + 0.5) ** 2 * rough * _EATEN
        inward = -(on[eaten] @ planes[:, :3])
        inward *= (depth / np.maximum(np.linalg.norm(inward, axis=1), 1e-9))[:, None]
        out[eaten] += inward * _share(out[eaten], inward, planes, on[eaten])[:, None]
    return np.asarray(out)


def _share(corners: Float, moved: Float, planes: Float, on: Bool) -> Float:
    """(N,) 0..1: how much of each movement there is room for before a bound that the corner is not on; nothing leaves its part."""
    towards = np.where(on, 0, moved @ planes[:, :3].T)
    room = np.maximum(planes[:, 3] - corners @ planes[:, :3].T, 0)
    return np.asarray(np.where(towards > 0, np.minimum(1, _ROOM * room / np.maximum(towards, 1e-12)), 1).min(1, initial=1.0))


@compiled
def _hash(x: int, y: int, z: int, k: int) -> float:
    """A number in −1..1 of a lattice point; integer arithmetic, so the same everywhere."""
    h = (x * 374761393 + y * 668265263 + z * 2147483647 + k * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 2654435761) & 0xFFFFFFFF
    return (h ^ (h >> 15)) / 2147483648.0 - 1.0


@compiled
def noise(points: Float) -> Float:
    """Value noise (Perlin's fade over a lattice of hashed numbers), (N, 3) to (N, 3), each within −1..1: of the place alone."""
    out = np.empty((len(points), 3))
    for i in range(len(points)):
        x, y, z = int(np.floor(points[i, 0])), int(np.floor(points[i, 1])), int(np.floor(points[i, 2]))
        f = np.array([points[i, 0] - x, points[i, 1] - y, points[i, 2] - z])
        f = f * f * f * (f * (f * 6 - 15) + 10)
        for k in range(3):
            total = 0.0
            for c in range(8):
                dx, dy, dz = c & 1, (c >> 1) & 1, c >> 2
                weight = (f[0] if dx else 1 - f[0]) * (f[1] if dy else 1 - f[1]) * (f[2] if dz else 1 - f[2])
                total += weight * _hash(x + dx, y + dy, z + dz, k)
            out[i, k] = total
    return out
