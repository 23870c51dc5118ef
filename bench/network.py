"""The per-shot network on a shot with ground truth: alone, copied alone, combined.

    python bench/network.py [--footage DIR] [--keys 1001,1024,1048] [--steps N] [--light FROM,TO] [--out DIR] [--sheet PNG] [--seed N]

DIR as for engine_performer.py. --light turns the light from one gain to another over the shot. Needs the extra `learn`. Prints the command,
the machine, and a table as bench/score.py scores it; CPU seconds of the training and, per megapixel-frame, of predicting and combining.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import (
    Candidate,
    Key,
    Repaired,
    RepairSettings,
    Walk,
    away,
    by_motion,
    guide,
    look,
    prepare_key,
    render,
    start_walk,
    step_walk,
    time_weights,
)
from bottega.engine.network import NetworkSettings, NetworkState, Pair, available, combine, predict, train
from engine_performer import NETWORK, Drafted, Footage, encoded, steadied, write
from score import Scores, score

Float = NDArray[np.float32]
HERE = Path(__file__).resolve().parent
KINDS = ("copied", "network", "combined", "copied, steadied", "combined, steadied")


class Lit(Footage):
    """The footage under a light that changes from one gain to another, in plate, truth and keys alike. A missing key is the truth."""

    def __init__(self, folder: Path, numbers: list[int], light: tuple[float, float]) -> None:
        super().__init__(folder, None)
        self.numbers, self.light = numbers, light

    def frame(self, kind: str, number: int) -> Float:
        there = kind != "keys" or any(self.folder.joinpath(kind).glob(f"{number}.*"))
        array = super().frame(kind if there else "truth", number)
        if kind == "matte":
            return array
        along = (number - self.numbers[0]) / max(1, self.numbers[-1] - self.numbers[0])
        return array * np.float32(self.light[0] + along * (self.light[1] - self.light[0]))


def copies(footage: Lit, key_numbers: list[int], settings: RepairSettings) -> Iterator[tuple[int, Repaired, float]]:
    keys = [prepare_key(*(footage.frame(k, n) for k in ("plate", "keys")), frame=n, matte=footage.frame("matte", n), settings=settings)
            for n in key_numbers]  # fmt: skip
    plates = {n: footage.frame("plate", n) for n in footage.numbers}
    seen = {n: (guide(p, settings=settings), look(p, settings=settings)) for n, p in plates.items()}
    walks = {(i, n): w for i, key in enumerate(keys) for n, w in walked(key, seen, settings)}
    for number in footage.numbers:
        offers = [Candidate(keys[i], walks[i, number], weight) for i, weight in time_weights(number, key_numbers)]
        matte = footage.frame("matte", number)
        offers = list(by_motion(offers, matte=matte))
        yield number, render(footage.frame("plate", number), offers, matte=matte, settings=settings), away(offers, matte=matte)


def walked(key: Key, seen: dict[int, tuple[NDArray[np.uint8], NDArray[np.uint8]]], settings: RepairSettings) -> Iterator[tuple[int, Walk]]:
    yield key.frame, start_walk(key)
    for direction in (1, -1):
        walk, number = start_walk(key), key.frame
        while number + direction in seen:
            there = number + direction
            walk = step_walk(key, walk, seen[number][0], seen[there][0], settings=settings, frame=there, look=seen[there][1])
            number = there
            yield number, walk


def trained(footage: Lit, key_numbers: list[int], settings: NetworkSettings) -> NetworkState:
    pairs = [Pair(n, *(footage.frame(kind, n) for kind in ("plate", "keys", "matte"))) for n in key_numbers]
    began = time.process_time()
    state = train(pairs, settings=settings)
    numbers = sum(a.size for n, a in state.weights.items() if n not in ("mean", "deviation", "scale"))
    print(f"training: {time.process_time() - began:.1f} CPU s, {state.step} steps, {numbers} parameters, error x{state.calibration:.2f},"
          f" held key {[round(e, 3) for e in state.held]}")  # fmt: skip
    return state


def made(footage: Lit, key_numbers: list[int], state: NetworkState) -> tuple[dict[int, dict[str, Float]], float]:
    results: dict[int, dict[str, Float]] = {}
    spent, toe, shares = 0.0, state.settings.toe, []
    drafts: dict[str, dict[int, Drafted]] = {"copied": {}, "combined": {}}
    distances: dict[int, float] = {}
    for number, copied, far in copies(footage, key_numbers, RepairSettings()):
        distances[number] = far
        plate, matte = footage.frame("plate", number), footage.frame("matte", number)
        began = time.process_time()
        residual, error = predict(state, plate, matte)
        out = combine(plate, copied, residual, error, matte=matte, away=far)
        spent += time.process_time() - began
        value = np.log1p(plate / toe) + matte[..., None] * residual
        alone = np.where(matte[..., None] > 0, np.sign(value) * toe * np.expm1(np.abs(value)), plate).astype(np.float32)
        results[number] = dict(zip(KINDS, (copied.rgb, alone, out.rgb), strict=False))
        keys = [key_numbers[i] for i, _ in time_weights(number, key_numbers)]
        drafts["copied"][number] = plate, matte, copied, keys
        mixed = copied if number in key_numbers else Repaired(out.rgb, out.delta, out.weights, out.copied_from)
        drafts["combined"][number] = plate, matte, mixed, keys if number in key_numbers else [*keys, NETWORK]
        if number not in key_numbers:
            shares.append(float(out.weights[-1][matte > 0.5].mean()) / 65536)
    guides = {n: guide(footage.frame("plate", n), settings=RepairSettings()) for n in footage.numbers}
    for kind, made_so in drafts.items():
        for number, rgb, _ in steadied(made_so, distances, guides, key_numbers, RepairSettings(), {}):
            results[number][f"{kind}, steadied"] = rgb
    print(
        f"the network's share inside the matte: {100 * np.mean(shares):.1f} % (frames {100 * min(shares):.1f} to {100 * max(shares):.1f} %)"
    )
    return results, spent / len(results) / (plate.shape[0] * plate.shape[1] / 1e6)


def scored(footage: Lit, key_numbers: list[int], results: dict[int, dict[str, Float]], folder: Path) -> dict[str, Scores]:
    for kind in ("truth", "plate", "matte", *KINDS):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in footage.numbers:
            if kind == "matte":
                cv2.imwrite(str(folder / kind / f"{number}.png"), np.rint(footage.frame(kind, number) * 255).astype(np.uint8))
            else:
                write(folder / kind / f"{number}.exr", results[number][kind] if kind in KINDS else footage.frame(kind, number))
    places = {"plate": folder / "plate", "matte": folder / "matte", "keys": set(key_numbers)}
    return {kind: score(folder / "truth", folder / kind, **places) for kind in KINDS}


def sheet(footage: Lit, key_numbers: list[int], results: dict[int, dict[str, Float]], path: Path) -> None:
    """Copied | network | combined | truth, and below each its difference x8, for the three frames where the copy is worst."""

    def wrong(number: int, kind: str) -> Float:
        return np.abs(encoded(results[number][kind]) - encoded(footage.frame("truth", number)))

    worst = sorted((n for n in results if n not in key_numbers), key=lambda n: -float((wrong(n, "copied") ** 2).mean()))[:3]
    rows = []
    for number in worst:
        truth = encoded(footage.frame("truth", number))
        rows.append(np.hstack([*(encoded(results[number][kind]) for kind in KINDS), truth]))
        rows.append(np.hstack([*(np.clip(wrong(number, kind) * 8, 0, 1) for kind in KINDS), np.zeros_like(truth)]))
    print(f"sheet: frames {worst}")
    cv2.imwrite(str(path), np.rint(np.vstack(rows)[..., ::-1] * 255).astype(np.uint8))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, default=HERE.parent / "demo" / "performer_a")
    parser.add_argument("--keys", default="1001,1024,1048")
    parser.add_argument("--steps", type=int, default=NetworkSettings().steps)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--light", default="1,1", help="gain at the first and at the last frame")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path)
    return parser.parse_args()


def main() -> None:
    given = options()
    if not available():
        print("bench/network.py: torch is not there: pip install 'bottega[learn]'")
        return
    cv2.setNumThreads(1)
    numbers = sorted(int(p.stem) for p in given.footage.joinpath("plate").glob("*.exr"))
    first, last = (float(v) for v in given.light.split(","))
    footage, keys = Lit(given.footage, numbers, (first, last)), [int(n) for n in given.keys.split(",")]
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    state = trained(footage, keys, NetworkSettings(steps=given.steps, seed=given.seed))
    results, each = made(footage, keys, state)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"predicting and combining: {each:.2f} CPU s per megapixel-frame; peak memory of all this {peak:.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        print("|  | psnr | worst | ssim | p99 | outside | flicker |\n|---|---|---|---|---|---|---|")
        for kind, s in scored(footage, keys, results, given.out or Path(folder)).items():
            print(f"| {kind} | {s.psnr:.2f} | {s.psnr_worst:.2f} | {s.ssim:.4f} | {s.p99:.4f} | {s.outside:g} | {s.flicker:.2f} |")
    if given.sheet:
        sheet(footage, keys, results, given.sheet)


if __name__ == "__main__":
    main()
