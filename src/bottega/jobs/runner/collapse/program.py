"""What a collapse asks of a program beside this one. The wiring hands it in; nothing here knows which program it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from .scene_out import SceneOut

Arrays = Mapping[str, NDArray[Any]]
Pose = tuple[int, NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class LightJob:
    """What is to be traced: a frame's pose through a camera, (4, 4) camera to world, looking down −Z. `size` is width and height."""

    name: str
    frame: int
    camera: NDArray[Any]
    focal_px: float
    centre_px: tuple[float, float]
    size: tuple[int, int]


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

    def light(self, scene: SceneOut, wanted: Sequence[LightJob], *, light: Arrays) -> Iterator[tuple[str, NDArray[Any]]]:
        """Path-traced irradiance (H, W, 3) float32 of each pose through each camera, by its name, on grey pieces, boxes and ground.

        `light` are `samples`, `albedo` (3,), and what stands around: `vertices` (V, 3), `triangles` (T, 3). One sample place a pixel, its
        middle. The same question has the same answer, to the bit.
        """

    def scene_files(self, scene: SceneOut, *, blend: bool, alembic: bool) -> Mapping[str, bytes]:
        """A scene as files, by name: as a .blend, as Alembic."""
