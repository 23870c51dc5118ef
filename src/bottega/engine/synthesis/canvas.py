"""The target at one level: the picture with a rim of half a patch around it.

Where the result is to tile, the rim continues the picture from the other side, and every pixel has a patch of its own. Else patches stay
inside the picture: the pixels of its border, half a patch wide, are voted for by patches further in, and nothing looks at the rim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .metric import WEIGHT_ONE, Metric, pack
from .pyramid import Allocate, bands, halve, some
from .vector import SLACK

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Scene:
    """What the caller gave for the target, at one level and without the rim."""

    guides: Array
    picture: Array | None
    mask: NDArray[np.bool_] | None
    classes: NDArray[np.uint8] | None
    maps: Array | None

    def halved(self, allocate: Allocate) -> Scene:
        """The next coarser level: made where a pixel below is made, of the first one's class."""
        picture, maps = (None if a is None else halve(a, allocate) for a in (self.picture, self.maps))
        mask = None if self.mask is None else some(self.mask)
        classes = None if self.classes is None else self.classes[::2, ::2]
        return Scene(halve(self.guides, allocate), picture, mask, classes, maps)


@dataclass(frozen=True, eq=False)
class Canvas:
    """Arrays over picture and rim. `inner` cuts the rim off."""

    packed: NDArray[np.int16]  # flat, with SLACK
    weights: NDArray[np.int16]  # flat, or (0, 0)
    site: NDArray[np.uint8]  # 1 where a patch is searched for
    kept: NDArray[np.uint8]  # 1 where nothing is made: the given picture stays
    wanted: NDArray[np.uint8]  # class + 1, 0 is any; (1, 1) without classes
    channels: int
    rim: int

    @property
    def view(self) -> NDArray[np.int16]:
        """`packed` as (rows, columns, channels)."""
        return self.packed[: self.site.size * self.channels].reshape(*self.site.shape, self.channels)

    @property
    def inner(self) -> tuple[slice, slice]:
        """The picture without the rim."""
        return slice(self.rim, self.site.shape[0] - self.rim), slice(self.rim, self.site.shape[1] - self.rim)


def rimmed(size: int, rim: int, wrap: bool) -> NDArray[np.int64]:
    """For every row (or column) of the canvas the picture's row that it shows."""
    return np.pad(np.arange(size), rim, mode="wrap" if wrap else "symmetric")


def wrap_rim(array: Array, rim: int) -> None:
    """Make the rim continue the picture from the other side."""
    array[:rim], array[-rim:] = array[-2 * rim : -rim], array[rim : 2 * rim]
    array[:, :rim], array[:, -rim:] = array[:, -2 * rim : -rim], array[:, rim : 2 * rim]


def lay_canvas(scene: Scene, metric: Metric, *, patch: int, wrap: bool, allocate: Allocate) -> Canvas:
    """Copy a level's target into canvas arrays."""
    rim = patch // 2
    height, width = scene.guides.shape[:2]
    rows, columns = rimmed(height, rim, wrap), rimmed(width, rim, wrap)
    of_style = metric.scale.size - scene.guides.shape[2]
    site, kept = np.zeros((rows.size, columns.size), np.uint8), np.zeros((rows.size, columns.size), np.uint8)
    made = np.ones((height, width), np.bool_) if scene.mask is None else scene.mask
    edge = 0 if wrap else rim
    site[rim + edge : -rim - edge, rim + edge : -rim - edge] = made[edge : height - edge, edge : width - edge]
    kept[...] = ~made[np.ix_(rows, columns)]
    wanted = np.zeros((1, 1), np.uint8) if scene.classes is None else scene.classes[np.ix_(rows, columns)] + np.uint8(1)
    packed = allocate((site.size * metric.scale.size + SLACK,), np.dtype(np.int16))
    packed[site.size * metric.scale.size :] = 0
    canvas = Canvas(packed, np.zeros((0, 0), np.int16), site, kept, wanted, metric.scale.size, rim)
    canvas.view[..., :of_style] = 0
    parts = [(scene.guides, of_style)] + ([] if scene.picture is None else [(scene.picture, 0)])
    for values, first in parts:
        part = slice(first, first + values.shape[2])
        for top, bottom in bands(rows.size):
            given = np.ascontiguousarray(values[rows[top:bottom]], np.float32)
            pack(given, canvas.view[top:bottom], first, metric.scale[part], metric.offset[part], np.arange(bottom - top), columns)
    if scene.maps is None:
        return canvas
    weights = allocate(packed.shape, np.dtype(np.int16))
    weights[...] = WEIGHT_ONE
    view = weights[: site.size * canvas.channels].reshape(canvas.view.shape)
    for top, bottom in bands(rows.size):
        root = np.sqrt(scene.maps[rows[top:bottom]][:, columns].astype(np.float32))
        view[top:bottom, :, of_style:] = np.rint(root * np.float32(WEIGHT_ONE))
    return replace(canvas, weights=weights)
