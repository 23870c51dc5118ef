"""Run a job: clear, open, make, credit, deliver, sign."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bottega.attribution import CreditSource
from bottega.footage import Delivery, Working
from bottega.jobs.recipes.keyed import REVISION
from bottega.model import ConsentError, Exemplar, FrameRange, Reason, Show, Take, TakeInput, TakeState
from bottega.rights import Door, Gate, Ledger

from .finish import finish
from .make import Inputs, Maker, work_units
from .passes import Pass
from .pictures import Pictures
from .plan import Plan, plan
from .progress import Progress, Watch, silent
from .register import record_mattes
from .request import RepairRequest, Resolved, resolve, settings_json, versions
from .showfolder import ShowFolder
from .takefolder import TakeFolder, new_version, same_plan


@dataclass(frozen=True, kw_only=True)
class House:
    """What a run needs of its show: the folder, the gate, a way to make doors, the ledger, the clock."""

    folder: ShowFolder
    show: Show
    ledger: Ledger
    gate: Gate
    door: Callable[[str], Door]
    clock: Callable[[], datetime]
    matte_licence_id: str


def prepare(house: House, request: RepairRequest) -> Resolved:
    """Resolve a request and put its mattes on record, so that the gate can be asked."""
    job = resolve(house.folder, request, show_id=house.show.show_id)
    mattes = (*((job.matte,) if job.matte else ()), *(e for _, e in job.regions))
    known = house.gate.state().exemplars
    record_mattes(house.ledger, mattes, licence_id=house.matte_licence_id, known=lambda digest: digest in known)
    return job


def dry_run(house: House, request: RepairRequest, *, threads: int = 1) -> Plan:
    """The plan of a job, its cost and the gate's answer (which goes on record like any other)."""
    job = prepare(house, request)
    decision = house.gate.decide(job.use, job_id=_job_id(job), dry_run=True)
    reasons = tuple(named_reasons(job, decision.reasons))
    return plan(job, allowed=decision.allow, reasons=reasons, threads=threads)


def run(house: House, job: Resolved, *, threads: int = 1, watch: Watch = silent, remake_of: Take | None = None) -> Take:
    """Make a take, or go on with an unfinished one of the same plan, or return the finished one that is already there.

    Raises ConsentError before anything is written but the ledger's entry, when the gate says no.
    """
    job_id = _job_id(job)
    try:
        right = Pass(house.gate, job.use, job_id=job_id, door=house.door(job_id), clock=house.clock)
    except ConsentError as refusal:
        raise ConsentError(*named_reasons(job, refusal.reasons)) from refusal
    folder = None if remake_of else same_plan(house.folder.root, job.shot.code, job.request.job, job.plan_digest)
    if folder is not None and folder.read().state is TakeState.DONE:
        return folder.read()
    for matte in (job.matte, *(e for _, e in job.regions)):
        if matte is not None:
            house.folder.keep(matte, copy=False)
    if folder is None:
        folder, number = new_version(house.folder.root, job.shot.code, job.request.job)
        folder.write(_record(house, job, number, remake_of=remake_of))
    with folder.held():
        return _make(house, job, right, folder, job_id=job_id, threads=threads, watch=watch)


def _make(house: House, job: Resolved, right: Pass, folder: TakeFolder, *, job_id: str, threads: int, watch: Watch) -> Take:
    _one_thread_a_call()
    take = folder.read()
    house.ledger.append("job.started", {"job_id": job_id, "take_id": take.take_id, "take": take.name, "plan": job.plan_digest})
    began, cpu = time.monotonic(), time.process_time()
    inputs = _open(house, job, right)
    try:
        folder.drop_unnoted()
        progress = Progress(work_units(job.frames, tuple(job.keys)), watch=watch)
        delivery = Delivery(folder.path, take)
        maker = Maker(job, inputs, folder, delivery, progress)
        maker.run(threads=threads)
        timings = {"wall_seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - cpu, "threads": float(threads)}
        done = finish(take, folder, delivery, maker, plate=inputs.plate, fps=house.show.fps, clearances=right.used, timings=timings)
    except ConsentError as refusal:
        _set_aside(house, folder, take, refusal)
        raise ConsentError(*named_reasons(job, refusal.reasons)) from refusal
    finally:
        inputs.close()
    done = replace(done, finished_at=house.clock())
    folder.write(done)
    house.ledger.append("output.registered", _output_entry(done, job_id, folder))
    folder.finish()
    return done


def _open(house: House, job: Resolved, right: Pass) -> Inputs:
    working = Working.for_plate(job.shot.colour, house.show.working_colour, key_colour=house.show.key_colour)
    opened = {e.digest: Pictures(house.folder.located(e), right, working=working) for e in map(_as_kept(house), job.exemplars)}
    first = CreditSource(
        id=1, exemplar=job.plate.digest, role=job.plate.role, licence_id=house.folder.exemplar(job.plate.digest).licence_id
    )
    sources = [first]
    for n, key in job.keys.items():
        kept = house.folder.exemplar(key.digest)
        sources.append(
            CreditSource(
                id=len(sources) + 1, exemplar=key.digest, role=key.role, frame=n, author_id=kept.author_id, licence_id=kept.licence_id
            )
        )
    return Inputs(
        plate=opened[job.plate.digest],
        keys={n: opened[e.digest] for n, e in job.keys.items()},
        matte=opened[job.matte.digest] if job.matte else None,
        regions={r.name: (opened[e.digest], r.strength) for r, e in job.regions},
        sources=tuple(sources),
    )


def _as_kept(house: House) -> Callable[[Exemplar], Exemplar]:
    """Painted keys are read from the show's own copy; plates and mattes from where they lie."""
    return lambda e: house.folder.exemplar(e.digest) if house.folder.has_exemplar(e.digest) else e


def _record(house: House, job: Resolved, number: int, *, remake_of: Take | None) -> Take:
    kept = _as_kept(house)
    numbers = {e.digest: n for n, e in job.keys.items()}
    inputs = tuple(
        TakeInput(
            digest=e.digest,
            role=e.role,
            name=e.files[0].path,
            frame=numbers.get(e.digest),
            author_id=kept(e).author_id,
            licence_id=kept(e).licence_id,
        )
        for e in job.exemplars
    )
    return Take(
        take_id=secrets.token_hex(16),
        show=house.show.code,
        shot=job.shot.code,
        job=job.request.job,
        number=number,
        state=TakeState.MAKING,
        frames=FrameRange(first=job.frames[0], last=job.frames[-1]),
        colour=job.shot.colour,
        inputs=inputs,
        use=job.use,
        settings=settings_json(job.request),
        seed=job.request.seed,
        plan_digest=job.plan_digest,
        engine=REVISION,
        versions=versions(),
        started_at=house.clock(),
        remake_of=remake_of.take_id if remake_of else None,
    )


def _set_aside(house: House, folder: TakeFolder, take: Take, refusal: ConsentError) -> None:
    folder.write(replace(take, state=TakeState.QUARANTINED))
    house.ledger.append("job.quarantined", {"take_id": take.take_id, "take": take.name, "reasons": list(refusal.codes)})


def _output_entry(take: Take, job_id: str, folder: TakeFolder) -> dict[str, object]:
    return {
        "job_id": job_id,
        "take_id": take.take_id,
        "take": take.name,
        "record_sha256": folder.record_sha256(),
        "outputs": len(take.outputs),
        "grants": list(take.grants),
        "exemplars": sorted({i.digest for i in take.inputs}),
    }


def named_reasons(job: Resolved, reasons: tuple[Reason, ...]) -> list[Reason]:
    """The gate knows digests only; tell the user which file each is."""
    out = []
    for reason in reasons:
        names = [e.files[0].path for e in job.exemplars if e.digest[:12] in reason.detail]
        out.append(Reason(reason.code, f"{reason.detail} ({', '.join(n.rsplit('/', 1)[-1] for n in names)})") if names else reason)
    return out


def _job_id(job: Resolved) -> str:
    return f"{job.shot.code}-{job.request.job}-{secrets.token_hex(8)}"


_CV_LOCK = threading.Lock()


def _one_thread_a_call() -> None:
    """OpenCV splits flow by its own thread count and so changes its bits: frames run on threads, calls do not."""
    import cv2

    with _CV_LOCK:
        cv2.setNumThreads(1)
