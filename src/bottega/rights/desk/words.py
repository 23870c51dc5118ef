"""The words of jobs, held against the names on record. Every text that a job takes comes through here."""

from __future__ import annotations

from collections.abc import Sequence

from bottega.model import PersonKind, TextCheck
from bottega.rights.ledger import Ledger
from bottega.rights.names import Names
from bottega.rights.private.people import PeopleStore
from bottega.rights.record.state import State


class WordsDesk:
    """Looks for the people of a show in what users write: labels, file names, and texts once jobs take any."""

    def __init__(self, ledger: Ledger, people: PeopleStore) -> None:
        self._ledger, self._people = ledger, people

    def check(self, texts: Sequence[str]) -> TextCheck:
        """Who is named. Artists are not looked for: they put their names to their own files."""
        known = State.of(self._ledger).people
        names = {s: name for s, name in self._people.all().items() if s in known and known[s].kind is not PersonKind.ARTIST}
        return Names(names).check(texts)
