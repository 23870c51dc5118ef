from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bottega.model import ConsentError, Reason
from bottega.rights.decision import POLICIES, AllOf, Policy, decide, numbered, policy
from bottega.rights.decision.policy import found
from bottega.rights.decision.rules import CONSENT_RULES
from tests.rights.builders import NOON, good_consent, good_use, set_stage

ONE, TWO = Reason("one", "first"), Reason("two", "second")


@policy
def never(case: object) -> Iterator[Reason]:
    """Nothing is right."""
    yield ONE
    yield TWO


@policy
def always(case: object) -> Iterator[Reason]:
    """Everything is right."""
    yield from ()


@policy
def second(case: object) -> Iterator[Reason]:
    """The second thing is right."""
    yield TWO


def test_a_policy_is_silent_or_raises_with_all_its_reasons() -> None:
    always.check(None)
    with pytest.raises(ConsentError) as refused:
        never.check(None)
    assert refused.value.codes == ("one", "two")


def test_all_of_collects_every_members_reasons_once() -> None:
    with pytest.raises(ConsentError) as refused:
        AllOf((second, always, never)).check(None)
    assert refused.value.codes == ("two", "one")
    AllOf((always,)).check(None)


def test_all_of_nothing_refuses() -> None:
    assert [r.code for r in found(AllOf(()), None)] == ["no_policies"]
    assert [r.code for r in found(AllOf((always, AllOf(()))), None)] == ["no_policies"], "also inside another"


def test_numbers_are_places_and_a_name_stands_once() -> None:
    assert [(p.number, p.name) for p in numbered(never, always)] == [(1, "never"), (2, "always")]
    with pytest.raises(ValueError, match="never"):
        numbered(never, always, never)


@pytest.mark.parametrize("listed", [POLICIES, CONSENT_RULES], ids=["policies", "consent rules"])
def test_the_lists_are_numbered_and_say_what_they_ask(listed: tuple[Policy[Any], ...]) -> None:
    assert [p.number for p in listed] == list(range(1, len(listed) + 1))
    assert all(p.says and not p.says[0].isdigit() for p in listed), "the number is the place in the list"


def test_a_policy_that_breaks_is_no_yes(tmp_path: Path) -> None:
    @policy
    def broken(case: object) -> Iterator[Reason]:
        """This one has a fault."""
        yield Reason("one", str(1 // 0))

    with pytest.raises(ZeroDivisionError):
        decide(good_use(), set_stage(tmp_path, good_consent()).state(), now=NOON, policies=(broken,))
