"""What is seen in each changed pixel: one fragment for each flat of a piece in it, with its share of the pixel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis.compiled import uncounted

from .buffers import meet
from .raster import PARTS

Array = NDArray[Any]

_MOST = 8  # samples of a pixel, so fragments too


class Fragments(NamedTuple):
    """F fragments in the order of their pixels.

    pixel, triangle
        (F,) int32.
    share
        (F,) float32: of the pixel's samples.
    local, side
        (F, 3) float64, piece space: the place at the pixel's middle on the fragment's plane, and at the middle of its samples.
    step
        (F, 2, 3) float64: how far the place goes for one pixel to the right, and one down.
    """

    pixel: Array
    triangle: Array
    share: Array
    local: Array
    side: Array
    step: Array


def chosen(fragments: Fragments, which: Array) -> Fragments:
    """Some of them, by a mask or by numbers."""
    return Fragments(*(np.ascontiguousarray(part[which]) for part in fragments))


def find_fragments(samples: Array, wanted: Array, skin: Any, now: Any, *, lens: Any, pattern: tuple[tuple[int, int], ...]) -> Fragments:
    """Fragments of the `wanted` (H, W) pixels from (S, H, W) int32 triangles of the samples at `pattern`."""
    count = int(((samples >= 0) & wanted).sum())
    pixel, triangle = np.empty(count, np.int32), np.empty(count, np.int32)
    share, places, steps = np.empty(count, np.float32), np.empty((count, 2, 3)), np.empty((count, 2, 3))
    into = Fragments(pixel, triangle, share, places, places, steps)
    room = *(np.empty(_MOST, np.int64) for _ in range(3)), np.empty(_MOST), np.empty(_MOST), np.empty(3)
    found = _collect(samples, wanted, (skin, now, lens), np.asarray(pattern, np.float64) / PARTS, room, into)
    local, side = np.ascontiguousarray(places[:found, 0]), np.ascontiguousarray(places[:found, 1])
    return Fragments(pixel[:found], triangle[:found], share[:found], local, side, steps[:found])


@uncounted
def _collect(samples: Array, wanted: Array, scene: Any, pattern: Array, room: Any, into: Any) -> int:
    skin = scene[0]
    count, height, width = samples.shape
    flat, first, number, sum_x, sum_y, other = room
    found = 0
    for y in range(height):
        for x in range(width):
            if not wanted[y, x]:
                continue
            kinds = 0
            for s in range(count):
                t = samples[s, y, x]
                if t < 0:
                    continue
                k = 0
                while k < kinds and flat[k] != skin.flat[t]:
                    k += 1
                if k == kinds:
                    flat[k], first[k], number[k], sum_x[k], sum_y[k] = skin.flat[t], t, 0, 0.0, 0.0
                    kinds += 1
                number[k] += 1
                sum_x[k] += pattern[s, 0]
                sum_y[k] += pattern[s, 1]
            for k in range(kinds):
                into.pixel[found], into.triangle[found] = y * width + x, first[k]
                into.share[found] = number[k] / count
                aside = (x + 0.5 + sum_x[k] / number[k], y + 0.5 + sum_y[k] / number[k])
                _locate(scene, first[k], (x + 0.5, y + 0.5), aside, other, into.local[found], into.step[found])
                found += 1
    return found


@uncounted
def _locate(scene: Any, t: int, middle: Any, aside: Any, other: Array, place: Array, step: Array) -> None:
    """Both places, and the steps between neighbouring pixels on the plane; a plane too edge-on for a step has none."""
    skin, now, lens = scene
    beside, depth = meet(skin, t, now, lens, aside, place[1]), meet(skin, t, now, lens, middle, place[0])
    if depth <= 0 or depth > 1.5 * beside or beside > 1.5 * depth:
        for i in range(3):
            place[0, i] = place[1, i]
    for k in range(2):
        far = meet(skin, t, now, lens, (aside[0] + (k == 0), aside[1] + (k == 1)), other)
        for i in range(3):
            step[k, i] = other[i] - place[1, i] if far > 0 else 0.0
