"""Pieces as meshes that move as rigid bodies: what is still has one sample, what moves one a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.runner.collapse.scene_out import FACES, SceneOut

Colour = Callable[[str, str], tuple[float, float, float]]


def write_pieces(stage: Any, path: str, scene: SceneOut, *, materials: Mapping[str, Any], colour: Colour) -> None:
    """Define `path/KIND/NAME`, a mesh a piece, in the pieces' order."""
    from pxr import UsdGeom  # type: ignore[import-untyped,import-not-found,unused-ignore]

    UsdGeom.Xform.Define(stage, path)
    for kind in dict.fromkeys(scene.kind):
        UsdGeom.Xform.Define(stage, f"{path}/{kind}")
    for i, name in enumerate(scene.name):
        mesh = UsdGeom.Mesh.Define(stage, f"{path}/{scene.kind[i]}/{name}")
        _shape(mesh, scene, i, colour)
        _faces(mesh, scene, i, materials)
        _facts(mesh.GetPrim(), scene, i)
        _moves(mesh, scene, i)


def _shape(mesh: Any, scene: SceneOut, i: int, colour: Colour) -> None:
    from pxr import Gf, UsdGeom, Vt

    low = int(scene.vertex_start[i])
    points = np.ascontiguousarray(scene.vertices[low : int(scene.vertex_start[i + 1])], np.float32)
    corners = scene.triangles[int(scene.triangle_start[i]) : int(scene.triangle_start[i + 1])] - low
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(points))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(corners), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(corners.ravel(), np.int32)))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(np.stack([points.min(0), points.max(0)])))
    mesh.CreatePurposeAttr(UsdGeom.Tokens.default_)
    mesh.CreateDisplayColorAttr(Vt.Vec3fArray([Gf.Vec3f(*colour(scene.material[i], "skin"))]))


def _faces(mesh: Any, scene: SceneOut, i: int, materials: Mapping[str, Any]) -> None:
    """A subset for each kind of face that the piece has; together they are all of it."""
    from pxr import UsdGeom, UsdShade, Vt

    face = scene.face[int(scene.triangle_start[i]) : int(scene.triangle_start[i + 1])]
    binding = UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim())
    kinds = sorted({int(f) for f in face})
    binding.Bind(materials[f"{scene.material[i]} {FACES[kinds[0]]}"])
    for kind in kinds:
        rows = np.ascontiguousarray(np.nonzero(face == kind)[0], np.int32)
        part = binding.CreateMaterialBindSubset(FACES[kind], Vt.IntArray.FromNumpy(rows), UsdGeom.Tokens.face)
        UsdShade.MaterialBindingAPI.Apply(part.GetPrim()).Bind(materials[f"{scene.material[i]} {FACES[kind]}"])
    binding.SetMaterialBindSubsetsFamilyType(UsdGeom.Tokens.partition)


def _facts(prim: Any, scene: SceneOut, i: int) -> None:
    """The number that the piece has in the frames' `id` part, its storey, and when it came loose."""
    from pxr import Sdf

    for name, value in (("number", i + 1), ("storey", int(scene.storey[i])), ("released", int(scene.released[i]))):
        prim.CreateAttribute(f"bottega:{name}", Sdf.ValueTypeNames.Int, custom=True).Set(value)


def _moves(mesh: Any, scene: SceneOut, i: int) -> None:
    from pxr import Gf, UsdGeom

    position, rotation = scene.position[:, i].astype(np.float64), shortest(scene.rotation[:, i].astype(np.float64))
    shift = mesh.AddTranslateOp(UsdGeom.XformOp.PrecisionFloat)
    turn = mesh.AddOrientOp(UsdGeom.XformOp.PrecisionFloat)
    for op, values in ((shift, position), (turn, rotation)):
        whole = [Gf.Vec3f(*v) if op is shift else Gf.Quatf(*v) for v in values.tolist()]
        for row in sampled(values):
            op.Set(whole[row], scene.first_frame + int(row))


def shortest(rotation: NDArray[Any]) -> NDArray[np.float64]:
    """(F, 4) unit quaternions with signs so that each is the nearer of two to the one before: what lies between is the short way."""
    flips = (rotation[1:] * rotation[:-1]).sum(-1) < 0
    sign = np.cumprod(np.concatenate([[1.0], np.where(flips, -1.0, 1.0)]))
    turned = rotation * sign[:, None]
    return np.asarray(turned / np.linalg.norm(turned, axis=-1, keepdims=True))


def sampled(values: NDArray[Any]) -> NDArray[np.intp]:
    """The frames that need a sample: the first, and those that differ from a neighbour, so that what stands still is held exactly."""
    change = (values[1:] != values[:-1]).any(-1)
    needed = np.concatenate([[True], change]) | np.concatenate([change, [False]])
    return np.nonzero(needed)[0]
