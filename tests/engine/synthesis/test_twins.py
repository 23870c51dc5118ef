"""Every kernel against its slow twin, on all that it may be asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.engine.synthesis import metric, pyramid, search, twin, vote
from bottega.engine.synthesis.search import Ground, Lane, Sweep, search_tile
from bottega.engine.synthesis.vector import LANES, SLACK, row_mask

ROWS, COLUMNS, SOURCE = 30, 33, (26, 28)


def ground(random: np.random.Generator, patch: int, channels: int, *, weighted: bool, guarded: bool) -> Ground:
    site = np.zeros((ROWS, COLUMNS), np.uint8)
    site[patch:-patch, patch:-patch] = random.random((ROWS - 2 * patch, COLUMNS - 2 * patch)) > 0.1
    r = patch // 2
    inside = [(r, size - r) for size in SOURCE]
    field = np.stack([random.integers(*span, (ROWS, COLUMNS)) for span in inside], -1).astype(np.int32)
    centre = random.integers(1, 3, SOURCE).astype(np.uint8) if guarded else np.ones(SOURCE, np.uint8)
    across = -(-SOURCE[1] // patch)
    blocks = -(-SOURCE[0] // patch) * across
    numbers = site.size * channels + SLACK
    limited = (ROWS, COLUMNS) if guarded else (1, 1)
    label = (np.arange(SOURCE[0]) > 12).astype(np.int32)
    return Ground(
        target=random.integers(-16383, 16384, numbers).astype(np.int16),
        weights=random.integers(0, 32768, numbers).astype(np.int16) if weighted else np.zeros((0, 0), np.int16),
        source=random.integers(-16383, 16384, SOURCE[0] * SOURCE[1] * channels + SLACK).astype(np.int16),
        row_mask=row_mask(patch * channels),
        guide_mask=row_mask(patch * channels, 1, channels),
        field=field,
        cost=np.zeros((ROWS, COLUMNS), np.int32),
        site=site,
        moved=random.integers(0, 4, (ROWS, COLUMNS)).astype(np.int16),
        active=(random.random((ROWS, COLUMNS)) > 0.2).astype(np.uint8),
        wanted=random.integers(0, 3, limited).astype(np.uint8),
        centre=centre,
        block_row=(np.arange(SOURCE[0]) // patch * across).astype(np.int32),
        block_column=(np.arange(SOURCE[1]) // patch).astype(np.int32),
        use=random.integers(0, 20, blocks).astype(np.int32),
        price=random.random(blocks) * 1e7,
        label=label,
        room=np.array([5, -3]) if guarded else np.array([1 << 40, 1 << 40]),
        anchor=field.copy() if guarded else np.zeros((1, 1, 2), np.int32),
        radius=random.integers(0, 20, limited).astype(np.int32),
        origin=label,
        channels=channels,
        patch=patch,
        edge=patch,
        guarded=guarded,
    )


def lane(g: Ground) -> Lane:
    return Lane(np.zeros(g.use.size, np.int32), np.zeros(4096, np.int32), np.zeros(1, np.int32), np.zeros(2, np.int64))


def scaled_down(g: Ground) -> Ground:
    """Sums of random numbers of full range would leave 31 bits: the metric sees to it that real ones do not."""
    return g._replace(target=g.target // np.int16(64), source=g.source // np.int16(64))


@pytest.mark.parametrize(("patch", "channels"), [(3, 2), (3, 6), (5, 16), (7, 3), (9, 40)])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_patch_difference_is_its_twin(patch: int, channels: int, weighted: bool) -> None:
    g = scaled_down(ground(np.random.default_rng(patch), patch, channels, weighted=weighted, guarded=False))
    for y, x in ((patch, patch), (ROWS - 1 - patch, COLUMNS - 1 - patch), (12, 15)):
        place = tuple(int(i) for i in g.field[y, x])
        assert search.difference(g, g.row_mask, y, x, *place) == twin.difference(g, y, x, *place)
        assert search.difference(g, g.guide_mask, y, x, *place) == twin.difference(g, y, x, *place, leave_out=1)


def test_a_row_mask_can_leave_channels_out() -> None:
    mask = row_mask(6, 1, 3)
    assert mask.size == LANES
    assert mask.tolist()[:8] == [0, -1, -1, 0, -1, -1, 0, 0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([3, 5]), st.tuples(*[st.booleans()] * 7))
def test_a_searched_tile_is_its_twin(seed: int, patch: int, ways: tuple[bool, ...]) -> None:
    weighted, guarded, backward, fresh, stirred, unsure, poor = ways
    g = scaled_down(ground(np.random.default_rng(seed), patch, 3, weighted=weighted, guarded=guarded))
    usual = int(np.median([twin.difference(g, 12, x, *g.field[12, x]) for x in range(patch, COLUMNS - patch)]))
    g.cost[...] = np.random.default_rng(seed).integers(0, 2 * usual, g.cost.shape)
    slow = g._replace(field=g.field.copy(), cost=g.cost.copy(), moved=g.moved.copy())
    first, second = lane(g), lane(g)
    pass_ = Sweep(backward, fresh, seed, 4, 2, 16, 5, 3 if stirred else 0, usual // 2 if unsure else -1, usual if poor else 1 << 62, 6, 32)
    search_tile(g, first, pass_, 2, 3, 28, 30)
    twin.search_tile(slow, second, pass_, top=2, left=3, bottom=28, right=30)
    assert np.array_equal(g.field, slow.field)
    assert np.array_equal(g.cost, slow.cost)
    assert np.array_equal(g.moved, slow.moved)
    assert np.array_equal(first.use, second.use)
    assert np.array_equal(first.moved, second.moved)
    assert set(np.flatnonzero(first.use)) <= set(first.log[: first.logged[0]].tolist())


@pytest.mark.parametrize("patch", [3, 5])
@pytest.mark.parametrize("classed", [False, True])
@pytest.mark.parametrize("median", [False, True])
def test_the_vote_is_its_twin(patch: int, classed: bool, median: bool) -> None:
    random = np.random.default_rng(patch)
    style = random.random((*SOURCE, 4), np.float32)
    field = np.stack([random.integers(patch, s - patch, (ROWS, COLUMNS)) for s in SOURCE], -1).astype(np.int32)
    weight = (random.random((ROWS, COLUMNS)) * (random.random((ROWS, COLUMNS)) > 0.3)).astype(np.float32)
    wanted = random.integers(0, 3, (ROWS, COLUMNS) if classed else (1, 1)).astype(np.uint8)
    kind = random.integers(1, 3, SOURCE).astype(np.uint8)
    out: Any = np.empty((ROWS, COLUMNS, 4), np.float32)
    (vote.median_rows if median else vote.mean_rows)(field, weight, style, wanted, kind, np.ones((1, 1), np.uint8), patch, 0, out)
    slow = twin.vote(field, weight, style, patch, classes=(wanted, kind) if classed else None, median=median)
    np.testing.assert_allclose(out, slow, atol=0 if median else 2e-6)


@pytest.mark.parametrize("size", [(8, 8), (9, 14), (7, 5), (1, 3)])
def test_halving_and_packing_are_their_twins(size: tuple[int, int]) -> None:
    values = np.random.default_rng(1).normal(size=(*size, 3)).astype(np.float32)
    assert np.array_equal(pyramid.halve(values, np.empty), twin.halve(values))
    scale, offset = np.array([7, 4e4, 3], np.float32), np.array([0, 1, -1], np.float32)
    into = np.zeros((*size, 4), np.int16)
    metric.pack(values, into, 1, scale, offset, np.arange(size[0]), np.arange(size[1]))
    assert np.array_equal(into[..., 1:], twin.packed(values, scale, offset))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-3, 1e4), st.floats(1e-6, 1e3)), min_size=1, max_size=40), st.sampled_from([3, 5, 7, 9]))
def test_no_patch_leaves_31_bits_and_rounding_stays_in_its_bound(channels: list[tuple[float, float]], patch: int) -> None:
    ranges, weights = [(-width / 2, width / 2) for width, _ in channels], [weight for _, weight in channels]
    made = metric.make_metric(ranges, weights, patch)
    farthest = 2 * np.rint(np.array([high for _, high in ranges]) * made.scale)
    assert patch**2 * (farthest**2).sum() < 2**31
    assert farthest.max() <= 32767
    values = np.array([[[high / 3 for _, high in ranges]]], np.float32)
    packed = twin.packed(values, made.scale, made.offset)
    assert np.abs(packed / made.scale.astype(np.float64) - values).max() <= (0.5 / made.scale.min()) * 1.01
