"""The picture that correspondence runs on: what two frames of one shot have in common under changing light."""

from __future__ import annotations

import cv2
import numpy as np

from bottega.engine.checks import Byte, Float, one_thread, picture
from bottega.engine.settings import RepairSettings

_REC709_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_GUIDE_MID, GUIDE_UNIT = 128.0, 40.0  # one local standard deviation is 40 of the guide's 255 steps
_GUIDE_FLOOR = 0.12  # contrast (in natural log) below which noise is not blown up to full scale
_GUIDE_TOE = 0.01
LOOK_UNIT = 36.0  # steps of a look for one unit of the encoding: a step is 3 % of light


def guide(plate: Float, *, settings: RepairSettings) -> Byte:
    """Guide = (log luma − local mean) / local deviation: the light-robust picture that flow runs on.

    A gain on the plate's light is a sum in the log and falls out with the local mean.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear, Rec.709 primaries.
    settings
        `guide_radius_px` is the sigma of the local normalisation.

    Returns
    -------
    (H, W) uint8, 128 at the local mean, 40 steps a local standard deviation.

    Raises
    ------
    TypeError, ValueError
        If the plate is not as described or has values that are not finite.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> int(guide(plate, settings=RepairSettings())[0, 0])
    128
    """
    one_thread()
    plate = picture(plate, "plate")
    height, width = plate.shape[:2]
    luma = np.log(np.maximum(plate @ _REC709_LUMA, np.float32(0)) + np.float32(_GUIDE_TOE))
    sigma = settings.guide_sigma(height, width)
    away = luma - _wide_blur(luma, sigma)
    spread = np.sqrt(_wide_blur(away * away, sigma) + np.float32(_GUIDE_FLOOR**2))
    scaled = np.float32(_GUIDE_MID) + np.float32(GUIDE_UNIT) * away / spread
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def look(plate: Float, *, settings: RepairSettings) -> Byte:
    """Look = 36 · log(1 + x/toe), rounded: the picture as it is, where the guide has lost colour and contrast; for telling which map fits.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear. Below 0 counts as 0; with the usual toe, light above 23 is all one.
    settings
        `toe` of the encoding.

    Returns
    -------
    (H, W, 3) uint8

    Raises
    ------
    TypeError, ValueError
        If the plate is not as described.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> look(plate, settings=RepairSettings())[0, 0].tolist()
    [83, 83, 83]
    """
    one_thread()
    light = np.maximum(picture(plate, "plate"), np.float32(0))
    light /= np.float32(settings.toe)
    light += np.float32(1)
    np.log(light, out=light)
    light *= np.float32(LOOK_UNIT)
    return np.asarray(np.minimum(np.rint(light, out=light), 255), np.uint8)


def _wide_blur(plane: Float, sigma: float) -> Float:
    """Gaussian of a large sigma, at a reduced size where that loses nothing."""
    step = int(sigma // 4)
    if step < 2:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
    height, width = plane.shape
    small = cv2.resize(plane, (max(8, width // step), max(8, height // step)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
