from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bottega.model import ScriptRef
from bottega.rights import decide, register_shot
from tests.rights.builders import NOON, PLATE, approval, digest, good_consent, good_use, set_stage, shot

PLAYED = NOON - timedelta(days=30)
LEGAL = (approval("legal"),)


def script(**changes: Any) -> ScriptRef:
    return ScriptRef(**({"sha256": digest("script"), "dated": PLAYED - timedelta(days=1), "existed_before_performance": True} | changes))


def codes(folder: Path, *, played: datetime | None = PLAYED, **consent: Any) -> tuple[str, ...]:
    claim: dict[str, Any] = {"exemption": "as_scripted", "exemption_decided_by": "p_dddddddd", "approvals": LEGAL, "script_ref": script()}
    stage = set_stage(folder, good_consent(**(claim | consent)))
    register_shot(stage.ledger, replace(shot("sh010", PLATE), performed_at=played))
    return decide(good_use(), stage.state(), now=NOON).codes


def test_an_exemption_that_was_decided_and_approved_is_no_obstacle(tmp_path: Path) -> None:
    assert codes(tmp_path) == ()


def test_an_exemption_never_stands_in_for_a_consent(tmp_path: Path) -> None:
    assert codes(tmp_path, age_range_out=(60, 70)) == ("age_range",)


UNDECIDED = {
    "nobody decided": {"exemption_decided_by": None},
    "a blank decided": {"exemption_decided_by": "  "},
    "legal did not approve": {"approvals": (approval("studio"),)},
    "legal approves tomorrow": {"approvals": (approval("legal", at=NOON + timedelta(days=1)),)},
    "an unknown one": {"exemption": "artistic"},
}


@pytest.mark.parametrize("case", UNDECIDED)
def test_a_claim_is_decided_by_somebody_and_approved_by_legal(case: str, tmp_path: Path) -> None:
    assert codes(tmp_path, **UNDECIDED[case]) == ("exemption_undecided",)


TOO_LATE = {
    "no script": {"script_ref": None},
    "it did not exist": {"script_ref": script(existed_before_performance=False)},
    "dated after": {"script_ref": script(dated=PLAYED + timedelta(days=1))},
    "dated that instant": {"script_ref": script(dated=PLAYED)},
    "dated tomorrow, performance unknown": {"played": None, "script_ref": script(dated=NOON + timedelta(days=1))},
}


@pytest.mark.parametrize("case", TOO_LATE)
def test_as_scripted_needs_a_script_from_before_the_performance(case: str, tmp_path: Path) -> None:
    assert codes(tmp_path, **TOO_LATE[case]) == ("script_after_performance",)


def test_only_as_scripted_needs_a_script(tmp_path: Path) -> None:
    assert codes(tmp_path, exemption="unsafe", script_ref=None) == ()


@pytest.mark.parametrize("nothing", [None, "", "none"])
def test_no_claim_no_check(nothing: str | None, tmp_path: Path) -> None:
    assert codes(tmp_path, exemption=nothing, exemption_decided_by=None, approvals=(), script_ref=None) == ()
