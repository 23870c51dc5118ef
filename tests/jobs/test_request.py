"""The plan's digest: everything that decides the bits, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.jobs.recipes.keyed import RepairSettings
from bottega.jobs.recipes.schedule import KeyUse
from bottega.jobs.runner import request as module
from bottega.jobs.runner.parts import Region
from bottega.jobs.runner.request import RepairRequest, key_files, settings_json
from bottega.model import Delivery, FrameRange, Purpose, Role, Take, UsageError

from .cases import FRAMES, KEYS, MATTE, PLATE, REGION, REQUEST, SHOT, a_take, digest, sealed

DECIDING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tone": ({"settings": RepairSettings(tone=0.5)}, {}),
    "detail, by one unit in the last place": ({"settings": RepairSettings(detail=1.0000000000000002)}, {}),
    "seed": ({"seed": 8}, {}),
    "also": ({"also": ()}, {}),
    "purpose": ({"purpose": Purpose.AGE_UP}, {}),
    "age": ({"age_target": 36}, {}),
    "people": ({"people": ("p_fedcba9876543210",)}, {}),
    "delivery": ({"delivery": Delivery.FINAL}, {}),
    "a region's strength": ({"regions": (Region(name="hair", matte=Path("hair"), strength=0.31),)}, {}),
    "a region's name": ({"regions": (Region(name="hat", matte=Path("hair"), strength=0.3),)}, {}),
    "a region's strength of one band": ({"regions": (Region(name="hair", matte=Path("hair"), strength=0.3, shape=1.0),)}, {}),
    "shape": ({"settings": RepairSettings(shape=0.5)}, {}),
    "a key's weight": ({"key_uses": (KeyUse(1001, weight=2.0),)}, {}),
    "a key's range": ({"key_uses": (KeyUse(1001, last=1005),)}, {}),
    "frames that no key serves stay the plate": ({"unserved": "plate"}, {}),
    "cuts are split at": ({"cuts": "split"}, {}),
    "cuts are none": ({"cuts": "none"}, {}),
    "plate": ({}, {"plate": sealed("other", Role.PLATE, 1001)}),
    "colour": ({}, {"shot": replace(SHOT, colour="ACEScg")}),
    "frames": ({}, {"frames": FRAMES[:-1]}),
    "a key's pixels": ({}, {"keys": KEYS | {1010: sealed("other", Role.KEY)}}),
    "a key's place": ({}, {"keys": {1001: KEYS[1001], 1009: KEYS[1010]}}),
    "matte": ({}, {"mattes": (sealed("other", Role.MATTE), REGION)}),
    "no matte": ({}, {"mattes": (None, REGION)}),
    "matte and region swapped": ({}, {"mattes": (REGION, MATTE)}),
}
INDIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "where the keys lie": ({"keys": Path("/other/keys")}, {}),
    "where the mattes lie": ({"matte": Path("/other/mattes")}, {}),
    "where a region's mattes lie": ({"regions": (Region(name="hair", matte=Path("/other"), strength=0.3),)}, {}),
    "the range as it was typed": ({"frames": FrameRange(first=1001, last=1010)}, {}),
    "a key's author": ({}, {"keys": {n: replace(e, author_id="p_x", came_from="/a/b.png") for n, e in KEYS.items()}}),
    "whole numbers as they were typed": ({"settings": RepairSettings(tone=1, detail=1)}, {}),
    "the handles": ({}, {"shot": replace(SHOT, handle_frames=2)}),
}


@pytest.mark.parametrize("what", DECIDING)
def test_what_decides_the_bits_changes_the_digest(what: str) -> None:
    request, inputs = DECIDING[what]
    assert digest(replace(REQUEST, **request), **inputs) != digest()


@pytest.mark.parametrize("what", INDIFFERENT)
def test_what_decides_nothing_leaves_the_digest(what: str) -> None:
    request, inputs = INDIFFERENT[what]
    assert digest(replace(REQUEST, **request), **inputs) == digest()


def test_eight_bit_keys_are_let_in_or_not_but_decide_no_bit() -> None:
    """The option refuses or admits; with the same keys admitted the pictures are the same."""
    assert digest(replace(REQUEST, allow_8bit_keys=True)) == digest()


def test_a_library_or_engine_of_another_version_is_another_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest()
    monkeypatch.setattr(module, "versions", lambda **_: {"numpy": "0.1"})
    other = digest()
    monkeypatch.setattr(module, "REVISION", "other/2")
    assert len({before, other, digest()}) == 3


@given(tone=st.floats(0, 1.5), detail=st.floats(0, 1.5), strength=st.floats(0, 1.5), seed=st.integers(0, 2**64), eight=st.booleans())
def test_settings_survive_the_record(tone: float, detail: float, strength: float, seed: int, eight: bool) -> None:
    """What take.json holds states the same request, to the last bit of every float."""
    asked = replace(
        REQUEST,
        settings=RepairSettings(tone=tone, detail=detail),
        regions=(Region(name="hair", matte=Path("hair"), strength=strength),),
        seed=seed,
        allow_8bit_keys=eight,
    )
    take = Take.from_json(json.loads(json.dumps(a_take(settings=settings_json(asked), seed=seed).to_json())))
    again: RepairRequest = replace(
        asked,
        settings=RepairSettings(**take.settings["repair"]),
        regions=tuple(Region(name=r["name"], matte=Path(), strength=float(r["strength"])) for r in take.settings["regions"]),
        seed=take.seed,
        also=tuple(take.settings["also"]),
        allow_8bit_keys=take.settings["allow_8bit_keys"],
    )
    assert digest(again) == digest(asked) and settings_json(again) == settings_json(asked)
    assert PLATE.digest in {i.digest for i in take.inputs}


def test_keys_are_known_by_the_number_that_ends_their_name(tmp_path: Path) -> None:
    for name in ("1024.png", "face.1001.exr", "hair_v2_1010.tif", "gate.pub", ".1002.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert {n: p.name for n, p in key_files(tmp_path).items()} == {1001: "face.1001.exr", 1010: "hair_v2_1010.tif", 1024: "1024.png"}
    (tmp_path / "1024.tif").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"'1024\.png' and '1024\.tif' are both frame 1024"):
        key_files(tmp_path)
    (tmp_path / "1024.tif").rename(tmp_path / "final.png")
    with pytest.raises(UsageError, match=r"'final\.png' has no frame number"):
        key_files(tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        key_files(tmp_path / "nowhere")


def test_the_shot_has_these_frames() -> None:
    assert tuple(SHOT.frames) == FRAMES and SHOT.plate == PLATE.digest
