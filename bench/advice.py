"""Is the advised key worth more than the middle of the longest gap, and how near is it to the best there is?

    OMP_NUM_THREADS=1 python bench/advice.py [--only light-2,eased] [--no-best] [--no-pair]

Shots of known truth: variations of demo/performer_a (bench/variations.py) under key sets of their own. The constants in engine/advice.py
were chosen on `chosen on`; the table says which rows are those, and which were never looked at before (`new`). Each row: PSNR (frames
that are no keys, as bench/score.py) with the given keys; what the middle key adds, the advised key, and the best of every third frame,
found at half size; what the advice expected. --pair adds the two advised keys, and the middles, to the shot as it ships.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

import score
from bottega.engine import RepairSettings
from bottega.jobs.recipes.advising import Advice, advise, compare, gaps, glance
from engine_performer import repaired
from variations import FIRST, LAST, SHOTS, Picture, Variation, blur, camera, grain, light, original, prop

Float = NDArray[np.float32]
WHOLE = tuple(range(FIRST, LAST + 1))
SETTINGS = RepairSettings()


def backwards(kind: str, frame: int) -> Float:
    return original(kind, FIRST + LAST - frame)


def eased(kind: str, frame: int) -> Float:
    """Still at first, then ever faster."""
    return original(kind, FIRST + round((LAST - FIRST) * ((frame - FIRST) / (LAST - FIRST)) ** 2))


def held(kind: str, frame: int) -> Float:
    """Held at both ends, fast in the middle."""
    t = (frame - FIRST) / (LAST - FIRST)
    return original(kind, FIRST + round((LAST - FIRST) * t * t * (3 - 2 * t)))


def _shot(name: str, picture: Picture, *keys: int) -> Variation:
    return Variation(name, picture, WHOLE, keys)


CHOSEN_ON = (
    _shot("plain-2", original, 1001, 1048), _shot("blur", blur, 1003, 1027, 1046), _shot("backwards", backwards, 1001, 1020, 1048),
    _shot("plain-b", original, 1010, 1040), _shot("grain", grain, 1001, 1024, 1048),
    _shot("eased", eased, 1001, 1030, 1048),
)  # fmt: skip
NEW = (
    _shot("light-2", light, 1005, 1030), _shot("prop-2", prop, 1001, 1048), _shot("camera-2", camera, 1008, 1044),
    _shot("held", held, 1001, 1048),
)  # fmt: skip
ALL = {shot.name: shot for shot in (*NEW, *CHOSEN_ON, SHOTS["plain"], SHOTS["fast"])}


class Bench:
    """Footage as engine_performer wants it, at a scale."""

    def __init__(self, shot: Variation, scale: float = 1.0) -> None:
        self.shot, self.scale = shot, scale

    def frame(self, kind: str, number: int) -> Float:
        full = self.shot.painted(number) if kind == "keys" else self.shot.picture(kind, number)
        if self.scale == 1:
            return full
        return np.ascontiguousarray(cv2.resize(full, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA))


def errors(bench: Bench, frames: Sequence[int], keys: Sequence[int], settings: RepairSettings) -> dict[int, float]:
    """Mean square error inside the matte, sRGB-encoded, by frame."""
    out = {}
    for n, rgb, matte in repaired(bench, list(frames), sorted(keys), settings, {}):
        away = score.encoded(rgb) - score.encoded(bench.frame("truth", n))
        out[n] = float((away[matte > 0.5] ** 2).mean())
    return out


def psnr(found: dict[int, float], keys: Sequence[int]) -> float:
    return float(np.mean([-10 * np.log10(max(e, 1e-12)) for n, e in found.items() if n not in keys]))


def around(frames: Sequence[int], keys: Sequence[int], new: int) -> tuple[list[int], list[int]]:
    """The gap that a new key lies in: its frames, and the keys that matter there."""
    before, after = [k for k in keys if k < new][-1:], [k for k in keys if k > new][:1]
    first, last = (before or frames[:1])[0], (after or frames[-1:])[0]
    return [n for n in frames if first <= n <= last], sorted([*before, new, *after])


def with_key(bench: Bench, base: dict[int, float], keys: Sequence[int], new: int, settings: RepairSettings) -> dict[int, float]:
    """Errors with one more key: only its gap is made again."""
    frames, there = around(bench.shot.frames, sorted(keys), new)
    return base | errors(bench, frames, there, settings)


def middle(frames: Sequence[int], keys: Sequence[int]) -> int:
    """The middle of the longest gap; outside the outermost keys counts too."""
    edges = sorted({frames[0], *keys, frames[-1]})
    _, first, last = max(((b - a, -a, b) for a, b in pairwise(edges)), key=lambda gap: gap[:2])
    return (-first + last) // 2


def advised(shot: Variation, count: int = 1) -> tuple[Advice, ...]:
    found = []
    for gap in gaps(shot.frames, shot.keys):
        seen = [glance(shot.picture("plate", n), shot.picture("matte", n), frame=n, settings=SETTINGS) for n in gap.frames]
        found.append(compare(seen, gap.columns, keys=gap.keys, settings=SETTINGS, stands_for=gap.stands_for))
    return advise(found, count=count)


def best(shot: Variation) -> int:
    """The best of every third frame, tried one by one at half size and without steadying."""
    half, quick = Bench(shot, 0.5), replace(SETTINGS, steady_frames=0)
    base = errors(half, shot.frames, shot.keys, quick)
    tried = [n for n in shot.frames[::3] if n not in shot.keys]
    return max(tried, key=lambda n: psnr(with_key(half, base, shot.keys, n, quick), [*shot.keys, n]))


def row(shot: Variation, *, seek: bool) -> bool:
    """Print a shot's row; whether the advised key beats the middle one."""
    bench = Bench(shot)
    base = errors(bench, shot.frames, shot.keys, SETTINGS)
    [advice] = advised(shot)
    frames = {"middle": middle(shot.frames, shot.keys), "advised": advice.frame, **({"best": best(shot)} if seek else {})}
    before = psnr(base, shot.keys)
    gains = {k: psnr(with_key(bench, base, shot.keys, n, SETTINGS), [*shot.keys, n]) - before for k, n in frames.items()}
    group = "new" if shot in NEW else "chosen on" if shot in CHOSEN_ON else "seen"
    cells = "  ".join(f"{frames[k]} {gains[k]:+.2f}" for k in frames)
    keys = ",".join(map(str, shot.keys))
    print(f"{shot.name:10} {group:9} {keys:15} {before:6.2f}  {cells}  {advice.gain_db:+.2f}", flush=True)
    return gains["advised"] > gains["middle"]


def pair() -> None:
    """The two advised keys on the shot as it ships, and the middles of its gaps."""
    shot = SHOTS["plain"]
    bench = Bench(shot)
    for name, new in (("advised", [a.frame for a in advised(shot, 2)]), ("middles", [1012, 1036])):
        found = errors(bench, shot.frames, [*shot.keys, *new], SETTINGS)
        values = [-10 * np.log10(e) for n, e in found.items() if n not in (*shot.keys, *new)]
        print(f"1001,1024,1048 and the two {name} {sorted(new)}: psnr {np.mean(values):.2f}, worst {min(values):.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(ALL), help="names, with commas; empty for none")
    parser.add_argument("--pair", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--best", action=argparse.BooleanOptionalAction, default=True, help="seek the best key as well: most of the time")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    print(f"{'shot':10} {'':9} {'keys':15} {'psnr':>6}  {'middle':10}  {'advised':10}  {'best of 3rd':10}  expected")
    names = [name for name in given.only.split(",") if name]
    won = [name for name in names if row(ALL[name], seek=given.best)]
    if names:
        new = [shot.name for shot in NEW if shot.name in names]
        print(f"advised beats the middle on {len(won)} of {len(names)}; of the new ones on {len(set(won) & set(new))} of {len(new)}")
    if given.pair:
        pair()


if __name__ == "__main__":
    main()
