"""The headers of an EXR, read without the library: it opens no pixels, prints nothing and cannot be led past the file's end."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bottega.model import FootageError

from .frame import Box

MAGIC = b"\x76\x2f\x31\x01"
COPY_IT = "copy it again from where it was made"
_TILED, _DEEP, _MULTIPART = 0x200, 0x800, 0x1000
# Scan lines in a chunk by the number of the compression (OpenEXR file layout, "compression").
_CHUNK_LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
_KINDS = {0: "uint32", 1: "half", 2: "float"}
_FIRST_READ_BYTES = 1 << 16
_FAVOURITE_LAYERS = ("", "rgb", "rgba", "beauty")


@dataclass(frozen=True)
class ExrPart:
    """One part's attributes as the file holds them."""

    raw: Mapping[str, bytes]
    flags: int
    header: bytes = b""

    @cached_property
    def data(self) -> Box:
        """The data window."""
        return self._box("dataWindow")

    @cached_property
    def display(self) -> Box:
        """The display window."""
        return self._box("displayWindow")

    @cached_property
    def channels(self) -> dict[str, str]:
        """Channel names and their types: half, float or uint32."""
        return {name: kind for name, kind, _ in self._listed()}

    @property
    def subsampled(self) -> list[str]:
        """Channels that have less than one sample a pixel."""
        return [name for name, _, steps in self._listed() if steps != (1, 1)]

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel over its height."""
        return float(struct.unpack("<f", self.raw["pixelAspectRatio"])[0]) if "pixelAspectRatio" in self.raw else 1.0

    @property
    def chromaticities(self) -> tuple[float, ...] | None:
        """The xy of red, green, blue and white, if the file says."""
        return struct.unpack("<8f", self.raw["chromaticities"]) if "chromaticities" in self.raw else None

    @property
    def time_code(self) -> tuple[int, ...] | None:
        """SMPTE 12M time code: hours, minutes, seconds, frame, six flags, eight binary groups; if the file has one."""
        if "timeCode" not in self.raw:
            return None
        time, user = struct.unpack("<II", self.raw["timeCode"])
        digits = [(time >> at & 15) + 10 * (time >> (at + 4) & tens) for at, tens in ((24, 3), (16, 7), (8, 7), (0, 3))]
        return (*digits, *(time >> at & 1 for at in (6, 7, 15, 23, 30, 31)), *(user >> 4 * group & 15 for group in range(8)))

    def text(self, name: str) -> str | None:
        """A text attribute, or None."""
        return self.raw[name].decode("utf-8", "replace").rstrip("\0") if name in self.raw else None

    @property
    def deep(self) -> bool:
        """Whether pixels hold lists of samples."""
        return bool(self.flags & _DEEP) or self.raw.get("type", b"").startswith(b"deep")

    @property
    def tiled(self) -> bool:
        """Whether chunks are tiles."""
        return bool(self.flags & _TILED) or self.raw.get("type", b"").startswith(b"tiled")

    def _listed(self) -> list[tuple[str, str, tuple[int, int]]]:
        found, raw, at = [], self.raw["channels"], 0
        while raw[at]:
            end = raw.index(b"\0", at)
            kind, _, x_step, y_step = struct.unpack_from("<iIii", raw, end + 1)
            found.append((raw[at:end].decode("latin-1"), _KINDS[kind], (x_step, y_step)))
            at = end + 17
        return found

    def _box(self, name: str) -> Box:
        x0, y0, x1, y1 = struct.unpack("<4i", self.raw[name])
        return Box(x0, y0, x1 - x0 + 1, y1 - y0 + 1)


def read_parts(data: bytes, where: str, *, whole: bool = True) -> tuple[list[ExrPart], int]:
    """The parts' headers and the place where the chunk tables begin.

    With `whole` false the data is a file's beginning and EOFError asks for more. Raises FootageError for what is no flat EXR.
    """
    if data[:4] != MAGIC:
        raise FootageError(f"{where} is no EXR: it begins with {data[:4]!r}, an EXR with {MAGIC!r}; check what wrote it")
    try:
        parts, at = _walk(data)
        for part in parts:
            if part.deep:
                raise FootageError(f"{where} is a deep EXR, allowed are flat ones: flatten it (DeepToImage) and write it again")
            part.data.check(f"{where}, data window")
            part.display.check(f"{where}, display window")
            if part.subsampled:
                raise FootageError(f"{where}: channel {part.subsampled[0]} is subsampled, allowed is one sample a pixel: write it as RGB")
            _ = part.raw["compression"][0], part.chromaticities, part.time_code
            if not 0.01 <= part.pixel_aspect <= 100:
                raise ValueError(f"pixel aspect {part.pixel_aspect}")
    except EOFError as problem:
        if whole:
            raise FootageError(f"{where} is cut off: {problem}; {COPY_IT}") from problem
        raise
    except (struct.error, ValueError, IndexError, KeyError) as problem:
        raise FootageError(f"{where} has a damaged header ({problem.__class__.__name__}: {problem}): {COPY_IT}") from problem
    return parts, at


def header_of(read: Callable[[int, int], bytes], size: int, where: str) -> list[ExrPart]:
    """The parts of a file by its headers alone; `read(offset, count)` gives its bytes. Raises FootageError."""
    want = _FIRST_READ_BYTES
    while True:
        head = read(0, want)
        try:
            return read_parts(head, where, whole=len(head) >= size)[0]
        except EOFError:
            want *= 8


def only_part(data: bytes, parts: list[ExrPart], tables: int, index: int) -> bytes:
    """The same file with one part alone, so that the library sees nothing of the others. For a file that `check_whole` let pass.

    A part of a multi-part file is a header, a table of places and chunks that begin with the part's number (OpenEXR file layout).
    """
    counts = [struct.unpack("<i", p.raw["chunkCount"])[0] for p in parts]
    start = tables + 8 * sum(counts[:index])
    part, lead = parts[index], 20 if parts[index].tiled else 8
    chunks = []
    for offset in np.frombuffer(data, "<u8", counts[index], start).tolist():
        (packed,) = struct.unpack_from("<i", data, offset + 4 + lead - 4)
        chunks.append(data[offset + 4 : offset + 4 + lead + packed])
    flags = part.flags & ~_MULTIPART & ~_TILED | (_TILED if part.tiled else 0)
    begin = MAGIC + struct.pack("<I", flags) + part.header + b"\0"
    places = np.cumsum([len(begin) + 8 * len(chunks), *map(len, chunks)])[:-1].astype("<u8")
    return begin + places.tobytes() + b"".join(chunks)


def check_whole(data: bytes, parts: list[ExrPart], at: int, where: str) -> None:
    """Refuse a file whose chunks do not all lie inside it. Raises FootageError.

    The library would read what it can and print the rest; here a frame is whole or refused.
    """
    try:
        for part in parts:
            at = _check_chunks(data, at, part, len(parts) > 1 or bool(part.flags & _MULTIPART))
    except (EOFError, struct.error, ValueError) as problem:
        raise FootageError(f"{where} is cut off: {problem}; {COPY_IT}") from problem


def picture_in(parts: list[dict[str, str]], where: str) -> tuple[int, tuple[str, str, str]]:
    """Which part is the picture and its three channels: R, G, B, a usual layer, the only layer, or one grey channel thrice."""
    for index, names in enumerate(parts):
        layers = [n[:-1] for n in names if n[-1:] == "R" and {n[:-1] + "G", n[:-1] + "B"} <= set(names)]
        usual = [layer for f in _FAVOURITE_LAYERS for layer in layers if layer.rstrip(".").casefold() == f]
        if usual or len(layers) == 1:
            layer = (usual or layers)[0]
            return index, (layer + "R", layer + "G", layer + "B")
        if layers:
            raise FootageError(f"{where} has the layers {', '.join(layers)}, needed is one: write the one meant as R, G, B")
    for index, names in enumerate(parts):
        grey = [n for want in ("Y", "matte", "A") for n in names if n == want or n.endswith("." + want)]
        grey = grey or (list(names) if len(names) == 1 else [])
        if grey:
            return index, (grey[0], grey[0], grey[0])
    given = ", ".join(n for p in parts for n in p)
    raise FootageError(f"{where} has the channels {given}, needed are R, G, B or Y: write them under those names")


def _walk(data: bytes) -> tuple[list[ExrPart], int]:
    if len(data) < 8:
        raise EOFError(f"{len(data)} bytes hold no header")
    flags, at, parts = struct.unpack_from("<I", data, 4)[0], 8, []
    while True:
        raw: dict[str, bytes] = {}
        begin = at
        while _byte(data, at):
            name_end = _end(data, at)
            type_end = _end(data, name_end + 1)
            if type_end + 5 > len(data):
                raise EOFError(f"its header ends after its {len(data)} bytes")
            (size,) = struct.unpack_from("<I", data, type_end + 1)
            if type_end + 5 + size > len(data):
                raise EOFError(f"its header ends after its {len(data)} bytes")
            raw[data[at:name_end].decode("latin-1")] = data[type_end + 5 : type_end + 5 + size]
            at = type_end + 5 + size
        at += 1
        if raw:
            parts.append(ExrPart(raw, flags, data[begin : at - 1]))
        if not flags & _MULTIPART or not raw:
            break
    if not parts:
        raise ValueError("no part has attributes")
    return parts, at


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise EOFError(f"its header ends after its {len(data)} bytes")
    return data[at]


def _end(data: bytes, at: int) -> int:
    end = data.find(b"\0", at, at + 256)
    if end < 0:
        if len(data) - at < 256:
            raise EOFError(f"its header ends after its {len(data)} bytes")
        raise ValueError("an attribute's name is longer than 255 bytes")
    return end


def _check_chunks(data: bytes, at: int, part: ExrPart, multipart: bool) -> int:
    """Every chunk that the table lists must lie inside the file. Gives the end of this part's table."""
    if "chunkCount" in part.raw:
        count = int(struct.unpack("<i", part.raw["chunkCount"])[0])
    elif not part.tiled and part.raw["compression"][0] in _CHUNK_LINES:
        count = -(-part.data.height // _CHUNK_LINES[part.raw["compression"][0]])
    else:
        return at  # one tiled part without a count: what the library cannot read it drops, and the caller counts channels
    if count < 1 or at + 8 * count > len(data):
        raise EOFError(f"its table of {count} chunks does not fit into {len(data)} bytes")
    offsets = np.frombuffer(data, "<u8", count, at)
    leader = (4 if multipart else 0) + (16 if part.tiled else 4) + 4
    last = int(offsets.max())
    if not offsets.min() or last + leader > len(data):
        missing = int(((offsets == 0) | (offsets > np.uint64(max(0, len(data) - leader)))).sum())
        raise EOFError(f"{missing} of {count} chunks are missing from its {len(data)} bytes")
    (packed,) = struct.unpack_from("<i", data, last + leader - 4)
    if packed < 0 or last + leader + packed > len(data):
        raise EOFError(f"its last chunk ends after its {len(data)} bytes")
    return at + 8 * count
