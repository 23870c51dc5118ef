"""A building and its camera from another program, as a reader of files hands them in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bottega.model import UsageError

from .sheet import CameraSheet, MeshSheet, Sheet, is_scene

_ASPECT = 0.01  # how far the camera's picture may be from the plate's in shape


@dataclass(frozen=True, eq=False, kw_only=True)
class MeshIn:
    """A mesh: (V, 3) float64 metres, z up; (T, 3) int64, counter-clockwise from outside; its material's name or nothing."""

    name: str
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    material: str


@dataclass(frozen=True, eq=False, kw_only=True)
class CameraIn:
    """A frame's camera: (4, 4) camera to world, metres, looking down −Z; focal length over the picture's width; width over height."""

    to_world: NDArray[np.float64]
    focal: float
    aspect: float


class Reader(Protocol):
    """What reads such files."""

    def meshes(self, path: Path) -> tuple[MeshIn, ...]:
        """Every mesh of a file."""

    def cameras(self, path: Path, frames: Sequence[int], prim: str | None) -> dict[int, CameraIn]:
        """A file's camera in each frame."""


def with_scene(sheet: Sheet, folder: Path, reader: Reader, *, frames: Sequence[int], size: tuple[int, int]) -> Sheet:
    """The sheet with the meshes and the camera that it names read in. Raises UsageError."""
    if sheet.mesh is not None:
        meshes = reader.meshes(folder / sheet.mesh)
        sheet = replace(sheet, meshes=tuple(_mesh(m, sheet.ground_m) for m in meshes))
    if is_scene(sheet.camera_path):
        found = reader.cameras(folder / sheet.camera_path, frames, sheet.camera_prim)
        sheet = replace(sheet, cameras={n: _camera(c, sheet.ground_m, size, f"frame {n}") for n, c in found.items()})
    return sheet


def _mesh(mesh: MeshIn, ground_m: float) -> MeshSheet:
    vertices = np.asarray(mesh.vertices, np.float64) - np.array([0, 0, ground_m])
    return MeshSheet(
        name=mesh.name,
        vertices=tuple((float(x), float(y), float(z)) for x, y, z in vertices.round(5)),
        triangles=tuple((int(a), int(b), int(c)) for a, b, c in mesh.triangles),
        material=mesh.material,
    )


def _camera(camera: CameraIn, ground_m: float, size: tuple[int, int], where: str) -> CameraSheet:
    shape = size[0] / size[1]
    if abs(camera.aspect / shape - 1) > _ASPECT:
        raise UsageError(f"[camera] path: {where} sees {camera.aspect:.4g} times as wide as high, the plate is {shape:.4g}")
    turn: Any = camera.to_world.copy()
    turn[2, 3] -= ground_m
    return CameraSheet(to_world=tuple(tuple(float(v) for v in row) for row in turn), focal_px=camera.focal * size[0])
