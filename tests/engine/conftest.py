"""A small head-like texture, and OpenCV on one thread as the engine asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine import Key, RepairSettings, prepare_key

Float = NDArray[np.float32]
SIDE = 96


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.fixture
def settings() -> RepairSettings:
    return RepairSettings(band_px=3.0)


@pytest.fixture
def texture() -> Callable[[NDArray[np.float64], NDArray[np.float64]], Float]:
    """Scene-linear colour at any (x, y): band-limited waves of many directions, so that a warped picture is known exactly."""
    rng = np.random.default_rng(7)
    waves = [(rng.uniform(-0.4, 0.4, 2), rng.uniform(0, 6.3, 3), rng.uniform(0.03, 0.12)) for _ in range(40)]

    def at(x: NDArray[np.float64], y: NDArray[np.float64]) -> Float:
        log = sum(size * np.cos(k[0] * x[..., None] + k[1] * y[..., None] + phase) for k, phase, size in waves)
        return np.asarray(0.18 * np.exp(log), np.float32)

    return at


@pytest.fixture
def grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
    return x, y


@pytest.fixture
def plate(texture, grid) -> Float:  # type: ignore[no-untyped-def]
    return texture(*grid)


@pytest.fixture
def painted(plate: Float, grid, paint) -> Float:  # type: ignore[no-untyped-def]
    return paint(plate, *grid)


@pytest.fixture
def ones() -> Float:
    return np.ones((SIDE, SIDE), np.float32)


@pytest.fixture
def key(plate: Float, painted: Float, settings: RepairSettings) -> Key:
    return prepare_key(plate, painted, frame=1001, settings=settings)


@pytest.fixture
def paint() -> Callable[[Float, NDArray[np.float64], NDArray[np.float64]], Float]:
    """A disc made brighter with a soft pattern inside: what an artist did, as a gain of light; bits kept outside."""

    def on(plate: Float, x: NDArray[np.float64], y: NDArray[np.float64]) -> Float:
        radius = np.hypot(x - SIDE / 2, y - SIDE / 2)
        gain = 1.3 + 0.15 * np.cos(0.9 * x) * np.cos(0.7 * y)
        return np.where((radius < 30)[..., None], plate * gain[..., None], plate).astype(np.float32)

    return on
