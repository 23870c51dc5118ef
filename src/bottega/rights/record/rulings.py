"""Section: what the production rules by: policy packs, approved places, holds that a human resolved, people's keys, overrides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bottega.model import sha256_text, subject_id
from bottega.rights.ledger import Entry
from bottega.rights.overrides import SignedOverride
from bottega.rights.packs import Pack, read_pack

from .reading import text

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class AdoptedPack:
    """A policy pack that holds, with its whole text: no file is asked again."""

    pack: Pack
    text: str
    sha256: str
    idx: int


@dataclass(frozen=True)
class ApprovedEnvironment:
    """A place that may see production material; `training` says whether networks may be trained there."""

    environment: str
    training: bool
    idx: int


@dataclass(frozen=True)
class Resolution:
    """A human's yes to one held reason, as it was said (`details`), about these pictures and facts, by one role."""

    shot: str
    job: str
    code: str
    inputs: frozenset[str]
    details: frozenset[str]
    facts: str
    by: str
    role: str
    idx: int


@dataclass(frozen=True)
class PersonsKey:
    """A person's own public key (64 digits of hexadecimal) and the role in which they sign; `revoked_idx` is the entry that ended it."""

    key_id: str
    public_key: str
    subject_id: str
    role: str
    idx: int
    revoked_idx: int | None = None


@dataclass(frozen=True)
class Override:
    """An override as it was recorded; whether it holds is checked anew in every decision."""

    signed: SignedOverride
    at: datetime
    idx: int


def _pack_adopted(state: State, entry: Entry) -> None:
    written = text(entry, "text")
    pack = read_pack(written)
    digest = hashlib.sha256(written.encode()).hexdigest()
    if (pack.id, digest) != (text(entry, "pack_id"), text(entry, "sha256")):
        raise ValueError("the pack's id or sha256 is not that of its text")
    state.packs[pack.id] = AdoptedPack(pack, written, digest, entry.idx)


def _pack_dropped(state: State, entry: Entry) -> None:
    del state.packs[text(entry, "pack_id")]


def _environment_approved(state: State, entry: Entry) -> None:
    name, training = text(entry, "environment"), entry.data["training"]
    if not isinstance(training, bool):
        raise ValueError(f"training is {training!r}, true or false is needed")
    state.environments[name] = ApprovedEnvironment(name, training, entry.idx)


def _hold_resolved(state: State, entry: Entry) -> None:
    place = (text(entry, "shot"), text(entry, "job"))
    made = Resolution(
        shot=place[0],
        job=place[1],
        code=text(entry, "code"),
        inputs=frozenset(str(d) for d in entry.data["inputs"]),
        details=frozenset(str(d) for d in entry.data["details"]),
        facts=text(entry, "facts"),
        by=subject_id(text(entry, "by"), "by"),
        role=text(entry, "role"),
        idx=entry.idx,
    )
    state.resolutions[place] = (*state.resolutions.get(place, ()), made)


def _key_registered(state: State, entry: Entry) -> None:
    public = sha256_text(text(entry, "public_key"), "public key")
    name = hashlib.sha256(bytes.fromhex(public)).hexdigest()
    if name != text(entry, "key_id") or name in state.keys:
        raise ValueError(f"key {name[:12]} is registered already, or under another id")
    state.keys[name] = PersonsKey(name, public, subject_id(text(entry, "subject_id"), "subject_id"), text(entry, "role"), entry.idx)


def _key_revoked(state: State, entry: Entry) -> None:
    name = text(entry, "key_id")
    state.keys[name] = replace(state.keys[name], revoked_idx=entry.idx)


def _override_granted(state: State, entry: Entry) -> None:
    signed = SignedOverride.from_json(entry.data)
    if signed.statement.override_id in state.overrides:
        raise ValueError(f"override {signed.statement.override_id} is there already")
    state.overrides[signed.statement.override_id] = Override(signed, entry.at, entry.idx)


def _override_used(state: State, entry: Entry) -> None:
    if text(entry, "override_id") not in state.overrides:
        raise ValueError("an override was used that nobody granted")


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "pack.adopted": _pack_adopted,
    "pack.dropped": _pack_dropped,
    "environment.approved": _environment_approved,
    "hold.resolved": _hold_resolved,
    "key.registered": _key_registered,
    "key.revoked": _key_revoked,
    "override.granted": _override_granted,
    "override.used": _override_used,
}
