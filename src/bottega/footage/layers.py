"""All that a picture file holds, by its headers: parts, channels, pages, chunks, streams. Nothing is decoded.

A layer that Bottega does not know is never decoded. In what an artist made (a key, a reference, a matte) it is refused: a picture
may hide there. A plate may have such layers; they are listed.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, TypeVar

from bottega.model import Exemplar, FootageError, Layer, LayerUse, Role, shown
from bottega.rights.reasons import refusal

from .exr_header import header_of, picture_in
from .movie_file import streams_of
from .sealing import open_plain, place
from .sequence import LAYERED, MOVIES

T = TypeVar("T")

MOST_PAGES = 64
_PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE = {b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"IEND"}
# Chunks that describe or annotate (PNG 3rd edition, 11.3, and its registered extensions; C2PA for caBX; ImageMagick, Apple).
_PNG_NOTES = {
    *(b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"tIME"),
    *(b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"caBX", b"oFFs", b"pCAL", b"sCAL", b"sTER", b"orNT", b"caNv", b"vpAg", b"iDOT"),
}
# TIFF tags (TIFF 6.0; Adobe's technical notes for Photoshop): samples a pixel, inner pictures, Photoshop's layers.
_SAMPLES, _PHOTOMETRIC, _INNER, _PHOTOSHOP_LAYERS, _XMP = 277, 262, 330, 37724, 700
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1}
_DPX_ELEMENTS_AT = 770
# What our own frames hold beside the picture: docs/conventions.md, "A finished frame".
_OWN_PARTS = ("rgb", "delta", "matte", "credit")
_OWN_CHANNELS = {"delta": {"delta.R", "delta.G", "delta.B"}, "matte": {"Y"}}
_MATTE_CHANNELS = {"A", "Y", "matte"}


@dataclass(frozen=True)
class Reach:
    """A file's bytes by place, from disk or from memory."""

    size: int
    at: Callable[[int, int], bytes]

    def whole(self, offset: int, size: int) -> bytes:
        """Exactly these bytes. Raises EOFError past the end."""
        data = self.at(offset, size)
        if len(data) != size:
            raise EOFError(f"{size} bytes at {offset} are beyond its {self.size}")
        return data


def in_memory(data: bytes) -> Reach:
    """The bytes of a file that was read."""
    return Reach(len(data), lambda offset, size: bytes(data[offset : offset + size]))


def layers_of(exemplar: Exemplar, *, root: Path | None = None) -> tuple[Layer, ...]:
    """List what all files of an exemplar hold, each layer once. Raises FootageError for a damaged header."""
    found: dict[Layer, None] = {}
    for sealed in exemplar.files:
        path = Path(sealed.path) if root is None else root / sealed.path
        fd = open_plain(path, sealed.frame)
        with os.fdopen(fd, "rb", buffering=0) as file:
            here = place(sealed.path, sealed.frame)
            found |= dict.fromkeys(_listed(file, PurePath(sealed.path).suffix.lower(), exemplar.role, here))
    return tuple(found)


def layers_in(data: bytes, suffix: str, role: Role, where: str) -> tuple[Layer, ...]:
    """List what one still holds. Raises FootageError."""
    return guarded(lambda: _still(in_memory(data), suffix, role, where), where)


def check_layers(found: tuple[Layer, ...], exemplar: Exemplar, where: str) -> None:
    """What is found has to be what was recorded, and all of it known unless it is a plate. Raises ConsentError `unknown_layer`."""
    recorded = found if exemplar.layers is None else exemplar.layers
    stray = [layer.name for layer in found if layer not in recorded]
    if stray:
        raise refusal("unknown_layer", f"{where} holds {', '.join(stray[:4])}, which its record does not list")
    require_known(found, exemplar.role, where)


def require_known(layers: tuple[Layer, ...], role: Role, where: str) -> None:
    """Raise ConsentError `unknown_layer` where what an artist made holds a layer that Bottega does not know."""
    strange = [layer.name for layer in layers if layer.use is LayerUse.UNKNOWN]
    if strange and role is not Role.PLATE:
        raise refusal("unknown_layer", f"{role.value} {where} also holds {', '.join(strange[:4])}")


def movie_layers(container: Any) -> tuple[Layer, ...]:
    """The streams of an open movie: the first picture is decoded, sound and time code are passed over, others are not known."""
    return tuple(Layer(name=name, use=LayerUse(use)) for name, use in streams_of(container))


def _listed(file: Any, suffix: str, role: Role, where: str) -> tuple[Layer, ...]:
    if suffix in MOVIES:
        from .movie_file import open_container

        with open_container(file, suffix, where) as container:
            return movie_layers(container)
    size = os.fstat(file.fileno()).st_size
    reach = Reach(size, lambda offset, count: os.pread(file.fileno(), count, offset))
    return guarded(lambda: _still(reach, suffix, role, where), where)


def guarded(look: Callable[[], Iterator[T]], where: str) -> tuple[T, ...]:
    """All that is found, each once. What a damaged header does to the reading becomes a FootageError."""
    try:
        return tuple(dict.fromkeys(look()))
    except (struct.error, EOFError, ValueError, KeyError, IndexError) as problem:
        raise FootageError(f"{where} is cut off or damaged ({problem}): copy it again from where it was made") from problem


def _still(reach: Reach, suffix: str, role: Role, where: str) -> Iterator[Layer]:
    if suffix in LAYERED:
        yield from _painted(reach, suffix, where)
    elif suffix == ".exr":
        yield from _exr(reach, role, where)
    elif suffix == ".png":
        yield from _png(reach)
    elif suffix in (".tif", ".tiff"):
        yield from _tiff(reach)
    else:
        yield from _dpx(reach)


def _painted(reach: Reach, suffix: str, where: str) -> Iterator[Layer]:
    """Each layer of a paint program's file, by its groups and name. What has no pixels of its own is passed over, and said."""
    data = reach.whole(0, reach.size)
    if suffix == ".ora":
        from .ora_file import read_ora

        heads = read_ora(data, where).heads
    else:
        from .psd_read import read_psd

        psd = read_psd(data, where)
        heads = psd.heads
        yield from (_layer(f"not read: {what}", LayerUse.NOTE) for what in psd.left_out)
    yield from (_layer(f"layer {i} {head.path}", LayerUse.PICTURE) for i, head in enumerate(heads, 1))


def _layer(name: str, use: LayerUse) -> Layer:
    return Layer(name=shown(name)[1:-1], use=use)


def _exr(reach: Reach, role: Role, where: str) -> Iterator[Layer]:
    parts = header_of(reach.at, reach.size, where)
    index, names = picture_in([p.channels for p in parts], where)
    own = tuple(p.text("name") for p in parts) == _OWN_PARTS and all("bottega:plan" in p.raw for p in parts)
    prefix = names[0][:-1] if names[0] != names[1] else ""
    known = {*names, "A", f"{prefix}A", *(_MATTE_CHANNELS if role in (Role.MATTE, Role.REGION) else ())}
    for i, part in enumerate(parts):
        called = part.text("name") or f"part {i + 1}"
        ours = own and (set(part.channels) == _OWN_CHANNELS.get(called) or _is_credit(called, part.channels))
        for channel, kind in sorted(part.channels.items()):
            here = i == index and channel in known
            use = LayerUse.PICTURE if here else LayerUse.NOTE if ours else LayerUse.UNKNOWN
            yield _layer(f"part {called} channel {channel} {kind}", use)
        yield from (_layer(f"part {called} preview", LayerUse.NOTE) for _ in range("preview" in part.raw))


def _is_credit(called: str, channels: dict[str, str]) -> bool:
    return called == "credit" and all(n.startswith("credit.") and kind == "uint32" for n, kind in channels.items())


def png_chunks(reach: Reach) -> Iterator[tuple[bytes, int, int]]:
    """A PNG's chunks: name, and place and size of what it holds. After the last comes what lies behind it, if anything, as `b""`."""
    if reach.at(0, 8) != _PNG_BEGIN:
        raise ValueError("it does not begin as a PNG")
    at, name = 8, b""
    while name != b"IEND":
        size, name = struct.unpack(">I4s", reach.whole(at, 8))
        yield name, at + 8, size
        at += 12 + size
    if at < reach.size:
        yield b"", at, reach.size - at


def _png(reach: Reach) -> Iterator[Layer]:
    for name, at, _ in png_chunks(reach):
        if name == b"IHDR":
            alpha = " with alpha" if reach.whole(at, 13)[9] in (4, 6) else ""
            yield _layer(f"picture{alpha}", LayerUse.PICTURE)
        elif not name:
            yield _layer("data after the end", LayerUse.UNKNOWN)
        elif name not in _PNG_PICTURE:
            use = LayerUse.NOTE if name in _PNG_NOTES else LayerUse.UNKNOWN
            yield _layer(f"chunk {name.decode('latin-1')}", use)


def _tiff(reach: Reach) -> Iterator[Layer]:
    for page, tags in enumerate(tiff_tags(reach), 1):
        if page > 1:
            yield _layer(f"page {page}", LayerUse.UNKNOWN)
        else:
            samples = tags.get(_SAMPLES, (1, 1))[0]
            colours = _COLOURS.get(tags.get(_PHOTOMETRIC, (2, 1))[0], samples)
            yield _layer("page 1" + (" with alpha" if samples > colours else ""), LayerUse.PICTURE)
            yield from (_layer(f"page 1 channel {n}", LayerUse.UNKNOWN) for n in range(colours + 2, min(samples, 64) + 1))
        if _INNER in tags:
            yield _layer(f"page {page} inner pictures", LayerUse.UNKNOWN)
        if _PHOTOSHOP_LAYERS in tags:
            yield _layer(f"page {page} layers of a paint program", LayerUse.UNKNOWN)


def tiff_xmp(reach: Reach) -> Iterator[bytes]:
    """The XMP packets of a TIFF's pages (tag 700, XMP Specification part 3)."""
    for tags in tiff_tags(reach):
        if _XMP in tags:
            offset, count = tags[_XMP]
            yield reach.whole(offset, min(count, reach.size))


def tiff_tags(reach: Reach) -> Iterator[dict[int, tuple[int, int]]]:
    """The tags of each of a TIFF's pages, each tag with its value (or the place where it lies) and the number of values."""
    order = {b"II": "<", b"MM": ">"}[reach.whole(0, 2)]
    big = struct.unpack(f"{order}H", reach.whole(2, 2))[0] == 43
    offset = struct.unpack(f"{order}Q", reach.whole(8, 8))[0] if big else struct.unpack(f"{order}I", reach.whole(4, 4))[0]
    for _ in range(MOST_PAGES):
        tags, offset = _directory(reach, offset, order, big=big)
        yield tags
        if not offset:
            return
    raise ValueError(f"it has more than {MOST_PAGES} pages")


def _directory(reach: Reach, at: int, order: str, *, big: bool) -> tuple[dict[int, tuple[int, int]], int]:
    """A TIFF directory's tags, each with its value (or where it lies) and their number, and where the next directory is."""
    counter, entry, link = ("Q", 20, "Q") if big else ("H", 12, "I")
    width = struct.calcsize(f"={counter}")
    (count,) = struct.unpack(order + counter, reach.whole(at, width))
    if count > 4096:
        raise ValueError(f"a directory of {count} tags")
    rows = reach.whole(at + width, count * entry)
    tags = {}
    for i in range(count):
        tag, kind, number = struct.unpack_from(f"{order}HH{link}", rows, i * entry)
        small = "H" if kind == 3 and number == 1 else link
        tags[tag] = struct.unpack_from(order + small, rows, i * entry + (12 if big else 8))[0], number
    (following,) = struct.unpack(order + link, reach.whole(at + width + count * entry, struct.calcsize(f"={link}")))
    return tags, following


def _dpx(reach: Reach) -> Iterator[Layer]:
    order = {b"SDPX": ">", b"XPDS": "<"}[reach.whole(0, 4)]
    (count,) = struct.unpack(f"{order}H", reach.whole(_DPX_ELEMENTS_AT, 2))
    yield _layer("element 1", LayerUse.PICTURE)
    yield from (_layer(f"element {n}", LayerUse.UNKNOWN) for n in range(2, min(count, 8) + 1))
