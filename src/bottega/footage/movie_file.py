"""Movies, by PyAV, from bytes that were checked against the seal before the decoder saw them."""

from __future__ import annotations

import hashlib
import io
import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bottega.model import CHUNK_BYTES, ConsentError, FootageError, Reason, SealedFile

from .frame import Box, Decoded, Samples
from .sequence import shown_path
from .yuv import BT709, MATRICES, Coding, to_rgb

_CHUNKS_KEPT = 3
_NEAR = 48  # pictures ahead: nearer than that, decoding on is quicker than a seek
_UNSAID = 2
_FULL = 2
# Primaries and transfer (ITU-T H.273 tables 2 and 3) as colour spaces.
_SPACES = {(1, 1): "g24_rec709", (1, 13): "srgb_tx", (12, 13): "srgb_p3d65", (1, 8): "lin_rec709_srgb", (9, 16): "pq_rec2020_display"}
_YUV = {f"yuv{sub}p{bits}" for sub in ("420", "422", "444") for bits in ("", "10le", "12le")} | {"yuvj420p", "yuvj422p", "yuvj444p"}
_RGB = {"gbrp", "gbrp10le", "gbrp12le", "gbrap", "gbrap10le", "gbrap12le"}
_YUVA = {f"yuva{sub}p{bits}" for sub in ("422", "444") for bits in ("10le", "12le")}
_DEMUXERS = {".mov": "mov", ".mp4": "mov", ".m4v": "mov", ".mxf": "mxf", ".mkv": "matroska"}
_COPY_IT = "copy it again from where it was made"


@dataclass(frozen=True, kw_only=True)
class MovieHeader:
    """What a movie says of itself; `colour` as a name for `colour.known_space`, or None."""

    size: Box
    fps: Fraction
    frame_count: int
    bits: int
    alpha: bool
    pixel_aspect: float
    coding: Coding
    colour: str | None
    notes: tuple[str, ...]


class CheckedFile(io.RawIOBase):
    """A sealed file that gives out only bytes whose 16 MiB chunk has the sealed hash. Raises ConsentError `hash_changed`.

    PyAV swallows what a reader raises, so the refusal is kept in `refusal` too.
    """

    def __init__(self, fd: int, sealed: SealedFile) -> None:
        super().__init__()
        self._fd, self._sealed, self._at = fd, sealed, 0
        self._hashes = sealed.chunks or (sealed.sha256,)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self.refusal: ConsentError | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the place of reading."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._sealed.size_bytes}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """The place of reading."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Checked bytes; the rest of the file for a negative size."""
        left = max(0, self._sealed.size_bytes - self._at)
        size = left if size < 0 else min(size, left)
        index, start = divmod(self._at, CHUNK_BYTES)
        piece = self._chunk(index)[start : start + size] if size else b""
        self._at += len(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._fd)
        super().close()

    def _chunk(self, index: int) -> bytes:
        if index not in self._kept:
            data = _read_at(self._fd, index * CHUNK_BYTES, CHUNK_BYTES)
            if index >= len(self._hashes) or hashlib.sha256(data).hexdigest() != self._hashes[index]:
                self.refusal = changed(self._sealed, f"bytes {index * CHUNK_BYTES} to {index * CHUNK_BYTES + len(data)}")
                raise self.refusal
            self._kept[index] = data
            if len(self._kept) > _CHUNKS_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(index)
        return self._kept[index]


def changed(sealed: SealedFile, what: str, frame: int | None = None) -> ConsentError:
    """The refusal of a file that is no longer what was sealed."""
    number = frame if frame is not None else sealed.frame
    at = "" if number is None else f", frame {number}"
    detail = f"{shown_path(sealed.path)}{at}: {what} differ from what was sealed as {sealed.sha256[:12]}"
    return ConsentError(Reason("hash_changed", f"{detail}; put the sealed file back, or register this one"))


def movie_header(file: Any, suffix: str, where: str) -> MovieHeader:
    """Read a movie's header, decoding nothing. Raises FootageError."""
    with open_container(file, suffix, where) as container:
        return _header(container, where)


class MovieReader:
    """Pictures of a movie by their place in it, from 0. Going forward decodes each picture once."""

    def __init__(self, file: Any, suffix: str, where: str) -> None:
        self._file, self._where = file, where
        self.container = open_container(file, suffix, where)
        self.header = _header(self.container, where)
        self._stream = self.container.streams.video[0]
        self._stream.thread_count = 1
        self._frames: Iterator[Any] | None = None
        self._next, self._begun = 0, False
        self._index: dict[int, int] | None = None
        self._first_time: int | None = None

    def read(self, place: int) -> Decoded:
        """Decode the picture at a place. Raises FootageError, ConsentError."""
        try:
            picture = self._picture(place)
        except _ffmpeg_errors() as problem:
            self._raise_refusal()
            raise FootageError(f"{self._where}: picture {place + 1} cannot be decoded ({problem}): {_COPY_IT}") from problem
        self._raise_refusal()
        if picture is None:
            said = f"the {self.header.frame_count} its header says"
            raise FootageError(f"{self._where} ends before picture {place + 1} of {said}: {_COPY_IT}")
        for wrong, fault in (
            (picture.is_corrupt, f"is damaged: {_COPY_IT}"),
            (picture.interlaced_frame, "is interlaced: deinterlace the movie first"),
            (picture.rotation, f"is turned by {picture.rotation} degrees: export the movie upright"),
        ):
            if wrong:
                raise FootageError(f"{self._where}: picture {place + 1} {fault}")
        return _decoded(picture, self.header)

    def close(self) -> None:
        """Close the movie and its file."""
        self._frames = None
        self.container.close()
        self._file.close()

    def _picture(self, place: int) -> Any:
        if self._frames is None or not self._next <= place <= self._next + _NEAR:
            self._jump(place)
        for picture in self._frames or ():
            at = self._next if self._index is None else self._index.get(picture.pts, -1)
            self._next = at + 1
            if at == place:
                self._check_pace(place, picture.pts)
                return picture
            if at > place:
                break
        self._frames = None
        return None

    def _jump(self, place: int) -> None:
        if self._index is None and (self._begun or place > _NEAR):
            self._index = self._times()
        if self._index is not None:
            times = sorted(self._index)
            self.container.seek(times[min(place, len(times) - 1)], stream=self._stream, backward=True)
        self._frames, self._next, self._begun = self.container.decode(self._stream), 0, True

    def _times(self) -> dict[int, int]:
        """The place of every picture by its time, from the packets; B-frames lie in another order than they are shown."""
        self.container.seek(0, stream=self._stream)
        times = sorted(p.pts for p in self.container.demux(self._stream) if p.pts is not None)
        if len(set(times)) != self.header.frame_count:
            count, said = len(set(times)), self.header.frame_count
            why = "it is cut off or has a strange edit list; export it again"
            raise FootageError(f"{self._where} holds {count} pictures, its header says {said}: {why}")
        self._first_time = times[0]
        return {t: i for i, t in enumerate(times)}

    def _check_pace(self, place: int, time: int) -> None:
        """One picture a tick of the frame rate: a variable rate has no frame numbers."""
        if self._first_time is None:
            self._first_time = time if place == 0 else None
        if self._first_time is not None and self._stream.time_base:
            due = self._first_time + place / (self.header.fps * self._stream.time_base)
            if abs(time - due) > 1 + place / 1000:
                rate = f"{self.header.fps} frames a second"
                raise FootageError(f"{self._where}: picture {place + 1} is not where {rate} put it: export at a constant rate")

    def _raise_refusal(self) -> None:
        if isinstance(self._file, CheckedFile) and self._file.refusal:
            raise self._file.refusal


def _decoded(picture: Any, header: MovieHeader) -> Decoded:
    planes = [_plane(picture, i) for i in range(len(picture.planes))]
    most = (1 << header.bits) - 1
    if picture.format.name in _RGB:
        green, blue, red = (p.astype(np.float32) / np.float32(most) for p in planes[:3])
        rgb = np.stack([red, green, blue], -1)
    else:
        rgb = to_rgb(planes[0], planes[1], planes[2], header.coding)
    # Decoded codes of 16 bits are the samples: Y'CbCr itself cannot go into an RGB file.
    codes = np.floor(rgb.clip(0, 1) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)
    alpha = {}
    if header.alpha:
        alpha["A"] = np.floor(planes[3].astype(np.float32) * np.float32(65535 / most) + np.float32(0.5)).astype(np.uint16)
    return Decoded(
        rgb=codes,
        others=alpha,
        alpha_name="A" if alpha else None,
        premultiplied=False,
        dtype={8: "uint8", 10: "uint10", 12: "uint12"}[header.bits],
        grey=False,
        data=header.size,
        display=header.size,
        pixel_aspect=header.pixel_aspect,
    )


def _plane(picture: Any, index: int) -> Samples:
    plane = picture.planes[index]
    wide = picture.format.components[0].bits > 8
    rows = np.frombuffer(plane, np.uint16 if wide else np.uint8).reshape(-1, plane.line_size // (2 if wide else 1))
    return rows[: plane.height, : plane.width]


def _header(container: Any, where: str) -> MovieHeader:
    if len(container.streams.video) != 1:
        raise FootageError(f"{where} has {len(container.streams.video)} video tracks, allowed is 1: export the one meant")
    stream = container.streams.video[0]
    codec = stream.codec_context
    if codec is None or not stream.time_base:
        raise FootageError(f"{where} holds a video track of no known codec: export ProRes, DNxHR or H.264")
    size = Box(0, 0, codec.width, codec.height)
    size.check(where)
    if codec.pix_fmt not in _YUV | _RGB | _YUVA:
        raise FootageError(f"{where} holds {codec.pix_fmt} pictures, allowed are 8 to 12-bit Y'CbCr and RGB: export ProRes, DNxHR or H.264")
    rate = stream.average_rate or stream.guessed_rate
    count = int(stream.frames) or _counted(container, stream)
    if not rate or not count:
        raise FootageError(f"{where} does not say its frame rate and length ({rate}, {count} frames): wrap it again as .mov")
    coding, notes = _coding(codec)
    tags = (int(codec.color_primaries), int(codec.color_trc))
    aspect = stream.sample_aspect_ratio
    return MovieHeader(
        size=size,
        fps=Fraction(rate),
        frame_count=count,
        bits=coding.bits,
        alpha=codec.pix_fmt in _YUVA or codec.pix_fmt.startswith("gbrap"),
        pixel_aspect=float(aspect) if aspect else 1.0,
        coding=coding,
        colour=_SPACES.get(tags) if not notes else None,
        notes=notes if _SPACES.get(tags) or _UNSAID in tags else (*notes, f"primaries and transfer {tags} have no colour space here"),
    )


def _counted(container: Any, stream: Any) -> int:
    """Pictures by their packets, where a container (MXF, Matroska) does not say: nothing is decoded."""
    count = sum(1 for packet in container.demux(stream) if packet.pts is not None)
    container.seek(0, stream=stream)
    return count


def _coding(codec: Any) -> tuple[Coding, tuple[str, ...]]:
    """The coding as tagged. What a movie leaves out is taken as BT.709, limited range, and noted: its colour must then be declared."""
    notes = []
    matrix = int(codec.colorspace)
    if matrix not in MATRICES and codec.pix_fmt not in _RGB:
        notes.append(f"its matrix is not usable ({matrix}); BT.709 is taken once its colour space is declared")
    # Without a flag the range is limited: H.264 E.2.1; ProRes and DNxHR know no other.
    full = int(codec.color_range) == _FULL or codec.pix_fmt.startswith("yuvj")
    bits = int(codec.format.components[0].bits)
    return Coding(bits=bits, limited=not full, matrix=matrix if matrix in MATRICES else BT709), tuple(notes)


def streams_of(container: Any) -> list[tuple[str, str]]:
    """Every stream of an open movie, and whether it is the `picture`, a `note` that is no picture, or `unknown`."""
    out, pictures = [], 0
    for stream in container.streams:
        use = "note" if stream.type in ("audio", "data", "subtitle") else "unknown"
        if stream.type == "video":
            pictures += 1
            use = "picture" if pictures == 1 else "unknown"
        out.append((f"stream {stream.index} {stream.type}", use))
    return out


def open_container(file: Any, suffix: str, where: str) -> Any:
    """Open a movie's container. Raises FootageError."""
    import av

    try:
        # The format is named: left to guess, a playlist called .mov would lead to files that nobody sealed.
        return av.open(file, "r", format=_DEMUXERS[suffix], options={"err_detect": "explode", "export_xmp": "1"})
    except _ffmpeg_errors() as problem:
        if isinstance(file, CheckedFile) and file.refusal:
            raise file.refusal from problem
        raise FootageError(f"{where} is no movie that can be read, or is cut off ({problem}): {_COPY_IT}") from problem


def _ffmpeg_errors() -> tuple[type[Exception], ...]:
    import av

    return (av.error.FFmpegError, ConsentError, EOFError, ValueError)


def _read_at(fd: int, offset: int, size: int) -> bytes:
    pieces = []
    while size and (piece := os.pread(fd, size, offset)):
        pieces.append(piece)
        offset, size = offset + len(piece), size - len(piece)
    return b"".join(pieces)
