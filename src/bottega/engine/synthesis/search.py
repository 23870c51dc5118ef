"""The search: every target patch looks for a better match, in small square tiles. Twin: `twin.search_tile`.

The order of work in one tile, scanline by scanline, forwards and backwards in turn (Barnes 2009):

1. Offer the matches of the two neighbours visited before, moved on by one pixel (propagation).
2. Offer random patches around the match: one within `reach`, then in windows that halve, none wider than NEXT_REACH_PX. A pixel whose match
   is poor gets as many of them as on a coarse level.
3. Offer random patches at most two pixels away.

Where the guides alone say that a match has gone astray, what was voted there means nothing either: in a level's first round such a pixel
looks at the guides only. From a round's second pass on, only pixels beside which a match has moved are searched again.

An offer must lie inside the source mask, in the pixel's class, in its radius and in its label's quota. It wins when patch difference plus
crowding falls. Crowding is λ times the use of the offered patch; use is counted in square blocks of about a patch, so it is read and
written in O(1), and it is always current: counts that stand still during a sweep send every pixel to the same rare patches. An offer whose
crowding alone already loses is not compared at all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import inlined, uncounted
from .vector import patch_difference

TILE = 32  # pixels: the two halves of a tile's work, target and matches, stay in the first cache
NEAR_PX = 2
NEXT_REACH_PX = 64  # windows from the second on are no larger: what lies further leaves the cache
_FORWARD = 2  # offers by propagation

Int16 = NDArray[np.int16]
Int32 = NDArray[np.int32]
Byte = NDArray[np.uint8]
Number = Any  # a whole number of whatever width numba finds for it


class Ground(NamedTuple):
    """All that the search of one level reads and writes. The target's arrays cover the canvas: the picture and a rim around it."""

    target: Int16  # flat (rows, columns, channels)
    weights: Int16  # flat like target, or (0, 0): none
    source: Int16  # flat atlas
    row_mask: Int16
    guide_mask: Int16  # row_mask without the style
    field: Int32  # (rows, columns, 2): row and column of the match in the atlas
    cost: Int32  # (rows, columns): patch difference of the match
    site: Byte  # (rows, columns): 1 where a patch is searched for
    moved: Int16  # (rows, columns): number of the pass in which the match last moved
    active: Byte  # (rows, columns): 0 where it may be left out this time
    wanted: Byte  # (rows, columns): class asked for, 0 is any; or (1, 1) when nobody asks
    centre: Byte  # (atlas rows, atlas columns): class of a patch centre, 0 where no patch may be
    block_row: Int32  # atlas row -> first block of its row of blocks
    block_column: Int32  # atlas column -> block in the row
    use: Int32  # matches in a block
    price: NDArray[np.float64]  # λ of a block: what one match in it costs the next
    label: Int32  # atlas row -> label
    room: NDArray[np.int64]  # label -> matches a lane may add until the next merge; below 0: must give up
    anchor: Int32  # (rows, columns, 2) that `radius` is around, or (1, 1, 2)
    radius: Int32  # (rows, columns), or (1, 1)
    origin: Int32  # atlas row -> source: a radius ends where its source ends
    channels: int
    patch: int
    edge: int  # first row and column that have patches, 0 where the picture wraps
    guarded: bool  # some offers may be forbidden by mask, class, label or radius


class Lane(NamedTuple):
    """What one lane changed since the last merge: no other lane sees it before."""

    use: Int32  # block -> matches added
    log: Int32  # blocks touched
    logged: Int32  # (1,): how many
    moved: NDArray[np.int64]  # label -> matches added


class Sweep(NamedTuple):
    """One pass over the picture."""

    backward: bool
    fresh: bool  # the target changed: the match's own cost is taken anew
    seed: int
    far: int
    near: int
    reach: int
    number: int = 1  # of this pass on its level, from 1
    since: int = 0  # search only where a match moved in this pass or later; 0 is everywhere
    astray: int = -1  # guide difference above which a match has gone astray; -1 asks nobody
    poor: int = 1 << 62  # difference above which a match is poor
    poor_far: int = 0  # far offers and reach for a poor match
    poor_reach: int = 1


@inlined
def difference(g: Any, mask: Int16, y: Number, x: Number, sy: Number, sx: Number) -> Number:
    """Weighted squared difference of the target patch at (y, x) and the source patch at (sy, sx)."""
    r = g.patch // 2
    target_row, source_row = g.field.shape[1] * g.channels, g.centre.shape[1] * g.channels
    a = (y - r) * target_row + (x - r) * g.channels
    b = (sy - r) * source_row + (sx - r) * g.channels
    return patch_difference(g.target, a, target_row, g.source, b, source_row, g.patch, mask, g.weights)


@inlined
def scramble(seed: Number, index: Number) -> Any:
    """A start for `step` from a seed and an index (the finaliser of SplitMix64, Steele 2014); never 0."""
    z = np.uint64(seed) + np.uint64(index + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) | np.uint64(1)


@inlined
def step(state: Any) -> Any:
    """Next number of xorshift64 (Marsaglia 2003)."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    return state ^ (state << np.uint64(17))


@inlined
def draw(state: Any, radius: Number) -> tuple[Number, Number]:
    """Two whole numbers from -radius to radius out of 20 bits each."""
    a, b = np.int64((state >> np.uint64(8)) & np.uint64(0xFFFFF)), np.int64((state >> np.uint64(32)) & np.uint64(0xFFFFF))
    return ((a * (2 * radius + 1)) >> 20) - radius, ((b * (2 * radius + 1)) >> 20) - radius


@inlined
def forbidden(g: Any, lane: Any, y: Number, x: Number, sy: Number, sx: Number, home: Number) -> Number:
    """Is the patch at (sy, sx) outside mask, class, radius or quota? `home` is the label of the match so far."""
    centre = g.centre[sy, sx]
    if centre == 0:
        return True
    if g.wanted.size > 1 and g.wanted[y, x] != 0 and g.wanted[y, x] != centre:
        return True
    if g.radius.size > 1:
        ay, ax = g.anchor[y, x, 0], g.anchor[y, x, 1]
        if g.origin[ay] != g.origin[sy] or max(abs(sy - ay), abs(sx - ax)) > g.radius[y, x]:
            return True
    label = g.label[sy]
    if label == home:
        return lane.moved[home] > g.room[home] and g.room[home] < 0
    return lane.moved[label] >= g.room[label]


@inlined
def window(reach: Number, k: Number) -> Number:
    """Half side of the k-th far window: the whole reach, then halving ones that stay in the cache."""
    return reach if k == 0 else max(min(reach >> k, NEXT_REACH_PX >> (k - 1)), 1)


@inlined
def offer(g: Any, sweep: Any, at: Any, best: tuple[Number, Number], k: Number, wide: Any, state: Any) -> tuple[Number, Number]:
    """Offer number k, clamped into the atlas; row -1 where there is none. `wide` is far offers and reach."""
    y, x = at
    r, forward = g.patch // 2, -1 if sweep.backward else 1
    if k < _FORWARD:
        py, px = (y - forward, x) if k == 0 else (y, x - forward)
        if g.site[py, px] == 0:
            return -1, -1
        sy = g.field[py, px, 0] + (y - py)
        sx = g.field[py, px, 1] + (x - px)
    else:
        k -= _FORWARD
        dy, dx = draw(state, window(wide[1], k) if k < wide[0] else NEAR_PX)
        sy, sx = best[0] + dy, best[1] + dx
    return min(max(sy, r), g.centre.shape[0] - 1 - r), min(max(sx, r), g.centre.shape[1] - 1 - r)


@inlined
def speaks_for(g: Any, y: Number, x: Number) -> Number:
    """Pixels whose label hangs on this patch: itself, and those of the border that go on from it."""
    r = g.patch // 2
    down = 1 + r * (g.edge > 0 and (y == g.edge or y == g.site.shape[0] - 1 - g.edge))
    return down * (1 + r * (g.edge > 0 and (x == g.edge or x == g.site.shape[1] - 1 - g.edge)))


@inlined
def settle(g: Any, lane: Any, old: tuple[Number, Number], new: tuple[Number, Number], pixels: Number) -> None:
    """Count a match that moved."""
    for place, count in ((old, -1), (new, 1)):
        block = g.block_row[place[0]] + g.block_column[place[1]]
        lane.use[block] += count
        lane.log[lane.logged[0]] = block
        lane.logged[0] += 1
        lane.moved[g.label[place[0]]] += count * pixels


@inlined
def judged(g: Any, sweep: Any, y: Number, x: Number, place: tuple[Number, Number]) -> Any:
    """By what the pixel is compared in this pass, and what its match comes to so."""
    if sweep.astray >= 0:
        guides = np.int64(difference(g, g.guide_mask, y, x, place[0], place[1]))
        if guides > sweep.astray:
            return g.guide_mask, guides
    if sweep.fresh or sweep.astray >= 0:
        return g.row_mask, np.int64(difference(g, g.row_mask, y, x, place[0], place[1]))
    return g.row_mask, np.int64(g.cost[y, x])


@inlined
def visit(g: Any, lane: Any, sweep: Any, y: Number, x: Number, state: Any) -> Any:
    """Search for one pixel. Returns the state of the random numbers."""
    old = best = (np.int64(g.field[y, x, 0]), np.int64(g.field[y, x, 1]))
    home, label = g.block_row[old[0]] + g.block_column[old[1]], g.label[old[0]]
    mask, cost = judged(g, sweep, y, x, old)
    wide = (sweep.poor_far, sweep.poor_reach) if cost > sweep.poor else (sweep.far, sweep.reach)
    total = cost + g.price[home] * (g.use[home] + lane.use[home] - 1)
    if g.room[label] < 0 and lane.moved[label] > g.room[label]:
        total = np.inf  # its label has too many: any other will do
    for k in range(_FORWARD + wide[0] + sweep.near):
        state = step(state)
        sy, sx = offer(g, sweep, (y, x), best, k, wide, state)
        if sy < 0 or (sy == best[0] and sx == best[1]):
            continue
        block = g.block_row[sy] + g.block_column[sx]
        crowd = g.price[block] * (g.use[block] + lane.use[block] - (block == home))  # a match does not crowd itself
        if crowd >= total or (g.guarded and forbidden(g, lane, y, x, sy, sx, label)):
            continue
        d = np.int64(difference(g, mask, y, x, sy, sx))
        if d + crowd < total:
            total, cost, best = d + crowd, d, (np.int64(sy), np.int64(sx))
    g.cost[y, x] = cost
    if best != old:
        g.field[y, x, 0], g.field[y, x, 1] = best
        g.moved[y, x] = sweep.number
        settle(g, lane, old, best, speaks_for(g, y, x))
    return state


@inlined
def stirred(g: Any, sweep: Any, y: Number, x: Number) -> Number:
    """Has this match or one beside it moved of late, or is it poor?"""
    m, n = g.moved, sweep.since
    near = m[y, x] >= n or m[y - 1, x] >= n or m[y + 1, x] >= n or m[y, x - 1] >= n or m[y, x + 1] >= n
    return near or g.cost[y, x] > sweep.poor


@uncounted
def search_tile(g: Any, lane: Any, sweep: Any, top: int, left: int, bottom: int, right: int) -> None:
    """Visit the active sites with top <= y < bottom and left <= x < right, forwards or backwards."""
    state = scramble(sweep.seed, top * g.field.shape[1] + left)
    for i in range(bottom - top):
        y = bottom - 1 - i if sweep.backward else top + i
        for j in range(right - left):
            x = right - 1 - j if sweep.backward else left + j
            if g.site[y, x] != 0 and g.active[y, x] != 0 and (sweep.since == 0 or stirred(g, sweep, y, x)):
                state = visit(g, lane, sweep, y, x, state)
