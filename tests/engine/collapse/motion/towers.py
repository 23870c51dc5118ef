"""Buildings and runs that the tests of this room share."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from bottega.engine.collapse.motion import Direction, Failure, Lean, MotionSettings, Scene, Shot, State, plan, simulate, walled_tower
from bottega.engine.collapse.motion.tower import boxes_as_building
from bottega.engine.collapse.records import Bonds, Pieces

GRAVITY = 9.81
FALL = Direction((Failure((-3.0, -3.0), 4.0, frame=12, storeys=(0, 1)),), front_speed=15.0, lean=Lean((-1.0, -0.3), 1.0))


def small_tower() -> tuple[Pieces, Bonds]:
    """Four storeys, 20 cm walls."""
    return walled_tower(4, size=(8.0, 6.0, 12.0), brick_m=1.5, panel_m=3.0, wall_m=0.2, floor_m=0.2)


def lone_boxes(*centres: tuple[float, float, float], size: float = 1.0) -> tuple[Pieces, Bonds]:
    """Cubes that touch nothing, each a cluster of its own."""
    n = len(centres)
    return boxes_as_building(np.asarray(centres, float), np.full((n, 3), size), np.arange(n), np.zeros(n, int), strength_mpa=(1.0, 1.0))


def dropped(pieces: Pieces, bonds: Bonds, push: np.ndarray, *, shot: Shot, ground: float = 0.0, frame: int = 2) -> Scene:
    """Everything let go in one frame, with velocities."""
    middle, reach = pieces.centre.mean(0), 1 + float(np.ptp(pieces.centre, axis=0).max())
    whole = plan(pieces, bonds, direction=Direction((Failure(tuple(middle), reach, frame=frame),), buckle=0.0), shot=shot, ground=ground)
    return Scene(pieces, whole.bonds, whole.release, whole.weak, push, whole.step_s, whole.first_frame, whole.fps, whole.boxes, ground)


def energy(scene: Scene, state: State) -> float:
    """Joules: of the fall and of the motion, turning included (each piece as a box)."""
    mass = scene.pieces.mass
    high = (mass * GRAVITY * (state.position[:, 2] - scene.ground)).sum()
    start = scene.pieces.hull_start
    size = np.array([np.ptp(scene.pieces.hull[a:b], axis=0) for a, b in pairwise(start.tolist())])
    turning = 0.5 * mass * ((size**2).sum(1) / 18) * (state.spin**2).sum(1)
    return float(high + (0.5 * mass * (state.velocity**2).sum(1)).sum() + turning.sum())


@cache
def fallen() -> tuple[Scene, tuple[State, ...]]:
    """The small tower brought down in frames 1 to 144."""
    scene = plan(*small_tower(), direction=FALL, shot=Shot(1, 144))
    return scene, tuple(simulate(scene, MotionSettings()))


def same(one: State, other: State) -> bool:
    """Whether two states have the same bits."""
    return all(np.asarray(getattr(one, f)).tobytes() == np.asarray(getattr(other, f)).tobytes() for f in State.__dataclass_fields__)
