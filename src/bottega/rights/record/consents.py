"""Section: people, their consents, approvals, and what suspends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bottega.model import Approval, Consent, Person
from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class Grant:
    """A consent as it stands: `ended` is None, `revoked` or `superseded`, by the entry `ended_idx`."""

    consent: Consent
    idx: int
    approvals: tuple[Approval, ...] = ()
    ended: str | None = None
    ended_idx: int | None = None


def _person_added(state: State, entry: Entry) -> None:
    person = Person.from_json(entry.data)
    state.people[person.subject_id] = person


def _grant_created(state: State, entry: Entry) -> None:
    consent = Consent.from_json(entry.data)
    grant_id, old = consent.grant_id, consent.supersedes
    if grant_id in state.grants:
        raise ValueError(f"consent {grant_id} is there already")
    if old is not None:
        if state.grants[old].consent.subject_id != consent.subject_id:
            raise ValueError(f"consent {grant_id} would replace one of another person")
        _end(state, old, "superseded", entry.idx)
    state.grants[grant_id] = Grant(consent, entry.idx, approvals=consent.approvals)
    state._by_subject[consent.subject_id] = (*state._by_subject.get(consent.subject_id, ()), grant_id)


def _grant_revoked(state: State, entry: Entry) -> None:
    _end(state, text(entry, "grant_id"), "revoked", entry.idx)


def _end(state: State, grant_id: str, how: str, idx: int) -> None:
    grant = state.grants[grant_id]
    if grant.ended != "revoked":  # a revocation outranks a replacement, and the first one stands
        state.grants[grant_id] = replace(grant, ended=how, ended_idx=idx)


def _approval_added(state: State, entry: Entry) -> None:
    approval = Approval.from_json(entry.data["approval"])
    grant_id = entry.data.get("grant_id")
    if grant_id is not None:
        grant = state.grants[grant_id]
        state.grants[grant_id] = replace(grant, approvals=(*grant.approvals, approval))
    else:
        place = (text(entry, "shot"), text(entry, "job"))
        state.approvals[place] = (*state.approvals.get(place, ()), approval)


def _strike_declared(state: State, entry: Entry) -> None:
    state.strike = True


def _strike_ended(state: State, entry: Entry) -> None:
    state.strike = False


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "person.added": _person_added,
    "grant.created": _grant_created,
    "grant.revoked": _grant_revoked,
    "approval.added": _approval_added,
    "strike.declared": _strike_declared,
    "strike.ended": _strike_ended,
}
