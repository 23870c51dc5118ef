"""Flats: exact colours come back, soft edges go to one of the two parts that meet, open lines are found where they were opened."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from bottega.engine.concept import flats
from bottega.engine.concept.flats import correct, fill_flats, read_flats

COLOURS = np.uint8([[255, 255, 255], [94, 62, 44], [150, 120, 92], [52, 58, 66]])


def disc(radius: float, size: int = 96, over: int = 8) -> np.ndarray:
    """Exact coverage of a disc, by counting over×over points a pixel."""
    fine = (np.arange(size * over) + 0.5) / over - size / 2
    inside = fine[:, None] ** 2 + fine[None] ** 2 < radius**2
    return inside.reshape(size, over, size, over).mean(axis=(1, 3))


def test_the_examples_run() -> None:
    assert doctest.testmod(flats).failed == 0


def test_exact_colours_come_back() -> None:
    wanted = np.random.default_rng(1).integers(0, 4, (12, 9)).astype(np.uint8).repeat(7, 0).repeat(7, 1)
    labels, coverage = read_flats(COLOURS[wanted], COLOURS)
    assert (labels == wanted).all()
    assert (coverage == 1).all()


def test_a_soft_edge_has_the_coverage_it_was_drawn_with() -> None:
    cover = disc(30.3)
    mixed = np.rint(cover[..., None] * COLOURS[3] + (1 - cover[..., None]) * COLOURS[0]).astype(np.uint8)
    labels, got = read_flats(mixed, COLOURS)
    assert (labels[cover > 0.02] == 3).all()
    assert (labels[cover == 0] == 0).all()
    assert np.abs(np.where(labels == 3, got, 0) - cover).max() < 0.01


def test_between_two_parts_the_larger_share_has_the_pixel() -> None:
    cover = disc(30.3)
    mixed = np.rint(cover[..., None] * COLOURS[3] + (1 - cover[..., None]) * COLOURS[1]).astype(np.uint8)
    labels, got = read_flats(mixed, COLOURS)
    assert set(np.unique(labels)) == {1, 3}
    assert (labels == 3)[np.abs(cover - 0.5) > 0.02].tolist() == (cover > 0.5)[np.abs(cover - 0.5) > 0.02].tolist()
    assert (got == 1).all()


def test_an_area_of_no_part_is_named() -> None:
    painted = np.full((40, 40, 3), 255, np.uint8)
    painted[10:20, 15:25] = (9, 8, 7)
    with pytest.raises(ValueError, match=r"\(9, 8, 7\) around \(x 17, y 12\)"):
        read_flats(painted, COLOURS)


def test_alpha_that_shows_nothing_and_double_colours_are_refused() -> None:
    painted = np.full((40, 40, 3), 255, np.uint8)
    with pytest.raises(ValueError, match="alpha of the flats is 0 everywhere"):
        read_flats(painted, COLOURS, alpha=np.zeros((40, 40), np.uint8))
    with pytest.raises(ValueError, match="different ones"):
        read_flats(painted, COLOURS[[0, 1, 1]])


def rooms(gap: int) -> np.ndarray:
    """Two boxes side by side; the wall between them is open by `gap` pixels."""
    ink = np.zeros((90, 140), np.float32)
    for x in (10, 70, 130):
        ink[10:80, x - 1 : x + 2] = 1
    for y in (10, 79):
        ink[y - 1 : y + 2, 9:132] = 1
    ink[40 : 40 + gap, 69:72] = 0
    return ink


@pytest.mark.parametrize("gap", [1, 3, 6])
def test_a_planted_leak_is_found_and_closed(gap: int) -> None:
    filled = fill_flats(rooms(gap), gap_px=8)
    (leak,) = filled.leaks
    assert abs(leak.x - 70) <= 2
    assert abs(leak.y - (40 + (gap - 1) / 2)) <= 1
    assert abs(leak.gap_px - gap) <= 1
    assert len({filled.labels[20, 30], filled.labels[20, 100], filled.labels[2, 2]}) == 3
    assert filled.labels[2, 2] == 0


def test_closed_lines_leak_nowhere_and_wide_doors_are_no_leaks() -> None:
    assert fill_flats(rooms(0), gap_px=8).leaks == ()
    wide = fill_flats(rooms(24), gap_px=8)
    assert wide.leaks == ()
    assert wide.labels[20, 30] == wide.labels[20, 100]


def test_dabs_name_whole_areas_and_mend_joined_ones() -> None:
    filled = fill_flats(rooms(24), gap_px=8).labels
    dabs = np.full(filled.shape, 255, np.uint8)
    dabs[40, 30], dabs[40, 100] = 4, 9
    labels = correct(filled, dabs)
    assert labels[70, 20] == 4
    assert labels[70, 120] == 9
    assert labels[2, 2] == 255


def test_no_line_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed is some and not all"):
        fill_flats(np.zeros((40, 40), np.float32))
