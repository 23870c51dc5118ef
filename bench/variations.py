"""Variations of the shot with ground truth, so that no change is tuned to one shot: light, prop, camera, blur, grain, size, speed.

    OMP_NUM_THREADS=1 python bench/variations.py [--only light,prop] [--set NAME=VALUE] [--write DIR]

Each variation changes plate, truth and matte of demo/performer_a in the same way and takes its keys from the changed truth, as 16 bit sRGB.
Prints machine and command, then a row a variation: PSNR, worst frame, SSIM, 99th percentile, flicker (bench/score.py, key frames left
out), grain (deviation of the result's finest band over the plate's inside the matte, where there is grain), CPU seconds a megapixel-frame.
--write also writes the frames of the repaired shots as EXR, a folder a variation.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import score
from bottega.engine import RepairSettings
from engine_performer import read, repaired, write

Float = NDArray[np.float32]
Picture = Callable[[str, int], Float]

DEMO = Path(__file__).resolve().parents[1] / "demo" / "performer_a"
FIRST, LAST = 1001, 1048
SKIN = np.array([0.32, 0.20, 0.14], np.float32)


@dataclass(frozen=True)
class Variation:
    """A shot: `picture(kind, frame)` with kind plate, truth or matte; which frames it has, and which of them are keys."""

    name: str
    picture: Picture
    frames: tuple[int, ...]
    keys: tuple[int, ...]

    def painted(self, frame: int) -> Float:
        """The truth as a paint program would save it: sRGB, 16 bit, clipped at white."""
        code = np.rint(score.encoded(self.picture("truth", frame)) * 65535) / 65535
        return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def original(kind: str, frame: int) -> Float:
    path = next((DEMO / kind).glob(f"{frame}.*"))
    return read(path)


def light(kind: str, frame: int) -> Float:
    """A lamp that swells by two stops, warms, and moves across the face."""
    rgb = original(kind, frame)
    if kind == "matte":
        return rgb
    t = (frame - FIRST) / (LAST - FIRST)
    across = np.linspace(-1, 1, rgb.shape[1], dtype=np.float32)[None, :, None]
    gain = 2.0 ** (-1 + 1.6 * t + 0.5 * across * np.sin(2 * np.pi * t))
    return (rgb * gain * np.array([1 + 0.2 * t, 1, 1 - 0.25 * t], np.float32)).astype(np.float32)


def prop(kind: str, frame: int) -> Float:
    """A textured stick the width of two fingers crosses the face; the matte does not know of it."""
    rgb = original(kind, frame)
    if kind == "matte":
        return rgb
    height, width = rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    at = width * (0.1 + 0.8 * (frame - FIRST) / (LAST - FIRST))
    along = x - at + 0.25 * (y - height / 2)
    cover = np.clip((22 - np.abs(along)) / 1.5 + 0.5, 0, 1)[..., None]
    stripes = (0.55 + 0.25 * np.cos(along / 5) + 0.2 * np.sin(y / 9 + along / 14))[..., None]
    return (rgb + cover * (SKIN * stripes - rgb)).astype(np.float32)


def camera(kind: str, frame: int) -> Float:
    """A zoom by a third with a pan and a roll, hand-held."""
    rgb = original(kind, frame)
    t = (frame - FIRST) / (LAST - FIRST)
    size = (rgb.shape[1], rgb.shape[0])
    shake = np.array([3 * np.sin(1.7 * frame), 3 * np.cos(2.3 * frame)])
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), 8 * np.sin(3 * t), 1 + 0.33 * t)
    turn[:, 2] += shake + np.array([30 * t, -20 * t])
    moved = cv2.warpAffine(rgb, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(moved, 0, 1 if kind == "matte" else None).astype(np.float32)


def blur(kind: str, frame: int) -> Float:
    """The camera is hit: a move with its blur, up to 9 pixels long, comes and goes."""
    rgb = original(kind, frame)
    length, angle = 9 * np.sin(0.35 * frame) ** 2, 0.15 * frame
    steps = [np.float32([[1, 0, s * np.cos(angle)], [0, 1, s * np.sin(angle)]]) for s in np.linspace(-length / 2, length / 2, 11)]
    taken = [cv2.warpAffine(rgb, m, rgb.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for m in steps]
    return np.mean(taken, 0).astype(np.float32)


def grain(kind: str, frame: int) -> Float:
    """Film grain, the same on plate and truth, stronger in the middle tones."""
    rgb = original(kind, frame)
    if kind == "matte":
        return rgb
    noise = cv2.GaussianBlur(np.random.default_rng(frame).standard_normal(rgb.shape, np.float32), (0, 0), 0.7)
    return (rgb * np.exp(0.11 * noise)).astype(np.float32)


def double(kind: str, frame: int) -> Float:
    """Twice the size."""
    rgb = original(kind, frame)
    big = cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return np.clip(big, 0, 1 if kind == "matte" else None)


def fast(kind: str, frame: int) -> Float:
    """Every second frame only: motion twice as fast."""
    return original(kind, FIRST + 2 * (frame - FIRST))


def _shots() -> Iterator[Variation]:
    whole = tuple(range(FIRST, LAST + 1))
    yield Variation("plain", original, whole, (1001, 1024, 1048))
    yield Variation("one key", original, whole, (1024,))
    yield Variation("light", light, whole, (1001, 1024, 1048))
    yield Variation("prop", prop, whole, (1001, 1024, 1048))
    yield Variation("camera", camera, whole, (1001, 1030, 1048))
    yield Variation("blur", blur, whole, (1003, 1027, 1046))
    yield Variation("grain", grain, whole, (1001, 1024, 1048))
    yield Variation("fast", fast, tuple(range(1001, 1025)), (1002, 1018))
    yield Variation("double", double, tuple(range(1018, 1030)), (1018, 1029))


SHOTS = {shot.name: shot for shot in _shots()}


def finest(rgb: Float) -> Float:
    """The finest band of the luma, where grain lives, in the log of the light."""
    luma = np.log(np.maximum(rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32), 0) + 0.02)
    return luma - cv2.GaussianBlur(luma, (0, 0), 1.0)


def skin_grain(rgb: Float, plate: Float, inside: NDArray[np.bool_]) -> float:
    """Median over blocks of 8 x 8 inside the matte of the finest band's deviation, result over plate: 1 is the plate's grain."""
    ratios = []
    made, shot = finest(rgb), finest(plate)
    for y in range(0, rgb.shape[0] - 8, 8):
        for x in range(0, rgb.shape[1] - 8, 8):
            block = (slice(y, y + 8), slice(x, x + 8))
            if inside[block].all():
                ratios.append(made[block].std() / max(float(shot[block].std()), 1e-6))
    return float(np.median(ratios))


def judge(shot: Variation, results: Iterator[tuple[int, Float]]) -> dict[str, float]:
    """The scores of bench/score.py without a way over files, and the grain."""
    rows, flicker, grains, last = [], [], [], None
    outside = 0.0
    for frame, rgb in results:
        plate, matte = shot.picture("plate", frame), shot.picture("matte", frame)
        true, made = score.encoded(shot.picture("truth", frame)), score.encoded(rgb)
        error, inside = made - true, matte > 0.5
        outside = max(outside, float(np.abs(rgb - plate)[matte == 0].max(initial=0)))
        if last is not None:
            flicker.append(float(np.sqrt(((error - last) ** 2)[inside].mean())))
        last = error
        if frame not in shot.keys:
            rows.append(score._row(error, score.ssim(made, true), inside))
            if shot.name == "grain" and frame % 6 == 0:
                grains.append(skin_grain(rgb, plate, inside))
    table = np.array(rows)
    found = {"psnr": table[:, 0].mean(), "worst": table[:, 0].min(), "ssim": table[:, 1].mean(), "p99": table[:, 2].mean()}
    found |= {"flicker": 1000 * np.mean(flicker), "outside": outside}
    return found | ({"grain": float(np.mean(grains))} if grains else {})


class Bench:
    """A Footage as engine_performer wants it, made of a variation."""

    def __init__(self, shot: Variation) -> None:
        self.shot = shot

    def frame(self, kind: str, number: int) -> Float:
        return self.shot.painted(number) if kind == "keys" else self.shot.picture(kind, number)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SHOTS), help="names, with commas")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of RepairSettings")
    parser.add_argument("--write", type=Path)
    return parser.parse_args()


def kept(folder: Path | None, results: Iterator[tuple[int, Float, Float]]) -> Iterator[tuple[int, Float]]:
    for frame, rgb, _ in results:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            write(folder / f"{frame}.exr", rgb)
        yield frame, rgb


def main() -> None:
    given = options()
    cv2.setNumThreads(1)
    pairs = (item.split("=") for item in given.set)
    settings = RepairSettings(**{name: int(value) if value.isdigit() else float(value) for name, value in pairs})
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    print(f"{'shot':9} {'psnr':>6} {'worst':>6} {'ssim':>6} {'p99':>6} {'flick':>6} {'out':>4} {'grain':>6} {'s/MPf':>6}")
    for name in given.only.split(","):
        shot, spent = SHOTS[name], {}
        results = repaired(Bench(shot), list(shot.frames), list(shot.keys), settings, spent)
        found = judge(shot, kept(given.write and given.write / name, results))
        megapixels = shot.picture("matte", shot.frames[0]).size / 1e6 * len(shot.frames)
        grainy = f"{found['grain']:6.3f}" if "grain" in found else " " * 6
        print(
            f"{name:9} {found['psnr']:6.2f} {found['worst']:6.2f} {found['ssim']:6.4f} {found['p99']:6.4f} {found['flicker']:6.2f} "
            f"{found['outside']:4.1f} {grainy} {sum(spent.values()) / megapixels:6.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
