"""Who is in the picture: the gate's cases 23 to 30 and 53, on a plate with faces on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bottega.model import Delivery, Detection, FaceBox, FaceKind, FrameRange, Grantor, GrantorRole, Input, Role, UsageError
from bottega.rights import Decision, add_consent, assign_faces, decide, record_detection, review_faces
from bottega.rights.decision.faces import FACE_POLICIES, NONE_RECORDED, faces_on_record
from bottega.rights.record.faces import covers, detected_name
from bottega.rights.record.rulings_registry import resolve_hold
from tests.rights.builders import (
    ARTIST,
    KEY,
    MATTE,
    NOON,
    PERFORMER,
    PLATE,
    SECOND,
    Stage,
    approval,
    declare,
    digest,
    face,
    good_consent,
    good_use,
    put_faces,
    set_stage,
)

OTHER_SIDE = (FaceBox(frame=1001, x=44, y=20, width=12, height=12),)
BOTH_APPROVED = (approval("legal"), approval("studio"))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The performer's consent, approved for a final."""
    made = set_stage(tmp_path, good_consent(approvals=BOTH_APPROVED))
    yield made
    made.ledger.close()


def asked(stage: Stage, **use: Any) -> Decision:
    return decide(good_use(**use), stage.state(), now=NOON)


def found_by(*boxes: FaceBox, frames: tuple[int, ...] = (1001, 1024)) -> Detection:
    return Detection(plate=PLATE, detector="fake", detector_version="1", frames=frames, boxes=boxes)


ON_HERO = FaceBox(frame=1001, x=19, y=19, width=18, height=18)
ELSEWHERE = FaceBox(frame=1001, x=44, y=20, width=12, height=12)


def test_nothing_recorded_stands_on_what_people_declared(stage: Stage) -> None:
    assert asked(stage).allow
    assert faces_on_record(good_use(), stage.state()) == {PLATE: NONE_RECORDED}


def test_case_23_a_second_face_without_a_consent_is_refused(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("second", subject_id=SECOND, boxes=OTHER_SIDE))
    refusal = asked(stage)
    assert refusal.codes == ("uncovered_subject",)
    assert SECOND in str(refusal.reasons[0])


def test_case_23_a_second_face_masked_out_of_the_edit_is_allowed(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("second", subject_id=SECOND, boxes=OTHER_SIDE))
    assert asked(stage, tracks_touched=("hero",)).allow
    assert asked(stage, tracks_touched=("hero", "second")).codes == ("uncovered_subject",)


def test_case_23_a_second_face_that_is_named_needs_its_own_consent(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("second", subject_id=SECOND, boxes=OTHER_SIDE))
    assert asked(stage, people=(PERFORMER, SECOND)).codes == ("no_consent",)


def test_a_face_outside_the_frames_of_the_use_does_not_count(stage: Stage) -> None:
    late = face(
        "second", subject_id=SECOND, frames=FrameRange(first=1040, last=1048), boxes=(FaceBox(frame=1040, x=1, y=1, width=9, height=9),)
    )
    put_faces(stage.ledger, face(), late)
    assert asked(stage, frames=FrameRange(first=1001, last=1039)).allow
    assert asked(stage, frames=FrameRange(first=1001, last=1040)).codes == ("uncovered_subject",)


def test_case_24_an_untouched_bystander_is_allowed_and_on_record(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("passer-by", FaceKind.BYSTANDER, boxes=OTHER_SIDE))
    assert asked(stage, tracks_touched=("hero",)).allow
    said = faces_on_record(good_use(tracks_touched=("hero",)), stage.state())[PLATE]
    assert said["untouched"] == {"passer-by": "bystander"}
    assert said["touched"] == ["hero"]


@pytest.mark.parametrize("touched", [None, ("hero", "passer-by")], ids=["not measured", "touched"])
def test_case_24_a_touched_bystander_is_refused(stage: Stage, touched: tuple[str, ...] | None) -> None:
    put_faces(stage.ledger, face(), face("passer-by", FaceKind.BYSTANDER, boxes=OTHER_SIDE))
    assert asked(stage, tracks_touched=touched).codes == ("bystander_touched",)


def test_a_measurement_on_other_faces_says_nothing(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    before = stage.state().faces[PLATE].digest
    put_faces(stage.ledger, face("passer-by", FaceKind.BYSTANDER, boxes=OTHER_SIDE))
    assert asked(stage, tracks_touched=("hero",), faces_measured=before).codes == ("bystander_touched",)
    assert asked(stage, tracks_touched=("hero",), faces_measured=stage.state().faces[PLATE].digest).allow


@pytest.mark.parametrize(
    ("case", "kind", "code"),
    [(25, FaceKind.DEPICTION, "face_depicted"), (29, FaceKind.LOOKALIKE, "lookalike"), (30, FaceKind.OBJECT, "likeness_object")],
)
@pytest.mark.parametrize("touched", [None, ("hero",)], ids=["not measured", "beside the edit"])
def test_cases_25_29_30_hold_for_a_human(stage: Stage, case: int, kind: FaceKind, code: str, touched: tuple[str, ...] | None) -> None:
    put_faces(stage.ledger, face(), face("thing", kind, boxes=OTHER_SIDE))
    decision = asked(stage, tracks_touched=touched)
    assert (decision.codes, decision.answer) == ((code,), "hold"), f"case {case}"


def test_case_26_a_declared_person_whom_the_detector_does_not_see_holds(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    record_detection(stage.ledger, found_by())
    decision = asked(stage)
    assert (decision.codes, decision.answer) == (("detector_silent",), "hold")


def test_case_26_it_also_holds_before_any_face_is_assigned(stage: Stage) -> None:
    record_detection(stage.ledger, found_by())
    assert asked(stage).codes == ("detector_silent",)


def test_a_detector_that_sees_the_person_once_agrees(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    record_detection(stage.ledger, found_by())
    record_detection(stage.ledger, found_by(ON_HERO))
    assert asked(stage).allow


def test_a_face_found_elsewhere_is_not_the_person(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("nobody", FaceKind.NOTHING, boxes=OTHER_SIDE))
    record_detection(stage.ledger, found_by(ELSEWHERE))
    assert asked(stage).codes == ("detector_silent",)


def test_a_detector_that_did_not_look_at_these_frames_is_not_asked(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    record_detection(stage.ledger, found_by(frames=(1048,)))
    assert asked(stage, frames=FrameRange(first=1001, last=1010)).allow


@pytest.mark.parametrize("whose", [None, SECOND])
def test_case_27_a_second_actors_reflection_holds(stage: Stage, whose: str | None) -> None:
    put_faces(stage.ledger, face(), face("mirror", FaceKind.REFLECTION, subject_id=whose, boxes=OTHER_SIDE))
    decision = asked(stage)
    assert (decision.codes, decision.answer) == (("reflection",), "hold")


def test_case_27_the_persons_own_reflection_is_theirs(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("mirror", FaceKind.REFLECTION, subject_id=PERFORMER, boxes=OTHER_SIDE))
    assert asked(stage).allow


def test_case_28_a_double_needs_both_consents(stage: Stage) -> None:
    put_faces(stage.ledger, face("stunt", FaceKind.DOUBLE, subject_id=SECOND, replaced_with=PERFORMER))
    assert asked(stage).codes == ("double",)
    assert "double" in asked(stage, people=(PERFORMER, SECOND)).codes
    assert asked(stage, people=(PERFORMER, SECOND)).answer == "deny"
    add_consent(stage.ledger, good_consent(grant_id="g_2", subject_id=SECOND, grantor=Grantor(id=SECOND, role=GrantorRole.SELF)))
    assert asked(stage, people=(PERFORMER, SECOND)).allow


def test_case_53_nobody_named_on_a_plate_with_a_face_is_refused(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    declare(stage, KEY, MATTE, PLATE)
    nobody = {"people": (), "touches_performer": False, "purpose": None, "age_target": None}
    assert asked(stage, **nobody).codes == ("uncovered_subject",)
    assert asked(stage, **nobody, tracks_touched=()).allow, "the edit lies elsewhere, by measurement"
    assert asked(stage, people=()).codes[0] == "empty_subjects"


def test_a_detection_that_the_edit_may_touch_has_to_be_assigned(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    entry = record_detection(stage.ledger, found_by(ON_HERO, ELSEWHERE))
    refusal = asked(stage)
    assert (refusal.codes, refusal.answer) == (("face_unassigned",), "deny")
    touched = ("hero", detected_name(entry.idx, 1))
    assert asked(stage, tracks_touched=touched).codes == ("face_unassigned",)
    beside = asked(stage, tracks_touched=("hero",))
    assert (beside.codes, beside.answer) == (("face_untracked",), "hold")


def test_a_detection_in_other_frames_is_not_asked_about(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    record_detection(stage.ledger, found_by(ON_HERO, ELSEWHERE))
    assert asked(stage, frames=FrameRange(first=1002, last=1010)).allow


def test_a_human_answers_a_detectors_mistake(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    record_detection(stage.ledger, found_by(ON_HERO, ELSEWHERE))
    assign_faces(stage.ledger, face("lamp", FaceKind.NOTHING, boxes=OTHER_SIDE), by=ARTIST)
    assert asked(stage).allow
    assert faces_on_record(good_use(), stage.state())[PLATE]["not_a_face"] == ["lamp"]


def test_a_later_weaker_run_of_a_detector_takes_nothing_back(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    record_detection(stage.ledger, found_by(ON_HERO, ELSEWHERE))
    record_detection(stage.ledger, found_by(ON_HERO))
    assert asked(stage).codes == ("face_unassigned",)


def test_a_final_needs_the_faces_reviewed_and_every_change_undoes_that(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    final = {"delivery": Delivery.FINAL}
    assert (asked(stage, **final).codes, asked(stage, **final).answer) == (("faces_unreviewed",), "hold")
    put_faces(stage.ledger, reviewed=True)
    assert asked(stage, **final).allow
    put_faces(stage.ledger, face("passer-by", FaceKind.BYSTANDER, boxes=OTHER_SIDE))
    assert asked(stage, **final, tracks_touched=("hero",)).codes == ("faces_unreviewed",)
    put_faces(stage.ledger, reviewed=True)
    assert asked(stage, **final, tracks_touched=("hero",)).allow
    record_detection(stage.ledger, found_by(ON_HERO))
    assert asked(stage, **final, tracks_touched=("hero",)).codes == ("faces_unreviewed",)


def test_a_final_without_any_face_on_record_is_held(stage: Stage) -> None:
    assert asked(stage, delivery=Delivery.FINAL).codes == ("faces_unreviewed",)


def test_a_person_who_is_in_no_reviewed_face_holds(stage: Stage) -> None:
    put_faces(stage.ledger, face("second", subject_id=SECOND), reviewed=True)
    decision = asked(stage, tracks_touched=())
    assert (decision.codes, decision.answer) == (("person_untracked",), "hold")


def test_looking_at_a_plate_is_held_by_nothing_in_it(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("poster", FaceKind.DEPICTION, boxes=OTHER_SIDE))
    record_detection(stage.ledger, found_by(ELSEWHERE.grown(-2)))
    declare(stage, PLATE)
    looks: dict[str, Any] = {"people": (), "touches_performer": False, "purpose": None, "age_target": None, "tracks_touched": ()}
    plate = Input(digest=PLATE, role=Role.PLATE)
    assert asked(stage, **looks, inputs=(plate,)).allow
    with_key = (plate, Input(digest=KEY, role=Role.KEY))
    assert "face_depicted" in asked(stage, **looks, inputs=with_key).codes, "a key makes something"


@pytest.mark.parametrize(
    ("box", "covered"),
    [
        (FaceBox(frame=1001, x=20, y=20, width=16, height=16), True),
        (FaceBox(frame=1001, x=28, y=20, width=16, height=16), True),
        (FaceBox(frame=1001, x=29, y=20, width=16, height=16), False),
        (FaceBox(frame=1001, x=24, y=24, width=4, height=4), True),
        (FaceBox(frame=1001, x=24, y=24, width=4, height=3), False),
    ],
    ids=["itself", "half inside", "less than half", "a sixteenth of the track", "smaller: a box round everybody"],
)
def test_what_covers_a_detection(box: FaceBox, covered: bool) -> None:
    assert covers(face().boxes[0], box) is covered


def test_no_policy_of_faces_is_left_out() -> None:
    from bottega.rights.decision import POLICIES

    assert {p.name for p in FACE_POLICIES} <= {p.name for p in POLICIES}
    assert len(FACE_POLICIES) == 9


def test_a_review_of_faces_that_changed_meanwhile_is_refused(stage: Stage) -> None:
    put_faces(stage.ledger, face())
    with pytest.raises(UsageError, match="changed since they were looked at"):
        review_faces(stage.ledger, PLATE, faces=digest("older faces"), by=ARTIST)


def test_a_hold_that_a_human_resolved_is_asked_again_when_the_faces_change(stage: Stage) -> None:
    put_faces(stage.ledger, face(), face("poster", FaceKind.DEPICTION, boxes=OTHER_SIDE))
    held = asked(stage)
    about = {"details": [r.detail for r in held.reasons], "by": ARTIST, "role": "legal", "ref": "mail-9"}
    resolve_hold(stage.ledger, good_use(), held="face_depicted", **about)
    assert asked(stage).allow
    put_faces(stage.ledger, face("poster", FaceKind.DEPICTION, boxes=(ELSEWHERE.grown(3),)))
    assert asked(stage).codes == ("face_depicted",)
