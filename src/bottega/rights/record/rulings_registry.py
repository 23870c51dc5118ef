"""Putting into the ledger what the production rules by. Each fact is checked under the write lock before it is written."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bottega.model import UsageError, Use, code, label, sha256_text, shown, subject_id
from bottega.rights.decision.lifting import may_be_resolved, override_holds, resolvers
from bottega.rights.ledger import Entry, Ledger
from bottega.rights.overrides import SIGNERS, SignedOverride, in_time
from bottega.rights.packs import read_pack
from bottega.rights.private.keys import key_id
from bottega.rights.reasons import refusal

from .registry import _need, _record
from .rulings import Override
from .state import State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RULERS = ("legal", "studio")
"""Who may adopt or drop a pack."""
PLACERS = ("security", "studio")
"""Who may approve a place."""


def adopt_pack(ledger: Ledger, text: str, *, by: str | None, role: str | None, ref: str) -> Entry:
    """A pack holds from now on, in place of an older one of its id. `by` and `role` are None for the pack that a new show begins with."""
    written = unicodedata.normalize("NFC", text)
    pack = read_pack(written)
    if by is not None:
        _one_of(role, RULERS, f"adopting pack {pack.id}")
    data = {
        "pack_id": pack.id,
        "sha256": hashlib.sha256(written.encode()).hexdigest(),
        "text": written,
        "by": by,
        "role": role,
        "ref": label(ref, "ref"),
    }

    def check(state: State) -> None:
        if by is not None:
            _need(by, state.people, "person")

    return _record(ledger, "pack.adopted", data, check)


def drop_pack(ledger: Ledger, pack_id: str, *, by: str, role: str, ref: str) -> Entry:
    """A pack holds no more."""
    _one_of(role, RULERS, f"dropping pack {shown(pack_id)}")
    data = _said(by, role, ref) | {"pack_id": code(pack_id, "pack id")}

    def check(state: State) -> None:
        _need(by, state.people, "person")
        _need(pack_id, state.packs, "pack")

    return _record(ledger, "pack.dropped", data, check)


def approve_environment(ledger: Ledger, environment: str, *, training: bool, by: str, role: str, ref: str) -> Entry:
    """A place may see production material; with `training`, networks may be trained there. A later entry changes it."""
    _one_of(role, PLACERS, "approving a place")
    data = _said(by, role, ref) | {"environment": code(environment, "environment"), "training": training}
    return _record(ledger, "environment.approved", data, lambda state: _need(by, state.people, "person"))


def resolve_hold(ledger: Ledger, use: Use, *, held: str, details: Iterable[str], by: str, role: str, ref: str) -> Entry:
    """A named human says that a held use may go on: one code, as it was said (`details`), about its pictures and facts."""
    if not may_be_resolved(held):
        raise UsageError(f"{shown(held)} is no hold that the production can resolve; `bottega decide --explain` says who can")
    _one_of(role, resolvers(held), f"resolving {held}")
    said, pictures = sorted(set(details)), sorted({sha256_text(i.digest, "input digest") for i in use.inputs})
    if not said or not pictures:
        raise UsageError("a resolution needs the pictures and the words that it is about; ask the gate first, with `bottega decide`")
    place = {"shot": code(use.shot, "shot"), "job": code(use.job, "job")}
    data = _said(by, role, ref) | place | {"code": held, "inputs": pictures, "facts": use.facts_digest(), "details": said}
    return _record(ledger, "hold.resolved", data, lambda state: _need(by, state.people, "person"))


def register_key(ledger: Ledger, public_key: Ed25519PublicKey, *, person: str, role: str) -> Entry:
    """A person's own key, and the role in which they sign. A key belongs to one person, in one role."""
    _one_of(role, SIGNERS, "a signing key")
    name = key_id(public_key)
    data = {"key_id": name, "public_key": public_key.public_bytes_raw().hex(), "subject_id": subject_id(person, "person"), "role": role}

    def check(state: State) -> None:
        _need(person, state.people, "person")
        if name in state.keys:
            raise UsageError(f"key {name[:12]} is registered already; make another one")

    return _record(ledger, "key.registered", data, check)


def revoke_key(ledger: Ledger, name: str, *, cause: str) -> Entry:
    """A person's key counts no more, for what it signed before too."""
    data = {"key_id": sha256_text(name, "key id"), "cause": label(cause, "cause")}
    return _record(ledger, "key.revoked", data, lambda state: _need(name, state.keys, "key"))


def grant_override(ledger: Ledger, signed: SignedOverride) -> Entry:
    """Record an override. Raises ConsentError `override_invalid` unless two people signed it, it may be asked for, and is in time."""
    statement = signed.statement
    statement.check()
    now = ledger.clock()
    in_time(statement, now)

    def check(state: State) -> None:
        if statement.show_id != state.show_id:
            raise refusal("override_invalid", f"it is for show {statement.show_id}, this is {state.show_id}")
        if statement.override_id in state.overrides:
            raise refusal("override_invalid", f"override {statement.override_id} is on record already")
        if not override_holds(Override(signed, now, -1), state):
            raise refusal("override_invalid", f"it is not signed by two different people, {' and '.join(SIGNERS)}, with registered keys")

    return _record(ledger, "override.granted", signed.to_json(), check)


def _said(by: str, role: str, ref: str) -> dict[str, Any]:
    return {"by": subject_id(by, "by"), "role": role, "ref": label(ref, "ref")}


def _one_of(role: str | None, allowed: tuple[str, ...], what: str) -> None:
    if role not in allowed:
        raise UsageError(f"{what} is for {' or '.join(allowed)}, given {shown(str(role))}")
