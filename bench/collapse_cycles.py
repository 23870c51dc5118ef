"""What a frame of the corner building costs here, and what Cycles takes to path-trace the same frame at 64 samples.

    BOTTEGA_BLENDER=/path/to/bpyenv/bin/python OMP_NUM_THREADS=1 python bench/collapse_cycles.py [last frame] [samples] [folder to keep]

Makes the plates of `demo/corner` at 960x540 with its panning camera, frames 1001 to the last, and brings the building down as its sheet
says, on one thread, with `--blend`: plates to layers in files, with dust, shadows, credit. Then three frames of that very .blend go through
Cycles: the same pieces, poses, camera, ground and sun with plain materials; no dust, no motion blur, no denoiser, no adaptive sampling, one
thread. Prints machine and command, then a row a frame: CPU seconds of ours (from one frame's end to the next's, the mean of five round it),
of Cycles (tracing alone), the ratio; and the whole: all that the take cost over its moving frames, against all that Blender cost over its
three. Ends with 1 where that last ratio is below 10; says so and ends where there is no Blender.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bottega import Studio
from bottega.adapters.blender import BlenderProgram, find_blender
from bottega.jobs.runner.progress import Event
from bottega.model import UsageError

CORNER = Path(__file__).resolve().parents[1] / "demo" / "corner"
FIRST, FAILS, SHOWN = 1001, 1006, (1030, 1050, 1070)
SAMPLES, ALLOWED, ROUND = 64, 10.0, 2


def cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    return sum(os.times()[:4])


def felled(root: Path, last: int) -> tuple[dict[int, float], float, bytes]:
    """Make the take: when each frame was done, in CPU seconds; what it cost without writing the .blend; the .blend."""
    frames = f"{FIRST}-{last}"
    subprocess.run([sys.executable, str(CORNER / "plates.py"), str(root), "--width", "960", "--frames", frames], check=True)
    for name in ("collapse.toml", "wide_mask.png"):
        shutil.copyfile(CORNER / name, root / name)
    os.environ["BOTTEGA_HOME"] = str(root / "home")
    studio = Studio.create(root / "show", show="bench", fps=24)
    studio.add_exemplars(sorted((root / "exemplars").iterdir()), by="Artist B", licence="work-for-hire")
    for name, plate in (("sh020", root / "with"), ("sh020-clean", root / "clean"), ("sh020-wide", CORNER / "wide_with.exr")):
        studio.add_shot(name, plate, colour="lin_rec709_srgb")
    ended: dict[int, float] = {}

    def watch(event: Event) -> None:
        if event.step == "make" and event.frame is not None:
            ended[event.frame] = cpu()

    began = cpu()
    request = studio.collapse_request("sh020", root / "collapse.toml", no_performer=True, also=("blend",))
    take = studio.collapse(request, threads=1, watch=watch)
    spent = cpu() - began - take.timings["cpu_seconds scene files"]
    stages = {name.removeprefix("cpu_seconds "): s for name, s in take.timings.items() if name.startswith("cpu_seconds ")}
    print("our stages, CPU s:", ", ".join(f"{name} {s:.1f}" for name, s in stages.items()))
    return ended, spent, (studio.folder.root / take.folder / "collapse.blend").read_bytes()


def main() -> None:
    last, samples = (int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((1, SHOWN[-1] + ROUND + 1), (2, SAMPLES)))
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    try:
        program = BlenderProgram.found(find_blender())
    except UsageError as missing:
        print(f"left out: {missing}")
        return
    with tempfile.TemporaryDirectory() as place:
        kept = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(place)
        kept.mkdir(parents=True, exist_ok=True)
        ended, ours, blend = felled(kept, last)
        print(f"Blender {program.version}, {samples} samples, 960x540; .blend {len(blend) / 1e6:.0f} MB")
        print(f"{'frame':>5} {'ours, CPU s':>12} {'Cycles, CPU s':>14} {'ratio':>7}", flush=True)
        began = cpu()
        for frame, picture, traced in program.render(blend, SHOWN, samples=samples):
            own = (ended[frame + ROUND] - ended[frame - ROUND - 1]) / (2 * ROUND + 1)
            print(f"{frame:5} {own:12.1f} {traced:14.1f} {traced / own:7.1f}", flush=True)
            (kept / f"cycles-{frame}.exr").write_bytes(picture)
        theirs = (cpu() - began) / len(SHOWN)
    own = ours / (last - FAILS + 1)
    print(f"{'whole':>5} {own:12.1f} {theirs:14.1f} {theirs / own:7.1f}")
    print(f"(all of a take of {last - FIRST + 1} frames, {ours:.0f} s, a moving frame; Blender with start and scene, a frame)")
    sys.exit(int(theirs / own < ALLOWED))


if __name__ == "__main__":
    main()
