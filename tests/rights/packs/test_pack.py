from __future__ import annotations

import pytest

from bottega.model import UsageError
from bottega.rights.decision.facts import COMPUTED
from bottega.rights.packs import FACTS, read_pack, shipped
from bottega.rights.packs.pack import CODES, LONGEST_PACK
from tests.rights.builders import SMALL_PACK

P1_TO_P5 = ["P1", "P2", "P3", "P4", "P5"]


def test_the_shipped_pack_is_the_table_of_uses() -> None:
    pack = read_pack(shipped())
    assert pack.id == "studio-guidance"
    assert [q.id for q in pack.questions] == P1_TO_P5
    assert {r.id for r in pack.rows} == {
        *("M1", "M2", "M2s", "M3", "M4", "M5", "M6"),
        *("A1", "A2b", "A4a", "A4b", "F", "T1T2", "T3", "T4"),
    }
    assert "ot legal advice" in pack.note
    assert pack.dated.year == 2026


def test_every_computed_fact_has_its_computation_and_no_other() -> None:
    assert {name for name, fact in FACTS.items() if fact.computed} == set(COMPUTED)


def test_a_pack_may_ask_for_facts_of_its_own() -> None:
    own = SMALL_PACK.replace("[[row]]", '[[fact]]\nname = "stunt_wire"\nasks = "Is a wire painted out?"\n\n[[row]]', 1)
    pack = read_pack(own.replace("key_visual is yes", "stunt_wire is yes"))
    assert pack.facts["stunt_wire"].values == ("yes", "no")


WRONG = {
    "no TOML": ("[[row", "no TOML", "[[row]]"),
    "another schema": ("bottega.poem", "none of ours", "bottega.pack"),
    "a newer version": ("schema_version = 2", "none of ours", "schema_version = 1"),
    "an unknown key": ('mood = "grim"\ntitle', "unknown 'mood'", "title"),
    "a key of a row that is unknown": ('unless = ["delivery is temp"]\nrisk', "R1: unknown 'unless'", "risk"),
    "an unknown fact": ("weather is yes", "the fact 'weather' is unknown", "key_visual is yes"),
    "an unknown operator": ("key_visual equals yes", "no condition", "key_visual is yes"),
    "an unknown value": ("key_visual is maybe", "values of key_visual are yes, no", "key_visual is yes"),
    "an unknown code": ('code = "minor_depicted"', "code is 'minor_depicted'", 'code = "escalate"'),
    "an unknown risk": ('risk = "mild"', "risk is 'mild'", 'risk = "stop"'),
    "no title": ("", "title needs a str", 'title = "Small"\n'),
    "a date in words": ('dated = "last year"', "dated needs a date", "dated = 2026-01-02"),
    "a role that is no code": ('approvals = ["Legal B"]', "role", 'approvals = ["legal"]'),
    "a list of numbers": ("approvals = [1]", "list of texts", 'approvals = ["legal"]'),
    "an id that is a path": ('id = "../x"', "pack id", 'id = "small"'),
    "a row id that is a path": ('id = "../x"', "id '../x'", 'id = "R1"'),
    "a computed fact restated": ('[[fact]]\nname = "delivery"\nasks = "?"\n\n[[row]]', "new name", "[[row]]"),
    "no condition": ("when = []", "given none", 'when = ["key_visual is yes"]'),
    "a text over lines": ('title = "a\\nb"', "U+000A", 'title = "Small"'),
}


@pytest.mark.parametrize("case", WRONG)
def test_whatever_is_not_understood_is_refused(case: str) -> None:
    new, says, old = WRONG[case]
    assert old in SMALL_PACK
    with pytest.raises(UsageError, match=says.replace("+", r"\+").replace(".", r"\.")):
        read_pack(SMALL_PACK.replace(old, new, 1))


def test_a_pack_without_rows_and_one_that_says_a_thing_twice_are_refused() -> None:
    with pytest.raises(UsageError, match="given none"):
        read_pack(SMALL_PACK[: SMALL_PACK.index("[[row]]")])
    with pytest.raises(UsageError, match="R1, R1"):
        read_pack(SMALL_PACK + SMALL_PACK[SMALL_PACK.index("[[row]]") :])


def test_a_pack_is_not_endless() -> None:
    with pytest.raises(UsageError, match="allowed are"):
        read_pack(SMALL_PACK + "#" * LONGEST_PACK)


def test_a_pack_can_only_refuse_in_the_productions_name() -> None:
    assert set(CODES) == {"approval_missing", "environment", "escalate"}
