"""Two people of different roles may pass over what the production itself asks for, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import Consent, ConsentError, Delivery, FaceKind, Person, PersonKind, UsageError, Use
from bottega.rights import Decision, add_person, decide, revoke
from bottega.rights.overrides import LIFTABLE, OverrideSignature, OverrideStatement, SignedOverride
from bottega.rights.private.keys import key_id
from bottega.rights.reasons import HOLDS, REASONS
from bottega.rights.record.rulings_registry import grant_override, register_key, revoke_key
from tests.rights.builders import NOON, SMALL_PACK, Stage, face, good_consent, good_use, put_faces, set_stage
from tests.rights.decision.test_table import with_pack

LEGAL, STUDIO = Ed25519PrivateKey.from_private_bytes(b"legal-b." * 4), Ed25519PrivateKey.from_private_bytes(b"studio-c" * 4)
LEGAL_B, STUDIO_C = "p_1111111111111111", "p_2222222222222222"
USE = good_use(stated={"key_visual": "yes"})


def with_signers(folder: Path, *consents: Consent, text: str | None = SMALL_PACK) -> Stage:
    stage = with_pack(folder, *consents, text=text) if text else set_stage(folder, *consents)
    for person, key, role in ((LEGAL_B, LEGAL, "legal"), (STUDIO_C, STUDIO, "studio")):
        add_person(stage.ledger, Person(subject_id=person, kind=PersonKind.ARTIST))
        register_key(stage.ledger, key.public_key(), person=person, role=role)
    return stage


def statement(use: Use = USE, **changes: Any) -> OverrideStatement:
    fields: dict[str, Any] = {
        "override_id": "o_1",
        "show_id": use.show_id,
        "shot": use.shot,
        "job": use.job,
        "use_digest": use.digest(),
        "inputs": tuple(sorted(i.digest for i in use.inputs)),
        "codes": ("escalate",),
        "why": "a screening tonight",
        "until": NOON + timedelta(days=1),
    }
    return OverrideStatement(**(fields | changes))


def signed(said: OverrideStatement, *keys: Ed25519PrivateKey) -> SignedOverride:
    made = (OverrideSignature(key_id=key_id(k.public_key()), signature=k.sign(said.to_bytes()).hex()) for k in keys)
    return SignedOverride(statement=said, signatures=tuple(made))


def ask(stage: Stage, use: Use = USE, **span: float) -> Decision:
    return decide(use, stage.state(), now=NOON + timedelta(**span))


def test_two_people_lift_what_the_production_asks_and_the_result_is_watermarked(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    assert ask(stage).codes == ("escalate",)
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    after = ask(stage)
    assert (after.allow, after.watermark, after.override_id) == (True, True, "o_1")
    assert [r.code for r in after.lifted] == ["escalate"]
    assert after.valid_until == NOON + timedelta(days=1), "the clearance ends with the override"


def test_the_clearance_says_watermark_and_the_use_is_on_record(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    gate = stage.gate()
    assert gate.decide(USE, job_id="job-0", dry_run=True).watermark
    assert not stage.ledger.entries(kind="override.used"), "a dry run uses nothing"
    clearance = gate.clear(USE, job_id="job-1")
    assert clearance.watermark
    used = stage.ledger.entries(kind="override.used")
    assert [e.data for e in used] == [{"override_id": "o_1", "decision_idx": clearance.decision_idx, "job_id": "job-1"}]
    stage.door().admit(clearance, USE.inputs[0].digest)


def test_a_clearance_without_its_watermark_is_forged(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    clearance = stage.gate().clear(USE, job_id="job-1")
    with pytest.raises(ConsentError, match="forged"):
        stage.door().admit(replace(clearance, watermark=False), USE.inputs[0].digest)


def test_an_override_that_comes_while_a_job_runs_does_not_carry_its_unmarked_clearance(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    use = replace(USE, stated={"key_visual": "no"})
    clearance, door = stage.gate().clear(use, job_id="job-1"), stage.door()
    door.admit(clearance, use.inputs[0].digest)
    put_faces(stage.ledger, face("poster", FaceKind.DEPICTION))
    assert ask(stage, use).codes == ("face_depicted",)
    grant_override(stage.ledger, signed(statement(use, codes=("face_depicted",)), LEGAL, STUDIO))
    assert ask(stage, use).watermark
    with pytest.raises(ConsentError, match=r"not_recorded.*watermark"):
        door.admit(clearance, use.inputs[0].digest)
    door.admit(stage.gate().clear(use, job_id="job-1"), use.inputs[0].digest)  # a new one carries the mark


def test_a_yes_without_an_override_has_no_watermark(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    assert not ask(stage, replace(USE, stated={"key_visual": "no"})).watermark


def refused(stage: Stage, given: SignedOverride) -> None:
    with pytest.raises(ConsentError) as no:
        grant_override(stage.ledger, given)
    assert no.value.codes == ("override_invalid",)
    assert ask(stage).codes == ("escalate",)


def test_one_signer_is_not_enough(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    refused(stage, signed(statement()))
    refused(stage, signed(statement(), LEGAL))
    refused(stage, signed(statement(), LEGAL, LEGAL))


def test_one_person_with_two_keys_and_two_roles_is_one_person(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    second = Ed25519PrivateKey.from_private_bytes(b"another." * 4)
    register_key(stage.ledger, second.public_key(), person=LEGAL_B, role="studio")
    refused(stage, signed(statement(), LEGAL, second))


def test_two_people_of_one_role_are_not_enough(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    second = Ed25519PrivateKey.from_private_bytes(b"another." * 4)
    register_key(stage.ledger, second.public_key(), person=STUDIO_C, role="legal")
    refused(stage, signed(statement(), LEGAL, second))


def test_a_key_that_nobody_registered_counts_for_nobody(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    refused(stage, signed(statement(), LEGAL, Ed25519PrivateKey.from_private_bytes(b"stranger" * 4)))


def test_forged_and_borrowed_signatures_do_not_hold(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    good, other = signed(statement(), LEGAL, STUDIO), signed(statement(why="something else"), LEGAL, STUDIO)
    refused(stage, replace(good, signatures=(good.signatures[0], replace(good.signatures[1], signature="00" * 64))))
    refused(stage, replace(good, signatures=(good.signatures[0], other.signatures[1])))
    refused(stage, replace(good, signatures=(good.signatures[0], replace(good.signatures[1], key_id=good.signatures[0].key_id))))
    refused(stage, replace(good, statement=replace(good.statement, until=NOON + timedelta(days=2))))


@pytest.mark.parametrize("until", [NOON, NOON - timedelta(hours=1), NOON + timedelta(days=7, seconds=1)], ids=["now", "over", "too long"])
def test_it_runs_from_now_and_no_longer_than_a_week(until: Any, tmp_path: Path) -> None:
    refused(with_signers(tmp_path, good_consent()), signed(statement(until=until), LEGAL, STUDIO))


def test_it_is_over_at_the_very_instant(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    assert ask(stage, hours=23, minutes=59).allow
    assert ask(stage, days=1).codes == ("escalate",)


NEVER = sorted(set(REASONS) - LIFTABLE)


@pytest.mark.parametrize("code", NEVER)
def test_what_is_not_the_productions_to_give_cannot_be_asked_for(code: str, tmp_path: Path) -> None:
    refused(with_signers(tmp_path, good_consent()), signed(statement(codes=("escalate", code)), LEGAL, STUDIO))


def test_the_liftable_are_named() -> None:
    assert (HOLDS - {"reconsent"}) | {"approval_missing"} == LIFTABLE
    untouchable = {"minor_depicted", "minor_content", "no_consent", "revoked", "suspended", "died", "no_licence", "ledger_invalid", "clock"}
    assert untouchable <= set(NEVER)


OTHER_USES = {
    "other pictures": {"inputs": USE.inputs[:2]},
    "another age": {"age_target": 36},
    "another shot": {"shot": "sh020"},
    "a final": {"delivery": Delivery.FINAL},
    "other facts": {"stated": {"key_visual": "yes", "human_input": "no"}},
}


@pytest.mark.parametrize("case", OTHER_USES)
def test_it_is_for_one_use_to_the_last_fact(case: str, tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent(shots=("sh0*",), inputs_allowed=("plate:sh010", "plate:sh020")))
    put_faces(stage.ledger, face(), reviewed=True)
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    assert ask(stage).allow
    assert "escalate" in ask(stage, replace(USE, **OTHER_USES[case])).codes


@pytest.mark.parametrize("lie", [{"shot": "sh020"}, {"job": "repair"}, {"inputs": ("0" * 64,)}, {"show_id": "show-2"}], ids=str)
def test_what_the_signers_read_is_what_it_is_for(lie: dict[str, Any], tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    given = signed(statement(**lie), LEGAL, STUDIO)
    if "show_id" in lie:
        refused(stage, given)
    stage.ledger.append("override.granted", given.to_json())
    assert ask(stage).codes == ("escalate",)


def test_a_revoked_key_takes_back_what_it_signed(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    revoke_key(stage.ledger, key_id(STUDIO.public_key()), cause="left the production")
    assert ask(stage).codes == ("escalate",)


FORGED = {
    "signed by one": signed(statement(), LEGAL),
    "longer than a week": signed(statement(until=NOON + timedelta(days=8)), LEGAL, STUDIO),
    "beyond the table": signed(statement(codes=("escalate", "no_consent")), LEGAL, STUDIO),
}


@pytest.mark.parametrize("case", FORGED)
def test_an_entry_written_past_the_registry_lifts_nothing(case: str, tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    stage.ledger.append("override.granted", FORGED[case].to_json())
    assert ask(stage).codes == ("escalate",)


def test_no_override_reaches_a_minor_rule_or_a_persons_no(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    young = replace(USE, age_target=17)
    grant_override(stage.ledger, signed(statement(young), LEGAL, STUDIO))
    assert set(ask(stage, young).codes) == {"minor_depicted", "age_range"}
    grant_override(stage.ledger, signed(statement(override_id="o_2"), LEGAL, STUDIO))
    revoke(stage.ledger, "g_1", cause="withdrawn")
    assert ask(stage).codes == ("revoked",)


def test_an_override_is_recorded_once(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent())
    grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))
    with pytest.raises(ConsentError, match="on record already"):
        grant_override(stage.ledger, signed(statement(), LEGAL, STUDIO))


def test_approvals_of_a_final_can_be_passed_over_with_the_consent_intact(tmp_path: Path) -> None:
    stage = with_signers(tmp_path, good_consent(), text=None)
    put_faces(stage.ledger, face(), reviewed=True)
    final = good_use(delivery=Delivery.FINAL)
    assert ask(stage, final).codes == ("approval_missing",)
    grant_override(stage.ledger, signed(statement(final, codes=("approval_missing",)), LEGAL, STUDIO))
    after = ask(stage, final)
    assert (after.allow, after.watermark, after.grants) == (True, True, ("g_1",))


def test_a_key_is_one_persons_and_only_for_those_who_sign(tmp_path: Path) -> None:
    stage = with_signers(tmp_path)
    with pytest.raises(UsageError, match="registered already"):
        register_key(stage.ledger, LEGAL.public_key(), person=STUDIO_C, role="studio")
    with pytest.raises(UsageError, match="legal or studio"):
        register_key(stage.ledger, Ed25519PrivateKey.generate().public_key(), person=STUDIO_C, role="director")
