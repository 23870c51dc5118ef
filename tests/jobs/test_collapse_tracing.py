"""Which frames of a collapse are traced, and what stands round each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.engine.collapse.finish.light import Light
from bottega.engine.collapse.records import Camera
from bottega.jobs.runner.collapse.tracing import bracket, grey_of, smaller, traced_frames


@given(st.integers(0, 2000), st.integers(1, 60), st.integers(1, 48))
def test_every_frame_that_moves_stands_between_traced_ones(first: int, count: int, every: int) -> None:
    moves = range(first, first + count)
    frames = traced_frames(moves, every)
    assert frames[0] == moves[0]
    assert frames[-1] == moves[-1]
    assert list(frames) == sorted(set(frames))
    assert all(b - a <= every for a, b in pairwise(frames))
    for number in moves:
        round_it = bracket(frames, number)
        assert sum(w for _, w in round_it) == pytest.approx(1)
        assert sum(n * w for n, w in round_it) == pytest.approx(number)
        assert round_it == ((number, 1.0),) if number in frames else len(round_it) == 2


def test_nothing_moves_nothing_is_traced() -> None:
    assert traced_frames(range(5, 5), 4) == ()


def test_a_large_still_is_traced_at_the_plates_width_and_shows_the_same() -> None:
    turn = np.eye(4)
    turn[2, 3] = 20
    large = Camera(turn, 1600.0, (900.0, 500.0), 1920, 1080)
    small = smaller(large, 480)
    assert (small.width, small.height) == (480, 270)
    places = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, -2.0]])
    np.testing.assert_allclose(small.project(places)[0] * 4, large.project(places)[0])
    assert smaller(large, 4000) is large


def test_everything_is_as_grey_as_the_ground_is_taken_to_be() -> None:
    light = Light((0, 0, 2), (4.0, 4.0, 4.0), (1.0, 1.0, 1.0), (0.6, 0.5, 0.0))
    assert grey_of(light) == pytest.approx((0.12, 0.1, 0.02))
