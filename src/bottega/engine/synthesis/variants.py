"""Turned and resized copies of an exemplar, as sources of their own: made before the search, which itself only shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inputs import Source


def variants(source: Source, *, turns: Sequence[float] = (), scales: Sequence[float] = (), label: int) -> list[Source]:
    """The source, then one copy a turn and one a scale: S'(p) = S(A·p), bilinear; outside the source the copy's mask is off.

    Parameters
    ----------
    source : Source
        The exemplar. Guides turn with the picture, their values do not change: an orientation guide has to be made anew.
    turns : sequence of float
        Degrees, clockwise as seen on a screen.
    scales : sequence of float
        0.1..10; below 1 is smaller. Shrinking is done after a blur, so that nothing aliases.
    label : int
        Whose they all are, so that quotas and attribution count them together.

    Returns
    -------
    list of Source
        1 + len(turns) + len(scales) sources with this label and the source's quota.

    Raises
    ------
    ValueError
        If a scale is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> one = Source(np.zeros((16, 16, 3), np.float32), np.zeros((16, 16, 1), np.float32))
    >>> [s.style.shape for s in variants(one, turns=(90,), scales=(0.5,), label=0)]
    [(16, 16, 3), (16, 16, 3), (8, 8, 3)]
    """
    for scale in scales:
        if not 0.1 <= scale <= 10:
            raise ValueError(f"scales has {scale!r}, allowed is 0.1 to 10")
    own = replace(source, label=label)
    return [own, *(_copy(own, turn, 1.0) for turn in turns), *(_copy(own, 0.0, scale) for scale in scales)]


def _copy(source: Source, turn: float, scale: float) -> Source:
    height, width = source.style.shape[:2]
    angle = np.deg2rad(turn)
    cos, sin = abs(np.cos(angle)), abs(np.sin(angle))
    rows, columns = round((height * cos + width * sin) * scale), round((height * sin + width * cos) * scale)
    y, x = np.mgrid[0:rows, 0:columns]
    y, x = (y + 0.5 - rows / 2) / scale, (x + 0.5 - columns / 2) / scale
    sy = np.cos(angle) * y - np.sin(angle) * x + height / 2 - 0.5
    sx = np.sin(angle) * y + np.cos(angle) * x + width / 2 - 0.5
    inside = (sy >= -1e-6) & (sy <= height - 1 + 1e-6) & (sx >= -1e-6) & (sx <= width - 1 + 1e-6)
    nearest = np.clip(np.rint(sy), 0, height - 1).astype(int), np.clip(np.rint(sx), 0, width - 1).astype(int)
    mask = inside if source.mask is None else inside & source.mask[nearest]
    classes = None if source.classes is None else source.classes[nearest]
    style, guides = (_sampled(values, sy, sx, scale) for values in (source.style, source.guides))
    return replace(source, style=style, guides=guides, mask=mask, classes=classes)


def _sampled(values: NDArray[Any], y: Any, x: Any, scale: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    given = values.astype(np.float32)
    if scale < 1:
        sigma = 0.5 * np.sqrt(1 / scale**2 - 1)
        given = gaussian_filter(given, (sigma, sigma, 0), mode="nearest")
    height, width = values.shape[:2]
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    y0, x0 = np.minimum(y.astype(int), max(0, height - 2)), np.minimum(x.astype(int), max(0, width - 2))
    fy, fx = (y - y0)[..., None].astype(np.float32), (x - x0)[..., None].astype(np.float32)
    upper = given[y0, x0] * (1 - fx) + given[y0, x0 + 1] * fx
    lower = given[y0 + 1, x0] * (1 - fx) + given[y0 + 1, x0 + 1] * fx
    return np.ascontiguousarray(upper * (1 - fy) + lower * fy, np.float32)
