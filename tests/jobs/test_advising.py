"""Which frames are looked at, and which could become keys; which go on the sheet of the worst."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.jobs.recipes.advising import MOST_COLUMNS, MOST_FRAMES, gaps
from bottega.jobs.runner.views import CROP_PX, MOST_WORST, least_reached, worst


@given(st.integers(1, 700), st.data())
def test_every_gap_is_bounded_and_holds_its_keys(length: int, data: st.DataObject) -> None:
    frames = tuple(range(1001, 1001 + length))
    keys = data.draw(st.lists(st.sampled_from(frames), min_size=1, max_size=5, unique=True))
    found = gaps(frames, keys)
    for gap in found:
        assert set(gap.keys) <= set(gap.columns) <= set(gap.frames) and 1 <= len(gap.keys) <= 2
        assert len(gap.frames) <= MOST_FRAMES + 2 and len(gap.columns) <= MOST_COLUMNS + 2
        assert not set(gap.frames) & (set(keys) - set(gap.keys))
    stood = sum((len(gap.frames) - len(gap.keys)) * gap.stands_for for gap in found)
    assert round(stood) == length - len(keys)


def test_a_short_gap_is_looked_at_whole() -> None:
    both = gaps((1, 2, 3, 4, 5, 6), (2, 5), cuts=(4,))
    assert [(g.frames, g.keys) for g in both] == [((1, 2), (2,)), ((2, 3), (2,)), ((4, 5), (5,)), ((5, 6), (5,))]
    assert [g.frames for g in gaps((1, 2, 3, 4), (2,), cuts=(3,))] == [(1, 2)], "no key, nothing to compare with"
    assert [(g.frames, g.keys) for g in gaps((1, 2, 3, 5, 6), (3,))] == [((1, 2, 3), (3,)), ((3, 5, 6), (3,))]
    with pytest.raises(ValueError, match=r"key frames \[4\]"):
        gaps((1, 2, 3), (4,))


def test_the_worst_frames_are_no_keys_and_few() -> None:
    carried = {n: 0.9 - 0.01 * (n % 7) for n in range(1, 81)} | {5: 0.1}
    found = worst(list(carried), carried, [5])
    assert len(found) == MOST_WORST and found == sorted(found) and 5 not in found and {n % 7 for n in found} == {6}
    assert worst([1, 2], {1: 1.0, 2: 0.5}, [1]) == [2] and worst([1], {1: 1.0}, [1]) == []


def test_the_crop_holds_what_the_plate_kept() -> None:
    kept = np.zeros((1000, 1200), np.float32)
    kept[700:720, 1100:1140] = 1
    left, top, right, bottom = least_reached(kept)
    assert (right - left, bottom - top) == (CROP_PX, CROP_PX)
    assert top <= 700 and bottom >= 720 and left <= 1100 and right >= 1140 and right <= 1200
    assert least_reached(kept[:40, :50]) == (0, 0, 50, 40)
