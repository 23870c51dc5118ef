from __future__ import annotations

from collections.abc import Mapping

import pytest

from bottega.model import UsageError
from bottega.rights.packs import FACTS, Answer
from bottega.rights.packs.condition import Condition, read_condition

YES, NO, UNSURE = Answer.YES, Answer.NO, Answer.UNSURE


def condition(*texts: object) -> Condition:
    return read_condition(texts, FACTS, "row 1")


def answer(text: str, facts: Mapping[str, str]) -> Answer:
    return condition(text).answer(facts.get)


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("delivery is final", {"delivery": "final"}, YES),
        ("delivery is final", {"delivery": "temp"}, NO),
        ("delivery is final", {}, UNSURE),
        ("delivery is not final", {"delivery": "temp"}, YES),
        ("delivery is not final", {"delivery": "final"}, NO),
        ("delivery is not final", {}, UNSURE),
        ("job in deage, repair", {"job": "repair"}, YES),
        ("job in deage, repair", {"job": "concept"}, NO),
        ("job not in deage, repair", {"job": "concept"}, YES),
        ("job not in deage, repair", {"job": "deage"}, NO),
        ("job not in deage, repair", {}, UNSURE),
        ("key_visual stated yes", {"key_visual": "yes"}, YES),
        ("key_visual stated yes", {"key_visual": "no"}, NO),
        ("key_visual stated yes", {}, NO),
    ],
)
def test_one_test_of_one_fact(text: str, known: Mapping[str, str], expected: Answer) -> None:
    assert answer(text, known) is expected


@pytest.mark.parametrize(
    ("delivery", "key_visual", "expected"),
    [("final", "yes", YES), ("final", "no", NO), ("temp", "", NO), ("", "no", NO), ("final", "", UNSURE), ("", "yes", UNSURE)],
)
def test_and_is_kleenes(delivery: str, key_visual: str, expected: Answer) -> None:
    known = {k: v for k, v in (("delivery", delivery), ("key_visual", key_visual)) if v}
    assert answer("delivery is final and key_visual is yes", known) is expected


def test_alternatives_are_kleenes_or_and_name_what_would_decide() -> None:
    either = condition("delivery is temp", "delivery is final and key_visual is yes")
    assert either.answer({"delivery": "temp"}.get) is YES
    assert either.answer({"delivery": "final"}.get) is UNSURE
    assert either.missing({"delivery": "final"}.get) == ("key_visual",)
    assert either.answer({"delivery": "final", "key_visual": "no"}.get) is NO
    assert either.missing({"delivery": "final", "key_visual": "no"}.get) == ()


@pytest.mark.parametrize(
    "text",
    [
        "deliverie is final",
        "delivery was final",
        "delivery is finished",
        "delivery is temp, final",
        "delivery is",
        "delivery  is final",
        "delivery is final or job is deage",
        "",
        7,
    ],
)
def test_what_is_not_understood_is_refused(text: object) -> None:
    with pytest.raises(UsageError, match="row 1"):
        condition(text)


def test_no_condition_is_none() -> None:
    with pytest.raises(UsageError, match="given none"):
        condition()
