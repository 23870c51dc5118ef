"""Run a collapse: clear, open, build, simulate, finish frame by frame, credit, deliver, sign."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bottega.footage import Delivery
from bottega.jobs.recipes.collapse import REVISION
from bottega.jobs.runner.entering import enter, job_id_of, named_reasons, rests_on, set_aside
from bottega.jobs.runner.opening import one_thread_a_call
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.progress import Progress, Watch, silent
from bottega.jobs.runner.register import given_names, record_mattes
from bottega.jobs.runner.request import versions
from bottega.jobs.runner.run import House
from bottega.jobs.runner.takefolder import TakeFolder, new_version, same_plan
from bottega.model import ConsentError, Exemplar, FootageError, FrameRange, Role, Take, TakeInput, TakeState, UsageError, VisibleMark
from bottega.rights import State

from .ending import closing_of, finish
from .inputs import CollapseInputs, open_inputs
from .job import JOB, LIBRARIES, CollapseJob, CollapseRequest, check_installed, needs_blender, resolve, sheet_json, with_programs
from .maker import CollapseMaker, cpu_seconds, work_units


def prepare(house: House, request: CollapseRequest) -> CollapseJob:
    """Resolve a request and put its matte on record, so that the gate can be asked. Raises UsageError, FootageError."""
    check_installed(request)
    job = worded(house, resolve(house.folder, request, show_id=house.show.show_id))
    known = State.of(house.ledger).exemplars
    roles = {digest: exemplar.roles for digest, exemplar in known.items()}
    record_mattes(house.ledger, steering(job), licence_id=house.matte_licence_id, roles=roles)
    if job.use.touches_performer is False:
        house.declare(job.use)
    return job


def steering(job: CollapseJob) -> tuple[Exemplar, ...]:
    """What steers and is no source: the building's matte, an artist's .blend."""
    return (job.building,) if job.artist is None else (job.building, job.artist)


def worded(house: House, job: CollapseJob) -> CollapseJob:
    """The job with what was found in its words: every label and file name that somebody chose; and with the programs that it needs.

    Raises UsageError for a program that this machine lacks.
    """
    faces = [face.name for face in job.request.sheet.faces]
    files = [name for e in job.exemplars if e.role is not Role.PLATE for name in given_names(e)]
    texts = dict.fromkeys((job.shot.code, JOB, *faces, *files))
    job = replace(job, use=replace(job.use, text=house.words([*texts])))
    if not needs_blender(job.request):
        return job
    programs = {"blender": house.blender().version}
    return replace(job, programs=programs, plan_digest=with_programs(job.plan_digest, programs))


def run(
    house: House, job: CollapseJob, *, threads: int = 1, watch: Watch = silent, remake_of: Take | None = None, preview_only: bool = False
) -> Take:
    """Make a take, or go on with an unfinished one of the same plan, or return the finished one that is already there.

    With `preview_only` it stops after the preview of the fall, and goes on from there another time.
    Raises ConsentError before anything is written but the ledger's entry, when the gate says no.
    """
    job_id = job_id_of(job)
    try:
        right = Pass(house.gate, job.use, job_id=job_id, door=house.door(job_id), clock=house.clock)
    except ConsentError as refusal:
        raise ConsentError(*named_reasons(job, refusal.reasons)) from refusal
    band = right.band(State.of(house.ledger))
    if band is not None:  # it decides bits as well
        job = replace(job, plan_digest=hashlib.sha256(f"{job.plan_digest} {band.digest}".encode()).hexdigest())
    of = remake_of.take_id if remake_of else None
    folder = same_plan(house.folder.root, job.shot.code, JOB, job.plan_digest, remake_of=of)
    if folder is not None and folder.read().state is TakeState.DONE:
        return folder.finished()
    one_thread_a_call()
    inputs = open_inputs(job, right, folder=house.folder, show=house.show)
    try:
        known = State.of(house.ledger).exemplars
        for steers in steering(job):
            ground = known[steers.digest].licence_id if steers.digest in known else house.matte_licence_id
            house.folder.keep(replace(steers, licence_id=ground), copy=steers is job.artist)
        if folder is None:
            folder, number = new_version(house.folder.root, job.shot.code, JOB)
            folder.write(_record(house, job, number, remake_of=remake_of, band=band))
        with folder.held():
            program = house.blender() if needs_blender(job.request) else None
            how = {"threads": threads, "watch": watch, "preview_only": preview_only, "program": program}
            return _make(house, job, inputs, folder, job_id=job_id, **how)
    except ConsentError as refusal:
        raise ConsentError(*named_reasons(job, refusal.reasons)) from refusal
    finally:
        inputs.close()


def _make(house: House, job: CollapseJob, inputs: CollapseInputs, folder: TakeFolder, **how: Any) -> Take:
    job_id, threads, watch = str(how["job_id"]), int(how["threads"]), how["watch"]
    take = folder.read()
    house.ledger.append("job.started", {"job_id": job_id, "take_id": take.take_id, "take": take.name, "plan": job.plan_digest})
    folder.drop_unnoted()
    progress = Progress(work_units(job), watch=watch)
    delivery = Delivery(folder.path, take)
    began, cpu = time.monotonic(), cpu_seconds()
    maker = CollapseMaker(job, inputs, folder, delivery, house.show, progress=progress, scene_file=house.scene_file, program=how["program"])
    try:
        closing = closing_of(folder, delivery, inputs, fps=house.show.fps, also=job.request.also, progress=progress)
        maker.run(threads=threads, preview_only=how["preview_only"])
        if how["preview_only"]:
            return folder.read()
        timings = {"wall_seconds": time.monotonic() - began, "cpu_seconds": cpu_seconds() - cpu, "threads": float(threads)}
        made = finish(take, maker, closing)
        done = replace(made, timings=timings | maker.stages(), **rests_on(house, inputs.right))
        # The ledger first: a take that is done and not in the ledger would be missed when its consent is revoked.
        enter(house, done, inputs.right, job_id)
    except ConsentError as refusal:
        if set(refusal.codes) != {"ledger_unreachable"}:
            set_aside(house, folder, take, refusal)
        raise
    except (FootageError, UsageError) as problem:
        if not folder.has_notes() and not (isinstance(problem, FootageError) and maker.fell()):
            folder.abandon()
        raise
    folder.write(done)
    folder.finish()
    return done


def _record(house: House, job: CollapseJob, number: int, *, remake_of: Take | None, band: VisibleMark | None) -> Take:
    def kept(e: Exemplar) -> Exemplar:
        return house.folder.exemplar(e.digest) if house.folder.has_exemplar(e.digest) else e

    inputs = tuple(
        TakeInput(
            digest=e.digest, role=e.role, name=Path(e.files[0].path).name,
            author_id=kept(e).author_id, licence_id=kept(e).licence_id,
        )
        for e in job.exemplars
    )  # fmt: skip
    uses = {"plate": job.plate.digest, "reference": job.reference.digest} | ({"clean": job.clean.digest} if job.clean else {})
    uses |= {"blend": job.artist.digest} if job.artist else {}
    settings: dict[str, Any] = {
        "sheet": sheet_json(job.request.sheet),
        "uses": uses | {what: e.digest for what, e in job.exemplars_by_use.items()},
        "also": list(job.request.also),
    }
    return Take(
        take_id=secrets.token_hex(16),
        show=house.show.code,
        shot=job.shot.code,
        job=JOB,
        number=number,
        state=TakeState.MAKING,
        frames=FrameRange(first=job.frames[0], last=job.frames[-1]),
        colour=job.shot.colour,
        inputs=inputs,
        use=job.use,
        settings=settings,
        seed=job.request.seed,
        plan_digest=job.plan_digest,
        engine=REVISION,
        versions=versions(also=LIBRARIES) | dict(job.programs),
        started_at=house.clock(),
        remake_of=remake_of.take_id if remake_of else None,
        band=band,
    )
