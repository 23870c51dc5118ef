"""A board on record: its drawing is the plate of a shot, its cards are that shot's frames."""

from __future__ import annotations

from dataclasses import replace

from bottega.jobs.runner.run import House
from bottega.model import FrameRange, JobError, Role, Shot, UsageError, shown
from bottega.rights import State
from bottega.rights.record import registry

from .job import ConceptJob


def register_board(house: House, job: ConceptJob) -> ConceptJob:
    """Put the board on record, so that the gate can be asked; the drawing keeps its author and its licence.

    A drawing that is not on record is left so: the gate refuses it by name.

    Raises UsageError for a code that is a shot of another kind.
    """
    known = State.of(house.ledger).exemplars.get(job.line.digest)
    if known is None or Role.KEY not in known.roles:
        _check_free(house, job.shot.code)
        return job
    before = _check_free(house, job.shot.code)
    kept = house.folder.exemplar(job.line.digest)
    shot = job.shot
    if before is not None and before.plate == shot.plate:
        shot = replace(shot, frames=FrameRange(first=1, last=max(shot.frames.last, before.frames.last)))
    if shot != before:
        if Role.PLATE not in known.roles:
            registry.register_exemplar(house.ledger, replace(kept, role=Role.PLATE, author_id=known.author_id, licence_id=known.licence_id))
        house.folder.claim_shot(shot.code)
        registry.register_shot(house.ledger, shot)
        house.folder.write_shot(shot)
    return replace(job, shot=shot)


def _check_free(house: House, code: str) -> Shot | None:
    """The board as it is on record, None where there is none yet."""
    try:
        before = house.folder.shot(code) if code in house.folder.shots() else None
    except JobError as problem:
        raise UsageError(f"board {shown(code)}: {problem}") from problem
    if before is None:
        return None
    plate = State.of(house.ledger).exemplars.get(before.plate)
    if plate is None or Role.KEY not in plate.roles:
        raise UsageError(f"board {shown(code)}: a shot with a filmed plate has that code, give the board another")
    return before
