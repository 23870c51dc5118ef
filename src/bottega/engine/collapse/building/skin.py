"""What a piece looks like: its polygons as small facets, rough where it broke, on the skin where it did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bottega.engine.collapse.building.cells import polygon_facts
from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Bool, Face, Float, Int, Pieces

if TYPE_CHECKING:
    from bottega.engine.collapse.building.fracture import FractureSettings
    from bottega.engine.collapse.building.parts import Element

_LATTICE_M = 0.55  # of the coarser octave of the noise
_MOST_SPLITS = 6
_STUB_M, _STUB_LONG_M = 0.022, (0.15, 0.55)
_STUBS_A_M2 = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A convex cell of one part, in the world: its polygons (P, corners, 3), how many corners each has, what lies behind each.

    tags
        (P,): −1 − w for the part's own wall w, else the number among its part's cells of the cell beyond.
    first
        The number of the part's first cell among all.
    """

    element: int
    points: Float
    counts: Int
    tags: Int
    first: int
    volume: float


def skinned(solids: Sequence[Solid], elements: Sequence[Element], settings: FractureSettings, *, seed: int) -> Pieces:
    """The pieces of a building: facets, hulls, masses.

    Neighbours get the same facets and the same noise where they meet, so nothing gapes at rest; on an outside wall corners wander along
    the wall only, so the skin stays where the plate shows it.
    """
    made = [_facets(s, elements[s.element], settings, np.random.default_rng([seed, 7, i])) for i, s in enumerate(solids)]
    centres = np.stack([_centre(s) for s in solids])
    part = [elements[s.element] for s in solids]
    materials = tuple(dict.fromkeys(e.material.name for e in part))
    hulls = [np.unique(np.concatenate([s.points[f, : s.counts[f]] for f in range(len(s.points))]).round(7), axis=0) for s in solids]
    base = np.cumsum([0, *(len(v) for v, _, _ in made)])
    return Pieces(
        vertices=np.concatenate([v - c for (v, _, _), c in zip(made, centres, strict=True)]).astype(np.float32),
        vertex_start=base.astype(np.int64),
        triangles=np.concatenate([t + b for (_, t, _), b in zip(made, base[:-1], strict=True)]).astype(np.int32),
        triangle_start=np.cumsum([0, *(len(t) for _, t, _ in made)]).astype(np.int64),
        face=np.concatenate([k for _, _, k in made]).astype(np.uint8),
        hull=np.concatenate([h - c for h, c in zip(hulls, centres, strict=True)]).astype(np.float32),
        hull_start=np.cumsum([0, *(len(h) for h in hulls)]).astype(np.int64),
        centre=centres,
        volume=np.asarray([s.volume for s in solids]),
        density=np.asarray([e.material.density for e in part]),
        material=np.asarray([materials.index(e.material.name) for e in part], np.uint8),
        materials=materials,
        element=np.asarray([s.element for s in solids], np.int32),
        cluster=np.asarray([e.panel for e in part], np.int32),
        storey=np.asarray([e.storey for e in part], np.int32),
    )


def _centre(solid: Solid) -> Float:
    """Centre of mass of a convex cell: of its pyramids from one of its corners."""
    apex = solid.points[0, 0]
    total, weight = np.zeros(3), 0.0
    area, middle, normal, _ = polygon_facts(solid.points - apex, solid.counts)
    height = (normal * middle).sum(-1)
    volumes = area * height / 3
    weight = float(volumes.sum())
    total = (volumes[:, None] * middle * 0.75).sum(0)
    return np.asarray(apex + total / weight)


def _facets(solid: Solid, element: Element, settings: FractureSettings, rng: np.random.Generator) -> tuple[Float, Int, Int]:
    """Corners (V, 3) in the world, triangles (T, 3), their faces (T,)."""
    corners, triangles, wall = _fans(solid.points, solid.counts, solid.tags)
    rough = element.material.rough_m * settings.rough
    if rough > 0:
        corners, triangles, wall = _split(corners, triangles, wall, settings.facet_m)
        corners = _roughened(corners, triangles, wall, element, rough)
    sides = np.asarray(element.sides, np.uint8)
    face = np.where(wall >= 0, np.uint8(Face.BROKEN), sides[np.clip(-1 - wall, 0, len(sides) - 1)])
    if element.material.name == "glass":
        face[:] = Face.GLASS
    if settings.stubs and element.material.name == "reinforced concrete":
        return _with_stubs(solid, corners, triangles, face, rng)
    return corners, triangles, face


def _fans(points: Float, counts: Int, tags: Int) -> tuple[Float, Int, Int]:
    """Polygons as fans round their middles where they are large, with corners that are shared."""
    rows = np.concatenate([points[f, : counts[f]] for f in range(len(points))])
    _, index, inverse = np.unique(rows.round(7), axis=0, return_index=True, return_inverse=True)
    corners, at, triangles, wall = rows[index], 0, [], []
    inverse = inverse.ravel()
    for f in range(len(points)):
        ring = [int(i) for i in inverse[at : at + counts[f]]]
        ring = [i for k, i in enumerate(ring) if i != ring[k - 1]]
        at += int(counts[f])
        triangles += [(ring[0], ring[k], ring[k + 1]) for k in range(1, len(ring) - 1)]
        wall += [int(tags[f])] * max(0, len(ring) - 2)
    return corners, np.asarray(triangles, np.int64).reshape(-1, 3), np.asarray(wall, np.int64)


def _split(corners: Float, triangles: Int, wall: Int, longest: float) -> tuple[Float, Int, Int]:
    """Halve every edge longer than `longest` until none is left: an edge is halved for both of its triangles, and for both pieces."""
    for _ in range(_MOST_SPLITS):
        ends = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        edges, of = np.unique(ends, axis=0, return_inverse=True)
        long = np.linalg.norm(corners[edges[:, 0]] - corners[edges[:, 1]], axis=1) > longest
        if not long.any():
            break
        new = np.full(len(edges), -1, np.int64)
        new[long] = len(corners) + np.arange(int(long.sum()))
        corners = np.concatenate([corners, (corners[edges[long, 0]] + corners[edges[long, 1]]) / 2])
        triangles, wall = _divided(triangles, wall, new[of.ravel().reshape(-1, 3)], corners)
    return corners, triangles, wall


@compiled
def _divided(triangles: Int, wall: Int, middles: Int, corners: Float) -> tuple[Int, Int]:
    """Each triangle by the middles of its edges (−1: not halved): 1, 2, 3 or 4 triangles."""
    out, walls, n = np.empty((4 * len(triangles), 3), np.int64), np.empty(4 * len(triangles), np.int64), 0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ab, bc, ca = middles[t, 0], middles[t, 1], middles[t, 2]
        many = (ab >= 0) + (bc >= 0) + (ca >= 0)
        start = n
        if many == 0:
            out[n] = (a, b, c)
            n += 1
        elif many == 3:
            out[n], out[n + 1], out[n + 2], out[n + 3] = (a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)
            n += 4
        else:
            for _ in range(2):  # turn it until the first edge is halved, and of two the first and second
                if not (ab >= 0 and (many == 1 or bc >= 0)):
                    a, b, c, ab, bc, ca = b, c, a, bc, ca, ab
            if many == 1:
                out[n], out[n + 1] = (a, ab, c), (ab, b, c)
                n += 2
            else:
                out[n], out[n + 1], out[n + 2] = (ab, b, bc), (a, ab, c), (ab, bc, c)
                n += 3
        for k in range(start, n):
            walls[k] = wall[t]
    return out[:n].copy(), walls[:n].copy()


def _roughened(corners: Float, triangles: Int, wall: Int, element: Element, rough: float) -> Float:
    """Corners of broken faces moved by a noise of the place; what also lies on a wall of the part moves along that wall only."""
    broken = np.zeros(len(corners), bool)
    broken[triangles[wall >= 0].ravel()] = True
    moved = (noise(corners / _LATTICE_M) + 0.5 * noise(corners / (_LATTICE_M * 0.37) + 31.7)) * rough
    moved[~broken] = 0
    for w in np.unique(wall[wall < 0]):
        on = np.zeros(len(corners), bool)
        on[triangles[wall == w].ravel()] = True
        normal = _normal(element, int(-1 - w))
        moved[on] -= (moved[on] @ normal)[:, None] * normal
    moved[_fixed(corners, triangles, wall)] = 0
    out = corners + moved
    for w in range(len(element.sides)):  # nothing leaves its part
        normal = _normal(element, w)
        out -= np.maximum((out - _on(element, w)) @ normal, 0)[:, None] * normal
    return np.asarray(out)


def _on(element: Element, wall: int) -> Float:
    """A point of a part's wall."""
    k = len(element.base)
    return np.append(element.base[wall % k], element.high if wall == k + 1 else element.low)


def _fixed(corners: Float, triangles: Int, wall: Int) -> Bool:
    """Corners on two walls or more: the part's own edges, which stay straight against its neighbours."""
    seen = np.zeros(len(corners), np.int64)
    for w in np.unique(wall[wall < 0]):
        on = np.zeros(len(corners), bool)
        on[triangles[wall == w].ravel()] = True
        seen += on
    return np.asarray(seen >= 2)


def _normal(element: Element, wall: int) -> Float:
    k = len(element.base)
    if wall >= k:
        return np.array([0.0, 0.0, -1.0 if wall == k else 1.0])
    edge = element.base[(wall + 1) % k] - element.base[wall]
    return np.asarray(np.array([edge[1], -edge[0], 0.0]) / np.linalg.norm(edge))


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


def _with_stubs(solid: Solid, corners: Float, triangles: Int, face: Int, rng: np.random.Generator) -> tuple[Float, Int, Int]:
    """Reinforcement that sticks out of broken faces: thin bars, which at rest lie inside the piece beyond."""
    area, _, normal, _ = polygon_facts(solid.points, solid.counts)
    bars, quads = [corners], [triangles]
    count = len(corners)
    for f in np.flatnonzero(solid.tags >= 0):
        for _ in range(rng.poisson(_STUBS_A_M2 * area[f])):
            ring = solid.points[f, : solid.counts[f]]
            weights = rng.dirichlet(np.ones(len(ring)))
            foot = weights @ ring
            way = normal[f] + rng.normal(0, 0.25, 3)
            tip = foot + way / np.linalg.norm(way) * rng.uniform(*_STUB_LONG_M)
            bars.append(_bar(foot - normal[f] * 0.05, tip))
            quads.append(_BAR + count)
            count += 8
    added = sum(len(q) for q in quads[1:])
    return np.concatenate(bars), np.concatenate(quads), np.concatenate([face, np.full(added, Face.BROKEN, np.uint8)])


_BAR = np.array([
    (0, 2, 1), (0, 3, 2), (4, 5, 6), (4, 6, 7), (0, 1, 5), (0, 5, 4), (1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7),
], np.int64)  # fmt: skip


def _bar(foot: Float, tip: Float) -> Float:
    """Eight corners of a square bar."""
    way = (tip - foot) / np.linalg.norm(tip - foot)
    side = np.cross(way, [1.0, 0, 0] if abs(way[0]) < 0.7 else [0, 1.0, 0])
    side *= _STUB_M / 2 / np.linalg.norm(side)
    up = np.cross(way, side)
    square = np.array([side + up, -side + up, -side - up, side - up])
    return np.concatenate([foot + square, tip + square])
