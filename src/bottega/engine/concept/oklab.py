"""Linear Rec. 709 to OKLab and back (Ottosson 2020), and back into the gamut along chroma."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
TO_LMS, TO_RGB = np.linalg.inv(LAB), np.linalg.inv(LMS)
_HALVINGS = 16


def to_oklab(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Lab = M2 · cbrt(M1 · rgb).

    Parameters
    ----------
    pixels : ndarray
        (..., 3) linear Rec. 709.

    Returns
    -------
    ndarray
        (..., 3) float64: L (0 black, 1 white), a, b.

    Raises
    ------
    ValueError
        If the last axis is not 3.

    Examples
    --------
    >>> to_oklab(np.ones((1, 3))).round(4).tolist(), to_oklab(np.array([1.0, 0, 0])).round(4).tolist()
    ([[1.0, 0.0, 0.0]], [0.628, 0.2249, 0.1258])
    """
    if pixels.shape[-1:] != (3,):
        raise ValueError(f"pixels has shape {pixels.shape}, allowed is (..., 3)")
    return _mixed(np.cbrt(_mixed(pixels.astype(np.float64), LMS)), LAB)


def from_oklab(lab: NDArray[np.float64], *, most: float = 1.0) -> NDArray[np.float64]:
    """Back to linear Rec. 709, within 0..most: L is clipped, then chroma is shortened towards grey of the same L and hue until it fits.

    Parameters
    ----------
    lab : ndarray
        (..., 3) float64.
    most : float
        Largest value of a channel; 1 is white paper.

    Returns
    -------
    ndarray
        (..., 3) float64, 0..most.

    Raises
    ------
    ValueError
        If the last axis is not 3, or most is not more than 0.

    Examples
    --------
    >>> from_oklab(to_oklab(np.array([0.2, 0.5, 0.1]))).round(6).tolist()
    [0.2, 0.5, 0.1]
    >>> from_oklab(np.array([0.6, 0.4, 0.0])).round(3).tolist()  # a red that no screen shows
    [0.795, 0.0, 0.195]
    """
    if lab.shape[-1:] != (3,) or not most > 0:
        raise ValueError(f"lab has shape {lab.shape} and most is {most!r}, allowed is (..., 3) and more than 0")
    out = _raw(lab)
    wrong = (out < -1e-9).any(axis=-1) | (out > most * (1 + 1e-9)).any(axis=-1)
    if wrong.any():
        far = lab[wrong]
        far[:, 0] = np.clip(far[:, 0], 0, np.cbrt(most))
        low, high = np.zeros(len(far)), np.ones(len(far))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            tried = _raw(far * np.stack([np.ones(len(far)), middle, middle], axis=-1))
            fits = (tried >= -1e-9).all(axis=-1) & (tried <= most * (1 + 1e-9)).all(axis=-1)
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        out[wrong] = _raw(far * np.stack([np.ones(len(far)), low, low], axis=-1))
    result: NDArray[np.float64] = np.clip(out, 0, most)
    return result


def _raw(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    return _mixed(_mixed(lab, TO_LMS) ** 3, TO_RGB)


def _mixed(colours: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix times colour, summed in this order whatever the machine's BLAS would do."""
    x, y, z = colours[..., 0], colours[..., 1], colours[..., 2]
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in matrix], axis=-1)
