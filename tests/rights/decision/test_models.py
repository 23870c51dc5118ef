"""Which weights and templates may be loaded: the gate's case 38, and what else ends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bottega.model import Input, Learned, LearnedKind, LicenceKind, Purpose, Role, Technique, UsageError
from bottega.rights import (
    Decision,
    add_consent,
    add_licence,
    decide,
    declare_no_performer,
    register_destruction,
    register_exemplar,
    register_model,
    register_shot,
    revoke,
    revoke_licence,
)
from tests.rights.builders import (
    ARTIST,
    NOON,
    PERFORMER,
    PLATE,
    SECOND,
    SHOW,
    Stage,
    digest,
    good_consent,
    good_use,
    licence,
    set_stage,
    shot,
    still,
)

WEIGHTS, TEMPLATE = digest("weights"), digest("template")
TECHNIQUES = (Technique.EXEMPLAR_SYNTHESIS, Technique.PER_SHOT_NETWORK)
TRAINING = good_consent(techniques=TECHNIQUES, model_training=True, biometric_template=True, shots=("sh0*",))


def learned(**changes: Any) -> Learned:
    fields: dict[str, Any] = {
        "digest": WEIGHTS,
        "kind": LearnedKind.NETWORK,
        "show_id": SHOW,
        "subjects": (PERFORMER,),
        "shots": ("sh010",),
        "purposes": (Purpose.DEAGE,),
        "trained_on": (PLATE, digest("frame")),
        "grants": ("g_1",),
        "delete_by": NOON + timedelta(days=3),
    }
    return Learned(**(fields | changes))


def template(**changes: Any) -> Learned:
    return learned(**({"digest": TEMPLATE, "kind": LearnedKind.TEMPLATE} | changes))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A consent that allows training and a template, files of both, and a frame under a licence of its own."""
    made = set_stage(tmp_path, TRAINING)
    add_licence(made.ledger, licence(licence_id="frames", train_ok=True))
    add_licence(made.ledger, licence(licence_id="training", kind=LicenceKind.OWN, train_ok=True))
    register_exemplar(made.ledger, replace(still("plate", Role.PLATE), licence_id="training"))
    register_exemplar(made.ledger, still("frame", Role.REFERENCE, licence_id="frames"))
    register_exemplar(made.ledger, still("weights", Role.MODEL, licence_id="training"))
    register_exemplar(made.ledger, still("template", Role.TEMPLATE, licence_id="training"))
    yield made
    made.ledger.close()


PLATE_IN, WEIGHTS_IN = Input(digest=PLATE, role=Role.PLATE), Input(digest=WEIGHTS, role=Role.MODEL)
TEMPLATE_IN = Input(digest=TEMPLATE, role=Role.TEMPLATE)


def asked(stage: Stage, *, now: Any = NOON, **use: Any) -> Decision:
    with_weights = {"inputs": (PLATE_IN, WEIGHTS_IN), "technique": Technique.PER_SHOT_NETWORK.value}
    return decide(good_use(**(with_weights | use)), stage.state(), now=now)


def test_weights_inside_their_scope_are_loaded(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    assert asked(stage).allow


def test_weights_that_nobody_registered_are_refused(stage: Stage) -> None:
    assert asked(stage).codes == ("model_scope",)


def test_weights_as_another_thing_are_refused(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    disguised = (PLATE_IN, Input(digest=WEIGHTS, role=Role.KEY))
    assert "model_scope" in asked(stage, inputs=disguised).codes


def test_weights_are_used_by_the_technique_that_trains(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    assert asked(stage, technique="exemplar_synthesis").codes == ("technique",)


@pytest.mark.parametrize(
    "changes",
    [{"shots": ("sh020",)}, {"purposes": (Purpose.STUNT,)}, {"subjects": (), "grants": ()}],
    ids=["another shot", "another purpose", "of nobody"],
)
def test_case_38_weights_outside_their_scope_are_refused(stage: Stage, changes: dict[str, Any]) -> None:
    register_model(stage.ledger, learned(**changes))
    assert asked(stage).codes == ("model_scope",)


def test_weights_of_nobody_have_no_purpose_and_touch_nobody(stage: Stage) -> None:
    nobody: dict[str, Any] = {"subjects": (), "grants": (), "purposes": ()}
    register_model(stage.ledger, learned(**nobody))
    declare_no_performer(stage.ledger, "sh010", job="deage", inputs=[PLATE, WEIGHTS], by=ARTIST)
    untouched: dict[str, Any] = {"people": (), "purpose": None, "age_target": None, "touches_performer": False}
    assert asked(stage, **untouched).codes == ()
    assert set(asked(stage).codes) == {"model_scope"}, "weights of nobody are not used on somebody"
    register_model(stage.ledger, template())
    assert "model_scope" in asked(stage, **untouched, inputs=(PLATE_IN, TEMPLATE_IN)).codes, "somebody's are not used on nobody"


EXTERNAL: dict[str, Any] = {
    "kind": LearnedKind.EXTERNAL, "subjects": (), "grants": (), "purposes": (), "trained_on": (),
}  # fmt: skip


def test_a_model_from_outside_has_its_own_technique_and_is_used_on_nobody(stage: Stage) -> None:
    register_model(stage.ledger, learned(**EXTERNAL))
    declare_no_performer(stage.ledger, "sh010", job="deage", inputs=[PLATE, WEIGHTS], by=ARTIST)
    untouched: dict[str, Any] = {"people": (), "purpose": None, "age_target": None, "touches_performer": False}
    assert asked(stage, **untouched, technique="external_model").allow
    assert asked(stage, **untouched).codes == ("technique",), "it is not passed off as a network of the show's own"
    assert asked(stage, **untouched, technique="exemplar_synthesis").codes == ("technique",)
    assert "model_scope" in asked(stage, technique="external_model").codes, "nobody's likeness is made with it"
    register_destruction(stage.ledger, WEIGHTS, how="struck off", by=ARTIST)
    assert asked(stage, **untouched, technique="external_model").codes == ("model_destroyed",)


@pytest.mark.parametrize(
    "told", [{"subjects": (PERFORMER,)}, {"purposes": (Purpose.DEAGE,)}, {"trained_on": (PLATE,)}, {"grants": ("g_1",)}]
)
def test_a_model_from_outside_stands_on_its_licence_alone(told: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"names {next(iter(told))}: allowed are none"):
        learned(**(EXTERNAL | told))


def test_case_38_weights_of_another_show_are_refused(stage: Stage) -> None:
    with pytest.raises(UsageError, match="of show 'show-2'"):
        register_model(stage.ledger, learned(show_id="show-2"))
    register_model(stage.ledger, learned())
    assert "model_scope" in asked(stage, show_id="show-2").codes


def test_weights_of_one_person_are_not_used_on_another(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    second = replace(TRAINING, grant_id="g_2", subject_id=SECOND, grantor=replace(TRAINING.grantor, id=SECOND))
    add_consent(stage.ledger, second)
    assert asked(stage, people=(SECOND,)).codes == ("model_scope",)


def test_case_38_weights_trained_on_revoked_frames_are_refused(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    revoke_licence(stage.ledger, "frames", cause="withdrawn")
    assert asked(stage).codes == ("model_scope",)


def test_weights_trained_on_a_frame_that_may_not_be_trained_on_are_refused(stage: Stage) -> None:
    add_licence(stage.ledger, licence(licence_id="look-only", train_ok=False))
    register_exemplar(stage.ledger, still("frame", Role.REFERENCE, licence_id="look-only"))
    register_model(stage.ledger, learned())
    assert asked(stage).codes == ("model_scope",)


def test_weights_outlive_no_consent_of_their_training(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    revoke(stage.ledger, "g_1", cause="withdrawn")
    add_consent(stage.ledger, replace(TRAINING, grant_id="g_2"))
    assert asked(stage).codes == ("model_scope",), "the new consent covers the use, not what was learned under the old one"


@pytest.mark.parametrize(("training", "codes"), [(True, ()), (False, ("technique", "model_scope"))])
def test_a_consent_that_replaces_the_old_one_decides(stage: Stage, training: bool, codes: tuple[str, ...]) -> None:
    register_model(stage.ledger, learned())
    add_consent(stage.ledger, replace(TRAINING, grant_id="g_2", supersedes="g_1", model_training=training))
    assert asked(stage).codes == codes


def test_weights_are_refused_from_the_instant_of_their_delete_by(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    until = NOON + timedelta(days=3)
    assert asked(stage, now=until - timedelta(microseconds=1)).allow
    assert asked(stage, now=until).codes == ("model_overdue",)


def test_destroyed_weights_are_refused(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    register_destruction(stage.ledger, WEIGHTS, how="shredded", by=ARTIST)
    assert asked(stage).codes == ("model_destroyed",)


def test_a_template_needs_the_consent_to_one(tmp_path: Path) -> None:
    with set_stage(tmp_path, replace(TRAINING, biometric_template=False)).ledger as ledger:
        register_exemplar(ledger, still("template", Role.TEMPLATE))
        with pytest.raises(UsageError, match="biometric_template has to be true"):
            register_model(ledger, template(trained_on=(PLATE,)))


def test_a_template_is_kept_no_longer_than_its_consent_says(tmp_path: Path) -> None:
    until = NOON + timedelta(days=2)
    with set_stage(tmp_path, replace(TRAINING, template_delete_by=until)).ledger as ledger:
        register_exemplar(ledger, still("template", Role.TEMPLATE))
        with pytest.raises(UsageError, match=r"delete_by is 2026-03-13.*allows 2026-03-12"):
            register_model(ledger, template(trained_on=(PLATE,)))
        assert register_model(ledger, template(trained_on=(PLATE,), delete_by=until)).kind == "template.registered"


def test_a_template_is_loaded_as_a_template_only(stage: Stage) -> None:
    register_model(stage.ledger, template())
    assert asked(stage, inputs=(PLATE_IN, TEMPLATE_IN), technique="exemplar_synthesis").allow
    as_weights = (PLATE_IN, Input(digest=TEMPLATE, role=Role.MODEL))
    assert "model_scope" in asked(stage, inputs=as_weights).codes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grants": ()}, "no consent is named for p_a"),
        ({"grants": ("g_9",)}, "consent 'g_9' is not in the ledger"),
        ({"trained_on": (digest("unknown"),)}, "is not in the ledger"),
        ({"delete_by": NOON + timedelta(days=6)}, "delete_by is"),
        ({"subjects": (SECOND,)}, "given by somebody else"),
    ],
)
def test_what_cannot_be_registered(stage: Stage, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        register_model(stage.ledger, learned(**changes))


def test_a_scope_is_never_widened(stage: Stage) -> None:
    register_model(stage.ledger, learned())
    with pytest.raises(UsageError, match="registered already"):
        register_model(stage.ledger, learned(shots=("sh0*",)))


def test_a_prefix_covers_its_shots(stage: Stage) -> None:
    register_shot(stage.ledger, shot("sh011", PLATE))
    register_model(stage.ledger, learned(shots=("sh01*",)))
    assert asked(stage, shot="sh011").allow
    assert asked(stage, shot="sh020").codes == ("model_scope",)


@pytest.mark.parametrize("empty", ["shots", "purposes", "trained_on"])
def test_an_empty_list_allows_nothing_and_is_refused(empty: str) -> None:
    with pytest.raises(UsageError, match=f"lacks {empty}"):
        learned(**{empty: ()})


def test_a_bare_star_covers_nothing() -> None:
    with pytest.raises(UsageError, match="covers nothing"):
        learned(shots=("*",))
