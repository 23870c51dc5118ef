"""Weights and face templates, by people's names: register, list, say that they are gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bottega.model import Learned, LearnedKind, Purpose, Shot, UsageError, Use, sha256_text, shown, utc_text
from bottega.rights.ledger import Ledger
from bottega.rights.record.models import KnownModel
from bottega.rights.record.models_registry import keeping_ends, register_destruction, register_model
from bottega.rights.record.state import State
from bottega.rights.records import Records

PLATE_OF = "plate:"
FEWEST_DIGITS = 6
LONGEST_KEPT = timedelta(days=365)


class ModelDesk:
    """What was learned from the show's pictures, for whom, and until when it may be kept."""

    def __init__(self, ledger: Ledger, records: Records, *, show_id: str, shot_of: Callable[[str], Shot]) -> None:
        self._ledger, self._records, self._show_id, self._shot_of = ledger, records, show_id, shot_of

    def register(
        self,
        digest: str,
        *,
        kind: LearnedKind,
        people: Sequence[str],
        shots: Sequence[str],
        purposes: Sequence[str],
        trained_on: Sequence[str],
        delete_by: datetime,
        made_by: str | None = None,
    ) -> Learned:
        """Put weights or a template on record, on the consents that hold for its people today. Raises UsageError."""
        state = self._records.state()
        subjects = tuple(self._records.find(name).subject_id for name in people)
        unknown = [p for p in purposes if p not in set(Purpose)]
        if unknown:
            raise UsageError(f"purpose {shown(unknown[0])}: allowed are {', '.join(p.value for p in Purpose)}")
        learned = Learned(
            digest=digest,
            kind=kind,
            show_id=self._show_id,
            subjects=subjects,
            shots=tuple(shots),
            purposes=tuple(Purpose(p) for p in purposes),
            trained_on=tuple(dict.fromkeys(self._picture(text) for text in trained_on)),
            grants=tuple(g for person in subjects for g in _standing(state, person, kind)),
            delete_by=delete_by,
            made_by=made_by,
        )
        there = state.models.get(digest)
        if there is None or there.learned != learned:  # the same again is no other scope: the copy may have failed
            register_model(self._ledger, learned)
        return learned

    def find(self, digits: str) -> KnownModel:
        """The model or template whose digest begins so. Raises UsageError unless there is just one."""
        found = [known for digest, known in self._records.state().models.items() if digest.startswith(digits)]
        if len(digits) < FEWEST_DIGITS or len(found) != 1:
            raise UsageError(
                f"model {shown(digits)}: {len(found)} begin so; give {FEWEST_DIGITS} or more digits of one, from `bottega model list`"
            )
        return found[0]

    def destroyed(self, digest: str, *, how: str, by: str) -> None:
        """Record that a model or template is gone: after this, loading any copy is refused."""
        register_destruction(self._ledger, digest, how=how, by=self._records.artist(by).subject_id)

    def rows(self, *, now: datetime) -> list[dict[str, Any]]:
        """All weights and templates with their people's names, and how each stands: `kept`, `overdue` or `destroyed`."""
        return [
            k.learned.to_json() | {"people": [self._records.name_of(s) for s in k.learned.subjects], "state": standing(k, now=now)}
            for k in self._records.state().models.values()
        ]

    def _picture(self, text: str) -> str:
        return self._shot_of(text.removeprefix(PLATE_OF)).plate if text.startswith(PLATE_OF) else sha256_text(text, "trained on")


def trained_scope(
    state: State, use: Use, grants: Sequence[str], licences: Sequence[str], *, now: datetime
) -> tuple[tuple[str, ...], datetime]:
    """The consents that weights trained under a decision stand on, and until when they may be kept: the earliest end of all it rests on.

    What stands on nobody's consent and on licences without an end is kept for `LONGEST_KEPT`.
    """
    held = [state.grants[g].consent for g in grants if state.grants[g].consent.subject_id in use.people]
    ends = [now + LONGEST_KEPT] if not held else []
    standing_on = []
    for consent in held:
        keeping = keeping_ends(consent, LearnedKind.NETWORK)
        if keeping is not None:
            standing_on.append(consent.grant_id)
            ends.append(min(keeping, consent.valid_until))
    ends += [until for k in licences if (until := state.licences[k].licence.valid_until) is not None]
    return tuple(standing_on), min(ends)


def trained_before(state: State, training: str) -> KnownModel | None:
    """The newest weights on record that came out of that training, whatever became of them."""
    return next((k for k in reversed(state.models.values()) if k.learned.training == training), None)


def standing(known: KnownModel, *, now: datetime) -> str:
    """`kept`, `overdue` (it should be gone by now) or `destroyed`."""
    if known.destroyed_idx is not None:
        return "destroyed"
    return "overdue" if now >= known.learned.delete_by else "kept"


def overdue(state: State, *, now: datetime) -> list[str]:
    """What should be gone by now, in words."""
    late = (k.learned for k in state.models.values() if standing(k, now=now) == "overdue")
    return [f"{m.kind.value} {m.digest[:12]} since {utc_text(m.delete_by)}" for m in late]


def _standing(state: State, person: str, kind: LearnedKind) -> list[str]:
    """The newest consent of a person that lets such a thing be kept."""
    held = [g.consent.grant_id for g in state.grants_of(person) if g.ended is None and keeping_ends(g.consent, kind) is not None]
    return held[-1:]
