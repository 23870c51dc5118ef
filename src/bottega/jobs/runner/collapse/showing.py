"""What every frame of a collapse is made from, opened once: the stage, cameras, the reference, where the building stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import Air, Bonds, Camera, Collapse, FrameShot, Grid, Made, Motion, Pieces, Seen, Stage, View
from bottega.jobs.runner.pictures import Pictures
from bottega.model import UsageError

from .inputs import CollapseInputs
from .job import CollapseJob
from .layers import Mattes
from .sheet import painted_as

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Showing:
    """The parts of a collapse that stay the same through its frames. `of_source` says which exemplar each of the stage's pictures is,
    `of_broken` the one of what broke.
    """

    recipe: Collapse
    inputs: CollapseInputs
    scene: tuple[Pieces, Bonds, Motion]
    cameras: Mapping[int, Camera]
    stage: Stage
    matte: Array
    grid: Grid
    of_source: tuple[str, ...]
    grain: Any
    carried: tuple[float, ...]
    mattes: Mattes
    of_broken: str

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
        matte = inputs.building_matte()
        exemplars = {what: inputs.by_use[what].read(0).rgb for what in job.request.sheet.exemplars}
        frames = [p.frame for p in job.request.sheet.painted]
        painted = [_painted(inputs.by_use[painted_as(n)], scene[2], frame=n, camera=cameras[n]) for n in frames]
        try:
            tiles = recipe.tiles(scene[0], exemplars)
            stage = recipe.stage(scene[0], [recipe.reference_view(reference, matte), *painted], tiles)
        except ValueError as problem:
            raise UsageError(f"collapse: {problem}") from problem
        by_use = {what: e.digest for what, e in job.exemplars_by_use.items()}
        made = (*(by_use[v.name] for v in painted), *(by_use[t.name.split(":")[0]] for t in tiles))
        of_source = (job.plate.digest, job.clean.digest, job.reference.digest, *made)
        first = inputs.plate.read(job.frames[0]).rgb
        own = 1.0 if job.reference.digest == job.plate.digest else 0.0
        carried = (1.0, 1.0, own, *(0.0 for _ in made))
        mattes = Mattes.of(recipe.called(scene[0]), samples=recipe.settings.samples)
        return cls(
            recipe,
            inputs,
            scene,
            cameras,
            stage,
            matte,
            recipe.airing.room(scene[0]),
            of_source,
            recipe.grain(first),
            carried,
            mattes,
            by_use["broken"],
        )

    def still_air(self) -> Air:
        """The air before the first frame."""
        return self.recipe.airing.still(self.grid)

    def blow(self, air: Air, *, threads: int) -> Air:
        """The air one frame later."""
        return self.recipe.airing.blow(air, self.grid, scene=self.scene, threads=threads)

    def frame(self, number: int, plate: Array, air: Air) -> Made:
        """A frame, made: the plate as it is before anything moves."""
        _, _, motion = self.scene
        row = number - motion.first_frame
        if self.recipe.at_rest(motion, row) and air.clear:
            return self.recipe.untouched(plate)
        camera = self.cameras[number]
        rested = self.recipe.rested(self.stage, camera)
        stands = self.recipe.standing(self.stage, rested, self.matte)
        before = None if row == 0 else (motion.position[row - 1], motion.rotation[row - 1], self.cameras[number - 1])
        clean = self.inputs.clean_rgb(number)
        shot = FrameShot(
            number, plate, clean, stands.matte, stands.foreground, camera, motion.position[row], motion.rotation[row], before=before
        )  # fmt: skip
        finished = self.recipe.frame(self.stage, shot, rested)
        seen = Seen(camera, finished, stands.ground, stands.foreground)
        blown = self.recipe.airing.seen(air, self.grid, seen, stage=self.stage)
        return self.recipe.together(finished, shot, blown=blown, grain=self.grain, carried=self.carried)


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
