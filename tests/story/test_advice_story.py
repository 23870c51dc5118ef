"""Advice on a take: asked for at the command line, kept from whoever may not see the take."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from bottega import Studio
from bottega.cli import app
from bottega.model import ConsentError, UsageError

from . import stage as stage_module
from .stage import SHOT, Stage, deage, open_show

KEYS = (1001, 1012)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Studio, Stage, Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        stage = stage_module.build(tmp_path_factory.mktemp("advice"), frames=12, keys=KEYS)
        studio = open_show(stage)
        deage(studio, stage)
    return studio, stage, studio.folder.root


def asked(root: Path, *words: str, code: int = 0) -> str:
    found = CliRunner().invoke(app, ["advise", f"{SHOT}/deage/v001", "--in", str(root), *words])
    assert found.exit_code == code, (found.output, found.exception)
    return found.stdout


def test_it_names_frames_and_what_to_expect(told: tuple[Studio, Stage, Path]) -> None:
    said = json.loads(asked(told[2], "--count", "3", "--json"))
    frames = [a["frame"] for a in said["next"]]
    assert 1 <= len(frames) <= 3 and not set(frames) & set(KEYS) and all(1001 < n < 1012 for n in frames)
    assert all(a["expected_gain_db"] > 0 and a["between"] and a["serves"] for a in said["next"])
    assert said["keys"] == list(KEYS) and said["coverage"]["frames"] == 12
    words = asked(told[2], "--count", "3")
    assert str(frames[0]) in words and "about" in words and "states:" in words


def test_its_sheet_is_marked_and_never_overwrites(told: tuple[Studio, Stage, Path], tmp_path: Path) -> None:
    sheet = tmp_path / "next.png"
    said = json.loads(asked(told[2], "--sheet", str(sheet), "--json"))
    assert said["sheet"] == str(sheet)
    with Image.open(sheet) as picture:
        assert np.asarray(picture).std() > 10 and "bottega:show" in str(picture.text)
    before = sheet.read_bytes()
    asked(told[2], "--sheet", str(sheet), code=2)
    assert sheet.read_bytes() == before


def test_a_dry_run_reads_nothing_and_says_the_answer(told: tuple[Studio, Stage, Path]) -> None:
    assert "allows" in asked(told[2], "--dry-run")
    plan = json.loads(asked(told[2], "--dry-run", "--json"))
    assert plan["allowed"] is True and plan["frames"] == 12 and plan["cpu_seconds"] > 0


def test_the_take_has_a_sheet_of_its_worst_frames(told: tuple[Studio, Stage, Path]) -> None:
    studio, _, root = told
    take = studio.report(f"{SHOT}/deage/v001")
    assert Path(take["files"]["worst frames"]).is_file()
    with Image.open(root / SHOT / "deage" / "v001" / "worst.png") as picture:
        assert picture.width > 4 * stage_module.SIZE[1] and "bottega:plan" in str(picture.text)


def test_wrong_words(told: tuple[Studio, Stage, Path]) -> None:
    asked(told[2], "--count", "0", code=2)
    with pytest.raises(UsageError, match="is not there"):
        told[0].advise(f"{SHOT}/deage/v009")


def test_when_the_consent_ends_so_does_the_advice(told: tuple[Studio, Stage, Path], tmp_path: Path) -> None:
    other = stage_module.copy_of(told[2], tmp_path / "other")
    [(consent, _, _)] = other.consents()
    other.revoke_consent(consent.grant_id)
    with pytest.raises((ConsentError, UsageError)):
        other.advise(f"{SHOT}/deage/v001", sheet=tmp_path / "next.png")
    assert not (tmp_path / "next.png").exists()
