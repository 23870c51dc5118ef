"""The finest detail: a key's is taken as far as the plates agree, grain is the frame's own, and no filter in time touches it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bottega.engine import Neighbour, Repaired, RepairSettings, change_of, steady
from bottega.engine.finest import coarser, finest, shown, unsure

RNG = np.random.default_rng(12)
SIZE = (96, 96)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    cv2.setNumThreads(1)


def noise(deviation: float = 0.1) -> np.ndarray:
    return RNG.normal(0, deviation, (*SIZE, 3)).astype(np.float32)


def bands(key_plate: np.ndarray, change: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(change), key_plate, change], -1)


def test_a_picture_is_its_coarser_and_its_finest() -> None:
    picture = noise()
    np.testing.assert_allclose(coarser(picture) + finest(picture), picture, atol=1e-6)
    wave = np.broadcast_to(np.sin(np.arange(96, dtype=np.float32) / 4)[None, :, None], (*SIZE, 3)).copy()
    assert np.abs(finest(wave)[8:-8, 8:-8]).max() < 0.03, "a wave of 25 pixels is none of it"


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_where_the_plates_agree_all_of_the_keys_detail_is_taken(scale: float) -> None:
    plate, change = noise(), noise()
    assert np.abs(unsure(shown(plate, np.zeros_like(plate), scale), bands(plate, change))).max() < 1e-3


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_where_they_have_nothing_in_common_none_of_its_finest(scale: float) -> None:
    plate, other, change = noise(), noise(), noise()
    held = unsure(shown(plate, np.zeros_like(plate), scale), bands(other, change))
    left = finest(other + change - held)
    assert left.std() < 0.25 * finest(other + change).std()
    coarse = cv2.GaussianBlur(other + change, (0, 0), 3) - cv2.GaussianBlur(other + change - held, (0, 0), 3)
    assert np.abs(coarse).max() < 0.01, "what is coarser stays"


def test_grain_is_the_frames_own() -> None:
    plate, other = noise(0.05), noise(0.05)
    here = shown(plate, plate, 1.0)
    assert shown(plate, np.zeros_like(plate), 1.0).grain == 0.0 < here.grain
    left = finest(other - unsure(here, bands(other, np.zeros_like(other))))
    assert np.corrcoef(left.ravel(), finest(plate).ravel())[0, 1] > 0.9
    assert left.std() > 0.8 * finest(plate).std()


def test_steadying_leaves_the_finest_of_a_change_alone_and_nothing_outside_its_reach() -> None:
    settings, plate = RepairSettings(), np.full((*SIZE, 3), 0.2, np.float32)
    reach = np.zeros(SIZE, np.float32)
    reach[20:76, 20:76] = 1
    parts = np.zeros((2, *SIZE), np.uint32)
    parts[1] = np.rint(65536 * reach)
    parts[0] = 65536 - parts[1]

    def repaired(level: float) -> Repaired:
        rgb = plate * (1 + reach[..., None] * (level + noise(0.05)))
        return Repaired(rgb, rgb - plate, parts, (reach == 0).astype(np.uint8))

    mine, still = repaired(0.3), np.zeros((*SIZE, 2), np.float32)
    neighbours = []
    for distance in (-2, -1, 1, 2):
        other = repaired(0.5)
        neighbours.append(Neighbour(distance, change_of(plate, other, settings=settings), other.weights, reach, still))
    made = steady(plate, mine, neighbours, reach=reach, settings=settings)
    own, out = change_of(plate, mine, settings=settings).repair, change_of(plate, made, settings=settings).repair
    middle = (slice(30, 66), slice(30, 66))
    # What is left of the filter beyond the band is a Gaussian's tail.
    assert np.abs(finest(out) - finest(own))[middle].mean() < 0.25 * np.abs(finest(own))[middle].mean()
    assert out[middle].mean() > own[middle].mean() + 0.04, "the level is averaged"
    assert np.array_equal(made.rgb[reach == 0], plate[reach == 0])
    assert (made.weights.sum(0) == 65536).all() and (made.weights[0][reach == 0] == 65536).all()
