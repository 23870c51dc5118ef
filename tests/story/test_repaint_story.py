"""A key painted anew, or one more: only the frames that it changes are made, and what goes out is what making it all would have given."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bottega.jobs.runner import make as module
from bottega.studio import Studio

from .stage import ARTIST, SHOT, Stage, build, deage, open_show, painted, picture, srgb, write_exr, write_png

KEYS = (1001, 1004, 1007, 1010)


@pytest.fixture
def shot(tmp_path: Path) -> tuple[Studio, Stage]:
    stage = build(tmp_path, frames=12, keys=KEYS)
    return open_show(stage), stage


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    frames: list[int] = []
    whole = module.Maker._frame

    def counted(self: module.Maker, number: int) -> None:
        frames.append(number)
        whole(self, number)

    monkeypatch.setattr(module.Maker, "_frame", counted)
    return frames


def digests(take: object) -> dict[str, str]:
    return {o.path.split("_v")[0] + o.path.split("_v")[1][3:]: o.sha256 for o in take.outputs if o.frame is not None}  # type: ignore[attr-defined]


def repaint(studio: Studio, stage: Stage, number: int, gain: float) -> None:
    plate, matte = picture(number)
    path = stage.keys / f"{number}.png"
    write_png(path, srgb(painted(plate, matte) * gain))
    studio.add_exemplars([path], by=ARTIST, licence="work-for-hire")


def from_nothing(studio: Studio, stage: Stage) -> dict[str, str]:
    """The same job where no earlier take lies."""
    aside = stage.root / "aside"
    shutil.move(studio.folder.root / SHOT / "deage", aside)
    found = digests(deage(studio, stage))
    shutil.rmtree(studio.folder.root / SHOT / "deage")
    shutil.move(aside, studio.folder.root / SHOT / "deage")
    return found


def test_a_key_painted_anew_makes_its_neighbours_only(shot: tuple[Studio, Stage], made: list[int]) -> None:
    studio, stage = shot
    first = digests(deage(studio, stage))
    assert sorted(made) == list(range(1001, 1013))
    made.clear()
    repaint(studio, stage, 1007, 0.8)
    second = deage(studio, stage)
    assert sorted(made) == [1005, 1006, 1007, 1008, 1009]
    assert sum(second.shares[i].share for i in range(len(second.shares))) == 1  # type: ignore[attr-defined]
    made.clear()
    assert from_nothing(studio, stage) == digests(second)
    assert len(made) == 12 and digests(second) != first
    assert studio.remake(second.folder).different == ()  # type: ignore[attr-defined]


def test_one_more_key_makes_its_interval_only(shot: tuple[Studio, Stage], made: list[int]) -> None:
    studio, stage = shot
    deage(studio, stage)
    made.clear()
    repaint(studio, stage, 1005, 1.0)
    second = deage(studio, stage)
    assert sorted(made) == [1005, 1006]
    assert from_nothing(studio, stage) == digests(second)


def test_other_settings_make_all(shot: tuple[Studio, Stage], made: list[int]) -> None:
    studio, stage = shot
    deage(studio, stage)
    made.clear()
    deage(studio, stage, tone=0.5)
    assert len(made) == 12


def test_a_changed_file_is_not_taken(shot: tuple[Studio, Stage], made: list[int]) -> None:
    studio, stage = shot
    take = deage(studio, stage)
    made.clear()
    path = next((studio.folder.root / take.folder / "frames").glob("*.1002.exr"))  # type: ignore[attr-defined]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    repaint(studio, stage, 1007, 0.8)
    second = deage(studio, stage)
    assert sorted(made) == [1002, 1005, 1006, 1007, 1008, 1009]
    assert "not taken over from sh010_deage_v001 but made" in " ".join(second.warnings)  # type: ignore[attr-defined]
    assert from_nothing(studio, stage) == digests(second)


def test_a_record_that_was_edited_is_not_taken_from(shot: tuple[Studio, Stage], made: list[int]) -> None:
    studio, stage = shot
    take = deage(studio, stage)
    made.clear()
    path = studio.folder.root / take.folder / "take.json"  # type: ignore[attr-defined]
    record = json.loads(path.read_text())
    record["frame_plans"]["1002"], record["frame_plans"]["1003"] = record["frame_plans"]["1003"], record["frame_plans"]["1002"]
    path.chmod(0o600)
    path.write_text(json.dumps(record))
    repaint(studio, stage, 1007, 0.8)
    second = deage(studio, stage)
    assert len(made) == 12
    assert from_nothing(studio, stage) == digests(second)


def test_a_plate_in_another_space_than_the_work_is_made_anew(tmp_path: Path, made: list[int]) -> None:
    stage = build(tmp_path, frames=12, keys=KEYS)
    for path in sorted(stage.plates.glob("*.exr")):
        write_png(path.with_suffix(".png"), srgb(picture(int(path.stem))[0]))
        path.unlink()
    for number in KEYS:
        plate, matte = picture(number)
        write_png(stage.keys / f"{number}.png", srgb(painted(plate, matte)))
    studio = open_show(stage, shot=False)
    studio.add_shot(SHOT, stage.plates, colour="srgb_tx")
    deage(studio, stage)
    made.clear()
    repaint(studio, stage, 1007, 0.8)
    second = deage(studio, stage)
    assert len(made) == 12, "what was delivered is not in the space that frames are made in"
    assert from_nothing(studio, stage) == digests(second)


def test_float_plates_and_prores_go_out_again(tmp_path: Path, made: list[int]) -> None:
    stage = build(tmp_path, frames=12, keys=KEYS)
    for path in sorted(stage.plates.glob("*.exr")):
        write_exr(path, picture(int(path.stem))[0], dtype=np.float32)
    studio = open_show(stage)
    deage(studio, stage, also=("prores",))
    made.clear()
    repaint(studio, stage, 1007, 0.8)
    second = deage(studio, stage, also=("prores",))
    assert sorted(made) == [1005, 1006, 1007, 1008, 1009]
    aside = stage.root / "aside"
    shutil.move(studio.folder.root / SHOT / "deage", aside)
    assert digests(deage(studio, stage, also=("prores",))) == digests(second)
