"""What painting the other angles of a room costs, and how near its strokes are to the painting's.

    OMP_NUM_THREADS=1 python bench/concept_room.py FOLDER [--out FOLDER] [--depth-m 16] [--stand-in shelf=panelling ...]

FOLDER has ``labels.json`` (names and colours) and ``angle_1``, ``angle_2`` ... with line, flats, normal, depth and shade as PNG; one has
painted.png. Prints machine and command, and for every other angle: seconds and CPU seconds with two threads; the share of pixels whose
source has the label that is asked for; and, over the areas of one label, how lively strokes are in bands of about 1, 2 and 4 pixels and
how far they are alike (the lag at which their correlation is a half), each over the painting's. The same for a synthesis of that angle by
labels, shade and line alone, voted in means: what was usual. Ends with 1 if an angle took more than 60 CPU seconds, has less than 95 % of
its labels, or strokes more than a tenth off. With ``--out`` it writes both beside each other.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter, minimum_filter

from bottega.engine.concept.records import Room
from bottega.engine.concept.room import RoomSettings, paint_angles
from bottega.engine.synthesis import Source, SynthesisSettings, Target, plan, synthesise

MOST_S, LEAST_RIGHT, MOST_OFF = 60.0, 0.95, 0.1


def read(path: Path) -> Any:
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise SystemExit(f"{path} is not a picture")
    whole = values.astype(np.float32) / np.iinfo(values.dtype).max
    return whole[..., [2, 1, 0, *range(3, whole.shape[2])]] if whole.ndim == 3 else whole


def angle(folder: Path, labels: list[dict[str, Any]], depth_m: float) -> Room:
    flats = np.rint(read(folder / "flats.png")[..., :3] * 255).astype(int) @ (65536, 256, 1)
    index = np.full(flats.shape, 255, np.uint8)
    for k, label in enumerate(labels):
        index[flats == int(np.dot(label["rgb"], (65536, 256, 1)))] = k
    line, normal = read(folder / "line.png"), read(folder / "normal.png")[..., :3] * 2 - 1
    ink = (1 - line[..., :3].mean(-1)) * line[..., 3]
    planes = (normal, read(folder / "depth.png") * depth_m, read(folder / "shade.png"), ink)
    painted = None
    if (folder / "painted.png").exists():
        coded = read(folder / "painted.png")[..., :3]
        painted = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return Room(index, *(np.ascontiguousarray(p, np.float32) for p in planes), painted=painted)


def strokes(picture: Any, labels: Any, ask: Any) -> Any:
    """For each label of `ask`: liveliness in three bands, and the lag in pixels at which its strokes are half alike."""
    luma = np.sqrt(picture) @ (0.25, 0.5, 0.25)
    blurred = [luma, *(gaussian_filter(luma, sigma) for sigma in (1, 2, 4))]
    fine = luma - gaussian_filter(luma, 6)
    inside = maximum_filter(labels, 9) == minimum_filter(labels, 9)
    out = []
    for label in ask:
        here = inside & (labels == label)
        bands = [np.sqrt(((a - b)[here] ** 2).mean()) for a, b in pairwise(blurred)]
        alike = [1.0]
        while alike[-1] > 0.5:
            n = len(alike)
            pairs = [(here[:, n:] & here[:, :-n], fine[:, n:] * fine[:, :-n]), (here[n:] & here[:-n], fine[n:] * fine[:-n])]
            alike.append(float(np.mean([p[m].mean() for m, p in pairs]) / (fine[here] ** 2).mean()))
        out.append([*bands, len(alike) - 2 + (alike[-2] - 0.5) / (alike[-2] - alike[-1])])
    return np.array(out)


def report(name: str, key: Room, picture: Any, labels: Any) -> Any:
    """Print and give back the ratios, weighted by the labels' areas."""
    areas = {int(n): int((labels == n).sum()) for n in np.unique(labels)}
    ask = [n for n, area in areas.items() if area > 8000 and (key.labels == n).sum() > 8000]
    ratio = strokes(picture, labels, ask) / strokes(key.painted, key.labels, ask)
    mean = np.average(ratio, axis=0, weights=[areas[n] for n in ask])
    print(f"  {name:<28} bands 1, 2, 4 px {mean[0]:.2f} {mean[1]:.2f} {mean[2]:.2f}, length {mean[3]:.2f}")
    return mean


def plain(key: Room, room: Room, labels: Any) -> Any:
    """The angle by label, shade and line alone, in means."""
    assert key.painted is not None
    guides = [np.stack([one.shade, one.line], -1) for one in (key, room)]
    settings = SynthesisSettings(guide_weights=(1.5, 0.5))
    made = plan(key.labels.shape, labels.shape, guide_channels=2, settings=settings)  # type: ignore[arg-type]
    source, target = Source(np.sqrt(key.painted), guides[0], classes=key.labels), Target(guides[1], classes=labels)
    return synthesise(made, source, target, threads=2).image ** 2


def write(path: Path, pictures: list[Any]) -> None:
    wide = np.clip(np.hstack(pictures), 0, 1)
    coded = np.where(wide <= 0.0031308, wide * 12.92, 1.055 * wide ** (1 / 2.4) - 0.055)
    cv2.imwrite(str(path), np.rint(coded[..., ::-1] * 255).astype(np.uint8))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--depth-m", type=float, default=16.0)
    parser.add_argument("--stand-in", action="append", default=[])
    asked = parser.parse_args()
    print(platform.platform(), platform.machine(), "|", "python", *sys.argv)
    labels = json.loads((asked.folder / "labels.json").read_text())["labels"]
    names = [label["name"] for label in labels]
    rooms = {f.name: angle(f, labels, asked.depth_m) for f in sorted(asked.folder.glob("angle_*"))}
    key = next(room for room in rooms.values() if room.painted is not None)
    settings = RoomSettings(stand_ins=tuple((names.index(a), names.index(b)) for a, b in (s.split("=") for s in asked.stand_in)))
    half = Room(*(np.ascontiguousarray(p[:64, :64]) for p in (key.labels, key.normal, key.depth, key.shade, key.line)), painted=None)
    paint_angles(key, (half,), settings=settings)  # compiles
    good = True
    for name, room in rooms.items():
        if room is key:
            continue
        began, cpu = time.perf_counter(), time.process_time()
        made = paint_angles(key, (room,), settings=settings, threads=2)[0]
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        wanted = room.labels.copy()
        for label, like in made.stand_ins:
            wanted[room.labels == label] = like
        right = float((key.labels[made.positions[..., 1], made.positions[..., 0]] == wanted).mean())
        stood = ", ".join(f"{names[a]} as {names[b]}" for a, b in made.stand_ins) or "none"
        print(f"{name}: {wall:.1f} s, {cpu:.1f} CPU s; labels {100 * right:.2f} %; stand-ins: {stood}")
        off = np.abs(report("as painted here", key, made.picture, wanted) - 1).max()
        usual = plain(key, room, wanted)
        report("by label, shade, line; means", key, usual, wanted)
        good &= cpu <= MOST_S and right >= LEAST_RIGHT and off <= MOST_OFF
        if asked.out:
            write(asked.out / f"{name}.png", [made.picture, usual])
    print("within limits" if good else "NOT within limits")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
