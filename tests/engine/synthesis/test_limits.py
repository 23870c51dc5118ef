"""What may not be crossed: masks, classes, quotas, sources' frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.engine import Source, Target, variants

from .pictures import noise, place, quick, run


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([3, 5]))
def test_a_pixel_outside_the_source_mask_is_never_used(seed: int, patch: int) -> None:
    random = np.random.default_rng(seed)
    mask = np.ones((40, 44), bool)
    for _ in range(4):
        y, x = random.integers(0, 36, 2)
        mask[y : y + 5, x : x + 5] = False
    style, guide = noise(40, 44, seed=seed), noise(40, 44, 1, seed=seed + 1)
    results = []
    for outside in (0.0, 77.0):
        spoiled = np.where(mask[..., None], style, np.float32(outside))
        source = Source(spoiled, np.where(mask[..., None], guide, np.float32(-outside)), mask=mask)
        results.append(run(source, Target(guide), quick(patch=patch)))
    assert np.array_equal(results[0].image, results[1].image)
    assert results[0].image.max() <= style[mask].max() + 1e-6
    r = patch // 2
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            inner = results[0].nnf[r:-r, r:-r]
            assert mask[inner[..., 1] + dy, inner[..., 2] + dx].all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([3, 5]), st.sampled_from(["mean", "median"]))
def test_labels_never_cross_a_hard_mask(seed: int, patch: int, vote: str) -> None:
    random = np.random.default_rng(seed)
    blocks = [random.integers(0, 3, (6, 6)).repeat(8, 0).repeat(8, 1).astype(np.uint8) for _ in range(2)]
    of_source, of_target = blocks
    of_source[:24, :8], of_source[:24, 8:16], of_source[:24, 16:24] = 0, 1, 2
    colours = of_source[..., None].astype(np.float32) * [1, 10, 100]  # a class is a colour: what crosses shows
    source = Source(colours.astype(np.float32), noise(48, 48, 1, seed=seed), classes=of_source)
    found = run(source, Target(noise(48, 48, 1, seed=seed + 1), classes=of_target), quick(patch=patch, vote=vote))
    assert np.array_equal(found.image, (of_target[..., None].astype(np.float32) * [1, 10, 100]).astype(np.float32))
    assert np.array_equal(of_source[found.nnf[..., 1], found.nnf[..., 2]], of_target)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=4), st.integers(0, 99))
def test_quotas_hold_within_a_hundredth(raw: list[float], seed: int) -> None:
    quotas = np.array(raw) / sum(raw)
    sources = [Source(noise(40, 40 + 5 * i, seed=seed + i), noise(40, 40 + 5 * i, 1, seed=i), quota=float(q)) for i, q in enumerate(quotas)]
    found = run(sources, Target(noise(96, 90, 1, seed=seed)), quick())
    shares = np.bincount(found.nnf[..., 0].ravel(), minlength=quotas.size) / found.nnf[..., 0].size
    assert np.abs(shares - quotas).max() <= 0.01


def test_a_quota_holds_although_one_source_fits_everywhere() -> None:
    guide = place(80, 80)
    right, wrong = Source(noise(80, 80), guide, quota=0.25), Source(noise(80, 80, seed=2), guide + 1, quota=1.0)
    found = run([right, wrong], Target(guide), quick())
    assert abs((found.nnf[..., 0] == 0).mean() - 0.25) <= 0.01


def test_patches_stay_inside_one_source() -> None:
    sources = [Source(np.full((20 + i, 30 - i, 3), i, np.float32), noise(20 + i, 30 - i, 1, seed=i), quota=0.4) for i in range(3)]
    found = run(sources, Target(noise(50, 50, 1, seed=5)), quick())
    sizes = np.array([s.style.shape[:2] for s in sources])[found.nnf[..., 0]]
    assert (found.nnf[..., 1:] >= 1).all()
    assert (found.nnf[..., 1:] <= sizes - 2).all()
    assert set(np.unique(found.nnf[..., 0])) == {0, 1, 2}


def test_variants_share_a_label_and_turn_exactly() -> None:
    style = noise(24, 30)
    turned = variants(Source(style, style[..., :1], quota=0.5), turns=(90, 180), scales=(0.5,), label=3)
    assert [s.label for s in turned] == [3, 3, 3, 3]
    np.testing.assert_allclose(turned[1].style, np.rot90(style, -1), atol=1e-5)
    np.testing.assert_allclose(turned[2].style, style[::-1, ::-1], atol=1e-5)
    assert turned[3].style.shape == (12, 15, 3)
    other = Source(noise(24, 24, seed=3), noise(24, 24, 1, seed=4), label=9)
    found = run([*turned, other], Target(noise(64, 64, 1, seed=9)), quick())
    assert (found.nnf[..., 0] < 4).mean() <= 0.51


def test_what_may_not_be_touched_is_not() -> None:
    picture, mask = noise(50, 50, seed=3), np.zeros((50, 50), bool)
    mask[15:35, 12:30] = True
    whole = noise(50, 50, seed=3)
    found = run(Source(whole, place(50, 50)), Target(place(50, 50), picture=picture, mask=mask), quick(guide_weights=50.0))
    assert np.array_equal(found.image[~mask], picture[~mask])
    np.testing.assert_allclose(found.image[mask], whole[mask], atol=1e-6)  # what stands around leads to what was there


@pytest.mark.parametrize("patch", [3, 5])
def test_a_wrapped_result_tiles(patch: int) -> None:
    random = np.random.default_rng(2)
    y, x = np.mgrid[0:90, 0:90]
    style = sum(np.cos(k[0] * y + k[1] * x + p) for k, p in zip(random.uniform(-0.6, 0.6, (12, 2)), random.uniform(0, 6, 12), strict=True))
    style = style[..., None].astype(np.float32)
    flat = np.zeros((72, 72, 1), np.float32)
    inside, across = [], []
    for seed in range(3):
        image = run(Source(style, np.zeros_like(style)), Target(flat), quick(patch=patch, wrap=True, seed=seed, rounds=6)).image[..., 0]
        for a in (image, image.T):
            inside.append(np.abs(np.diff(a, axis=0)).mean(1))
            across.append(np.abs(a[0] - a[-1]).mean())
    steps = np.concatenate(inside)
    assert steps.min() <= np.mean(across) <= np.quantile(steps, 0.9)
    plain = run(Source(style, np.zeros_like(style)), Target(flat), quick(patch=patch)).image[..., 0]
    assert np.abs(plain[0] - plain[-1]).mean() > 2 * np.mean(across)


def test_guide_maps_leave_a_guide_out_where_they_are_zero() -> None:
    style, guide = noise(48, 48), place(48, 48)
    misleading = guide[::-1].copy()
    guides = np.concatenate([guide, misleading], -1)
    wrong = np.concatenate([guide, guide], -1)
    maps = np.ones((48, 48, 4), np.float32)
    maps[..., 2:] = 0
    maps[0, 0, 2:] = 1e-6
    found = run(Source(style, wrong), Target(guides, guide_maps=maps), quick(guide_weights=50.0))
    y, x = np.mgrid[0:48, 0:48]
    right = (found.nnf[..., 1] == y) & (found.nnf[..., 2] == x)
    assert right[1:-1, 1:-1].mean() > 0.98
    without = run(Source(style, wrong), Target(guides), quick(guide_weights=50.0))
    assert ((without.nnf[..., 1] == y) & (without.nnf[..., 2] == x)).mean() < 0.5


def test_a_class_that_lies_in_the_borders_alone_does_not_stop_the_start() -> None:
    classes, wanted = np.zeros((2, 32, 32), np.uint8)
    classes[0], wanted[-1] = 1, 1
    style = noise(32, 32)
    found = run(Source(style, style, classes=classes), Target(style, classes=wanted), quick(levels=1))
    assert np.isfinite(found.image).all()
    assert (classes[found.nnf[..., 1], found.nnf[..., 2]][2:-2, 2:-2] == 0).all()
