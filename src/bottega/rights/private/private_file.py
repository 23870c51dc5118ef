"""An SQLite file of mode 0600 that forgets what is deleted: the common ground of the names and of their keys."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bottega.model import BottegaError, CredentialError


class PrivateFile:
    """One connection, one thread at a time. Raises CredentialError for wide permissions, a link, or a file that is none of ours."""

    def __init__(self, path: Path, schema: Mapping[str, str], *, application_id: int, what: str) -> None:
        """Open the file, or make it with mode 0600; `what` is how errors call it."""
        self.path, self._schema, self._application_id, self._what = path, schema, application_id, what
        self._lock = threading.RLock()
        with self.guarded():
            new = self._prepare()
            uri = f"{path.resolve().as_uri()}?mode=rw"
            self.db = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None, check_same_thread=False)
        self._closing = weakref.finalize(self, self.db.close)
        try:
            with self.guarded():
                # what is deleted is overwritten in the file, and no journal keeps it
                self.db.execute("PRAGMA secure_delete = ON")
                self.db.execute("PRAGMA journal_mode = DELETE")
                self._begin(new)
        except BaseException:
            self.db.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self.db.close()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Hold the connection; whatever goes wrong in it is a CredentialError."""
        with self._lock:
            try:
                yield
            except BottegaError:
                raise
            except (sqlite3.Error, OSError) as problem:
                raise CredentialError(f"{self.path}: the {self._what} cannot be read or written: {problem}") from problem

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock; what is written inside is kept whole or not at all."""
        with self.guarded():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")

    def _prepare(self) -> bool:
        """Make the file if there is none. An open one that others can read, or a link, is refused."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        except FileExistsError:
            found = self.path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_mode & 0o077:
                raise CredentialError(
                    f"{self.path}: mode {stat.S_IMODE(found.st_mode):04o}; allowed is a plain file with 0600: chmod 600 it"
                ) from None
            return found.st_size == 0  # a making that was cut off
        return True

    def _begin(self, new: bool) -> None:
        if new:
            self.db.execute("BEGIN IMMEDIATE")
            if not self.db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:  # somebody may have been quicker
                for statement in self._schema.values():
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA application_id = {self._application_id}")
            self.db.execute("COMMIT")
        found = dict(self.db.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall())
        if self.db.execute("PRAGMA application_id").fetchone()[0] != self._application_id or found != dict(self._schema):
            raise CredentialError(f"{self.path}: no file of {self._what} of ours; move it away or restore it")
