"""Where each pixel of a frame lies in a key: optical flow composed along the shot and refined directly against the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.checks import Byte, Float, guide_plane, look_planes, one_thread
from bottega.engine.fitting import fitted
from bottega.engine.guides import GUIDE_UNIT
from bottega.engine.keys import Key
from bottega.engine.settings import RepairSettings

_PATCH_STRIDE_PX = 5  # of patches of 8
_BACK_COARSER, _FORTH_COARSER, _REVERSE_COARSER = 1, 2, 1  # pyramid levels
_MAP_SIGMA_PX = 1.5  # smoothing of the map, at 512 pixels of shorter side
_MATCH_SIGMA_PX = 3.0  # neighbourhood, at 512 pixels of shorter side, over which a match is judged


@dataclass(frozen=True)
class Walk:
    """The map between one frame and one key, and how far to trust it.

    Parameters
    ----------
    key_frame, at_frame
        Numbers of the key's frame and of the frame walked to.
    map_to_key
        (H, W, 2) float32, displacement (x, y) in pixels: pixel p of the frame shows what the key shows at p + map_to_key[p].
    map_from_key
        (H, W, 2) float32, the reverse: pixel p of the key is seen in the frame at p + map_from_key[p].
    quality
        (H, W) float32, 0..1: 1 where the guides agree or the round trip closes, 0 where both fail.
    direct
        (H, W, 2) float32, the direct flow to the key before anything was fitted to it: where the next step's search starts. None where
        nothing was fitted.
    """

    key_frame: int
    at_frame: int
    map_to_key: Float
    map_from_key: Float
    quality: Float
    direct: Float | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as named arrays, ready for ``numpy.savez``."""
        return {
            "frames": np.array([self.key_frame, self.at_frame], np.int64),
            "map_to_key": self.map_to_key,
            "map_from_key": self.map_from_key,
            "quality": self.quality,
            **({} if self.direct is None else {"direct": self.direct}),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Walk:
        """Make the walk again, bit for bit, from what `arrays` gave (or an opened ``.npz``)."""
        frames = arrays["frames"]
        maps = (arrays["map_to_key"], arrays["map_from_key"], arrays["quality"], arrays.get("direct"))
        return cls(int(frames[0]), int(frames[1]), *maps)


def start_walk(key: Key) -> Walk:
    """Begin a walk at the key's own frame: the identity map, quality 1; of a lent key the quality of its match.

    Parameters
    ----------
    key
        From `prepare_key`.

    Returns
    -------
    Walk with maps of zeros.

    Raises
    ------
    AttributeError
        If it is given anything but a Key.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> from bottega.engine import prepare_key
    >>> cv2.setNumThreads(1)
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> key = prepare_key(plate, plate, frame=1001, settings=RepairSettings())
    >>> float(start_walk(key).map_to_key.max())
    0.0
    """
    height, width = key.guide.shape
    still = np.zeros((height, width, 2), np.float32)
    return Walk(key.frame, key.frame, still, still.copy(), np.ones((height, width), np.float32) if key.match is None else key.match)


def step_walk(
    key: Key, walk: Walk, previous_guide: Byte, guide: Byte, *, settings: RepairSettings, frame: int | None = None, look: Byte | None = None
) -> Walk:
    """Walk one frame further from the key: compose the flow of the step, then refine key and frame directly against each other.

    Composed flow drifts, direct flow gets lost over large motion; composed flow as the start of the direct search does neither.
    Flow is DIS (Kroeger, Timofte, Dai, Van Gool 2016) with variational refinement. With a look the map is then fitted to what is seen.

    Parameters
    ----------
    key
        The key the walk began at.
    walk
        The walk at the previous frame (nearer to the key).
    previous_guide, guide
        (H, W) uint8 from `guide`: of the frame `walk` stands at, and of the frame to step to.
    settings
        The flow's quality and the tolerances of a match.
    frame
        Number of the frame to step to; None is one further away from the key (forwards from the key itself).
    look
        (H, W, 3) uint8 from `look`, of the frame to step to: the map is fitted by it to the key's look. None leaves the direct flow.

    Returns
    -------
    Walk at the new frame.

    Raises
    ------
    TypeError, ValueError
        If the guides or the look do not fit the key or each other, the key has no look, or the walk is another key's.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> from bottega.engine import prepare_key
    >>> cv2.setNumThreads(1)
    >>> settings = RepairSettings()
    >>> plate = np.random.default_rng(1).uniform(0.1, 0.5, (64, 64, 3)).astype(np.float32)
    >>> key = prepare_key(plate, plate * np.float32(1.1), frame=1001, settings=settings)
    >>> step_walk(key, start_walk(key), key.guide, key.guide, settings=settings).at_frame
    1002
    """
    one_thread()
    before, here, seen = _checked(key, walk, previous_guide, guide, look)
    if frame is None:
        frame = walk.at_frame + (1 if walk.at_frame >= key.frame else -1)
    # Only the map that pictures are fetched through must be sharp; a step's flow starts it, the reverse map checks it.
    back = flow_between(here, before, None, coarser=_BACK_COARSER, settings=settings)
    forth = flow_between(before, here, None, coarser=_FORTH_COARSER, settings=settings)
    start = kernels.compose(back, walk.map_to_key if walk.direct is None else walk.direct)
    sharp = flow_between(here, key.guide, start, coarser=0, settings=settings)
    # Where states differ the flow tears (a lid dragged over an iris); a torn map scatters single pixels of the key.
    direct = np.asarray(cv2.GaussianBlur(sharp, (0, 0), _MAP_SIGMA_PX * max(min(here.shape) / 512, 0.5)), np.float32)
    to_key = direct
    if seen is not None and key.look is not None:
        to_key = fitted(direct, start if walk.direct is None else kernels.compose(back, walk.map_to_key), seen, key.look)
    from_key = flow_between(key.guide, here, kernels.compose(walk.map_from_key, forth), coarser=_REVERSE_COARSER, settings=settings)
    now = agreement(to_key, from_key, here, key.guide, settings)
    if key.match is not None:
        now *= kernels.sample_linear(key.match[..., None], to_key, 0, 0)[..., 0]
    if settings.quality_memory > 0:
        earlier = kernels.sample_linear(walk.quality[..., None], back, 0, 0)[..., 0]
        now += np.float32(settings.quality_memory) * (earlier - now)
    return Walk(key.frame, frame, to_key, from_key, now, None if to_key is direct else direct)


def _checked(key: Key, walk: Walk, previous: Byte, here: Byte, look: Byte | None) -> tuple[Byte, Byte, Byte | None]:
    """The two guides and the look of a step, fit for it."""
    size = (key.guide.shape[0], key.guide.shape[1])
    before, now = guide_plane(previous, "previous_guide", like=size), guide_plane(here, "guide", like=size)
    if walk.key_frame != key.frame:
        raise ValueError(f"walk began at key frame {walk.key_frame}, allowed is a walk of this key, frame {key.frame}")
    if walk.quality.shape != size:
        raise ValueError(f"walk is {walk.quality.shape[0]}x{walk.quality.shape[1]} pixels, allowed is the key's {size[0]}x{size[1]}")
    if look is None:
        return before, now, None
    if key.look is None:
        raise ValueError(f"look is given, but key {key.frame} has none to fit it to: allowed is a key from prepare_key or lend_key")
    return before, now, look_planes(look, "look", like=size)


def carry(array: Float, walk: Walk) -> tuple[Float, Float]:
    """Warped(x) = array(x + map_to_key(x)): move a picture or matte made on the key's frame to the frame the walk stands at.

    Parameters
    ----------
    array
        (H, W) or (H, W, C) float32 on the key's frame.
    walk
        From `step_walk`.

    Returns
    -------
    warped
        The same shape and dtype, bilinear, the key's edge held.
    validity
        (H, W) float32, 0..1: the walk's quality, and 0 where the map leaves the key's picture.

    Raises
    ------
    TypeError, ValueError
        If the array is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> still = np.zeros((40, 40, 2), np.float32)
    >>> walk = Walk(1, 2, still + np.float32(1), still - np.float32(1), np.ones((40, 40), np.float32))
    >>> ramp = np.tile(np.arange(40, dtype=np.float32), (40, 1))
    >>> warped, validity = carry(ramp, walk)
    >>> float(warped[0, 0]), float(validity[0, 0]), float(validity[0, 39])
    (1.0, 1.0, 0.0)
    """
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        given = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"array is {given}, allowed is a numpy array of float32")
    height, width = walk.quality.shape
    if array.ndim not in (2, 3) or array.shape[:2] != (height, width):
        raise ValueError(f"array has shape {array.shape}, allowed is ({height}, {width}) or ({height}, {width}, C) as the walk's maps")
    if not np.isfinite(array).all():
        raise ValueError("array has values that are not finite, allowed is finite numbers")
    stack = np.ascontiguousarray(array if array.ndim == 3 else array[..., None])
    warped = kernels.sample_linear(stack, walk.map_to_key, 0, 0)
    x = np.arange(width, dtype=np.float32) + walk.map_to_key[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + walk.map_to_key[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return warped.reshape(array.shape), np.where(inside, walk.quality, np.float32(0))


def flow_between(here: Byte, there: Byte, start: Float | None, *, coarser: int, settings: RepairSettings) -> Float:
    """Dense flow of two guides, (H, W, 2) float32, from a start or from nothing; it ends `coarser` levels before the finest."""
    # One object a call: it keeps buffers inside, and frames may run side by side.
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(settings.finest_scale(*here.shape) + coarser)
    search.setPatchStride(_PATCH_STRIDE_PX)
    search.setGradientDescentIterations(settings.flow_iterations)
    search.setVariationalRefinementIterations(settings.flow_smoothing_iterations)
    return np.asarray(search.calc(here, there, start), np.float32)


def agreement(to_key: Float, from_key: Float, here: Byte, key: Byte, settings: RepairSettings) -> Float:
    """Quality of a match, (H, W) float32: 1 where the guides agree or the round trip closes, 0 where both fail."""
    # Smooth skin closes no round trip and does not need to; hair never matches strand by strand. Only both together are a failure.
    scale = max(min(here.shape) / 512, 0.25)
    costs = kernels.mismatch(to_key, from_key, here, key, np.float32(GUIDE_UNIT))
    tolerance = np.float32((settings.round_trip_tolerance_px * scale) ** 2)
    np.minimum(costs[..., 1], 4 * tolerance, out=costs[..., 1])
    judged = cv2.GaussianBlur(costs, (0, 0), _MATCH_SIGMA_PX * scale)
    guides = np.minimum(judged[..., 0] / np.float32(settings.match_tolerance), np.float32(1))
    trips = np.minimum(judged[..., 1] / tolerance, np.float32(1))
    return np.asarray(1 - guides * trips, np.float32)
