"""The copied result and the network's, pixel by pixel: pictures, exact parts, and which pixel the network touched."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.candidates import Repaired
from bottega.engine.checks import Float, one_thread, picture, plane
from bottega.engine.finest import coarser

_SMOOTH_PX = 1.5  # sigma, at 512 pixels of shorter side, of what was left to the plate
_EQUAL_PX = 24.0  # so far from what was painted, at 512 pixels of shorter side, a copy is about as wrong as the network
_MOST = 0.5  # the network's share where the copy is trusted, however far it is
_PER_LEFT = 0.3  # and how much it grows with the share that was left to the plate
_GOOD = 0.08  # expected error, as a share of the change, up to which a network counts as one that has learned
_DOUBTED = 0.5  # expected error of a pixel (a ratio of 1.65 in light) at which the network's say is halved


@dataclass(frozen=True)
class Combined:
    """One frame of copied and learned pixels.

    Parameters
    ----------
    rgb, delta
        (H, W, 3) float32, scene-linear: the picture, and picture − plate.
    weights
        (K + 2, H, W) uint32, parts of 65536: the plate, the candidates as in `Repaired.weights`, and the network last. Each pixel sums to
        exactly 65536.
    copied_from
        (H, W) uint8 as in `Repaired`: pixels that are copied keep their bits, and the network has no part in them.
    learned
        (H, W) bool: where the network has a part.
    """

    rgb: Float
    delta: Float
    weights: NDArray[np.uint32]
    copied_from: NDArray[np.uint8]
    learned: NDArray[np.bool_]


def combine(
    plate: Float,
    copied: Repaired,
    residual: Float,
    error: Float,
    *,
    matte: Float,
    away: float,
    strength: Float | float = 1.0,
    toe: float = 0.02,
) -> Combined:
    """Encoded = enc(copied) + coarser(s·(enc(plate) + reach·residual − enc(copied))), s the network's share of the pixel.

    Its correction is taken but for what is finer than a pixel or so: there the network is as good as blind.

    The share is (min(0.5, away / (away + e)) + 0.3·left) / (1 + (error / 0.5)²). Two estimates of unrelated errors are weighed by the
    inverse of their variances: the copy's grows with how far the frame is from what was painted, the network's does not; the two are
    equal at e = 24 pixels, and farther out for a network that has not learned: e = 24·(m / 0.08)⁴ where m, the median of its expected
    error over the rms of its change, is above 0.08. Left is what the copy left to the plate, where it was not trusted (another eye,
    another mouth, an ear that turns into view). The share is a whole number of parts: what is claimed is what was done. A copied pixel,
    the plate's or a key's, stays bit for bit.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.
    copied
        From `render`, of the same frame.
    residual, error
        (H, W, 3) and (H, W) float32 from `predict`: change in the encoding, and its expected absolute error (may be infinite).
    matte
        (H, W) float32, 0..1, as given to `render`.
    away
        From `away`: how far the frame is from what was painted, in pixels of motion.
    strength
        A number or (H, W) float32, 0..1.5, as given to `render`.
    toe
        Of the encoding, as in the settings of both.

    Returns
    -------
    Combined

    Raises
    ------
    TypeError, ValueError
        If an array is not as described.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> from bottega.engine import Candidate, RepairSettings, prepare_key, render, start_walk
    >>> cv2.setNumThreads(1)
    >>> plate, matte = np.full((64, 64, 3), 0.18, np.float32), np.ones((64, 64), np.float32)
    >>> key = prepare_key(plate, plate * np.float32(1.5), frame=1, settings=RepairSettings())
    >>> at_key = render(plate, [Candidate(key, start_walk(key), 1.0)], matte=matte, settings=RepairSettings())
    >>> out = combine(plate, at_key, np.zeros_like(plate), np.zeros((64, 64), np.float32), matte=matte, away=0.0)
    >>> bool((out.rgb == key.painted).all()), bool(out.learned.any())
    (True, False)
    """
    one_thread()
    plate = picture(plate, "plate")
    size = (plate.shape[0], plate.shape[1])
    residual = picture(residual, "residual", like=size)
    matte = plane(matte, "matte", like=size)
    if not isinstance(error, np.ndarray) or error.shape != size or np.isnan(error).any() or error.min() < 0:
        raise ValueError(f"error is {getattr(error, 'shape', type(error).__name__)}, allowed is shape {size} with values of 0 and above")
    if copied.copied_from.shape != size:
        raise ValueError(f"copied has shape {copied.copied_from.shape}, allowed is the plate's {size}")
    if not (math.isfinite(away) and away >= 0):
        raise ValueError(f"away is {away:g}, allowed is 0 and above")
    reach = matte * (np.float32(strength) if isinstance(strength, int | float) else plane(strength, "strength", like=size, high=1.5))
    parts = shares(copied, reach, error, _share(residual, error, away))
    rgb = mix(plate, copied.rgb, residual, reach, parts, toe=toe)
    return Combined(rgb, rgb - plate, divided(copied.weights, parts), copied.copied_from.copy(), parts > 0)


def shares(copied: Repaired, reach: Float, error: Float, base: float) -> NDArray[np.uint32]:
    """The network's parts of 65536, (H, W) uint32, from its share where the copy is trusted: 0 where a pixel is copied."""
    sigma = max(_SMOOTH_PX * min(reach.shape) / 512, 0.3)
    # What the matte's feather leaves to the plate is no lack of trust.
    left = np.maximum(copied.weights[0].astype(np.float32) / kernels.PARTS - (1 - np.minimum(reach, 1)), np.float32(0))
    share = np.clip(base + _PER_LEFT * cv2.GaussianBlur(left, (0, 0), sigma), 0, 1)
    doubt = np.float32(1) / (np.float32(1) + np.square(error / np.float32(_DOUBTED), dtype=np.float32))
    share *= doubt * (copied.copied_from == 0)
    return np.asarray(np.rint(share * kernels.PARTS), np.uint32)


def _share(residual: Float, error: Float, away: float) -> float:
    """The network's share where the copy is trusted, 0..0.5."""
    asked = np.isfinite(error)
    change = math.sqrt(float(np.square(residual[asked], dtype=np.float64).mean())) if asked.any() else 0.0
    if change == 0:
        return 0.0
    unlearned = float(max(float(np.median(error[asked])) / change / _GOOD, 1.0) ** 4)
    equal = _EQUAL_PX * max(min(error.shape) / 512, 0.25) * unlearned
    return float(min(_MOST, away / (away + equal)))


def mix(plate: Float, copied: Float, residual: Float, reach: Float, parts: NDArray[np.uint32], *, toe: float) -> Float:
    """The picture with the network's parts in it, but for the finest detail; where it has none the copied bits stay."""
    tone = np.float32(toe)
    made = kernels.encode(plate, tone) + reach[..., None] * residual
    there = kernels.encode(copied, tone)
    share = (parts.astype(np.float32) / np.float32(kernels.PARTS))[..., None]
    value = there + coarser(np.asarray(share * (made - there), np.float32))
    light = np.sign(value) * tone * np.expm1(np.abs(value))
    return np.asarray(np.where((parts > 0)[..., None], light, copied), np.float32)


def divided(weights: NDArray[np.uint32], parts: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Weights with the network last: the others keep floor(w · (65536 − n) / 65536), and the pixel's largest gets what rounding left."""
    rest = kernels.PARTS - parts.astype(np.uint64)
    kept = (weights.astype(np.uint64) * rest // kernels.PARTS).astype(np.uint32)
    missing = (rest - kept.sum(0, dtype=np.uint64)).astype(np.uint32)
    np.put_along_axis(kept, weights.argmax(0)[None], np.take_along_axis(kept, weights.argmax(0)[None], 0) + missing[None], 0)
    return np.concatenate([kept, parts[None]])
