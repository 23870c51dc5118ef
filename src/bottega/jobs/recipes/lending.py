"""Keys of another shot: which frame each is laid on, and what it becomes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.engine.repair import Key, RepairSettings, Sight, align, lay_pair, lend_key, matte_from_keys, prepare_key, sight

LEAST_LIKENESS = 0.75  # below it two plates are no more alike than the two sides of a cut
MOST_FRAMES = 48  # of a shot that a key is held against; of a longer one every n-th
NEAR = 6  # frames about a key in which another one adds nothing but a jump
SECONDS_A_LOOK = 0.075  # bench/looks.py: CPU, one frame held against one key

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where a key of another shot is laid: the frame that is most like it, and how like."""

    index: int
    frame: int
    likeness: float


@dataclass(frozen=True)
class Places:
    """The keys that found a place, and those that did not, each with the frame that comes nearest."""

    found: tuple[Place, ...] = ()
    unlike: tuple[Place, ...] = ()
    needless: tuple[Place, ...] = ()

    @property
    def by_frame(self) -> dict[int, int]:
        """The frame of each placed key to its index, ascending."""
        return {p.frame: p.index for p in sorted(self.found, key=lambda p: p.frame)}


def looked_at(frames: Sequence[int], keys: Sequence[int]) -> list[int]:
    """The frames that a key may be laid on: not those near a key of the shot's own, and evenly thinned where there are many."""
    free = [n for n in frames if all(abs(n - k) > NEAR for k in keys)] or list(frames)
    count = min(len(free), MOST_FRAMES)
    return [free[int((i + 0.5) * len(free) / count)] for i in range(count)]


def place(likeness: Mapping[int, Mapping[int, float]], *, own: Sequence[int]) -> Places:
    """Lay each key on the frame that is most like it, the best match first; one that would lie beside another key is left out.

    Parameters
    ----------
    likeness
        For each key, by its index, the likeness of each frame that was looked at.
    own
        The frames of the shot's own keys.
    """
    best = [Place(i, *max(((n, v) for n, v in seen.items()), key=lambda one: (one[1], -one[0]))) for i, seen in likeness.items()]
    found: list[Place] = []
    unlike: list[Place] = []
    needless: list[Place] = []
    for one in sorted(best, key=lambda p: (-p.likeness, p.index)):
        taken = [*own, *(p.frame for p in found)]
        if one.likeness < LEAST_LIKENESS:
            unlike.append(one)
        elif any(abs(one.frame - n) <= NEAR for n in taken):
            needless.append(one)
        else:
            found.append(one)
    return Places(tuple(found), tuple(unlike), tuple(needless))


class Lending:
    """The steps on arrays: (H, W, 3) float32 scene-linear pictures, (H, W) float32 mattes in 0..1."""

    def __init__(self, settings: RepairSettings) -> None:
        self.settings = settings

    def frame(self, number: int, plate: Picture, matte: Picture | None) -> Sight:
        """A frame, small."""
        return sight(plate, matte, frame=number)

    def painted(self, number: int, pair: tuple[Picture, Picture]) -> Sight:
        """A key's plate, small, and where it was painted. Raises ValueError for a key that changes nothing."""
        changed = matte_from_keys(prepare_key(*pair, frame=number, settings=self.settings))
        if not (changed > 0.5).any():
            raise ValueError(f"key {number} changes nothing of its plate; allowed is a painted one")
        return sight(pair[0], changed, frame=number)

    def likeness(self, here: Sight, key: Sight) -> float:
        """How much of the structure of both agrees; nothing where there is no matte."""
        return align(here, key).likeness if (here.inside > 0.5).any() else 0.0

    def lesson(self, number: int, plate: Picture, matte: Picture | None, pair: tuple[Picture, Picture]) -> tuple[Picture, Picture]:
        """The key's plate and painting as they lie on this frame, in its light: what a network may learn from."""
        found = align(self.frame(number, plate, matte), self.painted(number, pair))
        laid = lay_pair(pair, plate, found, settings=self.settings)
        return laid.plate, laid.painted

    def key(self, number: int, plate: Picture, matte: Picture | None, pair: tuple[Picture, Picture]) -> Key:
        """The key as if it had been painted on this frame."""
        found = align(self.frame(number, plate, matte), self.painted(number, pair))
        return lend_key(pair, plate, found, frame=number, matte=matte, settings=self.settings)


__all__ = ["LEAST_LIKENESS", "NEAR", "SECONDS_A_LOOK", "Lending", "Picture", "Place", "Places", "looked_at", "place"]
