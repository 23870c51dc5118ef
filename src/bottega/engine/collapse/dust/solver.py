"""A step of dusty air, and the frames of a shot one after another.

In a step: dust and squeezed-out air from the sources; the air carries itself; weight, eddies, pieces and wind push it; projection; the air
carries dust and texture, and some of the dust comes to lie.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from bottega.engine.collapse.dust import forces
from bottega.engine.collapse.dust.advection import busiest, carry_back, carry_dust, carry_texture, correct
from bottega.engine.collapse.dust.pressure import project
from bottega.engine.collapse.dust.settings import DustSettings, Grid
from bottega.engine.collapse.dust.slabs import in_slabs
from bottega.engine.collapse.dust.sources import Sources, bodies_in, given_to
from bottega.engine.collapse.dust.state import Air, Array, DustState, Mask, still_air, wind_profile
from bottega.engine.collapse.dust.turbulence import ENTRY_M, eddies, stir

PERIOD_S = 1.0  # of a texture's displacement
_AIR_KG_M3 = 1.2
_GRAVITY = 9.81
_HEAVIER = 2.0  # than dust fine enough to be drawn: the coarse dust that it falls with
_CONFINEMENT = 0.35
_STIRRED = 4.0  # m/s² for each 1/s of vorticity
_EDDY_S = 0.4  # an eddy's life, in which its place in the tile stays
_EDGE_CELLS = 4
_EDGE_A_SECOND = 3.0
_COURANT = 0.5  # of a cell's dust that may leave it in one go, twice that by the limiter
_MOST_GOES = 64

Box = tuple[tuple[float, float, float], tuple[float, float, float]]
_MIDDLES = ((0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))


def solid_cells(grid: Grid, boxes: Sequence[Box] = ()) -> Mask:
    """Cells whose middle lies in a box (lowest corner, highest corner), m, world: buildings that stand.

    Parameters
    ----------
    grid
        The box of air.
    boxes
        Two corners each.

    Returns
    -------
    (X, Y, Z) bool.

    Raises
    ------
    ValueError
        Boxes that leave no air.
    """
    solid = np.zeros(grid.shape, bool)
    middle = [grid.origin[a] + (np.arange(grid.shape[a]) + 0.5) * grid.cell_m for a in range(3)]
    for low, high in boxes:
        x, y, z = ((middle[a] >= low[a]) & (middle[a] <= high[a]) for a in range(3))
        solid |= x[:, None, None] & y[:, None] & z
    if solid.all():
        raise ValueError(f"the {len(boxes)} boxes leave no air in {grid}")
    return solid


def begin(grid: Grid, *, settings: DustSettings, frame: int) -> DustState:
    """The state at the end of a frame in which nothing has happened yet: air that moves with the wind, and no dust.

    Parameters
    ----------
    grid
        The box.
    settings
        `wind_mps` matters here.
    frame
        The shot's number of that frame.

    Returns
    -------
    DustState
    """
    return still_air(grid, settings=settings, frame=frame, period_s=PERIOD_S)


def advance(state: DustState, sources: Sources, *, grid: Grid, solid: Mask, settings: DustSettings, threads: int = 1) -> DustState:
    """The next frame's state.

    Parameters
    ----------
    state
        The frame before; not changed.
    sources
        What the next frame gives.
    grid, solid
        The box, and (X, Y, Z) bool from `solid_cells`.
    settings
        Of the dust.
    threads
        At most this many; the bits are the same for any number.

    Returns
    -------
    DustState, of arrays of its own.

    Raises
    ------
    ValueError
        A state or solid cells of another grid; sources so strong that no step is short enough.
    """
    if state.density.shape != grid.shape or solid.shape != grid.shape:
        raise ValueError(f"state {state.density.shape} and solid cells {solid.shape} are not the grid's, which is {grid.shape}")
    frame = int(state.frame) + 1
    share = np.float32(1 / settings.steps)
    dust, made = given_to(grid, sources, settings=settings, frame=frame)
    dust, made = dust * share * ~solid, made * share * ~solid
    bodies = bodies_in(grid, sources)
    for _ in range(settings.steps):
        state = _step(state, dust, made, bodies, (grid, solid, settings, threads))
    arrays = state.arrays()
    arrays["frame"] = np.array(frame, np.int64)
    return DustState(**arrays)  # type: ignore[arg-type]


def frames(
    first: DustState, given: Iterator[Sources], *, grid: Grid, solid: Mask, settings: DustSettings, threads: int = 1
) -> Iterator[DustState]:
    """The states after `first`, one for each frame's sources; to go on from any of them later gives the same bits.

    Parameters
    ----------
    first
        The frame before, not given again.
    given
        Each frame's sources in order, none left out.
    grid, solid, settings, threads
        As for `advance`.

    Yields
    ------
    DustState
    """
    state = first
    for sources in given:
        state = advance(state, sources, grid=grid, solid=solid, settings=settings, threads=threads)
        yield state


def _step(state: DustState, dust: Array, made: Array, bodies: tuple[Array, Array], room: tuple[Grid, Mask, DustSettings, int]) -> DustState:
    grid, solid, settings, threads = room
    seconds = settings.step_s
    density = state.density + dust
    air = _carried(state, room)
    _pushed(air, density, bodies, (state.clock, room))
    pressure = project(air, made * np.float32(grid.cell_m / seconds), solid=solid, guess=state.pressure)
    density, laid, gone = _dust(density, air, room)
    kept = np.float32(0.5 ** (seconds / settings.settle_s))
    sunk = (density.sum(2, dtype=np.float64) * (1 - float(kept))).astype(np.float64)
    texture = np.empty_like(state.texture)
    step = np.float32(seconds / grid.cell_m)
    in_slabs(carry_texture, grid.shape[0], threads, (state.texture, air), (step, np.float32(grid.cell_m)), texture)
    age, turn = state.age + seconds, state.turn.copy()
    for s in np.flatnonzero(age >= PERIOD_S):
        texture[s], turn[s], age[s] = 0, turn[s] + 1, age[s] - PERIOD_S
    return DustState(
        *air, pressure=pressure, density=density * kept, deposit=state.deposit + ((laid + sunk) * grid.cell_m).astype(np.float32),
        texture=texture, age=age, turn=turn, left=np.asarray(state.left + gone.sum() * grid.cell_m**3),
        clock=np.asarray(state.clock + seconds), frame=state.frame,
    )  # fmt: skip


def _carried(state: DustState, room: tuple[Grid, Mask, DustSettings, int]) -> Air:
    """The velocity, carried along by itself."""
    grid, _, settings, threads = room
    before = (state.u, state.v, state.w)
    wind = np.concatenate([wind_profile(grid, settings), np.zeros((grid.shape[2], 1), np.float32)], 1)
    wind = np.concatenate([wind, wind[-1:]])
    size = np.asarray(grid.shape, np.float32)
    after = []
    for a, source in enumerate(before):
        shift = tuple(np.float32(s) for s in _MIDDLES[a])
        how = (shift, np.float32(settings.step_s / grid.cell_m), np.ascontiguousarray(wind[:, a]), size)
        carried = (np.empty_like(source), np.empty_like(source), np.empty_like(source))
        in_slabs(carry_back, source.shape[0], threads, (source, before), how, carried)
        out = np.empty_like(source)
        in_slabs(correct, source.shape[0], threads, (source, before, carried), how, out)
        after.append(out)
    return after[0], after[1], after[2]


def _pushed(air: Air, density: Array, bodies: tuple[Array, Array], now: Any) -> None:
    """Eddies, weight, pieces, wind; in place."""
    clock, (grid, _, settings, threads) = now
    whirl = np.zeros((*grid.shape, 4), np.float32)
    given = np.zeros((*grid.shape, 3), np.float32)
    if settings.roughness > 0:
        in_slabs(forces.curl, grid.shape[0], threads, air, np.float32(grid.cell_m), whirl)
        strength = np.float32(_CONFINEMENT * settings.roughness * grid.cell_m * settings.step_s)
        in_slabs(forces.confine, grid.shape[0], threads, whirl, strength, given)
        stirred = np.float32(_STIRRED * settings.roughness * settings.step_s)
        dense = np.float32(grid.cell_m / ENTRY_M)
        for tile, part, offset in _eddies(settings, float(clock)):
            in_slabs(stir, grid.shape[0], threads, (tile, whirl, density), (stirred * np.float32(part), dense, offset), given)
    sink = np.float32(_GRAVITY * _HEAVIER / (_AIR_KG_M3 * settings.height) * settings.step_s)
    forces.push(air, given, density, sink)
    forces.drag(air, *bodies)
    share = np.float32(1 - math.exp(-_EDGE_A_SECOND * settings.step_s))
    forces.to_wind(air, wind_profile(grid, settings), _EDGE_CELLS, share)


def _eddies(settings: DustSettings, clock: float) -> list[tuple[Array, float, Array]]:
    """Two tiles of eddies that fade into one another, each moved elsewhere while it is not felt: tile, share, offset in entries."""
    tile = _tile(settings.seed)
    found = []
    for which in range(2):
        turn, phase = divmod(clock / (2 * _EDDY_S) + which / 2, 1.0)
        offset = np.random.default_rng([settings.seed, 6, which, int(turn)]).integers(0, len(tile), 3).astype(np.float32)
        found.append((tile, math.sin(math.pi * phase), offset))
    return found


_tile = lru_cache(maxsize=2)(eddies)


def _dust(density: Array, air: Air, room: tuple[Grid, Mask, DustSettings, int]) -> tuple[Array, Array, Array]:
    """The dust after a step, what came to lie in each column and what left it, in cells' density; in as many goes as it takes."""
    grid, solid, settings, threads = room
    whole, fall = settings.step_s / grid.cell_m, np.float32(settings.fall_mps)
    laid, gone = np.zeros(grid.shape[:2]), np.zeros(grid.shape[:2])
    done = 0.0
    for _ in range(_MOST_GOES):
        most = float(busiest(density, air, fall))
        c = min(whole - done, _COURANT / most) if most > 0 else whole - done
        after = np.empty_like(density)
        in_slabs(carry_dust, grid.shape[0], threads, (density, air), (np.float32(c), fall, solid), (after, laid, gone))
        density, done = after, done + c
        if done >= whole * (1 - 1e-6):
            return density, laid, gone
    raise ValueError(
        f"the air moves at {most:.0f} m/s through cells of {grid.cell_m} m: fewer blows, larger cells or more steps are needed"
    )
