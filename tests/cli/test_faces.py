"""`bottega faces` and `bottega model`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bottega.jobs.runner import facefinding
from tests.jobs.test_detectors import Fake

from .conftest import Bottega

HERO = ("faces", "assign", "sh010", "--as", "performer", "--person", "Performer A", "--box", "4,8,34,34", "--box-at", "1003=8,8,34,34")


def read(bottega: Bottega, *words: str) -> Any:
    said = bottega(*words, "--json")
    assert said.code == 0, said
    return json.loads(said.out)


def test_faces_are_assigned_listed_reviewed_and_drawn(bottega: Bottega, tmp_path: Path) -> None:
    hero = read(bottega, *HERO)
    assert (hero["track_id"], len(hero["boxes"])) == ("performer-1", 2)
    assert "Performer A" not in json.dumps(hero)
    read(bottega, "faces", "assign", "sh010", "--as", "bystander", "--box", "56,0,8,8", "--frames", "1001-1002")
    listed = read(bottega, "faces", "list", "sh010")
    assert [(t["track_id"], t["people"]) for t in listed["tracks"]] == [("bystander-1", []), ("performer-1", ["Performer A"])]
    assert listed["reviewed"] is False
    assert read(bottega, "faces", "review", "sh010", "--by", "Supervisor C")["tracks"] == 2
    assert "reviewed: these are all" in bottega("faces", "list", "sh010").out
    sheet = read(bottega, "faces", "sheet", "sh010", "--out", str(tmp_path / "faces.png"))
    assert sheet["frames"] == [1001, 1002, 1003]
    assert (tmp_path / "faces.png").stat().st_size > 0


def test_a_document_goes_out_and_comes_back(bottega: Bottega, tmp_path: Path) -> None:
    read(bottega, *HERO)
    document = read(bottega, "faces", "template", "sh010")
    document["tracks"][0]["boxes"][0]["x"] = 5
    (tmp_path / "faces.json").write_text(json.dumps(document))
    assert "performer-1 is a performer" in bottega("faces", "import", str(tmp_path / "faces.json")).out
    assert "nothing new" in bottega("faces", "import", str(tmp_path / "faces.json")).out
    assert read(bottega, "faces", "template", "sh010")["tracks"][0]["boxes"][0]["x"] == 5


def test_a_job_that_touches_a_bystander_ends_with_3(bottega: Bottega, job: list[str]) -> None:
    read(bottega, *HERO)
    read(bottega, "faces", "assign", "sh010", "--as", "bystander", "--box", "20,20,8,8")
    said = bottega(*job, "--json")
    assert (said.code, [r["code"] for r in json.loads(said.out)["reasons"]]) == (3, ["bystander_touched"])


def test_without_an_interpreter_detect_says_how_to_get_one(bottega: Bottega, monkeypatch: Any) -> None:
    monkeypatch.delenv("BOTTEGA_FACE_PYTHON", raising=False)
    said = bottega("faces", "detect", "sh010")
    assert said.code == 2 and "opencv-python-headless<5" in said.err


def test_what_a_detector_found_is_listed_until_somebody_assigns_it(bottega: Bottega, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facefinding, "detector", lambda name: lambda: Fake((10, 14, 20, 20)))
    found = read(bottega, "faces", "detect", "sh010", "--every", "2")
    assert (found["frames"], len(found["boxes"])) == ([1001, 1003], 2)
    assert [b["frame"] for b in read(bottega, "faces", "list", "sh010")["unassigned"]] == [1001, 1003]
    assert "looked at 2 frames and found 2 boxes" in bottega("faces", "detect", "sh010", "--every", "2").out
    read(bottega, *HERO)
    assert read(bottega, "faces", "list", "sh010")["unassigned"] == []


def test_weights_without_a_consent_to_training_are_not_taken(bottega: Bottega, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"numbers")
    scope = ["--shot", "sh010", "--purpose", "deage", "--trained-on", "plate:sh010", "--delete-by", "2099-01-31"]
    said = bottega("model", "add", str(tmp_path / "weights.bin"), "--person", "Performer A", *scope)
    assert said.code == 2 and "no consent is named for p_" in said.err
    assert read(bottega, "model", "list") == []


def test_weights_of_nobody_are_kept_listed_and_destroyed(bottega: Bottega, show: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"numbers")
    scope = ["--shot", "sh010", "--purpose", "background_fill", "--trained-on", "plate:sh010", "--delete-by", "2099-01-31"]
    digest = read(bottega, "model", "add", str(tmp_path / "weights.bin"), *scope)["digest"]
    assert [m["state"] for m in read(bottega, "model", "list")] == ["kept"]
    assert "zeros" in read(bottega, "model", "destroy", digest[:12], "--by", "Operator D")["how"]
    assert [m["state"] for m in read(bottega, "model", "list")] == ["destroyed"]
    assert not list((show / "exemplars").rglob("weights.bin"))
    assert bottega("doctor").code == 0
