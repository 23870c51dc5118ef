"""What was made from something that ended: takes by consent, licence or picture, and on through models and chained takes.

Only the entries that say what was made from what are read, and of those only the ones that name the thing asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bottega.model import UsageError, shown
from bottega.rights.ledger import Entry, Ledger

MADE, PICTURES, MODELS = "output.registered", "exemplar.registered", ("model.registered", "template.registered")
SHORTEST_DIGEST = 8


@dataclass(frozen=True)
class AffectedTake:
    """A take, the entry that registered it, and by what it is affected: the thing asked for, a picture, or a take before it."""

    take: str
    take_id: str
    idx: int
    by: str


def affected(ledger: Ledger, named: str) -> list[AffectedTake]:
    """The takes made from a consent, a licence or a picture, in the order in which they were made. Raises UsageError.

    `named` is a grant's or licence's id, or a digest, of which the first eight digits are enough where it is one only.
    """
    found: dict[int, AffectedTake] = {}
    seen: set[str] = set()
    waiting = [(_whole(ledger, named), "")]
    while waiting:
        thing, before = waiting.pop()
        if thing in seen:
            continue
        seen.add(thing)
        for entry in ledger.entries(kind=MADE, mentioning=thing):
            if thing in _sources(entry) and entry.idx not in found:
                found[entry.idx] = AffectedTake(entry.data["take"], entry.data["take_id"], entry.idx, before or thing)
                waiting += [(digest, entry.data["take"]) for digest in _made_by(ledger, entry)]
        waiting += [(digest, before or thing) for digest in _derived(ledger, thing)]
    return [found[idx] for idx in sorted(found)]


def _sources(entry: Entry) -> set[str]:
    data = entry.data
    return {*data["grants"], *data.get("licences", ()), *data["exemplars"]}


def _made_by(ledger: Ledger, take: Entry) -> Iterator[str]:
    """Pictures that came back as inputs: delivered by this take, as their registration says."""
    plan = take.data.get("plan")
    if plan is not None:
        for entry in ledger.entries(kind=PICTURES, mentioning=plan):
            if (entry.data.get("made_by") or {}).get("plan") == plan:
                yield entry.data["digest"]


def _derived(ledger: Ledger, thing: str) -> Iterator[str]:
    """Pictures under a licence or re-encoded from a picture, and models trained on one or under a consent."""
    for entry in ledger.entries(kind=PICTURES, mentioning=thing):
        if thing in (entry.data["licence_id"], entry.data.get("derived_from")):
            yield entry.data["digest"]
    for kind in MODELS:
        for entry in ledger.entries(kind=kind, mentioning=thing):
            if thing in (*entry.data["trained_on"], *entry.data["grants"]):
                yield entry.data["digest"]


def _whole(ledger: Ledger, named: str) -> str:
    """The id, or the digest that begins so. Raises UsageError for what the ledger does not know."""
    for kind, name in (("grant.created", "grant_id"), ("licence.added", "licence_id")):
        if named and any(e.data[name] == named for e in ledger.entries(kind=kind, mentioning=named)):
            return named
    if len(named) < SHORTEST_DIGEST or not set(named) <= set("0123456789abcdef"):
        raise UsageError(f"{shown(named)} is no consent and no licence on record, and no digest of {SHORTEST_DIGEST} to 64 digits")
    begun = {str(e.data["digest"]) for e in ledger.entries(kind=PICTURES, mentioning=named) if e.data["digest"].startswith(named)}
    if len(begun) != 1:
        raise UsageError(f"digest {named}: {len(begun)} pictures on record begin so; allowed is one, with as many digits as it takes")
    return begun.pop()
