"""Take any one check away, and a case of the corpus is decided otherwise: none stands there for nothing, and none is untested."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from bottega.rights.decision.table import lines
from tests.rights.naive import World, allows
from tests.rights.worlds import PACK

from .corpus import Asked, corpus
from .corpus_consents import consents
from .corpus_pictures import inputs, licences, odd_ledgers, people
from .corpus_rulings import lifted, packs
from .mutants import MODULES, decided_by, pack_mutants, source_mutants

CASES = [*corpus(), *consents(), *licences(), *inputs(), *odd_ledgers(), *people(), *packs(), *lifted()]
DECIDER: Any = importlib.import_module("bottega.rights.decision.decide")
EQUIVALENT = {
    "facts.fact: without value is not None": "no fact has the value None, and None is the answer either way",
    "facts._training_consented: without ''": "a picture without a licence finds none under None as under an empty id",
    "lifting.overrides: without reason.code in LIFTABLE": "an override that names such a code does not hold at all",
    "table.lines: without if row.answer is not Answer.NO": "rows that do not apply raise nothing; test_table.py asks the explanation",
    "studio-guidance P5: no without people_consented in touches_performer is yes and people_consented is no": "yes is asked first",
}
"""Mutants that change nothing, and why."""


def answer(asked: Asked, decider: Any = DECIDER) -> Any:
    made = decider.decide(asked.use, asked.state, now=asked.now)
    rests_on = made.grants, made.licences, dict(made.resolved), made.lifted, made.override_id, made.valid_until
    return made.reasons, rests_on


WHOLE = [answer(asked) for asked in CASES]
LIFTED = [i for i, asked in enumerate(CASES) if "resolved" in asked.name or "overridden" in asked.name]


def found(decided: Callable[[Any], Any], cases: list[Any], whole: list[Any], last: list[int]) -> bool:
    """Whether a case is decided otherwise; those that found the last mutants are asked first."""
    for i in dict.fromkeys([*reversed(last), *range(len(cases))]):
        if _outcome(decided, cases[i]) != whole[i]:
            last.append(i)
            return True
    return False


def _outcome(decided: Callable[[Any], Any], asked: Any) -> Any:
    try:
        return decided(asked)
    except Exception as problem:  # noqa: BLE001 - a change that breaks is found, too
        return problem


def test_the_corpus_agrees_with_the_second_evaluator() -> None:
    pairs = [(a, w) for a, w in zip(CASES, WHOLE, strict=True) if a.held and a.world and a.use.job in ("deage", "repair")]
    assert len(pairs) > 400
    wrong = [a.name for a, (reasons, *_) in pairs if (not reasons) != allows(a.use, list(a.held or ()), a.world or World())]
    assert wrong == []


@pytest.mark.heavy
@pytest.mark.parametrize("module", MODULES)
def test_no_check_can_be_taken_out_of_a_module(module: str) -> None:
    survivors, last, seen = [], [*LIFTED] if module == "lifting" else [], 0
    for name, tree in source_mutants(module):
        seen += 1
        with decided_by(module, tree) as decider:
            if not found(lambda asked, decider=decider: answer(asked, decider), CASES, WHOLE, last):
                survivors.append(name)
    assert seen > 5
    assert set(survivors) == {name for name in EQUIVALENT if name.startswith(f"{module}.")}, "\n".join(survivors)


@pytest.mark.heavy
def test_nothing_can_be_taken_out_of_the_shipped_pack() -> None:
    cases = [DECIDER.examine(a.use, a.state, now=a.now)[0] for a in CASES if PACK.pack.id in a.state.packs]
    whole, last = [lines(case, PACK.pack) for case in cases], list[int]()
    survivors = [name for name, pack in pack_mutants(PACK.pack) if not found(lambda case, pack=pack: lines(case, pack), cases, whole, last)]
    assert set(survivors) == {name for name in EQUIVALENT if name.startswith(PACK.pack.id)}, "\n".join(survivors)
