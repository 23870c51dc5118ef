"""Tiny real pictures for the cases that need pixels: a plate of a few frames, a painted key, mattes; and what may be wrong with a file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO
from numpy.typing import NDArray

from .neutral import UnsupportedError

FIRST, FRAMES, SIZE = 1001, 4, (64, 96)
COLOUR = "lin_rec709_srgb"
Pixels = NDArray[np.float32]


class Painting:
    """The files as they come from a scan and a paint program."""

    def __init__(self, root: Path) -> None:
        self.plates, self.keys, self.mattes = (root / name for name in ("plates", "paint", "mattes"))
        for folder in (self.plates, self.keys, self.mattes):
            folder.mkdir(parents=True)
        for number in range(FIRST, FIRST + FRAMES):
            write_exr(self.plates / f"{number}.exr", _plate(number))
            write_png(self.mattes / f"{number}.png", _matte(number)[..., None], bits=8)
        write_png(self.key, self.key_codes())

    @property
    def key(self) -> Path:
        """The painted key of the first frame."""
        return self.keys / f"{FIRST}.png"

    @staticmethod
    def key_codes() -> Pixels:
        """What the artist painted: darker inside the matte, as display codes."""
        linear = _plate(FIRST) * (1 - 0.3 * _matte(FIRST)[..., None])
        return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.clip(linear, 0, 1) ** (1 / 2.4) - 0.055).astype(np.float32)


def _plate(number: int) -> Pixels:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    shift = number - FIRST
    waves = [np.sin((columns - shift) / 5 + 2 * c) + np.cos(rows / (4 + c)) + np.sin((columns - shift + rows) / 9) for c in range(3)]
    return (0.2 + 0.04 * np.stack(waves, -1)).astype(np.float16).astype(np.float32)


def _matte(number: int) -> Pixels:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    distance = np.hypot(rows - SIZE[0] / 2, columns - SIZE[1] / 3 - (number - FIRST))
    return np.clip((SIZE[0] / 4 - distance) / 3, 0, 1).astype(np.float32)


def write_exr(path: Path, rgb: Pixels, **more: NDArray[np.float16]) -> None:
    """A scan-line EXR with the colours and whatever other channels."""
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"RGB": np.ascontiguousarray(rgb.astype(np.float16)), **more}) as file:
        file.write(str(path))


def write_png(path: Path, values: Pixels, *, bits: int = 16) -> None:
    """Values 0 to 1 as an integer PNG."""
    kind = np.uint16 if bits == 16 else np.uint8
    codes = np.round(np.clip(values, 0, 1) * (2**bits - 1)).astype(kind)
    spec = OpenImageIO.ImageSpec(codes.shape[1], codes.shape[0], codes.shape[2], f"uint{bits}")
    out = OpenImageIO.ImageOutput.create(str(path))
    if not (out and out.open(str(path), spec) and out.write_image(np.ascontiguousarray(codes)) and out.close()):
        raise OSError(f"{path.name} cannot be written")


def _mirror(painting: Painting, file: Path) -> None:
    write_png(file, painting.key_codes()[:, ::-1])


def _repaint(painting: Painting, file: Path) -> None:
    if file.suffix == ".exr":
        write_exr(file, _plate(FIRST) * 0.9)
    else:
        write_png(file, painting.key_codes() * 0.9)


def _hide_tiff_page(painting: Painting, file: Path) -> None:
    codes = np.round(np.clip(painting.key_codes(), 0, 1) * 65535).astype(np.uint16)
    spec = OpenImageIO.ImageSpec(codes.shape[1], codes.shape[0], 3, "uint16")
    target = file.with_suffix(".tif")
    out = OpenImageIO.ImageOutput.create(str(target))
    out.open(str(target), (spec, spec))
    out.write_image(codes)
    out.open(str(target), spec, "AppendSubimage")
    out.write_image(np.ascontiguousarray(codes[:, ::-1]))
    out.close()
    file.unlink()


def _hide_exr_part(painting: Painting, file: Path) -> None:
    window = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    pixels = np.ascontiguousarray(_plate(FIRST).astype(np.float16))
    parts = [OpenEXR.Part(dict(window), {"RGB": pixels}, "rgb"), OpenEXR.Part(dict(window), {"RGB": pixels[:, ::-1].copy()}, "other")]
    OpenEXR.File(parts).write(str(file.with_suffix(".exr")))
    file.unlink()


def _hide_exr_channel(painting: Painting, file: Path) -> None:
    write_exr(file.with_suffix(".exr"), _plate(FIRST), hidden=np.ascontiguousarray(_plate(FIRST)[..., 0].astype(np.float16)))
    file.unlink()


def _hide_after_the_end(painting: Painting, file: Path) -> None:
    other = file.with_name("other.png")
    write_png(other, painting.key_codes()[::-1])
    file.write_bytes(file.read_bytes() + other.read_bytes())
    other.unlink()


def _break_credential(painting: Painting, file: Path) -> None:
    """A chunk that claims to be a C2PA manifest, and is none that holds."""
    data = file.read_bytes()
    body = struct.pack(">I4s", 16, b"jumb") + struct.pack(">I4s", 8, b"jumd")
    chunk = struct.pack(">I", len(body)) + b"caBX" + body + struct.pack(">I", zlib.crc32(b"caBX" + body))
    file.write_bytes(data[:33] + chunk + data[33:])


def _link(painting: Painting, file: Path) -> None:
    file.unlink()
    file.symlink_to(painting.mattes / f"{FIRST}.png")


ALTERATIONS: Mapping[str, Callable[[Painting, Path], None]] = {
    "mirror": _mirror,
    "repaint": _repaint,
    "link": _link,
    "hide_tiff_page": _hide_tiff_page,
    "hide_exr_part": _hide_exr_part,
    "hide_exr_channel": _hide_exr_channel,
    "hide_after_the_end": _hide_after_the_end,
    "break_credential": _break_credential,
}


def alter(painting: Painting, file: Path, how: str) -> None:
    """Change a file on the disk, as the step says."""
    if how not in ALTERATIONS:
        raise UnsupportedError(f"no way {how} to alter a file")
    ALTERATIONS[how](painting, file)
