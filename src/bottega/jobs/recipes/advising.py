"""Advice on the next keys: which frames of a shot are looked at, and which of them could become keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bottega.engine.advice import Advice, Unseen, advise, unseen
from bottega.engine.glances import Compared, Glance, compare, glance

MOST_FRAMES = 96  # of a gap that are looked at, so that memory does not grow with the shot: of a longer one every n-th
MOST_COLUMNS = 32  # of them that are tried as keys


@dataclass(frozen=True)
class Gap:
    """Frames between two neighbouring keys, those included (or outside the outermost): what is looked at, and what is tried."""

    frames: tuple[int, ...]
    keys: tuple[int, ...]
    columns: tuple[int, ...]
    stands_for: float


def gaps(frames: Sequence[int], keys: Sequence[int], *, cuts: Sequence[int] = ()) -> tuple[Gap, ...]:
    """Split a shot at its keys, and at its cuts (the first frame of each part): a key serves its own side only.

    Gaps without a frame that is no key, and parts without a key, are left out.

    Raises
    ------
    ValueError
        No keys, or a key that is no frame of the shot.
    """
    stray = sorted(set(keys) - set(frames))
    if stray or not keys:
        raise ValueError(f"key frames {stray or 'none'}, allowed are one or more of the frames {frames[0]}-{frames[-1]}")
    out: list[Gap] = []
    for first, end in pairwise((frames[0], *sorted(cuts), frames[-1] + 1)):
        inside = [k for k in keys if first <= k < end]
        out += _gaps([n for n in frames if first <= n < end], inside) if inside else []
    return tuple(out)


def _gaps(frames: Sequence[int], keys: Sequence[int]) -> list[Gap]:
    edges = (None, *sorted(keys), None)
    out = []
    for before, after in pairwise(edges):
        free = [n for n in frames if (before is None or n > before) and (after is None or n < after)]
        ends = tuple(k for k in (before, after) if k is not None)
        if free:
            looked = _spread(free, MOST_FRAMES)
            columns = tuple(sorted({*ends, *_spread(looked, MOST_COLUMNS)}))
            out.append(Gap(tuple(sorted({*ends, *looked})), ends, columns, len(free) / len(looked)))
    return out


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most so many of them, evenly, from the middle of the first part to the middle of the last."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[int((i + 0.5) * len(numbers) / most)] for i in range(most)]


__all__ = ["Advice", "Compared", "Gap", "Glance", "Unseen", "advise", "compare", "gaps", "glance", "unseen"]
