"""A hole is filled from its sides: sky goes on as sky, a street as a street."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.finish.texture import fill, level

SKY, WALL, STREET = np.float32([0.2, 0.4, 0.9]), np.float32([0.8, 0.6, 0.3]), np.float32([0.1, 0.1, 0.1])


def view() -> tuple[np.ndarray, np.ndarray]:
    """Sky, walls and a street, with noise; a building stands in the middle and down to the street."""
    picture = np.empty((96, 160, 3), np.float32)
    picture[:40], picture[40:72], picture[72:] = SKY, WALL, STREET
    picture += np.random.default_rng(1).normal(0, 0.01, picture.shape).astype(np.float32)
    hole = np.zeros((96, 160), bool)
    hole[20:80, 50:110] = True
    picture[hole] = 5
    return picture, hole


def test_rows_go_on_through_the_hole_and_nothing_of_it_is_taken() -> None:
    picture, hole = view()
    broad = level(picture, ~hole)
    apart = np.stack([np.abs(broad - c).sum(-1) for c in (SKY, WALL, STREET)])
    assert (apart.argmin(0)[22:37, 55:105] == 0).all()
    assert (apart.argmin(0)[44:68, 55:105] == 1).all()
    assert np.abs(broad[20:24, 55:105] - SKY).max() < 0.05
    assert broad.max() < 1
    left = picture.copy()
    left[40:72, 110:] = STREET  # no wall at the right: between the two by how near each is
    middle = level(left, ~hole)[56, 52:108, 0]
    assert (np.diff(middle) <= 1e-4).all()
    assert abs(middle[28] - (WALL[0] + STREET[0]) / 2) < 0.08
    nothing = ~hole
    nothing[30:34] = False  # rows of which nothing is known
    assert np.isfinite(level(picture, nothing)).all()


def test_a_fill_that_aims_at_them_keeps_the_horizon() -> None:
    picture, hole = view()
    made = fill(picture, hole, broad=level(picture, ~hole))
    assert (made.picture[~hole] == picture[~hole]).all()
    assert np.abs(made.picture[24:36, 60:100] - SKY).mean() < 0.05
    assert np.abs(made.picture[46:66, 60:100] - WALL).mean() < 0.05
