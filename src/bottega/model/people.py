"""The people in the ledger, by pseudonym. A legal name is never in a record: it lives in an erasable side store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from .errors import UsageError
from .names import code, shown
from .record import Record

_SUBJECT = re.compile(r"p_[0-9a-f]{8,32}")


class PersonKind(StrEnum):
    """What a person is to the show; it decides who may consent for them."""

    PERFORMER = "performer"
    BACKGROUND = "background"
    MINOR = "minor"
    DECEASED = "deceased"
    VOICE = "voice"
    ARTIST = "artist"


@dataclass(frozen=True, kw_only=True)
class Person(Record):
    """A person of the show: a pseudonym, a kind and a role in plain words (`role` is a code, so it can hold no name).

    `of_age_at` is the instant at which a minor comes of age; from then on nobody else consents for them.
    """

    schema: ClassVar[str] = "bottega.person"

    subject_id: str
    kind: PersonKind
    role: str | None = None
    of_age_at: datetime | None = None

    def __post_init__(self) -> None:
        subject_id(self.subject_id, "Person.subject_id")
        if self.role is not None:
            code(self.role, "Person.role")
        if self.of_age_at is not None:
            if self.of_age_at.tzinfo is None:
                raise UsageError(f"Person.of_age_at: {self.of_age_at.isoformat()} has no time zone; write it as 2027-05-01T00:00:00Z")
            object.__setattr__(self, "of_age_at", self.of_age_at.astimezone(UTC))

    def kind_at(self, now: datetime) -> PersonKind:
        """What the person is at an instant: a minor who came of age is a performer."""
        grown = self.kind is PersonKind.MINOR and self.of_age_at is not None and now >= self.of_age_at
        return PersonKind.PERFORMER if grown else self.kind


def subject_id(text: str, what: str) -> str:
    """A pseudonym: `p_` and 8 to 32 hexadecimal digits. Raises UsageError."""
    if not _SUBJECT.fullmatch(text):
        raise UsageError(f"{what} {shown(text)} is no person's id: allowed is p_ and 8 to 32 digits of 0-9 a-f, never a name")
    return text
