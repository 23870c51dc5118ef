"""What is refused, and that the message says what and where; what ends a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bottega.engine import Cancelled, Source, SynthesisSettings, Target, energy, plan, regather, synthesise

from .pictures import noise, plan_of, quick, run

SIZE = 24
GOOD = Source(noise(SIZE, SIZE), noise(SIZE, SIZE, 1))
NOWHERE = np.full((SIZE, SIZE, 3), 99)
FILL = Target(noise(SIZE, SIZE, 1, seed=2))


def spoiled(value: float) -> np.ndarray:
    bad = noise(SIZE, SIZE)
    bad[3, 4, 1] = value
    return bad


BAD_SOURCES: list[tuple[dict[str, Any], str]] = [
    ({"style": spoiled(np.nan)}, r"sources\[0\].style has nan at \(row, column, channel\) \(3, 4, 1\), allowed is finite"),
    ({"style": spoiled(np.inf)}, r"sources\[0\].style has inf at"),
    ({"style": noise(SIZE, SIZE, 9)}, r"sources\[0\].style has shape \(24, 24, 9\), allowed is \(rows, columns, 1 to 8 channels\)"),
    ({"style": noise(SIZE, SIZE)[..., 0]}, r"shape \(24, 24\), allowed"),
    ({"style": np.zeros((0, SIZE, 3), np.float32)}, "no pixels"),
    ({"style": noise(SIZE, 20)}, r"sources\[0\].guides has shape \(24, 24, 1\), allowed is \(24, 20, 1\)"),
    ({"guides": noise(SIZE, SIZE, 2)}, r"sources\[0\].guides has shape \(24, 24, 2\), allowed is \(24, 24, 1\)"),
    ({"style": np.full((SIZE, SIZE, 3), 0.5, np.float32)}, r"sources.0..style is \[0.5, 0.5, 0.5\] everywhere, .* more than one colour"),
    ({"mask": np.zeros((SIZE, SIZE), bool)}, r"sources\[0\].mask is False everywhere"),
    ({"mask": np.eye(SIZE, dtype=bool)}, "masks leave no whole patch"),
    ({"mask": np.ones((SIZE, 3), bool)}, r"mask has shape \(24, 3\), allowed is \(24, 24\)"),
    ({"classes": np.zeros((SIZE, SIZE), np.uint8)}, "classes is given for some"),
    ({"quota": 0.5}, "quotas sum to 0.5, allowed is at least 1"),
    ({"quota": 2.0}, r"sources\[0\].quota is 2.0, allowed is 0 to 1"),
    ({"label": -1}, r"sources\[0\].label is -1, allowed is 0 to 65535"),
]
BAD_TARGETS: list[tuple[dict[str, Any], str]] = [
    ({"guides": np.full((SIZE, SIZE, 1), np.nan, np.float32)}, r"target.guides has nan at \(row, column, channel\) \(0, 0, 0\)"),
    ({"guides": np.zeros((1, SIZE, 1), np.float32)}, "target.guides is 1 pixels high and 24 wide, allowed is at least the patch"),
    ({"guides": np.zeros((SIZE, 0, 1), np.float32)}, "no pixels"),
    ({"mask": np.ones((SIZE, SIZE), bool)}, "target.mask is given without target.picture"),
    ({"mask": np.zeros((SIZE, SIZE), bool), "picture": noise(SIZE, SIZE)}, "target.mask is False everywhere"),
    ({"picture": noise(SIZE, 9)}, r"target.picture has shape \(24, 9, 3\), allowed is \(24, 24, 3\)"),
    ({"guide_maps": np.zeros((SIZE, SIZE), np.float32)}, "not 0 everywhere"),
    ({"start": np.full((SIZE, SIZE, 3), 1, np.int32)}, "target.start names source 1, allowed is 0 to 0"),
    ({"radius": 3}, "target.radius is given without target.start"),
]


@pytest.mark.parametrize(("spoil", "words"), BAD_SOURCES, ids=[words for _, words in BAD_SOURCES])
def test_bad_sources(spoil: dict[str, Any], words: str) -> None:
    made = plan_of(GOOD, FILL, quick())
    with pytest.raises(ValueError, match=words):
        synthesise(made, replace(GOOD, **spoil), FILL)


@pytest.mark.parametrize(("spoil", "words"), BAD_TARGETS, ids=[words for _, words in BAD_TARGETS])
def test_bad_targets(spoil: dict[str, Any], words: str) -> None:
    made = plan_of(GOOD, FILL, quick())
    with pytest.raises(ValueError, match=words):
        synthesise(made, GOOD, replace(FILL, **spoil))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plan((2, 9), (9, 9), settings=quick()), "sources.0. is 2 pixels high and 9 wide, allowed is at least the patch, 3"),
        (lambda: plan((9, 9), (9, 1), settings=quick()), "target is 9 pixels high and 1 wide"),
        (lambda: plan((9, 9), (0, 0), settings=quick()), "target is 0 pixels high"),
        (lambda: plan((9, 9), (9, 9), guide_channels=33, settings=quick()), "guide_channels is 33, allowed is 1 to 32"),
        (lambda: SynthesisSettings(patch=4), "patch is 4, allowed is one of 3, 5, 7, 9"),
        (lambda: SynthesisSettings(style_weight=0.0), "style_weight is 0, allowed"),
        (lambda: SynthesisSettings(uniformity=float("nan")), "uniformity is nan, allowed"),
        (lambda: run(GOOD, FILL, quick(guide_weights=0.0)), "guide_weights are all 0, allowed is more than 0 somewhere"),
        (lambda: run(GOOD, FILL, quick(guide_weights=(1.0, 2.0))), "guide_weights has 2 numbers, allowed is one for each of the 1"),
        (lambda: synthesise(plan((9, 9), (9, 9), guide_channels=1, settings=quick()), GOOD, FILL), "the plan allows"),
        (lambda: synthesise(plan_of(GOOD, FILL, quick()), [], FILL), "sources is empty"),
        (lambda: run(GOOD, FILL, quick(), threads=0), "threads is 0"),
        (lambda: energy(FILL.guides, NOWHERE[..., 1:], (FILL.guides,) * 3, settings=quick(uniformity=1.0)), "leave the source"),
        (lambda: regather(plan_of(GOOD, FILL, quick()), GOOD, FILL, NOWHERE, np.ones((SIZE, SIZE))), "outside the sources"),
    ],
)
def test_bad_plans_and_settings(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_a_class_that_no_source_has_is_named() -> None:
    source = replace(GOOD, classes=np.zeros((SIZE, SIZE), np.uint8))
    with pytest.raises(ValueError, match=r"the target has class 5, of which the sources have no whole patch; allowed are \[0\]"):
        run(source, replace(FILL, classes=np.full((SIZE, SIZE), 5, np.uint8)), quick())


@pytest.mark.parametrize("wrong", [noise(SIZE, SIZE).astype(np.uint8), noise(SIZE, SIZE).tolist()])
def test_wrong_kinds_of_arrays(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"sources\[0\].style (has dtype uint8|is a list), allowed is"):
        synthesise(plan_of(GOOD, FILL, quick()), replace(GOOD, style=wrong), FILL)


def test_the_smallest_target_is_one_patch() -> None:
    found = run(GOOD, Target(noise(3, 3, 1)), quick())
    assert found.image.shape == (3, 3, 3)
    assert (found.weights > 0).sum() == 1


def test_progress_counts_to_the_end_and_cancelling_stops() -> None:
    seen: list[tuple[int, int]] = []
    run(GOOD, FILL, quick(final_pass=True), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    seen.clear()
    with pytest.raises(Cancelled, match=r"cancelled after 1152 of 3456 pixels"):
        run(GOOD, FILL, quick(), progress=lambda done, total: seen.append((done, total)), cancelled=lambda: len(seen) == 2)
