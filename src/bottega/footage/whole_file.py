"""Files that are whole or absent: a temporary name, fsync, and a rename that never lands on a finished file."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bottega.model import FootageError, UsageError, shown

from .sealing import place
from .sequence import check_name

_PARTIAL = ".partial"


def inside(folder: Path, name: str) -> Path:
    """Where `name` lies in a folder, and nowhere else. Raises UsageError for a name that leads out or hides something."""
    parts = PurePosixPath(name).parts
    if not parts or "\0" in name or "\\" in name or name.startswith("/") or any(p in ("..", ".") or p.startswith(".") for p in parts):
        raise UsageError(f"file name {shown(name)} cannot be used: allowed is a plain name inside the take's folder")
    try:
        for part in parts:
            check_name(part)
    except FootageError as problem:
        raise UsageError(str(problem)) from problem
    return folder.joinpath(*parts)


@contextmanager
def new_file(path: Path, frame: int | None = None) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and put the file in its place when all went well.

    Raises FootageError when the finished file is there already, or the disk is full or closed to us; nothing half-written stays.
    """
    where = place(path, frame)
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(8)}{_PARTIAL}")
    try:
        if os.path.lexists(path):
            raise FileExistsError
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        _put_in_place(temporary, path)
        _sync(path.parent)
    except FileExistsError as problem:
        raise FootageError(f"{where} is there already and finished frames are never overwritten: make a new version") from problem
    except OSError as problem:
        raise FootageError(
            f"{where} cannot be written: {problem.strerror or problem}; free space or correct the permissions, then go on"
        ) from problem
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _put_in_place(temporary: Path, path: Path) -> None:
    """A link, unlike a rename, fails when another process was quicker; disks without links get the rename."""
    try:
        os.link(temporary, path)
    except OSError as problem:
        if problem.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        temporary.rename(path)


def write_whole(path: Path, data: bytes, frame: int | None = None, *, resume: bool = False) -> str:
    """Write bytes to a new file and give their sha256; with `resume` a file that holds these very bytes is left as it is.

    Raises FootageError.
    """
    if resume and path.is_file() and not path.is_symlink() and path.read_bytes() == data:
        return hashlib.sha256(data).hexdigest()
    with new_file(path, frame) as temporary, temporary.open("xb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
    return hashlib.sha256(data).hexdigest()


@contextmanager
def as_path(data: bytes, suffix: str) -> Iterator[str]:
    """A path for libraries that open files, which leads to these bytes in memory and nowhere else."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        fd = os.memfd_create("frame")
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            yield f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)
        return
    with tempfile.TemporaryDirectory(prefix="bottega-") as folder:  # mode 0700
        path = Path(folder) / f"frame{suffix}"
        path.write_bytes(data)
        yield str(path)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
