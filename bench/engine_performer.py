"""Keyed repair on a shot with ground truth: score, time, look.

    python bench/engine_performer.py --footage DIR [--keys 1001,1024,1048] [--out DIR] [--score score.py] [--sheet]
                                     [--width 1920] [--frames N] [--set NAME=VALUE]

DIR holds plate/NNNN.exr, truth/NNNN.exr, matte/NNNN.png, keys/NNNN.png (sRGB). Prints CPU seconds per megapixel-frame for guides and
walks and for rendering, peak memory, and (with --score) the scores of the saved frames. Run it twice: the first run compiles the kernels.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
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
    Change,
    Key,
    Neighbour,
    Repaired,
    RepairSettings,
    Walk,
    away,
    by_motion,
    chain,
    change_of,
    guide,
    in_order,
    look,
    prepare_key,
    render,
    start_walk,
    steady,
    step_flow,
    step_walk,
    time_weights,
)
from bottega.engine.network import NetworkState, combine, predict

Float = NDArray[np.float32]
Drafted = tuple[Float, Float, Repaired, list[int]]  # plate, matte, the frame before it is steadied, what its weights stand for
NETWORK = -1  # stands for the network beside key frames

HERE = Path(__file__).resolve().parent


def read(path: Path) -> Float:
    """EXR as it is; a PNG with three channels from sRGB to linear, with one as it is."""
    if path.suffix == ".exr":
        import OpenEXR

        with OpenEXR.File(str(path)) as file:
            channels = file.parts[0].channels
            return np.ascontiguousarray(channels["RGB"].pixels.astype(np.float32))
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    scaled = values / (65535.0 if values.dtype == np.uint16 else 255.0)
    if scaled.ndim == 2:
        return scaled.astype(np.float32)
    rgb = scaled[..., 2::-1]
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def write(path: Path, rgb: Float) -> None:
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"RGB": rgb.astype(np.float16)}) as file:
        file.write(str(path))


def encoded(rgb: Float) -> Float:
    a = np.clip(rgb, 0, 1)
    return np.where(a <= 0.0031308, a * 12.92, 1.055 * a ** (1 / 2.4) - 0.055).astype(np.float32)


class Footage:
    """Frames of the folder, resized on request, one at a time."""

    def __init__(self, folder: Path, width: int | None) -> None:
        self.folder, self.width = folder, width

    def frame(self, kind: str, number: int) -> Float:
        path = next(self.folder.joinpath(kind).glob(f"{number}.*"))
        array = read(path)
        if self.width is None:
            return array
        size = (self.width, round(self.width * 9 / 16))
        return np.clip(cv2.resize(array, size, interpolation=cv2.INTER_CUBIC), 0, 1 if array.ndim == 2 else None)


def clock(total: dict[str, float], name: str, since: float) -> None:
    total[name] = total.get(name, 0.0) + time.process_time() - since


def repaired(
    footage: Footage,
    numbers: list[int],
    key_numbers: list[int],
    settings: RepairSettings,
    spent: dict[str, float],
    network: NetworkState | None = None,
) -> Iterator[tuple[int, Float, Float]]:
    keys: list[Key] = []
    for number in key_numbers:
        plate, painted, matte = (footage.frame(kind, number) for kind in ("plate", "keys", "matte"))
        began = time.process_time()
        keys.append(prepare_key(plate, painted, frame=number, matte=matte, settings=settings))
        clock(spent, "keys", began)
    yield from carried(footage, numbers, keys, settings, spent, network)


def carried(
    footage: Footage,
    numbers: list[int],
    keys: list[Key],
    settings: RepairSettings,
    spent: dict[str, float],
    network: NetworkState | None = None,
) -> Iterator[tuple[int, Float, Float]]:
    """Carry prepared keys over the frames, ask the network, if there is one, and steady what comes of it."""
    key_numbers = [key.frame for key in keys]
    guides, looks = {}, {}
    for number in numbers:
        plate = footage.frame("plate", number)
        began = time.process_time()
        guides[number], looks[number] = guide(plate, settings=settings), look(plate, settings=settings)
        clock(spent, "guides", began)
    wanted = {n: time_weights(n, key_numbers) for n in numbers}
    walks = walked(keys, (guides, looks), wanted, settings, spent)
    drafts: dict[int, Drafted] = {}
    distances: dict[int, float] = {}
    for number in numbers:
        plate, matte = footage.frame("plate", number), footage.frame("matte", number)
        began = time.process_time()
        offers = [Candidate(keys[i], walks[i, number], weight) for i, weight in wanted[number]]
        offers = list(by_motion(offers, matte=matte))
        drafts[number] = plate, matte, render(plate, offers, matte=matte, settings=settings), [c.key.frame for c in offers]
        distances[number] = away(offers, matte=matte)
        if network is not None and not any(c.at_key for c in offers):
            drafts[number] = asked(network, drafts[number], distances[number])
        clock(spent, "render", began)
    yield from steadied(drafts, distances, guides, key_numbers, settings, spent)


def walked(
    keys: list[Key],
    seen: tuple[dict[int, NDArray[np.uint8]], dict[int, NDArray[np.uint8]]],
    wanted: dict[int, tuple[tuple[int, float], ...]],
    settings: RepairSettings,
    spent: dict[str, float],
) -> dict[tuple[int, int], Walk]:
    """By the key's place and the frame, as far as each key is wanted."""
    guides, looks = seen
    walks: dict[tuple[int, int], Walk] = {}
    for i, key in enumerate(keys):
        for direction in (1, -1):
            walk, number = start_walk(key), key.frame
            walks[i, number] = walk
            while any(i in dict(wanted[n]) for n in [number + direction] if n in wanted):
                began = time.process_time()
                there = number + direction
                walk = step_walk(key, walk, guides[number], guides[there], settings=settings, frame=there, look=looks[there])
                clock(spent, "walks", began)
                number += direction
                walks[i, number] = walk
    return walks


def asked(network: NetworkState, draft: Drafted, far: float) -> Drafted:
    """A frame with the network's second opinion."""
    plate, matte, made, keys = draft
    out = combine(plate, made, *predict(network, plate, matte), matte=matte, away=far)
    return plate, matte, Repaired(out.rgb, out.delta, out.weights, out.copied_from), [*keys, NETWORK]


def steadied(
    drafts: dict[int, Drafted],
    distances: dict[int, float],
    guides: dict[int, NDArray[np.uint8]],
    key_numbers: list[int],
    settings: RepairSettings,
    spent: dict[str, float],
) -> Iterator[tuple[int, Float, Float]]:
    """Filter each frame along the motion with its neighbours up to the next keys."""
    flows: dict[tuple[int, int], Float] = {}
    changes: dict[int, Change] = {}
    for number, (plate, matte, repaired, have) in drafts.items():
        began = time.process_time()
        changes.setdefault(number, change_of(plate, repaired, settings=settings, away=distances[number]))
        neighbours = []
        for side in (1, -1) if settings.steady_frames and number not in key_numbers else ():
            flow, at = None, number
            for _ in range(settings.steady_frames):
                if at + side not in drafts or (at in key_numbers):
                    break
                if (at, at + side) not in flows:
                    flows[at, at + side] = step_flow(guides[at], guides[at + side], settings=settings)
                flow = flows[at, at + side] if flow is None else chain(flow, flows[at, at + side])
                at += side
                there, reach, draft, keys = drafts[at]
                if at not in changes:
                    changes[at] = change_of(there, draft, settings=settings, away=distances[at])
                weights = in_order(draft.weights, keys, want=have)
                neighbours.append(Neighbour(at - number, changes[at], weights, reach, flow))
        result = steady(plate, repaired, neighbours, reach=matte, settings=settings, change=changes[number])
        flows = {pair: kept for pair, kept in flows.items() if abs(pair[0] - number) <= 8}
        changes = {n: kept for n, kept in changes.items() if n >= number - 8}
        clock(spent, "steady", began)
        yield number, result.rgb, matte


def sheet(footage: Footage, results: dict[int, Float], key_numbers: list[int], path: Path) -> None:
    """plate | ours | truth | difference x8, for the two best and the four worst frames."""
    errors = {}
    for number, rgb in results.items():
        inside = footage.frame("matte", number) > 0.5
        errors[number] = float(((encoded(rgb) - encoded(footage.frame("truth", number)))[inside] ** 2).mean())
    order = sorted((n for n in results if n not in key_numbers), key=lambda n: errors[n])
    rows = []
    for number in order[:2] + order[-4:]:
        ours, truth = encoded(results[number]), encoded(footage.frame("truth", number))
        rows.append(np.hstack([encoded(footage.frame("plate", number)), ours, truth, np.clip(np.abs(ours - truth) * 8, 0, 1)]))
        print(f"sheet row: frame {number}, {-10 * np.log10(errors[number]):.1f} dB")
    cv2.imwrite(str(path), np.rint(np.vstack(rows)[..., ::-1] * 255).astype(np.uint8))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, default=HERE.parent / "demo" / "performer_a")
    parser.add_argument("--keys", default="1001,1024,1048")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--score", type=Path, default=HERE / "score.py")
    parser.add_argument("--sheet", action="store_true")
    parser.add_argument("--width", type=int)
    parser.add_argument("--frames", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of RepairSettings")
    return parser.parse_args()


def main() -> None:
    given = options()
    with tempfile.TemporaryDirectory() as folder:
        given.out = given.out or (Path(folder) if given.width is None and given.frames is None else None)
        measure(given)


def measure(given: argparse.Namespace) -> None:
    cv2.setNumThreads(1)
    pairs = (item.split("=") for item in given.set)
    settings = RepairSettings(**{name: int(value) if value.isdigit() else float(value) for name, value in pairs})
    footage = Footage(given.footage, given.width)
    key_numbers = [int(n) for n in given.keys.split(",")]
    numbers = sorted(int(p.stem) for p in given.footage.joinpath("plate").glob("*.exr"))[: given.frames]
    key_numbers = [n for n in key_numbers if n in numbers]
    spent: dict[str, float] = {}
    results = {}
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
    for number, rgb, _ in repaired(footage, numbers, key_numbers, settings, spent):
        results[number] = rgb
        if given.out:
            write(given.out / f"{number}.exr", rgb)
    megapixels = results[numbers[0]].shape[0] * results[numbers[0]].shape[1] / 1e6
    each = {name: round(seconds / megapixels / len(numbers), 3) for name, seconds in spent.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    print(f"CPU s per megapixel-frame {sum(each.values()):.2f} {each}, {len(numbers)} frames of {megapixels:.2f} MP, peak {peak:.0f} MB")
    if given.sheet and given.out:
        sheet(footage, results, key_numbers, given.out.parent / f"{given.out.name}_sheet.png")
    if given.score and given.out:
        folders = [f"--{kind}={given.footage / kind}" for kind in ("truth", "plate", "matte")]
        subprocess.run([sys.executable, str(given.score), f"--result={given.out}", *folders, f"--keys={given.keys}"], check=True)


if __name__ == "__main__":
    main()
