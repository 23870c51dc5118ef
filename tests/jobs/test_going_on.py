"""Going on after a stop: what is damaged meanwhile is made again, and no finished take is missing from the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from bottega import Studio
from bottega.model import ConsentError, TakeState
from bottega.rights import Transaction
from tests.story.stage import ARTIST, SHOT, Stage, build, deage, open_show


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OCIO", raising=False)
    return build(tmp_path, frames=5, size=(48, 64), keys=(1001, 1005))


def stopped_after(frames: int, studio: Studio, stage: Stage) -> Path:
    made = []

    def stop(event: object) -> None:
        made.extend([event.frame] if event.step == "make" else [])
        if len(made) == frames:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deage(studio, stage, watch=stop)
    return studio.folder.root / SHOT / "deage" / "v001"


def test_a_frame_damaged_while_the_job_lay_still_is_made_again(stage: Stage) -> None:
    studio = open_show(stage)
    folder = stopped_after(4, studio, stage)
    frames = sorted((folder / "frames").iterdir())
    assert len(frames) == 4
    frames[0].write_bytes(frames[0].read_bytes()[:-100])
    frames[1].unlink()
    (folder / ".work" / "1003.json").write_text("{")
    take = deage(studio, stage)
    assert (take.number, take.state) == (1, TakeState.DONE) and studio.report(take.folder)["warnings"] == []
    assert studio.remake(take.folder).different == ()


def test_a_ledger_that_fails_at_the_end_leaves_the_take_unfinished(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a take could be done that nobody finds when the consent is revoked."""
    studio = open_show(stage)
    append = Transaction.append

    def fails(self: Transaction, kind: str, data: dict) -> object:
        if kind == "output.registered":
            raise OSError(28, "No space left on device")
        return append(self, kind, data)

    monkeypatch.setattr(Transaction, "append", fails)
    with pytest.raises(OSError, match="No space"):
        deage(studio, stage)
    assert studio.report("sh010/deage/v001")["state"] == "making"
    monkeypatch.undo()
    monkeypatch.setenv("BOTTEGA_HOME", str(stage.root / "home"))
    assert deage(studio, stage).state is TakeState.DONE
    [(consent, _, _)] = studio.consents()
    assert studio.revoke_consent(consent.grant_id, reason="withdrawn") == ["sh010_deage_v001"]


def test_a_matte_may_become_a_region_and_a_painting_may_not_become_a_matte(stage: Stage) -> None:
    studio = open_show(stage)
    deage(studio, stage)
    take = deage(studio, stage, regions=[("face", stage.mattes, 0.5)])
    assert take.number == 2
    with pytest.raises(ConsentError) as refusal:
        deage(studio, stage, matte=stage.keys / "1001.png")
    assert refusal.value.codes == ("wrong_role",)
    assert {name for e, name in studio.exemplars() if e.role == "key"} == {ARTIST}
