"""Every frame is made once, and every correspondence that a frame needs has been walked by then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.jobs.recipes.schedule import intervals, serving


@st.composite
def shots(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Frames with holes anywhere, and keys among them."""
    frames = tuple(sorted(draw(st.sets(st.integers(990, 1060), min_size=1, max_size=40))))
    keys = tuple(sorted(draw(st.sets(st.sampled_from(frames), min_size=1, max_size=6))))
    return frames, keys


@given(shots())
def test_every_frame_lies_in_one_interval_in_order(shot: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    frames, keys = shot
    assert tuple(n for part in intervals(frames, keys) for n in part.frames) == frames


@given(shots())
def test_the_walks_of_an_interval_cover_what_its_frames_are_served_by(shot: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    frames, keys = shot
    for part in intervals(frames, keys):
        walked = {(w.key, n) for w in part.walks for n in w.frames}
        needed = {(k, n) for n in part.frames for k, _ in serving(n, keys) if k != n}
        assert needed == walked


@given(shots())
def test_a_walk_starts_beside_its_key_and_steps_over_holes_only(shot: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    frames, keys = shot
    place = {n: i for i, n in enumerate(frames)}
    for walk in (w for part in intervals(frames, keys) for w in part.walks):
        steps = [place[b] - place[a] for a, b in zip((walk.key, *walk.frames), walk.frames, strict=False)]
        assert set(steps) in ({1}, {-1})


@given(shots())
def test_the_weights_in_time_sum_to_one(shot: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    frames, keys = shot
    for n in frames:
        served = serving(n, keys)
        assert sum(w for _, w in served) == pytest.approx(1) and all(0 < w <= 1 for _, w in served)
        assert 1 <= len(served) <= 2 and (n not in keys or served == ((n, 1.0),))


def test_no_keys_and_stray_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        intervals((1001, 1002), ())
    with pytest.raises(ValueError, match=r"\[1005\]"):
        intervals((1001, 1002), (1001, 1005))
