"""What is said of keys and regions on the command line, read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bottega.cli.takes import bounds, key_of, region_of
from bottega.model import UsageError


def test_a_region_has_one_strength_or_one_a_band() -> None:
    assert region_of("hair=mattes/hair:0.5") == ("hair", Path("mattes/hair"), 0.5)
    assert region_of("skin=m/a:b.####.png:tone=0.5,detail=0.8") == ("skin", Path("m/a:b.####.png"), {"tone": 0.5, "detail": 0.8})


def test_with_a_look_a_region_needs_no_strength() -> None:
    assert region_of("hair=mattes/hair", look=True) == ("hair", Path("mattes/hair"), None)
    assert region_of("hair=mattes/hair:0.5", look=True) == ("hair", Path("mattes/hair"), 0.5)
    with pytest.raises(UsageError):
        region_of("hair=", look=True)


BAD_REGIONS = ["hair=m:", "hair=m", "hair=m:x", "hair=m:tone=", "hair=m:tone=1,tone=2", "hair=m:tone=1,0.5", "hair=m:\x1b[2J"]


@pytest.mark.parametrize("text", BAD_REGIONS)
def test_a_region_that_cannot_be_read_says_how_it_is_written(text: str) -> None:
    with pytest.raises(UsageError, match=r"--region '[ -~]*': write it as NAME=MATTES:STRENGTH or NAME=MATTES:tone=T,shape=S,detail=D"):
        region_of(text)


def test_a_key_has_a_weight_and_a_range() -> None:
    assert key_of("1024:weight=2,range=1010-1030") == (1024, {"weight": 2.0, "range": "1010-1030"})
    assert key_of("1024:range=1024") == (1024, {"range": "1024"})


@pytest.mark.parametrize("text", ["1024", "1024:", "x:weight=2", "1024:weight=x", "1024:weight=1,weight=2", "1024:colour=2", "1024:weight"])
def test_a_key_that_cannot_be_read_says_how_it_is_written(text: str) -> None:
    with pytest.raises(UsageError, match=r"--key '.*': write it as NUMBER:weight=W,range=FIRST-LAST"):
        key_of(text)


def test_what_bounds_a_job() -> None:
    plain = {"key_uses": {}, "unserved": "refuse", "cuts": "refuse", "handles": True}
    assert bounds(None, "refuse", split=False, no_cuts=False, no_handles=False) == plain
    said = bounds([], "plate", split=True, no_cuts=False, no_handles=True)
    assert said == {"key_uses": {}, "unserved": "plate", "cuts": "split", "handles": False}
    assert bounds([], "refuse", split=False, no_cuts=True, no_handles=False)["cuts"] == "none"
    with pytest.raises(UsageError, match="exclude each other"):
        bounds(None, "refuse", split=True, no_cuts=True, no_handles=False)
    with pytest.raises(UsageError, match="--key 1024 is given twice"):
        bounds(["1024:weight=2", "1024:weight=3"], "refuse", split=False, no_cuts=False, no_handles=False)
