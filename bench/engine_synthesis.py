"""Guided synthesis: energy, CPU time and memory, ours beside the plain recipe, judged alike.

    python bench/engine_synthesis.py [--reference FOLDER] [--names A,B] [--repeat N] [--plot FILE] [--sizes] [--threads]

Without arguments: the three examples of demo/synthesis at three settings, beside the plain recipe (bench/plain_synthesis.py).
--reference   another folder of that form; where its reference.json has another engine's figures, or `NAME/ebsynth_field.npz` and
              `NAME/ebsynth_result.png`, they are printed and judged beside ours
--plot        the curve of energy over CPU seconds, of ours and of the plain recipe, as a PNG
--sizes       cost from 0.25 to 8 megapixels, source and target alike
--threads     wall seconds and a digest of the bits for 1, 2 and 4 threads

Every run is a process of its own, after a small run that loads the compiled kernels. CPU seconds are of the whole process, all threads.
Peak memory is how far the resident size rose above where it stood before the run (Linux only). Energy is `bottega.engine.energy` of the
picture in whole codes, style and guides a patch; occupancy is λ times the use of the chosen patches, an even use being λ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.examples import OWN, Example, described, load, picture  # noqa: E402
from bench.plain_synthesis import synthesise_plainly  # noqa: E402

from bench import plot  # noqa: E402
from bottega.engine import SynthesisSettings, energy, plan, synthesise  # noqa: E402

Run = dict[str, Any]
SMALL = (64, 64)
STEPS = {"ours": ((2, 1), (3, 2), (4, 2), (6, 3), (8, 4), (12, 6), (16, 10)), "plain": ((1, 1), (2, 2), (4, 3), (6, 4))}
SIZES_MP = (0.25, 0.5, 1, 2, 4, 8)


def settings_of(base: SynthesisSettings, way: str) -> SynthesisSettings:
    """`way` is draft, default, fine, or rounds and sweeps as 6x3."""
    if way in ("draft", "fine"):
        return base.draft() if way == "draft" else base.fine()
    if way == "default":
        return base
    rounds, sweeps = map(int, way.split("x"))
    return replace(base, rounds=rounds, sweeps=sweeps)


def made(example: Example, engine: str, way: str, threads: int = 1) -> tuple[Any, Any]:
    """Picture and field."""
    if engine == "plain":
        rounds, sweeps = (6, 4) if way == "default" else map(int, way.split("x"))
        return synthesise_plainly(example, rounds=rounds, sweeps=sweeps)
    settings = settings_of(example.settings, way)
    sizes = example.style.shape[:2], example.target_guides.shape[:2]
    channels = {"style_channels": example.style.shape[2], "guide_channels": example.source_guides.shape[2]}
    result = synthesise(plan(*sizes, **channels, settings=settings), example.source, example.target, threads=threads)
    return result.image, result.nnf


def small(example: Example) -> Example:
    cut = tuple(slice(0, n) for n in SMALL)
    return replace(example, style=example.style[cut], source_guides=example.source_guides[cut], target_guides=example.target_guides[cut])


def judged(example: Example, image: Any, nnf: Any) -> dict[str, float]:
    found = energy(np.clip(np.rint(image), 0, 255), nnf, example.pictures, settings=example.settings)
    return {"total": found.total, "style": found.style, "guide": found.guide, "occupancy": found.occupancy}


def memory(name: str) -> int:
    """Bytes, from the system's own account of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def measure(given: argparse.Namespace) -> Run:
    """One run in this process."""
    example = load(given.folder, given.one)
    if given.pixels:
        example = example.resized(given.pixels)
    made(small(example), given.engine, given.way)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, cpu, wall = memory("VmRSS"), time.process_time(), time.perf_counter()
    image, nnf = made(example, given.engine, given.way, given.with_threads)
    out = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    out["peak_mb"] = (memory("VmHWM") - before) / 1e6
    channels = example.style.shape[2] + example.source_guides.shape[2]
    out["bytes"] = out["peak_mb"] * 1e6 / channels / (example.style[..., 0].size + example.target_guides[..., 0].size)
    out["megapixels"] = example.target_guides[..., 0].size / 1e6
    bits = hashlib.sha256(np.ascontiguousarray(image).tobytes() + np.ascontiguousarray(nnf).tobytes()).hexdigest()[:12]
    return out | {"bits": bits} | (judged(example, image, nnf) if not given.pixels else {})


def run(folder: Path, name: str, engine: str, way: str, repeat: int = 1, **more: Any) -> Run:
    """Medians of runs in processes of their own."""
    command = [sys.executable, __file__, "--one", name, "--folder", str(folder), "--engine", engine, "--way", way]
    command += [text for key, value in more.items() for text in (f"--{key.replace('_', '-')}", str(value))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout) for _ in range(repeat)]
    return runs[0] | {key: median(r[key] for r in runs) for key in ("cpu", "wall", "peak_mb")}


def row(label: str, r: Run) -> str:
    return (
        f"{label:<24}{r['cpu']:>8.2f}{r['total']:>9.0f}{r['style']:>8.0f}{r['guide']:>8.0f}{r['occupancy']:>11.0f}{r['peak_mb']:>9.0f}"
        f"{r['bytes']:>16.0f}"
    )


def table(folder: Path, names: list[str], repeat: int) -> None:
    print(f"{'':<24}{'CPU s':>8}{'energy':>9}{'style':>8}{'guide':>8}{'occupancy':>11}{'peak MB':>9}{'B/px/channel':>16}")
    for name in names:
        example = load(folder, name)
        (h, w), (height, width) = example.style.shape[:2], example.target_guides.shape[:2]
        guides, patch = example.source_guides.shape[2], example.settings.patch
        print(f"{name}: {w}x{h} -> {width}x{height}, {guides} guide channels, {patch}x{patch}")
        theirs(folder, example)
        print(row("  plain recipe 6x4", run(folder, name, "plain", "default", repeat)), flush=True)
        for way in ("draft", "default", "fine"):
            print(row(f"  ours, {way}", run(folder, name, "ours", way, repeat)), flush=True)


def theirs(folder: Path, example: Example) -> None:
    """Figures of another engine that came with the folder, and its saved picture and field judged by us."""
    if "ebsynth" in example.given:
        g = example.given["ebsynth"]
        guide = g["total"] - g["style"]
        print(f"{'  EbSynth, as recorded':<24}{g['cpu_seconds']:>8.2f}{g['total']:>9}{g['style']:>8}{guide:>8}{g['occupancy']:>11}")
    saved = folder / example.name / "ebsynth_field.npz"
    if saved.is_file():
        with np.load(saved) as arrays:
            field = arrays[arrays.files[0]]
        found = judged(example, picture(folder / example.name / "ebsynth_result.png"), field)
        columns = "".join(f"{v:>{w}.0f}" for v, w in zip(found.values(), (9, 8, 8, 11), strict=True))
        print(f"{'  EbSynth, judged here':<24}{'':>8}{columns}")


def curves(folder: Path, names: list[str], path: Path) -> None:
    panels = []
    for name in names:
        example, found = load(folder, name), {}
        for engine, steps in STEPS.items():
            runs = [run(folder, name, engine, f"{rounds}x{sweeps}") for rounds, sweeps in steps]
            found[engine] = [(r["cpu"], r["total"]) for r in runs]
            print(name, engine, *(f"{r['cpu']:.2f}s:{r['total']:.0f}+{r['occupancy']:.0f}" for r in runs), flush=True)
        if "ebsynth" in example.given:
            found["EbSynth"] = [(example.given["ebsynth"]["cpu_seconds"], example.given["ebsynth"]["total"])]
        panels.append(plot.panel(name, found, "CPU seconds", "energy a patch"))
    plot.save(path, panels)


def sizes(folder: Path, name: str) -> None:
    print(f"{name} resized, source and target: megapixels, CPU s, CPU s a megapixel, against the first, peak MB, bytes a pixel and channel")
    first = None
    for size in SIZES_MP:
        r = run(folder, name, "ours", "default", pixels=size * 1e6)
        each = r["cpu"] / r["megapixels"]
        first = first or each
        print(f"{r['megapixels']:>7.2f}{r['cpu']:>9.2f}{each:>8.2f}{each / first:>8.2f}{r['peak_mb']:>8.0f}{r['bytes']:>6.0f}", flush=True)


def threads(folder: Path, names: list[str], repeat: int) -> None:
    for name in names:
        for count in (1, 2, 4):
            r = run(folder, name, "ours", "default", repeat, with_threads=count)
            print(f"{name:<12}{count} threads: wall {r['wall']:.2f} s, CPU {r['cpu']:.2f} s, bits {r['bits']}", flush=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, default=OWN)
    parser.add_argument("--names")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--threads", action="store_true")
    for hidden in ("--one", "--engine", "--way"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--pixels", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--with-threads", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    given = options()
    if given.one:
        print(json.dumps(measure(given)))
        return
    names = given.names.split(",") if given.names else list(described(given.reference))
    machine = f"{platform.machine()} {platform.processor() or platform.system()}, {os.cpu_count()} cores"
    print("command:", " ".join(sys.argv), "| machine:", machine)
    if given.plot:
        curves(given.reference, names, given.plot)
    elif given.sizes:
        sizes(given.reference, names[0])
    elif given.threads:
        threads(given.reference, names, given.repeat)
    else:
        table(given.reference, names, given.repeat)


if __name__ == "__main__":
    main()
