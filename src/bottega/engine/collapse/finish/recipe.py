"""A frame's recipe: for every changed pixel, what is read from where, with which weight and in which light."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Face

from .fragments import Fragments, chosen
from .light import Maps, irradiance
from .sampling import STEPS, Reads, read
from .skin import Pose
from .sources import Found, look_up, on_tile
from .stage import Rested, Stage
from .traced import Key, carried

Array = NDArray[Any]

PLATE, CLEAN = 0, 1  # the first two sources of every frame; then views and tiles


def source_names(stage: Stage) -> tuple[str, ...]:
    """The table of sources that reads point into."""
    return ("plate", "clean", *(v.name for v in stage.views), *(t.name for t in stage.tiles))


def source_pictures(stage: Stage, plate: Array, clean: Array) -> list[Array]:
    """The pictures of that table."""
    return [plate, clean, *(v.picture for v in stage.views), *(t.picture for t in stage.tiles)]


def on_fragments(stage: Stage, fragments: Fragments, now: Pose, maps: Maps) -> Array:
    """(F, 3) float32 irradiance on fragments in a pose."""
    piece = stage.skin.piece[fragments.triangle]
    world = now.position[piece] + np.einsum("nij,nj->ni", now.turn[piece], fragments.side)
    normal = np.einsum("nij,nj->ni", now.turn[piece], stage.skin.shade[fragments.triangle])
    return np.asarray(irradiance(world, normal, stage.lamp, maps))


def bounded(stage: Stage, ratio: Array) -> Array:
    """A ratio of light within the light's bounds."""
    return np.clip(ratio, stage.light.ratio_least, stage.light.ratio_most).astype(np.float32)


def piece_reads(stage: Stage, fragments: Fragments, lit: Array, share: Array, then: tuple[Key, ...] = ()) -> tuple[Reads, Array]:
    """Reads of moved pieces' fragments: from a painted key, else from the plate with the most pixels there, else from a tile.

    And (R,) int32, the piece that each read is of. `then` is the traced light of each view, where light is traced.

    Raises ValueError that names the material and face kinds that nothing shows and no tile is for.
    """
    count, part = len(fragments.pixel), np.ones(len(fragments.pixel), np.float32)
    source, best = np.full(count, -1, np.int16), np.zeros(count)
    x, y = np.zeros(count, np.int32), np.zeros(count, np.int32)
    step, ratio = np.zeros((count, 2, 2), np.float32), np.ones((count, 3), np.float32)
    for k, (view, seen) in enumerate(zip(stage.views, stage.seen, strict=True)):
        found = look_up(stage.skin, fragments, seen)
        worth = np.where(found.found, found.resolution * (1e6 / (k + 1) if view.painted else 1.0), 0)
        take = worth > best
        best[take], source[take] = worth[take], 2 + k
        x[take], y[take], step[take] = found.x[take], found.y[take], found.step[take]
        part[take] = _on_matte(view.matte, stage.skin.double[fragments.triangle] & take, found)[take]
    for k, seen in enumerate(stage.seen):
        mine = source == 2 + k
        shown = chosen(fragments, mine)
        was = on_fragments(stage, shown, seen.pose, stage.maps[k])
        ratio[mine] = bounded(stage, lit[mine] / (carried(stage, shown, was, [(then[k], 1.0)]) if then else was))
    _from_tiles(stage, fragments, lit, (source, x, y, step, ratio))
    wraps = source >= 2 + len(stage.views)
    reads = Reads(fragments.pixel, source, x, y, step, share.astype(np.float32) * part, ratio, wraps)
    return _not_glaring(stage, reads, lit).chosen(source >= 0), stage.skin.piece[fragments.triangle[source >= 0]]


def _not_glaring(stage: Stage, reads: Reads, lit: Array) -> Reads:
    """A plate's pixel is not relit beyond what the brightest surface would give back in the light of now, nor darkened for it."""
    plates = np.array([2 + k for k, view in enumerate(stage.views) if not view.painted], np.int16)
    mine = np.nonzero(np.isin(reads.source, plates) & (reads.ratio > 1).any(1))[0]
    empty = np.zeros((1, 1, 3), np.float32)
    value = read(reads.chosen(mine), [empty, empty, *(view.picture for view in stage.views)])
    most = (stage.light.albedo_most / np.pi * lit[mine]).max(1) / np.maximum(value.max(1), 1e-6)
    ratio = reads.ratio.copy()
    now = ratio[mine]
    ratio[mine] = now * np.clip(most / now.max(1), np.minimum(1 / now.max(1), 1), 1)[:, None].astype(np.float32)
    return reads._replace(ratio=ratio)


def _on_matte(matte: Array, cards: Array, found: Found) -> Array:
    """(F,) float32: the matte where a card's fragment is in the view, 1 for everything else."""
    out = np.ones(len(cards), np.float32)
    out[cards] = matte[found.row[cards], found.column[cards]]
    return out


def _from_tiles(stage: Stage, fragments: Fragments, lit: Array, into: tuple[Array, Array, Array, Array, Array]) -> None:
    source, x, y, step, ratio = into
    solid = ~stage.skin.double[fragments.triangle]
    face, material = stage.skin.face[fragments.triangle], stage.skin.material[fragments.triangle]
    for k, tile in enumerate(stage.tiles):
        mine = (
            (source < 0)
            & ~stage.skin.double[fragments.triangle]
            & (face == tile.face)
            & (material == stage.pieces.materials.index(tile.material))
        )
        if mine.any():
            source[mine] = 2 + len(stage.views) + k
            x[mine], y[mine], step[mine] = on_tile(stage.skin, chosen(fragments, mine), tile, seed=stage.seed)
            ratio[mine] = lit[mine] / tile.light
    lost = (source < 0) & solid  # a card that its view does not show is not there
    if lost.any():
        kinds = sorted({(int(m), int(f)) for m, f in zip(material[lost], face[lost], strict=True)})
        named = ", ".join(f"{stage.pieces.materials[m]} {Face(f).name}" for m, f in kinds)
        raise ValueError(f"no view shows and no tile is given for: {named}; give an exemplar of each")


def plain_reads(pixel: Array, width: int, source: int, weight: Array, ratio: Array) -> Reads:
    """Reads of the pixels' own places."""
    count = len(pixel)
    y, x = np.divmod(pixel, width)
    one = np.broadcast_to(np.eye(2, dtype=np.float32), (count, 2, 2))
    return Reads(
        pixel.astype(np.int32), np.full(count, source, np.int16), (x * STEPS).astype(np.int32), (y * STEPS).astype(np.int32), one.copy(),
        weight.astype(np.float32), np.asarray(ratio, np.float32), np.zeros(count, np.bool_),
    )  # fmt: skip


class Ground(NamedTuple):
    """The light behind the pieces, over the whole frame, flat.

    toward
        (H·W,) float32, 0..1: how much of the pieces' shade at rest is gone: from the plate towards the clean plate.
    ratio
        (H·W, 3) float32: what the mixture of the two is multiplied with.
    alone
        (H·W, 3) float32: what the clean plate alone is multiplied with.
    """

    toward: Array
    ratio: Array
    alone: Array


def light_ground(stage: Stage, rested: Rested, maps: Maps) -> Ground:
    """The pieces' shadow on what stands still: exactly 0, 1 and 1 where the light is the rest's."""
    count = rested.ground.size
    toward, ratio, alone = np.zeros(count, np.float32), np.ones((count, 3), np.float32), np.ones((count, 3), np.float32)
    now = irradiance(rested.point, rested.normal, stage.lamp, maps)
    lum = [e.sum(1) for e in (now, rested.lit, rested.bare)]
    gain = lum[2] - lum[1]
    trust = np.clip(gain / (0.04 * lum[2]), 0, 1)
    share = np.where(gain > 0, np.clip((lum[0] - lum[1]) / np.maximum(gain, 1e-6), 0, 1) * trust, 0).astype(np.float32)
    same = (now == rested.lit).all(1)
    share[same] = 0
    between = rested.lit + (rested.bare - rested.lit) * share[:, None]
    factor = bounded(stage, np.minimum(now / between, 1))
    factor[same] = 1
    where = rested.ground.ravel()
    toward[where], ratio[where] = share, factor
    alone[where] = bounded(stage, np.where(now == rested.bare, 1, np.minimum(now / rested.bare, 1)))
    return Ground(toward, ratio, alone)


def behind_reads(pixel: Array, width: int, ground: Ground, uncovered: Array) -> list[Reads]:
    """Reads of what stands behind: the plate, drawn towards the clean plate where shade goes; the clean plate where the building stood."""
    toward = np.where(uncovered, 1, ground.toward[pixel]).astype(np.float32)
    ratio = np.where(uncovered[:, None], ground.alone[pixel], ground.ratio[pixel])
    from_plate, from_clean = toward < 1, toward > 0
    return [
        plain_reads(pixel[from_plate], width, PLATE, 1 - toward[from_plate], ratio[from_plate]),
        plain_reads(pixel[from_clean], width, CLEAN, toward[from_clean], ratio[from_clean]),
    ]
