"""A tower of convex hulls brought down: what it costs, whether it rests, what energy the solver makes of nothing.

    OMP_NUM_THREADS=1 python bench/collapse_motion.py [seconds allowed] [GiB allowed]

Every piece is a box with its corners cut off by chance (24 points), so that Bullet takes none for a box. Prints machine and command, then
a row a tower: pieces, glued bodies, bonds, frames, CPU seconds of plan and simulation, of a preview frame, the most memory, bodies at the
end, share asleep, most energy gained from one frame to the next over the whole. Ends with 1 where the first row took more CPU seconds or
the last more memory than allowed.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from dataclasses import replace

import numpy as np

from bottega.engine.collapse.motion import (
    Direction,
    Failure,
    Lean,
    MotionSettings,
    Shot,
    collected,
    plan,
    preview_raster,
    simulate,
    walled_tower,
)
from bottega.engine.collapse.records import Bonds, Camera, Pieces

GRAVITY = 9.81
ALLOWED_S, ALLOWED_GIB = 17.0, 4.0


def chipped(pieces: Pieces, *, seed: int) -> Pieces:
    """Each corner of each box cut off, 5 to 25 % of the way to its neighbours."""
    rng = np.random.default_rng(seed)
    corner = pieces.hull.reshape(-1, 8, 3)
    points = np.repeat(corner[:, :, None], 3, axis=2)
    for axis in range(3):
        points[:, :, axis, axis] *= 1 - 2 * rng.uniform(0.05, 0.25, points.shape[:2]).astype(np.float32)
    return replace(pieces, hull=np.ascontiguousarray(points.reshape(-1, 3)), hull_start=np.arange(len(pieces) + 1) * 24)


def towers() -> list[tuple[str, Pieces, Bonds]]:
    rows = []
    for name, brick_m in (("1500 hulls", 1.5), ("10,000 hulls", 0.565)):
        pieces, bonds = walled_tower(8, brick_m=brick_m)
        rows.append((name, chipped(pieces, seed=3), bonds))
    return rows


def row(name: str, pieces: Pieces, bonds: Bonds) -> tuple[float, float]:
    began = time.process_time()
    direction = Direction((Failure((-6.0, -6.0), 5.0, frame=6, storeys=(0, 1)),), front_speed=20.0, lean=Lean((-1.0, -0.3), 1.0))
    scene = plan(pieces, bonds, direction=direction, shot=Shot(1, 101))
    planned = time.process_time()
    states = list(simulate(scene, MotionSettings(substeps=8)))
    spent = time.process_time()
    total = [
        (pieces.mass * (GRAVITY * s.position[:, 2] + 0.5 * (s.velocity**2).sum(1))).sum() for s in states if s.frame >= scene.release.max()
    ]
    motion = collected(scene, states)
    camera = Camera(np.array([[1, 0, 0, 0], [0, 0, -1, -50], [0, 1, 0, 8], [0, 0, 0, 1.0]]), 800.0, (480.0, 270.0), 960, 540)
    drawn = time.process_time()
    preview_raster(pieces, motion, camera=camera, frames=[20, 60, 100])
    shown = (time.process_time() - drawn) / 3
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    end = states[-1]
    print(
        f"{name:14} {len(pieces):6} {len(np.unique(pieces.cluster)):7} {len(bonds):6} {len(states) - 1:6} {planned - began:6.2f}"
        f" {spent - planned:7.2f} {1000 * shown:8.1f} {gib:6.2f} {len(np.unique(end.body)):7} {100 * end.asleep.mean():7.1f}"
        f" {100 * max(np.diff(total)) / total[0]:8.3f}",
        flush=True,
    )
    return spent - planned, gib


def main() -> None:
    allowed_s, allowed_gib = (float(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((1, ALLOWED_S), (2, ALLOWED_GIB)))
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    print(
        f"{'tower':14} {'pieces':>6} {'glued':>7} {'bonds':>6} {'frames':>6} {'plan s':>6} {'CPU s':>7} {'show ms':>8} {'GiB':>6}", end=""
    )
    print(f" {'bodies':>7} {'asleep%':>7} {'gained%':>8}")
    costs = [row(*tower) for tower in towers()]
    sys.exit(int(costs[0][0] > allowed_s or costs[-1][1] > allowed_gib))


if __name__ == "__main__":
    main()
