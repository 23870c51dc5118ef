"""Section: the keys of the gate and of the log, and what a named human said of the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bottega.rights.ledger import Entry
from bottega.rights.rotation import rotated_keys

from .reading import text

if TYPE_CHECKING:
    from .state import State


def _key_rotated(state: State, entry: Entry) -> None:
    which, old, new = rotated_keys(entry.data, show_id=state.show_id)
    if which == "gate":
        state.gate_key_id = _follows(state.gate_key_id, old, new)
    else:
        state.log_key_id = _follows(state.log_key_id, old, new)


def _follows(current: str | None, old: str, new: str) -> str:
    if current != old:
        raise ValueError(f"it replaces key {old[:12]}, but the key was {str(current)[:12]}")
    return new


def _clock_accepted(state: State, entry: Entry) -> None:
    text(entry, "by")


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "key.rotated": _key_rotated,
    "clock.accepted": _clock_accepted,
}
