"""What hangs in the air of a scene: dust as a volume, small debris as little boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import host
from .host import Array

DUST, DEBRIS = "dust", "debris"
TUMBLED = 16  # ways in which the boxes are turned


def dust(scene: Any, given: dict[str, Array]) -> None:
    """A volume of which each frame's file lies beside the scene's: its density is the extinction, 1/m."""
    volume = host.bpy.data.volumes.new(DUST)
    volume.filepath = f"//{given['dust_path']}"
    first, count = int(given["first_frame"]), len(given["position"])
    volume.is_sequence, volume.frame_start, volume.frame_duration, volume.frame_offset = True, first, count, first - 1
    made = host.bpy.data.materials.new(DUST)
    made.use_nodes = True
    nodes = made.node_tree.nodes
    nodes.clear()
    scatters, out = nodes.new("ShaderNodeVolumePrincipled"), nodes.new("ShaderNodeOutputMaterial")
    made.node_tree.links.new(scatters.outputs["Volume"], out.inputs["Volume"])
    scatters.inputs["Color"].default_value = (*given["dust_albedo"].tolist(), 1.0)
    scatters.inputs["Density"].default_value = 1.0
    scatters.inputs["Anisotropy"].default_value = float(given["dust_forwards"])
    volume.materials.append(made)
    scene.collection.objects.link(host.bpy.data.objects.new(DUST, volume))


def debris(scene: Any, points: Array, colour: Array) -> Any:
    """Boxes (N, 7): place, speed in metres a second, edge. One mesh, whose `velocity` is what a renderer blurs it by."""
    unit = np.array([(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]) / 2
    sides = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
    turns = np.linalg.qr(np.random.default_rng(0).standard_normal((TUMBLED, 3, 3)))[0]
    count = len(points)
    corners = np.einsum("nij,vj->nvi", turns[np.arange(count) % TUMBLED], unit) * points[:, None, 6:] + points[:, None, :3]
    faces = sides[None] + 8 * np.arange(count)[:, None, None]
    mesh = host.bpy.data.meshes.new(DEBRIS)
    mesh.from_pydata(corners.reshape(-1, 3).tolist(), [], faces.reshape(-1, 4).tolist())
    speed = mesh.attributes.new("velocity", "FLOAT_VECTOR", "POINT")
    speed.data.foreach_set("vector", np.ascontiguousarray(np.repeat(points[:, 3:6], 8, 0), np.float32).ravel())
    made = host.bpy.data.materials.new(DEBRIS)
    made.use_nodes = True
    made.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*colour.tolist(), 1.0)
    mesh.materials.append(made)
    out = host.bpy.data.objects.new(DEBRIS, mesh)
    scene.collection.objects.link(out)
    return out


def gone(name: str) -> None:
    """Take an object out, where it is there."""
    there = host.bpy.data.objects.get(name)
    if there is not None:
        host.bpy.data.objects.remove(there)


def points_of(path: Path) -> Array:
    """The columns of a .ply of ours, (N, 7)."""
    head, _, body = path.read_bytes().partition(b"end_header\n")
    return np.frombuffer(body, "<f4").reshape(-1, head.count(b"\nproperty float"))
