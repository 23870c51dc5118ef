"""Mattes from paint, things carried along a walk, weights in time, cost, and examples that run."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import bottega.engine
from bottega.engine import Key, RepairSettings, carry, estimate, guide, matte_from_keys, prepare_key, start_walk, step_walk, time_weights

Float = NDArray[np.float32]


def test_the_matte_holds_the_paint_and_nothing_far_away(plate: Float, painted: Float, key: Key) -> None:
    matte = matte_from_keys(key, feather_px=20)
    y, x = np.mgrid[0:96, 0:96]
    radius = np.hypot(x - 48, y - 48)
    assert matte.dtype == np.float32
    assert (matte[radius < 29] == 1).all()
    assert not matte[radius > 36].any()
    ring = matte[(radius > 31) & (radius < 33)]
    assert 0 < ring.min() < ring.max() < 1
    assert not matte_from_keys(prepare_key(plate, plate, frame=1, settings=RepairSettings())).any()


def test_a_hole_smaller_than_the_feather_is_closed(plate: Float) -> None:
    painted = plate * np.float32(1.4)
    painted[40:42, 40:42] = plate[40:42, 40:42]
    key = prepare_key(plate, painted, frame=1, settings=RepairSettings())
    assert (matte_from_keys(key, feather_px=16) == 1).all()


def test_a_key_matte_limits_what_counts_as_painted(plate: Float) -> None:
    matte = np.zeros((96, 96), np.float32)
    matte[:, 48:] = 0.5
    key = prepare_key(plate, plate * np.float32(1.4), frame=1, matte=matte, settings=RepairSettings())
    assert np.array_equal(key.coverage[..., 0], (matte > 0).astype(np.float32))
    assert not key.bands[:, :48, [0, 1, 2, 6, 7, 8]].any()


def test_a_matte_is_carried_with_the_plate(texture, grid, key: Key, settings: RepairSettings) -> None:
    x, y = grid
    moved = texture(x - 3, y - 1)
    walk = step_walk(key, start_walk(key), key.guide, guide(moved, settings=settings), settings=settings, frame=1000)
    assert walk.at_frame == 1000
    disc = np.clip(12 - np.hypot(x - 48, y - 48), 0, 1).astype(np.float32)
    warped, validity = carry(disc, walk)
    wanted = np.clip(12 - np.hypot(x - 51, y - 49), 0, 1)
    assert np.abs(warped - wanted).mean() < 0.005
    assert validity[30:66, 30:66].min() > 0.8
    picture, _ = carry(np.stack([disc, 2 * disc], -1), walk)
    assert np.array_equal(picture[..., 0], warped)


def test_the_identity_walk_carries_bits(key: Key) -> None:
    warped, validity = carry(key.painted, start_walk(key))
    assert warped.tobytes() == key.painted.tobytes()
    assert (validity == 1).all()


def test_walks_go_back_in_time_too(key: Key, settings: RepairSettings) -> None:
    walk = start_walk(key)
    back = step_walk(key, walk, key.guide, key.guide, settings=settings, frame=1000)
    assert step_walk(key, back, key.guide, key.guide, settings=settings).at_frame == 999
    assert np.abs(back.map_to_key).max() < 0.05


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6, unique=True), st.integers(-60, 60))
def test_weights_in_time_are_ramps_that_meet_at_the_keys(keys: list[int], frame: int) -> None:
    weights = dict(time_weights(frame, keys))
    assert sum(weights.values()) == pytest.approx(1)
    if frame in keys:
        assert weights == {keys.index(frame): 1.0}
    after = dict(time_weights(frame + 1, keys))
    steps = [abs(weights.get(i, 0) - after.get(i, 0)) for i in range(len(keys))]
    gaps = [b - a for a, b in zip(sorted(keys), sorted(keys)[1:], strict=False)]
    assert max(steps) <= 1 / min(gaps, default=1) + 1e-9


def test_cost_is_linear_and_memory_does_not_know_the_length() -> None:
    settings = RepairSettings(flow_finest_scale=1)
    short, long = (estimate(1920, 1080, n, 3, settings=settings) for n in (50, 100))
    twice = estimate(3840, 1080, 50, 3, settings=settings)
    assert long.peak_bytes == short.peak_bytes
    assert 1.9 < long.cpu_seconds / short.cpu_seconds < 2
    assert twice.cpu_seconds == pytest.approx(2 * short.cpu_seconds)
    assert twice.walk_bytes == 2 * short.walk_bytes
    key = prepare_key(np.zeros((48, 64, 3), np.float32), np.zeros((48, 64, 3), np.float32), frame=1, settings=settings)
    walk = step_walk(key, start_walk(key), key.guide, key.guide, settings=settings, look=key.look)
    stored = sum(walk.arrays()[name].nbytes for name in ("map_to_key", "map_from_key", "quality", "direct"))
    assert estimate(64, 48, 1, 1, settings=settings).walk_bytes == stored


SYNTHESIS = [f"synthesis.{name}" for name in ("settings", "inputs", "planning", "synthesising", "regather", "variants", "evaluate")]


@pytest.mark.parametrize(
    "room", ["settings", "correspondence", "keys", "candidates", "rendering", "budget", "glances", "advice", *SYNTHESIS]
)
def test_the_examples_run(room: str) -> None:
    outcome = doctest.testmod(import_module(f"bottega.engine.{room}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = "import sys, bottega.engine; print(sorted({'numpy', 'cv2', 'numba', 'scipy'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
    rooms = [import_module(f"bottega.engine.{name}").__all__ for name in ("repair", "synthesis")]
    assert set(bottega.engine.__all__) == {name for room in rooms for name in room}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bottega.engine.nothing  # noqa: B018 - the access is the test
