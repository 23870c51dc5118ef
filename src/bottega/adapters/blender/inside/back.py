"""An artist's .blend read back: where each piece is in every frame, found by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import host
from .host import Array, CannotError, load, say

FILE = "artist.blend"
NAMED = 6  # so many names in an error
FAR_M, LARGER = 2e-3, 1e-3


def back(folder: Path) -> None:
    """The poses of each frame from the second, `pose-N.npy`. No script of the file runs."""
    wanted = load(folder, "wanted")
    try:
        host.bpy.ops.wm.open_mainfile(filepath=str(folder / FILE), load_ui=False, use_scripts=False)
    except RuntimeError as problem:
        raise CannotError(f"it is no .blend that this Blender can open: {str(problem).strip()}") from problem
    scene = host.bpy.context.scene
    bodies = found(scene, wanted)
    first = int(wanted["first_frame"])
    for frame in range(first, int(wanted["last_frame"]) + 1):
        scene.frame_set(frame)
        table = poses(bodies, frame)
        if frame == first:
            whole(bodies, table, wanted["centre"], frame)
            continue
        np.save(folder / f"pose-{frame}.npy", table)
        say(frame=frame)


def found(scene: Any, wanted: dict[str, Array]) -> list[Any]:
    """The pieces' objects, in their order. Raises CannotError that names what is missing, and what may have been renamed."""
    pieces = scene.get("bottega_pieces")
    if pieces is not None and pieces != str(wanted["pieces"]):
        raise CannotError(
            "it was written for other pieces: building, failures or seed of the sheet were others; write it again with --blend"
        )
    fps, told = scene.render.fps / scene.render.fps_base, float(wanted["fps"])
    if abs(fps / told - 1) > 1e-4:
        raise CannotError(f"it runs at {fps:g} frames a second, the show at {told:g}")
    names, there = wanted["name"].tolist(), scene.view_layers[0].objects
    missing = [name for name in names if name not in there]
    if missing:
        strangers = sorted({o.name for o in scene.objects if o.type == "MESH"} - set(names) - {"ground"})
        also = f"; it has objects that are no pieces: {listed(strangers)}" if strangers else ""
        raise CannotError(f"{len(missing)} of {len(names)} pieces are not in it by their names: {listed(missing)}{also}")
    return [there[name] for name in names]


def listed(names: list[str]) -> str:
    """Some names and how many more."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def poses(bodies: list[Any], frame: int) -> Array:
    """(N, 7) position and unit quaternion. Raises CannotError for an object that is scaled: a piece keeps its size."""
    out = np.empty((len(bodies), 7))
    for i, made in enumerate(bodies):
        place, turn, scale = made.matrix_world.decompose()
        if max(abs(s - 1) for s in scale) > LARGER:
            raise CannotError(f"{made.name} is scaled by {', '.join(f'{s:.3g}' for s in scale)} in frame {frame}: a piece keeps its size")
        out[i] = (*place, *turn)
    return out


def whole(bodies: list[Any], table: Array, rest: Array, frame: int) -> None:
    """Raise CannotError where a piece is not where it was built in the first frame."""
    away = np.linalg.norm(table[:, :3] - rest, axis=1) + 2 * np.linalg.norm(table[:, 4:], axis=1)
    gone = np.flatnonzero(away > FAR_M).tolist()
    if gone:
        raise CannotError(
            f"frame {frame}, the first: {listed([bodies[i].name for i in gone])} are not where they were built; the shot begins whole"
        )
