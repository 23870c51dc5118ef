"""A look: which of its keys are a shot's own, and what none may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bottega.model import Input, Look, LookKey, Role, TakeInput, UsageError, Use, look_name

PAINTED, PLATE, NEWER = "a" * 64, "b" * 64, "c" * 64
KEY = LookKey(digest=PAINTED, shot="sh010", frame=1024, plate=PLATE)
LOOK = Look(name="hero", number=2, job="deage", keys=(KEY,), settings={}, made_at=datetime(2026, 1, 1, tzinfo=UTC), made_by="lead")


def test_a_key_is_own_on_its_shot_and_plate_and_lent_elsewhere() -> None:
    assert (LOOK.own("sh010", PLATE), LOOK.lent("sh010", PLATE)) == ((KEY,), ())
    assert (LOOK.own("sh020", NEWER), LOOK.lent("sh020", NEWER)) == ((), (KEY,))
    assert (LOOK.own("sh010", NEWER), LOOK.lent("sh010", NEWER)) == ((), (KEY,)), "painted on an earlier plate of this shot"
    assert LOOK.version_name == "hero@v002" and KEY.name == "1024 of sh010"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keys": ()}, "look hero has no key"),
        ({"keys": (KEY, replace(KEY, digest=NEWER))}, "frame 1024 of sh010 has two keys"),
        ({"number": 0}, "its version is 0, allowed is 1 or more"),
        ({"name": "../x"}, "look '../x' cannot be used"),
        ({"weights": "x"}, "is no sha256"),
    ],
)
def test_what_a_look_may_not_be(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        replace(LOOK, **changes)


@pytest.mark.parametrize(("text", "found"), [("hero", ("hero", None)), ("hero@v2", ("hero", 2)), ("hero@012", ("hero", 12))])
def test_a_version_is_named(text: str, found: tuple[str, int | None]) -> None:
    assert look_name(text) == found


@pytest.mark.parametrize("text", ["", "hero@", "hero@x", "hero@v1@v2", "a/b", "@v1"])
def test_a_bad_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="look"):
        look_name(text)


def test_what_names_no_other_shot_is_hashed_as_it_was_before_there_were_looks() -> None:
    item = Input(digest=PAINTED, role=Role.KEY)
    assert item.to_json() == {"digest": PAINTED, "role": "key", "replaces": None}
    assert "shot" not in TakeInput(digest=PAINTED, role=Role.KEY, name="1024.png").to_json()
    there = replace(item, shot="sh010")
    assert Input.from_json(there.to_json()) == there
    use = Use(show_id="s", shot="sh020", job="deage", inputs=(item,))
    assert use.digest() != replace(use, inputs=(there,)).digest()
