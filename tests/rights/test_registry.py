from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bottega.model import BottegaError, CredentialError, LicenceKind, Person, PersonKind, Role, UsageError
from bottega.rights import (
    REASONS,
    Gate,
    Ledger,
    State,
    add_consent,
    add_licence,
    add_person,
    approve_consent,
    approve_job,
    create_show,
    declare_no_performer,
    declare_strike,
    register_exemplar,
    register_shot,
    revoke,
    revoke_licence,
)
from bottega.rights.ledger.entries import KINDS
from bottega.rights.reasons import reason
from bottega.rights.record.state import _KINDS

from .builders import (
    ARTIST,
    GATE_KEY,
    KEY,
    PERFORMER,
    PLATE,
    SCAN,
    SECOND,
    SHOW,
    Clock,
    Stage,
    approval,
    digest,
    good_consent,
    good_use,
    licence,
    set_stage,
    shot,
    still,
)

WRONG: dict[str, tuple[Callable[[Stage], Any], str]] = {
    "the show twice": (lambda s: create_show(s.ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo"), "already"),
    "a licence twice": (lambda s: add_licence(s.ledger, licence()), "already"),
    "another show's licence": (lambda s: add_licence(s.ledger, licence(licence_id="x", show_id="show-2")), "'show-1'"),
    "a licence that is not there": (lambda s: revoke_licence(s.ledger, "none", cause="x"), "'none' is not in the ledger"),
    "a work by a stranger": (lambda s: register_exemplar(s.ledger, still("new", Role.KEY, author_id="p_00000000")), "'p_00000000'"),
    "a work under no such licence": (lambda s: register_exemplar(s.ledger, still("new", Role.KEY, licence_id="none")), "'none'"),
    "a shot without its plate": (lambda s: register_shot(s.ledger, shot("sh030", digest("?"))), "exemplar"),
    "a consent twice": (lambda s: add_consent(s.ledger, good_consent()), "already"),
    "a consent by a stranger": (lambda s: add_consent(s.ledger, good_consent(grant_id="g_2", subject_id="p_00000000")), "'p_00000000'"),
    "for another kind": (
        lambda s: add_consent(s.ledger, good_consent(grant_id="g_2", subject_kind=PersonKind.MINOR)),
        "subject_kind",
    ),
    "a consent without a number": (lambda s: add_consent(s.ledger, good_consent(grant_id=" ")), "grant_id"),
    "for one that is not there": (lambda s: add_consent(s.ledger, good_consent(grant_id="g_2", supersedes="g_0")), "'g_0'"),
    "a consent for another person's": (
        lambda s: add_consent(s.ledger, good_consent(grant_id="g_2", subject_id=SECOND, supersedes="g_1")),
        "another person",
    ),
    "revoking what is not there": (lambda s: revoke(s.ledger, "g_2", cause="x"), "'g_2'"),
    "revoking without a word": (lambda s: revoke(s.ledger, "g_1", cause=" "), "cause"),
    "approving what is not there": (lambda s: approve_consent(s.ledger, "g_2", approval("legal")), "'g_2'"),
    "approved by nobody": (lambda s: approve_consent(s.ledger, "g_1", approval("legal", approver="")), "approver"),
    "approved nowhere": (lambda s: approve_job(s.ledger, "../sh010", job="deage", approval=approval("legal")), "shot"),
    "declared by a stranger": (lambda s: declare_no_performer(s.ledger, "sh010", job="x", inputs=[PLATE], by="p_00000000"), "'p_00000000'"),
    "declared by a name": (lambda s: declare_no_performer(s.ledger, "sh010", job="x", inputs=[PLATE], by="Artist B"), "never a name"),
    "declared on nothing": (lambda s: declare_no_performer(s.ledger, "sh010", job="x", inputs=[], by=ARTIST), "given none"),
    "a strike without a notice": (lambda s: declare_strike(s.ledger, on=True, ref=""), "ref"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_fact_is_refused_and_nothing_is_written(tmp_path: Path, case: str) -> None:
    stage = set_stage(tmp_path, good_consent())
    before = stage.ledger.head()
    do, said = WRONG[case]
    with pytest.raises(UsageError, match=said):
        do(stage)
    assert stage.ledger.head() == before


def test_nothing_is_registered_before_the_show_is_created(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.db", clock=Clock()) as ledger:
        with pytest.raises(UsageError, match="create it first"):
            add_person(ledger, Person(subject_id=PERFORMER, kind=PersonKind.PERFORMER))
        ledger.append("note.early", {})
        with pytest.raises(UsageError, match="already"):
            create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo")
        with pytest.raises(BottegaError, match="wrong_show"):
            Gate(ledger, GATE_KEY, show_id=SHOW)


def test_what_another_process_wrote_counts(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    with Ledger(stage.ledger.path, clock=stage.clock) as other:
        add_consent(other, good_consent(grant_id="g_2"))
        revoke(other, "g_1", cause="asked")
    with pytest.raises(UsageError, match="already"):
        add_consent(stage.ledger, good_consent(grant_id="g_2"))
    assert revoke(stage.ledger, "g_2", cause="asked").idx == stage.ledger.head().size - 1


def test_an_altered_exemplar_record_is_not_registered(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    with pytest.raises(CredentialError):
        register_exemplar(stage.ledger, replace(still("new", Role.KEY), digest=digest("other")))


def test_the_ledger_holds_no_files_and_no_names(tmp_path: Path) -> None:
    """Names live in the side store; file paths may hold one, so only what the caller passes is kept."""
    stage = set_stage(tmp_path)
    register_exemplar(stage.ledger, still("A Name", Role.KEY))
    assert "A Name" not in str([e.data for e in stage.ledger.entries()])


def test_the_same_picture_gathers_roles_and_paths(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    register_exemplar(stage.ledger, still("key", Role.REGION, licence_id="production"), paths=("other/key.png", "keys/key.1001.png"))
    known = stage.state().exemplars[KEY]
    assert known.roles == {Role.KEY, Role.REGION}
    assert known.paths == ("keys/key.1001.png", "other/key.png")
    assert (known.licence_id, known.author_id) == ("production", None), "who made it and on what ground is what was said last"


def test_the_projection_read_bit_by_bit_is_the_one_read_at_once(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    step_by_step = stage.state()
    for do in (
        lambda: approve_consent(stage.ledger, "g_1", approval("legal")),
        lambda: declare_strike(stage.ledger, on=True, ref="notice"),
        lambda: add_consent(stage.ledger, good_consent(grant_id="g_2", supersedes="g_1")),
        lambda: revoke(stage.ledger, "g_2", cause="asked"),
        lambda: revoke(stage.ledger, "g_1", cause="asked"),
        lambda: stage.gate().decide(good_use(), job_id="job-1"),
        lambda: declare_no_performer(stage.ledger, "sh010", job="collapse", inputs=[PLATE, SCAN], by=ARTIST),
        lambda: revoke_licence(stage.ledger, "for-hire", cause="over"),
        lambda: revoke_licence(stage.ledger, "for-hire", cause="again"),
    ):
        do()
        step_by_step.refresh(stage.ledger)
        step_by_step.refresh(stage.ledger)
    assert vars(step_by_step) == vars(State.of(stage.ledger))
    assert step_by_step.grants["g_1"].ended == "revoked", "a revocation outranks a replacement"


def test_every_kind_is_either_read_or_listed_as_passed_over() -> None:
    assert set(_KINDS) == {k for k in KINDS if not k.startswith("job.")}


def test_every_reason_says_what_to_do_next() -> None:
    for code, (meaning, next_step) in REASONS.items():
        assert meaning
        assert next_step
        assert str(reason(code, "given")) == f"{code}: given; {next_step}"
    assert "ok" not in REASONS
    with pytest.raises(KeyError):
        reason("never_heard_of", "x")


@pytest.mark.parametrize("kind", [LicenceKind.LICENSED, LicenceKind.CC0])
def test_others_works_are_listed_one_by_one(kind: LicenceKind) -> None:
    with pytest.raises(UsageError, match="digests of the works"):
        licence(kind=kind, doc_sha256=digest("contract"))
    assert licence(kind=kind, doc_sha256=digest("contract"), works=(PLATE,)).works == (PLATE,)


def test_a_licensed_work_needs_its_document() -> None:
    with pytest.raises(UsageError, match="doc_sha256"):
        licence(kind=LicenceKind.LICENSED, works=(PLATE,))


def test_a_consent_whose_number_is_a_twin_after_nfc_is_turned_down_and_shuts_nothing(tmp_path: Path) -> None:
    """Case 52: the ledger keeps texts in NFC, so the second would be an entry that nobody can read."""
    stage = set_stage(tmp_path, good_consent(grant_id="g-\u00e9"))
    before = stage.ledger.head()
    with pytest.raises(UsageError, match="twin"):
        add_consent(stage.ledger, good_consent(grant_id="g-e\u0301"))
    assert stage.ledger.head() == before
    assert stage.gate().decide(good_use(), job_id="job-1").allow
    add_consent(stage.ledger, good_consent(grant_id="g-2"))
