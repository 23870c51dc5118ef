"""A part of a building before it breaks."""

from __future__ import annotations

from dataclasses import dataclass

from bottega.engine.collapse.building.materials import Material
from bottega.engine.collapse.building.polygons import polygon_area
from bottega.engine.collapse.records import Float


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

    @property
    def volume(self) -> float:
        """m³."""
        return polygon_area(self.base) * (self.high - self.low)
