"""The table of uses, computed: for every adopted pack its questions and the rows that speak of the case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bottega.model import Reason
from bottega.rights.packs import Answer, Condition, Pack, Question, Row
from bottega.rights.reasons import reason

from .case import Case
from .consent_rules import roles_by_now
from .facts import fact
from .policy import policy

_NOTHING: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One question or row of a pack, held against a case: its answer, and what is missing for a yes.

    For a row the answer says whether it speaks of the case. `lacks` are approvals by role, `unmet` needs that do not hold,
    `unknown` facts that would decide.
    """

    id: str
    says: str
    answer: Answer
    risk: str
    signs: str
    code: str | None
    lacks: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@policy
def asked_by_packs(case: Case) -> Iterator[Reason]:
    """Every adopted policy pack is content: nothing it asks is missing, and who has to sign has signed."""
    for adopted in case.state.packs.values():
        yield from _reasons(adopted.pack, lines(case, adopted.pack))


def lines(case: Case, pack: Pack) -> tuple[Line, ...]:
    """The pack's questions, and its rows that speak of the case or may do so."""
    given = _roles_given(case)
    asked = [_answered(case, pack, q, given) for q in pack.questions]
    rows = [_applied(case, pack, r, given) for r in pack.rows]
    return (*asked, *(row for row in rows if row.answer is not Answer.NO))


def _answered(case: Case, pack: Pack, asked: Question, given: frozenset[str]) -> Line:
    yes, no = _answer(case, pack, asked.yes), _answer(case, pack, asked.no) if asked.no else Answer.UNSURE
    answer = Answer.YES if yes is Answer.YES else Answer.NO if no is Answer.YES else Answer.UNSURE
    lacks, unmet, unknown = _NOTHING, _NOTHING, _NOTHING
    if answer is Answer.UNSURE:
        unknown = _missing(case, pack, asked.yes) or (asked.id,)
    elif answer is Answer.NO:
        lacks = tuple(r for r in asked.approvals if r not in given)
        unmet = () if asked.approvals else asked.yes.texts
    return Line(asked.id, asked.asks, answer, "", ", ".join(asked.approvals), asked.code, lacks, unmet, unknown)


def _applied(case: Case, pack: Pack, row: Row, given: frozenset[str]) -> Line:
    answer = _answer(case, pack, row.when)
    lacks, unmet, unknown = _NOTHING, _NOTHING, _NOTHING
    if answer is Answer.UNSURE:
        unknown = _missing(case, pack, row.when)
    elif answer is Answer.YES:
        needs = [(n, _answer(case, pack, n)) for n in row.needs]
        unknown = tuple(f for n, _ in needs for f in _missing(case, pack, n))
        unmet = tuple(t for n, found in needs if found is Answer.NO for t in n.texts)
        lacks = tuple(r for r in row.approvals if r not in given)
    return Line(row.id, row.title, answer, row.risk, row.signs, row.code, lacks, unmet, unknown)


def _reasons(pack: Pack, found: tuple[Line, ...]) -> Iterator[Reason]:
    """One reason for each missing fact, each need that does not hold, and all approvals of a kind; the details hold no time."""
    for name in dict.fromkeys(f for line in found for f in line.unknown):
        rows = ", ".join(line.id for line in found if name in line.unknown)
        asks = pack.facts[name].asks if name in pack.facts else next(line.says for line in found if line.id == name)
        stated = name in pack.facts and not pack.facts[name].computed
        yield reason("unsure", f"{pack.id} {rows}: {asks} {f'{name} is not stated' if stated else 'it cannot be told'}")
    for line in found:
        if line.code and line.unmet:
            yield reason(line.code, f"{pack.id} {line.id}: it does not hold that {' or '.join(line.unmet)}")
    for code in dict.fromkeys(line.code for line in found if line.code and line.lacks):
        lacking = [line for line in found if line.code == code and line.lacks]
        roles = ", ".join(dict.fromkeys(role for line in lacking for role in line.lacks))
        yield reason(str(code), f"{pack.id} {', '.join(line.id for line in lacking)}: not yet approved by {roles}")


def _answer(case: Case, pack: Pack, condition: Condition) -> Answer:
    return condition.answer(lambda name: fact(case, pack, name))


def _missing(case: Case, pack: Pack, condition: Condition) -> tuple[str, ...]:
    return condition.missing(lambda name: fact(case, pack, name))


def _roles_given(case: Case) -> frozenset[str]:
    """The roles that approved the job on this shot, or the consent of everybody whom it touches."""
    job = roles_by_now(case.state.approvals.get((case.use.shot, case.use.job), ()), case.now)
    each = [roles_by_now(a.closest.grant.approvals, case.now) if a.closest else set() for a in case.answers]
    return frozenset(job | (set.intersection(*each) if each else set()))
