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
from bottega.engine.synthesis.compiled import compiled

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
    state: DebrisState, camera: Camera, *, settings: DebrisSettings, depth: Float, daylight: Daylight, sunlit: Float | None = None,
    colour: tuple[float, float, float] = (0.42, 0.39, 0.35), shutter: float = 0.5,
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
    daylight
        Sun and sky.
    sunlit
        (N,) share of the sun that reaches each chip, as `sun_on` tells; all of it where none is given.
    colour
        Linear RGB that chips reflect.
    shutter
        Of a frame that the shutter is open.

    Returns
    -------
    DebrisPicture; exactly 0 without chips.

    Raises
    ------
    ValueError
        A depth of another size than the camera's, another number of `sunlit`, a shutter outside 0..1.
    """
    size = (camera.height, camera.width)
    if depth.shape != size:
        raise ValueError(f"depth is {depth.shape}, the camera's picture {size}")
    if sunlit is not None and sunlit.shape != (len(state),):
        raise ValueError(f"sunlit: ({len(state)},) is needed, given {sunlit.shape}")
    if not 0 <= shutter <= 1:
        raise ValueError(f"shutter: 0 to 1 is allowed, not {shutter}")
    out = DebrisPicture(np.zeros((*size, 4), np.float32), np.full(size, np.inf, np.float32), np.full(size, -1, np.int32))
    opens, closes = at_shutter(state, settings=settings, shutter=shutter)
    (first, near), (last, far) = camera.project(opens), camera.project(closes)
    away = (near + far) / 2
    order = np.argsort(-away, kind="stable")
    order = order[(near[order] > 0.1) & (far[order] > 0.1)]
    radius = 0.5 * state.size * camera.focal_px / np.maximum(away, 0.1)
    tone = _lit(state, settings, daylight, np.ones(len(state)) if sunlit is None else sunlit) * np.asarray(colour)
    turn = state.spin[:, 3] * (int(state.frame) - state.born) * (settings.time / settings.fps)
    chips = np.concatenate([first, last, radius[:, None], away[:, None], tone, turn[:, None]], 1).astype(np.float32)
    _draw(chips, order, depth.astype(np.float32), (out.rgba, out.depth, out.chip))
    return out


def _lit(state: DebrisState, settings: DebrisSettings, daylight: Daylight, sunlit: Float) -> Float:
    """(N, 3) radiance of a white chip: the sun on the side that it just turns to the eye, and the sky."""
    angle = state.spin[:, 3] * (int(state.frame) - state.born) * (settings.time / settings.fps)
    axis = state.spin[:, :3].astype(np.float64)
    other = np.cross(axis, np.where(np.abs(axis[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]]))
    other /= np.maximum(np.linalg.norm(other, axis=1, keepdims=True), 1e-9)
    normal = other * np.cos(angle)[:, None] + np.cross(axis, other) * np.sin(angle)[:, None]
    facing = np.maximum(normal @ np.asarray(daylight.direction), 0) * sunlit
    unlike = 1 + _UNLIKE * axis[:, 1:2]
    light = facing[:, None] * daylight.sun + (0.6 + 0.4 * normal[:, 2:]) * daylight.sky
    return np.asarray(unlike * light / np.pi, np.float64)


@compiled
def _outline(x: Any, y: Any, turn: Any) -> Any:
    """How far out the edge of a regular polygon of unit circumference lies in the direction of (x, y)."""
    part = np.float32(2 * np.pi / _CORNERS)
    angle = np.arctan2(y, x) + turn
    angle -= np.floor(angle / part) * part
    return np.cos(part * np.float32(0.5)) / np.cos(angle - part * np.float32(0.5))


@compiled
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
