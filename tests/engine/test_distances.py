"""Distances are exact, and the same bits wherever they lie in memory."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from bottega.engine.distances import distance_to_zero


def mask(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (cv2.GaussianBlur(rng.random((230, 310), np.float32), (0, 0), 6) > 0.48).astype(np.uint8)


def test_distances_are_those_to_the_nearest_zero() -> None:
    shape = mask(1)[:60, :70]
    zeros = np.argwhere(shape == 0)
    rows, columns = np.mgrid[0:60, 0:70]
    squared = ((rows[..., None] - zeros[:, 0]) ** 2 + (columns[..., None] - zeros[:, 1]) ** 2).min(-1)
    assert np.array_equal(distance_to_zero(shape, most_px=9), np.minimum(np.sqrt(squared.astype(np.float32)), np.float32(9)))


def test_every_alignment_of_memory_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's last bit goes with the address of its result; ours must not."""
    shape, plain = mask(2), cv2.distanceTransform
    wanted = distance_to_zero(shape, most_px=40)
    for offset in (0, 4, 8, 16, 32, 48):
        raw = np.empty(shape.size * 4 + 128, np.uint8)
        begin = -raw.ctypes.data % 64 + offset
        to = raw[begin : begin + shape.size * 4].view(np.float32).reshape(shape.shape)
        monkeypatch.setattr(cv2, "distanceTransform", lambda *given, to=to: plain(*given, dst=to))
        assert np.array_equal(distance_to_zero(shape, most_px=40), wanted)


@pytest.mark.parametrize("most", [0.5, 1025.0, float("nan")])
def test_a_distance_out_of_range_is_refused(most: float) -> None:
    with pytest.raises(ValueError, match="allowed is 1 to 1024"):
        distance_to_zero(mask(3), most_px=most)
