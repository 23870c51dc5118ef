"""A shot of the corner building: plates of a hand-held pan with and without it, cameras by frame, and two exemplars.

    python demo/corner/plates.py FOLDER [--width 480] [--frames 1001-1036]

The pan turns about the wide picture's camera, so each frame is a homography of it: exact, no parallax. Grain is added after it.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import cv2
import numpy as np
import OpenEXR

HERE = Path(__file__).resolve().parent
SEED = 4
PIXELS_PER_METRE = 200


def load(path: Path) -> np.ndarray:
    with OpenEXR.File(str(path)) as file:
        return np.ascontiguousarray(file.parts[0].channels["RGB"].pixels.astype(np.float32))


def save(path: Path, rgb: np.ndarray) -> None:
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    }
    with OpenEXR.File(header, {"RGB": np.ascontiguousarray(rgb.astype(np.float16))}) as file:
        file.write(str(path))


def turns(count: int) -> np.ndarray:
    """(F, 3) pan, tilt, roll in radians: slow sines, as a hand moves."""
    t = np.arange(count) / 24
    pan, tilt = 0.7 * np.sin(0.9 * t + 0.4) + 0.16 * np.sin(3.1 * t), 0.4 * np.sin(0.7 * t + 1.9) + 0.1 * np.sin(4.3 * t)
    return np.radians(np.stack([pan, tilt, 0.12 * np.sin(1.3 * t)], -1))


def rotation(pan: float, tilt: float, roll: float) -> np.ndarray:
    y = np.array([[math.cos(pan), 0, math.sin(pan)], [0, 1, 0], [-math.sin(pan), 0, math.cos(pan)]])
    x = np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
    z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    return y @ x @ z


def lens(focal: float, width: int, height: int) -> np.ndarray:
    """Camera space, looking down −Z, to pixels with y down and centres at +0.5."""
    return np.array([[focal, 0, -width / 2], [0, -focal, -height / 2], [0, 0, -1.0]])


def warped(wide: np.ndarray, to_wide: np.ndarray, width: int, height: int) -> np.ndarray:
    """The wide picture through a homography: four by four cubic samples a pixel."""
    n = 4
    finer = to_wide @ np.diag([1 / n, 1 / n, 1.0])
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])  # from centres at +0.5 to cv2's
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    whole = cv2.warpPerspective(wide, shift @ finer @ np.linalg.inv(shift), (width * n, height * n), flags=how)
    return whole.reshape(height, n, width, n, 3).mean((1, 3))


def grain(rgb: np.ndarray, seed: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.standard_normal(rgb.shape).astype(np.float32), (0, 0), 0.6) * 2
    return rgb + noise * (0.0015 + 0.012 * np.sqrt(np.maximum(rgb, 0)))


def plates(folder: Path, width: int, first: int, last: int) -> None:
    camera = json.loads((HERE / "camera.json").read_text())["camera"]
    height, focal = width * 9 // 16, 28 / 36 * width
    wide_lens = lens(camera["focal_px"], *camera["resolution"])
    wide_to_world = np.array(camera["camera_to_world"])
    frames = {}
    pictures = {name: load(HERE / f"wide_{name}.exr") for name in ("with", "clean")}
    for name in pictures:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, turn in zip(range(first, last + 1), turns(last - first + 1), strict=True):
        turned = rotation(*turn)
        to_wide = wide_lens @ turned @ np.linalg.inv(lens(focal, width, height))
        to_world = wide_to_world.copy()
        to_world[:3, :3] = to_world[:3, :3] @ turned
        frames[str(number)] = {"camera_to_world": to_world.tolist()}
        for name, wide in pictures.items():
            save(folder / name / f"{number}.exr", grain(warped(wide, to_wide, width, height), (SEED, number)))
    reference = {"camera_to_world": wide_to_world.tolist(), "focal_px": camera["focal_px"]}
    (folder / "cameras.json").write_text(json.dumps({"focal_px": focal, "reference": reference, "frames": frames}))


def fractal(size: int, rng: np.random.Generator, slope: float = 1.0) -> np.ndarray:
    """(size, size) noise of deviation 1 whose amplitude falls with frequency."""
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)) + 1 / size
    out = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * f**-slope).real
    return (out - out.mean()) / out.std()


def broken(size: int = 512) -> np.ndarray:
    """Broken masonry: bricks and stones in crumbled mortar, rough light and dark."""
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[0:size, 0:size] + 9 * np.stack([fractal(size, rng), fractal(size, rng)])
    across, down = 0.25 * PIXELS_PER_METRE, 0.08 * PIXELS_PER_METRE
    row = np.floor(y / down)
    column = np.floor(x / across + 0.5 * (row % 2))
    inside = np.minimum(np.abs((y / down) % 1 - 0.5) * down, np.abs((x / across + 0.5 * (row % 2)) % 1 - 0.5) * across)
    brick = np.clip((0.5 * down - np.abs(((y / down) % 1) * down - 0.5 * down)) / 2.5, 0, 1)
    brick *= np.clip((0.5 * across - np.abs(((x / across + 0.5 * (row % 2)) % 1) * across - 0.5 * across)) / 2.5, 0, 1)
    tone = np.sin(row * 12.9898 + column * 78.233) * 43758.5453
    tone = tone - np.floor(tone)
    brick *= (fractal(size, rng, 1.2) > -0.9) & (inside > -1)
    stone = np.stack([0.30 + 0.16 * tone, 0.16 + 0.10 * tone, 0.11 + 0.07 * tone], -1)
    mortar = np.array([0.36, 0.33, 0.28]) * (1 + 0.10 * fractal(size, rng, 0.7))[..., None]
    colour = mortar + (stone - mortar) * brick[..., None]
    relief = fractal(size, rng, 1.1)
    shade = 1 + 0.22 * np.clip(np.gradient(relief, axis=0) + np.gradient(relief, axis=1), -2.5, 2.5)
    dust = np.clip(0.35 + 0.35 * fractal(size, rng, 1.3), 0, 1)[..., None]
    return np.clip((colour + (np.array([0.42, 0.39, 0.34]) - colour) * 0.6 * dust) * shade[..., None], 0.01, 1)


def rooms(size: int = 512) -> np.ndarray:
    """Rooms' walls: old plaster and paper in stains."""
    rng = np.random.default_rng(SEED + 1)
    patch = fractal(size, rng, 1.6)
    a, b = np.array([0.46, 0.42, 0.34]), np.array([0.34, 0.38, 0.36])
    colour = a + (b - a) * (1 / (1 + np.exp(-6 * patch)))[..., None]
    colour = colour * (1 + 0.07 * fractal(size, rng, 0.9) + 0.10 * fractal(size, rng, 1.4))[..., None]
    return np.clip(colour * 0.75, 0.01, 1)


def exemplars(folder: Path) -> None:
    (folder / "exemplars").mkdir(parents=True, exist_ok=True)
    for name, picture in (("broken", broken()), ("rooms", rooms())):
        coded = np.where(picture <= 0.0031308, picture * 12.92, 1.055 * picture ** (1 / 2.4) - 0.055)
        cv2.imwrite(str(folder / "exemplars" / f"{name}.png"), np.rint(coded[..., ::-1] * 65535).astype(np.uint16))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, default=480)
    parser.add_argument("--frames", default="1001-1036")
    given = parser.parse_args()
    first, last = map(int, given.frames.split("-"))
    plates(given.folder, given.width, first, last)
    exemplars(given.folder)


if __name__ == "__main__":
    main()
