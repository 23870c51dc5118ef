"""Make a board again from its record: the sheet and the pictures as `take.json` keeps them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bottega.jobs.runner.progress import Watch
from bottega.jobs.runner.request import ENVIRONMENT
from bottega.jobs.runner.run import House
from bottega.model import FrameRange, Take

from .job import ConceptJob, ConceptRequest, assemble
from .planning import ConceptPlan, dry_run
from .run import run, worded
from .told import sheet_of


def make_again(house: House, take: Take, *, threads: int, watch: Watch) -> Take:
    """The take as a new version, through the gate like any job."""
    return run(house, restated(house, take), threads=threads, watch=watch, remake_of=take)


def plan_again(house: House, take: Take, *, threads: int) -> ConceptPlan:
    """What that would do and cost, and the gate's answer; nothing is made."""
    return dry_run(house, restated(house, take), threads=threads)


def restated(house: House, take: Take) -> ConceptJob:
    """A take's request, stated again from its record."""
    use, sheet = take.use, sheet_of(take.settings["sheet"])
    request = ConceptRequest(
        sheet=sheet,
        folder=Path(),
        touches_performer=use.touches_performer,
        delivery=use.delivery,
        territory=use.territory,
        content=use.content,
        language=use.language,
        medium=use.medium,
        stated={name: value for name, value in use.stated.items() if name != ENVIRONMENT},
        seed=take.seed,
        like=take.settings["like"],
    )
    exemplars = [replace(house.folder.exemplar(entry.digest), role=entry.role) for entry in take.inputs]
    board = house.folder.shot(take.shot)
    shot = replace(board, plate=exemplars[0].digest, frames=FrameRange(first=take.frames.first, last=take.frames.last))
    return worded(house, assemble(house.folder, request, sheet=sheet, shot=shot, exemplars=exemplars, show_id=house.show.show_id))
