"""A collapse as Blender's own scene: an object a piece, its fall as keyframes, camera, ground, sun and sky, plain materials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import air, host
from .host import Array, empty_scene, load, say

BLEND, ALEMBIC = "collapse.blend", "collapse.abc"
FILM_MM = 36.0
LINEAR, CONSTANT = 1, 0  # how Blender numbers what lies between keys
REACH = 4.0  # the ground goes as far as so many times the building


def scene(folder: Path) -> None:
    """Write the files that are asked for."""
    given = load(folder, "scene")
    built(given)
    host.bpy.context.scene.frame_set(int(given["first_frame"]))
    if given["blend"]:
        host.bpy.ops.wm.save_as_mainfile(filepath=str(folder / BLEND), compress=True)
    if given["alembic"]:
        first, last = int(given["first_frame"]), int(given["first_frame"]) + len(given["position"]) - 1
        host.bpy.ops.wm.alembic_export(filepath=str(folder / ALEMBIC), start=first, end=last, as_background_job=False, face_sets=True)
    say(written=True)


def built(given: dict[str, Array]) -> Any:
    """Make the scene; the file before it is gone."""
    first = int(given["first_frame"])
    made = empty_scene(float(given["fps"][0] / given["fps"][1]), first, first + len(given["position"]) - 1)
    made.render.resolution_x, made.render.resolution_y = (int(v) for v in given["size"])
    made.unit_settings.system = "METRIC"
    made.view_settings.view_transform = "Standard"
    for name, value in given["mark"].tolist():
        made[name.replace(":", "_")] = value
    made["bottega_pieces"] = str(given["pieces"])
    materials = [material(name, colour) for name, colour in zip(given["material_name"].tolist(), given["material_colour"], strict=True)]
    kinds = {kind: collection(made, kind) for kind in dict.fromkeys(given["kind"].tolist())}
    for i in range(len(given["name"])):
        kinds[str(given["kind"][i])].objects.link(piece(given, i, materials))
    lit(made, given)
    ground(made, given)
    camera(made, given)
    if "dust_path" in given:
        air.dust(made, given)
    return made


def collection(scene: Any, name: str) -> Any:
    """A collection of the scene's."""
    made = host.bpy.data.collections.new(name)
    scene.collection.children.link(made)
    return made


def material(name: str, colour: Array) -> Any:
    """A plain material."""
    made = host.bpy.data.materials.new(name)
    made.use_nodes = True
    surface = made.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*colour.tolist(), 1.0)
    surface.inputs["Roughness"].default_value = 0.9
    made.diffuse_color = (*colour.tolist(), 1.0)
    return made


def piece(given: dict[str, Array], i: int, materials: list[Any]) -> Any:
    """A piece's mesh, by kinds of face, about its centre of mass; and where it is in every frame."""
    (low, high), (begin, end) = (given[name][i : i + 2] for name in ("vertex_start", "triangle_start"))
    mesh = host.bpy.data.meshes.new(str(given["name"][i]))
    mesh.from_pydata(given["vertices"][low:high].tolist(), [], (given["triangles"][begin:end] - low).tolist())
    used, of = np.unique(given["material_of"][begin:end], return_inverse=True)
    for m in used.tolist():
        mesh.materials.append(materials[m])
    mesh.polygons.foreach_set("material_index", np.ascontiguousarray(of.ravel(), np.int32))
    made = host.bpy.data.objects.new(str(given["name"][i]), mesh)
    made.rotation_mode = "QUATERNION"
    for name in ("number", "storey", "released"):
        made[f"bottega_{name}"] = int(given[name][i])
    moves(made, given["position"][:, i], given["rotation"][:, i], int(given["first_frame"]))
    return made


def moves(made: Any, position: Array, rotation: Array, first: int) -> None:
    """Where an object is and how it is turned in every frame: keys only where that changes, straight between them."""
    made.location, made.rotation_quaternion = position[0].tolist(), rotation[0].tolist()
    curves: list[tuple[str, int, Array]] = []
    for path, values in (("location", position), ("rotation_quaternion", rotation)):
        if not (values == values[0]).all():
            curves += [(path, axis, values[:, axis]) for axis in range(values.shape[1])]
    if curves:
        keyed(made, curves, first, [position, rotation])


def keyed(made: Any, curves: list[tuple[str, int, Array]], first: int, together: list[Array]) -> None:
    """Give an object, a camera or the like keys for its curves, at the frames where any of what goes together changes."""
    change = np.any([(v[1:] != v[:-1]).reshape(len(v) - 1, -1).any(1) for v in together], axis=0)
    rows = np.flatnonzero(np.concatenate([[True], change]) | np.concatenate([change, [False]]))
    action = host.bpy.data.actions.new(made.name)
    slot = action.slots.new(id_type=made.id_type, name=made.name)
    bag = action.layers.new("layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
    for path, axis, values in curves:
        curve = bag.fcurves.new(path, index=max(axis, 0))
        curve.keyframe_points.add(len(rows))
        at = np.stack([first + rows, np.asarray(values, np.float64)[rows]], 1)
        curve.keyframe_points.foreach_set("co", np.ascontiguousarray(at, np.float32).ravel())
        curve.keyframe_points.foreach_set("interpolation", np.full(len(rows), LINEAR, np.int32))
        curve.update()
    made.animation_data_create()
    made.animation_data.action, made.animation_data.action_slot = action, slot


def camera(scene: Any, given: dict[str, Array]) -> None:
    """The camera of every frame: where it is, its lens, and where its axis meets the picture."""
    from mathutils import Matrix  # type: ignore[import-not-found,unused-ignore]

    lens = host.bpy.data.cameras.new("camera")
    made = host.bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(made)
    scene.camera, made.rotation_mode = made, "QUATERNION"
    lens.sensor_fit, lens.sensor_width, lens.clip_start, lens.clip_end = "HORIZONTAL", FILM_MM, 0.1, 10000.0
    (width, height), first = given["size"].tolist(), int(given["first_frame"])
    turns = np.array([Matrix(m[:3, :3].tolist()).to_quaternion()[:] for m in given["camera"]])
    turns *= np.cumprod(np.concatenate([[1.0], np.where((turns[1:] * turns[:-1]).sum(1) < 0, -1.0, 1.0)]))[:, None]
    moves(made, given["camera"][:, :3, 3], turns, first)
    facts = {
        "lens": given["focal_px"] * FILM_MM / width,
        "shift_x": (width / 2 - given["centre_px"][:, 0]) / width,
        "shift_y": (given["centre_px"][:, 1] - height / 2) / width,
    }
    for name, values in facts.items():
        setattr(lens, name, float(values[0]))
    changing = [(name, -1, values) for name, values in facts.items() if not (values == values[0]).all()]
    if changing:
        keyed(lens, changing, first, [values for _, _, values in changing])


def lit(scene: Any, given: dict[str, Array]) -> None:
    """The sun as irradiance on a card that faces it; the sky, everywhere the same, as irradiance on one that faces up."""
    from mathutils import Vector

    sun = host.bpy.data.lights.new("sun", "SUN")
    strength = float(given["sun"].max())
    sun.energy, sun.angle = strength, float(given["sun_angle"])
    sun.color = (given["sun"] / max(strength, 1e-9)).tolist()
    made = host.bpy.data.objects.new("sun", sun)
    made.rotation_mode = "QUATERNION"
    made.rotation_quaternion = Vector(given["to_sun"].tolist()).to_track_quat("Z", "Y")
    made.location = (given["to_sun"] / np.linalg.norm(given["to_sun"]) * 100).tolist()
    scene.collection.objects.link(made)
    world = host.bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*(given["sky"] / np.pi).tolist(), 1.0)
    scene.world = world


def ground(scene: Any, given: dict[str, Array]) -> None:
    """The ground, in z = 0."""
    rest = given["position"][0]
    (x, y, _), reach = rest.mean(0).tolist(), float(np.ptp(rest, axis=0).max()) * REACH
    corners = [(x - reach, y - reach, 0), (x + reach, y - reach, 0), (x + reach, y + reach, 0), (x - reach, y + reach, 0)]
    mesh = host.bpy.data.meshes.new("ground")
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    mesh.materials.append(material("ground", given["ground_colour"]))
    scene.collection.objects.link(host.bpy.data.objects.new("ground", mesh))
