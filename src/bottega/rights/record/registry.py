"""Putting facts into the ledger: each is checked against what is there, under the write lock, before it is written.

Whoever may write to the ledger may register; who that is, is for the show's file permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from bottega.model import (
    Approval,
    Consent,
    ConsentError,
    Exemplar,
    Licence,
    Person,
    PersonKind,
    Shot,
    SignatureKind,
    UsageError,
    code,
    label,
    sha256_text,
    subject_id,
)
from bottega.rights.ledger import Entry, Ledger
from bottega.rights.private.keys import key_id
from bottega.rights.signing import verify_consent

from .picture_facts import check_origin, facts_of, made_here
from .state import State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

T = TypeVar("T")

_states: WeakKeyDictionary[Ledger, State] = WeakKeyDictionary()  # each is touched under its ledger's write lock only


def create_show(
    ledger: Ledger, public_key: Ed25519PublicKey, *, show_id: str, show_code: str, log_key: Ed25519PublicKey | None = None
) -> Entry:
    """Begin the log: bind the show to the public keys of its gate and of its log. Raises UsageError when it has begun."""
    data = {"show_id": label(show_id, "show id"), "code": code(show_code, "show code"), "gate_key_id": key_id(public_key)}
    if log_key is not None:
        data["log_key"] = key_id(log_key)
    with ledger.transaction() as transaction:
        if ledger.head().size:
            raise UsageError(f"{ledger.path}: the show was created already; open it instead")
        return transaction.append("show.created", data)


def add_person(ledger: Ledger, person: Person) -> Entry:
    """Add a person by pseudonym, or change their kind or role by a later entry."""

    def check(state: State) -> None:
        if person.subject_id in state.erased:
            raise UsageError(f"{person.subject_id} was erased; add the person under a new pseudonym")
        if person.of_age_at is not None and person.kind is not PersonKind.MINOR:
            raise UsageError(f"of_age_at: {person.subject_id} is a {person.kind.value}; only a minor comes of age")

    return _record(ledger, "person.added", person.to_json(), check)


def add_licence(ledger: Ledger, licence: Licence) -> Entry:
    """Add a licence. One that is there is never changed: revoke it and add another."""
    return _record(ledger, "licence.added", licence.to_json(), lambda state: check_licence(state, licence))


def check_licence(state: State, licence: Licence) -> None:
    """Raise UsageError for a licence that does not belong into this ledger: a twin, or one of another show."""
    if licence.licence_id in state.licences:
        raise UsageError(f"licence {licence.licence_id} is in the ledger already; add the new terms under another id")
    if licence.show_id != state.show_id:
        raise UsageError(f"licence {licence.licence_id} is for show {licence.show_id!r}, allowed is this one, {state.show_id!r}")


def revoke_licence(ledger: Ledger, licence_id: str, *, cause: str) -> Entry:
    """End a licence now."""
    data = {"licence_id": licence_id, "cause": label(cause, "cause")}
    return _record(ledger, "licence.revoked", data, lambda state: _need(licence_id, state.licences, "licence"))


def register_exemplar(ledger: Ledger, exemplar: Exemplar, *, paths: Iterable[str] = ()) -> Entry:
    """Register a picture by its digest. `paths` are where it lay, relative to the show if inside; they decide nothing.

    Raises CredentialError where the record does not hash to its digest.
    """
    exemplar.check()
    data = {
        "digest": exemplar.digest,
        "role": exemplar.role.value,
        "author_id": exemplar.author_id,
        "licence_id": exemplar.licence_id,
        "first_frame": exemplar.first_frame,
        "frame_count": exemplar.frame_count,
        "colour": exemplar.colour,
        "paths": [*paths],
        **facts_of(exemplar),
    }

    def check(state: State) -> None:
        check_origin(state, exemplar)
        made = made_here(state, exemplar)
        data["made_by"] = made and made.to_json()
        if exemplar.author_id is not None:
            _need(exemplar.author_id, state.people, "person")
        if exemplar.licence_id is not None:
            _need(exemplar.licence_id, state.licences, "licence")

    return _record(ledger, "exemplar.registered", data, check)


def register_shot(ledger: Ledger, shot: Shot) -> Entry:
    """Register a shot; its plate has to be registered first."""
    return _record(ledger, "shot.registered", shot.to_json(), lambda state: _need(shot.plate, state.exemplars, "exemplar"))


def add_consent(ledger: Ledger, consent: Consent) -> Entry:
    """Record a consent as it was signed. Raises UsageError for a twin or an unknown person, ConsentError for a false signature."""
    if consent.signature.kind is SignatureKind.ED25519:
        verify_consent(consent)
    if not consent.grant_id.strip():
        raise UsageError("a consent needs a grant_id, given none")

    def check(state: State) -> None:
        check_consent(state, consent, now=ledger.clock())

    return _record(ledger, "grant.created", consent.to_json(), check)


def check_consent(state: State, consent: Consent, *, now: datetime) -> None:
    """Raise UsageError for a consent that does not belong into this ledger: a twin, an unknown person, somebody else's amendment."""
    if consent.grant_id in state.grants:
        raise UsageError(f"consent {consent.grant_id} is in the ledger already; an amended consent needs its own grant_id")
    kind = _need(consent.subject_id, state.people, "person").kind_at(now)
    if consent.subject_id in state.erased:
        raise UsageError(f"consent {consent.grant_id}: {consent.subject_id} was erased; add the person under a new pseudonym")
    if kind is not consent.subject_kind and PersonKind.DECEASED is not kind:
        raise UsageError(f"consent {consent.grant_id}: subject_kind is {consent.subject_kind.value}, the ledger says {kind.value}")
    if consent.supersedes is not None:
        old = _need(consent.supersedes, state.grants, "consent").consent
        if old.subject_id != consent.subject_id:
            raise UsageError(f"consent {consent.grant_id} supersedes {consent.supersedes}, which is of another person")


def revoke(ledger: Ledger, grant_id: str, *, cause: str) -> Entry:
    """End a consent now; when this returns, nothing is cleared on it any more.

    Also one that says it is irrevocable: stopping is always safe, and what it costs is for the lawyers.
    """
    data = {"grant_id": grant_id, "cause": label(cause, "cause")}
    return _record(ledger, "grant.revoked", data, lambda state: _need(grant_id, state.grants, "consent"))


def approve_consent(ledger: Ledger, grant_id: str, approval: Approval) -> Entry:
    """Record that somebody (role legal, studio, director ...) approved a consent."""
    data = {"grant_id": grant_id, "approval": _approval(approval)}
    return _record(ledger, "approval.added", data, lambda state: _need(grant_id, state.grants, "consent"))


def approve_job(ledger: Ledger, shot: str, *, job: str, approval: Approval) -> Entry:
    """Record that somebody approved a job's final delivery on a shot."""
    data = {"shot": code(shot, "shot"), "job": code(job, "job"), "approval": _approval(approval)}
    return _record(ledger, "approval.added", data, lambda state: None)


def declare_no_performer(ledger: Ledger, shot: str, *, job: str, inputs: Iterable[str], by: str) -> Entry:
    """Record somebody's word that these pictures, in this job on this shot, show no performer whom the job touches."""
    digests = sorted({sha256_text(d, "input digest") for d in inputs})
    if not digests:
        raise UsageError("a declaration needs the pictures it is about, given none")
    data = {"shot": code(shot, "shot"), "job": code(job, "job"), "inputs": digests, "by": subject_id(by, "declared by")}
    return _record(ledger, "declaration.made", data, lambda state: _need(by, state.people, "person"))


def declare_strike(ledger: Ledger, *, on: bool, ref: str) -> Entry:
    """Begin or end a strike; `ref` points at the notice."""
    return _record(ledger, "strike.declared" if on else "strike.ended", {"ref": label(ref, "ref")}, lambda state: None)


def _approval(approval: Approval) -> dict[str, Any]:
    for name in ("role", "approver", "ref"):
        label(getattr(approval, name), f"approval {name}")
    return approval.to_json()


def _record(ledger: Ledger, kind: str, data: Mapping[str, Any], check: Callable[[State], object]) -> Entry:
    """Check, write, and read back what was written: an entry that could not be read would shut the gate for good."""
    try:
        with ledger.transaction() as transaction:
            state = _states.setdefault(ledger, State())
            state.refresh(ledger)  # only what is new: many pictures are registered in a row
            if state.show_id is None:
                raise UsageError(f"{ledger.path}: no show yet; create it first")
            check(state)
            entry = transaction.append(kind, data)
            _read_back(state, ledger, kind)
            return entry
    except BaseException:
        _states.pop(ledger, None)  # it may hold what was not written
        raise


def _read_back(state: State, ledger: Ledger, kind: str) -> None:
    try:
        state.refresh(ledger)
    except ConsentError as problem:
        raise UsageError(f"this {kind} was not put on record: it could not be read again, a twin of it may be there") from problem


def _need(key: str, known: Mapping[str, T], what: str) -> T:
    if key not in known:
        raise UsageError(f"{what} {key!r} is not in the ledger; add it first")
    return known[key]
