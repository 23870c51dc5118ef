"""What is decided on: the facts of a use, one person's consent held against them, and what was found for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bottega.model import Consent, Person, PersonKind, Reason, Use
from bottega.rights.record.consents import Grant
from bottega.rights.record.state import State


@dataclass(frozen=True)
class Facts:
    """One use, on one state of the ledger, at one instant."""

    use: Use
    state: State
    now: datetime


@dataclass(frozen=True)
class Fit:
    """The facts, one of the people, and one of their consents, held against each other."""

    facts: Facts
    person: Person
    grant: Grant

    @property
    def consent(self) -> Consent:
        """The consent in hand."""
        return self.grant.consent

    @property
    def kind(self) -> PersonKind:
        """What the person is at the instant of the use."""
        return self.person.kind_at(self.facts.now)

    @property
    def ends_at(self) -> datetime:
        """Until when the consent can hold at the longest: a guardian's ends when the minor comes of age."""
        of_age = self.person.of_age_at
        return self.consent.valid_until if of_age is None or self.kind is not PersonKind.MINOR else min(self.consent.valid_until, of_age)

    @property
    def name(self) -> str:
        """How a refusal calls it."""
        return f"consent {self.consent.grant_id} of {self.consent.subject_id}"


@dataclass(frozen=True)
class Answer:
    """What was found for one person: the consent that came closest, and why it does not fit; no reason where it fits wholly.

    `lifted` are reasons against it that a human's resolution or an override set aside.
    """

    closest: Fit | None
    reasons: tuple[Reason, ...] = ()
    lifted: tuple[Reason, ...] = ()

    @property
    def fit(self) -> Fit | None:
        """The consent, if it fits wholly."""
        return None if self.reasons else self.closest


@dataclass(frozen=True)
class Case(Facts):
    """The facts, and what was found for each of the people."""

    answers: tuple[Answer, ...] = ()
