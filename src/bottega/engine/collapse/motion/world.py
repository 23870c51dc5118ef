"""Bullet's world through Panda3D: hulls, rigid bodies, ties and contacts, and nothing about collapses.

Bullet computes in single precision, and its bits follow from the order in which bodies, ties and steps come: callers keep it fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from bottega.engine.collapse.motion.scene import GRAVITY, MotionSettings
from bottega.engine.collapse.records import Float, Int, Pieces

_BOX_TURN_AXIS = (0.0, 0.0, 1.0)
_TOUCH_M = 0.02
_APART = 0.2  # of its skin: so far hulls that touch stay from one another
_RESTING = 0.99  # of its velocity and spin that a second takes from what comes to rest


@dataclass(slots=True, eq=False)
class Body:
    """A rigid body.

    members, offset, mass
        Its pieces, their places (m, 3) from its centre of mass in rest axes, kg.
    moving
        Whether it moves; what does not stands like the ground.
    rest
        (3,) where its first piece was at rest, world.
    bonds, fragile
        The bonds inside it that hold, and the force in newtons from which on one may break.
    radius, spread
        The farthest piece's distance; the (3, 3) second moment of its hulls' points in rest axes.
    node, frame
        Bullet's node for it; its factor as a frame, see `frame_kernels`, where it has one.
    """

    members: Int
    offset: Float
    mass: float
    moving: bool
    rest: Float
    bonds: Int
    fragile: float
    spread: Float
    radius: float
    node: Any = None
    frame: Float | None = None

    def position(self) -> Float:
        """(3,) its centre of mass, world."""
        return np.array([*self.node.get_transform().get_pos()])

    @property
    def key(self) -> int:
        """Its lowest piece."""
        return int(self.members[0])


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """Where two bodies pressed in the last step: their names, the piece's place in each, the point, the impulse on the first, N s."""

    first: str
    second: str
    in_first: int
    in_second: int
    point: Float
    impulse: Float


def load_solver() -> tuple[Any, Any]:
    """Panda3D's core and Bullet modules, or an ImportError that says what to install."""
    try:
        return import_module("panda3d.core"), import_module("panda3d.bullet")
    except ImportError as missing:
        raise ImportError("the simulation needs Panda3D's Bullet: pip install bottega[collapse]") from missing


class World:
    """One Bullet world: a ground plane, boxes that stand for ever, and bodies."""

    def __init__(self, pieces: Pieces, boxes: Float, ground: float, *, settings: MotionSettings) -> None:
        self.core, self.bullet = load_solver()
        self.settings, self.pieces = settings, pieces
        self.hulls: dict[int, tuple[Any, Any]] = {}
        self.world: Any = None
        self._still = boxes, ground
        self.clear()

    def clear(self) -> None:
        """Begin again with ground and boxes only; hulls are kept, for they remember nothing."""
        core, bullet = self.core, self.bullet
        self.world = bullet.BulletWorld()
        self.world.set_gravity(core.LVector3(0, 0, -GRAVITY))
        boxes, ground = self._still
        plane = bullet.BulletRigidBodyNode("ground")
        plane.add_shape(bullet.BulletPlaneShape(core.LPlane(core.LVector3(0, 0, 1), core.LPoint3(0, 0, 0))))
        self._place(plane, (0, 0, ground), (1, 0, 0, 0))  # a plane's own height is taken with the wrong sign
        self._attach(plane)
        for i, (x, y, z, wide, deep, high, turn) in enumerate(boxes.tolist()):
            node = bullet.BulletRigidBodyNode(f"box {i}")
            node.add_shape(bullet.BulletBoxShape(core.LVector3(wide / 2, deep / 2, high / 2)))
            half = turn / 2
            self._place(node, (x, y, z), (np.cos(half), *(np.sin(half) * np.asarray(_BOX_TURN_AXIS))))
            self._attach(node)

    def _attach(self, node: Any) -> None:
        node.set_friction(self.settings.friction**0.5)  # Bullet multiplies the two that touch
        node.set_restitution(self.settings.restitution)
        self.world.attach(node)

    def _place(self, node: Any, position: Any, rotation: Any) -> None:
        core = self.core
        where, turn = core.LPoint3(*map(float, position)), core.LQuaternion(*map(float, rotation))
        node.set_transform(core.TransformState.make_pos_quat_scale(where, turn, core.LVector3(1, 1, 1)))

    def _hull(self, piece: int) -> Any:
        """A piece's hull, drawn in by the skin that Bullet adds to it; boxes are given as such, for Bullet lays them flat at once."""
        if piece not in self.hulls:
            start = self.pieces.hull_start
            points = np.asarray(self.pieces.hull[start[piece] : start[piece + 1]], np.float64)
            low, high = points.min(0), points.max(0)
            margin = min(self.settings.margin_m, float((high - low).min()) / 4)
            middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
            if _is_box(points - middle, half):
                shape = self.bullet.BulletBoxShape(self.core.LVector3(*(half - margin / 2).tolist()))
                self.hulls[piece] = shape, self.core.LVector3(*middle.tolist())
                return self.hulls[piece]
            shape = self.bullet.BulletConvexHullShape()
            inner, margin = _drawn_in(points, margin)
            for x, y, z in inner.tolist():
                shape.add_point(self.core.LPoint3(x, y, z))
            shape.set_margin(margin)
            self.hulls[piece] = shape, self.core.LVector3(0, 0, 0)
        return self.hulls[piece]

    def add(self, body: Body, position: Float, rotation: Float, velocity: Float, spin: Float) -> None:
        """Make Bullet's node of a body and put it into the world; one that does not move has no mass there."""
        core = self.core
        node = self.bullet.BulletRigidBodyNode(str(body.key))
        for piece, (x, y, z) in zip(body.members.tolist(), body.offset.tolist(), strict=True):
            shape, inside = self._hull(piece)
            node.add_shape(shape, core.TransformState.make_pos(core.LPoint3(x, y, z) + inside))
        self._place(node, position, rotation)
        body.node = node
        if body.moving:
            self._weigh(body)
            node.set_linear_velocity(core.LVector3(*map(float, velocity)))
            node.set_angular_velocity(core.LVector3(*map(float, spin)))
        self._attach(node)

    def damp(self, node: Any, more: bool) -> None:
        """Damp a body as the settings say, or, as it comes to rest, until little is left after a second."""
        node.set_linear_damping(max(_RESTING, self.settings.linear_damping) if more else self.settings.linear_damping)
        node.set_angular_damping(max(_RESTING, self.settings.angular_damping) if more else self.settings.angular_damping)

    def fix(self, body: Body) -> None:
        """Let a body stand like the ground, until `free`."""
        self.world.remove(body.node)
        body.node.set_linear_velocity(self.core.LVector3(0, 0, 0))
        body.node.set_angular_velocity(self.core.LVector3(0, 0, 0))
        body.node.set_mass(0)
        body.moving = False
        self.world.attach(body.node)

    def free(self, body: Body) -> None:
        """Let a body that stood move, from rest."""
        self.world.remove(body.node)
        body.moving = True
        self._weigh(body)
        self.world.attach(body.node)

    def _weigh(self, body: Body) -> None:
        body.node.set_mass(body.mass)
        body.node.set_inertia(self.core.LVector3(*map(float, self._inertia(body))))
        body.node.set_deactivation_enabled(False)
        self.damp(body.node, False)

    def grip(self, body: Body, friction: float) -> None:
        """Give a body a friction of its own, as between two of its kind."""
        body.node.set_friction(friction**0.5)

    def remove(self, body: Body) -> None:
        """Take a body out."""
        self.world.remove(body.node)
        body.node = None

    def _inertia(self, body: Body) -> Float:
        """(3,) diagonal about the centre of mass, kg m²: each piece as its bounding box (Steiner's theorem for the rest)."""
        total = np.zeros(3)
        start, mass = self.pieces.hull_start, self.pieces.mass
        for piece, offset in zip(body.members.tolist(), body.offset, strict=True):
            points = self.pieces.hull[start[piece] : start[piece + 1]]
            square = np.asarray(points.max(0) - points.min(0), np.float64) ** 2 / 12 + offset**2
            total += mass[piece] * (square.sum() - square)
        return total

    def tie(self, one: Body, other: Body, point: Float) -> Any:
        """Fix two bodies to one another at a world point as they now are; they do not collide while it holds."""
        core = self.core
        frames = []
        for body in (one, other):
            at = body.node.get_transform()
            frames.append(at.invert_compose(core.TransformState.make_pos(core.LPoint3(*map(float, point)))))
        tie = self.bullet.BulletGenericConstraint(one.node, other.node, *frames, True)
        for axis in range(3):
            tie.set_linear_limit(axis, 0, 0)
            tie.set_angular_limit(axis, 0, 0)
        self.world.attach_constraint(tie, True)
        return tie

    def step(self, seconds: float) -> None:
        """One step of exactly that long."""
        self.world.do_physics(seconds, 0)

    def tidy(self) -> None:
        """Let Panda3D forget the places that bodies have been in: it keeps every one until it is told."""
        self.core.TransformState.garbage_collect()

    def pressed(self, names: set[str]) -> tuple[dict[str, float], list[tuple[str, str, Any]]]:
        """How hard the named bodies were pressed in the last step, N s from all sides, and where to look for how."""
        total = dict.fromkeys(names, 0.0)
        where = []
        for manifold in self.world.manifolds:
            count = manifold.get_num_manifold_points()
            if not count:
                continue
            first, second = manifold.get_node0().get_name(), manifold.get_node1().get_name()
            if first in total or second in total:
                hard = sum(manifold.get_manifold_point(i).get_applied_impulse() for i in range(count))
                if hard > 0:
                    where.append((first, second, manifold))
                    for name in (first, second):
                        if name in total:
                            total[name] += hard
        return total, where

    def contacts(self, names: set[str], where: list[tuple[str, str, Any]]) -> list[Contact]:
        """What pressed on the named bodies, of what `pressed` found."""
        found = []
        for first, second, manifold in where:
            if first in names or second in names:
                for i in range(manifold.get_num_manifold_points()):
                    at = manifold.get_manifold_point(i)
                    hard = at.get_applied_impulse()
                    if hard > 0:
                        push = at.get_normal_world_on_b() * hard
                        push += at.get_lateral_friction_dir1() * at.get_applied_impulse_lateral1()
                        push += at.get_lateral_friction_dir2() * at.get_applied_impulse_lateral2()
                        point = np.array([*at.get_position_world_on_b()])
                        found.append(Contact(first, second, at.get_index0(), at.get_index1(), point, np.array([*push])))
        return found

    def touching(self) -> list[tuple[int, int]]:
        """Pairs of bodies, by key, that touch; −1 stands for ground and boxes."""
        pairs = []
        for manifold in self.world.manifolds:
            count = manifold.get_num_manifold_points()
            if count and min(manifold.get_manifold_point(i).get_distance() for i in range(count)) < _TOUCH_M:
                first, second = manifold.get_node0().get_name(), manifold.get_node1().get_name()
                pairs.append((int(first) if first.isdigit() else -1, int(second) if second.isdigit() else -1))
        return pairs

    def under(self, body: Body) -> list[int]:
        """What a body that does not move would touch if it were a little lower: keys, rising; −1 stands for ground and boxes."""
        at = body.node.get_transform()
        body.node.set_transform(at.set_pos(at.get_pos() - self.core.LVector3(0, 0, _TOUCH_M)))
        names = {node.get_name() for c in self.world.contact_test(body.node).get_contacts() for node in (c.get_node0(), c.get_node1())}
        body.node.set_transform(at)
        return sorted({int(name) if name.isdigit() else -1 for name in names} - {body.key})

    def push(self, body: Body, impulse: Float, point: Float) -> None:
        """An impulse, N s, at a world point."""
        away = self.core.LVector3(*map(float, point)) - body.node.get_transform().get_pos()
        body.node.apply_impulse(self.core.LVector3(*map(float, impulse)), self.core.LPoint3(away))


def _drawn_in(points: Float, margin: float) -> tuple[Float, float]:
    """A hull with each of its faces moved inward by the skin that is given back and a little more, and that skin, metres.

    Scaling would leave slanted faces where they were, and what begins even a millimetre inside its neighbour is shot out.
    """
    from scipy.spatial import ConvexHull, HalfspaceIntersection

    faces = ConvexHull(points).equations
    middle = points.mean(0)
    depth = -(faces[:, :3] @ middle + faces[:, 3])
    margin = min(margin, 0.4 * float(depth.min()))
    faces[:, 3] += margin * (1 + _APART)
    return np.asarray(HalfspaceIntersection(faces, middle).intersections), margin


def _is_box(points: Float, half: Float) -> bool:
    """Whether points are the eight corners of a box along the axes, and no others."""
    if len(points) != 8 or not np.allclose(np.abs(points), half, atol=1e-5):
        return False
    return len(np.unique(points > 0, axis=0)) == 8


def read(bodies: list[Body]) -> Float:
    """(M, 13) float64 of M bodies: position, unit quaternion, velocity, spin."""
    rows = []
    for body in bodies:
        at, v, w = body.node.get_transform(), body.node.get_linear_velocity(), body.node.get_angular_velocity()
        p, q = at.get_pos(), at.get_quat()
        rows.append((p[0], p[1], p[2], q[0], q[1], q[2], q[3], v[0], v[1], v[2], w[0], w[1], w[2]))
    table = np.asarray(rows, np.float64).reshape(-1, 13)
    table[:, 3:7] /= np.linalg.norm(table[:, 3:7], axis=1, keepdims=True)
    return table
