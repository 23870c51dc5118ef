"""A building that another program made: its meshes and its camera out of a USD file, brought down in the plate."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bottega.engine.collapse.building import FaceCorners, solve_camera
from bottega.engine.collapse.records import Camera
from bottega.model import UsageError

from .test_collapse_story import CORNER, FAILS, FIRST, LAST, Set, _its_keys, corner, delivered  # noqa: F401

Usd = pytest.importorskip("pxr.Usd")
pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]
WIDE, DEEP, STOREYS = 18.5, 22.2, (4.7, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3)
BOX = np.array([(x, y, z) for z in (0, 1) for y, x in ((0, 0), (0, 1), (1, 1), (1, 0))], float)
QUADS = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]


def cameras() -> dict[int, Camera]:
    """Each frame's camera in the space of the marked building, as the corners give it."""
    faces = (
        FaceCorners("south", ((929.19, 926.59), (1313.37, 916.47), (1271.74, 290.69), (933.55, 174.46)), WIDE, sum(STOREYS)),
        FaceCorners("west", ((679.13, 910.64), (929.19, 926.59), (933.55, 174.46), (708.25, 360.62)), DEEP, sum(STOREYS)),
    )
    own = np.asarray(solve_camera(faces, width=1920, height=1082).camera.to_world)
    data = json.loads((CORNER.parent / "corner" / "camera.json").read_text())["camera"]
    return own, np.asarray(data["camera_to_world"])


def tower(path: Path, frames: dict[int, np.ndarray], focal: float, *, hole: bool = False) -> Path:
    """Four walls a storey and its slab, and the camera."""
    from pxr import Gf, UsdGeom

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, "Z")
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    foot, t = 0.0, 0.4
    for storey, high in enumerate(STOREYS):
        top = foot + high
        boxes = {
            "south": ((0, 0, foot), (WIDE, t, top - 0.3)), "north": ((0, DEEP - t, foot), (WIDE, DEEP, top - 0.3)),
            "west": ((0, t, foot), (t, DEEP - t, top - 0.3)), "east": ((WIDE - t, t, foot), (WIDE, DEEP - t, top - 0.3)),
            "slab": ((0, 0, top - 0.3), (WIDE, DEEP, top)),
        }  # fmt: skip
        for name, (low, far) in boxes.items():
            mesh = UsdGeom.Mesh.Define(stage, f"/tower/s{storey}_{name}")
            corners = np.asarray(low) + BOX[:, [0, 1, 2]] * (np.asarray(far) - low)
            quads = QUADS[:-1] if hole and (storey, name) == (2, "west") else QUADS
            mesh.CreatePointsAttr([Gf.Vec3f(*map(float, p)) for p in corners])
            mesh.CreateFaceVertexCountsAttr([4] * len(quads))
            mesh.CreateFaceVertexIndicesAttr([i for q in quads for i in q])
        foot = top
    camera = UsdGeom.Camera.Define(stage, "/camera")
    camera.CreateHorizontalApertureAttr(36.0)
    camera.CreateVerticalApertureAttr(36.0 * 9 / 16)
    camera.CreateFocalLengthAttr(36.0 * focal / 256)
    move = camera.AddTransformOp()
    for number, turn in frames.items():
        move.Set(Gf.Matrix4d(*turn.T.ravel().tolist()), number)
    stage.Save()
    return path


@pytest.fixture(scope="module")
def set_up(corner: Set) -> Set:  # noqa: F811
    own, wide = cameras()
    data = json.loads((corner.root / "cameras.json").read_text())
    turns = {int(n): own @ np.linalg.inv(wide) @ np.asarray(c["camera_to_world"]) for n, c in data["frames"].items()}
    tower(corner.root / "tower.usda", turns, data["focal_px"])
    tower(corner.root / "leaky.usda", turns, data["focal_px"], hole=True)
    seen = Camera(turns[FIRST], data["focal_px"], (128.0, 72.0), 256, 144)
    matte = np.zeros((144, 256), np.uint8)
    top = sum(STOREYS)
    for a, b in (((0, 0), (WIDE, 0)), ((0, DEEP), (0, 0))):
        face = [(*a, 0), (*b, 0), (*b, top), (*a, top)]
        cv2.fillPoly(matte, [np.rint(seen.project(np.array(face, float))[0]).astype(np.int32)], 255)
    assert 2000 < (matte > 0).sum() < 20000
    cv2.imwrite(str(corner.root / "tower_matte.png"), matte)
    text = (corner.root / "collapse.toml").read_text()
    head, tail = text.split("[[face]]", 1)[0], "[building]" + text.split("[building]", 1)[1]
    for old, new in (
        ('reference = "sh020-wide"', f"reference = {FIRST}"), ("wide_mask.png", "tower_matte.png"),
        ("cameras.json", "tower.usda"), ("[building]\n", '[building]\nmesh = "tower.usda"\n'),
    ):  # fmt: skip
        assert old in head + tail
        head, tail = head.replace(old, new), tail.replace(old, new)
    (corner.root / "mesh.toml").write_text(head + tail)
    return corner


def test_the_meshes_come_down_in_the_plate_and_the_take_makes_itself_again(set_up: Set) -> None:
    studio = set_up.studio
    request = studio.collapse_request("sh020", set_up.root / "mesh.toml", no_performer=True)
    plan = studio.plan_collapse(request)
    assert plan.camera.worst_px is None
    assert plan.camera.height_m > 0
    take = studio.collapse(request, threads=1)
    _, before = delivered(set_up, take, FAILS - 1)
    _, after = delivered(set_up, take, LAST)
    assert not before.delta.any()
    assert (np.abs(after.delta).max(-1) > 0.02).mean() > 0.1
    assert take.carried[str(LAST)] > 0.5
    (set_up.root / "tower.usda").rename(set_up.root / "moved.usda")  # the record has all of it
    result = studio.remake(take.folder, threads=2)
    assert (result.different, result.same) == ((), 8)
    (set_up.root / "moved.usda").rename(set_up.root / "tower.usda")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('mesh = "tower.usda"', 'mesh = "leaky.usda"', "mesh 'tower_s2_west': it must be closed"),
        ('mesh = "tower.usda"', 'mesh = "tower.usda"\nground_m = 1.0', "goes 1.00 m into the ground"),
        ('path = "tower.usda"', 'path = "still"', "needs a camera for each frame"),
        (f"reference = {FIRST}", 'reference = "sh020-wide"', "a frame of the plate as"),
    ],
)
def test_what_a_scene_lacks_is_named(set_up: Set, old: str, new: str, says: str) -> None:
    text = (set_up.root / "mesh.toml").read_text()
    assert old in text
    sheet = set_up.root / "wrong_mesh.toml"
    sheet.write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=says):
        set_up.studio.collapse(set_up.studio.collapse_request("sh020", sheet, no_performer=True))
