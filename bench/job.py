"""The whole job on the footage that ships: where its time goes, how much memory a long shot takes, how near the truth it is.

    python bench/job.py [--quick | --side 1440]

Each measurement is a child process that makes a show in a temporary folder and runs one repair through `Studio`; the first run
compiles the kernels and is not counted. The long shot is the 48 frames played forwards and backwards ten times, cut to a quarter of
the picture: what grows with frames grows all the same. `--side` measures 12 frames enlarged to so many pixels a side instead: 1440
has the area of 1080p, 2880 that of 4K. `--quick` plays them twice, measures the split on 24 frames and leaves out the
second thread.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "demo" / "performer_a"
FIRST, LAST, MIDDLE = 1001, 1048, 1024
FRAMES, QUICK_FRAMES, LARGE_FRAMES, FEW = 48, 24, 12, 4
PASSES, QUICK_PASSES = 10, 2
MIDDLE_PX = slice(128, 384)
QUARTER = 256
FLAT = 1.10  # a long shot may take this much more memory than a short one: what the allocator keeps, not what the shot adds
ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
# Which function's CPU time counts as which step, by the module that calls it; what a step calls of another step counts as the other.
STEPS = {
    "engine: flow walks": ("recipes.keyed:KeyedRepair.step", "recipes.keyed:KeyedRepair.seen", "recipes.keyed:KeyedRepair.begin"),
    "engine: render": ("recipes.keyed:KeyedRepair.frame", "recipes.keyed:KeyedRepair.key"),
    "engine: steady": ("recipes.keyed:KeyedRepair.steadied", "recipes.keyed:KeyedRepair.flow"),
    "decode plates, keys, mattes": ("runner.pictures:Pictures.read",),
    "walks to and from disk": ("runner.scratch:Scratch.put", "runner.scratch:Scratch.get", "runner.scratch:Scratch.drop"),
    "credit": ("runner.make:credit_frame", "runner.make:picture", "runner.make:Tally.add", "runner.make:Tally.merge"),
    "encode and write frames": ("runner.make:Delivery.frame",),
    "notes for resuming": ("runner.takefolder:TakeFolder.note_frame",),
    "finish: movie, sheet, shares": ("runner.run:finish",),
}


class Stopwatch:
    """CPU time by step, each thread for itself; a step inside another is taken from it."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = dict.fromkeys(STEPS, 0.0)
        self._here, self._lock = threading.local(), threading.Lock()

    def timed(self, step: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **options: Any) -> Any:
            inside, began = getattr(self._here, "inside", 0.0), time.thread_time()
            self._here.inside = 0.0
            try:
                return run(*args, **options)
            finally:
                took = time.thread_time() - began
                with self._lock:
                    self.spent[step] += took - self._here.inside
                self._here.inside = inside + took

        return measured

    def attach(self) -> None:
        for step, names in STEPS.items():
            for name in names:
                module, _, path = name.partition(":")
                owner, _, method = path.rpartition(".")
                held: Any = importlib.import_module(f"bottega.jobs.{module}")
                held = getattr(held, owner) if owner else held
                setattr(held, method, self.timed(step, getattr(held, method)))


def shot(folder: Path, *, passes: int, keys: str, frames: int, side: int | None) -> None:
    """Write plate, mattes and keys of the shot played to and fro."""
    there = list(range(FIRST, FIRST + frames))
    order = [n for i in range(passes) for n in (there[::-1] if i % 2 else there)]
    shown = {FIRST + i: n for i, n in enumerate(order)}
    numbers = [n for n, source in shown.items() if source in (FIRST, MIDDLE, LAST) and shown.get(n - 1) != source]
    if keys == "3 keys":  # frames that are keys in the demo, as near to the middle of the shot and its ends as there are
        numbers = [numbers[0], numbers[len(numbers) // 2], numbers[-1]]
    for kind, suffix in (("plate", "exr"), ("matte", "png"), ("keys", "png")):
        (folder / kind).mkdir(parents=True)
        for number in numbers if kind == "keys" else shown:
            source, target = DEMO / kind / f"{shown[number]}.{suffix}", folder / kind / f"{number}.{suffix}"
            shutil.copyfile(source, target) if side is None else changed(source, target, side)


def changed(source: Path, target: Path, side: int) -> None:
    """The middle of a picture where that is `side` pixels, else the picture enlarged to it."""
    import cv2
    import OpenEXR

    def of(whole: Any) -> Any:
        if side == MIDDLE_PX.stop - MIDDLE_PX.start:
            return whole[MIDDLE_PX, MIDDLE_PX].copy()
        return cv2.resize(whole, (side, side), interpolation=cv2.INTER_CUBIC)

    if source.suffix == ".png":
        cv2.imwrite(str(target), of(cv2.imread(str(source), cv2.IMREAD_UNCHANGED)))
        return
    with OpenEXR.File(str(source)) as file:
        rgb = of(file.parts[0].channels["RGB"].pixels.astype("float32")).astype("float16")
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, {"RGB": rgb}).write(str(target))


def child(given: dict[str, Any]) -> dict[str, Any]:
    """Run one job and say what it took. Runs in a process of its own: peak memory is a process's."""
    from bottega import Studio

    folder = Path(given["folder"])
    studio = Studio.create(folder / "show", show="bench", fps=24)
    studio.add_exemplars(sorted((folder / "keys").iterdir()), by="Artist B", licence="work-for-hire")
    studio.add_shot("sh010", folder / "plate", colour="lin_rec709_srgb")
    watch = Stopwatch()
    if given["split"]:
        watch.attach()
    wall, cpu, before = time.monotonic(), time.process_time(), peak_mib()
    take = studio.repair("sh010", keys=folder / "keys", matte=folder / "matte", no_performer=True, threads=given["threads"])
    return {
        "wall_s": time.monotonic() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "before_mib": before,
        "frames": sum(o.path.startswith("frames/") for o in take.outputs),
        "keys": len(list((folder / "keys").iterdir())),
        "split": watch.spent,
        "take": str(folder / "show" / take.folder),
    }


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def measured(
    *, passes: int = 1, keys: str = "same spacing", threads: int = 1, split: bool = False, frames: int = FRAMES, side: int | None = None
) -> Iterator[dict[str, Any]]:
    """One job in a process of its own; its files are there until the block ends."""
    with tempfile.TemporaryDirectory(prefix="bottega-bench-") as name:
        shot(Path(name) / "shot", passes=passes, keys=keys, frames=frames, side=side)
        given = {"folder": str(Path(name) / "shot"), "threads": threads, "split": split}
        environment = os.environ | ALONE | {"BOTTEGA_HOME": str(Path(name) / "home")}
        command = [sys.executable, str(HERE / "job.py"), "--child", json.dumps(given)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        yield json.loads(done.stdout)


def split_table(found: dict[str, Any], *, side: int = 512) -> None:
    area = found["frames"] * side * side / 1e6
    rest = found["cpu_s"] - sum(found["split"].values())
    print(f"\nCPU seconds a megapixel-frame, one thread, {found['frames']} frames of {side}x{side}:")
    for step, spent in (*found["split"].items(), ("everything else", rest)):
        print(f"  {step:30} {spent / area:7.3f}   {spent / found['cpu_s']:5.1%}")
    engine = sum(v for k, v in found["split"].items() if k.startswith("engine"))
    print(f"  {'whole job':30} {found['cpu_s'] / area:7.3f}   of which the engine {engine / area:.3f}")


def scores(take: str) -> None:
    sys.path.insert(0, str(HERE))
    from score import score

    fixed: dict[str, Any] = {"plate": DEMO / "plate", "matte": DEMO / "matte", "keys": {FIRST, MIDDLE, LAST}}
    print("\nAgainst the truth, inside the matte, frames that are no keys (bench/score.py):")
    for name, folder in (("nothing done", DEMO / "plate"), ("this take", Path(take) / "frames")):
        print(f"  {name:14} {json.dumps(score(DEMO / 'truth', folder, **fixed).rounded())}")


def machine() -> str:
    cpu = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    return f"{cpu or platform.processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def help_time() -> float:
    """The best of three."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "bottega", "--help"], stdout=subprocess.DEVNULL, check=True)
        took.append(time.monotonic() - began)
    return min(took)


def main() -> int:
    """Print the figures; 1 when memory grows with the shot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--side", type=int, help="12 frames at so many pixels a side, and nothing else")
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(json.loads(given.child))))
        return 0
    said = f" --side {given.side}" if given.side else " --quick" if given.quick else ""
    print(f"command  python bench/job.py{said}\nmachine  {machine()}", flush=True)
    with measured(frames=FEW, side=QUARTER):
        pass  # compiles the kernels
    if given.side:
        return large(given.side)
    with measured(split=True, frames=QUICK_FRAMES if given.quick else FRAMES) as short:
        split_table(short)
        print(f"\nwall, 1 thread   {short['wall_s']:.1f} s", flush=True)
        scores(short["take"])
    if not given.quick:
        with measured(threads=2) as two:
            print(f"\nwall, 2 threads  {two['wall_s']:.1f} s")
    print(f"bottega --help   {help_time():.2f} s\n\nPeak memory, 256x256, one thread:", flush=True)
    return 1 if max(memory(QUICK_PASSES if given.quick else PASSES)) > FLAT else 0


def large(side: int) -> int:
    """The whole job on large frames."""
    with measured(split=True, frames=LARGE_FRAMES, side=side) as found:
        split_table(found, side=side)
        say_memory(found, f"{side}x{side}")
    return 0


def memory(passes: int) -> list[float]:
    with measured(side=QUARTER) as short:
        peaks = [say_memory(short, "3 keys")]
    for keys in ("same spacing", "3 keys"):
        with measured(passes=passes, keys=keys, side=QUARTER) as long:
            peaks.append(say_memory(long, f"{long['keys']} keys, {keys}" if keys != "3 keys" else keys))
    return [peak / peaks[0] for peak in peaks]


def say_memory(found: dict[str, Any], what: str) -> float:
    peak = float(found["peak_mib"])
    print(
        f"  {found['frames']:4} frames, {what:24} {peak:5.0f} MiB ({found['before_mib']:.0f} before); wall {found['wall_s']:.0f} s",
        flush=True,
    )
    return peak


if __name__ == "__main__":
    sys.exit(main())
