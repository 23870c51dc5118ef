"""Where keys of other shots are laid: on the frame most like them, beside no other key, and nowhere where nothing is like them."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.engine import RepairSettings
from bottega.jobs.recipes.lending import MOST_FRAMES, NEAR, Lending, Place, looked_at, place


def test_each_key_lies_on_the_frame_most_like_it() -> None:
    found = place({0: {1: 0.8, 20: 0.9, 40: 0.7}, 1: {1: 0.95, 20: 0.9, 40: 0.5}}, own=())
    assert found.by_frame == {1: 1, 20: 0} and found.unlike == found.needless == ()
    assert list(found.by_frame) == [1, 20]


def test_beside_another_key_it_is_needless_and_below_the_likeness_it_is_left_out() -> None:
    found = place({0: {10: 0.9}, 1: {10 + NEAR: 0.85}, 2: {30: 0.74}, 3: {11 + NEAR: 0.8}}, own=())
    assert found.by_frame == {10: 0, 11 + NEAR: 3}
    assert found.needless == (Place(1, 10 + NEAR, 0.85),) and found.unlike == (Place(2, 30, 0.74),)
    assert place({0: {10: 0.9}}, own=(12,)).needless == (Place(0, 10, 0.9),)


def test_equals_fall_to_the_first_frame_and_the_first_key() -> None:
    found = place({0: {3: 0.9, 2: 0.9}, 1: {2: 0.9}}, own=())
    assert found.found == (Place(0, 2, 0.9),) and found.needless == (Place(1, 2, 0.9),)


def test_a_long_shot_is_looked_at_evenly_and_not_beside_its_own_keys() -> None:
    looked = looked_at(range(1001, 2001), [1500])
    assert len(looked) == MOST_FRAMES and looked == sorted(set(looked)) and all(abs(n - 1500) > NEAR for n in looked)
    assert looked_at(range(1001, 1005), []) == [1001, 1002, 1003, 1004]
    assert looked_at(range(1001, 1005), [1002]) == [1001, 1002, 1003, 1004], "where nothing is free all are looked at, and found needless"


def test_a_key_that_changes_nothing_is_refused() -> None:
    import cv2

    cv2.setNumThreads(1)
    plate = np.full((64, 64, 3), 0.18, np.float32)
    with pytest.raises(ValueError, match="key 1024 changes nothing of its plate"):
        Lending(RepairSettings()).painted(1024, (plate, plate))
