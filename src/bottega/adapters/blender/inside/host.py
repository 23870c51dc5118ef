"""The Blender that all this runs in, and how to speak to whoever started it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
bpy: Any = None  # the entry puts it here: there is none where these files are only looked at


class CannotError(Exception):
    """What whoever asked can mend."""


def say(**word: Any) -> None:
    """One line to the other side."""
    sys.stdout.write(f"\nbottega: {json.dumps(word)}\n")
    sys.stdout.flush()


def load(folder: Path, name: str) -> dict[str, Array]:
    """The arrays of a file, by name."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def version(_: Path) -> None:
    """Say which Blender this is."""
    say(version=bpy.app.version_string)


def empty_scene(fps: float, first: int, last: int) -> Any:
    """A new file with one empty scene of those frames."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = first, last
    scene.render.fps, scene.render.fps_base = round(fps), round(fps) / fps
    return scene
