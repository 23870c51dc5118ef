"""Rendered guides: a painted ball teaches how a duck is painted. Light passes of both, and the painting of the ball."""

from __future__ import annotations

from typing import Any

import numpy as np
from marching import Hits, capsule, ellipsoid, look, passes, sphere, turned, union
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from strokes import Layer, along_edges, lit, noise, paint

Array = NDArray[Any]
SIZE = 320, 400
EYE, AT, FIELD = (0.0, 2.1, 6.2), (0.12, 0.72, 0.0), 0.44
TABLE = 0.4  # what the table gives back of the light, next to 1 of the solid
LAMP = (-0.75, 1.15, 0.75)
_RAMP = [  # light of the pass -> paint: violet shade to warm light
    (0.00, (0.10, 0.07, 0.20)), (0.16, (0.25, 0.13, 0.36)), (0.32, (0.58, 0.16, 0.30)), (0.50, (0.86, 0.32, 0.17)),
    (0.70, (0.97, 0.60, 0.18)), (0.88, (0.99, 0.83, 0.38)), (1.10, (1.00, 0.95, 0.72)),
]  # fmt: skip
_FLOOR = [
    (0.00, (0.08, 0.13, 0.22)), (0.25, (0.13, 0.29, 0.40)), (0.50, (0.27, 0.52, 0.58)), (0.75, (0.53, 0.73, 0.68)),
    (1.10, (0.84, 0.90, 0.74)),
]  # fmt: skip


def floor(p: Array) -> Array:
    """A table that curves up into a wall."""
    return union(p[..., 1], p[..., 2] + 3.0, 2.2)


def ball(p: Array) -> Array:
    return sphere(p, (0, 0.85, 0), 0.85)


def duck(p: Array) -> Array:
    """A bath duck, three quarters to the viewer."""
    q = turned(p, -0.65)
    body = union(ellipsoid(q, (-0.05, 0.52, 0), (0.88, 0.52, 0.62)), ellipsoid(q, (-0.78, 0.78, 0), (0.32, 0.22, 0.30)), 0.35)
    body = union(body, capsule(q, (-0.95, 0.9, 0), (-1.12, 1.08, 0), 0.06), 0.22)
    head = sphere(q, (0.48, 1.22, 0), 0.45)
    whole = union(body, head, 0.30)
    beak = union(ellipsoid(q, (0.93, 1.17, 0), (0.22, 0.06, 0.22)), ellipsoid(q, (0.90, 1.08, 0), (0.17, 0.05, 0.17)), 0.03)
    whole = union(whole, beak, 0.06)
    whole = union(whole, union(sphere(q, (0.76, 1.36, 0.25), 0.085), sphere(q, (0.76, 1.36, -0.25), 0.085), 0.01), 0.03)
    for side in (1, -1):
        wing = ellipsoid(turned(q - (-0.10, 0.62, 0.56 * side), 0, 0.15 * side, 0.25), (0, 0, 0), (0.48, 0.26, 0.14))
        whole = union(whole, wing, 0.07)
    return whole


def scene(solid: Any) -> tuple[Hits, dict[str, Array], Array]:
    """Hits, their light apart, and where they are on the solid."""

    def distance(p: Array) -> Array:
        return np.asarray(np.minimum(floor(p), solid(p)))

    hits = look(distance, SIZE, EYE, AT, FIELD)
    light, on_solid = passes(distance, hits, LAMP), solid(hits.point) < 0.02
    gives_back = {"direct": TABLE, "specular": 0.0, "indirect": TABLE}
    return hits, {name: values * np.where(on_solid, 1.0, gives_back[name]) for name, values in light.items()}, on_solid


def guides(hits: Hits, light: dict[str, Array]) -> dict[str, Array]:
    """The passes as pictures for a screen, grey, 0..1."""
    together = 0.72 * light["direct"] + 0.9 * light["specular"] + light["indirect"]
    whole = {"full": together, "direct": light["direct"], "specular": light["specular"], "indirect": 1.8 * light["indirect"]}
    return {name: np.clip(hits.picture(values), 0, 1) ** (1 / 1.6) for name, values in whole.items()}


def ramp(values: Array, stops: list[tuple[float, tuple[float, float, float]]]) -> Array:
    """Colours between the stops."""
    at, colours = np.array([s[0] for s in stops]), np.array([s[1] for s in stops])
    return np.stack([np.interp(values, at, colours[:, c]) for c in range(3)], -1)


def painting(hits: Hits, light: dict[str, Array], on_solid: Array) -> Array:
    """The ball in oil: shade cold, light warm, strokes around the form; the table in long level strokes."""
    rng = np.random.default_rng(4)
    given, solid = guides(hits, light), hits.picture(on_solid.astype(float)) > 0.5
    tone = np.clip(given["full"] + 0.03 * noise(SIZE, 7, rng), 0, 1.1)
    colour = ramp(tone, _RAMP)
    from_table = np.clip(hits.picture(light["indirect"]) * 2 - 0.2, 0, 1) * (1 - given["direct"])
    colour += from_table[..., None] * np.array([0.0, 0.18, 0.26])
    colour = np.where(solid[..., None], colour, ramp(tone * 1.35, _FLOOR))
    normal = hits.picture(hits.normal)
    nearest = distance_transform_edt(~solid, return_distances=False, return_indices=True)
    around = (np.arctan2(-normal[..., 1], normal[..., 0]) + np.pi / 2)[tuple(nearest)]
    level = 0.12 * noise(SIZE, 30, rng) + np.where(given["direct"] > 0.3, 0.0, 0.5)
    ground = [Layer(16, 60, 9, angle_jitter=0.15), Layer(9, 40, 7, colour_jitter=0.04, angle_jitter=0.2)]
    canvas = paint(colour, level, ground, 1, where=~solid)
    form = [Layer(13, 40, 7), Layer(7, 28, 4.5, colour_jitter=0.05), Layer(4, 16, 4.5, colour_jitter=0.06)]
    canvas = paint(colour, around, form, 2, where=solid, ground=canvas)
    glint = given["specular"] > 0.72
    canvas = paint(np.full((*SIZE, 3), (1.0, 0.99, 0.93)), around, [Layer(7, 14, 4, colour_jitter=0.01)], 3, where=glint, ground=canvas)
    rim = gaussian_filter(solid.astype(float), 1.2)
    edge = (rim > 0.25) & (rim < 0.75) & (given["direct"] < 0.6)
    dark = np.full((*SIZE, 3), (0.09, 0.05, 0.17))
    return lit(paint(dark, along_edges(rim, 4), [Layer(3, 14, 2.5, opacity=0.7)], 5, where=edge, ground=canvas))


def draw() -> dict[str, Array]:
    """All pictures of this class by name, 0..1."""
    teacher, wanted = scene(ball), scene(duck)
    out = {"style": painting(*teacher)}
    for name, picture in guides(*teacher[:2]).items():
        out[f"source_{name}"] = picture
    for name, picture in guides(*wanted[:2]).items():
        out[f"target_{name}"] = picture
    return out
