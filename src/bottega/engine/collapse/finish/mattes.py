"""Which pieces a pixel is of, and how much of it: the samples counted by piece or by what pieces belong to, the largest part first."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Owners(NamedTuple):
    """P parts of pixels.

    pixel
        (P,) int32: row · width + column.
    piece
        (P,) int32.
    share
        (P,) float32, 0..1: of the pixel, as in the frame: held out by what stands before it, a card's by its matte.
    """

    pixel: Array
    piece: Array
    share: Array


def ranked(owners: Owners, group: Array, *, size: tuple[int, int], ranks: int) -> tuple[Array, Array]:
    """Each pixel's groups by coverage: coverage_k = Σ shares of the pieces of group_k, the largest first, the lower number among equals.

    Parameters
    ----------
    owners : Owners
        Parts of pixels.
    group : (N,) int
        Of each piece: its own number, or what it belongs to; 0 or above.
    size : (H, W)
        Of the frame.
    ranks : int
        How many groups a pixel keeps; a pixel of more is refused, nothing is left out.

    Returns
    -------
    group, coverage : (ranks, H, W) int32 and float32
        −1 and 0 where there are fewer.

    Raises
    ------
    ValueError
        A pixel of more groups than ranks, by its column and row.

    Examples
    --------
    >>> parts = Owners(np.array([1, 1, 1]), np.array([0, 1, 2]), np.array([0.25, 0.5, 0.25], np.float32))
    >>> kind, coverage = ranked(parts, np.array([7, 3, 7]), size=(1, 2), ranks=2)
    >>> kind[:, 0, 1].tolist(), coverage[:, 0, 1].tolist()
    ([3, 7], [0.5, 0.5])
    """
    height, width = size
    found, of = np.full((ranks, height * width), -1, np.int32), np.zeros((ranks, height * width), np.float32)
    if len(owners.pixel):
        key = owners.pixel.astype(np.int64) * (int(group.max()) + 1) + group[owners.piece]
        keys, row = np.unique(key, return_inverse=True)
        total = np.zeros(len(keys))
        np.add.at(total, row, owners.share.astype(np.float64))
        pixel, which = np.divmod(keys, int(group.max()) + 1)
        order = np.lexsort((which, -total, pixel))
        pixel, which, total = pixel[order], which[order], total[order]
        rank = np.arange(len(pixel)) - np.searchsorted(pixel, pixel, side="left")
        if rank.max() >= ranks:
            at = int(pixel[rank.argmax()])
            raise ValueError(f"pixel {at % width}, {at // width} is of {int(rank.max()) + 1} groups, allowed are {ranks}")
        there = total > 0
        found[rank[there], pixel[there]], of[rank[there], pixel[there]] = which[there], total[there]
    return found.reshape(ranks, height, width), of.reshape(ranks, height, width)
