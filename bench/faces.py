"""What the shipped face detector finds and misses, on the demo's synthetic performer, changed one way at a time.

    BOTTEGA_FACE_PYTHON=faces/bin/python python bench/faces.py [FOLDER_WITHOUT_FACES ...]

Every fourth of the 48 frames; a face is found when at least half of a box lies on the head (the matte's bounding box) and the box
has a tenth of its area. Everything else that is found is a false alarm. Folders given hold pictures (EXR or PNG) without faces.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import OpenImageIO as oiio

from bottega.footage import display
from bottega.jobs.runner.haar import HaarDetector

PLATES = Path(__file__).parents[1] / "demo" / "performer_a"
FRAMES = range(1001, 1049, 4)
SPACE = "lin_rec709_srgb"
Change = Callable[[np.ndarray], np.ndarray]


def turned(degrees: float) -> Change:
    def change(picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)

    return change


def small(face_px: int) -> Change:
    """The whole picture shrunk into the middle of a grey one of the same size, until the head is about so wide."""

    def change(picture: np.ndarray) -> np.ndarray:
        out = np.full_like(picture, 0.05) if picture.ndim == 3 else np.zeros_like(picture)
        side = max(8, round(picture.shape[0] * face_px / 300))
        at = (picture.shape[0] - side) // 2
        out[at : at + side, at : at + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        return out

    return change


def covered(picture: np.ndarray) -> np.ndarray:
    """The lower half of the head under a flat grey, as behind a hand or a mask."""
    out = picture.copy()
    out[280:] = 0.18 if picture.ndim == 3 else picture[280:]
    return out


def same(picture: np.ndarray) -> np.ndarray:
    return picture


CASES: dict[str, tuple[Change, Change]] = {
    "as shot (head turns 38 degrees, blinks)": (same, same),
    **{f"turned in the picture by {d} degrees": (turned(d), turned(d)) for d in (10, 20, 30, 45, 90, 180)},
    **{f"darker by {s} stops": (lambda p, s=s: p / 2**s, same) for s in (2, 4, 6)},
    **{f"blurred, sigma {s} px": (lambda p, s=s: cv2.GaussianBlur(p, (0, 0), s), same) for s in (2, 4, 8, 16)},
    **{f"moving, {n} px across": (lambda p, n=n: cv2.blur(p, (n, 1)), same) for n in (16, 32, 64)},
    **{f"head {w} px wide": (small(w), small(w)) for w in (80, 40, 25, 15)},
    "lower face covered": (covered, same),
    "half of the face outside the picture": (lambda p: np.roll(p, -230, 1), lambda p: np.roll(p, -230, 1)),
}


def frame(number: int) -> tuple[np.ndarray, np.ndarray]:
    with OpenEXR.File(str(PLATES / "plate" / f"{number}.exr")) as file:
        rgb = file.channels()["RGB"].pixels.astype(np.float32)
    matte = oiio.ImageBuf(str(PLATES / "matte" / f"{number}.png")).get_pixels(oiio.FLOAT)[..., 0]
    return rgb, np.ascontiguousarray(matte)


def on_head(box: tuple[int, int, int, int], matte: np.ndarray) -> bool:
    rows, columns = np.nonzero(matte > 0.5)
    if not rows.size:
        return False
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    x, y, w, h = box
    shared = max(0, min(right, x + w) - max(left, x)) * max(0, min(bottom, y + h) - max(top, y))
    return bool(shared * 2 >= w * h and w * h * 10 >= (right - left) * (bottom - top))


def without_faces(folder: Path, looker: HaarDetector) -> tuple[int, int]:
    looked = found = 0
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".exr", ".png")):
        picture = oiio.ImageBuf(str(path))
        values = picture.get_pixels(oiio.FLOAT)
        if values.shape[2] < 3:
            continue
        rgb = np.ascontiguousarray(values[..., :3])
        shown = display(rgb, SPACE) if path.suffix == ".exr" else (rgb.clip(0, 1) * 255).astype(np.uint8)
        looked, found = looked + 1, found + len(looker.find(shown))
    return looked, found


def main() -> None:
    frames = [frame(n) for n in FRAMES]
    print("| picture | found | false alarms |\n|---|---|---|")
    with HaarDetector() as looker:
        spent = time.monotonic()
        for name, (of_plate, of_matte) in CASES.items():
            found = alarms = 0
            for rgb, matte in frames:
                boxes = looker.find(display(np.ascontiguousarray(of_plate(rgb).astype(np.float32)), SPACE))
                hits = [on_head(b, of_matte(matte)) for b in boxes]
                found, alarms = found + any(hits), alarms + hits.count(False)
            print(f"| {name} | {found} of {len(frames)} | {alarms} |", flush=True)
        each = (time.monotonic() - spent) / (len(CASES) * len(frames))
        for folder in sys.argv[1:]:
            looked, found = without_faces(Path(folder), looker)
            print(f"| {Path(folder).name}: {looked} pictures without a face | - | {found} |")
        print(f"\n{looker.version}, {dict(looker.settings)}, {each:.2f} s a picture of 512x512 pixels, wall")


if __name__ == "__main__":
    main()
