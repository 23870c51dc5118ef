"""Every kernel against its numpy twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bottega.engine import kernels, reference

RNG = np.random.default_rng(3)


def floats(*shape: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    return RNG.uniform(low, high, shape).astype(np.float32)


def test_encode_is_its_twin_and_survives_zero_negatives_and_highlights() -> None:
    values = np.concatenate([floats(500, low=-2, high=20), np.array([0, -0.0, 1, 65504], np.float32)]).reshape(-1, 1, 1)
    encoded = kernels.encode(values, np.float32(0.02))
    np.testing.assert_allclose(encoded, reference.encode(values, 0.02), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(reference.decode(encoded, 0.02), values, rtol=2e-5, atol=1e-6)
    assert encoded[500:502].tolist() == [[[0.0]], [[0.0]]]


@pytest.mark.parametrize("name", ["sample_linear", "sample_cubic"])
@pytest.mark.parametrize("window", [(0, 0), (5, 9)])
def test_sampling_is_its_twin(name: str, window: tuple[int, int]) -> None:
    source, shift = floats(33, 41, 9), floats(20, 24, 2, low=-12, high=12)
    ours = getattr(kernels, name)(source, shift, *window)
    np.testing.assert_allclose(ours, getattr(reference, name)(source, shift, *window), atol=2e-6)


@pytest.mark.parametrize("name", ["sample_linear", "sample_cubic"])
def test_a_whole_shift_copies_bits(name: str) -> None:
    source = floats(33, 41, 3)
    shift = np.broadcast_to(np.array([3, -2], np.float32), (20, 24, 2)).copy()
    assert np.array_equal(getattr(kernels, name)(source, shift, 4, 6), source[2:22, 9:33])


def test_cubic_repeats_a_parabola() -> None:
    x = np.arange(40, dtype=np.float32)
    source = np.broadcast_to((x * x)[None, :, None], (40, 40, 1)).copy()
    shift = np.full((20, 20, 2), 0.37, np.float32)
    wanted = (x[10:30] + np.float32(0.37)) ** 2
    np.testing.assert_allclose(kernels.sample_cubic(source, shift, 10, 10)[5, :, 0], wanted, rtol=1e-5)


def test_compose_and_mismatch_are_their_twins() -> None:
    first, second = floats(40, 36, 2, low=-6, high=6), floats(40, 36, 2, low=-6, high=6)
    np.testing.assert_allclose(kernels.compose(first, second), reference.compose(first, second), atol=1e-5)
    here, there = (RNG.integers(0, 256, (40, 36)).astype(np.uint8) for _ in range(2))
    ours = kernels.mismatch(first, second, here, there, np.float32(40))
    np.testing.assert_allclose(ours, reference.mismatch(first, second, here, there, 40.0), rtol=1e-4, atol=1e-4)


def test_energies_are_their_twin() -> None:
    high, key = floats(12, 14, 3), floats(12, 14, 9)
    np.testing.assert_allclose(kernels.energies(high, key), reference.energies(high, key), rtol=1e-5)


@settings(max_examples=200, deadline=None)
@given(arrays.arrays(np.float64, st.integers(1, 15), elements=st.floats(0, 1)), st.floats(0, 1))
def test_parts_always_sum_to_65536_and_are_within_one_part_of_their_share(raw: np.ndarray, total: float) -> None:
    shares = raw / raw.sum() * total if raw.sum() > 0 else raw
    out = np.empty(shares.size + 1, np.uint32)
    kernels.whole_parts(shares, out)
    assert int(out.sum()) == 65536
    assert np.abs(out[1:] - shares / max(1.0, shares.sum()) * 65536).max() <= 1.0 + 1e-6
    assert np.abs(out.astype(np.int64) - reference.whole_parts(shares).astype(np.int64)).max() <= 1


@pytest.mark.parametrize("count", [1, 3])
def test_blend_is_its_twin(count: int) -> None:
    plate, high = floats(16, 18, 3, low=0, high=2), floats(16, 18, 3, low=-0.2, high=0.2)
    changes, trust = floats(count, 16, 18, 9, low=-0.3, high=0.3), floats(count, 16, 18, 2, low=0.2, high=1)
    choice = floats(count, 16, 18, low=0.1, high=1)
    choice /= choice.sum(0)
    tone, detail = floats(16, 18, low=0.1, high=1.5), floats(16, 18, low=0.1, high=1.5)
    encoded = kernels.encode(plate, np.float32(0.02))
    out = plate.copy(), np.empty((count + 1, 16, 18), np.uint32), np.empty((16, 18), np.uint8)
    kernels.blend((plate, encoded, high), (changes, trust, choice), (tone, detail, 0.02), out)
    twin = reference.blend((encoded, high), changes, trust, choice, tone=tone, detail=detail, toe=0.02)
    np.testing.assert_allclose(out[0], twin, rtol=2e-5, atol=1e-6)
    assert not out[2].any()
    assert (out[1].sum(0) == 65536).all()
