"""The desk of what was used: per performer for payroll and residuals, and the words for the end credits. Both from the same records."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from bottega.model import Compensation, Role
from bottega.rights.ledger import Ledger
from bottega.rights.private.people import ERASED
from bottega.rights.record.made import MadeTake, made_takes
from bottega.rights.record.state import State
from bottega.rights.records import Records

from .disclosure import Credit, Disclosure, LikenessUse

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Usage:
    """What was made with one person's likeness on one shot, for one purpose and delivery class.

    `frames` counts each frame number once, however many takes there are of it; `seconds` is exact. `days_worked_on` are the
    days (UTC) on which takes were finished; `days_agreed` is what the consents' compensation says, None where it says nothing.
    """

    person: str
    subject_id: str
    shot: str
    purpose: str
    delivery: str
    takes: int
    set_aside: int
    frames: int
    seconds: Fraction
    days_worked_on: int
    days_agreed: int | None
    basis: str
    grants: tuple[str, ...]
    payroll_refs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The row as JSON values; seconds as an exact fraction."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return plain | {"seconds": str(self.seconds), "grants": [*self.grants], "payroll_refs": [*self.payroll_refs]}


class UsageDesk:
    """Reads the ledger; `credit` gives how an author of a picture under a licence is named."""

    def __init__(self, ledger: Ledger, records: Records, *, fps: Fraction, credit: Callable[[str, str | None], str]) -> None:
        self._ledger, self._records, self._fps, self._credit = ledger, records, fps, credit

    def usage(self, person: str | None = None) -> list[Usage]:
        """A row for each person, shot, purpose and delivery class; of one person, or of all. Takes that were set aside are counted, too."""
        wanted = self._records.find(person).subject_id if person is not None else None
        state, groups = self._records.state(), dict[tuple[str, str, str, str], list[MadeTake]]()
        for take in made_takes(self._ledger):
            for subject in take.people:
                if wanted in (None, subject):
                    purpose = take.purpose.value if take.purpose else NOT_STATED
                    groups.setdefault((subject, take.shot, purpose, take.delivery), []).append(take)
        return [self._row(state, key, takes) for key, takes in sorted(groups.items())]

    def csv(self, rows: Iterable[Usage]) -> str:
        """The rows for a spreadsheet. What a spreadsheet would take for a formula gets an apostrophe before it."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n")
        write.writerow([f.name for f in fields(Usage)])
        for row in rows:
            write.writerow([_cell(getattr(row, f.name)) for f in fields(Usage)])
        return out.getvalue()

    def disclosure(self, *, title: str, final_only: bool = False) -> Disclosure:
        """What the end credits have to say: whose likeness was altered, from whose work pictures were made, by which techniques."""
        takes = [t for t in made_takes(self._ledger) if not t.set_aside and (not final_only or t.delivery == "final")]
        state = self._records.state()
        uses: dict[tuple[str, str], set[tuple[str, int]]] = {}
        for take in takes:
            for subject in take.people:
                how = take.purpose.value if take.purpose else NOT_STATED
                uses.setdefault((subject, how), set()).update((take.shot, frame) for frame in take.frames)
        likenesses = [LikenessUse(self._named(s), how, *self._extent(frames)) for (s, how), frames in sorted(uses.items())]
        return Disclosure(
            title=title,
            takes=len(takes),
            likenesses=tuple(likenesses),
            credits=tuple(self._credits(state, takes)),
            techniques=tuple(sorted({t.technique for t in takes})),
        )

    def _row(self, state: State, key: tuple[str, str, str, str], takes: Sequence[MadeTake]) -> Usage:
        subject, shot, purpose, delivery = key
        own = {g.consent.grant_id: g.consent.compensation for g in state.grants_of(subject)}
        grants = sorted({g for t in takes for g in t.grants if g in own})
        paid = [c for c in (own[g] for g in grants) if c is not None]
        frames = {n for t in takes for n in t.frames}
        return Usage(
            person=self._records.name_of(subject),
            subject_id=subject,
            shot=shot,
            purpose=purpose,
            delivery=delivery,
            takes=len(takes),
            set_aside=sum(t.set_aside for t in takes),
            frames=len(frames),
            seconds=len(frames) / self._fps,
            days_worked_on=len({t.at.date() for t in takes}),
            days_agreed=_days(paid),
            basis=", ".join(dict.fromkeys(c.basis for c in paid)) or NOT_STATED,
            grants=tuple(grants),
            payroll_refs=tuple(dict.fromkeys(c.payroll_ref for c in paid if c.payroll_ref)),
        )

    def _extent(self, frames: set[tuple[str, int]]) -> tuple[int, Fraction]:
        return len({shot for shot, _ in frames}), len(frames) / self._fps

    def _named(self, subject: str) -> str:
        name = self._records.name_of(subject)
        return "a person whose name was erased" if name == ERASED else name

    def _credits(self, state: State, takes: Iterable[MadeTake]) -> Iterable[Credit]:
        """Whose works pictures were made from: keys and references, once for each author and way of being named."""
        found: dict[str, set[str]] = {}
        for take in takes:
            for digest in take.exemplars:
                known = state.exemplars.get(digest)
                if known is None or known.author_id is None or not known.roles & {Role.KEY, Role.REFERENCE}:
                    continue
                name = self._credit(known.author_id, known.licence_id)
                found.setdefault("an artist whose name was erased" if name == ERASED else name, set()).add(digest)
        return [Credit(name, len(works)) for name, works in sorted(found.items())]


def _cell(value: object) -> str:
    text = " ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _days(paid: Sequence[Compensation]) -> int | None:
    """The days of all consents together, None where none says any."""
    said = [c.days for c in paid if c.days is not None]
    return sum(said) if said else None
