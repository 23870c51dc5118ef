"""A network on a shot that has keys of another only: it learns from them where they lie, and everybody has to have said yes to both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bottega import Studio
from bottega.jobs.recipes import learned as recipe
from bottega.model import Claim, ConsentError, LicenceKind, Role
from bottega.rights import State

from .learning import GRANTS, QUICK, ground, training_show
from .stage import Stage, deage
from .test_learning_story import _torch_or_its_name  # noqa: F401 (a fixture)
from .test_look_story import BOTH, FRAMES, SECOND, add_second, looked, psnr, result, second

needs_torch = pytest.mark.skipif(not recipe.can_learn(), reason="torch is not installed: pip install 'bottega[learn]'")


def two_shots(stage: Stage, *, lent_plate: bool = True) -> tuple[Studio, Path]:
    """A show with a look of the first shot, and grounds to train on; the first shot's plate only if asked."""
    studio = training_show(stage, plate=lent_plate, **BOTH)
    mattes = add_second(studio, stage)
    studio.add_shot(SECOND, stage.root / SECOND, colour="lin_rec709_srgb", licence=ground(studio, "l_second", kind=LicenceKind.OWN))
    deage(studio, stage)
    studio.looks.make("hero", ["sh010/deage/v001"], by="lead")
    return studio, mattes


@needs_torch
@pytest.mark.heavy
def test_it_learns_from_lent_keys_where_they_lie(stage: Stage) -> None:
    studio, mattes = two_shots(stage)
    take = looked(studio, mattes, learn=QUICK)
    (weights,) = (i for i in take.inputs if i.role is Role.MODEL)
    learned = State.of(studio.ledger).models[weights.digest].learned
    lent = {i.digest for i in take.inputs if i.shot is not None}
    assert lent and lent <= set(learned.trained_on), "the other shot's plate and keys are what it was trained on"
    assert learned.shots == (SECOND,), "and it serves this shot alone"
    shares = {s.claim for s in take.shares}
    assert Claim.LEARNED in shares and sum(s.share for s in take.shares) == 1
    again = studio.remake(take.folder)
    assert again.different == () and again.frames == len(FRAMES)
    plain = looked(studio, mattes)
    for number in FRAMES:
        plate, matte, truth = second(number)
        made, without = (result(studio, t, number) for t in (take, plain))
        assert made[np.round(matte * 65535) == 0].tobytes() == plate[np.round(matte * 65535) == 0].tobytes()
        assert psnr(made, truth, matte > 0.5) > psnr(without, truth, matte > 0.5) - 1, "twelve steps teach little, and are asked little"


@pytest.mark.usefixtures("_torch_or_its_name")
def test_the_other_shots_plate_has_to_allow_training_too(stage: Stage) -> None:
    studio, mattes = two_shots(stage, lent_plate=False)
    with pytest.raises(ConsentError, match="does not allow training") as refused:
        looked(studio, mattes, learn=QUICK)
    assert "licence_scope" in refused.value.codes
    assert not studio.ledger.entries(kind="model.registered")


def test_a_look_alone_trains_nothing(stage: Stage) -> None:
    assert "per_shot_network" in GRANTS["techniques"]
    studio, mattes = two_shots(stage)
    take = looked(studio, mattes)
    assert not [i for i in take.inputs if i.role is Role.MODEL]
    assert take.settings.get("learn") is None
