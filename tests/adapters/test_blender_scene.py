"""A collapse as a .blend and as Alembic, read by Blender itself; and an artist's .blend as poses, or refused by name."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega.adapters.blender import BlenderProgram, find_blender
from bottega.adapters.blender.scenes import arrays_of, shortest
from bottega.engine.collapse.records import Camera
from bottega.footage import ply_bytes, vdb_bytes
from bottega.jobs.runner.collapse.program import LightJob
from bottega.jobs.runner.collapse.scene_out import DustOut, SceneOut, SunOut
from bottega.model import UsageError
from tests.adapters.test_usd_scene import scene as standing
from tests.with_blender import needs_blender

FIRST, LAST = 1001, 1005


def scene() -> SceneOut:
    """The tower of the USD scene with its sun, through a camera that turns."""
    still = standing()
    turned = still.camera.copy()
    for row in range(len(turned)):
        angle = 0.02 * row
        spin = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        turned[row, :3, :3] = spin @ turned[row, :3, :3]
    light = SunOut(towards=(-0.8, -0.4, 0.5), sun=(5.8, 5.1, 4.1), sky=(1.0, 1.5, 2.2), angle_rad=0.01)
    return replace(still, camera=turned, light=light)


@cache
def blender() -> BlenderProgram:
    return BlenderProgram.found(find_blender())


def inside(folder: Path, script: str) -> dict[str, object]:
    """What a script in Blender's own Python leaves in `told`."""
    program = blender().blender
    if not program.is_python:
        pytest.skip("this Blender is no Python that a script can be given to")
    path = folder / "script.py"
    path.write_text(f"import bpy, json\ntold = {{}}\n{script}\nopen({str(folder / 'told.json')!r}, 'w').write(json.dumps(told))\n")
    subprocess.run([str(program.program), "-I", str(path)], check=True, capture_output=True, timeout=300)
    return dict(json.loads((folder / "told.json").read_text()))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blend")
    for name, data in blender().scene_files(scene(), blend=True, alembic=True).items():
        (folder / name).write_bytes(data)
    return folder


def test_what_the_worker_is_given_needs_no_pickle_and_has_every_piece() -> None:
    given = arrays_of(scene())
    assert all(np.asarray(v).dtype.kind in "fiuU" for v in given.values())
    assert len(set(given["name"].tolist())) == len(scene().name)
    assert given["material_of"].max() < len(given["material_name"])
    assert given["fps"].tolist() == [24000, 1001]


def test_turns_take_the_short_way() -> None:
    rotation = np.array([[[1.0, 0, 0, 0]], [[-0.999, -0.04, 0, 0]], [[0.99, 0.14, 0, 0]]])
    near = shortest(rotation)
    assert ((near[1:] * near[:-1]).sum(-1) > 0).all()
    np.testing.assert_array_equal(np.abs(near), np.abs(rotation))


def test_a_name_that_blender_would_cut_is_refused() -> None:
    long = replace(scene(), name=("x" * 64, *scene().name[1:]))
    with pytest.raises(ValueError, match="a name has up to 63 bytes in Blender, this one 64"):
        arrays_of(long)


def asks(blend: Path) -> str:
    """A script that tells what a .blend shows in each frame."""
    return f"""
bpy.ops.wm.open_mainfile(filepath={str(blend)!r})
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
scene = bpy.context.scene
told["range"] = [scene.frame_start, scene.frame_end, scene.render.fps / scene.render.fps_base]
told["size"] = [scene.render.resolution_x, scene.render.resolution_y]
told["meshes"] = sorted(o.name for o in scene.objects if o.type == "MESH")
told["where"], told["seen"] = [], []
point = Vector((1.0, -2.0, 3.0))
for frame in range({FIRST}, {LAST} + 1):
    scene.frame_set(frame)
    turns = [scene.objects[n].matrix_world for n in {list(scene().name)!r}]
    told["where"].append([[*m.translation, *m.to_quaternion()] for m in turns])
    told["seen"].append([*world_to_camera_view(scene, scene.camera, point)])
sun = scene.objects["sun"]
told["sun"] = [*(sun.matrix_world.to_3x3() @ Vector((0, 0, 1)))]
told["strength"] = [c * sun.data.energy for c in sun.data.color]
told["slots"] = sorted({{s.material.name for o in scene.objects for s in o.material_slots}})
told["mark"] = scene.get("bottega_show")
"""


@pytest.mark.heavy
@needs_blender
def test_the_blend_has_pieces_fall_camera_and_time_as_they_are(files: Path, tmp_path: Path) -> None:
    told = inside(tmp_path, asks(files / "collapse.blend"))
    given = scene()
    assert told["range"] == [FIRST, LAST, pytest.approx(24000 / 1001)]
    assert told["size"] == list(given.size)
    assert told["meshes"] == sorted((*given.name, "ground"))
    assert told["mark"] == "demo"
    where = np.array(told["where"])
    np.testing.assert_allclose(where[..., :3], given.position, atol=1e-5)
    assert (np.abs((where[..., 3:] * given.rotation).sum(-1)) > 1 - 1e-6).all()
    assert np.linalg.norm(where[3, 0, :3] - where[2, 0, :3]) == pytest.approx(1.5, abs=1e-5)
    for row, (x, y, depth) in enumerate(told["seen"]):
        own = Camera(given.camera[row], float(given.focal_px[row]), tuple(given.centre_px[row]), *given.size)
        (pixel,), (away,) = own.project(np.array([[1.0, -2.0, 3.0]]))
        np.testing.assert_allclose([x * given.size[0], (1 - y) * given.size[1]], pixel, atol=0.02)
        assert depth == pytest.approx(away, abs=1e-3)
    towards = np.array(given.light.towards) / np.linalg.norm(given.light.towards)
    np.testing.assert_allclose(told["sun"], towards, atol=1e-5)
    np.testing.assert_allclose(told["strength"], given.light.sun, rtol=1e-5)
    assert len(told["slots"]) > 2


@pytest.mark.heavy
@needs_blender
def test_alembic_has_the_same_meshes_in_the_same_places(files: Path, tmp_path: Path) -> None:
    told = inside(
        tmp_path,
        f"""
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1.001
bpy.ops.wm.alembic_import(filepath={str(files / "collapse.abc")!r}, as_background_job=False)
names = {list(scene().name)!r}
for frame in ({FIRST}, {LAST}):
    bpy.context.scene.frame_set(frame)
    told[str(frame)] = [[*bpy.data.objects[n].matrix_world.translation] for n in names]
told["points"] = [len(bpy.data.objects[n].data.vertices) for n in names]
told["camera"] = any(o.type == "CAMERA" for o in bpy.data.objects)
""",
    )
    given = scene()
    np.testing.assert_allclose(told[str(FIRST)], given.position[0], atol=1e-4)
    np.testing.assert_allclose(told[str(LAST)], given.position[-1], atol=1e-4)
    assert told["points"] == np.diff(given.vertex_start).tolist()
    assert told["camera"]


def read_back(blend: bytes, **other: object):
    given = scene()
    facts = {"names": given.name, "vertices": given.vertices, "centre": given.position[0], "fps": float(given.fps)} | other
    return list(blender().back(blend, frames=range(FIRST, LAST + 1), **facts))


@pytest.mark.heavy
@needs_blender
def test_what_was_written_comes_back(files: Path) -> None:
    given = scene()
    poses = read_back((files / "collapse.blend").read_bytes())
    assert [frame for frame, _, _ in poses] == list(range(FIRST + 1, LAST + 1))
    for row, (_, position, rotation) in enumerate(poses, 1):
        np.testing.assert_allclose(position, given.position[row], atol=1e-5)
        assert (np.abs((rotation * given.rotation[row]).sum(-1)) > 1 - 1e-6).all()


def changed(files: Path, folder: Path, script: str) -> bytes:
    """The .blend after an artist's hand."""
    out = folder / "changed.blend"
    inside(
        folder,
        f"bpy.ops.wm.open_mainfile(filepath={str(files / 'collapse.blend')!r})\nscene = bpy.context.scene\n{script}\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(out)!r}, copy=True)",
    )
    return out.read_bytes()


@pytest.mark.heavy
@needs_blender
def test_an_artists_own_keys_come_back(files: Path, tmp_path: Path) -> None:
    name = scene().name[1]
    script = f"o = scene.objects[{name!r}]\nat = o.location.copy()\no.keyframe_insert('location', frame=1002)"
    poses = read_back(changed(files, tmp_path, f"{script}\no.location.x += 4\no.keyframe_insert('location', frame=1004)"))
    rest = scene().position[0, 1]
    assert poses[0][1][1] == pytest.approx(rest, abs=1e-5)
    assert poses[2][1][1] - rest == pytest.approx([4, 0, 0], abs=1e-4)


@pytest.mark.heavy
@needs_blender
@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("bpy.data.objects.remove(scene.objects['wall_p00001'])", r"1 of \d+ pieces are not in it by their names: wall_p00001$"),
        ("scene.objects['wall_p00002'].name = 'my wall'", r"by their names: wall_p00002; it has objects that are no pieces: my wall"),
        ("scene.objects['wall_p00000'].scale = (2, 1, 1)", r"wall_p00000 is scaled by 2, 1, 1 in frame 1001"),
        ("scene.objects['wall_p00001'].location.z += 1", r"frame 1001, the first: wall_p00001 are not where they were built"),
        ("scene.render.fps, scene.render.fps_base = 25, 1", r"it runs at 25 frames a second, the show at 23\.976"),
    ],
)
def test_what_does_not_fit_is_named(files: Path, tmp_path: Path, script: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_back(changed(files, tmp_path, script))


@pytest.mark.heavy
@needs_blender
def test_a_blend_of_other_pieces_or_none_is_refused(files: Path) -> None:
    with pytest.raises(UsageError, match="written for other pieces"):
        read_back((files / "collapse.blend").read_bytes(), vertices=scene().vertices * np.float32(1.5))
    with pytest.raises(UsageError, match=r"no \.blend that this Blender can open"):
        read_back(b"BLENDER-v500 and then nothing")


@pytest.mark.heavy
@needs_blender
def test_a_frame_is_path_traced(files: Path, tmp_path: Path) -> None:
    [(frame, picture, seconds)] = blender().render((files / "collapse.blend").read_bytes(), [1003], samples=2)
    (tmp_path / "traced.exr").write_bytes(picture)
    with OpenEXR.File(str(tmp_path / "traced.exr")) as file:
        [pixels] = [c.pixels for c in file.parts[0].channels.values() if c.pixels.ndim == 3][:1]
    assert (frame, pixels.shape[1::-1]) == (1003, scene().size)
    assert seconds > 0
    assert pixels[..., :3].std() > 0.01


def air() -> dict[str, bytes]:
    """A box of thin dust over the ground before the tower in frame 1003, and a chip."""
    dust = vdb_bytes(np.full((16, 16, 16), 0.5, np.float32), origin_m=(-14.0, -14.0, 0.0), cell_m=0.5)
    chip = {name: np.float32([v]) for name, v in zip(("x", "y", "z", "vx", "vy", "vz", "size"), (0, 0, 9, 3, 0, 0, 0.5), strict=True)}
    nothing = vdb_bytes(np.zeros((1, 1, 1), np.float32), origin_m=(0.0, 0.0, 0.0), cell_m=1.0)
    return {"dust/take.1001.vdb": nothing, "dust/take.1003.vdb": dust, "debris-1003.ply": ply_bytes(chip)}


@pytest.mark.heavy
@needs_blender
def test_the_dust_beside_the_blend_is_its_volume_and_is_traced(tmp_path: Path) -> None:
    dusty = replace(scene(), dust=DustOut(path="dust/take.1001.vdb", albedo=(0.9, 0.9, 0.9), forwards=0.3))
    blend = blender().scene_files(dusty, blend=True, alembic=False)["collapse.blend"]
    (tmp_path / "dust").mkdir()
    for name, data in air().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "collapse.blend").write_bytes(blend)
    told = inside(
        tmp_path,
        f"""
bpy.ops.wm.open_mainfile(filepath={str(tmp_path / "collapse.blend")!r})
bpy.context.scene.frame_set(1003)
grids = bpy.context.scene.objects["dust"].evaluated_get(bpy.context.evaluated_depsgraph_get()).data.grids
told["problem"], told["grids"] = grids.error_message, [g.name for g in grids]
told["first"] = [*(grids["density"].matrix_object @ __import__("mathutils").Vector((0, 0, 0)))]
""",
    )
    assert (told["problem"], told["grids"], told["first"]) == ("", ["density"], [-13.75, -13.75, 0.25])
    with_air, without = (next(iter(blender().render(blend, [1003], samples=2, air=a)))[1] for a in (air(), None))
    pictures = []
    for data in (with_air, without):
        (tmp_path / "frame.exr").write_bytes(data)
        with OpenEXR.File(str(tmp_path / "frame.exr")) as file:
            pictures.append(np.array(file.channels()["RGBA" if "RGBA" in file.channels() else "RGB"].pixels[..., :3]))
    assert (np.abs(pictures[0] - pictures[1]).max(-1) > 0.01).mean() > 0.05


def traced_light(**other: object) -> dict[str, np.ndarray]:
    """Irradiance of the tower at rest and in the last frame, from before it and from above."""
    given, above = scene(), np.eye(4)
    above[:3, 3] = 0, 0, 40
    front = LightJob(name="front", frame=LAST, camera=given.camera[0], focal_px=150.0, centre_px=(96.0, 54.0), size=(192, 108))
    roof = LightJob(name="roof", frame=FIRST, camera=above, focal_px=60.0, centre_px=(24.0, 24.0), size=(48, 48))
    nothing = {"vertices": np.zeros((0, 3)), "triangles": np.zeros((0, 3), int)}
    facts = {"samples": np.array(16), "albedo": np.array([0.2, 0.2, 0.2]), **nothing, **other}
    return dict(blender().light(scene(), [front, roof], light=facts))


@pytest.mark.heavy
@needs_blender
def test_traced_light_is_irradiance_in_the_units_of_the_light_and_the_same_bits_again() -> None:
    found = traced_light()
    assert {name: a.shape for name, a in found.items()} == {"front": (108, 192, 3), "roof": (48, 48, 3)}
    towards, light = np.array(scene().light.towards), scene().light
    roof = np.array(light.sun) * towards[2] / np.linalg.norm(towards) + light.sky  # nothing hides the sky from the highest
    middle = found["roof"][22:26, 22:26].reshape(-1, 3)
    np.testing.assert_allclose(middle.mean(0), roof, rtol=0.03)
    other = traced_light(albedo=np.array([0.4, 0.4, 0.4]))  # the light on a roof does not know its colour
    np.testing.assert_allclose(other["roof"][22:26, 22:26].reshape(-1, 3).mean(0), roof, rtol=0.03)
    tower = np.s_[55:80, 85:107]
    assert other["front"][tower].mean() > 1.02 * found["front"][tower].mean()  # a brighter ground throws more back
    assert all((again == found[name]).all() for name, again in traced_light().items())
