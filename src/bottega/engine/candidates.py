"""What goes into one frame's rendering, and what comes out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bottega.engine.checks import Byte, Float, plane
from bottega.engine.correspondence import Walk
from bottega.engine.keys import Key

_LENT_PX = 20.0  # a key of another shot is never nearer than this, at 512 pixels of shorter side
_REST_PX = 0.8  # a frame in which nothing moves still counts as this far, at 512 pixels of shorter side


@dataclass(frozen=True)
class Candidate:
    """One key offered to a frame.

    Parameters
    ----------
    key
        From `prepare_key`.
    walk
        From that key to the frame.
    time_weight
        Weight in time, 0..1, as `time_weights` gives it.

    Raises
    ------
    ValueError
        If the weight is outside its range, or the walk is another key's.
    """

    key: Key
    walk: Walk
    time_weight: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.time_weight) and 0 <= self.time_weight <= 1):
            raise ValueError(f"time_weight is {self.time_weight:g}, allowed is 0 to 1")
        if self.walk.key_frame != self.key.frame:
            raise ValueError(f"walk began at key frame {self.walk.key_frame}, allowed is a walk of this key, frame {self.key.frame}")

    @property
    def at_key(self) -> bool:
        """Whether the walk stands on the very frame that the key was painted on."""
        return self.walk.at_frame == self.key.frame and self.key.match is None


@dataclass(frozen=True)
class Strength:
    """How much of each band a region takes, multiplied with the settings' own strengths.

    Parameters
    ----------
    tone, shape, detail
        A number or (H, W) float32, 0..1.5: of the low band, the displacement, the high band.

    Examples
    --------
    >>> Strength(detail=0.0).tone
    1.0
    """

    tone: Float | float = 1.0
    shape: Float | float = 1.0
    detail: Float | float = 1.0

    @property
    def most(self) -> Float | float:
        """The larger of tone and detail: 0 where the plate's bits come back, and what `steady` divides by."""
        if isinstance(self.tone, float | int) and isinstance(self.detail, float | int):
            return max(self.tone, self.detail)
        return np.asarray(np.maximum(self.tone, self.detail), np.float32)


@dataclass(frozen=True)
class Repaired:
    """One repaired frame.

    Parameters
    ----------
    rgb
        (H, W, 3) float32, scene-linear.
    delta
        (H, W, 3) float32: rgb − plate, exactly 0 where the plate is untouched.
    weights
        (K+1, H, W) uint32, parts of 65536: [0] the plate, then the candidates in the order given. Each pixel sums to exactly 65536.
        A pixel has two bands; tone and detail count half each. A key's share of a band is min(1, matte·strength·(tone or detail))·choice of
        that key, times its trust in the detail band; the rest is the plate's. Rounded to whole parts by largest remainder.
    copied_from
        (H, W) uint8: 0 a blend, 1 the plate's bits, 2 + i the painted bits of candidate i at the same position.
    """

    rgb: Float
    delta: Float
    weights: NDArray[np.uint32]
    copied_from: Byte


def time_weights(frame: int, key_frames: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """Which keys a frame looks at and with what weight in time: the nearest on each side, on straight ramps that meet at the keys.

    Parameters
    ----------
    frame
        The frame's number.
    key_frames
        Numbers of all key frames, at least one, in any order, no number twice.

    Returns
    -------
    Pairs (index into `key_frames`, weight); weights sum to 1. One pair on a key and outside the first and last key, else two.

    Raises
    ------
    ValueError
        If there are no keys, or a number stands twice.

    Examples
    --------
    >>> time_weights(1006, [1001, 1011, 1021])
    ((0, 0.5), (1, 0.5))
    >>> time_weights(1030, [1001, 1011, 1021])
    ((2, 1.0),)
    """
    if not key_frames or len(set(key_frames)) != len(key_frames):
        raise ValueError(f"key_frames is {list(key_frames)}, allowed is at least one number and none twice")
    order = sorted(range(len(key_frames)), key=lambda i: key_frames[i])
    before = [i for i in order if key_frames[i] <= frame]
    after = [i for i in order if key_frames[i] > frame]
    if not before or not after or key_frames[before[-1]] == frame:
        return (((before or [after[0]])[-1], 1.0),)
    left, right = before[-1], after[0]
    ramp = (frame - key_frames[left]) / (key_frames[right] - key_frames[left])
    return ((left, 1.0 - ramp), (right, ramp))


def by_motion(candidates: Sequence[Candidate], *, matte: Float) -> tuple[Candidate, ...]:
    """Weights by how far each key is in motion, not in time: w ∝ time weight · frames / (median motion in pixels + 0.8 frames).

    A head that starts slowly is still near its first pose halfway through the interval. Two keys on straight ramps in time come to lie on
    straight ramps in motion: inverse distance weighting (Shepard 1968). Where nothing moves, the weights are those in time.

    Parameters
    ----------
    candidates
        As for `render`.
    matte
        (H, W) float32, 0..1: whose motion counts.

    Returns
    -------
    The candidates, their weights changed and of the same sum; as they are where the matte is empty, or one stands at its own key frame.

    Raises
    ------
    TypeError, ValueError
        If the matte is not as described.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> from bottega.engine import RepairSettings, Walk, prepare_key
    >>> cv2.setNumThreads(1)
    >>> plate, still = np.full((64, 64, 3), 0.18, np.float32), np.zeros((64, 64, 2), np.float32)
    >>> keys = [prepare_key(plate, plate, frame=n, settings=RepairSettings()) for n in (1, 5)]
    >>> near, far = Walk(1, 3, still, still, still[..., 0]), Walk(5, 3, still + 8, still - 8, still[..., 0])
    >>> moved = by_motion([Candidate(keys[0], near, 0.5), Candidate(keys[1], far, 0.5)], matte=np.ones((64, 64), np.float32))
    >>> moved[0].time_weight > 0.8 > 0.2 > moved[1].time_weight
    True
    """
    if not candidates:
        raise ValueError("candidates has 0 entries, allowed is 1 or more")
    inside = _inside(candidates[0], matte)
    frames = [abs(c.walk.at_frame - c.key.frame) for c in candidates]
    if len(candidates) < 2 or 0 in frames or not inside.any():
        return tuple(candidates)
    shares = [c.time_weight * n / _far(c, inside) for c, n in zip(candidates, frames, strict=True)]
    scale = sum(c.time_weight for c in candidates) / sum(shares) if sum(shares) else 0.0
    return tuple(replace(c, time_weight=min(1.0, share * scale)) for c, share in zip(candidates, shares, strict=True))


def away(candidates: Sequence[Candidate], *, matte: Float) -> float:
    """How far a frame is from what was painted, in pixels of motion: 1 / Σ 1/(median motion + 0.8 pixels a frame), over its keys.

    About how wrong it is to be expected, since what two keys get wrong is nearly unrelated: `steady` believes a neighbour the less, the
    farther it is away beside the frame itself.

    Parameters
    ----------
    candidates
        As for `render`; those of no weight in time do not count.
    matte
        (H, W) float32, 0..1: whose motion counts.

    Returns
    -------
    0 on a key's own frame and where the matte is empty. A key of another shot is 20 pixels farther, at 512 pixels of shorter side.

    Raises
    ------
    TypeError, ValueError
        If the matte is not as described, or no candidate has a weight.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> from bottega.engine import RepairSettings, Walk, prepare_key
    >>> cv2.setNumThreads(1)
    >>> plate, still = np.full((64, 64, 3), 0.18, np.float32), np.zeros((64, 64, 2), np.float32)
    >>> key = prepare_key(plate, plate, frame=1, settings=RepairSettings())
    >>> all_of_it = np.ones((64, 64), np.float32)
    >>> [round(away([Candidate(key, Walk(1, n, still, still, still[..., 0]), 1.0)], matte=all_of_it), 2) for n in (1, 2, 3)]
    [0.0, 0.2, 0.4]
    """
    counted = [c for c in candidates if c.time_weight > 0]
    if not counted:
        raise ValueError("candidates all have time_weight 0, allowed is at least one above 0")
    inside = _inside(counted[0], matte)
    if not inside.any() or any(c.at_key for c in counted):
        return 0.0
    lent = _LENT_PX * max(min(inside.shape) / 512, 0.25)
    return 1 / math.fsum(1 / (_far(c, inside) + lent * (c.key.match is not None)) for c in counted)


def _inside(candidate: Candidate, matte: Float) -> NDArray[np.bool_]:
    size = candidate.walk.quality.shape
    return np.asarray(plane(matte, "matte", like=(size[0], size[1])) > 0.5)


def _far(candidate: Candidate, inside: NDArray[np.bool_]) -> float:
    """Median motion from the key in pixels, and a little for each frame."""
    motion = np.sqrt((candidate.walk.map_to_key[inside].astype(np.float64) ** 2).sum(-1))
    rest = _REST_PX * max(min(inside.shape) / 512, 0.25)
    return float(np.median(motion) + rest * abs(candidate.walk.at_frame - candidate.key.frame))
