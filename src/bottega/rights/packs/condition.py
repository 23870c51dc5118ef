"""Conditions as a lawyer can read them: `delivery is final and prominence is not incidental`.

Kleene's three-valued logic (S. C. Kleene, Introduction to Metamathematics, 1952, section 64): a fact that is missing makes a condition
neither true nor false, unless the rest of it decides. That third value is `unsure`, and unsure escalates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bottega.model import UsageError, shown

from .words import Fact

OPERATORS = ("is not", "is", "not in", "in", "stated")
_TEST = re.compile(r"([a-z][a-z0-9_]*) (is not|is|not in|in|stated) ([a-z0-9_-]+(?:, [a-z0-9_-]+)*)")


class Answer(StrEnum):
    """Yes, no, or a fact is missing."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


Lookup = Callable[[str], str | None]


@dataclass(frozen=True)
class Test:
    """One fact against values. `stated` counts a fact that nobody stated as a no; every other operator is then unsure."""

    fact: str
    operator: str
    values: tuple[str, ...]

    def answer(self, lookup: Lookup) -> Answer:
        """The answer for the facts at hand."""
        value = lookup(self.fact)
        if value is None:
            return Answer.NO if self.operator == "stated" else Answer.UNSURE
        inside = value in self.values
        return Answer.YES if inside is (self.operator in ("is", "in", "stated")) else Answer.NO


@dataclass(frozen=True)
class Condition:
    """Alternatives, each of tests that all have to hold; `texts` are the alternatives as they were written."""

    texts: tuple[str, ...]
    alternatives: tuple[tuple[Test, ...], ...]

    def answer(self, lookup: Lookup) -> Answer:
        """Yes where an alternative holds, no where none can, unsure where a missing fact would decide."""
        return _any(_all(test.answer(lookup) for test in tests) for tests in self.alternatives)

    def missing(self, lookup: Lookup) -> tuple[str, ...]:
        """The facts that would decide it: those missing in the alternatives that are unsure."""
        unsure = [tests for tests in self.alternatives if _all(t.answer(lookup) for t in tests) is Answer.UNSURE]
        return tuple(dict.fromkeys(t.fact for tests in unsure for t in tests if t.answer(lookup) is Answer.UNSURE))


def read_condition(texts: Iterable[object], facts: Mapping[str, Fact], where: str) -> Condition:
    """Read alternatives. Raises UsageError for an unknown fact, operator or value."""
    written = tuple(texts)
    if not written:
        raise UsageError(f"{where}: a condition is needed, given none")
    return Condition(tuple(str(t) for t in written), tuple(tuple(_tests(t, facts, where)) for t in written))


def _tests(text: object, facts: Mapping[str, Fact], where: str) -> Iterable[Test]:
    if not isinstance(text, str):
        raise UsageError(f"{where}: a condition is a text, given {shown(str(text))}")
    for part in text.split(" and "):
        found = _TEST.fullmatch(part)
        if not found:
            raise UsageError(f"{where}: {shown(part)} is no condition: write FACT OPERATOR VALUES, operators are {', '.join(OPERATORS)}")
        name, operator, values = found[1], found[2], tuple(found[3].split(", "))
        if name not in facts:
            raise UsageError(f"{where}: the fact {shown(name)} is unknown, allowed are {', '.join(sorted(facts))}")
        wrong = [v for v in values if not facts[name].allows(v)]
        if wrong or (operator.startswith("is") and len(values) > 1):
            allowed = ", ".join(facts[name].values) or "one code"
            raise UsageError(f"{where}: {shown(part)}: values of {name} are {allowed}, and `is` takes one")
        yield Test(name, operator, values)


def _all(answers: Iterable[Answer]) -> Answer:
    given = set(answers)
    return Answer.NO if Answer.NO in given else Answer.UNSURE if Answer.UNSURE in given else Answer.YES


def _any(answers: Iterable[Answer]) -> Answer:
    given = set(answers)
    return Answer.YES if Answer.YES in given else Answer.UNSURE if Answer.UNSURE in given else Answer.NO
