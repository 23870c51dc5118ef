"""Which key serves which frame, and in which order the correspondence walks outwards from each key."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from bottega.engine import time_weights


@dataclass(frozen=True)
class WalkPlan:
    """The frames that a key's correspondence visits, outwards: `frames[0]` is the key's neighbour."""

    key: int
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Interval:
    """Frames between two neighbouring keys (or outside the outermost), the unit whose scratch is kept at a time."""

    frames: tuple[int, ...]
    walks: tuple[WalkPlan, ...]


def intervals(frames: Sequence[int], keys: Sequence[int]) -> tuple[Interval, ...]:
    """Split a shot at its key frames; a key frame belongs to the interval that it opens.

    Parameters
    ----------
    frames
        The frame numbers that have a plate, ascending. Numbers may be missing (holes): a walk steps over them.
    keys
        Key frame numbers, ascending, each one of `frames`.

    Raises
    ------
    ValueError
        No keys, or a key that is no frame of the shot.
    """
    if not keys:
        raise ValueError("a schedule needs at least one key frame, given none")
    stray = sorted(set(keys) - set(frames))
    if stray:
        raise ValueError(f"key frames {stray} are not among the plate's frames {frames[0]}-{frames[-1]}")
    cuts = [bisect.bisect_left(frames, k) for k in keys]
    out = []
    if cuts[0] > 0:
        head = tuple(frames[: cuts[0]])
        out.append(Interval(head, (WalkPlan(keys[0], head[::-1]),)))
    for n, (key, cut) in enumerate(zip(keys, cuts, strict=True)):
        end = cuts[n + 1] if n + 1 < len(keys) else len(frames)
        between = tuple(frames[cut + 1 : end])
        walks = [WalkPlan(key, between)]
        if n + 1 < len(keys):
            walks.append(WalkPlan(keys[n + 1], between[::-1]))
        out.append(Interval((key, *between), tuple(w for w in walks if w.frames)))
    return tuple(out)


def serving(frame: int, keys: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """The keys that serve a frame, each with its weight in time: 1 on the key, falling linearly to 0 at the next key.

    Returns
    -------
    tuple of (key frame, weight)
        One pair on a key frame and outside the outermost keys, two between keys; the weights sum to 1.
    """
    return tuple((keys[i], weight) for i, weight in time_weights(frame, keys))
