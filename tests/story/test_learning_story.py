"""A network from end to end: who has to have said yes, and whose work it is."""

from __future__ import annotations

import json
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
from bottega.model import Claim, ConsentError, Role, UsageError
from bottega.rights import State
from bottega.studio import Studio, examine

from .learning import QUICK, learn, training_show
from .stage import PERFORMER, SHOT, SIZE, Stage, deage, open_show, write_png
from .test_override_story import let_pass, overridden

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
    assert with_it.learn_seconds == pytest.approx(2200 * 0.0455)
    assert without.learn_seconds is None
    assert with_it.cpu_seconds - without.cpu_seconds > with_it.learn_seconds
    fewer = studio.plan(studio.deage_request(SHOT, **asked, learn=True, learn_steps=100))
    assert fewer.learn_seconds == pytest.approx(4.55)


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
def test_mattes_may_be_derived(stage: Stage) -> None:
    studio = training_show(stage)
    take = learn(studio, stage, matte=None, frames="1001-1006", keys=copied_keys(stage, 1001, 1006))
    assert any(s.claim is Claim.LEARNED for s in take.shares)


@heavy
@needs_torch
def test_keys_with_nothing_under_their_mattes_teach_nothing(stage: Stage) -> None:
    empty = stage.root / "empty"
    empty.mkdir()
    for n in range(1001, 1011):
        write_png(empty / f"{n}.png", np.zeros(SIZE), bits=8)
    studio = training_show(stage)
    with pytest.raises(UsageError, match="there is nothing to learn"):
        learn(studio, stage, matte=empty)
    assert not takes(studio), "no empty version is left"


def copied_keys(stage: Stage, *numbers: int) -> Path:
    folder = stage.root / "some"
    folder.mkdir()
    for n in numbers:
        (folder / f"{n}.png").write_bytes((stage.keys / f"{n}.png").read_bytes())
    return folder


@heavy
@needs_torch
def test_under_an_override_the_band_is_nobodys_and_not_learned(stage: Stage) -> None:
    studio = training_show(stage)
    with pytest.raises(ConsentError) as refused:
        overridden(studio, stage, learn=QUICK)
    assert len(studio.ledger.entries(kind="model.registered")) == 1, "two people let a use without weights pass; with them it is another"
    assert not studio.ledger.entries(kind="job.quarantined")
    let_pass(studio, stage.root / "again.json", refused.value)
    take = learn(studio, stage, delivery="final", also=["png16", "prores"])
    assert take.band is not None
    assert sum((s.share for s in take.touched_shares), Fraction(0)) == 1
    _, credit = studio_frame(studio, take.folder, 1004)
    roles = [s.role for s in credit.sources]
    band, network = (credit.parts[roles.index(role)] > 0 for role in (Role.BAND, Role.MODEL))
    assert band.any() and network.any() and not (band & network).any()
    assert (credit.claim[band] != 3).all()
