"""What was made from something that ended: takes by consent, licence or picture, and on through models and chained takes.

Only the entries that say what was made from what are read, and of those only the ones that name the thing asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from bottega.model import UsageError, shown
from bottega.rights.ledger import Entry, Ledger

MADE, PICTURES, MODELS = "output.registered", "exemplar.registered", ("model.registered", "template.registered", "external.registered")
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
    start = _whole(ledger, named)
    onward = _onward(ledger)
    onward[start] = onward.get(start, set()) | _under(ledger, start)
    found: dict[int, AffectedTake] = {}
    by = {start: start}
    names = [start]
    while names:
        reached: dict[str, str] = {}
        for entry in ledger.naming(MADE, names) if len(names) > 1 else ledger.entries(kind=MADE, mentioning=names[0]):
            sources = _sources(entry)
            source = next((n for n in names if n in sources), None)
            if source is not None and entry.idx not in found:
                found[entry.idx] = AffectedTake(entry.data["take"], entry.data["take_id"], entry.idx, by[source])
                reached |= dict.fromkeys(onward.get(entry.data.get("plan") or "", ()), entry.data["take"])
        reached |= {derived: by[name] for name in names for derived in onward.get(name, ())}
        names = [name for name in reached if name not in by]
        by |= {name: reached[name] for name in names}
    return [found[idx] for idx in sorted(found)]


def _sources(entry: Entry) -> set[str]:
    data = entry.data
    return {*data["grants"], *data.get("licences", ()), *data["exemplars"]}


def _onward(ledger: Ledger) -> dict[str, set[str]]:
    """What came of what: of a take's plan the pictures that came back, of pictures their copies, of pictures and consents models."""
    onward: dict[str, set[str]] = {}
    pictures = [e.data for mark in ('"made_by":{', '"derived_from":"') for e in ledger.entries(kind=PICTURES, mentioning=mark)]
    models = [e.data for kind in MODELS for e in ledger.entries(kind=kind)]
    for data in pictures:
        for source in ((data.get("made_by") or {}).get("plan"), data.get("derived_from")):
            if source is not None:
                onward.setdefault(source, set()).add(data["digest"])
    for data in models:
        for source in (*data["trained_on"], *data["grants"]):
            onward.setdefault(source, set()).add(data["digest"])
    return onward


def _under(ledger: Ledger, licence_id: str) -> set[str]:
    """The pictures that are registered under a licence; none for whatever else has that name."""
    return {e.data["digest"] for e in ledger.entries(kind=PICTURES, mentioning=licence_id) if e.data["licence_id"] == licence_id}


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
