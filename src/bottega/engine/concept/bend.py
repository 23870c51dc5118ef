"""Cloth is never quite straight: a swatch's pieces are moved to where its repeats say, by smooth small moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float

_SIDE = 512  # the moves are found on a picture of about this side, if ...
_LEAST_PERIOD = 16.0  # ... a repeat keeps so many pixels
_BLOCK = 64.0  # what is averaged is as many repeats as are at least this long
_STEPS = 3  # pieces are moved so often, then the mean repeat is taken anew, and so on ...
_SOFT = (3.0, 2.0, 1.2, 1.2)  # ... with less and less blur, in pixels
_MOST = 0.1  # of a repeat that a piece may move in a step
_LEAST_WINDOW, _MOST_WINDOW = 64, 160
_STRETCH = 0.15  # moves that stretch a tenth of the pieces by more are wrong
_AHEAD = 96.0  # pixels, about, from a piece to that it is compared with at first
_WAVES = 6  # cosines each way that the first moves are of
_SAMPLES = 24  # places each way at which they are solved for


def bent(rooted: NDArray[np.float64], place: NDArray[np.float64], periods: tuple[float, float]) -> NDArray[np.float64]:
    """Find smooth moves w such that swatch(place(X) + w(X)) repeats by the periods exactly.

    (1) Each piece is compared with that one or a few repeats on, across and down: what they differ by (Lucas & Kanade 1981, over windows of
    about a repeat) is how much w changes from the one to the other; the smooth w, a sum of slow cosines, that has these changes is solved
    for. So w may grow to more than a thread. (2) The mean repeat m is that over all repeats; w is moved to what takes the swatch to m in
    least squares over the same windows; m is taken anew, sharper than before, and so on. Where there is but one repeat, only the edges
    know of each other. Moves that do not make the repeats more alike, or stretch a tenth of it by more than 15 %, are not made.

    Parameters
    ----------
    rooted : ndarray
        (h, w, 3) float64: cube root of the swatch.
    place : ndarray
        (H, W, 2) float64: where each pixel of the straight cloth is read, (x, y).
    periods : tuple of float
        Width and height of the repeat in pixels of the straight cloth.

    Returns
    -------
    ndarray
        (H, W, 2) float64: the places after the moves.

    Raises
    ------
    ValueError
        If a period is larger than the straight cloth.

    Examples
    --------
    >>> y, x = np.mgrid[0:360, 0:480].astype(float)
    >>> bow = 4 * np.sin(y / 60)
    >>> checks = 0.5 + 0.2 * np.sin((x + bow) * 2 * np.pi / 32) + 0.2 * np.sin(y * 2 * np.pi / 24)
    >>> moved = bent(checks[..., None].repeat(3, -1), np.stack([x, y], axis=-1), (32.0, 24.0))
    >>> left = moved[..., 0] - x + 4 * np.sin(moved[..., 1] / 60)
    >>> bool(left.std() < 0.25 * bow.std())
    True
    """
    height, width = place.shape[:2]
    if periods[0] > width + 1 or periods[1] > height + 1:
        raise ValueError(f"periods are {periods!r}, allowed is at most {width}×{height}")
    factor = max(min(max(height, width) / _SIDE, min(periods) / _LEAST_PERIOD), 1.0)
    small = (max(int(height / factor), 8), max(int(width / factor), 8))
    scale = np.array([width / small[1], height / small[0]])
    coarse = _resized(place, small)
    wave = np.array(periods) / scale
    window = [int(np.clip(w, _LEAST_WINDOW, _MOST_WINDOW)) for w in wave]
    rooted = rooted - _window3(rooted, [int(2 * p) for p in periods])
    first = np.stack(np.meshgrid(*(np.arange(n) for n in small[::-1])), axis=-1).astype(np.float64)
    move = _slowly(_looked(_softened(rooted, _SOFT[0] * factor), coarse), first, wave, window) * scale
    for soft in _SOFT:
        seen = _softened(rooted, soft * factor)
        mean = _mean_repeat(_looked(seen, coarse + move), wave)
        slopes = _slopes(mean)
        inverse = _inverse(slopes, window)
        for _ in range(_STEPS):
            known = _known(coarse + move, rooted.shape)
            step = _step(mean * known, _looked(seen, coarse + move) * known, slopes, inverse, window)
            step = np.clip(step, -_MOST * wave, _MOST * wave) * scale
            move = move + np.stack([_window(step[..., i], window) for i in (0, 1)], axis=-1)
    seen = _softened(rooted, _SOFT[-1] * factor)
    if _unlike(seen, coarse + move, wave) >= _unlike(seen, coarse, wave) or _stretch(move / scale) > _STRETCH:
        return place
    return place + _resized(move, (height, width))


def _known(place: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(h, w, 1): where a place lies in the swatch; what lies beyond its edge tells of no move."""
    inside = (place >= 0).all(axis=-1) & (place[..., 0] <= shape[1] - 1) & (place[..., 1] <= shape[0] - 1)
    return inside[..., None]


def _unlike(seen: Float, place: NDArray[np.float64], wave: NDArray[np.float64]) -> float:
    """How much of the picture is not its mean repeat."""
    picture = _looked(seen, place)
    return float(np.square(picture - _mean_repeat(picture, wave)).sum() / max(np.square(picture).sum(), 1e-12))


def _stretch(move: NDArray[np.float64]) -> float:
    return max(float(np.quantile(np.abs(slope), 0.9)) for i in (0, 1) for slope in np.gradient(move[..., i]))


def _slowly(seen: NDArray[np.float64], grid: NDArray[np.float64], wave: NDArray[np.float64], window: list[int]) -> NDArray[np.float64]:
    """Moves, in cells of the grid, that have the differences from repeats to those after them, as sums of slow cosines."""
    height, width = seen.shape[:2]
    rows, wanted = [], []
    every = tuple(np.unique(np.linspace(0, n - 1, _SAMPLES).astype(int)) for n in (height, width))
    for axis in (0, 1):
        ahead = np.zeros(2)
        ahead[axis] = float(wave[axis]) * max(round(_AHEAD / float(wave[axis])), 1)
        if ahead[axis] > 0.75 * (width, height)[axis]:
            continue
        apart = _apart(seen, grid, ahead, window)
        x, y = np.meshgrid(every[1], every[0])
        ok = (x + ahead[0] <= width - 1) & (y + ahead[1] <= height - 1)
        x, y = x[ok], y[ok]
        rows.append(_cosines(x + ahead[0], y + ahead[1], (width, height)) - _cosines(x, y, (width, height)))
        wanted.append(apart[y, x])
    if not rows:
        return np.zeros((height, width, 2))
    basis = np.concatenate(rows)
    size = np.array([1e-3 * len(basis) * (i * i + j * j) / _WAVES for i in range(_WAVES) for j in range(_WAVES)][1:]) ** 0.5
    basis = np.concatenate([basis, np.diag(size)])
    solved = np.linalg.lstsq(basis, np.concatenate([*wanted, np.zeros((len(size), 2))]), rcond=None)[0]
    x, y = grid[..., 0].ravel(), grid[..., 1].ravel()
    result: NDArray[np.float64] = (_cosines(x, y, (width, height)) @ solved).reshape(height, width, 2)
    return result


def _cosines(x: NDArray[Any], y: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float64]:
    """(n, waves² - 1): products of cosines, but the constant one."""
    across = np.cos(np.pi * np.arange(_WAVES) * x[:, None] / size[0])
    down = np.cos(np.pi * np.arange(_WAVES) * y[:, None] / size[1])
    return np.asarray((across[:, :, None] * down[:, None, :]).reshape(len(x), -1)[:, 1:])


def _apart(seen: NDArray[np.float64], grid: NDArray[np.float64], ahead: NDArray[np.float64], window: list[int]) -> NDArray[np.float64]:
    """By how much what lies ahead lies further on than it should."""
    slopes = _slopes(seen)
    inverse = _inverse(slopes, window)
    apart, picture = np.zeros_like(grid), seen.astype(np.float32)
    for _ in range(2 * _STEPS):
        apart = apart + _step(seen, _looked(picture, grid + ahead + apart), slopes, inverse, window)
    return apart


def _step(
    wanted: NDArray[np.float64], seen: NDArray[np.float64], slopes: NDArray[np.float64], inverse: NDArray[np.float64], window: list[int]
) -> NDArray[np.float64]:
    off = wanted - seen
    push = np.stack([_window((slopes[..., i, :] * off).sum(axis=-1), window) for i in (0, 1)], axis=-1)
    return np.stack([inverse[..., i, 0] * push[..., 0] + inverse[..., i, 1] * push[..., 1] for i in (0, 1)], axis=-1)


def _slopes(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """(h, w, 2, 3): across and down, of each channel."""
    across, down = np.gradient(picture, axis=(1, 0))
    return np.stack([across, down], axis=2)


def _softened(rooted: NDArray[np.float64], sigma: float) -> Any:
    import cv2

    return cv2.GaussianBlur(rooted.astype(np.float32), (0, 0), sigma)


def _resized(plane: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    import cv2

    return np.asarray(cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), np.float64)


def _looked(seen: Float, place: NDArray[np.float64]) -> NDArray[np.float64]:
    import cv2

    x, y = (np.ascontiguousarray(place[..., i], np.float32) for i in (0, 1))
    return np.asarray(cv2.remap(seen, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def _mean_repeat(picture: NDArray[np.float64], wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """At each pixel the mean of the picture over all places that are whole repeats away."""
    for axis, period in ((1, float(wave[0])), (0, float(wave[1]))):
        picture = np.moveaxis(_mean_along(np.moveaxis(picture, axis, 0), period), 0, axis)
    return picture


def _mean_along(lines: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    length = len(lines)
    block = period * max(round(_BLOCK / period), 1) if period * 2 <= length else period
    total, many = np.zeros_like(lines), np.zeros(length)
    for index in range(-int(length / block) - 1, int(length / block) + 2):
        at = np.arange(length) + index * block
        ok = (at >= 0) & (at <= length - 1)
        low = np.minimum(np.floor(at[ok]).astype(int), length - 2)
        part = (at[ok] - low).reshape(-1, *[1] * (lines.ndim - 1))
        total[ok] += (1 - part) * lines[low] + part * lines[low + 1]
        many[ok] += 1
    result: NDArray[np.float64] = total / many.reshape(-1, *[1] * (lines.ndim - 1))
    return result


def _window(plane: NDArray[np.float64], window: list[int]) -> NDArray[np.float64]:
    from scipy.ndimage import uniform_filter1d

    for axis, size in ((1, window[0]), (0, window[1])):
        plane = uniform_filter1d(plane, min(size, 2 * plane.shape[axis] - 1), axis=axis, mode="nearest")
    return plane


def _window3(picture: NDArray[np.float64], window: list[int]) -> NDArray[np.float64]:
    return np.stack([_window(picture[..., i], window) for i in range(3)], axis=-1)


def _inverse(slopes: NDArray[np.float64], window: list[int]) -> NDArray[np.float64]:
    """Inverse of each window's structure tensor; what a window does not tell of, such as a shift along its stripes, is left as it is."""
    xx, xy, yy = (_window((slopes[..., i, :] * slopes[..., j, :]).sum(axis=-1), window) for i, j in ((0, 0), (0, 1), (1, 1)))
    least = 0.02 * float((xx + yy).mean()) + 1e-12
    xx, yy = xx + least, yy + least
    apart = xx * yy - xy * xy
    return np.stack([np.stack([yy, -xy], axis=-1), np.stack([-xy, xx], axis=-1)], axis=-2) / apart[..., None, None]
