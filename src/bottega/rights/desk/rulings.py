"""The rulings desk: policy packs, places, approvals, holds, people's keys and overrides, by the names that users know."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bottega.model import Approval, CredentialError, UsageError, Use, canonical_json, code, shown
from bottega.rights.ledger import Clock, Ledger
from bottega.rights.overrides import SIGNERS, OverrideSignature, OverrideStatement, SignedOverride
from bottega.rights.private.keys import key_folder, key_id, load_private_key, make_private_key
from bottega.rights.record import registry, rulings_registry
from bottega.rights.record.rulings import AdoptedPack, PersonsKey
from bottega.rights.records import Records

LONGEST_FILE = 1024 * 1024


class RulingsDesk:
    """What legal, studio and security decide. Every method reads the log as it stands, and raises UsageError for what is not there."""

    def __init__(self, ledger: Ledger, records: Records, *, show_id: str, clock: Clock) -> None:
        self._ledger, self._records, self._show_id, self._clock = ledger, records, show_id, clock

    def packs(self) -> list[AdoptedPack]:
        """The packs that hold."""
        return list(self._records.state().packs.values())

    def adopt(self, file: Path, *, by: str, role: str, ref: str) -> str:
        """Adopt a pack from a TOML file; gives its id. From then on the log holds its text, and the file is not asked again."""
        entry = rulings_registry.adopt_pack(self._ledger, _text_of(file), by=self._id(by), role=role, ref=ref)
        return str(entry.data["pack_id"])

    def drop(self, pack_id: str, *, by: str, role: str, ref: str) -> None:
        """Let a pack hold no more."""
        rulings_registry.drop_pack(self._ledger, pack_id, by=self._id(by), role=role, ref=ref)

    def approve_environment(self, environment: str, *, training: bool, by: str, role: str, ref: str) -> None:
        """Approve a place for production material, and with `training` for training networks on it."""
        rulings_registry.approve_environment(self._ledger, environment, training=training, by=self._id(by), role=role, ref=ref)

    def approve_job(self, shot: str, *, job: str, role: str, by: str, ref: str) -> None:
        """Record somebody's approval of a job's final delivery on a shot."""
        if shot not in self._records.state().shots:
            raise UsageError(f"shot {shown(shot)} is not in this show: add it with `bottega shot add`")
        registry.approve_job(self._ledger, shot, job=job, approval=self._approval(role, by, ref))

    def approve_consent(self, grant_id: str, *, role: str, by: str, ref: str) -> None:
        """Record somebody's approval of a consent."""
        registry.approve_consent(self._ledger, grant_id, approval=self._approval(role, by, ref))

    def approve_hold(self, held: str, *, shot: str, job: str, by: str, role: str, ref: str) -> list[str]:
        """Resolve what the gate last held for this job on this shot, as it said it then; gives the words that are resolved."""
        data = self._refused(shot, job)
        details = [r["detail"] for r in data["reasons"] if r["code"] == held]
        if not details:
            asked = ", ".join(dict.fromkeys(r["code"] for r in data["reasons"]))
            raise UsageError(f"{shown(held)}: the gate last refused {job} on {shot} for {asked}")
        use = Use.from_json(data["use"])
        rulings_registry.resolve_hold(self._ledger, use, held=held, details=details, by=self._id(by), role=role, ref=ref)
        return details

    def keys(self) -> list[tuple[PersonsKey, str]]:
        """All registered keys, with their owners' names."""
        return [(k, self._records.name_of(k.subject_id)) for k in self._records.state().keys.values()]

    def new_key(self, person: str, *, role: str) -> tuple[str, Path]:
        """Make a key for a person, in one role, and register it; gives its id, and where the private half lies (mode 0600)."""
        if role not in SIGNERS:
            raise UsageError(f"role {shown(role)}: a signing key is for {' or '.join(SIGNERS)}")
        owner = self._id(person)
        path = key_folder() / f"person_{owner}_{secrets.token_hex(4)}.pem"
        public = make_private_key(path).public_key()
        rulings_registry.register_key(self._ledger, public, person=owner, role=role)
        return key_id(public), path

    def revoke_key(self, name: str, *, cause: str) -> None:
        """A key counts no more, for what it signed before too. `name` is its id, or the beginning of it."""
        found = [k for k in self._records.state().keys if name and k.startswith(name)]
        if len(found) != 1:
            raise UsageError(f"key {shown(name)}: {len(found)} registered keys begin so, allowed is one; `bottega key list` shows them")
        rulings_registry.revoke_key(self._ledger, found[0], cause=cause)

    def request_override(self, shot: str, *, job: str, codes: Sequence[str], why: str, until: datetime, to: Path) -> SignedOverride:
        """Write a file that two people are to sign: the use that the gate last refused, and the codes to pass over."""
        data = self._refused(shot, job)
        asked = {r["code"] for r in data["reasons"]}
        if not set(codes) <= asked:
            other, refused = ", ".join(sorted(set(codes) - asked)), ", ".join(sorted(asked))
            raise UsageError(f"{shown(other)}: the gate last refused {job} on {shot} for {refused}")
        statement = OverrideStatement(
            override_id=f"o_{secrets.token_hex(8)}",
            show_id=self._show_id,
            shot=shot,
            job=job,
            use_digest=data["use_digest"],
            inputs=tuple(data["inputs"]),
            codes=tuple(sorted(set(codes))),
            why=why,
            until=until,
        )
        statement.check()
        if to.exists():
            raise UsageError(f"{shown(to.name)} is there already: name a new file")
        return _kept(to, SignedOverride(statement=statement))

    def sign_override(self, file: Path, *, person: str) -> SignedOverride:
        """Add a person's signature to the file, with the registered key of theirs that lies on this machine."""
        signed = read_override(file)
        signed.statement.check()
        owner = self._records.find(person).subject_id
        known = self._records.state().keys
        for path in sorted(key_folder().glob(f"person_{owner}_*.pem")):
            private = load_private_key(path)
            name = key_id(private.public_key())
            if name in known and known[name].revoked_idx is None:
                signature = OverrideSignature(key_id=name, signature=private.sign(signed.statement.to_bytes()).hex())
                others = tuple(s for s in signed.signatures if s.key_id != name)
                return _kept(file, replace(signed, signatures=(*others, signature)))
        raise CredentialError(f"{shown(person)} has no registered key on this machine: make one with `bottega key new`")

    def record_override(self, file: Path) -> str:
        """Put a signed override on record; gives its id. Raises ConsentError `override_invalid`."""
        signed = read_override(file)
        rulings_registry.grant_override(self._ledger, signed)
        return signed.statement.override_id

    def _refused(self, shot: str, job: str) -> Mapping[str, Any]:
        entry = self._records.state().refused.get((code(shot, "shot"), code(job, "job")))
        if entry is None:
            raise UsageError(f"the gate refused no {job} on {shot} last: ask it first, with `bottega decide {shot}`")
        return entry.data

    def _approval(self, role: str, by: str, ref: str) -> Approval:
        return Approval(role=code(role, "role"), approver=self._id(by), at=self._clock(), ref=ref)

    def _id(self, name: str) -> str:
        return self._records.artist(name).subject_id


def read_override(file: Path) -> SignedOverride:
    """Read the file that travels from desk to desk. Raises UsageError."""
    try:
        return SignedOverride.from_json(json.loads(_text_of(file)))
    except (ValueError, TypeError, AttributeError, RecursionError) as problem:
        raise UsageError(f"{shown(file.name)} is no override: {problem}") from problem


def _kept(file: Path, signed: SignedOverride) -> SignedOverride:
    file.write_bytes(canonical_json(signed.to_json()) + b"\n")
    return signed


def _text_of(file: Path) -> str:
    try:
        if file.stat().st_size > LONGEST_FILE:
            raise UsageError(f"{shown(file.name)} has {file.stat().st_size} bytes, allowed are {LONGEST_FILE}")
        return file.read_text("utf-8")
    except (OSError, ValueError) as problem:
        raise UsageError(f"{shown(file.name)} cannot be read: {problem}") from problem
