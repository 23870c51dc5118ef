"""What a synthesis is given: sources to take from, a target to fill. Checked at the door: which argument, what was given, what may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_STYLE, MOST_GUIDES, MOST_CLASSES = 8, 32, 254
_FLOATS = (np.float16, np.float32, np.float64)

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Source:
    """An exemplar: a picture to copy from, and what guides it.

    Parameters
    ----------
    style
        (h, w, 1..8) float16, float32 or float64, finite, any range: what is copied.
    guides
        (h, w, 1..32) float, finite: what is compared with the target's guides, channel by channel.
    mask
        (h, w) bool, True where pixels may be copied; None is everywhere. A pixel outside is in no patch that is used.
    classes
        (h, w) uint8, 0..253: target pixels take source pixels of their own class only. All sources and the target have classes, or none.
    label
        Whose it is, 0..65535; None is the source's place in the list. Variants of one exemplar share its label.
    quota
        Largest share of the target's pixels that the label may have, 0..1; None is no limit. With quotas that sum to 1 every label gets
        its own.

    Examples
    --------
    >>> import numpy as np
    >>> Source(np.zeros((8, 8, 3), np.float32), np.zeros((8, 8, 1), np.float32)).style.shape
    (8, 8, 3)
    """

    style: Array
    guides: Array
    mask: Array | None = None
    classes: Array | None = None
    label: int | None = None
    quota: float | None = None


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be filled.

    Parameters
    ----------
    guides
        (H, W, 1..32) float, finite, as many channels as the sources' guides.
    picture
        (H, W, C) float: what stands where nothing may be touched, and what the filled part has to meet. Asked for with ``mask``.
    mask
        (H, W) bool, True where the picture is made; None is everywhere. Elsewhere the result is ``picture``, bit for bit.
    classes
        (H, W) uint8, 0..253, see `Source`.
    guide_maps
        (H, W) or (H, W, G) float, 0 or more: what the guides' weights are multiplied with at each pixel.
    start
        (H, W, 3) integers: source, row and column of the patch centre that each pixel starts from; None starts at random.
    radius
        How far in pixels a match may move from its ``start``, rows and columns each: a number or (H, W) integers; None is anywhere.

    Examples
    --------
    >>> import numpy as np
    >>> Target(np.zeros((8, 8, 1), np.float32)).mask is None
    True
    """

    guides: Array
    picture: Array | None = None
    mask: Array | None = None
    classes: Array | None = None
    guide_maps: Array | None = None
    start: Array | None = None
    radius: int | Array | None = None


def check(sources: Sequence[Source], target: Target, patch: int) -> None:
    """Raise TypeError or ValueError, saying what and where, if these cannot be synthesised from."""
    if not sources:
        raise ValueError("sources is empty, allowed is at least one")
    channels = _picture(sources[0].style, "sources[0].style", MOST_STYLE)[2], _picture(target.guides, "target.guides", MOST_GUIDES)[2]
    for i, source in enumerate(sources):
        _source(source, f"sources[{i}]", channels, patch)
    _target(target, channels[0], len(sources), patch)
    classed = [*(s.classes is not None for s in sources), target.classes is not None]
    if any(classed) and not all(classed):
        raise ValueError("classes is given for some of sources and target only, allowed is for all or for none")
    _quotas(sources)
    _colours(sources)


def _source(source: Source, name: str, channels: tuple[int, int], patch: int) -> None:
    shape = _picture(source.style, f"{name}.style", MOST_STYLE)
    _like(_picture(source.guides, f"{name}.guides", MOST_GUIDES), f"{name}.guides", (*shape[:2], channels[1]))
    _like(shape, f"{name}.style", (*shape[:2], channels[0]))
    _size(shape, f"{name}.style", patch)
    _plane(source.mask, f"{name}.mask", shape, np.bool_)
    if source.mask is not None and not source.mask.any():
        raise ValueError(f"{name}.mask is False everywhere, allowed is True somewhere: nothing is left to copy from")
    _classes(source.classes, f"{name}.classes", shape)
    if source.label is not None and (isinstance(source.label, bool) or not 0 <= source.label <= 65535):
        raise ValueError(f"{name}.label is {source.label!r}, allowed is 0 to 65535")
    if source.quota is not None and not (math.isfinite(source.quota) and 0 <= source.quota <= 1):
        raise ValueError(f"{name}.quota is {source.quota!r}, allowed is 0 to 1")


def _target(target: Target, style: int, sources: int, patch: int) -> None:
    shape = target.guides.shape
    _size(shape, "target.guides", patch)
    _plane(target.mask, "target.mask", shape, np.bool_)
    _classes(target.classes, "target.classes", shape)
    if target.picture is not None:
        _like(_picture(target.picture, "target.picture", MOST_STYLE), "target.picture", (*shape[:2], style))
    if target.mask is not None and target.picture is None:
        raise ValueError("target.mask is given without target.picture, which says what stands where nothing is made")
    if target.mask is not None and not target.mask.any():
        raise ValueError("target.mask is False everywhere, allowed is True somewhere: nothing is left to make")
    if target.guide_maps is not None:
        maps = target.guide_maps if target.guide_maps.ndim == 3 else target.guide_maps[..., None]
        _like(_picture(maps, "target.guide_maps", MOST_GUIDES), "target.guide_maps", (*shape[:2], shape[2] if maps.shape[2] > 1 else 1))
        if maps.min() < 0 or maps.max() == 0:
            raise ValueError(f"target.guide_maps goes from {maps.min():g} to {maps.max():g}, allowed is 0 or more, and not 0 everywhere")
    _start(target, sources)


def _start(target: Target, sources: int) -> None:
    if target.start is not None:
        _integers(target.start, "target.start", (*target.guides.shape[:2], 3))
        if target.start[..., 0].min() < 0 or target.start[..., 0].max() >= sources:
            raise ValueError(f"target.start names source {int(target.start[..., 0].max())}, allowed is 0 to {sources - 1}")
    if target.radius is None:
        return
    if target.start is None:
        raise ValueError("target.radius is given without target.start, which it is around")
    if isinstance(target.radius, np.ndarray):
        _integers(target.radius, "target.radius", target.guides.shape[:2])
    if np.min(target.radius) < 0:
        raise ValueError(f"target.radius is {int(np.min(target.radius))}, allowed is 0 or more")


def _quotas(sources: Sequence[Source]) -> None:
    shares: dict[int, float] = {}
    for i, source in enumerate(sources):
        label = i if source.label is None else source.label
        quota = 1.0 if source.quota is None else source.quota
        if shares.setdefault(label, quota) != quota:
            raise ValueError(f"sources[{i}].quota is {source.quota}, but label {label} has another quota before, allowed is one a label")
    if sum(shares.values()) < 1 - 1e-9:
        raise ValueError(f"the labels' quotas sum to {sum(shares.values()):g}, allowed is at least 1: some pixels would have no source")


def _colours(sources: Sequence[Source]) -> None:
    inside = [s.style.reshape(-1, s.style.shape[2]) if s.mask is None else s.style[s.mask] for s in sources]
    first = inside[0][0]
    if all((colours == first).all() for colours in inside):
        raise ValueError(f"sources[0].style is {first.tolist()} everywhere, and so is every other, allowed is more than one colour")


def _picture(array: Any, name: str, most: int) -> tuple[int, ...]:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}, allowed is a numpy array")
    if array.dtype not in _FLOATS:
        raise TypeError(f"{name} has dtype {array.dtype}, allowed is float16, float32 or float64")
    if array.ndim != 3 or not 1 <= array.shape[2] <= most:
        raise ValueError(f"{name} has shape {array.shape}, allowed is (rows, columns, 1 to {most} channels)")
    if 0 in array.shape:
        raise ValueError(f"{name} has shape {array.shape}: no pixels")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} has {array[where]} at (row, column, channel) {where}, allowed is finite numbers")
    return tuple(array.shape)


def _size(shape: tuple[int, ...], name: str, patch: int) -> None:
    if min(shape[:2]) < patch:
        raise ValueError(f"{name} is {shape[0]} pixels high and {shape[1]} wide, allowed is at least the patch, {patch} each way")


def _like(shape: tuple[int, ...], name: str, wanted: tuple[int, ...]) -> None:
    if shape != wanted:
        raise ValueError(f"{name} has shape {shape}, allowed is {wanted} as the rest")


def _plane(array: Array | None, name: str, shape: tuple[int, ...], dtype: Any) -> None:
    if array is None:
        return
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise TypeError(f"{name} is {getattr(array, 'dtype', type(array).__name__)}, allowed is a numpy array of {np.dtype(dtype).name}")
    _like(array.shape, name, shape[:2])


def _classes(array: Array | None, name: str, shape: tuple[int, ...]) -> None:
    _plane(array, name, shape, np.uint8)
    if array is not None and array.max() >= MOST_CLASSES:
        raise ValueError(f"{name} has class {int(array.max())}, allowed is 0 to {MOST_CLASSES - 1}")


def _integers(array: Any, name: str, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
        raise TypeError(f"{name} is {getattr(array, 'dtype', type(array).__name__)}, allowed is a numpy array of integers")
    _like(array.shape, name, shape)
