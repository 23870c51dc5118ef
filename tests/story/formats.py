"""Plates and keys in the formats that film uses, written by other tools than ours, each with the samples that went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenEXR
import OpenImageIO as oiio

from bottega.footage.colour import to_working

from .stage import picture

Box = tuple[int, int, int, int]  # x, y, width, height
WORLD: Box = (-8, -6, 112, 76)
DISPLAY: Box = (0, 0, 96, 64)
SMALL: Box = (2, 4, 90, 57)  # holds all of the matte: work beyond the data window would widen it
LINEAR, SRGB, LOG = "lin_rec709_srgb", "srgb_tx", "acescct"
Still = Callable[[Path, np.ndarray, Box], np.ndarray]


def cut(array: np.ndarray, box: Box, world: Box = WORLD) -> np.ndarray:
    x, y = box[0] - world[0], box[1] - world[1]
    return array[y : y + box[3], x : x + box[2]]


def scene(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Scene-linear light (H, W, 3) and matte (H, W) over WORLD."""
    return picture(number, (WORLD[3], WORLD[2]))


def alpha() -> np.ndarray:
    """A soft edge all around, over WORLD, as half floats."""
    rows, columns = np.mgrid[: WORLD[3], : WORLD[2]]
    inner = np.minimum.reduce([rows - 8, columns - 10, WORLD[3] - 9 - rows, WORLD[2] - 11 - columns])
    return np.clip(inner / 6, 0, 1).astype(np.float16)


def window(box: Box) -> tuple[np.ndarray, np.ndarray]:
    x, y, w, h = box
    return np.array([x, y], np.int32), np.array([x + w - 1, y + h - 1], np.int32)


def exr(path: Path, channels: dict[str, np.ndarray], box: Box, *, parts_before: Sequence[OpenEXR.Part] = (), name: str = "beauty") -> None:
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    header |= {"dataWindow": window(box), "displayWindow": window(DISPLAY)}
    plain = {n: np.ascontiguousarray(c) for n, c in channels.items()}
    with OpenEXR.File([*parts_before, OpenEXR.Part(header, plain, name)]) as file:
        file.write(str(path))


def half(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    native = rgb.astype(np.float16)
    exr(path, dict(zip("RGB", np.moveaxis(native, -1, 0), strict=True)), box)
    return native


def full(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    native = (rgb + np.float32(1e-6)).astype(np.float32)
    exr(path, dict(zip("BGR", np.moveaxis(native[..., ::-1], -1, 0), strict=True)), box)
    return native


def layered(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    """The picture in the second part and under a layer's name; a depth part before it, an id channel beside it."""
    native = rgb.astype(np.float16)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    header |= {"dataWindow": window(box), "displayWindow": window(DISPLAY)}
    depth = OpenEXR.Part(header, {"depth.Z": np.ones(rgb.shape[:2], np.float32)}, "depth")
    channels = {f"rgba.{c}": native[..., i] for i, c in enumerate("RGB")} | {"mask": native[..., 0]}
    exr(path, channels, box, parts_before=[depth])
    return native


def premultiplied(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    held = cut(alpha(), box)
    native = (rgb * held[..., None].astype(np.float32)).astype(np.float16)
    exr(path, {**{c: native[..., i] for i, c in enumerate("RGB")}, "A": held}, box)
    return native


def _still(path: Path, codes: np.ndarray, kind: str, **attributes: int) -> np.ndarray:
    spec = oiio.ImageSpec(codes.shape[1], codes.shape[0], 3, kind)
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), value)
    out = oiio.ImageOutput.create(str(path))
    assert out and out.open(str(path), spec) and out.write_image(np.ascontiguousarray(codes)) and out.close()
    return codes


def codes_of(rgb: np.ndarray, bits: int) -> np.ndarray:
    return np.round(np.clip(rgb, 0, 1) * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def eight(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    return _still(path, codes_of(rgb, 8), "uint8")


def sixteen(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    return _still(path, codes_of(rgb, 16), "uint16")


def tiff_float(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    return _still(path, rgb.astype(np.float32), "float")


def dpx10(path: Path, rgb: np.ndarray, box: Box) -> np.ndarray:
    ten = np.round(np.clip(rgb, 0, 1) * 1023).astype(np.uint16)
    _still(path, (ten << 6) | (ten >> 4), "uint16", oiio__BitsPerSample=10)
    return (ten << 6) | (ten >> 4)


def encoded(linear: np.ndarray, space: str) -> np.ndarray:
    """Scene-linear Rec.709 to a plate's space."""
    return linear if space == LINEAR else to_working(np.ascontiguousarray(linear, np.float32), LINEAR, space)


def decoded(codes: np.ndarray, space: str) -> np.ndarray:
    """Samples of a plate to scene-linear Rec.709, float32."""
    plain = codes / np.float32(np.iinfo(codes.dtype).max) if codes.dtype.kind == "u" else codes
    values = np.ascontiguousarray(plain, np.float32)
    return values if space == LINEAR else to_working(values, space, LINEAR)


@dataclass(frozen=True)
class Codec:
    """How a movie is written."""

    name: str
    pixels: str
    file: str
    options: dict[str, str]


CODECS = {
    "prores": Codec("prores_ks", "yuv422p10le", "plate.mov", {"profile": "3"}),
    "h264": Codec("libx264", "yuv420p", "plate.mp4", {"crf": "8", "g": "12", "bf": "2"}),
    "dnxhr": Codec("dnxhd", "yuv422p", "dnxhr.mov", {"profile": "dnxhr_hq"}),
}


def movie(path: Path, pictures: Sequence[np.ndarray], codec: Codec) -> None:
    """sRGB-encoded pictures 0..1 as a Rec.709-tagged movie of 24 frames a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec.name, rate=Fraction(24), options=codec.options)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], codec.pixels
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1
        for rgb in pictures:
            made = av.VideoFrame.from_ndarray(codes_of(rgb, 16), format="rgb48le")
            container.mux(stream.encode(made.reformat(format=codec.pixels, src_color_range=2, dst_colorspace=1, dst_color_range=1)))
        container.mux(stream.encode())
