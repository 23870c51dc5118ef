"""Ground truth that we planted: the engine finds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.engine import Source, SynthesisSettings, Target

from .pictures import noise, place, quick, run


def share_right(nnf: np.ndarray, rows: np.ndarray, columns: np.ndarray, inner: tuple[slice, slice]) -> float:
    return float(((nnf[..., 1] == rows) & (nnf[..., 2] == columns))[inner].mean())


@pytest.mark.parametrize("given", [{}, {"patch": 3}, {"uniformity": 0.0}, {"uniformity": 0.0, "guide_weights": 3.0}], ids=str)
@pytest.mark.parametrize("white", [False, True])
def test_a_known_warp_of_a_known_texture_is_found(given: dict[str, Any], white: bool) -> None:
    source = np.random.default_rng(1).random((120, 130, 3), np.float32) if white else noise(120, 130, 3)
    y, x = np.mgrid[0:100, 0:104]
    rows, columns = y + 8 + (x >= 52) * 5, x + 9 + (y >= 50) * 7  # four pieces, each moved its own way
    target = source[rows, columns]
    found = run(Source(source, source), Target(target), SynthesisSettings(**given))
    judged = (slice(2, -2), slice(2, -2))
    apart = np.ones((100, 104), bool)
    apart[:, 50:54] = apart[48:52] = False  # patches over a cut have no right answer
    right = ((found.nnf[..., 1] == rows) & (found.nnf[..., 2] == columns))[judged][apart[judged]]
    assert right.mean() >= 0.99
    assert np.abs(found.image - target)[judged][apart[judged]].max(-1).mean() < 1e-3


@pytest.mark.parametrize("patch", [3, 5, 7, 9])
def test_identity_guides_give_the_identity_field(patch: int) -> None:
    style, guide = noise(48, 53), place(48, 53)
    found = run(Source(style, guide), Target(guide), SynthesisSettings(patch=patch, guide_weights=100.0))
    y, x = np.mgrid[0:48, 0:53]
    r = patch // 2
    assert share_right(found.nnf, y, x, (slice(r, -r), slice(r, -r))) == 1.0
    np.testing.assert_allclose(found.image, style, atol=1e-6)


@settings(max_examples=8, deadline=None)
@given(
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.floats(1e-3, 1e3),
    st.floats(-1e3, 1e3),
    st.integers(1, 8),
    st.integers(1, 32),
)
def test_any_range_type_and_number_of_channels(dtype: type, gain: float, lift: float, style: int, guides: int) -> None:
    values = (noise(32, 32, style, seed=4) * gain + lift).astype(dtype)
    guide = (noise(32, 32, guides, seed=5) * gain).astype(dtype)
    found = run(Source(values, guide), Target(guide), quick(uniformity=0.0))
    y, x = np.mgrid[0:32, 0:32]
    assert share_right(found.nnf, y, x, (slice(1, -1), slice(1, -1))) >= 0.97
    assert values.min() <= found.image.min() + gain * 1e-2
    assert found.image.max() <= float(values.max()) * (1 + np.sign(values.max()) * 1e-3) + gain * 1e-2


def test_highlights_survive() -> None:
    style = noise(40, 40)
    style[20:25, 20:25] = 5000.0
    found = run(Source(style, place(40, 40)), Target(place(40, 40)), quick(guide_weights=1e6, uniformity=0.0))
    assert found.image.max() == 5000.0


def test_start_and_radius_are_kept() -> None:
    style, guide = noise(50, 60), noise(50, 60, 1, seed=7)
    y, x = np.mgrid[0:44, 0:44]
    start = np.stack([np.zeros_like(y), np.clip(y + 3, 1, 48), np.clip(x + 12, 1, 58)], -1)
    target = Target(guide[2:46, 6:50], start=start, radius=4)
    found = run(Source(style, guide), target, quick(levels=2))
    away = np.abs(found.nnf[..., 1:] - start[..., 1:])[1:-1, 1:-1].max(-1)
    assert away.max() <= 4
    assert away.max() > 0
    still = run(Source(style, guide), Target(target.guides, start=start, radius=np.zeros((44, 44), np.int64)), quick(levels=1))
    assert np.array_equal(still.nnf[1:-1, 1:-1], start[1:-1, 1:-1])
