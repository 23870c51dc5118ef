"""Samples counted by piece: sums, order, groups, and the refusal of a pixel with too many."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.engine.collapse.finish.mattes import Owners, ranked


def some(rng: np.random.Generator, pixels: int, samples: int) -> Owners:
    """Each pixel's samples given to pieces by chance, some to none."""
    piece = rng.integers(-2, 6, (pixels, samples))
    pixel = np.repeat(np.arange(pixels), samples).reshape(pixels, samples)
    there = piece >= 0
    return Owners(pixel[there].astype(np.int32), piece[there].astype(np.int32), np.full(there.sum(), 1 / samples, np.float32))


@pytest.mark.parametrize("samples", [1, 4, 8])
def test_coverages_sum_to_what_is_covered_and_fall(samples: int) -> None:
    owners = some(np.random.default_rng(samples), 60, samples)
    group, coverage = ranked(owners, np.arange(6), size=(6, 10), ranks=max(2, samples))
    whole = np.bincount(owners.pixel, owners.share, minlength=60).reshape(6, 10)
    assert np.abs(coverage.sum(0) - whole).max() < 1e-6
    assert (np.diff(coverage, axis=0) <= 0).all()
    assert ((group >= 0) == (coverage > 0)).all()
    for piece in range(6):  # each piece's own matte, whatever its rank
        mine = owners.piece == piece
        own = np.bincount(owners.pixel[mine], owners.share[mine], minlength=60).reshape(6, 10)
        assert np.abs(np.where(group == piece, coverage, 0).sum(0) - own).max() < 1e-6


def test_a_groups_matte_is_the_sum_of_its_pieces() -> None:
    owners, of = some(np.random.default_rng(3), 60, 8), np.array([0, 1, 0, 1, 2, 2])
    piece, own = ranked(owners, np.arange(6), size=(6, 10), ranks=8)
    group, coverage = ranked(owners, of, size=(6, 10), ranks=8)
    for number in range(3):
        parts = np.where((piece >= 0) & (of[piece] == number), own, 0).sum(0)
        assert np.abs(np.where(group == number, coverage, 0).sum(0) - parts).max() < 1e-6


def test_the_lower_number_goes_first_among_equals() -> None:
    owners = Owners(np.zeros(2, np.int32), np.array([5, 1], np.int32), np.full(2, 0.5, np.float32))
    assert ranked(owners, np.arange(6), size=(1, 1), ranks=2)[0].ravel().tolist() == [1, 5]


def test_too_many_groups_are_refused_by_the_pixel_and_none_give_nothing() -> None:
    owners = Owners(np.full(3, 4, np.int32), np.arange(3, dtype=np.int32), np.full(3, 0.25, np.float32))
    with pytest.raises(ValueError, match="pixel 1, 1 is of 3 groups, allowed are 2"):
        ranked(owners, np.arange(3), size=(2, 3), ranks=2)
    nothing = Owners(*(np.zeros(0, t) for t in (np.int32, np.int32, np.float32)))
    assert not ranked(nothing, np.arange(3), size=(2, 3), ranks=2)[1].any()
