"""The licence form: read strictly, everything that is wrong at once, no names in what is recorded."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bottega.model import Licence, LicenceKind, UsageError
from bottega.rights.forms.licence_form import BLANKS, FilledLicence, licence_template, read_licence
from tests.rights.builders import KEY, NOON, SHOW, digest, fill

ANSWERS = {
    "kind": '"licensed"',
    "author": '"Artist B"',
    "works": f'["{KEY}"]',
    "valid_until": '"2026-03-15T12:00:00Z"',
    "attribution_name": '"B. Credited"',
    "document_sha256": f'"{digest("licence")}"',
}


def blank() -> str:
    return licence_template(show_id=SHOW, licence_id="l_1")


def read(form: str, folder: Path | None = None) -> FilledLicence:
    return read_licence(form, folder=folder, digests_of=lambda path: [digest(path.name)])


def test_filled_in_it_is_the_licence() -> None:
    filled = read(fill(blank(), ANSWERS))
    assert (filled.author, filled.rightsholder, filled.attribution_name) == ("Artist B", "the author", "B. Credited")
    assert filled.licence(rightsholder="p_bbbbbbbb") == Licence(
        licence_id="l_1",
        kind=LicenceKind.LICENSED,
        rightsholder="p_bbbbbbbb",
        show_id=SHOW,
        works=(KEY,),
        valid_until=NOON.replace(day=15),
        doc_sha256=digest("licence"),
    )


def test_the_template_explains_every_blank() -> None:
    lines = blank().splitlines()
    assert tomllib.loads(blank()).keys() == {b.name for b in BLANKS}
    assert all(lines[i - 1].startswith("# ") for i, line in enumerate(lines) if " = " in line and not line.startswith("#"))
    with pytest.raises(UsageError):
        licence_template(show_id=SHOW, author="A\nkind = 'cc0'")


WRONG = {
    "kind": '"borrowed"',
    "works": '["key.png"]',
    "train_ok": '"no"',
    "valid_until": '"soon"',
    "document_sha256": '"licence.pdf"',
    "author": '""',
    "licence_id": '"own"',
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=f"\n  {name}: "):
        read(fill(blank(), ANSWERS | {name: WRONG[name]}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"document_sha256": '""'}, "doc_sha256"),
        ({"works": "[]"}, "digests of the works"),
        ({"licence_id": '"../l"'}, "licence_id"),
        ({"attribution_name": '"https://b.example"'}, "attribution_name"),
        ({"attribution_name": '"a\\u0000b"'}, "name"),
    ],
)
def test_what_no_licence_can_be_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(fill(blank(), ANSWERS | changes)).licence(rightsholder="p_bbbbbbbb")


def test_works_may_be_named_as_files_and_the_document_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "B. Name.pdf").write_bytes(b"licence")
    changes = {"pictures": '["a.png"]', "document_path": '"B. Name.pdf"', "document_sha256": '""'}
    filled = read(fill(blank(), ANSWERS | changes), tmp_path)
    assert filled.values["works"] == (KEY, digest("a.png"))
    assert filled.values["doc_sha256"] == digest("licence")
    assert "Name" not in str(filled.licence(rightsholder="p_bbbbbbbb").to_json())
