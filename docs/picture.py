"""Make docs/pictures/ from the demo's take: what the README shows.

    make demo                      once, it fills build/demo/
    python docs/picture.py         writes performer_a.png and performer_a_strip.png

`performer_a.png` has two frames between key frames, a row each: the plate; the result; what changed, times four; whose work each pixel is.
`performer_a_strip.png` has six frames in motion order, plate over result. Nothing is retouched: pictures are encoded as sRGB, cut to the
head and scaled down. The change is |result - plate| of the sRGB values, as on the take's contact sheet; the credit is the take's own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
TAKE = ROOT / "build" / "demo" / "my_show" / "sh010" / "deage" / "v001"
PLATES = ROOT / "demo" / "performer_a" / "plate"
OUT = Path(__file__).resolve().parent / "pictures"

FRAMES = (1010, 1034)  # of the key frames 1001, 1024, 1048: neither is near one
STRIP = (1005, 1013, 1020, 1029, 1036, 1043)
HEAD = (slice(0, 464), slice(40, 500))  # rows and columns that hold the head in every frame shown
CELL_WIDTH_PX, STRIP_WIDTH_PX, GAP_PX = 280, 192, 4
GAIN = 4.0
BEST_COMPRESSION = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS]

Picture = NDArray[np.uint8]


def screen(linear: NDArray[Any]) -> Picture:
    """Scene-linear Rec.709 as 8 bit sRGB (IEC 61966-2-1), rounded half up."""
    a = np.clip(linear.astype(np.float32), 0, 1)
    encoded = np.where(a <= 0.0031308, a * 12.92, 1.055 * a ** (1 / 2.4) - 0.055)
    return np.floor(encoded * 255 + 0.5).astype(np.uint8)


def exr(path: Path) -> Picture:
    """The first part's RGB, for a screen."""
    import OpenEXR

    with OpenEXR.File(str(path)) as file:
        return screen(file.parts[0].channels["RGB"].pixels)


def cells(number: int) -> list[Picture]:
    """Plate, result, change and credit of one frame."""
    name = f"{TAKE.name}.{number}"
    before, after = exr(PLATES / f"{number}.exr"), exr(TAKE / "frames" / f"sh010_deage_{name}.exr")
    change = np.clip(np.abs(after.astype(np.float32) - before) * GAIN, 0, 255).astype(np.uint8)
    credit = cv2.imread(str(TAKE / "credit" / f"sh010_deage_{name}.png"), cv2.IMREAD_COLOR)
    if credit is None:
        raise FileNotFoundError(f"credit picture of frame {number} in {TAKE}")
    return [before, after, change, np.ascontiguousarray(credit[..., ::-1])]


def small(picture: Picture, width_px: int) -> Picture:
    """The head, scaled down by area."""
    head = picture[HEAD]
    size = width_px, round(head.shape[0] * width_px / head.shape[1])
    return np.asarray(cv2.resize(head, size, interpolation=cv2.INTER_AREA), np.uint8)


def laid_out(rows: list[list[Picture]], width_px: int) -> Picture:
    """Rows of pictures with a white gap between them, so that it sits on a page."""
    gap = np.full((1, GAP_PX, 3), 255, np.uint8)
    lines: list[Picture] = []
    for row in rows:
        scaled = [small(p, width_px) for p in row]
        tall = np.repeat(gap, scaled[0].shape[0], 0)
        line = np.hstack([part for p in scaled for part in (tall, p)][1:])
        lines += [np.full((GAP_PX, line.shape[1], 3), 255, np.uint8), line]
    return np.vstack(lines[1:])


def write(name: str, picture: Picture) -> None:
    """A PNG, and how large it became."""
    path = OUT / name
    if not cv2.imwrite(str(path), picture[..., ::-1], BEST_COMPRESSION):
        raise OSError(f"{path} cannot be written")
    print(f"docs/pictures/{name}: {picture.shape[1]}x{picture.shape[0]}, {path.stat().st_size // 1000} kB")


def main() -> int:
    """Write both pictures."""
    if not (TAKE / "take.json").is_file():
        print("no take in build/demo: run `make demo` first", file=sys.stderr)
        return 1
    OUT.mkdir(exist_ok=True)
    write("performer_a.png", laid_out([cells(n) for n in FRAMES], CELL_WIDTH_PX))
    both = [cells(n)[:2] for n in STRIP]
    write("performer_a_strip.png", laid_out([[b for b, _ in both], [a for _, a in both]], STRIP_WIDTH_PX))
    return 0


if __name__ == "__main__":
    sys.exit(main())
