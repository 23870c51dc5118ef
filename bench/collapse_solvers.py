"""The corner building brought down by the embedded solver and by Blender's, from the same start: do they agree?

    BOTTEGA_BLENDER=/path/to/bpyenv/bin/python OMP_NUM_THREADS=1 python bench/collapse_solvers.py [frames] [piece_m] [file.npz]

Prints machine and command, then a row a solver: CPU seconds (the worker's included), seconds from the first release until the mass that was
let go has fallen through 90 % of what it falls in all, the radius round the middle of the plan in which 90 % of that mass lies at the end,
the share of pieces asleep there, the lowest point of any piece, and the most energy made of nothing from one frame to the next. Ends with 1
where time or radius differ by more than 15 %; says so and ends where there is no Blender. With a file, keeps both falls there:
`NAME/position` and `NAME/rotation`.
"""

from __future__ import annotations

import platform
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.adapters.blender import BlenderProgram, find_blender
from bottega.engine.collapse.motion import PosedSolver, simulate
from bottega.engine.collapse.motion.rotations import lowest
from bottega.engine.collapse.motion.scene import GRAVITY, Scene, State
from bottega.jobs.recipes.collapse import Collapse
from bottega.jobs.runner.collapse.sheet import read_sheet
from bottega.jobs.runner.collapse.stated import settings_of
from bottega.model import UsageError

CORNER = Path(__file__).resolve().parents[1] / "demo" / "corner"
WIDE = (1920, 1082)  # of the still in which the corners were marked
FIRST, FPS, ALLOWED = 1001, 24.0, 0.15


@dataclass(frozen=True)
class Fall:
    """What is compared of a fall."""

    seconds: float
    radius_m: float
    asleep: float
    lowest_m: float
    gained: float


def corner(frames: int, piece_m: float) -> Collapse:
    """The demo's building and direction."""
    sheet = read_sheet(CORNER / "collapse.toml")
    job: Any = SimpleNamespace(
        request=SimpleNamespace(sheet=SimpleNamespace(**{**vars(sheet), "piece_m": piece_m}), seed=0), frames=(FIRST, FIRST + frames - 1)
    )
    return Collapse(settings_of(job, reference_size=WIDE, fps=FPS))


def measured(scene: Scene, states: Sequence[State]) -> Fall:
    """How long it fell, how far it reached, and whether that can be."""
    mass, rest = scene.pieces.mass, scene.pieces.centre
    let_go = states[-1].released > 0
    weight = mass[let_go] / mass[let_go].sum()
    height = np.array([(weight * s.position[let_go, 2]).sum() for s in states])
    done = (height[0] - height) / (height[0] - height.min())
    story = np.concatenate([[0.0], np.cumsum(scene.step_s)])
    began = story[int(scene.release[scene.release > 0].min()) - 1 - scene.first_frame]
    middle = rest[:, :2].mean(0)
    away = np.linalg.norm(states[-1].position[let_go, :2] - middle, axis=1)
    order = np.argsort(away)
    radius = away[order][int(np.searchsorted(np.cumsum(weight[order]), 0.9))]
    energy = [(mass * (GRAVITY * s.position[:, 2] + 0.5 * (s.velocity**2).sum(1))).sum() for s in states if s.frame > scene.release.max()]
    feet = lowest(scene.pieces.vertices, scene.pieces.vertex_start, states[-1].position, states[-1].rotation)
    gained = float(max(np.diff(energy), default=0.0)) / float((mass * GRAVITY * rest[:, 2]).sum())
    return Fall(float(story[np.argmax(done >= 0.9)] - began), float(radius), float(states[-1].asleep.mean()), float(feet.min()), gained)


def cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main() -> None:
    frames, piece_m = (int(sys.argv[1]) if len(sys.argv) > 1 else 96), (float(sys.argv[2]) if len(sys.argv) > 2 else 1.8)
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    try:
        program = BlenderProgram.found(find_blender())
    except UsageError as missing:
        print(f"left out: {missing}")
        return
    recipe = corner(frames, piece_m)
    pieces, bonds = recipe.build()
    scene = recipe.scene(pieces, bonds)
    print(f"{len(pieces)} pieces, {len(bonds)} bonds, {frames} frames")
    print(f"{'solver':9} {'CPU s':>7} {'fall s':>7} {'radius m':>8} {'asleep%':>7} {'lowest m':>8} {'gained%':>7}")
    falls: dict[str, Fall] = {}
    kept: dict[str, NDArray[Any]] = {}
    for name, solver in (("embedded", None), ("blender", PosedSolver(program.fall))):
        began = cpu()
        states = list(simulate(scene, recipe.settings.motion, solver=solver))
        spent = cpu() - began
        fall = falls[name] = measured(scene, states)
        kept |= {f"{name}/position": np.stack([s.position for s in states]), f"{name}/rotation": np.stack([s.rotation for s in states])}
        row = f"{fall.seconds:7.2f} {fall.radius_m:8.2f} {100 * fall.asleep:7.1f} {fall.lowest_m:8.3f} {100 * fall.gained:7.3f}"
        print(f"{name:9} {spent:7.1f} {row}", flush=True)
    if len(sys.argv) > 3:
        np.savez(sys.argv[3], **kept)  # type: ignore[arg-type]
    one, other = falls["embedded"], falls["blender"]
    apart = {what: abs(getattr(other, what) / getattr(one, what) - 1) for what in ("seconds", "radius_m")}
    print(f"apart: fall time {100 * apart['seconds']:.1f} %, debris radius {100 * apart['radius_m']:.1f} %")
    sys.exit(int(max(apart.values()) > ALLOWED))


if __name__ == "__main__":
    main()
