"""A painting made wider or higher: its own pixels stay as they are, the rest is laid of its strokes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ground import Ground, Search
from .numbers import LEAST_PX, large_enough, number_guides
from .painted import MOST_LABEL, Painted, gather, label_map
from .patchwork import PatchworkSettings, patchwork
from .records import Float, Labels, array, colours, number
from .room_guides import palette_of

_UNKNOWN = 0
_NUMBERS = 0.3  # weight of label guides
_REPEAT = 0.01  # less than for a whole picture: edges that go on are to stay whole
_FAR_PX = 100.0
_BROAD_PX = 10.0  # sigma: more than a stroke's width


@dataclass(frozen=True)
class ReframeSettings:
    """How what is new is painted.

    Parameters
    ----------
    across
        How much a row goes on as that row (for more width), a column as that column (for more height), 0..100: what a place costs that is
        100 pixels off.
    along
        How much what is new is taken from near the edge that it goes on from, the same way.
    broad
        How much its broad colours are those of the painting folded over at that edge, 0..100.
    strict
        Guides against whole strokes, 0..100.
    seed
        Another number is another picture, as good.
    """

    across: float = 1.0
    along: float = 0.1
    broad: float = 1.0
    strict: float = 0.3
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("across", "along", "broad"):
            number(getattr(self, name), name, 0, 100)
        if not (self.across or self.along or self.broad):
            raise ValueError("across, along and broad are all 0, allowed is more than 0 for one of them")
        number(self.strict, "strict", 0, 100)
        number(self.seed, "seed", 0, 2**31 - 1)


def reframe(
    painting: Float,
    size: tuple[int, int],
    *,
    place: tuple[int, int],
    labels: Labels | None = None,
    wanted: Labels | None = None,
    avoid: NDArray[np.bool_] | None = None,
    settings: ReframeSettings | None = None,
    threads: int = 1,
    cancelled: Callable[[], bool] | None = None,
) -> Painted:
    """Put a painting into another frame and paint what is missing of it: a wider wall, another aspect ratio.

    (1) What the painting covers is the painting, bit for bit. (2) First it is made as wide as the frame, then as high. (3) What is new
    goes on from it: a synthesis that meets the painting's edge, laid as a patchwork (`patchwork.patchwork`) whose seams to the painting
    count like all others. Rows go on as rows of their height and columns as columns; ``labels`` and ``wanted`` say what shall be where.

    Parameters
    ----------
    painting : ndarray
        (h, w, 3) float32, linear, 0 or more.
    size : (int, int)
        Rows and columns of the frame.
    place : (int, int)
        Row and column of the frame where the painting's first pixel lies; negative ones crop it.
    labels, wanted : ndarray, optional
        (h, w) and (H, W) uint8, 0..253: what is where in the painting and shall be in the frame. Both or none; in the frame they agree
        where the painting lies.
    avoid : ndarray, optional
        (h, w) bool: what may not be repeated, a lamp, a figure, a signature.
    settings : ReframeSettings, optional
        How rows go on, seed.
    threads : int
        How many; the bits do not depend on it.
    cancelled : callable, optional
        Asked often; True ends it with `bottega.engine.synthesis.Cancelled`.

    Returns
    -------
    Painted
        Of ``size``.

    Raises
    ------
    TypeError, ValueError
        If an array is of another kind or size or not finite; if a side is under 32 pixels, less than 32 pixels of the painting lie in the
        frame either way, or everything is to be avoided; if labels and wanted do not agree, or the painting lacks what is wanted.

    Examples
    --------
    >>> import numpy as np
    >>> painting = np.random.default_rng(1).random((40, 48, 3), np.float32)
    >>> wide = reframe(painting, (40, 64), place=(0, 8))
    >>> wide.picture.shape, bool((wide.picture[:, 8:56] == painting).all())
    ((40, 64, 3), True)
    """
    s = settings or ReframeSettings()
    _placed(painting, size, place)
    if (labels is None) != (wanted is None):
        raise ValueError("labels and wanted: one is given, allowed is both or none")
    classes, asked = _labels(labels, painting.shape[:2], "labels"), _labels(wanted, size, "wanted")
    _agree(classes, asked, place)
    classes = _avoiding(classes, avoid, asked)
    (top, left), (height, width) = place, size
    rows, columns = (slice(max(at, 0), min(at + side, end)) for at, side, end in zip(place, painting.shape[:2], size, strict=True))
    start = np.full((height, width, 2), -1, np.int32)
    y, x = np.mgrid[rows, columns]
    start[rows, columns] = np.stack([y - top, x - left], -1)
    search = Search(s.seed, threads, cancelled)
    for axis, band in ((1, np.s_[rows, :]), (0, np.s_[:, :])):
        part = start[band]
        if (part[..., 0] < 0).any():
            maps = classes, asked[band], labels is not None
            start[band] = _laid(_ground(painting, part, axis, maps, s), part, s, search)
    positions = np.ascontiguousarray(start[..., ::-1])
    return Painted(gather(painting, positions), positions)


def _placed(painting: Float, size: tuple[int, int], place: tuple[int, int]) -> None:
    colours(painting, "painting")
    large_enough(painting.shape[:2], "painting")
    large_enough(size, "size")
    for name, at, side, end in zip(("rows", "columns"), place, painting.shape[:2], size, strict=True):
        seen = min(at + side, end) - max(at, 0)
        if seen < LEAST_PX:
            raise ValueError(f"place is {place}: {max(seen, 0)} {name} of the painting are in the frame, allowed is {LEAST_PX} or more")


def _labels(given: Labels | None, shape: tuple[int, ...], name: str) -> Labels:
    if given is None:
        return np.full(shape, _UNKNOWN, np.uint8)
    label_map(given, name, shape)
    return given


def _avoiding(kind: Labels, avoid: NDArray[np.bool_] | None, asked: Labels) -> Labels:
    """Classes of the painting, one that nothing asks for where nothing may be copied."""
    array(avoid, "avoid", kind.shape, np.bool_, absent=True)
    out = kind
    if avoid is not None:
        free = np.setdiff1d(np.arange(MOST_LABEL + 1), np.append(kind, asked))
        if not free.size:
            raise ValueError(f"labels has all of 0 to {MOST_LABEL}, allowed with avoid is one less")
        out = np.where(avoid, np.uint8(free[-1]), kind)
    lacking = np.setdiff1d(asked, out)
    if lacking.size:
        there = np.unique(kind[out == kind]).tolist()
        raise ValueError(f"wanted has label {int(lacking[0])}, allowed are the painting's labels outside of avoid, {there}")
    return out


def _agree(kind: Labels, asked: Labels, place: tuple[int, int]) -> None:
    (top, left), (h, w), (height, width) = place, kind.shape, asked.shape
    here = asked[max(top, 0) : min(top + h, height), max(left, 0) : min(left + w, width)]
    own = kind[max(-top, 0) : max(-top, 0) + here.shape[0], max(-left, 0) : max(-left, 0) + here.shape[1]]
    if (here != own).any():
        y, x = np.argwhere(here != own)[0]
        at = f"row {y + max(top, 0)}, column {x + max(left, 0)}"
        raise ValueError(f"wanted has {int(here[y, x])} at {at} where the painting's label is {int(own[y, x])}, allowed is the same")


def _laid(ground: Ground, start: NDArray[np.int32], s: ReframeSettings, search: Search) -> NDArray[np.int32]:
    return patchwork(ground, search.find(ground, np.maximum(start, 0)), settings=PatchworkSettings(s.strict, repeat=_REPEAT, seed=s.seed))


def _ground(painting: Float, start: NDArray[np.int32], axis: int, maps: tuple[Labels, Labels, bool], s: ReframeSettings) -> Ground:
    """For a band whose known places (0 or more) reach from edge to edge along the other axis."""
    from scipy.ndimage import gaussian_filter

    kind, asked, labelled = maps
    known = start[..., 0] >= 0
    style = np.sqrt(painting)
    folded = _folded(start, axis)
    there = np.indices(kind.shape, np.float32).transpose(1, 2, 0)[..., :: -1 if axis else 1] / _FAR_PX  # across first, then along
    broad = gaussian_filter(style, (_BROAD_PX, _BROAD_PX, 0), mode="mirror")
    source = np.concatenate([there, broad], -1)
    target = source[folded[..., 0], folded[..., 1]]
    weights = [s.across, s.along, *[s.broad] * 3]
    if labelled:
        palette = palette_of(style, kind)
        target[..., 2:] = _carried(broad, palette, start, asked)
        source = np.concatenate([source, number_guides(kind, palette)], -1)
        target = np.concatenate([target, number_guides(asked, palette)], -1)
        weights += [_NUMBERS] * (source.shape[-1] - len(weights))
    own = kind[np.maximum(start[..., 0], 0), np.maximum(start[..., 1], 0)]
    wanted = np.where(known, own, asked).astype(np.uint8)
    return Ground(style, source, kind, target, wanted, np.asarray(weights, np.float32), known)


def _carried(broad: Float, palette: Float, start: NDArray[np.int32], asked: Labels) -> Float:
    """Broad colours of what is known, and of each label beyond it those of the nearest known pixel of that label, or else its mean."""
    from scipy.ndimage import distance_transform_edt

    known = start[..., 0] >= 0
    out = np.where(known[..., None], broad[start[..., 0], start[..., 1]], palette[asked])
    for label in np.unique(asked[~known]):
        seeds = known & (asked == label)
        if seeds.any():
            y, x = distance_transform_edt(~seeds, return_distances=False, return_indices=True)
            here = ~known & (asked == label)
            out[here] = out[y[here], x[here]]
    return np.asarray(out, np.float32)


def _folded(start: NDArray[np.int32], axis: int) -> NDArray[np.int32]:
    """A known place for every pixel: beyond the known part, which is in one piece along the axis, as if folded over at its edge."""
    line = np.flatnonzero((start[..., 0] >= 0).any(axis=1 - axis))
    first, many = int(line[0]), int(line.size)
    turn = np.mod(np.arange(start.shape[axis]) - first, 2 * many)
    index = first + np.minimum(turn, 2 * many - 1 - turn)
    return np.ascontiguousarray(np.take(start, index, axis))
