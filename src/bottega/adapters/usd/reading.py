"""A building and a camera out of a USD file, as plain numbers: metres, z up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.runner.collapse.usd_in import CameraIn, MeshIn
from bottega.model import UsageError, shown

_TO_Z_UP = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
_MOST_MESHES, _MOST_TRIANGLES = 5000, 500_000
_SQUARE = 1e-3  # how far a pixel may be from square


def read_meshes(path: Path) -> tuple[MeshIn, ...]:
    """Each mesh of the file, in the order of its prims, at its first time. Raises UsageError."""
    from pxr import Usd, UsdGeom

    stage = _opened(path)
    at, out, total = Usd.TimeCode(stage.GetStartTimeCode()), [], 0
    for prim in stage.Traverse():
        mesh = UsdGeom.Mesh(prim)
        if not mesh or UsdGeom.Imageable(prim).ComputeVisibility(at) == UsdGeom.Tokens.invisible:
            continue
        out.append(_mesh(stage, mesh, at, path))
        total += len(out[-1].triangles)
        if len(out) > _MOST_MESHES or total > _MOST_TRIANGLES:
            raise UsageError(
                f"{path.name}: more than {_MOST_MESHES} meshes or {_MOST_TRIANGLES} triangles; give the building a simpler proxy"
            )
    if not out:
        raise UsageError(f"{path.name}: no mesh in it; allowed is a file with closed meshes")
    return tuple(out)


def read_cameras(path: Path, frames: Sequence[int], prim: str | None = None) -> dict[int, CameraIn]:
    """The file's camera, or the one at `prim`, in each frame; a frame's number is its time code. Raises UsageError."""
    from pxr import Usd, UsdGeom

    stage = _opened(path)
    found = [p for p in stage.Traverse() if UsdGeom.Camera(p)]
    named = [p for p in found if prim is None or str(p.GetPath()) == prim]
    if len(named) != 1:
        there = ", ".join(str(p.GetPath()) for p in found[:8]) or "none"
        raise UsageError(f"{path.name}: camera {shown(prim or 'of the file')}: {len(named)} found, allowed is one; cameras in it: {there}")
    camera, space = UsdGeom.Camera(named[0]), _space(stage)
    return {n: _camera(camera, Usd.TimeCode(n), space, f"{path.name}, {named[0].GetPath()}, frame {n}") for n in frames}


def _opened(path: Path) -> Any:
    """The stage; every layer of it must lie in the file's own folder."""
    from pxr import Tf, Usd

    if not path.is_file():
        raise UsageError(f"{path.name}: no such file")
    try:
        stage = Usd.Stage.Open(str(path))
    except Tf.ErrorException as problem:
        raise UsageError(f"{path.name} cannot be read as USD") from problem
    own = path.resolve().parent
    for layer in stage.GetUsedLayers():
        if layer.realPath and own not in Path(layer.realPath).resolve().parents:
            raise UsageError(f"{path.name}: it takes a layer from outside its folder; allowed are layers beside it or below")
    return stage


def _space(stage: Any) -> NDArray[np.float64]:
    """(4, 4): the stage's space to metres with z up."""
    from pxr import UsdGeom

    scale = np.diag([UsdGeom.GetStageMetersPerUnit(stage)] * 3 + [1.0])
    return (_TO_Z_UP if UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y else np.eye(4)) @ scale


def _world(prim: Any, at: Any) -> NDArray[np.float64]:
    from pxr import UsdGeom

    return np.array(UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(at), np.float64).T


def _mesh(stage: Any, mesh: Any, at: Any, path: Path) -> MeshIn:
    from pxr import UsdGeom, UsdShade

    prim = mesh.GetPrim()
    points = np.asarray(mesh.GetPointsAttr().Get(at) or np.zeros((0, 3)), np.float64).reshape(-1, 3)
    counts = np.asarray(mesh.GetFaceVertexCountsAttr().Get(at) or (), np.int64)
    corners = np.asarray(mesh.GetFaceVertexIndicesAttr().Get(at) or (), np.int64)
    if not len(counts) or counts.min() < 3 or counts.sum() != len(corners) or corners.min() < 0 or corners.max() >= len(points):
        raise UsageError(f"{path.name}, mesh {prim.GetPath()}: its faces do not fit its {len(points)} points")
    turn = _space(stage) @ _world(prim, at)
    placed = points @ turn[:3, :3].T + turn[:3, 3]
    triangles = np.asarray(list(_fans(counts, corners)), np.int64)
    flipped = mesh.GetOrientationAttr().Get(at) == UsdGeom.Tokens.leftHanded
    if flipped != (np.linalg.det(turn[:3, :3]) < 0):
        triangles = triangles[:, ::-1]
    bound, _ = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial()
    material = bound.GetPrim().GetName().replace("_", " ").lower() if bound else ""
    name = str(prim.GetPath()).strip("/").replace("/", "_")
    return MeshIn(name=name, vertices=placed, triangles=np.ascontiguousarray(triangles), material=material)


def _fans(counts: NDArray[np.int64], corners: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    start = 0
    for count in counts:
        for k in range(1, int(count) - 1):
            yield int(corners[start]), int(corners[start + k]), int(corners[start + k + 1])
        start += int(count)


def _camera(camera: Any, at: Any, space: NDArray[np.float64], where: str) -> CameraIn:
    lens = camera.GetCamera(at)
    wide, high = lens.horizontalAperture, lens.verticalAperture
    if lens.projection != lens.Perspective or not (lens.focalLength > 0 and wide > 0 and high > 0):
        raise UsageError(f"{where}: allowed is a perspective camera with a focal length and apertures above 0")
    if abs(lens.horizontalApertureOffset) > 1e-6 * wide or abs(lens.verticalApertureOffset) > 1e-6 * high:
        raise UsageError(f"{where}: its aperture is offset; allowed is a lens whose middle is the picture's")
    turn = space @ np.array(lens.transform, np.float64).T
    left, _, right = np.linalg.svd(turn[:3, :3])
    turn[:3, :3] = left @ right
    return CameraIn(to_world=turn, focal=float(lens.focalLength / wide), aspect=float(wide / high))
