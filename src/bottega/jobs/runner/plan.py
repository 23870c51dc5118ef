"""A dry run: what a job would do, what it would cost, and what the gate says, with nothing made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bottega.jobs.recipes.keyed import cost
from bottega.jobs.recipes.lending import SECONDS_A_LOOK, looked_at
from bottega.model import Reason

from .request import Resolved

SECONDS_A_MEGAPIXEL_IN_AND_OUT = 1.2  # bench/job.py: decoding, walks on disk, encoding, movie and sheet, beside the engine
BYTES_BESIDE_THE_ENGINE = 300 * 1024 * 1024  # bench/job.py: the interpreter, its libraries and what small frames take


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A job's plan, printable. Seconds are CPU seconds on one core of the machine the figures were measured on.

    `lent` are keys of other shots, by frame and shot. `learn_seconds` are those of the CPU seconds that a network is trained in: None
    without one, 0 where it is trained already.
    """

    shot: str
    job: str
    frames: int
    first: int
    last: int
    width: int
    height: int
    keys: tuple[int, ...]
    lent: tuple[str, ...]
    matte: str
    intervals: int
    cpu_seconds: float
    learn_seconds: float | None
    scratch_bytes: int
    memory_bytes: int
    allowed: bool
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)


def plan(job: Resolved, *, allowed: bool, reasons: tuple[Reason, ...], threads: int) -> Plan:
    """Estimate a resolved job and attach the gate's answer."""
    keys = tuple(job.keys)
    parts = job.schedule.intervals
    longest, walked = max(len(p.frames) for p in parts), max(sum(len(w.frames) for w in p.walks) for p in parts)
    looks = len(looked_at(job.frames, keys)) * len(job.lent)
    megapixels = job.shot.width * job.shot.height * len(job.frames) / 1e6
    learn: dict[str, Any] = {"learn": job.request.learn, "trained": job.weights is not None}
    spans: dict[str, Any] = {"frames": len(job.frames), "longest": longest, "walked": walked}
    figures = cost(job.shot.width, job.shot.height, **spans, threads=threads, **learn)
    return Plan(
        shot=job.shot.code,
        job=job.request.job,
        frames=len(job.frames),
        first=job.frames[0],
        last=job.frames[-1],
        width=job.shot.width,
        height=job.shot.height,
        keys=keys,
        lent=tuple(k.key.name for k in job.lent),
        matte="given" if job.matte else "derived from the keys",
        intervals=len(parts),
        cpu_seconds=figures.cpu_seconds + SECONDS_A_MEGAPIXEL_IN_AND_OUT * megapixels + looks * SECONDS_A_LOOK,
        learn_seconds=figures.learn_seconds if job.request.learn else None,
        scratch_bytes=figures.scratch_bytes,
        memory_bytes=figures.memory_bytes + BYTES_BESIDE_THE_ENGINE,
        allowed=allowed,
        reasons=reasons,
    )
