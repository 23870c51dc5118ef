"""Every frame is made once, and every correspondence that a frame needs has been walked by then."""

from __future__ import annotations

import bisect
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.engine import time_weights
from bottega.jobs.recipes.schedule import KeyUse, Schedule


def plain(frames: tuple[int, ...], keys: tuple[int, ...]) -> Schedule:
    return Schedule(frames, tuple(KeyUse(k) for k in keys))


@st.composite
def plain_shots(draw: st.DrawFn) -> Schedule:
    """Frames with holes anywhere, and keys among them."""
    frames = tuple(sorted(draw(st.sets(st.integers(990, 1060), min_size=1, max_size=40))))
    keys = tuple(sorted(draw(st.sets(st.sampled_from(frames), min_size=1, max_size=6))))
    return plain(frames, keys)


@st.composite
def shots(draw: st.DrawFn) -> Schedule:
    """Keys with weights and ranges, cuts, and frames that repeat the one before."""
    bare = draw(plain_shots())
    cuts = tuple(sorted(draw(st.sets(st.sampled_from(bare.frames[1:] or (9999,)), max_size=3))))
    repeats: dict[int, int] = {}
    for before, n in pairwise(bare.frames):
        if n not in cuts and draw(st.integers(0, 3)) == 0:
            repeats[n] = repeats.get(before, before)
    keys = []
    for k in bare.key_frames:
        first, last = draw(st.none() | st.integers(980, k)), draw(st.none() | st.integers(k, 1070))
        keys.append(KeyUse(k, draw(st.sampled_from([0.1, 1.0, 1.0, 10.0])), first, last))
    return Schedule(bare.frames, tuple(keys), cuts, repeats)


@given(shots())
def test_every_frame_lies_in_one_interval_in_order(shot: Schedule) -> None:
    assert tuple(n for part in shot.intervals for n in part.frames) == shot.frames


@given(shots())
def test_the_walks_of_an_interval_cover_what_its_frames_are_served_by(shot: Schedule) -> None:
    for part in shot.intervals:
        walked = {(w.key, n) for w in part.walks for n in w.frames}
        needed = {(k, shot.moment(n)) for n in part.frames for k, _ in shot.serving(n)}
        assert {(k, n) for k, n in needed if k != n} <= walked
        assert {w.frames[-1] for w in part.walks} <= {n for _, n in needed}, "no walk goes further than it is asked for"


@given(plain_shots())
def test_plain_keys_walk_to_nothing_but_what_they_serve(shot: Schedule) -> None:
    for part in shot.intervals:
        walked = {(w.key, n) for w in part.walks for n in w.frames}
        assert walked == {(k, n) for n in part.frames for k, _ in shot.serving(n) if k != n}


@given(shots())
def test_a_walk_starts_beside_its_key_and_steps_over_holes_and_repeats_only(shot: Schedule) -> None:
    place = {n: i for i, n in enumerate(shot.moments)}
    walks = [w for part in shot.intervals for w in part.walks]
    for walk in walks:
        steps = [place[b] - place[a] for a, b in pairwise((walk.key, *walk.frames))]
        assert set(steps) in ({1}, {-1})
        assert not any(min(walk.key, walk.frames[-1]) < c <= max(walk.key, walk.frames[-1]) for c in shot.cuts)
    assert len({(w.key, w.frames[0] > w.key) for w in walks}) == len(walks)


@given(shots())
def test_the_weights_in_time_sum_to_one(shot: Schedule) -> None:
    for n in shot.frames:
        served = shot.serving(n)
        assert (n in shot.unserved) == (not served)
        if served:
            assert sum(w for _, w in served) == pytest.approx(1) and all(0 < w <= 1 for _, w in served)
            assert len(served) <= 2 and (n not in shot.key_frames or served == ((n, 1.0),))
        for k, _ in served:
            assert bisect.bisect_right(shot.cuts, k) == bisect.bisect_right(shot.cuts, n)
            assert shot.moment(n) in next(use for use in shot.keys if use.frame == k)


@given(plain_shots())
def test_plain_keys_are_served_as_before(shot: Schedule) -> None:
    """To the last bit: a shot without ranges, cuts and repeats is what it was when there were none of them."""
    keys = shot.key_frames
    for n in shot.frames:
        assert shot.serving(n) == tuple((keys[i], w) for i, w in time_weights(n, keys))
        if n not in keys:
            low = max((k for k in keys if k < n), default=0)
            high = min((k for k in keys if k > n), default=9999)
            near = [m for m in shot.frames if low <= m <= high]
            at = near.index(n)
            assert shot.around(n, 3) == (tuple(near[at + 1 : at + 4]), tuple(near[max(0, at - 3) : at][::-1]))


@given(shots(), st.integers(0, 4))
def test_steadying_looks_at_frames_of_the_same_keys_only(shot: Schedule, reach: int) -> None:
    for n in shot.frames:
        own = {k for k, _ in shot.serving(n)}
        for side in shot.around(n, reach):
            assert len(side) <= reach and all(shot.moment(m) == m for m in side)
            assert all({k for k, _ in shot.serving(m)} == own or (m in shot.key_frames and m in own) for m in side)
            assert not any(m in shot.key_frames for m in side[:-1])
            ends = sorted((shot.moment(n), *side[-1:]))
            assert not any(ends[0] < c <= ends[-1] for c in shot.cuts)


@given(shots())
def test_a_repeated_frame_is_treated_as_the_first_of_its_run_or_its_key(shot: Schedule) -> None:
    for n in shot.frames:
        run = {m for m in shot.frames if shot.repeats.get(m, m) == shot.repeats.get(n, n)}
        keys = run & set(shot.key_frames)
        assert shot.moment(n) in (keys or {min(run)})
        assert shot.serving(n) == shot.serving(shot.moment(n)) and shot.around(n, 3) == shot.around(shot.moment(n), 3)


def test_weights_tilt_the_choice_and_a_range_fades_out() -> None:
    frames = tuple(range(1001, 1012))
    heavy = Schedule(frames, (KeyUse(1001, weight=3.0), KeyUse(1011)))
    assert dict(heavy.serving(1006)) == pytest.approx({1001: 0.75, 1011: 0.25})
    short = Schedule(frames, (KeyUse(1001, last=1004), KeyUse(1011)))
    shares = [dict(short.serving(n)).get(1001, 0.0) for n in frames]
    assert shares[0] == 1 and shares[4:] == [0.0] * 7 and all(a > b for a, b in pairwise(shares[:5]))
    assert [part.frames for part in short.intervals] == [frames[:10], frames[10:]]
    assert short.around(1003, 3) == ((1004,), (1002, 1001)) and short.around(1006, 3)[1] == (1005,)


def test_a_cut_parts_keys_and_frames() -> None:
    shot = Schedule(tuple(range(1001, 1011)), (KeyUse(1002), KeyUse(1009)), cuts=(1006,))
    assert [n for n in shot.frames if dict(shot.serving(n)) == {1002: 1.0}] == [1001, 1002, 1003, 1004, 1005]
    assert shot.around(1005, 3) == ((), (1004, 1003, 1002)) and shot.around(1006, 3) == ((1007, 1008, 1009), ())
    assert shot.part(1007) == (1006, 1010)
    assert replace(shot, cuts=(1006, 1010)).unserved == (1010,)


def test_a_freeze_has_one_moment() -> None:
    shot = Schedule(tuple(range(1001, 1011)), (KeyUse(1001), KeyUse(1010)), repeats={1005: 1004, 1006: 1004})
    assert shot.serving(1006) == shot.serving(1004) and 1005 not in shot.moments
    keyed = replace(shot, keys=(KeyUse(1001), KeyUse(1005)))
    assert [keyed.serving(n) for n in (1004, 1005, 1006)] == [((1005, 1.0),)] * 3


def test_what_no_schedule_can_be_made_of_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        plain((1001, 1002), ())
    with pytest.raises(ValueError, match=r"\[1005\]"):
        plain((1001, 1002), (1001, 1005))
    with pytest.raises(ValueError, match="none twice"):
        plain((1001, 1002), (1002, 1001))
    with pytest.raises(ValueError, match="weight is 0, allowed is above 0 and at most 10"):
        KeyUse(1001, weight=0)
    with pytest.raises(ValueError, match="range is 1002-1004, allowed is one that holds the key itself"):
        KeyUse(1001, first=1002, last=1004)
