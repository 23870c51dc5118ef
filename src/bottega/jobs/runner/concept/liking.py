"""A card of an earlier take, found by its number, and what was chosen on it: to vary from, to hold beside another."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bottega.jobs.runner.files import read_json
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.jobs.runner.takefolder import TakeFolder, named
from bottega.model import Output, Take, TakeState, UsageError, shown

from .job import JOB

_WAY = "write it as BOARD/concept/vNNN/CARD, for example consul/concept/v001/7"


@dataclass(frozen=True, kw_only=True)
class FoundCard:
    """A card that was delivered: its take, and its number."""

    folder: TakeFolder
    take: Take
    number: int

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.take.name} {self.number}"

    def output(self, kind: str) -> Output:
        """One of its files. Raises UsageError where it is gone, or is not the one on record."""
        found = next((o for o in self.take.outputs if o.frame == self.number and o.path.startswith(f"{kind}/")), None)
        path = self.folder.path / found.path if found else Path()
        if found is None or not path.is_file():
            raise UsageError(f"card {self.name}: its file under {kind} is gone; make it again with `bottega remake {self.take.folder}`")
        if hashlib.sha256(path.read_bytes()).hexdigest() != found.sha256:
            raise UsageError(f"card {self.name}: {found.path} is not the file on record; make it again with `bottega remake`")
        return found


def find_card(folder: ShowFolder, text: str) -> FoundCard:
    """The card that a user names. Raises UsageError."""
    name, _, number = text.rpartition("/")
    if not number.isdigit() or not name:
        raise UsageError(f"card {shown(text)}: {_WAY}")
    place = named(folder.root, name)
    take = place.read()
    if take.job != JOB or take.state is not TakeState.DONE:
        raise UsageError(f"card {shown(text)}: {take.name} is {take.state.value} and of job {take.job}, needed is a board that is done")
    if int(number) not in take.frames:
        raise UsageError(f"card {shown(text)}: {take.name} has the cards {take.frames}")
    return FoundCard(folder=place, take=take, number=int(number))


def liked(folder: ShowFolder, text: str) -> dict[str, Any]:
    """What was chosen on a card, as a request holds it. Raises UsageError."""
    card = find_card(folder, text)
    said = read_json(card.folder.path / card.output("data").path)
    chosen = said.get("choices") or {}
    if not chosen.get("slots"):
        raise UsageError(f"card {card.name} wears no cloth: there is nothing that could be varied")
    return {"card": card.name, "axis": chosen["axis"], "choices": chosen["slots"], "drawings": chosen["drawings"]}
