"""The plate's grain, measured, and put back where reading between pixels or a tile has lost it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .credit import Credit
from .sampling import STEPS, Reads

Array = NDArray[Any]

_BLOCK = 8
_FINE_PX = 2.0  # sigma: grain is finer
_QUIET = 0.1  # the share of blocks of a level that are taken for grain alone
_LEVELS = 8
_TRIED_PX = np.linspace(0.0, 1.2, 13)  # sigmas of the grain's softness


@dataclass(frozen=True, slots=True, eq=False)
class Grain:
    """A plate's grain.

    level
        (K,) float64, rising: mean of the channels, linear light.
    sigma
        (K, 3) float64: standard deviation of each channel there.
    soft_px
        How soft it is: the sigma of the Gaussian that white noise is smoothed with.
    mix
        (3, 3) float64: white channels to the plate's correlated ones.
    """

    level: Array
    sigma: Array
    soft_px: float
    mix: Array

    def at(self, picture: Array) -> Array:
        """(N, 3) standard deviations for (N, 3) linear values."""
        mean = picture.mean(-1)
        return np.stack([np.interp(mean, self.level, self.sigma[:, c]) for c in range(3)], -1)


def measure_grain(plate: Array) -> Grain:
    """Grain of an (H, W, 3) float32 linear plate, from its quietest blocks at each brightness; how quiet, white noise of our own says.

    Raises ValueError for a plate too small to tell, under 64 pixels a side.
    """
    if min(plate.shape[:2]) < 64:
        raise ValueError(f"plate is {plate.shape[0]} by {plate.shape[1]} pixels, allowed is 64 or more a side to measure its grain")
    energy, blocks = _blocks(plate)
    mean = _mean_of(plate)
    edges = np.quantile(mean, np.linspace(0, 1, _LEVELS + 1))
    level: list[float] = []
    sigma: list[Array] = []
    quiet = np.zeros(len(mean), np.bool_)
    for low, high in pairwise(edges):
        inside = np.nonzero((mean >= low) & (mean <= high))[0]
        calm = inside[np.argsort(energy[inside], kind="stable")[: max(int(_QUIET * len(inside)), 1)]]
        quiet[calm] = True
        if not level or mean[calm].mean() > level[-1]:
            level.append(float(mean[calm].mean()))
            sigma.append(np.sqrt((blocks[calm] ** 2).mean((0, 1, 2))))
    fine = blocks[quiet] / np.maximum(np.sqrt((blocks[quiet] ** 2).mean((1, 2), keepdims=True)), 1e-9)
    beside = float((fine[:, :, 1:] * fine[:, :, :-1]).mean() / (fine**2).mean())
    ours = [_like(s) for s in _TRIED_PX]
    soft = int(np.argmin([abs(row[0] - beside) for row in ours]))
    flat = blocks[quiet].reshape(-1, 3)
    mix = np.linalg.cholesky(_correlation(flat))
    return Grain(np.asarray(level), np.asarray(sigma) / ours[soft][1], float(_TRIED_PX[soft]), mix)


def _correlation(flat: Array) -> Array:
    size = np.sqrt((flat**2).mean(0))
    flat = flat / np.maximum(size, 1e-12)
    return np.asarray(flat.T @ flat / max(len(flat), 1) * 0.98 + np.eye(3) * 0.02)


def _blocks(plate: Array) -> tuple[Array, Array]:
    """(B,) energies and (B, 8, 8, 3) of what is finer than the picture."""
    fine = plate.astype(np.float64) - cv2.GaussianBlur(plate.astype(np.float64), (0, 0), _FINE_PX, borderType=cv2.BORDER_REFLECT_101)
    rows, columns = (n // _BLOCK for n in plate.shape[:2])
    cut = fine[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK, -1).transpose(0, 2, 1, 3, 4)
    blocks = cut.reshape(rows * columns, _BLOCK, _BLOCK, -1)
    return (blocks**2).mean((1, 2, 3)), blocks


def _mean_of(plate: Array) -> Array:
    rows, columns = (n // _BLOCK for n in plate.shape[:2])
    return np.asarray(plate[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK, -1).mean((1, 3, 4)).ravel())


def _like(soft_px: float) -> tuple[float, float]:
    """Of our own noise of a softness, through the same measure: the correlation of neighbours, and what is found of a deviation of 1."""
    noise = _noise((256, 256), soft_px, np.eye(3), np.random.default_rng(1))
    energy, blocks = _blocks(noise.astype(np.float64))
    calm = np.argsort(energy, kind="stable")[: int(_QUIET * len(energy))]
    fine = blocks[calm]
    return float((fine[:, :, 1:] * fine[:, :, :-1]).mean() / (fine**2).mean()), float(np.sqrt((fine**2).mean()))


def _noise(size: tuple[int, int], soft_px: float, mix: Array, random: np.random.Generator) -> Array:
    """(H, W, 3) float32 noise of deviation 1."""
    white = random.standard_normal((*size, 3)) @ mix.T
    if soft_px < 0.2:
        return np.asarray(white, np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), soft_px, borderType=cv2.BORDER_REFLECT_101)
    kernel = cv2.getGaussianKernel(2 * int(4 * soft_px + 1) + 1, soft_px).ravel()
    return np.asarray(soft / (kernel**2).sum(), np.float32)


def add_grain(picture: Array, credit: Credit, grain: Grain, *, carried: tuple[float, ...], seed: tuple[int, int]) -> Array:
    """The picture with as much grain as the plate has at its brightness, where less is left of it; never on untouched pixels.

    What a read leaves of a grain's variance follows from its weights: Σ w² on a pixel's place is 1, half way between two a third.

    Parameters
    ----------
    picture : (H, W, 3) float32
        Linear.
    credit : Credit
        What it was read from.
    grain : Grain
        The plate's.
    carried : tuple of float
        Of each source, 0..1: the share of the plate's deviation that its own grain has: 1 for a plate, 0 for a clean tile.
    seed : (int, int)
        The shot's and the frame's number.

    Returns
    -------
    (H, W, 3) float32

    Raises
    ------
    ValueError
        If `carried` does not have one value for each source.
    """
    if len(carried) != len(credit.names):
        raise ValueError(f"carried has {len(carried)} values, allowed is one for each of {credit.names}")
    flat = picture.reshape(-1, 3)
    left = np.zeros((len(flat), 3))
    alpha = np.zeros(len(flat))
    np.add.at(alpha, credit.front.pixel, credit.front.weight.astype(np.float64))
    for reads, through in ((credit.back, 1 - alpha), (credit.front, np.ones(len(flat)))):
        share = (reads.weight * through[reads.pixel])[:, None] * reads.ratio
        source = grain.at(np.maximum(flat[reads.pixel], 0) / np.maximum(reads.ratio, 1e-3))
        own = np.asarray(carried)[reads.source][:, None]
        np.add.at(left, reads.pixel, (share * own * source) ** 2 * kept(reads, grain.soft_px)[:, None])
    where = np.nonzero(credit.touched.ravel())[0]
    lacks = np.sqrt(np.maximum(grain.at(flat[where]) ** 2 - left[where], 0))
    noise = _noise(credit.size, grain.soft_px, grain.mix, np.random.default_rng(seed)).reshape(-1, 3)
    out = flat.copy()
    out[where] += (noise[where] * lacks).astype(np.float32)
    return out.reshape(picture.shape)


def kept(reads: Reads, soft_px: float) -> Array:
    """(R,) share of a grain's variance that a read leaves: wᵀ R w each way, R the grain's correlation between pixels."""
    lag = np.arange(4)[:, None] - np.arange(4)
    alike = np.exp(-(lag**2) / (4 * max(soft_px, 0.05) ** 2))
    total = np.ones(len(reads.x))
    for axis, place in enumerate((reads.x, reads.y)):
        t = (place % STEPS) / STEPS
        s = 1 - t
        w = np.stack([-0.5 * t * s * s, 1 - t * t * (2.5 - 1.5 * t), 1 - s * s * (2.5 - 1.5 * s), -0.5 * s * t * t], -1)
        spread = np.maximum(np.linalg.norm(reads.step[:, axis], axis=-1), 1)
        total *= np.einsum("ni,ij,nj->n", w, alike, w) / spread
    return np.minimum(total, 1)
