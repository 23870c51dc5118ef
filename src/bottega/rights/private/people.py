"""Who is who: pseudonym to name, in a file of its own beside the ledger, where a name can be erased. The log stays whole."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import threading
import unicodedata
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bottega.model import BottegaError, CredentialError, UsageError, label, subject_id
from bottega.model.names import shown

ERASED = "(erased)"
APPLICATION_ID = 0x626F7470  # "botp"
_TABLE = "CREATE TABLE person (subject_id TEXT PRIMARY KEY, name TEXT NOT NULL, twin TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID"


class PeopleStore:
    """The names of a show's people. Two names that look alike (compatibility forms, case, spaces) are one name.

    Raises UsageError for names, CredentialError for the file.
    """

    def __init__(self, path: Path) -> None:
        """Open the store, or make it with mode 0600."""
        self.path = path
        self._lock = threading.RLock()
        with self._guarded():
            new = self._prepare_file()
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=10, isolation_level=None, check_same_thread=False
            )
        self._closing = weakref.finalize(self, self._db.close)
        try:
            with self._guarded():
                # an erased name is overwritten in the file, and no journal keeps it
                self._db.execute("PRAGMA secure_delete = ON")
                self._db.execute("PRAGMA journal_mode = DELETE")
                self._begin(new)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> PeopleStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, name: str, *, known_as: str | None = None) -> str:
        """Keep a name and give its pseudonym, a new random one unless given. A twin of a name that is there is refused."""
        clean = _spaced(label(name, "name"))
        chosen = subject_id(known_as, "subject id") if known_as is not None else f"p_{secrets.token_hex(8)}"
        with self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                twin = self._db.execute(
                    "SELECT subject_id, name FROM person WHERE twin = ? OR subject_id = ?", (_twin(clean), chosen)
                ).fetchone()
                if twin:
                    raise UsageError(f"name {shown(name)}: {twin[0]} is {shown(twin[1])} already; use that person, or tell the two apart")
                self._db.execute("INSERT INTO person VALUES (?, ?, ?)", (chosen, clean, _twin(clean)))
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        return chosen

    def find(self, name: str) -> str | None:
        """The pseudonym of a name, or None."""
        with self._guarded():
            row = self._db.execute("SELECT subject_id FROM person WHERE twin = ?", (_twin(_spaced(label(name, "name"))),)).fetchone()
        return str(row[0]) if row else None

    def name_of(self, known_as: str) -> str:
        """The name behind a pseudonym, `(erased)` when it is gone."""
        with self._guarded():
            row = self._db.execute("SELECT name FROM person WHERE subject_id = ?", (subject_id(known_as, "subject id"),)).fetchone()
        return str(row[0]) if row else ERASED

    def all(self) -> dict[str, str]:
        """Every pseudonym and its name, by name."""
        with self._guarded():
            return dict(self._db.execute("SELECT subject_id, name FROM person ORDER BY twin").fetchall())

    def erase(self, known_as: str) -> None:
        """Forget a name for good; the ledger keeps the pseudonym. Raises UsageError when there is none."""
        with self._guarded():
            gone = self._db.execute("DELETE FROM person WHERE subject_id = ?", (subject_id(known_as, "subject id"),)).rowcount
        if not gone:
            raise UsageError(f"{known_as} has no name here; nothing was erased")

    def _prepare_file(self) -> bool:
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
            self._db.execute("BEGIN IMMEDIATE")
            if not self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:  # somebody may have been quicker
                self._db.execute(_TABLE)
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute("COMMIT")
        found = self._db.execute("SELECT sql FROM sqlite_schema WHERE name = 'person'").fetchone()
        if self._db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID or found != (_TABLE,):
            raise CredentialError(f"{self.path}: no store of people of ours; move it away or restore it")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except BottegaError:
                raise
            except (sqlite3.Error, OSError) as problem:
                raise CredentialError(f"{self.path}: the names cannot be read or written: {problem}") from problem


def _spaced(name: str) -> str:
    return " ".join(name.split())


def _twin(name: str) -> str:
    """What two names that look alike have in common: NFKC and case folding, until neither changes anything."""
    before, after = "", name
    while before != after:
        before, after = after, " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", after).casefold()).split())
    return after
