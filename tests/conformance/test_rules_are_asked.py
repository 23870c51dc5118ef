"""Take any one policy or consent rule away, and the cases notice: an answer or its reasons change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache

import pytest
from conformance.adapter.facts import put_on_record
from conformance.adapter.steps import happened
from conformance.adapter.world import World
from conformance.run import CASES, expanded

from bottega.model import BottegaError, Use
from bottega.rights import State, decide
from bottega.rights.decision.policies import POLICIES
from bottega.rights.decision.rules import CONSENT_RULES

SUITE = json.loads(CASES.read_text("utf-8"))
Asked = tuple[Use, State, datetime]


@cache
def asked() -> tuple[Asked, ...]:
    """What each case of the level `decision` comes down to: a use, the ledger's state and an instant."""
    return tuple(_asked())


def _asked() -> Iterator[Asked]:
    for row in SUITE["cases"]:
        if row["level"] != "decision" or row["expect"]["decision"] == "allow":
            continue
        case = expanded(SUITE, row)
        with World(case) as world:
            try:
                put_on_record(world, case["facts"])
                if happened(world, case["steps"]) is None:
                    yield world.use(), State.of(world.ledger), world.clock()
            except BottegaError:  # what the records refuse to take in never reaches the decision
                continue


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_no_policy_can_be_taken_away_unnoticed(policy: object) -> None:
    left = [p for p in POLICIES if p is not policy]
    assert any(decide(u, s, now=n, policies=left) != decide(u, s, now=n) for u, s, n in asked())


@pytest.mark.parametrize("rule", CONSENT_RULES, ids=lambda rule: rule.name)
def test_no_consent_rule_can_be_taken_away_unnoticed(rule: object) -> None:
    left = [r for r in CONSENT_RULES if r is not rule]
    assert any(decide(u, s, now=n, consent_rules=left) != decide(u, s, now=n) for u, s, n in asked())


def test_these_are_many_cases() -> None:
    assert len(asked()) >= 150
