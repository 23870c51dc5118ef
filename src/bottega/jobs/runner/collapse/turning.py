"""How a camera that only turns does so, found in the plate against the reference."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import Camera, nodal_turn
from bottega.model import UsageError

from .inputs import CollapseInputs, shown
from .job import CollapseJob

MOST_PX = 1.5  # a frame that fits worse than this is no turn of the reference


def turns(job: CollapseJob, inputs: CollapseInputs, camera: Camera) -> dict[int, Camera]:
    """Each frame's camera, a turn of the reference's. Raises UsageError for a frame that is none."""
    sheet = job.request.sheet
    reference, moves = inputs.reference_rgb(sheet.reference), inputs.building_matte() > 0.5
    focal = camera.focal_px * (1.0 if isinstance(sheet.reference, int) else (sheet.frames_focal_px or camera.focal_px) / camera.focal_px)

    def plates() -> Iterator[NDArray[np.float32]]:
        for n in job.frames:
            inputs.right.check()
            yield shown(inputs.plate.read(n))

    try:
        found, away = nodal_turn(reference, plates(), camera, focal_px=focal, moves=moves)
    except ValueError as problem:
        raise UsageError(f"[camera] path nodal: {problem}; allowed is a camera that only turns, else give a camera file") from problem
    worst = int(away.argmax())
    if away[worst] > MOST_PX:
        raise UsageError(
            f"[camera] path nodal: frame {job.frames[worst]} is {away[worst]:.1f} px from a turn of the reference, allowed are {MOST_PX}: "
            "give a camera file"
        )
    return dict(zip(job.frames, found, strict=True))
