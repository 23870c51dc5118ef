"""Twelve looks of a croquis and its swatches, arrays to arrays, beside plain tiling.

    OMP_NUM_THREADS=1 python bench/concept.py [FOLDER] [--pictures DIR]

FOLDER has one or more croquis (folders with line.png, flats.png, labels.json, shade.png, fold_dir.png) and `swatches/` with their sizes in
swatches.json; without it, demo/concept, its croquis enlarged to 1200x1800. Cloth by cloth every larger part of the figure is worn by
turns. Prints machine and command, then CPU seconds: cloths made of swatches, first look of a croquis, each other look, and of the peer,
which repeats the swatch with numpy indexing: upright, no folds, no repeat found, nearest pixels. --pictures writes sheets, ours above.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine.concept.cloth import make_cloth
from bottega.engine.concept.flats import read_flats
from bottega.engine.concept.look import dress
from bottega.engine.concept.records import Cloth, Figure, Garment

DEMO = Path(__file__).resolve().parents[1] / "demo" / "concept"
LOOKS, ALLOWED_CPU_S = 12, 240.0
HEIGHT_CM, FINER = 182.0, 6.0
LARGE = 0.02  # of the figure: parts that are worn by turns
Float = NDArray[np.float32]


def linear(code: NDArray[Any]) -> Float:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)


def picture(path: Path) -> NDArray[Any]:
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if read is None:
        raise FileNotFoundError(path)
    read = read / (65535 if read.dtype == np.uint16 else 255)
    return read if read.ndim == 2 else read[..., [2, 1, 0, 3][: read.shape[2]]]


def croquis(folder: Path, times: int) -> Figure:
    """A figure whose first part is the paper."""
    names = json.loads((folder / "labels.json").read_text())["labels"]
    flats, line, shade, folds = (picture(folder / f"{n}.png") for n in ("flats", "line", "shade", "fold_dir"))
    if times > 1:
        flats = flats.repeat(times, 0).repeat(times, 1)
        line, shade, folds = (
            np.clip(cv2.resize(p, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), 0, 1) for p in (line, shade, folds)
        )
    colours = np.array([[int(n["color"][i : i + 2], 16) for i in (1, 3, 5)] for n in names], np.uint8)
    labels, coverage = read_flats(np.rint(flats[..., :3] * 255).astype(np.uint8), colours)
    drawn = np.flatnonzero((labels != 0).any(axis=1))
    ink = line[..., 3:].astype(np.float32)
    turned = np.concatenate([folds[..., :2] * 2 - 1, folds[..., 2:3]], axis=-1).astype(np.float32)
    grey = linear(shade if shade.ndim == 2 else shade[..., 0])
    scale = (drawn[-1] - drawn[0]) / HEIGHT_CM
    art = np.concatenate([linear(line[..., :3]) * ink, ink], axis=-1)
    return Figure(art, labels, tuple(n["name"] for n in names), float(scale), grey, turned, coverage)


def swatches(folder: Path) -> dict[str, tuple[Float, float, Any]]:
    """Name, pixels, pixels a cm, stated repeat."""
    if (folder / "swatches" / "swatches.json").is_file():
        listed = json.loads((folder / "swatches" / "swatches.json").read_text())
        rows = [(s["name"], folder / "swatches" / s["file"], s["width_cm"], s["repeat_cm"]) for s in listed]
    else:
        stated = tomllib.loads((folder / "cloths.toml").read_text())["swatch"]
        rows = [(s["name"], folder / s["file"], s["size_cm"][0], s.get("repeat_cm")) for s in stated]
    found = {}
    for name, path, wide, repeat in rows:
        pixels = linear(picture(path)[..., :3])
        found[name] = (pixels, pixels.shape[1] / wide, None if repeat is None else tuple(repeat))
    return found


def coarser(pixels: Float, px_per_cm: float, most: float) -> tuple[Float, float]:
    many = max(int(px_per_cm // most), 1)
    high, wide = (side // many for side in pixels.shape[:2])
    cut = pixels[: high * many, : wide * many].reshape(high, many, wide, many, 3)
    return cut.mean(axis=(1, 3), dtype=np.float64).astype(np.float32), px_per_cm / many


def outfit(figure: Figure, cloths: dict[str, Cloth], number: int) -> tuple[Garment, ...]:
    area = np.bincount(figure.labels.ravel(), minlength=256)[: len(figure.names)]
    large = [n for i, n in enumerate(figure.names) if i and n not in ("skin", "hair") and area[i] > LARGE * area[1:].sum()]
    names = list(cloths)
    return tuple(
        Garment((part,), names[(number + 3 * i) % len(names)], cloths[names[(number + 3 * i) % len(names)]]) for i, part in enumerate(large)
    )


def plain(figure: Figure, garments: tuple[Garment, ...], raw: dict[str, tuple[Float, float, Any]]) -> Float:
    """The peer."""
    out = np.ones((*figure.labels.shape, 3), np.float32)
    for garment in garments:
        pixels, scale, _ = raw[garment.source]
        y, x = np.nonzero(figure.part(garment.parts[0]))
        step = scale / figure.px_per_cm
        colour = pixels[(y * step).astype(int) % pixels.shape[0], (x * step).astype(int) % pixels.shape[1]]
        out[y, x] = colour if figure.shade is None else colour * figure.shade[y, x, None]
    return figure.line[..., :3] + (1 - figure.line[..., 3:]) * out


def sheet(rows: list[list[Float]], path: Path) -> None:
    codes = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    codes = np.where(codes <= 0.0031308, codes * 12.92, 1.055 * np.maximum(codes, 0) ** (1 / 2.4) - 0.055)
    cv2.imwrite(str(path), np.rint(np.clip(codes, 0, 1) * 255).astype(np.uint8)[..., ::-1])


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    made = function()
    return made, time.process_time() - start


def board(figure: Figure, cloths: dict[str, Cloth], raw: dict[str, tuple[Float, float, Any]], count: int) -> tuple[list[Any], list[Float]]:
    """Looks with their seconds, and the peer's."""
    kept: dict[Any, Any] = {}
    ours, theirs = [], []
    for number in range(count):
        worn = outfit(figure, cloths, number)
        look, seconds = timed(lambda worn=worn: dress(figure, worn, drapes=kept))
        outside = figure.line[..., 3] < 0.05
        for layer, garment in zip(look.layers[1:-1], worn, strict=True):
            assert not layer.pixels[outside & ~figure.part(garment.parts[0])].any(), "cloth outside of its part"
        ours.append((look.picture, seconds))
        theirs.append(timed(lambda worn=worn: plain(figure, worn, raw)))
    return ours, theirs


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument("folder", nargs="?", type=Path, default=DEMO)
    given.add_argument("--pictures", type=Path)
    asked = given.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}: python bench/concept.py", *sys.argv[1:])
    folders = sorted(p.parent for p in asked.folder.glob("*/flats.png"))
    figures = [croquis(folder, 2 if asked.folder == DEMO else 1) for folder in folders]
    raw = swatches(asked.folder)
    most = FINER * figures[0].px_per_cm

    def made(names: list[str]) -> dict[str, Cloth]:
        return {n: make_cloth(*coarser(*raw[n][:2], most), repeat_cm=raw[n][2]) for n in names}

    board(figures[0], made(list(raw)[:2]), raw, 2)  # compiled once, not counted
    cloths, seconds = timed(lambda: made(list(raw)))
    boards = [board(figure, cloths, raw, LOOKS // len(figures)) for figure in figures]
    first, others = ([s for ours, _ in boards for _, s in ours[part]] for part in (slice(0, 1), slice(1, None)))
    total, peer = seconds + sum(first) + sum(others), sum(s for _, theirs in boards for _, s in theirs)
    high, wide = figures[0].labels.shape
    print(f"{len(cloths)} cloths {seconds:.1f}; first look of a croquis {np.mean(first):.2f}; every other look {np.mean(others):.2f}")
    print(f"{len(first) + len(others)} looks of {wide}x{high}: {total:.1f} CPU s; peer {peer:.1f}")
    if asked.pictures is not None:
        for number, (ours, theirs) in enumerate(boards):
            sheet([[p for p, _ in ours[:3]], [p for p, _ in theirs[:3]]], asked.pictures / f"looks_{number}.png")
    return int(total > ALLOWED_CPU_S)


if __name__ == "__main__":
    sys.exit(main())
