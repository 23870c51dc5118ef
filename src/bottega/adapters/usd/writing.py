"""A collapse's scene as a binary USD file: `/collapse` with the pieces, their fall as time samples, camera, ground and materials."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bottega.adapters.colours import GREY, colour
from bottega.jobs.runner.collapse.scene_out import FACES, SceneOut

from .camera import write_camera
from .pieces import write_pieces

ROOT = "/collapse"
_REACH = 4.0  # the ground goes as far as so many times the building


def scene_bytes(scene: SceneOut) -> bytes:
    """The file's bytes; the same scene gives the same bytes."""
    from pxr import Sdf, Usd, UsdGeom  # type: ignore[import-untyped,import-not-found,unused-ignore]

    layer = Sdf.Layer.CreateAnonymous(".usdc")
    stage = Usd.Stage.Open(layer)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    last = scene.first_frame + len(scene.position) - 1
    stage.SetStartTimeCode(scene.first_frame)
    stage.SetEndTimeCode(last)
    stage.SetTimeCodesPerSecond(float(scene.fps))
    stage.SetFramesPerSecond(float(scene.fps))
    layer.customLayerData = {name.replace(":", "_"): value for name, value in sorted(scene.mark.items())}
    root = UsdGeom.Xform.Define(stage, ROOT)
    stage.SetDefaultPrim(root.GetPrim())
    Usd.ModelAPI(root).SetKind("component")
    materials = _materials(stage, scene)
    write_pieces(stage, f"{ROOT}/building", scene, materials=materials, colour=colour)
    write_camera(stage, f"{ROOT}/camera", scene)
    _ground(stage, scene, materials["ground"])
    with tempfile.TemporaryDirectory(prefix="bottega-") as folder:  # mode 0700
        path = Path(folder) / "collapse.usdc"
        layer.Export(str(path))
        return path.read_bytes()


def identifier(text: str) -> str:
    """A name as USD allows it."""
    from pxr import Tf

    return str(Tf.MakeValidIdentifier(text))


def _materials(stage: Any, scene: SceneOut) -> dict[str, Any]:
    """A plain material for each material of the pieces and each kind of face: `masonry_broken`; and the ground's."""
    from pxr import UsdGeom

    owner = np.repeat(np.arange(len(scene.name)), np.diff(scene.triangle_start))
    of = np.array([sorted(set(scene.material)).index(m) for m in scene.material])[owner]
    used = sorted({(int(m), int(f)) for m, f in zip(of, scene.face, strict=True)})
    UsdGeom.Scope.Define(stage, f"{ROOT}/materials")
    out = {"ground": _material(stage, "ground", GREY)}
    for m, f in used:
        material, face = sorted(set(scene.material))[m], FACES[f]
        out[f"{material} {face}"] = _material(stage, identifier(f"{material}_{face}"), colour(material, face))
    return out


def _material(stage: Any, name: str, colour: tuple[float, float, float]) -> Any:
    from pxr import Gf, Sdf, UsdShade

    path = f"{ROOT}/materials/{name}"
    material, shader = UsdShade.Material.Define(stage, path), UsdShade.Shader.Define(stage, f"{path}/surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*colour))
    shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(0.9)
    material.CreateSurfaceOutput().ConnectToSource(shader.CreateOutput("surface", Sdf.ValueTypeNames.Token))
    return material


def _ground(stage: Any, scene: SceneOut, material: Any) -> None:
    from pxr import Gf, UsdGeom, UsdShade, Vt

    middle, reach = scene.position[0].mean(0), float(np.ptp(scene.position[0], axis=0).max()) * _REACH
    (x, y), r = (float(v) for v in middle[:2]), reach
    corners = [(x - r, y - r, 0.0), (x + r, y - r, 0.0), (x + r, y + r, 0.0), (x - r, y + r, 0.0)]
    mesh = UsdGeom.Mesh.Define(stage, f"{ROOT}/ground")
    mesh.CreatePointsAttr(Vt.Vec3fArray([Gf.Vec3f(*c) for c in corners]))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray([4]))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray([0, 1, 2, 3]))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateExtentAttr(Vt.Vec3fArray([Gf.Vec3f(*corners[0]), Gf.Vec3f(*corners[2])]))
    mesh.CreateDisplayColorAttr(Vt.Vec3fArray([Gf.Vec3f(*GREY)]))
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(material)
