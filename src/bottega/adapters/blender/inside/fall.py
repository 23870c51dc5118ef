"""Rigid bodies: a hull a piece, tied by bonds that break, let go by a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import host
from .host import Array, empty_scene, load, say

GROUND_M = (2000.0, 2000.0, 4.0)
SLIPPERY = 0.02  # between two of what buckles
SOLVER_ITERATIONS = 20
RESTING = 0.99  # of its speed that a second takes from what lies on something and is slow: rubble interlocks as hulls do not
WARM_UP = 2  # frames that Blender steps before the first: it takes up no speed in the very first


def simulate(folder: Path) -> None:
    """Rigid bodies with a hull each, tied by bonds that break, let go by the schedule; the poses of each frame, `pose-N.npy`."""
    given, how = load(folder, "scene"), load(folder, "settings")
    first, steps, fps = int(given["first_frame"]), given["step_s"], float(given["fps"])
    scene = empty_scene(fps, first, first + len(steps))
    scene.gravity = (0, 0, -9.81)
    host.bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    world.collection, world.constraints = host.bpy.data.collections.new("bodies"), host.bpy.data.collections.new("bonds")
    for collection in (world.collection, world.constraints):
        scene.collection.children.link(collection)
    world.use_split_impulse = True  # what lies inside another is moved out without being sped up
    world.substeps_per_frame, world.solver_iterations = int(how["substeps"]), SOLVER_ITERATIONS
    world.point_cache.frame_start, world.point_cache.frame_end = first - WARM_UP, first + len(steps)
    stands(world, given, float(how["friction"]), float(how["restitution"]))
    bodies = [body(world, given, how, i) for i in range(len(given["release"]))]
    for i, made in enumerate(bodies):
        let_go(made, given, how, i)
    tied(world, given, how, bodies)
    for frame in range(first - WARM_UP, first + 1):
        scene.frame_set(frame)
    before, story, damped = poses(bodies), 0.0, np.zeros(len(bodies), bool)
    let_go_at = np.where(
        given["release"] > 0, np.concatenate([[0.0], np.cumsum(steps)])[np.maximum(given["release"] - 1 - first, 0)], np.inf
    )
    for row, seconds in enumerate(steps.tolist()):
        world.time_scale = seconds * fps
        scene.frame_set(first + row + 1)
        now, story = poses(bodies), story + seconds
        np.save(folder / f"pose-{first + row + 1}.npy", now)
        say(frame=first + row + 1)
        rests = (story - let_go_at > float(how["settle_s"])) & slower(before, now, seconds, float(how["settle_below"]))
        for i in np.flatnonzero(rests != damped).tolist():
            of, least = bodies[i].rigid_body, RESTING if rests[i] else 0.0
            of.linear_damping, of.angular_damping = max(least, float(how["linear_damping"])), max(least, float(how["angular_damping"]))
        before, damped = now, rests


def poses(bodies: list[Any]) -> Array:
    """(N, 7) where the bodies are: position, unit quaternion."""
    return np.array([[*m.translation, *m.to_quaternion()] for m in (made.matrix_world for made in bodies)], np.float64)


def slower(before: Array, now: Array, seconds: float, limit: float) -> Array:
    """(N,) bool: what moved and turned by less than so many m/s and rad/s."""
    turn = np.minimum(*(np.linalg.norm(now[:, 3:] + sign * before[:, 3:], axis=1) for sign in (-1, 1)))
    gone = np.linalg.norm(now[:, :3] - before[:, :3], axis=1)
    return np.asarray((gone < limit * seconds) & (4 * np.arcsin(np.minimum(turn / 2, 1)) < limit * seconds))


def stands(world: Any, given: dict[str, Array], friction: float, restitution: float) -> None:
    """The ground, and the boxes that stand for ever."""
    wide, deep, high = GROUND_M
    rows = [[0.0, 0.0, float(given["ground"]) - high / 2, wide, deep, high, 0.0], *given["boxes"].tolist()]
    for i, (x, y, z, wide, deep, high, turn) in enumerate(rows):
        half = np.array([wide, deep, high]) / 2
        corners = [tuple(half * (a, b, c)) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
        made = mesh_object(f"stands.{i:02d}", corners, [])
        world.collection.objects.link(made)
        made.location, made.rotation_euler = (x, y, z), (0, 0, turn)
        of = made.rigid_body
        of.type, of.collision_shape, of.friction, of.restitution = "PASSIVE", "BOX", friction**0.5, restitution  # Bullet multiplies two


def mesh_object(name: str, vertices: Sequence[Any], triangles: Sequence[Any]) -> Any:
    """An object with a mesh of its own; not yet in any collection."""
    mesh = host.bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], triangles)
    made = host.bpy.data.objects.new(name, mesh)
    made.rotation_mode = "QUATERNION"
    return made


def body(world: Any, given: dict[str, Array], how: dict[str, Array], i: int) -> Any:
    """A piece's hull as a rigid body, where it was built."""
    start = given["pieces/hull_start"]
    points = given["pieces/hull"][start[i] : start[i + 1]]
    made = mesh_object(f"piece.{i:05d}", points.tolist(), [])
    made.location = given["pieces/centre"][i]
    world.collection.objects.link(made)
    of = made.rigid_body
    of.type, of.collision_shape, of.mesh_source, of.kinematic = "ACTIVE", "CONVEX_HULL", "BASE", True
    of.mass = float(given["pieces/volume"][i] * given["pieces/density"][i])
    of.friction, of.restitution = float(how["friction"]) ** 0.5, float(how["restitution"])
    of.linear_damping, of.angular_damping = float(how["linear_damping"]), float(how["angular_damping"])
    of.use_margin, of.collision_margin = True, min(float(how["margin_m"]), float(np.ptp(points, axis=0).min()) / 4)
    of.use_deactivation = True
    of.deactivate_linear_velocity, of.deactivate_angular_velocity = float(how["slow"]), float(how["slow_turn"])
    return made


def let_go(made: Any, given: dict[str, Array], how: dict[str, Array], i: int) -> None:
    """Carry a piece through the frame of its release, at the end of which it has the speed of its push and fall; then it is free.

    Blender gives a body no speed in any other way. The half step of the solver that its first step would fall too far is taken off.
    """
    frame, first = int(given["release"][i]), int(given["first_frame"])
    if not frame:
        return
    whole = float(given["step_s"][frame - 1 - first])
    speed = given["push"][i] - np.array([0, 0, 9.81]) * whole * (1 - 0.5 / int(how["substeps"]))
    made.keyframe_insert("location", frame=frame - 1)
    made.location = given["pieces/centre"][i] + speed * whole
    made.keyframe_insert("location", frame=frame)
    made.keyframe_insert("rigid_body.kinematic", frame=first)
    made.rigid_body.kinematic = False
    made.keyframe_insert("rigid_body.kinematic", frame=frame + 1)
    if given["weak"][i]:
        story = np.concatenate([[0.0], np.cumsum(given["step_s"])])
        until = first + int(np.searchsorted(story, story[frame - 1 - first] + float(how["slip_s"])))
        own = made.rigid_body.friction
        for value, at in ((own, first), (SLIPPERY**0.5, frame), (own, until)):
            made.rigid_body.friction = value
            made.keyframe_insert("rigid_body.friction", frame=at)
    for curve in curves_of(made.animation_data.action, made):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR" if curve.data_path == "location" else "CONSTANT"


def curves_of(action: Any, made: Any) -> Any:
    """The curves of an object's action; made where there are none."""
    slot = made.animation_data.action_slot or action.slots.new(id_type=made.id_type, name=made.name)
    made.animation_data.action_slot = slot
    layer = action.layers[0] if action.layers else action.layers.new("layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def tied(world: Any, given: dict[str, Array], how: dict[str, Array], bodies: list[Any]) -> None:
    """Bonds between pieces that go together, and do not buckle: fixed until they bear more than they can."""
    substep = float(given["step_s"].min()) / int(how["substeps"])
    release, weak = given["release"], given["weak"]
    for b, (one, other) in enumerate(given["bonds/pair"].tolist()):
        if not release[one] or release[one] != release[other] or weak[one] or weak[other]:
            continue
        tie = host.bpy.data.objects.new(f"bond.{b:06d}", None)
        tie.location = given["bonds/centre"][b]
        world.constraints.objects.link(tie)
        of = tie.rigid_body_constraint
        of.type, of.object1, of.object2, of.disable_collisions = "FIXED", bodies[one], bodies[other], True
        of.use_breaking, of.breaking_threshold = True, float(given["bonds/strength"][b]) * max(substep, float(how["blow_s"]))
