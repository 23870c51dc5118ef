"""Section: people, their consents, approvals, and what suspends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bottega.model import Approval, Consent, Person, PersonKind
from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State


DISPUTE = "dispute"
SUSPENSIONS = {DISPUTE: "disputed", "strike": "strike", "review": "suspended", "other": "suspended"}
"""Why a consent may be suspended, and the reason code of each."""


@dataclass(frozen=True)
class Transfer:
    """A request to transfer a consent: to whom, by which entry, whether the consent allows it, and which entry approved it."""

    transfer_id: str
    to: str
    idx: int
    allowed: bool
    approved_idx: int | None = None


@dataclass(frozen=True)
class Grant:
    """A consent as it stands: `ended` is None, `revoked`, `superseded`, `died` or `erased`, by the entry `ended_idx`.

    `suspended` gives for each cause the entry that suspends it.
    """

    consent: Consent
    idx: int
    approvals: tuple[Approval, ...] = ()
    ended: str | None = None
    ended_idx: int | None = None
    suspended: Mapping[str, int] = field(default_factory=dict)
    transfers: tuple[Transfer, ...] = ()


def _person_added(state: State, entry: Entry) -> None:
    person = Person.from_json(entry.data)
    if person.subject_id in state.died:
        person = replace(person, kind=PersonKind.DECEASED, of_age_at=None)  # nobody comes back by being added again
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
    if grant.ended in (None, "superseded"):  # any other end outranks a replacement, and the first one stands
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


def _grant_suspended(state: State, entry: Entry) -> None:
    grant, cause = state.grants[text(entry, "grant_id")], text(entry, "cause")
    if cause not in SUSPENSIONS:
        raise ValueError(f"cause {cause!r} is unknown to this version")
    state.grants[grant.consent.grant_id] = replace(grant, suspended={**grant.suspended, cause: entry.idx})


def _grant_resumed(state: State, entry: Entry) -> None:
    grant, cause = state.grants[text(entry, "grant_id")], text(entry, "cause")
    state.grants[grant.consent.grant_id] = replace(grant, suspended={c: i for c, i in grant.suspended.items() if c != cause})


def _subject_died(state: State, entry: Entry) -> None:
    person = state.people[text(entry, "subject_id")]
    state.died[person.subject_id] = entry.idx
    state.people[person.subject_id] = replace(person, kind=PersonKind.DECEASED, of_age_at=None)
    for grant in state.grants_of(person.subject_id):
        if not grant.consent.survives_death and grant.consent.subject_kind is not PersonKind.DECEASED:
            _end(state, grant.consent.grant_id, "died", entry.idx)


def _subject_erased(state: State, entry: Entry) -> None:
    subject = state.people[text(entry, "subject_id")].subject_id
    state.erased[subject] = entry.idx
    for grant in state.grants_of(subject):
        _end(state, grant.consent.grant_id, "erased", entry.idx)


def _transfer_requested(state: State, entry: Entry) -> None:
    grant = state.grants[text(entry, "grant_id")]
    asked = Transfer(text(entry, "transfer_id"), text(entry, "to"), entry.idx, allowed=entry.data["allowed"] is True)
    state.grants[grant.consent.grant_id] = replace(grant, transfers=(*grant.transfers, asked))


def _transfer_approved(state: State, entry: Entry) -> None:
    grant, named = state.grants[text(entry, "grant_id")], text(entry, "transfer_id")
    if named not in {t.transfer_id for t in grant.transfers}:
        raise ValueError(f"transfer {named} was never requested")
    done = tuple(replace(t, approved_idx=entry.idx) if t.transfer_id == named else t for t in grant.transfers)
    state.grants[grant.consent.grant_id] = replace(grant, transfers=done)


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "person.added": _person_added,
    "grant.created": _grant_created,
    "grant.revoked": _grant_revoked,
    "approval.added": _approval_added,
    "strike.declared": _strike_declared,
    "strike.ended": _strike_ended,
    "grant.suspended": _grant_suspended,
    "grant.resumed": _grant_resumed,
    "subject.died": _subject_died,
    "subject.erased": _subject_erased,
    "transfer.requested": _transfer_requested,
    "transfer.approved": _transfer_approved,
}
