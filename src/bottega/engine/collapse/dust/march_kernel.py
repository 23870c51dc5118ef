"""One ray through lit dust."""

from __future__ import annotations

from typing import Any

import numpy as np

from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.dust.volume import at, cut, detail, displaced
from bottega.engine.synthesis.compiled import uncounted

ONE, TWO, ZERO, HALF, QUARTER = np.float32(1), np.float32(2), np.float32(0), np.float32(0.5), np.float32(0.25)
MATTERS = np.float32(0.15)  # of the light behind that is left: deeper in, the sweep is enough
CREASE = np.float32(0.4)  # between puffs less light is scattered around
FAINT, CLEAR = np.float32(1e-3), np.float32(0.08)  # 1/m
SHORTEST = np.float32(0.25)  # of a step
EDGE, BACK = np.float32(0.35), np.float32(0.75)  # optical depth of a step that is too much at once; how much of it is taken back
NEAR_ENOUGH = np.float32(0.01)  # what is left of the light behind when a ray ends
TAP_M = np.float32(0.9)  # this near, the way to the sun is looked at with all detail
# Scattering by octaves (Wrenninge, Kulla and Lundqvist 2013): light that was scattered more often falls off more slowly. The shares make
# a thick cloud that faces the sun reflect its colour.
OCTAVE = (np.float32(0.90), np.float32(0.42), np.float32(0.12))
FALLS = (np.float32(1.0), np.float32(0.30), np.float32(0.08))


@uncounted
def thickness(volume: Any, x: Any, y: Any, z: Any, moved: Array) -> tuple[Any, Any]:
    """Extinction at a place in the fine grid's entries, with finer puffs cut into it, and how far in or out of a puff it lies."""
    thick = at(volume[0], x, y, z)
    if thick <= 0:
        return ZERO, ZERO
    return _cut_out(volume, thick, x, y, z, moved)


@uncounted
def _cut_out(volume: Any, thick: Any, x: Any, y: Any, z: Any, moved: Array) -> tuple[Any, Any]:
    """The same where the grid's own extinction is known, and above 0."""
    _, tile, fine, carved, edges = volume
    puff = detail(tile, moved, (fine * x, fine * y, fine * z), carved)
    return cut(thick, puff, edges), puff


@uncounted
def _enters(start: Array, way: Array, size: Any) -> tuple[np.float32, np.float32]:
    """Where a ray enters the box 0..size and leaves it."""
    enter, leave = ZERO, np.float32(1e30)
    for a in range(3):
        if way[a] == 0:
            if start[a] < 0 or start[a] > size[a]:
                return ONE, ZERO
            continue
        near, far = -start[a] / way[a], (size[a] - start[a]) / way[a]
        enter, leave = max(enter, min(near, far)), min(leave, max(near, far))
    return enter, leave


@uncounted
def _to_next_block(x: Any, y: Any, z: Any, way: Array, block: Any) -> np.float32:
    """Entries along the ray to where it leaves its block."""
    least = np.float32(1e30)
    for a in range(3):
        p = x if a == 0 else (y if a == 1 else z)
        low = np.floor(p / block) * block
        if way[a] > 0:
            least = min(least, (low + block - p) / way[a])
        elif way[a] < 0:
            least = min(least, (low - p) / way[a])
    return max(least, ZERO) + np.float32(0.01)


@uncounted
def _shaded(place: Any, dust: tuple[Any, Any, Any], scene: Any, moved: Array, seen: Array) -> None:
    """The light that dust at a place (fine entries from the first's middle) scatters to the eye, into seen[:3]: radiance.

    Near by, the way to the sun is looked at with all detail; from there on the sweep's optical depth holds.
    """
    volume, _, light, (colours, forwards, _, _, _) = scene
    _, to_sun, sky, ground, sun_way = light
    (x, y, z), (thick, puff, clear) = place, dust
    tap = TAP_M / volume[2]
    sx, sy, sz = sun_way[0] * tap, sun_way[1] * tap, sun_way[2] * tap
    if thick > CLEAR and clear > MATTERS:
        half_way, _ = thickness(volume, x + HALF * sx, y + HALF * sy, z + HALF * sz, moved)
        shade = at(to_sun, x + sx, y + sy, z + sz) + half_way * TAP_M
    else:
        shade = at(to_sun, x, y, z)
    sun = OCTAVE[0] * forwards * np.exp(-FALLS[0] * shade) + OCTAVE[1] * np.exp(-FALLS[1] * shade)
    sun += OCTAVE[2] * np.exp(-FALLS[2] * shade)
    cx, cy, cz = HALF * x - QUARTER, HALF * y - QUARTER, HALF * z - QUARTER
    crease = min(max(ONE + CREASE * volume[4][2] * puff, HALF), np.float32(1.4))
    above, below = crease * at(sky, cx, cy, cz), crease * at(ground, cx, cy, cz)
    for c in range(3):
        seen[c] = colours[c] * crease * sun + colours[3 + c] * above + colours[6 + c] * below


@uncounted
def _taken(place: Any, dust: tuple[Any, Any, Any], length: tuple[Any, Any], scene: Any, arrays: tuple[Array, Array, Array]) -> Any:
    """Add a step's light and its part of the depth to the sums; what is left of the light behind. length = the step's, the ray's, m."""
    moved, seen, sums = arrays
    _shaded(place, dust, scene, moved, seen)
    taken = dust[2] * (ONE - np.exp(-dust[0] * length[0]))
    for c in range(3):
        sums[c] += taken * seen[c]
    sums[3] += taken * length[1]
    return dust[2] - taken


@uncounted
def _blocked(blocks: Array, block: int, x: Any, y: Any, z: Any) -> bool:
    """Whether there may be dust in the block that a place lies in."""
    i, j, k = int(x / block), int(y / block), int(z / block)
    if i < 0 or j < 0 or k < 0 or i >= blocks.shape[0] or j >= blocks.shape[1] or k >= blocks.shape[2]:
        return False
    return bool(blocks[i, j, k] != 0)


@uncounted
def _keep(sums: Array, clear: Any, out: Array) -> None:
    """Write red, green, blue, alpha and alpha times depth. A ray that was ended for having little light left counts as dark behind."""
    opaque = clear <= NEAR_ENOUGH
    share = ONE / (ONE - clear) if opaque else ONE
    for n in range(3):
        out[n] = sums[n] * share
    out[3] = ONE if opaque else ONE - clear
    out[4] = sums[3] * share


@uncounted
def ray(start: Array, way: Array, ends: tuple[Any, Any], scene: Any, arrays: tuple[Array, Array, Array], out: Array) -> None:
    """March from start along way (unit; fine entries) and keep what is seen down to each of two ends, m: out (2, 5), see `_keep`.

    arrays = room for displacements (8,), a colour (3,), sums (4,). A step is at most `step`, and short where the dust is thick; blocks
    without dust are passed over.
    """
    volume, blocks, light, (_, _, step, block, jitter) = scene
    (extinction, _, fine, _, _), moved, sums = volume, arrays[0], arrays[2]
    sums[:] = 0
    enter, leave = _enters(start, way, extinction.shape)
    first, last = ends[0] / fine, min(leave, ends[1] / fine)
    longest = step / fine
    t, clear, kept = enter, ONE, False
    back, slow, most = ZERO, 0, jitter * longest  # the last step; short ones to come; the first into dust, so that steps make no rings
    while t < last and clear > NEAR_ENOUGH:
        if not kept and t >= first:
            _keep(sums, clear, out[0])
            kept = True
        x, y, z = start[0] + t * way[0], start[1] + t * way[1], start[2] + t * way[2]
        if not _blocked(blocks, block, x, y, z):
            t += _to_next_block(x, y, z, way, np.float32(block))
            back, most = ZERO, jitter * longest
            continue
        x, y, z = x - HALF, y - HALF, z - HALF
        thick = at(extinction, x, y, z)
        if thick <= 0:
            back = longest * HALF
            t += back
            continue
        displaced(light[0], HALF * x - QUARTER, HALF * y - QUARTER, HALF * z - QUARTER, moved)
        thick, puff = _cut_out(volume, thick, x, y, z, moved)
        if slow == 0 and back > longest * SHORTEST and thick * fine * back > EDGE:
            t, slow = t - BACK * back, int(BACK * back / (longest * SHORTEST)) + 2  # an edge was stepped over
            continue
        d = min(longest if thick > CLEAR else TWO * longest, max(HALF / (max(thick, FAINT) * fine), longest * SHORTEST))
        d = min(d, (last if kept else min(first, last)) - t, max(most, longest * SHORTEST * SHORTEST))
        if slow > 0:
            slow, d = slow - 1, min(d, longest * SHORTEST)
        most = TWO * longest
        if thick > FAINT:
            clear = _taken((x, y, z), (thick, puff, clear), (d * fine, t * fine), scene, arrays)
        back = max(d, FAINT)
        t += back
    for s in range(1 if kept else 0, 2):
        _keep(sums, clear, out[s])


def rays(first: int, last: int, view: Any, scene: Any, out: Array) -> None:
    """Rows first..last of a picture of rays: out (H, W, 2, 5). view = where the eye is, axes (3, 3), lens (focal, x, y), ends (H, W, 2)."""
    arrays = np.zeros(8, np.float32), np.zeros(3, np.float32), np.zeros(4, np.float32)
    _rays(first, last, view, scene, np.zeros(3, np.float32), arrays, out)


@uncounted
def _rays(first: int, last: int, view: Any, scene: Any, way: Array, arrays: tuple[Array, Array, Array], out: Array) -> None:
    eye, axes, lens, ends, noise = view
    volume, blocks, light, colours, forwards, step, block = scene
    sun = light[4]
    for r in range(first, last):
        for c in range(out.shape[1]):
            x, y = (np.float32(c) + HALF - lens[1]) / lens[0], -(np.float32(r) + HALF - lens[2]) / lens[0]
            size = np.sqrt(x * x + y * y + ONE)
            for a in range(3):
                way[a] = (axes[a, 0] * x + axes[a, 1] * y - axes[a, 2]) / size
            towards = way[0] * sun[0] + way[1] * sun[1] + way[2] * sun[2]
            g = forwards
            rim = HALF + HALF * (ONE - g * g) / (ONE + g * g - np.float32(2) * g * towards) ** np.float32(1.5)
            how = (colours, rim, step, block, noise[r % noise.shape[0], c % noise.shape[1]])
            ray(eye, way, (ends[r, c, 0] * size, ends[r, c, 1] * size), (volume, blocks, light, how), arrays, out[r, c])
            for s in range(2):
                out[r, c, s, 4] /= size  # depth along the view, not along the ray
