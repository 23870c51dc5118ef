"""Frames of an earlier take that another painted key does not change: they go out again instead of being made again.

Each frame of a finished take has a digest of all that decides its pixels; a frame with the same one holds the same pixels. It is delivered
anew, since its header names the take's plan and its credit the take's sources; the bytes are those that making it would have given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditMap, CreditSource
from bottega.attribution.credit import COPIED
from bottega.footage import DeliveredFrame, Frame, read_delivered, working_space
from bottega.jobs.recipes.schedule import Schedule
from bottega.model import JobError, Role, Take, TakeState, canonical_json

from .lending import lent_facts
from .request import Resolved, plan_digest
from .takefolder import TakeFolder, record_sha256, versions

if TYPE_CHECKING:
    from .run import House

SHORT = 32  # digits of a frame's digest


@dataclass(frozen=True)
class Again:
    """The newest finished take of the shot that shares frames with the one to be made. `frames`: which of them are the same."""

    folder: TakeFolder
    take: Take
    frames: frozenset[int]

    def carried(self, number: int) -> float:
        """How much of the frame's matte the keys reached."""
        return self.take.carried[str(number)]

    def read(self, number: int, plate: Frame, sources: tuple[CreditSource, ...]) -> tuple[DeliveredFrame, CreditMap]:
        """A frame as it was delivered, and its credit with the sources of the take that it goes into.

        Raises CredentialError for a file that is not the one on record, FootageError for damage, JobError for another canvas or source.
        """
        output = next(o for o in self.take.outputs if o.frame == number and o.path.startswith("frames/"))
        made = read_delivered(self.folder.path / output.path, sha256=output.sha256)
        if (made.canvas, made.data, made.colour) != (plate.canvas, plate.canvas, made.working):
            raise JobError(f"frame {number} covers {made.data} in {made.colour}, the plate {plate.canvas} in {made.working}")
        credit = CreditMap.from_channels(dict(made.credit), made.manifest)
        now = {_place(s): s for s in sources}
        if any(_place(s) not in now for s in credit.sources):
            raise JobError(f"frame {number} stands on sources that this take does not have")
        return made, replace(credit, sources=tuple(now[_place(s)] for s in credit.sources))


def frame_plans(job: Resolved) -> dict[int, str]:
    """A digest for each frame of all that decides its pixels: plate, mattes, settings, the keys that serve it, and the way to them."""
    alone = replace(job.request, key_uses=())  # nor is anything lent: it counts where it serves
    mattes = (job.matte, *(e for _, e in job.regions))
    common = plan_digest(alone, plate=job.plate, shot=job.shot, keys={}, mattes=mattes, frames=())
    weights = job.weights.digest if job.weights else None
    schedule, out = job.schedule, {}
    for part in schedule.intervals:
        way = sorted({schedule.moment(n) for n in part.frames})
        for n in part.frames:
            on_key = schedule.moment(n) in job.keys  # the painting itself, whatever lies around it
            facts = {"common": common, "weights": weights, "way": [] if on_key else way, "served": _served(n, schedule, job)}
            out[n] = hashlib.sha256(canonical_json(facts)).hexdigest()[:SHORT]
    return out


def earlier(house: House, job: Resolved, plans: Mapping[int, str]) -> Again | None:
    """The newest finished take that shares frames and lies as the ledger has it: an edited record would bring in any pixels.

    None where there is none, or where frames go out in another form than they are made in: another colour space, 16-bit PNG beside them.
    """
    own = working_space(job.shot.colour, house.show.working_colour) == job.shot.colour
    if not own or job.request.deliver_colour is not None or "png16" in job.request.also:
        return None
    for folder in reversed(versions(house.folder.root, job.shot.code, job.request.job)):
        try:
            take = folder.read()
        except JobError:
            continue
        if take.state is not TakeState.DONE or take.band is not None or folder.lacks(take):
            continue
        same = frozenset(n for n, digest in plans.items() if take.frame_plans.get(str(n)) == digest)
        if same and _on_record(house, take):
            return Again(folder, take, same)
    return None


def untouched(credit: CreditMap) -> NDArray[np.bool_]:
    """Where the plate's own samples go out, (H, W)."""
    plate = [i for i, source in enumerate(credit.sources) if source.role is Role.PLATE]
    whole = credit.parts[plate].sum(0) == credit.parts.sum(0)
    return np.asarray(whole & (credit.claim == COPIED), np.bool_)


def _place(source: CreditSource) -> tuple[object, ...]:
    return source.exemplar, source.role, source.frame, source.shot


def _on_record(house: House, take: Take) -> bool:
    said = house.ledger.entries("output.registered", mentioning=take.take_id)
    return any(e.data["take_id"] == take.take_id and e.data["record_sha256"] == record_sha256(take) for e in said)


def _served(number: int, schedule: Schedule, job: Resolved) -> list[object]:
    moment = schedule.moment(number)
    sides = () if moment in schedule.key_frames else schedule.around(moment, job.request.settings.steady_frames)
    near = (moment, *(n for side in sides for n in side))
    return [[n, [[k, *_painting(k, job), float(w).hex()] for k, w in schedule.serving(n)]] for n in near]


def _painting(frame: int, job: Resolved) -> list[object]:
    return [job.keys[frame].digest] if frame in job.keys else lent_facts([job.lent[job.laid[frame]]])[0]
