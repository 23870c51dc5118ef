"""A cloth read at places in cm, with the footprint of the drawing's pixel: no moiré when it is finer, no blur when it is as coarse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .records import Cloth, Float

_TWICE = 2.0  # a finer cloth is averaged to this many pixels for one of the drawing, then read at 3×3 places in it


def sample(cloth: Cloth, uv_cm: Float, *, px_per_cm: float) -> tuple[Float, Float, Float]:
    """Read a cloth.

    Parameters
    ----------
    cloth : Cloth
        What is read; a tileable one goes on at its edges, another is mirrored there.
    uv_cm : ndarray
        (n, 2, 3) float32: place on the cloth in cm, and its change to the next pixel right and below (columns 1 and 2).
    px_per_cm : float
        Pixels of the drawing for one cm of this cloth.

    Returns
    -------
    pixels : ndarray
        (n, 3) float32. Cubic (Catmull-Rom) where the cloth is about as coarse as the drawing, else the mean of 3×3 bilinear places.
    positions : ndarray
        (n, 2) float32: place in the swatch's photo of the pixel's middle.
    gain : ndarray
        (n,) float32: what that pixel was multiplied with when its light was evened.

    Raises
    ------
    ValueError
        If uv_cm is not (n, 2, 3).

    Examples
    --------
    >>> import numpy as np
    >>> cloth = Cloth(np.random.default_rng(1).random((8, 8, 3), np.float32), 4.0, tileable=True)
    >>> at = np.zeros((1, 2, 3), np.float32)
    >>> at[0, :, 0] = 3 / 4, 2 / 4
    >>> bool((sample(cloth, at, px_per_cm=4.0)[0][0] == cloth.pixels[2, 3]).all())
    True
    """
    if uv_cm.ndim != 3 or uv_cm.shape[1:] != (2, 3):
        raise ValueError(f"uv_cm has shape {uv_cm.shape}, allowed is (n, 2, 3)")
    texels, finer = _coarser(cloth.pixels, cloth.px_per_cm / px_per_cm)
    height, width = cloth.pixels.shape[:2]
    across, down = texels.shape[1] / width * cloth.px_per_cm, texels.shape[0] / height * cloth.px_per_cm
    places = uv_cm.astype(np.float64) * np.array([across, down])[:, None]
    places[:, :, 0] += np.array([across, down]) / cloth.px_per_cm * 0.5 - 0.5  # middles of pixels, in cells
    out = np.zeros((len(uv_cm), 3), np.float32)
    _read(np.ascontiguousarray(texels), places, 3 if finer > 1.1 else 1, cloth.tileable, out)
    x, y = (_folded(np.rint(uv_cm[:, i, 0] * cloth.px_per_cm).astype(np.int64), n, cloth.tileable) for i, n in ((0, width), (1, height)))
    where = np.stack([x, y], axis=-1).astype(np.float32) if cloth.where is None else cloth.where[y, x]
    return out, where, np.ones(len(x), np.float32) if cloth.gain is None else cloth.gain[y, x]


def _coarser(pixels: Float, finer: float) -> tuple[Float, float]:
    """Averaged over cells, so that the drawing's pixel is two of it; cells divide the picture evenly, so a tile stays one."""
    if finer <= _TWICE:
        return pixels, finer
    import cv2

    height, width = (max(round(side * _TWICE / finer), 1) for side in pixels.shape[:2])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, 3), _TWICE


def _folded(index: NDArray[np.int64], length: int, tileable: bool) -> NDArray[np.int64]:
    if tileable:
        return index % length
    around = index % (2 * length)
    return np.where(around < length, around, 2 * length - 1 - around)


@compiled
def _at(index: int, length: int, tileable: bool) -> int:
    if tileable:
        return index % length
    around = index % (2 * length)
    return around if around < length else 2 * length - 1 - around


@compiled
def _read(texels: Any, places: Any, many: int, tileable: bool, out: Any) -> None:
    height, width = texels.shape[:2]
    weights = np.zeros((2, 4))
    for i in range(len(places)):
        for sy in range(many):
            for sx in range(many):
                dx, dy = (sx + 0.5) / many - 0.5, (sy + 0.5) / many - 0.5
                x = places[i, 0, 0] + dx * places[i, 0, 1] + dy * places[i, 0, 2]
                y = places[i, 1, 0] + dx * places[i, 1, 1] + dy * places[i, 1, 2]
                left, top = int(np.floor(x)), int(np.floor(y))
                for axis, t in ((0, x - left), (1, y - top)):
                    if many > 1:
                        weights[axis, 0], weights[axis, 1], weights[axis, 2], weights[axis, 3] = 0.0, 1 - t, t, 0.0
                    else:
                        weights[axis, 0] = t * (-0.5 + t * (1 - 0.5 * t))
                        weights[axis, 1] = 1 + t * t * (-2.5 + 1.5 * t)
                        weights[axis, 2] = t * (0.5 + t * (2 - 1.5 * t))
                        weights[axis, 3] = t * t * (-0.5 + 0.5 * t)
                for a in range(4):
                    v = _at(top + a - 1, height, tileable)
                    for b in range(4):
                        weight = weights[1, a] * weights[0, b] / (many * many)
                        if weight != 0.0:
                            u = _at(left + b - 1, width, tileable)
                            for c in range(3):
                                out[i, c] += weight * texels[v, u, c]
        for c in range(3):
            out[i, c] = max(out[i, c], 0.0)
