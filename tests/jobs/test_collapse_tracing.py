"""Which frames of a collapse are traced, and what stands round each."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.engine.collapse.finish.light import Light
from bottega.engine.collapse.records import Camera
from bottega.jobs.runner.collapse.tracing import bracket, grey_of, most_traced, smaller, traced_frames


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


@given(st.integers(2, 200), st.integers(0, 199), st.integers(0, 3), st.integers(1, 48))
def test_what_is_foretold_is_enough_and_little_more(count: int, fails: int, painted: int, every: int) -> None:
    sheet = SimpleNamespace(failures=(SimpleNamespace(frame=1001 + fails),), painted=(None,) * painted, every=every)
    most = most_traced(sheet, tuple(range(1001, 1001 + count)))  # type: ignore[arg-type]
    traced = traced_frames(range(1001 + fails, 1001 + count), every) if fails < count else ()
    assert most - 1 <= 1 + painted + len(traced) <= most


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
