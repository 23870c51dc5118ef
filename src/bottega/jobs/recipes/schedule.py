"""Which key serves which frame, and in which order the correspondence walks outwards from each key."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bottega.engine import time_weights

MOST_WEIGHT = 10.0


@dataclass(frozen=True)
class KeyUse:
    """How a key may be used: its weight in the choice, above 0 and up to 10, and the first and last frame that it may serve.

    Raises
    ------
    ValueError
        A weight outside its range, or a range that the key's own frame lies outside of.
    """

    frame: int
    weight: float = 1.0
    first: int | None = None
    last: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and 0 < self.weight <= MOST_WEIGHT):
            raise ValueError(f"key {self.frame}: its weight is {self.weight:g}, allowed is above 0 and at most {MOST_WEIGHT:g}")
        if self.frame not in self:
            raise ValueError(f"key {self.frame}: its range is {self.first}-{self.last}, allowed is one that holds the key itself")

    def __contains__(self, frame: object) -> bool:
        """Whether a frame lies in the key's range."""
        return isinstance(frame, int) and (self.first is None or self.first <= frame) and (self.last is None or frame <= self.last)

    def share(self, frame: int) -> float:
        """The factor on its weight in time: its weight, falling to nothing just outside its range, so that no frame jumps there."""
        edge = self.last if frame > self.frame else self.first if frame < self.frame else None
        if edge is None:
            return self.weight
        room = abs(edge - self.frame) + 1
        return self.weight * (room - abs(frame - self.frame)) / room


@dataclass(frozen=True)
class WalkPlan:
    """The frames that a key's correspondence visits, outwards: `frames[0]` is the key's neighbour."""

    key: int
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Interval:
    """Frames that no walk leaves, as a rule those between two neighbouring keys: the unit whose scratch is kept at a time."""

    frames: tuple[int, ...]
    walks: tuple[WalkPlan, ...]


@dataclass(frozen=True)
class Schedule:
    """A shot's frames and keys, and what follows from them.

    Parameters
    ----------
    frames
        The frame numbers that have a plate, ascending. Numbers may be missing (holes): a walk steps over them.
    keys
        Ascending by frame, each one of `frames`.
    cuts
        Frames that begin another picture. A key serves its own side of a cut only, and no walk or filter crosses one.
    repeats
        Frames that show the same plate, bit for bit, as the one before: a frame to the first of its run. Such a frame stands for no
        moment of its own. It is served, walked to and steadied as the first of its run is, or as the run's key, where one is painted.

    Raises
    ------
    ValueError
        No keys, a key that is no frame of the shot, or one twice.
    """

    frames: tuple[int, ...]
    keys: tuple[KeyUse, ...]
    cuts: tuple[int, ...] = ()
    repeats: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers = self.key_frames
        if not numbers:
            raise ValueError("a schedule needs at least one key frame, given none")
        if list(numbers) != sorted(set(numbers)):
            raise ValueError(f"key frames are {list(numbers)}, allowed is ascending and none twice")
        stray = sorted(set(numbers) - set(self.frames))
        if stray:
            raise ValueError(f"key frames {stray} are not among the plate's frames {self.frames[0]}-{self.frames[-1]}")

    @cached_property
    def key_frames(self) -> tuple[int, ...]:
        """The keys' frame numbers."""
        return tuple(k.frame for k in self.keys)

    @cached_property
    def moments(self) -> tuple[int, ...]:
        """The frames without those that repeat another."""
        return tuple(n for n in self.frames if self.moment(n) == n)

    def moment(self, frame: int) -> int:
        """The frame whose place in time a frame has: its own, or that of the frame that it repeats.

        In a run with a key it is the key's: the last at or before the frame, else the run's first key.
        """
        run = self._runs.get(frame)
        if run is None:
            return frame
        first, keys = run
        return keys[max(0, bisect.bisect_right(keys, frame) - 1)] if keys else first

    def serving(self, frame: int) -> tuple[tuple[int, float], ...]:
        """The keys that serve a frame, each with its weight in time.

        Returns
        -------
        tuple of (key frame, weight)
            The nearest key on each side that may serve the frame. Weights sum to 1: on plain keys 1 on the key, falling linearly to 0
            at the next; a key's own weight and the fall towards the end of its range multiply with that. None where no key may serve.
        """
        at = self.moment(frame)
        part = self._part(at)
        able = [k for k in self.keys if at in k and self._part(k.frame) == part]
        if not able:
            return ()
        pairs = [(able[i], weight) for i, weight in time_weights(at, [k.frame for k in able])]
        if all(k.share(at) == 1 for k, _ in pairs):
            return tuple((k.frame, weight) for k, weight in pairs)
        total = sum(k.share(at) * weight for k, weight in pairs)
        return tuple((k.frame, k.share(at) * weight / total) for k, weight in pairs)

    @cached_property
    def unserved(self) -> tuple[int, ...]:
        """Frames that no key may serve."""
        return tuple(n for n in self.frames if not self.serving(n))

    def part(self, frame: int) -> tuple[int, int]:
        """First and last frame of the part between cuts that a frame lies in."""
        inside = [n for n in self.frames if self._part(n) == self._part(frame)]
        return inside[0], inside[-1]

    def around(self, frame: int, reach: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The frames after and before that count in steadying a frame, nearest first, at most `reach` each way.

        They end with the next key, and before a frame that another set of keys serves.
        """
        at = self.moment(frame)
        place, own = bisect.bisect_left(self.moments, at), {k for k, _ in self.serving(at)}

        def side(candidates: Sequence[int]) -> Iterator[int]:
            for n in candidates:
                served, key = {k for k, _ in self.serving(n)}, n in self.key_frames
                if self._part(n) != self._part(at) or not (served <= own if key else served == own):
                    return
                yield n
                if key:
                    return

        return tuple(side(self.moments[place + 1 : place + 1 + reach])), tuple(side(self.moments[max(0, place - reach) : place][::-1]))

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        """Split the shot where no walk passes, as a rule at its key frames; a key frame belongs to the interval that it opens."""
        spans = [(w, range(*_span(self.moments, w.frames))) for w in self._walks]
        walked = {i for _, span in spans for i in span}
        passed = {i for _, span in spans for i in span[1:]}  # from the frame before
        opens = [i for i in range(len(self.moments)) if i == 0 or not (i in passed or (i in walked and i - 1 not in walked))]
        out = []
        for begin, end in zip(opens, [*opens[1:], len(self.moments)], strict=True):
            inside = set(self.moments[begin:end])
            frames = tuple(n for n in self.frames if self.moment(n) in inside)
            out.append(Interval(frames, tuple(w for w, span in spans if begin <= span[0] < end)))
        return tuple(out)

    @cached_property
    def _walks(self) -> tuple[WalkPlan, ...]:
        """From each key, forwards and backwards, to the furthest frame that it serves."""
        served: dict[int, list[int]] = {k: [] for k in self.key_frames}
        for n in self.moments:
            for key, _ in self.serving(n):
                served[key].append(n)
        out = []
        for key, frames in served.items():
            place = self.moments.index(key)
            ahead = self.moments[place + 1 : bisect.bisect_right(self.moments, max(frames))]
            behind = self.moments[bisect.bisect_left(self.moments, min(frames)) : place]
            out += [WalkPlan(key, way) for way in (behind[::-1], ahead) if way]
        return tuple(out)

    @cached_property
    def _runs(self) -> dict[int, tuple[int, list[int]]]:
        """For each frame of a run of repeats: the run's first frame, and its keys."""
        keys: dict[int, list[int]] = {}
        for k in self.key_frames:
            keys.setdefault(self.repeats.get(k, k), []).append(k)
        firsts = set(self.repeats.values())
        return {n: (first, keys.get(first, [])) for n in self.frames if (first := self.repeats.get(n, n)) in firsts}

    def _part(self, frame: int) -> int:
        return bisect.bisect_right(self.cuts, frame)


def _span(moments: Sequence[int], frames: Sequence[int]) -> tuple[int, int]:
    return bisect.bisect_left(moments, min(frames)), bisect.bisect_right(moments, max(frames))
