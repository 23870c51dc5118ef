"""A dry run of a collapse: what it would do, what it would cost, and what the gate says, with nothing made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bottega.jobs.runner.entering import job_id_of, named_reasons
from bottega.jobs.runner.run import House
from bottega.model import Reason

from .job import CollapseJob
from .sheet import CYCLES
from .solved import SolvedWords, solved_of
from .tracing import most_traced

# CPU seconds on one core, as the take of demo/corner at 960x540 told them
BUILD_SECONDS, FALL_SECONDS_A_FRAME = 12.0, 0.4
TRACED_SECONDS_A_MEGAPIXEL_SAMPLE = 1.0
AIR_SECONDS_A_FRAME, FINISH_SECONDS_A_MEGAPIXEL = 0.3, 5.5
BYTES_ALWAYS, BYTES_A_MEGAPIXEL = 900 * 1024 * 1024, 900 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class CollapsePlan:
    """A collapse's plan, printable. Seconds are CPU seconds on one core of the machine the figures were measured on."""

    shot: str
    job: str
    frames: int
    first: int
    last: int
    width: int
    height: int
    first_failure: int
    camera: SolvedWords
    exemplars: tuple[str, ...]
    cpu_seconds: float
    memory_bytes: int
    allowed: bool
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)


def dry_run(house: House, job: CollapseJob, *, threads: int = 1) -> CollapsePlan:
    """The plan of a job, its cost and the gate's answer (which goes on record like any other)."""
    decision = house.gate.decide(job.use, job_id=job_id_of(job), dry_run=True)
    sheet, shot = job.request.sheet, job.shot
    first = min(f.frame for f in sheet.failures)
    moving = sum(n >= first for n in job.frames)
    area = shot.width * shot.height / 1e6
    seconds = BUILD_SECONDS + moving * (FALL_SECONDS_A_FRAME + AIR_SECONDS_A_FRAME + FINISH_SECONDS_A_MEGAPIXEL * area)
    if sheet.by == CYCLES:
        seconds += most_traced(sheet, job.frames) * area * sheet.light_samples * TRACED_SECONDS_A_MEGAPIXEL_SAMPLE
    return CollapsePlan(
        shot=shot.code,
        job=job.use.job,
        frames=len(job.frames),
        first=job.frames[0],
        last=job.frames[-1],
        width=shot.width,
        height=shot.height,
        first_failure=first,
        camera=solved_of(house, job),
        exemplars=tuple(sheet.pictures),
        cpu_seconds=seconds,
        memory_bytes=int(BYTES_ALWAYS + threads * BYTES_A_MEGAPIXEL * area),
        allowed=decision.allow,
        reasons=tuple(named_reasons(job, decision.reasons)),
    )
