"""Which takes were made from something that ended, through whatever lies between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bottega.model import UsageError
from bottega.rights import Ledger
from bottega.rights.record.affected import affected
from bottega.rights.record.made import frame_numbers, made_takes
from tests.rights.builders import KEY, MATTE, PLATE, Stage, digest, good_consent, set_stage

MODEL, COPY, REUSED = digest("model"), digest("copy"), digest("reused")


def made(ledger: Ledger, number: int, *, grants: tuple[str, ...] = (), licences: tuple[str, ...] = (), of: tuple[str, ...] = ()) -> str:
    take = f"sh010_deage_v{number:03d}"
    ledger.append(
        "output.registered",
        {
            "job_id": f"job-{number}", "take_id": f"{number:032x}", "take": take, "record_sha256": digest(take), "outputs": 3,
            "plan": digest(f"plan {number}"), "files": [], "grants": list(grants), "licences": list(licences), "exemplars": list(of),
        },
    )  # fmt: skip
    return take


def picture(ledger: Ledger, digest_: str, **facts: Any) -> None:
    data = {"digest": digest_, "role": "key", "author_id": None, "licence_id": None, "first_frame": None, "frame_count": None}
    ledger.append("exemplar.registered", data | {"colour": None, "paths": []} | facts)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return set_stage(tmp_path, good_consent(), good_consent(grant_id="g_10"))


def names(stage: Stage, of: str) -> list[str]:
    return [t.take for t in affected(stage.ledger, of)]


def test_by_consent_licence_and_picture(stage: Stage) -> None:
    one = made(stage.ledger, 1, grants=("g_1",), licences=("production",), of=(PLATE, KEY))
    two = made(stage.ledger, 2, grants=("g_10",), licences=("production", "for-hire"), of=(PLATE, MATTE))
    assert names(stage, "g_1") == [one], "g_10 begins so, and is another"
    assert names(stage, "g_10") == [two]
    assert names(stage, "production") == [one, two]
    assert names(stage, KEY) == [one] and names(stage, KEY[:8]) == [one]
    assert affected(stage.ledger, "g_1")[0].by == "g_1"


def test_by_the_licence_of_a_picture_that_the_take_does_not_name(stage: Stage) -> None:
    old = made(stage.ledger, 1, of=(KEY,))  # the key is registered under the licence for-hire
    assert names(stage, "for-hire") == [old]


def test_through_a_model_a_copy_and_a_take_in_between(stage: Stage) -> None:
    stage.ledger.append("note.x", {"mentions": "g_1"})
    first = made(stage.ledger, 1, grants=("g_1",), of=(PLATE, KEY))
    picture(stage.ledger, COPY, derived_from=KEY)
    second = made(stage.ledger, 2, of=(COPY,))
    picture(stage.ledger, REUSED, made_by={"show_id": "show-1", "plan": digest("plan 2"), "source": None})
    third = made(stage.ledger, 3, of=(REUSED,))
    other = made(stage.ledger, 4, of=(MATTE,))
    found = affected(stage.ledger, KEY)
    assert [(t.take, t.by) for t in found] == [(first, KEY), (second, KEY), (third, second)]
    assert other not in names(stage, KEY)


def test_what_nobody_knows_is_said_so(stage: Stage) -> None:
    for unknown in ("g_2", "0" * 64, KEY[:7], "", "%", "Performer A"):
        with pytest.raises(UsageError):
            affected(stage.ledger, unknown)
    assert names(stage, "g_1") == []


@pytest.mark.parametrize("of", ["g_1", KEY])
def test_through_a_model_that_was_trained_on_it(stage: Stage, of: str) -> None:
    stage.ledger.append("model.registered", {"digest": MODEL, "trained_on": [KEY], "grants": ["g_1"]})
    by_model = made(stage.ledger, 1, grants=("g_10",), of=(PLATE, MODEL))
    assert [(t.take, t.by) for t in affected(stage.ledger, of)] == [(by_model, of)]


@pytest.mark.parametrize(
    ("text", "numbers"), [("", []), ("1001", [1001]), ("1001-1003,1007", [1001, 1002, 1003, 1007]), ("1001-1005x2", [1001, 1003, 1005])]
)
def test_frames_are_read_back(text: str, numbers: list[int]) -> None:
    assert sorted(frame_numbers(text)) == numbers


def test_what_is_no_range_is_refused() -> None:
    with pytest.raises(ValueError, match="no range"):
        frame_numbers("all")


def test_an_entry_that_does_not_say_what_was_made_is_no_zero(stage: Stage) -> None:
    made(stage.ledger, 1)
    with pytest.raises(Exception, match="does not say what was made"):
        made_takes(stage.ledger)
