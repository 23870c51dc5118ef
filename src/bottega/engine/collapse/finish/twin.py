"""Slow twins of the kernels, in plain numpy: their specification."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .raster import PARTS, Lens, Planes, empty_planes

Array = NDArray[Any]


def draw(seen: Array, triangles: Array, double: Array, lens: Lens, *, size: tuple[int, int]) -> Planes:
    """As `raster.draw` at the pixels' middles, for triangles in front of the near plane."""
    into = empty_planes(*size)
    y, x = np.mgrid[: size[0], : size[1]] * PARTS + PARTS // 2
    for t, corners in enumerate(triangles):
        a, c, b = seen[corners]  # turned: the picture's y goes down
        near = [1 / p[2] if lens.perspective else -p[2] for p in (a, b, c)]
        shrink = [lens.scale / p[2] if lens.perspective else lens.scale for p in (a, b, c)]
        at = [
            np.floor((p[:2] * s + (lens.centre_x, lens.centre_y)) * PARTS + 0.5).astype(np.int64)
            for p, s in zip((a, b, c), shrink, strict=True)
        ]
        area = _side(at[0], at[1], *at[2])
        if area < 0 and double[t]:
            at, near, area = [at[0], at[2], at[1]], [near[0], near[2], near[1]], -area
        if area <= 0:
            continue
        edges = [_side(at[(i + 1) % 3], at[(i + 2) % 3], x, y) for i in range(3)]
        inside = np.all([_owned(at[(i + 2) % 3] - at[(i + 1) % 3], edges[i]) for i in range(3)], axis=0)
        level = (edges[0] * near[0] + edges[1] * near[1] + edges[2] * near[2]) * (1.0 / area)
        wins = inside & (level > into.near)
        into.near[wins], into.triangle[wins] = level[wins], t
    return into


def _side(a: Array, b: Array, x: Any, y: Any) -> Any:
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])


def _owned(along: Array, edge: Array) -> Array:
    top_left = along[1] < 0 or (along[1] == 0 and along[0] > 0)
    return edge >= 0 if top_left else edge > 0
