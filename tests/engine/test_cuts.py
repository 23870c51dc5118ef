"""Cuts are planted and found; motion, light, shake, flashes and things that pass are planted and are none."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine import cut_guide, find_cuts, likeness

Float = NDArray[np.float32]
HIGH, WIDE, LONG = 96, 144, 14
Y, X = np.mgrid[0:HIGH, 0:WIDE].astype(np.float64)


def texture(x: NDArray[np.float64], y: NDArray[np.float64]) -> Float:
    """Waves of many directions, one grey, so that it is quick."""
    rng = np.random.default_rng(7)
    log = sum(rng.uniform(0.05, 0.2) * np.cos((k[0] * x + k[1] * y) + rng.uniform(0, 6.3)) for k in rng.uniform(-0.55, 0.55, (24, 2)))
    return np.repeat(0.18 * np.exp(log)[..., None], 3, -1).astype(np.float32)


@cache
def shot(n: int) -> Float:
    """A textured disc that crosses a textured ground at five pixels a frame, 56 on an HD plate."""
    face, ground = texture(X / 2 - 5 * n / 2 + 40, Y / 2), texture(X / 3, Y / 3 + 200)
    inside = np.clip(30 - np.hypot(X - 40 - 5 * n, Y - 48), 0, 1)[..., None]
    return np.asarray(ground + inside * (face - ground), np.float32)


def places(plates: list[Float]) -> list[int]:
    return list(find_cuts(cut_guide(np.ascontiguousarray(p, np.float32)) for p in plates))


def variations() -> dict[str, list[Float]]:
    plain = [shot(n) for n in range(LONG)]
    rng = np.random.default_rng(4)
    shaken = [np.roll(p, tuple(rng.integers(-3, 4, 2)), (0, 1)) for p in plain]
    flash = [p * np.float32(16 if n == 6 else 1) for n, p in enumerate(plain)]
    burnt = [np.full_like(p, 30) if n in (6, 7, 8) else p for n, p in enumerate(plain)]
    lamp = [p * np.float32(2.0 ** (n - 7)) for n, p in enumerate(plain)]
    noisy = [p * np.exp(0.12 * rng.standard_normal(p.shape, np.float32)) for p in plain]
    fade = [p * np.float32(max(0.03, 1 - n / 10)) for n, p in enumerate(plain)]
    blurred = [cv2.blur(p, (1 + 2 * (n % 5), 1)) for n, p in enumerate(plain)]
    return {
        "plain": plain, "twice as fast": plain[::2], "shaken": shaken, "flash": flash, "burnt out": burnt,
        "lamp": lamp, "grain": noisy, "fade": fade, "blur": blurred, "still": [plain[0]] * 5, "one": plain[:1],
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["plain", "twice as fast", "shaken", "flash", "burnt out", "lamp", "grain", "fade", "blur", "still", "one"]
)
def test_what_is_no_cut_is_none(name: str) -> None:
    assert places(variations()[name]) == []


@pytest.mark.parametrize("at", [1, 2, 7, LONG - 2, LONG - 1])
@pytest.mark.parametrize("other", ["mirrored", "upside down", "another shot", "black", "elsewhere"])
def test_a_planted_cut_is_found_where_it_is(at: int, other: str) -> None:
    plain = [shot(n) for n in range(LONG)]
    second = {
        "mirrored": [p[:, ::-1] for p in plain],
        "upside down": [p[::-1] for p in plain],
        "another shot": [texture(X / 2 + 500 + n, Y / 2 - 300) for n in range(LONG)],
        "black": [p * 0 for p in plain],
        "elsewhere": [np.roll(p, 70, 1) for p in plain],
    }[other]
    assert places(plain[:at] + second[at:]) == [at]


def test_several_cuts_and_a_short_part_between_them() -> None:
    plain = [shot(n) for n in range(LONG)]
    two = [texture(X / 2 + 500 + n, Y / 2) for n in range(2)]
    assert places(plain[:5] + two + [p[::-1] for p in plain[5:]]) == [5, 7]
    assert places(plain[:5] + two + plain[5:]) == [], "something passed the lens, and the picture of before is back"


def test_likeness_is_that_of_both_directions() -> None:
    here, there = cut_guide(shot(1)), cut_guide(np.ascontiguousarray(shot(2)[:, ::-1]))
    assert likeness(here, there) == likeness(there, here) < 0.8
    assert likeness(here, here) > 0.999 > likeness(here, cut_guide(shot(2))) > 0.9


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="there is 64 pixels high"):
        likeness(cut_guide(shot(1)), cut_guide(shot(1)[:64]))
    with pytest.raises(TypeError, match="plate has dtype float64"):
        cut_guide(shot(1).astype(np.float64))
    with pytest.raises(TypeError, match="here is a list"):
        likeness([1], cut_guide(shot(1)))
