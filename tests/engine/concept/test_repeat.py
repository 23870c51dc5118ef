"""Repeat: a tartan's tile goes on at both of its edges within a pixel, however the swatch lies, is lit, bent, or small."""

from __future__ import annotations

import doctest

import cv2
import numpy as np
import pytest

from bottega.engine.concept import bend, repeat, straighten
from bottega.engine.concept.cloth import make_cloth
from bottega.engine.concept.repeat import find_lattice, find_repeat


@pytest.mark.parametrize("name", [bend, repeat, straighten])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


def sett(t: np.ndarray) -> np.ndarray:
    """Bands of a sett that is not its own mirror, over one repeat 0..1: soft edges, (..., 3)."""
    out = np.full((*t.shape, 3), (0.02, 0.05, 0.2))
    for middle, width, colour in (
        (0.3, 0.3, (0.02, 0.15, 0.05)),
        (0.42, 0.05, (0.7, 0.5, 0.05)),
        (0.75, 0.1, (0.5, 0.03, 0.03)),
        (0.86, 0.025, (0.8, 0.8, 0.75)),
    ):
        away = np.abs((t - middle + 0.5) % 1 - 0.5)
        share = np.clip((width / 2 - away) / 0.012 + 0.5, 0, 1)[..., None]
        out = out * (1 - share) + np.array(colour) * share
    return out


def tartan(size: tuple[int, int], period: tuple[float, float], **given: float) -> np.ndarray:
    """(h, w, 3): warp over weft, turned, sheared, bowed (pixels), with threads that differ, lit from one side."""
    width, height = size
    degrees, shear, bow, noise, light = (given.get(name, 0.0) for name in ("degrees", "shear", "bow", "noise", "light"))
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    angle = np.deg2rad(degrees)
    u = np.cos(angle) * x + np.sin(angle) * y + bow * np.sin(2 * np.pi * y / height)
    v = -np.sin(angle + shear) * x + np.cos(angle + shear) * y + bow * np.sin(np.pi * x / width)
    rng = np.random.default_rng(7)
    cloth = 0.5 * sett(u / period[0]) + 0.5 * sett(v / period[1])
    cloth *= np.exp(rng.normal(0, noise, (height, width, 1)))
    lamp = np.exp(-light * ((x / width - 0.2) ** 2 + 0.5 * y / height))
    return np.asarray(cloth * lamp[..., None], np.float32)


def off_by(tile: np.ndarray, repeats: tuple[float, float], window: tuple[int, int]) -> float:
    """Largest move, in pixels, of any window of a tile laid out twice each way against the sett laid straight."""
    twice = np.cbrt(np.tile(tile, (2, 2, 1))).astype(np.float32)
    y, x = np.mgrid[0 : twice.shape[0], 0 : twice.shape[1]].astype(np.float64)
    straight = np.cbrt(0.5 * sett(x / repeats[0]) + 0.5 * sett(y / repeats[1])).astype(np.float32)
    high, wide = (int(2 * r) for r in repeats[::-1])
    where = cv2.matchTemplate(np.tile(straight, (2, 2, 1))[: high * 2, : wide * 2], twice[: high // 2, : wide // 2], cv2.TM_CCOEFF_NORMED)
    top, left = np.unravel_index(int(np.argmax(where[: high // 2 + 1, : wide // 2 + 1])), (high // 2 + 1, wide // 2 + 1))
    straight = np.cbrt(0.5 * sett((x + left) / repeats[0]) + 0.5 * sett((y + top) / repeats[1])).astype(np.float32)
    worst, reach = 0.0, 6
    for row in range(reach, twice.shape[0] - window[1] - reach, window[1] // 2):
        for column in range(reach, twice.shape[1] - window[0] - reach, window[0] // 2):
            seen = twice[row : row + window[1], column : column + window[0]]
            area = straight[row - reach : row + window[1] + reach, column - reach : column + window[0] + reach]
            like = cv2.matchTemplate(area, seen, cv2.TM_CCOEFF_NORMED)
            at = np.array(np.unravel_index(int(np.argmax(like)), like.shape)) - reach
            worst = max(worst, float(np.abs(at).max()))
    return worst


@pytest.mark.parametrize(
    ("period", "given"),
    [
        ((121.4, 97.7), {}),
        ((121.4, 97.7), {"degrees": 2.6}),
        ((121.4, 97.7), {"degrees": -1.7, "shear": 0.02, "noise": 0.15, "light": 0.8}),
        ((121.4, 97.7), {"degrees": 1.1, "bow": 3.0, "noise": 0.1}),
        ((121.4, 97.7), {"degrees": 3.5, "bow": 2.0, "noise": 0.15, "light": 1.0, "shear": -0.015}),
    ],
)
def test_a_tartans_tile_goes_on_within_a_pixel(period: tuple[float, float], given: dict[str, float]) -> None:
    cloth = make_cloth(tartan((420, 400), period, **given), 10.0)
    assert cloth.repeat_cm is not None
    repeats = (cloth.repeat_cm[0] * 10, cloth.repeat_cm[1] * 10)
    assert np.abs(np.array(repeats) / period - 1).max() < 0.01
    for axis in (0, 1):
        many = cloth.pixels.shape[1 - axis] / repeats[axis]
        assert abs(many - round(many)) < 1e-6
    assert off_by(cloth.pixels, repeats, (int(repeats[0]), int(repeats[1]))) <= 1


@pytest.mark.parametrize("degrees", [0.0, 2.0, -3.0])
def test_a_repeat_that_does_not_fit_twice_goes_on_too(degrees: float) -> None:
    swatch = tartan((300, 420), (241.3, 97.7), degrees=degrees, noise=0.1, light=0.5)
    cloth = make_cloth(swatch, 10.0, repeat_cm=(24.0, 9.9))
    assert cloth.repeat_cm is not None
    repeats = (cloth.repeat_cm[0] * 10, cloth.repeat_cm[1] * 10)
    assert np.abs(np.array(repeats) / (241.3, 97.7) - 1).max() < 0.01
    assert round(cloth.pixels.shape[1] / repeats[0]) == 1
    assert off_by(cloth.pixels, repeats, (120, 98)) <= 2


def test_the_slant_is_measured() -> None:
    found = find_lattice(tartan((420, 400), (121.4, 97.7), degrees=2.6, noise=0.1), 10.0)
    assert found.across is not None
    assert found.down is not None
    for step in (found.across, (found.down[1], -found.down[0])):
        assert abs(np.degrees(np.arctan2(step[1], step[0])) - 2.6) < 0.15
    assert find_repeat(np.random.default_rng(1).random((200, 230, 3), np.float32), 10.0) is None


def test_a_large_scan_is_measured_on_its_means() -> None:
    swatch = tartan((420, 400), (121.4, 97.7), degrees=1.5).repeat(5, axis=0).repeat(5, axis=1)
    found = find_repeat(swatch, 50.0)
    assert found is not None
    assert np.abs(np.array(found) * 10 / (121.4, 97.7) - 1).max() < 0.004


def test_stripes_repeat_one_way_and_tile_both() -> None:
    x = np.arange(260) / 43.7
    stripes = np.broadcast_to(sett(x)[None], (200, 260, 3)).astype(np.float32)
    found = find_lattice(stripes, 10.0)
    assert found.across is not None
    assert abs(np.hypot(*found.across) - 43.7) < 0.2
    cloth = make_cloth(stripes, 10.0, even=False)
    many = cloth.pixels.shape[1] / 43.7
    assert abs(many - round(many)) * 43.7 < 1
