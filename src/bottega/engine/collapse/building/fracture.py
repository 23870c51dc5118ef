"""Break a building's parts into convex pieces, and give each its bonds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.building.bonds import bonds_between, bonds_within, connected_panels
from bottega.engine.collapse.building.materials import Material
from bottega.engine.collapse.building.parts import Part
from bottega.engine.collapse.building.skin import skinned
from bottega.engine.collapse.building.solids import Solid, cut_parts, solids_of
from bottega.engine.collapse.records import Bonds, Bool, Float, Int, Pieces

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
    facet_m: float = 0.35
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


def fracture(elements: Sequence[Part], settings: FractureSettings | None = None, *, seed: int) -> tuple[Pieces, Bonds]:
    """Voronoi cells of blue-noise seeds in every part, chipped where they broke, and the bonds between all that touch.

    Seeds by best candidates (Mitchell 1991); cells by cutting planes; a bond is a face that two cells share, its strength the weaker
    material's times its area: its tension where the face is level, its shear where it is upright.

    Parameters
    ----------
    elements : sequence of Element or Body
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
    for group, numbers in enumerate(_groups(elements)):
        rng = np.random.default_rng([seed, numbers[0]])
        parts = [(n, elements[n]) for n in numbers]
        solids += _broken(parts, settings, rng, group=group, first=len(solids))
    bonds, panel, covered = _bonds(solids, elements, settings)
    return skinned(solids, elements, panel, covered, settings, seed=seed), bonds


def _groups(elements: Sequence[Part]) -> list[list[int]]:
    """Numbers of the parts that break as one, in the order of their firsts."""
    found: dict[int, list[int]] = {}
    for number, element in enumerate(elements):
        found.setdefault(element.run if element.run >= 0 else -1 - number, []).append(number)
    return list(found.values())


def _broken(parts: list[tuple[int, Part]], settings: FractureSettings, rng: np.random.Generator, *, group: int, first: int) -> list[Solid]:
    """The pieces of a run of parts; seeds whose pieces would be slivers are given up, and their neighbours grow."""
    seeds = _seeds([e for _, e in parts], settings, rng)
    stretch = _stretch(parts[0][1], rng)
    whole = sum(e.volume for _, e in parts)
    while True:
        cells = cut_parts(parts, seeds, stretch)
        sliver = np.bincount(cells.seed, cells.volume, len(seeds)) < _SLIVER * whole / len(seeds)
        if not sliver.any():
            return solids_of(cells, parts, group=group, first=first)
        seeds = seeds[~sliver]


def _stretch(element: Part, rng: np.random.Generator) -> Float:
    grain = element.material.stretch
    if grain == 1:
        return np.ones(3)
    upward = rng.random() < 0.7  # most grain runs up; some of it along
    return np.array([1.0, 1.0, 1 / grain]) if upward else np.array([1 / grain, 1 / grain, 1.0])


def _seeds(parts: Sequence[Part], settings: FractureSettings, rng: np.random.Generator) -> Float:
    """Points inside a run of parts, far from one another."""
    many = _how_many(parts, settings)
    share = np.cumsum([e.volume * _finest(settings, e.middle) for e in parts])
    share /= share[-1]
    out = np.empty((many, 3))
    for n in range(many):
        tried = np.stack([parts[int(np.searchsorted(share, rng.random()))].place(rng) for _ in range(_TRIES)])
        if n == 0:
            out[0] = tried[0]
            continue
        gaps = ((tried[:, None] - out[None, :n]) ** 2).sum(-1).min(1)
        gaps *= np.asarray([_finest(settings, t) for t in tried]) ** (2 / 3)
        out[n] = tried[int(gaps.argmax())]
    return out


def _how_many(parts: Sequence[Part], settings: FractureSettings) -> int:
    """Seeds of a run: its volume in pieces that are as thick as it is, more where it breaks finer."""
    size = settings.piece_m * parts[0].material.piece
    thick = [min(e.thick_m, size) for e in parts]
    order = np.argsort(thick, kind="stable")
    volumes = np.asarray([e.volume for e in parts])
    half = int(np.searchsorted(np.cumsum(volumes[order]), volumes.sum() / 2))
    usual = thick[order[min(half, len(order) - 1)]]
    many = sum(e.cells * _finest(settings, e.middle) * e.volume for e in parts) / (size * size * usual)
    return int(np.clip(round(many), 1, _MOST_CELLS * len(parts)))


def _finest(settings: FractureSettings, at: Float) -> float:
    return max((_finer(p, at) for p in settings.denser), default=1.0)


def _finer(place: Denser, at: Float) -> float:
    near = 1 - float(np.linalg.norm(at - np.asarray(place.at))) / place.radius_m
    return 1 + (place.factor - 1) * max(0.0, min(1.0, 2 * near))


def _bonds(solids: Sequence[Solid], elements: Sequence[Part], settings: FractureSettings) -> tuple[Bonds, Int, list[Bool]]:
    """All bonds, the panels that pieces come loose with, and which of their polygons other parts cover."""
    within, (between, covered) = bonds_within(solids), bonds_between(solids)
    pair, area, centre, normal = (np.concatenate(both) for both in zip(within, between, strict=True))
    order = np.lexsort((pair[:, 1], pair[:, 0]))
    pair, area, centre, normal = pair[order], area[order], centre[order], normal[order]
    panel = connected_panels(np.asarray([elements[s.element].panel for s in solids]), pair, area)
    material = [elements[s.element].material for s in solids]
    force = _strength(material, pair, normal) * 1e6 * area * settings.strength
    glued = np.asarray([m.glued for m in material])[pair].all(1) & (panel[pair[:, 0]] == panel[pair[:, 1]])
    return Bonds(pair.astype(np.int32), area, centre, normal, np.where(glued, force * settings.glue, force)), panel, covered


def _strength(material: Sequence[Material], pair: Int, normal: Float) -> Float:
    """(B,) MPa: √((t n_z)² + (s n_level)²) of the weaker of two, and not above an edge's."""
    level = np.hypot(normal[:, 0], normal[:, 1])
    tension, shear, edge = (np.asarray([getattr(m, f"{name}_mpa") for m in material])[pair] for name in ("tension", "shear", "edge"))
    bears = np.hypot(tension * normal[:, 2, None], shear * level[:, None]).min(1)
    name = np.asarray([m.name for m in material])[pair]
    return np.asarray(np.where(name[:, 0] == name[:, 1], bears, np.minimum(bears, edge.min(1))))
