"""The people's desk: who is in the show, who came of age, who died, who asked to be forgotten; and strikes."""

from __future__ import annotations

from datetime import date, datetime

from bottega.model import Person, UsageError, shown
from bottega.rights.ledger import Entry, Ledger
from bottega.rights.private.people import PeopleStore
from bottega.rights.record import people_registry, registry
from bottega.rights.records import Records


class PeopleDesk:
    """People by name. Every method reads the log as it stands."""

    def __init__(self, ledger: Ledger, people: PeopleStore, records: Records) -> None:
        self._ledger, self._people, self._records = ledger, people, records

    def add(self, name: str, *, kind: str, of_age_at: datetime | None = None) -> Person:
        """Add a person; the name goes to the sealed store. Raises UsageError for a twin or an unknown kind."""
        return self._records.add_person(name, kind=kind, of_age_at=of_age_at)

    def comes_of_age(self, name: str, *, at: datetime) -> Person:
        """Record, or correct, when a minor comes of age."""
        person = self._records.find(name)
        changed = Person(subject_id=person.subject_id, kind=person.kind, role=person.role, of_age_at=at)
        registry.add_person(self._ledger, changed)
        return changed

    def died(self, name: str, *, on: date, ref: str) -> list[str]:
        """Record a death; gives the consents that end with it."""
        known_as = self._records.find(name).subject_id
        entry = people_registry.record_death(self._ledger, known_as, on=on, ref=ref)
        grants = self._records.state().grants_of(known_as)
        return [g.consent.grant_id for g in grants if g.ended_idx == entry.idx]

    def erase(self, name: str) -> str:
        """Delete a person's key, and with it their name and documents, everywhere; gives the pseudonym that stays in the log."""
        known_as = self._people.find(name)
        if known_as is None:
            raise UsageError(f"person {shown(name)} is not in this show; nobody was erased")
        self._people.erase(known_as, record=lambda: self._record_erased(known_as))
        return known_as

    def strike(self, *, on: bool, ref: str) -> Entry:
        """Begin or end a strike. Raises UsageError where it is so already."""
        if self._records.state().strike is on:
            raise UsageError("a strike is on already" if on else "no strike is on")
        return registry.declare_strike(self._ledger, on=on, ref=ref)

    def _record_erased(self, known_as: str) -> None:
        state = self._records.state()
        if known_as in state.people and known_as not in state.erased:  # else an erasure that was cut off is repeated
            people_registry.record_erasure(self._ledger, known_as)
