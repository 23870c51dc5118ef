"""A building and a camera out of USD files: units, axes, faces, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bottega.model import UsageError

Usd = pytest.importorskip("pxr.Usd")

BOX = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
QUADS = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]


def scene(path: Path, *, up: str = "Z", metres: float = 1.0, left: bool = False, offset: float = 0.0) -> Path:
    from pxr import Gf, UsdGeom, UsdShade

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, up)
    UsdGeom.SetStageMetersPerUnit(stage, metres)
    mesh = UsdGeom.Mesh.Define(stage, "/house/wall")
    mesh.CreatePointsAttr([Gf.Vec3f(*p) for p in BOX])
    mesh.CreateFaceVertexCountsAttr([4] * 6)
    mesh.CreateFaceVertexIndicesAttr([i for q in QUADS for i in (q[::-1] if left else q)])
    mesh.CreateOrientationAttr("leftHanded" if left else "rightHanded")
    mesh.AddTranslateOp().Set(Gf.Vec3d(10, 20, 30))
    material = UsdShade.Material.Define(stage, "/looks/reinforced_concrete")
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(material)
    hidden = UsdGeom.Mesh.Define(stage, "/house/hidden")
    hidden.CreateVisibilityAttr("invisible")
    camera = UsdGeom.Camera.Define(stage, "/cam")
    camera.CreateFocalLengthAttr(28.0)
    camera.CreateHorizontalApertureAttr(36.0)
    camera.CreateVerticalApertureAttr(20.25)
    camera.CreateHorizontalApertureOffsetAttr(offset)
    move = camera.AddTranslateOp()
    for frame in (1001, 1003):
        move.Set(Gf.Vec3d(frame, 2, 3), frame)
    stage.Save()
    return path


def volume(mesh) -> float:
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize("left", [False, True])
def test_a_mesh_is_in_metres_z_up_and_its_faces_look_out(tmp_path: Path, left: bool) -> None:
    from bottega.adapters.usd import read_meshes

    [plain] = read_meshes(scene(tmp_path / "z.usda", left=left))
    assert (plain.name, plain.material) == ("house_wall", "reinforced concrete")
    np.testing.assert_allclose(plain.vertices.min(0), [10, 20, 30])
    assert volume(plain) == pytest.approx(1)
    [other] = read_meshes(scene(tmp_path / "y.usda", up="Y", metres=0.01, left=left))
    np.testing.assert_allclose(other.vertices.min(0), [0.1, -0.31, 0.2])
    assert volume(other) == pytest.approx(1e-6)


def test_a_camera_moves_between_its_samples(tmp_path: Path) -> None:
    from bottega.adapters.usd import read_cameras

    found = read_cameras(scene(tmp_path / "z.usda"), [1001, 1002])
    np.testing.assert_allclose(found[1002].to_world[:3, 3], [1002, 2, 3])
    assert found[1001].focal == pytest.approx(28 / 36)
    assert found[1001].aspect == pytest.approx(16 / 9)
    up = read_cameras(scene(tmp_path / "y.usda", up="Y"), [1001])[1001]
    np.testing.assert_allclose(up.to_world[:3, 3], [1001, -3, 2])
    np.testing.assert_allclose(up.to_world[:3, :3] @ [0, 0, -1], [0, 1, 0], atol=1e-9)


def test_what_is_no_scene_of_ours_is_refused_by_name(tmp_path: Path) -> None:
    from bottega.adapters.usd import read_cameras, read_meshes

    with pytest.raises(UsageError, match=r"none\.usd: no such file"):
        read_meshes(tmp_path / "none.usd")
    (tmp_path / "bad.usda").write_text("this is no scene")
    with pytest.raises(UsageError, match=r"bad\.usda cannot be read as USD"):
        read_meshes(tmp_path / "bad.usda")
    path = scene(tmp_path / "off.usda", offset=1.0)
    with pytest.raises(UsageError, match=r"off\.usda, /cam, frame 1001: its aperture is offset"):
        read_cameras(path, [1001])
    with pytest.raises(UsageError, match=r"'/other': 0 found.*/cam"):
        read_cameras(path, [1001], "/other")
    (tmp_path / "inside").mkdir()
    outside = scene(tmp_path / "outside.usda")
    stage = Usd.Stage.CreateNew(str(tmp_path / "inside" / "refers.usda"))
    stage.DefinePrim("/it").GetReferences().AddReference(str(outside), "/house")
    stage.Save()
    with pytest.raises(UsageError, match=r"refers\.usda: it takes a layer from outside its folder"):
        read_meshes(tmp_path / "inside" / "refers.usda")
