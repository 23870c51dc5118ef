"""Which frame to paint next: the one whose painting would bring the shot's frames nearest to a key that shows what they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.candidates import time_weights
from bottega.engine.checks import Byte, Float, guide_plane, one_thread, plane
from bottega.engine.guides import GUIDE_UNIT

_SIDE_PX = 144  # frames are compared this small
_JUDGED_OVER_PX = 1.5
_TRIP_PX = 1.5  # round trip from which something was hidden, at that size
_FLOOR = 0.01  # what two frames of the same state differ by
_STATE = 1.4  # times the usual difference at that distance, from which a state is missing
_HIDDEN = 0.12  # share of the matte, from which something is hidden


@dataclass(frozen=True)
class Advice:
    """A frame to paint next.

    Parameters
    ----------
    frame
        Its number.
    reason
        "state" where the keys show no frame like it (another eye, another mouth), "hidden" where they do not see what it shows,
        "distance" where it is only far from them.
    gain_db
        Expected gain of the mean PSNR over the frames that are no keys, in dB. A model's word, good for an order.
    """

    frame: int
    reason: str
    gain_db: float


def next_key(guides: Sequence[Byte], mattes: Sequence[Float], *, frames: Sequence[int], keys: Sequence[int]) -> tuple[Advice, ...]:
    """Frames to paint next, best first: gain(c) = mean over f of 10·log10(e_f / e_f(c)), e_f = Σ w_k·D(f, k).

    D is the mean squared difference of two frames' guides along the flow between them, inside the matte, at a small size. Every frame is
    compared with every other: nothing has to be painted or repaired first, and a state that comes again elsewhere counts there, too.

    Parameters
    ----------
    guides
        (H, W) uint8 each, from `guide`, of every frame; they may be reduced, the comparison is made at 144 pixels of shorter side.
    mattes
        (H, W) float32 each, 0..1.
    frames, keys
        Numbers of the frames, ascending, and which of them are keys; at least one key.

    Returns
    -------
    tuple of Advice, every frame that is no key, best first.

    Raises
    ------
    TypeError, ValueError
        If there are not as many guides, mattes and frames, or a key is no frame.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> waves = np.random.default_rng(1).integers(0, 255, (64, 64)).astype(np.uint8)
    >>> found = next_key([waves] * 3, [np.ones((64, 64), np.float32)] * 3, frames=[1, 2, 3], keys=[1])
    >>> [advice.reason for advice in found]
    ['distance', 'distance']
    """
    one_thread()
    if not len(guides) == len(mattes) == len(frames):
        raise ValueError(f"there are {len(guides)} guides and {len(mattes)} mattes, allowed is one for each of the {len(frames)} frames")
    if not keys or set(keys) - set(frames):
        raise ValueError(f"keys are {list(keys)}, allowed is at least one of the frames {frames[0]} to {frames[-1]}")
    apart, hidden = _compared([_small(g, m, f) for g, m, f in zip(guides, mattes, frames, strict=True)])
    now = _errors(apart, frames, keys)
    found = []
    for i, frame in enumerate(frames):
        if frame in keys:
            continue
        then = _errors(apart, frames, sorted([*keys, frame]))
        others = [j for j, f in enumerate(frames) if f not in keys and j != i]
        gain = float(np.mean(10 * np.log10(now[others] / then[others]))) if others else 0.0
        found.append(Advice(frame, _reason(i, apart, hidden, frames, keys), round(gain, 2)))
    return tuple(sorted(found, key=lambda advice: (-advice.gain_db, advice.frame)))


def _small(guide: Byte, matte: Float, frame: int) -> tuple[Byte, Float]:
    whole = guide_plane(guide, f"guide of frame {frame}")
    inside = plane(matte, f"matte of frame {frame}", like=(whole.shape[0], whole.shape[1]))
    step = max(1.0, min(whole.shape) / _SIDE_PX)
    size = (round(whole.shape[1] / step), round(whole.shape[0] / step))
    return cv2.resize(whole, size, interpolation=cv2.INTER_AREA), cv2.resize(inside, size, interpolation=cv2.INTER_AREA)


def _compared(small: Sequence[tuple[Byte, Float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For every pair of frames the difference along the flow, and the share of the matte that one does not see of the other."""
    count = len(small)
    apart, hidden = np.zeros((count, count)), np.zeros((count, count))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    for i in range(count):
        for j in range(i):
            to, back = (np.asarray(search.calc(small[a][0], small[b][0], None), np.float32) for a, b in ((i, j), (j, i)))
            for a, b, way, home in ((i, j, to, back), (j, i, back, to)):
                costs = cv2.GaussianBlur(
                    kernels.mismatch(way, home, small[a][0], small[b][0], np.float32(GUIDE_UNIT)), (0, 0), _JUDGED_OVER_PX
                )
                weight = small[a][1] / max(float(small[a][1].sum()), 1e-6)
                apart[a, b] = float((costs[..., 0] * weight).sum())
                hidden[a, b] = float(((costs[..., 1] > _TRIP_PX**2) * weight).sum())
    return apart, hidden


def _errors(apart: NDArray[np.float64], frames: Sequence[int], keys: Sequence[int]) -> NDArray[np.float64]:
    at = {frame: i for i, frame in enumerate(frames)}
    served = [time_weights(frame, keys) for frame in frames]
    return np.array([_FLOOR + sum(w * apart[i, at[keys[k]]] for k, w in pairs) for i, pairs in enumerate(served)])


def _reason(i: int, apart: NDArray[np.float64], hidden: NDArray[np.float64], frames: Sequence[int], keys: Sequence[int]) -> str:
    near = [frames.index(keys[k]) for k, _ in time_weights(frames[i], keys)]
    if min(hidden[i, k] for k in near) > _HIDDEN:
        return "hidden"
    far = min(abs(i - k) for k in near)
    usual = float(np.median(np.concatenate([np.diagonal(apart, far), np.diagonal(apart, -far)])))
    return "state" if min(apart[i, k] for k in near) > _STATE * usual else "distance"
