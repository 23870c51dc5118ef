"""A picture laid of coherent pieces of another, whole strokes and all, cut where the cut is least seen.

Every pixel p has an offset o(p): it is the source's pixel at p + o(p). Where neighbours have the same offset, the source goes on untouched;
where not, there is a seam. What is made small is

    E = strict·Σ_p Σ_k w_k·(G_k(p) - S_k(p + o(p)))² + Σ_{p~q, o(p) ≠ o(q)} (d(p) + d(q) + length), d(r) = c·|s(r + o(p)) - s(r + o(q))|²

with guides G of the target and S of the source, and s the source's style; c is 1 where strokes are as lively as usual, less where
more. (Seams: Kwatra et al. 2003, graphcut textures; offsets as the unknown: Pritch et al. 2009, shift-map editing.) It begins at a field
found elsewhere. First whole blocks are offered offsets, their neighbours' and such as differ by some pixels; then single pixels those of
pixels nearby. An offer is taken when E falls; for a block, E and what it costs to show again what is shown nearby. Strokes are not
mixed: a mean of patches loses half of the finest ones.

All is done in a fixed order by one thread. The bits depend on the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ground import Ground
from .laying import Board, lay_blocks, lay_pixels
from .records import number

_BLOCKS_PX = ((16, 3), (12, 3), (8, 3), (6, 2))  # side, and passes over the picture, each with another grid
_OFFERS = 20  # near ones
_REACHES_PX = (48, 24, 12, 6, 3)
_STEPS_PX = (2, 4, 8)
_PASSES = 8
_NEARBY_PX = 7
_LIVELY = 0.5  # share of the usual spread of colour: where strokes are as lively as usual a seam counts once
_CHUNK = 1 << 14  # pixels that choose at once
_DRAWN = 64  # places of its class that a pixel without a valid one may choose from


@dataclass(frozen=True)
class PatchworkSettings:
    """How a patchwork is laid.

    Parameters
    ----------
    strict
        How much guides count against seams, 0..100. Low keeps strokes whole and lets light and edges drift; high cuts them to fit.
    length
        What a seam costs beside what is seen of it, for each pair of pixels: squared units of the style, 0..1.
    repeat
        What it costs that a block shows what a place near it shows, for each pixel of its side: in the units of ``length``, 0..1.
    seed
        Of the offers.
    """

    strict: float = 1.0
    length: float = 0.002
    repeat: float = 0.04
    seed: int = 1

    def __post_init__(self) -> None:
        number(self.strict, "strict", 0, 100)
        number(self.length, "length", 0, 1)
        number(self.repeat, "repeat", 0, 1)
        number(self.seed, "seed", 0, 2**31 - 1)


def patchwork(ground: Ground, start: NDArray[Any], *, settings: PatchworkSettings | None = None) -> NDArray[np.int32]:
    """Positions (rows, columns) in the source for every pixel of the target, from a first guess.

    Parameters
    ----------
    ground : Ground
        Styles and guides. Every class that is wanted has to be in the source.
    start : ndarray
        (H, W, 2) integers: row and column in the source to begin from. Those outside, or of another class, are replaced.
    settings : PatchworkSettings, optional
        Guides against seams, seed.

    Returns
    -------
    ndarray
        (H, W, 2) int32, rows and columns in the source, each of the class that is wanted.

    Raises
    ------
    ValueError
        If a class is wanted that the source does not have.

    Examples
    --------
    >>> import numpy as np
    >>> from bottega.engine.concept.ground import Ground
    >>> random = np.random.default_rng(1)
    >>> source = random.random((24, 24, 1), np.float32)
    >>> plain = np.zeros((24, 24), np.uint8)
    >>> ground = Ground(source, source, plain, source[:, 4:], plain[:, 4:], np.ones(1, np.float32), np.zeros((24, 20), bool))
    >>> y, x = np.mgrid[0:24, 0:20]
    >>> laid = patchwork(ground, np.stack([y, np.minimum(x + 5, 23)], -1))
    >>> bool((laid == np.stack([y, x + 4], -1)).mean() > 0.9)
    True
    """
    s = settings or PatchworkSettings()
    random = np.random.default_rng([s.seed, 77])
    lacking = np.setdiff1d(np.unique(ground.wanted), np.unique(ground.kind))
    if lacking.size:
        raise ValueError(f"wanted has class {int(lacking[0])}, allowed are those of the source, {np.unique(ground.kind).tolist()}")
    height, width = ground.wanted.shape
    own = np.stack(list(np.mgrid[0:height, 0:width]), -1)
    offset = (_mended(ground, start.astype(np.int64), random) - own).astype(np.int32)
    board = Board(*ground, offset, calm(ground.style), np.float32(s.strict), np.float32(s.length), np.float32(s.repeat))
    reach = np.tile(np.asarray(_REACHES_PX) + 1, -(-_OFFERS // len(_REACHES_PX)))[:_OFFERS, None]
    for size, passes in _BLOCKS_PX:
        for _ in range(passes):
            corner = random.integers(0, size, 2)
            blocks = (height // size + 3) * (width // size + 3)
            drawn = random.random((blocks, _OFFERS, 2), np.float32) * 2 - 1
            lay_blocks(board, size, corner, (drawn * reach).astype(np.int32))
        for back in (False, True):
            lay_pixels(board, back, _STEPS_PX[0])
    for turn in range(_PASSES):
        lay_pixels(board, turn % 2 == 1, _STEPS_PX[turn % len(_STEPS_PX)])
    return np.asarray(offset + own, np.int32)


def calm(style: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much more a seam is seen in each place than on average (half of it, as two places meet): less where strokes are lively.

    Without it a patchwork is laid of the painting's quiet places, where everything fits everything (Kwatra et al. 2003, eq. 3).
    """
    from scipy.ndimage import uniform_filter

    size = (_NEARBY_PX, _NEARBY_PX, 1)
    mean = uniform_filter(style.astype(np.float64), size, mode="nearest")
    spread = np.maximum(uniform_filter(style.astype(np.float64) ** 2, size, mode="nearest") - mean**2, 0).sum(axis=-1)
    usual = max(float(np.median(spread)), 1e-6)
    return np.asarray(0.5 * (1 + _LIVELY) / (spread / usual + _LIVELY), np.float32)


def _mended(ground: Ground, place: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Places inside the source and of the class that is wanted: the offset of the nearest pixel that has one, else the best of some."""
    from scipy.ndimage import distance_transform_edt

    wrong = ~_fits(ground, place)
    if not wrong.any():
        return place
    own = np.stack(list(np.mgrid[0 : place.shape[0], 0 : place.shape[1]]), -1)
    if not wrong.all():
        y, x = distance_transform_edt(wrong, return_distances=False, return_indices=True)
        place = np.where(wrong[..., None], (place - own)[y, x] + own, place)
        wrong = ~_fits(ground, place)
    place = np.ascontiguousarray(place)
    for kind in np.unique(ground.wanted[wrong]):
        rows, columns = np.nonzero(ground.kind == kind)
        pick = random.integers(0, rows.size, _DRAWN)
        at = np.flatnonzero(wrong & (ground.wanted == kind))
        roots = np.sqrt(ground.weights)
        there = ground.source[rows[pick], columns[pick]] * roots
        flat = place.reshape(-1, 2)
        for part in np.array_split(at, -(-at.size // _CHUNK)):
            here = ground.target.reshape(-1, roots.size)[part] * roots
            best = pick[((here[:, None] - there) ** 2).sum(axis=2).argmin(axis=1)]
            flat[part] = np.stack([rows[best], columns[best]], -1)
    return place


def _fits(ground: Ground, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    height, width = ground.kind.shape
    y, x = place[..., 0], place[..., 1]
    inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
    there = ground.kind[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    result: NDArray[np.bool_] = inside & (there == ground.wanted)
    return result
