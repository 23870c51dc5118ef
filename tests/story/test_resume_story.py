"""Kill it anywhere, run it again: it goes on and ends in the same bits."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bottega import Studio
from bottega.jobs.runner.progress import Event

from . import stage as stage_module
from .stage import SHOT, Stage, accepted, copy_of, deage, open_show

KILLS, MOST_TRACES = 6, 32  # of about a hundred and forty in all: correspondences, drafts, flows, frames
FRAMES, BIG = 24, (288, 384)


def digests(show: Path) -> dict[str, str]:
    [record] = (show / SHOT / "deage").glob("v*/take.json")
    take = json.loads(record.read_text())
    assert take["state"] == "done", record
    return {o["path"]: o["sha256"] for o in take["outputs"]}


def command(show: Path, stage: Stage) -> list[str]:
    job = ["deage", SHOT, "--keys", str(stage.keys), "--matte", str(stage.mattes), "--person", "Performer A", "--age", "35"]
    return [sys.executable, "-m", "bottega", *job, "--threads", "2", "--in", str(show)]


def start(show: Path, stage: Stage) -> subprocess.Popen[bytes]:
    with (stage.root / "words.txt").open("ab") as words:
        return subprocess.Popen(command(show, stage), stdout=subprocess.DEVNULL, stderr=words)


@pytest.mark.heavy
def test_kill_9_at_random_points(tmp_path: Path) -> None:
    stage = stage_module.build(tmp_path, frames=FRAMES, size=BIG, keys=(1001, 1012, 1024))
    prepared = open_show(stage).folder.root
    whole = copy_of(prepared, tmp_path / "whole").folder.root
    assert start(whole, stage).wait() == 0, (stage.root / "words.txt").read_text()
    wanted = digests(whole)
    killed = copy_of(prepared, tmp_path / "killed").folder.root
    rng, making = random.Random(20261122), []
    # On a slow machine a run may be killed before it left anything new: then more of them, until frames are there.
    while len(making) < KILLS or (making[-1] == 0 and len(making) < 4 * KILLS):
        job = start(killed, stage)
        wait_for_traces(job, killed, rng.randint(1, MOST_TRACES))
        job.send_signal(signal.SIGKILL)
        assert job.wait() == -signal.SIGKILL, "it was finished before it could be killed: make the shot longer"
        making.append(whole_or_absent(killed))
    assert making[-1] > 0, making
    assert start(killed, stage).wait() == 0, (stage.root / "words.txt").read_text()
    assert digests(killed) == wanted
    assert not list(killed.rglob("*.part")) and not list(killed.rglob(".work"))


def traces(show: Path) -> set[str]:
    """Correspondences, drafts, flows and notes on frames that lie in the take's working folder."""
    return {str(p) for p in show.glob(f"{SHOT}/deage/v*/.work/**/[!.]*.*")}


def wait_for_traces(job: subprocess.Popen[bytes], show: Path, count: int) -> None:
    """Wait until this run has left so many traces of its own."""
    before, new = traces(show), set()
    while job.poll() is None and len(new) < count:
        new |= traces(show) - before
        time.sleep(0.002)


def whole_or_absent(show: Path) -> int:
    """Every frame file that has its final name can be read to the end; gives how many there are."""
    import OpenEXR

    frames = list(show.glob(f"{SHOT}/deage/v*/frames/[!.]*.exr"))
    for frame in frames:
        assert len(OpenEXR.File(str(frame)).parts) == 4, frame
    return len(frames)


def test_ctrl_c_keeps_what_is_done(stage: Stage) -> None:
    studio = open_show(stage)
    whole = copy_of(studio.folder.root, stage.root / "whole")
    deage(whole, stage)
    studio = accepted(studio.folder.root)
    seen = []

    def stop_halfway(event: Event) -> None:
        if event.step != "look":  # nothing is begun by then
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


def test_a_stopped_remake_goes_on_in_its_own_version(stage: Stage) -> None:
    studio = open_show(stage)
    take = deage(studio, stage)
    seen = []

    def stop_halfway(event: object) -> None:
        seen.append(event)
        if len(seen) == 12:
            raise KeyboardInterrupt

    assert studio.plan_remake(take.folder).allowed
    with pytest.raises(KeyboardInterrupt):
        studio.remake(take.folder, watch=stop_halfway)
    done = studio.remake(take.folder)
    assert done.take == "sh010_deage_v002" and not done.different
    assert studio.remake(take.folder).take == "sh010_deage_v003"
    assert deage(studio, stage).number == 1


def test_scratch_left_by_a_late_kill_is_cleared(stage: Stage) -> None:
    studio = open_show(stage)
    take = deage(studio, stage)
    left = studio.folder.root / take.folder / ".work" / "arrays"
    left.mkdir(parents=True)
    (left / "walk.1001.1002.arrays").write_bytes(b"left")
    (left.parent / "1002.json").write_text("{}")
    assert deage(studio, stage).take_id == take.take_id
    assert not left.parent.exists()
