from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bottega.model import (
    Consent,
    Content,
    ContentLimits,
    Delivery,
    Grantor,
    GrantorRole,
    Input,
    Person,
    PersonKind,
    Purpose,
    Reason,
    Representation,
    Role,
)
from bottega.rights import (
    REASONS,
    State,
    add_consent,
    add_person,
    approve_consent,
    approve_job,
    decide,
    declare_strike,
    register_exemplar,
    revoke,
)
from bottega.rights.decision import Case, policy

from .builders import (
    KEY,
    NOON,
    OTHER_PLATE,
    PERFORMER,
    PLATE,
    SCAN,
    SECOND,
    SHOW,
    approval,
    digest,
    face,
    good_consent,
    good_signature,
    good_use,
    put_faces,
    set_stage,
    still,
)

SECOND_US = timedelta(microseconds=1)
DOCUMENT = digest("authority")


def answer(folder: Path, *consents: Consent, now: datetime = NOON, **use: Any) -> tuple[str, ...]:
    return decide(good_use(**use), set_stage(folder, *consents).state(), now=now).codes


def test_a_good_consent_allows(tmp_path: Path) -> None:
    decision = decide(good_use(), set_stage(tmp_path, good_consent()).state(), now=NOON)
    assert decision.allow
    assert decision.reasons == ()
    assert decision.grants == ("g_1",)
    assert decision.licences == ("for-hire", "production")
    assert dict(decision.resolved) == {"plate:sh010": PLATE}
    assert decision.valid_until == NOON + timedelta(days=5)


NO = {
    "expired a second ago": ({"valid_until": NOON - timedelta(seconds=1)}, {}, "expired"),
    "starts tomorrow": ({"valid_from": NOON + timedelta(days=1)}, {}, "not_yet_valid"),
    "another show's": ({"production_id": "show-2"}, {}, "wrong_show"),
    "other shots": ({"shots": ("sh020", "sh03*")}, {}, "wrong_shot"),
    "a star alone": ({"shots": ("*",)}, {}, "wrong_shot"),
    "other purpose": ({"purpose": Purpose.ALTERATION}, {}, "purpose"),
    "used for a new scene": ({}, {"purpose": Purpose.REPLICA_NEW_SCENE}, "purpose"),
    "too young": ({}, {"age_target": 29}, "age_range"),
    "too old": ({}, {"age_target": 41}, "age_range"),
    "no age stated": ({}, {"age_target": None}, "age_range"),
    "no range granted": ({"age_range_out": None}, {}, "age_range"),
    "looks like a minor": ({"age_range_out": (10, 40)}, {"age_target": 17}, "minor_depicted"),
    "late notice": ({"notice_given_at": NOON - timedelta(days=5, hours=47)}, {}, "notice"),
    "no notice": ({"notice_given_at": None}, {}, "notice"),
    "any use": ({"description": "Any use of the likeness in this production as the studio sees fit."}, {}, "vague_description"),
    "too short": ({"description": "Make the performer look younger."}, {}, "vague_description"),
    "padded": ({"description": "younger " * 20 + "." * 40}, {}, "vague_description"),
    "boilerplate": ({"signature": good_signature(separately_signed=False)}, {}, "not_separately_signed"),
    "small print": ({"signature": good_signature(clear_conspicuous=False)}, {}, "not_separately_signed"),
    "signed tomorrow": ({"signature": good_signature(signed_at=NOON + timedelta(days=1))}, {}, "signature_invalid"),
    "no document": ({"document_sha256": ""}, {}, "empty_field"),
    "no pictures": ({"inputs_allowed": ()}, {}, "empty_field"),
    "no words": ({"description": "  "}, {}, "empty_field"),
    "another plate": ({"inputs_allowed": ("plate:sh020", SCAN)}, {}, "input_not_allowed"),
    "a scan not granted": (
        {},
        {"inputs": (Input(digest=PLATE, role=Role.PLATE), Input(digest=SCAN, role=Role.REFERENCE))},
        "input_not_allowed",
    ),
    "no picture of the person": ({}, {"inputs": (Input(digest=KEY, role=Role.KEY),)}, "input_not_allowed"),
    "other technique": ({}, {"technique": "render"}, "technique"),
    "eleven years": ({"valid_from": NOON, "valid_until": datetime(2037, 3, 10, 12, tzinfo=UTC)}, {}, "term"),
    "advised by nobody": ({"representation": Representation.NONE}, {}, "representation_review"),
    "by somebody else": ({"grantor": Grantor(id=SECOND, role=GrantorRole.SELF)}, {}, "authority_missing"),
    "by an agent without a document": ({"grantor": Grantor(id="agency", role=GrantorRole.AGENT)}, {}, "authority_missing"),
    "by an estate, alive": (
        {"grantor": Grantor(id="estate", role=GrantorRole.ESTATE, authority_doc_sha256=DOCUMENT)},
        {},
        "authority_missing",
    ),
    "by a guardian, of age": (
        {"grantor": Grantor(id="parent", role=GrantorRole.GUARDIAN, authority_doc_sha256=DOCUMENT)},
        {},
        "reconsent",
    ),
    "violence": ({}, {"content": (Content.VIOLENCE,)}, "content"),
    "abroad": ({"territories": ("IT",)}, {"territory": "US"}, "territory"),
    "from the future": ({"extra": {"schema_version": 2}}, {}, "newer_record"),
}


@pytest.mark.parametrize("case", NO)
def test_one_thing_wrong_is_the_leading_reason(case: str, tmp_path: Path) -> None:
    consent, use, code = NO[case]
    codes = answer(tmp_path, good_consent(**consent), **use)
    assert codes[0] == code
    assert set(codes) <= set(REASONS)


WRONG_USE = {
    "another show": ({"show_id": "show-2"}, "wrong_show"),
    "another shot": ({"shot": "sh020"}, "wrong_shot"),
    "no inputs": ({"inputs": ()}, "no_inputs"),
    "re-encoded": ({"inputs": (Input(digest=digest("plate, graded"), role=Role.PLATE),)}, "unknown_exemplar"),
    "key as matte": ({"inputs": (Input(digest=PLATE, role=Role.PLATE), Input(digest=KEY, role=Role.MATTE))}, "wrong_role"),
    "nobody said": ({"touches_performer": None}, "declaration_missing"),
    "nobody named": ({"people": ()}, "empty_subjects"),
    "no purpose": ({"purpose": None}, "purpose"),
    "a stranger": ({"people": (PERFORMER, "p_0000000000000000")}, "unknown_person"),
    "a second face": ({"people": (PERFORMER, SECOND)}, "no_consent"),
    "both ways": ({"touches_performer": False}, "contradiction"),
    "unknown technique": ({"technique": "prompt"}, "technique"),
    "a final": ({"delivery": Delivery.FINAL}, "approval_missing"),
}


@pytest.mark.parametrize("case", WRONG_USE)
def test_one_wrong_fact_of_the_use_leads(case: str, tmp_path: Path) -> None:
    use, code = WRONG_USE[case]
    assert answer(tmp_path, good_consent(), **use)[0] == code


def test_no_consent_at_all(tmp_path: Path) -> None:
    assert answer(tmp_path) == ("no_consent",)


def test_validity_is_half_open_to_the_microsecond(tmp_path: Path) -> None:
    state = set_stage(tmp_path, good_consent(valid_from=NOON - timedelta(hours=1), valid_until=NOON)).state()
    assert decide(good_use(), state, now=NOON - SECOND_US).allow
    assert decide(good_use(), state, now=NOON).codes == ("expired",)
    assert decide(good_use(), state, now=NOON - timedelta(hours=1)).allow
    assert decide(good_use(), state, now=NOON - timedelta(hours=1) - SECOND_US).codes == ("not_yet_valid",)


def test_the_hour_that_comes_twice_is_two_instants(tmp_path: Path) -> None:
    rome = ZoneInfo("Europe/Rome")
    second_half_past_two = datetime(2026, 10, 25, 2, 30, tzinfo=rome, fold=1)
    state = set_stage(tmp_path, good_consent(valid_until=second_half_past_two)).state()
    first_half_past_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert decide(good_use(), state, now=first_half_past_two).allow
    assert decide(good_use(), state, now=first_half_past_two + timedelta(hours=1)).codes == ("expired",)


def test_both_ends_of_the_age_range_are_inside(tmp_path: Path) -> None:
    state = set_stage(tmp_path, good_consent()).state()
    assert [decide(good_use(age_target=age), state, now=NOON).allow for age in (29, 30, 40, 41)] == [False, True, True, False]


def test_revoked_even_when_everything_else_fits(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    revoke(stage.ledger, "g_1", cause="the performer asked")
    assert decide(good_use(), stage.state(), now=NOON).codes == ("revoked",)


def test_a_replacement_ends_the_old_consent_and_revoking_it_does_not_bring_that_back(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    add_consent(stage.ledger, good_consent(grant_id="g_2", age_range_out=(50, 60), supersedes="g_1"))
    assert decide(good_use(age_target=55), stage.state(), now=NOON).grants == ("g_2",)
    assert decide(good_use(), stage.state(), now=NOON).codes == ("age_range",)
    revoke(stage.ledger, "g_2", cause="asked")
    assert decide(good_use(), stage.state(), now=NOON).codes == ("superseded",)


def test_any_one_consent_that_fits_allows(tmp_path: Path) -> None:
    bad = good_consent(grant_id="g_0", valid_until=NOON)
    also_bad = good_consent(grant_id="g_2", shots=("sh020",))
    state = set_stage(tmp_path, bad, good_consent(), also_bad).state()
    assert decide(good_use(), state, now=NOON).grants == ("g_1",)


def test_consents_are_never_mixed(tmp_path: Path) -> None:
    """One covers the shot, one the age; together they would cover the use, and that counts for nothing."""
    shot_only = good_consent(grant_id="g_0", age_range_out=(50, 60))
    age_only = good_consent(grant_id="g_2", shots=("sh020",), valid_until=NOON)
    codes = answer(tmp_path, shot_only, age_only)
    assert codes == ("age_range",), "the reasons are those of the consent that came closest"


def test_every_person_needs_a_consent_for_the_same_pictures(tmp_path: Path) -> None:
    second = good_consent(grant_id="g_2", subject_id=SECOND, grantor=Grantor(id=SECOND, role=GrantorRole.SELF))
    state = set_stage(tmp_path, good_consent(), second).state()
    both = good_use(people=(PERFORMER, SECOND))
    assert decide(both, state, now=NOON).grants == ("g_1", "g_2")
    with_scan = replace(both, inputs=(*both.inputs, Input(digest=SCAN, role=Role.REFERENCE)))
    assert decide(with_scan, state, now=NOON).codes == ("input_not_allowed", "input_not_allowed")


def test_a_picture_of_a_person_stays_one_in_whatever_role_it_comes(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    register_exemplar(stage.ledger, still("scan", Role.KEY))
    use = good_use(inputs=(*good_use().inputs, Input(digest=SCAN, role=Role.KEY)))
    assert decide(use, stage.state(), now=NOON).codes == ("input_not_allowed",)


def test_a_listed_digest_and_a_prefix_of_shots_are_enough(tmp_path: Path) -> None:
    state = set_stage(tmp_path, good_consent(inputs_allowed=(PLATE, SCAN), shots=("sh0*",))).state()
    use = good_use(inputs=(*good_use().inputs, Input(digest=SCAN, role=Role.REFERENCE)))
    assert decide(use, state, now=NOON).allow
    assert decide(good_use(inputs=(Input(digest=OTHER_PLATE, role=Role.PLATE),)), state, now=NOON).codes == ("input_not_allowed",)


def person(stage: Any, kind: PersonKind) -> State:
    add_person(stage.ledger, Person(subject_id=PERFORMER, kind=kind))
    return State.of(stage.ledger)


def guardian(**changes: Any) -> Consent:
    grantor = Grantor(id="parent", role=GrantorRole.GUARDIAN, authority_doc_sha256=DOCUMENT)
    changed = {"subject_kind": PersonKind.MINOR, "grantor": grantor, "purpose": Purpose.ALTERATION, "age_range_out": None}
    return good_consent(**(changed | changes))


def test_a_minor_needs_a_guardian_and_some_things_nobody_can_grant(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    add_person(stage.ledger, Person(subject_id=PERFORMER, kind=PersonKind.MINOR))
    alteration = good_use(purpose=Purpose.ALTERATION, age_target=None)
    alone = guardian(grant_id="g_0", grantor=Grantor(id=PERFORMER, role=GrantorRole.SELF))
    add_consent(stage.ledger, alone)
    assert decide(alteration, stage.state(), now=NOON).codes == ("guardian_missing",)
    add_consent(stage.ledger, guardian(depicted_content_limits=ContentLimits(nudity=True, sexual=True)))
    assert decide(alteration, stage.state(), now=NOON).grants == ("g_1",)
    for content in (Content.NUDITY, Content.SEXUAL):
        assert decide(replace(alteration, content=(content,)), stage.state(), now=NOON).codes[0] == "minor_content"
    assert decide(alteration, person(stage, PersonKind.PERFORMER), now=NOON).codes[0] == "reconsent"


def test_a_minors_consent_runs_five_years_at_most(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    add_person(stage.ledger, Person(subject_id=PERFORMER, kind=PersonKind.MINOR))
    add_consent(stage.ledger, guardian(valid_from=NOON, valid_until=datetime(2031, 3, 10, 12, tzinfo=UTC)))
    alteration = good_use(purpose=Purpose.ALTERATION, age_target=None)
    assert decide(alteration, stage.state(), now=NOON).allow
    longer = guardian(grant_id="g_2", supersedes="g_1", valid_from=NOON, valid_until=datetime(2031, 3, 10, 12, 0, 1, tzinfo=UTC))
    add_consent(stage.ledger, longer)
    assert decide(alteration, stage.state(), now=NOON).codes == ("term",)


def test_death_ends_a_consent_unless_it_was_to_go_on(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    assert decide(good_use(), person(stage, PersonKind.DECEASED), now=NOON).codes == ("deceased_no_estate",)
    by_estate = Grantor(id="estate", role=GrantorRole.ESTATE)
    add_consent(stage.ledger, good_consent(grant_id="g_2", subject_kind=PersonKind.DECEASED, grantor=by_estate))
    revoke(stage.ledger, "g_1", cause="the estate speaks now")
    assert decide(good_use(), stage.state(), now=NOON).codes == ("authority_missing",)
    with_document = replace(by_estate, authority_doc_sha256=DOCUMENT)
    add_consent(stage.ledger, good_consent(grant_id="g_3", subject_kind=PersonKind.DECEASED, grantor=with_document))
    assert decide(good_use(), stage.state(), now=NOON).grants == ("g_3",)


def test_a_consent_given_in_life_may_survive(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent(survives_death=True))
    assert decide(good_use(), person(stage, PersonKind.DECEASED), now=NOON).allow


def test_legal_can_stand_in_for_representation(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent(representation=Representation.NONE))
    approve_consent(stage.ledger, "g_1", approval("studio"))
    approve_consent(stage.ledger, "g_1", approval("legal", at=NOON + timedelta(hours=1)))
    assert decide(good_use(), stage.state(), now=NOON).codes == ("representation_review",)
    assert decide(good_use(), stage.state(), now=NOON + timedelta(hours=1)).allow


def test_a_strike_suspends_until_it_is_over(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    declare_strike(stage.ledger, on=True, ref="notice-1")
    assert decide(good_use(), stage.state(), now=NOON).codes == ("strike",)
    add_consent(stage.ledger, good_consent(grant_id="g_2", strike_suspends=False))
    assert decide(good_use(), stage.state(), now=NOON).grants == ("g_2",)
    declare_strike(stage.ledger, on=False, ref="notice-2")
    assert decide(good_use(), stage.state(), now=NOON).allow


def test_a_final_needs_legal_and_studio(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    put_faces(stage.ledger, face(), reviewed=True)
    final = good_use(delivery=Delivery.FINAL)
    approve_consent(stage.ledger, "g_1", approval("legal"))
    assert decide(final, stage.state(), now=NOON).codes == ("approval_missing",)
    approve_job(stage.ledger, "sh020", job="deage", approval=approval("studio"))
    assert decide(final, stage.state(), now=NOON).codes == ("approval_missing",), "that was another shot"
    approve_job(stage.ledger, "sh010", job="deage", approval=approval("studio"))
    assert decide(final, stage.state(), now=NOON).allow


def test_any_one_consent_with_its_own_approvals_allows_a_final(tmp_path: Path) -> None:
    approved = good_consent(grant_id="g_0", approvals=(approval("legal"), approval("studio")))
    stage = set_stage(tmp_path, approved, good_consent())
    put_faces(stage.ledger, face(), reviewed=True)
    assert decide(good_use(delivery=Delivery.FINAL), stage.state(), now=NOON).grants == ("g_0",)


def test_no_rules_means_no(tmp_path: Path) -> None:
    state = set_stage(tmp_path, good_consent()).state()
    assert decide(good_use(), state, now=NOON, policies=()).codes == ("no_policies",)
    assert decide(good_use(), state, now=NOON, consent_rules=()).codes == ("no_policies",)


def test_a_persons_no_stands_whatever_policies_are_asked(tmp_path: Path) -> None:
    state = set_stage(tmp_path).state()

    @policy
    def silent(case: Case) -> Iterator[Reason]:
        """Nothing is asked."""
        yield from ()

    assert decide(good_use(), state, now=NOON, policies=(silent,)).codes == ("no_consent",)


def test_an_empty_state_refuses(tmp_path: Path) -> None:
    assert decide(good_use(), State(), now=NOON).codes[0] == "wrong_show"
    assert SHOW in str(decide(good_use(), State(), now=NOON).reasons[0])
