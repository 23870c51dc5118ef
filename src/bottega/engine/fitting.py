"""Which of several maps from a frame to a key fits: a direct flow, the last frame's map carried on, or what holds a few pixels beside."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import map_kernels
from bottega.engine.checks import Byte, Float
from bottega.engine.guides import LOOK_UNIT

# Lengths in pixels are at 512 pixels of shorter side; larger pictures scale them.
_JUDGED_OVER_PX = 2.0  # sigma over which a misfit is averaged
_MOST = 0.25 * LOOK_UNIT  # misfits are cut at this, so that one glint does not decide
_GAIN = 0.01 * LOOK_UNIT  # by which another map has to fit better than the direct one
_SHARE = 0.9  # and a neighbour's map must not miss by more than this much of it
_MISSES = 0.03 * LOOK_UNIT  # a smaller misfit is none: nobody beside is asked
_BESIDE_PX = 6.0  # how far beside
_CORNER = 0.7  # of that, both ways, for the four neighbours at the corners
_REACH = 5  # cells of the grid that a judged neighbourhood reaches
_MEDIAN = 5
_WAYS = ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), *((x, y) for x in (_CORNER, -_CORNER) for y in (_CORNER, -_CORNER)))


def fitted(direct: Float, carried: Float, look: Byte, key_look: Byte) -> Float:
    """The map that fits best at each pixel: direct, carried, or the better of the two a few pixels beside.

    Dense flow bends across outlines: a hair's edge goes with the still ground behind it, a lip with its neighbour's skin. The last
    frame's map, carried on, has another history, and the map beside an outline is that of the thing itself. Each is judged by how far
    the pictures it joins are apart, mean over the channels, cut where they are very far. As in Fusion Flow (Lempitsky, Roth and Rother
    2008), by steps; as in PatchMatch (Barnes et al. 2009) from neighbours.

    Parameters
    ----------
    direct, carried
        (H, W, 2) float32, two maps from the frame to the key, pixels.
    look, key_look
        (H, W, 3) uint8, from `look`, of the frame and of the key's plate.

    Returns
    -------
    (H, W, 2) float32
    """
    scale = max(min(look.shape[:2]) / 512, 0.25)
    step = max(1, round(scale))
    pictures = (look, key_look)
    apart = _misfit(pictures, direct, scale, step)
    other = _misfit(pictures, carried, scale, step)
    taken = other < apart - np.float32(_GAIN)
    better = map_kernels.taken((direct, carried), taken.astype(np.uint8), np.zeros((2, 2), np.int64), step)
    np.minimum(apart, other, out=apart, where=taken)
    chosen, ways = _beside(pictures, better, apart, scale, step)
    out = map_kernels.taken((better, better), chosen, ways, step)
    return np.stack([cv2.medianBlur(np.ascontiguousarray(out[..., axis]), _MEDIAN) for axis in (0, 1)], -1)


def _beside(
    pictures: tuple[Byte, Byte], better: Float, apart: Float, scale: float, step: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """For each cell of the grid the way to the pixel whose map fits best there, 0 for its own; and the ways."""
    ways = np.array([(0, 0), *((round(x * _BESIDE_PX * scale), round(y * _BESIDE_PX * scale)) for x, y in _WAYS)], np.int64)
    misses = apart > np.float32(_MISSES)
    asked = cv2.dilate(misses.astype(np.uint8), np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8))
    chosen = np.zeros(apart.shape, np.uint8)
    best = apart * np.float32(_SHARE) - np.float32(_GAIN)
    for i in range(1, len(ways)):
        there = _misfit(pictures, better, scale, step, way=ways[i], asked=asked)
        taken = (there < best) & misses
        chosen[taken] = i
        best[taken] = there[taken]
    return chosen, ways


def _misfit(
    pictures: tuple[Byte, Byte],
    to_key: Float,
    scale: float,
    step: int,
    *,
    way: NDArray[np.int64] | None = None,
    asked: NDArray[np.uint8] | None = None,
) -> Float:
    """How far the pictures are apart along a map, on every `step`-th pixel, averaged over the neighbourhood."""
    rows, columns = (-(-side // step) for side in to_key.shape[:2])
    if asked is None:
        asked = np.ones((rows, columns), np.uint8)
    out = np.zeros((rows, columns), np.float32)
    shift = np.zeros(2, np.int64) if way is None else way
    map_kernels.misfit(pictures, to_key, (int(shift[0]), int(shift[1]), step), np.float32(_MOST), (asked, out))
    return np.asarray(cv2.GaussianBlur(out, (0, 0), _JUDGED_OVER_PX * scale / step), np.float32)
