"""Guided synthesis: energy over CPU seconds, ours at three settings beside the plain recipe, on the inputs in bench/inputs.

    python bench/engine_synthesis.py [--reference FOLDER] [--curve FILE.png] [--class NAME]

Energies are those of `bottega.engine.energy`, from the saved (8 bit) picture and its field: `total` is style and guides, `occupancy` the
use of source patches. FOLDER may hold further classes: NAME/style.png, NAME/source_*.png, NAME/target_*.png and a reference.json with the
settings, and with the figures of another engine under `ebsynth`. CPU seconds are of one thread, after a first run that compiles.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import Energy, Source, SynthesisSettings, Target, energy, plan, synthesise

sys.path.insert(0, str(Path(__file__).resolve().parent))
from synthesis_baseline import baseline

Array = NDArray[Any]
INPUTS = Path(__file__).resolve().parent / "inputs"
OURS = {
    "textures": {"patch": 3, "uniformity": 1000.0, "guides": ["parts"], "weight": 2.0},
    "sphere": {"patch": 5, "uniformity": 3500.0, "guides": ["full", "diffuse", "sky", "highlight"], "weight": 2 / 3},
    "portrait": {"patch": 5, "uniformity": 1000.0, "guides": ["grey", "edge", "position"], "weight": 1.5},
}


class Case:
    """One class of input: pictures, settings, and what is known of others."""

    def __init__(self, folder: Path, given: dict[str, Any]) -> None:
        self.name = folder.name
        self.style = self._read(folder / "style.png")
        self.source, self.target = (
            np.concatenate([self._read(folder / f"{side}_{g}.png") for g in given["guides"]], -1) for side in ("source", "target")
        )
        each = given.get("weight", 1.0) / 3
        self.weights = tuple(given.get("guide_weight_per_channel", [each] * self.source.shape[2]))
        self.settings = SynthesisSettings(patch=given["patch"], uniformity=given["uniformity"], guide_weights=self.weights)
        self.known = given.get("ebsynth")

    @staticmethod
    def _read(path: Path) -> Array:
        return cv2.imread(str(path), cv2.IMREAD_COLOR).astype(np.float32)

    def judge(self, image: Array, nnf: Array) -> Energy:
        saved = np.clip(np.rint(image), 0, 255)
        return energy(saved, nnf, (self.style, self.source, self.target), settings=self.settings)

    def ours(self, settings: SynthesisSettings) -> tuple[Array, Array]:
        made = plan(self.style.shape[:2], self.target.shape[:2], guide_channels=self.source.shape[2], settings=settings)
        found = synthesise(made, Source(self.style, self.source), Target(self.target))
        return found.image, found.nnf

    def plain(self, rounds: int) -> tuple[Array, Array]:
        weights = np.array([1 / 3] * 3 + list(self.weights), np.float32)
        s = self.settings
        return baseline(self.style, self.source, self.target, weights=weights, patch=s.patch, uniformity=s.uniformity or 0.0, rounds=rounds)


def timed(work: Callable[[], tuple[Array, Array]]) -> tuple[float, Array, Array]:
    began = time.process_time()
    image, nnf = work()
    return time.process_time() - began, image, nnf


def measure(case: Case) -> dict[str, list[tuple[float, Energy]]]:
    """Curves of energy over CPU seconds: name -> points. Prints a row a point."""
    s = case.settings
    case.ours(SynthesisSettings(patch=s.patch, rounds=1, sweeps=1, guide_weights=case.weights))  # compiles
    small = (case.style[:24, :24], case.source[:24, :24], case.target[:24, :24])
    baseline(*small, weights=np.ones(3 + len(case.weights), np.float32), patch=s.patch, uniformity=1.0, rounds=1)  # so does this
    runs: list[tuple[str, str, Callable[[], tuple[Array, Array]]]] = [
        ("ours", "draft", lambda: case.ours(s.draft())),
        ("ours", "standard", lambda: case.ours(s)),
        ("ours", "fine", lambda: case.ours(s.fine())),
        *(("plain", f"plain, {n} rounds", lambda n=n: case.plain(n)) for n in (1, 3, 6)),
    ]
    curves: dict[str, list[tuple[float, Energy]]] = {"ours": [], "plain": []}
    for curve, name, work in runs:
        seconds, image, nnf = timed(work)
        found = case.judge(image, nnf)
        curves[curve].append((seconds, found))
        row(case.name, name, seconds, found.total, found.style, found.occupancy)
    if case.known:
        k = case.known
        row(case.name, "reference", k["cpu_seconds"], k["total"], k["style"], k["occupancy"])
        curves["reference"] = [(k["cpu_seconds"], Energy(k["style"], k["total"] - k["style"], k["occupancy"]))]
    return curves


def row(*cells: Any) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name, what, seconds, total, style, use = cells
    print(f"{name:10} {what:16} {seconds:8.2f} {total:9.0f} {style:8.0f} {use:10.0f} {peak:9.0f}", flush=True)


def draw(every: dict[str, dict[str, list[tuple[float, Energy]]]], path: Path) -> None:
    """Total energy over CPU seconds, logarithmic in time: a panel a class."""
    height, width, edge = 300, 380, 50
    colours = {"ours": (40, 120, 20), "plain": (60, 60, 200), "reference": (160, 90, 20)}
    panels = []
    for name, curves in every.items():
        panel = np.full((height, width, 3), 255, np.uint8)
        points = [(np.log10(t), e.total) for c in curves.values() for t, e in c]
        (x0, y0), (x1, y1) = np.min(points, 0), np.max(points, 0)

        def at(seconds: float, value: float, box: tuple[float, ...] = (x0, x1, y0, y1)) -> tuple[int, int]:
            u, v = (np.log10(seconds) - box[0]) / (box[1] - box[0]), (value - box[2]) / (box[3] - box[2])
            return int(edge + u * (width - 2 * edge)), int(height - edge - v * (height - 2 * edge))

        for curve, found in curves.items():
            places = [at(t, e.total) for t, e in found]
            cv2.polylines(panel, [np.array(places)], False, colours[curve], 1, cv2.LINE_AA)
            for place, (seconds, e) in zip(places, found, strict=True):
                cv2.circle(panel, place, 4, colours[curve], -1, cv2.LINE_AA)
                text = f"{curve if place == places[-1] else ''} {seconds:.1f}s {e.total:.0f}"
                cv2.putText(panel, text, (max(2, min(place[0] - 20, width - 120)), place[1] - 8), 0, 0.34, colours[curve], 1, cv2.LINE_AA)
        cv2.putText(panel, f"{name}: energy over CPU seconds (log)", (10, height - 12), 0, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
        panels.append(panel)
    cv2.imwrite(str(path), np.hstack(panels))


def cases(given: argparse.Namespace) -> list[Case]:
    found = [Case(INPUTS / name, what) for name, what in OURS.items()]
    if given.reference:
        known = json.loads((given.reference / "reference.json").read_text())
        found += [Case(given.reference / name, what) for name, what in known.items()]
    return [case for case in found if given.only in (None, case.name)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--curve", type=Path)
    parser.add_argument("--class", dest="only")
    given = parser.parse_args()
    print("command: python", *sys.argv, "| machine:", platform.machine(), platform.processor() or platform.system())
    print("class      what              CPU s     total    style  occupancy   peak MB")
    curves = {case.name: measure(case) for case in cases(given)}
    if given.curve:
        draw(curves, given.curve)


if __name__ == "__main__":
    main()
