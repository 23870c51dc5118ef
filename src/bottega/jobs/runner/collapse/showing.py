"""What every frame of a collapse is made from, opened once: the stage, cameras, the reference, where the building stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import (
    Air,
    Behind,
    Bonds,
    Camera,
    Collapse,
    FrameShot,
    Grid,
    Made,
    Motion,
    Pieces,
    Rested,
    Seen,
    Stage,
    Traced,
    View,
)
from bottega.jobs.runner.pictures import Pictures
from bottega.model import UsageError

from .inputs import CollapseInputs, shown
from .job import CollapseJob
from .layers import Mattes
from .sheet import EXEMPLARS, Sheet, painted_as

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Whose:
    """Exemplars' digests: of each of the stage's pictures in their order, of what broke, of a clean plate that is made by example."""

    sources: tuple[str, ...]
    broken: str
    behind: tuple[str, ...]

    @classmethod
    def of(cls, job: CollapseJob, painted: Sequence[str], tiles: Sequence[str]) -> Self:
        """For the painted frames and tiles of a stage, by what the sheet calls their pictures."""
        by_use = {what: e.digest for what, e in job.exemplars_by_use.items()}
        clean = job.clean or job.plate
        sources = (job.plate.digest, clean.digest, job.reference.digest, *(by_use[what] for what in (*painted, *tiles)))
        hidden = (by_use[what] for what in job.request.sheet.behind)
        return cls(sources, by_use["broken"], (job.plate.digest, job.reference.digest, *hidden))


@dataclass(frozen=True, eq=False)
class Showing:
    """The parts of a collapse that stay the same through its frames. `behind` is a clean plate made by example, or None."""

    recipe: Collapse
    inputs: CollapseInputs
    scene: tuple[Pieces, Bonds, Motion]
    cameras: Mapping[int, Camera]
    stage: Stage
    matte: Array
    grid: Grid
    whose: Whose
    grain: Any
    carried: tuple[float, ...]
    mattes: Mattes
    behind: Behind | None

    @classmethod
    def of(
        cls,
        recipe: Collapse,
        inputs: CollapseInputs,
        job: CollapseJob,
        *,
        scene: tuple[Pieces, Bonds, Motion],
        cameras: Mapping[int, Camera],
        reference: Array,
    ) -> Self:
        """Lay the stage. Raises UsageError for what the engine refuses."""
        matte, sheet = inputs.building_matte(), job.request.sheet
        painted = [_painted(inputs.by_use[painted_as(p.frame)], scene[2], frame=p.frame, camera=cameras[p.frame]) for p in sheet.painted]
        try:
            tiles = recipe.tiles(scene[0], {what: inputs.by_use[what].read(0).rgb for what in EXEMPLARS})
            stage = recipe.stage(scene[0], [recipe.reference_view(reference, matte), *painted], tiles)
            behind = None if job.clean else _behind(recipe, stage, inputs, sheet, reference=reference, cameras=cameras)
        except ValueError as problem:
            raise UsageError(f"collapse: {problem}") from problem
        whose = Whose.of(job, [v.name for v in painted], [t.name.split(":")[0] for t in tiles])
        own = 1.0 if job.reference.digest == job.plate.digest else 0.0
        carried = (1.0, 0.0 if behind else 1.0, own, *(0.0 for _ in (*painted, *tiles)))
        grid, grain = recipe.airing.room(scene[0]), recipe.grain(shown(inputs.plate.read(job.frames[0])))
        mattes = Mattes.of(recipe.called(scene[0]), samples=recipe.settings.samples)
        return cls(recipe, inputs, scene, cameras, stage, matte, grid, whose, grain, carried, mattes, behind)

    def still_air(self) -> Air:
        """The air before the first frame."""
        return self.recipe.airing.still(self.grid)

    def blow(self, air: Air, *, threads: int) -> Air:
        """The air one frame later."""
        return self.recipe.airing.blow(air, self.grid, scene=self.scene, threads=threads)

    @cached_property
    def _stands_still(self) -> Rested | None:
        """What a camera that stands still sees of the rest: made once."""
        different = {id(camera): camera for camera in self.cameras.values()}
        return self.recipe.rested(self.stage, *different.values()) if len(different) == 1 else None

    def frame(self, number: int, plate: Array, air: Air, *, traced: Traced | None = None) -> Made:
        """A frame, made: the plate as it is before anything moves. `traced` is what its moved pieces are lit by, where light is traced."""
        _, _, motion = self.scene
        row = number - motion.first_frame
        if self.recipe.at_rest(motion, row) and air.clear:
            return self.recipe.untouched(plate)
        camera = self.cameras[number]
        rested = self._stands_still or self.recipe.rested(self.stage, camera)
        stands = self.recipe.standing(self.stage, rested, self.matte)
        before = None if row == 0 else (motion.position[row - 1], motion.rotation[row - 1], self.cameras[number - 1])
        clean, whose = (self.inputs.clean_rgb(number), None) if self.behind is None else self.behind.seen(self.stage, rested, plate)
        shot = FrameShot(
            number, plate, clean, stands.matte, stands.foreground, camera, motion.position[row], motion.rotation[row], before=before
        )  # fmt: skip
        finished = self.recipe.frame(self.stage, shot, rested, traced)
        seen = Seen(camera, finished, stands.ground, stands.foreground)
        blown = self.recipe.airing.seen(air, self.grid, seen, stage=self.stage)
        made = self.recipe.together(finished, shot, blown=blown, grain=self.grain, carried=self.carried)
        return made if whose is None else replace(made, behind=whose)


def _behind(
    recipe: Collapse, stage: Stage, inputs: CollapseInputs, sheet: Sheet, *, reference: Array, cameras: Mapping[int, Camera]
) -> Behind:
    """What stands behind the building, by example. Raises ValueError, also for a camera that leaves its place."""
    hidden = [inputs.by_use[what].read(0).rgb for what in sheet.behind]
    finest = max(c.focal_px for c in cameras.values())
    behind = recipe.behind(stage, reference, inputs.building_matte(), hidden, focal_px=finest)
    for camera in cameras.values():
        behind.check(camera)
    return behind


def _painted(pictures: Pictures, motion: Motion, *, frame: int, camera: Camera) -> View:
    """A painted frame as a view of the pieces as they lie in it."""
    picture = pictures.read(0)
    if picture.alpha is None:
        raise UsageError(f"[[painted]] frame {frame}: the picture has no alpha; allowed is one whose alpha says what was painted")
    alpha = picture.alpha.clip(0, 1).astype(np.float32)
    rgb = picture.rgb / np.maximum(alpha, 1e-6)[..., None] if picture.premultiplied else picture.rgb
    row = frame - motion.first_frame
    rgb = np.where(alpha[..., None] > 0, rgb, 0).astype(np.float32)
    try:
        return View(painted_as(frame), rgb, camera, alpha, motion.position[row], motion.rotation[row], painted=True)
    except ValueError as problem:
        raise UsageError(f"[[painted]] frame {frame}: {problem}") from problem


def whole_parts(shares: NDArray[Any]) -> NDArray[np.uint32]:
    """Shares (S, N) that sum to 1 as whole parts of 65536, by largest remainder, earlier sources first among equals."""
    exact = np.asarray(shares, np.float64) * 65536
    parts = np.floor(exact).astype(np.int64)
    left = 65536 - parts.sum(0)
    order = np.argsort(-(exact - parts), axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(shares))[:, None], 0)
    return np.asarray(parts + (rank < left), np.uint32)
