"""A scene read back by USD itself: no validator complains, points and pixels are ours, what stands still is held."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bottega.engine.collapse.finish.skin import pose
from bottega.engine.collapse.records import Camera
from bottega.jobs.runner.collapse.scene_out import FACES, SceneOut
from tests.engine.collapse.finish.towers import camera, still, tower

Usd = pytest.importorskip("pxr.Usd")
FIRST, FRAMES = 1001, 5
PIECE = "/collapse/building/wall/wall_p00000"


def off_centre() -> Camera:
    """A camera whose principal point is not in the middle."""
    seen = camera()
    return replace(seen, centre_px=(seen.centre_px[0] + 5, seen.centre_px[1] - 3))


def scene() -> SceneOut:
    """A tower of which the first piece drops in frame 1004, and turns by a quaternion of the other sign in 1005."""
    pieces, seen = tower(), off_centre()
    rest, flat = still(pieces)
    position, rotation = np.stack([rest] * FRAMES), np.stack([flat] * FRAMES)
    position[3:, 0, 2] -= np.float32(1.5)
    rotation[4, 0] = np.float32([-0.8, -0.6, 0, 0])
    return SceneOut(
        first_frame=FIRST, fps=Fraction(24000, 1001), size=(seen.width, seen.height),
        name=tuple(f"wall_p{i:05d}" for i in range(len(pieces))), kind=("wall",) * len(pieces),
        material=tuple(pieces.materials[m] for m in pieces.material), storey=pieces.storey,
        vertices=pieces.vertices, vertex_start=pieces.vertex_start, triangles=pieces.triangles, triangle_start=pieces.triangle_start,
        face=pieces.face, position=position, rotation=rotation, released=np.zeros(len(pieces), int),
        camera=np.stack([np.asarray(seen.to_world)] * FRAMES), focal_px=np.full(FRAMES, seen.focal_px),
        centre_px=np.tile(seen.centre_px, (FRAMES, 1)), mark={"bottega:show": "demo"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory):
    from bottega.adapters.usd import scene_bytes

    path: Path = tmp_path_factory.mktemp("usd") / "collapse.usdc"
    path.write_bytes(scene_bytes(scene()))
    return Usd.Stage.Open(str(path))


def test_no_validator_complains(stage) -> None:
    from pxr import UsdValidation

    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 10
    assert [e.GetMessage() for e in UsdValidation.ValidationContext(validators).Validate(stage)] == []


def test_the_stage_says_its_units_and_times(stage) -> None:
    from pxr import UsdGeom

    assert (UsdGeom.GetStageMetersPerUnit(stage), UsdGeom.GetStageUpAxis(stage)) == (1.0, "Z")
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (FIRST, FIRST + FRAMES - 1)
    assert stage.GetTimeCodesPerSecond() == pytest.approx(24000 / 1001)
    assert stage.GetDefaultPrim().GetPath() == "/collapse"


@pytest.mark.parametrize("frame", range(FIRST, FIRST + FRAMES))
def test_a_vertex_and_its_pixel_are_ours_in_every_frame(stage, frame: int) -> None:
    from pxr import UsdGeom

    ours, row = scene(), frame - FIRST
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(PIECE))
    points = np.array(mesh.GetPointsAttr().Get())
    whole = np.c_[points, np.ones(len(points))]
    world = whole @ np.array(UsdGeom.XformCache(frame).GetLocalToWorldTransform(mesh.GetPrim()))
    now = pose(ours.position[row], ours.rotation[row])
    assert np.abs(world[:, :3] - now.position[0] - points @ now.turn[0].T).max() < 1e-5
    frustum = UsdGeom.Camera(stage.GetPrimAtPath("/collapse/camera")).GetCamera(frame).frustum
    seen = world @ np.array(frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix())
    unit = seen[:, :2] / seen[:, 3:]
    pixel = np.stack([(unit[:, 0] + 1) / 2 * ours.size[0], (1 - unit[:, 1]) / 2 * ours.size[1]], -1)
    assert np.abs(pixel - off_centre().project(world[:, :3])[0]).max() < 1e-3


def test_what_stands_still_has_one_sample_and_is_held_until_it_moves(stage) -> None:
    move = stage.GetPrimAtPath(PIECE).GetAttribute("xformOp:translate")
    assert move.GetTimeSamples() == [1001, 1003, 1004]
    assert move.Get(1002.5) == move.Get(1001)
    other = stage.GetPrimAtPath("/collapse/building/wall/wall_p00001")
    assert all(other.GetAttribute(f"xformOp:{op}").GetTimeSamples() == [1001] for op in ("translate", "orient"))


def test_subsets_are_all_faces_once_by_what_they_show(stage) -> None:
    from pxr import UsdGeom

    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(PIECE))
    subsets = UsdGeom.Subset.GetGeomSubsets(mesh)
    rows = np.concatenate([np.array(s.GetIndicesAttr().Get()) for s in subsets])
    assert sorted(rows) == list(range(len(mesh.GetFaceVertexCountsAttr().Get())))
    for subset in subsets:
        shown = scene().face[np.array(subset.GetIndicesAttr().Get())]
        assert (shown == FACES.index(subset.GetPrim().GetName())).all()
