"""The air and the dust in it at one moment, as a record of arrays: what is saved is what a solver goes on from, with the same bits."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from bottega.engine.collapse.dust.settings import DustSettings, Grid

Array = npt.NDArray[np.float32]
Air = tuple[Array, Array, Array]  # u, v, w
Byte = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
ROUGHNESS_LENGTH_M = 0.5  # of a town's ground, in the logarithmic profile of the wind
_WIND_AT_M = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class DustState:
    """Dust and air on a grid of (X, Y, Z) cells. All float32 but where said.

    u, v, w
        (X+1, Y, Z), (X, Y+1, Z), (X, Y, Z+1): velocity through the cells' faces, m/s.
    pressure
        (X, Y, Z): where the next projection begins.
    density
        (X, Y, Z): dust in the air, kg/m³.
    deposit
        (X, Y): dust on the ground, or on what stands there, kg/m².
    texture
        (2, X, Y, Z, 3): how far the air of a cell has come, m, since each of two moments at which that was set to nothing.
    age
        (2,) float64: seconds since those moments.
    turn
        (2,) int64: how many times each has been set to nothing.
    left
        () float64: dust that has left the box, kg.
    clock
        () float64: seconds since the air was still.
    frame
        () int64: steps are counted in frames of the shot; this one is done.
    """

    u: Array
    v: Array
    w: Array
    pressure: Array
    density: Array
    deposit: Array
    texture: Array
    age: npt.NDArray[np.float64]
    turn: npt.NDArray[np.int64]
    left: npt.NDArray[np.float64]
    clock: npt.NDArray[np.float64]
    frame: npt.NDArray[np.int64]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Every array by its name; `DustState(**arrays)` is the same state."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def wind_profile(grid: Grid, settings: DustSettings) -> Array:
    """(Z, 2) float32: the wind at each layer's middle, logarithmic from the ground up."""
    z = (np.arange(grid.shape[2]) + 0.5) * grid.cell_m
    share = np.log1p(z / ROUGHNESS_LENGTH_M) / np.log1p(_WIND_AT_M / ROUGHNESS_LENGTH_M)
    return np.asarray(share[:, None] * np.asarray(settings.wind_mps), np.float32)


def still_air(grid: Grid, *, settings: DustSettings, frame: int, period_s: float) -> DustState:
    """Air without dust, that moves with the wind alone, before anything has happened.

    Parameters
    ----------
    grid
        The box.
    settings
        `wind_mps` matters here.
    frame
        The last frame in which nothing happens.
    period_s
        Seconds after which a texture's displacement is set to nothing again.

    Returns
    -------
    DustState
    """
    x, y, z = grid.shape
    wind = wind_profile(grid, settings)
    zero = np.float32(0)
    return DustState(
        u=np.broadcast_to(wind[:, 0], (x + 1, y, z)).copy(),
        v=np.broadcast_to(wind[:, 1], (x, y + 1, z)).copy(),
        w=np.full((x, y, z + 1), zero),
        pressure=np.full((x, y, z), zero),
        density=np.full((x, y, z), zero),
        deposit=np.full((x, y), zero),
        texture=np.full((2, x, y, z, 3), zero),
        age=np.array([0.0, period_s / 2]),
        turn=np.zeros(2, np.int64),
        left=np.zeros((), np.float64),
        clock=np.zeros((), np.float64),
        frame=np.array(frame, np.int64),
    )
