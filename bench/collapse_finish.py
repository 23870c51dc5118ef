"""What finishing a frame of a collapse costs, and what it keeps of the plate.

    OMP_NUM_THREADS=1 python bench/collapse_finish.py [seconds allowed a frame] [samples]

A walled tower of about 1500 pieces before a grey street, 960×540, its plate made of seeded noise. Prints machine and command; CPU seconds
of a raster, of making ready, of a frame's finish and of its last steps, each the least of three; the PSNR of the projected rest against the
plate; and whose the pixels are. Ends with 1 if a frame took longer than allowed or the rest is under 49 dB.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bottega.engine.collapse.finish.buffers import rasterise
from bottega.engine.collapse.finish.compositing import LastSteps, composite
from bottega.engine.collapse.finish.film import measure_grain
from bottega.engine.collapse.finish.finishing import Shot, finish
from bottega.engine.collapse.finish.light import Light
from bottega.engine.collapse.finish.sources import Tile, View
from bottega.engine.collapse.finish.stage import look_at_rest, prepare
from bottega.engine.collapse.motion import walled_tower
from bottega.engine.collapse.records import Camera, Face

ALLOWED_S, LEAST_DB = 2.0, 49.0
SIZE = (540, 960)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    taken = []
    work()  # compiles
    for _ in range(3):
        began = time.process_time()
        made = work()
        taken.append(time.process_time() - began)
    return made, min(taken)


def camera() -> Camera:
    eye, at = np.array([-32.0, -38.0, 1.7]), np.array([0.0, 0, 11])
    back = (eye - at) / np.linalg.norm(eye - at)
    right = np.cross((0, 0, 1), back) / np.linalg.norm(np.cross((0, 0, 1), back))
    turn = np.eye(4)
    turn[:3] = np.stack([right, np.cross(back, right), back, eye], 1)
    return Camera(turn, 640.0, (480.0, 270.0), SIZE[1], SIZE[0])


def main() -> int:
    allowed = float(sys.argv[1]) if len(sys.argv) > 1 else ALLOWED_S
    samples = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    print(platform.platform(), platform.processor() or platform.machine(), "|", " ".join(sys.argv))
    pieces, seen_by, rng = walled_tower(8, brick_m=1.5)[0], camera(), np.random.default_rng(1)
    rest = pieces.centre.astype(np.float32), np.tile(np.float32([1, 0, 0, 0]), (len(pieces), 1))
    buffers, raster_s = timed(lambda: rasterise(pieces, rest[0], rotation=rest[1], camera=seen_by))
    matte = (buffers.piece >= 0).astype(np.float32)
    clean = (0.4 + 0.01 * rng.standard_normal((*SIZE, 3))).astype(np.float32)
    skin = 0.3 + 0.1 * np.sin(3 * buffers.local) + 0.01 * rng.standard_normal((*SIZE, 3))
    plate = np.where(matte[..., None] > 0, skin, clean).astype(np.float32)
    texture = (0.3 + 0.05 * rng.standard_normal((256, 256, 3))).astype(np.float32)
    tiles = [Tile(f"{m} {f.name}", m, f, texture, 50.0) for m in pieces.materials for f in Face]
    light = Light((-1, -0.5, 0.8), (4, 3.6, 3), (1, 1.3, 1.8), (0.5, 0.5, 0.45))
    stage, ready_s = timed(lambda: prepare(pieces, light, views=[View("plate 1", plate, seen_by, matte)], tiles=tiles, samples=samples))
    rested, rest_s = timed(lambda: look_at_rest(stage, seen_by))

    def shot(position: Any, before: Any = None) -> Shot:
        return Shot(1, plate, clean, matte, np.zeros_like(matte), seen_by, position, rest[1], before)

    near = finish(stage, shot(rest[0] + np.float32(2e-6)), rested=rested)
    inside = (rested.samples >= 0).all(0)
    decibels = -10 * np.log10(((near.beauty - plate)[inside].astype(np.float64) ** 2).mean())
    fallen = rest[0] + (rng.normal(0, 0.4, rest[0].shape) - (0, 0, 1)).astype(np.float32) * (pieces.storey > 1)[:, None]
    frame = shot(fallen, (rest[0], rest[1], seen_by))
    made, finish_s = timed(lambda: finish(stage, frame, rested=rested))
    grain, grain_s = timed(lambda: measure_grain(plate))
    _, last_s = timed(lambda: composite(made, frame, steps=LastSteps(0.5, (1, 1, 1) + (0,) * len(tiles)), grain=grain))
    print(f"{len(pieces)} pieces, {len(pieces.triangles)} triangles, {SIZE[1]}x{SIZE[0]}, {samples} samples")
    print(f"raster with buffers {raster_s:.3f} s, prepare {ready_s:.2f} s, rest of a camera {rest_s:.2f} s, grain measured {grain_s:.2f} s")
    print(f"a frame: finish {finish_s:.2f} s, blur and grain {last_s:.2f} s; rest projected at {decibels:.1f} dB")
    print({name: round(share, 4) for name, share in made.credit.shares().items() if share > 0})
    return int(finish_s + last_s > allowed or decibels < LEAST_DB)


if __name__ == "__main__":
    sys.exit(main())
