"""A neutral judge: what a picture and its field cost, from nothing but the arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .settings import SynthesisSettings

Array = NDArray[Any]


@dataclass(frozen=True)
class Energy:
    """Means over all target pixels that have a whole patch, in squared units of the values.

    Parameters
    ----------
    style, guide
        Weighted squared difference summed over the patch: of the picture, and of the guides.
    occupancy
        λ times the use of the chosen source patch: box mean of matches over 2·patch − 1 pixels, over the mean of all source pixels.
    """

    style: float
    guide: float
    occupancy: float

    @property
    def total(self) -> float:
        """Style and guide."""
        return self.style + self.guide


def energy(image: Array, nnf: Array, pictures: tuple[Array, Array, Array], *, settings: SynthesisSettings) -> Energy:
    """E = Σ_p [w_s·|T(p) − S(n(p))|² + Σ_k w_k·|G_t,k(p) − G_s,k(n(p))|² + λ·use(n(p))] / number of p, over patches of one source.

    Parameters
    ----------
    image : (H, W, C) float
        The picture to be judged.
    nnf : (H, W, 2 or 3) int
        Row and column of each match, the last two numbers.
    pictures : tuple of arrays
        Style (h, w, C), source guides (h, w, G), target guides (H, W, G).
    settings : SynthesisSettings
        Patch, weights and uniformity that are judged by.

    Returns
    -------
    Energy
        Style, guide and occupancy terms.

    Raises
    ------
    ValueError
        If settings leave the uniformity open, or a judged match is not a whole patch of the source.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(1).random((12, 12, 2))
    >>> same = np.stack(np.mgrid[0:12, 0:12], -1)
    >>> energy(noise, same, (noise, noise, noise), settings=SynthesisSettings(uniformity=1.0)).total
    0.0
    """
    style, source, target = (np.asarray(a, np.float64) for a in pictures)
    if settings.uniformity is None:
        raise ValueError("settings.uniformity is None, allowed is the number that is judged by")
    r, field = settings.patch // 2, np.asarray(nnf)[..., -2:].astype(np.int64)
    inner = (slice(r, target.shape[0] - r), slice(r, target.shape[1] - r))
    n = field[inner]
    if (n < r).any() or (n >= np.array(style.shape[:2]) - r).any():
        raise ValueError("nnf points to patches that leave the source")
    weights = np.asarray(settings.weights(style.shape[2], source.shape[2]))
    of_style, of_guides = weights[: style.shape[2]], weights[style.shape[2] :]
    terms = np.zeros(2)
    for dy in range(-r, r + 1):
        for dx in range(-r, r + 1):
            here = (slice(r + dy, target.shape[0] - r + dy), slice(r + dx, target.shape[1] - r + dx))
            there = (n[..., 0] + dy, n[..., 1] + dx)
            terms[0] += (((np.asarray(image, np.float64)[here] - style[there]) ** 2) @ of_style).mean()
            terms[1] += (((target[here] - source[there]) ** 2) @ of_guides).mean()
    use = _use(field, style.shape[:2], settings.patch)[n[..., 0], n[..., 1]]
    return Energy(float(terms[0]), float(terms[1]), float(settings.uniformity * use.mean()))


def _use(field: Array, size: tuple[int, int], patch: int) -> Array:
    """Box mean of matches over 2·patch − 1 pixels each way, in units of an even use of the source."""
    count = np.zeros((size[0] + 2 * patch - 1, size[1] + 2 * patch - 1))
    np.add.at(count, (field[..., 0] + patch, field[..., 1] + patch), 1)
    sums = count.cumsum(0).cumsum(1)
    wide = 2 * patch - 1
    box = sums[wide:, wide:] - sums[:-wide, wide:] - sums[wide:, :-wide] + sums[:-wide, :-wide]
    return np.asarray(box / wide**2 / (field[..., 0].size / (size[0] * size[1])))
