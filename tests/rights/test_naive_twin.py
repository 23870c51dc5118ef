"""The decision against a second evaluator: 20,000 random pairs of consents and uses, in as many kinds of world as there are facts."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.model import Consent, Use
from bottega.rights import Decision, decide

from .naive import World, allows
from .worlds import Chance, in_world

PAIRS = 20_000
SEED = 20_260_310


def agree(use: Use, held: list[Consent], world: World) -> Decision:
    decision = decide(use, in_world(held, world), now=world.at)
    assert decision.allow == allows(use, held, world), (decision.reasons, use, held, world)
    assert decision.allow == (not decision.reasons)
    return decision


def test_20000_random_pairs_are_decided_alike() -> None:
    chance, answers, codes = Chance(SEED), Counter[str](), Counter[str]()
    for _ in range(PAIRS):
        decision = agree(*chance.case())
        answers[decision.answer] += 1
        codes.update(decision.codes)
    assert answers["allow"] > PAIRS / 40, answers
    wanted = {"episode", "scene", "medium", "language", "territory", "exemption_undecided", "script_after_performance", "unsure"}
    wanted |= {"declaration_missing", "escalate", "environment", "approval_missing", "contradiction", "strike", "reconsent", "content"}
    wanted |= {"minor_depicted", "minor_content", "faces_unreviewed", "uncovered_subject", "guardian_missing", "deceased_no_estate"}
    wanted |= {"representation_review", "age_range", "notice", "vague_description", "input_not_allowed", "signature_invalid", "term"}
    assert not {code for code in wanted if codes[code] < 3}, codes


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_what_disagrees_is_made_small(data: st.DataObject) -> None:
    """The same draws, made by hypothesis: where the two evaluators differ, it shows the simplest case."""
    chance = Chance(0)
    chance.below = lambda n: data.draw(st.integers(0, n - 1))  # type: ignore[method-assign]
    agree(*chance.case())
