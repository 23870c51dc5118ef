"""Break a building's parts into convex pieces, and give each its bonds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.building.bonds import bonds_between, bonds_within
from bottega.engine.collapse.building.cells import cells_of, polygon_facts, prism_walls
from bottega.engine.collapse.building.parts import Element
from bottega.engine.collapse.building.skin import Solid, skinned
from bottega.engine.collapse.records import Bonds, Float, Pieces

_TRIES = 10
_MOST_CELLS = 400  # of one part
_SLIVER = 2e-3  # share of its part's mean piece below which a cell is given up and its neighbours grow


@dataclass(frozen=True, slots=True)
class Denser:
    """Smaller pieces within `radius_m` of a point: `factor` times as many where it is nearest."""

    at: tuple[float, float, float]
    radius_m: float
    factor: float


@dataclass(frozen=True, slots=True)
class FractureSettings:
    """How a building breaks.

    piece_m
        Size of a usual piece along its part, metres.
    denser
        Where it breaks finer.
    glue
        How many times stronger a bond is inside a panel than between panels.
    strength
        Multiplies every bond.
    rough
        Multiplies how far broken faces wander; 0 leaves them plane.
    facet_m
        Length of the facets of what is seen of a broken face.
    stubs
        Reinforcement that sticks out of broken concrete.
    """

    piece_m: float = 1.5
    denser: tuple[Denser, ...] = ()
    glue: float = 15.0
    strength: float = 1.0
    rough: float = 1.0
    facet_m: float = 0.6
    stubs: bool = True

    def __post_init__(self) -> None:
        for name in ("piece_m", "glue", "strength", "facet_m"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        if not 0 <= self.rough <= 3:
            raise ValueError(f"rough must be 0 to 3, not {self.rough}")
        for i, place in enumerate(self.denser):
            if not (place.radius_m > 0 and place.factor > 0):
                raise ValueError(f"denser[{i}]: radius_m and factor must be above 0, not {place.radius_m} and {place.factor}")


def fracture(elements: Sequence[Element], settings: FractureSettings | None = None, *, seed: int) -> tuple[Pieces, Bonds]:
    """Voronoi cells of blue-noise seeds in every part, chipped where they broke, and the bonds between all that touch.

    Seeds by best candidates (Mitchell 1991); cells by cutting planes; a bond is a face that two cells share, its strength the weaker
    material's times its area.

    Parameters
    ----------
    elements : sequence of Element
        Parts that touch and do not overlap.
    settings : FractureSettings, optional
        How it breaks.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    Pieces, Bonds
        Cells fill their parts: their volumes sum to the parts' own.

    Raises
    ------
    ValueError
        No part.

    Examples
    --------
    >>> from bottega.engine.collapse.building import Building, elements
    >>> house = Building(((0, 0), (8, 0), (8, 6), (0, 6)), (2, 0, 0, 0), (3.0,))
    >>> pieces, bonds = fracture(elements(house), seed=1)
    >>> whole = sum(e.volume for e in elements(house))
    >>> bool(abs(pieces.volume.sum() / whole - 1) < 1e-6)
    True
    """
    if not elements:
        raise ValueError("elements: one part at least is needed, none given")
    settings = settings or FractureSettings()
    solids: list[Solid] = []
    for number, element in enumerate(elements):
        solids += _broken(element, number, settings, np.random.default_rng([seed, number]), first=len(solids))
    return skinned(solids, elements, settings, seed=seed), _bonds(solids, elements, settings)


def _broken(element: Element, number: int, settings: FractureSettings, rng: np.random.Generator, *, first: int) -> list[Solid]:
    """The cells of one part."""
    walls, counts = prism_walls(element.base, element.low, element.high)
    seeds = _seeds(element, settings, rng)
    stretch = _stretch(element, rng)
    while True:
        apart = (((seeds[:, None] - seeds[None]) * stretch) ** 2).sum(-1)
        np.fill_diagonal(apart, np.inf)
        nearest = np.argsort(apart, axis=1, kind="stable")[:, : len(seeds) - 1]
        points, corner_counts, tags, owner = cells_of(walls, counts, seeds, np.ascontiguousarray(nearest), stretch)
        _, _, _, volumes = polygon_facts(points - seeds[0], corner_counts)
        cell = np.bincount(owner, volumes, len(seeds))
        sliver = cell < _SLIVER * element.volume / len(seeds)
        if not sliver.any():
            break
        seeds = seeds[~sliver]
    ends = np.searchsorted(owner, np.arange(len(seeds) + 1))
    return [
        Solid(number, points[a:b], corner_counts[a:b], tags[a:b], first, float(v))
        for a, b, v in zip(ends[:-1], ends[1:], cell, strict=True)
    ]


def _stretch(element: Element, rng: np.random.Generator) -> Float:
    grain = element.material.stretch
    if grain == 1:
        return np.ones(3)
    upward = rng.random() < 0.7  # most grain runs up; some of it along
    return np.array([1.0, 1.0, 1 / grain]) if upward else np.array([1 / grain, 1 / grain, 1.0])


def _seeds(element: Element, settings: FractureSettings, rng: np.random.Generator) -> Float:
    """Points inside a part, far from one another."""
    size = settings.piece_m * element.material.piece
    low, high = np.append(element.base.min(0), element.low), np.append(element.base.max(0), element.high)
    edges = np.roll(element.base, -1, 0) - element.base
    height, across = element.high - element.low, float(np.linalg.norm(edges, axis=1).min())
    thin = min(height, across, size)
    middle = (low + high) / 2
    finer = max((_finer(p, middle) for p in settings.denser), default=1.0)
    many = int(np.clip(round(element.cells * finer * element.volume / (size * size * thin)), 1, _MOST_CELLS))
    normals = np.stack([-edges[:, 1], edges[:, 0]], -1)
    out = np.empty((many, 3))
    for n in range(many):
        tried = low + (high - low) * rng.random((4 * _TRIES, 3))
        inside = ((tried[:, None, :2] - element.base) * normals).sum(-1).min(1) > 0
        tried = tried[inside][:_TRIES]
        if not len(tried):
            tried = np.append(element.base.mean(0), rng.uniform(element.low, element.high))[None]
        if n == 0:
            out[0] = tried[0]
            continue
        gaps = ((tried[:, None] - out[None, :n]) ** 2).sum(-1).min(1)
        gaps *= np.asarray([max((_finer(p, t) for p in settings.denser), default=1.0) for t in tried]) ** (2 / 3)
        out[n] = tried[int(gaps.argmax())]
    return out


def _finer(place: Denser, at: Float) -> float:
    near = 1 - float(np.linalg.norm(at - np.asarray(place.at))) / place.radius_m
    return 1 + (place.factor - 1) * max(0.0, min(1.0, 2 * near))


def _bonds(solids: Sequence[Solid], elements: Sequence[Element], settings: FractureSettings) -> Bonds:
    pair, area, centre, normal = (np.concatenate(both) for both in zip(bonds_within(solids), bonds_between(solids, elements), strict=True))
    panel = np.asarray([elements[s.element].panel for s in solids])
    strength = np.asarray([elements[s.element].material.strength_mpa for s in solids])
    force = np.minimum(strength[pair[:, 0]], strength[pair[:, 1]]) * 1e6 * area * settings.strength
    force = np.where(panel[pair[:, 0]] == panel[pair[:, 1]], force * settings.glue, force)
    order = np.lexsort((pair[:, 1], pair[:, 0]))
    return Bonds(pair[order].astype(np.int32), area[order], centre[order], normal[order], force[order])
