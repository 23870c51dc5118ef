"""Pictures made for the tests of the footage room, and a door that notes who asked."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO

from bottega import footage
from bottega.model import ConsentError, Exemplar, FrameRange, Reason, Role, Take, TakeState, Use

LIN = "lin_rec709_srgb"
SRGB = "srgb_tx"


@dataclass
class Door:
    """Admits everything, or refuses everything, and notes each question."""

    refuses: bool = False
    asked: list[str] = field(default_factory=list)

    def admit(self, clearance: object, digest: str) -> None:
        self.asked.append(digest)
        if self.refuses:
            raise ConsentError(Reason("no_consent", "the test's door is shut"))


def window(x: int, y: int, width: int, height: int) -> Any:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)


def half_picture(height: int = 24, width: int = 32, seed: int = 1, *, high: float = 4.0, low: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (height, width, 3)).astype(np.float16)


def write_exr(path: Path, channels: dict[str, np.ndarray], *, data: Any = None, display: Any = None, **attributes: Any) -> Path:
    height, width = next(iter(channels.values())).shape[:2]
    data = data or window(0, 0, width, height)
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": data,
        "displayWindow": display or data,
        **attributes,
    }
    # the library reads a strided array as if it were not
    with OpenEXR.File(header, {n: np.ascontiguousarray(c) for n, c in channels.items()}) as file:
        file.write(str(path))
    return path


def write_rgb(
    path: Path, rgb: np.ndarray, *, alpha: np.ndarray | None = None, colour: str | None = "lin_rec709_scene", **more: Any
) -> Path:
    channels = dict(zip("RGB", np.moveaxis(rgb, -1, 0), strict=True))
    if alpha is not None:
        channels["A"] = alpha
    attributes = {"colorInteropId": colour} if colour else {}
    return write_exr(path, channels, **attributes, **more)


def write_still(path: Path, pixels: np.ndarray, **attributes: Any) -> Path:
    pixels = np.atleast_3d(pixels)
    kinds = {"uint8": "UINT8", "uint16": "UINT16", "float16": "HALF", "float32": "FLOAT"}
    spec = OpenImageIO.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], getattr(OpenImageIO, kinds[str(pixels.dtype)]))
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), value)
    out = OpenImageIO.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(np.ascontiguousarray(pixels)), out.geterror()
    out.close()
    return path


def png_chunk(name: bytes, body: bytes) -> bytes:
    import zlib

    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(path: Path, name: bytes, body: bytes) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[:33] + png_chunk(name, body) + data[33:])
    return path


def sealed(path: Path | str, role: Role = Role.PLATE, colour: str | None = None, first_frame: int = 1001) -> Exemplar:
    return footage.seal(footage.find(path, first_frame), role=role, colour=colour)


def opened(path: Path | str, role: Role = Role.PLATE, working: str | None = LIN, colour: str | None = None, **more: Any) -> Any:
    return footage.open_frames(sealed(path, role, colour), "clearance", door=Door(), working=working, **more)


def read_one(path: Path | str, role: Role = Role.PLATE, working: str | None = LIN, number: int = 1001, **more: Any) -> Any:
    with opened(path, role, working, **more) as frames:
        return frames.read(number)


def a_take(first: int = 1001, last: int = 1002) -> Take:
    return Take(
        take_id="t" * 32,
        show="demo",
        shot="sh010",
        job="deage",
        number=3,
        state=TakeState.MAKING,
        frames=FrameRange(first=first, last=last),
        colour=LIN,
        inputs=(),
        use=Use(show_id="0" * 32, shot="sh010", job="deage", inputs=()),
        settings={},
        seed=1,
        plan_digest="0" * 64,
        engine="test",
        versions={},
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def frame_out(plate: Any, rgb: np.ndarray | None = None, untouched: np.ndarray | None = None, number: int = 1001) -> Any:
    height, width = plate.rgb.shape[:2]
    rgb = plate.rgb.copy() if rgb is None else rgb
    ids = np.arange(height * width, dtype=np.uint32).reshape(height, width)
    return footage.FrameOut(
        number=number,
        plate=plate,
        rgb=rgb,
        untouched=np.ones((height, width), bool) if untouched is None else untouched,
        delta=rgb - plate.rgb,
        matte=np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width),
        credit={"source": ids + np.uint32(2**32 - 2**20), "weight.0": ids},
        manifest='{"1":"key"}',
        credit_picture=(ids % 251)[..., None].repeat(3, -1).astype(np.uint8),
    )
