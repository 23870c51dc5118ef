"""What a board asks of a studio's own model, and what gives it: a painter, handed in by whoever wires the show together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A picture that a model is asked for. The same one of the same model by the same versions is the same picture.

    `size_px` are width and height; `guidance` is how much the words count, 1 is not at all.
    """

    prompt: str
    size_px: tuple[int, int]
    seed: int
    steps: int
    guidance: float


class Painter(Protocol):
    """A way to run models. Nothing of a model runs in this process, and none is ever fetched from anywhere."""

    def versions(self) -> Mapping[str, str]:
        """The versions of all that decides a picture's bits. Raises UsageError where what it needs is not installed."""

    def paint(self, folder: Path, asked: Asked, *, told: Callable[[int], None]) -> NDArray[np.uint8]:
        """The picture, (H, W, 3) uint8 sRGB, of the model in a folder. `told` is called after each step with its number.

        Whatever `told` raises ends the model's process. Raises UsageError for a model that cannot be used, JobError where its process fails
        or is ended from outside.
        """


Painters = Callable[[str], Painter]
