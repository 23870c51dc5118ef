"""What steers a generator by depth and motion: how far everything is, and where it goes in another frame, also what is no piece."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera

from .buffers import Buffers
from .skin import pose

Array = NDArray[Any]

_BEHIND = 1e-6  # of the view: what is not before a camera has no place in its picture


def rays(camera: Camera) -> Array:
    """(H, W, 3) float64: from the eye through each pixel's middle, one metre along the view."""
    turn = np.asarray(camera.to_world, np.float64)[:3, :3]
    x = (np.arange(camera.width) + 0.5 - camera.centre_px[0]) / camera.focal_px
    y = (np.arange(camera.height) + 0.5 - camera.centre_px[1]) / camera.focal_px
    return np.asarray(x[None, :, None] * turn[:, 0] - y[:, None, None] * turn[:, 1] - turn[:, 2])


def scene_depth(buffers: Buffers, ground: Array) -> Array:
    """(H, W) float32 metres along the view to the nearer of piece and ground; inf for the sky."""
    return np.minimum(buffers.depth, ground).astype(np.float32)


def scene_normal(buffers: Buffers, ground: Array, camera: Camera) -> Array:
    """(H, W, 3) float32 normals in the camera's space: x right, y up, z towards the camera; 0 for the sky. Ground looks up."""
    world = np.where((buffers.piece >= 0)[..., None], buffers.normal, np.array([0, 0, 1.0])).astype(np.float64)
    local = world @ np.asarray(camera.to_world, np.float64)[:3, :3]
    there = np.isfinite(scene_depth(buffers, ground))
    return np.where(there[..., None], local, 0).astype(np.float32)


def flow(buffers: Buffers, ground: Array, *, camera: Camera, then: tuple[Array, Array, Camera]) -> Array:
    """How far what each pixel shows has gone in another frame: where it is there − where it is here.

    A piece's point goes with the piece, the ground stands, and the sky only turns with the camera.

    Parameters
    ----------
    buffers : Buffers
        Of the frame.
    ground : (H, W) float32
        Metres along the view to the ground behind the pieces; inf for the sky.
    camera : Camera
        Of the frame.
    then : tuple
        (position, rotation, camera) of the other frame; positions and rotations as in `Motion`.

    Returns
    -------
    (H, W, 2) float32
        Pixels, x right, y down; 0 for what lies behind the other camera.

    Raises
    ------
    ValueError
        If the ground or the other frame has another size.
    """
    size, other = buffers.depth.shape, then[2]
    if ground.shape != size or (other.height, other.width) != size or (camera.height, camera.width) != size:
        given = f"ground {ground.shape}, cameras {(camera.height, camera.width)} and {(other.height, other.width)}"
        raise ValueError(f"buffers are {size}, allowed is one size; given {given}")
    eye, turn = (np.asarray(other.to_world, np.float64)[:3, k] for k in (3, slice(0, 3)))
    ray, there = rays(camera), buffers.piece >= 0
    away = np.where(np.isfinite(ground), ground, 0).astype(np.float64)[..., None]
    toward = np.where(np.isfinite(ground)[..., None], np.asarray(camera.to_world)[:3, 3] + ray * away - eye, ray)
    moved, piece = pose(then[0], then[1]), buffers.piece[there]
    local = buffers.local[there].astype(np.float64)
    toward[there] = moved.position[piece] + np.einsum("nij,nj->ni", moved.turn[piece], local) - eye
    right, up, back = np.moveaxis(toward @ turn, -1, 0)
    seen = -back > _BEHIND
    reach = other.focal_px / np.where(seen, -back, 1)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]] + 0.5
    out = np.stack([other.centre_px[0] + right * reach - columns, other.centre_px[1] - up * reach - rows], -1)
    return np.where(seen[..., None], out, 0).astype(np.float32)


def inverse_depth(depth: Array, near_m: float) -> Array:
    """(H, W) float32, 0..1: near / depth, 1 for what is nearer still, 0 for the sky. One `near_m` a shot: nothing flickers.

    Raises ValueError for a `near_m` that is not above 0.
    """
    if not near_m > 0:
        raise ValueError(f"near_m is {near_m}, allowed is above 0")
    return np.minimum(near_m / np.maximum(depth.astype(np.float64), near_m), 1).astype(np.float32)


def nearest_m(position: Array, reach: Array, *, camera: Camera, least: float = 0.25) -> float:
    """Metres along the view to the nearest of what may be seen: pieces by their middle less their reach, and the ground at the lower edge.

    Parameters
    ----------
    position : (N, 3) float
        Middles of the pieces.
    reach : (N,) float
        How far each goes from its middle, metres.
    camera : Camera
        Through which they are seen.
    least : float
        It is never less.

    Returns
    -------
    float
    """
    turn = np.asarray(camera.to_world, np.float64)
    pixel, depth = camera.project(position)
    wide = reach / np.maximum(depth, least) * camera.focal_px
    inside = (depth > 0) & (np.abs(pixel[:, 0] - camera.width / 2) < camera.width / 2 + wide)
    inside &= np.abs(pixel[:, 1] - camera.height / 2) < camera.height / 2 + wide
    pieces = (depth - reach)[inside]
    down = rays(camera)[-1, :, 2]
    ground = -turn[2, 3] / down[down < 0]
    found = np.concatenate([pieces, ground[ground > 0], [np.inf]]).min()
    return float(max(found, least)) if np.isfinite(found) else least
