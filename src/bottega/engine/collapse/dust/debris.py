"""Small debris: chips that fly off where bonds break and pieces strike, fall through the air, bounce once or twice and lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from bottega.engine.collapse.dust.solver import Box
from bottega.engine.collapse.dust.sources import speeds_of, turned
from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.records import Bonds, Float, Motion, Pieces

_CHIPS_A_M2 = 12.0  # of broken bond
_CHIPS_A_ROOT_KILOJOULE = 0.5  # of a blow
_SKIN_M = 0.6  # chips come from this far around a blow
_GRAVITY = 9.81
_AIR_OVER_STONE = 1.2 / 2200 / 2  # half the air's density over the chip's
_KEPT_ALONG = 0.6  # of the speed along the ground, at a bounce
_BOUNCES = 2
_RESTS_MPS = 0.8


@dataclass(frozen=True, slots=True)
class DebrisSettings:
    """How small debris flies.

    amount
        Of chips, 1 as a brittle wall gives; 0 is none at all.
    smallest_m, largest_m
        Edges of chips, m.
    fineness
        Exponent of the power law of their sizes: of chips larger than s there are s^−fineness.
    speed_mps
        How fast they fly off, in the mean, besides the piece they come from.
    bounce
        Of the speed towards the ground that is left after a bounce, 0..0.9.
    most
        New chips a frame; with more of them, chance picks.
    time, fps, seed
        As of the dust.
    """

    amount: float = 1.0
    smallest_m: float = 0.03
    largest_m: float = 0.35
    fineness: float = 1.8
    speed_mps: float = 2.5
    bounce: float = 0.25
    most: int = 3000
    time: float = 1.0
    fps: float = 24.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("amount", "speed_mps"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}: a number from 0 up is needed, not {getattr(self, name)}")
        for name in ("fineness", "time", "fps"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name}: a number above 0 is needed, not {getattr(self, name)}")
        if not 0 < self.smallest_m < self.largest_m < math.inf:
            raise ValueError(f"sizes must rise from above 0, not from {self.smallest_m} to {self.largest_m} m")
        if not 0 <= self.bounce <= 0.9:
            raise ValueError(f"bounce: 0 to 0.9 is allowed, not {self.bounce}")
        if self.most < 1:
            raise ValueError(f"most: at least 1 is needed, not {self.most}")


@dataclass(frozen=True, slots=True, eq=False)
class DebrisState:
    """N chips after a frame.

    position, velocity
        (N, 3) float32, m and m/s; the velocity of a chip that lies is 0.
    size
        (N,) float32, edge, m.
    spin
        (N, 4) float32: an axis and a rate, rad/s, that it tumbles by.
    bounces
        (N,) uint8; 255 for a chip that lies.
    born
        (N,) int64: the frame it flew off in.
    frame
        () int64: the frame that is done.
    """

    position: Array
    velocity: Array
    size: Array
    spin: Array
    bounces: npt.NDArray[np.uint8]
    born: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int64]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Every array by its name; `DebrisState(**arrays)` is the same state."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __len__(self) -> int:
        return len(self.size)


LIES = 255


def no_debris(frame: int) -> DebrisState:
    """The state after a frame in which no chip has flown yet."""
    none = np.zeros((0, 3), np.float32)
    count = np.zeros(0, np.int64)
    return DebrisState(none, none, none[:, 0], np.zeros((0, 4), np.float32), count.astype(np.uint8), count, np.array(frame, np.int64))


def fly(
    state: DebrisState,
    motion: Motion,
    *,
    pieces: Pieces,
    bonds: Bonds,
    settings: DebrisSettings,
    ground_m: float = 0.0,
    blocks: Sequence[Box] = (),
) -> DebrisState:
    """The next frame's chips: those there are, moved; and behind them those that fly off in it.

    Drag is quadratic, −½ ρ/ρ_chip |v| v / size, and taken implicitly, so that no chip turns back for it.

    Parameters
    ----------
    state
        The frame before; not changed.
    motion, pieces, bonds
        The simulation, and what moved in it.
    settings
        Of the debris.
    ground_m
        Height of the ground.
    blocks
        (low, high) corners of what stands beside the building: chips bounce off its sides and come to lie on it.

    Returns
    -------
    DebrisState

    Raises
    ------
    ValueError
        Bonds or pieces of another number than the motion's.
    """
    if len(motion.broken) != len(bonds) or motion.position.shape[1] != len(pieces):
        raise ValueError(
            f"motion is of {motion.position.shape[1]} pieces and {len(motion.broken)} bonds, not {len(pieces)} and {len(bonds)}"
        )
    frame = int(state.frame) + 1
    seconds = np.float32(settings.time / settings.fps)
    moves = state.bounces != LIES
    velocity = state.velocity.copy()
    velocity[moves, 2] -= np.float32(_GRAVITY) * seconds
    speed = np.sqrt((velocity * velocity).sum(1))
    velocity /= (1 + np.float32(_AIR_OVER_STONE) * seconds * speed / np.maximum(state.size, np.float32(1e-6)))[:, None]
    position = state.position + seconds * velocity
    bounces, floor = state.bounces.copy(), np.full(len(state), ground_m, np.float32)
    for low, high in blocks:
        off_block(state.position, position, velocity, floor, block=(low, high), bounce=settings.bounce)
    strikes = moves & (position[:, 2] < floor)
    position[strikes, 2] = floor[strikes] + (floor[strikes] - position[strikes, 2]) * np.float32(settings.bounce)
    velocity[strikes] *= np.array([_KEPT_ALONG, _KEPT_ALONG, -settings.bounce], np.float32)
    bounces[strikes] += 1
    tired = strikes & ((bounces > _BOUNCES) | ((velocity * velocity).sum(1) < _RESTS_MPS**2))
    bounces[tired], velocity[tired], position[tired, 2] = LIES, 0, floor[tired]
    new = _new(frame, motion, pieces, bonds, settings)
    return DebrisState(
        np.concatenate([position, new[0]]), np.concatenate([velocity, new[1]]), np.concatenate([state.size, new[2]]),
        np.concatenate([state.spin, new[3]]), np.concatenate([bounces, np.zeros(len(new[2]), np.uint8)]),
        np.concatenate([state.born, np.full(len(new[2]), frame, np.int64)]), np.array(frame, np.int64),
    )  # fmt: skip


def off_block(before: Array, position: Array, velocity: Array, floor: Array, *, block: Box, bounce: float) -> None:
    """Turn back what ran into a box in a step, in place: off its sides at once; where it came from above, the box's top is its floor.

    The side is the one that the way from (N, 3) `before` to `position` meets last of those it has to pass (slabs: Kay and Kajiya 1986), so
    that no chip is fast enough for a thin wall. What began inside is left alone.
    """
    low, high = (np.asarray(corner, np.float32) for corner in block)
    way = position - before
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (low - before) / way, (high - before) / way
    between = (before >= low) & (before <= high)
    enters = np.where(way == 0, np.where(between, -np.inf, np.inf), np.minimum(one, other))
    leaves = np.where(way == 0, np.where(between, np.inf, -np.inf), np.maximum(one, other))
    first, axis = enters.max(1), enters.argmax(1)
    met = (first >= 0) & (first <= 1) & (first < leaves.min(1))
    above = met & (axis == 2) & (way[:, 2] < 0)
    floor[above] = high[2]
    side = np.flatnonzero(met & ~above)
    along = axis[side]
    face = np.where(way[side, along] > 0, low[along], high[along])
    position[side, along] = face - np.float32(bounce) * (position[side, along] - face)
    velocity[side] *= np.float32(_KEPT_ALONG)
    velocity[side, along] *= np.float32(-bounce / _KEPT_ALONG)


def _new(frame: int, motion: Motion, pieces: Pieces, bonds: Bonds, settings: DebrisSettings) -> tuple[Array, Array, Array, Array]:
    """Positions, velocities, sizes and spins of a frame's new chips."""
    chance = np.random.default_rng([settings.seed, 7, frame])
    row = frame - motion.first_frame
    if not 0 <= row < len(motion):
        row = -1
    went, hit = np.flatnonzero(motion.broken == frame), np.flatnonzero(motion.impacts.frame == frame)
    if row < 0 or settings.amount == 0:
        went, hit = went[:0], hit[:0]
    owner = np.concatenate([bonds.pair[went, 0], motion.impacts.piece[hit]]).astype(np.int64)
    from_bonds = motion.position[row, bonds.pair[went, 0]].astype(np.float64)
    from_bonds += turned(motion.rotation[row, bonds.pair[went, 0]], bonds.centre[went] - pieces.centre[bonds.pair[went, 0]])
    point = np.concatenate([from_bonds, motion.impacts.point[hit]])
    wide = np.concatenate([np.sqrt(bonds.area[went]) / 2, np.full(len(hit), _SKIN_M)])
    blow = _CHIPS_A_ROOT_KILOJOULE * np.sqrt(np.maximum(motion.impacts.energy[hit], 0) / 1000)
    mean = settings.amount * np.concatenate([_CHIPS_A_M2 * bonds.area[went], blow])
    mean *= min(1.0, settings.most / max(mean.sum(), 1e-9))
    which = np.repeat(np.arange(len(mean)), chance.poisson(mean))
    count = len(which)
    moved = speeds_of(motion, row, settings.time / settings.fps)[0][owner[which]] if count else np.zeros((0, 3))
    position = point[which] + wide[which, None] * chance.uniform(-1, 1, (count, 3))
    away = chance.standard_normal((count, 3)) * settings.speed_mps * np.exp(0.5 * chance.standard_normal((count, 1)))
    away[:, 2] = np.where(which >= len(went), np.abs(away[:, 2]), away[:, 2])  # a blow throws up
    spread = chance.random(count)
    ratio = (settings.largest_m / settings.smallest_m) ** -settings.fineness
    size = settings.smallest_m * (1 - spread * (1 - ratio)) ** (-1 / settings.fineness)
    axis = chance.standard_normal((count, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    spin = np.concatenate([axis, chance.uniform(2, 14, (count, 1))], 1)
    return position.astype(np.float32), (moved + away).astype(np.float32), size.astype(np.float32), spin.astype(np.float32)


def at_shutter(state: DebrisState, *, settings: DebrisSettings, shutter: float) -> tuple[Float, Float]:
    """Where each chip is as the shutter opens and closes, (N, 3) each: half the open time before and after the frame's moment."""
    half = state.velocity * np.float32(0.5 * shutter * settings.time / settings.fps)
    return state.position - half, state.position + half
