"""What is refused, and that the message names the argument, what was given and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine import (
    Candidate,
    Key,
    RepairSettings,
    carry,
    estimate,
    guide,
    matte_from_keys,
    prepare_key,
    render,
    start_walk,
    step_walk,
)
from bottega.engine import time_weights as weights_in_time

Float = NDArray[np.float32]


def spoiled(plate: Float) -> Float:
    bad = plate.copy()
    bad[3, 4, 1] = np.nan
    return bad


BAD_PICTURES: list[tuple[Callable[[Float], Any], type[Exception], str]] = [
    (spoiled, ValueError, r"not finite \(nan\).*\(3, 4, 1\).*allowed is finite"),
    (lambda p: p.astype(np.float64), TypeError, "dtype float64, allowed is float32"),
    (lambda p: p.tolist(), TypeError, "is a list, allowed is a numpy array of float32"),
    (lambda p: p[..., 0], ValueError, r"shape \(96, 96\), allowed is \(H, W, 3\)"),
    (lambda p: np.concatenate([p, p[..., :1]], -1), ValueError, r"shape \(96, 96, 4\), allowed is \(H, W, 3\)"),
    (lambda p: p[:1], ValueError, "1 pixels high and 96 wide, allowed is"),
    (lambda p: p[:, :20], ValueError, "96 pixels high and 20 wide, allowed is"),
]


@pytest.mark.parametrize(("spoil", "error", "words"), BAD_PICTURES)
def test_bad_pictures(*, spoil: Callable[[Float], Any], error: type[Exception], words: str, plate: Float, key: Key, ones: Float) -> None:
    settings = RepairSettings()
    with pytest.raises(error, match="plate .*" + words):
        guide(spoil(plate), settings=settings)
    with pytest.raises(error, match="plate .*" + words):
        prepare_key(spoil(plate), plate, frame=1, settings=settings)
    with pytest.raises(error, match="painted .*" + words):
        prepare_key(plate, spoil(plate), frame=1, settings=settings)
    with pytest.raises(error, match="plate .*" + words):
        render(spoil(plate), [Candidate(key, start_walk(key), 1.0)], matte=ones, settings=settings)


def test_bad_mattes_and_strengths(plate: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    offer = [Candidate(key, start_walk(key), 1.0)]
    for matte, error, words in (
        (ones * np.float32(1.5), ValueError, "matte has values from 1.5 to 1.5, allowed is 0 to 1"),
        (-ones, ValueError, "matte has values from -1 to -1"),
        (ones * np.float32(np.inf), ValueError, "matte has a value that is not finite"),
        (ones[:, :64], ValueError, "matte is 96 pixels high and 64 wide, allowed is 96 high and 96 wide"),
        (ones > 0, TypeError, "matte has dtype bool"),
    ):
        with pytest.raises(error, match=words):
            render(plate, offer, matte=matte, settings=settings)
    for strength in (1.6, -0.1, ones * np.float32(1.6)):
        with pytest.raises(ValueError, match=r"strength .*allowed is 0 to 1.5"):
            render(plate, offer, matte=ones, strength=strength, settings=settings)


def test_bad_candidates(plate: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    walk = start_walk(key)
    other = replace(key, frame=1005)
    for candidates, words in (
        ([], "candidates has 0 entries, allowed is 1 to 15"),
        ([Candidate(key, walk, 0.0)], "time_weight 0, allowed is at least one above 0"),
        ([Candidate(key, walk, 1.0)] * 2, "allowed is each key once"),
        ([Candidate(key, walk, 1.0), Candidate(other, start_walk(other), 1.0)], "allowed is one frame for all"),
        ([Candidate(key, replace(walk, quality=ones[:50]), 1.0)], r"candidates\[0\].walk is 50x96 pixels, allowed is the plate's 96x96"),
    ):
        with pytest.raises(ValueError, match=words):
            render(plate, candidates, matte=ones, settings=settings)
    with pytest.raises(ValueError, match=r"time_weight is 1\.2, allowed is 0 to 1"):
        Candidate(key, walk, 1.2)
    with pytest.raises(ValueError, match="allowed is a walk of this key, frame 1005"):
        Candidate(other, walk, 1.0)


def test_bad_steps(key: Key, settings: RepairSettings) -> None:
    walk = start_walk(key)
    with pytest.raises(TypeError, match="guide has dtype float32, allowed is uint8"):
        step_walk(key, walk, key.guide, key.guide.astype(np.float32), settings=settings)
    with pytest.raises(ValueError, match="previous_guide is 60 pixels high"):
        step_walk(key, walk, key.guide[:60], key.guide, settings=settings)
    with pytest.raises(ValueError, match="walk began at key frame 7, allowed is a walk of this key, frame 1001"):
        step_walk(key, replace(walk, key_frame=7), key.guide, key.guide, settings=settings)
    with pytest.raises(TypeError, match="frame is '1001', allowed is a whole number"):
        prepare_key(key.painted, key.painted, frame="1001", settings=settings)  # type: ignore[arg-type]


def test_bad_carries_mattes_and_numbers(key: Key, ones: Float) -> None:
    with pytest.raises(TypeError, match="array is float64, allowed is a numpy array of float32"):
        carry(ones.astype(np.float64), start_walk(key))
    with pytest.raises(ValueError, match=r"array has shape \(5, 96\), allowed is \(96, 96\)"):
        carry(ones[:5], start_walk(key))
    with pytest.raises(ValueError, match="feather_px is 65, allowed is 0 to 64"):
        matte_from_keys(key, feather_px=65)
    with pytest.raises(ValueError, match="frames is 0, allowed is at least 1"):
        estimate(1920, 1080, 0, 3, settings=RepairSettings())
    for frames in ([], [3, 3]):
        with pytest.raises(ValueError, match="allowed is at least one number and none twice"):
            weights_in_time(1, frames)


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("tone", 1.6, ValueError, "tone is 1.6, allowed is 0 to 1.5"),
        ("detail", float("nan"), ValueError, "detail is nan, allowed is 0 to 1.5"),
        ("band_px", 0.1, ValueError, "band_px is 0.1, allowed is 0.5 to 200"),
        ("flow_iterations", 2.5, TypeError, "flow_iterations is 2.5, allowed is a whole number from 1 to 256"),
        ("toe", None, TypeError, "toe is None, allowed is a number"),
        ("tone", True, TypeError, "tone is True, allowed is a number"),
    ],
)
def test_bad_settings(field: str, value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        RepairSettings(**{field: value})


def test_more_than_one_opencv_thread_is_refused(plate: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    cv2.setNumThreads(2)
    calls: list[Callable[[], Any]] = [
        lambda: guide(plate, settings=settings),
        lambda: prepare_key(plate, plate, frame=1, settings=settings),
        lambda: step_walk(key, start_walk(key), key.guide, key.guide, settings=settings),
        lambda: render(plate, [Candidate(key, start_walk(key), 1.0)], matte=ones, settings=settings),
        lambda: matte_from_keys(key),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match=r"2 threads, allowed is 1.*cv2.setNumThreads\(1\)"):
            call()
