"""The light of a frame: how much dust stands between each place and the sun, the sky and the ground; and the shadow it casts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.dust.detail import SIDE, detail_tile
from bottega.engine.collapse.dust.look import Daylight, DustLook
from bottega.engine.collapse.dust.settings import Grid
from bottega.engine.collapse.dust.slabs import in_slabs
from bottega.engine.collapse.dust.solver import PERIOD_S
from bottega.engine.collapse.dust.state import Array, Byte, DustState
from bottega.engine.collapse.dust.sweep import depth_towards
from bottega.engine.collapse.dust.volume import busy, fill, softened, weave
from bottega.engine.collapse.records import Camera, Float

BLOCK = 8
_TAKES_M2_A_KG = 40.0  # extinction of airborne concrete dust of some twenty micrometres
_EDGE = 0.35  # 1/m, where the cloud's edge is
_REACH, _INSIDE = 1.5, 0.45  # octaves for one deviation of the detail
_SOFTER = 0.6  # of optical depth towards the sky: light that is scattered on the way arrives all the same
_SKY = ((0.0, 0.0, 1.0), (0.8, 0.2, 0.55), (-0.2, 0.8, 0.55), (-0.8, -0.2, 0.55), (0.2, -0.8, 0.55))
_SKY_SHARE = (0.32, 0.17, 0.17, 0.17, 0.17)


@dataclass(frozen=True, slots=True, eq=False)
class DustLight:
    """A frame's dust, ready to be looked at.

    grid, look, daylight
        What it was made with.
    extinction, to_sun
        (2X, 2Y, 2Z) float32, at twice the grid's fineness: 1/m, and optical depth to the sun.
    sky, ground
        (X, Y, Z) float32 0..1: how much of the sky's light, and of the ground's, arrives.
    busy
        uint8: blocks of eight entries where there is dust at all.
    woven, tile, carved
        (X, Y, Z, 8) float32 displacements and weights, the tile of detail, and how it is laid on (entries a metre, offsets).
    """

    grid: Grid
    look: DustLook
    daylight: Daylight
    extinction: Array
    to_sun: Array
    sky: Array
    ground: Array
    busy: Byte
    woven: Array
    tile: Array
    carved: tuple[np.float32, Array]


def lit(state: DustState, *, grid: Grid, look: DustLook, daylight: Daylight, tile: Array | None = None, threads: int = 1) -> DustLight:
    """Cut the detail out of a state's dust, and light it.

    Parameters
    ----------
    state, grid
        Of the solver.
    look, daylight
        How it looks, and in which light.
    tile
        Of `detail_tile(look.seed)`, where it is at hand: it is the same for all of a shot's frames.
    threads
        At most this many; the bits are the same for any number.

    Returns
    -------
    DustLight

    Raises
    ------
    ValueError
        A state of another grid.
    """
    if state.density.shape != grid.shape:
        raise ValueError(f"the state's density is {state.density.shape}, the grid {grid.shape}")
    tile = detail_tile(look.seed) if tile is None else tile
    carved = _carved(state, look)
    woven = np.empty((*grid.shape, 8), np.float32)
    weight = (1 - np.abs(2 * state.age / PERIOD_S - 1)).astype(np.float32)  # fades in and out between being set to nothing
    in_slabs(weave, grid.shape[0], threads, (state.texture, weight), np.float32(grid.cell_m), woven)
    soft = softened(woven[..., 3::4])
    woven[..., 3::4] = soft / np.sqrt((soft * soft).sum(-1, keepdims=True))  # squares add up to 1: detail keeps its deviation
    extinction = np.zeros([2 * n for n in grid.shape], np.float32)
    how = (np.float32(_TAKES_M2_A_KG * look.thickness), np.float32(grid.cell_m), carved, edges(look))
    in_slabs(fill, len(extinction), threads, (softened(state.density), woven, tile), how, extinction)
    blocks = np.zeros([-(-n // BLOCK) for n in extinction.shape], np.uint8)
    busy(extinction, BLOCK, blocks)
    x, y, z = grid.shape
    coarse = extinction.reshape(x, 2, y, 2, z, 2).mean((1, 3, 5), dtype=np.float32)
    sky = np.zeros(grid.shape, np.float32)
    for direction, share in zip(_SKY, _SKY_SHARE, strict=True):
        unit = np.asarray(direction) / np.linalg.norm(direction)
        sky += np.float32(share) * np.exp(-np.float32(_SOFTER) * depth_towards(coarse, tuple(unit), grid.cell_m))
    ground = np.exp(-np.float32(_SOFTER) * depth_towards(coarse, (0.0, 0.0, -1.0), grid.cell_m))
    to_sun = depth_towards(extinction, daylight.direction, grid.cell_m / 2)
    return DustLight(grid, look, daylight, extinction, to_sun, sky, ground, blocks, woven, tile, carved)


def edges(look: DustLook) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """What `volume.cut` asks for."""
    return (np.float32(_EDGE), np.float32(_REACH * look.edges), np.float32(_INSIDE * look.grain), np.float32(look.veil))


def _carved(state: DustState, look: DustLook) -> tuple[np.float32, Array]:
    """Entries of the tile a metre, and each texture's offset, another one each time it is set to nothing."""
    offset = [np.random.default_rng([look.seed, 4, s, int(state.turn[s])]).random(3) * SIDE for s in range(2)]
    return np.float32(SIDE / look.detail_m), np.asarray(offset, np.float32)


def sun_on(light: DustLight, points: Float) -> Array:
    """Share of the sun's light that dust lets through to each point.

    Parameters
    ----------
    light
        Of `lit`.
    points
        (..., 3) m, world; anywhere.

    Returns
    -------
    (...,) float32, 0..1; exactly 1 where no dust stands between.

    Raises
    ------
    ValueError
        Points that have no three coordinates.
    """
    points = np.asarray(points, np.float64)
    if points.shape[-1:] != (3,):
        raise ValueError(f"points: (..., 3) is needed, given {points.shape}")
    from scipy.ndimage import map_coordinates

    fine = light.grid.cell_m / 2
    place = (points - np.asarray(light.grid.origin)) / fine
    size, way = np.asarray(light.to_sun.shape), np.asarray(light.daylight.direction)
    with np.errstate(divide="ignore", invalid="ignore"):
        near, far = (0 - place) / way, (size - place) / way
    inside = (place >= 0) & (place <= size)
    enter = np.where(way == 0, np.where(inside, 0, np.inf), np.minimum(near, far)).max(-1)
    leave = np.where(way == 0, np.inf, np.maximum(near, far)).min(-1)
    enter = np.maximum(enter, 0)
    meets = (enter < leave) & np.isfinite(enter)
    entry = place + np.where(meets, enter, 0)[..., None] * way
    flat = np.moveaxis(np.clip(entry - 0.5, 0, size - 1), -1, 0)
    depth = map_coordinates(light.to_sun, flat, order=1, mode="nearest", prefilter=False)
    return np.where(meets, np.exp(-depth), 1).astype(np.float32)


def shadow(light: DustLight, camera: Camera, *, depth: Float) -> Array:
    """Share of the sun's light that dust lets through to what each pixel shows.

    Parameters
    ----------
    light
        Of `lit`.
    camera
        (H, W) pixels.
    depth
        (H, W) m along the view; inf for the sky.

    Returns
    -------
    (H, W) float32, 0..1; 1 on the sky.

    Raises
    ------
    ValueError
        A depth of another size than the camera's.
    """
    if depth.shape != (camera.height, camera.width):
        raise ValueError(f"depth is {depth.shape}, the camera's picture {(camera.height, camera.width)}")
    out = np.ones(depth.shape, np.float32)
    seen = np.isfinite(depth) & (depth > 0)
    rows, columns = np.nonzero(seen)
    x = (columns + 0.5 - camera.centre_px[0]) / camera.focal_px
    y = -(rows + 0.5 - camera.centre_px[1]) / camera.focal_px
    turn = np.asarray(camera.to_world, np.float64)
    local = np.stack([x, y, -np.ones_like(x)], -1) * depth[seen].astype(np.float64)[:, None]
    out[seen] = sun_on(light, local @ turn[:3, :3].T + turn[:3, 3])
    return out
