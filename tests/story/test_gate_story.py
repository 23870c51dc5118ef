"""The gate from end to end: every refusal has its code, exit code 3, and leaves nothing but the ledger's entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bottega import Studio
from bottega.model import ConsentError

from .stage import PERFORMER, SHOT, Stage, deage, open_show, painted, picture, signed, srgb, write_png

STAMP = "%Y-%m-%dT%H:%M:%SZ"


def ago(**span: float) -> str:
    return f'"{(datetime.now(UTC) - timedelta(**span)).strftime(STAMP)}"'


def files(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and not p.name.startswith(("ledger.db", "people.db"))}


def refused(studio: Studio, stage: Stage, **options: object) -> tuple[str, ...]:
    before, entries = files(studio.folder.root), studio.ledger.head().size
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, **options)
    assert files(studio.folder.root) == before
    decisions = [e for e in studio.ledger.entries(kind="gate.decided") if e.idx >= entries]
    assert len(decisions) == 1 and decisions[0].data["allow"] is False
    assert refusal.value.exit_code == 3
    return refusal.value.codes


def test_without_a_consent(stage: Stage) -> None:
    assert refused(open_show(stage, consent=False), stage)[0] == "no_consent"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {"valid_until": ago(seconds=1), "valid_from": ago(days=30), "signed_at": ago(days=31), "notice_given_at": ago(days=40)},
            "expired",
        ),
        ({"valid_from": ago(days=-3)}, "not_yet_valid"),
        ({"shots": '["sh999"]'}, "wrong_shot"),
        ({"production_id": '"another-show"'}, "wrong_show"),
        ({"age_range_out": "[50, 60]"}, "age_range"),
        ({"purpose": '"age_up"'}, "purpose"),
    ],
)
def test_with_a_consent_that_does_not_fit(stage: Stage, changes: dict[str, str], code: str) -> None:
    assert refused(open_show(stage, **changes), stage)[0] == code


def test_after_a_revocation(stage: Stage) -> None:
    studio = open_show(stage)
    [(consent, _, state)] = studio.consents()
    assert state == "active"
    studio.revoke_consent(consent.grant_id, reason="withdrawn")
    assert refused(studio, stage)[0] == "revoked"


def test_with_another_age_than_granted(stage: Stage) -> None:
    assert refused(open_show(stage), stage, age=20)[0] == "age_range"


def test_a_key_that_changed_after_it_was_added(stage: Stage) -> None:
    studio = open_show(stage)
    plate, matte = picture(1006)
    write_png(stage.keys / "1006.png", srgb(painted(plate, matte) * 0.9))
    codes = refused(studio, stage)
    assert codes[0] == "hash_changed"


def test_a_key_that_nobody_added(stage: Stage) -> None:
    studio = open_show(stage)
    plate, matte = picture(1003)
    write_png(stage.keys / "1003.png", srgb(painted(plate, matte)))
    assert refused(studio, stage)[0] == "unknown_exemplar"


def test_the_kept_copy_of_a_key_swapped_after_it_was_cleared(stage: Stage) -> None:
    studio = open_show(stage)
    digest = next(e.digest for e, _ in studio.exemplars() if e.role == "key")
    [copy] = (studio.folder.exemplars / digest[:16]).iterdir()
    copy.chmod(0o644)
    write_png(copy, srgb(picture(1006)[0]))
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage)
    assert refusal.value.codes == ("hash_changed",)
    assert not list((studio.folder.root / SHOT).glob("deage/v*/frames/*"))


def test_repair_needs_a_declaration(stage: Stage) -> None:
    studio = open_show(stage, consent=False)
    with pytest.raises(ConsentError) as refusal:
        studio.repair(SHOT, keys=stage.keys, matte=stage.mattes)
    assert refusal.value.codes[0] == "declaration_missing"
    take = studio.repair(SHOT, keys=stage.keys, matte=stage.mattes, no_performer=True)
    assert take.use.touches_performer is False and not take.grants


def test_a_name_that_is_not_in_the_show(stage: Stage) -> None:
    from bottega.model import UsageError

    with pytest.raises(UsageError, match="person add"):
        deage(open_show(stage), stage, person="Performer C")


def test_a_form_that_is_not_filled_in(stage: Stage) -> None:
    from bottega.model import UsageError

    studio = open_show(stage, consent=False)
    form = stage.root / "blank.toml"
    form.write_text(studio.consent_template(purpose="deage", person=PERFORMER, shot=SHOT))
    with pytest.raises(UsageError) as problem:
        studio.add_consent(form)
    for field in ("description", "valid_until", "signed_at"):
        assert field in str(problem.value)
    form.write_text(signed(form.read_text(), separately_signed="false"))
    with pytest.raises(UsageError, match="separately_signed"):
        studio.add_consent(form)
    assert studio.consents() == []


def test_what_merely_looks_like_a_door_lets_nothing_in(stage: Stage) -> None:
    from bottega.footage import open_frames
    from bottega.rights import Door

    class Yes(Door):
        def __init__(self) -> None: ...
        def admit(self, clearance: object, digest: str) -> None: ...

    studio = open_show(stage)
    plate = studio.folder.exemplar(studio.shots()[0].plate)
    for door in (Yes(), object(), None):
        with pytest.raises(ConsentError) as refusal:
            open_frames(plate, None, door=door, working="lin_rec709_srgb")
        assert refusal.value.codes == ("forged",)


def test_what_the_result_depicts_and_where_it_is_shown(stage: Stage) -> None:
    studio = open_show(stage, territories='["FR"]')
    assert refused(studio, stage, depicts=["violence"]) == ("content",)
    assert refused(studio, stage, territory="DE") == ("territory",)
    assert deage(studio, stage, territory="FR").use.territory == "FR"


def test_a_long_job_asks_again_before_its_clearance_runs_out(stage: Stage) -> None:
    """Ten minutes are over after about eighty ticks; this job looks at its clock some hundred times."""
    root = open_show(stage).folder.root
    now = datetime.now(UTC)

    def hurried() -> datetime:
        nonlocal now
        now += timedelta(seconds=8)
        return now

    studio = Studio.open(root, clock=hurried)
    take = deage(studio, stage)
    assert len(take.clearances) >= 2 and len(set(take.clearances)) == len(take.clearances)
    decided = {e.idx: e.data for e in studio.ledger.entries(kind="gate.decided")}
    assert [decided[i]["clearance_id"] for i in take.decisions] == list(take.clearances)
    spent = {e.data["clearance_id"] for e in studio.ledger.entries(kind="clearance.spent")}
    assert spent == set(take.clearances)
