"""Kill it anywhere, run it again: it goes on and ends in the same bits."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bottega import Studio

from . import stage as stage_module
from .stage import SHOT, Stage, copy_of, deage, open_show

KILLS = 5
FRAMES, BIG = 16, (192, 256)


def digests(show: Path) -> dict[str, str]:
    [record] = (show / SHOT / "deage").glob("v*/take.json")
    take = json.loads(record.read_text())
    assert take["state"] == "done", record
    return {o["path"]: o["sha256"] for o in take["outputs"]}


def command(show: Path, stage: Stage) -> list[str]:
    job = ["deage", SHOT, "--keys", str(stage.keys), "--matte", str(stage.mattes), "--person", "Performer A", "--age", "35"]
    return [sys.executable, "-m", "bottega", *job, "--threads", "2", "--in", str(show)]


def run(show: Path, stage: Stage, **options: object) -> subprocess.Popen[bytes]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command(show, stage), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)


@pytest.mark.heavy
def test_kill_9_at_random_points(tmp_path: Path) -> None:
    stage = stage_module.build(tmp_path, frames=FRAMES, size=BIG, keys=(1001, 1008, 1016))
    prepared = open_show(stage).folder.root
    whole = copy_of(prepared, tmp_path / "whole").folder.root
    began = time.monotonic()
    assert run(whole, stage).wait() == 0
    span = time.monotonic() - began
    wanted = digests(whole)
    killed = copy_of(prepared, tmp_path / "killed").folder.root
    rng, kills = random.Random(20261122), 0
    for _ in range(KILLS):
        job = run(killed, stage)
        try:
            job.wait(timeout=rng.uniform(0.35, 0.95) * span)
        except subprocess.TimeoutExpired:
            job.send_signal(signal.SIGKILL)
            kills += 1
        job.wait()
        whole_or_absent(killed)
    last = run(killed, stage)
    _, words = last.communicate()
    assert last.returncode == 0, words
    assert kills >= 1
    assert digests(killed) == wanted
    assert not list(killed.rglob("*.part")) and not list(killed.rglob(".work"))


def whole_or_absent(show: Path) -> None:
    """Every frame file that has its final name can be read to the end."""
    import OpenEXR

    for frame in show.glob(f"{SHOT}/deage/v*/frames/[!.]*.exr"):
        assert len(OpenEXR.File(str(frame)).parts) == 4, frame


def test_ctrl_c_keeps_what_is_done(stage: Stage) -> None:
    studio = open_show(stage)
    whole = copy_of(studio.folder.root, stage.root / "whole")
    deage(whole, stage)
    seen = []

    def stop_halfway(event: object) -> None:
        seen.append(event)
        if len(seen) == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deage(studio, stage, watch=stop_halfway)
    [folder] = (studio.folder.root / SHOT / "deage").glob("v*")
    assert json.loads((folder / "take.json").read_text())["state"] == "making"
    kept = len(list((folder / "frames").glob("*.exr")))
    again = deage(studio, stage)
    assert again.number == 1 and kept >= 1
    assert digests(studio.folder.root) == digests(whole.folder.root)


def test_a_second_run_of_the_same_job_waits_outside(stage: Stage) -> None:
    from bottega.model import JobError

    studio = open_show(stage)
    refused = []

    def start_another(event: object) -> None:
        if not refused:
            try:
                deage(Studio.open(studio.folder.root), stage)
            except JobError as problem:
                refused.append(str(problem))

    deage(studio, stage, watch=start_another)
    assert refused and "another run" in refused[0]
