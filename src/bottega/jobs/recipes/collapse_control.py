"""A frame of a collapse as a generator takes it for control: depth, normals, motion, ids and a matte, of every frame alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.finish.buffers import draw_pose, resolve
from bottega.engine.collapse.finish.control import flow, inverse_depth, nearest_m, scene_depth, scene_normal
from bottega.engine.collapse.finish.raster import PATTERNS, lens_of
from bottega.engine.collapse.finish.skin import pose
from bottega.engine.collapse.finish.stage import Rested, Stage
from bottega.engine.collapse.records import Camera, Motion, Pieces

from .collapse_mattes import Standing

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Control:
    """One frame's control.

    depth, near
        (H, W) float32: metres along the view, inf for the sky; the shot's near distance over it, 0..1.
    piece
        (H, W) int32 at the pixels' middles, −1 for none.
    normal
        (H, W, 3) float32, camera space; 0 for the sky.
    forward, backward
        (H, W, 2) float32, pixels: to the next frame and to the one before; 0 where there is no such frame.
    matte
        (H, W) float32, 0..1: how much of a pixel is pieces, held out by what stands before them.
    """

    depth: Picture
    near: Picture
    piece: NDArray[np.int32]
    normal: Picture
    forward: Picture
    backward: Picture
    matte: Picture


def control(
    stage: Stage, rested: Rested, stands: Standing, *, motion: Motion, cameras: Mapping[int, Camera], number: int, near_m: float
) -> Control:
    """The control of one frame, whether something has happened by then or not."""
    row, camera, size = number - motion.first_frame, cameras[number], rested.ground.shape
    now, lens = pose(motion.position[row], motion.rotation[row]), lens_of(camera)
    planes = draw_pose(stage.skin, now, lens, size=size, held=rested.middle)
    buffers = resolve(stage.skin, planes, now=(now, camera), before=(now, camera))
    samples = zip(PATTERNS[stage.samples], rested.held, strict=True)
    drawn = [draw_pose(stage.skin, now, lens, size=size, offset=o, held=h).triangle >= 0 for o, h in samples]
    matte = np.mean(drawn, axis=0, dtype=np.float32) * (1 - stands.foreground)

    def towards(other: int) -> Picture:
        at = other - motion.first_frame
        if not 0 <= at < len(motion):
            return np.zeros((*size, 2), np.float32)
        return np.asarray(flow(buffers, stands.ground, camera=camera, then=(motion.position[at], motion.rotation[at], cameras[other])))

    depth = scene_depth(buffers, stands.ground)
    normal = scene_normal(buffers, stands.ground, camera)
    near = inverse_depth(depth, near_m)
    return Control(depth, near, buffers.piece, normal, towards(number + 1), towards(number - 1), matte.astype(np.float32))


def shot_near_m(pieces: Pieces, motion: Motion, cameras: Mapping[int, Camera]) -> float:
    """The nearest that anything comes in the shot, metres: one number for all frames."""
    owner = np.repeat(np.arange(len(pieces)), np.diff(pieces.hull_start))
    reach = np.zeros(len(pieces))
    np.maximum.at(reach, owner, np.linalg.norm(pieces.hull.astype(np.float64), axis=1))
    frames: list[Any] = [n for n in sorted(cameras) if 0 <= n - motion.first_frame < len(motion)]
    return min(nearest_m(motion.position[n - motion.first_frame], reach, camera=cameras[n]) for n in frames)
