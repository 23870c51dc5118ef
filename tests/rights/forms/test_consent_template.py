"""The form for whoever signs: the person, a guardian, an estate; and what it asks for beside the consent itself."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bottega.model import GrantorRole, PersonKind, Purpose, RevocationEffect, UsageError
from bottega.rights import read_form, template
from bottega.rights.forms.consent_form import documents
from bottega.rights.forms.form_fields import EXTRA_TABLES, HEAD, TABLES, TERMS
from tests.rights.builders import ANSWERS, PERFORMER, SHOW, digest, fill


def form(kind: PersonKind = PersonKind.PERFORMER, amends: str | None = None) -> str:
    return template(Purpose.DEAGE, PERFORMER, person="Performer A", shot="sh010", show_id=SHOW, kind=kind, grant_id="g_1", amends=amends)


@pytest.mark.parametrize(
    ("kind", "role", "said"),
    [
        (PersonKind.MINOR, GrantorRole.GUARDIAN, "Five years at the most"),
        (PersonKind.DECEASED, GrantorRole.ESTATE, "Silence of an estate is a no"),
    ],
)
def test_for_who_cannot_sign_it_is_the_form_of_who_signs_for_them(kind: PersonKind, role: GrantorRole, said: str) -> None:
    made = form(kind)
    assert tomllib.loads(made)["grantor"]["role"] == role.value
    assert said in " ".join(line.removeprefix("# ") for line in made.splitlines())
    assert tomllib.loads(form())["grantor"]["role"] == ""


def test_every_blank_and_every_table_stands_in_it() -> None:
    lines = form().splitlines()
    for blank in (*HEAD, *TERMS, *(b for table in TABLES.values() for b in table)):
        assert any(line.startswith(f"{blank.name} = ") for line in lines), blank.name
    for table, blanks in EXTRA_TABLES.items():
        assert f"#[{table}]" in lines
        assert all(b.explained and any(line.startswith(f"#{b.name} = ") for line in lines) for b in blanks)


def test_the_offered_tables_can_be_used_by_taking_the_marks_away() -> None:
    lines = [line[1:] if line.startswith("#") and line[1:2] not in (" ", "") else line for line in form().splitlines()]
    read = tomllib.loads("\n".join(lines))
    assert read.keys() >= EXTRA_TABLES.keys()


def test_an_amended_form_names_what_it_replaces() -> None:
    assert read_form(fill(form(amends="g_0"), ANSWERS)).supersedes == "g_0"


def test_an_agreement_asks_how_it_is_paid() -> None:
    named = ANSWERS | {"agreement": '"agreement-39"'}
    with pytest.raises(UsageError, match="compensation: empty"):
        read_form(fill(form(), named))
    paid = read_form(fill(form(), named) + '[compensation]\nbasis = "production_days"\ndays = 3\n')
    assert paid.compensation is not None and paid.compensation.days == 3


@pytest.mark.parametrize("effect", RevocationEffect)
def test_what_a_revocation_touches_is_one_of_two(effect: RevocationEffect) -> None:
    assert read_form(fill(form(), ANSWERS | {"revocation_effect": f'"{effect.value}"'})).revocation_effect == effect
    with pytest.raises(UsageError, match="revocation_effect"):
        read_form(fill(form(), ANSWERS | {"revocation_effect": '"nothing"'}))


def test_the_grantors_authority_is_hashed_and_its_path_forgotten(tmp_path: Path) -> None:
    (tmp_path / "G. Name.pdf").write_bytes(b"custody")
    (tmp_path / "contract.pdf").write_bytes(b"contract")
    answers = ANSWERS | {"grantor.authority_doc_path": '"G. Name.pdf"', "document_path": '"contract.pdf"'}
    filled = fill(form(), answers)
    consent = read_form(filled, folder=tmp_path)
    assert consent.grantor.authority_doc_sha256 == digest("custody") and "Name" not in str(consent.to_json())
    assert documents(filled, folder=tmp_path) == {digest("custody"): b"custody", digest("contract"): b"contract"}
    with pytest.raises(UsageError, match=r"grantor\.authority_doc_path: given .* cannot be read"):
        read_form(filled.replace("G. Name.pdf", "nowhere.pdf"), folder=tmp_path)
