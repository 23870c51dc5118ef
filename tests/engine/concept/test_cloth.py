"""Cloth: a planted repeat is measured, a tile is periodic and has no seam, a photo comes back straight, even and at its scale."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from bottega.engine.concept import cloth as module
from bottega.engine.concept import photo, repeat
from bottega.engine.concept.cloth import make_cloth, seam
from bottega.engine.concept.photo import even_light, even_patches, find_card, rectify
from bottega.engine.concept.repeat import find_repeat


@pytest.mark.parametrize("name", [photo, repeat, module])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


def woven(width: int, height: int, period: tuple[float, float], noise: float = 0.03, seed: int = 1) -> np.ndarray:
    """A check with two thin stripes, of any real period, with threads that do not repeat."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / period[0] * 2 * np.pi, y / period[1] * 2 * np.pi
    grey = 0.35 + 0.12 * np.sin(u) + 0.06 * np.sin(3 * u + 1) + 0.1 * np.sin(v) + 0.05 * np.sin(2 * v + 2)
    threads = np.random.default_rng(seed).normal(0, noise, (height, width))
    return np.clip((grey + threads)[..., None] * (1.0, 0.7, 0.5), 0, None).astype(np.float32)


@pytest.mark.parametrize("period", [(37.4, 52.7), (91.25, 64.5), (18.3, 18.3)])
def test_a_planted_repeat_is_measured(period: tuple[float, float]) -> None:
    found = find_repeat(woven(300, 280, period), 10.0)
    assert found is not None
    assert np.abs(np.array(found) * 10 - period).max() < 0.15


def test_a_stated_repeat_is_measured_nearby_and_noise_has_none() -> None:
    period = (91.25, 64.5)
    found = find_repeat(woven(300, 280, period), 10.0, near_cm=(8.9, 6.6))
    assert found is not None
    assert np.abs(np.array(found) * 10 - period).max() < 0.2
    noise = np.random.default_rng(1).random((120, 130, 3), np.float32)
    assert find_repeat(noise, 10.0) is None


def test_a_swatch_smaller_than_its_repeat_is_refused() -> None:
    with pytest.raises(ValueError, match=r"swatch is 10 cm wide, allowed is at least its repeat, 12 cm"):
        make_cloth(woven(100, 100, (40, 40)), 10.0, repeat_cm=(12.0, 4.0))


def jumps(pixels: np.ndarray, axis: int) -> np.ndarray:
    """Mean difference of neighbours along an axis, at each place around the tile."""
    other = tuple(i for i in (0, 1, 2) if i != axis)
    result: np.ndarray = np.abs(np.roll(pixels, -1, axis) - pixels).mean(axis=other)
    return result


@pytest.mark.parametrize("period", [(37.4, 52.7), (91.25, 64.5)])
def test_a_tile_is_periodic_and_its_edge_is_like_its_inside(period: tuple[float, float]) -> None:
    tile = make_cloth(woven(300, 280, period), 10.0)
    assert tile.repeat_cm is not None
    for axis, cm in ((1, tile.repeat_cm[0]), (0, tile.repeat_cm[1])):
        repeats = tile.pixels.shape[axis] / (cm * 10)
        assert abs(repeats - round(repeats)) * cm * 10 < 1
        steps = jumps(tile.pixels, axis)
        assert steps[-1] < np.quantile(steps[:-1], 0.98) * 1.05


def test_random_cloth_tiles_and_each_pixel_is_one_of_the_swatch() -> None:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(3).normal(0.5, 1.2, (150, 170, 3)), (2, 2, 0)).clip(0).astype(np.float32)
    tile = make_cloth(noise, 20.0, even=False)
    assert tile.where is not None
    x, y = tile.where.astype(int).transpose(2, 0, 1)
    assert (tile.pixels == noise[y, x]).all()
    for axis in (0, 1):
        steps = jumps(tile.pixels, axis)
        assert steps[-1] < 1.3 * np.median(steps)


def test_a_cut_is_closed_and_as_cheap_as_any() -> None:
    cost = np.random.default_rng(5).random((40, 9))
    cut = seam(cost)
    assert np.abs(np.diff(np.append(cut, cut[0]))).max() <= 1
    assert cost[np.arange(40), cut].sum() <= cost.sum(axis=0).min()


def test_light_is_evened_over_whole_repeats() -> None:
    flat = woven(300, 280, (75.0, 70.0), noise=0.0)
    y, x = np.mgrid[0:280, 0:300]
    light = np.exp(-0.5 * ((x - 60) / 260) ** 2 - 0.3 * (y / 280) ** 2).astype(np.float32)
    even, gain = even_light(flat * light[..., None], window_px=(75, 70))
    ratio = even / np.maximum(flat, 1e-6)
    assert ratio.std() / ratio.mean() < 0.02
    assert abs(even.mean() / (flat * light[..., None]).mean() - 1) < 1e-3
    assert np.allclose(even, flat * light[..., None] * gain[..., None], rtol=1e-5)


def test_a_blotched_swatch_makes_a_tile_without_a_grid() -> None:
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:300, 0:320]
    blotches = np.exp(0.25 * np.sin(x / 60.0 + 1) + 0.2 * np.cos(y / 55.0) + 0.0015 * x)
    hide = (np.exp(rng.normal(0, 0.2, (300, 320, 1))) * blotches[..., None] * (0.3, 0.15, 0.08)).astype(np.float32)
    plain, even = (make_cloth(hide, 20.0, even=e).pixels.mean(axis=-1) for e in (False, True))
    slow = [np.std([p.mean() for row in np.array_split(t, 5) for p in np.array_split(row, 5, axis=1)]) / t.mean() for t in (plain, even)]
    assert slow[1] < 0.25 * slow[0]
    grain = [np.diff(np.log(t), axis=1).std() for t in (plain, even)]
    assert abs(grain[1] / grain[0] - 1) < 0.05


def test_shapes_of_a_painting_are_no_blotches() -> None:
    y, x = np.mgrid[0:300, 0:320]
    inside = (np.hypot(x - 160, y - 150) < 90)[..., None]
    for ground, shape in (((0.3, 0.05, 0.05), (0.05, 0.3, 0.1)), ((0.1, 0.1, 0.1), (0.5, 0.5, 0.5))):
        painted = np.where(inside, shape, ground).astype(np.float32)
        kept, forced = make_cloth(painted, 20.0).gain, even_patches(painted, window_px=(53, 50))[1]
        assert kept is not None
        steepest, would_be = (np.abs(np.diff(np.log(g[50:200]), axis=1)).max() for g in (kept, forced))
        assert steepest < 0.5 * would_be  # no halo about the shape


def test_a_photo_taken_askew_comes_back_straight() -> None:
    import cv2

    swatch = woven(240, 160, (40, 32), noise=0.0) + 0.2
    corners = np.float32([[70, 40], [330, 62], [318, 250], [52, 228]])
    matrix = cv2.getPerspectiveTransform(np.float32([[0, 0], [239, 0], [239, 159], [0, 159]]), corners)
    ground = np.full((300, 400, 3), 0.02, np.float32)
    inside = cv2.warpPerspective(np.ones((160, 240), np.float32), matrix, (400, 300)) > 0.99
    ground[inside] = cv2.warpPerspective(swatch, matrix, (400, 300), flags=cv2.INTER_CUBIC)[inside]
    flat, _, scale = rectify(ground, corners.astype(np.float64), size_cm=(24.0, 16.0), px_per_cm=239 / 24)
    assert np.abs(flat[4:156, 4:236] - swatch[4:156, 4:236]).mean() < 0.01
    assert scale == pytest.approx(9.958, abs=1e-3)
    assert np.abs(find_card(ground) - corners).max() < 1.5


def test_corners_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="allowed is convex"):
        rectify(np.ones((50, 50, 3), np.float32), np.float64([[0, 0], [0, 40], [40, 40], [40, 0]]), size_cm=(4, 4))
