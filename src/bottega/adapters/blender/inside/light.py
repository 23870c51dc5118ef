"""The light of a collapse's poses: grey pieces, path-traced, as irradiance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import host
from .host import Array, load, say
from .render import traced_plainly
from .scene import FILM_MM, built

PICTURE = "light.exr"
MIDDLE_PX = 0.01  # all samples at the pixel's middle


def light(folder: Path) -> None:
    """`light-N.npy`, (H, W, 3) irradiance, for each job; π times the light that a grey surface gives back, over its albedo."""
    given, wanted = load(folder, "scene"), load(folder, "wanted")
    made = built(given)
    stands(made, wanted["vertices"], wanted["triangles"])
    made.view_layers[0].material_override = grey(wanted["albedo"])
    traced_plainly(made, int(wanted["samples"]))
    made.cycles.pixel_filter_type, made.cycles.filter_width = "BOX", MIDDLE_PX
    made.render.image_settings.file_format, made.render.image_settings.color_depth = "OPEN_EXR", "32"
    made.render.resolution_percentage, made.render.filepath = 100, str(folder / PICTURE)
    eye = host.bpy.data.objects.new("eye", host.bpy.data.cameras.new("eye"))
    made.collection.objects.link(eye)
    made.camera = eye
    for i, frame in enumerate(wanted["frame"].tolist()):
        aimed(made, eye, wanted, i)
        made.frame_set(frame)
        host.bpy.ops.render.render(write_still=True)
        np.save(folder / f"light-{i}.npy", np.pi * np.maximum(read(folder / PICTURE), 0) / wanted["albedo"].astype(np.float32))
        say(job=i, frame=frame)


def aimed(scene: Any, eye: Any, wanted: dict[str, Array], i: int) -> None:
    """Put the camera where a job's is."""
    from mathutils import Matrix  # type: ignore[import-not-found,unused-ignore]

    (width, height), lens = wanted["size"][i].tolist(), eye.data
    scene.render.resolution_x, scene.render.resolution_y = width, height
    lens.sensor_fit, lens.sensor_width, lens.clip_start, lens.clip_end = "HORIZONTAL", FILM_MM, 0.1, 10000.0
    lens.lens = float(wanted["focal_px"][i]) * FILM_MM / width
    x, y = wanted["centre_px"][i].tolist()
    lens.shift_x, lens.shift_y = (width / 2 - x) / width, (y - height / 2) / width
    eye.matrix_world = Matrix(wanted["camera"][i].tolist())


def grey(albedo: Array) -> Any:
    """A material that reflects alike to all sides."""
    made = host.bpy.data.materials.new("grey")
    made.use_nodes = True
    nodes = made.node_tree.nodes
    nodes.clear()
    surface, out = nodes.new("ShaderNodeBsdfDiffuse"), nodes.new("ShaderNodeOutputMaterial")
    surface.inputs["Color"].default_value = (*albedo.tolist(), 1.0)
    made.node_tree.links.new(surface.outputs["BSDF"], out.inputs["Surface"])
    return made


def stands(scene: Any, vertices: Array, triangles: Array) -> None:
    """What stands beside the building."""
    mesh = host.bpy.data.meshes.new("stands")
    mesh.from_pydata(vertices.tolist(), [], triangles.tolist())
    scene.collection.objects.link(host.bpy.data.objects.new("stands", mesh))


def read(path: Path) -> Array:
    """(H, W, 3) float32 of a picture that was just written, the top row first."""
    picture = host.bpy.data.images.load(str(path), check_existing=False)
    picture.colorspace_settings.name = "Non-Color"
    flat = np.empty(len(picture.pixels), np.float32)
    picture.pixels.foreach_get(flat)
    width, height = picture.size
    host.bpy.data.images.remove(picture)
    return np.ascontiguousarray(flat.reshape(height, width, -1)[::-1, :, :3])
