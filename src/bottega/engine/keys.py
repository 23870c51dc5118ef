"""A painted key frame, prepared: what the artist changed, split into bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.checks import Byte, Float, one_thread, picture, plane
from bottega.engine.distances import distance_to_zero
from bottega.engine.grain import grain
from bottega.engine.guides import guide, look
from bottega.engine.settings import RepairSettings
from bottega.engine.shape import painted_shape

_MATTE_FLOOR, _MATTE_FULL = 0.004, 0.02  # change in the encoding (about 0.2 % and 1 % of a mid grey) where a matte begins and is solid
_LEAST_SUPPORT = 1e-4


@dataclass(frozen=True)
class Key:
    """One key frame, ready to be carried.

    Parameters
    ----------
    frame
        The key's frame number.
    painted
        (H, W, 3) float32, scene-linear: the artist's own pixels.
    bands
        (H, W, 9) float32 in the encoding: low band of the change, high band of the plate moved by `shape`, high band of
        the change, three channels each. The change is the painting less the moved plate.
        Exactly 0 in the first and last three where nothing was painted.
    coverage
        (H, W, 1) float32: 1 where a pixel was painted (differs from the plate in any bit), else 0.
    shape
        (H, W, 2) float32, displacement (x, y) in pixels: the painting shows at p what the plate shows at p + shape[p], but for tone and
        detail. Exactly 0 where nothing was painted.
    visible
        (H, W) float32: the painting less the plate in the encoding, the channel that changed most; 0 where nothing was painted.
    guide
        (H, W) uint8, the key plate's guide.
    match
        (H, W) float32, 0..1, for a key of another shot that `lend_key` brought to this frame: where the two plates agree. It is walked
        from like any other and is never copied as it is. None for a key that was painted on this very frame.
    look
        (H, W, 3) uint8, the key plate's look; None where maps to the key are not to be fitted by it.
    """

    frame: int
    painted: Float
    bands: Float
    coverage: Float
    shape: Float
    visible: Float
    guide: Byte
    match: Float | None = None
    look: Byte | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as named arrays, ready for ``numpy.savez``."""
        return {
            "frame": np.array(self.frame, np.int64),
            "painted": self.painted,
            "bands": self.bands,
            "coverage": self.coverage,
            "shape": self.shape,
            "visible": self.visible,
            "guide": self.guide,
            **({} if self.match is None else {"match": self.match}),
            **({} if self.look is None else {"look": self.look}),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Key:
        """Make the key again, bit for bit, from what `arrays` gave (or an opened ``.npz``)."""
        names = ("painted", "bands", "coverage", "shape", "visible", "guide")
        rest = {name: arrays[name] for name in ("match", "look") if name in arrays}
        return cls(int(arrays["frame"]), *(arrays[name] for name in names), **rest)


def prepare_key(plate: Float, painted: Float, *, frame: int, matte: Float | None = None, settings: RepairSettings) -> Key:
    """Change = enc(painted) − enc(plate moved by shape) = low + high: the artist's change as a shape and two bands.

    The bands are a two-level Laplacian split (Burt & Adelson 1983) of the change in a log-like encoding: a change is a ratio of light.
    What the painting moved, a jaw or a lid, is found first (`painted_shape`) and is no part of the bands.
    The low band is normalised inside the painted region: it neither leaks out nor fades towards the region's edge.

    Parameters
    ----------
    plate, painted
        (H, W, 3) float32, scene-linear: the frame as shot, and as the artist painted it.
    frame
        The frame's number.
    matte
        (H, W) float32, 0..1; where it is 0 the painting is ignored. None takes every pixel that differs.
    settings
        `band_px` and `toe` matter here; use the same settings in `render`.

    Returns
    -------
    Key

    Raises
    ------
    TypeError, ValueError
        If an array is not as described or has values that are not finite.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> key = prepare_key(plate, plate, frame=1001, settings=RepairSettings())
    >>> float(key.coverage.max())
    0.0
    """
    one_thread()
    plate = picture(plate, "plate")
    size = plate.shape[:2]
    painted = picture(painted, "painted", like=size)
    if isinstance(frame, bool) or not isinstance(frame, int):
        raise TypeError(f"frame is {frame!r}, allowed is a whole number")
    touched = (plate != painted).any(-1)
    if matte is not None:
        touched &= plane(matte, "matte", like=size) > 0
    coverage = touched.astype(np.float32)[..., None]
    toe, sigma = np.float32(settings.toe), settings.band_sigma(*size)
    plain, after = kernels.encode(plate, toe), kernels.encode(painted, toe)
    seen = guide(plate, settings=settings)
    shape = painted_shape((plain, seen), (after, guide(painted, settings=settings)), coverage[..., 0], settings=settings)
    visible = np.abs(after - plain).max(-1) * coverage[..., 0]
    before = kernels.sample_cubic(plain - grain(plain), shape, 0, 0)
    change = (after - grain(after) - before) * coverage
    support = np.maximum(low_band(coverage[..., 0], sigma), np.float32(_LEAST_SUPPORT))[..., None]
    low = low_band(change, sigma) / support * coverage
    bands = np.concatenate([low, before - low_band(before, sigma), change - low], -1)
    return Key(frame, painted.copy(), bands, coverage, shape, visible, seen, look=look(plate, settings=settings))


def matte_from_keys(key: Key, *, feather_px: float = 3.0) -> Float:
    """A soft matte from where the key was painted.

    The change in the encoding (largest channel), stepped between 0.4 % and 2 %, closed over gaps and feathered outwards; exactly 0 beyond.

    Parameters
    ----------
    key
        From `prepare_key`.
    feather_px
        Width of the feather in pixels at 512 pixels of shorter side, 0..64; larger pictures scale it.

    Returns
    -------
    (H, W) float32, 0..1: 1 where something was painted, falling to exactly 0 over the feather.

    Raises
    ------
    ValueError
        If the feather is outside its range.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> painted = plate.copy()
    >>> painted[24:40, 24:40] *= np.float32(1.5)
    >>> matte = matte_from_keys(prepare_key(plate, painted, frame=1, settings=RepairSettings()))
    >>> float(matte[32, 32]), float(matte[0, 0])
    (1.0, 0.0)
    """
    if not 0 <= feather_px <= 64:
        raise ValueError(f"feather_px is {feather_px:g}, allowed is 0 to 64")
    one_thread()
    change = key.visible
    solid = (change >= _MATTE_FULL).astype(np.uint8)
    radius = max(1, round(feather_px * min(key.guide.shape) / 512))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    framed = cv2.copyMakeBorder(solid, radius, radius, radius, radius, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, disc)[radius:-radius, radius:-radius]
    faint = np.clip((change - np.float32(_MATTE_FLOOR)) / np.float32(_MATTE_FULL - _MATTE_FLOOR), 0, 1)
    if feather_px == 0 or not closed.any():
        return np.asarray(np.maximum(closed, faint), np.float32)
    away = distance_to_zero(1 - closed, most_px=radius + 2)
    t = np.clip(1 - away / np.float32(radius + 1), 0, 1)
    return np.asarray(np.maximum(t * t * (3 - 2 * t), faint), np.float32)


def low_band(array: Float, sigma: float) -> Float:
    """Gaussian low pass of (H, W) or (H, W, C), the edge mirrored."""
    return np.asarray(cv2.GaussianBlur(array, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
