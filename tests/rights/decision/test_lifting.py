"""Holds that a named human resolves: one reason, in the words it was given in, about these pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bottega.model import Delivery, Grantor, GrantorRole, Input, Role, UsageError
from bottega.rights import Decision, decide
from bottega.rights.decision.lifting import may_be_resolved, resolvers
from bottega.rights.reasons import HOLDS, REASONS
from bottega.rights.record.rulings_registry import resolve_hold
from tests.rights.builders import ARTIST, NOON, SCAN, SMALL_PACK, Stage, digest, good_consent, good_use, set_stage
from tests.rights.decision.test_table import with_pack

USE = good_use(stated={"key_visual": "yes"})


def held(folder: Path) -> Stage:
    return with_pack(folder, good_consent(), text=SMALL_PACK)


def ask(stage: Stage, **changes: Any) -> Decision:
    return decide(replace(USE, **changes), stage.state(), now=NOON)


def resolve(stage: Stage, decision: Decision, *, role: str, **changes: Any) -> None:
    said: dict[str, Any] = {"held": decision.codes[0], "details": [r.detail for r in decision.reasons], "by": ARTIST, "ref": "mail"}
    about = {k: changes.pop(k) for k in tuple(changes) if k not in ("held", "details", "by")}
    resolve_hold(stage.ledger, replace(USE, **about), **(said | {"role": role} | changes))


def test_a_hold_is_lifted_when_every_role_it_takes_has_resolved_it(tmp_path: Path) -> None:
    stage = held(tmp_path)
    before = ask(stage)
    assert (before.answer, before.codes) == ("hold", ("escalate",))
    resolve(stage, before, role="legal")
    assert not ask(stage).allow, "escalate takes legal and studio"
    resolve(stage, before, role="studio")
    after = ask(stage)
    assert after.allow
    assert after.lifted == before.reasons
    assert not after.watermark, "a human looked; nothing was passed over"


OTHER = {
    "other pictures": {"inputs": (Input(digest=SCAN, role=Role.REFERENCE),)},
    "fewer pictures": {"inputs": USE.inputs[:2]},
    "another job": {"job": "repair"},
    "another shot": {"shot": "sh020"},
    "a final": {"delivery": Delivery.FINAL},
    "another age": {"age_target": 36},
    "other statements": {"stated": {"key_visual": "yes", "human_input": "yes"}},
    "another code": {"held": "unsure"},
    "other words": {"details": ["it was something else"]},
}


@pytest.mark.parametrize("case", OTHER)
def test_a_resolution_is_about_one_reason_of_one_job_on_these_pictures(case: str, tmp_path: Path) -> None:
    stage = held(tmp_path)
    for role in ("legal", "studio"):
        if OTHER[case].get("held") == "unsure" and role == "studio":
            continue
        resolve(stage, ask(stage), role=role, **OTHER[case])
    assert ask(stage).codes == ("escalate",)


def test_one_picture_more_and_the_resolution_is_about_something_else(tmp_path: Path) -> None:
    stage = held(tmp_path)
    for role in ("legal", "studio"):
        resolve(stage, ask(stage), role=role)
    more = (*USE.inputs, Input(digest=SCAN, role=Role.REFERENCE))
    assert "escalate" in ask(stage, inputs=more).codes
    fewer = USE.inputs[:2]
    assert ask(stage, inputs=fewer).allow, "fewer of the same pictures were looked at, too"


def test_a_resolution_does_not_reach_the_other_reasons(tmp_path: Path) -> None:
    stage = held(tmp_path)
    for role in ("legal", "studio"):
        resolve(stage, ask(stage), role=role)
    assert ask(stage, age_target=17).codes[0] == "minor_depicted"
    assert "age_range" in ask(stage, age_target=60).codes


@pytest.mark.parametrize("code", sorted(set(REASONS) - HOLDS | {"reconsent"}))
def test_what_is_no_hold_of_the_productions_cannot_be_resolved(code: str) -> None:
    assert not may_be_resolved(code)


def test_the_registry_refuses_what_would_resolve_nothing(tmp_path: Path) -> None:
    stage = held(tmp_path)
    decision = ask(stage)
    for changes, says in (
        ({"held": "no_consent"}, "no hold"),
        ({"held": "reconsent"}, "no hold"),
        ({"role": "artist"}, "legal or studio"),
        ({"inputs": ()}, "needs the pictures"),
        ({"details": []}, "needs the pictures"),
        ({"by": "p_00000000"}, "not in the ledger"),
    ):
        with pytest.raises(UsageError, match=says):
            resolve(stage, decision, **({"role": "legal"} | changes))


def test_only_the_person_ends_a_hold_that_asks_for_them(tmp_path: Path) -> None:
    by_parent = good_consent(grantor=Grantor(id="parent", role=GrantorRole.GUARDIAN, authority_doc_sha256=digest("authority")))
    stage = set_stage(tmp_path, by_parent)
    decision = decide(good_use(), stage.state(), now=NOON)
    assert decision.answer == "hold"
    with pytest.raises(UsageError, match="no hold that the production can resolve"):
        resolve(stage, decision, role="legal")
    forged = {
        "shot": "sh010",
        "job": "deage",
        "code": "reconsent",
        "inputs": [i.digest for i in good_use().inputs],
        "facts": good_use().facts_digest(),
    }
    said = {"details": [r.detail for r in decision.reasons], "by": ARTIST, "role": "legal", "ref": "mail"}
    stage.ledger.append("hold.resolved", forged | said)
    assert decide(good_use(), stage.state(), now=NOON).codes == decision.codes, "written past the registry"


def test_every_hold_has_somebody_to_resolve_it() -> None:
    assert all(resolvers(code) for code in HOLDS)
