from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bottega.model import Delivery, Input, Role, Technique
from bottega.rights import Entry, State, add_licence, approve_job, decide, register_exemplar
from bottega.rights.decision.decide import examine
from bottega.rights.decision.table import lines
from bottega.rights.packs import shipped
from bottega.rights.record.rulings_registry import adopt_pack, approve_environment, drop_pack
from tests.rights.builders import (
    ARTIST,
    NOON,
    PLATE,
    SMALL_PACK,
    Stage,
    approval,
    face,
    good_consent,
    good_use,
    licence,
    put_faces,
    set_stage,
    still,
)

HERE = {"environment": "local"}
SAFE = HERE | {"could_pass_as_real": "no", "affects_union_work": "no"}


def with_pack(folder: Path, *consents: Any, text: str | None = None) -> Stage:
    stage = set_stage(folder, *consents)
    adopt_pack(stage.ledger, text or shipped(), by=None, role=None, ref="tests")
    return stage


def answer(stage: Stage, **use: Any) -> tuple[str, ...]:
    return decide(good_use(**({"stated": HERE} | use)), stage.state(), now=NOON).codes


def details(stage: Stage, **use: Any) -> str:
    return " | ".join(map(str, decide(good_use(**({"stated": HERE} | use)), stage.state(), now=NOON).reasons))


def final(stage: Stage, *roles: str, **use: Any) -> tuple[str, ...]:
    put_faces(stage.ledger, face(), reviewed=True)
    for role in roles:
        approve_job(stage.ledger, "sh010", job=use.get("job", "deage"), approval=approval(role))
    return answer(stage, **({"delivery": Delivery.FINAL, "stated": SAFE} | use))


def test_a_temp_under_a_good_consent_on_this_machine_asks_nothing_more(tmp_path: Path) -> None:
    assert answer(with_pack(tmp_path, good_consent())) == ()


def test_the_five_questions_are_computed_from_the_job(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    case, _ = examine(good_use(stated=HERE), stage.state(), now=NOON)
    pack = stage.state().packs["studio-guidance"].pack
    assert {line.id: line.answer.value for line in lines(case, pack)} == dict.fromkeys(("P1", "P2", "P3", "P4", "P5"), "yes")
    alone, _ = examine(
        good_use(stated={}, technique="per_shot_network", delivery=Delivery.FINAL, people=("p_00000000",)), stage.state(), now=NOON
    )
    told = {line.id: line.answer.value for line in lines(alone, pack)}
    assert [told[q] for q in ("P1", "P2", "P3", "P4", "P5")] == ["no", "unsure", "unsure", "no", "no"]


def test_a_missing_fact_is_unsure_and_holds(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    decision = decide(good_use(), stage.state(), now=NOON)
    assert (decision.codes, decision.answer) == (("unsure",), "hold")
    assert "P3, M6: Is the place" in decision.reasons[0].detail


def test_an_unlisted_place_is_held_until_it_is_approved(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    there = {"environment": "farm-a"}
    assert set(answer(stage, stated=there)) == {"environment"}
    approve_environment(stage.ledger, "farm-a", training=False, by=ARTIST, role="security", ref="ticket")
    assert answer(stage, stated=there) == ()


def test_a_network_trains_only_where_training_is_approved(tmp_path: Path) -> None:
    consent = good_consent(techniques=(Technique.PER_SHOT_NETWORK,), model_training=True)
    stage = with_pack(tmp_path, consent)
    add_licence(stage.ledger, licence(licence_id="train", train_ok=True))
    for name, role in (("plate", Role.PLATE), ("key", Role.KEY)):
        register_exemplar(stage.ledger, still(name, role, licence_id="train"))
    inputs = (Input(digest=PLATE, role=Role.PLATE),)
    assert answer(stage, technique="per_shot_network", inputs=inputs) == ("unsure",)
    assert "P2" in details(stage, technique="per_shot_network", inputs=inputs)
    approve_environment(stage.ledger, "local", training=False, by=ARTIST, role="security", ref="ticket")
    assert answer(stage, technique="per_shot_network", inputs=inputs) == ("unsure",), "a place is not approved for training by itself"
    approve_environment(stage.ledger, "local", training=True, by=ARTIST, role="security", ref="ticket")
    assert answer(stage, technique="per_shot_network", inputs=inputs) == ()


def test_a_final_of_a_talent_needs_legal_studio_and_a_test_report(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    assert set(final(stage, "legal", "studio")) == {"approval_missing"}
    assert "T4: not yet approved by vfx_supervisor" in details(stage, delivery=Delivery.FINAL, stated=SAFE)
    approve_job(stage.ledger, "sh010", job="deage", approval=approval("vfx_supervisor"))
    assert answer(stage, delivery=Delivery.FINAL, stated=SAFE) == ()


def test_approvals_on_the_consent_count_as_those_for_the_job(tmp_path: Path) -> None:
    signed = tuple(approval(role) for role in ("legal", "studio", "vfx_supervisor"))
    assert final(with_pack(tmp_path, good_consent(approvals=signed))) == ()


@pytest.mark.parametrize("missing", ["could_pass_as_real", "affects_union_work"])
def test_a_final_has_to_say_what_only_people_know(missing: str, tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    stated = {k: v for k, v in SAFE.items() if k != missing}
    assert final(stage, "legal", "studio", "vfx_supervisor", stated=stated) == ("unsure",)


ROWS = {
    "A1": ({"personal_data": "yes"}, ("legal", "security")),
    "A4a": ({"could_pass_as_real": "yes", "fictional_context": "yes"}, ("legal", "standards")),
    "A4b": ({"affects_union_work": "yes"}, ("production", "guild")),
    "A2b": ({"names_real": "yes"}, ("legal",)),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_somebody_states_is_escalated_until_those_named_approve(row: str, tmp_path: Path) -> None:
    stated, roles = ROWS[row]
    stage = with_pack(tmp_path, good_consent())
    for role in roles:
        assert answer(stage, stated=HERE | stated) == ("escalate",)
        assert row in details(stage, stated=HERE | stated)
        approve_job(stage.ledger, "sh010", job="deage", approval=approval(role))
    assert answer(stage, stated=HERE | stated) == ()


def test_what_could_pass_as_real_has_to_be_plain_fiction(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    for role in ("legal", "standards"):
        approve_job(stage.ledger, "sh010", job="deage", approval=approval(role))
    assert answer(stage, stated=HERE | {"could_pass_as_real": "yes"}) == ("unsure",)
    assert answer(stage, stated=HERE | {"could_pass_as_real": "yes", "fictional_context": "no"}) == ("escalate",)


CONCEPT_FINALS = {
    "in passing": ({"prominence": "incidental", "human_input": "yes", "key_visual": "no"}, ("vfx_supervisor",)),
    "in the story": ({"prominence": "story_relevant", "human_input": "yes", "key_visual": "no"}, ("vfx_supervisor", "legal")),
    "a key visual": ({"prominence": "story_relevant", "human_input": "yes", "key_visual": "yes"}, ("vfx_supervisor", "legal", "studio")),
}


@pytest.mark.parametrize("case", CONCEPT_FINALS)
def test_designs_for_the_picture_say_how_they_are_seen(case: str, tmp_path: Path) -> None:
    stated, roles = CONCEPT_FINALS[case]
    told = SAFE | {"names_real": "no"} | stated
    stage = with_pack(tmp_path, good_consent())
    for number, (name, value) in enumerate(stated.items()):
        less = {k: v for k, v in told.items() if k != name}
        assert "unsure" in answer(stage, job="concept", delivery=Delivery.FINAL, stated=less), f"{number}: {name} {value} is not stated"
    assert final(stage, *dict.fromkeys((*roles, "legal", "studio", "vfx_supervisor")), job="concept", stated=told) == ()
    machine = told | {"human_input": "no"}
    assert "approval_missing" in answer(stage, job="concept", delivery=Delivery.FINAL, stated=machine), "nobody gave it its form"


BAD_STATEMENTS = {
    "an unknown fact": {"weather": "fine"},
    "an unreadable value": {"personal_data": "YES"},
    "a computed fact": {"touches_performer": "no"},
    "an approval by oneself": {"environment_approved": "yes"},
}


@pytest.mark.parametrize("case", BAD_STATEMENTS)
def test_what_is_stated_has_to_be_understood_with_or_without_packs(case: str, tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    assert answer(stage, stated=HERE | BAD_STATEMENTS[case]) == ("unsure",)
    adopt_pack(stage.ledger, shipped(), by=None, role=None, ref="tests")
    assert answer(stage, stated=HERE | BAD_STATEMENTS[case]) == ("unsure",)


def test_packs_stand_side_by_side_and_one_can_be_dropped(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    adopt_pack(stage.ledger, SMALL_PACK, by=ARTIST, role="legal", ref="mail")
    assert answer(stage) == ("unsure",), "the second pack asks for key_visual"
    assert answer(stage, stated=HERE | {"key_visual": "no"}) == ()
    drop_pack(stage.ledger, "small", by=ARTIST, role="studio", ref="mail")
    assert answer(stage) == ()


def test_a_pack_cannot_lift_what_the_gate_asks(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, text=SMALL_PACK)
    assert answer(stage, stated={"key_visual": "no"}) == ("no_consent",)


def test_the_log_holds_the_packs_text_and_no_other_will_do(tmp_path: Path) -> None:
    stage = with_pack(tmp_path, good_consent())
    entry = stage.ledger.entries(kind="pack.adopted")[0]
    assert entry.data["text"] == shipped()
    assert entry.data["sha256"] == hashlib.sha256(shipped().encode()).hexdigest()
    for change in ({"sha256": "0" * 64}, {"pack_id": "other"}, {"text": shipped() + "#"}, {"text": "x = 1"}):
        bad: Entry = replace(entry, data=dict(entry.data) | change)
        with pytest.raises(Exception, match="ledger_invalid"):
            State().apply(bad)
