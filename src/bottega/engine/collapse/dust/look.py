"""What an artist says about how dust looks, and the light it hangs in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class DustLook:
    """How dust is drawn.

    colour
        Linear RGB that a thick cloud reflects.
    thickness
        How much light a kilogram takes, 1 as fine dust of concrete does.
    edges
        0 soft as fog .. 1 lobed and hard as rolling dust is .. 2.
    grain
        0 none .. 1: how much of the detail that is finer than the solver's cells is drawn inside the cloud.
    veil
        0..1: how much of the thin dust outside the hard edges stays to be seen.
    glow
        0..0.9: how much more light goes on forwards than back: bright rims against the sun.
    detail_m
        Edge of the tile of detail: its largest puffs are a third of it.
    half
        March a quarter of the rays, and put the picture together along the edges of what is in it.
    step_m
        Longest step of a ray.
    seed
        Of the detail.
    """

    colour: Colour = (0.45, 0.42, 0.375)
    thickness: float = 1.0
    edges: float = 1.0
    grain: float = 1.0
    veil: float = 0.12
    glow: float = 0.35
    detail_m: float = 17.0
    half: bool = True
    step_m: float = 0.4
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.colour) != 3 or not all(0 <= c <= 1 for c in self.colour):
            raise ValueError(f"colour: three numbers of 0 to 1 are needed, not {self.colour}")
        for name, most in (("thickness", 1e3), ("edges", 4), ("grain", 4), ("veil", 1), ("glow", 0.9)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name}: 0 to {most:g} is allowed, not {getattr(self, name)}")
        for name in ("detail_m", "step_m"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name}: a length above 0 is needed, not {getattr(self, name)}")

    @property
    def albedo(self) -> Colour:
        """What a grain scatters of the light that it takes, so that a thick cloud of them reflects `colour`.

        From R = (1 − s)(1 − 0.139 s) / (1 + 1.17 s) with s = √(1 − albedo), of isotropic scattering in a half-space (van de Hulst 1980).
        """
        reflects = np.asarray(self.colour, np.float64)
        b = 1.139 + 1.17 * reflects
        s = (b - np.sqrt(b * b - 4 * 0.139 * (1 - reflects))) / (2 * 0.139)
        r, g, b = (1 - s * s).tolist()
        return r, g, b

    @property
    def forwards(self) -> float:
        """The mean cosine of what is scattered: one half goes alike to all sides, the other by `glow` (Henyey and Greenstein 1941)."""
        return self.glow / 2


@dataclass(frozen=True, slots=True)
class Daylight:
    """Sun and sky over the scene, scene-linear RGB irradiance.

    to_sun
        Direction to the sun (x, y, z), of any length; z may not be 0 or below for a sun that shines.
    sun
        On a card that faces the sun.
    sky
        On a card that faces up, under the open sky.
    ground
        What the ground reflects of both, 0..1.
    """

    to_sun: tuple[float, float, float]
    sun: Colour
    sky: Colour
    ground: Colour = (0.15, 0.14, 0.13)

    def __post_init__(self) -> None:
        if not all(math.isfinite(a) for a in self.to_sun) or not np.linalg.norm(self.to_sun) > 0:
            raise ValueError(f"to_sun: a direction is needed, not {self.to_sun}")
        if max(self.sun) > 0 and not self.to_sun[2] > 0:
            raise ValueError(f"to_sun: a sun that shines stands above the ground, not at {self.to_sun}")
        for name in ("sun", "sky", "ground"):
            if len(getattr(self, name)) != 3 or not all(0 <= c < math.inf for c in getattr(self, name)):
                raise ValueError(f"{name}: three numbers from 0 up are needed, not {getattr(self, name)}")

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit vector to the sun."""
        x, y, z = np.asarray(self.to_sun, np.float64) / np.linalg.norm(self.to_sun)
        return float(x), float(y), float(z)
