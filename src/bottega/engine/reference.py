"""Slow, short numpy twins of the compiled kernels: the specification they are tested against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def encode(values: Float, toe: float) -> Float:
    """Twin of `kernels.encode`: sign(x)·log(1 + |x|/toe)."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values) / np.float32(toe)), np.float32)


def decode(values: Float, toe: float) -> Float:
    """Inverse of `encode`: sign(y)·toe·(exp|y| − 1)."""
    return np.asarray(np.sign(values) * np.float32(toe) * np.expm1(np.abs(values)), np.float32)


def _positions(shift: Float, top: int, left: int, height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = np.mgrid[0 : shift.shape[0], 0 : shift.shape[1]]
    x = np.clip(columns + left + shift[..., 0].astype(np.float64), 0, width - 1)
    y = np.clip(rows + top + shift[..., 1].astype(np.float64), 0, height - 1)
    return y, x


def sample_linear(source: Float, shift: Float, top: int, left: int) -> Float:
    """Twin of `kernels.sample_linear`."""
    height, width = source.shape[:2]
    y, x = _positions(shift, top, left, height, width)
    y0, x0 = np.minimum(y.astype(int), height - 2), np.minimum(x.astype(int), width - 2)
    fy, fx = (y - y0)[..., None], (x - x0)[..., None]
    upper = source[y0, x0] * (1 - fx) + source[y0, x0 + 1] * fx
    lower = source[y0 + 1, x0] * (1 - fx) + source[y0 + 1, x0 + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)


def compose(first: Float, second: Float) -> Float:
    """Twin of `kernels.compose`: first(x) + second(x + first(x))."""
    return first + sample_linear(second, first, 0, 0)


def _keys_cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def sample_cubic(source: Float, shift: Float, top: int, left: int) -> Float:
    """Twin of `kernels.sample_cubic`: Keys' cubic convolution with a = -1/2."""
    height, width = source.shape[:2]
    y, x = _positions(shift, top, left, height, width)
    out = np.zeros((*shift.shape[:2], source.shape[2]))
    for j in range(-1, 3):
        for i in range(-1, 3):
            yy, xx = y.astype(int) + j, x.astype(int) + i
            weight = _keys_cubic(y - yy) * _keys_cubic(x - xx)
            out += weight[..., None] * source[np.clip(yy, 0, height - 1), np.clip(xx, 0, width - 1)]
    return np.asarray(out, np.float32)


def mismatch(to_key: Float, from_key: Float, here: NDArray[np.uint8], key: NDArray[np.uint8], unit: float) -> Float:
    """Twin of `kernels.mismatch`."""
    height, width = here.shape
    warped = sample_linear(key[..., None].astype(np.float32), to_key, 0, 0)[..., 0]
    trip = to_key + sample_linear(from_key, to_key, 0, 0)
    rows, columns = np.mgrid[0:height, 0:width]
    y, x = _positions(to_key, 0, 0, height, width)
    outside = (columns + to_key[..., 0] - x) ** 2 + (rows + to_key[..., 1] - y) ** 2
    difference = (here.astype(np.float32) - warped) / unit
    return np.stack([difference**2, (trip**2).sum(-1) + outside], -1).astype(np.float32)


def misfit(here: NDArray[np.uint8], key: NDArray[np.uint8], to_key: Float, way: tuple[int, int, int], most: float) -> Float:
    """Twin of `map_kernels.misfit` where everything is asked."""
    height, width = here.shape[:2]
    across, down, step = way
    rows, columns = np.clip(np.arange(height) + down, 0, height - 1), np.clip(np.arange(width) + across, 0, width - 1)
    there = sample_linear(key.astype(np.float32), np.ascontiguousarray(to_key[rows][:, columns]), 0, 0)
    return np.asarray(np.minimum(np.abs(here.astype(np.float32) - there), most).mean(-1)[::step, ::step], np.float32)


def taken(maps: tuple[Float, Float], chosen: NDArray[np.uint8], ways: NDArray[np.int64], step: int) -> Float:
    """Twin of `map_kernels.taken`."""
    first, second = maps
    height, width = first.shape[:2]
    choice = chosen.repeat(step, 0).repeat(step, 1)[:height, :width]
    rows, columns = np.mgrid[:height, :width]
    rows, columns = np.clip(rows + ways[choice, 1], 0, height - 1), np.clip(columns + ways[choice, 0], 0, width - 1)
    return np.where(choice[..., None] == 0, first, second[rows, columns])


def energies(plate_high: Float, key: Float) -> Float:
    """Twin of `kernels.energies`."""
    there, change = key[..., 3:6], key[..., 6:9]
    return np.stack([((plate_high - there) ** 2).mean(-1), (change**2).mean(-1), (plate_high**2 + there**2).mean(-1)], -1)


def whole_parts(shares: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Twin of `kernels.whole_parts`: largest remainder, the plate first."""
    every = np.concatenate([[max(0.0, 1 - shares.sum())], shares / max(1.0, shares.sum())])
    exact = every * 65536
    out = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - out), kind="stable")
    for i in range(int(65536 - out.sum())):
        out[order[i % out.size]] += 1
    return np.asarray(out, np.uint32)


def blend(pictures: tuple[Float, Float], changes: Float, trust: Float, choice: Float, *, tone: Float, detail: Float, toe: float) -> Float:
    """Twin of `kernels.blend` where something of a key is used (its weights are `whole_parts`, its copies the caller's pixels)."""
    encoded, plate_high = pictures
    value = encoded.copy()
    for change, trusted, chosen in zip(changes, trust, choice, strict=True):
        high = change[..., 3:6] + change[..., 6:9] - plate_high
        value += chosen[..., None] * (tone[..., None] * change[..., :3] + detail[..., None] * trusted[..., 1:] * high)
    return decode(value, toe)


def apart(here: Float, there: Float, flow: Float) -> Float:
    """Twin of `steady_kernels.apart`, that gives the mean square back."""
    away = sample_linear(there, flow, 0, 0) - here
    return np.asarray((away * away).mean(-1), np.float32)


def gather(
    sums: tuple[Float, Float, Float], from_there: tuple[Float, NDArray[np.uint32], Float], flow: Float, weight: Float
) -> tuple[Float, Float, Float]:
    """Twin of `steady_kernels.gather`, that gives the new sums back."""
    (total, shares, norm), (change, parts, reach) = sums, from_there
    moved = sample_linear(np.concatenate([change, np.moveaxis(parts[1:], 0, -1), reach[..., None]], -1), flow, 0, 0) * weight[..., None]
    return total + moved[..., :3], shares + np.moveaxis(moved[..., 3:-1], -1, 0), norm + moved[..., -1]


def settle(encoded: Float, means: tuple[Float, Float], toe: float) -> tuple[Float, NDArray[np.uint32]]:
    """Twin of `steady_kernels.settle` where something of a key is used: the picture and its weights."""
    change, shares = means
    weights = np.apply_along_axis(whole_parts, 0, shares.astype(np.float64) / 65536)
    return decode(np.asarray(encoded + change, np.float32), toe), weights
