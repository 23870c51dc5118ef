"""Other angles of a painted room: every pixel is the painting's own of the right label, strokes keep their size, things their colour."""

from __future__ import annotations

import doctest
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

from bottega.engine.concept import room as module
from bottega.engine.concept.painted import gather
from bottega.engine.concept.records import Room
from bottega.engine.concept.room import RoomSettings, paint_angles
from bottega.engine.concept.room_guides import edges, palette_of, world_normals
from bottega.engine.concept.things import cast, pieces

from . import greybox
from .greybox import BEAM, BED, CEILING, CRATE, FLOOR, Camera

FIRST = Camera((1.5, 1.6, 2.6), 20)
SECOND = Camera((-1.8, 1.5, 2.4), -28)
UPRIGHT = Camera((0.3, 1.7, 0.8), 8, -10, 60)


def test_the_examples_run() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.fixture(scope="module")
def key() -> Room:
    """A painted angle; of its two crates one is ochre, one is blue."""
    room = greybox.greybox(FIRST, 270, 480)
    paint = greybox.paint(room)
    blue = (room.labels == CRATE) & (room.depth < 3.4)
    paint[blue] = paint[blue] @ np.array([[0.2, 0.2, 0.9], [0.1, 0.3, 0.6], [0.1, 0.1, 0.1]], np.float32)
    return replace(room, painted=paint)


@pytest.fixture(scope="module")
def other() -> Room:
    return greybox.greybox(SECOND, 270, 480)


@pytest.fixture(scope="module")
def small() -> tuple[Room, Room]:
    """The same at half the size, without blue."""
    room = greybox.greybox(FIRST, 130, 230)
    return replace(room, painted=greybox.paint(room)), greybox.greybox(SECOND, 120, 220)


@pytest.fixture(scope="module")
def made(key: Room, other: Room) -> module.Painted:
    return paint_angles(key, (other,))[0]


def labels_of(key: Room, made: module.Painted) -> np.ndarray:
    return np.asarray(key.labels[made.positions[..., 1], made.positions[..., 0]])


def bands(picture: np.ndarray, labels: np.ndarray, label: int) -> list[float]:
    """How lively a label's strokes are in bands of about 1, 2 and 4 pixels, away from its edges."""
    luma = np.sqrt(picture) @ (0.25, 0.5, 0.25)
    blurred = [luma, *(gaussian_filter(luma, sigma) for sigma in (1, 2, 4))]
    inside = (labels == label) & (maximum_filter(labels, 9) == minimum_filter(labels, 9))
    return [float(np.sqrt(((a - b)[inside] ** 2).mean())) for a, b in pairwise(blurred)]


def test_every_pixel_is_the_paintings_own_and_of_its_label(key: Room, other: Room, made: module.Painted) -> None:
    assert key.painted is not None
    assert made.picture.shape == (*other.labels.shape, 3)
    assert (gather(key.painted, made.positions) == made.picture).all()
    assert (labels_of(key, made) == other.labels).all()
    assert made.stand_ins == ()


def test_strokes_keep_their_size_within_a_tenth(key: Room, other: Room, made: module.Painted) -> None:
    assert key.painted is not None
    large = [label for label in (greybox.FLOOR, greybox.BACK, greybox.RIGHT, BED) if (other.labels == label).sum() > 4000]
    assert len(large) >= 3
    ratio = np.array([np.divide(bands(made.picture, other.labels, n), bands(key.painted, key.labels, n)) for n in large])
    assert np.abs(ratio.mean(axis=0) - 1).max() < 0.1


def test_light_follows_the_greybox(key: Room, other: Room, made: module.Painted) -> None:
    """Where its labels are lit as somewhere in the painting, the broad light is as near to painting this angle as two such are alike."""
    first, second, mine = (
        gaussian_filter(np.sqrt(p).mean(-1), 6) for p in (greybox.paint(other, 5), greybox.paint(other, 6), made.picture)
    )
    inside = (maximum_filter(other.labels, 25) == minimum_filter(other.labels, 25)) & np.isin(other.labels, (FLOOR, greybox.BACK))
    assert np.abs(first - mine)[inside].mean() < 2 * np.abs(first - second)[inside].mean()
    assert np.corrcoef(first[inside], mine[inside])[0, 1] > 0.8


def test_each_thing_has_one_colour_and_both_are_used(key: Room, other: Room) -> None:
    assert key.painted is not None
    casting = cast(key, key.painted, other, world_normals(key, other), stand_ins=(), refuse=True)
    split = pieces(other.labels, other.depth)
    large = [n for n in np.unique(split[other.labels == CRATE]) if (split == n).sum() > 300]
    classes = [np.unique(casting.wanted[split == n]) for n in large]
    assert len(large) == 2
    assert all(one.size == 1 for one in classes)
    assert classes[0] != classes[1]
    assert (casting.labels[casting.wanted] == other.labels).all()
    assert (casting.labels[casting.kind] == key.labels).all()


def test_the_bits_do_not_depend_on_threads_and_the_seed_decides(small: tuple[Room, Room]) -> None:
    one, two = (paint_angles(small[0], (small[1],), threads=n)[0] for n in (1, 2))
    assert (one.positions == two.positions).all()
    assert (paint_angles(small[0], (small[1],), settings=RoomSettings(seed=2))[0].positions != one.positions).any()


def test_an_upright_angle_of_another_size(key: Room) -> None:
    room = greybox.greybox(UPRIGHT, 300, 170)
    done: list[tuple[int, int]] = []
    made = paint_angles(key, (room,), progress=lambda *now: done.append(now))[0]
    assert made.picture.shape == (300, 170, 3)
    assert (labels_of(key, made) == room.labels).mean() > 0.999
    assert done == [(1, 1)]


def test_what_is_not_painted_is_named_and_painted_like_the_nearest(small: tuple[Room, Room]) -> None:
    key, other = small
    strange = replace(other, labels=np.where(other.labels == BED, 40, other.labels).astype(np.uint8))
    nearest = paint_angles(key, (strange,))[0]
    assert len(nearest.stand_ins) == 1
    label, like = nearest.stand_ins[0]
    assert label == 40
    assert (labels_of(key, nearest)[strange.labels == 40] == like).all()
    given = paint_angles(key, (strange,), settings=RoomSettings(stand_ins=((40, BEAM),), missing="refuse"))[0]
    assert given.stand_ins == ((40, BEAM),)
    assert (labels_of(key, given)[strange.labels == 40] == BEAM).all()
    with pytest.raises(ValueError, match=r"the painting has nothing of label 40, allowed are \[0, .*\], or a stand-in for it"):
        paint_angles(key, (strange,), settings=RoomSettings(missing="refuse"))
    with pytest.raises(ValueError, match=r"stand_ins has \(40, 99\), allowed are the painting's labels"):
        paint_angles(key, (strange,), settings=RoomSettings(stand_ins=((40, 99),)))


def test_world_normals_agree_between_cameras(key: Room, other: Room) -> None:
    normals = world_normals(key, other)
    for label, up in ((FLOOR, 1.0), (CEILING, -1.0)):
        for normal, room in zip(normals, (key, other), strict=True):
            assert np.abs(normal[room.labels == label] - (0, up, 0)).max(initial=0) < 1e-5


def test_edges_say_how_far_on_which_side_and_what_is_beyond() -> None:
    labels = np.zeros((20, 30), np.uint8)
    labels[:, 12:] = 1
    palette = palette_of(np.where(labels[..., None] == 1, 0.5, 0.2).astype(np.float32) * np.ones(3, np.float32), labels)
    found = edges(labels, palette)
    assert np.allclose(found[10, [11, 8, 2], 0], (1 / 6, 4 / 6, 1))
    assert np.allclose(found[10, [11, 12], 2], (0.5 + 5 / 12, 0.5 - 5 / 12))
    assert np.allclose(found[10, [11, 12, 2], 3], (0.5 * 5 / 6, 0.2 * 5 / 6, 0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"painted": None}, "key.painted is None, allowed is the angle that is painted"),
        ({"depth": np.zeros((270, 480), np.float32)}, "key.depth has 0, allowed is more than 0 metres"),
        ({"shade": np.full((270, 480), 9, np.float32)}, "key.shade has values from 9 to 9, allowed is 0 to 4"),
        ({"labels": np.full((270, 480), 255, np.uint8)}, "key.labels has 255, allowed is 0 to 253"),
        ({"to_world": None}, "to_world is given for one angle only"),
    ],
)
def test_refusals_name_the_value_and_what_is_allowed(key: Room, other: Room, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paint_angles(replace(key, **change), (other,))  # type: ignore[arg-type]


def test_numbers_that_are_not_finite_small_pictures_and_settings_are_refused(key: Room, other: Room) -> None:
    with pytest.raises(ValueError, match="depth has a value that is not finite"):
        replace(other, depth=np.where(other.labels == BED, np.nan, other.depth).astype(np.float32))
    cut = Room(other.labels[:20], other.normal[:20], other.depth[:20], other.shade[:20], other.line[:20], other.to_world)
    with pytest.raises(ValueError, match=r"others\[0\] is 480 by 20 pixels, allowed is at least 32 each way"):
        paint_angles(key, (cut,))
    with pytest.raises(ValueError, match="missing is 'guess', allowed is 'nearest' or 'refuse'"):
        RoomSettings(missing="guess")
    with pytest.raises(ValueError, match="shade is nan, allowed is 0 to 10"):
        RoomSettings(shade=float("nan"))
    with pytest.raises(ValueError, match="are all 0, allowed is more than 0 somewhere"):
        RoomSettings(0, 0, 0, 0, 0, 0, 0)
