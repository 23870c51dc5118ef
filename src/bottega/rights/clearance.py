"""A clearance: the gate's signed yes to one use, for one job, for a few minutes. Workers can check it, not make it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from bottega.model import Record, UsageError, canonical_json

from .reasons import refusal
from .signing import holds

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST_SPAN = timedelta(minutes=10)
LONGEST_CLEARANCE = 4 * 1024 * 1024
CLEARANCE_PREFIX = b"bottega.clearance/1\n"


@dataclass(frozen=True, kw_only=True)
class Clearance(Record):
    """What was allowed: the pictures in `inputs` (sorted digests), to one job, from `issued_at` up to but not at `expires_at`.

    `decision_idx` is the ledger entry in which the gate recorded its yes. `watermark` says that the result has to carry one.
    `signature` is Ed25519 in lower-case hexadecimal.
    """

    schema: ClassVar[str] = "bottega.clearance"

    clearance_id: str
    show_id: str
    job_id: str
    use_digest: str
    inputs: tuple[str, ...]
    grants: tuple[str, ...]
    decision_idx: int
    issued_at: datetime
    expires_at: datetime
    key_id: str
    watermark: bool = False
    signature: str = ""

    def statement(self) -> bytes:
        """What is signed: the prefix and every field but the signature."""
        fields = self.to_json()
        del fields["signature"]
        return CLEARANCE_PREFIX + canonical_json(fields)

    def to_bytes(self) -> bytes:
        """The only form in which a clearance travels: canonical JSON."""
        return canonical_json(self.to_json())

    @classmethod
    def from_bytes(cls, text: bytes) -> Clearance:
        """Read what `to_bytes` wrote; one byte otherwise and it is refused as `forged`. It is not yet verified."""
        try:
            if len(text) > LONGEST_CLEARANCE:
                raise ValueError(f"{len(text)} bytes, allowed are {LONGEST_CLEARANCE}")
            found = cls.from_json(json.loads(text.decode()))
            if found.to_bytes() != text:
                raise ValueError("not in canonical form")
        except (UsageError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as problem:
            raise refusal("forged", f"this is no clearance: {problem}") from problem
        return found


def sign_clearance(clearance: Clearance, private_key: Ed25519PrivateKey) -> Clearance:
    """The clearance with the gate's signature. For the gate: it signs only what it recorded."""
    return replace(clearance, signature=private_key.sign(clearance.statement()).hex())


def verify_clearance(clearance: Clearance, public_key: Ed25519PublicKey) -> None:
    """Raise ConsentError `forged` unless this very clearance was signed with that key."""
    if type(clearance) is not Clearance:
        raise refusal("forged", f"a Clearance is needed, given {type(clearance).__name__}")
    try:
        statement = clearance.statement()
    except (TypeError, ValueError, AttributeError) as problem:  # dataclasses.replace takes anything
        raise refusal("forged", f"a clearance with impossible fields: {problem}") from problem
    if not holds(public_key, clearance.signature, statement):
        raise refusal("forged", f"clearance {clearance.clearance_id} does not verify")
    if clearance.extra:
        raise refusal("newer_record", f"clearance {clearance.clearance_id} has the unknown fields {', '.join(sorted(clearance.extra))}")
