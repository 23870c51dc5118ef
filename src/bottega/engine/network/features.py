"""What the network sees of a frame, and what it shall answer: arrays made without torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.checks import Float, one_thread, picture, plane
from bottega.engine.guides import guide
from bottega.engine.settings import RepairSettings

CHANNELS = 7  # plate encoded (3), normalised luma, matte, position (x, y)
MATTE, POSITION_X = 4, 5
_GUIDE_MID, _GUIDE_SPAN = 128.0, 80.0
_POSITION_SPAN = 3.0  # deviations of the matte that reach the end of the position's scale


@dataclass(frozen=True)
class Pair:
    """A painted key frame with its plate: what the network learns from.

    Parameters
    ----------
    frame
        The key's frame number.
    plate, painted
        (H, W, 3) float32, scene-linear.
    matte
        (H, W) float32, 0..1: where the painting counts.
    """

    frame: int
    plate: Float
    painted: Float
    matte: Float


def channels(plate: Float, matte: Float, *, toe: float = 0.02) -> Float:
    """Channels = (plate in the encoding, normalised luma, matte, position relative to the matte): what survives another pose.

    The position is (x − mean) / (3 · deviation) over the matte, cut to −1..1: it moves and grows with what is in the matte.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.
    matte
        (H, W) float32, 0..1.
    toe
        Of the encoding.

    Returns
    -------
    (7, H, W) float32.

    Raises
    ------
    TypeError, ValueError
        If an array is not as described.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> channels(np.full((32, 48, 3), 0.18, np.float32), np.ones((32, 48), np.float32)).shape
    (7, 32, 48)
    """
    one_thread()
    plate = picture(plate, "plate")
    matte = plane(matte, "matte", like=(plate.shape[0], plate.shape[1]))
    luma = (guide(plate, settings=RepairSettings()).astype(np.float32) - np.float32(_GUIDE_MID)) / np.float32(_GUIDE_SPAN)
    encoded = kernels.encode(plate, np.float32(toe)).transpose(2, 0, 1)
    return np.ascontiguousarray(np.concatenate([encoded, luma[None], matte[None], _position(matte)]), np.float32)


def residual(pair: Pair, *, toe: float) -> Float:
    """enc(painted) − enc(plate) inside the matte, (3, H, W) float32: what the network shall answer for a key."""
    change = kernels.encode(pair.painted, np.float32(toe)) - kernels.encode(pair.plate, np.float32(toe))
    return np.ascontiguousarray((change * (pair.matte > 0)[..., None]).transpose(2, 0, 1))


def check_pairs(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Check the pairs' arrays, sizes and frame numbers, and give them back in the order of frames."""
    if not 1 <= len(pairs) <= 64:
        raise ValueError(f"pairs has {len(pairs)} entries, allowed is 1 to 64")
    frames = [p.frame for p in pairs]
    if len(set(frames)) < len(frames):
        raise ValueError(f"pairs have frames {frames}, allowed is each frame once")
    size = pairs[0].plate.shape[:2] if isinstance(pairs[0].plate, np.ndarray) and pairs[0].plate.ndim == 3 else None
    out = []
    for pair in sorted(pairs, key=lambda p: p.frame):
        plate = picture(pair.plate, f"plate of key {pair.frame}", like=size)
        like = (plate.shape[0], plate.shape[1])
        painted = picture(pair.painted, f"painted key {pair.frame}", like=like)
        matte = plane(pair.matte, f"matte of key {pair.frame}", like=like)
        if not matte.any():
            raise ValueError(f"matte of key {pair.frame} is 0 everywhere, allowed is a matte with something in it")
        out.append(Pair(pair.frame, plate, painted, matte))
    return tuple(out)


def _position(matte: Float) -> Float:
    height, width = matte.shape
    out = np.zeros((2, height, width), np.float32)
    total = float(matte.sum(dtype=np.float64))
    if total == 0:
        return out
    for channel, sums, count in ((0, matte.sum(0, dtype=np.float64), width), (1, matte.sum(1, dtype=np.float64), height)):
        at = np.arange(count, dtype=np.float64)
        middle = float((sums * at).sum() / total)
        deviation = max(float(np.sqrt((sums * (at - middle) ** 2).sum() / total)), 1.0)
        line: NDArray[np.float64] = np.clip((at - middle) / (_POSITION_SPAN * deviation), -1, 1)
        out[channel] = line[None, :] if channel == 0 else line[:, None]
    return out
