"""How an artist directs a collapse: what fails where and when, how fast it runs, what stands, where it leans, how time passes.

Lengths in metres, speeds in metres a second of story time, frames the shot's own numbers. Story time is what the falling building lives:
at rate 1 a frame lasts 1/fps of it, at rate 0.25 a quarter of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.records import Bool, Float, Pieces

_ASIDE_M = 1.0  # a failure's circle may miss the building by no more than this


@dataclass(frozen=True, slots=True)
class Shot:
    """First and last frame, both counted, and frames a second."""

    first_frame: int
    last_frame: int
    fps: float = 24.0

    def __post_init__(self) -> None:
        if self.last_frame <= self.first_frame:
            raise ValueError(f"shot: last_frame must be above first_frame {self.first_frame}, not {self.last_frame}")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"shot: fps must be above 0, not {self.fps}")

    def __len__(self) -> int:
        return self.last_frame - self.first_frame + 1


@dataclass(frozen=True, slots=True)
class Failure:
    """Pieces that let go: those within `radius_m` of `where`, on `storeys` (None: on all), in `frame`.

    `where` is (x, y) or (x, y, z). `reach_m` is how far along the building's bonds the front runs from here; None runs on without end.
    """

    where: tuple[float, ...]
    radius_m: float
    frame: int
    storeys: tuple[int, ...] | None = None
    reach_m: float | None = None


@dataclass(frozen=True, slots=True)
class HoldOff:
    """What stands: pieces within `radius_m` of `where`, on `storeys` (None: on all), do not move before `until_frame`."""

    where: tuple[float, ...]
    radius_m: float
    until_frame: int
    storeys: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Lean:
    """A push (x, y) that gives the building's top `speed` metres a second as it is let go, and what is lower less, down to none."""

    towards: tuple[float, float]
    speed: float


@dataclass(frozen=True, slots=True)
class Direction:
    """What a collapse is told.

    failures
        Where it begins; one at least.
    front_speed
        How fast the failure runs along the building, m/s.
    up, down
        Its speed upward and downward as shares of that; down 0 leaves what lies under a failure standing.
    support
        Share of the area that a glue cluster rests on which must still stand, 0..1; with less it goes too.
    buckle
        m/s: on the storeys that fail, a wall or pillar that is let go falls to pieces, and its middle is pushed out at this speed; 0 lets
        it go whole, and it may stay standing on what it stands on.
    lean, hold_offs
        See `Lean` and `HoldOff`.
    rate
        Speed of time: a number, or (frame, rate) points between which it runs straight. Below 1 is slow motion.
    strength
        Every bond's strength is multiplied by it.
    """

    failures: tuple[Failure, ...]
    front_speed: float = 10.0
    up: float = 3.0
    down: float = 0.4
    support: float = 0.5
    buckle: float = 3.0
    lean: Lean | None = None
    hold_offs: tuple[HoldOff, ...] = ()
    rate: float | tuple[tuple[int, float], ...] = 1.0
    strength: float = 1.0


def check_direction(direction: Direction, pieces: Pieces, *, shot: Shot) -> None:
    """Refuse a direction that this building or this shot cannot follow.

    Parameters
    ----------
    direction : Direction
        What the collapse is told.
    pieces : Pieces
        The building.
    shot : Shot
        Its frames.

    Raises
    ------
    ValueError
        No failure; a failure or hold-off outside the building, with a radius not above 0, a storey that is not there, or a frame outside
        the shot; a strength, speed or rate not above 0; a share outside 0..1; a lean without direction.
    """
    if not direction.failures:
        raise ValueError("failures: one at least is needed, none given")
    for name, value in (("front_speed", direction.front_speed), ("up", direction.up), ("strength", direction.strength)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be above 0, not {value}")
    for name, value in (("down", direction.down), ("buckle", direction.buckle)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be 0 or above, not {value}")
    if not 0 <= direction.support <= 1:
        raise ValueError(f"support must be 0 to 1, not {direction.support}")
    for i, failure in enumerate(direction.failures):
        _check_place(f"failures[{i}]", failure, failure.frame, pieces, shot)
        if failure.reach_m is not None and not failure.reach_m > 0:
            raise ValueError(f"failures[{i}]: reach_m must be above 0 or None, not {failure.reach_m}")
    for i, hold in enumerate(direction.hold_offs):
        _check_place(f"hold_offs[{i}]", hold, hold.until_frame, pieces, shot)
    if direction.lean is not None:
        towards = direction.lean.towards
        if len(towards) != 2 or not all(map(math.isfinite, towards)) or not any(towards):
            raise ValueError(f"lean: towards must be (x, y) and not (0, 0), not {towards}")
        if not (math.isfinite(direction.lean.speed) and direction.lean.speed >= 0):
            raise ValueError(f"lean: speed must be 0 or above, not {direction.lean.speed}")
    _rates(direction.rate, shot)


def _check_place(name: str, place: Failure | HoldOff, frame: int, pieces: Pieces, shot: Shot) -> None:
    if len(place.where) not in (2, 3) or not all(map(math.isfinite, place.where)):
        raise ValueError(f"{name}: where must be (x, y) or (x, y, z), not {place.where}")
    if not (math.isfinite(place.radius_m) and place.radius_m > 0):
        raise ValueError(f"{name}: radius_m must be above 0, not {place.radius_m}")
    if not shot.first_frame <= frame <= shot.last_frame:
        raise ValueError(f"{name}: frame {frame} is outside the shot {shot.first_frame}..{shot.last_frame}")
    there = np.unique(pieces.storey)
    if place.storeys is not None and (not place.storeys or not np.isin(place.storeys, there).all()):
        raise ValueError(f"{name}: storeys must be among {there.min()}..{there.max()} of the building, not {place.storeys}")
    axes = len(place.where)
    low, high = pieces.centre[:, :axes].min(0), pieces.centre[:, :axes].max(0)
    away = np.linalg.norm(np.maximum(np.maximum(low - place.where, np.asarray(place.where) - high), 0))
    if away > place.radius_m + _ASIDE_M or not within(place, pieces).any():
        box = " ".join(f"{axis} {a:.2f}..{b:.2f}" for axis, a, b in zip("xyz", low, high, strict=False))
        raise ValueError(f"{name}: {place.where} with radius {place.radius_m} m is outside the building ({box}): no piece is there")


def within(place: Failure | HoldOff, pieces: Pieces) -> Bool:
    """(N,) bool: the pieces that a failure or a hold-off takes in, by their centres."""
    axes = len(place.where)
    near = np.linalg.norm(pieces.centre[:, :axes] - np.asarray(place.where), axis=1) <= place.radius_m
    return np.asarray(near if place.storeys is None else near & np.isin(pieces.storey, place.storeys))


def story_time(direction: Direction, shot: Shot) -> Float:
    """(F,) float64 seconds of story time at each frame, from 0: Σ rate at the middle of a frame over fps."""
    frames, rates = _rates(direction.rate, shot)
    middles = np.arange(shot.first_frame, shot.last_frame) + 0.5
    return np.concatenate([[0.0], np.cumsum(np.interp(middles, frames, rates) / shot.fps)])


def _rates(rate: float | tuple[tuple[int, float], ...], shot: Shot) -> tuple[Float, Float]:
    points = ((shot.first_frame, rate),) if isinstance(rate, int | float) else rate
    if not points:
        raise ValueError("rate: a number or (frame, rate) points are needed, none given")
    frames, rates = np.asarray([p[0] for p in points], np.float64), np.asarray([p[1] for p in points], np.float64)
    if not (np.isfinite(rates).all() and (rates > 0).all()):
        raise ValueError(f"rate must be above 0, not {rates.tolist()}")
    if (np.diff(frames) <= 0).any():
        raise ValueError(f"rate: frames must rise, not {frames.tolist()}")
    return frames, rates
