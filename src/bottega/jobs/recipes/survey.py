"""What the plate's own pixels say of its frames before any is repaired: where it is cut, and which frames only repeat another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.engine import cut_guide, find_cuts

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Survey:
    """What was found: `cuts` are the frames that begin another picture, `runs` the first and last frame of each run of equal plates."""

    cuts: tuple[int, ...] = ()
    runs: tuple[tuple[int, int], ...] = ()

    def repeats(self, frames: Iterable[int]) -> dict[int, int]:
        """Each frame that repeats another to the first of its run, as `Schedule` takes them."""
        return {n: first for n in frames for first, last in self.runs if first < n <= last}


def survey(plates: Iterable[tuple[int, Picture]]) -> Survey:
    """Look at the frames of a plate in order, two at a time: (number, (H, W, 3) float32 scene-linear).

    A frame repeats the one before when every sample is the same; a slow retime whose frames were blended or grained anew does not.
    """
    numbers: list[int] = []
    runs: list[list[int]] = []

    def guides() -> Iterator[NDArray[np.uint8]]:
        before: Picture | None = None
        seen = None
        for number, plate in plates:
            same = before is not None and np.array_equal(before, plate)
            if same and runs and runs[-1][1] == numbers[-1]:
                runs[-1][1] = number
            elif same:
                runs.append([numbers[-1], number])
            numbers.append(number)
            seen = seen if same and seen is not None else cut_guide(_finite(plate))
            before = plate
            yield seen

    cuts = tuple(numbers[i] for i in find_cuts(guides()))
    return Survey(cuts, tuple((first, last) for first, last in runs))


def _finite(plate: Picture) -> Picture:
    return plate if np.isfinite(plate).all() else np.nan_to_num(plate, nan=0.0, posinf=0.0, neginf=0.0)
