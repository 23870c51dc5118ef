"""The finest detail, a pixel or so: of a key it is taken as far as the plates agree on theirs, and no filter in time touches it."""

from __future__ import annotations

import cv2
import numpy as np

from bottega.engine.checks import Float

_BAND_PX = 0.8  # sigma: what is finer than this is the finest, whatever the picture's size
_NOISE = 2e-5  # energy in the encoding that is no detail
_QUIET = 0.9  # the quantile of what was set aside as grain that is taken for all of it


def finest(picture: Float) -> Float:
    """What of (H, W) or (H, W, C) is finer than a pixel or so."""
    return picture - coarser(picture)


def coarser(picture: Float) -> Float:
    """The rest of it."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BAND_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def grain_energy(loose: Float, *, over_px: float) -> float:
    """The finest energy of grain where it is all that there is: the ninth decile of the local means. 0 for a clean picture."""
    if not loose.any():
        return 0.0
    return float(np.quantile(_around(finest(loose), over_px), _QUIET))


def unsure(plate_high: Float, bands: Float, *, over_px: float, grain: float = 0.0) -> Float:
    """What to take from a key's high band: (1 − r²)·(k − g·a), k its finest detail, r the likeness of the two plates' own.

    r = 1 − Σ (a − b)² / Σ (a² + b²) over the neighbourhood, of the finest detail a of the frame's plate and b of the key's: Lee's (1980)
    local statistics, with the noise told by two pictures of one thing. Strands, lashes and pores are near the size of a pixel, and come
    out otherwise in every frame as they fall between pixels; carried on, they are not the frame's but noise that sparkles.

    Parameters
    ----------
    plate_high
        (H, W, 3) float32, the high band of the frame's plate in the encoding.
    bands
        (H, W, 9) float32, a key's bands fetched to the frame, as `Key` describes them.
    over_px
        Sigma of the neighbourhood.
    grain
        From `grain_energy`, of the frame's plate.

    Returns
    -------
    (H, W, 3) float32, for the key's change.
    """
    ours, theirs = finest(plate_high), finest(np.ascontiguousarray(bands[..., 3:6]))
    own, other, apart = (_around(a, over_px) for a in (ours, theirs, ours - theirs))
    like = np.clip(1 - apart / (own + other + np.float32(2 * _NOISE)), 0, 1)
    held = theirs + finest(np.ascontiguousarray(bands[..., 6:9]))
    if grain > 0:
        held -= np.minimum(np.float32(grain) / (own + np.float32(_NOISE)), np.float32(1))[..., None] * ours
    return np.asarray((1 - like * like)[..., None] * held, np.float32)


def _around(array: Float, over_px: float) -> Float:
    """Mean energy of the neighbourhood."""
    return np.asarray(cv2.GaussianBlur((array * array).mean(-1), (0, 0), over_px), np.float32)
