"""What a frame of the corner building costs here, and what Cycles takes to path-trace the same frame at 64 samples.

    BOTTEGA_BLENDER=/path/to/bpyenv/bin/python OMP_NUM_THREADS=1 python bench/collapse_cycles.py [last frame] [samples] [folder to keep]

Makes the plates of `demo/corner` at 960x540 with its panning camera, frames 1001 to the last, and brings the building down as its sheet
says, on one thread, with `--blend` and `--vdb`: plates to layers in files, with dust, debris, shadows, credit. Then three frames of that
very .blend go through Cycles twice: pieces, poses, camera, ground and sun with plain materials alone; and with what ours has too: the dust
as the take's .vdb, its small debris as a mesh of boxes, motion blur over the same shutter. One thread, no denoiser, no adaptive sampling,
all else as Cycles comes: volumes scatter once (0 bounces). Prints machine and command, then a row a frame: CPU seconds of ours (from one
frame's end to the next's, the mean of five round it; writing .vdb and .ply is in it), of Cycles without and with (tracing alone), the
ratios; and the whole: all that the take cost over its moving frames, against all that Blender cost over its three. Ends with 1 where the
last ratio, of the same content, is below 10; says so and ends where there is no Blender.
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


def felled(root: Path, last: int) -> tuple[dict[int, float], float, Path]:
    """Make the take: when each frame was done, in CPU seconds; what it cost without writing the .blend; its folder."""
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
    request = studio.collapse_request("sh020", root / "collapse.toml", no_performer=True, also=("blend", "vdb"))
    take = studio.collapse(request, threads=1, watch=watch)
    spent = cpu() - began - take.timings["cpu_seconds scene files"]
    stages = {name.removeprefix("cpu_seconds "): s for name, s in take.timings.items() if name.startswith("cpu_seconds ")}
    print("our stages, CPU s:", ", ".join(f"{name} {s:.1f}" for name, s in stages.items()))
    return ended, spent, studio.folder.root / take.folder


def air_of(take: Path) -> dict[str, bytes]:
    """The files of the shown frames' air, and the first dust, which a sequence is known by."""
    dust = {f"dust/{p.name}": p.read_bytes() for p in (take / "dust").glob("*.vdb") if int(p.stem.rsplit(".", 1)[1]) in (FIRST, *SHOWN)}
    return dust | {f"debris-{n}.ply": next((take / "debris").glob(f"*.{n}.ply")).read_bytes() for n in SHOWN}


def traced(program: BlenderProgram, blend: bytes, air: dict[str, bytes] | None, samples: int, kept: Path) -> tuple[dict[int, float], float]:
    """CPU seconds of each frame's tracing, and of all that Blender cost a frame."""
    began, seconds = cpu(), {}
    for frame, picture, spent in program.render(blend, SHOWN, samples=samples, air=air):
        seconds[frame] = spent
        (kept / f"cycles-{frame}{'-air' if air else ''}.exr").write_bytes(picture)
    return seconds, (cpu() - began) / len(SHOWN)


def row(name: str, own: float, bare: float, full: float) -> None:
    """A row of the table."""
    print(f"{name:>5} {own:12.1f} {bare:15.1f} {bare / own:6.1f} {full:19.1f} {full / own:6.1f}")


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
        ended, ours, take = felled(kept, last)
        blend = (take / "collapse.blend").read_bytes()
        print(f"Blender {program.version}, {samples} samples, 960x540; .blend {len(blend) / 1e6:.0f} MB", flush=True)
        (bare, bare_whole), (full, full_whole) = (traced(program, blend, air, samples, kept) for air in (None, air_of(take)))
        print(f"{'frame':>5} {'ours, CPU s':>12} {'Cycles, no air':>15} {'ratio':>6} {'dust, debris, blur':>19} {'ratio':>6}")
        for n in SHOWN:
            row(str(n), (ended[n + ROUND] - ended[n - ROUND - 1]) / (2 * ROUND + 1), bare[n], full[n])
    own = ours / (last - FAILS + 1)
    row("whole", own, bare_whole, full_whole)
    print(f"(all of a take of {last - FIRST + 1} frames, {ours:.0f} s, a moving frame; Blender with start and scene, a frame)")
    sys.exit(int(full_whole / own < ALLOWED))


if __name__ == "__main__":
    main()
