from __future__ import annotations

from pathlib import Path

from bottega.cli.edge import REFUSED, WRONG_USAGE
from bottega.studio import Studio

from .conftest import Bottega

ASKED = [
    ["ledger", "rotate-key", "gate", "--by", "Operator C"],
    ["ledger", "rotate-key", "log", "--by", "Operator C"],
    ["ledger", "accept-mark", "--by", "Operator C"],
    ["ledger", "accept-clock", "--by", "Operator C"],
]


def test_after_new_keys_a_job_still_runs_its_plan(bottega: Bottega, job: list[str], show: Path) -> None:
    for words in ASKED[:2]:
        assert bottega(*words).code == 0
    said = bottega(*job, "--dry-run")
    assert said.code == 0, said.err
    assert bottega("doctor").code == 0


def test_which_key_has_to_be_one_of_two(bottega: Bottega) -> None:
    said = bottega("ledger", "rotate-key", "mine", "--by", "Operator C")
    assert said.code == WRONG_USAGE
    assert "gate, log" in said.err


def test_a_mark_that_is_gone_shuts_the_gate_until_somebody_accepts_the_ledger(bottega: Bottega, show: Path, tmp_path: Path) -> None:
    for mark in (tmp_path / "home" / "marks").glob("*.note"):
        mark.unlink()
    refused = bottega("person", "add", "Performer F", "--role", "performer")
    assert refused.code == REFUSED and "mark_missing" in refused.err
    accepted = bottega("ledger", "accept-mark", "--by", "Operator C")
    assert accepted.code == 0 and "no mark" in accepted.out
    assert bottega("person", "add", "Performer G", "--role", "performer").code == 0
    with Studio.open(show) as studio:
        assert studio.ledger.entries("note.mark_accepted")
