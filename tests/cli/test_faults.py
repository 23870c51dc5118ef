"""Whatever lies broken on the disk: one sentence, the right exit code, no traceback; with --json one document."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bottega

Break = Callable[[Path], object]
TAKE, RECORD = "sh010/deage/v001", "sh010/deage/v001/take.json"


def no_journal(show: Path) -> Path:
    for journal in show.glob("ledger.db-*"):
        journal.unlink()
    return show / "ledger.db"


def truncated(show: Path) -> None:
    ledger = no_journal(show)
    ledger.write_bytes(ledger.read_bytes()[:3000])


def noise(show: Path) -> None:
    no_journal(show).write_bytes(random.Random(1).randbytes(30_000))


def another_key(show: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (show / "keys" / "gate.pub").write_bytes(pem)


def private(show: Path) -> Path:
    show_id = tomllib.loads((show / "bottega.toml").read_text())["show_id"]
    return show.parent / "home" / "keys" / f"gate_{show_id}.pem"


def no_copies(show: Path) -> None:
    for copy in show.glob("exemplars/*/*"):
        copy.unlink()


BROKEN: dict[str, tuple[Break, str, int, str]] = {
    "no show": (lambda s: (s / "bottega.toml").unlink(), "report", 2, "bottega.toml"),
    "settings are no TOML": (lambda s: (s / "bottega.toml").write_text("x = ["), "report", 2, "bottega.toml"),
    "settings are no text": (lambda s: (s / "bottega.toml").write_bytes(b"\xff\xfe\0"), "report", 2, "bottega.toml"),
    "settings lack a field": (
        lambda s: (s / "bottega.toml").write_text('code = "demo"\n'),
        "report",
        2,
        "bottega.toml: Show: missing show_id",
    ),
    "ledger is cut off": (truncated, "report", 3, "ledger_invalid"),
    "ledger is noise": (noise, "report", 3, "ledger_invalid"),
    "ledger is empty": (lambda s: no_journal(s).write_bytes(b""), "report", 3, "ledger_invalid"),
    "ledger is gone": (lambda s: no_journal(s).unlink(), "report", 3, "ledger_unreachable"),
    "names are open to all": (lambda s: (s / "people.db").chmod(0o644), "report", 1, "0600"),
    "private key is gone": (lambda s: private(s).unlink(), "job", 1, "No such file"),
    "private key is open to all": (lambda s: private(s).chmod(0o644), "job", 1, "0600"),
    "public key is another's": (another_key, "job", 3, "unknown_key"),
    "public key is no key": (lambda s: (s / "keys" / "gate.pub").write_text("junk"), "job", 1, "gate.pub"),
    "copies of the keys are gone": (no_copies, "job", 1, "is gone"),
    "take's record is cut off": (lambda s: (s / RECORD).write_text('{"schema": "bott'), f"report {TAKE}", 1, "take.json in v001"),
    "take's record is another's": (lambda s: (s / RECORD).write_text("{}"), f"remake {TAKE}", 1, "take.json in v001 is damaged"),
    "take's record is a list": (lambda s: (s / RECORD).write_text("[]"), f"report {TAKE}", 1, "take.json in v001"),
    "shot's record is another's": (lambda s: (s / "sh010" / "shot.json").write_text("{}"), "shot list", 1, "shot.json in sh010"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_lies_broken_is_said_in_one_sentence(name: str, show: Path, bottega: Bottega, job: list[str]) -> None:
    breaking, words, code, said = BROKEN[name]
    breaking(show)
    command = job if words == "job" else words.split()
    in_words, in_json = bottega(*command), bottega(*command, "--json")
    assert in_words.code == code and in_words.out == "" and said in in_words.err
    document = json.loads(in_json.out)
    assert in_json.code == code == document["exit_code"] and said in document["message"] and in_json.err == ""


def test_a_damaged_record_hides_no_other_take_and_stops_no_job(show: Path, bottega: Bottega, job: list[str]) -> None:
    (show / RECORD).write_text('{"schema": "bottega.take"')
    report = json.loads(bottega("report", "--json").out)
    assert [t["state"] for t in report["takes"]] == ["damaged"] and "take.json in v001" in report["takes"][0]["bar"]
    assert "damaged" in bottega("report").out
    doctor = bottega("doctor", "--json")
    assert doctor.code == 1 and [c["name"] for c in json.loads(doctor.out) if not c["ok"]] == ["takes"]
    again = bottega(*["35" if w == "36" else w for w in job], "--json")
    assert again.code == 0 and json.loads(again.out)["name"] == "sh010_deage_v002"
    assert (show / RECORD).read_text() == '{"schema": "bottega.take"'


def test_a_finished_take_whose_frames_are_gone_is_made_anew(show: Path, bottega: Bottega, job: list[str]) -> None:
    gone = show / TAKE / "frames" / "sh010_deage_v001.1002.exr"
    gone.unlink()
    assert "1 of 15 files are gone, the first is frames/sh010_deage_v001.1002.exr" in bottega("report", TAKE).out
    again = bottega(*["35" if w == "36" else w for w in job], "--json")
    assert json.loads(again.out)["name"] == "sh010_deage_v002" and not gone.exists()


def test_a_fault_of_our_own_is_called_one(bottega: Bottega, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr("bottega.studio.Studio.report", fails)
    said = bottega("report")
    assert said.code == 1 and "a fault in Bottega: ZeroDivisionError: unforeseen (test_faults.py" in said.err
    assert json.loads(bottega("report", "--json").out)["error"] == "Fault"
    monkeypatch.setenv("BOTTEGA_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        bottega("report")


def test_a_disk_that_fails_is_no_fault_of_ours(bottega: Bottega, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/plates/1001.exr")

    monkeypatch.setattr("bottega.studio.Studio.report", fails)
    said = bottega("report", "--json")
    assert said.code == 1 and "/plates/1001.exr: Permission denied" in json.loads(said.out)["message"]
