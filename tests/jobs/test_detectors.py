"""The door for face detectors, and the one that looks in another interpreter: what fails is an error, never "no faces"."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import OpenEXR
import pytest

from bottega.jobs.runner import detectors, facefinding
from bottega.jobs.runner.haar import INTERPRETER, HaarDetector
from bottega.jobs.runner.haar_worker import merged
from bottega.model import ConsentError, JobError, UsageError
from tests.story.stage import PERFORMER, SHOT, Stage, build, deage, open_show

GREY = np.full((48, 64, 3), 128, np.uint8)
STARTED = '{"version": "9"}'


class Fake:
    """A detector that says what it is told to."""

    version = "1"
    settings: ClassVar = {"seed": "0"}

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self.boxes, self.saw = list(boxes), []

    def __enter__(self) -> Fake:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def find(self, picture: np.ndarray) -> list[tuple[int, int, int, int]]:
        self.saw.append((picture.shape, picture.dtype))
        return self.boxes


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BOTTEGA_SHOW", raising=False)
    return build(tmp_path / "files")


def plug_in(monkeypatch: pytest.MonkeyPatch, looker: Any) -> None:
    monkeypatch.setattr(facefinding, "detector", lambda name: lambda: looker)


def test_a_detector_is_shown_every_nth_frame_and_the_last_under_a_clearance(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    looker, studio = Fake((43, 48, 10, 12)), open_show(stage)
    plug_in(monkeypatch, looker)
    found = studio.faces.detect(SHOT, detector="fake", every=4)
    assert found.frames == (1001, 1005, 1009, 1010)
    assert looker.saw == [((96, 128, 3), np.dtype(np.uint8))] * 4
    entry = studio.ledger.entries(kind="faces.detected")[-1].data
    assert (entry["detector"], entry["detector_version"], entry["settings"]) == ("fake", "1", {"seed": "0"})
    asked = studio.ledger.entries(kind="gate.decided")[-1].data
    assert asked["allow"] and [i["role"] for i in asked["use"]["inputs"]] == ["plate"]


def test_what_it_finds_has_to_be_assigned_before_a_job_touches_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = open_show(stage)
    plug_in(monkeypatch, Fake((20, 30, 40, 40)))
    studio.faces.detect(SHOT, detector="fake")
    with pytest.raises(ConsentError) as no:
        deage(studio, stage)
    assert no.value.codes == ("face_unassigned",)
    studio.faces.assign(SHOT, kind="performer", person=PERFORMER, box="15,25,50,50", by="Operator D")
    assert deage(studio, stage).frames


def test_a_detector_that_finds_nothing_makes_the_gate_ask_and_not_say_yes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = open_show(stage)
    plug_in(monkeypatch, Fake())
    studio.faces.detect(SHOT, detector="fake")
    with pytest.raises(ConsentError) as no:
        deage(studio, stage)
    assert no.value.codes == ("detector_silent",)


def test_a_detector_that_fails_leaves_nothing_on_record(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    studio, looker = open_show(stage), Fake()
    monkeypatch.setattr(looker, "find", lambda picture: (_ for _ in ()).throw(JobError("broken")))
    plug_in(monkeypatch, looker)
    with pytest.raises(JobError, match="broken"):
        studio.faces.detect(SHOT, detector="fake")
    assert not studio.ledger.entries(kind="faces.detected")


def test_an_unknown_detector_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"detector 'eyes': there are .*haar"):
        detectors.detector("eyes")


def test_a_plug_in_is_found_by_its_entry_point_and_cannot_stand_in_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = [EntryPoint(name, "tests.jobs.test_detectors:Fake", detectors.GROUP) for name in ("other", "haar")]
    monkeypatch.setattr(detectors, "entry_points", lambda group: plugged if group == detectors.GROUP else [])
    assert detectors.detector("other")().find(GREY) == []
    assert detectors.detector("haar") is HaarDetector


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An interpreter that runs a program of the test's instead of the worker."""

    def made(program: str) -> None:
        script = tmp_path / "worker.py"
        script.write_text(textwrap.dedent(program))
        python = tmp_path / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{script}"\n')
        python.chmod(0o755)
        monkeypatch.setenv(INTERPRETER, str(python))

    return made


ECHO = f"""
    import json, sys
    sys.stdin.buffer.readline(); print('{STARTED}', flush=True)
    asked = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(asked["height"] * asked["width"] * 3)
"""


def test_pictures_go_over_whole_and_boxes_come_back(worker: Callable[[str], None]) -> None:
    worker(ECHO + '    print(json.dumps({"boxes": [[data[0], data[1], data[2], len(data) // 1000]]}), flush=True)\n')
    picture = GREY.copy()
    picture[0, 0] = (1, 2, 3)
    with HaarDetector() as found:
        assert found.find(picture) == [(1, 2, 3, 9)]
        assert found.version == "OpenCV 9"


@pytest.mark.parametrize(
    "answer",
    ["sys.exit(1)", "print('nonsense', flush=True)", "print('{\"error\": \"no memory\"}', flush=True)", "print('[]', flush=True)",
     "print('{\"boxes\": null}', flush=True)", "print('{\"boxes\": [[0, 0, 99, 5]]}', flush=True)",
     "print('{\"boxes\": [[0, 0, 0.5, 5]]}', flush=True)", "print('{}', flush=True)", "print('{\"boxes\": []}', end='')"],
)  # fmt: skip
def test_a_worker_that_crashes_or_answers_nonsense_is_an_error(worker: Callable[[str], None], answer: str) -> None:
    worker(ECHO + f"    {answer}\n")
    with HaarDetector() as found, pytest.raises(JobError, match="nothing is recorded"):
        found.find(GREY)


def test_a_worker_that_is_silent_is_ended(worker: Callable[[str], None]) -> None:
    worker(ECHO + "    sys.stdin.read()\n")
    with HaarDetector(answer_s=0.5) as found, pytest.raises(JobError, match=r"no answer within 0\.5 s"):
        found.find(GREY)


def test_a_worker_that_does_not_start_is_an_error(worker: Callable[[str], None]) -> None:
    worker("raise SystemExit(3)\n")
    with pytest.raises(JobError, match="nothing is recorded"), HaarDetector():
        pass


@pytest.mark.parametrize("value", ["", "/nowhere/python"])
def test_without_an_interpreter_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(INTERPRETER, value)
    with pytest.raises(UsageError, match="venv"), HaarDetector():
        pass


def test_the_same_face_found_twice_is_one() -> None:
    assert merged([(0, 0, 10, 10), (1, 1, 10, 10), (30, 0, 10, 10)]) == [(0, 0, 10, 10), (30, 0, 10, 10)]


@pytest.mark.heavy
def test_the_real_cascades_find_a_frontal_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the environment with pip; the face is the demo's synthetic performer."""
    from bottega.footage import display

    subprocess.run([sys.executable, "-m", "venv", tmp_path / "faces"], check=True)
    subprocess.run([tmp_path / "faces/bin/pip", "install", "-q", "opencv-python-headless<5"], check=True)
    monkeypatch.setenv(INTERPRETER, str(tmp_path / "faces/bin/python"))
    plate = OpenEXR.File(str(Path(__file__).parents[2] / "demo" / "performer_a" / "plate" / "1024.exr"))
    picture = display(plate.channels()["RGB"].pixels.astype(np.float32), "lin_rec709_srgb")
    with HaarDetector() as found:
        [(x, y, width, height)] = found.find(picture)
        assert found.find(GREY) == []
    middle = (x + width / 2) / picture.shape[1], (y + height / 2) / picture.shape[0]
    assert 0.2 < middle[0] < 0.8 and 0.2 < middle[1] < 0.8
