"""Cases 31 to 36, 39 and 40 as the decision sees them: what the ledger knows of files, takes and words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bottega.model import (
    Exemplar,
    Input,
    Layer,
    LayerUse,
    LicenceKind,
    MadeBy,
    Marks,
    MarkState,
    Purpose,
    Role,
    Technique,
    TextCheck,
    UsageError,
    Use,
)
from bottega.rights import Ledger, State, add_licence, decide, register_exemplar, revoke, revoke_licence

from .builders import ARTIST, KEY, NOON, PERFORMER, PLATE, SECOND, SHOW, Stage, digest, good_consent, good_use, licence, set_stage, still

PLAN = digest("plan")
HIDDEN = Layer(name="page 2", use=LayerUse.UNKNOWN)
PICTURE = Layer(name="page 1", use=LayerUse.PICTURE)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return set_stage(tmp_path, good_consent())


def painted(content: str = "painting", role: Role = Role.KEY, **facts: Any) -> Exemplar:
    return replace(still(content, role, licence_id="for-hire", author_id=ARTIST), **facts)


def with_input(exemplar: Exemplar, role: Role | None = None, **changes: Any) -> Use:
    inputs = (Input(digest=PLATE, role=Role.PLATE), Input(digest=exemplar.digest, role=role or exemplar.role))
    return good_use(inputs=inputs, **changes)


def codes(stage: Stage, use: Use) -> tuple[str, ...]:
    return decide(use, stage.state(), now=NOON).codes


def added(stage: Stage, exemplar: Exemplar) -> Exemplar:
    register_exemplar(stage.ledger, exemplar)
    return exemplar


def delivered(ledger: Ledger, *, plan: str = PLAN, files: tuple[str, ...] = (), **changes: Any) -> None:
    data = {"take": "sh010_deage_v001", "take_id": "1" * 32, "plan": plan, "files": [*files], "grants": ["g_1"], "exemplars": [PLATE, KEY]}
    ledger.append("output.registered", data | changes)


# 31: the bits decide. 33: and nothing else.


def test_31_a_mirrored_picture_is_another_one(stage: Stage) -> None:
    assert codes(stage, with_input(painted("mirrored"))) == ("unknown_exemplar",)


def test_33_a_new_name_and_another_place_change_nothing(stage: Stage) -> None:
    key = painted()
    renamed = replace(key, files=(replace(key.files[0], path="elsewhere/b.png"),))
    added(stage, key)
    assert renamed.digest == key.digest
    assert decide(with_input(renamed), stage.state(), now=NOON).allow


# 32: another encoding is another picture, until somebody links it to its original by hash; and then it ends with it.


def test_32_another_encoding_stands_on_its_original(stage: Stage) -> None:
    copy = painted("re-saved", derived_from=KEY)
    assert codes(stage, with_input(copy)) == ("unknown_exemplar",)
    added(stage, copy)
    yes = decide(with_input(copy), stage.state(), now=NOON)
    assert yes.allow and "for-hire" in yes.licences
    revoke_licence(stage.ledger, "for-hire", cause="over")
    assert set(codes(stage, with_input(copy))) == {"licence_revoked"}


def test_32_a_copy_follows_its_original_to_another_licence(stage: Stage) -> None:
    copy = added(stage, painted("re-saved", derived_from=KEY))
    add_licence(
        stage.ledger, licence(licence_id="listed", kind=LicenceKind.LICENSED, rightsholder=ARTIST, works=(KEY,), doc_sha256=digest("doc"))
    )
    added(stage, replace(still("key", Role.KEY), licence_id="listed", author_id=ARTIST))
    yes = decide(with_input(copy), stage.state(), now=NOON)
    assert yes.allow and "listed" in yes.licences, "a licence that lists the original covers its copies"
    revoke_licence(stage.ledger, "listed", cause="over")
    assert set(codes(stage, with_input(copy))) == {"licence_revoked"}


def test_32_a_copy_of_a_copy_and_no_circle(stage: Stage) -> None:
    first = added(stage, painted("first", derived_from=KEY))
    second = added(stage, painted("second", derived_from=first.digest))
    assert decide(with_input(second), stage.state(), now=NOON).allow
    with pytest.raises(UsageError, match="its own copy"):
        added(stage, replace(first, derived_from=second.digest))
    with pytest.raises(UsageError, match="not in the ledger"):
        added(stage, painted("third", derived_from=digest("nobody")))


# 35: nothing hides in a file.


@pytest.mark.parametrize("role", [Role.KEY, Role.MATTE, Role.REGION, Role.REFERENCE])
def test_35_an_unknown_layer_is_refused(stage: Stage, role: Role) -> None:
    hiding = added(stage, painted(role=role, layers=(PICTURE, HIDDEN)))
    assert "unknown_layer" in codes(stage, with_input(hiding))
    assert "unknown_layer" not in codes(stage, with_input(added(stage, painted("plain", role=role, layers=(PICTURE,)))))


def test_35_a_plates_are_listed(stage: Stage) -> None:
    plate = replace(still("plate", Role.PLATE), layers=(PICTURE, HIDDEN))
    added(stage, plate)
    assert decide(good_use(), stage.state(), now=NOON).allow
    assert stage.state().exemplars[PLATE].layers == (PICTURE, HIDDEN)


def test_35_names_that_a_file_gives_its_layers_stay_out_of_the_ledger(stage: Stage) -> None:
    names = (
        "part performer_a channel R half",
        "part rgb channel performer_a.R half",
        "chunk zzZz",
        "chunk face",
        "part rgb channel credit.id0 uint32",
    )
    added(stage, painted(layers=tuple(Layer(name=n, use=LayerUse.UNKNOWN) for n in names)))
    [*_, entry] = stage.ledger.entries(kind="exemplar.registered")
    kept = [layer["name"] for layer in entry.data["layers"]]
    assert kept == ["part * channel R half", "part rgb channel * half", "chunk zzZz", "chunk face", "part rgb channel credit.id0 uint32"]
    assert "performer_a" not in str(entry.data)


# 36: what a picture was signed with.


def test_36_credentials_that_do_not_hold(stage: Stage) -> None:
    bad = added(stage, painted(marks=Marks(state=MarkState.INVALID, faults=("assertion.dataHash.mismatch",))))
    assert codes(stage, with_input(bad)) == ("tampered_credential",)


@pytest.mark.parametrize("state", [MarkState.VALID, MarkState.TRUSTED])
def test_36_what_they_forbid_needs_the_rightsholders_own_document(stage: Stage, state: MarkState) -> None:
    forbidding = added(stage, painted(marks=Marks(state=state, mining=("cawg.ai_training",))))
    assert codes(stage, with_input(forbidding)) == ("mining_not_allowed",)
    assert decide(with_input(added(stage, painted("free", marks=Marks(state=state)))), stage.state(), now=NOON).allow


@pytest.mark.parametrize(
    ("changes", "technique", "allowed"),
    [
        ({}, Technique.EXEMPLAR_SYNTHESIS, True),
        ({"doc_sha256": None, "kind": LicenceKind.OWN}, Technique.EXEMPLAR_SYNTHESIS, False),
        ({"rightsholder": "somebody else"}, Technique.EXEMPLAR_SYNTHESIS, False),
        ({}, Technique.PER_SHOT_NETWORK, False),
        ({"train_ok": True}, Technique.PER_SHOT_NETWORK, True),
    ],
)
def test_36_an_express_licence(stage: Stage, changes: dict[str, Any], technique: Technique, allowed: bool) -> None:
    work = digest("painting")
    given = {"licence_id": "express", "kind": LicenceKind.LICENSED, "rightsholder": ARTIST, "works": (work,), "doc_sha256": digest("doc")}
    add_licence(stage.ledger, licence(**(given | changes)))
    forbidding = added(stage, painted(licence_id="express", marks=Marks(state=MarkState.VALID, mining=("cawg.ai_inference",))))
    found = codes(stage, with_input(forbidding, technique=technique.value))
    assert ("mining_not_allowed" not in found) is allowed


def test_36_a_copy_says_what_its_original_said(stage: Stage) -> None:
    added(stage, painted(marks=Marks(state=MarkState.VALID, mining=("cawg.ai_training",))))
    copy = added(stage, painted("re-saved", derived_from=painted().digest))
    assert codes(stage, with_input(copy)) == ("mining_not_allowed",)


# 39: a take that comes back as an input.


def test_39_another_shows_take(stage: Stage) -> None:
    strange = added(stage, painted(made_by=MadeBy(show_id="other-1", plans=(PLAN,))))
    assert codes(stage, with_input(strange)) == ("chained",)
    handed_out = added(stage, painted("b", made_by=MadeBy(show_id="other-1", source=PLATE)))
    assert codes(stage, with_input(handed_out)) == ("chained",)


def test_39_a_key_painted_on_a_frame_that_this_show_handed_out(stage: Stage) -> None:
    key = added(stage, painted(made_by=MadeBy(show_id=SHOW, source=PLATE)))
    assert decide(with_input(key), stage.state(), now=NOON).allow


def test_39_this_shows_take_brings_its_consents_along(stage: Stage) -> None:
    delivered(stage.ledger)
    again = added(stage, painted(made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    yes = decide(with_input(again), stage.state(), now=NOON)
    assert yes.allow and yes.grants == ("g_1",) and set(yes.licences) == {"for-hire", "production"}


def test_39_people_of_the_take_who_are_not_named(stage: Stage) -> None:
    delivered(stage.ledger)
    again = added(stage, painted(made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    assert "chained" in codes(stage, with_input(again, people=(SECOND,)))
    nobody = with_input(again, people=(), touches_performer=False, purpose=None, age_target=None)
    assert "chained" in codes(stage, nobody)


def test_39_a_consent_that_does_not_cover_the_new_use(stage: Stage) -> None:
    """Another consent of the same person covers the new purpose; the one under which the picture was made does not."""
    from bottega.rights import add_consent

    add_consent(stage.ledger, good_consent(grant_id="g_2", purpose=Purpose.ALTERATION))
    delivered(stage.ledger)
    again = added(stage, painted(made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    decision = decide(with_input(again, purpose=Purpose.ALTERATION), stage.state(), now=NOON)
    assert decision.codes == ("chained",) and "g_1" in decision.reasons[0].detail and "purpose" in decision.reasons[0].detail


def test_39_a_consent_or_licence_of_the_take_that_has_ended(stage: Stage) -> None:
    from bottega.rights import add_consent

    add_consent(stage.ledger, good_consent(grant_id="g_2"))
    delivered(stage.ledger)
    again = added(stage, painted(licence_id="production", made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    revoke(stage.ledger, "g_1", cause="withdrawn")
    assert codes(stage, with_input(again)) == ("chained",)
    revoke_licence(stage.ledger, "for-hire", cause="over")
    assert set(codes(stage, with_input(again))) == {"chained", "licence_revoked"}


def test_39_a_take_that_was_never_delivered(stage: Stage) -> None:
    again = added(stage, painted(made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    assert codes(stage, with_input(again)) == ("chained",)


def test_39_a_header_that_was_stripped_hides_nothing(stage: Stage) -> None:
    delivered(stage.ledger, files=(digest("painting"),))
    plain = added(stage, painted())
    assert stage.state().exemplars[plain.digest].made_by == MadeBy(show_id=SHOW, plans=(PLAN,))
    assert "chained" in codes(stage, with_input(plain, people=(SECOND,)))


def test_39_a_copy_of_a_take(stage: Stage) -> None:
    delivered(stage.ledger)
    again = added(stage, painted(made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    copy = added(stage, painted("graded", derived_from=again.digest))
    assert "chained" in codes(stage, with_input(copy, people=(SECOND,)))


def test_39_a_running_job_stops_when_what_it_inherited_ends(stage: Stage) -> None:
    from bottega.model import ConsentError
    from bottega.rights import add_consent

    delivered(stage.ledger)
    again = added(stage, painted(made_by=MadeBy(show_id=SHOW, plans=(PLAN,))))
    add_consent(stage.ledger, good_consent(grant_id="g_2"))
    clearance, door = stage.gate().clear(with_input(again), job_id="job-1"), stage.door()
    door.admit(clearance, again.digest)
    revoke(stage.ledger, "g_1", cause="withdrawn")
    with pytest.raises(ConsentError) as refusal:
        door.admit(clearance, again.digest)
    assert refusal.value.codes == ("revoked",)


# 40: names in words.

WORDS = digest("words")


@pytest.mark.parametrize(
    ("found", "answer", "expected"),
    [
        (TextCheck(sha256=WORDS), "allow", ()),
        (TextCheck(sha256=WORDS, found=(PERFORMER,)), "allow", ()),
        (TextCheck(sha256=WORDS, near=(PERFORMER,)), "allow", ()),
        (TextCheck(sha256=WORDS, found=(SECOND,)), "deny", ("named_person",)),
        (TextCheck(sha256=WORDS, near=(SECOND,)), "hold", ("text_review",)),
        (TextCheck(sha256=WORDS, suspected=True), "hold", ("text_review",)),
        (TextCheck(sha256=WORDS, found=(SECOND,), suspected=True), "deny", ("named_person", "text_review")),
    ],
)
def test_40_words_may_name_only_who_is_in_it(stage: Stage, found: TextCheck, answer: str, expected: tuple[str, ...]) -> None:
    decision = decide(good_use(text=found), stage.state(), now=NOON)
    assert (decision.answer, decision.codes) == (answer, expected)


def test_40_a_person_who_is_named_but_has_no_consent(stage: Stage) -> None:
    decision = decide(good_use(people=(PERFORMER, SECOND), text=TextCheck(sha256=WORDS, found=(SECOND,))), stage.state(), now=NOON)
    assert set(decision.codes) == {"no_consent", "named_person"}


def test_entries_of_before_are_read_as_they_are(stage: Stage) -> None:
    state = stage.state()
    assert state.exemplars[KEY].layers is None and state.exemplars[KEY].made_by is None
    stage.ledger.append("output.registered", {"take": "a", "take_id": "b", "outputs": 1, "grants": [], "exemplars": []})
    assert State.of(stage.ledger).delivered == {}
    assert decide(good_use(), stage.state(), now=NOON + timedelta(seconds=1)).allow
