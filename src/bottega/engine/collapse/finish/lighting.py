"""How much light reaches a point: each direction's map is asked, all of its pixels only where they may differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import uncounted

from .bounds import BLOCK_PX

Array = NDArray[Any]

SKY_REACH_PX = 2  # of the sky's filter, from the pixel that a point falls on
WIDEST_PX = 24.0  # the sun's filter is never wider
_LEAST = 1e-6
# A disc of places, from the middle out (a sunflower's: Vogel 1979), for the sun's edge
_DISC = np.stack([np.sqrt((np.arange(24) + 0.5) / 24) * f(np.arange(24) * np.pi * (3 - 5**0.5)) for f in (np.cos, np.sin)], -1)


def sun_reach_px(edge: float, size: int) -> int:
    """How far from the pixel that a point falls on the sun's filter looks, at most, within a map of that size laid over the scene."""
    return int(np.ceil(min(max(edge * size, 1.0), WIDEST_PX))) + 2


@uncounted
def light_points(points: Array, normals: Array, lamp: Any, maps: Any, out: Array) -> None:
    """Irradiance at (N, 3) world points with (N, 3) unit normals into out (N, 3)."""
    for i in range(len(points)):
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        red, green, blue = 0.0, 0.0, 0.0
        open_, asked = 0.0, 0.0
        for k in range(len(lamp.sizes)):
            facing = nx * lamp.toward[k, 0] + ny * lamp.toward[k, 1] + nz * lamp.toward[k, 2]
            if facing <= 0:
                continue
            column, row, depth = _on_map(points, normals, i, lamp, k)
            if k == 0:
                seen = sun_seen(maps, lamp, column, row, depth)
            else:
                seen = _sky_seen(maps, k - 1, column, row, depth)
                open_ += facing * seen
                asked += facing
            red += lamp.amounts[k, 0] * facing * seen
            green += lamp.amounts[k, 1] * facing * seen
            blue += lamp.amounts[k, 2] * facing * seen
        down = (1 - nz) / 2
        free = open_ / asked if asked > 0 else 0.5
        round_about = down * (0.3 + 0.7 * free)
        out[i, 0] = max(red + lamp.bounce[0] * round_about, _LEAST)
        out[i, 1] = max(green + lamp.bounce[1] * round_about, _LEAST)
        out[i, 2] = max(blue + lamp.bounce[2] * round_about, _LEAST)


@uncounted
def _on_map(points: Array, normals: Array, i: int, lamp: Any, k: int) -> tuple[float, float, float]:
    """Where a point falls on a map (column, row), moved off its face by one and a half of the map's pixels; and its depth."""
    scale, half = lamp.scales[k], lamp.sizes[k] / 2
    off = 1.5 / scale
    x = points[i, 0] + normals[i, 0] * off - lamp.eyes[k, 0]
    y = points[i, 1] + normals[i, 1] * off - lamp.eyes[k, 1]
    z = points[i, 2] + normals[i, 2] * off - lamp.eyes[k, 2]
    turns = lamp.turns
    column = (turns[k, 0, 0] * x + turns[k, 0, 1] * y + turns[k, 0, 2] * z) * scale + half
    row = (turns[k, 1, 0] * x + turns[k, 1, 1] * y + turns[k, 1, 2] * z) * scale + half
    return column, row, turns[k, 2, 0] * x + turns[k, 2, 1] * y + turns[k, 2, 2] * z


@uncounted
def _lit(shade: Array, k: int, column: float, row: float, depth: float) -> float:
    """Share of the four nearest pixels of map k that do not hide the depth, bilinear (Reeves, Salesin and Cook 1987)."""
    size = shade.shape[1]
    x, y = column - 0.5, row - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    if x0 < 0 or y0 < 0 or x0 >= size - 1 or y0 >= size - 1:
        return 1.0
    fx, fy = x - x0, y - y0
    a, b = 1.0 * (shade[k, y0, x0] >= depth), 1.0 * (shade[k, y0, x0 + 1] >= depth)
    c, d = 1.0 * (shade[k, y0 + 1, x0] >= depth), 1.0 * (shade[k, y0 + 1, x0 + 1] >= depth)
    return float((a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy)


@uncounted
def _sky_seen(maps: Any, k: int, column: float, row: float, depth: float) -> float:
    """Share of what lies along a direction of the sky that is open, over four by four of its map's pixels."""
    shade, bounds = maps.sky, maps.sky_bounds
    size = shade.shape[1]
    if 0 <= column < size and 0 <= row < size:
        r, c = int(row) // BLOCK_PX, int(column) // BLOCK_PX
        if bounds[k, r, c, 0] >= depth:
            return 1.0
        if bounds[k, r, c, 1] < depth:
            return 0.0
    seen = 0.0
    for dy in (-1, 1):
        for dx in (-1, 1):
            seen += 0.25 * _lit(shade, k, column + dx, row + dy, depth)
    return seen


@uncounted
def sun_seen(maps: Any, lamp: Any, column: float, row: float, depth: float) -> float:
    """Share of the sun's disc that a point sees: as wide an edge as what hides it is far (Fernando 2005)."""
    shade, scale = maps.sun, lamp.scales[0]
    size = shade.shape[1]
    widest = min(max(lamp.edge * depth * scale, 1.0), WIDEST_PX)
    sure = _sun_sure(maps, lamp, column, row, depth)
    if sure >= 0:
        return sure
    hidden, blockers = 0.0, 0
    for s in range(8):
        x = int(np.floor(column + _DISC[s * 3, 0] * widest))
        y = int(np.floor(row + _DISC[s * 3, 1] * widest))
        if 0 <= x < size and 0 <= y < size and shade[0, y, x] < depth:
            hidden += depth - shade[0, y, x]
            blockers += 1
    if blockers == 0:
        return _lit(shade, 0, column, row, depth)
    radius = min(max(lamp.edge * hidden / blockers * scale, 0.7), WIDEST_PX)
    if blockers == 8 and radius <= 1:
        return _lit(shade, 0, column, row, depth)
    seen = 0.0
    for s in range(24):
        seen += _lit(shade, 0, column + _DISC[s, 0] * radius, row + _DISC[s, 1] * radius, depth)
    return seen / 24


@uncounted
def _sun_sure(maps: Any, lamp: Any, column: float, row: float, depth: float) -> float:
    """1 or 0 where every pixel that the sun's filter could ask says the same, else −1."""
    size, scale, bounds = maps.sun.shape[1], lamp.scales[0], maps.sun_bounds
    if not (0 <= column < size and 0 <= row < size):
        return -1.0
    r, c = int(row) // BLOCK_PX, int(column) // BLOCK_PX
    least, most = np.float64(bounds[r, c, 0]), np.float64(bounds[r, c, 1])
    furthest = maps.sun_reach - 2.0
    if min(max(lamp.edge * depth * scale, 1.0), WIDEST_PX) > furthest:
        return -1.0
    if least >= depth:
        return 1.0
    if most < depth and min(max(lamp.edge * (depth - least) * scale, 0.7), WIDEST_PX) <= furthest:
        return 0.0
    return -1.0
