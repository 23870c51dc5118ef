"""A consent that ends while a job runs stops it at the next frame, in whatever phase it is; what was made is set aside."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bottega import Studio
from bottega.jobs.runner.progress import Event
from bottega.model import ConsentError, TakeState

from .stage import Stage, deage, open_show

End = Callable[[Studio, str], object]
ENDS: dict[str, End] = {
    "revoked": lambda studio, grant: studio.revoke_consent(grant, reason="withdrawn"),
    "disputed": lambda studio, grant: studio.consent_desk.dispute(grant, ref="letter-1"),
    "strike": lambda studio, _: studio.people_desk.strike(on=True, ref="notice-1"),
}


def stopped_at(studio: Studio, stage: Stage, *, step: str, nth: int, end: End = ENDS["revoked"]) -> tuple[list[Event], tuple[str, ...]]:
    """Run the job, end its consent at the nth report of a step, and give the reports that came after that, and the codes."""
    [(consent, _, _)] = studio.consents()
    seen: list[Event] = []

    def watch(event: Event) -> None:
        seen.append(event)
        if sum(e.step == step for e in seen) == nth and not ended:
            ended.append(len(seen))
            end(studio, consent.grant_id)

    ended: list[int] = []
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, watch=watch)
    return seen[ended[0] :], refusal.value.codes


def take_state(studio: Studio) -> str:
    [record] = studio.folder.root.glob("sh010/deage/v*/take.json")
    return str(json.loads(record.read_text())["state"])


def frames(studio: Studio) -> int:
    """How many frames the take has, none of them in the open."""
    assert not list(studio.folder.root.glob("sh010/deage/v001/frames/*.exr"))
    return len(list(studio.folder.root.glob("sh010/deage/v001/.quarantine/frames/*.exr")))


@pytest.mark.parametrize("code", ENDS)
def test_whatever_ends_it_stops_it(stage: Stage, code: str) -> None:
    studio = open_show(stage)
    after, codes = stopped_at(studio, stage, step="make", nth=2, end=ENDS[code])
    assert codes[0] == code
    assert after == [], "one thread, so the very next frame stops"
    assert frames(studio) == 2
    assert take_state(studio) == TakeState.QUARANTINED
    [entry] = studio.ledger.entries(kind="job.quarantined")
    assert code in entry.data["reasons"] and not studio.ledger.entries(kind="output.registered")


@pytest.mark.parametrize("nth", [1, 4])
def test_also_while_correspondence_is_found_in_memory(stage: Stage, nth: int) -> None:
    studio = open_show(stage)
    after, codes = stopped_at(studio, stage, step="match", nth=nth)
    assert (after, codes[0], frames(studio)) == ([], "revoked", 0)
    assert take_state(studio) == TakeState.QUARANTINED


def test_also_while_the_movie_is_written(stage: Stage) -> None:
    studio = open_show(stage)
    after, codes = stopped_at(studio, stage, step="finish", nth=1)
    assert (after, codes[0]) == ([], "revoked")
    assert take_state(studio) == TakeState.QUARANTINED


def test_also_between_the_last_frame_and_the_record(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from bottega.jobs.runner import run as module

    studio = open_show(stage)
    [(consent, _, _)] = studio.consents()
    finish = module.finish

    def late(*given: object) -> object:
        done = finish(*given)
        studio.revoke_consent(consent.grant_id, reason="withdrawn")
        return done

    monkeypatch.setattr(module, "finish", late)
    with pytest.raises(ConsentError, match="revoked"):
        deage(studio, stage)
    assert take_state(studio) == TakeState.QUARANTINED
    assert not studio.ledger.entries(kind="output.registered")


def test_a_frame_that_was_being_made_is_not_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from bottega.jobs.runner import make as module

    studio = open_show(stage)
    [(consent, _, _)] = studio.consents()
    credit = module.credit_frame

    def slow(*given: object, **named: object) -> object:
        studio.revoke_consent(consent.grant_id, reason="withdrawn")
        return credit(*given, **named)

    monkeypatch.setattr(module, "credit_frame", slow)
    with pytest.raises(ConsentError, match="revoked"):
        deage(studio, stage)
    assert frames(studio) == 0


def test_a_take_that_was_set_aside_is_never_gone_on_with(stage: Stage) -> None:
    studio = open_show(stage)
    stopped_at(studio, stage, step="make", nth=2, end=ENDS["disputed"])
    [(consent, _, _)] = studio.consents()
    studio.consent_desk.resume(consent.grant_id, ref="settled-1", by="Artist B")
    assert deage(studio, stage).name == "sh010_deage_v002"


def test_a_revoked_licence_stops_a_job_too(stage: Stage) -> None:
    studio = open_show(stage)
    licence = next(k.licence_id for k, _, _ in studio.licence_desk.all(now=studio.clock()) if k.kind == "work-for-hire")
    after, codes = stopped_at(studio, stage, step="make", nth=1, end=lambda s, _: s.withdrawals.licence(licence, reason="sold"))
    assert (after, codes[0]) == ([], "licence_revoked")


def test_what_was_made_before_is_listed_and_set_aside_where_the_consent_says_so(stage: Stage) -> None:
    studio = open_show(stage, revocation_effect='"unreleased_outputs"')
    take = deage(studio, stage)
    [(consent, _, _)] = studio.consents()
    done = studio.withdrawals.consent(consent.grant_id, reason="withdrawn")
    assert [t.take for t in done.takes] == [*done.set_aside] == [take.name]
    assert frames(studio) == stage.frames
    assert take_state(studio) == TakeState.QUARANTINED
    [entry] = studio.ledger.entries(kind="job.quarantined")
    assert entry.data["take_id"] == take.take_id and entry.data["reasons"] == ["revoked"]
    assert studio.withdrawals.consent(consent.grant_id, reason="withdrawn").set_aside == (), "there is nothing left to set aside"
    assert studio.usage_desk.disclosure(title="The Film").takes == 0


def test_without_that_the_takes_stay(stage: Stage) -> None:
    studio = open_show(stage)
    take = deage(studio, stage)
    [(consent, _, _)] = studio.consents()
    assert studio.revoke_consent(consent.grant_id) == [take.name]
    assert take_state(studio) == TakeState.DONE


def test_a_take_whose_folder_is_gone_is_on_record_all_the_same(stage: Stage) -> None:
    import shutil

    studio = open_show(stage, revocation_effect='"unreleased_outputs"')
    take = deage(studio, stage)
    shutil.rmtree(studio.folder.root / take.folder)
    [(consent, _, _)] = studio.consents()
    assert studio.withdrawals.consent(consent.grant_id, reason="withdrawn").set_aside == (take.name,)
    [entry] = studio.ledger.entries(kind="job.quarantined")
    assert entry.data["record_sha256"] is None
