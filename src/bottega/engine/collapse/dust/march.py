"""The dust's picture: rays from the camera through lit dust, ended by what stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bottega.engine.collapse.dust.light import BLOCK, DustLight, edges
from bottega.engine.collapse.dust.march_kernel import rays
from bottega.engine.collapse.dust.slabs import in_slabs
from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.dust.upsampling import put_together
from bottega.engine.collapse.records import Camera, Float

_FINER = 3.7  # how much smaller the puffs are that are laid over the fine grid's
_NOISE = 64
_JITTERED = 0.6  # of a step: enough against rings, too little to be seen on a lit front


@dataclass(frozen=True, slots=True, eq=False)
class DustPicture:
    """What a camera sees of a frame's dust.

    rgba
        (H, W, 4) float32, scene-linear, premultiplied; alpha is what the dust hides.
    depth
        (H, W) float32, m along the view: where the dust that is seen hangs, in the mean; inf where there is none.
    """

    rgba: Array
    depth: Array


def march(light: DustLight, camera: Camera, *, depth: Float, foreground: Float | None = None, threads: int = 1) -> DustPicture:
    """L = ∫ σ T (light scattered to the eye) ds down to `depth`, T = exp(−∫ σ ds): dust between the eye and what each pixel shows.

    Parameters
    ----------
    light
        Of `lit`.
    camera
        (H, W) pixels.
    depth
        (H, W) m along the view, of what stands in the dust; inf for the sky.
    foreground
        (H, W) 0..1: how much of a pixel is covered by what stands before all dust.
    threads
        At most this many; the bits are the same for any number.

    Returns
    -------
    DustPicture; exactly 0 where there is no dust before what a pixel shows.

    Raises
    ------
    ValueError
        A depth or a foreground of another size than the camera's, or a depth that is not a number.
    """
    size = (camera.height, camera.width)
    for name, given in (("depth", depth), ("foreground", foreground)):
        if given is not None and given.shape != size:
            raise ValueError(f"{name} is {given.shape}, the camera's picture {size}")
    if np.isnan(depth).any():
        raise ValueError(f"depth: a number or inf is needed in every pixel, {int(np.isnan(depth).sum())} are neither")
    ends = np.maximum(depth, 0).astype(np.float32)
    if light.look.half:
        near, far = _pooled(ends)
        out = put_together(_traced(light, camera, near, far, threads), near, far, ends, threads)
    else:
        out = np.ascontiguousarray(_traced(light, camera, ends, ends, threads)[:, :, 1])
    if foreground is not None:
        out *= np.clip(1 - foreground, 0, 1).astype(np.float32)[..., None]
    seen = out[..., 3] > 0
    where = np.where(seen, out[..., 4] / np.where(seen, out[..., 3], 1), np.inf).astype(np.float32)
    return DustPicture(np.ascontiguousarray(out[..., :4]), where)


def _pooled(ends: Array) -> tuple[Array, Array]:
    """Nearest and farthest end of every two by two pixels; an odd last row or column counts twice."""
    h, w = ends.shape
    even = np.pad(ends, ((0, h % 2), (0, w % 2)), mode="edge")
    four = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2)
    return four.min((1, 3)), four.max((1, 3))


def _traced(light: DustLight, camera: Camera, near: Array, far: Array, threads: int) -> Array:
    """(h, w, 2, 5): premultiplied red, green, blue, alpha and alpha times depth, down to `near` and to `far`."""
    fine = light.grid.cell_m / 2
    scale = near.shape[1] / camera.width if near.shape[1] == camera.width else 0.5
    turn = np.asarray(camera.to_world, np.float64)
    eye = ((turn[:3, 3] - np.asarray(light.grid.origin)) / fine).astype(np.float32)
    lens = tuple(np.float32(v * scale) for v in (camera.focal_px, *camera.centre_px))
    view = (eye, turn[:3, :3].astype(np.float32), lens, np.stack([near, far], -1), _jitter())
    out = np.zeros((*near.shape, 2, 5), np.float32)
    in_slabs(rays, len(out), threads, view, _scene(light), out)
    return out


def volume_of(light: DustLight) -> tuple[Any, ...]:
    """What `march_kernel.thickness` asks for."""
    dense, offset = light.carved
    return light.extinction, light.tile, np.float32(light.grid.cell_m / 2), (np.float32(dense * _FINER), offset), edges(light.look)


def _scene(light: DustLight) -> tuple[Any, ...]:
    """What a ray asks for, in the order of `march_kernel.rays`."""
    look, day = light.look, light.daylight
    way = np.asarray(day.direction, np.float32)
    colour, sun, sky = (np.asarray(c) / d for c, d in ((look.colour, np.pi), (day.sun, 1), (day.sky, 1)))
    ground = np.asarray(day.ground) * (sun * day.direction[2] + sky)
    colours = np.concatenate([colour * sun, colour * sky, colour * ground / 2]).astype(np.float32)
    lights = (light.woven, light.to_sun, light.sky, light.ground, way)
    return volume_of(light), light.busy, lights, colours, np.float32(look.glow), np.float32(look.step_m), BLOCK


def _jitter() -> Array:
    """Interleaved gradient noise (Jimenez 2014), the same in every frame: a ray's first step is this share of a step."""
    y, x = np.mgrid[:_NOISE, :_NOISE].astype(np.float64)
    noise = np.modf(52.9829189 * np.modf(0.06711056 * x + 0.00583715 * y)[0])[0]
    return np.asarray(_JITTERED * noise, np.float32)
