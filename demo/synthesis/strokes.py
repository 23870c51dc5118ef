"""A painter: a picture laid down again in brush strokes that follow a direction, with the relief of the paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Array = NDArray[Any]
_BRISTLES = 9
_STEPS = 5  # straight pieces of a stroke


@dataclass(frozen=True)
class Layer:
    """One pass of the brush over the picture. Lengths in pixels.

    spacing     distance between strokes, about
    opacity     of the paint, 0..1
    colour_jitter, angle_jitter     standard deviations: of the colour, 0..1, and of the direction in radians
    """

    width: float
    length: float
    spacing: float
    opacity: float = 0.95
    colour_jitter: float = 0.03
    angle_jitter: float = 0.1


def noise(shape: tuple[int, int], scale_px: float, rng: np.random.Generator) -> Array:
    """Smooth noise, mean 0, deviation 1."""
    values = gaussian_filter(rng.standard_normal(shape), scale_px, mode="wrap")
    return values / values.std()


def along_edges(values: Array, blur_px: float) -> Array:
    """Angle of the level lines of a grey picture: where it does not change, the brush goes on as around it (structure tensor)."""
    gy, gx = np.gradient(gaussian_filter(values, blur_px / 3))
    xx, xy, yy = (gaussian_filter(v, blur_px) for v in (gx * gx, gx * gy, gy * gy))
    return 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2


def paint(colour: Array, angle: Array, layers: list[Layer], seed: int, *, where: Array | None = None, ground: Array | None = None) -> Array:
    """Paint (H, W, 3) colours of 0..1 along `angle` (radians, from the x axis towards the rows), only where a mask asks for it.

    `ground` is what stands already: RGB and height, as this function returns it.
    """
    rng = np.random.default_rng(seed)
    height, width = angle.shape
    canvas = np.concatenate([np.full((height, width, 3), 0.55), np.zeros((height, width, 1))], 2) if ground is None else ground.copy()
    for layer in layers:
        rows, columns = np.mgrid[0 : height + layer.spacing : layer.spacing, 0 : width + layer.spacing : layer.spacing]
        places = np.stack([rows.ravel(), columns.ravel()], 1) + rng.uniform(-0.6, 0.6, (rows.size, 2)) * layer.spacing
        for place in rng.permutation(places):
            at = tuple(np.clip(np.rint(place), 0, (height - 1, width - 1)).astype(int))
            if where is None or where[at]:
                _stroke(canvas, colour[at], _way(angle, place, layer, rng), layer, rng)
    return canvas


def _way(angle: Array, place: Array, layer: Layer, rng: np.random.Generator) -> Array:
    """Points of a stroke: it follows the direction both ways from its place."""
    step, turn = layer.length / _STEPS, rng.normal(0, layer.angle_jitter)
    points = [place]
    for way in (1, -1):
        here, last = place, None
        for _ in range(_STEPS // 2 + 1):
            y, x = np.clip(np.rint(here), 0, np.array(angle.shape) - 1).astype(int)
            heading = np.array([np.sin(angle[y, x] + turn), np.cos(angle[y, x] + turn)]) * way
            heading = -heading if last is not None and heading @ last < 0 else heading
            here, last = here + heading * step, heading
            points = [*points, here] if way == 1 else [here, *points]
    return np.array(points)


def _stroke(canvas: Array, colour: Array, points: Array, layer: Layer, rng: np.random.Generator) -> None:
    pad = layer.width / 2 + 2
    top, left = np.maximum(np.floor(points.min(0) - pad), 0).astype(int)
    bottom, right = np.minimum(np.ceil(points.max(0) + pad) + 1, canvas.shape[:2]).astype(int)
    if bottom <= top or right <= left:
        return
    y, x = np.mgrid[top:bottom, left:right]
    start, run = points[:-1], np.diff(points, axis=0)
    ry, rx = y[..., None] - start[:, 0], x[..., None] - start[:, 1]
    square = (run**2).sum(1)
    t = np.clip((ry * run[:, 0] + rx * run[:, 1]) / square, 0, 1)
    dy, dx = ry - t * run[:, 0], rx - t * run[:, 1]
    distance = dy * dy + dx * dx
    nearest = distance.argmin(-1)[..., None]
    far, along = (np.take_along_axis(v, nearest, -1)[..., 0] for v in (distance, t))
    side = np.take_along_axis(rx * run[:, 0] - ry * run[:, 1], nearest, -1)[..., 0]
    across = np.sign(side) * np.sqrt(far) / (layer.width / 2)
    along = (along + nearest[..., 0]) / len(run)
    hair = rng.uniform(0.25, 1, _BRISTLES)
    bristle = map_coordinates(hair, [(across + 1) / 2 * (_BRISTLES - 1)], order=1, mode="nearest")
    dry = np.clip((bristle + 0.75 - along) * 3, 0, 1)  # the paint runs out hair by hair
    alpha = np.clip((1 - np.abs(across)) * layer.width / 2.5, 0, 1) * dry * layer.opacity
    paint = np.append(np.clip(colour + rng.normal(0, layer.colour_jitter) + rng.normal(0, layer.colour_jitter / 2, 3), 0, 1), 1.0)
    wet = np.broadcast_to(paint, (*alpha.shape, 4)).copy()
    wet[..., :3] += (bristle - hair.mean())[..., None] * 0.06
    wet[..., 3] = bristle * np.sqrt(layer.width) / 2
    part = canvas[top:bottom, left:right]
    part += (wet - part) * alpha[..., None]


def lit(canvas: Array, strength: float = 0.10) -> Array:
    """The painting under a lamp at the upper left: (H, W, 3) of 0..1."""
    gy, gx = np.gradient(gaussian_filter(canvas[..., 3], 0.6))
    return np.clip(canvas[..., :3] + np.clip(-(gx + gy), -1.5, 1.5)[..., None] * strength, 0, 1)
