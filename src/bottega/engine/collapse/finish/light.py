"""Light on the pieces: a sun with a soft edge, a sky that they hide from one another, and the ground's bounce.

All shadows are maps: the scene drawn along a direction. The sky is asked in a fixed set of directions with a small map each, so that what a
face sees of it is known at rest and in a frame by the same arithmetic: where nothing changed, the two have the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .bounds import depth_bounds
from .lighting import SKY_REACH_PX, light_points, sun_reach_px
from .raster import Lens, Planes, draw, empty_planes, see

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Light:
    """The light of a shot, linear, as irradiance on a white card; radiance is albedo · irradiance / π.

    to_sun
        (x, y, z), world, towards the sun; any length.
    sun, sky, bounce
        (r, g, b): from the sun on a card that faces it; from the whole sky on a card that faces up; from the ground on one that faces down.
    sun_angle_rad
        The sun's diameter: how soft its shadows are.
    sun_map, sky_map
        Pixels along a shadow map's side.
    sky_directions
        In how many directions the sky is asked.
    ratio_least, ratio_most
        Bounds of the factor that a plate's pixel is relit with.
    albedo_most
        No surface is made brighter than one of this albedo would be: where the pieces' shade at rest is not quite the building's own, a lit
        pixel would else be taken for a shaded one, and glare.
    """

    to_sun: tuple[float, float, float]
    sun: tuple[float, float, float]
    sky: tuple[float, float, float]
    bounce: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sun_angle_rad: float = 0.0093
    sun_map: int = 1536
    sky_map: int = 320
    sky_directions: int = 13
    ratio_least: float = 0.05
    ratio_most: float = 4.0
    albedo_most: float = 0.7

    def __post_init__(self) -> None:
        if not np.linalg.norm(self.to_sun) > 0:
            raise ValueError(f"to_sun is {self.to_sun}, allowed is a direction")
        for name in ("sun", "sky", "bounce"):
            if min(getattr(self, name)) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}, allowed is 0 or more")
        if max(self.sky) <= 0 and max(self.sun) <= 0:
            raise ValueError("sun and sky are both 0, allowed is some light: a plate cannot be relit without")
        if self.sky_directions < 1 or min(self.sun_map, self.sky_map) < 16:
            raise ValueError(
                f"light: {self.sky_directions} directions, maps of {self.sun_map} and {self.sky_map} pixels; allowed is 1 and 16 or more"
            )
        if not 0 < self.ratio_least <= 1 <= self.ratio_most:
            raise ValueError(f"ratio bounds are {self.ratio_least} and {self.ratio_most}, allowed is 0 < least <= 1 <= most")
        if not self.albedo_most > 0:
            raise ValueError(f"albedo_most is {self.albedo_most}, allowed is more than 0")


class Maps(NamedTuple):
    """Shadow maps of one pose.

    sun
        (1, m, m) float32 depth along the light, metres; inf is nothing.
    sky
        (K, k, k) the same, of each direction.
    sun_bounds, sky_bounds
        (⌈m/4⌉, ⌈m/4⌉, 2) and (K, ⌈k/4⌉, ⌈k/4⌉, 2) float32: see `depth_bounds`.
    sun_reach
        The reach of the sun's bounds, pixels.
    """

    sun: Array
    sky: Array
    sun_bounds: Array
    sky_bounds: Array
    sun_reach: int


class Lamp(NamedTuple):
    """What the kernels know of the light: a lens along each direction (the sun's first), and how much each gives."""

    turns: Array
    eyes: Array
    scales: Array
    sizes: Array
    toward: Array
    amounts: Array
    bounce: Array
    edge: float


def lay_lamp(light: Light, low: Array, high: Array) -> Lamp:
    """Lenses over the box from `low` to `high`, fixed for a shot: the same place falls on the same pixel of a map in every frame."""
    toward = np.concatenate([np.asarray([light.to_sun], np.float64), _sky(light.sky_directions)])
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low) / 2)
    turns = np.empty((len(toward), 3, 3))
    for k, way in enumerate(toward):
        side = np.cross((0.0, 0.0, 1.0), way) if abs(way[2]) < 0.999 else np.array([1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        turns[k] = side, np.cross(-way, side), -way
    sizes = np.array([light.sun_map] + [light.sky_map] * light.sky_directions, np.int64)
    up = toward[1:, 2].sum()
    amounts = np.concatenate([np.asarray([light.sun], np.float64), np.repeat(np.asarray([light.sky]) / up, light.sky_directions, 0)])
    eyes = middle + toward * radius
    edge = float(np.tan(light.sun_angle_rad / 2))
    return Lamp(turns, eyes, sizes / (2 * radius), sizes, toward, amounts, np.asarray(light.bounce, np.float64), edge)


def _sky(count: int) -> Array:
    """Directions over the upper half, evenly spread (Fibonacci's lattice)."""
    k = np.arange(count)
    z, a = (k + 0.5) / count, k * np.pi * (3 - 5**0.5)
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(a), flat * np.sin(a), z], -1)


def shadow_maps(lamp: Lamp, vertices: Array, triangles: Array, *, double: Array) -> Maps:
    """Draw (V, 3) world vertices along every direction."""
    drawn = []
    for k in range(len(lamp.sizes)):
        size = int(lamp.sizes[k])
        lens = Lens(lamp.turns[k], lamp.eyes[k], float(lamp.scales[k]), size / 2, size / 2, False)
        into: Planes = empty_planes(size, size)
        draw(see(vertices, lens), triangles, double, lens, into, (0, 0), 0)
        drawn.append((-into.near).astype(np.float32))
    reach = sun_reach_px(lamp.edge, int(lamp.sizes[0]))
    sky = np.stack([depth_bounds(shade, SKY_REACH_PX) for shade in drawn[1:]])
    return Maps(drawn[0][None], np.stack(drawn[1:]), depth_bounds(drawn[0], reach), sky, reach)


def irradiance(points: Array, normals: Array, lamp: Lamp, maps: Maps) -> Array:
    """(N, 3) float32 irradiance at (N, 3) world points with (N, 3) unit normals, float64."""
    out = np.empty((len(points), 3), np.float32)
    light_points(points, normals, lamp, maps, out)
    return out
