"""Ways to carry painted keys over a shot, side by side, judged by bench/score.py in one run.

    OMP_NUM_THREADS=1 python bench/recipes.py [--footage DIR] [--keys 1001,1024,1048] [--frames N] [--only warp,ours]
                                                  [--steps N] [--out DIR]

warp          the painted key itself, moved along the flow, the two nearest keys mixed by time
split band    what was painted as a change in two bands, moved along the flow: no shape, no weighing by motion, no steadying
network       the per-shot network alone (bottega.engine.network); left out, and said so, without torch
by patches    EbSynth's recipe on our engine: each frame synthesised from a key, guided by plate, position and the frame before moved
              along the flow, once from the key before and once from the key after, mixed by time (Jamriska et al. 2019, simplified:
              no blending of gradients)
ours          as a take is made
learned       as a take with --learn is made: the network's second opinion, mixed in and steadied with the rest

Prints a row a recipe; CPU seconds are per million pixels of a frame, guides and walks counted in each row that uses them, the training
of the network in none: it is printed by itself. Writes
recipes.png to --out (build/bench): the best and the worst frame of the last recipe, each recipe above its difference from the truth x 8.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bottega.engine import (
    Candidate,
    Key,
    RepairSettings,
    Source,
    SynthesisSettings,
    Target,
    Walk,
    carry,
    guide,
    plan,
    prepare_key,
    render,
    start_walk,
    step_flow,
    step_walk,
    synthesise,
    time_weights,
)
from bottega.engine.network import NetworkSettings, NetworkState, Pair, available, predict, train
from engine_performer import Footage, encoded, repaired, write
from score import Scores, score

Float = NDArray[np.float32]
Made = Iterator[tuple[int, Float]]
ROOT = Path(__file__).resolve().parents[1]
SETTINGS = RepairSettings()
GAIN = 8
# Channels: plate's guide, position (2), frame before (3).
PATCHES = SynthesisSettings(patch=5, guide_weights=(2.0, 4.0, 4.0, 0.3, 0.3, 0.3), style_weight=1.0)


@dataclass
class Shot:
    """A shot and what the recipes share: guides and walks, made once, with the CPU seconds that they took."""

    footage: Footage
    numbers: list[int]
    keys: list[int]
    steps: int
    spent: dict[str, float] = field(default_factory=dict)

    def served(self, number: int) -> list[tuple[int, float]]:
        return [(self.keys[i], w) for i, w in time_weights(number, self.keys)]

    def prepared(self) -> dict[int, Key]:
        return {
            k: prepare_key(*(self.footage.frame(kind, k) for kind in ("plate", "keys")), frame=k, matte=self.footage.frame("matte", k),
                           settings=SETTINGS)
            for k in self.keys
        }  # fmt: skip

    @cached_property
    def guides(self) -> dict[int, NDArray[np.uint8]]:
        return {n: guide(self.footage.frame("plate", n), settings=SETTINGS) for n in self.numbers}

    @cached_property
    def walks(self) -> dict[tuple[int, int], Walk]:
        """By key and frame, as far as each key serves."""
        began = time.process_time()
        wanted = {n: dict(self.served(n)) for n in self.numbers}
        out = {}
        for k, key in self.prepared().items():
            for direction in (1, -1):
                walk, n = start_walk(key), k
                out[k, n] = walk
                while n + direction in wanted and k in wanted[n + direction]:
                    walk = step_walk(key, walk, self.guides[n], self.guides[n + direction], settings=SETTINGS, frame=n + direction)
                    n += direction
                    out[k, n] = walk
        self.spent["walks"] = time.process_time() - began
        return out

    @cached_property
    def network(self) -> NetworkState:
        pairs = [Pair(k, *(self.footage.frame(kind, k) for kind in ("plate", "keys", "matte"))) for k in self.keys]
        began = time.process_time()
        state = train(pairs, settings=NetworkSettings(steps=self.steps))
        self.spent["training"] = time.process_time() - began
        print(f"training: {self.spent['training']:.0f} CPU s, {state.step} steps")
        return state


def within(shot: Shot, number: int, made: Float) -> Float:
    """A made picture inside the matte, the plate outside."""
    plate, matte = shot.footage.frame("plate", number), shot.footage.frame("matte", number)[..., None]
    return np.where(matte > 0, plate + matte * (made - plate), plate).astype(np.float32)


def warp(shot: Shot) -> Made:
    for n in shot.numbers:
        moved = sum(np.float32(w) * carry(shot.footage.frame("keys", k), shot.walks[k, n])[0] for k, w in shot.served(n))
        yield n, within(shot, n, np.asarray(moved, np.float32))


def split_band(shot: Shot) -> Made:
    def no_shape(plate: tuple[Float, object], *_: object, **__: object) -> Float:
        return np.zeros((*plate[0].shape[:2], 2), np.float32)

    with patch("bottega.engine.keys.painted_shape", no_shape):
        keys = shot.prepared()
    for n in shot.numbers:
        offers = [Candidate(keys[k], shot.walks[k, n], w) for k, w in shot.served(n)]
        yield n, render(shot.footage.frame("plate", n), offers, matte=shot.footage.frame("matte", n), settings=SETTINGS).rgb


def network(shot: Shot) -> Made:
    state = shot.network
    toe = state.settings.toe
    for n in shot.numbers:
        plate, matte = shot.footage.frame("plate", n), shot.footage.frame("matte", n)
        value = np.sign(plate) * np.log1p(np.abs(plate) / toe) + matte[..., None] * predict(state, plate, matte)[0]
        made = np.sign(value) * toe * np.expm1(np.abs(value))
        yield n, np.where(matte[..., None] > 0, made, plate).astype(np.float32)


def by_patches(shot: Shot) -> Made:
    """Outwards from each key, then mixed by time."""
    passes = {(k, n): made for k in shot.keys for n, made in _outwards(shot, k)}
    for n in shot.numbers:
        codes = sum(np.float32(w) * passes[k, n] for k, w in shot.served(n))
        yield n, within(shot, n, _decoded(np.asarray(codes, np.float32)))


def _outwards(shot: Shot, key: int) -> Made:
    style = encoded(shot.footage.frame("keys", key))
    source = Source(style, np.concatenate([_look(shot, key), _position(style.shape, None), style], -1))
    for direction in (1, -1):
        last, n = style, key
        yield n, style
        while (key, n + direction) in shot.walks:
            back = step_flow(shot.guides[n + direction], shot.guides[n], settings=SETTINGS)
            n += direction
            rows, columns = np.mgrid[: style.shape[0], : style.shape[1]].astype(np.float32)
            before = cv2.remap(last, columns + back[..., 0], rows + back[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            at = _position(style.shape, shot.walks[key, n].map_to_key)
            target = Target(np.concatenate([_look(shot, n), at, before], -1), picture=before, mask=shot.footage.frame("matte", n) > 0)
            whole = plan(style.shape[:2], style.shape[:2], style_channels=3, guide_channels=6, settings=PATCHES)
            last = np.asarray(synthesise(whole, source, target, threads=1).image, np.float32)
            yield n, last


def _look(shot: Shot, n: int) -> Float:
    return (shot.guides[n].astype(np.float32) / 255)[..., None]


def _position(shape: tuple[int, ...], shift: Float | None) -> Float:
    """Where each pixel lies on the key, 0..1 across and down."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    at = np.stack([columns, rows], -1) + (0 if shift is None else shift)
    return (at / np.array([shape[1], shape[0]], np.float32)).astype(np.float32)


def _decoded(code: Float) -> Float:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


def ours(shot: Shot) -> Made:
    for n, rgb, _ in repaired(shot.footage, shot.numbers, shot.keys, SETTINGS, {}):
        yield n, rgb


def ours_learned(shot: Shot) -> Made:
    for n, rgb, _ in repaired(shot.footage, shot.numbers, shot.keys, SETTINGS, {}, shot.network):
        yield n, rgb


RECIPES: dict[str, tuple[Callable[[Shot], Made], bool]] = {
    "warp": (warp, True),
    "split band": (split_band, True),
    "network": (network, False),
    "by patches": (by_patches, True),
    "ours": (ours, False),
    "learned": (ours_learned, False),
}  # and whether the walks count towards its time
LEARNED = ("network", "learned")


def measured(shot: Shot, names: list[str], folder: Path) -> tuple[dict[str, Scores], dict[str, float]]:
    """Make the shot by every recipe into folders, and score them. CPU seconds a megapixel-frame beside."""
    for kind in ("truth", "plate", "matte"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for n in shot.numbers:
            values = shot.footage.frame(kind, n)
            if kind == "matte":
                cv2.imwrite(str(folder / kind / f"{n}.png"), np.rint(values * 65535).astype(np.uint16))
            else:
                write(folder / kind / f"{n}.exr", values)
    megapixels = values.size / 1e6 * len(shot.numbers)
    scores, seconds = {}, {}
    for name in names:
        recipe, walked = RECIPES[name]
        if walked:
            assert shot.walks
        if name in LEARNED:
            assert shot.network.done
        began = time.process_time()
        (folder / name).mkdir()
        for n, rgb in recipe(shot):
            write(folder / name / f"{n}.exr", rgb)
        seconds[name] = (time.process_time() - began + (shot.spent["walks"] if walked else 0)) / megapixels
        scores[name] = score(folder / "truth", folder / name, plate=folder / "plate", matte=folder / "matte", keys=set(shot.keys))
        print(line(name, scores[name], seconds[name]), flush=True)
    return scores, seconds


def line(name: str, found: Scores, seconds: float) -> str:
    outside = "" if found.outside is None else f"{found.outside:.4f}"
    return (
        f"| {name} | {found.psnr:.2f} | {found.psnr_worst:.2f} | {found.ssim:.4f} | {found.p99:.4f} | {found.flicker or 0:.2f} | {outside} "
        f"| {seconds:.2f} |"
    )


def sheet(shot: Shot, names: list[str], folder: Path, path: Path) -> list[int]:
    """The best and the worst frame of the last recipe: each recipe, and below it its difference from the truth."""
    from score import numbered, read

    made = {name: numbered(folder / name) for name in names}
    truths, mattes = numbered(folder / "truth"), numbered(folder / "matte")

    def error(n: int) -> float:
        inside = read(mattes[n]) > 0.5
        return float(((read(made[names[-1]][n]) - read(truths[n]))[inside] ** 2).mean())

    order = sorted((n for n in shot.numbers if n not in shot.keys), key=error)
    rows = []
    for n in dict.fromkeys((order[0], order[-1])):
        truth = read(truths[n])
        shown = [read(made[name][n]) for name in names]
        rows.append(np.hstack([*(_named(p, f"{n} {name}") for p, name in zip(shown, names, strict=True)), _named(truth, f"{n} truth")]))
        rows.append(np.hstack([*(np.clip(np.abs(p - truth) * GAIN, 0, 1) for p in shown), encoded(shot.footage.frame("plate", n))]))
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.rint(np.vstack(rows)[..., ::-1] * 255).astype(np.uint8))
    return list(dict.fromkeys((order[0], order[-1])))


def _named(shown: Float, text: str) -> Float:
    written = np.zeros(shown.shape[:2], np.uint8)
    cv2.putText(written, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    return np.maximum(shown, written[..., None].astype(np.float32) / 255)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, default=ROOT / "demo" / "performer_a")
    parser.add_argument("--keys", default="1001,1024,1048")
    parser.add_argument("--frames", type=int)
    parser.add_argument("--only", default=",".join(RECIPES), help="names, with commas")
    parser.add_argument("--steps", type=int, default=NetworkSettings().steps, help="of the network's training")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    names = [name.strip() for name in given.only.split(",")]
    unknown = [name for name in names if name not in RECIPES]
    if unknown:
        parser.error(f"--only {unknown[0]}: allowed are {', '.join(RECIPES)}")
    numbers = sorted(int(p.stem) for p in given.footage.joinpath("plate").glob("*.exr"))[: given.frames]
    keys = [n for n in map(int, given.keys.split(",")) if n in numbers]
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    for name in [] if available() else [n for n in LEARNED if n in names]:
        names.remove(name)
        print(f"{name}: left out, torch is not there: pip install 'bottega[learn]'")
    print("| recipe | psnr | worst | ssim | p99 | flicker | outside | CPU s a MP-frame |\n|---|---|---|---|---|---|---|---|")
    shot = Shot(Footage(given.footage, None), numbers, keys, given.steps)
    with tempfile.TemporaryDirectory() as folder:
        measured(shot, names, Path(folder))
        shown = sheet(shot, names, Path(folder), given.out / "recipes.png")
    print(f"sheet: {given.out / 'recipes.png'}, frames {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
