"""What a piece looks like: its polygons as small facets, rough where it broke, on the skin where it did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bottega.engine.collapse.building.bars import bars_of
from bottega.engine.collapse.building.cells import polygon_facts
from bottega.engine.collapse.building.ears import unfolded
from bottega.engine.collapse.building.hulls import hull_of
from bottega.engine.collapse.building.rough import Openings, bounds_of, hollow, roughened
from bottega.engine.collapse.compiled import compiled
from bottega.engine.collapse.records import Bool, Face, Float, Int, Pieces

if TYPE_CHECKING:
    from bottega.engine.collapse.building.fracture import FractureSettings
    from bottega.engine.collapse.building.parts import Part
    from bottega.engine.collapse.building.solids import Solid

_MOST_SPLITS = 7
_SKIN_FACETS = 3.0


def skinned(
    solids: Sequence[Solid], elements: Sequence[Part], panel: Int, covered: Sequence[Bool], settings: FractureSettings, *, seed: int
) -> Pieces:
    """The pieces of a building: facets, hulls, masses.

    Neighbours get the same facets and the same noise where they meet, so nothing gapes at rest; on a wall corners wander along
    the wall only, so the skin stays where the plate shows it. Where a part only stood against another it is broken too, inward.
    """
    openings, bounds = Openings(elements), bounds_of(solids)
    made = [
        _facets(s, c, elements[s.element], b, openings, settings, np.random.default_rng([seed, 7, i]))
        for i, (s, c, b) in enumerate(zip(solids, covered, bounds, strict=True))
    ]
    centres = np.stack([s.centre for s in solids])
    part = [elements[s.element] for s in solids]
    materials = tuple(dict.fromkeys(e.material.name for e in part))
    hulls = [hull_of(s) for s in solids]
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
        cluster=panel.astype(np.int32),
        storey=np.asarray([e.storey for e in part], np.int32),
    )


def _facets(
    solid: Solid, hidden: Bool, element: Part, planes: Float, openings: Openings, settings: FractureSettings, rng: np.random.Generator
) -> tuple[Float, Int, Int]:
    """Corners (V, 3) in the world, triangles (T, 3), their faces (T,)."""
    corners, triangles, polygon = _fans(solid.points, solid.counts)
    broken = (solid.beyond >= 0) | hidden
    rough = element.material.rough_m * settings.rough
    if rough > 0:
        corners, triangles, polygon = _split(corners, triangles, polygon, broken, settings.facet_m)
        eaten = np.zeros(len(corners), bool)
        eaten[triangles[hidden[polygon]].ravel()] = True
        eaten[triangles[~broken[polygon]].ravel()] = False
        held = np.zeros(len(corners), bool)
        held[triangles[hollow(solid, planes)[polygon]].ravel()] = True
        corners = roughened(corners, eaten, held, planes, openings, rough)
        normal = polygon_facts(solid.points, solid.counts)[2]
        triangles, polygon = unfolded(corners, triangles, polygon, normal=normal, flat=~broken)
    face = np.where(broken, np.uint8(Face.BROKEN), solid.shows)[polygon]
    if element.material.name == "glass":
        face[:] = Face.GLASS
    if settings.stubs and element.material.name == "reinforced concrete":
        bars, rods = bars_of(solid, planes, openings, rng)
        face = np.concatenate([face, np.full(len(rods), Face.BROKEN, np.uint8)])
        return np.concatenate([corners, bars]), np.concatenate([triangles, rods + len(corners)]), face
    return corners, triangles, face


def _fans(points: Float, counts: Int) -> tuple[Float, Int, Int]:
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
        wall += [f] * max(0, len(ring) - 2)
    return corners, np.asarray(triangles, np.int64).reshape(-1, 3), np.asarray(wall, np.int64)


def _split(corners: Float, triangles: Int, wall: Int, broken: Bool, longest: float) -> tuple[Float, Int, Int]:
    """Halve every edge that is too long until none is: an edge is halved for both of its triangles, and for both pieces.

    Edges of broken faces are too long above `longest`, others above three times that.
    """
    for _ in range(_MOST_SPLITS):
        ends = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        key, of = np.unique(ends[:, 0] * len(corners) + ends[:, 1], return_inverse=True)
        edges = np.stack([key // len(corners), key % len(corners)], -1)
        fine = np.zeros(len(edges), bool)
        fine[of.ravel().reshape(-1, 3)[broken[wall]].ravel()] = True
        length = np.linalg.norm(corners[edges[:, 0]] - corners[edges[:, 1]], axis=1)
        long = length > np.where(fine, longest, _SKIN_FACETS * longest)
        if not long.any():
            break
        new = np.full(len(edges), -1, np.int64)
        new[long] = len(corners) + np.arange(int(long.sum()))
        corners = np.concatenate([corners, (corners[edges[long, 0]] + corners[edges[long, 1]]) / 2])
        triangles, wall = _divided(triangles, wall, new[of.ravel().reshape(-1, 3)])
    return corners, triangles, wall


@compiled
def _divided(triangles: Int, wall: Int, middles: Int) -> tuple[Int, Int]:
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
