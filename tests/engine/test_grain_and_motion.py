"""Grain is set aside and comes back where it was; keys weigh by motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine import Candidate, Key, RepairSettings, Walk, by_motion, prepare_key, render, start_walk
from bottega.engine.grain import grain

Float = NDArray[np.float32]


def test_noise_on_flat_ground_is_grain_and_a_clean_picture_has_none() -> None:
    flat = np.broadcast_to(np.linspace(1, 4, 128, dtype=np.float32)[None, :, None], (128, 128, 3)).copy()
    assert not grain(flat).any()
    noise = np.random.default_rng(1).normal(0, 0.05, flat.shape).astype(np.float32)
    found = grain(flat + noise)
    kept = float((found * noise).sum() / (noise * noise).sum())
    assert kept > 0.7 and float((found - noise).std()) < 0.6 * float(noise.std())


def test_an_edge_on_grainy_ground_is_no_grain() -> None:
    picture = np.ones((128, 128, 3), np.float32)
    picture[:, 64:] += 1
    noisy = picture + np.random.default_rng(1).normal(0, 0.03, picture.shape).astype(np.float32)
    assert np.abs(grain(noisy)[:, 60:68]).max() < 0.12  # the step is 1


def test_the_plates_grain_stays_where_nothing_but_tone_was_painted(settings: RepairSettings, ones: Float) -> None:
    rng = np.random.default_rng(2)
    plates = [np.asarray(0.18 * np.exp(rng.normal(0, 0.05, (96, 96, 3))), np.float32) for _ in range(2)]
    key = prepare_key(plates[0], plates[0] * np.float32(1.3), frame=1, settings=settings)
    still = np.zeros((96, 96, 2), np.float32)
    walk = Walk(1, 2, still, still, np.ones((96, 96), np.float32))
    made = render(plates[1], [Candidate(key, walk, 1.0)], matte=ones, settings=settings).rgb
    ours, shot = np.log(made)[8:-8, 8:-8], np.log(plates[1])[8:-8, 8:-8]
    assert 0.8 < float(ours.std() / shot.std()) < 1.1
    assert float(np.corrcoef(ours.ravel(), shot.ravel())[0, 1]) > 0.85


def _at(key: Key, frame: int, motion: float) -> Walk:
    moved = np.full((96, 96, 2), motion, np.float32)
    return Walk(key.frame, frame, moved, -moved, np.ones((96, 96), np.float32))


@pytest.fixture
def ends(plate: Float, paint: Callable[..., Float], grid: tuple[Float, Float], settings: RepairSettings) -> list[Key]:
    return [prepare_key(plate, paint(plate, *grid), frame=n, settings=settings) for n in (1, 11)]


def test_a_key_near_in_motion_weighs_more_than_one_near_in_time(ends: list[Key], ones: Float) -> None:
    first, last = by_motion([Candidate(ends[0], _at(ends[0], 8, 2.0), 0.3), Candidate(ends[1], _at(ends[1], 8, 20.0), 0.7)], matte=ones)
    assert first.time_weight > 0.75 and first.time_weight + last.time_weight == pytest.approx(1)


def test_where_nothing_moves_weights_are_those_in_time(ends: list[Key], ones: Float) -> None:
    given = [Candidate(ends[0], _at(ends[0], 8, 0.0), 0.3), Candidate(ends[1], _at(ends[1], 8, 0.0), 0.7)]
    assert [c.time_weight for c in by_motion(given, matte=ones)] == pytest.approx([0.3, 0.7])


def test_on_a_key_and_under_an_empty_matte_weights_stay(ends: list[Key], ones: Float) -> None:
    on_key = [Candidate(ends[0], start_walk(ends[0]), 1.0)]
    assert by_motion(on_key, matte=ones) == tuple(on_key)
    given = [Candidate(ends[0], _at(ends[0], 8, 2.0), 0.3), Candidate(ends[1], _at(ends[1], 8, 9.0), 0.7)]
    assert by_motion(given, matte=ones * 0) == tuple(given)
    with pytest.raises(ValueError, match="allowed is 1 or more"):
        by_motion([], matte=ones)
