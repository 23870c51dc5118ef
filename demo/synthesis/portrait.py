"""Position guides: an invented head, painted in one pose, wanted in another. The guides say which point of the head each pixel shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from light import ramp
from marching import Hits, capsule, ellipsoid, look, passes, sphere, turned, union, without
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from strokes import Layer, along_edges, lit, noise, paint

Array = NDArray[Any]
SIZE = 400, 320
EYE, AT, FIELD = (0.0, 0.1, 8.0), (0.0, 0.06, 0.0), 0.43
LAMP = (-0.8, 0.75, 0.9)
POSES = {"source": (-0.22, 0.02, 0.0), "target": (0.30, -0.06, 0.05)}  # yaw, pitch, roll in radians
SKIN, LIPS, EYES, HAIR, CLOTH = range(5)
SHOWN = [(224, 172, 140), (196, 70, 74), (245, 245, 240), (70, 40, 36), (40, 90, 110)]  # the segments' colours
_RAMPS = [
    [(0, (0.20, 0.10, 0.20)), (0.25, (0.46, 0.22, 0.26)), (0.5, (0.76, 0.44, 0.33)), (0.75, (0.93, 0.70, 0.53)), (1.1, (1.0, 0.92, 0.78))],
    [(0.0, (0.22, 0.05, 0.12)), (0.5, (0.68, 0.20, 0.24)), (1.1, (0.96, 0.52, 0.46))],
    [(0.0, (0.28, 0.30, 0.40)), (0.5, (0.72, 0.74, 0.76)), (1.1, (1.0, 1.0, 0.96))],
    [(0.0, (0.05, 0.04, 0.10)), (0.3, (0.20, 0.09, 0.08)), (0.6, (0.48, 0.20, 0.08)), (1.1, (0.90, 0.55, 0.22))],
    [(0.0, (0.03, 0.09, 0.16)), (0.4, (0.07, 0.28, 0.36)), (1.1, (0.36, 0.66, 0.66))],
]  # fmt: skip


def bare(p: Array) -> Array:
    """Skull, face and ears. The face looks along z."""
    m = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)  # both sides are alike
    d = ellipsoid(p, (0, 0.25, -0.10), (0.74, 0.86, 0.90))
    d = union(d, ellipsoid(p, (0, -0.38, 0.16), (0.54, 0.70, 0.60)), 0.28)
    d = union(d, ellipsoid(m, (0.34, -0.22, 0.48), (0.22, 0.20, 0.20)), 0.22)
    d = union(d, ellipsoid(p, (0, -0.93, 0.50), (0.19, 0.15, 0.16)), 0.22)
    d = union(d, capsule(m, (0.14, 0.26, 0.73), (0.42, 0.25, 0.60), 0.08), 0.14)
    d = without(d, ellipsoid(m, (0.29, 0.08, 0.88), (0.17, 0.11, 0.17)), 0.12)
    d = union(d, capsule(p, (0, 0.14, 0.74), (0, -0.20, 0.98), 0.075), 0.12)
    d = union(d, union(sphere(p, (0, -0.25, 0.98), 0.105), ellipsoid(m, (0.10, -0.28, 0.90), (0.075, 0.06, 0.09)), 0.05), 0.05)
    ear = without(ellipsoid(m, (0.76, -0.02, -0.08), (0.09, 0.25, 0.17)), ellipsoid(m, (0.86, 0.02, -0.02), (0.06, 0.14, 0.09)), 0.04)
    return union(d, ear, 0.06)


def neck(p: Array) -> Array:
    return capsule(p, (0, -0.75, -0.2), (0, -1.9, -0.25), 0.40)


def lips(p: Array) -> Array:
    m = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    middle = capsule(p, (-0.03, -0.545, 0.76), (0.03, -0.545, 0.76), 0.035)
    upper = union(capsule(m, (0.05, -0.535, 0.755), (0.20, -0.575, 0.655), 0.040), middle, 0.04)
    lower = capsule(m, (0.0, -0.625, 0.745), (0.15, -0.60, 0.68), 0.050)
    return np.minimum(upper, lower)


def lids(p: Array) -> Array:
    m = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    q = m - (0.285, 0.065, 0.60)
    ball = np.linalg.norm(q, axis=-1) - 0.163
    return np.maximum(ball, np.minimum(q[..., 2] * 0.30 - q[..., 1], q[..., 1] + 0.03 + q[..., 2] * 0.22))


def eyes(p: Array) -> Array:
    m = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    return sphere(m, (0.285, 0.065, 0.60), 0.148)


def hair(p: Array) -> Array:
    m = np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1)
    cap = ellipsoid(p, (0, 0.33, -0.16), (0.82, 0.90, 0.96))
    face = np.maximum(p[..., 1] - 0.74 + 0.35 * m[..., 0] ** 2, 0.10 - p[..., 2] - 0.15 * p[..., 1])
    cap = np.maximum(without(cap, face, 0.10), -0.25 - p[..., 1])
    bun = sphere(p, (0, 1.22, -0.52), 0.36)
    strands = 0.012 * np.sin(26 * np.arctan2(p[..., 0], p[..., 1] + 0.5)) + 0.006 * np.sin(60 * np.arctan2(p[..., 0], p[..., 1] + 0.9))
    return union(cap, bun, 0.12) + strands


def cloth(p: Array) -> Array:
    return union(ellipsoid(p, (0, -2.35, -0.3), (1.45, 0.62, 0.62)), capsule(p, (0, -1.6, -0.25), (0, -1.9, -0.25), 0.47), 0.2)


def scene(pose: tuple[float, float, float]) -> tuple[Hits, dict[str, Array], dict[str, Array]]:
    """Hits, light apart, and for each hit its point on the head and its segment."""

    def parts(p: Array) -> list[Array]:
        q, body = turned(p, *pose), turned(p, pose[0] * 0.3)
        return [union(union(bare(q), lids(q), 0.03), neck(body), 0.18), lips(q), eyes(q), hair(q), cloth(body)]

    def distance(p: Array) -> Array:
        skin, mouth, *rest = parts(p)
        return np.asarray(np.minimum.reduce([union(skin, mouth, 0.03), *rest]))

    hits = look(distance, SIZE, EYE, AT, FIELD)
    head, body = turned(hits.point, *pose), turned(hits.point, pose[0] * 0.3)
    on = np.argmin(np.stack(parts(hits.point)), 0)
    of_body = np.clip((-0.95 - head[:, 1]) / 0.35, 0, 1)[:, None]
    place = np.where((on == CLOTH)[:, None], body, head + (body - head) * of_body)
    return hits, passes(distance, hits, LAMP, 30), {"place": place, "on": drawn(place, on)}


def drawn(place: Array, on: Array) -> Array:
    """The segments with what is drawn on the solids: brows, irises."""
    x, y = np.abs(place[:, 0]), place[:, 1]
    arch = 0.265 + 0.07 * np.sin((x - 0.12) / 0.36 * np.pi * 0.75)
    brow = (on == SKIN) & (x > 0.12) & (x < 0.48) & (np.abs(y - arch) < 0.034 * np.clip((0.52 - x) / 0.25, 0, 1)) & (place[:, 2] > 0.3)
    iris = (on == EYES) & (np.hypot(x - 0.285, y - 0.06) < 0.074)
    return np.where(brow | iris, HAIR, on)


def brightness(hits: Hits, light: dict[str, Array]) -> Array:
    return hits.picture(0.6 * light["direct"] + 0.8 * light["indirect"] + 0.25 * light["specular"])


def guides(hits: Hits, light: dict[str, Array], what: dict[str, Array]) -> dict[str, Array]:
    """Position on the head as a colour, segment as a colour, shading."""
    place = (what["place"] + (1.3, 2.6, 1.2)) / (2.6, 4.3, 2.4)
    segment = hits.picture(np.array(SHOWN)[what["on"]] / 255)
    shade = np.clip(brightness(hits, light), 0, 1) ** (1 / 1.6)
    return {"position": hits.picture(np.clip(place, 0, 1)), "segment": segment, "shade": shade}


def painting(hits: Hits, light: dict[str, Array], what: dict[str, Array]) -> Array:
    """In oil: ground, cloth, skin, hair, then features with a small brush."""
    rng = np.random.default_rng(7)
    on, tone = hits.picture(what["on"] + 1.0).astype(int) - 1, brightness(hits, light) ** (1 / 1.2) + 0.015 * noise(SIZE, 5, rng)
    colour = np.stack([ramp(tone, stops) for stops in _RAMPS])
    colour = np.take_along_axis(colour, np.clip(on, 0, 4)[None, ..., None], 0)[0]
    x, y = np.abs(what["place"][:, 0]), what["place"][:, 1]
    flush = hits.picture(np.exp(-(((x - 0.36) / 0.17) ** 2) - ((y + 0.2) / 0.15) ** 2))
    pupil = hits.picture(np.hypot(x - 0.285, y - 0.06) < 0.036) > 0
    colour[pupil & (on == HAIR)] *= 0.25
    colour += (flush * (on == SKIN))[..., None] * np.array([0.06, -0.07, -0.05])
    wall = 0.5 + 0.16 * noise(SIZE, 22, rng) + np.linspace(0.25, -0.25, SIZE[1])
    wall_colour = ramp(wall, [(0.0, (0.22, 0.25, 0.20)), (0.5, (0.52, 0.52, 0.36)), (1.0, (0.86, 0.78, 0.52))])
    canvas = paint(wall_colour, 0.9 + 0.35 * noise(SIZE, 18, rng), [Layer(14, 34, 8), Layer(8, 20, 7, colour_jitter=0.05)], 1)
    strand = hits.picture(np.arctan2(what["place"][:, 0], what["place"][:, 1] + 0.5))
    form = along_edges(tone, 5)
    brushes = {
        CLOTH: (form, [Layer(13, 34, 7), Layer(8, 24, 6, colour_jitter=0.05)]),
        SKIN: (form, [Layer(9, 20, 5), Layer(5, 12, 3), Layer(3, 8, 2.5)]),
        HAIR: (along_edges(strand, 3), [Layer(7, 26, 4), Layer(3, 24, 3.5, colour_jitter=0.07)]),
    }
    where = hits.picture(what["place"])
    features = np.isin(on, (LIPS, EYES)) | ((on == HAIR) & (where[..., 2] > 0.4) & (where[..., 1] < 0.42))
    whole = np.where(features, SKIN, on)
    for number, (part, (angle, layers)) in enumerate(brushes.items()):
        own = distance_transform_edt((on != part) | features, return_distances=False, return_indices=True)
        canvas = paint(colour[tuple(own)], angle, layers, 10 + number, where=whole == part, ground=canvas)
    fine = [Layer(3, 6, 1.8, colour_jitter=0.02), Layer(2, 4, 1.5, colour_jitter=0.02)]
    canvas = paint(colour, along_edges(on * 1.0, 2), fine, 20, where=features, ground=canvas)
    return lit(canvas)


def draw() -> dict[str, Array]:
    """All pictures of this class by name, 0..1."""
    out: dict[str, Array] = {}
    for name, pose in POSES.items():
        hits, light, what = scene(pose)
        if name == "source":
            out["style"] = painting(hits, light, what)
        out |= {f"{name}_{guide}": picture for guide, picture in guides(hits, light, what).items()}
    return out
