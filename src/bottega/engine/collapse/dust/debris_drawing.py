"""Small debris as a picture: each chip a lit polygon, drawn out along the way it goes while the shutter is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bottega.engine.collapse.dust.debris import DebrisSettings, DebrisState, at_shutter
from bottega.engine.collapse.dust.look import Daylight
from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.records import Camera, Float
from bottega.engine.synthesis.compiled import uncounted

_CORNERS = 5
_STANDS_FOR = np.float32(0.5)  # alpha from which a chip's depth and number stand for a pixel
_UNLIKE = 0.3  # how much chips differ in tone


@dataclass(frozen=True, slots=True, eq=False)
class DebrisPicture:
    """What a camera sees of the chips.

    rgba
        (H, W, 4) float32, scene-linear, premultiplied.
    depth
        (H, W) float32, m along the view: of the nearest chip that fills at least half of a pixel; inf where there is none.
    chip
        (H, W) int32: that chip's number, −1 where there is none.
    """

    rgba: Array
    depth: Array
    chip: npt.NDArray[np.int32]


def draw_debris(
    state: DebrisState, camera: Camera, *, settings: DebrisSettings, depth: Float, irradiance: Float,
    colour: Float | tuple[float, float, float] = (0.42, 0.39, 0.35), shutter: float = 0.5, which: npt.NDArray[np.bool_] | None = None,
) -> DebrisPicture:  # fmt: skip
    """Draw chips from the farthest to the nearest, each over what lies behind it, where nothing of the scene stands before it.

    Parameters
    ----------
    state, settings
        Of `fly`.
    camera
        (H, W) pixels.
    depth
        (H, W) m along the view, of the scene; inf for the sky.
    irradiance
        (N, 3) of each chip's side that is just turned to the eye: see `chip_normals` and `daylit`.
    colour
        Linear RGB that chips reflect: one for all, or (N, 3).
    shutter
        Of a frame that the shutter is open.
    which
        (N,) chips that are drawn; all if not given.

    Returns
    -------
    DebrisPicture; exactly 0 without chips.

    Raises
    ------
    ValueError
        A depth of another size than the camera's, another number of `irradiance`, `colour` or `which`, a shutter outside 0..1.
    """
    size = (camera.height, camera.width)
    if depth.shape != size:
        raise ValueError(f"depth is {depth.shape}, the camera's picture {size}")
    reflects, drawn = np.asarray(colour, np.float64), np.ones(len(state), np.bool_) if which is None else which
    if irradiance.shape != (len(state), 3) or reflects.shape not in {(3,), (len(state), 3)} or drawn.shape != (len(state),):
        raise ValueError(
            f"({len(state)}, 3) irradiance, one colour or as many, ({len(state)},) which are needed, given {irradiance.shape}, "
            f"{reflects.shape} and {drawn.shape}"
        )
    if not 0 <= shutter <= 1:
        raise ValueError(f"shutter: 0 to 1 is allowed, not {shutter}")
    out = DebrisPicture(np.zeros((*size, 4), np.float32), np.full(size, np.inf, np.float32), np.full(size, -1, np.int32))
    opens, closes = at_shutter(state, settings=settings, shutter=shutter)
    (first, near), (last, far) = camera.project(opens), camera.project(closes)
    away = (near + far) / 2
    order = np.argsort(-away, kind="stable")
    order = order[(near[order] > 0.1) & (far[order] > 0.1) & drawn[order]]
    radius = 0.5 * state.size * camera.focal_px / np.maximum(away, 0.1)
    tone = (1 + _UNLIKE * state.spin[:, 1:2]) * irradiance / np.pi * reflects
    turn = state.spin[:, 3] * (int(state.frame) - state.born) * (settings.time / settings.fps)
    chips = np.concatenate([first, last, radius[:, None], away[:, None], tone, turn[:, None]], 1).astype(np.float32)
    _draw(chips, order, depth.astype(np.float32), (out.rgba, out.depth, out.chip))
    return out


def chip_normals(state: DebrisState, *, settings: DebrisSettings) -> Float:
    """(N, 3) float64 unit normals of the side that each chip, tumbling, just turns to the eye."""
    angle = state.spin[:, 3] * (int(state.frame) - state.born) * (settings.time / settings.fps)
    axis = state.spin[:, :3].astype(np.float64)
    other = np.cross(axis, np.where(np.abs(axis[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    other /= np.maximum(np.linalg.norm(other, axis=1, keepdims=True), 1e-9)
    return np.asarray(other * np.cos(angle)[:, None] + np.cross(axis, other) * np.sin(angle)[:, None])


def daylit(normals: Float, daylight: Daylight, *, sunlit: Float | None = None) -> Float:
    """(N, 3) irradiance on chips in the open: the sun, of which a share `sunlit` (N,) reaches each, and the sky."""
    facing = np.maximum(normals @ np.asarray(daylight.direction), 0) * (1 if sunlit is None else sunlit)
    return np.asarray(facing[:, None] * daylight.sun + (0.6 + 0.4 * normals[:, 2:]) * daylight.sky)


@uncounted
def _outline(x: Any, y: Any, turn: Any) -> Any:
    """How far out the edge of a regular polygon of unit circumference lies in the direction of (x, y)."""
    part = np.float32(2 * np.pi / _CORNERS)
    angle = np.arctan2(y, x) + turn
    angle -= np.floor(angle / part) * part
    return np.cos(part * np.float32(0.5)) / np.cos(angle - part * np.float32(0.5))


@uncounted
def _draw(chips: Array, order: npt.NDArray[np.int64], scene: Array, out: tuple[Array, Array, npt.NDArray[np.int32]]) -> None:
    """Chips: (N, 10) x, y as the shutter opens, x, y as it closes, radius px, depth m, red, green, blue, turn."""
    rgba, depth, ident = out
    height, width = scene.shape
    one, half, zero = np.float32(1), np.float32(0.5), np.float32(0)
    for n in order:
        x0, y0, x1, y1, radius, away = chips[n, 0], chips[n, 1], chips[n, 2], chips[n, 3], chips[n, 4], chips[n, 5]
        drawn = max(radius, half)
        dx, dy = x1 - x0, y1 - y0
        length = np.sqrt(dx * dx + dy * dy)
        capsule = np.float32(np.pi / 2) * drawn
        thin = (radius / drawn) ** 2 * (capsule / (capsule + length))  # the same over more pixels
        for r in range(max(int(min(y0, y1) - drawn - one), 0), min(int(max(y0, y1) + drawn + 2), height)):
            for c in range(max(int(min(x0, x1) - drawn - one), 0), min(int(max(x0, x1) + drawn + 2), width)):
                if scene[r, c] < away:
                    continue
                px, py = c + half - x0, r + half - y0
                along = min(max((px * dx + py * dy) / (length * length), zero), one) if length > 0 else zero
                qx, qy = px - along * dx, py - along * dy
                edge = drawn * _outline(qx, qy, chips[n, 9]) if radius > one else drawn
                alpha = thin * min(max(edge + half - np.sqrt(qx * qx + qy * qy), zero), one)
                if alpha <= 0:
                    continue
                for a in range(3):
                    rgba[r, c, a] = alpha * chips[n, 6 + a] + (one - alpha) * rgba[r, c, a]
                rgba[r, c, 3] = alpha + (one - alpha) * rgba[r, c, 3]
                if alpha >= _STANDS_FOR:
                    depth[r, c], ident[r, c] = away, n
