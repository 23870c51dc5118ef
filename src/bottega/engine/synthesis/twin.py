"""Slow, readable twins of the compiled kernels: the specification they are tested against. Plain Python numbers, one pixel at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .search import NEAR_PX, NEXT_REACH_PX, Ground, Lane, Sweep

Array = NDArray[Any]
_ALL = (1 << 64) - 1


def halve(values: Array) -> Array:
    """Twin of `pyramid.halve`: means of 2×2 pixels, an odd last row or column twice."""
    a = np.pad(values.astype(np.float32), [(0, values.shape[0] % 2), (0, values.shape[1] % 2), (0, 0)], mode="edge")
    return np.asarray(np.float32(0.25) * ((a[::2, ::2] + a[::2, 1::2]) + (a[1::2, ::2] + a[1::2, 1::2])))


def packed(values: Array, scale: Array, offset: Array) -> Array:
    """Twin of `metric.pack`."""
    return np.asarray(np.clip(np.rint((values - offset) * scale), -16383, 16383), np.int16)


def difference(g: Ground, y: int, x: int, sy: int, sx: int, *, leave_out: int = 0) -> int:
    """Twin of `search.difference` and `vector.patch_difference`; of every pixel the first channels may be left out."""
    r, shape = g.patch // 2, (*g.site.shape, g.channels)
    here = g.target[: g.site.size * g.channels].reshape(shape)[y - r : y + r + 1, x - r : x + r + 1].astype(np.int64)
    atlas = g.source[: g.centre.size * g.channels].reshape(*g.centre.shape, g.channels)
    d = here - atlas[sy - r : sy + r + 1, sx - r : sx + r + 1]
    if g.weights.ndim == 1:
        w = g.weights[: g.site.size * g.channels].reshape(shape)[y - r : y + r + 1, x - r : x + r + 1].astype(np.int64)
        d = (d * w + (1 << 14)) >> 15
    return int((d[..., leave_out:] ** 2).sum())


class Chance:
    """Twin of `search.scramble`, `search.step` and `search.draw`."""

    def __init__(self, seed: int, index: int) -> None:
        z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & _ALL
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _ALL
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _ALL
        self.state = (z ^ (z >> 31)) | 1

    def step(self) -> None:
        """Next number."""
        self.state ^= self.state << 13 & _ALL
        self.state ^= self.state >> 7
        self.state ^= self.state << 17 & _ALL

    def draw(self, radius: int) -> tuple[int, int]:
        """Two whole numbers from -radius to radius."""
        span = 2 * radius + 1
        return ((self.state >> 8 & 0xFFFFF) * span >> 20) - radius, ((self.state >> 32 & 0xFFFFF) * span >> 20) - radius


def _block(g: Ground, place: tuple[int, int]) -> int:
    return int(g.block_row[place[0]] + g.block_column[place[1]])


def _allowed(g: Ground, lane: Lane, at: tuple[int, int], place: tuple[int, int], label: int) -> bool:
    """Twin of `not search.forbidden`."""
    centre, asked = g.centre[place], g.wanted[at] if g.wanted.size > 1 else 0
    if centre == 0 or asked not in (0, centre):
        return False
    if g.radius.size > 1:
        anchor = g.anchor[at]
        if g.origin[anchor[0]] != g.origin[place[0]] or max(abs(place[0] - anchor[0]), abs(place[1] - anchor[1])) > g.radius[at]:
            return False
    other = int(g.label[place[0]])
    if other == label:
        return not (lane.moved[label] > g.room[label] and g.room[label] < 0)
    return bool(lane.moved[other] < g.room[other])


def _window(reach: int, k: int) -> int:
    """Twin of `search.window`."""
    return max(1, min(reach >> k, NEXT_REACH_PX >> (k - 1))) if k else reach


def _offers(
    g: Ground, sweep: Sweep, at: tuple[int, int], best: tuple[int, int], *, k: int, wide: tuple[int, int], chance: Chance
) -> tuple[int, int] | None:
    (y, x), (far, reach) = at, wide
    forward = -1 if sweep.backward else 1
    if k < 2:
        py, px = (y - forward, x) if k == 0 else (y, x - forward)
        if not g.site[py, px]:
            return None
        sy, sx = int(g.field[py, px, 0]) + y - py, int(g.field[py, px, 1]) + x - px
    else:
        dy, dx = chance.draw(_window(reach, k - 2) if k - 2 < far else NEAR_PX)
        sy, sx = best[0] + dy, best[1] + dx
    r, (rows, columns) = g.patch // 2, g.centre.shape
    return min(max(sy, r), rows - 1 - r), min(max(sx, r), columns - 1 - r)


def search_tile(g: Ground, lane: Lane, sweep: Sweep, *, top: int, left: int, bottom: int, right: int) -> None:
    """Twin of `search.search_tile`; of the lane it keeps `use` and `moved`, not the log."""
    chance = Chance(sweep.seed, top * g.field.shape[1] + left)
    order = [(y, x) for y in range(top, bottom) for x in range(left, right)]
    for at in reversed(order) if sweep.backward else order:
        if g.site[at] and g.active[at] and (sweep.since == 0 or _stirred(g, sweep, *at)):
            _visit(g, lane, sweep, at, chance)


def _stirred(g: Ground, sweep: Sweep, y: int, x: int) -> bool:
    """Twin of `search.stirred`."""
    beside = [(y, x), (y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
    return any(g.moved[place] >= sweep.since for place in beside) or bool(g.cost[y, x] > sweep.poor)


def _judged(g: Ground, sweep: Sweep, at: tuple[int, int], place: tuple[int, int]) -> tuple[int, int]:
    """Twin of `search.judged`: channels left out, and the difference without them."""
    of_style = int(np.argmax(g.guide_mask != 0))
    guides = difference(g, *at, *place, leave_out=of_style)
    if 0 <= sweep.astray < guides:
        return of_style, guides
    if sweep.fresh or sweep.astray >= 0:
        return 0, difference(g, *at, *place)
    return 0, int(g.cost[at])


def _visit(g: Ground, lane: Lane, sweep: Sweep, at: tuple[int, int], chance: Chance) -> None:
    old = best = (int(g.field[at][0]), int(g.field[at][1]))
    label, home = int(g.label[old[0]]), _block(g, old)
    leave_out, cost = _judged(g, sweep, at, old)
    wide = (sweep.poor_far, sweep.poor_reach) if cost > sweep.poor else (sweep.far, sweep.reach)
    total = cost + g.price[home] * (g.use[home] + lane.use[home] - 1)
    if g.room[label] < 0 and lane.moved[label] > g.room[label]:
        total = np.inf
    for k in range(2 + wide[0] + sweep.near):
        chance.step()
        place = _offers(g, sweep, at, best, k=k, wide=wide, chance=chance)
        if place is None or place == best or (g.guarded and not _allowed(g, lane, at, place, label)):
            continue
        block = _block(g, place)
        d = difference(g, *at, *place, leave_out=leave_out)
        new = d + g.price[block] * (g.use[block] + lane.use[block] - (block == home))
        if new < total:
            total, cost, best = new, d, place
    g.cost[at], g.field[at] = cost, best
    if best != old:
        g.moved[at] = sweep.number
        _settle(g, lane, at, (old, best))


def _settle(g: Ground, lane: Lane, at: tuple[int, int], moved: tuple[tuple[int, int], tuple[int, int]]) -> None:
    pixels = 1
    for axis in (0, 1):
        ends = (g.edge, g.site.shape[axis] - 1 - g.edge)
        pixels *= 1 + (g.patch // 2 if g.edge and at[axis] in ends else 0)
    for place, count in zip(moved, (-1, 1), strict=True):
        lane.use[_block(g, place)] += count
        lane.moved[g.label[place[0]]] += count * pixels


def vote(
    field: Array, weight: Array, style: Array, patch: int, *, classes: tuple[Array, Array] | None = None, median: bool = False
) -> Array:
    """Twin of `vote.mean_rows` and `vote.median_rows` for whole pictures; `classes` are the target's wishes and the source's kinds."""
    r, (rows, columns) = patch // 2, weight.shape
    out = np.empty((rows, columns, style.shape[2]), np.float32)
    for y in range(rows):
        for x in range(columns):
            voters = [(qy, qx) for qy in range(max(y - r, 0), min(y + r + 1, rows)) for qx in range(max(x - r, 0), min(x + r + 1, columns))]
            votes = [(field[q][0] + y - q[0], field[q][1] + x - q[1], weight[q]) for q in voters if weight[q] > 0]
            if classes is not None and classes[0][y, x]:
                votes = [v for v in votes if classes[1][v[0], v[1]] == classes[0][y, x]]
            if not votes:
                out[y, x] = style[tuple(field[y, x])]
                continue
            values, say = np.array([style[v[0], v[1]] for v in votes], np.float64), np.array([v[2] for v in votes], np.float64)
            out[y, x] = _medians(values, say) if median else say @ values / say.sum()
    return out


def _medians(values: Array, say: Array) -> Array:
    order = np.argsort(values, axis=0, kind="stable")
    reached = np.cumsum(say[order], axis=0)
    at = (reached >= say.sum() / 2).argmax(axis=0)
    return np.asarray(np.take_along_axis(values, np.take_along_axis(order, at[None], 0), 0)[0])
