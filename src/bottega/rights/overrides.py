"""What two people sign when a refusal is to be passed over: one canonical statement, each signature by that person's own key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from bottega.model import Record, canonical_json, label, utc_text

from .reasons import HOLDS, refusal

OVERRIDE_PREFIX = b"bottega.override/1\n"
SIGNERS = ("legal", "studio")
"""The roles that have to sign, each by another person."""
LONGEST_OVERRIDE = timedelta(days=7)
ASKS_THE_PERSON = frozenset({"reconsent"})
"""Holds that only the person concerned can end, by a consent: no human of the production resolves them."""
LIFTABLE = frozenset({"approval_missing"}) | (HOLDS - ASKS_THE_PERSON)
"""What an override may lift: what the production itself asks for. Never a minor rule, a person's no, a licence, or the ledger."""


@dataclass(frozen=True, kw_only=True)
class OverrideStatement(Record):
    """What is signed: for this very use (`use_digest`) of these pictures, these codes are passed over until then, and why."""

    schema: ClassVar[str] = "bottega.override"

    override_id: str
    show_id: str
    shot: str
    job: str
    use_digest: str
    inputs: tuple[str, ...]
    codes: tuple[str, ...]
    why: str
    until: datetime

    def to_bytes(self) -> bytes:
        """The bytes that are signed."""
        return OVERRIDE_PREFIX + canonical_json(self.to_json())

    def check(self) -> None:
        """Raise ConsentError `override_invalid` where it asks for what no override can give."""
        beyond = [c for c in self.codes if c not in LIFTABLE]
        if beyond or not self.codes:
            given = ", ".join(beyond) or "no code"
            raise refusal("override_invalid", f"it would lift {given}; allowed are {', '.join(sorted(LIFTABLE))}")
        if self.extra:
            raise refusal("override_invalid", f"it has unknown fields: {', '.join(sorted(self.extra))}")
        label(self.why, "why")


@dataclass(frozen=True, kw_only=True)
class OverrideSignature(Record):
    """One person's signature: the id of their key, and Ed25519 in lower-case hexadecimal over `OverrideStatement.to_bytes`."""

    key_id: str
    signature: str


@dataclass(frozen=True, kw_only=True)
class SignedOverride(Record):
    """A statement and the signatures it has so far: the file that travels from desk to desk."""

    schema: ClassVar[str] = "bottega.signed-override"

    statement: OverrideStatement
    signatures: tuple[OverrideSignature, ...] = ()


def in_time(statement: OverrideStatement, now: datetime) -> None:
    """Raise ConsentError `override_invalid` where it is over, or runs longer than anybody may ask for."""
    if not now < statement.until <= now + LONGEST_OVERRIDE:
        raise refusal(
            "override_invalid", f"it runs until {utc_text(statement.until)}; allowed is after now, and at most {LONGEST_OVERRIDE.days} days"
        )
