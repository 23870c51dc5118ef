"""A dry run of a board: what it would make, what it would cost, and what the gate says, with nothing made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bottega.jobs.runner.entering import job_id_of
from bottega.jobs.runner.run import House
from bottega.model import Reason

from .job import ConceptJob
from .run import board_reasons

# bench/concept_board.py: CPU seconds on one core, the shared croquis and swatches
SECONDS_A_SWATCH, SECONDS_A_CARD_MEGAPIXEL, SECONDS_ALWAYS = 0.9, 1.4, 5.0
SECONDS_AN_ANGLE_MEGAPIXEL = 22.0
BYTES_ALWAYS, BYTES_A_MEGAPIXEL = 450 * 1024 * 1024, 200 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ConceptPlan:
    """A board's plan, printable. Seconds are CPU seconds on one core of the machine the figures were measured on.

    `painted` are the swatches that a model paints: what that takes is not in the seconds, nor its memory.
    """

    board: str
    job: str
    kind: str
    cards: tuple[str, ...]
    swatches: tuple[str, ...]
    width: int
    height: int
    cpu_seconds: float
    memory_bytes: int
    allowed: bool
    reasons: tuple[Reason, ...]
    painted: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)


def dry_run(house: House, job: ConceptJob, *, threads: int = 1) -> ConceptPlan:
    """The plan of a board, its cost and the gate's answer (which goes on record like any other)."""
    decision = house.gate.decide(job.use, job_id=job_id_of(job), dry_run=True)
    area = job.shot.width * job.shot.height / 1e6
    if job.sheet.painting is not None:  # its frames are of other sizes
        area = max(f.width * f.height for f in job.sheet.painting.frames) / 1e6
    each = SECONDS_A_CARD_MEGAPIXEL if job.sheet.figure is not None else SECONDS_AN_ANGLE_MEGAPIXEL
    made = SECONDS_A_SWATCH * len(job.sheet.swatches) + each * area * len(job.looks)
    return ConceptPlan(
        board=job.shot.code,
        job=job.use.job,
        kind=job.sheet.kind,
        cards=tuple(look.name for look in job.looks),
        swatches=tuple(s.name for s in job.sheet.swatches),
        width=job.shot.width,
        height=job.shot.height,
        cpu_seconds=SECONDS_ALWAYS + made,
        memory_bytes=int(BYTES_ALWAYS + (threads + 1) * BYTES_A_MEGAPIXEL * area),
        allowed=decision.allow,
        reasons=tuple(board_reasons(job, decision.reasons)),
        painted=tuple(s.name for s in job.sheet.swatches if s.painted is not None),
    )
