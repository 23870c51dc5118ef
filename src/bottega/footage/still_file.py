"""PNG, TIFF and DPX, by OpenImageIO, which is told to change nothing: no alpha multiplied, no colour guessed."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from bottega.model import FootageError

from .frame import Box, Decoded, Samples

_MAGIC = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "dpx": (b"SDPX", b"XPDS"),
}
_FORMATS = {".png": "png", ".tif": "tiff", ".tiff": "tiff", ".dpx": "dpx"}
_PHOTOMETRIC = (0, 1, 2, 3)  # TIFF 6.0: white is zero, black is zero, RGB, palette
_DTYPES = ("uint8", "uint16", "half", "float")
_COPY_IT = "copy it again from where it was made"
_CICP = {(1, 13): "srgb_tx", (1, 1): "g24_rec709", (12, 13): "srgb_p3d65", (1, 8): "lin_rec709_srgb", (9, 8): "lin_rec2020"}
_PROFILES = {b"sRGB": "srgb_tx", b"Display P3": "srgb_p3d65", b"Adobe RGB (1998)": "adobergb"}


@dataclass(frozen=True, kw_only=True)
class StillHeader:
    """What a still says of itself; `colour` only if it says so, as a name for `colour.known_space`."""

    size: Box
    channels: tuple[str, ...]
    dtype: str
    alpha: str | None
    premultiplied: bool
    pixel_aspect: float
    colour: str | None
    notes: tuple[str, ...] = field(default=())


def check_magic(head: bytes, name: str, where: str) -> None:
    """Refuse a file that is not what its name says. Raises FootageError."""
    kind = _FORMATS[PurePath(name).suffix.lower()]
    if not head.startswith(_MAGIC[kind]):
        raise FootageError(f"{where} is no {kind.upper()}: it begins with {head[:8]!r}; check what wrote it, or correct its ending")


def still_header(head: bytes, path: str, name: str, where: str) -> StillHeader:
    """Read a header; `head` is the file's beginning. Raises FootageError."""
    check_magic(head, name, where)
    image = _opened(path, where)
    try:
        return _header(image, head, where)
    finally:
        image.close()


def decode_still(data: bytes, path: str, name: str, where: str) -> Decoded:
    """Decode a still held in memory; `path` leads the library to the same bytes. Raises FootageError."""
    check_magic(data, name, where)
    image = _opened(path, where)
    try:
        header = _header(image, data, where)
        pixels = image.read_image(_unknown())
        problem = image.geterror()
        if pixels is None or problem:
            raise FootageError(f"{where} is cut off or damaged ({_one_line(problem)}): {_COPY_IT}")
    finally:
        image.close()
    return _decoded(np.atleast_3d(pixels), header, where)


def _decoded(pixels: Samples, header: StillHeader, where: str) -> Decoded:
    names = header.channels
    colours = [n for n in names if n != header.alpha]
    if [n.upper() for n in colours] == ["R", "G", "B"]:
        rgb = np.ascontiguousarray(pixels[..., [names.index(n) for n in colours]])
    elif len(colours) == 1:
        rgb = np.repeat(pixels[..., [names.index(colours[0])]], 3, -1)
    else:
        raise FootageError(f"{where} has the channels {', '.join(names)}, allowed are RGB or grey, with or without alpha: save it as RGB")
    others = {"A": np.ascontiguousarray(pixels[..., names.index(header.alpha)])} if header.alpha else {}
    return Decoded(
        rgb=rgb,
        others=others,
        alpha_name="A" if header.alpha else None,
        premultiplied=header.premultiplied,
        dtype=header.dtype,
        grey=len(colours) == 1,
        data=header.size,
        display=header.size,
        pixel_aspect=header.pixel_aspect,
    )


def _unknown() -> Any:
    import OpenImageIO

    return OpenImageIO.UNKNOWN  # the file's own type


def _opened(path: str, where: str) -> Any:
    import OpenImageIO

    wanted = OpenImageIO.ImageSpec()
    wanted.attribute("oiio:UnassociatedAlpha", 1)  # hand over straight alpha as it lies in the file
    wanted.attribute("oiio:RawColor", 1)
    image = OpenImageIO.ImageInput.open(path, wanted)
    if image is None:
        raise FootageError(f"{where} cannot be read ({_one_line(OpenImageIO.geterror())}): {_COPY_IT}")
    return image


def _header(image: Any, head: bytes, where: str) -> StillHeader:
    spec = image.spec()
    size = Box(0, 0, spec.width, spec.height)
    size.check(where)
    dtype = str(spec.format)
    if dtype not in _DTYPES:
        raise FootageError(f"{where} holds {dtype} samples, allowed are 8 or 16 bits, half or float: save it as 16-bit")
    bits = spec.get_int_attribute("oiio:BitsPerSample", 0)
    if dtype == "uint16" and bits in (10, 12):
        dtype = f"uint{bits}"
    kind = image.format_name()
    if not head.startswith(_MAGIC.get(kind, ())):
        raise FootageError(f"{where} is read as {kind}, allowed are {', '.join(_MAGIC)}: save it again as 16-bit PNG")
    light = spec.get_int_attribute("tiff:PhotometricInterpretation", 2)
    if light not in _PHOTOMETRIC or spec.get_int_attribute("Orientation", 1) != 1:
        fault = "is turned or mirrored by its orientation tag" if light in _PHOTOMETRIC else f"is no RGB or grey TIFF (photometric {light})"
        raise FootageError(f"{where} {fault}: save it upright as RGB")
    alpha = spec.channelnames[spec.alpha_channel] if spec.alpha_channel >= 0 else None
    colour, notes = _png_colour(head) if kind == "png" else _tagged_colour(spec)
    return StillHeader(
        size=size,
        channels=tuple(spec.channelnames),
        dtype=dtype,
        alpha=alpha,
        premultiplied=bool(alpha) and kind == "tiff" and not spec.get_int_attribute("tiff:UnassociatedAlpha", 0),
        pixel_aspect=float(spec.get_float_attribute("PixelAspectRatio", 1.0)) or 1.0,
        colour=colour,
        notes=notes,
    )


def _png_colour(data: bytes) -> tuple[str | None, tuple[str, ...]]:
    """What a PNG's chunks before the pixels say, the strongest first (PNG 3rd edition, 4.3): cICP, iCCP, sRGB, gAMA."""
    chunks, at = {}, 8
    while at + 12 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        (size,) = struct.unpack_from(">I", data, at)
        chunks[data[at + 4 : at + 8]] = data[at + 8 : at + 8 + size]
        at += 12 + size
    if b"cICP" in chunks:
        codes = (chunks[b"cICP"][0], chunks[b"cICP"][1])
        return _CICP.get(codes), () if codes in _CICP else (f"cICP primaries and transfer {codes} have no colour space here",)
    if b"iCCP" in chunks:
        name, _, packed = chunks[b"iCCP"].partition(b"\0")
        return _profile(zlib.decompressobj().decompress(packed[1:], 1 << 20) if packed else name)
    if b"sRGB" in chunks:
        return "srgb_tx", ()
    if b"gAMA" in chunks and len(chunks[b"gAMA"]) == 4:
        gamma = struct.unpack(">I", chunks[b"gAMA"])[0]
        found = {45455: "g22_rec709", 100000: "lin_rec709_srgb"}.get(gamma)
        return found, () if found else (f"gAMA {gamma} has no colour space here",)
    return None, ()


def _tagged_colour(spec: Any) -> tuple[str | None, tuple[str, ...]]:
    icc = spec.getattribute("ICCProfile")
    if icc is not None:
        return _profile(bytes(icc))
    if spec.get_int_attribute("Exif:ColorSpace", 0) == 1:
        return "srgb_tx", ()
    transfer = spec.get_string_attribute("dpx:Transfer")
    if transfer.startswith("ITU-R 709"):
        return "g24_rec709", ()
    told = bool(transfer) and transfer not in ("Undefined", "User defined")
    return None, (f"DPX transfer {transfer!r} has no colour space here",) if told else ()


def _profile(profile: bytes) -> tuple[str | None, tuple[str, ...]]:
    """An ICC profile by the name in it; Photoshop's, Krita's and Apple's carry these."""
    flat = profile.replace(b"\0", b"")
    for name, space in _PROFILES.items():
        if name in flat:
            return space, ()
    return None, ("the embedded ICC profile is none of sRGB, Display P3, Adobe RGB (1998)",)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200] or "the library gives no reason"
