"""Look over a shot's plate before anything is made of it: cuts that somebody has to decide on, and frames that repeat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bottega.footage import working_space
from bottega.jobs.recipes.survey import Survey, survey
from bottega.model import Shot, UsageError

from .fitting import check_served
from .looking import looking
from .opening import Inputs, one_thread_a_call
from .parts import REFUSE, SPLIT
from .pictures import Pictures
from .progress import Event, Watch
from .request import Resolved

if TYPE_CHECKING:
    from .run import House

JOB = "cuts"
FOUND = "found"


def surveyed(job: Resolved, inputs: Inputs, watch: Watch) -> Resolved:
    """The job with what its plate shows, looked for under the job's own right.

    Raises UsageError for a cut that nobody has decided on, and for frames that no key may serve on their side of one.
    """

    def plates() -> Iterator[tuple[int, NDArray[np.float32]]]:
        for at, n in enumerate(job.frames):
            inputs.right.check()
            watch(Event("look", at, len(job.frames), n))
            yield n, inputs.plate.read(n).rgb

    found = survey(plates())
    if found.cuts and job.request.cuts == REFUSE:
        raise UsageError(f"{_named(found, job.frames)}: keys of one side would be carried to the other; --split or --no-cuts")
    return with_survey(job, found)


def with_survey(job: Resolved, found: Survey) -> Resolved:
    """The job with a survey of its plate. Raises UsageError for frames that no key may serve."""
    cuts = found.cuts if job.request.cuts == SPLIT else ()
    known = replace(job, cuts=cuts, repeats=found.repeats(job.frames))
    check_served(known)
    return known


def survey_json(job: Resolved) -> dict[str, Any]:
    """What was found, as the settings of a take keep it."""
    runs: dict[int, int] = {}
    for n, first in job.repeats.items():
        runs[first] = max(n, runs.get(first, first))
    return {FOUND: {"cuts": list(job.cuts), "runs": [list(run) for run in sorted(runs.items())]}}


def survey_of(settings: Mapping[str, Any]) -> Survey:
    """A survey as a take's settings keep it."""
    found = settings.get(FOUND, {"cuts": (), "runs": ()})  # a take from before plates were looked over has none
    return Survey(tuple(found["cuts"]), tuple((first, last) for first, last in found["runs"]))


def shot_survey(house: House, shot: Shot) -> Survey:
    """Survey a whole shot, under a right to look. Raises ConsentError when the gate refuses."""
    one_thread_a_call()
    plate = house.folder.exemplar(shot.plate)
    right = looking(house, shot, plate, job=JOB)
    working = working_space(shot.colour, house.show.working_colour)
    pictures = Pictures(plate, right, root=house.folder.root, working=working, default_colour=shot.colour)
    try:
        return survey((n, pictures.read(n).rgb) for n in shot.frames if n not in shot.holes)
    finally:
        pictures.close()


def between(cut: int, frames: tuple[int, ...]) -> str:
    """A cut as people name it: `between 1023 and 1024`."""
    return f"between {max(n for n in frames if n < cut)} and {cut}"


def _named(found: Survey, frames: tuple[int, ...]) -> str:
    said = [f"cut {between(cut, frames)}" for cut in found.cuts[:4]]
    more = f" and {len(found.cuts) - 4} more" if len(found.cuts) > 4 else ""
    return ", ".join(said) + more
