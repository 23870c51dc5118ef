"""A building as its parts: upright prisms that touch. Piers, spandrels, panes, slabs, columns, a core, inner walls, a parapet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from bottega.engine.collapse.building.layout import Layout
from bottega.engine.collapse.building.materials import PRESETS
from bottega.engine.collapse.building.parts import Element
from bottega.engine.collapse.records import Float


@dataclass(frozen=True, slots=True)
class Walls:
    """How a face is laid out; shares are of a bay's width or a storey's height.

    thick_m, reveal_m
        Thickness, and how far panes lie behind the skin.
    window, sill, head
        Width, lower and upper edge of a window; of the ground floor's shopfronts in the same order.
    """

    thick_m: float = 0.4
    reveal_m: float = 0.2
    window: float = 0.5
    sill: float = 0.28
    head: float = 0.82
    shop: tuple[float, float, float] = (0.7, 0.06, 0.78)


@dataclass(frozen=True, slots=True)
class Building:
    """A building by its plan.

    plan
        Corners on the ground, counter-clockwise from above, (x, y) metres: a convex outline.
    bays
        Windows on each side of the plan, from each corner to the next; 0 for a side without any.
    storeys_m
        Heights from the ground up.
    material
        One of `PRESETS`.
    parapet_m
        Above the last storey; 0 for none.
    walls, slab_m
        See `Walls`; the thickness of floors.
    rooms_m
        Distance of columns and of inner walls.
    """

    plan: tuple[tuple[float, float], ...]
    bays: tuple[int, ...]
    storeys_m: tuple[float, ...]
    material: str = "masonry"
    parapet_m: float = 1.0
    walls: Walls = field(default_factory=Walls)
    slab_m: float = 0.28
    rooms_m: float = 5.5

    def __post_init__(self) -> None:
        points = np.asarray(self.plan, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
            raise ValueError(f"plan: three corners (x, y) or more are needed, given {self.plan}")
        edges = np.roll(points, -1, 0) - points
        turns = edges[:, 0] * np.roll(edges, -1, 0)[:, 1] - edges[:, 1] * np.roll(edges, -1, 0)[:, 0]
        if not (turns > 0).all():
            raise ValueError(f"plan: corners must be convex and counter-clockwise from above, not {self.plan}")
        if len(self.bays) != len(points) or min(self.bays) < 0:
            raise ValueError(f"bays: {len(points)} numbers of 0 or above are needed, one a side, given {self.bays}")
        if not self.storeys_m or not all(math.isfinite(h) and h > 2 * self.slab_m for h in self.storeys_m):
            raise ValueError(f"storeys_m: heights above {2 * self.slab_m:g} m are needed, given {self.storeys_m}")
        if self.material not in PRESETS:
            raise ValueError(f"material {self.material!r}, allowed are {', '.join(PRESETS)}")
        if np.linalg.norm(edges, axis=1).min() < 4 * self.walls.thick_m:
            raise ValueError(
                f"plan: sides must be {4 * self.walls.thick_m:g} m long or more, not {np.linalg.norm(edges, axis=1).round(2).tolist()}"
            )


def elements(building: Building) -> tuple[Element, ...]:
    """Lay a building out.

    Parameters
    ----------
    building : Building
        Its plan.

    Returns
    -------
    tuple of Element
        In a fixed order; they touch and do not overlap.

    Examples
    --------
    >>> house = Building(((0, 0), (10, 0), (10, 8), (0, 8)), (3, 0, 3, 0), (3.0, 3.0))
    >>> parts = elements(house)
    >>> len({e.storey for e in parts})
    2
    """
    return tuple(Layout(building).all())


def plan_of(feet: Float, *, depth_m: float | None = None) -> tuple[tuple[tuple[float, float], ...], tuple[int, ...]]:
    """Close a plan from the feet of the faces that are seen: a parallelogram from two neighbours, a rectangle from one.

    Parameters
    ----------
    feet : ndarray, shape (F, 2, 2)
        As `SolvedCamera.feet`: left and right end of each face as seen from outside.
    depth_m : float, optional
        How deep the building is where one face is seen; its width where nothing is said.

    Returns
    -------
    tuple
        Corners counter-clockwise from above, and for each side the number of the face that it is, −1 where it is not seen.

    Raises
    ------
    ValueError
        More faces than two neighbours.

    Examples
    --------
    >>> plan_of(np.array([[[0.0, 0.0], [6.0, 0.0]]]), depth_m=4.0)
    (((0.0, 0.0), (6.0, 0.0), (6.0, 4.0), (0.0, 4.0)), (0, -1, -1, -1))
    """
    feet = np.asarray(feet, np.float64)
    if len(feet) == 1:
        left, right = feet[0]
        way = right - left
        back = np.array([-way[1], way[0]]) * ((depth_m / np.linalg.norm(way)) if depth_m else 1.0)
        corners, of = [left, right, right + back, left + back], (0, -1, -1, -1)
    elif len(feet) == 2:
        first, second = (0, 1) if np.allclose(feet[0, 1], feet[1, 0], atol=1e-6) else (1, 0)
        a, b, c = feet[first, 0], feet[first, 1], feet[second, 1]
        corners, of = [a, b, c, a + c - b], (first, second, -1, -1)
    else:
        raise ValueError(f"feet: one face, or two that are neighbours, are needed, given {len(feet)}")
    return tuple((float(p[0]), float(p[1])) for p in corners), of
