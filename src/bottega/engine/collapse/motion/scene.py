"""What a solver is given, frame by frame gives back, and can go on from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from bottega.engine.collapse.motion.buckling import buckling
from bottega.engine.collapse.motion.direction import Direction, Shot, check_direction, story_time
from bottega.engine.collapse.motion.schedule import schedule
from bottega.engine.collapse.records import Bonds, Bool, Float, Int, Pieces

GRAVITY = 9.81  # m/s²


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """How the simulation runs.

    substeps
        Steps of the solver in a frame of full speed; slow motion takes fewer of the same length.
    rebuild_every
        Frames from one checkpoint to the next: the solver's world is made anew from the state there, in every run.
    friction, restitution
        Between any two surfaces, 0..1.
    slip_s, crumple
        Seconds for which what buckles or crumples has next to no friction; m/s at which a wall that a blow breaks bulges, its momentum
        kept.
    linear_damping, angular_damping
        Shares of velocity and spin that a second takes away.
    margin_m
        Hulls are shrunk by it and given it back as the solver's skin, so that neighbours do not begin inside one another.
    blow_s
        How long a blow lasts: impulse over this is the force on the bonds. Masonry that hits masonry takes about a hundredth of a second.
    pressed
        Share of a bond's load that counts where it is pressed rather than pulled or sheared.
    settle_s, settle_below
        What was let go this many seconds ago, lies on something and is slower than this, m/s and rad/s, is damped: rubble interlocks as
        hulls do not.
    slow, slow_turn, quiet_s
        What is slower than this, m/s and rad/s, and gets no faster, for so many seconds, falls asleep.
    least_impact_j
        Blows below this energy, joules, are not told.
    """

    substeps: int = 8
    rebuild_every: int = 24
    friction: float = 0.7
    restitution: float = 0.0
    slip_s: float = 0.6
    crumple: float = 1.5
    linear_damping: float = 0.02
    angular_damping: float = 0.15
    margin_m: float = 0.01
    blow_s: float = 0.01
    pressed: float = 0.2
    settle_s: float = 1.5
    settle_below: float = 1.5
    slow: float = 0.35
    slow_turn: float = 0.5
    quiet_s: float = 0.3
    least_impact_j: float = 200.0

    def __post_init__(self) -> None:
        for name in ("substeps", "rebuild_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or above, not {getattr(self, name)}")
        for name in ("friction", "restitution", "linear_damping", "angular_damping", "pressed"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be 0 to 1, not {getattr(self, name)}")
        for name in ("margin_m", "blow_s", "settle_s", "settle_below", "slow", "slow_turn", "quiet_s", "slip_s", "least_impact_j"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        if not (math.isfinite(self.crumple) and self.crumple >= 0):
            raise ValueError(f"crumple must be 0 or above, not {self.crumple}")


@dataclass(frozen=True, slots=True)
class Box:
    """Something that stands for ever: a neighbour, a pavement. Centre, full size, metres; `turn` about z, radians."""

    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    turn: float = 0.0

    def __post_init__(self) -> None:
        if not (len(self.centre) == len(self.size) == 3 and all(map(math.isfinite, self.centre)) and min(self.size) > 0):
            raise ValueError(f"box: a centre and a size above 0 are needed, not {self.centre}, {self.size}")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a solver needs, made by `plan`.

    pieces, bonds
        The building; the bonds' strength as directed.
    release
        (N,) int32: frame in which a piece may first move, 0 never. Pieces of a cluster share it.
    weak
        (N,) bool: pieces that come apart from one another as they are released, and slip.
    push
        (N, 3) float64: velocity that a piece is given as it is released, m/s.
    step_s
        (F − 1,) float64: seconds of story time from each frame to the next.
    first_frame, fps
        The shot's.
    boxes
        (K, 7) float64: centre, size, turn about z.
    ground
        Height of the ground, metres.
    """

    pieces: Pieces
    bonds: Bonds
    release: Int
    weak: Bool
    push: Float
    step_s: Float
    first_frame: int
    fps: float
    boxes: Float
    ground: float

    def __post_init__(self) -> None:
        n = len(self.pieces)
        for name, shape in (("release", (n,)), ("weak", (n,)), ("push", (n, 3)), ("boxes", (len(self.boxes), 7))):
            if getattr(self, name).shape != shape:
                raise ValueError(f"scene's {name}: {shape} is needed, given {getattr(self, name).shape}")
        if not (np.isfinite(self.bonds.strength).all() and (self.bonds.strength > 0).all()):
            raise ValueError(f"bonds' strength must be above 0 N, not {self.bonds.strength.min()}")
        if not (np.isfinite(self.pieces.mass).all() and (self.pieces.mass > 0).all()):
            raise ValueError(f"pieces' mass must be above 0 kg, not {self.pieces.mass.min()}")

    @property
    def last_frame(self) -> int:
        """The shot's."""
        return self.first_frame + len(self.step_s)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """N pieces in one frame, all that is needed to go on from a checkpoint.

    frame
        The shot's number.
    position, velocity, spin
        (N, 3) float64: world, m, m/s, rad/s.
    rotation
        (N, 4) float64 unit quaternions (w, x, y, z).
    slips_until
        (N,) int32: last frame in which a piece has next to no friction, 0 where it has had its own since it was built.
    body
        (N,) int32: the lowest piece of the rigid body that a piece moves with.
    broken
        (B,) int32: frame in which a bond broke, 0 where it holds.
    released
        (N,) int32: frame in which a piece began to move freely, 0 where it has not.
    asleep
        (N,) bool.
    quiet_s
        (N,) float64: seconds for which a piece's body has hardly moved.
    wedged
        (N,) bool: bodies that rest on nothing below them, were let go for it, and stayed.
    impact_piece, impact_point, impact_energy
        (I,) int32, (I, 3) float64, (I,) float64: this frame's blows, metres and joules.
    """

    frame: int
    position: Float
    rotation: Float
    velocity: Float
    spin: Float
    slips_until: Int
    body: Int
    broken: Int
    released: Int
    asleep: Bool
    quiet_s: Float
    wedged: Bool
    impact_piece: Int
    impact_point: Float
    impact_energy: Float


class Solver(Protocol):
    """What moves the pieces. Another program takes a solver's place by giving the same records in the same order."""

    def frames(self, scene: Scene, settings: MotionSettings, state: State) -> Iterator[State]:
        """The states of every frame after `state`'s, in order, to the scene's last; the same scene gives the same bits."""


def plan(
    pieces: Pieces,
    bonds: Bonds,
    *,
    direction: Direction,
    shot: Shot,
    boxes: tuple[Box, ...] = (),
    ground: float = 0.0,
) -> Scene:
    """Turn a direction into what a solver needs: frames of release, pushes, story time, strength.

    Parameters
    ----------
    pieces : Pieces
        N pieces.
    bonds : Bonds
        What touches what, and how strongly.
    direction : Direction
        What the collapse is told.
    shot : Shot
        Its frames.
    boxes : tuple of Box
        What stands for ever.
    ground : float
        Height of the ground, metres.

    Returns
    -------
    Scene

    Raises
    ------
    ValueError
        See `check_direction`; also a bond whose strength or a piece whose mass is not above 0.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import Direction, Failure, Shot, brick_tower, plan
    >>> pieces, bonds = brick_tower(2, 1, 3, size=(2.0, 1.0, 3.0))
    >>> scene = plan(pieces, bonds, direction=Direction((Failure((0.0, 0.0), 2.0, frame=3),)), shot=Shot(1, 24))
    >>> scene.release.tolist(), scene.last_frame
    ([3, 3, 3, 3, 3, 3], 24)
    """
    check_direction(direction, pieces, shot=shot)
    release = schedule(pieces, bonds, direction=direction, shot=shot)[pieces.cluster]
    weak, push = buckling(pieces, direction, release)
    if direction.lean is not None:
        height = pieces.centre[:, 2] - pieces.centre[:, 2].min()
        way = np.asarray(direction.lean.towards) / np.linalg.norm(direction.lean.towards)
        push[:, :2] += way * (direction.lean.speed * height / max(float(height.max()), 1e-9))[:, None]
    rows = np.asarray([[*box.centre, *box.size, box.turn] for box in boxes], np.float64).reshape(-1, 7)
    return Scene(
        pieces, replace(bonds, strength=bonds.strength * direction.strength), release, weak, push, np.diff(story_time(direction, shot)),
        shot.first_frame, shot.fps, rows, ground,
    )  # fmt: skip


def at_rest(scene: Scene) -> State:
    """Give the state of a scene's first frame: everything where it was built, asleep, whole.

    Parameters
    ----------
    scene : Scene
        See `plan`.

    Returns
    -------
    State
        `body` is each cluster's lowest piece.

    Raises
    ------
    ValueError
        A scene without pieces.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import Direction, Failure, Shot, at_rest, brick_tower, plan
    >>> pieces, bonds = brick_tower(2, 1, 3, size=(2.0, 1.0, 3.0))
    >>> scene = plan(pieces, bonds, direction=Direction((Failure((0.0, 0.0), 2.0, frame=3),)), shot=Shot(1, 24))
    >>> bool(at_rest(scene).asleep.all())
    True
    """
    n, pieces = len(scene.pieces), scene.pieces
    if not n:
        raise ValueError("scene: one piece at least is needed, none given")
    first = np.full(int(pieces.cluster.max()) + 1, n)
    np.minimum.at(first, pieces.cluster, np.arange(n))
    turn = np.zeros((n, 4))
    turn[:, 0] = 1
    none = np.zeros(0)
    return State(
        scene.first_frame, np.array(pieces.centre, np.float64), turn, np.zeros((n, 3)), np.zeros((n, 3)), np.zeros(n, np.int32),
        first[pieces.cluster].astype(np.int32), np.zeros(len(scene.bonds), np.int32), np.zeros(n, np.int32), np.ones(n, bool), np.zeros(n),
        np.zeros(n, bool), none.astype(np.int32), none.reshape(0, 3), none,
    )  # fmt: skip
