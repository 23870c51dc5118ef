from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bottega.model import Delivery, Purpose, UsageError
from bottega.rights import decide, register_shot
from tests.rights.builders import NOON, PLATE, approval, face, good_consent, good_use, put_faces, set_stage, shot

LISTS = {
    "territories": ("territory", "IT", "US"),
    "media": ("medium", "feature", "trailer"),
    "languages": ("language", "it", "en"),
    "episodes": ("episode", "ep101", "ep102"),
    "scenes": ("scene", "12a", "14"),
}
APPROVED = (approval("legal"), approval("studio"))


def codes(folder: Path, consent: dict[str, Any], use: dict[str, Any], *, delivery: Delivery, **place: str) -> tuple[str, ...]:
    stage = set_stage(folder, good_consent(approvals=APPROVED, **consent))
    register_shot(stage.ledger, replace(shot("sh010", PLATE), **place))
    put_faces(stage.ledger, face(), reviewed=True)
    return decide(good_use(delivery=delivery, **use), stage.state(), now=NOON).codes


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize(
    ("stated", "temp", "final"), [("inside", True, True), ("outside", False, False), ("missing", True, False)], ids=str
)
def test_a_list_limits_and_a_final_has_to_state_the_fact(field: str, stated: str, temp: bool, final: bool, tmp_path: Path) -> None:
    fact, inside, outside = LISTS[field]
    value = {"inside": inside, "outside": outside}.get(stated)
    of_the_shot = fact in ("episode", "scene") and value is not None
    for number, (delivery, allowed) in enumerate(((Delivery.TEMP, temp), (Delivery.FINAL, final))):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = {fact: value} if of_the_shot and value else {}
        found = codes(folder, {field: (inside,)}, {} if of_the_shot else {fact: value}, delivery=delivery, **place)
        assert found == (() if allowed else (fact,))


@pytest.mark.parametrize("field", LISTS)
def test_an_empty_list_sets_no_limit(field: str, tmp_path: Path) -> None:
    assert codes(tmp_path, {field: ()}, {}, delivery=Delivery.FINAL) == ()


def test_episodes_and_scenes_may_be_patterns(tmp_path: Path) -> None:
    assert codes(tmp_path, {"episodes": ("ep1*",), "scenes": ("12*",)}, {}, delivery=Delivery.FINAL, episode="ep107", scene="12b") == ()


def test_the_ledger_says_where_a_shot_stands_not_the_use(tmp_path: Path) -> None:
    consent = {"episodes": ("ep101",)}
    assert codes(tmp_path, consent, {"episode": "ep101"}, delivery=Delivery.TEMP, episode="ep102") == ("episode",)
    (tmp_path / "2").mkdir()
    assert codes(tmp_path / "2", {}, {"scene": "12a"}, delivery=Delivery.TEMP) == ("scene",), "the shot is registered without one"


def test_a_dub_is_into_a_language_that_was_granted(tmp_path: Path) -> None:
    granted = {"purpose": Purpose.DUB, "dub_consent": ("fr",)}
    for language, expected in (("fr", ()), ("de", ("language",)), (None, ("language",))):
        folder = tmp_path / str(language)
        folder.mkdir()
        use = {"purpose": Purpose.DUB, "language": language, "age_target": None}
        assert codes(folder, granted, use, delivery=Delivery.FINAL) == expected
    (tmp_path / "deage").mkdir()
    assert codes(tmp_path / "deage", {"dub_consent": ("fr",)}, {"language": "de"}, delivery=Delivery.FINAL) == (), "no dub"


def test_a_shot_is_told_by_codes_and_an_instant_with_a_zone() -> None:
    with pytest.raises(UsageError, match="episode"):
        replace(shot("sh010", PLATE), episode="../101")
    with pytest.raises(UsageError, match="scene"):
        replace(shot("sh010", PLATE), scene="Zwölf")
    with pytest.raises(UsageError, match="time zone"):
        replace(shot("sh010", PLATE), performed_at=NOON.replace(tzinfo=None))
