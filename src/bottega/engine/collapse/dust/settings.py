"""What an artist says about dust: how much, how far, how high, how rough, how long; and the box of air it is worked out in."""

from __future__ import annotations

import math
from dataclasses import dataclass

_FEWEST_CELLS = 8


@dataclass(frozen=True, slots=True)
class DustSettings:
    """How the dust of a collapse behaves; the defaults are those of a concrete building in still air.

    amount
        Of dust, 1 as a building of concrete and plaster sheds it; 0 is none at all.
    spread
        Of the air that is squeezed out of the rooms, 1 as much as there is in them: how far and how fast the cloud runs from the foot.
    height
        How high the billows climb: the weight of the dust is divided by it.
    roughness
        0 smooth .. 1 as rough as air under a collapse .. 2: how strongly small eddies are kept alive.
    settle_s
        Seconds in which half of the dust that hangs is on the ground.
    fall_mps
        How fast dust sinks through the air, m/s.
    wind_mps
        Wind (x, y) ten metres above the ground, m/s; less below.
    time
        Speed of time, 1 as it is, 0.5 in slow motion.
    fps, steps
        Frames a second, and steps of the solver a frame.
    seed
        Of everything left to chance.
    """

    amount: float = 1.0
    spread: float = 1.0
    height: float = 1.0
    roughness: float = 1.0
    settle_s: float = 14.0
    fall_mps: float = 0.35
    wind_mps: tuple[float, float] = (0.0, 0.0)
    time: float = 1.0
    fps: float = 24.0
    steps: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("amount", "spread", "roughness", "fall_mps"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}: a number from 0 up is needed, not {getattr(self, name)}")
        for name in ("height", "settle_s", "time", "fps"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name}: a number above 0 is needed, not {getattr(self, name)}")
        if len(self.wind_mps) != 2 or not all(abs(w) <= 60 for w in self.wind_mps):
            raise ValueError(f"wind_mps: two numbers of at most 60 m/s are needed, not {self.wind_mps}")
        if not 1 <= self.steps <= 16:
            raise ValueError(f"steps: 1 to 16 are allowed, not {self.steps}")

    @property
    def step_s(self) -> float:
        """Seconds of the world that pass in a step."""
        return self.time / (self.fps * self.steps)


@dataclass(frozen=True, slots=True)
class Grid:
    """A box of cubic cells of air that stands on the ground; cell (i, j, k) has its middle at origin + (i + ½, j + ½, k + ½)·cell_m.

    origin
        Its lowest corner (x, y, z), m; z is the ground.
    cell_m
        Edge of a cell, m.
    shape
        Cells along x, y, z.
    """

    origin: tuple[float, float, float]
    cell_m: float
    shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        if not 0 < self.cell_m < math.inf:
            raise ValueError(f"cell_m: a length above 0 is needed, not {self.cell_m}")
        if len(self.shape) != 3 or min(self.shape) < _FEWEST_CELLS:
            raise ValueError(f"shape: three counts of at least {_FEWEST_CELLS} cells are needed, not {self.shape}")


def grid_around(
    low: tuple[float, float, float], high: tuple[float, float, float], *, cell_m: float = 1.0, margin: float = 1.3, room: float = 1.8
) -> Grid:
    """A box of air for a building that fills low..high: its own height times `margin` to each side, times `room` upwards.

    Parameters
    ----------
    low, high
        Lowest and highest corner of the building, m; low's z is the ground.
    cell_m
        Edge of a cell, m.
    margin, room
        Of the building's height: air on each side of it, and from the ground up.

    Returns
    -------
    Grid, its counts multiples of eight, which the transforms of its pressure like.

    Raises
    ------
    ValueError
        A building without extent, or lengths that are not above 0.
    """
    if not all(h > w for w, h in zip(low, high, strict=True)):
        raise ValueError(f"a building that extends from {low} to {high} has no extent")
    if not (margin > 0 and room > 0):
        raise ValueError(f"margin and room must be above 0, not {margin} and {room}")
    tall = high[2] - low[2]
    wanted = [high[0] - low[0] + 2 * margin * tall, high[1] - low[1] + 2 * margin * tall, room * tall]
    shape = [8 * max(1, math.ceil(length / cell_m / 8)) for length in wanted]
    origin = [(low[a] + high[a] - shape[a] * cell_m) / 2 for a in (0, 1)]
    return Grid((origin[0], origin[1], low[2]), cell_m, (shape[0], shape[1], shape[2]))
