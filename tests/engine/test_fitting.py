"""Which map fits: the kernels are their twins, an outline gets the map of the thing it is of, and where all fits nothing is touched."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from bottega.engine import RepairSettings, Walk, look, map_kernels, prepare_key, reference, start_walk, step_walk
from bottega.engine import guide as guide_of
from bottega.engine.fitting import fitted

RNG = np.random.default_rng(11)
SETTINGS = RepairSettings()
SIDE = 128


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    cv2.setNumThreads(1)


def codes(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(("way", "step"), [((0, 0), 1), ((5, -3), 1), ((-7, 4), 3)])
def test_misfit_and_taken_are_their_twins(way: tuple[int, int], step: int) -> None:
    here, key = codes(41, 50, 3), codes(41, 50, 3)
    to_key = RNG.uniform(-9, 9, (41, 50, 2)).astype(np.float32)
    cells = (-(-41 // step), -(-50 // step))
    out = np.zeros(cells, np.float32)
    map_kernels.misfit((here, key), to_key, (*way, step), np.float32(9), (np.ones(cells, np.uint8), out))
    np.testing.assert_allclose(out, reference.misfit(here, key, to_key, (*way, step), 9.0), atol=2e-4)
    other, ways = RNG.uniform(-9, 9, (41, 50, 2)).astype(np.float32), np.array([(0, 0), way, (-2, 1)], np.int64)
    chosen = RNG.integers(0, 3, cells).astype(np.uint8)
    assert np.array_equal(map_kernels.taken((to_key, other), chosen, ways, step), reference.taken((to_key, other), chosen, ways, step))


def test_what_is_not_asked_is_not_judged() -> None:
    asked, out = np.zeros((40, 40), np.uint8), np.full((40, 40), -1, np.float32)
    asked[10:20, 5:9] = 1
    still = np.zeros((40, 40, 2), np.float32)
    map_kernels.misfit((codes(40, 40, 3), codes(40, 40, 3)), still, (0, 0, 1), np.float32(9), (asked, out))
    assert ((out == -1) == (asked == 0)).all()


def cut_out(move: int) -> tuple[np.ndarray, np.ndarray]:
    """A striped square before a still ground, moved to the left: its plate, and where it is."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ground = 0.2 + 0.1 * np.sin(rows / 5) * np.cos(columns / 7)
    inside = (rows >= 32) & (rows < 96) & (columns >= 40 - move) & (columns < 104 - move)
    stripes = 0.6 + 0.3 * np.sin((columns + move) / 3) * np.cos(rows / 4)
    plate = np.where(inside, stripes, ground).astype(np.float32)
    return np.repeat(plate[..., None], 3, 2), inside


def test_an_outline_gets_the_map_of_its_thing() -> None:
    (key_plate, _), (plate, inside) = cut_out(0), cut_out(6)
    truth = np.where(inside[..., None], np.array([6, 0]), 0).astype(np.float32)
    bent = cv2.GaussianBlur(truth, (0, 0), 1.5)  # as dense flow bends across an outline, in a picture this small
    edge = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    pictures = look(plate, settings=SETTINGS), look(key_plate, settings=SETTINGS)
    better = fitted(bent, bent, *pictures)

    def away(found: np.ndarray) -> float:
        return float(np.abs(found - truth)[edge].mean())

    assert away(better) < 0.75 * away(bent)
    assert away(fitted(bent, truth, *pictures)) < 0.5 * away(bent), "the map carried on fits better and is taken"


def test_a_map_that_fits_stays_as_it_is() -> None:
    key_plate, _ = cut_out(0)
    still = np.full((SIDE, SIDE, 2), 0.25, np.float32)
    picture = look(np.full_like(key_plate, 0.18), settings=SETTINGS)
    assert np.array_equal(fitted(still, still + 3, picture, picture), still)


def test_a_look_is_the_picture_in_few_steps_and_saturates() -> None:
    light = np.array([-1.0, 0.0, 0.01, 0.18, 1.0, 16.0, 1000.0], np.float32)
    plate = np.tile(np.repeat(light, 32)[None, :, None], (32, 1, 3)).astype(np.float32)
    steps = look(plate, settings=SETTINGS)[0, ::32, 0]
    assert steps.tolist() == [0, 0, 15, 83, 142, 241, 255]


def test_a_walk_with_looks_keeps_its_direct_flow_and_comes_back_whole(plate: np.ndarray) -> None:
    key = prepare_key(plate, plate * np.float32(1.2), frame=1, settings=SETTINGS)
    moved = np.roll(plate, 3, 1)
    here, seen = guide_of(moved, settings=SETTINGS), look(moved, settings=SETTINGS)
    plain = step_walk(key, start_walk(key), key.guide, here, settings=SETTINGS)
    walk = step_walk(key, start_walk(key), key.guide, here, settings=SETTINGS, look=seen)
    assert plain.direct is None and walk.direct is not None
    assert np.array_equal(walk.direct, plain.map_to_key) and not np.array_equal(walk.map_to_key, plain.map_to_key)
    again = Walk.from_arrays(walk.arrays())
    for name, array in walk.arrays().items():
        assert np.array_equal(again.arrays()[name], array), name
    further = [step_walk(key, w, here, here, settings=SETTINGS, look=seen) for w in (walk, again)]
    assert np.array_equal(further[0].map_to_key, further[1].map_to_key)


def test_a_look_that_does_not_fit_is_refused(plate: np.ndarray) -> None:
    key = prepare_key(plate, plate * np.float32(1.2), frame=1, settings=SETTINGS)
    seen = look(plate, settings=SETTINGS)
    wrong = r"allowed is \(H, W, 3\)"
    for given, problem in ((seen[..., 0], wrong), (seen[..., :2], wrong), (seen[:40], "as the rest")):
        with pytest.raises(ValueError, match=problem):
            step_walk(key, start_walk(key), key.guide, key.guide, settings=SETTINGS, look=given)
    with pytest.raises(TypeError, match="float32, allowed is uint8"):
        step_walk(key, start_walk(key), key.guide, key.guide, settings=SETTINGS, look=seen.astype(np.float32))
    with pytest.raises(ValueError, match="key 1 has none to fit it to"):
        step_walk(replace(key, look=None), start_walk(key), key.guide, key.guide, settings=SETTINGS, look=seen)
