"""A frame finished: what changed is read from its sources in the light of the frame, everything else is the plate, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera

from .buffers import Buffers, draw_poses, resolve
from .credit import Credit
from .fragments import Fragments, chosen, find_fragments
from .light import Maps
from .mattes import Owners
from .raster import PATTERNS, Planes, lens_of
from .recipe import (
    PLATE,
    behind_reads,
    bounded,
    light_ground,
    on_fragments,
    piece_reads,
    plain_reads,
    source_names,
    source_pictures,
)  # fmt: skip
from .sampling import Reads, joined
from .skin import Pose, pose, unmoved
from .sources import SURE
from .stage import Rested, Stage, look_at_rest
from .traced import Traced, carried

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What a frame is finished from.

    frame
        Its number.
    plate, clean
        (H, W, 3) float32, linear: the frame as shot, and without the building.
    matte
        (H, W) float32, 0..1: the building's visible part in the plate, at rest.
    foreground
        (H, W) float32, 0..1: what stands before the building; where it is 1 the plate is left alone.
    camera, position, rotation
        As in `Motion`.
    before
        (position, rotation, camera) of the frame before, for the motion.
    """

    frame: int
    plate: Array
    clean: Array
    matte: Array
    foreground: Array
    camera: Camera
    position: Array
    rotation: Array
    before: tuple[Array, Array, Camera] | None = None

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        for name, wanted in (("plate", (*size, 3)), ("clean", (*size, 3)), ("matte", size), ("foreground", size)):
            array = getattr(self, name)
            if array.shape != wanted or array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError(f"frame {self.frame}: {name} is {array.dtype} {array.shape}, allowed is float32 {wanted} of finite values")
        for name in ("matte", "foreground"):
            if getattr(self, name).min() < 0 or getattr(self, name).max() > 1:
                raise ValueError(
                    f"frame {self.frame}: {name} goes from {getattr(self, name).min():g} to {getattr(self, name).max():g}, not 0 to 1"
                )


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A finished frame's layers, before blur and grain.

    beauty
        (H, W, 3) float32: pieces over what stands behind; the plate bit for bit where nothing changed.
    pieces
        (H, W, 4) float32, premultiplied, held out by the foreground: changed pixels' pieces alone.
    behind
        (H, W, 3) float32: what stands behind them, with their shadow.
    shadow
        (H, W, 3) float32: what the light behind was multiplied with.
    coverage
        (H, W) float32: how much of a pixel is pieces, changed or not.
    touched
        (H, W) bool: pixels that are not simply the plate.
    buffers
        Depth, ids, places, normals, motion.
    credit
        Whose every pixel is.
    owners
        Of which pieces a changed pixel is, as in `pieces`: their shares sum to its alpha.
    maps
        The light's shadow maps of the frame's pose.
    """

    beauty: Array
    pieces: Array
    behind: Array
    shadow: Array
    coverage: Array
    touched: Array
    buffers: Buffers
    credit: Credit
    owners: Owners
    maps: Maps


def finish(stage: Stage, shot: Shot, *, rested: Rested | None = None, traced: Traced | None = None) -> Finished:
    """Finish one frame: project, relight, compose.

    A piece's surface is the picture's that saw it (View), at the place where it was, times light now over light then; what stands behind is
    the plate, drawn to the clean plate as the building's shade leaves it. A pixel in which no piece has moved and no light has changed
    is the plate's.

    Parameters
    ----------
    stage : Stage
        As `prepare` gives it.
    shot : Shot
        The frame.
    rested : Rested, optional
        As `look_at_rest` gives it for the frame's camera; made here if it is not given.
    traced : Traced, optional
        Light that a path tracer found, for the pieces that have moved; our own shadow maps light everything else.

    Returns
    -------
    Finished

    Raises
    ------
    ValueError
        If a face is seen that no view shows and no tile is for, by its material and kind; for traced light of another number of views.
    """
    if traced is not None and len(traced.then) != len(stage.views):
        raise ValueError(f"traced light is of {len(traced.then)} views, allowed is one for each of the stage's {len(stage.views)}")
    rested = look_at_rest(stage, shot.camera) if rested is None else rested
    now, lens, size = pose(shot.position, shot.rotation), lens_of(shot.camera), shot.matte.shape
    pattern = PATTERNS[stage.samples]
    drawn = draw_poses(stage.skin, now, lens, offsets=(*pattern, (0, 0)), held=(*rested.held, rested.middle))
    samples, middle = drawn.triangle[:-1], Planes(drawn.near[-1], drawn.triangle[-1])
    calm, maps = unmoved(now, stage.rest), stage.shadows(now)
    stirred = ((samples != rested.samples) | ((samples >= 0) & ~calm[stage.skin.piece[samples]])).any(0)
    stirred &= shot.foreground < 1
    fragments = find_fragments(samples, shot.foreground < 1, stage.skin, now, lens=lens, pattern=pattern)
    lit = on_fragments(stage, fragments, now, maps)
    ground = light_ground(stage, rested, maps)
    coverage = (samples >= 0).mean(0, dtype=np.float32)
    standing = _standing(stage, fragments, lit, stirred, ground.ratio)
    front, owners = _front(stage, shot, fragments, lit, _Stir(stirred, rested, calm, traced))
    changed = stirred.ravel() | (
        ((ground.toward > 0) | (ground.ratio != 1).any(1)) & (coverage.ravel() < 1) & (shot.foreground.ravel() < 1)
    )
    changed[standing.pixel] = False
    where = np.nonzero(changed)[0]
    was = ((shot.matte > 0) | (rested.samples >= 0).any(0)).ravel()[where] & stirred.ravel()[where]
    back = joined([*behind_reads(where, size[1], ground, was), standing])
    credit = Credit(source_names(stage), size, back, front, _touched(size, back, front))
    return _laid(stage, shot, credit, (coverage, ground.ratio), (_resolved(stage, shot, now, middle), owners, maps))


class _Stir(NamedTuple):
    """Where the frame is no longer as at rest, what was there then, which pieces have not moved; and traced light, where there is some."""

    stirred: Array
    rested: Rested
    calm: Array
    traced: Traced | None


def _front(stage: Stage, shot: Shot, fragments: Fragments, lit: Array, stir: _Stir) -> tuple[Reads, Owners]:
    """Reads of the pieces in pixels that are no longer as at rest, held out by the foreground, and whose they are.

    What has not moved is the frame's plate.
    """
    inside = stir.stirred.ravel()[fragments.pixel]
    mine = chosen(fragments, inside)
    lit, pixel = lit[inside], mine.pixel
    share = mine.share * (1 - shot.foreground.ravel()[pixel])
    at_rest = stir.rested.samples.reshape(stage.samples, -1)[:, pixel]
    own = stir.calm[stage.skin.piece[mine.triangle]] & (shot.matte.ravel()[pixel] >= SURE)
    own &= (stage.skin.flat[at_rest] == stage.skin.flat[mine.triangle]).any(0)
    stays = chosen(mine, own)
    then = on_fragments(stage, stays, stage.rest, stage.maps[-2])
    ratio = bounded(stage, np.where(lit[own] == then, 1, lit[own] / then))
    kept = plain_reads(stays.pixel, shot.matte.shape[1], PLATE, share[own], ratio)
    loose, light = chosen(mine, ~own), lit[~own]
    if stir.traced is not None:
        light = carried(stage, loose, light, stir.traced.now)
    moved, piece = piece_reads(stage, loose, light, share[~own], () if stir.traced is None else stir.traced.then)
    pixel, weight = (np.concatenate(both) for both in ((kept.pixel, moved.pixel), (kept.weight, moved.weight)))
    owners = Owners(pixel, np.concatenate([stage.skin.piece[stays.triangle], piece]), weight)
    return joined([kept, moved]), owners


def _standing(stage: Stage, fragments: Fragments, lit: Array, stirred: Array, ratio: Array) -> Reads:
    """Reads of the plate at its own place where pieces stand as at rest and only the light on them is another."""
    still = ~stirred.ravel()[fragments.pixel]
    mine = chosen(fragments, still)
    then = on_fragments(stage, mine, stage.rest, stage.maps[-2])
    gain, count = np.where(lit[still] == then, 1, lit[still] / then), stirred.size
    total, share = np.zeros((count, 3)), np.zeros(count)
    np.add.at(total, mine.pixel, gain * mine.share[:, None])
    np.add.at(share, mine.pixel, mine.share)
    other = np.zeros(count, np.bool_)
    other[mine.pixel[(gain != 1).any(1)]] = True
    where = np.nonzero(other)[0]
    mean = total[where] + ratio[where] * (1 - share[where])[:, None]
    return plain_reads(where, stirred.shape[1], PLATE, np.ones(len(where)), np.clip(mean, stage.light.ratio_least, stage.light.ratio_most))


def _touched(size: tuple[int, int], back: Reads, front: Reads) -> Array:
    touched = np.zeros(size[0] * size[1], np.bool_)
    touched[back.pixel] = True
    touched[front.pixel] = True
    return touched.reshape(size)


def _resolved(stage: Stage, shot: Shot, now: Pose, planes: Planes) -> Buffers:
    """The buffers of the frame, of what was drawn at the pixels' middles."""
    before = (now, shot.camera) if shot.before is None else (pose(shot.before[0], shot.before[1]), shot.before[2])
    return resolve(stage.skin, planes, now=(now, shot.camera), before=before)


def _laid(stage: Stage, shot: Shot, credit: Credit, light: tuple[Array, Array], seen: tuple[Buffers, Owners, Maps]) -> Finished:
    back, front, alpha = credit.layers(source_pictures(stage, shot.plate, shot.clean))
    behind = np.where(credit.touched[..., None], back, shot.plate)
    beauty = np.where(credit.touched[..., None], back * (1 - alpha)[..., None] + front, shot.plate)
    pieces = np.concatenate([front, alpha[..., None]], -1)
    shadow = light[1].reshape(*credit.size, 3)
    return Finished(beauty, pieces, behind, shadow, light[0], credit.touched, seen[0], credit, seen[1], seen[2])
