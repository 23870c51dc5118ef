"""Section: the show itself, what was declared, and what the gate answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class Declaration:
    """Somebody's word that the pictures `inputs`, in this job on this shot, show no performer whom the job touches."""

    shot: str
    job: str
    inputs: frozenset[str]
    by: str
    idx: int


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the gate, packed: a long show has tens of thousands of them, and few are looked at again."""

    idx: int
    at: datetime
    packed: bytes

    @classmethod
    def of(cls, entry: Entry) -> Answered:
        """Keep what an entry says."""
        return cls(entry.idx, entry.at, orjson.dumps(entry.data))

    @property
    def data(self) -> Mapping[str, Any]:
        """What was said."""
        said: dict[str, Any] = orjson.loads(self.packed)
        return said


def _show_created(state: State, entry: Entry) -> None:
    if entry.idx != 0:
        raise ValueError("only the first entry creates the show")
    state.show_id, state.gate_key_id = text(entry, "show_id"), text(entry, "gate_key_id")
    state.log_key_id = text(entry, "log_key") if "log_key" in entry.data else None


def _declaration_made(state: State, entry: Entry) -> None:
    place = (text(entry, "shot"), text(entry, "job"))
    inputs = frozenset(str(digest) for digest in entry.data["inputs"])
    made = Declaration(shot=place[0], job=place[1], inputs=inputs, by=text(entry, "by"), idx=entry.idx)
    state.declarations[place] = (*state.declarations.get(place, ()), made)


def _gate_decided(state: State, entry: Entry) -> None:
    if entry.data["allow"] is True and entry.data["clearance_id"] is not None:
        state.cleared[entry.idx] = Answered.of(entry)
    place = (entry.data["use"]["shot"], entry.data["use"]["job"])
    if entry.data["allow"] is True:
        state.refused.pop(place, None)
    else:
        state.refused[place] = Answered.of(entry)


def _clearance_spent(state: State, entry: Entry) -> None:
    state.spent.setdefault(text(entry, "clearance_id"), text(entry, "door_id"))


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "show.created": _show_created,
    "declaration.made": _declaration_made,
    "gate.decided": _gate_decided,
    "clearance.spent": _clearance_spent,
}
