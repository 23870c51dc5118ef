"""Every gate case as one test, named by its number; and the suite itself: complete, and hard on who answers wrongly."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conformance.bottega_adapter import answer
from conformance.run import CASES, LEVELS, REFUSED_AT_ENTRY, chosen, expanded, judged, main, merged, run, summary

from bottega.rights import REASONS
from bottega.rights.reasons import HOLDS

SUITE = json.loads(CASES.read_text("utf-8"))
ROWS = chosen(SUITE, [], list(LEVELS))
NUMBERED = range(1, 56)
FEWEST_GOOD_JOBS = 40
NEEDS_A_DISK = ("47c", "47d")  # a disk of its own is mounted, which needs root
UNASKED = {
    "no_policies": "a fault inside the software: no job and no record can leave a gate without rules",
}
NOT_YET: Mapping[str, str] = {}


def marked(row: Mapping[str, Any]) -> Any:
    """A case as a parameter; what is not built yet is expected to fail, and to be taken off the list when it no longer does."""
    marks = [pytest.mark.xfail(reason=NOT_YET[row["id"]], strict=True)] if row["id"] in NOT_YET else []
    if row["id"] in NEEDS_A_DISK:
        marks.append(pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"))
    return pytest.param(row, id=row["id"] if row["id"].startswith("good-") else f"case_{row['id']}", marks=marks)


@pytest.mark.parametrize("row", [marked(row) for row in ROWS])
def test_gate(row: Mapping[str, Any]) -> None:
    verdict = judged(row, answer(expanded(SUITE, row)))
    assert not verdict.fault, f"{verdict.title}: expected {verdict.expected}, answered {verdict.answered} {verdict.note}"


def test_all_fifty_five_numbers_are_there() -> None:
    assert {row["number"] for row in SUITE["cases"]} - {None} == {*NUMBERED}
    assert len(SUITE["good_jobs"]) >= FEWEST_GOOD_JOBS


def test_every_reason_is_asked_for_or_said_why_not() -> None:
    asked = {row["expect"]["code"] for row in SUITE["cases"] if "code" in row["expect"]}
    named = asked | {code for row in SUITE["cases"] for code in row["expect"].get("also", [])}
    assert named - {REFUSED_AT_ENTRY} <= REASONS.keys(), "a case names a code that does not exist"
    assert set(REASONS) - asked == set(UNASKED)
    assert {row["expect"]["code"] for row in SUITE["cases"] if row["expect"]["decision"] == "hold"} == HOLDS


def test_a_hold_is_never_an_allow_in_disguise() -> None:
    """Every rule that refuses has a near miss on its other side."""
    numbers = {
        decision: {row["number"] for row in SUITE["cases"] if row["expect"]["decision"] == decision} for decision in ("allow", "deny")
    }
    assert len(numbers["allow"]) >= 35
    assert len(numbers["deny"]) >= 45


def test_the_cases_have_the_published_shape() -> None:
    schema = json.loads(CASES.with_name("case.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(SUITE, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(merged(SUITE, {"cases": [{"id": "1", "expect": {"decision": "perhaps"}}]}), schema)


def test_ids_are_told_apart_and_begin_with_their_number() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(ids) == len(set(ids))
    assert all(row["number"] is None or row["id"].startswith(str(row["number"])) for row in SUITE["cases"])


def test_who_allows_everything_is_caught_on_every_refusal() -> None:
    found = summary(SUITE, list(run(SUITE, ROWS, lambda case: {"decision": "allow", "codes": []})))
    assert found["false_allow"] == sum(row["expect"]["decision"] != "allow" for row in SUITE["cases"])
    assert found["false_deny"] == 0
    assert found["good_jobs_refused_rate"] == 0


def test_who_denies_everything_is_caught_on_every_yes() -> None:
    found = summary(SUITE, list(run(SUITE, ROWS, lambda case: {"decision": "deny", "codes": ["no_consent"]})))
    good = [row for row in SUITE["cases"] if row["expect"]["decision"] == "allow"]
    assert found["false_allow"] == 0
    assert found["false_deny"] == len(good) + len(SUITE["good_jobs"])
    assert found["good_jobs_refused_rate"] == 1


def test_who_is_right_for_the_wrong_reason_is_caught() -> None:
    expired = next(row for row in SUITE["cases"] if row["id"] == "2")
    for codes in ([], ["not_yet_valid"], ["expired", "not_yet_valid"]):
        assert judged(expired, {"decision": "deny", "codes": codes}).fault == "wrong-code"
    assert not judged(expired, {"decision": "deny", "codes": ["expired"]}).fault
    assert judged(expired, {"decision": "hold", "codes": ["expired"]}).fault == "wrong-decision"
    assert judged(expired, {"decision": "unsupported"}).fault == "not-answered"
    assert judged(expired, {"decision": "maybe"}).fault == "broken"


def test_nothing_of_what_is_expected_is_sent() -> None:
    for row in ROWS:
        assert expanded(SUITE, row).keys() == {"id", "title", "level", "facts", "steps", "ask"}


PROGRAM = 'import sys\nfor line in sys.stdin: print(\'{"decision": "allow", "codes": []}\', flush=True)'


@pytest.mark.parametrize("keep", [[], ["--keep"]])
def test_the_runner_speaks_to_a_program(capsys: pytest.CaptureFixture[str], keep: list[str]) -> None:
    assert main(["--json", "--only", "1", *keep, "--", sys.executable, "-c", PROGRAM]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["right"] == sum(row["number"] == 1 for row in SUITE["cases"])
    assert main(["--only", "2", "--only", "2b", "--only", "2c", *keep, "--", sys.executable, "-c", PROGRAM]) == 1
    assert "false allow: 3" in capsys.readouterr().out


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('no JSON')", "print('[]')", "import time; time.sleep(60)"])
@pytest.mark.parametrize("keep", [[], ["--keep"]])
def test_a_program_that_breaks_is_no_yes(capsys: pytest.CaptureFixture[str], program: str, keep: list[str]) -> None:
    assert main(["--json", "--timeout", "1", "--only", "1b", *keep, "--", sys.executable, "-c", program]) == 1
    assert json.loads(capsys.readouterr().out)["summary"]["faults"] == {"broken": 1}


def test_the_runner_needs_nothing_but_python(tmp_path: Path) -> None:
    import subprocess

    script = [sys.executable, "-I", str(CASES.with_name("run.py")), "--only", "1b", "--", sys.executable, "-c", PROGRAM]
    done = subprocess.run(script, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_case_that_nobody_wrote_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--only", "99", "--", "true"])
    assert stop.value.code == 2
    assert "99" in capsys.readouterr().err
