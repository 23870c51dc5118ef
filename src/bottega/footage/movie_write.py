"""Movies out: Rec.709 by its own matrix, tagged so, marked, one thread, no dates: the same pictures give the same bytes."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bottega.model import FootageError, UsageError

from .frame import Floats
from .mark import Mark, in_moov, uuid_box
from .yuv import BT709, Codes, Coding, from_rgb

Picture = npt.NDArray[np.uint8] | Floats
_ENCODERS: dict[str, tuple[str, str, dict[str, str]]] = {
    # All-intra so that a player steps and seeks at once; crf 12 is the proxy's quality.
    "h264": ("libx264", "yuv420p", {"g": "1", "bf": "0", "crf": "12", "preset": "veryfast", "x264-params": "keyint=1:threads=1"}),
    "prores": ("prores_ks", "yuv422p10le", {"profile": "3", "vendor": "apl0"}),
}
_CONTAINERS = {("h264", ".mp4"): "mp4", ("h264", ".mov"): "mov", ("prores", ".mov"): "mov"}
_LIMITED = 1


class _Target(io.FileIO):
    """A file that keeps the disk's refusal, which PyAV replaces by an error of its own that does not say why."""

    refusal: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all bytes."""
        try:
            view = memoryview(data).cast("B")
            while view:
                view = view[super().write(view) or 0 :]
        except OSError as problem:
            self.refusal = problem
            raise
        return len(data)


def encode_movie(path: Path, pictures: Iterable[Picture], fps: Fraction, *, codec: str, called: str, suffix: str, mark: Mark) -> str:
    """Encode pictures to `path` and give the file's sha256; `called` is the name that errors use. Raises FootageError, UsageError."""
    import av

    container = _CONTAINERS.get((codec, suffix.lower()))
    if container is None:
        allowed = ", ".join(f"{c} in {s}" for c, s in _CONTAINERS)
        raise UsageError(f"movie {called}: {codec} in {suffix or 'no ending'} is not made, allowed are {allowed}")
    if fps <= 0:
        raise ValueError(f"fps is {fps}, allowed is a positive fraction")
    with _Target(path, "xb+") as file:
        try:
            count = _encode(file, container, pictures, fps, codec)
        except av.error.FFmpegError as problem:
            raise file.refusal or OSError(problem.errno, problem.strerror) from problem
    if not count:
        raise FootageError(f"movie {called}: no picture was given, needed is at least one")
    with path.open("r+b") as file:
        _mark(file, container, mark)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encode(file: Any, container: str, pictures: Iterable[Picture], fps: Fraction, codec: str) -> int:
    import av

    stream: Any = None
    size, count = (0, 0), 0
    with av.open(file, "w", format=container, options={"fflags": "+bitexact"}) as out:
        for picture in pictures:
            rgb = _even(_floats(picture))
            if stream is None:
                size = rgb.shape[:2]
                stream = _stream(out, codec, fps, size)
            elif rgb.shape[:2] != size:
                raise ValueError(f"picture {count + 1} is {rgb.shape[1]}x{rgb.shape[0]}, the first was {size[1]}x{size[0]}: all must agree")
            frame = _frame(rgb, _ENCODERS[codec][1])
            frame.pts, frame.time_base = count, 1 / fps
            out.mux(stream.encode(frame))
            count += 1
        if stream is not None:
            out.mux(stream.encode(None))
    return count


def _mark(file: Any, container: str, mark: Mark) -> None:
    """Put the mark where readers of that container look for it."""
    if container == "mp4":
        file.seek(0, io.SEEK_END)
        file.write(uuid_box(mark))
        return
    at = _last_box(file)
    file.seek(at)
    moov = in_moov(file.read(), mark)
    file.seek(at)
    file.write(moov)


def _last_box(file: Any) -> int:
    """Where the last of a movie's boxes begins (ISO/IEC 14496-12, 4.2)."""
    at, end = 0, file.seek(0, io.SEEK_END)
    while True:
        file.seek(at)
        size, _, longer = struct.unpack(">I4sQ", file.read(16))
        following = at + (longer if size == 1 else size)
        if following >= end:
            return at
        at = following


def _stream(out: Any, codec_name: str, fps: Fraction, size: tuple[int, ...]) -> Any:
    encoder, layout, options = _ENCODERS[codec_name]
    stream = out.add_stream(encoder, rate=fps, options=dict(options))
    stream.height, stream.width = size
    stream.pix_fmt = layout
    codec = stream.codec_context
    codec.thread_count = 1
    # Untagged, players guess: BT.601 for a small picture, and its greens drift (trap 1).
    codec.colorspace = codec.color_primaries = codec.color_trc = BT709
    codec.color_range = _LIMITED
    return stream


def _frame(rgb: Floats, layout: str) -> Any:
    import av

    half_rows, bits = layout.startswith("yuv420"), 10 if layout.endswith("10le") else 8
    planes: tuple[Codes, ...] = from_rgb(rgb, Coding(bits=bits), halve_rows=half_rows)
    frame = av.VideoFrame(rgb.shape[1], rgb.shape[0], layout)
    for plane, codes in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // codes.itemsize), codes.dtype)
        rows[:, : codes.shape[1]] = codes
        plane.update(rows.tobytes().ljust(plane.buffer_size, b"\0"))
    frame.colorspace = frame.color_primaries = frame.color_trc = BT709
    frame.color_range = _LIMITED
    return frame


def _floats(picture: Picture) -> Floats:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype not in (np.uint8, np.float32):
        raise ValueError(f"a movie takes (H, W, 3) uint8 or float32 pictures, given {picture.shape} {picture.dtype}")
    if picture.dtype == np.uint8:
        return np.divide(picture, np.float32(255), dtype=np.float32)
    return picture.clip(0, 1).astype(np.float32)


def _even(rgb: Floats) -> Floats:
    """Chroma comes in twos: an odd size gains one repeated row or column."""
    height, width = rgb.shape[:2]
    return np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if height % 2 or width % 2 else rgb
