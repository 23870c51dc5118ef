"""A right to read pictures of which nothing is made: to hand them out, look at them, or measure where a matte lies."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from bottega.model import Exemplar, FrameRange, Input, Shot, Use
from bottega.rights.reasons import refusal

from .passes import Pass
from .request import ENVIRONMENT, environment

if TYPE_CHECKING:
    from .run import House


def looking(house: House, shot: Shot, *exemplars: Exemplar, job: str, frames: FrameRange | None = None) -> Pass:
    """Ask the gate, on record, to read these pictures; whoever runs this declares that it touches no performer.

    Raises ConsentError when the gate refuses.
    """
    use = Use(
        show_id=house.show.show_id,
        shot=shot.code,
        job=job,
        inputs=tuple(Input(digest=e.digest, role=e.role) for e in exemplars),
        touches_performer=False,  # nothing is made of them here; what is made later is judged then
        frames=frames or shot.frames,
        tracks_touched=(),
        stated={ENVIRONMENT: environment()},
    )
    house.declare(use)
    job_id = f"{shot.code}-{job}-{secrets.token_hex(8)}"
    right = Pass(house.gate, use, job_id=job_id, door=house.door(job_id), clock=house.clock)
    if right.used[0].watermark:
        raise refusal("unmarked", f"{job} of {shot.code} gives out plates as they are: they cannot carry the visible mark of an override")
    return right
