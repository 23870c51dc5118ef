"""All sources of one level, one below the other in one array: a row of the atlas says which source, so which label, it belongs to.

Where a patch centre may be is a map, so no patch crosses from one source into the next, touches a pixel outside a mask, or needs padding.
Every source begins on a row of blocks of its own, so a block's use is one source's use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inputs import Source
from .metric import Metric, pack
from .pyramid import Allocate, bands, every, halve
from .vector import SLACK
from .vote import GROUP

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sheet:
    """One source at one level: pictures, and class + 1 of each pixel that may be copied, 0 elsewhere."""

    style: Array
    guides: Array
    kind: NDArray[np.uint8]

    def halved(self, allocate: Allocate) -> Sheet:
        """The next coarser level. A pixel of it may be copied when all four below may; its class is that of the first."""
        odd = tuple((0, side % 2) for side in self.kind.shape)
        first = self.kind[::2, ::2] * every(np.pad(self.kind, odd, mode="edge") > 0)
        return Sheet(halve(self.style, allocate), halve(self.guides, allocate), first)


def full_sheet(source: Source) -> Sheet:
    """A source at full size."""
    kind = np.ones(source.style.shape[:2], np.uint8) if source.classes is None else source.classes + np.uint8(1)
    return Sheet(source.style, source.guides, kind if source.mask is None else kind * source.mask)


@dataclass(frozen=True, eq=False)
class Atlas:
    """The sheets of a level laid out for the search."""

    sheets: tuple[Sheet, ...]
    tops: NDArray[np.int64]  # first row of each sheet; one past the last sheet's end
    packed: NDArray[np.int16]  # flat, with SLACK
    style: NDArray[np.float32]  # channels in whole groups of 4
    kind: NDArray[np.uint8]
    centre: NDArray[np.uint8]  # kind where the whole patch may be copied, else 0
    origin: NDArray[np.int32]  # atlas row -> source
    label: NDArray[np.int32]  # atlas row -> index of its label
    block_row: NDArray[np.int32]
    block_column: NDArray[np.int32]
    area: NDArray[np.int64]  # pixels of a block that may be copied

    def plain(self) -> bool:
        """One source, one class, no mask: every patch inside the frame is allowed."""
        return len(self.sheets) == 1 and int(self.kind.min()) == int(self.kind.max())


def shrink(kind: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """Kind where all pixels up to `radius` away each way are copyable, else 0; outside the picture nothing is."""
    inside = np.pad(kind > 0, radius)
    for axis in (0, 1):
        size = inside.shape[axis] - 2 * radius
        inside = np.logical_and.reduce([inside.take(range(i, i + size), axis) for i in range(2 * radius + 1)])
    return np.asarray(kind * inside, np.uint8)


def places(sheets: Sequence[Sheet], patch: int) -> NDArray[np.int64]:
    """First rows of the sheets, each a multiple of the patch, and one past the end."""
    heights = [-(-s.kind.shape[0] // patch) * patch for s in sheets]
    return np.concatenate([[0], np.cumsum(heights)]).astype(np.int64)


def lay_styles(sheets: Sequence[Sheet], patch: int, allocate: Allocate) -> tuple[NDArray[np.int64], Array, NDArray[np.uint8]]:
    """What a vote needs of the sheets: first rows, styles in whole groups of 4 channels, kinds."""
    tops = places(sheets, patch)
    rows, columns, of_style = int(tops[-1]), max(s.kind.shape[1] for s in sheets), sheets[0].style.shape[2]
    style = allocate((rows, columns, -(-of_style // GROUP) * GROUP), np.dtype(np.float32))
    kind = np.zeros((rows, columns), np.uint8)
    for sheet, top in zip(sheets, tops[:-1], strict=True):
        height, width = sheet.kind.shape
        kind[top : top + height, :width] = sheet.kind
        style[top : top + height, :width, :of_style] = sheet.style
        style[top : top + height, :width, of_style:] = 0
    return tops, style, kind


def lay_out(sheets: Sequence[Sheet], labels: Sequence[int], metric: Metric, patch: int, allocate: Allocate) -> Atlas:
    """Copy the sheets of a level into one atlas. `labels` are indices, a sheet each."""
    tops, style, kind = lay_styles(sheets, patch, allocate)
    (rows, columns), channels = kind.shape, metric.scale.size
    packed = allocate((kind.size * channels + SLACK,), np.dtype(np.int16))
    packed[kind.size * channels :] = 0
    view = packed[: kind.size * channels].reshape(rows, columns, channels)
    centre = np.zeros_like(kind)
    for sheet, top in zip(sheets, tops[:-1], strict=True):
        height, width = sheet.kind.shape
        centre[top : top + height, :width] = shrink(sheet.kind, patch // 2)
        _pack(sheet, metric, view[top : top + height, :width])
    number = np.searchsorted(tops, np.arange(rows), side="right") - 1
    across = -(-columns // patch)
    block_row, block_column = np.arange(rows) // patch * across, np.arange(columns) // patch
    area = np.bincount((block_row[:, None] + block_column)[kind > 0].ravel(), minlength=rows // patch * across)
    return Atlas(
        tuple(sheets), tops, packed, style, kind, centre, number.astype(np.int32), np.asarray(labels, np.int32)[number],
        block_row.astype(np.int32), block_column.astype(np.int32), area,
    )  # fmt: skip


def _pack(sheet: Sheet, metric: Metric, packed: Array) -> None:
    of_style, columns = sheet.style.shape[2], np.arange(sheet.kind.shape[1])
    for top, bottom in bands(sheet.kind.shape[0]):
        for values, first in ((sheet.style, 0), (sheet.guides, of_style)):
            given = np.ascontiguousarray(values[top:bottom], np.float32)
            part = slice(first, first + values.shape[2])
            pack(given, packed[top:bottom], first, metric.scale[part], metric.offset[part], np.arange(bottom - top), columns)
