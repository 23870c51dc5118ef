"""A flat face whose outline moved is in triangles that fill it once."""

import numpy as np
import pytest

from bottega.engine.collapse.building import Building, FractureSettings, elements, fracture
from bottega.engine.collapse.building.ears import unfolded
from bottega.engine.collapse.records import Face

NORMAL = np.array([[0.0, 0.0, 1.0]])


def area(corners, triangles):
    a, b, c = (corners[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)[:, 2] / 2


def fan(n):
    return np.array([(0, k, k + 1) for k in range(1, n - 1)])


def test_a_dented_outline_is_filled_once() -> None:
    ring = np.array([[0, 0, 0], [2, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]], float)
    ring[1, 1] = 2.0  # now a fan round the first corner folds
    before = area(ring, fan(5))
    assert before.min() < 0
    triangles, of = unfolded(ring, fan(5), np.zeros(3, int), normal=NORMAL, flat=np.array([True]))
    after = area(ring, triangles)
    assert after.min() > 0
    assert after.sum() == pytest.approx(before.sum()) == pytest.approx(8.0)
    assert of.tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_any_outline_that_does_not_cross_itself_is_filled_once(seed) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    turn = np.sort(rng.uniform(0, 2 * np.pi, n))
    far = rng.uniform(0.3, 2, n)
    ring = np.stack([far * np.cos(turn), far * np.sin(turn), np.zeros(n)], -1)
    triangles, _ = unfolded(ring, fan(n), np.zeros(n - 2, int), normal=NORMAL, flat=np.array([True]))
    if np.diff(np.append(turn, turn[0] + 2 * np.pi)).max() < np.pi:
        assert area(ring, triangles).min() >= 0
    assert area(ring, triangles).sum() == pytest.approx(area(ring, fan(n)).sum())


def test_what_is_not_flat_or_not_folded_stays() -> None:
    ring = np.array([[0, 0, 0], [2, 2, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0]], float)
    triangles, _ = unfolded(ring, fan(5), np.zeros(3, int), normal=NORMAL, flat=np.array([False]))
    assert np.array_equal(triangles, fan(5))
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    assert np.array_equal(unfolded(square, fan(4), np.zeros(2, int), normal=NORMAL, flat=np.array([True]))[0], fan(4))


def test_no_skin_of_a_building_lies_the_other_way_round() -> None:
    house = Building(((0, 0), (14, 0), (14, 10), (0, 10)), (3, 2, 0, 0), (4.0, 3.0))
    pieces, _ = fracture(elements(house), FractureSettings(piece_m=0.9), seed=3)
    piece = np.repeat(np.arange(len(pieces)), np.diff(pieces.triangle_start))
    skin = pieces.face == Face.OUTSIDE
    corners = pieces.vertices[pieces.triangles[skin]].astype(float) + pieces.centre[piece[skin]][:, None]
    way = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = (np.abs(corners[..., 1]) < 1e-5).all(1)
    assert front.sum() > 100
    assert way[front, 1].max() < 1e-6
