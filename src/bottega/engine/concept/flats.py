"""Which part is each pixel of? From flats in exact colours, or from closed line art, corrected by the designer's dabs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .flood import flood
from .records import NO_PART, Float, Labels, Leak, array, bounded, number, within

EDGE_PX = 2  # a soft edge is at most this far from a pixel of exact colour
_MOST_FILLED = 250
MOST_LINE = 60_000_000  # pixels


@dataclass(frozen=True, eq=False)
class Filled:
    """Areas filled from line art.

    Parameters
    ----------
    labels
        (H, W) uint8: 0 is outside (what touches the picture's border), 1.. are areas, the largest first. The middle of a line parts two.
    leaks
        Openings that were closed to make them, the narrowest first.
    """

    labels: Labels
    leaks: tuple[Leak, ...]


def read_flats(
    flats: NDArray[np.uint8], colours: NDArray[np.uint8], *, background: int = 0, alpha: NDArray[np.uint8] | None = None
) -> tuple[Labels, Float]:
    """Read labels from flats painted in exact colours: label(p) = k where flats(p) = colours[k].

    A pixel of a soft edge has none of the colours. It is p = b + t·(a - b) of two parts within 2 pixels of it: of all such pairs the one
    that fits best is taken, and of the pair the part that has more. Against the background the part takes the pixel however small t is,
    and t is its coverage. An area (5×5) of a colour that is no part's is refused.

    Parameters
    ----------
    flats : ndarray
        (H, W, 3) uint8, as painted.
    colours : ndarray
        (n, 3) uint8, all different: the colour of each part.
    background : int
        Which of them is the background.
    alpha : ndarray, optional
        (H, W) uint8: transparent pixels lie over the background's colour.

    Returns
    -------
    labels : ndarray
        (H, W) uint8, 0..n-1.
    coverage : ndarray
        (H, W) float32, 0..1.

    Raises
    ------
    ValueError
        If colours are twice the same, alpha is 0 everywhere, or an area has an unknown colour (named, with its place).

    Examples
    --------
    >>> import numpy as np
    >>> painted = np.zeros((8, 8, 3), np.uint8)
    >>> painted[:, 4:] = 200
    >>> painted[:, 4] = 50  # a soft edge
    >>> labels, coverage = read_flats(painted, np.uint8([[0, 0, 0], [200, 200, 200]]))
    >>> labels[0].tolist(), coverage[0, 3:6].tolist()
    ([0, 0, 0, 0, 1, 1, 1, 1], [1.0, 0.25, 1.0])
    """
    bounded(flats.shape, "the flats")
    array(flats, "flats", (*flats.shape[:2], 3), np.uint8)
    array(colours, "colours", (len(colours), 3), np.uint8)
    if len({tuple(c) for c in colours.tolist()}) != len(colours) or len(colours) > NO_PART:
        raise ValueError(f"colours are {colours.tolist()}, allowed is up to {NO_PART} different ones")
    number(background, "background", 0, len(colours) - 1)
    over = flats if alpha is None else _over(flats, alpha, colours[background])
    code, known = _codes(over), _codes(colours)
    labels = np.full(code.shape, NO_PART, np.uint8)
    for index, value in enumerate(known):
        labels[code == value] = index
    coverage = np.ones(code.shape, np.float32)
    soft = labels == NO_PART
    if soft.any():
        _refuse_unknown(soft, over)
        rows, columns = np.nonzero(soft)
        labels[soft], coverage[soft] = _softly(over[soft], _near(labels, rows, columns, len(colours)), colours, background)
    return labels, coverage


def _over(flats: NDArray[np.uint8], alpha: NDArray[np.uint8], colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    array(alpha, "alpha", flats.shape[:2], np.uint8)
    if not alpha.any():
        raise ValueError("alpha of the flats is 0 everywhere, allowed is a picture that shows something")
    share = alpha[..., None].astype(np.float64) / 255
    return np.rint(flats * share + colour * (1 - share)).astype(np.uint8)


def _codes(colours: NDArray[np.uint8]) -> NDArray[np.int32]:
    wide = colours.astype(np.int32)
    result: NDArray[np.int32] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return result


def _refuse_unknown(soft: NDArray[np.bool_], flats: NDArray[np.uint8]) -> None:
    from scipy.ndimage import binary_erosion

    core = binary_erosion(soft, np.ones((5, 5), bool))
    if core.any():
        y, x = (int(i) for i in np.argwhere(core)[0])
        raise ValueError(
            f"flats have the colour {tuple(flats[y, x].tolist())} around (x {x}, y {y}), allowed is the colour of a part, "
            f"soft at its edges by {EDGE_PX} pixels at most"
        )


def _near(labels: Labels, rows: NDArray[Any], columns: NDArray[Any], count: int) -> NDArray[np.bool_]:
    """Which parts have a pixel of exact colour within reach of each soft pixel, the nearest ring that has one of any first."""
    found = np.zeros((len(rows), count + 1), bool)
    padded = np.pad(labels, EDGE_PX, constant_values=NO_PART)
    every = np.arange(len(rows))
    for dy in range(2 * EDGE_PX + 1):
        for dx in range(2 * EDGE_PX + 1):
            found[every, np.minimum(padded[rows + dy, columns + dx], count)] = True
    near = found[:, :count]
    lost = ~near.any(axis=1)
    if lost.any():
        from scipy.ndimage import distance_transform_edt

        y, x = distance_transform_edt(labels == NO_PART, return_distances=False, return_indices=True)
        near[lost, labels[y[rows[lost], columns[lost]], x[rows[lost], columns[lost]]]] = True
    return near


def _softly(pixels: NDArray[np.uint8], near: NDArray[np.bool_], colours: NDArray[np.uint8], background: int) -> tuple[Any, Any]:
    given, palette = pixels.astype(np.float64), colours.astype(np.float64)
    best = np.full(len(given), np.inf)
    label, cover = np.argmax(near, axis=1).astype(np.uint8), np.ones(len(given), np.float32)
    for a in range(len(palette)):
        for b in [a, *range(a + 1, len(palette))]:
            both = np.flatnonzero(near[:, a] & near[:, b])
            if not both.size:
                continue
            along = palette[a] - palette[b]
            t = np.clip((given[both] - palette[b]) @ along / max(along @ along, 1e-12), 0, 1) if a != b else np.ones(len(both))
            off = np.square(given[both] - palette[b] - t[:, None] * along).sum(axis=1)
            better = off < best[both] - 1e-9
            at, share = both[better], t[better]
            best[at] = off[better]
            ground = background in (a, b) and a != b
            first = share >= 0.5 if not ground else np.full(len(at), a != background)
            label[at] = np.where(first, a, b)
            cover[at] = np.where(first, share, 1 - share) if ground else 1
    return label, cover


def fill_flats(ink: Float, *, gap_px: float = 8.0, smallest_px: int = 60, threshold: float = 0.35) -> Filled:
    """Fill the areas of line art; openings up to a width are closed and told.

    With d the distance to the next ink: areas are the connected places with d > gap/2, and places that are closed but nowhere as wide as
    that. They grow along falling d until they meet, so they meet at necks; a neck between two lines is an opening, 2·d wide. The pixels
    of the line go to the nearest area. (After the trapped ball of Zhang et al. 2009, by distance instead of by ball.)

    Parameters
    ----------
    ink : ndarray
        (H, W) float32, 0..1: alpha of the line art.
    gap_px : float
        Widest opening to close, 0..200.
    smallest_px : int
        Areas with fewer pixels join a neighbour.
    threshold : float
        From what alpha on a pixel is a line.

    Returns
    -------
    Filled

    Raises
    ------
    ValueError
        If there is no line, or it fills everything, or more than 250 areas would be left, or it has more than 60 million pixels.

    Examples
    --------
    >>> import numpy as np
    >>> ink = np.zeros((40, 40), np.float32)
    >>> ink[10:30, [10, 29]] = ink[[10, 29], 10:30] = 1
    >>> ink[10, 18:21] = 0  # open at the top
    >>> filled = fill_flats(ink, gap_px=6)
    >>> filled.labels[20, 20], filled.labels[2, 2], [(leak.x, leak.y) for leak in filled.leaks]
    (np.uint8(1), np.uint8(0), [(19.0, 10.0)])
    """
    from scipy.ndimage import distance_transform_edt, label

    bounded(ink.shape, "the line art", MOST_LINE)
    array(ink, "ink", None, np.float32)
    within(ink, "ink", 0, 1)
    number(gap_px, "gap_px", 0, 200)
    free = ink < threshold
    if free.all() or not free.any():
        raise ValueError(f"ink has {int((~free).sum())} of {free.size} pixels of {threshold:g} or more, allowed is some and not all")
    depth = distance_transform_edt(np.pad(free, 1, constant_values=True))[1:-1, 1:-1]
    markers = _markers(free, depth, gap_px, smallest_px, label)
    grown = flood(markers, depth)
    leaks = _leaks(grown, free, depth, gap_px)
    y, x = distance_transform_edt(~(free & (grown > 0)), return_distances=False, return_indices=True)
    return Filled(_numbered(grown[y, x]), leaks)


def _markers(free: Any, depth: Any, gap_px: float, smallest_px: int, label: Any) -> NDArray[np.int32]:
    """Cores wider than the gap, and closed places that have none; too small ones are left out."""
    cores, count = label(depth > gap_px / 2 + 0.5)
    small = np.flatnonzero(np.bincount(cores.ravel()) < max(smallest_px // 4, 1))
    cores[np.isin(cores, small)] = 0
    places, number_of = label(free)
    has_core = np.zeros(number_of + 1, bool)
    has_core[np.unique(places[cores > 0])] = True
    size = np.bincount(places.ravel())
    own = ~has_core & (size >= smallest_px)
    own[0] = False
    markers: NDArray[np.int32] = np.where(own[places], places + count + 1, cores).astype(np.int32)
    return markers


def _leaks(grown: Any, free: Any, depth: Any, gap_px: float) -> tuple[Leak, ...]:
    from scipy.ndimage import label

    necks = np.zeros(free.shape, bool)
    for axis in (0, 1):
        here, there = (np.take(grown, range(s, grown.shape[axis] - 1 + s), axis) for s in (0, 1))
        open_here, open_there = (np.take(free, range(s, free.shape[axis] - 1 + s), axis) for s in (0, 1))
        meets = (here != there) & open_here & open_there
        necks[(slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))] |= meets
    found, count = label(necks, np.ones((3, 3), int))
    size = np.bincount(grown.ravel())
    leaks = []
    for index in range(1, count + 1):
        y, x = np.nonzero(found == index) if count < 200 else np.divmod(np.flatnonzero(found.ravel() == index), free.shape[1])
        width = 2 * float(depth[y, x].max()) - 1
        around = np.unique(grown[max(y.min() - 1, 0) : y.max() + 2, max(x.min() - 1, 0) : x.max() + 2])
        if width <= gap_px + 2:
            leaks.append(Leak(float(x.mean()), float(y.mean()), round(width, 2), int(size[around].min())))
    return tuple(sorted(leaks, key=lambda leak: (leak.gap_px, leak.y, leak.x)))


def _numbered(grown: Any) -> Labels:
    """0 for what touches the border, then by size."""
    values, back, counts = np.unique(grown, return_inverse=True, return_counts=True)
    edge = np.unique(np.concatenate([grown[0], grown[-1], grown[:, 0], grown[:, -1]]))
    order = [i for i in np.argsort(-counts, kind="stable") if values[i] not in edge]
    if len(order) > _MOST_FILLED:
        raise ValueError(f"line art has {len(order)} areas, allowed is {_MOST_FILLED}: raise gap_px or smallest_px, or give flats")
    new = np.zeros(len(values), np.uint8)
    new[order] = np.arange(1, len(order) + 1)
    result: Labels = new[back.reshape(grown.shape)]
    return result


def correct(filled: Labels, dabs: Labels) -> Labels:
    """Name and mend filled areas by dabs: an area with dabs of one part becomes that part, one with several is split at the nearest dab.

    Parameters
    ----------
    filled : ndarray
        (H, W) uint8, as `fill_flats` gives it.
    dabs : ndarray
        (H, W) uint8: a part's label where the designer has put a dab, 255 elsewhere.

    Returns
    -------
    ndarray
        (H, W) uint8 labels of parts; areas without any dab are 255, none.

    Raises
    ------
    ValueError
        If there is no dab, or the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> dabs = np.full((4, 4), 255, np.uint8)
    >>> dabs[0, 0], dabs[3, 3], dabs[0, 3] = 7, 2, 3
    >>> correct(np.uint8([[1, 1, 2, 2]] * 4), dabs)[:, ::3].tolist()
    [[7, 3], [7, 3], [7, 2], [7, 2]]
    """
    from scipy.ndimage import distance_transform_edt

    array(filled, "filled", None, np.uint8)
    array(dabs, "dabs", filled.shape, np.uint8)
    marked = dabs != NO_PART
    if not marked.any():
        raise ValueError(f"dabs are {NO_PART} everywhere, allowed is a part's label somewhere")
    labels = np.full(filled.shape, NO_PART, np.uint8)
    for area in np.unique(filled[marked]):
        inside = filled == area
        y, x = distance_transform_edt(~(marked & inside), return_distances=False, return_indices=True)
        labels[inside] = dabs[y, x][inside]
    return labels
