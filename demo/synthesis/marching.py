"""Solids as signed distances, met by rays: pictures of shapes with their light apart, by numpy alone.

Sphere tracing after Hart 1996; smooth unions after Quilez' polynomial minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Distance = Callable[[Array], Array]
_FAR = 30.0


def sphere(p: Array, centre: tuple[float, ...], radius: float) -> Array:
    return np.linalg.norm(p - centre, axis=-1) - radius


def ellipsoid(p: Array, centre: tuple[float, ...], radii: tuple[float, ...]) -> Array:
    q, r = p - centre, np.asarray(radii)
    inner, outer = np.linalg.norm(q / r, axis=-1), np.linalg.norm(q / r**2, axis=-1)
    return inner * (inner - 1) / np.maximum(outer, 1e-6)


def capsule(p: Array, a: tuple[float, ...], b: tuple[float, ...], radius: float) -> Array:
    along = np.subtract(b, a)
    t = np.clip((p - a) @ along / (along @ along), 0, 1)
    return np.linalg.norm(p - a - t[..., None] * along, axis=-1) - radius


def union(a: Array, b: Array, soft: float) -> Array:
    h = np.maximum(soft - np.abs(a - b), 0) / soft
    return np.minimum(a, b) - h * h * soft / 4


def without(a: Array, b: Array, soft: float) -> Array:
    return -union(-a, b, soft)


def turned(p: Array, yaw: float, pitch: float = 0.0, roll: float = 0.0) -> Array:
    """Points in the frame of something that is turned (radians)."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(v), np.sin(v)) for v in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return p @ (about_y @ about_x @ about_z)


@dataclass(frozen=True, eq=False)
class Hits:
    """What the rays met: a flat array each, but for `seen`, which has the picture's shape."""

    seen: Array
    point: Array
    normal: Array
    view: Array

    def picture(self, values: Array, empty: Any = 0.0) -> Array:
        """Values of the hits where they were seen."""
        out = np.full((*self.seen.shape, *values.shape[1:]), empty, float)
        out[self.seen] = values
        return out


def march(distance: Distance, start: Array, heading: Array, steps: int = 90) -> Array:
    """How far each ray gets before it meets something; `_FAR` when nothing is met."""
    gone, alive = np.zeros(len(start)), np.arange(len(start))
    for _ in range(steps):
        d = distance(start[alive] + heading[alive] * gone[alive, None])
        gone[alive] += d * 0.85
        alive = alive[(np.abs(d) > 1e-3) & (gone[alive] < _FAR)]
        if alive.size == 0:
            break
    return np.where(gone < _FAR, gone, _FAR)


def look(distance: Distance, size: tuple[int, int], eye: tuple[float, ...], at: tuple[float, ...], field: float) -> Hits:
    """Meet a scene with one ray a pixel. `size` is rows, columns; `field` the height of view at distance 1."""
    height, width = size
    forward = np.subtract(at, eye) / np.linalg.norm(np.subtract(at, eye))
    right = np.cross(forward, (0, 1, 0))
    right /= np.linalg.norm(right)
    y, x = np.mgrid[0:height, 0:width]
    across, up = (x + 0.5 - width / 2) / height * field, (height / 2 - y - 0.5) / height * field
    heading = forward + across[..., None] * right + up[..., None] * np.cross(right, forward)
    heading = (heading / np.linalg.norm(heading, axis=-1, keepdims=True)).reshape(-1, 3)
    start = np.broadcast_to(np.asarray(eye, float), heading.shape)
    gone = march(distance, start, heading)
    seen = gone < _FAR
    point = start[seen] + heading[seen] * gone[seen, None]
    return Hits(seen.reshape(size), point, slope(distance, point), -heading[seen])


def slope(distance: Distance, point: Array) -> Array:
    """Unit normals, from four differences."""
    corners = np.array([(1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)])
    n = sum(c * distance(point + c * 2e-3)[:, None] for c in corners)
    return np.asarray(n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-9))


def shadow(distance: Distance, point: Array, normal: Array, light: Array, softness: float = 7.0) -> Array:
    """How much of the lamp is seen, 0..1."""
    free, gone = np.ones(len(point)), np.full(len(point), 0.04)
    start = point + normal * 0.01
    for _ in range(40):
        d = distance(start + light * gone[:, None])
        free = np.minimum(free, np.clip(softness * d / gone, 0, 1))
        gone += np.clip(d, 0.03, 0.4)
    return free * free * (3 - 2 * free)


def openness(distance: Distance, point: Array, normal: Array) -> Array:
    """Ambient occlusion, 1 in the open."""
    closed = np.zeros(len(point))
    for i, reach in enumerate((0.06, 0.16, 0.32, 0.55)):
        closed += (reach - distance(point + normal * reach)) / reach * 0.6**i
    return np.clip(1 - 0.55 * closed, 0, 1)


def passes(distance: Distance, hits: Hits, towards: tuple[float, ...], shine: float = 45.0) -> dict[str, Array]:
    """Light apart, flat arrays: diffuse direct, specular, indirect (sky and the bounce of the floor)."""
    light = np.asarray(towards) / np.linalg.norm(towards)
    facing = np.clip(hits.normal @ light, 0, 1)
    free = shadow(distance, hits.point, hits.normal, light)
    half = light + hits.view
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    gloss = np.clip((hits.normal * half).sum(-1), 0, 1) ** shine
    up = hits.normal[:, 1]
    bounce = np.clip(0.5 - 0.5 * up, 0, 1) * np.exp(-np.clip(hits.point[:, 1], 0, None))
    around = openness(distance, hits.point, hits.normal) * (0.30 * (0.5 + 0.5 * up) + 0.45 * bounce)
    return {"direct": facing * free, "specular": gloss * free * (facing > 0), "indirect": around}
