"""The keyed repair: carry what painted key frames changed to every frame between them (`deage` and `repair`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.engine.repair import (
    Candidate,
    Key,
    Repaired,
    RepairSettings,
    Walk,
    carry,
    estimate,
    guide,
    matte_from_keys,
    prepare_key,
    render,
    start_walk,
    step_walk,
)

REVISION = "split-band/1"
KEYS_AT_A_TIME = 2
MOST_STRENGTH = 1.5

Picture = NDArray[np.float32]
Guide = NDArray[np.uint8]


@dataclass(frozen=True)
class Cost:
    """What a job is expected to take: CPU seconds in all, scratch at its largest, memory of all threads together."""

    cpu_seconds: float
    scratch_bytes: int
    memory_bytes: int


def cost(width: int, height: int, *, frames: int, longest: int, threads: int) -> Cost:
    """Estimate a job from the engine's measured figures; `longest` is the longest interval, whose walks lie on disk."""
    each = estimate(width, height, frames=frames, keys=KEYS_AT_A_TIME, settings=RepairSettings())
    return Cost(each.cpu_seconds, each.walk_bytes * KEYS_AT_A_TIME * longest, each.peak_bytes * threads)


class KeyedRepair:
    """The steps of a keyed repair on arrays: (H, W, 3) float32 scene-linear pictures, (H, W) float32 mattes in 0..1."""

    def __init__(self, settings: RepairSettings) -> None:
        self.settings = settings

    def key(self, number: int, plate: Picture, painted: Picture, matte: Picture | None) -> Key:
        """Take a painted key frame apart into what it changed."""
        return prepare_key(plate, painted, frame=number, matte=matte, settings=self.settings)

    def guide(self, plate: Picture) -> Guide:
        """The light-robust picture that correspondence runs on."""
        return guide(plate, settings=self.settings)

    def begin(self, key: Key) -> Walk:
        """The correspondence of a key with itself."""
        return start_walk(key)

    def step(self, key: Key, walk: Walk, before: Guide, here: Guide, *, frame: int) -> Walk:
        """Extend a key's correspondence by one frame outwards; `before` and `here` are the two frames' guides."""
        return step_walk(key, walk, before, here, settings=self.settings, frame=frame)

    def derived_matte(self, key: Key) -> Picture:
        """Where a key was painted, feathered."""
        return matte_from_keys(key)

    def carried(self, parts: Sequence[tuple[Picture, Walk, float]]) -> Picture:
        """Mattes painted or derived at the keys, carried to a frame and mixed by their weights in time."""
        total, sure = np.zeros_like(parts[0][0]), np.zeros_like(parts[0][0])
        for picture, walk, weight in parts:
            moved, validity = carry(picture, walk)
            total += np.float32(weight) * validity * moved
            sure += np.float32(weight) * validity
        return np.clip(np.divide(total, sure, out=np.zeros_like(total), where=sure > 0), 0, 1)

    def strength(self, shape: tuple[int, int], regions: Mapping[str, tuple[Picture, float]]) -> Picture | None:
        """Combine regions to one strength map: 1 outside them, a region's own strength where its matte is 1.

        Where regions overlap their strengths multiply, up to MOST_STRENGTH.
        """
        if not regions:
            return None
        out = np.ones(shape, np.float32)
        for matte, strength in regions.values():
            out *= 1 + matte * np.float32(strength - 1)
        return np.minimum(out, np.float32(MOST_STRENGTH))

    def frame(self, plate: Picture, candidates: Sequence[Candidate], *, matte: Picture, strength: Picture | None) -> Repaired:
        """Repair one frame from the keys that serve it."""
        return render(plate, candidates, matte=matte, strength=1.0 if strength is None else strength, settings=self.settings)


__all__ = ["MOST_STRENGTH", "REVISION", "Candidate", "Cost", "Key", "KeyedRepair", "RepairSettings", "Repaired", "Walk", "cost"]
