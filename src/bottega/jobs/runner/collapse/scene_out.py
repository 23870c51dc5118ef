"""A collapse as a scene for other programs: plain arrays and names, which a writer of files takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .showing import Showing
from .volumes import dust_file


@dataclass(frozen=True, kw_only=True)
class SunOut:
    """A shot's light, linear: `towards` the sun; `sun` the irradiance on a card that faces it, `sky` on one that faces up; radians."""

    towards: tuple[float, float, float]
    sun: tuple[float, float, float]
    sky: tuple[float, float, float]
    angle_rad: float


@dataclass(frozen=True, kw_only=True)
class DustOut:
    """The dust beside a scene: the file of its first frame, the others are numbered on; what it does with light.

    `albedo` is what a grain scatters of what it takes, `forwards` the mean cosine of the way it takes, −1 to 1.
    """

    path: str
    albedo: tuple[float, float, float]
    forwards: float


FACES = ("skin", "broken", "inside", "glass")


@dataclass(frozen=True, eq=False, kw_only=True)
class SceneOut:
    """Pieces, their fall and the camera: metres, z up, the ground at z = 0, frames by their numbers.

    `name`, `kind` and `material` are each piece's; piece i owns rows `vertex_start[i]` to `vertex_start[i + 1]` of `vertices` (V, 3),
    relative to its centre, and in the same way of `triangles` (T, 3) into them and `face` (T,) into FACES. `position` (F, N, 3) and
    `rotation` (F, N, 4; w, x, y, z) are theirs in each frame, `released` (N,) the frame in which each began to move, 0 for never.
    `camera` are (F, 4, 4) camera to world, looking down −Z; `focal_px` (F,); `centre_px` (F, 2) from the top left of `size`.
    """

    first_frame: int
    fps: Fraction
    size: tuple[int, int]
    name: tuple[str, ...]
    kind: tuple[str, ...]
    material: tuple[str, ...]
    storey: NDArray[Any]
    vertices: NDArray[Any]
    vertex_start: NDArray[Any]
    triangles: NDArray[Any]
    triangle_start: NDArray[Any]
    face: NDArray[Any]
    position: NDArray[Any]
    rotation: NDArray[Any]
    released: NDArray[Any]
    camera: NDArray[Any]
    focal_px: NDArray[Any]
    centre_px: NDArray[Any]
    mark: Mapping[str, str]
    light: SunOut | None = None
    dust: DustOut | None = None


def scene_out(showing: Showing, *, fps: Fraction, mark: Mapping[str, str], dust_of: str | None = None) -> SceneOut:
    """The scene of a shot; the camera's frames are the fall's. `dust_of` is the take whose dust lies beside it, where it does.

    Raises ValueError where a frame has no camera.
    """
    pieces, _, motion = showing.scene
    frames = range(motion.first_frame, motion.first_frame + len(motion))
    missing = [n for n in frames if n not in showing.cameras]
    if missing:
        raise ValueError(f"frame {missing[0]} has no camera, needed is one for each of {frames[0]} to {frames[-1]}")
    cameras = [showing.cameras[n] for n in frames]
    light, look = showing.recipe.settings.light, showing.recipe.settings.look
    (names, _), (kinds, kind) = showing.mattes.sets
    return SceneOut(
        first_frame=motion.first_frame,
        fps=fps,
        size=(cameras[0].width, cameras[0].height),
        name=names.names,
        kind=tuple(kinds.names[k] for k in kind),
        material=tuple(pieces.materials[m] for m in pieces.material),
        storey=pieces.storey,
        vertices=pieces.vertices,
        vertex_start=pieces.vertex_start,
        triangles=pieces.triangles,
        triangle_start=pieces.triangle_start,
        face=pieces.face,
        position=motion.position,
        rotation=motion.rotation,
        released=motion.released,
        camera=np.stack([np.asarray(c.to_world, np.float64) for c in cameras]),
        focal_px=np.array([c.focal_px for c in cameras], np.float64),
        centre_px=np.array([c.centre_px for c in cameras], np.float64),
        mark=mark,
        light=SunOut(towards=light.to_sun, sun=light.sun, sky=light.sky, angle_rad=light.sun_angle_rad),
        dust=DustOut(path=dust_file(dust_of, frames[0]), albedo=look.albedo, forwards=look.forwards) if dust_of else None,
    )
