"""Keys of one shot on another of the same look, with ground truth: how much of it a lent key is worth.

    OMP_NUM_THREADS=1 python bench/looks.py [--only wide,lamp] [--sheet DIR] [--learn]

Shot A is demo/performer_a with its painted keys 1001 and 1024. Each shot B is other frames of it (1005 to 1020, no key among them, a
blink at their end) through another camera or in another light; plate, truth and matte are changed in the same way. Prints machine and
command, then a row a shot: likeness and place of each key, PSNR inside the matte of doing nothing, of the lent keys (mean, worst frame),
and of the same two keys painted on B itself where they came to lie, SSIM, flicker (bench/score.py), CPU seconds a megapixel-frame.
--sheet writes plate | ours | truth | difference x8 of three frames a shot. --learn adds a line a shot: the same with a network that
learned from the lent keys where they lie (100 CPU seconds each; needs the extra `learn`).
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import score
from bottega.engine import Alignment, Key, RepairSettings, align, lay_pair, lend_key, prepare_key, sight
from bottega.engine.network import NetworkSettings, Pair, train
from engine_performer import carried, read
from variations import DEMO, original

Float = NDArray[np.float32]
KEYS = (1001, 1024)
FRAMES = tuple(range(1005, 1021))
GAP = 6


@dataclass(frozen=True)
class Second:
    """A second shot: `picture(kind, frame)` with kind plate, truth or matte."""

    name: str
    picture: Callable[[str, int], Float]

    def frame(self, kind: str, number: int) -> Float:
        return self.painted(number) if kind == "keys" else self.picture(kind, number)

    def painted(self, number: int) -> Float:
        code = np.rint(score.encoded(self.picture("truth", number)) * 65535) / 65535
        return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


def through(scale: float, angle: float, move: tuple[float, float], size: tuple[int, int] = (512, 512)) -> Callable[[str, int], Float]:
    """Another camera: the picture turned and scaled about its middle, moved, on a raster of another size, its edge continued."""

    def picture(kind: str, frame: int) -> Float:
        rgb = original(kind, frame)
        way = cv2.getRotationMatrix2D((rgb.shape[1] / 2, rgb.shape[0] / 2), angle, scale)
        way[:, 2] += np.array([size[0] - rgb.shape[1], size[1] - rgb.shape[0]]) / 2 + np.array(move)
        soft = rgb if scale >= 1 else cv2.GaussianBlur(rgb, (0, 0), 0.5 * np.sqrt(1 / scale**2 - 1) + 1e-3)
        beyond = cv2.BORDER_CONSTANT if kind == "matte" else cv2.BORDER_REPLICATE
        moved = cv2.warpAffine(soft, way, size, flags=cv2.INTER_CUBIC, borderMode=beyond)
        return np.clip(moved, 0, 1 if kind == "matte" else None).astype(np.float32)

    return picture


def lit(picture: Callable[[str, int], Float], stops: float, warmth: float, across: float) -> Callable[[str, int], Float]:
    """Another light: darker or brighter, warmer, and falling off to one side."""

    def relit(kind: str, frame: int) -> Float:
        rgb = picture(kind, frame)
        if kind == "matte":
            return rgb
        side = np.linspace(-1, 1, rgb.shape[1], dtype=np.float32)[None, :, None]
        return (rgb * 2.0 ** (stops + across * side) * np.array([1 + warmth, 1, 1 - warmth])).astype(np.float32)

    return relit


def grained(picture: Callable[[str, int], Float]) -> Callable[[str, int], Float]:
    """Film grain, the same on plate and truth."""

    def noisy(kind: str, frame: int) -> Float:
        rgb = picture(kind, frame)
        if kind == "matte":
            return rgb
        noise = cv2.GaussianBlur(np.random.default_rng(frame).standard_normal(rgb.shape, np.float32), (0, 0), 0.7)
        return (rgb * np.exp(0.11 * noise)).astype(np.float32)

    return noisy


def unlike(kind: str, frame: int) -> Float:
    """No head at all: soft noise under the head's matte."""
    if kind == "matte":
        return original(kind, frame)
    noise = np.random.default_rng(3).standard_normal((512, 512, 3)).astype(np.float32)
    layers = [cv2.GaussianBlur(noise, (0, 0), s) * s for s in (2, 5, 12, 30)]
    return np.exp(-1.5 + 0.8 * np.sum(layers, 0)).astype(np.float32)


def upside_down(kind: str, frame: int) -> Float:
    """The head on its head: the same textures in no likely place."""
    return np.ascontiguousarray(original(kind, frame)[::-1])


def mirrored(kind: str, frame: int) -> Float:
    """The head from the other side: lit from there, too."""
    return np.ascontiguousarray(original(kind, frame)[:, ::-1])


SHOTS = {
    shot.name: shot
    for shot in (
        Second("same", original),
        Second("wide", through(0.65, 4, (40, -25), (640, 448))),
        Second("close", through(1.3, -3, (-20, 30))),
        Second("lamp", lit(original, -1.3, 0.25, 0.7)),
        Second("all", grained(lit(through(0.8, -6, (-50, 30), (600, 480)), 1.0, -0.15, -0.5))),
        Second("unlike", unlike),
        Second("upside", upside_down),
        Second("mirror", mirrored),
    )
}


UNRELATED = ("unlike", "upside", "mirror")


def pair(number: int) -> tuple[Float, Float]:
    """A key of shot A: its plate and the painting as the artist saved it."""
    return original("plate", number), read(DEMO / "keys" / f"{number}.png")


def placed(shot: Second) -> Iterator[tuple[int, int, float]]:
    """Each key of A on the frame of B that is most like it: key, frame, likeness."""
    seen = [sight(shot.picture("plate", n), shot.picture("matte", n), frame=n) for n in FRAMES]
    for number in KEYS:
        plate, painted = pair(number)
        changed = (np.abs(painted - plate).max(-1) > 0.01 * (plate.max(-1) + 0.01)).astype(np.float32)
        key = sight(plate, changed * original("matte", number), frame=number)
        found = max((align(here, key).likeness, -here.frame) for here in seen)
        yield number, -found[1], found[0]


def lent(shot: Second, settings: RepairSettings, places: list[tuple[int, int, float]]) -> list[Key]:
    """The keys of A, brought to B."""
    out = []
    for number, place, _ in places:
        here, matte = shot.picture("plate", place), shot.picture("matte", place)
        out.append(lend_key(pair(number), here, aligned(shot, number, place), frame=place, matte=matte, settings=settings))
    return sorted(out, key=lambda key: key.frame)


def aligned(shot: Second, number: int, place: int) -> Alignment:
    """A key of A with the frame of B that it is laid on."""
    plate, painted = pair(number)
    changed = (np.abs(painted - plate).max(-1) > 0.01 * (plate.max(-1) + 0.01)).astype(np.float32) * original("matte", number)
    return align(sight(shot.picture("plate", place), shot.picture("matte", place), frame=place), sight(plate, changed, frame=number))


def learned(shot: Second, settings: RepairSettings, keys: list[Key], places: list[tuple[int, int, float]]) -> dict[int, Float]:
    """The shot with a network that learned from the lent keys where they lie."""
    pairs = []
    for number, place, _ in places:
        laid = lay_pair(pair(number), shot.picture("plate", place), aligned(shot, number, place), settings=settings)
        pairs.append(Pair(place, laid.plate, laid.painted, shot.picture("matte", place)))
    network = train(pairs, settings=NetworkSettings())
    return {n: rgb for n, rgb, _ in carried(shot, list(FRAMES), keys, settings, {}, network)}


def judged(shot: Second, made: dict[int, Float], leave: tuple[int, ...]) -> dict[str, float]:
    rows, flicker, last, outside = [], [], None, 0.0
    for n, rgb in made.items():
        true, ours, matte = score.encoded(shot.picture("truth", n)), score.encoded(rgb), shot.picture("matte", n)
        outside = max(outside, float(np.abs(rgb - shot.picture("plate", n))[matte == 0].max(initial=0)))
        if last is not None:
            flicker.append(float(np.sqrt(((ours - true - last) ** 2)[matte > 0.5].mean())))
        last = ours - true
        if n not in leave:
            rows.append(score._row(ours - true, score.ssim(ours, true), matte > 0.5))
    table = np.array(rows)
    found = {"psnr": table[:, 0].mean(), "worst": table[:, 0].min(), "ssim": table[:, 1].mean()}
    return found | {"flicker": 1000 * float(np.mean(flicker)), "outside": outside}


def sheet(shot: Second, made: dict[int, Float], path: Path) -> None:
    rows = []
    for n in (FRAMES[0], FRAMES[len(FRAMES) // 2], FRAMES[-1]):
        ours, truth = score.encoded(made[n]), score.encoded(shot.picture("truth", n))
        rows.append(np.hstack([score.encoded(shot.picture("plate", n)), ours, truth, np.clip(np.abs(ours - truth) * 8, 0, 1)]))
    cv2.imwrite(str(path), np.rint(np.vstack(rows)[..., ::-1] * 255).astype(np.uint8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SHOTS), help="names, with commas")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--learn", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    settings = RepairSettings()
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    print(
        f"{'shot':7} {'nothing':>7} {'lent':>6} {'worst':>6} {'own':>6} {'worst':>6} {'ssim':>6} {'flick':>6} {'out':>4} {'s/MPf':>6}  keys"
    )
    for name in given.only.split(","):
        measure(SHOTS[name], settings, given.sheet, learn=given.learn)


def measure(shot: Second, settings: RepairSettings, folder: Path | None, *, learn: bool) -> None:
    """One row, and its sheet."""
    began, spent = time.process_time(), dict[str, float]()
    places = list(placed(shot))
    said = ", ".join(f"{key} on {place} ({likeness:.3f})" for key, place, likeness in places)
    if shot.name in UNRELATED:
        print(f"{shot.name:7} {'':58}  {said}", flush=True)
        return
    if len({place for _, place, _ in places}) < len(places):
        places = [max(places, key=lambda one: one[2])]
    keys = lent(shot, settings, places)
    made = {n: rgb for n, rgb, _ in carried(shot, list(FRAMES), keys, settings, spent)}
    took = (time.process_time() - began) / (made[FRAMES[0]].size / 3e6 * len(FRAMES))
    nothing, found = judged(shot, {n: shot.picture("plate", n) for n in FRAMES}, ()), judged(shot, made, ())
    own = judged(shot, on_itself(shot, [k.frame for k in keys], settings), tuple(k.frame for k in keys))
    print(
        f"{shot.name:7} {nothing['psnr']:7.2f} {found['psnr']:6.2f} {found['worst']:6.2f} {own['psnr']:6.2f} {own['worst']:6.2f} "
        f"{found['ssim']:6.4f} {found['flicker']:6.2f} {found['outside']:4.1f} {took:6.2f}  {said}",
        flush=True,
    )
    if learn:
        made = learned(shot, settings, keys, places)
        found = judged(shot, made, ())
        both = f"{found['psnr']:6.2f} {found['worst']:6.2f} {'':13} {found['ssim']:6.4f} {found['flicker']:6.2f}"
        print(f"{'':7} {'learned':>7} {both}", flush=True)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        sheet(shot, made, folder / f"{shot.name}.png")


def on_itself(shot: Second, places: list[int], settings: RepairSettings) -> dict[int, Float]:
    """The shot with keys of its own where the lent ones came to lie."""
    painted = [
        prepare_key(shot.picture("plate", n), shot.painted(n), frame=n, matte=shot.picture("matte", n), settings=settings) for n in places
    ]
    return {n: rgb for n, rgb, _ in carried(shot, list(FRAMES), painted, settings, {})}


if __name__ == "__main__":
    main()
