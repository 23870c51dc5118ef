"""How a camera that only turns does so, found in the plate against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.collapse import Camera, nodal_turn
from bottega.model import UsageError

from .inputs import CollapseInputs
from .job import CollapseJob

MOST_PX = 1.5  # a frame that fits worse than this, in the median, is no turn of the reference


def turns(job: CollapseJob, inputs: CollapseInputs, camera: Camera) -> dict[int, NDArray[Any]]:
    """(3, 3) rotation of each frame's camera in the reference's. Raises UsageError for a frame that is no turn of the reference."""
    sheet = job.request.sheet
    reference, still = inputs.reference_rgb(sheet.reference), inputs.building_matte() < 0.5
    out = {}
    for n in job.frames:
        inputs.right.check()
        try:
            turn, away = nodal_turn(reference, inputs.plate.read(n).rgb, camera, still=still)
        except ValueError as problem:
            raise UsageError(f"[camera] path nodal: frame {n}: {problem}; give a camera file") from problem
        if away > MOST_PX:
            raise UsageError(f"[camera] path nodal: frame {n} is {away:.1f} px from a turn of the reference, allowed are {MOST_PX}: give a camera file")
        out[n] = turn
    return out
