"""The last question about a take, asked under the ledger's lock: is all of it somebody's work, and does all it rests on still hold?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from bottega.model import ConsentError, Reason, Share, Take

from .decision.case import Facts
from .decision.use_rules import licence_reasons
from .ledger import Entry, Ledger, not_before
from .reasons import reason
from .record.registry import _record
from .record.state import State


def register_output(ledger: Ledger, take: Take, *, job_id: str, record_sha256: str, frames: str, licences: tuple[str, ...]) -> Entry:
    """Record that a take is delivered, with the sha256 of every file, so that any of them is known when it comes back.

    `frames` are those that were made, as people write them; `licences` are those that its clearances rest on. A revocation comes
    wholly before, or wholly after.

    Raises ConsentError, and records nothing: `attribution` where the shares do not sum to 1 or a work has no licence that holds at
    this instant, or why a consent that the take rests on has ended.
    """

    def check(state: State) -> None:
        now = ledger.clock() if state.at is None else not_before(state.at, ledger.clock())
        found = (*state.stopped(take.grants, licences), *_unattributed(take, Facts(take.use, state, now)))
        if found:
            raise ConsentError(*dict.fromkeys(found))

    data = {
        "job_id": job_id,
        "take_id": take.take_id,
        "take": take.name,
        "plan": take.plan_digest,
        "record_sha256": record_sha256,
        "outputs": len(take.outputs),
        "files": sorted({o.sha256 for o in take.outputs}),
        "grants": list(take.grants),
        "exemplars": sorted({i.digest for i in take.inputs}),
        "licences": sorted({i.licence_id for i in take.inputs if i.licence_id is not None}),
        "shot": take.shot,
        "job": take.job,
        "frames": frames,
        "people": list(take.use.people),
        "purpose": take.use.purpose and take.use.purpose.value,
        "age_target": take.use.age_target,
        "delivery": take.use.delivery.value,
        "technique": take.use.technique,
    }
    return _record(ledger, "output.registered", data, check)


def _unattributed(take: Take, facts: Facts) -> Iterator[Reason]:
    yield from _sum_reasons("shares", take.shares, needed=True)
    yield from _sum_reasons("shares of what was touched", take.touched_shares, needed=False)
    works = {s.exemplar for s in (*take.shares, *take.touched_shares)} | {i.digest for i in take.inputs}
    band = take.band.digest if take.band else None  # our own mark: nobody's work, under no licence
    for digest in sorted(works - {band}):
        known = facts.state.exemplars.get(digest)
        if known is None:
            yield reason("attribution", f"work {digest[:12]} in take {take.name} is not in the ledger")
            continue
        for against in licence_reasons(facts, known):
            yield reason("attribution", f"{against.code}: {against.detail.split(';', maxsplit=1)[0]}")


def _sum_reasons(what: str, shares: Sequence[Share], *, needed: bool) -> Iterator[Reason]:
    total = sum((s.share for s in shares), Fraction(0))
    if (shares or needed) and total != 1:
        yield reason("attribution", f"the {what} sum to {total}, allowed is exactly 1")
