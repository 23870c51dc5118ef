"""What a frame of dust costs: the solver, the light, the rays, the chips, in CPU seconds.

    OMP_NUM_THREADS=1 python bench/collapse_dust.py [--cell 0.8] [--frames 48] [--width 960]

A tower of 18 × 12 × 28 m comes down straight (its pieces are given, not simulated): bonds break from the foot upwards, pieces fall freely
and strike the ground. Each row: the frame, kilograms in the air, and CPU seconds; the first frame, in which kernels are compiled or
loaded, is left out.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bottega.engine.collapse.dust import (
    Daylight,
    DebrisSettings,
    DustLook,
    DustSettings,
    advance,
    begin,
    chip_normals,
    daylit,
    detail_tile,
    draw_debris,
    fly,
    grid_around,
    lit,
    march,
    no_debris,
    shadow,
    solid_cells,
    sources_of,
)
from bottega.engine.collapse.records import Bonds, Camera, Impacts, Motion, Pieces

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
FPS = 24.0


def tower() -> tuple[Pieces, Bonds]:
    """Slabs of 2 × 2 × 0.4 m in a lattice, each bonded to the one above it."""
    x, y, z = np.meshgrid(np.arange(9) * 2 - 8, np.arange(6) * 2 - 5, np.arange(14) * 2 + 1, indexing="ij")
    centre = np.stack([x.ravel(), y.ravel(), z.ravel()], 1).astype(np.float64)
    n = len(centre)
    hull = np.tile(CORNERS * np.float32([1, 1, 0.2]), (n, 1))
    start, flat = np.arange(n + 1) * 8, np.zeros(n, np.int32)
    pieces = Pieces(
        hull, start, np.tile(np.array([[0, 1, 2]], np.int32), (n, 1)), np.arange(n + 1), np.zeros(n, np.uint8), hull, start, centre,
        np.full(n, 1.6), np.full(n, 2200.0), np.zeros(n, np.uint8), ("concrete",), flat, flat, (centre[:, 2] // 3.5).astype(np.int32),
    )  # fmt: skip
    below = np.flatnonzero(centre[:, 2] < 26)
    middle = centre[below] + [0, 0, 1]
    up = np.tile([0.0, 0, 1], (len(below), 1))
    bonds = Bonds(np.stack([below, below + 1], 1).astype(np.int32), np.full(len(below), 1.5), middle, up, np.ones(len(below)))
    return pieces, bonds


def collapse(pieces: Pieces, bonds: Bonds, frames: int) -> Motion:
    """Every piece falls freely from the frame in which its storey goes, till it lies on what fell before it."""
    go = 4 + 3 * pieces.storey
    rest = 0.2 + pieces.centre[:, 2] / 7
    seconds = np.maximum(np.arange(1, frames + 1)[:, None] - go, 0) / FPS
    position = np.repeat(pieces.centre[None], frames, 0)
    position[..., 2] = np.maximum(position[..., 2] - 4.5 * seconds**2, rest)
    down = position[..., 2] <= rest + 1e-9
    hit = np.flatnonzero(down[-1])
    when = down[:, hit].argmax(0) + 1
    energy = 0.7 * pieces.mass[hit] * 9.81 * (pieces.centre[hit, 2] - rest[hit])
    order = np.argsort(when, kind="stable")
    blows = Impacts(when[order], hit[order], (pieces.centre * [1, 1, 0] + rest[:, None] * [0, 0, 1])[hit[order]], energy[order])
    turn = np.zeros((frames, len(pieces), 4), np.float32)
    turn[..., 0] = 1
    return Motion(1, position.astype(np.float32), turn, down, go[bonds.pair[:, 0]], go, blows)


def spent(call: Callable[..., Any], *given: Any, **named: Any) -> tuple[Any, float]:
    begun = time.process_time()
    return call(*given, **named), time.process_time() - begun


def drawn_debris(chips: Any, camera: Camera, settings: Any, depth: Any, day: Any) -> tuple[float, Any]:
    light = daylit(chip_normals(chips, settings=settings), day)
    return spent(draw_debris, chips, camera, settings=settings, depth=depth, irradiance=light)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cell", type=float, default=0.8)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--width", type=int, default=960)
    asked = parser.parse_args()
    pieces, bonds = tower()
    motion = collapse(pieces, bonds, asked.frames)
    settings, chip_settings = DustSettings(wind_mps=(2.0, 0.0)), DebrisSettings()
    grid = grid_around((-9, -6, 0), (9, 6, 28), cell_m=asked.cell)
    solid, tile = solid_cells(grid), detail_tile(0)
    height = asked.width * 9 // 16
    eye = np.array([[1, 0, 0, 0], [0, 0, -1, -60], [0, 1, 0, 8], [0, 0, 0, 1.0]])
    camera = Camera(eye, asked.width * 0.7, (asked.width / 2, height * 0.7), asked.width, height)
    day = Daylight((-0.78, -0.37, 0.51), (5.8, 5.1, 4.1), (1.0, 1.5, 2.2))
    depth = np.full((height, asked.width), np.inf, np.float32)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, one thread")
    print(f"grid {grid.shape} of {grid.cell_m} m, {len(pieces)} pieces, picture {asked.width}x{height}, half the rays and all of them")
    print("frame    kg   solver  light   half   whole  shadow  chips (number)")
    state, chips = begin(grid, settings=settings, frame=0), no_debris(0)
    for frame in range(1, asked.frames + 1):
        given, gave = spent(sources_of, frame, motion, pieces=pieces, bonds=bonds, settings=settings, cell_m=grid.cell_m)
        state, solved = spent(advance, state, given, grid=grid, solid=solid, settings=settings)
        chips, flown = spent(fly, chips, motion, pieces=pieces, bonds=bonds, settings=chip_settings)
        if frame == 1 or frame % 8 == 0:
            light, lighted = spent(lit, state, grid=grid, look=DustLook(), daylight=day, tile=tile)
            _, half = spent(march, light, camera, depth=depth)
            all_rays = lit(state, grid=grid, look=DustLook(half=False), daylight=day, tile=tile)
            _, whole = spent(march, all_rays, camera, depth=depth)
            _, shaded = spent(shadow, light, camera, depth=np.full_like(depth, 60))
            _, drawn = drawn_debris(chips, camera, chip_settings, depth, day)
            if frame > 1:
                air = float(state.density.sum(dtype=np.float64)) * grid.cell_m**3
                print(
                    f"{frame:5d} {air:6.0f}  {gave + solved:6.2f} {lighted:6.2f} {half:6.2f}  {whole:6.2f}  {shaded:6.2f}"
                    f"  {flown + drawn:5.2f} ({len(chips)})"
                )


if __name__ == "__main__":
    main()
