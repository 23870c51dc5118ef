"""Putting into the ledger what happens to people and to their consents: death, erasure, suspension, transfer."""

from __future__ import annotations

import secrets
from datetime import date

from bottega.model import UsageError, label, subject_id
from bottega.rights.ledger import Entry, Ledger
from bottega.rights.reasons import refusal

from .consents import DISPUTE, SUSPENSIONS, Grant
from .registry import _need, _record
from .state import State


def record_death(ledger: Ledger, person: str, *, on: date, ref: str) -> Entry:
    """A person died: consents that were not to survive it end now. `ref` points at the document that says so."""
    if on > ledger.clock().date():
        raise UsageError(f"{person}: the day of death is given as {on}, which is to come; allowed is today or before")
    data = {"subject_id": subject_id(person, "subject id"), "on": on.isoformat(), "ref": label(ref, "ref")}

    def check(state: State) -> None:
        _need(person, state.people, "person")
        if person in state.died:
            raise UsageError(f"{person}: the death is on record already, by entry {state.died[person]}")

    return _record(ledger, "subject.died", data, check)


def record_erasure(ledger: Ledger, person: str) -> Entry:
    """A person's key was deleted. Their consents end: nobody could show any more whose they are."""
    data = {"subject_id": subject_id(person, "subject id")}
    return _record(ledger, "subject.erased", data, lambda state: _need(person, state.people, "person"))


def suspend(ledger: Ledger, grant_id: str, *, cause: str, ref: str) -> Entry:
    """A consent does not hold from now on, until it is resumed. A dispute (`cause` dispute) needs nobody's leave."""
    if cause not in SUSPENSIONS:
        raise UsageError(f"cause {cause!r}: allowed are {', '.join(SUSPENSIONS)}")
    data = {"grant_id": grant_id, "cause": cause, "ref": label(ref, "ref")}

    def check(state: State) -> None:
        if cause in _need(grant_id, state.grants, "consent").suspended:
            raise UsageError(f"consent {grant_id} is suspended for that cause already ({cause})")

    return _record(ledger, "grant.suspended", data, check)


def dispute(ledger: Ledger, grant_id: str, *, ref: str) -> Entry:
    """Somebody complains: the consent is suspended by this one entry."""
    return suspend(ledger, grant_id, cause=DISPUTE, ref=ref)


def resume(ledger: Ledger, grant_id: str, *, cause: str, ref: str, by: str) -> Entry:
    """A suspended consent holds again. `by` is the id of who settled it, `ref` points at how."""
    data = {"grant_id": grant_id, "cause": cause, "ref": label(ref, "ref"), "by": subject_id(by, "settled by")}

    def check(state: State) -> None:
        _need(by, state.people, "person")
        causes = _need(grant_id, state.grants, "consent").suspended
        if cause not in causes:
            raise UsageError(f"consent {grant_id} is not suspended for {cause!r}; it is for: {', '.join(causes) or 'nothing'}")

    return _record(ledger, "grant.resumed", data, check)


def request_transfer(ledger: Ledger, grant_id: str, *, to: str, ref: str) -> str:
    """Ask to transfer a consent; gives the request's number. The request is recorded, also one that the consent forbids.

    Raises ConsentError `transfer` where the consent does not allow it. A transfer gives this show nothing, and no other show
    either: that needs a consent of its own.
    """
    asked: list[bool] = []
    transfer_id = f"t_{secrets.token_hex(8)}"
    data = {"grant_id": grant_id, "transfer_id": transfer_id, "to": label(to, "to"), "ref": label(ref, "ref"), "allowed": False}

    def check(state: State) -> None:
        grant = _need(grant_id, state.grants, "consent")
        data["allowed"] = grant.consent.transfer and grant.ended is None
        asked.append(grant.consent.transfer and grant.ended is None)

    _record(ledger, "transfer.requested", data, check)
    if not asked[0]:
        raise refusal(
            "transfer", f"consent {grant_id}: transfer is false, or the consent has ended; the request {transfer_id} is on record"
        )
    return transfer_id


def approve_transfer(ledger: Ledger, grant_id: str, *, transfer_id: str, by: str, ref: str) -> Entry:
    """The union's approval of whom a consent is transferred to."""
    data = {"grant_id": grant_id, "transfer_id": transfer_id, "by": subject_id(by, "approved by"), "ref": label(ref, "ref")}

    def check(state: State) -> None:
        _need(by, state.people, "person")
        _open_transfer(_need(grant_id, state.grants, "consent"), transfer_id)

    return _record(ledger, "transfer.approved", data, check)


def _open_transfer(grant: Grant, transfer_id: str) -> None:
    known = {t.transfer_id: t for t in grant.transfers}
    if not (found := known.get(transfer_id)):
        raise UsageError(f"transfer {transfer_id!r} was never requested; known are: {', '.join(known) or 'none'}")
    if not found.allowed:
        raise refusal("transfer", f"consent {grant.consent.grant_id}: transfer {transfer_id} was refused when it was requested")
    if found.approved_idx is not None:
        raise UsageError(f"transfer {transfer_id} was approved already, by entry {found.approved_idx}")
