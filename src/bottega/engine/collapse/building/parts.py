"""A part of a building before it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bottega.engine.collapse.building.cells import prism_walls
from bottega.engine.collapse.building.materials import Material
from bottega.engine.collapse.building.mesh import Body
from bottega.engine.collapse.building.polygons import polygon_area
from bottega.engine.collapse.records import Float, Int


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """An upright prism.

    base
        (K, 2) float64, convex, counter-clockwise from above, metres.
    low, high
        Its height above the ground, from and to.
    sides
        `Face` of each upright side, in the order of the base's edges; then of the bottom, then of the top.
    material, storey, panel
        What it is of; its storey; the number of the panel that it comes loose with, one a storey and part of a wall.
    cells
        Pieces it breaks into at the size asked for are scaled by this.
    run
        Parts of the same run, 0 or above, break as one: cracks go on from each to the next. They lie side by side with whole sides on one
        another. −1 breaks alone.
    kind, side, bay
        What it is called (wall, glass, slab …), and of a wall's parts which side of the plan and which bay it lies in; −1 for all else.
    """

    base: Float
    low: float
    high: float
    sides: tuple[int, ...]
    material: Material
    storey: int
    panel: int
    cells: float = 1.0
    run: int = -1
    kind: str = "part"
    side: int = -1
    bay: int = -1

    @property
    def volume(self) -> float:
        """m³."""
        return polygon_area(self.base) * (self.high - self.low)

    @property
    def middle(self) -> Float:
        """(3,), metres."""
        return np.append(self.base.mean(0), (self.low + self.high) / 2)

    @property
    def thick_m(self) -> float:
        """Its shortest side."""
        return min(self.high - self.low, float(np.linalg.norm(np.roll(self.base, -1, 0) - self.base, axis=1).min()))

    def walls(self) -> tuple[Float, Int]:
        """Its polygons, in the order of `sides`, as `cells_of` takes them."""
        return prism_walls(self.base, self.low, self.high)

    def place(self, rng: np.random.Generator) -> Float:
        """A place inside, all places alike: a triangle of its base by area, a point in that."""
        base = self.base
        one, two = base[1:-1] - base[0], base[2:] - base[0]
        area = np.cumsum(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])
        k = min(int(np.searchsorted(area, rng.random() * area[-1])), len(one) - 1)
        a, b = sorted(rng.random(2))
        return np.append(base[0] + one[k] * a + two[k] * (1 - b), self.low + (self.high - self.low) * rng.random())


Part: TypeAlias = Element | Body
"""What breaks: convex, of one material."""
