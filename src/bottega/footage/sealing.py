"""Seal pictures: hash every byte, decode none."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bottega.model import CHUNK_BYTES, Exemplar, FootageError, Role, SealedFile, UsageError, content_digest

from .sequence import Kind, Source, ranges, shown_path

Progress = Callable[[int, int], None]
_BLOCK_BYTES = 1024 * 1024


def seal(source: Source, *, role: Role, colour: str | None = None, progress: Progress | None = None) -> Exemplar:
    """Hash every file of a source; `progress(done, total)` counts bytes.

    Raises FootageError for an empty or unreadable file, UsageError for a colour space that the config does not have.
    """
    if colour is not None:
        from .colour import space_name

        colour = space_name(colour)
    sizes = [_size(f.path, f.frame) for f in source.files]
    total, done, sealed = sum(sizes), 0, []
    for found in source.files:
        size, digest, chunks = _hashed(found.path, found.frame, progress and partial(_report, progress, done, total))
        done += size
        sealed.append(SealedFile(path=found.path.as_posix(), sha256=digest, size_bytes=size, frame=found.frame, chunks=chunks))
    files = tuple(sealed)
    return Exemplar(
        digest=content_digest(files, source.first_frame),
        role=role,
        files=files,
        first_frame=source.first_frame,
        frame_count=len(files) if source.kind is Kind.SEQUENCE else None,
        colour=colour,
    )


def _report(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


def require_whole(source: Source) -> None:
    """Raise UsageError when frames are missing between the first and the last."""
    if source.holes:
        raise UsageError(f"{shown_path(source.shown_as)} has holes at {ranges(source.holes)}: supply those, or name the frames to work on")


def open_plain(path: Path, frame: int | None) -> int:
    """Open an ordinary file for reading and give its descriptor; a link, pipe or folder in its place is a FootageError."""
    try:
        # O_NONBLOCK: opening a pipe put in a picture's place must not wait for a writer.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        raise FootageError(f"{place(path, frame)} cannot be opened: {problem.strerror}; check that it is there and readable") from problem
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FootageError(f"{place(path, frame)} is no ordinary file: allowed are pictures and movies")
    return fd


def place(path: Path | str, frame: int | None) -> str:
    """How an error names a file and its frame."""
    return shown_path(path) if frame is None else f"{shown_path(path)}, frame {frame}"


def _size(path: Path, frame: int | None) -> int:
    fd = open_plain(path, frame)
    try:
        size = os.fstat(fd).st_size
    finally:
        os.close(fd)
    if not size:
        raise FootageError(f"{place(path, frame)} is empty (0 bytes): copy it again from where it was made")
    return size


def _hashed(path: Path, frame: int | None, report: Callable[[int], None] | None) -> tuple[int, str, tuple[str, ...]]:
    whole, chunk, chunks, size = hashlib.sha256(), hashlib.sha256(), [], 0
    with os.fdopen(open_plain(path, frame), "rb", buffering=0) as file:
        while block := file.read(min(_BLOCK_BYTES, CHUNK_BYTES - size % CHUNK_BYTES)):
            whole.update(block)
            chunk.update(block)
            size += len(block)
            if size % CHUNK_BYTES == 0:
                chunks.append(chunk.hexdigest())
                chunk = hashlib.sha256()
            if report:
                report(size)
    if size % CHUNK_BYTES:
        chunks.append(chunk.hexdigest())
    return size, whole.hexdigest(), tuple(chunks) if size > CHUNK_BYTES else ()
