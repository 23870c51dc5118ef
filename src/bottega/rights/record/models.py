"""Section: networks' weights, face templates and models from outside, and when they were destroyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bottega.model import Learned, LearnedKind
from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State


@dataclass(frozen=True)
class KnownModel:
    """Weights or a template as registered; `destroyed_idx` is the entry that says they are gone."""

    learned: Learned
    idx: int
    destroyed_idx: int | None = None


def _registered(kind: LearnedKind) -> Callable[[State, Entry], None]:
    def take_in(state: State, entry: Entry) -> None:
        learned = Learned.from_json(entry.data)
        if learned.extra:
            raise ValueError(f"model {learned.digest[:12]} has the unknown fields {', '.join(sorted(learned.extra))}")
        if learned.kind is not kind or learned.digest in state.models:
            raise ValueError(f"{learned.kind} {learned.digest[:12]} is there already, or is no {kind}")
        state.models[learned.digest] = KnownModel(learned, entry.idx)

    return take_in


def _destroyed(state: State, entry: Entry) -> None:
    known = state.models[text(entry, "digest")]
    if known.destroyed_idx is None:
        state.models[known.learned.digest] = replace(known, destroyed_idx=entry.idx)


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "model.registered": _registered(LearnedKind.NETWORK),
    "model.destroyed": _destroyed,
    "external.registered": _registered(LearnedKind.EXTERNAL),
    "external.destroyed": _destroyed,
    "template.registered": _registered(LearnedKind.TEMPLATE),
    "template.destroyed": _destroyed,
}
