"""Texture by numbers and reframing: labels are kept, the painting's own pixels too, and the join is not seen."""

from __future__ import annotations

import doctest
from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.concept import numbers
from bottega.engine.concept import reframe as module
from bottega.engine.concept.numbers import NumbersSettings, by_numbers
from bottega.engine.concept.painted import gather
from bottega.engine.concept.reframe import ReframeSettings, reframe

from . import greybox

CAMERA = greybox.Camera((1.5, 1.6, 2.6), 20)


@pytest.mark.parametrize("name", [numbers, module])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A painted wall: strokes, darker towards the bottom."""
    room = greybox.greybox(greybox.Camera((0, 1.5, -0.6), 0, 0, 50), 150, 200)
    return greybox.paint(replace(room, labels=np.full((150, 200), greybox.BACK, np.uint8)))


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle of a wide angle painted, its labels, and those of the wide angle."""
    wide = greybox.greybox(CAMERA, 150, 340)
    part = [a[:, 70:270].copy() for a in (wide.labels, wide.normal, wide.depth, wide.shade, wide.line)]
    narrow = type(wide)(*part, to_world=wide.to_world)
    return greybox.paint(narrow), narrow.labels, wide.labels


def steps(picture: np.ndarray, axis: int) -> np.ndarray:
    """Root mean square difference of neighbours at each place along an axis."""
    return np.asarray(np.sqrt((np.diff(np.sqrt(picture), axis=axis) ** 2).mean(axis=(1 - axis, 2))))


@pytest.mark.parametrize(("size", "place", "axis"), [((150, 300), (0, 60), 1), ((220, 200), (40, 0), 0)])
def test_the_painting_stays_and_the_join_is_not_seen(wall: np.ndarray, size: tuple[int, int], place: tuple[int, int], axis: int) -> None:
    made = reframe(wall, size, place=place)
    (top, left), (h, w) = place, wall.shape[:2]
    assert (made.picture[top : top + h, left : left + w] == wall).all()
    assert (gather(wall, made.positions) == made.picture).all()
    own = steps(wall, axis)
    first = place[axis]
    joins = steps(made.picture, axis)[[first - 1, first + wall.shape[axis] - 1]]
    assert (joins < np.quantile(own, 0.99) * 1.1).all()
    assert (joins > np.quantile(own, 0.01) * 0.5).all()


def test_what_is_new_is_no_blunt_repeat(wall: np.ndarray) -> None:
    """No pixel of the painting is used often, and no mirrored or moved slab of it fills what is new."""
    made = reframe(wall, (150, 320), place=(0, 0))
    new = made.positions[:, 200:]
    used = np.bincount(new[..., 1].ravel() * 200 + new[..., 0].ravel(), minlength=wall.size // 3)
    assert (used[used > 0] > 4).mean() < 0.05
    offsets = new - np.stack(np.meshgrid(np.arange(120), np.arange(150)), -1)
    _, many = np.unique(offsets.reshape(-1, 2), axis=0, return_counts=True)
    assert many.max() < 0.3 * many.sum()


def test_both_ways_at_once_and_cropped(wall: np.ndarray) -> None:
    made = reframe(wall, (200, 260), place=(-30, 40))
    assert (made.picture[:120, 40:240] == wall[30:]).all()
    assert (gather(wall, made.positions) == made.picture).all()


def test_labels_steer_what_is_new(scene: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    painting, labels, wanted = scene
    wanted = np.where(np.isin(wanted, labels), wanted, greybox.BACK).astype(np.uint8)
    made = reframe(painting, (150, 340), place=(0, 70), labels=labels, wanted=wanted)
    assert (made.picture[:, 70:270] == painting).all()
    assert (labels[made.positions[..., 1], made.positions[..., 0]] == wanted).all()


def test_what_is_to_be_avoided_is_not_repeated(wall: np.ndarray) -> None:
    avoid = np.zeros(wall.shape[:2], bool)
    avoid[40:100, 120:190] = True
    made = reframe(wall, (150, 280), place=(0, 0), avoid=avoid)
    assert (made.picture[:, :200] == wall).all()
    assert not avoid[made.positions[:, 200:, 1], made.positions[:, 200:, 0]].any()


def test_seeds_and_threads(wall: np.ndarray) -> None:
    one, two = (reframe(wall, (150, 240), place=(0, 20), threads=n) for n in (1, 2))
    assert (one.positions == two.positions).all()
    assert (reframe(wall, (150, 240), place=(0, 20), settings=ReframeSettings(seed=2)).positions != one.positions).any()


def test_numbers_are_kept_and_borders_come_from_borders(scene: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    painting, labels, _ = scene
    y, x = np.mgrid[0:120, 0:180]
    wanted = np.where(y < 70, greybox.BACK, greybox.FLOOR).astype(np.uint8)
    wanted[(np.abs(x - 60) < 25) & (np.abs(y - 80) < 20)] = greybox.CRATE
    made = by_numbers(painting, labels, wanted=wanted)
    assert (gather(painting, made.positions) == made.picture).all()
    u, v = made.positions[..., 0], made.positions[..., 1]
    assert (labels[v, u] == wanted).all()
    near = np.zeros(labels.shape, bool)
    for shift in range(1, 5):
        near[shift:] |= labels[shift:] != labels[:-shift]
        near[:-shift] |= labels[shift:] != labels[:-shift]
        near[:, shift:] |= labels[:, shift:] != labels[:, :-shift]
        near[:, :-shift] |= labels[:, shift:] != labels[:, :-shift]
    assert near[v, u][69:71].mean() > 2 * near[v, u][20:50].mean()


def test_refusals_of_numbers(scene: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    painting, labels, _ = scene
    with pytest.raises(ValueError, match=r"wanted has label 77, allowed are the painting's \[0, "):
        by_numbers(painting, labels, wanted=np.full((40, 40), 77, np.uint8))
    with pytest.raises(ValueError, match=r"labels has shape \(150, 100\), allowed is \(150, 200\)"):
        by_numbers(painting, labels[:, :100], wanted=labels)
    with pytest.raises(ValueError, match="wanted is 40 by 10 pixels, allowed is at least 32 each way"):
        by_numbers(painting, labels, wanted=np.zeros((10, 40), np.uint8))
    with pytest.raises(ValueError, match="painting has a value that is not finite"):
        by_numbers(np.where(labels[..., None] == 2, np.nan, painting).astype(np.float32), labels, wanted=labels)
    with pytest.raises(ValueError, match="edge and beyond are both 0"):
        NumbersSettings(0, 0)


def test_refusals_of_frames(wall: np.ndarray) -> None:
    plain = np.zeros((150, 200), np.uint8)
    with pytest.raises(ValueError, match=r"place is \(0, 290\): 10 columns of the painting are in the frame, allowed is 32 or more"):
        reframe(wall, (150, 300), place=(0, 290))
    with pytest.raises(ValueError, match="labels and wanted: one is given, allowed is both or none"):
        reframe(wall, (150, 300), place=(0, 0), labels=plain)
    with pytest.raises(ValueError, match="wanted has 5 at row 0, column 50 where the painting's label is 0, allowed is the same"):
        reframe(wall, (150, 300), place=(0, 50), labels=plain, wanted=np.full((150, 300), 5, np.uint8))
    with pytest.raises(ValueError, match=r"wanted has label 0, allowed are the painting's labels outside of avoid, \[\]"):
        reframe(wall, (150, 300), place=(0, 50), avoid=np.ones((150, 200), bool))
    with pytest.raises(ValueError, match="size is 300 by 20 pixels, allowed is at least 32 each way"):
        reframe(wall, (20, 300), place=(0, 0))
    with pytest.raises(ValueError, match="across, along and broad are all 0"):
        ReframeSettings(0, 0, 0)
    with pytest.raises(ValueError, match="strict is 101, allowed is 0 to 100"):
        ReframeSettings(strict=101)
