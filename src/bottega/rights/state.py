"""What the ledger says, as tables to decide on. Rebuilt from the log whenever wanted; never the source of truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bottega.model import Approval, BottegaError, Consent, Licence, Person, Reason, Role, Shot

from .ledger import EMPTY, Entry, Head, Ledger
from .reasons import reason, refusal


@dataclass(frozen=True)
class Grant:
    """A consent as it stands: `ended` is None, `revoked` or `superseded`, by the entry `ended_idx`."""

    consent: Consent
    idx: int
    approvals: tuple[Approval, ...] = ()
    ended: str | None = None
    ended_idx: int | None = None


@dataclass(frozen=True)
class KnownLicence:
    """A licence as it stands; `ended_idx` is the entry that revoked it."""

    licence: Licence
    idx: int
    ended_idx: int | None = None


@dataclass(frozen=True)
class KnownExemplar:
    """A registered picture: under which roles and paths it was registered, and author and licence by the latest entry."""

    digest: str
    roles: frozenset[Role]
    author_id: str | None
    licence_id: str | None
    paths: tuple[str, ...]
    first_frame: int | None
    frame_count: int | None
    colour: str | None
    idx: int


@dataclass(frozen=True)
class Declaration:
    """Somebody's word that the pictures `inputs`, in this job on this shot, show no performer whom the job touches."""

    shot: str
    job: str
    inputs: frozenset[str]
    by: str
    idx: int


class State:
    """The projection. `refresh` reads only what is new, and checks that it follows from what was read before."""

    def __init__(self) -> None:
        self.head: Head = EMPTY
        self.at: datetime | None = None
        self.show_id: str | None = None
        self.gate_key_id: str | None = None
        self.strike = False
        self.people: dict[str, Person] = {}
        self.licences: dict[str, KnownLicence] = {}
        self.exemplars: dict[str, KnownExemplar] = {}
        self.shots: dict[str, Shot] = {}
        self.grants: dict[str, Grant] = {}
        self.declarations: dict[tuple[str, str], tuple[Declaration, ...]] = {}
        self.approvals: dict[tuple[str, str], tuple[Approval, ...]] = {}
        self.cleared: dict[int, Entry] = {}
        self.spent: dict[str, str] = {}
        self._by_subject: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, ledger: Ledger) -> State:
        """Read the whole ledger."""
        state = cls()
        state.refresh(ledger)
        return state

    def refresh(self, ledger: Ledger) -> None:
        """Read the entries written since. Raises ConsentError `ledger_invalid`, `ledger_unreachable`."""
        for entry in ledger.since(self.head):
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """Take one entry in. One that cannot be read stops the gate rather than being passed over."""
        take_in = _KINDS.get(entry.kind)
        try:
            if take_in is not None:
                take_in(self, entry)
            elif not entry.kind.startswith(_PASSED_OVER):
                raise ValueError(f"kind {entry.kind!r} is unknown to this version")
        except (BottegaError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise refusal("ledger_invalid", f"entry {entry.idx} ({entry.kind}) cannot be read: {problem}") from problem
        self.head, self.at = Head(entry.idx + 1, entry.chain), entry.at

    def grants_of(self, subject_id: str) -> tuple[Grant, ...]:
        """All consents of a person, oldest first, also those that ended."""
        return tuple(self.grants[g] for g in self._by_subject.get(subject_id, ()))

    def stopped(self, grants: tuple[str, ...], licences: tuple[str, ...]) -> list[Reason]:
        """Why what was allowed on these grants and licences has to stop now; empty while it may go on."""
        found = []
        for g in grants:
            grant = self.grants[g]
            if grant.ended:
                found.append(reason(grant.ended, f"consent {g} ended by entry {grant.ended_idx}"))
            if self.strike and grant.consent.strike_suspends:
                found.append(reason("strike", f"consent {g} is suspended by a strike"))
        for k in licences:
            if self.licences[k].ended_idx is not None:
                found.append(reason("licence_revoked", f"licence {k} was revoked by entry {self.licences[k].ended_idx}"))
        return found


def _show_created(state: State, entry: Entry) -> None:
    if entry.idx != 0:
        raise ValueError("only the first entry creates the show")
    state.show_id, state.gate_key_id = _text(entry, "show_id"), _text(entry, "gate_key_id")


def _person_added(state: State, entry: Entry) -> None:
    person = Person.from_json(entry.data)
    state.people[person.subject_id] = person


def _licence_added(state: State, entry: Entry) -> None:
    licence = Licence.from_json(entry.data)
    if licence.licence_id in state.licences:
        raise ValueError(f"licence {licence.licence_id} is there already")
    state.licences[licence.licence_id] = KnownLicence(licence, entry.idx)


def _licence_revoked(state: State, entry: Entry) -> None:
    known = state.licences[_text(entry, "licence_id")]
    if known.ended_idx is None:
        state.licences[known.licence.licence_id] = replace(known, ended_idx=entry.idx)


def _exemplar_registered(state: State, entry: Entry) -> None:
    data = entry.data
    digest = _text(entry, "digest")
    before = state.exemplars.get(digest)
    state.exemplars[digest] = KnownExemplar(
        digest=digest,
        roles=frozenset({Role(data["role"])}) | (before.roles if before else frozenset()),
        author_id=data["author_id"],
        licence_id=data["licence_id"],
        paths=tuple(dict.fromkeys((*(before.paths if before else ()), *data["paths"]))),
        first_frame=data["first_frame"],
        frame_count=data["frame_count"],
        colour=data["colour"],
        idx=entry.idx,
    )


def _shot_registered(state: State, entry: Entry) -> None:
    shot = Shot.from_json(entry.data)
    state.shots[shot.code] = shot


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
    _end(state, _text(entry, "grant_id"), "revoked", entry.idx)


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
        place = (_text(entry, "shot"), _text(entry, "job"))
        state.approvals[place] = (*state.approvals.get(place, ()), approval)


def _declaration_made(state: State, entry: Entry) -> None:
    place = (_text(entry, "shot"), _text(entry, "job"))
    inputs = frozenset(str(digest) for digest in entry.data["inputs"])
    made = Declaration(shot=place[0], job=place[1], inputs=inputs, by=_text(entry, "by"), idx=entry.idx)
    state.declarations[place] = (*state.declarations.get(place, ()), made)


def _strike_declared(state: State, entry: Entry) -> None:
    state.strike = True


def _strike_ended(state: State, entry: Entry) -> None:
    state.strike = False


def _gate_decided(state: State, entry: Entry) -> None:
    if entry.data["allow"] is True and entry.data["clearance_id"] is not None:
        state.cleared[entry.idx] = entry


def _clearance_spent(state: State, entry: Entry) -> None:
    state.spent.setdefault(_text(entry, "clearance_id"), _text(entry, "door_id"))


def _text(entry: Entry, name: str) -> str:
    value = entry.data[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}, a text is needed")
    return value


_KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "show.created": _show_created,
    "person.added": _person_added,
    "licence.added": _licence_added,
    "licence.revoked": _licence_revoked,
    "exemplar.registered": _exemplar_registered,
    "shot.registered": _shot_registered,
    "grant.created": _grant_created,
    "grant.revoked": _grant_revoked,
    "approval.added": _approval_added,
    "declaration.made": _declaration_made,
    "strike.declared": _strike_declared,
    "strike.ended": _strike_ended,
    "gate.decided": _gate_decided,
    "clearance.spent": _clearance_spent,
}
_PASSED_OVER = ("job.", "output.", "note.", "review.")
