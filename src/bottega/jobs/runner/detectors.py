"""The door for face detectors: plug-ins that are given pictures as arrays and say where they see faces.

What a detector says can make the gate ask or refuse; it never makes it say yes. None runs unless somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bottega.model import UsageError, code, shown

GROUP = "bottega.face_detectors"
BUILT_IN = {"haar": "bottega.jobs.runner.haar:HaarDetector"}


class FaceDetector(Protocol):
    """What a plug-in provides: a callable without arguments that gives one of these, ready to look; closed when it is left."""

    version: str
    settings: Mapping[str, str]

    def __enter__(self) -> Self:
        """Get ready."""

    def __exit__(self, *_: object) -> None:
        """Let go of everything."""

    def find(self, picture: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
        """Where faces are in an (H, W, 3) sRGB picture: x, y, width and height in pixels from its top left.

        Raises JobError when it cannot say. An empty list means that it looked and saw none.
        """


def detector(name: str) -> Callable[[], FaceDetector]:
    """The detector of that name, ours or a plug-in's. Raises UsageError that lists those there are."""
    plugged = {e.name: e for e in entry_points(group=GROUP)}
    if name in BUILT_IN:  # ours keep their names: a plug-in cannot stand in for one
        module, attribute = BUILT_IN[name].split(":")
        made: Callable[[], FaceDetector] = getattr(import_module(module), attribute)
        return made
    if name in plugged:
        code(name, "detector")
        found: Callable[[], FaceDetector] = plugged[name].load()
        return found
    raise UsageError(f"detector {shown(name)}: there are {', '.join(sorted({*BUILT_IN, *plugged}))}")
