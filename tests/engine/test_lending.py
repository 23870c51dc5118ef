"""A key of another shot: a planted camera is recovered, what was painted arrives, and pictures that are unlike say so."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine import Candidate, RepairSettings, Walk, align, away, guide, lay_pair, lend_key, render, sight, start_walk, step_walk

Float = NDArray[np.float32]
SIZE, KEY_SIZE = (180, 240), (200, 220)
SETTINGS = RepairSettings()
WAY = np.array([[0.86, -0.12, 14.0], [0.12, 0.86, 6.0]])  # frame to key


@pytest.fixture(scope="module")
def scene() -> tuple[Float, Float, Float, Float]:
    """The key's plate and painting, and the same through another camera, darker and cooler: plate and truth."""
    rng = np.random.default_rng(11)
    waves = [(rng.uniform(-0.45, 0.45, 2), rng.uniform(0, 6.3, 3), rng.uniform(0.05, 0.16)) for _ in range(60)]

    def at(x: Float, y: Float) -> Float:
        log = sum(size * np.cos(k[0] * x[..., None] + k[1] * y[..., None] + phase) for k, phase, size in waves)
        return np.asarray(0.18 * np.exp(log), np.float32)

    def paint(plate: Float, x: Float, y: Float) -> Float:
        inside = np.clip((60 - np.hypot(x - 110, y - 100)) / 6, 0, 1)[..., None]
        return np.asarray(plate * (1 + inside * np.array([0.5, 0.2, -0.2])), np.float32)

    rows, columns = np.mgrid[: KEY_SIZE[0], : KEY_SIZE[1]].astype(np.float64)
    key = at(columns, rows)
    x, y = true_map()
    light = np.array([0.5, 0.42, 0.4], np.float32)
    return key, paint(key, columns, rows), at(x, y) * light, paint(at(x, y), x, y) * light


def true_map() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the frame's pixels lie in the key: the similarity, and a slow bend of up to 1.5 pixels on top."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float64)
    x, y = columns + 1.5 * np.sin(rows / 25), rows + 1.5 * np.cos(columns / 30)
    return WAY[0, 0] * x + WAY[0, 1] * y + WAY[0, 2], WAY[1, 0] * x + WAY[1, 1] * y + WAY[1, 2]


def test_a_planted_similarity_is_recovered(scene: tuple[Float, Float, Float, Float]) -> None:
    found = align(sight(scene[2], frame=5), sight(scene[0], frame=9))
    corners = np.array([[20, 20, 1], [200, 20, 1], [120, 150, 1]], np.float64)
    assert np.abs(corners @ found.to_key.T - corners @ WAY.T).max() < 3.0
    assert found.likeness > 0.9


def test_scaled_frames_have_maps_in_pixels_of_the_whole_plates() -> None:
    rng = np.random.default_rng(5)
    small = rng.uniform(-1, 1, (60, 80, 3)).astype(np.float32)
    plate = np.exp(cv2.GaussianBlur(cv2.resize(small, (800, 600), interpolation=cv2.INTER_CUBIC), (0, 0), 3) * 0.8 - 1.7)
    moved = np.roll(plate, (24, -36), (0, 1))
    found = align(sight(moved, frame=1), sight(plate, frame=2))
    assert np.abs(found.to_key @ [400, 300, 1] - [436, 276]).max() < 1.5


def test_what_was_painted_arrives_where_it_belongs_in_the_light_of_the_shot(scene: tuple[Float, Float, Float, Float]) -> None:
    theirs, painted, plate, truth = scene
    key = lend_key((theirs, painted), plate, align(sight(plate, frame=5), sight(theirs, frame=9)), frame=5, settings=SETTINGS)
    assert key.frame == 5 and key.guide.shape == SIZE and np.array_equal(key.guide, guide(plate, settings=SETTINGS))
    made = render(plate, [Candidate(key, start_walk(key), 1.0)], matte=np.ones(SIZE, np.float32), settings=SETTINGS)
    changed = np.abs(truth - plate).max(-1) > 0.02 * plate.max(-1)
    before = np.abs(np.log(plate / truth))[changed].mean()
    after = np.abs(np.log(np.maximum(made.rgb, 1e-4) / truth))[changed].mean()
    assert after < 0.25 * before, (before, after)
    assert (made.copied_from < 2).all(), "no pixel of it is the artist's, bit for bit"
    assert (made.weights.sum(0) == 65536).all() and made.weights[1].any()


def test_beyond_the_other_picture_nothing_was_painted(scene: tuple[Float, Float, Float, Float]) -> None:
    theirs, _, plate, _ = scene
    aside = np.array([[1.0, 0, 120], [0, 1.0, 0]])
    key = lend_key(
        (theirs, theirs * np.float32(1.3)),
        plate,
        replace(align(sight(plate, frame=5), sight(theirs, frame=9)), to_key=aside),
        frame=5,
        settings=SETTINGS,
    )
    assert key.match is not None
    assert not key.coverage[:, 130:].any() and not key.match[:, 130:].any() and key.coverage[40:140, :60].all()


def test_an_unpainted_key_stays_unpainted(scene: tuple[Float, Float, Float, Float]) -> None:
    key = lend_key((scene[0], scene[0]), scene[2], align(sight(scene[2], frame=5), sight(scene[0], frame=9)), frame=5, settings=SETTINGS)
    assert not key.coverage.any()


def test_a_walk_begins_with_the_quality_of_the_match_and_keeps_it(scene: tuple[Float, Float, Float, Float]) -> None:
    theirs, painted, plate, _ = scene
    key = lend_key((theirs, painted), plate, align(sight(plate, frame=5), sight(theirs, frame=9)), frame=5, settings=SETTINGS)
    poor = replace(key, match=np.full(SIZE, 0.25, np.float32))
    walk = start_walk(poor)
    assert isinstance(walk, Walk) and np.array_equal(walk.quality, poor.match) and not walk.map_to_key.any()
    on = step_walk(poor, walk, key.guide, key.guide, settings=SETTINGS)
    assert on.quality.max() <= 0.2500001 and on.at_frame == 6
    again = type(key).from_arrays(key.arrays())
    assert again.match is not None and np.array_equal(again.match, key.match) and np.array_equal(again.bands, key.bands)


def test_unrelated_pictures_are_unlike(scene: tuple[Float, Float, Float, Float]) -> None:
    noise = np.random.default_rng(3).standard_normal((*SIZE, 3)).astype(np.float32)
    other = np.exp(sum(cv2.GaussianBlur(noise, (0, 0), s) * s for s in (2, 5, 12)) * 0.5 - 1.7).astype(np.float32)
    assert align(sight(other, frame=1), sight(scene[0], frame=9)).likeness < 0.6
    assert align(sight(scene[2], frame=1), sight(scene[0], frame=9)).likeness > 0.9


def test_the_same_bits_again(scene: tuple[Float, Float, Float, Float]) -> None:
    theirs, painted, plate, _ = scene
    first, second = (
        lend_key((theirs, painted), plate, align(sight(plate, frame=5), sight(theirs, frame=9)), frame=5, settings=SETTINGS)
        for _ in range(2)
    )
    assert all(np.array_equal(value, second.arrays()[name]) for name, value in first.arrays().items())


def test_an_empty_region_is_refused(scene: tuple[Float, Float, Float, Float]) -> None:
    empty = sight(scene[2], np.zeros(SIZE, np.float32), frame=5)
    with pytest.raises(ValueError, match=r"the region of here, frame 5, is empty"):
        align(empty, sight(scene[0], frame=9))
    with pytest.raises(ValueError, match=r"inside is 20 pixels high"):
        sight(scene[2], np.zeros((20, 20), np.float32), frame=5)
    with pytest.raises(ValueError, match=r"pair\[1\] is 180 pixels high"):
        lend_key((scene[0], scene[2]), scene[2], align(sight(scene[2], frame=5), sight(scene[0], frame=9)), frame=5, settings=SETTINGS)


def test_a_laid_pair_is_what_the_key_was_made_of(scene: tuple[Float, Float, Float, Float]) -> None:
    theirs, painted, plate, truth = scene
    found = align(sight(plate, frame=5), sight(theirs, frame=9))
    laid = lay_pair((theirs, painted), plate, found, settings=SETTINGS)
    key = lend_key((theirs, painted), plate, found, frame=5, settings=SETTINGS)
    assert key.match is not None and np.array_equal(laid.match, key.match) and np.array_equal(laid.painted, key.painted)
    sure = laid.match > 0.9
    assert sure.mean() > 0.3
    for made, true in ((laid.plate, plate), (laid.painted, truth)):
        assert np.abs(np.log(made[sure] + 0.02) - np.log(true[sure] + 0.02)).mean() < 0.06, "moved here, in this light"


def test_a_lent_key_is_never_near(scene: tuple[Float, Float, Float, Float]) -> None:
    theirs, painted, plate, _ = scene
    found = align(sight(plate, frame=5), sight(theirs, frame=9))
    key = lend_key((theirs, painted), plate, found, frame=5, settings=SETTINGS)
    here = away([Candidate(key, start_walk(key), 1.0)], matte=np.ones(plate.shape[:2], np.float32))
    assert here == pytest.approx(20 * max(min(plate.shape[:2]) / 512, 0.25))
