"""Pieces as convex cells put together: cells of one seed in parts of a run are one piece, where that is nearly convex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.building.cells import MOST_CORNERS, cells_of, polygon_facts
from bottega.engine.collapse.building.parts import Part
from bottega.engine.collapse.records import Float, Int

_SAME_M = 1e-6
_ROUND = 1.12  # a piece's hull may hold this many times its volume: more would fill windows
_CRUMB = 0.03  # a cell below this share of the piece that it touches goes with it all the same, a piece below it of the mean
_SPECK_M2 = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A piece in the world, before it is made rough.

    element
        The part that most of it is of.
    points, counts
        (P, corners, 3), (P,): its polygons, counter-clockwise from outside.
    beyond
        (P,): the number of the piece beyond, −1 where the polygon is skin.
    shows
        (P,): `Face` of skin.
    volume, centre
        m³; (3,) centre of mass.
    group
        The number of its run, or of its part where that breaks alone.
    """

    element: int
    points: Float
    counts: Int
    beyond: Int
    shows: Int
    volume: float
    centre: Float
    group: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Convex cells, C of them, and all of their polygons: what is of which part and seed."""

    element: Int  # (C,)
    seed: Int  # (C,)
    volume: Float  # (C,)
    middle: Float  # (C, 3)
    points: Float  # (P, MOST_CORNERS, 3)
    counts: Int  # (P,)
    tags: Int  # (P,): −1 − w for wall w, else the seed beyond
    cell: Int  # (P,), rising
    area: Float  # (P,)
    at: Float  # (P, 3)


def solids_of(cells: Cells, parts: Sequence[tuple[int, Part]], *, group: int, first: int) -> list[Solid]:
    """The pieces of a run, or of a part alone; the first gets the number `first`."""
    joined = _joints(cells)
    piece = _pieces(cells, joined)
    lookup = {(int(e), int(s)): i for i, (e, s) in enumerate(zip(cells.element, cells.seed, strict=True))}
    other: Int = np.full(len(cells.tags), -1, np.int64)
    for f in np.flatnonzero(cells.tags >= 0):
        behind = lookup.get((int(cells.element[cells.cell[f]]), int(cells.tags[f])), -1)
        other[f] = piece[behind] if behind >= 0 else -1
    for one, two in joined:
        other[one], other[two] = piece[cells.cell[two]], piece[cells.cell[one]]
    piece, other = _without_crumbs(cells, piece, other)
    mine = piece[cells.cell]
    shows = np.zeros(len(other), np.uint8)
    sides = {number: np.asarray(e.sides, np.uint8) for number, e in parts}
    for f in np.flatnonzero(cells.tags < 0):
        shows[f] = sides[int(cells.element[cells.cell[f]])][-1 - cells.tags[f]]
    beyond = np.where(other >= 0, other + first, -1)
    out = []
    for p in range(int(piece.max()) + 1):
        keep = np.flatnonzero((mine == p) & (other != p))
        of = np.flatnonzero(piece == p)
        volume = float(cells.volume[of].sum())
        centre = (cells.volume[of, None] * cells.middle[of]).sum(0) / volume
        element = int(cells.element[of[cells.volume[of].argmax()]])
        out.append(Solid(element, cells.points[keep], cells.counts[keep], beyond[keep], shows[keep], volume, centre, group))
    return out


def _without_crumbs(cells: Cells, piece: Int, other: Int) -> tuple[Int, Int]:
    """Pieces far smaller than the others go with the neighbour that they share most with; numbered anew."""
    volume = np.bincount(piece, cells.volume)
    goes = np.arange(len(volume))
    for crumb in np.argsort(volume, kind="stable"):
        if volume[crumb] >= _CRUMB * volume.mean():
            break
        edge = (goes[piece[cells.cell]] == crumb) & (other >= 0)
        share = np.bincount(goes[other[edge]], cells.area[edge], len(volume))
        share[crumb] = 0
        if share.max() > 0:
            goes[goes == crumb] = share.argmax()
    number = np.unique(goes, return_inverse=True)[1]
    return number.ravel()[piece], np.where(other >= 0, number.ravel()[other], -1)


def cut_parts(parts: Sequence[tuple[int, Part]], seeds: Float, stretch: Float) -> Cells:
    """Every part cut by the seeds that reach it."""
    found: list[tuple[Float, Int, Int, Int, int]] = []
    for number, part in parts:
        walls, counts = part.walls()
        near = _near(walls, counts, seeds, stretch)
        some = seeds[near]
        apart = (((some[:, None] - some[None]) * stretch) ** 2).sum(-1)
        np.fill_diagonal(apart, np.inf)
        nearest = np.ascontiguousarray(np.argsort(apart, axis=1, kind="stable")[:, : len(near) - 1])
        points, corners, tags, owner = cells_of(walls, counts, some, nearest, stretch)
        tags = np.where(tags >= 0, near[np.maximum(tags, 0)], tags)
        found.append((points, corners, tags, near[owner], number))
    points, corners, tags = (np.concatenate([f[k] for f in found]) for k in range(3))
    seed = np.concatenate([f[3] for f in found])
    element = np.concatenate([np.full(len(f[3]), f[4]) for f in found])
    start = np.flatnonzero(np.append(True, (np.diff(element) != 0) | (np.diff(seed) != 0)))
    cell = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(seed))))
    apex = points[start, 0][cell]
    area, at, normal, _ = polygon_facts(points - apex[:, None], corners)
    pyramid = (normal * at).sum(-1) * area / 3
    volume = np.asarray(np.bincount(cell, pyramid), np.float64)
    weighed = np.stack([np.bincount(cell, pyramid * at[:, k] * 0.75) for k in range(3)], -1)
    middle = weighed / np.maximum(volume, 1e-30)[:, None] + points[start, 0]
    return Cells(element[start], seed[start], volume, middle, points, corners, tags, cell, area, at + apex)


def _near(walls: Float, counts: Int, seeds: Float, stretch: Float) -> Int:
    """Seeds whose cells may reach a part: those nearer to its middle than the nearest, by its own size."""
    corners = np.concatenate([walls[w, : counts[w]] for w in range(len(walls))])
    middle = corners.mean(0)
    size = float(np.sqrt((((corners - middle) * stretch) ** 2).sum(-1)).max())
    away = np.sqrt((((seeds - middle) * stretch) ** 2).sum(-1))
    return np.flatnonzero(away <= away.min() + 2 * size + _SAME_M)


def _joints(cells: Cells) -> list[tuple[int, int]]:
    """Pairs of polygons of one seed that lie on one another, from parts side by side."""
    from scipy.spatial import cKDTree

    skin = np.flatnonzero((cells.tags < 0) & (cells.area > _SPECK_M2))
    if len(np.unique(cells.element)) < 2 or not len(skin):
        return []
    found = cKDTree(cells.at[skin]).query_pairs(_SAME_M, output_type="ndarray").reshape(-1, 2)
    pairs = np.sort(skin[found], axis=1)
    a, b = pairs.T
    one, two = cells.cell[a], cells.cell[b]
    good = (cells.seed[one] == cells.seed[two]) & (cells.element[one] != cells.element[two])
    good &= np.abs(cells.area[a] - cells.area[b]) < _SAME_M * np.maximum(cells.area[a], 1)
    return [(int(f), int(g)) for f, g in pairs[good][np.lexsort((b[good], a[good]))]]


def _pieces(cells: Cells, joined: list[tuple[int, int]]) -> Int:
    """(C,): the piece that a cell belongs to. Grown from the largest cells, along the largest joints, as long as it is nearly convex."""
    beside: dict[int, list[tuple[float, int]]] = {}
    for f, g in joined:
        for one, two in ((f, g), (g, f)):
            beside.setdefault(int(cells.cell[one]), []).append((-float(cells.area[one]), int(cells.cell[two])))
    piece: Int = np.full(len(cells.seed), -1, np.int64)
    corners = _corners(cells)
    count = 0
    for start in np.lexsort((np.arange(len(piece)), -cells.volume)).tolist():
        if piece[start] >= 0:
            continue
        piece[start], held, volume = count, corners[start], float(cells.volume[start])
        edge = sorted(beside.get(start, []))
        while edge:
            _, cell = edge.pop(0)
            both = np.concatenate([held, corners[cell]])
            more = volume + float(cells.volume[cell])
            if piece[cell] < 0 and (cells.volume[cell] < _CRUMB * more or _hull_volume(both) < _ROUND * more):
                piece[cell], held, volume = count, both, more
                edge = sorted([*edge, *(b for b in beside[cell] if piece[b[1]] < 0)])
        count += 1
    order = np.unique(piece, return_index=True)[1].argsort(kind="stable")
    return np.argsort(order, kind="stable")[piece]


def _corners(cells: Cells) -> list[Float]:
    inside = np.arange(MOST_CORNERS) < cells.counts[:, None]
    ends = np.cumsum(np.bincount(cells.cell, cells.counts)).astype(np.int64)
    return np.split(cells.points[inside], ends[:-1])


def _hull_volume(points: Float) -> float:
    from scipy.spatial import ConvexHull

    return float(ConvexHull(points - points[0]).volume)
