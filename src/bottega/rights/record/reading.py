"""Reading what an entry says, strictly: whatever is not as it should be stops the gate."""

from __future__ import annotations

from bottega.rights.ledger import Entry


def text(entry: Entry, name: str) -> str:
    """A text of an entry, never empty. Raises ValueError, KeyError."""
    value = entry.data[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}, a text is needed")
    return value
