"""The high-water mark: the latest signed checkpoint, kept outside the show. An older ledger put back in place lies below it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bottega.rights.reasons import refusal

LONGEST_MARK = 64 * 1024

SizeOf = Callable[[bytes], int]


class Mark:
    """The file of one show's mark. It only moves forward, whichever process is the quicker."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes | None:
        """The note as it lies there; None where there is none. Raises `ledger_unreachable`."""
        try:
            with self.path.open("rb") as file:
                return file.read(LONGEST_MARK)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise refusal("ledger_unreachable", f"the high-water mark {self.path.name} cannot be read: {problem.strerror}") from problem

    def move(self, note: str, size: int, *, size_of: SizeOf, copies: Sequence[Path] = ()) -> None:
        """Put a note in place, unless one of as large a log is there already (`size_of` reads it). It is on the disk afterwards.

        The copies go with it, so that they never go back either.
        """
        with self._alone():
            there = self.read()
            if there is None or size_of(there) < size:
                write_note(self.path, note, durable=True)
                for copy in copies:
                    write_note(copy, note, durable=False)

    def set(self, note: str) -> None:
        """Put a note in place, also a lower one: only where a named human accepts it."""
        with self._alone():
            write_note(self.path, note, durable=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.path.with_suffix(".lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as problem:
            raise refusal("ledger_unreachable", f"the high-water mark {self.path.name} cannot be kept: {problem.strerror}") from problem


def write_note(path: Path, note: str, *, durable: bool) -> None:
    """Replace a note whole or not at all; `durable` ones survive a power cut. Raises `ledger_unreachable`."""
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(note.encode())
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(part).chmod(0o644)
        Path(part).replace(path)
        if durable:
            _sync(path.parent)
    except OSError as problem:
        if part is not None:
            with contextlib.suppress(OSError):
                Path(part).unlink(missing_ok=True)
        raise refusal("ledger_unreachable", f"the checkpoint {path.name} cannot be kept: {problem.strerror}") from problem


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
