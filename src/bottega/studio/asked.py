"""What somebody asks for in words, as the jobs take it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from bottega.jobs.recipes.keyed import NetworkSettings
from bottega.jobs.runner.collapse.job import CollapseRequest, check_usd, request_of
from bottega.jobs.runner.collapse.program import Program
from bottega.jobs.runner.collapse.scene_out import SceneOut
from bottega.jobs.runner.collapse.usd_in import CameraIn, MeshIn, with_scene
from bottega.jobs.runner.concept.job import ConceptRequest
from bottega.jobs.runner.concept.job import request_of as board_of
from bottega.model import Content, Delivery, FrameRange, Shot, UsageError, shown

T = TypeVar("T", bound=StrEnum)


def collapse_asked(
    shot: Shot,
    sheet: str | Path,
    *,
    no_performer: bool = False,
    frames: str | None = None,
    delivery: str = "temp",
    depicts: Sequence[str] = (),
    **rest: Any,
) -> CollapseRequest:
    """The collapse that a sheet describes. Raises UsageError."""
    wanted = FrameRange.parse(frames) if frames else None
    return request_of(
        shot.code,
        Path(sheet),
        touches_performer=False if no_performer else None,
        frames=wanted,
        delivery=one_of(Delivery, delivery, "delivery"),
        content=tuple(one_of(Content, text, "depicts") for text in depicts),
        scene=lambda read: with_scene(read, Path(sheet).parent, SceneFiles(), frames=tuple(shot.frames), size=(shot.width, shot.height)),
        **rest,
    )


class SceneFiles:
    """USD files, read by what the extra `usd` brings."""

    def meshes(self, path: Path) -> tuple[MeshIn, ...]:
        """Every mesh of a file. Raises UsageError."""
        check_usd(path.name)
        from bottega.adapters.usd import read_meshes

        return read_meshes(path)

    def cameras(self, path: Path, frames: Sequence[int], prim: str | None) -> dict[int, CameraIn]:
        """A file's camera in each frame. Raises UsageError."""
        check_usd(path.name)
        from bottega.adapters.usd import read_cameras

        return read_cameras(path, frames, prim)


def concept_asked(
    sheet: str | Path, *, no_performer: bool = False, delivery: str = "temp", depicts: Sequence[str] = (), **rest: Any
) -> ConceptRequest:
    """The board that a sheet describes. Raises UsageError."""
    return board_of(
        Path(sheet),
        touches_performer=False if no_performer else None,
        delivery=one_of(Delivery, delivery, "delivery"),
        content=tuple(one_of(Content, text, "depicts") for text in depicts),
        **rest,
    )


def scene_file(scene: SceneOut) -> bytes:
    """A scene as the bytes of a USD file; what that needs is imported only now."""
    from bottega.adapters.usd import scene_bytes

    return scene_bytes(scene)


def blender() -> Program:
    """The Blender of this machine, asked which one it is. Raises UsageError where there is none, or one that cannot be used."""
    from bottega.adapters.blender import BlenderProgram, find_blender

    return BlenderProgram.found(find_blender())


def operator() -> str:
    """Who answers for what is declared on this machine: `$BOTTEGA_USER`, else the login."""
    return os.environ.get("BOTTEGA_USER") or getpass.getuser()


def learning_asked(learn: NetworkSettings | bool, steps: int | None, *, seed: int, toe: float) -> NetworkSettings | None:
    """How a network is to be trained, None where none is; settings that are given stand as they are, but for seed and encoding."""
    if learn is False:
        if steps is not None:
            raise ValueError(f"--learn-steps {steps} without --learn: allowed are both, or neither")
        return None
    own = NetworkSettings() if learn is True else learn
    return replace(own, steps=own.steps if steps is None else steps, seed=seed, toe=toe)


def one_of(kind: type[T], text: str, what: str) -> T:
    """The member of that value. Raises UsageError that names what is allowed."""
    allowed = [member.value for member in kind]
    if text not in allowed:
        raise UsageError(f"{what} {shown(text)}: allowed are {', '.join(allowed)}")
    return kind(text)
