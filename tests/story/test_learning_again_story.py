"""A network again: stopped, killed, gone on with, remade, destroyed; the same bits, and one training for all of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bottega.footage.mark import TRAINED
from bottega.jobs.recipes import learned as recipe
from bottega.jobs.runner.scratch import Scratch
from bottega.model import ConsentError, JobError
from bottega.rights import State
from bottega.studio import Event, Studio

from .learning import QUICK, learn, training_show
from .stage import PERFORMER, SHOT, Stage, accepted, copy_of

pytestmark = [pytest.mark.heavy, pytest.mark.skipif(not recipe.can_learn(), reason="torch is not installed: pip install 'bottega[learn]'")]


def takes(studio: Studio) -> list[Path]:
    return sorted((studio.folder.root / SHOT).glob("deage/v*"))


def test_two_runs_train_once(stage: Stage) -> None:
    studio = training_show(stage)
    first = learn(studio, stage)
    told: list[Event] = []
    second = learn(studio, stage, tone=0.5, watch=told.append)
    assert (second.number, {e.step for e in told} & {"learn"}) == (2, set())
    assert len(studio.ledger.entries(kind="model.registered")) == 1
    assert learn(studio, stage).take_id == first.take_id
    other = learn(studio, stage, seed=1)
    assert other.number == 3 and len(studio.ledger.entries(kind="model.registered")) == 2


def test_a_remake_uses_the_weights_and_is_refused_without_them(stage: Stage) -> None:
    studio = training_show(stage)
    take = learn(studio, stage)
    again = studio.remake(take.folder)
    assert (again.same, again.different) == (10, ())
    assert len(studio.ledger.entries(kind="model.registered")) == 1
    [digest] = State.of(studio.ledger).models
    studio.models.destroy(digest[:12], by="Operator D")
    for call in (lambda: studio.remake(take.folder), lambda: learn(studio, stage, tone=0.5)):
        with pytest.raises(ConsentError) as refused:
            call()
        assert "model_destroyed" in refused.value.codes
    assert len(takes(studio)) == 2
    assert not studio.plan_remake(take.folder).allowed


def test_weights_that_were_changed_on_disk_are_not_used(stage: Stage) -> None:
    studio = training_show(stage)
    take = learn(studio, stage)
    [digest] = State.of(studio.ledger).models
    kept = studio.folder.root / studio.folder.exemplar(digest).files[0].path
    kept.chmod(0o600)
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    kept.write_bytes(data)
    with pytest.raises(ConsentError) as refused:
        studio.remake(take.folder)
    assert "hash_changed" in refused.value.codes


def test_a_copy_that_was_lost_is_made_again(stage: Stage) -> None:
    studio = training_show(stage)
    learn(studio, stage)
    [digest] = State.of(studio.ledger).models
    kept = studio.folder.root / studio.folder.exemplar(digest).files[0].path
    before = kept.read_bytes()
    kept.unlink()
    learn(studio, stage, tone=0.5)
    assert kept.read_bytes() == before
    assert len(studio.ledger.entries(kind="model.registered")) == 1


def test_any_number_of_threads_gives_the_same_bits(stage: Stage) -> None:
    studio = training_show(stage)
    other = copy_of(studio.folder.root, stage.root / "other")
    two = learn(other, stage, threads=2)
    one = learn(accepted(studio.folder.root), stage, threads=1)
    assert {o.path: o.sha256 for o in one.outputs} == {o.path: o.sha256 for o in two.outputs}


def test_revoked_while_it_learns(stage: Stage) -> None:
    studio = training_show(stage)
    [(consent, _, _)] = studio.consents()

    def revoke(event: Event) -> None:
        if event.step == "learn" and event.done > 0:
            studio.revoke_consent(consent.grant_id, reason="withdrawn")

    with pytest.raises(ConsentError) as refused:
        learn(studio, stage, watch=revoke)
    assert "revoked" in refused.value.codes
    [folder] = takes(studio)
    assert json.loads((folder / "take.json").read_text())["state"] == "quarantined"
    assert not (folder / ".work").exists(), "nothing that it learned so far stays"
    assert not studio.ledger.entries(kind="model.registered")


def test_a_preview_is_drawn_and_goes_with_the_scratch(stage: Stage) -> None:
    studio = training_show(stage)
    seen: dict[str, bytes] = {}

    def look(event: Event) -> None:
        seen.update({p.name: p.read_bytes() for p in studio.folder.root.glob(f"{SHOT}/deage/v*/.work/preview.*.png")})

    take = learn(studio, stage, preview=1003, settings=replace(QUICK, steps=120, held_share=0.0), watch=look)
    assert sorted(seen) == ["preview.1003.000100.png", "preview.1003.000120.png"]
    assert all(TRAINED.encode() in data for data in seen.values())
    assert not list((studio.folder.root / take.folder).rglob("preview*"))


def command(show: Path, stage: Stage) -> list[str]:
    job = ["deage", SHOT, "--keys", str(stage.keys), "--matte", str(stage.mattes), "--person", PERFORMER, "--age", "35"]
    return [sys.executable, "-m", "bottega", *job, "--learn", "--learn-steps", "240", "--threads", "1", "--in", str(show)]


@pytest.fixture
def killed(stage: Stage) -> Iterator[tuple[Path, Path]]:
    """A show whose job was killed once while it learned, after its state was saved, and the same show where nobody killed it."""
    prepared = training_show(stage).folder.root
    whole = copy_of(prepared, stage.root / "whole").folder.root
    subprocess.run(command(whole, stage), check=True, capture_output=True)
    show = copy_of(prepared, stage.root / "killed").folder.root
    job = subprocess.Popen(command(show, stage), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while job.poll() is None and not list(show.glob(f"{SHOT}/deage/v*/.work/arrays/training.arrays")):
        time.sleep(0.01)
    job.send_signal(signal.SIGKILL)
    assert job.wait() == -signal.SIGKILL, "it was finished before it could be killed: train for longer"
    yield show, whole


def test_kill_9_while_it_learns(stage: Stage, killed: tuple[Path, Path]) -> None:
    show, whole = killed
    assert not Studio.open(show).ledger.entries(kind="model.registered")
    subprocess.run(command(show, stage), check=True, capture_output=True)
    one, two = (json.loads(next(f.glob(f"{SHOT}/deage/v*/take.json")).read_text()) for f in killed)
    assert {o["path"]: o["sha256"] for o in one["outputs"]} == {o["path"]: o["sha256"] for o in two["outputs"]}
    [mine], [theirs] = (State.of(Studio.open(f).ledger).models for f in (show, whole))
    assert mine == theirs, "the weights are the same bytes"


def test_stopped_after_the_training_it_goes_on_with_the_frames(stage: Stage) -> None:
    studio = training_show(stage)

    def stop(event: Event) -> None:
        if event.step == "match":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(studio, stage, watch=stop)
    [folder] = takes(studio)
    assert not list(folder.rglob("training.arrays")) and not list(folder.rglob("*network.bin")), "one copy of the weights is enough"
    assert learn(studio, stage).number == 1
    assert len(studio.ledger.entries(kind="model.registered")) == 1


def test_a_state_that_cannot_be_gone_on_from_is_named(stage: Stage) -> None:
    studio = training_show(stage)

    def stop(event: Event) -> None:
        if event.step == "learn" and event.done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(studio, stage, watch=stop)
    [folder] = takes(studio)
    Scratch(folder / ".work" / "arrays").put("training", {"revision": np.array(99)})
    with pytest.raises(JobError, match="revision 99, allowed is 1"):
        learn(studio, stage)
    assert learn(studio, stage).state == "done", "the next run begins anew"
