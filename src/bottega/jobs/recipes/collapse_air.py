"""What a collapse blows into the air: dust and small debris, frame after frame, and what a camera sees of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.dust import (
    Daylight,
    DebrisPicture,
    DebrisSettings,
    DebrisState,
    DustLight,
    DustLook,
    DustPicture,
    DustSettings,
    DustState,
    Grid,
    advance,
    begin,
    chip_normals,
    density,
    detail_tile,
    draw_debris,
    fly,
    grid_around,
    lit,
    march,
    no_debris,
    shadow,
    solid_cells,
    sources_of,
    sun_on,
)
from bottega.engine.collapse.finish.finishing import Finished
from bottega.engine.collapse.finish.light import Light, irradiance
from bottega.engine.collapse.finish.sources import Tile
from bottega.engine.collapse.finish.stage import Stage
from bottega.engine.collapse.motion import Direction, Shot, story_time
from bottega.engine.collapse.records import Bonds, Camera, Motion, Pieces

Picture = NDArray[np.float32]
Corners = tuple[tuple[float, float, float], tuple[float, float, float]]
_CHANCE = 11


@dataclass(frozen=True, eq=False)
class Air:
    """What is in the air, and of small debris on the ground, after a frame."""

    dust: DustState
    chips: DebrisState

    @property
    def frame(self) -> int:
        """The frame that is done."""
        return int(self.dust.frame)

    @property
    def clear(self) -> bool:
        """Whether there is nothing."""
        return not self.dust.density.any() and not len(self.chips)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Every array by its name."""
        both = (("dust", self.dust), ("chips", self.chips))
        return {f"{name}.{key}": array for name, state in both for key, array in state.arrays().items()}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The air that `arrays` told."""

        def under(name: str) -> dict[str, Any]:
            return {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}

        return cls(DustState(**under("dust")), DebrisState(**under("chips")))


@dataclass(frozen=True, eq=False)
class Dusty:
    """A frame's dust: its picture, how much of the sun it lets through to what is seen, and the volume itself."""

    picture: DustPicture
    sun: Picture
    light: DustLight

    def volume(self) -> tuple[Picture, tuple[float, float, float], float]:
        """Extinction (X, Y, Z), 1/m; its lowest corner and the edge of an entry, m."""
        grid = self.light.grid
        return density(self.light), grid.origin, grid.cell_m / 2


@dataclass(frozen=True, eq=False)
class Chips:
    """A frame's small debris: all of it, and what lies behind the dust's middle and before it, (H, W, 4) premultiplied, held out.

    `state` is every chip itself, `pace` the speed of time in the frame.
    """

    picture: DebrisPicture
    far: Picture
    near: Picture
    state: DebrisState
    pace: float

    def points(self) -> dict[str, Picture]:
        """Every chip, (N,) each: its place in metres, its speed in metres a second of the shot, its edge in metres."""
        place, speed = self.state.position, self.state.velocity * np.float32(self.pace)
        columns = {f"{name}{axis}": array[:, i] for name, array in (("", place), ("v", speed)) for i, axis in enumerate("xyz")}
        return columns | {"size": self.state.size}

    @property
    def alpha(self) -> Picture:
        """(H, W) float32: how much of a pixel is debris."""
        return np.asarray(1 - (1 - self.far[..., 3]) * (1 - self.near[..., 3]), np.float32)


@dataclass(frozen=True, eq=False)
class Seen:
    """What the air hangs before: a finished frame, the depth of what stands behind the pieces, what stands before everything."""

    camera: Camera
    finished: Finished
    ground: Picture
    foreground: Picture


class Airing:
    """Blows and draws a shot's dust and debris."""

    def __init__(
        self, dust: DustSettings, debris: DebrisSettings, look: DustLook, *,
        light: Light, shot: Shot, direction: Direction, shutter: float, blocks: tuple[Corners, ...] = (),
    ) -> None:  # fmt: skip
        self._dust, self._debris, self._look = dust, debris, look
        self._light, self._shot, self._shutter, self._blocks = light, shot, shutter, blocks
        self._seconds = np.diff(story_time(direction, shot))

    def room(self, pieces: Pieces) -> Grid:
        """The box of air round the building."""
        owner = np.repeat(np.arange(len(pieces)), np.diff(pieces.hull_start))
        corners = pieces.hull + pieces.centre[owner]
        low, high = corners.min(0), corners.max(0)
        return grid_around((low[0], low[1], 0.0), (high[0], high[1], high[2]))

    def still(self, grid: Grid) -> Air:
        """The air before the first frame."""
        before = self._shot.first_frame - 1
        return Air(begin(grid, settings=self._dust, frame=before), no_debris(before))

    def blow(self, air: Air, grid: Grid, *, scene: tuple[Pieces, Bonds, Motion], threads: int = 1) -> Air:
        """The air one frame later."""
        pieces, bonds, motion = scene
        frame = air.frame + 1
        dust = replace(self._dust, time=self._pace(frame), fps=self._shot.fps)
        debris = replace(self._debris, time=self._pace(frame), fps=self._shot.fps)
        given = sources_of(frame, motion, pieces=pieces, bonds=bonds, settings=dust, cell_m=grid.cell_m)
        solid = solid_cells(grid, self._blocks)
        blown = advance(air.dust, given, grid=grid, solid=solid, settings=dust, threads=threads)
        return Air(blown, fly(air.chips, motion, pieces=pieces, bonds=bonds, settings=debris, blocks=self._blocks))

    def _pace(self, frame: int) -> float:
        """The speed of time of a frame."""
        row = min(max(frame - self._shot.first_frame - 1, 0), len(self._seconds) - 1)
        return float(self._seconds[row] * self._shot.fps)

    def seen(self, air: Air, grid: Grid, scene: Seen, *, stage: Stage, threads: int = 1) -> tuple[Dusty | None, Chips | None]:
        """Dust and debris before what a frame shows; None for what there is none of."""
        if air.clear:
            return None, None
        depth = np.minimum(scene.finished.buffers.depth, scene.ground)
        light, dust = None, None
        if air.dust.density.any():
            light = lit(air.dust, grid=grid, look=self._look, daylight=self.daylight, tile=self._detail, threads=threads)
            picture = march(light, scene.camera, depth=depth, foreground=scene.foreground, threads=threads)
            dust = Dusty(picture, shadow(light, scene.camera, depth=depth), light)
        return dust, self._chips(air.chips, scene, depth, stage, (light, dust)) if len(air.chips) else None

    def _chips(self, chips: DebrisState, scene: Seen, depth: Picture, stage: Stage, dusty: tuple[DustLight | None, Dusty | None]) -> Chips:
        light, dust = dusty
        settings = replace(self._debris, time=self._pace(int(chips.frame)), fps=self._shot.fps)
        normals = chip_normals(chips, settings=settings).astype(np.float64)
        given = irradiance(chips.position.astype(np.float64), normals, stage.lamp, scene.finished.maps)
        if light is not None:
            given = given * (0.3 + 0.7 * sun_on(light, chips.position))[:, None]
        colour = self._colours(len(chips), stage.tiles)

        def drawn(which: NDArray[np.bool_]) -> DebrisPicture:
            return draw_debris(
                chips, scene.camera, settings=settings, depth=depth, irradiance=given, colour=colour, shutter=self._shutter, which=which
            )

        everything = np.ones(len(chips), np.bool_)
        before = np.zeros_like(everything) if dust is None else _nearer(chips, scene.camera, dust.picture)
        free = (1 - scene.foreground)[..., None]
        far, near = (drawn(which).rgba * free for which in (~before, before))
        return Chips(drawn(everything), far.astype(np.float32), near.astype(np.float32), chips, settings.time)

    def _colours(self, count: int, tiles: tuple[Tile, ...]) -> NDArray[np.float64]:
        """What each chip reflects: a place of the exemplar of what broke."""
        tile = next(t for t in tiles if t.name.startswith("broken"))
        place = np.random.default_rng([self._debris.seed, _CHANCE]).random((count, 2))
        row, column = (np.floor(place[:, a] * tile.picture.shape[a]).astype(np.intp) for a in range(2))
        return np.asarray(tile.picture[row, column] * (np.pi / tile.light), np.float64)

    @cached_property
    def daylight(self) -> Daylight:
        """The light that the dust hangs in."""
        return Daylight(self._light.to_sun, self._light.sun, self._light.sky)

    @cached_property
    def _detail(self) -> NDArray[Any]:
        return detail_tile(self._look.seed)


def _nearer(chips: DebrisState, camera: Camera, dust: DustPicture) -> NDArray[np.bool_]:
    """(N,) chips before the middle of the dust in their pixel; all where there is no dust."""
    at, away = camera.project(chips.position)
    out = away > 0  # what is behind the camera has no pixel
    last = np.array([camera.width - 1, camera.height - 1])
    column, row = np.clip(np.floor(at[out]), 0, last).astype(np.intp).T
    out[out] = away[out] < dust.depth[row, column]
    return np.asarray(out)
