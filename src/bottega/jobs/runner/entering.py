"""What a run enters into the ledger and the record: a take that is done and what it rests on, or one that was stopped."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from bottega.footage import ranges
from bottega.model import ConsentError, Exemplar, Reason, Take, TakeState, Use
from bottega.rights import State
from bottega.rights.delivery import register_output

from .passes import Pass
from .takefolder import TakeFolder, record_sha256

if TYPE_CHECKING:
    from .run import House


def enter(house: House, done: Take, right: Pass, job_id: str) -> None:
    """Put a take that is done into the ledger."""
    frames = ranges(sorted({o.frame for o in done.outputs if o.frame is not None}))
    licences = right.licences(State.of(house.ledger))
    register_output(house.ledger, done, job_id=job_id, record_sha256=record_sha256(done), frames=frames, licences=licences)


def rests_on(house: House, right: Pass) -> dict[str, Any]:
    """What a finished take says of the clearances it was made under."""
    return {
        "finished_at": house.clock(),
        "clearances": tuple(c.clearance_id for c in right.used),
        "decisions": tuple(c.decision_idx for c in right.used),
        "grants": tuple(sorted({g for c in right.used for g in c.grants})),
    }


def set_aside(house: House, folder: TakeFolder, take: Take, refusal: ConsentError) -> None:
    """Set a stopped take aside, files first: what is no longer allowed does not stay in the open while the rest is written."""
    folder.set_aside()
    folder.write(replace(take, state=TakeState.QUARANTINED, stopped=tuple(str(r) for r in refusal.reasons)))
    house.ledger.append("job.quarantined", {"take_id": take.take_id, "take": take.name, "reasons": list(refusal.codes)})


class AnyJob(Protocol):
    """What every kind of job has: the pictures that it reads, and the use that the gate decides on."""

    @property
    def exemplars(self) -> tuple[Exemplar, ...]:
        """All inputs."""

    @property
    def use(self) -> Use:
        """The facts for the gate."""


def named_reasons(job: AnyJob, reasons: tuple[Reason, ...]) -> list[Reason]:
    """The gate knows digests only; tell the user which file each is."""
    out = []
    for reason in reasons:
        names = [e.files[0].path for e in job.exemplars if e.digest[:12] in reason.detail]
        out.append(Reason(reason.code, f"{reason.detail} ({', '.join(n.rsplit('/', 1)[-1] for n in names)})") if names else reason)
    return out


def job_id_of(job: AnyJob) -> str:
    """A new id for one run of a job; it names shot and job for whoever reads the ledger."""
    return f"{job.use.shot}-{job.use.job}-{secrets.token_hex(8)}"
