"""Reinforcement that sticks out of broken concrete: two layers of bars, torn off beyond the face they come out of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bottega.engine.collapse.building.cells import polygon_facts
from bottega.engine.collapse.records import Float, Int

if TYPE_CHECKING:
    from bottega.engine.collapse.building.rough import Openings
    from bottega.engine.collapse.building.solids import Solid

_COVER_M = 0.06  # of concrete over a bar
_EVERY_M = 0.4
_SHARE = 0.35  # of bars that stay with this piece; the others stay with its neighbour, or tore off at the face
_THICK_M = 0.022
_LONG_M = (0.12, 0.5)
_FOOT_M = 0.12  # how far a bar begins behind its face
_BEND = 0.35
_HIDDEN_M = 0.025  # at rest a bar keeps this far from all skin
_LEAST_M, _LEAST_M2 = 0.08, 0.05

TRIANGLES_A_BAR = 20


def bars_of(solid: Solid, planes: Float, openings: Openings, rng: np.random.Generator) -> tuple[Float, Int]:
    """Corners (V, 3) and triangles (T, 3) of closed bars. At rest all of them lies inside the run, where its neighbours hide it.

    `planes` bound the run, see `bounds_of`.
    """
    through = _through(planes)
    broken = np.flatnonzero(solid.beyond >= 0)
    if through is None or not len(broken):
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    area, _, normals, _ = polygon_facts(solid.points[broken], solid.counts[broken])
    broken, normals = broken[area > _LEAST_M2], normals[area > _LEAST_M2]
    feet, ways = [], []
    for f, normal in zip(broken, normals, strict=True):
        for plane in through:
            on = _line(solid.points[f, : solid.counts[f]], plane)
            length = float(np.linalg.norm(on[1] - on[0])) if len(on) else 0.0
            places = (np.arange(int(length / _EVERY_M)) + rng.random()) * _EVERY_M
            places = places[rng.random(len(places)) < _SHARE]
            if len(places):
                feet.append(on[0] + (on[1] - on[0]) * (places / length)[:, None])
                ways.append(np.tile(_along(normal, plane[:3]), (len(places), 1)))
    if not feet:
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    lines = _hidden(np.concatenate(feet), np.concatenate(ways), planes, openings, rng)
    return _rods(lines)


def _through(planes: Float) -> tuple[Float, Float] | None:
    """The two layers: planes (n, d) just below the nearest pair of opposite bounds; None where there is no such pair."""
    found = None
    for i, a in enumerate(planes):
        for b in planes[i + 1 :]:
            if a[:3] @ b[:3] < -1 + 1e-6 and (found is None or a[3] + b[3] < found[0]):
                found = (float(a[3] + b[3]), a, b)
    if found is None or found[0] < 3 * _COVER_M:
        return None
    down = np.array([0, 0, 0, _COVER_M])
    return found[1] - down, found[2] - down


def _line(ring: Float, plane: Float) -> Float:
    """The two points in which a plane cuts a convex polygon's outline, or none."""
    away = ring @ plane[:3] - plane[3]
    following, beyond = np.roll(ring, -1, 0), np.roll(away, -1)
    cut = (away < 0) != (beyond < 0)
    if cut.sum() != 2:
        return np.empty((0, 3))
    share = away[cut] / (away[cut] - beyond[cut])
    return np.asarray(ring[cut] + (following[cut] - ring[cut]) * share[:, None])


def _along(normal: Float, through: Float) -> Float:
    """Bars run upright or level, in their layer: whichever goes out of the face more steeply."""
    upright = np.array([0.0, 0.0, 1.0])
    if abs(through[2]) > 0.5:
        upright = np.array([1.0, 0.0, 0.0])
    upright = upright - through * (upright @ through)
    upright /= np.linalg.norm(upright)
    level = np.cross(through, upright)
    way = max((upright, level), key=lambda w: abs(float(w @ normal)))
    return np.asarray(way * np.sign(way @ normal))


def _hidden(feet: Float, ways: Float, planes: Float, openings: Openings, rng: np.random.Generator) -> Float:
    """(N, 3, 3): foot, bend and tip of every bar that fits, shortened until it does."""
    n = len(feet)
    length = rng.uniform(*_LONG_M, n)[:, None]
    first = ways + rng.normal(0, _BEND / 3, (n, 3))
    second = ways + rng.normal(0, _BEND, (n, 3))
    first, second = (w / np.linalg.norm(w, axis=1)[:, None] for w in (first, second))
    start = feet - ways * _FOOT_M
    fits = np.zeros(n, bool)
    for _ in range(4):
        bend = feet + first * length * 0.6
        tip = bend + second * length * 0.4
        lines = np.stack([start, bend, tip], 1)
        points = np.concatenate([lines, lines.mean(1, keepdims=True)], 1).reshape(-1, 3)
        inside = (points @ planes[:, :3].T - planes[:, 3]).max(1) < -_HIDDEN_M
        inside &= openings.away(points) > _HIDDEN_M
        fits = inside.reshape(n, -1).all(1)
        length = np.where(fits[:, None], length, length / 2)
    return lines[fits & (length[:, 0] > _LEAST_M)]


_ENDS = np.array([(0, 3, 2), (0, 2, 1), (8, 9, 10), (8, 10, 11)])
_ROUND = [(r * 4 + k, r * 4 + (k + 1) % 4, r * 4 + 4 + (k + 1) % 4, r * 4 + 4 + k) for r in (0, 1) for k in range(4)]
_ROD = np.concatenate([_ENDS, *([[(a, b, c), (a, c, d)] for a, b, c, d in _ROUND])])


def _rods(lines: Float) -> tuple[Float, Int]:
    """Square rods along lines of three points, closed, counter-clockwise from outside."""
    way = lines[:, 2] - lines[:, 0]
    way /= np.linalg.norm(way, axis=1)[:, None]
    other = np.where(np.abs(way[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]])
    side = np.cross(way, other)
    side *= _THICK_M / 2 / np.linalg.norm(side, axis=1)[:, None]
    up = np.cross(way, side)
    square = np.stack([side + up, up - side, -side - up, side - up], 1)
    corners = (lines[:, :, None] + square[:, None]).reshape(-1, 3)
    return corners, (_ROD + 12 * np.arange(len(lines))[:, None, None]).reshape(-1, 3)
