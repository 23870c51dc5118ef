"""Run a job: clear, open, make, credit, deliver, sign."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bottega.footage import Delivery
from bottega.jobs.recipes.keyed import REVISION
from bottega.model import (
    ConsentError,
    Exemplar,
    FootageError,
    FrameRange,
    Role,
    Show,
    Take,
    TakeInput,
    TakeState,
    TextCheck,
    UsageError,
    Use,
    VisibleMark,
)
from bottega.rights import Door, Gate, Ledger, State

from .again import earlier, frame_plans
from .entering import enter, job_id_of, named_reasons, rests_on, set_aside
from .finish import Closing, finish
from .laying import laid, places_json, places_of, with_places
from .learning import AskedAgainError, check_keeping, learn_units, taught, training_mattes, with_known_weights
from .make import Maker, work_units
from .opening import Inputs, check_keys, one_thread_a_call, open_inputs
from .passes import Pass
from .plan import Plan, plan
from .progress import Progress, Watch, silent
from .register import given_names, record_mattes
from .request import WITHOUT_HANDLES, RepairRequest, Resolved, resolve, settings_json, versions
from .showfolder import ShowFolder
from .surveying import survey_json, survey_of, surveyed, with_survey
from .takefolder import TakeFolder, new_version, same_plan
from .touched import with_faces


@dataclass(frozen=True, kw_only=True)
class House:
    """What a run needs of its show: the folder, the gate, a way to make doors, the ledger, the clock.

    `scene_file` and `blender` are for collapses: what writes a scene as USD, and what finds Blender, or raises UsageError. `painter` is
    for boards: what runs a studio's own model, by the name of a backend, or raises UsageError.
    """

    folder: ShowFolder
    show: Show
    ledger: Ledger
    gate: Gate
    door: Callable[[str], Door]
    clock: Callable[[], datetime]
    declare: Callable[[Use], None]
    words: Callable[..., TextCheck]
    matte_licence_id: str
    training_licence: Callable[[], str | None]
    credit: Callable[[str, str | None], str]
    scene_file: Callable[[Any], bytes]
    blender: Callable[[], Any]
    painter: Callable[[str], Any]


def prepare(house: House, request: RepairRequest) -> Resolved:
    """Resolve a request and put its mattes on record, so that the gate can be asked."""
    job = worded(house, resolve(house.folder, request, show_id=house.show.show_id))
    mattes = (*((job.matte,) if job.matte else ()), *(e for _, e in job.regions))
    known = State.of(house.ledger).exemplars
    roles = {digest: exemplar.roles for digest, exemplar in known.items()}
    record_mattes(house.ledger, mattes, licence_id=house.matte_licence_id, roles=roles)
    training_mattes(house, job)
    if job.use.touches_performer is False:
        house.declare(job.use)
    return job


def worded(house: House, job: Resolved) -> Resolved:
    """The job with what was found in its words: every label and file name that somebody chose. Texts of later jobs belong here too.

    A plate's name is not among them: it says who was filmed, not who is to be made.
    """
    regions = [region.name for region in job.request.regions]
    files = [name for e in job.exemplars if e.role not in (Role.PLATE, Role.MODEL) for name in given_names(e)]
    texts = dict.fromkeys((job.shot.code, job.request.job, *regions, *files))
    return replace(job, use=replace(job.use, text=house.words([*texts])))


def dry_run(house: House, job: Resolved, *, threads: int = 1) -> Plan:
    """The plan of a job, its cost and the gate's answer (which goes on record like any other)."""
    job = with_known_weights(house, with_faces(house, job))
    decision = house.gate.decide(job.use, job_id=job_id_of(job), dry_run=True)
    reasons = decision.reasons
    try:
        if decision.allow:
            check_keeping(house, job, grants=decision.grants, licences=decision.licences)
    except ConsentError as refusal:
        reasons = refusal.reasons
    return plan(job, allowed=not reasons, reasons=tuple(named_reasons(job, reasons)), threads=threads)


def run(house: House, job: Resolved, *, threads: int = 1, watch: Watch = silent, remake_of: Take | None = None) -> Take:
    """Make a take, or go on with an unfinished one of the same plan, or return the finished one that is already there.

    Raises ConsentError before anything is written but the ledger's entry, when the gate says no.
    """
    job_id = job_id_of(job)
    try:
        job = with_known_weights(house, with_faces(house, job))
        right = Pass(house.gate, job.use, job_id=job_id, door=house.door(job_id), clock=house.clock)
        check_keeping(house, job, grants=right.used[0].grants, licences=right.licences(State.of(house.ledger)))
    except ConsentError as refusal:
        raise ConsentError(*named_reasons(job, refusal.reasons)) from refusal
    band = right.band(State.of(house.ledger))
    if band is not None:  # it decides bits as well
        job = replace(job, plan_digest=hashlib.sha256(f"{job.plan_digest} {band.digest}".encode()).hexdigest())
    of = remake_of.take_id if remake_of else None
    folder = same_plan(house.folder.root, job.shot.code, job.request.job, job.plan_digest, remake_of=of)
    if folder is not None and folder.read().state is TakeState.DONE:
        return folder.finished()
    one_thread_a_call()
    inputs = open_inputs(job, right, folder=house.folder, show=house.show)
    try:
        job = _looked_over(job, inputs, folder, watch)
        check_keys(inputs, job)
        _keep_mattes(house, job)
        if folder is None:
            folder, number = new_version(house.folder.root, job.shot.code, job.request.job)
            folder.write(_record(house, job, number, remake_of=remake_of, band=band))
        with folder.held():
            return _make(house, job, inputs, folder, job_id=job_id, threads=threads, watch=watch)
    except ConsentError as refusal:
        raise ConsentError(*named_reasons(job, refusal.reasons)) from refusal
    finally:
        inputs.close()


def _looked_over(job: Resolved, inputs: Inputs, folder: TakeFolder | None, watch: Watch) -> Resolved:
    """The job with what its plate shows, and where keys of other shots lie; an unfinished take has both on record."""
    if folder is None:
        return laid(surveyed(job, inputs, watch), inputs, watch)
    kept = folder.read().settings
    known = with_survey(job, survey_of(kept))
    return with_places(known, places_of(kept)) if job.lent else known


def _keep_mattes(house: House, job: Resolved) -> None:
    """Keep the records of a job's mattes in the show, on the ground that the ledger says."""
    known = State.of(house.ledger).exemplars
    for matte in (job.matte, *(e for _, e in job.regions)):
        if matte is not None:
            ground = known[matte.digest].licence_id if matte.digest in known else house.matte_licence_id
            house.folder.keep(replace(matte, licence_id=ground), copy=False)


def _make(house: House, job: Resolved, inputs: Inputs, folder: TakeFolder, *, job_id: str, threads: int, watch: Watch) -> Take:
    take, right = folder.read(), inputs.right
    house.ledger.append("job.started", {"job_id": job_id, "take_id": take.take_id, "take": take.name, "plan": job.plan_digest})
    folder.drop_unnoted()
    progress = Progress(learn_units(job) + work_units(job.schedule), watch=watch)
    delivery = Delivery(folder.path, take, colour=job.request.deliver_colour)
    began, cpu = time.monotonic(), time.process_time()
    try:
        ready = taught(house, job, inputs, folder, delivery, take=take, progress=progress)
        plans = frame_plans(ready.job)
        again = earlier(house, ready.job, plans) if take.remake_of is None and take.band is None else None
        take, maker = ready.take, Maker(ready, folder, delivery, key_colour=house.show.key_colour, progress=progress, again=again)
        closing = Closing(folder, delivery, ready.inputs, fps=house.show.fps, also=job.request.also, progress=progress)
        maker.run(threads=threads)
        timings = {"wall_seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - cpu, "threads": float(threads)}
        made = finish(take, maker, closing)  # it looks at the right once more: what the take rests on is asked after it
        rest: dict[str, Any] = {"timings": timings, "frame_plans": {str(n): d for n, d in plans.items()}} | rests_on(house, right)
        done = replace(made, **rest)
        # The ledger first: a take that is done and not in the ledger would be missed when its consent is revoked.
        enter(house, done, right, job_id)
    except ConsentError as refusal:
        if set(refusal.codes) != {"ledger_unreachable"} and not isinstance(refusal, AskedAgainError):  # can be put right
            set_aside(house, folder, take, refusal)
        raise
    except (FootageError, UsageError):
        if not folder.has_notes():
            folder.abandon()
        raise
    folder.write(done)
    folder.finish()
    return done


def _as_kept(house: House) -> Callable[[Exemplar], Exemplar]:
    """Painted keys are read from the show's own copy; plates and mattes from where they lie."""
    return lambda e: house.folder.exemplar(e.digest) if house.folder.has_exemplar(e.digest) else e


def _record(house: House, job: Resolved, number: int, *, remake_of: Take | None, band: VisibleMark | None) -> Take:
    kept = _as_kept(house)
    mattes = (*((job.matte,) if job.matte else ()), *(e for _, e in job.regions))
    own = ((None, job.plate), *job.keys.items(), *((None, e) for e in mattes))  # one file may be the key of several frames
    lent = [(k.key.frame, k.painted, k.key.shot) for k in job.lent]
    under = {k.plate.digest: (None, k.plate, k.key.shot) for k in job.lent}
    named = (*((frame, e, None) for frame, e in own), *lent, *under.values())
    inputs = tuple(
        TakeInput(
            digest=e.digest,
            role=e.role,
            name=Path(e.files[0].path).name,
            frame=frame,
            author_id=kept(e).author_id,
            licence_id=kept(e).licence_id,
            shot=shot,
        )
        for frame, e, shot in named
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
        settings=settings_json(job.request) | survey_json(job) | places_json(job) | {WITHOUT_HANDLES: str(job.shot.without_handles)},
        seed=job.request.seed,
        plan_digest=job.plan_digest,
        engine=REVISION,
        versions=versions(learn=job.request.learn is not None),
        started_at=house.clock(),
        remake_of=remake_of.take_id if remake_of else None,
        band=band,
    )
