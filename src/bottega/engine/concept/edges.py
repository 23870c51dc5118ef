"""Where cloth ends: soft where no line is drawn, and under a line at its middle, so that no paper shows between line and cloth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .records import Figure, Float

_SOFT_PX = 0.7
_INK = 0.05  # from this alpha on a line covers what is under it, and ...
_DARK = 0.3  # ... from this on wholly
_BESIDE_PX = 2  # so near to a line an edge is the line's to draw
_REACH_CM = 0.5  # a line's middle is at most so far from its part


@dataclass(frozen=True, eq=False)
class Edges:
    """Where the cloth of worn parts ends.

    Parameters
    ----------
    coverage
        (H, W) float32, 0..1.
    under
        (n,) int64: flat indices of the pixels outside of worn parts that lie under a line, up to its middle.
    nearest
        (n,) int64: of each the worn pixel whose cloth goes on there.
    """

    coverage: Float
    under: NDArray[np.int64]
    nearest: NDArray[np.int64]


def find_edges(figure: Figure, worn: NDArray[np.bool_], *, soften: bool = True) -> Edges:
    """Find where the cloth of worn parts ends.

    Where no line lies it ends with its part: softly, inwards only, when the flats have no soft edges of their own. Where a line lies over
    an edge it does not soften, and goes on under the line to its middle: to pixels under ink that are not farther from ink-free worn
    pixels than from other ink-free ones. It never goes on over another worn part.

    Parameters
    ----------
    figure : Figure
        The drawing.
    worn : ndarray
        (H, W) bool: all parts that have a cloth or colour.
    soften : bool
        False leaves hard flats hard.

    Returns
    -------
    Edges

    Raises
    ------
    ValueError
        If worn is empty.

    Examples
    --------
    >>> line = np.zeros((9, 12, 4), np.float32)
    >>> line[:, 3:8, 3] = 1  # the line's middle is column 5, the flats end at column 3
    >>> labels = np.zeros((9, 12), np.uint8)
    >>> labels[:, 4:] = 1
    >>> edges = find_edges(Figure(line, labels, ("coat", "none"), 10.0), labels == 0)
    >>> sorted(set((edges.under % 12).tolist())), edges.coverage[4, :4].tolist()
    ([4, 5], [1.0, 1.0, 1.0, 1.0])
    """
    if not worn.any():
        raise ValueError("worn has no pixel, allowed is at least one")
    ink = figure.line[..., 3]
    return Edges(_coverage(figure, worn, soften, ink), *_under(worn, ink, _REACH_CM * figure.px_per_cm))


def _coverage(figure: Figure, worn: NDArray[np.bool_], soften: bool, ink: Float) -> Float:
    """The flats' own soft edges, or hard ones softened inwards (twice what a blur leaves above a half); whole where a line draws them."""
    import cv2
    from scipy.ndimage import gaussian_filter

    cover = np.ones(worn.shape, np.float32) if figure.coverage is None else figure.coverage
    if (cover == 1).all():
        if not soften:
            return cover
        blurred = gaussian_filter(worn.astype(np.float32), _SOFT_PX, mode="nearest", truncate=3.0)
        cover = np.where(blurred > 0.999, np.float32(1), np.clip(2 * blurred - 1, 0, 1).astype(np.float32))
    beside = cv2.dilate(ink, np.ones((2 * _BESIDE_PX + 1, 2 * _BESIDE_PX + 1), np.uint8))
    share = np.minimum(beside / np.float32(_DARK), np.float32(1))
    return np.where(share >= 1, np.float32(1), cover + (1 - cover) * share).astype(np.float32)


def _under(worn: NDArray[np.bool_], ink: Float, reach: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    import cv2

    covered = ink >= _INK
    hidden = covered & ~worn
    away, which = cv2.distanceTransformWithLabels((~worn).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    open_worn, open_bare = worn & ~covered, ~worn & ~covered
    inner = _distance(open_worn)
    outer = _distance(open_bare)
    under = np.flatnonzero((hidden & (away <= reach) & (inner <= outer + 0.5)).ravel())
    place_of = np.zeros(int(which.max()) + 1, np.int64)
    at = np.flatnonzero(worn.ravel())
    place_of[which.ravel()[at]] = at
    return under, place_of[which.ravel()[under]]


def _distance(seeds: NDArray[np.bool_]) -> Float:
    import cv2

    if not seeds.any():
        return np.full(seeds.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~seeds).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
