"""The fall by Blender's rigid bodies: a scene's arrays go in as files, and the poses of each frame come back as they are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.adapters.blender.finding import Blender
from bottega.adapters.blender.process import talk

Array = NDArray[Any]
Arrays = Mapping[str, Array]
Pose = tuple[int, Array, Array]


class BlenderFall:
    """Moves the pieces of a scene in Blender. Each call begins at the scene's first frame; the same scene gives the same bits."""

    def __init__(self, blender: Blender) -> None:
        self._blender = blender

    def __call__(self, scene: Arrays, settings: Arrays) -> Iterator[Pose]:
        """Frame by frame: its number, (N, 3) positions, (N, 4) unit quaternions. Raises JobError."""
        with TemporaryDirectory(prefix="bottega-blender-") as place:
            folder = Path(place)
            np.savez(folder / "scene.npz", **scene)  # type: ignore[arg-type]
            np.savez(folder / "settings.npz", **settings)  # type: ignore[arg-type]
            with closing(talk(self._blender, "simulate", folder)) as words:
                yield from poses_in(folder, words)


def poses_in(folder: Path, words: Iterator[dict[str, Any]]) -> Iterator[Pose]:
    """The poses that a worker says are done, read and dropped."""
    for word in words:
        frame = int(word["frame"])
        kept = folder / f"pose-{frame}.npy"
        table = np.load(kept, allow_pickle=False)
        kept.unlink()
        yield frame, table[:, :3], table[:, 3:]
