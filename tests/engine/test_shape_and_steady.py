"""What a painting moved is found and carried; the filter along the motion is its twin, keeps steady things, and stays honest."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from bottega.engine import (
    Candidate,
    Neighbour,
    Repaired,
    RepairSettings,
    Walk,
    away,
    chain,
    change_of,
    in_order,
    kernels,
    prepare_key,
    reference,
    render,
    start_walk,
    steady,
    steady_kernels,
    step_flow,
)
from bottega.engine import guide as guide_of
from bottega.engine.shape import calmed, carried_shape

RNG = np.random.default_rng(5)


def floats(*shape: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    return RNG.uniform(low, high, shape).astype(np.float32)


def parts(count: int, *size: int) -> np.ndarray:
    shares = RNG.dirichlet(np.ones(count + 1), size)[..., 1:]
    return np.moveaxis(np.apply_along_axis(reference.whole_parts, -1, shares), -1, 0).astype(np.uint32).copy()


def near(distance: int, plate: np.ndarray, repaired: Repaired, reach: np.ndarray, flow: np.ndarray) -> Neighbour:
    return Neighbour(distance, change_of(plate, repaired, settings=RepairSettings()), repaired.weights, reach, flow)


def test_a_change_made_once_is_the_change_made_each_time(plate: np.ndarray, settings: RepairSettings) -> None:
    weights = parts(1, *plate.shape[:2])
    made = Repaired(plate * np.float32(1.3), plate * np.float32(0.3), weights, np.zeros(plate.shape[:2], np.uint8))
    reach, still = np.ones(plate.shape[:2], np.float32), np.full((*plate.shape[:2], 2), 0.3, np.float32)
    beside, own = near(1, plate, made, reach, still), change_of(plate, made, settings=settings)
    one, other = (steady(plate, made, [beside], reach=reach, settings=settings, change=c) for c in (None, own))
    assert np.array_equal(one.rgb, other.rgb) and np.array_equal(one.weights, other.weights)
    np.testing.assert_allclose(own.plate + own.repair, kernels.encode(made.rgb, np.float32(settings.toe)), atol=1e-5)


@pytest.mark.parametrize(("here", "there", "counts"), [(2.0, 1.0, 1.0), (2.0, 2.0, 1.0), (2.0, 8.0, 0.25), (0.0, 3.0, 0.0)])
def test_a_neighbour_farther_from_the_keys_counts_less(
    here: float, there: float, counts: float, plate: np.ndarray, settings: RepairSettings
) -> None:
    size = plate.shape[:2]
    weights, reach, still = parts(1, *size), np.ones(size, np.float32), np.zeros((*size, 2), np.float32)
    weights[0], weights[1] = 0, 65536
    own, other = (Repaired(plate * np.float32(k), plate * np.float32(k - 1), weights, np.zeros(size, np.uint8)) for k in (1.2, 1.6))
    changes = [change_of(plate, r, settings=settings, away=a) for r, a in ((own, here), (other, there))]
    beside = Neighbour(1, changes[1], weights, reach, still)
    out = steady(plate, own, [beside], reach=reach, settings=settings, change=changes[0])
    got = kernels.encode(out.rgb, np.float32(settings.toe)) - changes[0].plate
    weight = np.exp(-1 / 18) * counts
    wanted = (4 * changes[0].repair + weight * changes[1].repair) / (4 + weight)
    np.testing.assert_allclose(got[20:-20, 20:-20].mean((0, 1)), wanted[20:-20, 20:-20].mean((0, 1)), atol=1e-4)


def test_how_far_a_frame_is_from_what_was_painted(plate: np.ndarray, settings: RepairSettings) -> None:
    still, matte = np.zeros((*plate.shape[:2], 2), np.float32), np.ones(plate.shape[:2], np.float32)
    keys = [prepare_key(plate, plate, frame=n, settings=settings) for n in (1, 9)]

    def far(moved: float, *weights: float) -> float:
        walks = [Walk(k.frame, 4, still + np.float32(moved), still, still[..., 0]) for k in keys]
        return away([Candidate(k, w, t) for k, w, t in zip(keys, walks, weights, strict=True)], matte=matte)

    assert far(6.0, 1.0, 0.0) > far(6.0, 0.5, 0.5) > far(3.0, 0.5, 0.5) > 0, "two keys are nearer than one"
    assert away([Candidate(keys[0], start_walk(keys[0]), 1.0)], matte=matte) == 0
    assert away([Candidate(keys[0], start_walk(keys[0]), 1.0)], matte=matte * 0) == 0
    with pytest.raises(ValueError, match="all have time_weight 0"):
        far(1.0, 0.0, 0.0)


def test_frames_that_are_compared_are_moved_first() -> None:
    here, there, flow = floats(20, 24, 3), floats(20, 24, 3), floats(20, 24, 2, low=-3, high=3)
    out = np.empty((20, 24), np.float32)
    steady_kernels.apart(here, there, flow, out)
    np.testing.assert_allclose(out, reference.apart(here, there, flow), rtol=1e-5, atol=1e-7)
    away = kernels.sample_linear(there, flow, 0, 0) - here
    assert np.array_equal(out, (away * away).mean(-1)), "the same bits as in whole-frame passes"


def test_gather_and_settle_are_their_twins() -> None:
    size, toe = (30, 34), np.float32(0.02)
    sums = floats(*size, 3), parts(2, *size)[1:].astype(np.float32), floats(*size, low=0.2, high=1)
    there = floats(*size, 3), parts(2, *size), floats(*size, low=0, high=1)
    flow, weight = floats(*size, 2, low=-5, high=5), floats(*size, low=0, high=1)
    wanted = reference.gather(sums, there, flow, weight)
    steady_kernels.gather(sums, there, flow, weight)
    for ours, twin in zip(sums, wanted, strict=True):
        np.testing.assert_allclose(ours, twin, rtol=1e-5, atol=1e-2 if ours.max() > 100 else 1e-5)
    plate, means = floats(*size, 3, low=0, high=1), (sums[0], (parts(2, *size)[1:] * np.float32(0.9)).astype(np.float32))
    encoded = kernels.encode(plate, toe)
    out = plate.copy(), np.empty((3, *size), np.uint32), np.empty(size, np.uint8)
    steady_kernels.settle((plate, encoded), means, toe, out)
    rgb, weights = reference.settle(encoded, means, 0.02)
    blended = out[2] == 0
    np.testing.assert_allclose(out[0][blended], rgb[blended], rtol=1e-4, atol=1e-5)
    assert np.abs(out[1].astype(int) - weights).max() <= 1
    assert (out[1].sum(0) == 65536).all()


def test_a_shape_that_was_painted_is_found(texture, grid, settings) -> None:  # type: ignore[no-untyped-def]
    x, y = grid
    bump = np.exp(-((x - 48) ** 2 + (y - 48) ** 2) / (2 * 14**2))
    plate, painted = texture(x, y), texture(x + 2 * bump, y - bump)
    key = prepare_key(plate, painted, frame=1, settings=settings)
    middle = (slice(36, 60), slice(36, 60))
    assert np.abs(key.shape[middle] - np.stack([2 * bump, -bump], -1)[middle]).mean() < 0.35
    change = kernels.encode(painted, np.float32(0.02)) - kernels.encode(plate, np.float32(0.02))
    assert np.abs(key.bands[middle][..., 6:9]).mean() < 0.5 * np.abs(change)[middle].mean()


def test_what_was_only_toned_has_no_shape(plate: np.ndarray, settings: RepairSettings) -> None:
    key = prepare_key(plate, plate * np.float32(1.4), frame=1, settings=settings)
    assert np.abs(key.shape).max() < 0.05
    painted = plate.copy()
    painted[30:60, 30:60] = cv2.GaussianBlur(plate, (0, 0), 3)[30:60, 30:60]
    key = prepare_key(plate, painted, frame=1, settings=settings)
    assert not key.shape[key.coverage[..., 0] == 0].any()


def test_a_shape_turns_and_grows_with_the_picture() -> None:
    shape = np.zeros((64, 64, 2), np.float32)
    shape[:, :48] = (1, 0)
    rows, columns = np.mgrid[0:64, 0:64].astype(np.float32)
    # The frame shows the key twice as large round (32, 32) and turned by a quarter.
    to_key = np.stack([(rows - 32) / 2 + 32 - columns, -(columns - 32) / 2 + 32 - rows], -1)
    carried = carried_shape(shape, to_key, np.ones((64, 64), np.float32), 0, 0)
    np.testing.assert_allclose(carried[:60], np.broadcast_to(np.array([0, 2], np.float32), (60, 64, 2)), atol=1e-5)
    still = carried_shape(shape, np.zeros_like(shape), np.ones((64, 64), np.float32), 0, 0)
    np.testing.assert_allclose(still, shape, atol=1e-6)
    assert not still[:, 49:].any()


def test_a_shape_knows_nothing_of_folds_in_the_map_nor_of_places_that_do_not_count() -> None:
    rows, columns = np.mgrid[0:64, 0:64].astype(np.float32)
    shape = np.zeros((64, 64, 2), np.float32) + np.array([3, -2], np.float32)
    folded = np.stack([2 * np.sin(rows / 3), 2 * np.cos(columns / 3)], -1).astype(np.float32)
    np.testing.assert_allclose(carried_shape(shape, folded, np.ones((64, 64), np.float32), 0, 0), shape, atol=0.15)
    sure = (columns < 32).astype(np.float32)
    torn = np.where(sure[..., None] > 0, 0, np.stack([60 - 2 * columns, rows], -1)).astype(np.float32)
    np.testing.assert_allclose(carried_shape(shape, torn, sure, 0, 0), shape, atol=1e-6)
    np.testing.assert_array_equal(carried_shape(shape, torn, np.zeros_like(sure), 0, 0), shape)
    noise = np.stack([32 - columns, 32 - rows], -1)  # all of the frame looks at one pixel
    assert np.abs(carried_shape(shape, noise, np.ones_like(sure), 0, 0)).max() <= 5 * 3.0


def test_noise_in_a_shape_is_calmed_and_the_rest_of_it_kept() -> None:
    random, smooth = np.random.default_rng(1), np.zeros((96, 96, 2), np.float32)
    smooth[...] = (2, -1)
    noisy = smooth.copy()
    noisy[30:60, 30:60] += random.normal(0, 4, (30, 30, 2)).astype(np.float32)
    nowhere, everywhere = np.zeros((96, 96), np.float32), np.ones((96, 96), np.float32)
    calm = calmed(noisy, nowhere, 1.0)
    assert np.abs(calm - smooth)[30:60, 30:60].mean() < 0.15 * np.abs(noisy - smooth)[30:60, 30:60].mean()
    np.testing.assert_allclose(calm[80:, 80:], smooth[80:, 80:], atol=0.05)
    np.testing.assert_array_equal(calmed(noisy, everywhere, 1.0), noisy)
    assert not calmed(np.zeros_like(smooth), nowhere, 1.0).any()


def drafts(texture, grid, settings, paint, shifts):  # type: ignore[no-untyped-def]
    x, y = grid
    plate = texture(x, y)
    key = prepare_key(plate, paint(plate, x, y), frame=1, settings=settings)
    still = start_walk(key)
    made = []
    for n, shift in enumerate(shifts):
        here = texture(x - shift, y)
        away = np.zeros_like(still.map_to_key) - np.array([shift, 0], np.float32)
        walk = replace(still, at_frame=2 + n, map_to_key=away, map_from_key=-away)
        made.append((here, render(here, [Candidate(key, walk, 1.0)], matte=np.ones(x.shape, np.float32), settings=settings)))
    return made


def test_a_steady_change_stays_and_flicker_goes(texture, grid, settings, paint) -> None:  # type: ignore[no-untyped-def]
    shifts, reach = (-2.0, -1.0, 0.0, 1.0, 2.0), np.ones(grid[0].shape, np.float32)
    made = drafts(texture, grid, settings, paint, shifts)
    here, clean = made[2]

    def around(lamp: float) -> list[Neighbour]:
        out = []
        for i in (0, 1, 3, 4):
            plate, repaired = made[i]
            sign = np.float32(1 + lamp * (-1) ** i)
            flow = np.zeros((*reach.shape, 2), np.float32) + np.array([shifts[i], 0], np.float32)
            out.append(near(i - 2, plate, replace(repaired, rgb=repaired.rgb * sign), reach, flow))
        return out

    inside = (slice(12, -12), slice(12, -12))
    same = steady(here, clean, around(0.0), reach=reach, settings=settings)
    assert np.abs(same.rgb - clean.rgb)[inside].max() < 0.05
    noisy = replace(clean, rgb=clean.rgb * np.float32(1.05))
    calmer = steady(here, noisy, around(0.05), reach=reach, settings=settings)
    assert np.abs(calmer.rgb - clean.rgb)[inside].mean() < 0.6 * np.abs(noisy.rgb - clean.rgb)[inside].mean()
    assert (same.weights.sum(0) == 65536).all()
    assert np.array_equal(same.rgb[same.copied_from == 1], here[same.copied_from == 1])


def test_outside_the_reach_the_plates_bits_come_back(texture, grid, settings, paint) -> None:  # type: ignore[no-untyped-def]
    (before, made), (here, own) = drafts(texture, grid, settings, paint, (0.0, 1.0))
    reach = np.zeros(grid[0].shape, np.float32)
    reach[:, 40:] = 1
    flow = np.zeros((*reach.shape, 2), np.float32)
    out = steady(here, own, [near(-1, before, made, reach, flow)], reach=reach, settings=settings)
    assert np.array_equal(out.rgb[:, :40], here[:, :40])
    assert (out.copied_from[:, :40] == 1).all()


def test_refusals_name_the_value(plate: np.ndarray, settings: RepairSettings) -> None:
    size = plate.shape[:2]
    weights = np.zeros((2, *size), np.uint32)
    weights[0] = 65536
    same = Repaired(plate, plate - plate, weights, np.ones(size, np.uint8))
    reach, still = np.ones(size, np.float32), np.zeros((*size, 2), np.float32)
    beside = near(1, plate, same, reach, still)
    with pytest.raises(ValueError, match=r"\[1, 1\], allowed is each once"):
        steady(plate, same, [beside, beside], reach=reach, settings=settings)
    with pytest.raises(ValueError, match="flow has shape"):
        steady(plate, same, [replace(beside, flow=still[1:])], reach=reach, settings=settings)
    with pytest.raises(ValueError, match="weights have shape"):
        steady(plate, same, [replace(beside, weights=weights[:1])], reach=reach, settings=settings)
    with pytest.raises(ValueError, match="second has shape"):
        chain(still, still[1:])
    with pytest.raises(ValueError, match=r"have is \[7\], allowed is 1 of \[1, 2\]"):
        in_order(weights, [7], want=[1, 2])
    there = guide_of(plate, settings=settings)
    with pytest.raises(ValueError, match="guide_there is 64 pixels high"):
        step_flow(there, there[:64], settings=settings)
