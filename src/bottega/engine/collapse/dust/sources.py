"""Where dust comes from in a frame: bonds that break, blows, and what falling pieces shed; and which air those pieces push along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.dust.settings import DustSettings, Grid
from bottega.engine.collapse.dust.state import Array
from bottega.engine.collapse.records import Bonds, Float, Int, Motion, Pieces

# Of dust fine enough to hang in the air. They add up to about one part in a thousand of a building, as demolitions are found to give.
_KG_A_BROKEN_M2 = 0.12
_KG_A_MEGAJOULE = 6.0
_SHED_A_SECOND = 6e-5  # of a falling piece's mass
_SHEDDING_MPS = 3.0  # from this speed on
_UNEVEN = 0.8  # sigma of the logarithm: no two bonds give the same
_AIR_M3_A_KG = 3.0  # squeezed out of the rooms as they close: a building's air over its dust
_SPLIT = 8  # points that a source is spread over, in a ball
_BALL_CELLS = 1.4
_FILLS = 3.0  # how quickly a cell's share of solid turns into drag


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What a frame gives.

    point, mass, air
        (S, 3) m, world; (S,) kg of dust; (S,) m³ of air, both over the whole frame.
    body_point, body_volume, body_velocity
        (Q, 3) m, (Q,) m³ and (Q, 3) m/s: points inside pieces, each for its part of a piece.
    """

    point: Float
    mass: Float
    air: Float
    body_point: Float
    body_volume: Float
    body_velocity: Float

    def __post_init__(self) -> None:
        s, q = len(self.mass), len(self.body_volume)
        wanted = {"point": (s, 3), "mass": (s,), "air": (s,), "body_point": (q, 3), "body_volume": (q,), "body_velocity": (q, 3)}
        for name, shape in wanted.items():
            if np.shape(getattr(self, name)) != shape:
                raise ValueError(f"sources' {name}: {shape} is needed, given {np.shape(getattr(self, name))}")
        if s and not (np.min(self.mass) >= 0 and np.min(self.air) >= 0):
            raise ValueError(f"sources give dust and air or nothing, not {np.min(self.mass)} kg and {np.min(self.air)} m³")


def nothing() -> Sources:
    """A frame in which nothing gives dust, and nothing moves."""
    none, flat = np.zeros((0, 3)), np.zeros(0)
    return Sources(none, flat, flat, none, flat, none)


def sources_of(frame: int, motion: Motion, *, pieces: Pieces, bonds: Bonds, settings: DustSettings, cell_m: float = 1.0) -> Sources:
    """What the collapse gives in one frame, alone: any frame may be asked for without the ones before it.

    Parameters
    ----------
    frame
        The shot's number of it.
    motion, pieces, bonds
        The simulation, and what moved in it.
    settings
        `amount`, `spread`, `time`, `fps`, `seed` matter here.
    cell_m
        Of the grid: pieces are sampled no coarser than this, m.

    Returns
    -------
    Sources; nothing before the first frame and after the last.

    Raises
    ------
    ValueError
        Bonds or pieces of another number than the motion's.
    """
    if len(motion.broken) != len(bonds) or motion.position.shape[1] != len(pieces):
        raise ValueError(
            f"motion is of {motion.position.shape[1]} pieces and {len(motion.broken)} bonds, not {len(pieces)} and {len(bonds)}"
        )
    row = frame - motion.first_frame
    if not 0 <= row < len(motion):
        return nothing()
    seconds = settings.time / settings.fps
    velocity, spin = speeds_of(motion, row, seconds)
    points, masses = [], []
    uneven = np.exp(_UNEVEN * np.random.default_rng([settings.seed, 1]).standard_normal(len(bonds)) - _UNEVEN**2 / 2)
    went = np.flatnonzero(motion.broken == frame)
    owner = bonds.pair[went, 0]
    points.append(motion.position[row, owner] + turned(motion.rotation[row, owner], bonds.centre[went] - pieces.centre[owner]))
    masses.append(_KG_A_BROKEN_M2 * bonds.area[went] * uneven[went])
    hit = np.flatnonzero(motion.impacts.frame == frame)
    points.append(motion.impacts.point[hit])
    masses.append(_KG_A_MEGAJOULE * 1e-6 * np.maximum(motion.impacts.energy[hit], 0))
    fast = np.flatnonzero((np.linalg.norm(velocity, axis=1) > _SHEDDING_MPS) & ~motion.asleep[row])
    points.append(motion.position[row, fast])
    masses.append(_SHED_A_SECOND * seconds * pieces.mass[fast])
    point, mass = np.concatenate(points), np.concatenate(masses) * settings.amount
    air = _AIR_M3_A_KG * settings.spread * np.concatenate(masses)
    return Sources(np.asarray(point, np.float64), mass, air, *_bodies(motion, row, pieces, (velocity, spin), cell_m))


def speeds_of(motion: Motion, row: int, seconds: float) -> tuple[Float, Float]:
    """(N, 3) m/s and (N, 3) rad/s of every piece, from the frame before."""
    if row == 0:
        return np.zeros((motion.position.shape[1], 3)), np.zeros((motion.position.shape[1], 3))
    velocity = (motion.position[row].astype(np.float64) - motion.position[row - 1]) / seconds
    q, r = motion.rotation[row].astype(np.float64), motion.rotation[row - 1].astype(np.float64)
    w = (q * r).sum(1)
    axis = r[:, :1] * q[:, 1:] - q[:, :1] * r[:, 1:] + np.cross(r[:, 1:], q[:, 1:])  # of q times r conjugate
    axis = np.where(w[:, None] < 0, -axis, axis)
    return velocity, 2 * axis / seconds


def turned(q: Float, points: Float) -> Float:
    """Points (N, 3) by unit quaternions (N, 4)."""
    axis = q[:, 1:].astype(np.float64)
    twice = 2 * np.cross(axis, points)
    return np.asarray(points + q[:, :1] * twice + np.cross(axis, twice), np.float64)


def _bodies(motion: Motion, row: int, pieces: Pieces, speeds: tuple[Float, Float], cell_m: float) -> tuple[Float, Float, Float]:
    """Points on a lattice inside each piece's box, and their velocities."""
    velocity, spin = speeds
    count = len(pieces)
    if count == 0:
        return np.zeros((0, 3)), np.zeros(0), np.zeros((0, 3))
    low = np.minimum.reduceat(pieces.hull, pieces.hull_start[:-1], axis=0).astype(np.float64)
    high = np.maximum.reduceat(pieces.hull, pieces.hull_start[:-1], axis=0).astype(np.float64)
    split = np.clip(np.ceil((high - low) / cell_m), 1, 6).astype(np.int64)
    each = split.prod(1)
    owner = np.repeat(np.arange(count), each)
    number = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    s = split[owner]
    at = np.stack([number // (s[:, 1] * s[:, 2]), number // s[:, 2] % s[:, 1], number % s[:, 2]], 1)
    local = low[owner] + (at + 0.5) / s * (high - low)[owner]
    arm = turned(motion.rotation[row, owner], local)
    return motion.position[row, owner] + arm, pieces.volume[owner] / each[owner], velocity[owner] + np.cross(spin[owner], arm)


def _corners(grid: Grid, points: Float) -> tuple[Int, Float]:
    """Each point's eight cells, and its shares in them; a share outside the box goes to no cell (an index of -1)."""
    place = (points - np.asarray(grid.origin)) / grid.cell_m - 0.5
    base = np.floor(place).astype(np.int64)
    part = place - base
    offset = np.array([[c >> 2, (c >> 1) & 1, c & 1] for c in range(8)])
    cell = base[:, None] + offset
    share = np.where(offset == 1, part[:, None], 1 - part[:, None]).prod(-1)
    cell[..., 2] = np.maximum(cell[..., 2], 0)  # what lies on the ground belongs to the lowest cell
    inside = ((cell >= 0) & (cell < np.asarray(grid.shape))).all(-1)
    flat = np.where(inside, (cell[..., 0] * grid.shape[1] + cell[..., 1]) * grid.shape[2] + cell[..., 2], -1)
    return flat, share


def _gathered(grid: Grid, points: Float, amount: Float) -> Float:
    """Amounts at points, gathered in cells: (X, Y, Z) float64."""
    flat, share = _corners(grid, points)
    held = flat >= 0
    total = np.bincount(flat[held], (share * amount[:, None])[held], minlength=int(np.prod(grid.shape)))
    return np.asarray(total.reshape(grid.shape), np.float64)


def given_to(grid: Grid, sources: Sources, *, settings: DustSettings, frame: int) -> tuple[Array, Array]:
    """Dust and air that a frame gives each cell: (X, Y, Z) float32 kg/m³, and (X, Y, Z) float32 m³ of air for each m³."""
    if len(sources.mass) == 0:
        return np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    chance = np.random.default_rng([settings.seed, 2, frame])
    away = chance.standard_normal((len(sources.mass), _SPLIT, 3))
    away *= (
        _BALL_CELLS * grid.cell_m * np.cbrt(chance.random((len(sources.mass), _SPLIT, 1))) / np.linalg.norm(away, axis=-1, keepdims=True)
    )
    point = (sources.point[:, None] + away).reshape(-1, 3)
    point[:, 2] = grid.origin[2] + np.abs(point[:, 2] - grid.origin[2])  # no dust below the ground
    cell = grid.cell_m**3
    mass = _gathered(grid, point, np.repeat(sources.mass / _SPLIT, _SPLIT)) / cell
    return mass.astype(np.float32), (_gathered(grid, point, np.repeat(sources.air / _SPLIT, _SPLIT)) / cell).astype(np.float32)


def bodies_in(grid: Grid, sources: Sources) -> tuple[Array, Array]:
    """How firmly pieces hold each cell's air, (X, Y, Z) 0..1, and their velocity there, (X, Y, Z, 3) m/s; float32."""
    if len(sources.body_volume) == 0:
        return np.zeros(grid.shape, np.float32), np.zeros((*grid.shape, 3), np.float32)
    volume = _gathered(grid, sources.body_point, sources.body_volume)
    moving = np.stack([_gathered(grid, sources.body_point, sources.body_volume * sources.body_velocity[:, a]) for a in range(3)], -1)
    moving /= np.maximum(volume, 1e-12)[..., None]
    return (1 - np.exp(-_FILLS * volume / grid.cell_m**3)).astype(np.float32), moving.astype(np.float32)
