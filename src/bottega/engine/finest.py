"""The finest detail, a pixel or so: of a key it is taken as far as the plates agree on theirs, and no filter in time touches it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bottega.engine.checks import Float

_BAND_PX = 0.8  # sigma: what is finer than this is the finest, whatever the picture's size
_NOISE = 2e-5  # energy in the encoding that is no detail
_QUIET = 0.9  # the quantile of what was set aside as grain that is taken for all of it
_OVER_PX = 3.0  # sigma of the neighbourhood that is judged, at 512 pixels of shorter side


@dataclass(frozen=True)
class Shown:
    """The finest detail that a frame's plate shows.

    Parameters
    ----------
    detail
        (H, W, 3) float32, in the encoding.
    energy
        Its mean square over the neighbourhood, on a grid of about a pixel at 512 pixels of shorter side.
    grain
        The energy of the plate's grain where there is nothing else; 0 for a clean picture.
    scale
        Shorter side over 512.
    """

    detail: Float
    energy: Float
    grain: float
    scale: float


def finest(picture: Float) -> Float:
    """What of (H, W) or (H, W, C) is finer than a pixel or so."""
    return picture - coarser(picture)


def coarser(picture: Float) -> Float:
    """The rest of it."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BAND_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def shown(plate_high: Float, loose: Float, scale: float) -> Shown:
    """Look at a frame's plate once for all keys: its high band (H, W, 3) in the encoding, and what was set aside as grain."""
    detail = finest(plate_high)
    level = float(np.quantile(_around(finest(loose), scale), _QUIET)) if loose.any() else 0.0
    return Shown(detail, _around(detail, scale), level, scale)


def unsure(here: Shown, bands: Float) -> Float:
    """What to take from a key's high band: (1 − r²)·(k − g·a), k its finest detail, r the likeness of the two plates' own.

    r = 1 − Σ (a − b)² / Σ (a² + b²) over the neighbourhood, of the finest detail a of the frame's plate and b of the key's: Lee's (1980)
    local statistics, with the noise told by two pictures of one thing. Strands, lashes and pores are near the size of a pixel, and come
    out otherwise in every frame as they fall between pixels; carried on, they are not the frame's but noise that sparkles. Grain, too, is
    unlike in two frames: where a may be grain, g = min(1, energy of grain / energy of a), the frame's own takes the place of the key's.

    Parameters
    ----------
    here
        From `shown`.
    bands
        (H, W, 9) float32, a key's bands fetched to the frame, as `Key` describes them.

    Returns
    -------
    (H, W, 3) float32, for the key's change.
    """
    theirs, size = finest(np.ascontiguousarray(bands[..., 3:6])), (bands.shape[1], bands.shape[0])
    both = here.energy + _around(theirs, here.scale) + np.float32(2 * _NOISE)
    like = np.clip(1 - _around(here.detail - theirs, here.scale) / both, 0, 1)
    share = cv2.resize(1 - like * like, size, interpolation=cv2.INTER_LINEAR)[..., None]
    theirs += finest(np.ascontiguousarray(bands[..., 6:9]))
    if here.grain > 0:
        grainy = np.minimum(np.float32(here.grain) / (here.energy + np.float32(_NOISE)), np.float32(1))
        theirs -= cv2.resize(grainy, size, interpolation=cv2.INTER_LINEAR)[..., None] * here.detail
    theirs *= share
    return theirs


def _around(array: Float, scale: float) -> Float:
    """Mean square of the neighbourhood, on the grid."""
    step = max(1, round(scale))
    one, two, three = (array[..., c] for c in range(3))
    energy = (one * one + two * two + three * three) / np.float32(3)
    size = (max(1, energy.shape[1] // step), max(1, energy.shape[0] // step))
    small = cv2.resize(energy, size, interpolation=cv2.INTER_AREA) if step > 1 else energy
    return np.asarray(cv2.GaussianBlur(small, (0, 0), _OVER_PX * scale / step), np.float32)
