"""Where one picture ends and another begins: cuts inside a plate, on small guides, so that it costs next to nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

import cv2
import numpy as np

from bottega.engine import kernels
from bottega.engine.checks import SMALLEST_SIDE_PX, Byte, Float, guide_plane, one_thread, picture
from bottega.engine.guides import guide
from bottega.engine.settings import RepairSettings

_SIDE_PX = 128  # shorter side of the guides that are compared
_GUIDE_RADIUS = 1 / 20  # of the shorter side
_MID = 128.0
_REST = 64.0  # mean square of the guide beside which structure must count: flat pictures are alike
_UNLIKE = 0.15  # 1 − likeness from which on two frames may lie on two sides of a cut; the worst within a fast shot is 0.02
_STANDS_OUT = 2.0  # times its neighbours: fast motion and whip pans are unlike frame after frame, a cut is once
_PASSING_FRAMES = 4  # a flash or something close to the lens is over by then, and the picture of before is back


def cut_guide(plate: Float) -> Byte:
    """Guide of the plate at 128 pixels of shorter side: what two frames are compared by.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.

    Returns
    -------
    (h, w) uint8, as `guide` makes it; a smaller plate keeps its size.

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
    >>> cut_guide(np.full((256, 512, 3), 0.18, np.float32)).shape
    (128, 256)
    """
    one_thread()
    plate = picture(plate, "plate")
    height, width = plate.shape[:2]
    shrink = min(height, width) / _SIDE_PX
    if shrink > 1:
        size = (max(SMALLEST_SIDE_PX, round(width / shrink)), max(SMALLEST_SIDE_PX, round(height / shrink)))
        plate = np.ascontiguousarray(cv2.resize(plate, size, interpolation=cv2.INTER_AREA))
    radius = max(1.0, min(plate.shape[:2]) * _GUIDE_RADIUS)
    return guide(plate, settings=RepairSettings(guide_radius_px=radius))


def likeness(here: Byte, there: Byte) -> float:
    """Likeness = (2·Σ a·b + c) / (Σ a² + Σ b² + c), b the other frame fetched along the flow, the lesser of both directions.

    Flow is DIS (Kroeger, Timofte, Dai, Van Gool 2016). Motion falls out with the flow, light with the guides; what is left is whether one
    frame's structure can be made of the other's.

    Parameters
    ----------
    here, there
        (h, w) uint8 from `cut_guide`, of two frames of one plate.

    Returns
    -------
    float, 1 for the same picture, about 0.98 for neighbours in fast motion, below 0.75 across a cut.

    Raises
    ------
    TypeError, ValueError
        If the guides are not as described or of different sizes.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> flat = np.full((64, 64), 128, np.uint8)
    >>> likeness(flat, flat)
    1.0
    """
    one_thread()
    here = guide_plane(here, "here")
    there = guide_plane(there, "there", like=(here.shape[0], here.shape[1]))
    return min(_one_way(here, there), _one_way(there, here))


def find_cuts(guides: Iterable[Byte]) -> Iterator[int]:
    """Places in a sequence of guides that begin another picture: unlike the frame before, far more than their neighbours are.

    A frame that stands alone (a flash, a damaged one), and up to four after which the picture of before is back, are no cuts. Two cuts
    with one frame between them, dissolves and wipes are not found; a fade is found where it ends in black.

    Parameters
    ----------
    guides
        From `cut_guide`, in the order of the frames; a few are held at a time.

    Returns
    -------
    Iterator over indices, ascending: 5 says that guide 5 is the first after a cut.

    Raises
    ------
    TypeError, ValueError, RuntimeError
        As `likeness`.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> flat, noise = np.full((64, 64), 128, np.uint8), np.random.default_rng(1).integers(0, 256, (64, 64)).astype(np.uint8)
    >>> list(find_cuts([flat, flat, flat, noise, noise]))
    [3]
    """
    held: dict[int, Byte] = {}
    unlike: deque[float] = deque([0.0, 0.0], maxlen=3)  # of the last three pairs of neighbours
    waiting, began = None, 0.0  # a cut and how unlike, until it is sure that it is no passing thing
    for count, here in enumerate(chain(guides, [None])):
        unlike.append(1 - likeness(held[count - 1], here) if here is not None and held else 0.0)
        if here is not None:
            held[count] = here
        held.pop(count - _PASSING_FRAMES - 3, None)
        at = count - 1  # what is judged: its neighbours on both sides are known now
        if waiting is not None and at - waiting > _PASSING_FRAMES:
            yield waiting
            waiting = None
        if not _stands_out(unlike):
            continue
        if waiting is not None and 1 - likeness(held[waiting - 1], held[at]) < min(began, unlike[1]) / _STANDS_OUT:
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting, began = at, unlike[1]
    if waiting is not None:
        yield waiting


def _stands_out(unlike: deque[float]) -> bool:
    before, here, after = unlike
    return here > _UNLIKE and here > _STANDS_OUT * max(before, after)


def _one_way(here: Byte, there: Byte) -> float:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    flow = np.asarray(search.calc(here, there, None), np.float32)
    a = here.astype(np.float32) - np.float32(_MID)
    b = kernels.sample_linear((there.astype(np.float32) - np.float32(_MID))[..., None], flow, 0, 0)[..., 0]
    rest = a.size * _REST
    both = float((a * b).sum(dtype=np.float64))
    return (2 * both + rest) / (float((a * a).sum(dtype=np.float64)) + float((b * b).sum(dtype=np.float64)) + rest)
