"""What every frame of a collapse is made from, opened once: the stage, cameras, the reference, where the building stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import Bonds, Camera, Collapse, DustState, FrameShot, Grid, Made, Motion, Pieces, Stage
from bottega.model import UsageError

from .inputs import CollapseInputs
from .job import CollapseJob
from .layers import Mattes

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Showing:
    """The parts of a collapse that stay the same through its frames. `of_source` says which exemplar each of the stage's pictures is."""

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
        exemplars = {what: pictures.read(0).rgb for what, pictures in inputs.by_use.items()}
        try:
            tiles = recipe.tiles(scene[0], exemplars)
            stage = recipe.stage(scene[0], [recipe.reference_view(reference, matte)], tiles)
        except ValueError as problem:
            raise UsageError(f"collapse: {problem}") from problem
        by_use = {what: e.digest for what, e in job.exemplars_by_use.items()}
        of_source = (job.plate.digest, job.clean.digest, job.reference.digest, *(by_use[t.name.split(":")[0]] for t in tiles))
        first = inputs.plate.read(job.frames[0]).rgb
        own = 1.0 if job.reference.digest == job.plate.digest else 0.0
        carried = (1.0, 1.0, own, *(0.0 for _ in tiles))
        mattes = Mattes.of(recipe.called(scene[0]), samples=recipe.settings.samples)
        return cls(recipe, inputs, scene, cameras, stage, matte, recipe.air(scene[0]), of_source, recipe.grain(first), carried, mattes)

    def still_air(self) -> DustState:
        """The air before the first frame."""
        return self.recipe.still_air(self.grid)

    def blow(self, air: DustState, *, threads: int) -> DustState:
        """The air one frame later."""
        return self.recipe.blow(air, self.grid, scene=self.scene, threads=threads)

    def frame(self, number: int, plate: Array, air: DustState) -> Made:
        """A frame, made: the plate as it is before anything moves."""
        _, _, motion = self.scene
        row = number - motion.first_frame
        if self.recipe.at_rest(motion, row) and not air.density.any():
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
        depth = finished.buffers.depth
        dust = self.recipe.dust(air, self.grid, camera=camera, depth=depth, ground=stands.ground, foreground=stands.foreground)
        return self.recipe.together(finished, shot, dust=dust, grain=self.grain, carried=self.carried)


def whole_parts(shares: NDArray[Any]) -> NDArray[np.uint32]:
    """Shares (S, N) that sum to 1 as whole parts of 65536, by largest remainder, earlier sources first among equals."""
    exact = np.asarray(shares, np.float64) * 65536
    parts = np.floor(exact).astype(np.int64)
    left = 65536 - parts.sum(0)
    order = np.argsort(-(exact - parts), axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(shares))[:, None], 0)
    return np.asarray(parts + (rank < left), np.uint32)
