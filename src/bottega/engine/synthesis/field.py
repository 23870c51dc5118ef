"""Where a level's field begins: at random, from the caller's, or from the coarser level's; and (source, row, column) for atlas places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .atlas import Atlas
from .compiled import compiled

Int32 = NDArray[np.int32]
_AROUND_PX = 3  # a match that may not be is moved to the nearest that may, up to so far away


def scatter(atlas: Atlas, wanted: NDArray[np.uint8], shares: NDArray[np.float64], random: np.random.Generator) -> Int32:
    """Patch centres drawn at random, (n, 2), for n pixels of the classes `wanted`: labels by their shares, then evenly."""
    out = np.zeros((wanted.size, 2), np.int32)
    for kind in np.unique(wanted):
        there = (atlas.centre == kind) & (atlas.centre > 0)
        rows, columns = np.nonzero(there if there.any() else atlas.centre)  # 0, or a class that only the border asks for
        label = atlas.label[rows]
        many = np.bincount(label, minlength=shares.size)
        chance = np.where(many > 0, shares, 0.0)
        chance = chance / chance.sum() if chance.sum() > 0 else (many > 0) / (many > 0).sum()
        order = np.argsort(label, kind="stable")
        pixels = np.flatnonzero(wanted == kind)
        drawn = random.choice(shares.size, pixels.size, p=chance)
        first = np.concatenate([[0], np.cumsum(many)])[drawn]
        pick = order[first + (random.random(pixels.size) * many[drawn]).astype(np.int64)]
        out[pixels, 0], out[pixels, 1] = rows[pick], columns[pick]
    return out


def refine(coarse: Int32, before: Atlas, atlas: Atlas, shape: tuple[int, int], rim: int, edge: int) -> Int32:
    """The field of a canvas of `shape` from that of the level before: each match at twice its place, moved on with its pixel.

    `edge` is how many rows and columns inside the rim have no patch of their own; they go on from the next that has.
    """
    heights = np.array([s.kind.shape[0] for s in atlas.sheets])
    number = before.origin
    local = np.arange(number.size) - before.tops[number]
    rows = (atlas.tops[number] + 2 * local, atlas.tops[number] + rim, atlas.tops[number] + heights[number] - 1 - rim)
    widest = np.array([s.kind.shape[1] for s in atlas.sheets])[number] - 1 - rim
    out = np.zeros((*shape, 2), np.int32)
    _refine(coarse, rows, widest, rim, edge, 2, out)
    return out


@compiled
def _refine(coarse: Int32, rows: Any, widest: Any, rim: int, edge: int, scale: int, out: Int32) -> None:
    lines, lowest, highest = rows
    for y in range(rim, out.shape[0] - rim):
        py = min(max((y - rim) // scale, edge), coarse.shape[0] - 2 * rim - 1 - edge)
        for x in range(rim, out.shape[1] - rim):
            px = min(max((x - rim) // scale, edge), coarse.shape[1] - 2 * rim - 1 - edge)
            a, b = coarse[py + rim, px + rim, 0], coarse[py + rim, px + rim, 1]
            out[y, x, 0] = min(max(lines[a] + y - rim - scale * py, lowest[a]), highest[a])
            out[y, x, 1] = min(max(scale * b + x - rim - scale * px, rim), widest[a])


def extend(field: Int32, atlas: Atlas, rim: int, edge: int) -> None:
    """Give the picture's border, which has no patches of its own, the matches next to it, moved on."""
    number = atlas.origin
    sizes = np.array([s.kind.shape for s in atlas.sheets])[number]
    rows = (np.arange(number.size), atlas.tops[number] + rim, atlas.tops[number] + sizes[:, 0] - 1 - rim)
    _refine(field.copy(), rows, sizes[:, 1] - 1 - rim, rim, edge, 1, field)


@compiled
def lost(field: Int32, site: Any, wanted: Any, centre: Any, origin: Any, out: Any) -> None:
    """Move matches that may not be to the nearest place of their source that may; mark those without one in `out`."""
    for y in range(site.shape[0]):
        for x in range(site.shape[1]):
            asked = wanted[y, x] if wanted.size > 1 else np.uint8(0)
            sy, sx = field[y, x, 0], field[y, x, 1]
            out[y, x] = 0
            if site[y, x] == 0 or (centre[sy, sx] != 0 and (asked == 0 or centre[sy, sx] == asked)):
                continue
            nearest = _AROUND_PX * _AROUND_PX * 2 + 1
            for dy in range(-_AROUND_PX, _AROUND_PX + 1):
                for dx in range(-_AROUND_PX, _AROUND_PX + 1):
                    ty, tx = sy + dy, sx + dx
                    if ty < 0 or tx < 0 or ty >= centre.shape[0] or tx >= centre.shape[1] or origin[ty] != origin[sy]:
                        continue
                    allowed = centre[ty, tx] != 0 and (asked == 0 or centre[ty, tx] == asked)
                    if allowed and dy * dy + dx * dx < nearest:
                        nearest = dy * dy + dx * dx
                        field[y, x, 0], field[y, x, 1] = ty, tx
            out[y, x] = nearest > _AROUND_PX * _AROUND_PX * 2


def mend(field: Int32, site: NDArray[np.uint8], wanted: NDArray[np.uint8], atlas: Atlas, shares: Any, random: np.random.Generator) -> None:
    """Make every site's match one that may be: the nearest to it, else one drawn at random."""
    out = np.zeros(site.shape, np.uint8)
    lost(field, site, wanted, atlas.centre, atlas.origin, out)
    ys, xs = np.nonzero(out)
    if ys.size:
        asked = wanted[ys, xs] if wanted.size > 1 else np.zeros(ys.size, np.uint8)
        field[ys, xs] = scatter(atlas, asked, shares, random)


def to_atlas(places: NDArray[Any], atlas: Atlas) -> Int32:
    """(source, row, column) as atlas row and column, inside the source's own rows and columns."""
    sizes = np.array([s.kind.shape for s in atlas.sheets])[places[..., 0]]
    rows = np.clip(places[..., 1], 0, sizes[..., 0] - 1) + atlas.tops[places[..., 0]]
    return np.stack([rows, np.clip(places[..., 2], 0, sizes[..., 1] - 1)], -1).astype(np.int32)


def from_atlas(field: Int32, kept: NDArray[np.uint8], atlas: Atlas, out: Int32) -> None:
    """Atlas rows and columns as (source, row, column); -1 where nothing was made."""
    number = atlas.origin[field[..., 0]]
    out[..., 0], out[..., 1], out[..., 2] = number, field[..., 0] - atlas.tops[number], field[..., 1]
    out[kept != 0] = -1
