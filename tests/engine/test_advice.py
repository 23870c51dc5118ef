"""Which frame to paint next: a shot made up so that the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bottega.engine import RepairSettings
from bottega.engine.advice import advise, foreseen, unseen
from bottega.engine.glances import Compared, Glance, compare, glance

SETTINGS = RepairSettings()
FRAMES, BLINK = tuple(range(1001, 1016)), (1005, 1006, 1007, 1008)
MATTE = np.ones((128, 128), np.float32)


def drawn(number: int) -> np.ndarray:
    """A still texture; on some frames a patch of it, an eye, is another one."""
    rng = np.random.default_rng(3)
    still, other = (np.kron(rng.uniform(0.05, 0.6, (32, 32, 3)), np.ones((4, 4, 1))).astype(np.float32) for _ in range(2))
    if number in BLINK:
        still[32:72, 40:88] = other[32:72, 40:88]
    return still


@pytest.fixture
def gap() -> Compared:
    shot = [glance(drawn(n), MATTE, frame=n, settings=SETTINGS) for n in FRAMES]
    return compare(shot, FRAMES, keys=(1001, 1015), settings=SETTINGS)


def test_the_state_that_no_key_shows_is_asked_for(gap: Compared) -> None:
    advice, *_ = advise([gap], count=3)
    assert advice.frame in BLINK and set(BLINK) <= set(advice.serves)
    assert advice.between == (1001, 1015) and advice.gain_db > 0


def test_it_is_named_as_a_state_with_its_place(gap: Compared) -> None:
    [state] = unseen(gap)
    assert state.frames == BLINK and state.frame in BLINK
    left, top, right, bottom = state.box
    assert left <= 48 and top <= 40 and right >= 80 and bottom >= 64
    assert left >= 32 and top >= 24 and right <= 96 and bottom <= 80
    assert unseen(gap, (1001, 1006, 1015)) == ()


def test_a_change_of_light_is_no_state(gap: Compared) -> None:
    shot = [glance(drawn(n) * np.float32(1 + 0.1 * (n - 1001)), MATTE, frame=n, settings=SETTINGS) for n in FRAMES]
    lit = compare(shot, FRAMES, keys=(1001, 1015), settings=SETTINGS)
    assert [s.frames for s in unseen(lit)] == [BLINK]
    assert advise([lit], count=1)[0].frame in BLINK


def test_what_lies_outside_the_matte_does_not_count() -> None:
    matte = MATTE.copy()
    matte[:104] = 0
    shot = [glance(drawn(n), matte, frame=n, settings=SETTINGS) for n in FRAMES]
    found = compare(shot, FRAMES, keys=(1001, 1015), settings=SETTINGS)
    assert unseen(found) == () and advise([found], count=2) == ()


def test_the_longest_stretch_of_the_same_drift_wins() -> None:
    """Two gaps whose frames differ by their distance: the key goes into the longer one, near its middle."""

    def drifting(first: int, last: int) -> Compared:
        frames, columns = tuple(range(first + 1, last)), tuple(range(first, last + 1))
        apart = np.array([[abs(n - c) / 40 for c in columns] for n in frames], np.float16)[..., None, None] * np.ones((4, 4), np.float16)
        ones = np.ones(apart.shape[:2], np.float32)
        return Compared(
            frames, columns, (first, last), apart, np.zeros_like(apart), ones, np.ones((len(frames), 4, 4), np.float32), (64, 64)
        )

    first, second = advise([drifting(1, 9), drifting(9, 29)], count=2)
    assert abs(first.frame - 19) <= 2 and first.frame != second.frame
    assert first.gain_db >= second.gain_db > 0


@given(st.integers(0, 2**31), st.integers(1, 6))
@hypothesis_settings(max_examples=25, deadline=None)
def test_never_a_key_never_twice_and_always_the_same(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    frames, columns = (2, 3, 4, 6, 7), (1, 2, 3, 4, 6, 8)
    apart = rng.uniform(0, 0.5, (5, 6, 4, 4)).astype(np.float16)
    for n, frame in enumerate(frames):
        if frame in columns:
            apart[n, columns.index(frame)] = 0
    motion = rng.uniform(1, 9, (5, 6)).astype(np.float32)
    gap = Compared(frames, columns, (1, 8), apart, apart * 4, motion, rng.uniform(0, 1, (5, 4, 4)).astype(np.float32), (64, 64))
    found = advise([gap], count=count)
    assert len(found) <= count and not {a.frame for a in found} & {1, 8} and len({a.frame for a in found}) == len(found)
    assert found == advise([gap], count=count)
    assert all(a.gain_db > 0 and a.frame in columns for a in found)
    assert {n for state in unseen(gap) for n in state.frames} <= set(frames)
    assert (foreseen(gap, (1, 8)) > 0).all()


def test_wrong_questions_are_refused(gap: Compared) -> None:
    shot = [glance(drawn(n), MATTE, frame=n, settings=SETTINGS) for n in (1001, 1002)]
    for ask, said in (
        (lambda: advise([gap], count=0), "count is 0, allowed is 1 to 50"),
        (lambda: advise([gap, gap], count=1), "each frame in one gap"),
        (lambda: foreseen(gap, ()), "allowed are some of the columns"),
        (lambda: unseen(gap, (7,)), "keys are"),
        (lambda: compare(shot[::-1], (1001,), keys=(1001,), settings=SETTINGS), "allowed is each once, ascending"),
        (lambda: compare(shot, (1001,), keys=(1009,), settings=SETTINGS), "frames \\[1009\\]"),
        (lambda: compare(shot, (1001, 1002), keys=(1001, 1002), settings=SETTINGS), "at least one frame that is none"),
        (lambda: compare([shot[0], replace(shot[1], size=(64, 64))], (1001,), keys=(1001,), settings=SETTINGS), "one size"),
        (lambda: glance(drawn(1001), MATTE[:64], frame=1, settings=SETTINGS), "matte is 64 pixels high"),
    ):
        with pytest.raises(ValueError, match=said):
            ask()


def test_a_glance_is_small_whatever_the_plate() -> None:
    big = np.kron(drawn(1001), np.ones((6, 8, 1), np.float32))
    found = glance(big, np.ones(big.shape[:2], np.float32), frame=1001, settings=SETTINGS)
    assert isinstance(found, Glance) and min(found.guide.shape) == 128 and found.size == big.shape[:2]
