"""Score a keyed repair against ground truth: frames in, one line of JSON out.

    python bench/score.py --truth DIR --result DIR [--plate DIR] [--matte DIR] [--keys 1001,1024,1048]

DIR holds one RGB picture a frame (EXR scene-linear Rec.709, or 8 or 16 bit PNG or TIFF, sRGB) whose name ends in the frame number.
Everything is measured on sRGB-encoded values in 0..1, and on frames that are no keys. Without arguments the plate of demo/performer_a
is scored: what doing nothing is worth.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
DEMO = Path(__file__).resolve().parents[1] / "demo" / "performer_a"
NOTHING_DONE = [
    *("--truth", str(DEMO / "truth"), "--result", str(DEMO / "plate"), "--plate", str(DEMO / "plate"), "--matte", str(DEMO / "matte")),
    *("--keys", "1001,1024,1048"),
]
PICTURES = (".exr", ".png", ".tif", ".tiff")
PLACES = {"psnr": 2, "psnr_worst": 2, "ssim": 4, "p99": 4, "outside": 6, "flicker": 2}


@dataclass(frozen=True)
class Scores:
    """How near a result is to the truth.

    frames      how many were scored
    missing     frames of the truth that the result lacks
    psnr        dB inside the matte (matte > 0.5), mean over frames; psnr_worst is the worst frame
    ssim        mean SSIM (11 x 11 Gaussian, sigma 1.5, luma) inside the matte
    p99         99th percentile of the absolute error inside the matte
    outside     largest absolute difference from the plate where the matte is 0 (must be 0); None without plate or matte
    flicker     rms inside the matte of the frame-to-frame change of the error, x 1000 (a steady error does not count)
    """

    frames: int
    missing: tuple[int, ...]
    psnr: float
    psnr_worst: float
    ssim: float
    p99: float
    outside: float | None
    flicker: float | None

    def rounded(self) -> dict[str, Any]:
        """The scores as they are printed."""
        values = asdict(self)
        return values | {name: round(values[name], places) for name, places in PLACES.items() if values[name] is not None}


def score(truth: Path, result: Path, *, plate: Path | None = None, matte: Path | None = None, keys: Collection[int] = ()) -> Scores:
    """Score the frames of a folder. Without `matte` the matte is where plate and truth differ, without `plate` too it is everywhere.

    Raises FileNotFoundError or ValueError that names the folder, file or frame.
    """
    truths, results = numbered(truth), numbered(result)
    plates, mattes = numbered(plate) if plate else {}, numbered(matte) if matte else {}
    rows, outside, flicker = [], [], []
    last: Float | None = None
    for number in sorted(set(truths) & set(results)):
        true, made = read(truths[number]), read(results[number])
        if true.shape != made.shape:
            raise ValueError(f"frame {number}: the truth is {true.shape}, the result is {made.shape}")
        inside_0_1 = _matte(number, true, plates, mattes)
        if number in plates and number in mattes and (inside_0_1 == 0).any():
            outside.append(float(np.abs(made - read(plates[number]))[inside_0_1 == 0].max()))
        error, inside = made - true, inside_0_1 > 0.5
        if last is not None and inside.any():
            flicker.append(float(np.sqrt(((error - last) ** 2)[inside].mean())))
        last = error
        if number not in keys and inside.any():
            rows.append(_row(error, ssim(made, true), inside))
    if not rows:
        raise ValueError(f"nothing to score: {truth} and {result} have no frame in common that is no key")
    table = np.array(rows)
    return Scores(
        frames=len(rows),
        missing=tuple(sorted(set(truths) - set(results))),
        psnr=float(table[:, 0].mean()),
        psnr_worst=float(table[:, 0].min()),
        ssim=float(table[:, 1].mean()),
        p99=float(table[:, 2].mean()),
        outside=max(outside) if outside else None,
        flicker=1000 * float(np.mean(flicker)) if flicker else None,
    )


def read(path: Path) -> Float:
    """A picture as sRGB-encoded values in 0..1: (H, W, 3), or (H, W) for a grey file."""
    if path.suffix.lower() == ".exr":
        import OpenEXR

        with OpenEXR.File(str(path)) as file:
            return encoded(_rgb(file.parts[0].channels))
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{path}: not readable as a picture")
    scaled = pixels.astype(np.float32) / (65535 if pixels.dtype == np.uint16 else 255)
    return scaled if scaled.ndim == 2 else np.ascontiguousarray(scaled[..., 2::-1])


def encoded(linear: NDArray[Any]) -> Float:
    """Scene-linear values clipped to 0..1 and encoded as sRGB (IEC 61966-2-1)."""
    a = np.clip(np.nan_to_num(linear.astype(np.float32)), 0, 1)
    return np.where(a <= 0.0031308, a * 12.92, 1.055 * a ** (1 / 2.4) - 0.055).astype(np.float32)


def numbered(folder: Path) -> dict[int, Path]:
    """The pictures of a folder by frame number. Raises FileNotFoundError when there is none."""
    found = {
        int(number[1]): path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in PICTURES and (number := re.search(r"(\d+)$", path.stem))
    }
    if not found:
        raise FileNotFoundError(f"{folder}: no pictures with a frame number at the end of their names")
    return found


def ssim(a: Float, b: Float) -> Float:
    """Structural similarity of two RGB pictures, by pixel (Wang et al. 2004), on luma."""
    x, y = (cv2.cvtColor(p.astype(np.float32), cv2.COLOR_RGB2GRAY) for p in (a, b))

    def mean(p: Float) -> Float:
        return cv2.GaussianBlur(p, (11, 11), 1.5)

    mx, my = mean(x), mean(y)
    vx, vy, cxy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    return ((2 * mx * my + 1e-4) * (2 * cxy + 9e-4)) / ((mx * mx + my * my + 1e-4) * (vx + vy + 9e-4))


def _rgb(channels: Mapping[str, Any]) -> NDArray[Any]:
    if "RGB" in channels:
        return channels["RGB"].pixels
    if "RGBA" in channels:
        return channels["RGBA"].pixels[..., :3]
    names = {name.split(".")[-1]: name for name in channels}
    return np.stack([channels[names[c]].pixels for c in "RGB"], -1)


def _matte(number: int, true: Float, plates: Mapping[int, Path], mattes: Mapping[int, Path]) -> Float:
    if number in mattes:
        matte = read(mattes[number])
        return matte if matte.ndim == 2 else matte[..., 0]
    if number in plates:
        return (np.abs(true - read(plates[number])).max(-1) > 1 / 255).astype(np.float32)
    return np.ones(true.shape[:2], np.float32)


def _row(error: Float, similar: Float, inside: NDArray[np.bool_]) -> tuple[float, float, float]:
    psnr = -10 * np.log10(max(float((error[inside] ** 2).mean()), 1e-12))
    return float(psnr), float(similar[inside].mean()), float(np.quantile(np.abs(error[inside]), 0.99))


def main(arguments: list[str]) -> int:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("truth", "result", "plate", "matte"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--keys", default="", help="frame numbers to leave out, with commas")
    given = parser.parse_args(arguments or NOTHING_DONE)
    if given.truth is None or given.result is None:
        parser.error("--truth and --result are needed")
    try:
        keys = {int(k) for k in given.keys.split(",") if k}
        scores = score(given.truth, given.result, plate=given.plate, matte=given.matte, keys=keys)
    except (OSError, ValueError) as problem:
        print(f"score: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(scores.rounded()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
