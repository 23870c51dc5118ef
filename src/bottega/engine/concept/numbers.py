"""Texture by numbers: a painting and its label map, and another label map to be painted in the same hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ground import Ground, Search
from .painted import Painted, gather, label_map
from .patchwork import PatchworkSettings, patchwork
from .records import Float, Labels, colours, number
from .room_guides import edges, palette_of

_WIDE_PX = 32.0  # how far from its edges the middle of an area is


@dataclass(frozen=True)
class NumbersSettings:
    """How areas are painted by numbers.

    Parameters
    ----------
    edge
        How much an edge looks like that side of such an edge in the painting, 0..10.
    beyond
        How much it looks like an edge to the same neighbour, 0..10.
    strict
        Both against whole strokes, 0..100.
    seed
        Another number is another picture, as good.
    """

    edge: float = 0.3
    beyond: float = 0.5
    strict: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        number(self.edge, "edge", 0, 10)
        number(self.beyond, "beyond", 0, 10)
        if not self.edge and not self.beyond:
            raise ValueError("edge and beyond are both 0, allowed is more than 0 for one of them")
        number(self.strict, "strict", 0, 100)
        number(self.seed, "seed", 0, 2**31 - 1)


def by_numbers(
    painting: Float,
    labels: Labels,
    *,
    wanted: Labels,
    settings: NumbersSettings | None = None,
    threads: int = 1,
    cancelled: Callable[[], bool] | None = None,
) -> Painted:
    """Paint another label map: an elevation, a wider set, a plan (texture by numbers, Hertzmann et al. 2001, section 4.4).

    Every pixel is one of the painting of the same label. Near edges it is one that lies on the same side of an edge, if it can be to the
    same neighbour, so that borders keep their look.

    Parameters
    ----------
    painting : ndarray
        (h, w, 3) float32, linear, 0 or more.
    labels : ndarray
        (h, w) uint8, 0..253: what is where in the painting.
    wanted : ndarray
        (H, W) uint8: what shall be where.
    settings : NumbersSettings, optional
        Edges, seed.
    threads : int
        How many; the bits do not depend on it.
    cancelled : callable, optional
        Asked often; True ends it with `bottega.engine.synthesis.Cancelled`.

    Returns
    -------
    Painted
        Of the size of ``wanted``.

    Raises
    ------
    TypeError, ValueError
        If an array is of another kind or size, has values that are not finite, or a side under 32 pixels; if ``wanted`` has a label that
        the painting lacks.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[0:40, 0:48]
    >>> labels = (x > 20).astype(np.uint8)
    >>> painting = np.where(labels[..., None], (0.5, 0.25, 0.125), (0.125, 0.25, 0.5)).astype(np.float32)
    >>> made = by_numbers(painting, labels, wanted=(y > 20).astype(np.uint8))
    >>> np.unique(made.picture[:21, :, 0]).tolist(), np.unique(made.picture[21:, :, 0]).tolist()
    ([0.125], [0.5])
    """
    s = settings or NumbersSettings()
    colours(painting, "painting")
    label_map(labels, "labels", painting.shape[:2])
    label_map(wanted, "wanted")
    large_enough(painting.shape[:2], "painting")
    large_enough(wanted.shape, "wanted")
    lacking = np.setdiff1d(wanted, labels)
    if lacking.size:
        raise ValueError(f"wanted has label {int(lacking[0])}, allowed are the painting's {np.unique(labels).tolist()}")
    style = np.sqrt(painting)
    palette = palette_of(style, labels)
    weights = np.array([s.edge] * 3 + [s.beyond] * 3 + [s.edge] * 3, np.float32)
    held = np.zeros(wanted.shape, np.bool_)
    ground = Ground(style, number_guides(labels, palette), labels, number_guides(wanted, palette), wanted, weights, held)
    place = patchwork(ground, Search(s.seed, threads, cancelled).find(ground), settings=PatchworkSettings(s.strict, seed=s.seed))
    positions = np.ascontiguousarray(place[..., ::-1])
    return Painted(gather(painting, positions), positions)


def number_guides(labels: Labels, palette: Float) -> NDArray[np.float32]:
    """(H, W, 9) float32: `room_guides.edges`, and the first three of them for a wide reach."""
    return np.concatenate([edges(labels, palette), edges(labels, palette, _WIDE_PX)[..., :3]], axis=-1)


def large_enough(shape: tuple[int, ...], name: str) -> None:
    """Raise ValueError if a side is under 32 pixels."""
    if min(shape) < LEAST_PX:
        raise ValueError(f"{name} is {shape[1]} by {shape[0]} pixels, allowed is at least {LEAST_PX} each way")


LEAST_PX = 32
