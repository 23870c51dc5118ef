"""A network from end to end: who has to have said yes, whose work it is, and the same bits however often it is stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bottega.attribution import CreditMap
from bottega.footage import read_delivered
from bottega.footage.mark import TRAINED
from bottega.jobs.recipes import learned as recipe
from bottega.jobs.runner import doctor, request
from bottega.jobs.runner.scratch import Scratch
from bottega.model import Claim, ConsentError, JobError, Role, UsageError
from bottega.rights import State
from bottega.studio import Event, Studio, examine

from .learning import QUICK, learn, training_show
from .stage import PERFORMER, SHOT, Stage, accepted, copy_of, deage, open_show
from .test_override_story import overridden

needs_torch = pytest.mark.skipif(not recipe.can_learn(), reason="torch is not installed: pip install 'bottega[learn]'")
heavy = pytest.mark.heavy


@pytest.fixture
def _torch_or_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal comes before torch is asked for anything: these run without it, under the name that is in the lock."""
    if not recipe.can_learn():
        own = request.version
        monkeypatch.setattr(request, "can_learn", lambda: True)
        monkeypatch.setattr(request, "version", lambda name: "2.13.0" if name == "torch" else own(name))


def takes(studio: Studio) -> list[Path]:
    return sorted((studio.folder.root / SHOT).glob("deage/v*"))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "technique": ({"techniques": '["exemplar_synthesis"]'}, "technique"),
    "training": ({"model_training": "false", "model_retention_until": '""'}, "technique"),
    "plate": ({"plate": False}, "licence_scope"),
    "keys": ({"keys": False}, "licence_scope"),
    "mattes": ({"production": False}, "licence_scope"),
    "place": ({"place": False}, "unsure"),
}


@pytest.mark.usefixtures("_torch_or_its_name")
@pytest.mark.parametrize("missing", REFUSED)
def test_refused_before_anything_is_written(missing: str, stage: Stage) -> None:
    lacks, code = REFUSED[missing]
    studio = training_show(stage, **lacks)
    before = {p for p in studio.folder.root.rglob("*") if p.suffix != ".note"}
    with pytest.raises(ConsentError) as refused:
        learn(studio, stage)
    assert code in refused.value.codes, refused.value
    assert refused.value.exit_code == 3
    assert not takes(studio)
    assert {p.name for p in set(studio.folder.root.rglob("*")) - before if p.suffix != ".note"} <= {"ledger.db-wal", "ledger.db-shm"}
    use = studio.ledger.entries(kind="gate.decided")[-1].data["use"]
    assert use["technique"] == "per_shot_network"
    assert not studio.ledger.entries(kind="model.registered")


@pytest.mark.usefixtures("_torch_or_its_name")
def test_weights_that_could_not_be_kept_are_not_trained(stage: Stage) -> None:
    studio = training_show(stage, model_retention_until='"2026-01-01T00:00:00Z"')
    with pytest.raises(ConsentError, match="weights trained now would have to be deleted by 2026-01-01"):
        learn(studio, stage)
    assert not takes(studio)
    plan = studio.plan(studio.deage_request(SHOT, keys=stage.keys, matte=stage.mattes, people=[PERFORMER], age=35, learn=True))
    assert (plan.allowed, [r.code for r in plan.reasons]) == (False, ["model_overdue"])


@pytest.mark.usefixtures("_torch_or_its_name")
def test_weights_need_a_ground_of_the_productions_own(stage: Stage) -> None:
    studio = training_show(stage, production=False)
    with pytest.raises(ConsentError, match="for the weights to stand on"):
        learn(studio, stage, matte=None)
    assert not takes(studio)


@pytest.mark.usefixtures("_torch_or_its_name")
def test_a_dry_run_says_what_the_training_costs(stage: Stage) -> None:
    studio = training_show(stage)
    asked = {"keys": stage.keys, "matte": stage.mattes, "people": [PERFORMER], "age": 35}
    with_it = studio.plan(studio.deage_request(SHOT, **asked, learn=True))
    without = studio.plan(studio.deage_request(SHOT, **asked))
    assert with_it.allowed
    assert with_it.learn_seconds == pytest.approx(1400 * 0.082)
    assert without.learn_seconds is None
    assert with_it.cpu_seconds - without.cpu_seconds > with_it.learn_seconds
    fewer = studio.plan(studio.deage_request(SHOT, **asked, learn=True, learn_steps=100))
    assert fewer.learn_seconds == pytest.approx(8.2)


def test_without_torch_it_says_what_to_install(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = training_show(stage)
    entries = studio.ledger.head().size
    monkeypatch.setattr(request, "can_learn", lambda: False)
    monkeypatch.setattr(doctor, "can_learn", lambda: False)
    with pytest.raises(UsageError, match=r"pip install 'bottega\[learn\]'") as wrong:
        learn(studio, stage)
    assert wrong.value.exit_code == 2
    assert not takes(studio)
    assert studio.ledger.head().size == entries
    assert any(c.name == "per-shot network" and c.ok and "bottega[learn]" in c.detail for c in examine(studio.folder.root))


@pytest.mark.usefixtures("_torch_or_its_name")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"learn": False, "learn_steps": 5}, "--learn-steps 5 without --learn"),
        ({"learn": True, "learn_steps": 0}, "steps is 0, allowed is 1 to"),
        ({"learn": True, "seed": -1}, "seed is -1, allowed is 0 to"),
        ({"learn": False, "preview": 1003}, "give --learn as well"),
        ({"learn": True, "preview": 2000}, "--preview 2000: shot sh010 has 1001-1010"),
        ({"learn": True, "preview": 1003, "matte": None}, "--preview needs --matte"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], said: str, stage: Stage) -> None:
    studio = open_show(stage)
    with pytest.raises(UsageError, match=said):
        deage(studio, stage, **options)
    assert not takes(studio)


@heavy
@needs_torch
def test_whose_work_it_is(stage: Stage) -> None:
    studio = training_show(stage)
    take = learn(studio, stage)
    for shares in (take.shares, take.touched_shares):
        assert sum((s.share for s in shares), Fraction(0)) == 1
    [weights] = [i for i in take.inputs if i.role is Role.MODEL]
    [share] = [s for s in take.touched_shares if s.claim is Claim.LEARNED]
    assert (share.exemplar, 0 < share.share < Fraction(1, 2)) == (weights.digest, True)
    assert {s.claim for s in take.touched_shares if s.exemplar != weights.digest} == {Claim.COPIED, Claim.BLENDED}
    assert any(row["work"] == "network" and row["claim"] == "learned" for row in studio.report(take.folder)["touched"])
    plates = {n: studio_frame(studio, take.folder, n) for n in (1001, 1004)}
    for number, (made, credit) in plates.items():
        learned = credit.claim == 3
        assert bool(learned.any()) == (number != 1001), "on a key's own frame nobody else is asked"
        last = credit.parts[[s.role for s in credit.sources].index(Role.MODEL)] if learned.any() else np.zeros_like(learned)
        assert ((last > 0) == learned).all(), "a pixel with any part of the network is learned, after steadying too"
        assert made.rgb.shape[:2] == credit.shape


@heavy
@needs_torch
def test_copies_stay_copies_and_the_mark_says_trained(stage: Stage) -> None:
    studio = training_show(stage)
    take, plain = learn(studio, stage), deage(studio, stage)
    for number in (1001, 1004):
        (made, credit), (without, before) = (studio_frame(studio, t.folder, number) for t in (take, plain))
        copied = before.claim == 1
        assert copied.any() and (credit.claim[copied] == 1).all()
        assert (made.rgb[copied] == without.rgb[copied]).all()
        assert (made.rgb == without.rgb).all() == (number == 1001)
    frame = studio.folder.root / take.folder / "frames" / f"{take.name}.1004.exr"
    assert TRAINED.encode() in frame.read_bytes()
    assert TRAINED.encode() in (frame.parent.parent / "contact.png").read_bytes()
    assert TRAINED.encode() not in (studio.folder.root / plain.folder / "contact.png").read_bytes()


def studio_frame(studio: Studio, folder: str, number: int) -> tuple[Any, CreditMap]:
    take = json.loads((studio.folder.root / folder / "take.json").read_text())
    [output] = [o for o in take["outputs"] if o["path"].startswith("frames/") and o["frame"] == number]
    made = read_delivered(studio.folder.root / folder / output["path"], sha256=output["sha256"])
    return made, CreditMap.from_channels(dict(made.credit), made.manifest)


@heavy
@needs_torch
def test_weights_are_registered_with_their_scope_and_end(stage: Stage) -> None:
    studio = training_show(stage)
    take = learn(studio, stage)
    [known] = State.of(studio.ledger).models.values()
    learned, [granted] = known.learned, [c for c, _, _ in studio.consents()]
    assert learned.subjects == take.use.people and learned.shots == (SHOT,)
    assert (learned.purposes, learned.made_by) == ((take.use.purpose,), take.take_id)
    assert learned.trained_on[0] == studio.folder.shot(SHOT).plate
    assert set(learned.trained_on) == {i.digest for i in take.inputs if i.role is not Role.MODEL}
    assert learned.grants == (granted.grant_id,)
    assert learned.delete_by == granted.model_retention_until < granted.valid_until
    assert (studio.folder.root / studio.folder.exemplar(learned.digest).files[0].path).is_file()
    assert not list(studio.folder.root.rglob(".work"))


@heavy
@needs_torch
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


@heavy
@needs_torch
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


@heavy
@needs_torch
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


@heavy
@needs_torch
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


@heavy
@needs_torch
def test_any_number_of_threads_gives_the_same_bits(stage: Stage) -> None:
    studio = training_show(stage)
    other = copy_of(studio.folder.root, stage.root / "other")
    two = learn(other, stage, threads=2)
    one = learn(accepted(studio.folder.root), stage, threads=1)
    assert {o.path: o.sha256 for o in one.outputs} == {o.path: o.sha256 for o in two.outputs}


@heavy
@needs_torch
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


@heavy
@needs_torch
def test_a_repair_of_nobody_learns_too(stage: Stage) -> None:
    studio = training_show(stage)
    options = {"keys": stage.keys, "matte": stage.mattes, "no_performer": True, "learn": QUICK}
    take = studio.repair(SHOT, **options)
    [known] = State.of(studio.ledger).models.values()
    assert (known.learned.subjects, known.learned.purposes, known.learned.grants) == ((), (), ())
    assert any(s.claim is Claim.LEARNED for s in take.shares)
    assert studio.remake(take.folder).different == ()


@heavy
@needs_torch
def test_derived_mattes_and_a_key_that_changes_nothing(stage: Stage) -> None:
    studio = training_show(stage)
    take = learn(studio, stage, matte=None, frames="1001-1006", keys=copied_keys(stage, 1001, 1006))
    assert any(s.claim is Claim.LEARNED for s in take.shares)


def copied_keys(stage: Stage, *numbers: int) -> Path:
    folder = stage.root / "some"
    folder.mkdir()
    for n in numbers:
        (folder / f"{n}.png").write_bytes((stage.keys / f"{n}.png").read_bytes())
    return folder


@heavy
@needs_torch
def test_a_preview_is_drawn_and_goes_with_the_scratch(stage: Stage) -> None:
    studio = training_show(stage)
    seen: dict[str, bytes] = {}

    def look(event: Event) -> None:
        seen.update({p.name: p.read_bytes() for p in studio.folder.root.glob(f"{SHOT}/deage/v*/.work/preview.*.png")})

    take = learn(studio, stage, preview=1003, settings=replace(QUICK, steps=120, held_share=0.0), watch=look)
    assert sorted(seen) == ["preview.1003.000100.png", "preview.1003.000120.png"]
    assert all(TRAINED.encode() in data for data in seen.values())
    assert not list((studio.folder.root / take.folder).rglob("preview*"))


@heavy
@needs_torch
def test_under_an_override_the_band_is_nobodys_and_not_learned(stage: Stage) -> None:
    studio = training_show(stage)
    take = overridden(studio, stage, learn=QUICK)
    assert take.band is not None
    assert sum((s.share for s in take.touched_shares), Fraction(0)) == 1
    _, credit = studio_frame(studio, take.folder, 1004)
    roles = [s.role for s in credit.sources]
    band, network = (credit.parts[roles.index(role)] > 0 for role in (Role.BAND, Role.MODEL))
    assert band.any() and network.any() and not (band & network).any()
    assert (credit.claim[band] != 3).all()


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


@heavy
@needs_torch
def test_kill_9_while_it_learns(stage: Stage, killed: tuple[Path, Path]) -> None:
    show, whole = killed
    assert not Studio.open(show).ledger.entries(kind="model.registered")
    subprocess.run(command(show, stage), check=True, capture_output=True)
    one, two = (json.loads(next(f.glob(f"{SHOT}/deage/v*/take.json")).read_text()) for f in killed)
    assert {o["path"]: o["sha256"] for o in one["outputs"]} == {o["path"]: o["sha256"] for o in two["outputs"]}
    [mine], [theirs] = (State.of(Studio.open(f).ledger).models for f in (show, whole))
    assert mine == theirs, "the weights are the same bytes"


@heavy
@needs_torch
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


@heavy
@needs_torch
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
