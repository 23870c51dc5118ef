"""`bottega ledger` and `bottega witness`, from the show to the stranger who checks."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bottega.cli.edge import DONE, FAILED, STOPPED, WRONG_USAGE
from tests.rules.tree import ROOT, SOURCE

from .conftest import Bottega

CHECKER = ROOT / "conformance" / "check_proof.py"


def stranger(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Somebody without Bottega checks a proof."""
    return subprocess.run([sys.executable, "-I", CHECKER, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))


@pytest.fixture
def witness(bottega: Bottega, tmp_path: Path) -> Path:
    assert bottega("witness", "new", str(tmp_path / "w"), "--name", "guild.example/w1").code == DONE
    assert bottega("witness", "trust", str(tmp_path / "w"), "keys/log.vkey").code == DONE
    return tmp_path / "w"


def test_a_grant_and_a_take_are_proven_to_a_stranger(bottega: Bottega, show: Path, witness: Path) -> None:
    assert bottega("ledger", "checkpoint", "--witness", str(witness)).code == DONE
    grant = json.loads(bottega("ledger", "list", "--kind", "grant.created", "--json").out)[0]["data"]["grant_id"]
    for entry, said in ((grant, '"grant_id"'), ("sh010/deage/v001", '"take": "sh010_deage_v001"')):
        proof = bottega("ledger", "prove", entry)
        assert proof.code == DONE
        (show / "proof.txt").write_text(proof.out)
        checked = stranger(show, "proof.txt", "keys/log.vkey", "--witness", str(witness / "witness.vkey"))
        assert checked.returncode == 0, checked.stderr
        assert said in checked.stdout
        (show / "proof.txt").write_text(proof.out.replace("index ", "index 1"))
        assert stranger(show, "proof.txt", "keys/log.vkey").returncode == 1


def test_a_proof_names_no_person(bottega: Bottega) -> None:
    size = len(json.loads(bottega("ledger", "list", "--json").out))
    for index in range(size):
        proof = json.loads(bottega("ledger", "prove", str(index), "--json").out)["proof"]
        assert "Performer A" not in proof + bottega("ledger", "list").out


def test_the_list_is_one_line_an_entry(bottega: Bottega) -> None:
    entries = json.loads(bottega("ledger", "list", "--json").out)
    assert len(bottega("ledger", "list").out.splitlines()) == len(entries) + 2
    kinds = bottega("ledger", "list", "--kind", "shot.registered").out.splitlines()[2:]
    assert len(kinds) == 1
    assert "shot.registered" in kinds[0]


def test_the_export_is_bodies_byte_for_byte(bottega: Bottega) -> None:
    lines = bottega("ledger", "export").out.splitlines()
    entries = json.loads(bottega("ledger", "list", "--json").out)
    assert [json.loads(line) for line in lines] == [{k: v for k, v in e.items() if k != "index"} for e in entries]
    assert bottega("ledger", "export", "--since", "3").out.splitlines() == lines[3:]


def findings(bottega: Bottega, *words: str) -> tuple[int, dict[str, bool]]:
    said = bottega("ledger", "verify", *words, "--json")
    return said.code, {f["what"]: f["ok"] for f in json.loads(said.out)}


def test_a_whole_ledger_ends_with_0(bottega: Bottega, witness: Path) -> None:
    bottega("ledger", "checkpoint", "--witness", str(witness), "--out", "outside.note")
    code, found = findings(bottega, "--against", "outside.note", "--witness", str(witness / "witness.vkey"))
    assert code == DONE
    assert set(found.values()) == {True}
    assert {"entries", "outside.note", "witness guild.example/w1"} <= set(found)


def test_damage_ends_with_1_and_is_named(bottega: Bottega, show: Path) -> None:
    bottega("ledger", "checkpoint", "--out", "outside.note")
    text = (show / "outside.note").read_text()
    (show / "outside.note").write_text(re.sub(r"\n(\d+)\n", "\n7\n", text))
    code, found = findings(bottega, "--against", "outside.note")
    assert (code, found["outside.note"], found["entries"]) == (FAILED, False, True)
    (show / "keys" / "log.vkey").write_text("nonsense")
    code, found = findings(bottega)
    assert (code, found) == (FAILED, {"keys": False})
    words = bottega("ledger", "verify")
    assert "BAD" in words.out


def test_a_witness_that_saw_more_is_an_error(bottega: Bottega, show: Path, witness: Path, tmp_path: Path) -> None:
    older = (show / "ledger.db").read_bytes()
    mark = next((tmp_path / "home" / "marks").glob("*.note"))
    older_mark, older_note = mark.read_bytes(), (show / "checkpoints" / "latest.note").read_bytes()
    bottega("person", "add", "Performer Q", "--role", "performer")
    assert bottega("ledger", "checkpoint", "--witness", str(witness)).code == DONE
    for rest in show.glob("ledger.db-*"):
        rest.unlink()
    (show / "ledger.db").write_bytes(older)
    mark.write_bytes(older_mark)
    (show / "checkpoints" / "latest.note").write_bytes(older_note)
    for kept in (show / "checkpoints").glob("0*.note"):
        kept.unlink()
    assert bottega("ledger", "verify").code == DONE
    said = bottega("ledger", "checkpoint", "--witness", str(witness))
    assert said.code == FAILED
    assert "ROLLED BACK" in said.err


def test_a_witness_is_asked_by_mail(bottega: Bottega, show: Path, witness: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = bottega("ledger", "checkpoint", "--request", "0").out
    typed(monkeypatch, request)
    answer = bottega("witness", "cosign", str(witness))
    assert answer.code == DONE
    (show / "answer").write_text(answer.out)
    kept = bottega("ledger", "checkpoint", "--answer", "answer", "--key", str(witness / "witness.vkey"))
    assert kept.code == DONE
    assert "— guild.example/w1 " in kept.out
    typed(monkeypatch, request)
    again = bottega("witness", "cosign", str(witness), "--json")
    assert again.code == FAILED
    assert "begins at 0" in json.loads(again.out)["message"]
    assert json.loads(bottega("witness", "list", str(witness), "--json").out)[0]["seen"] > 0


def test_a_witness_is_asked_over_the_network(bottega: Bottega, show: Path, witness: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    command = [sys.executable, "-c", SERVE, str(witness)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = json.loads("".join(process.stdout.readline() for _ in range(4)))["url"]
            said = bottega("ledger", "checkpoint", "--witness", url, "--key", str(witness / "witness.vkey"))
            assert said.code == DONE, said.err
            assert "— guild.example/w1 " in said.out
            assert said.out == _fetched(url, said.out)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    assert process.returncode == STOPPED


SERVE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from bottega.cli import main;"
    "sys.argv[1:] = ['witness', 'serve', sys.argv[1], '--port', '0', '--json']; main()"
)


def _fetched(url: str, note: str) -> str:
    name = hashlib.sha256(note.split("\n", 1)[0].encode()).hexdigest()
    with urllib.request.urlopen(f"{url}/{name}/checkpoint", timeout=10) as answer:  # noqa: S310 - our own server
        content: bytes = answer.read()
    return content.decode()


@pytest.mark.parametrize(
    "words",
    [
        ["ledger", "prove", "nothing"],
        ["ledger", "verify", "--witness", "nothing.vkey"],
        ["ledger", "checkpoint", "--witness", "http://guild.example"],
        ["ledger", "checkpoint", "--request", "9999"],
        ["witness", "trust", "nowhere", "keys/log.vkey"],
        ["witness", "list", "."],
        ["witness", "new", ".", "--name", "guild.example/w1"],
        ["witness", "serve", "nowhere"],
    ],
)
def test_wrong_words_end_with_2(bottega: Bottega, words: list[str]) -> None:
    assert bottega(*words).code == WRONG_USAGE


def test_a_file_that_cannot_be_written_is_named(bottega: Bottega) -> None:
    said: Any = bottega("ledger", "prove", "0", "--out", "nowhere/proof.txt")
    assert said.code == FAILED
    assert "nowhere/proof.txt" in said.err
