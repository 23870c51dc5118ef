"""Which frame of a finished take to paint next: read through the gate, for the very use that the take was made for."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bottega.footage import Band, DeliveredFrame, Mark, marked, ranges, read_delivered, write_sheet
from bottega.jobs.recipes.advising import Advice, Compared, Gap, Glance, Unseen, advise, compare, gaps, glance, unseen
from bottega.model import Output, Reason, Take, UsageError, shown
from bottega.rights import State

from .banding import credited
from .laying import places_of, with_places
from .opening import Inputs, one_thread_a_call, open_inputs
from .passes import Pass
from .progress import Progress, Watch, silent
from .remake import finished, plan_remake, restated
from .request import Resolved
from .run import House, worded
from .surveying import survey_of, with_survey
from .takefolder import TakeFolder
from .touched import with_faces
from .views import MOST_WORST, Row, views

JOB = "advise"
MOST_KEYS = 50
SECONDS_A_MEGAPIXEL_READ, SECONDS_A_STEP = 0.25, 0.005  # CPU, measured on the shot that ships
NEXT, STATE = (240, 160, 40), (255, 90, 90)
_READ_UNITS, _STEP_UNITS = 1.0, 0.04  # a frame read from disk; a step of a walk at a glance's size


@dataclass(frozen=True, kw_only=True)
class Advised:
    """Advice on a take: what to paint next, and which states no key shows, in the order of the shot."""

    take: str
    keys: tuple[int, ...]
    frames: int
    next: tuple[Advice, ...]
    unseen: tuple[Unseen, ...]
    sheet: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The advice as JSON values."""
        lacking = {n for state in self.unseen for n in state.frames}
        return {
            "take": self.take,
            "keys": list(self.keys),
            "next": [
                {
                    "frame": a.frame,
                    "expected_gain_db": round(a.gain_db, 2),
                    "between": list(a.between),
                    "serves": ranges(a.serves),
                    "shows": [ranges(s.frames) for s in self.unseen if a.frame in s.frames],
                    "box": list(a.box),
                }
                for a in self.next
            ],
            "unseen_states": [
                {"frames": ranges(s.frames), "best_painted_at": s.frame, "box": list(s.box), "share_of_matte": s.share} for s in self.unseen
            ],
            "coverage": {"frames": self.frames, "whose_state_a_key_shows": self.frames - len(lacking)},
            "sheet": self.sheet,
        }


def advise_on(house: House, folder: TakeFolder, *, count: int, to: Path | None = None, watch: Watch = silent) -> Advised:
    """Say which frames to paint next, and write a sheet of them to `to`. The gate is asked as for the take itself, on record.

    Raises UsageError for a take that is not finished, a count out of range or a file that is there already; ConsentError when the
    gate refuses; CredentialError for a delivered frame that was changed.
    """
    if not 1 <= count <= MOST_KEYS:
        raise UsageError(f"count {count}: allowed is 1 to {MOST_KEYS}")
    if to is not None and to.exists():
        raise UsageError(f"{shown(to.name)} is there already: give another file, or move it")
    take = finished(folder)
    job = _as_made(with_faces(house, worded(house, restated(house, take))), take)
    job_id = f"{take.shot}-{JOB}-{secrets.token_hex(8)}"
    right = Pass(house.gate, job.use, job_id=job_id, door=house.door(job_id), clock=house.clock)
    one_thread_a_call()
    inputs = open_inputs(job, right, folder=house.folder, show=house.show)
    desk = _Desk(job, inputs, folder, take)
    try:
        found = tuple(desk.compared(watch))
        said = advise(found, count=count)
        states = tuple(sorted((s for gap in found for s in unseen(gap)), key=lambda s: s.frames))
        if to is not None:
            band = right.band(State.of(house.ledger))
            rows = list(desk.rows(said, states, Band(band.text) if band else None))
            _write(to, rows, Mark.of(take))
    finally:
        inputs.close()
    return Advised(
        take=take.name,
        keys=job.schedule.key_frames,
        frames=len(job.frames),
        next=said,
        unseen=states,
        sheet=str(to) if to is not None and rows else None,
    )


@dataclass(frozen=True, kw_only=True)
class AdvicePlan:
    """What asking for advice would read and cost, and the gate's answer."""

    take: str
    frames: int
    cpu_seconds: float
    allowed: bool
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)


def plan_advice(house: House, folder: TakeFolder) -> AdvicePlan:
    """The gate's answer to reading the take's plate and frames, on record, and what that would cost; nothing is read."""
    found = plan_remake(house, folder)
    take = finished(folder)
    parts = _gaps(_as_made(restated(house, take), take))
    frames = sum(len(p.frames) for p in parts)
    steps = sum(len(p.frames) * len(p.columns) for p in parts)
    seconds = frames * found.width * found.height / 1e6 * SECONDS_A_MEGAPIXEL_READ + steps * SECONDS_A_STEP
    return AdvicePlan(take=folder.read().name, frames=frames, cpu_seconds=seconds, allowed=found.allowed, reasons=found.reasons)


class _Desk:
    """A finished take, opened: its plates and its delivered frames, one at a time."""

    def __init__(self, job: Resolved, inputs: Inputs, folder: TakeFolder, take: Take) -> None:
        self._job, self._inputs, self._folder, self._take = job, inputs, folder, take
        self._files: Mapping[int, Output] = {o.frame: o for o in take.outputs if o.frame is not None and o.path.startswith("frames/")}

    def compared(self, watch: Watch) -> Iterator[Compared]:
        """The gaps one after another; the frames of one are in memory at a time, and small."""
        parts = _gaps(self._job)
        total = sum(len(p.frames) * (_READ_UNITS + len(p.columns) * _STEP_UNITS) for p in parts)
        progress = Progress(total, watch=watch)
        for part in parts:
            yield self._gap(part, progress)

    def _gap(self, part: Gap, progress: Progress) -> Compared:
        shot = []
        for n in part.frames:
            shot.append(self._glance(n))
            progress.advance("glance", units=_READ_UNITS, frame=n)

        def tick(column: int) -> None:
            self._inputs.right.check()
            progress.advance("compare", units=len(part.frames) * _STEP_UNITS, frame=column)

        settings = self._job.request.settings
        return compare(shot, part.columns, keys=part.keys, settings=settings, stands_for=part.stands_for, tick=tick)

    def _glance(self, number: int) -> Glance:
        plate, made = self._inputs.plate.read(number), self._made(number)
        worked = np.where((made.delta != 0).any(-1), made.matte, np.float32(0))
        return glance(plate.rgb, worked, frame=number, settings=self._job.request.settings)

    def _made(self, number: int) -> DeliveredFrame:
        self._inputs.right.check()
        if number not in self._files:
            raise UsageError(f"{self._take.name} has no frame {number} on record: make the take again")
        output = self._files[number]
        return read_delivered(self._folder.path / output.path, sha256=output.sha256)

    def rows(self, said: Sequence[Advice], states: Sequence[Unseen], band: Band | None) -> Iterator[Row]:
        """The frames to paint next, and those that show a state best, with the places marked."""
        boxes = [(a.frame, f"next {i}", a.box, NEXT) for i, a in enumerate(said, 1)] + [(s.frame, "no key", s.box, STATE) for s in states]
        for n in sorted({frame for frame, *_ in boxes})[:MOST_WORST]:
            plate = self._inputs.plate.read(n)
            seen = views(n, self._made(n), plate, carried=self._take.carried[str(n)], sources=credited(self._inputs, band))
            x, y = plate.display.x - plate.canvas.x, plate.display.y - plate.canvas.y
            here = [(label, (b[0] - x, b[1] - y, b[2] - x, b[3] - y), ink) for frame, label, b, ink in boxes if frame == n]
            yield seen.with_plate(marked(seen.pictures[0][1], here)).small(band)


def _as_made(job: Resolved, take: Take) -> Resolved:
    """The job with what the take's plate showed, and where its keys of other shots lay: a lent key is taken for one painted there."""
    known = with_survey(job, survey_of(take.settings))
    return with_places(known, places_of(take.settings)) if job.lent else known


def _gaps(job: Resolved) -> tuple[Gap, ...]:
    """What lies between the keys, on each side of a cut; a handle is worth no painting, a key in one is still looked from."""
    shown = job.shot.without_handles
    keys = job.schedule.key_frames
    return gaps([n for n in job.frames if n in shown or n in keys], keys, cuts=job.cuts)


def _write(to: Path, rows: Sequence[Row], mark: Mark) -> None:
    if not rows:
        return
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        write_sheet(to, rows, mark=mark)
    except OSError as problem:
        raise UsageError(f"{shown(to.name)} cannot be written: {problem.strerror}") from problem


__all__ = ["AdvicePlan", "Advised", "advise_on", "plan_advice"]
