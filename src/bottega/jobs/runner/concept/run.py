"""Run a board: clear, open, dress look by look, credit, deliver, sign."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import replace
from typing import Any

from bottega.footage import Band, BoardDelivery, Mark, write_sheet
from bottega.jobs.recipes.concept import REVISION
from bottega.jobs.runner.entering import enter, job_id_of, named_reasons, rests_on, set_aside
from bottega.jobs.runner.opening import one_thread_a_call
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.progress import Progress, Watch, silent
from bottega.jobs.runner.register import given_names
from bottega.jobs.runner.request import versions
from bottega.jobs.runner.run import House
from bottega.jobs.runner.takefolder import TakeFolder, new_version, same_plan
from bottega.model import (
    ConsentError,
    Exemplar,
    FootageError,
    FrameRange,
    Reason,
    Role,
    Take,
    TakeInput,
    TakeState,
    UsageError,
    VisibleMark,
)
from bottega.rights import State

from .angles import SetInputs, SetMaker, open_set
from .ending import finish
from .framing import FrameInputs, FrameMaker, open_painting
from .inputs import CostumeInputs, OpenLineError, open_costume
from .job import COLOUR, JOB, ConceptJob, ConceptRequest, cards_with, painted_with, resolve, sources, uses_of
from .leaking import leak_picture
from .maker import CostumeMaker
from .making import Bench, CardMaker, work_units
from .opened import Opener
from .painting import called, folder_name, painting_versions, with_painted
from .registering import register_board
from .told import sheet_json

MOST_NAMED = 4
LEAKS = "leaks.png"
AnyInputs = CostumeInputs | SetInputs | FrameInputs


def prepare(house: House, request: ConceptRequest) -> ConceptJob:
    """Resolve a request and put the board on record, so that the gate can be asked. Raises UsageError, FootageError."""
    job = resolve(house.folder, request, show_id=house.show.show_id)
    job = register_board(house, worded(house, painted_with(job, painting_versions(job, house.painter))))
    if job.use.touches_performer is False:
        house.declare(job.use)
    return job


def worded(house: House, job: ConceptJob) -> ConceptJob:
    """The job with what was found in its words: every name, fact and file name that somebody chose, and what models are asked for."""
    sheet = job.request.sheet
    facts = [sheet.title, *sheet.facts.values(), *(look.name for look in job.looks)]
    names = [*(s.name for s in sheet.swatches), *(p.name for p in sheet.palettes), *(n for p in sheet.parts for n in p.parts)]
    if sheet.painting is not None:
        names += [f.name for f in sheet.painting.frames]
    if sheet.room is not None:
        names += [*sheet.room.labels, *(a.name for a in sheet.room.angles)]
    prompts = dict.fromkeys(s.painted.prompt for s in sheet.swatches if s.painted is not None)
    files = [name for e in job.exemplars for name in ([folder_name(e)] if e.role is Role.MODEL else given_names(e))]
    texts = dict.fromkeys((job.shot.code, JOB, *facts, *names, *files))
    return replace(job, use=replace(job.use, text=house.words([*texts], prompts=[*prompts])))


def board_reasons(job: ConceptJob, reasons: tuple[Reason, ...]) -> list[Reason]:
    """The gate's reasons with the files that they speak of, and the cards that show them."""
    out = []
    for reason in named_reasons(job, reasons):
        of = [e for e in job.exemplars if e.digest[:12] in reason.detail]
        cards = list(dict.fromkeys(f"{look.number} {look.name!r}" for e in of for look in cards_with(job, e.digest)))
        more = f" and {len(cards) - MOST_NAMED} more" if len(cards) > MOST_NAMED else ""
        where = f"; on card{'s' * (len(cards) > 1)} {', '.join(cards[:MOST_NAMED])}{more}" if cards else ""
        swatches = [name for name, e in job.swatch_pictures().items() if e in of]
        what = f"; swatch {', '.join(swatches)}" if swatches else ""
        out.append(Reason(reason.code, f"{reason.detail}{what}{where}"))
    return out


def run(house: House, job: ConceptJob, *, threads: int = 1, watch: Watch = silent, remake_of: Take | None = None) -> Take:
    """Make a take, or go on with an unfinished one of the same plan, or return the finished one that is already there.

    Raises ConsentError before anything is written but the ledger's entry, when the gate says no.
    """
    job_id = job_id_of(job)
    try:
        right = Pass(house.gate, job.use, job_id=job_id, door=house.door(job_id), clock=house.clock)
        band = right.band(State.of(house.ledger))
        if band is not None:  # it decides bits as well
            job = replace(job, plan_digest=hashlib.sha256(f"{job.plan_digest} {band.digest}".encode()).hexdigest())
        of = remake_of.take_id if remake_of else None
        folder = same_plan(house.folder.root, job.shot.code, JOB, job.plan_digest, remake_of=of)
        if folder is not None and folder.read().state is TakeState.DONE:
            return folder.finished()
        one_thread_a_call()
        inputs = _opened(house, job, right)
        if folder is None:
            folder, number = new_version(house.folder.root, job.shot.code, JOB)
            folder.write(_record(house, job, number, remake_of=remake_of, band=band))
        with folder.held():
            return _make(house, job, inputs, folder, right=right, job_id=job_id, threads=threads, watch=watch)
    except ConsentError as refusal:
        raise ConsentError(*board_reasons(job, refusal.reasons)) from refusal


def _opened(house: House, job: ConceptJob, right: Pass) -> AnyInputs:
    """The board's pictures. Line art that is open is shown with its leaks, beside the takes."""
    opener = Opener(right, folder=house.folder, show=house.show)
    try:
        if job.sheet.painting is not None:
            return open_painting(job, opener)
        return open_costume(job, opener) if job.sheet.room is None else open_set(job, opener)
    except OpenLineError as problem:
        place = house.folder.claim_shot(job.shot.code) / LEAKS
        place.unlink(missing_ok=True)
        shown, band = leak_picture(problem.ink, problem.leaks), right.band(State.of(house.ledger))
        shown = Band(band.text).on_screen(shown) if band else shown
        write_sheet(place, [[("open here", shown)]], mark=Mark.of_copy(house.show.show_id, job.line.digest))
        raise UsageError(f"{problem}; shown in {job.shot.code}/{LEAKS}") from problem


def _maker(house: House, bench: Bench, inputs: AnyInputs) -> CardMaker:
    if isinstance(inputs, SetInputs):
        return SetMaker(bench, inputs)
    if isinstance(inputs, FrameInputs):
        return FrameMaker(bench, inputs)
    whole, painted = with_painted(inputs, bench, painters=house.painter, root=house.folder.root)
    return CostumeMaker(bench, whole, painted=painted)


def _make(house: House, job: ConceptJob, inputs: AnyInputs, folder: TakeFolder, *, right: Pass, **how: Any) -> Take:
    job_id, threads, watch = str(how["job_id"]), int(how["threads"]), how["watch"]
    take = folder.read()
    house.ledger.append("job.started", {"job_id": job_id, "take_id": take.take_id, "take": take.name, "plan": job.plan_digest})
    folder.drop_unnoted()
    progress = Progress(work_units(job), watch=watch)
    delivery = BoardDelivery(folder.path, take)
    began, cpu = time.monotonic(), time.process_time()
    try:
        kept = tuple(_kept(house, e) for e in sources(job))
        bench = Bench(job=job, folder=folder, delivery=delivery, right=right, exemplars=kept, name_of=house.credit, progress=progress)
        maker = _maker(house, bench, inputs)
        maker.run(threads=threads)
        made = finish(take, maker)
        timings = {"wall_seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - cpu, "threads": float(threads)}
        done = replace(made, timings=timings, **rests_on(house, right))
        # The ledger first: a take that is done and not in the ledger would be missed when its licence is revoked.
        enter(house, done, right, job_id)
    except ConsentError as refusal:
        if set(refusal.codes) != {"ledger_unreachable"}:
            set_aside(house, folder, take, refusal)
        raise
    except (FootageError, UsageError):
        if not folder.has_notes():
            folder.abandon()
        raise
    folder.write(done)
    folder.finish()
    return done


def _kept(house: House, e: Exemplar) -> Exemplar:
    kept = house.folder.exemplar(e.digest) if house.folder.has_exemplar(e.digest) else e
    return replace(kept, role=e.role)


def _record(house: House, job: ConceptJob, number: int, *, remake_of: Take | None, band: VisibleMark | None) -> Take:
    inputs = tuple(
        TakeInput(
            digest=e.digest, role=e.role, name=called(e),
            author_id=_kept(house, e).author_id, licence_id=_kept(house, e).licence_id,
        )
        for e in job.exemplars
    )  # fmt: skip
    return Take(
        take_id=secrets.token_hex(16),
        show=house.show.code,
        shot=job.shot.code,
        job=JOB,
        number=number,
        state=TakeState.MAKING,
        frames=FrameRange(first=job.frames[0], last=job.frames[-1]),
        colour=COLOUR,
        inputs=inputs,
        use=job.use,
        settings={"sheet": sheet_json(job.sheet), "uses": uses_of(job), "like": dict(job.request.like)},
        seed=job.request.seed,
        plan_digest=job.plan_digest,
        engine=REVISION,
        versions=versions() | dict(job.painting),
        started_at=house.clock(),
        remake_of=remake_of.take_id if remake_of else None,
        band=band,
    )
