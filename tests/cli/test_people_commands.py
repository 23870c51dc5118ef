"""People, consents, licences and reports at the command line: each command once in words and once in JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.story.stage import Stage, signed

from .conftest import Bottega

TAKE = "sh010_deage_v001"
ASKED = (
    *(("person", word) for word in ("died", "erase", "of-age")),
    *(("strike", word) for word in ("on", "off")),
    *(("consent", word) for word in ("check", "amend", "print", "document", "suspend", "dispute", "resume", "transfer")),
    *(("licence", word) for word in ("template", "add", "list", "show", "revoke")),
    *(("report", word) for word in ("take", "usage", "disclosure")),
    ("affected",),
)


@pytest.fixture
def said(bottega: Bottega) -> Any:
    """What a command gives with --json; it has to end well, or with the code that is named."""

    def ask(*words: str, code: int = 0) -> Any:
        found = bottega(*words, "--json")
        assert found.code == code, (words, found)
        return json.loads(found.out)

    return ask


@pytest.fixture
def grant(said: Any) -> str:
    return str(said("consent", "list")[0]["grant_id"])


def form(said: Any, show: Path, **changes: str) -> Path:
    """A new consent of Performer A, filled in, with its document beside it."""
    (show / "contract.pdf").write_bytes(b"the contract")
    text = said("consent", "template", "--purpose", "deage", "--person", "Performer A", "--shot", "sh010")["form"]
    filled = signed(text, document_path='"contract.pdf"', document_sha256='""', **changes)
    (show / "form.toml").write_text(filled)
    return show / "form.toml"


def test_a_form_is_checked_without_a_trace_and_its_document_comes_back(said: Any, show: Path) -> None:
    path = form(said, show)
    entries = len(said("consent", "list"))
    checked = said("consent", "check", str(path))
    assert len(said("consent", "list")) == entries
    added = said("consent", "add", str(path))
    assert added == checked
    said("consent", "document", added["grant_id"], "--out", str(show / "back.pdf"))
    assert (show / "back.pdf").read_bytes() == b"the contract"
    assert b"the contract" not in b"".join(p.read_bytes() for p in (show / "people").rglob("*") if p.is_file())
    assert said("consent", "document", added["grant_id"], "--out", str(show / "back.pdf"), code=2)["error"] == "UsageError"
    assert "already" in said("consent", "check", str(path), code=2)["message"]


def test_a_consent_is_amended_by_a_new_one(said: Any, show: Path, grant: str) -> None:
    path = form(said, show, age_range_out="[34, 36]")
    assert said("consent", "amend", grant, str(path))["supersedes"] == grant
    assert [c["state"] for c in said("consent", "list")] == ["superseded", "active"]


def test_a_dispute_suspends_at_once_and_a_named_human_settles_it(said: Any, grant: str, job: list[str]) -> None:
    said("consent", "dispute", grant, "--ref", "letter-1")
    assert said(*job, "--dry-run", code=3)["reasons"][0]["code"] == "disputed"
    assert said("consent", "resume", grant, "--ref", "settled-1", "--by", "Nobody Known", code=2)
    assert said("consent", "resume", grant, "--ref", "settled-1", "--by", "Artist B")["cause"] == "dispute"
    said("consent", "suspend", grant, "--cause", "review", "--ref", "mail-2")
    assert said(*job, "--dry-run", code=3)["reasons"][0]["code"] == "suspended"
    said("consent", "resume", grant, "--ref", "mail-3", "--by", "Artist B")
    assert said(*job, "--dry-run")["allowed"] is True
    assert said("consent", "resume", grant, "--ref", "mail-3", "--by", "Artist B", code=2)


def test_a_strike_stops_and_ends(said: Any, job: list[str]) -> None:
    said("strike", "on", "--ref", "notice-1")
    assert said(*job, "--dry-run", code=3)["reasons"][0]["code"] == "strike"
    said("strike", "on", "--ref", "notice-1", code=2)
    said("strike", "off", "--ref", "notice-2")
    assert said(*job, "--dry-run")["allowed"] is True


def test_a_transfer_that_was_not_granted_is_refused_and_recorded(said: Any, grant: str, show: Path) -> None:
    refused = said("consent", "transfer", grant, "--to", "production-2", "--ref", "mail-1", code=3)
    assert refused["reasons"][0]["code"] == "transfer"
    path = form(said, show, transfer="true")
    other = said("consent", "add", str(path))["grant_id"]
    asked = said("consent", "transfer", other, "--to", "production-2", "--ref", "mail-1")["transfer_id"]
    words = ["consent", "transfer", other, "--approve", asked, "--by", "Artist B", "--ref", "mail-2"]
    assert said(*words)["transfer_id"] == asked
    said(*words, code=2)
    said("consent", "transfer", other, "--ref", "mail-1", code=2)


def test_the_page_is_printed(said: Any, bottega: Bottega, grant: str, show: Path) -> None:
    said("consent", "print", grant, "--out", str(show / "grant.html"))
    page = (show / "grant.html").read_text()
    assert bottega("consent", "print", grant).out == page
    assert said("consent", "print", grant)["page"] == page
    assert "Performer A" in page and grant in page


def test_a_death_ends_what_was_not_to_survive_it(said: Any, grant: str, job: list[str]) -> None:
    assert said("person", "died", "Performer A", "--on", "2026-01-02", "--ref", "certificate-1")["ended"] == [grant]
    assert said(*job, "--dry-run", code=3)["reasons"][0]["code"] == "died"
    assert "already" in said("person", "died", "Performer A", "--on", "2026-01-02", code=2)["message"]
    assert "to come" in said("person", "died", "Artist B", "--on", "9999-01-02", code=2)["message"]
    assert "2027-05-01" in said("person", "died", "Artist B", "--on", "yesterday", code=2)["message"]


def test_an_erased_person_is_called_so_everywhere(said: Any, bottega: Bottega, show: Path, job: list[str]) -> None:
    assert said("person", "erase", "Performer A", code=2)["message"].endswith("add --yes")
    known_as = said("person", "erase", "Performer A", "--yes")["subject_id"]
    assert {p["subject_id"]: p["name"] for p in said("person", "list")}[known_as] == "(erased)"
    assert [c["state"] for c in said("consent", "list")] == ["erased"]
    assert [row["person"] for row in said("report", "usage")] == ["(erased)"]
    assert "whose name was erased" in said("report", "disclosure")["text"]
    assert bottega("doctor").out.count("BAD") == 0
    assert said(*job, code=2)["error"] == "UsageError"
    for path in (*show.glob("people*"), *(show / "sh010").rglob("*.json")):
        assert path.is_dir() or b"Performer A" not in path.read_bytes()


def test_a_minor_comes_of_age(said: Any) -> None:
    added = said("person", "add", "Performer D", "--role", "minor", "--of-age-at", "2027-05-01")
    assert added["of_age_at"] == "2027-05-01T00:00:00.000000Z"
    assert said("person", "of-age", "Performer D", "--at", "2027-06-01")["of_age_at"].startswith("2027-06-01")
    said("person", "of-age", "Performer A", "--at", "2027-06-01", code=2)
    said("person", "add", "Performer E", "--role", "performer", "--of-age-at", "2027-05-01", code=2)
    assert {p["name"] for p in said("person", "list")} == {"Performer A", "Artist B", "Performer D"}


def test_a_licence_from_its_form_to_its_end(said: Any, show: Path, whole: Stage) -> None:
    (show / "licence.pdf").write_bytes(b"the licence")
    text = said("licence", "template", "--author", "Artist B")["form"]
    answers = {"kind": '"licensed"', "document_path": '"licence.pdf"', "pictures": f'["{whole.keys}"]', "attribution_name": '"B. Credited"'}
    lines = [f"{n} = {answers[n]}" if (n := line.split(" =")[0]) in answers else line for line in text.splitlines()]
    (show / "licence.toml").write_text("\n".join(lines))
    listed = len(said("licence", "list"))
    said("licence", "add", str(show / "licence.toml"), "--dry-run")
    assert len(said("licence", "list")) == listed
    licence = said("licence", "add", str(show / "licence.toml"))
    assert len(licence["works"]) == 2 and licence["attribution_name"] is None  # the credit is sealed, not logged
    number = licence["licence_id"]
    said("exemplar", "add", str(whole.keys), "--by", "Artist B", "--licence", number)
    shown = said("licence", "show", number)
    assert shown["state"] == "active" and sorted(shown["pictures"]) == sorted(licence["works"])
    assert said("report", "disclosure")["credits"] == [{"name": "B. Credited", "works": 2}]
    assert said("affected", number) != []  # the take was made from pictures that are under it now
    assert said("licence", "revoke", number, "--reason", "sold", "--set-aside")["set_aside"] == [TAKE]
    assert said("licence", "show", number)["state"] == "revoked"


def test_reports_of_use(said: Any, bottega: Bottega, show: Path, grant: str) -> None:
    [row] = said("report", "usage", "--person", "Performer A")
    assert (row["frames"], row["seconds"], row["takes"], row["purpose"], row["grants"]) == (3, "1/8", 1, "deage", [grant])
    assert said("report", "usage", "--person", "Artist B") == []
    [in_csv] = csv.DictReader(io.StringIO(bottega("report", "usage", "--csv").out))
    assert in_csv["seconds"] == "1/8" and in_csv["person"] == "Performer A"
    said("report", "usage", "--csv", code=2)
    told = said("report", "disclosure", "--title", "The Film", "--out", str(show / "credits.txt"))
    assert (show / "credits.txt").read_text() == told["text"]
    assert "The Film" in told["text"] and "Performer A" in told["text"] and "Artist B" in told["text"]
    assert said("report", "disclosure", "--final")["takes"] == 0


@pytest.mark.parametrize("words", [["report"], ["report", "take"]])
def test_a_report_needs_no_further_word(said: Any, bottega: Bottega, words: list[str]) -> None:
    assert [t["name"] for t in said(*words)["takes"]] == [TAKE]
    assert said(*words, "sh010/deage/v001")["name"] == TAKE
    assert TAKE in bottega(*words, "sh010/deage/v001").out
    assert "usage" in bottega("report", "--help").out


def test_a_revocation_sets_aside_what_the_consent_says(said: Any, show: Path, job: list[str], grant: str) -> None:
    added = said("consent", "amend", grant, str(form(said, show, revocation_effect='"unreleased_outputs"')))["grant_id"]
    assert said(*job)["name"] == "sh010_deage_v002"
    record = show / "sh010" / "deage" / "v002" / "take.json"
    revoked = said("consent", "revoke", added, "--reason", "withdrawn")
    assert revoked["takes"] == revoked["set_aside"] == ["sh010_deage_v002"]
    assert json.loads(record.read_text())["state"] == "quarantined"
    assert said("consent", "revoke", added)["set_aside"] == []  # again: nothing is left to set aside
    assert [t["take"] for t in said("affected", added)] == ["sh010_deage_v002"]
    assert [t["take"] for t in said("affected", grant)] == [TAKE]
    assert "no digest" in said("affected", "g_nobody", code=2)["message"]
