"""Grain, set aside before a picture is moved or compared and put back where it was: it belongs to the film, not to the face."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from bottega.engine.checks import Float

_BAND_PX = 1.5  # sigma: grain is what is finer than this, whatever the picture's size
_JUDGED_OVER_PX = 2.5  # sigma over which its energy is measured
_LEVELS = 8  # of brightness, each with its own energy
_QUIET = 0.05  # the quantile of a level's energies that is taken for grain and nothing else
_ABOVE = 2.0  # what counts as grain lies below this many times that
_STEP = 3  # every third pixel of every third row is asked
_FEWEST = 64  # samples in a level
_CLEAN = 5e-5  # energy, natural log squared (0.7 % of the light), that counts as texture: a clean picture has no grain


def grain(encoded: Float) -> Float:
    """Grain = fine band · min(1, level / energy): all of it on flat ground, little of it where there are lines and pores.

    Wiener's filter from local statistics (Lee 1980), its noise from the quiet places of each brightness (Liu, Freeman, Szeliski and
    Kang 2006).

    Parameters
    ----------
    encoded
        (H, W, 3) float32, in the encoding.

    Returns
    -------
    (H, W, 3) float32 in the encoding; exactly 0 where a picture has none to speak of.
    """
    fine = _finer(_finer(encoded))
    energy = cv2.GaussianBlur((fine * fine).mean(-1), (0, 0), _JUDGED_OVER_PX, borderType=cv2.BORDER_REFLECT_101)
    level = _level(np.ascontiguousarray(encoded.mean(-1)), energy)
    if level is None:
        return np.zeros_like(encoded)
    share = np.minimum(1, (np.float32(_ABOVE) * level / np.maximum(energy, np.float32(_CLEAN))) ** 2)
    return np.asarray(fine * share[..., None], np.float32)


def _finer(picture: Float) -> Float:
    """Twice: once lets too much of a wave of ten pixels through."""
    return picture - np.asarray(cv2.GaussianBlur(picture, (0, 0), _BAND_PX, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _level(brightness: Float, energy: Float) -> Float | None:
    """The grain's energy by brightness, read off for each pixel; None where the picture is too small to tell, or has none."""
    shown, found = brightness[::_STEP, ::_STEP].ravel(), energy[::_STEP, ::_STEP].ravel()
    if shown.size < 2 * _FEWEST:
        return None
    edges = np.quantile(shown, np.linspace(0, 1, _LEVELS + 1))
    middles: list[float] = []
    levels: list[float] = []
    for low, high in pairwise(edges):
        inside = (shown >= low) & (shown <= high)
        if inside.sum() >= _FEWEST and (not middles or high > middles[-1]):
            middles.append(float((low + high) / 2))
            levels.append(max(0.0, float(np.quantile(found[inside], _QUIET)) - _CLEAN))
    if not middles or max(levels) == 0:
        return None
    return np.interp(brightness, middles, levels).astype(np.float32)
