"""The words of jobs, held against the names on record. Every text that a job takes comes through here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bottega.model import PersonKind, TextCheck
from bottega.rights.ledger import Ledger
from bottega.rights.names import Names
from bottega.rights.private.people import PeopleStore
from bottega.rights.record.state import State


class WordsDesk:
    """Looks for the people of a show in what users write: labels, file names, and texts once jobs take any."""

    def __init__(self, ledger: Ledger, people: PeopleStore) -> None:
        self._ledger, self._people = ledger, people

    def check(self, texts: Sequence[str], *, prompts: Sequence[str] = ()) -> TextCheck:
        """Who is named. Artists are not looked for in labels: they put their names to their own files.

        In `prompts`, what a model is asked for, they are: there a name asks for somebody's manner.
        """
        known = State.of(self._ledger).people
        everybody = {s: name for s, name in self._people.all().items() if s in known}
        labels = Names({s: name for s, name in everybody.items() if known[s].kind is not PersonKind.ARTIST}).check([*texts, *prompts])
        if not prompts:
            return labels
        asked = Names(everybody).check(prompts)
        found = {*labels.found, *asked.found}
        return replace(labels, found=tuple(sorted(found)), near=tuple(sorted({*labels.near, *asked.near} - found)))
