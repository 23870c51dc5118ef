"""The takes that were made, as the ledger says: of whom, for what, how many frames, from whose work, and which were set aside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bottega.model import Purpose
from bottega.rights.ledger import Entry, Ledger
from bottega.rights.reasons import refusal

_RANGE = re.compile(r"(-?\d+)(?:-(-?\d+))?(?:x(\d+))?")


@dataclass(frozen=True)
class MadeTake:
    """A finished take. `frames` are the numbers of the frames that it delivered."""

    take: str
    take_id: str
    at: datetime
    shot: str
    job: str
    frames: frozenset[int]
    people: tuple[str, ...]
    purpose: Purpose | None
    age_target: int | None
    delivery: str
    technique: str
    grants: tuple[str, ...]
    licences: tuple[str, ...]
    exemplars: tuple[str, ...]
    set_aside: bool


def made_takes(ledger: Ledger) -> list[MadeTake]:
    """All takes on record, in the order in which they were made. Raises ConsentError `ledger_invalid` for an entry that cannot be read."""
    aside = {e.data["take_id"] for e in ledger.entries(kind="job.quarantined")}
    return [_take(entry, aside) for entry in ledger.entries(kind="output.registered")]


def frame_numbers(text: str) -> frozenset[int]:
    """Frame numbers out of `1001-1010,1012` or `1001-1009x2`. Raises ValueError."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        matched = _RANGE.fullmatch(part)
        if matched is None:
            raise ValueError(f"{part!r} is no range of frames")
        first, last, step = int(matched[1]), int(matched[2] or matched[1]), int(matched[3] or 1)
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _take(entry: Entry, aside: Iterable[str]) -> MadeTake:
    data = entry.data
    try:
        return MadeTake(
            take=data["take"],
            take_id=data["take_id"],
            at=entry.at,
            shot=data["shot"],
            job=data["job"],
            frames=frame_numbers(data["frames"]),
            people=tuple(data["people"]),
            purpose=Purpose(data["purpose"]) if data["purpose"] else None,
            age_target=data["age_target"],
            delivery=data["delivery"],
            technique=data["technique"],
            grants=tuple(data["grants"]),
            licences=tuple(data["licences"]),
            exemplars=tuple(data["exemplars"]),
            set_aside=data["take_id"] in aside,
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise refusal("ledger_invalid", f"entry {entry.idx} ({entry.kind}) does not say what was made: {problem}") from problem
