"""A swatch laid straight by its own repeats: whole repeats become whole pixels along rows and columns, first all of it, then bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bend import bent
from .records import Float
from .repeat import Lattice

BAND = 8  # the seam lies within a band of at most one eighth of the tile ...
LEAST_BAND_PX = 3  # ... and of at least this
_WHOLE = 0.05  # pixels that are all so near to the swatch's own are its own
_MARGIN = 0.015  # of the swatch's side that is left over for its bends, if it holds several repeats
_AROUND = 3  # so many repeats away a missing corner is looked for


def straightened(packed: Float, lattice: Lattice) -> tuple[Float, tuple[int, int]]:
    """Lay a swatch straight: out(X) = swatch(o + A·X + w(X)), where A takes whole pixels to whole steps of its lattice and w is of `bent`.

    Parameters
    ----------
    packed : ndarray
        (h, w, 6) float32: linear colour, place in the photo, gain.
    lattice : Lattice
        By what it repeats.

    Returns
    -------
    packed : ndarray
        (H, W, 6) float32: the tile and, where there is some, more of the swatch on its right and below, for the seam.
    size : tuple of int
        Width and height of the tile in pixels.

    Raises
    ------
    ValueError
        If the swatch does not hold a whole repeat.

    Examples
    --------
    >>> tile = np.random.default_rng(1).random((12, 20, 6), np.float32)
    >>> laid, size = straightened(np.tile(tile, (4, 4, 1)), Lattice((20.0, 0.0), (0.0, 12.0)))
    >>> size, laid.shape
    ((60, 36), (40, 67, 6))
    """
    height, width = packed.shape[:2]
    if lattice == Lattice(None, None):
        return packed, (width - max(width // BAND, LEAST_BAND_PX), height - max(height // BAND, LEAST_BAND_PX))
    steps = np.stack([np.array(lattice.across or (0.0, 0.0)), np.array(lattice.down or (0.0, 0.0))])
    matrix, tile, size = _fitted(lattice, (width, height))
    low, high = _box(matrix, size)
    origin = np.clip((np.array([width, height]) - 1 - (high - low)) / 2, 0, None) - low
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float64)
    place = origin + np.stack([x, y], axis=-1) @ matrix.T
    place = _inside(place, steps, (width, height))
    if lattice.across is not None and lattice.down is not None:
        periods = tuple(float(np.hypot(*steps[i])) / float(np.hypot(*matrix[:, i])) for i in (0, 1))
        place = bent(np.cbrt(packed[..., :3].astype(np.float64)), place, (periods[0], periods[1]))
        place = _inside(place, steps, (width, height))
    if np.abs(place - np.rint(place)).max() < _WHOLE:
        y, x = np.clip(np.rint(place[..., ::-1]), 0, (height - 1, width - 1)).astype(np.int64).transpose(2, 0, 1)
        return packed[y, x], tile
    return _read(packed, place), tile


def _fitted(lattice: Lattice, have: tuple[int, int]) -> tuple[NDArray[np.float64], tuple[int, int], tuple[int, int]]:
    """How pixels of the tile go in the swatch (2, 2), the tile's size, and its size with the band beyond: as many repeats as lie within."""
    steps = (lattice.across, lattice.down)
    many = [1, 1]
    for axis, step in enumerate(steps):
        if step is not None:
            many[axis] = int((have[axis] + 1) // abs(step[axis]))
            if many[axis] < 1:
                long = float(np.hypot(*step))
                raise ValueError(f"swatch is {have[axis]} pixels long and its repeat {long:.5g}, allowed is at least one whole repeat")
    while True:
        matrix, tile = _tile(steps, (many[0], many[1]), have)
        band = [max(side // BAND, LEAST_BAND_PX) for side in tile]
        for share in (1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.0):
            size = tuple(side + max(int(share * more), LEAST_BAND_PX) for side, more in zip(tile, band, strict=True))
            low, high = _box(matrix, (size[0], size[1]))
            if (high - low <= np.array(have) * (1 - 2 * _MARGIN) - 1).all():
                return matrix, tile, (size[0], size[1])
        if many == [1, 1]:
            return matrix, tile, (size[0], size[1])
        many[0 if many[0] >= many[1] else 1] -= 1


def _tile(steps: Any, many: tuple[int, int], have: tuple[int, int]) -> tuple[NDArray[np.float64], tuple[int, int]]:
    columns, tile = [], []
    for axis in (0, 1):
        if steps[axis] is None:
            columns.append(np.eye(2)[axis])
            tile.append(have[axis] - max(have[axis] // BAND, LEAST_BAND_PX))
            continue
        vector = np.array(steps[axis]) * many[axis]
        tile.append(max(round(float(np.hypot(*vector))), 1))
        columns.append(vector / tile[axis])
    return np.stack(columns, axis=-1), (tile[0], tile[1])


def _box(matrix: NDArray[np.float64], size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    corners = np.array([[0, 0], [size[0] - 1, 0], [0, size[1] - 1], [size[0] - 1, size[1] - 1]]) @ matrix.T
    return corners.min(axis=0), corners.max(axis=0)


def _inside(place: NDArray[np.float64], steps: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Places moved by whole repeats into the swatch; what cannot be is left, to be read at the edge."""
    edge = np.array(size) - 1.0

    def out(p: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = (np.maximum(-p, 0) + np.maximum(p - edge, 0)).sum(axis=-1)
        return result

    away = out(place)
    lost = np.nonzero(away > 0)
    if not lost[0].size or not steps.any():
        return place
    given = place[lost]
    best, least = given.copy(), away[lost]
    tries = [(i, j) for i in range(-_AROUND, _AROUND + 1) for j in range(-_AROUND, _AROUND + 1)]
    for i, j in sorted(tries, key=lambda t: (abs(t[0]) + abs(t[1]), t)):
        moved = given + i * steps[0] + j * steps[1]
        far = out(moved)
        better = far < least - 1e-9
        best[better], least[better] = moved[better], far[better]
    place = place.copy()
    place[lost] = best
    return place


def _read(packed: Float, place: NDArray[np.float64]) -> Float:
    """Colour by cubics, held within what is around so that nothing rings; place and gain between neighbours."""
    import cv2

    x, y = (np.ascontiguousarray(place[..., i], np.float32) for i in (0, 1))
    colour = _cubic(packed[..., :3], x, y)
    rest = [cv2.remap(np.ascontiguousarray(packed[..., i]), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for i in (3, 4, 5)]
    return np.concatenate([colour, np.stack(rest, axis=-1)], axis=-1).astype(np.float32)


def _cubic(colour: Float, x: Any, y: Any) -> Float:
    from scipy.ndimage import map_coordinates

    planes = [map_coordinates(colour[..., i], (y, x), order=3, mode="nearest") for i in range(3)]
    return np.asarray(np.maximum(np.stack(planes, axis=-1), 0), np.float32)
