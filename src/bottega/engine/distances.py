"""How far a pixel lies from the edge of a mask, in bits that do not depend on where the result lies in memory."""

from __future__ import annotations

import cv2
import numpy as np

from bottega.engine.checks import Byte, Float

_MOST_PX = 1024.0  # below this a squared distance in float32 is off by less than a half


def distance_to_zero(mask: Byte, *, most_px: float) -> Float:
    """min(d, most) with d the Euclidean distance to the nearest zero of the mask (Felzenszwalb & Huttenlocher 2012).

    A squared distance is a whole number, so it is rounded to one and the root is taken again: OpenCV's own result differs in the last
    bit with the alignment of the memory that it is written to.

    Parameters
    ----------
    mask
        (H, W) uint8.
    most_px
        Distances are asked for up to this many pixels, 1..1024.

    Returns
    -------
    (H, W) float32, pixels.

    Raises
    ------
    ValueError
        If `most_px` is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.ones((40, 40), np.uint8)
    >>> mask[0, 0] = 0
    >>> distance_to_zero(mask, most_px=8)[3, [4, 30]].tolist()
    [5.0, 8.0]
    """
    if not 1 <= most_px <= _MOST_PX:
        raise ValueError(f"most_px is {most_px:g}, allowed is 1 to {_MOST_PX:g}")
    found = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    np.minimum(found, np.float32(most_px) + 1, out=found)
    np.multiply(found, found, out=found)
    np.rint(found, out=found)
    np.sqrt(found, out=found)
    return np.asarray(np.minimum(found, np.float32(most_px), out=found), np.float32)
