from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.model import BottegaError, Consent, ConsentError, Person, PersonKind, Purpose, SignatureKind, Technique, UsageError
from bottega.rights import add_consent, add_person, read_form, sign_form, template
from bottega.rights.decision import decide
from bottega.rights.signing import consent_signature_holds, sign_consent

from .builders import ANSWERS, GATE_KEY, NOON, PERFORMER, PLATE, SHOW, digest, fill, good_consent, good_signature, good_use, set_stage

SIGNER = Ed25519PrivateKey.from_private_bytes(b"hand" * 8)
BY_KEY = ANSWERS | {"signature.kind": '"ed25519"'}


def blank(purpose: Purpose = Purpose.DEAGE) -> str:
    return template(purpose, PERFORMER, person="Performer A", shot="sh010", show_id=SHOW, plate=PLATE, grant_id="g_1")


def problems(form: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read_form(form)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_filled_in_it_is_the_consent_that_the_gate_allows(tmp_path: Path) -> None:
    consent = read_form(fill(blank(), ANSWERS))
    assert consent == good_consent(valid_from=consent.valid_from, notice_given_at=consent.notice_given_at, signature=consent.signature)
    assert consent.valid_from.isoformat() == "2026-03-05T12:00:00+00:00"
    assert Consent.from_json(consent.to_json()) == consent
    assert decide(good_use(), set_stage(tmp_path, consent).state(), now=NOON).grants == ("g_1",)


@pytest.mark.parametrize("purpose", Purpose)
def test_every_template_is_toml_explains_each_line_and_names_every_blank(purpose: Purpose) -> None:
    form = blank(purpose)
    read = tomllib.loads(form)
    assert read["inputs_allowed"] == ["plate:sh010"]
    lines = form.splitlines()
    for i, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            assert lines[i - 1].startswith("# "), f"{line} is not explained"
    needed = {p.split(":")[0] for p in problems(form)}
    assert needed == set(ANSWERS) - (set() if purpose in (Purpose.DEAGE, Purpose.AGE_UP) else {"age_range_out"})


def test_a_deage_form_names_what_the_gate_will_ask_for() -> None:
    form = blank()
    for word in (
        "age_range_out",
        "valid_until",
        "description",
        "40 characters",
        "any use",
        "notice_given_at",
        "representation",
        "wet-scan",
    ):
        assert word in form
    for word in ("e-sign", "ed25519", "separately_signed", "clear_conspicuous", "document_path", "document_sha256", PLATE, "Performer A"):
        assert word in form


WRONG = {
    "description": ('"Any use of the likeness that the studio may want to make of it."', "any use"),
    "age_range_out": ("[16, 40]", "18 or more"),
    "valid_until": ('"2026-03-05T12:00:00Z"', "after valid_from"),
    "valid_from": ("2026-03-05T13:00:00", "an instant with its zone"),
    "notice_given_at": ('"2026-03-03T12:00:01Z"', "48 hours"),
    "representation": ('"my cousin"', '"lawyer" or "union" or "none"'),
    "document_sha256": ('"contract.pdf"', "64 digits"),
    "subject_id": ('"Performer A"', "p_ and 8 to 32"),
    "shots": ('["sh010", "sh010"]', "a list"),
    "techniques": ('["prompt"]', "exemplar_synthesis"),
    "inputs_allowed": ('["plate:*"]', "plate:SHOT"),
    "model_training": ('"no"', "true or false"),
    "revocable": ("1", "true or false"),
    "purpose": ('"any"', '"deage"'),
    "grantor.role": ('"friend"', '"self"'),
    "signature.separately_signed": ("false", "allowed is true"),
    "signature.clear_conspicuous": ("false", "allowed is true"),
    "signature.signed_at": ('"yesterday"', "an instant"),
    "depicted_content_limits.nudity": ('"a little"', "true or false"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_named_with_what_is_allowed(name: str) -> None:
    value, allowed = WRONG[name]
    found = problems(fill(blank(), ANSWERS | {name: value}))
    assert any(p.startswith(f"{name}:") and allowed in p for p in found), found


def test_all_problems_come_at_once() -> None:
    first = {k: v for k, (v, _) in WRONG.items() if k in ("representation", "techniques", "grantor.role", "document_sha256", "revocable")}
    assert {p.split(":")[0] for p in problems(fill(blank(), ANSWERS | first))} == set(first)
    second = {k: WRONG[k][0] for k in ("description", "age_range_out", "signature.separately_signed")}
    assert {p.split(":")[0] for p in problems(fill(blank(), ANSWERS | second))} == set(second)


@pytest.mark.parametrize(
    "left", ['""', '"  "', "[]", '"todo"', '"ToDo: ask"', '"<text>"', '"..."', '"…"', '"____"', '"xxx"', '"???"', '"fill in"', '"TBD"']
)
def test_what_was_left_in_is_empty(left: str) -> None:
    assert problems(fill(blank(), ANSWERS | {"description": left}))[0].startswith("description: empty")


def test_an_unknown_line_is_not_passed_over() -> None:
    assert problems(fill(blank(), ANSWERS).replace("valid_until =", "valid_untill ="))[0].startswith(
        "'valid_untill': unknown, did you mean valid_until?"
    )
    assert any("signature.'colour': unknown" in p for p in problems(fill(blank(), ANSWERS) + 'colour = "red"\n'))


@pytest.mark.parametrize(
    "form", ["", "= 3", "a = ", "\0", "grantor = 3", "signature = []", "approvals = 1", "approvals = [1]", "[[grantor]]"]
)
def test_what_is_no_form_is_refused(form: str) -> None:
    with pytest.raises(UsageError):
        read_form(form)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(ANSWERS)),
        st.sampled_from(["1", "1.5", "nan", "{}", "[[]]", "[1, 2, 3]", "1979-05-27", "07:32:00", '"\\u0000"', "9" * 30]),
    )
)
def test_no_answer_breaks_the_reader(answers: dict[str, str]) -> None:
    form = fill(blank(), ANSWERS | answers)
    try:
        assert answers == {} or read_form(form) is not None
    except BottegaError as refusal:
        assert answers
        assert isinstance(refusal, UsageError)


def test_the_document_is_hashed_and_its_path_forgotten(tmp_path: Path) -> None:
    (tmp_path / "A. Name.pdf").write_bytes(b"contract")
    with_path = {k: v for k, v in ANSWERS.items() if k != "document_sha256"} | {"document_path": '"A. Name.pdf"'}
    consent = read_form(fill(blank(), with_path), folder=tmp_path)
    assert consent.document_sha256 == digest("contract")
    assert "Name" not in str(consent.to_json())
    both = fill(blank(), with_path | {"document_sha256": f'"{digest("another")}"'})
    with pytest.raises(UsageError, match=r"document_sha256: given .* the file at document_path has"):
        read_form(both, folder=tmp_path)
    with pytest.raises(UsageError, match=r"document_path: given .* cannot be read"):
        read_form(fill(blank(), with_path), folder=tmp_path / "elsewhere")


def test_further_terms_and_tables_are_read() -> None:
    extra = (
        '[script_ref]\nsha256 = "' + digest("script") + '"\ndated = 2026-01-01T00:00:00Z\nexisted_before_performance = true\n'
        '[compensation]\nbasis = "production_days"\ndays = 3\n'
        '[[approvals]]\nrole = "legal"\napprover = "p_dddddddd"\nat = 2026-03-04T00:00:00Z\nref = "mail-7"\n'
    )
    consent = read_form(fill(blank(), ANSWERS | {"territories": '["IT", "US"]', "supersedes": '"g_0"'}) + extra)
    assert consent.territories == ("IT", "US")
    assert consent.supersedes == "g_0"
    assert consent.script_ref is not None
    assert consent.script_ref.existed_before_performance
    assert consent.compensation is not None
    assert consent.compensation.days == 3
    assert [a.role for a in consent.approvals] == ["legal"]
    assert any(p.startswith("approvals[0].ref: empty") for p in problems(fill(blank(), ANSWERS) + extra.replace("mail-7", "")))


def test_training_and_templates_need_an_end() -> None:
    found = problems(fill(blank(), ANSWERS | {"model_training": "true", "biometric_template": "true"}))
    assert [p.split(":")[0] for p in found] == ["model_retention_until", "template_delete_by"]


def test_the_grantors_own_signature_is_made_and_verified() -> None:
    form = fill(blank(), BY_KEY)
    assert {p.split(":")[0] for p in problems(form)} == {"signature.signer_key", "signature.signature"}
    signed = sign_form(form, SIGNER)
    consent = read_form(signed)
    assert consent.signature.signer_key == SIGNER.public_key().public_bytes_raw().hex()
    assert len(signed.splitlines()) == len(form.splitlines()), "everything else stands where it stood"
    assert sign_form(signed, SIGNER) == signed
    assert read_form(sign_form(signed, GATE_KEY)).signature.signer_key != consent.signature.signer_key


CHANGES = {
    "age": ("[30, 40]", "[20, 60]"),
    "shot": ('shots = ["sh010"]', 'shots = ["sh010", "sh020"]'),
    "end": ("2026-03-15", "2026-04-15"),
    "words": ("in the flashback of scene 12", "in the flashback of scene 13"),
    "limits": ("violence = false", "violence = true"),
    "number": ('grant_id = "g_1"', 'grant_id = "g_2"'),
    "when signed": ("2026-03-04T12:00:00Z", "2026-03-03T12:00:00Z"),
    "term": ("survives_death = false", "survives_death = true"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_signed_form_that_was_changed_does_not_verify(change: str) -> None:
    before, after = CHANGES[change]
    signed = sign_form(fill(blank(), BY_KEY), SIGNER)
    assert before in signed
    with pytest.raises(ConsentError, match="signature_invalid"):
        read_form(signed.replace(before, after))


def test_a_false_signature_gets_neither_into_the_ledger_nor_past_the_gate(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    by_key = good_consent(signature=good_signature(kind=SignatureKind.ED25519))
    with pytest.raises(ConsentError, match="signature_invalid"):
        add_consent(stage.ledger, by_key)
    signed = sign_consent(by_key, SIGNER)
    assert consent_signature_holds(signed)
    wider = replace(signed, age_range_out=(18, 99))
    with pytest.raises(ConsentError, match="signature_invalid"):
        add_consent(stage.ledger, wider)
    stage.ledger.append("grant.created", wider.to_json())
    assert decide(good_use(), stage.state(), now=NOON).codes == ("signature_invalid",)
    add_consent(stage.ledger, replace(signed, grant_id="g_9", signature=sign_consent(replace(by_key, grant_id="g_9"), SIGNER).signature))
    assert decide(good_use(), stage.state(), now=NOON).grants == ("g_9",)


@pytest.mark.parametrize("key", [None, "", "0" * 64, "f" * 64, "0" * 63, "G" * 64])
def test_a_key_that_is_none_verifies_nothing(key: str | None) -> None:
    signed = sign_consent(good_consent(signature=good_signature(kind=SignatureKind.ED25519)), SIGNER)
    assert not consent_signature_holds(replace(signed, signature=replace(signed.signature, signer_key=key)))
    assert not consent_signature_holds(replace(signed, signature=replace(signed.signature, signer_key=key, signature="0" * 128)))


def test_only_the_kind_that_can_be_checked_is_signed() -> None:
    with pytest.raises(UsageError, match=r"signature\.kind: given wet-scan"):
        sign_form(fill(blank(), ANSWERS), SIGNER)
    found = problems(fill(blank(), ANSWERS | {"signature.signature": '"00"'}))
    assert found == ["signature.signature: given, but only kind ed25519 has one"]


def test_hostile_labels_do_not_break_out_of_the_comment() -> None:
    for name in ("A\nsubject_kind = 'artist'", "A\rB", "A\u2028B", "", "A\0"):
        with pytest.raises(UsageError):
            template(Purpose.DEAGE, PERFORMER, person=name, shot="sh010", show_id=SHOW)
    odd = template(Purpose.DEAGE, PERFORMER, person='Performer "A" # = [', shot="sh010", show_id='a"b\\c')
    assert tomllib.loads(odd)["production_id"] == 'a"b\\c'
    with pytest.raises(UsageError):
        template(Purpose.DEAGE, "Performer A", person="Performer A", shot="sh010", show_id=SHOW)


def test_a_minors_form_ends_after_five_years(tmp_path: Path) -> None:
    minor = {"valid_until": '"2031-03-05T12:00:00Z"', "subject_kind": '"minor"'}
    assert read_form(fill(blank(), ANSWERS | minor)).subject_kind is PersonKind.MINOR
    found = problems(fill(blank(), ANSWERS | minor | {"valid_until": '"2031-03-05T12:00:01Z"'}))
    assert "5 years at most" in found[0]
    stage = set_stage(tmp_path)
    add_person(stage.ledger, Person(subject_id="p_12345678", kind=PersonKind.MINOR))
    with pytest.raises(UsageError, match="subject_kind"):
        add_consent(stage.ledger, read_form(fill(blank(), ANSWERS | minor)))


def test_techniques_are_those_of_the_model() -> None:
    consent = read_form(fill(blank(), ANSWERS | {"techniques": '["render", "per_shot_network"]'}))
    assert consent.techniques == (Technique.RENDER, Technique.PER_SHOT_NETWORK)
