"""What a collapse asks of a program beside this one. The wiring hands it in; nothing here knows which program it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from .scene_out import SceneOut

Arrays = Mapping[str, NDArray[Any]]
Pose = tuple[int, NDArray[Any], NDArray[Any]]


class Program(Protocol):
    """A program that moves pieces and keeps scenes as files of its own, in another process.

    Its errors are JobError, and say how far it came.
    """

    @property
    def version(self) -> str:
        """Which one it is, in numbers: another version gives other bits."""

    def fall(self, scene: Arrays, settings: Arrays) -> Iterator[Pose]:
        """From a scene's second frame to its last: number, (N, 3) positions in metres, (N, 4) unit quaternions."""

    def back(
        self, blend: bytes, *, names: Sequence[str], vertices: NDArray[Any], centre: NDArray[Any], frames: range, fps: float
    ) -> Iterator[Pose]:
        """The same out of an artist's .blend, each piece by its name. Raises UsageError that names what does not fit."""

    def scene_files(self, scene: SceneOut, *, blend: bool, alembic: bool) -> Mapping[str, bytes]:
        """A scene as files, by name: as a .blend, as Alembic."""
