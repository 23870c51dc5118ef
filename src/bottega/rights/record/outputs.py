"""Section: what takes delivered. A delivered file that comes back as an input brings along what it was made under."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class Delivered:
    """A take that was delivered: its plan, the consents it was made under and the pictures it was made from."""

    take: str
    plan: str
    grants: tuple[str, ...]
    exemplars: tuple[str, ...]
    idx: int


def _output_registered(state: State, entry: Entry) -> None:
    if "plan" not in entry.data:  # written before deliveries listed their files
        return
    made = Delivered(
        take=text(entry, "take"),
        plan=text(entry, "plan"),
        grants=tuple(str(g) for g in entry.data["grants"]),
        exemplars=tuple(str(e) for e in entry.data["exemplars"]),
        idx=entry.idx,
    )
    state.delivered[made.plan] = (*state.delivered.get(made.plan, ()), made)
    state.delivered_files.update(dict.fromkeys((str(f) for f in entry.data["files"]), made.plan))


KINDS: Mapping[str, Callable[[State, Entry], None]] = {"output.registered": _output_registered}
