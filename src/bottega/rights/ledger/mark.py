"""The high-water mark: the latest signed checkpoint, kept outside the show. An older ledger put back in place lies below it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bottega.rights.durable import write_whole
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, note.encode(), durable=durable)
    except OSError as problem:
        raise refusal("ledger_unreachable", f"the checkpoint {path.name} cannot be kept: {problem.strerror}") from problem
