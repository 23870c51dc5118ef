"""What a painting was made into: a picture of its pixels, and where in the painting each of them lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float, array, colours


@dataclass(frozen=True, eq=False)
class Painted:
    """A picture whose every pixel is one pixel of the painting, bit for bit (`Copied`).

    Parameters
    ----------
    picture
        (H, W, 3) float32, linear.
    positions
        (H, W, 2) int32: column and row (x, y) in the painting that each pixel was copied from.
    stand_ins
        Pairs (label, painted label): what the painting does not show, and what it was painted like. Empty if it shows all.
    """

    picture: Float
    positions: NDArray[np.int32]
    stand_ins: tuple[tuple[int, int], ...] = ()


def gather(painting: Float, positions: NDArray[Any]) -> Float:
    """The picture again from the painting and the positions: P(y, x) = S(positions[y, x]).

    Parameters
    ----------
    painting : ndarray
        (h, w, 3) float32, linear.
    positions : ndarray
        (H, W, 2) integers, columns and rows, as `Painted` has them.

    Returns
    -------
    ndarray
        (H, W, 3) float32.

    Raises
    ------
    ValueError
        If a position is outside of the painting.

    Examples
    --------
    >>> import numpy as np
    >>> painting = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    >>> gather(painting, np.array([[[1, 0], [0, 1]]]))[0].tolist()
    [[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]
    """
    colours(painting, "painting")
    x, y = positions[..., 0], positions[..., 1]
    height, width = painting.shape[:2]
    if x.min() < 0 or y.min() < 0 or x.max() >= width or y.max() >= height:
        raise ValueError(f"positions go from {positions.min()} to ({x.max()}, {y.max()}), allowed is (0, 0) to ({width - 1}, {height - 1})")
    return np.ascontiguousarray(painting[y, x])


def label_map(given: Any, name: str, shape: tuple[int, ...] | None = None) -> None:
    """Raise TypeError or ValueError unless this is a map of labels 0..253, of that shape if one is asked for."""
    array(given, name, shape, np.uint8)
    if given.max() > MOST_LABEL:
        raise ValueError(f"{name} has {int(given.max())}, allowed is 0 to {MOST_LABEL}")


MOST_LABEL = 253
