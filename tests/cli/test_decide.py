"""Decisions, approvals, packs, places, keys and overrides from the command line, on a show as it is made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bottega.rights.packs import shipped
from tests.rights.builders import SMALL_PACK

from .conftest import Bottega, Stage

SOON = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
BY_LEGAL = ("--by", "Legal B", "--role", "legal", "--ref", "mail-7")
SAFE = ("--state", "could_pass_as_real=no", "--state", "affects_union_work=no")


@pytest.fixture
def asked(whole: Stage) -> list[str]:
    return ["decide", "sh010", "--keys", str(whole.keys), "--matte", str(whole.mattes), "--person", "Performer A", "--age", "35"]


def test_a_temp_of_the_demo_is_allowed_and_explained(bottega: Bottega, asked: list[str]) -> None:
    said = bottega(*asked, "--explain")
    assert said.code == 0, said.err
    assert "The gate answers: allow" in said.out
    rows = {line.split()[0]: line.split()[1] for line in said.out.splitlines() if line[:1] == "P" and line[1:2].isdigit()}
    assert rows == dict.fromkeys(("P1", "P2", "P3", "P4", "P5"), "yes")


def test_a_refusal_names_who_has_to_do_what(bottega: Bottega, asked: list[str]) -> None:
    said = bottega(*asked, "--delivery", "final", "--explain", "--json")
    assert said.code == 3
    found = json.loads(said.out)
    assert found["answer"] == "deny"
    steps = {step["code"]: step for step in found["needed"]}
    assert steps["unsure"]["command"].startswith("--state FACT=VALUE")
    assert "bottega approve job sh010 --job deage --role ROLE" in steps["approval_missing"]["command"]
    assert {line["id"] for line in found["packs"]["studio-guidance"]} >= {"P4", "M4", "F", "T4"}
    words = bottega(*asked, "--delivery", "final")
    assert "who: the roles named" in words.out
    assert "M4" not in [line.split()[0] for line in words.out.splitlines() if line.strip()], "rows are for --explain"


def test_every_step_that_it_names_can_be_taken(bottega: Bottega, asked: list[str]) -> None:
    final = [*asked, "--delivery", "final", *SAFE, "--json"]
    for role in ("legal", "studio", "vfx_supervisor"):
        assert bottega("approve", "job", "sh010", "--job", "deage", "--role", role, "--by", f"{role} B", "--ref", "mail").code == 0
    left = {step["code"] for step in json.loads(bottega(*final).out)["needed"]}
    assert left == {"faces_unreviewed"}
    held = ("--shot", "sh010", "--job", "deage", "--by", "Legal B", "--ref", "seen")
    assert bottega("approve", "hold", "faces_unreviewed", *held, "--role", "legal").code == 0
    assert bottega(*final).code == 0


def test_a_consent_is_approved_as_well_as_a_job(bottega: Bottega, asked: list[str]) -> None:
    grant = json.loads(bottega("consent", "list", "--json").out)[0]["grant_id"]
    for role in ("legal", "studio", "vfx_supervisor"):
        assert bottega("approve", "consent", grant, "--role", role, "--by", f"{role} B", "--ref", "mail").code == 0
    left = {step["code"] for step in json.loads(bottega(*asked, "--delivery", "final", *SAFE, "--json").out)["needed"]}
    assert left == {"faces_unreviewed"}
    assert bottega("approve", "consent", "g_none", "--role", "legal", "--by", "Legal B", "--ref", "mail").code == 2


def test_a_hold_is_resolved_in_the_words_it_was_given_in(bottega: Bottega, asked: list[str]) -> None:
    far = [*asked, "--state", "environment=farm-a"]
    assert bottega(*far).code == 3
    wrong = bottega("approve", "hold", "escalate", "--shot", "sh010", "--job", "deage", *BY_LEGAL)
    assert (wrong.code, "for environment" in wrong.err) == (2, True)
    said = bottega("approve", "hold", "environment", "--shot", "sh010", "--job", "deage", "--by", "D", "--role", "security", "--ref", "t")
    assert said.code == 0 and "M6" in said.out
    assert bottega(*far).code == 0
    assert bottega(*asked, "--state", "environment=farm-b").code == 3


def test_a_place_is_approved(bottega: Bottega, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_ENVIRONMENT", "farm-a")
    assert bottega(*asked).code == 3
    assert bottega("environment", "approve", "farm-a", *BY_LEGAL).code == 2, "not for legal to say"
    assert bottega("environment", "approve", "farm-a", "--by", "D", "--role", "security", "--ref", "ticket").code == 0
    assert bottega(*asked).code == 0


def test_packs_are_listed_shown_adopted_and_dropped(bottega: Bottega, asked: list[str], tmp_path: Path) -> None:
    assert bottega("policy", "show", "studio-guidance").out == shipped()
    file = tmp_path / "small.toml"
    file.write_text(SMALL_PACK)
    assert bottega("policy", "adopt", str(file), *BY_LEGAL).code == 0
    file.unlink()
    assert [p["id"] for p in json.loads(bottega("policy", "list", "--json").out)] == ["studio-guidance", "small"]
    assert bottega(*asked).code == 3, "taking the file away takes no rule away"
    assert bottega(*asked, "--state", "key_visual=no").code == 0
    assert bottega("policy", "drop", "small", *BY_LEGAL).code == 0
    assert bottega(*asked).code == 0
    assert bottega("policy", "show", "small").code == 2
    file.write_text(SMALL_PACK.replace("key_visual", "weather"))
    refused = bottega("policy", "adopt", str(file), *BY_LEGAL)
    assert (refused.code, "'weather' is unknown" in refused.err) == (2, True)


def test_two_people_sign_an_override_and_the_take_is_to_be_watermarked(bottega: Bottega, asked: list[str], tmp_path: Path) -> None:
    escalated = [*asked, "--state", "personal_data=yes"]
    assert bottega(*escalated).code == 3
    for person, role in (("Legal B", "legal"), ("Studio C", "studio")):
        assert bottega("key", "new", "--person", person, "--role", role).code == 0
    file = str(tmp_path / "override.json")
    ask = ("override", "request", "sh010", "--job", "deage", "--why", "a screening", "--until", SOON, "--to", file)
    assert bottega(*ask, "--code", "no_consent").code == 2, "it was not refused for that"
    assert bottega(*ask, "--code", "escalate").code == 0
    assert bottega(*ask, "--code", "escalate").code == 2, "a file that is there is not written over"
    assert bottega("override", "sign", file, "--person", "Legal B").code == 0
    one = bottega("override", "record", file)
    assert (one.code, "override_invalid" in one.err) == (3, True)
    assert bottega("override", "sign", file, "--person", "Studio C").code == 0
    assert bottega("override", "record", file).code == 0
    said = bottega(*escalated, "--json")
    assert (said.code, json.loads(said.out)["watermark"]) == (0, True)
    key = json.loads(bottega("key", "list", "--json").out)[0]
    assert bottega("key", "revoke", key["key_id"][:12], "--reason", "left").code == 0
    assert bottega(*escalated).code == 3


def test_private_keys_of_people_are_for_their_owner_alone(bottega: Bottega) -> None:
    folder = Path(json.loads(bottega("key", "new", "--person", "Legal B", "--role", "legal", "--json").out)["folder"])
    keys = list(folder.glob("person_*.pem"))
    assert len(keys) == 1
    assert keys[0].stat().st_mode & 0o777 == 0o600
    assert "Legal" not in keys[0].name
    assert bottega("override", "sign", str(keys[0]), "--person", "Legal B").code == 2, "that is no override"


@pytest.mark.parametrize("words", [["--person", "A"], ["--age", "35"], ["--person", "A", "--age", "35", "--no-performer"]], ids=len)
def test_a_question_is_about_a_deageing_or_a_repair(words: list[str], bottega: Bottega, whole: Stage) -> None:
    said = bottega("decide", "sh010", "--keys", str(whole.keys), *words)
    assert said.code == 2


@pytest.mark.parametrize("text", ["personal_data", "=yes", "personal_data="])
def test_a_fact_is_stated_as_name_and_value(text: str, bottega: Bottega, asked: list[str]) -> None:
    assert bottega(*asked, "--state", text).code == 2
    twice = bottega(*asked, "--state", "personal_data=no", "--state", "personal_data=yes")
    assert (twice.code, "stated twice" in twice.err) == (2, True)
