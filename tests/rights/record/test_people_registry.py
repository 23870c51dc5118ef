"""Death, age, suspension, erasure and transfer, as the ledger takes them and as the gate answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bottega.model import ConsentError, Grantor, GrantorRole, Person, PersonKind, Representation, UsageError
from bottega.rights import Decision, add_consent, add_person, decide, revoke
from bottega.rights.record import people_registry as people
from bottega.rights.record.consents import SUSPENSIONS
from tests.rights.builders import NOON, PERFORMER, SECOND, Stage, digest, good_consent, good_use, set_stage

CHILD = "p_eeeeeeeeeeeeeeee"
BIRTHDAY = datetime(2026, 3, 12, tzinfo=UTC)
ESTATE = Grantor(id="p_9999999999999999", role=GrantorRole.ESTATE, authority_doc_sha256=digest("probate"))


def answer(stage: Stage, **changes: object) -> Decision:
    return decide(good_use(**changes), stage.state(), now=stage.clock())


def test_a_dispute_suspends_by_one_entry_and_stops_what_runs(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    door, clearance = stage.door(), stage.gate().clear(good_use(), job_id="job-1")
    door.admit(clearance, clearance.inputs[0])
    before = stage.ledger.head().size
    people.dispute(stage.ledger, "g_1", ref="letter-1")
    assert stage.ledger.head().size == before + 1
    with pytest.raises(ConsentError, match="disputed"):
        door.admit(clearance, clearance.inputs[0])
    assert answer(stage).codes == ("disputed",)
    people.resume(stage.ledger, "g_1", cause="dispute", ref="settled-1", by=SECOND)
    assert answer(stage).allow


@pytest.mark.parametrize("cause", SUSPENSIONS)
def test_every_cause_suspends_with_its_code(tmp_path: Path, cause: str) -> None:
    stage = set_stage(tmp_path, good_consent())
    people.suspend(stage.ledger, "g_1", cause=cause, ref="mail-1")
    assert answer(stage).codes == (SUSPENSIONS[cause],)


def test_each_cause_is_settled_on_its_own(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    people.dispute(stage.ledger, "g_1", ref="letter-1")
    people.suspend(stage.ledger, "g_1", cause="review", ref="mail-1")
    assert set(answer(stage).codes) == {"disputed", "suspended"}
    people.resume(stage.ledger, "g_1", cause="review", ref="mail-2", by=SECOND)
    assert answer(stage).codes == ("disputed",)
    with pytest.raises(UsageError, match="it is for: dispute"):
        people.resume(stage.ledger, "g_1", cause="review", ref="mail-2", by=SECOND)


WRONG: dict[str, tuple[Callable[[Stage], object], str]] = {
    "a cause that nobody knows": (lambda s: people.suspend(s.ledger, "g_1", cause="whim", ref="x"), "dispute, strike, review, other"),
    "a consent that nobody gave": (lambda s: people.dispute(s.ledger, "g_9", ref="x"), "g_9"),
    "no reference": (lambda s: people.dispute(s.ledger, "g_1", ref=" "), "ref"),
    "settled by nobody": (lambda s: people.resume(s.ledger, "g_1", cause="dispute", ref="x", by="Lawyer C"), "Lawyer C"),
    "a death to come": (lambda s: people.record_death(s.ledger, PERFORMER, on=date(2026, 3, 11), ref="x"), "to come"),
    "a stranger's death": (lambda s: people.record_death(s.ledger, "p_00000000", on=date(2026, 3, 9), ref="x"), "p_00000000"),
    "a stranger's erasure": (lambda s: people.record_erasure(s.ledger, "p_00000000"), "p_00000000"),
    "an adult who comes of age": (
        lambda s: add_person(s.ledger, Person(subject_id=SECOND, kind=PersonKind.PERFORMER, of_age_at=NOON)),
        "only a minor",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_belong_is_refused_and_leaves_nothing(tmp_path: Path, what: str) -> None:
    stage = set_stage(tmp_path, good_consent())
    attempt, said = WRONG[what]
    before = stage.ledger.head()
    with pytest.raises(UsageError, match=said):
        attempt(stage)
    assert stage.ledger.head() == before


def test_twice_is_refused(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    people.dispute(stage.ledger, "g_1", ref="letter-1")
    people.record_death(stage.ledger, PERFORMER, on=date(2026, 3, 9), ref="certificate-1")
    for again in (
        lambda: people.dispute(stage.ledger, "g_1", ref="letter-2"),
        lambda: people.record_death(stage.ledger, PERFORMER, on=date(2026, 3, 9), ref="certificate-1"),
    ):
        with pytest.raises(UsageError, match="already"):
            again()


@pytest.mark.parametrize(("survives", "codes"), [(False, "died"), (True, None)])
def test_a_death_ends_what_was_not_to_survive_it(tmp_path: Path, survives: bool, codes: str | None) -> None:
    stage = set_stage(tmp_path, good_consent(survives_death=survives))
    people.record_death(stage.ledger, PERFORMER, on=date(2026, 3, 9), ref="certificate-1")
    found = answer(stage)
    assert found.codes[:1] == ((codes,) if codes else ())
    assert found.allow is survives


def test_after_a_death_only_the_estate_grants(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    people.record_death(stage.ledger, PERFORMER, on=date(2026, 3, 9), ref="certificate-1")
    add_consent(stage.ledger, good_consent(grant_id="g_2"))
    assert answer(stage).codes == ("deceased_no_estate",)
    add_consent(stage.ledger, good_consent(grant_id="g_3", subject_kind=PersonKind.DECEASED, grantor=ESTATE))
    assert answer(stage).grants == ("g_3",)
    add_person(stage.ledger, Person(subject_id=PERFORMER, kind=PersonKind.PERFORMER))
    assert stage.state().people[PERFORMER].kind is PersonKind.DECEASED, "nobody comes back by being added again"


def test_a_revocation_stays_one_whatever_follows(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    revoke(stage.ledger, "g_1", cause="withdrawn")
    people.record_death(stage.ledger, PERFORMER, on=date(2026, 3, 9), ref="certificate-1")
    people.record_erasure(stage.ledger, PERFORMER)
    assert stage.state().grants["g_1"].ended == "revoked"


def guardians(stage: Stage, **changes: object) -> None:
    add_person(stage.ledger, Person(subject_id=CHILD, kind=PersonKind.MINOR, of_age_at=BIRTHDAY))
    guardian = Grantor(id="p_7777777777777777", role=GrantorRole.GUARDIAN, authority_doc_sha256=digest("custody"))
    fields = {"grant_id": "g_c", "subject_id": CHILD, "subject_kind": PersonKind.MINOR, "grantor": guardian}
    add_consent(stage.ledger, good_consent(**fields | {"representation": Representation.UNION} | changes))


@pytest.mark.parametrize(
    ("before", "code"), [(timedelta(microseconds=1), None), (timedelta(0), "reconsent"), (timedelta(days=-1), "reconsent")]
)
def test_from_the_instant_of_age_a_guardians_consent_waits_for_the_person(tmp_path: Path, before: timedelta, code: str | None) -> None:
    stage = set_stage(tmp_path)
    guardians(stage)
    found = decide(good_use(people=(CHILD,)), stage.state(), now=BIRTHDAY - before)
    assert found.codes == ((code,) if code else ())
    assert found.answer == ("hold" if code else "allow")


def test_a_guardians_yes_holds_no_longer_than_the_minority(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    guardians(stage)
    assert answer(stage, people=(CHILD,)).valid_until == BIRTHDAY


def test_who_is_of_age_grants_themself(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    guardians(stage)
    own = good_consent(grant_id="g_own", subject_id=CHILD, grantor=Grantor(id=CHILD, role=GrantorRole.SELF))
    with pytest.raises(UsageError, match="subject_kind"):
        add_consent(stage.ledger, own)
    stage.clock.at = BIRTHDAY
    add_consent(stage.ledger, own)
    assert answer(stage, people=(CHILD,)).grants == ("g_own",)


def test_who_was_erased_grants_nothing_any_more(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    people.record_erasure(stage.ledger, PERFORMER)
    assert answer(stage).codes == ("erased",)
    for attempt in (
        lambda: add_consent(stage.ledger, good_consent(grant_id="g_2")),
        lambda: add_person(stage.ledger, Person(subject_id=PERFORMER, kind=PersonKind.PERFORMER)),
    ):
        with pytest.raises(UsageError, match="erased"):
            attempt()
    stage.ledger.verify()


def test_a_transfer_needs_the_consents_leave_and_is_recorded_either_way(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent(), good_consent(grant_id="g_2", transfer=True))
    with pytest.raises(ConsentError, match="transfer"):
        people.request_transfer(stage.ledger, "g_1", to="production-2", ref="mail-1")
    asked = people.request_transfer(stage.ledger, "g_2", to="production-2", ref="mail-1")
    [refused] = stage.state().grants["g_1"].transfers
    assert not refused.allowed
    with pytest.raises(ConsentError, match="was refused"):
        people.approve_transfer(stage.ledger, "g_1", transfer_id=refused.transfer_id, by=SECOND, ref="mail-2")
    entry = people.approve_transfer(stage.ledger, "g_2", transfer_id=asked, by=SECOND, ref="mail-2")
    [done] = stage.state().grants["g_2"].transfers
    assert done.allowed and done.approved_idx == entry.idx and done.to == "production-2"
    for wrong in (asked, "t_0"):
        with pytest.raises(UsageError):
            people.approve_transfer(stage.ledger, "g_2", transfer_id=wrong, by=SECOND, ref="mail-2")
    assert answer(stage).allow, "a transfer changes nothing here"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("grant.suspended", {"grant_id": "g_1", "cause": "whim", "ref": "x"}),
        ("grant.suspended", {"grant_id": "g_9", "cause": "dispute", "ref": "x"}),
        ("subject.died", {"subject_id": "p_00000000", "on": "2026-01-01", "ref": "x"}),
        ("subject.erased", {"subject_id": "p_00000000"}),
        ("transfer.approved", {"grant_id": "g_1", "transfer_id": "t_1", "by": SECOND, "ref": "x"}),
    ],
)
def test_an_entry_that_cannot_be_read_shuts_the_gate(tmp_path: Path, kind: str, data: dict[str, str]) -> None:
    stage = set_stage(tmp_path, good_consent())
    stage.ledger.append(kind, data)
    with pytest.raises(ConsentError, match="ledger_invalid"):
        stage.state()
