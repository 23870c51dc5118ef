from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.attribution import CreditMap, credit_frame, regather

from .cases import credits, sources

DTYPES = ["float32", "float16", "uint8", "uint16", "uint32", "float64"]


def any_bits(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Every bit pattern may come, NaN with payload and negative zero among them."""
    kind = np.dtype(dtype)
    return rng.integers(0, 256, (*shape[:-1], shape[-1] * kind.itemsize), dtype=np.uint8).view(kind)


@given(credits(), st.sampled_from(DTYPES), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_frame_made_of_copies_is_gathered_again_bit_for_bit(credit: CreditMap, dtype: str, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pictures = {s.id: any_bits(rng, dtype, (11, 11, channels)) for s in credit.sources}
    out, mask = regather(credit, pictures)
    assert out.dtype == np.dtype(dtype)
    assert np.array_equal(mask, credit.claim == 1)
    for y, x in np.ndindex(credit.shape):  # the slow twin: pixel after pixel, by what `at` says
        pixel = credit.at(x, y)
        expected = pictures[pixel.source.id][pixel.y, pixel.x] if mask[y, x] else np.zeros(channels, dtype)
        assert out[y, x].tobytes() == expected.tobytes()


def test_a_false_claim_of_a_copy_shows() -> None:
    plate = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    frame = plate.copy()
    frame[1, 0, 2] = np.nextafter(frame[1, 0, 2], np.float32(99))
    credit = credit_frame(np.full((1, 2, 2), 65536, np.uint32), np.ones((2, 2), np.uint8), sources(1))
    out, mask = regather(credit, {7: plate})
    assert mask.all()
    assert np.argwhere(out != frame).tolist() == [[1, 0, 2]]


def whole() -> CreditMap:
    return credit_frame(np.full((1, 2, 2), 65536, np.uint32), np.ones((2, 2), np.uint8), sources(1))


@pytest.mark.parametrize(
    ("pictures", "what"),
    [
        ({}, "one or more of one dtype"),
        ({8: np.zeros((2, 2, 3))}, r"source 7 \(plate 000000000000\) is missing, given \[8\]"),
        ({7: np.zeros((2, 2))}, "shape"),
        ({7: np.zeros((2, 2, 3)), 8: np.zeros((2, 2, 3), np.float32)}, "one dtype"),
        ({7: np.zeros((2, 2, 3)), 8: np.zeros((2, 2, 4))}, "one dtype"),
        ({7: np.zeros((1, 2, 3))}, "source 7 is 2x1, but pixels are copied from as far as x=1, y=1"),
    ],
)
def test_wrong_pictures_are_named(pictures: dict[int, np.ndarray], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        regather(whole(), pictures)
