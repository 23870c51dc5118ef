"""What hangs in the air before a picture."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust import DebrisState, DustPicture
from bottega.engine.collapse.records import Camera
from bottega.jobs.recipes.collapse_air import _nearer


def test_chips_before_the_dust_and_behind_it_and_behind_the_camera() -> None:
    place = np.array([[0, 0, -5], [0, 0, -20], [0, 0, 3], [0, 0, 0], [4000, 0, -1]], np.float32)
    none = np.zeros(5, np.float32)
    chips = DebrisState(
        place, np.zeros((5, 3), np.float32), none + 0.1, np.zeros((5, 4), np.float32), none.astype(np.uint8), none.astype(int), np.array(3)
    )
    eye = Camera(np.eye(4), 40.0, (32.0, 24.0), 64, 48)
    dust = DustPicture(np.zeros((48, 64, 4), np.float32), np.full((48, 64), 10, np.float32))
    assert _nearer(chips, eye, dust).tolist() == [True, False, False, False, True]
    clear = DustPicture(dust.rgba, np.full_like(dust.depth, np.inf))
    assert _nearer(chips, eye, clear).tolist() == [True, True, False, False, True]
