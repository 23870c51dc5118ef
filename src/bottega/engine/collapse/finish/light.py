"""Light on the pieces: a sun with a soft edge, a sky that they hide from one another, and the ground's bounce.

All shadows are maps: the scene drawn along a direction. The sky is asked in a fixed set of directions with a small map each, so that what a
face sees of it is known at rest and in a frame by the same arithmetic: where nothing changed, the two have the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import compiled

from .raster import Lens, Planes, draw, empty_planes, see

Array = NDArray[Any]

# A disc of places, from the middle out (a sunflower's: Vogel 1979), for the sun's edge
_DISC = np.stack([np.sqrt((np.arange(24) + 0.5) / 24) * f(np.arange(24) * np.pi * (3 - 5**0.5)) for f in (np.cos, np.sin)], -1)
_LEAST = 1e-6


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
    """Shadow maps of one pose. sun (m, m) float32 depth along the light, metres; sky (K, k, k) the same; inf is nothing."""

    sun: Array
    sky: Array


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
    return Maps(drawn[0], np.stack(drawn[1:]))


@compiled
def irradiance(points: Array, normals: Array, lamp: Any, maps: Any) -> Array:
    """(N, 3) float32 irradiance at (N, 3) world points with (N, 3) unit normals."""
    out = np.empty((len(points), 3), np.float32)
    total = np.empty(3)
    for i in range(len(points)):
        total[:] = 0
        open_, asked = 0.0, 0.0
        for k in range(len(lamp.sizes)):
            facing = 0.0
            for c in range(3):
                facing += normals[i, c] * lamp.toward[k, c]
            if facing <= 0:
                continue
            seen = sun_seen(points[i], normals[i], lamp, maps.sun) if k == 0 else _sky_seen(points[i], normals[i], lamp, maps.sky, k)
            if k > 0:
                open_ += facing * seen
                asked += facing
            for c in range(3):
                total[c] += lamp.amounts[k, c] * facing * seen
        down = (1 - normals[i, 2]) / 2
        free = open_ / asked if asked > 0 else 0.5
        for c in range(3):
            out[i, c] = max(total[c] + lamp.bounce[c] * down * (0.3 + 0.7 * free), _LEAST)
    return out


@compiled
def _on_map(point: Array, normal: Array, lamp: Any, k: int, out: Array) -> float:
    """Where a point falls on a map (column, row), moved off its face by one and a half of the map's pixels; gives its depth."""
    off = 1.5 / lamp.scales[k]
    x = point[0] + normal[0] * off - lamp.eyes[k, 0]
    y = point[1] + normal[1] * off - lamp.eyes[k, 1]
    z = point[2] + normal[2] * off - lamp.eyes[k, 2]
    turn = lamp.turns[k]
    half = lamp.sizes[k] / 2
    out[0] = (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z) * lamp.scales[k] + half
    out[1] = (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z) * lamp.scales[k] + half
    return float(turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z)


@compiled
def _lit(shade: Array, column: float, row: float, depth: float) -> float:
    """Share of the four nearest map pixels that do not hide the depth, bilinear (Reeves, Salesin and Cook 1987)."""
    size = shade.shape[0]
    x, y = column - 0.5, row - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    if x0 < 0 or y0 < 0 or x0 >= size - 1 or y0 >= size - 1:
        return 1.0
    fx, fy = x - x0, y - y0
    a, b = 1.0 * (shade[y0, x0] >= depth), 1.0 * (shade[y0, x0 + 1] >= depth)
    c, d = 1.0 * (shade[y0 + 1, x0] >= depth), 1.0 * (shade[y0 + 1, x0 + 1] >= depth)
    return float((a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy)


@compiled
def _sky_seen(point: Array, normal: Array, lamp: Any, sky: Array, k: int) -> float:
    at = np.empty(2)
    depth = _on_map(point, normal, lamp, k, at)
    seen = 0.0
    for dy in (-1, 1):
        for dx in (-1, 1):
            seen += 0.25 * _lit(sky[k - 1], at[0] + dx, at[1] + dy, depth)
    return seen


@compiled
def sun_seen(point: Array, normal: Array, lamp: Any, shade: Array) -> float:
    """Share of the sun's disc that a point sees: as wide an edge as what hides it is far (Fernando 2005)."""
    at = np.empty(2)
    depth = _on_map(point, normal, lamp, 0, at)
    size, scale = shade.shape[0], lamp.scales[0]
    widest = min(max(lamp.edge * depth * scale, 1.0), 24.0)
    hidden, blockers = 0.0, 0
    for s in range(8):
        x = int(np.floor(at[0] + _DISC[s * 3, 0] * widest))
        y = int(np.floor(at[1] + _DISC[s * 3, 1] * widest))
        if 0 <= x < size and 0 <= y < size and shade[y, x] < depth:
            hidden += depth - shade[y, x]
            blockers += 1
    if blockers == 0:
        return _lit(shade, at[0], at[1], depth)
    radius = min(max(lamp.edge * hidden / blockers * scale, 0.7), 24.0)
    if blockers == 8 and radius <= 1:
        return _lit(shade, at[0], at[1], depth)
    seen = 0.0
    for s in range(24):
        seen += _lit(shade, at[0] + _DISC[s, 0] * radius, at[1] + _DISC[s, 1] * radius, depth)
    return seen / 24
