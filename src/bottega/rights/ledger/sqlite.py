"""The ledger as an SQLite file: write-ahead log, flushed at every commit, changed by no statement but the next INSERT."""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bottega.model.names import shown
from bottega.rights.reasons import refusal

from .store import SCHEMA_VERSION, Row

APPLICATION_ID = 0x626F7467  # "botg", at byte 68 of the file
MOST_PARAMETERS = 400


def _never(table: str, verb: str) -> str:
    name = f"{table}_no_{verb.lower()}"
    return f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"


def _only(table: str, verb: str, *, when_not: str) -> str:
    name = f"{table}_only_{verb.lower()}"
    return (
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN NOT ({when_not}) BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    )


# INSERT OR REPLACE deletes without firing the delete trigger, hence the insert triggers
_SCHEMA = {
    "entry": "CREATE TABLE entry (idx INTEGER PRIMARY KEY, kind TEXT NOT NULL, body BLOB NOT NULL) STRICT",
    "entry_kind": "CREATE INDEX entry_kind ON entry (kind, idx)",
    "entry_no_update": _never("entry", "UPDATE"),
    "entry_no_delete": _never("entry", "DELETE"),
    "entry_only_insert": _only("entry", "INSERT", when_not="NEW.idx IS (SELECT coalesce(max(idx) + 1, 0) FROM entry)"),
    "hash": "CREATE TABLE hash (level INTEGER NOT NULL, i INTEGER NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32),"
    " PRIMARY KEY (level, i)) STRICT, WITHOUT ROWID",
    "hash_no_update": _never("hash", "UPDATE"),
    "hash_no_delete": _never("hash", "DELETE"),
    "hash_only_insert": _only("hash", "INSERT", when_not="NEW.i IS (SELECT coalesce(max(i) + 1, 0) FROM hash WHERE level = NEW.level)"),
    "checkpoint": "CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, note TEXT NOT NULL) STRICT",
    "checkpoint_no_delete": _never("checkpoint", "DELETE"),
    "checkpoint_only_insert": _only("checkpoint", "INSERT", when_not="NOT EXISTS (SELECT 1 FROM checkpoint)"),
    "checkpoint_only_update": _only("checkpoint", "UPDATE", when_not="NEW.one = OLD.one AND NEW.size > OLD.size"),
}
_ROW = "SELECT e.idx, e.kind, e.body, h.hash FROM entry e LEFT JOIN hash h ON h.level = 0 AND h.i = e.idx"


class SqliteStore:
    """An open ledger file. Threads have to take turns; processes need not."""

    def __init__(self, path: Path, *, wait_s: float) -> None:
        """Open a file that is there; `wait_s` is how long to wait for another writer."""
        if not path.is_file():
            raise refusal("ledger_unreachable", f"{path}: no such file")
        self.path = path
        with self._guarded():
            self._db = _connect(path, wait_s)
        self._closing = weakref.finalize(self, self._db.close)  # one that is forgotten is closed, too
        try:
            self.check_schema()
            self._run("PRAGMA journal_mode = WAL")
            self._run("PRAGMA synchronous = FULL")
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def create(cls, path: Path, *, wait_s: float) -> SqliteStore:
        """Make an empty file. One that is there already is never touched."""
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
        except OSError as problem:
            raise refusal("ledger_unreachable", f"{path}: cannot be made: {problem.strerror}") from problem
        try:
            db = _connect(path, wait_s)
            try:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                db.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA.values():
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                db.execute("COMMIT")
            finally:
                db.close()
        except sqlite3.Error as problem:
            raise refusal("ledger_unreachable", f"{path}: cannot be made: {problem}") from problem
        return cls(path, wait_s=wait_s)

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def check_schema(self) -> None:
        """Compare every table, index and trigger with what this version makes. Raises `ledger_invalid`."""
        [[mine]], [[version]] = self._run("PRAGMA application_id"), self._run("PRAGMA user_version")
        if mine != APPLICATION_ID:
            raise refusal("ledger_invalid", f"{self.path}: an SQLite file, but no ledger of ours")
        if version != SCHEMA_VERSION:
            raise refusal("ledger_invalid", f"{self.path}: ledger version {version}, allowed {SCHEMA_VERSION}; another Bottega wrote it")
        found = dict(self._run("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"))
        for name in sorted(_SCHEMA.keys() | found.keys()):
            if found.get(name) != _SCHEMA.get(name):
                raise refusal("ledger_invalid", f"{self.path}: {shown(name)} in its schema was added, dropped or changed")

    def check_files(self) -> None:
        """SQLite's own check of pages and indexes. Raises `ledger_invalid`."""
        damage = [row[0] for row in self._run("PRAGMA integrity_check") if row[0] != "ok"]
        if damage:
            raise refusal("ledger_invalid", f"{self.path}: SQLite finds {shown(damage[0])}")

    def begin(self) -> None:
        """Take the write lock."""
        self._run("BEGIN IMMEDIATE")

    def begin_reading(self) -> None:
        """Hold on to one state; writers are not held up."""
        self._run("BEGIN")

    def commit(self) -> None:
        """Commit, flushed to the disk."""
        self._run("COMMIT")

    def rollback(self) -> None:
        """Roll back what is open."""
        with self._guarded():
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def size(self) -> int:
        """One more than the last index."""
        return int(self._run("SELECT coalesce(max(idx) + 1, 0) FROM entry")[0][0])

    def rows(self, kind: str | None, after: int, *, mentioning: str = "", most: int | None = None) -> list[Row]:
        """Entries after an index."""
        values: list[Any]
        where, values = ("e.idx > ?", [after]) if kind is None else ("e.kind = ? AND e.idx > ?", [kind, after])
        if mentioning:
            where, values = f"{where} AND instr(e.body, ?)", [*values, mentioning.encode()]
        found = self._run(f"{_ROW} WHERE {where} ORDER BY e.idx LIMIT ?", [*values, -1 if most is None else most])
        return [Row(*row) for row in found]

    def last(self) -> Row | None:
        """The last entry."""
        found = self._run(f"{_ROW} ORDER BY e.idx DESC LIMIT 1")
        return Row(*found[0]) if found else None

    def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The hashes of some subtrees."""
        found: dict[tuple[int, int], bytes] = {}
        for start in range(0, len(wanted), MOST_PARAMETERS):
            part = wanted[start : start + MOST_PARAMETERS]
            places = ", ".join(["(?, ?)"] * len(part))
            # a cross join keeps this order: each pair is looked up by the key, nothing is scanned
            sql = f"WITH w (l, n) AS (VALUES {places}) SELECT level, i, hash FROM w CROSS JOIN hash ON level = l AND i = n"  # noqa: S608
            values = [number for pair in part for number in pair]
            found |= {(level, i): node for level, i, node in self._run(sql, values)}
        return found

    def level(self, level: int, first: int, most: int) -> list[tuple[int, bytes]]:
        """A level's hashes."""
        return self._run("SELECT i, hash FROM hash WHERE level = ? AND i >= ? ORDER BY i LIMIT ?", (level, first, most))

    def count_nodes(self) -> int:
        """How many hashes are stored."""
        return int(self._run("SELECT count(*) FROM hash")[0][0])

    def insert(self, idx: int, kind: str, body: bytes, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Add an entry and what it completes."""
        self._run("INSERT INTO entry (idx, kind, body) VALUES (?, ?, ?)", (idx, kind, body))
        for node in nodes:
            self._run("INSERT INTO hash (level, i, hash) VALUES (?, ?, ?)", node)

    def checkpoint(self) -> tuple[int, str] | None:
        """The checkpoint's size and note."""
        found = self._run("SELECT size, note FROM checkpoint")
        return found[0] if found else None

    def put_checkpoint(self, size: int, note: str) -> None:
        """Replace the checkpoint."""
        if self._run("SELECT 1 FROM checkpoint"):
            self._run("UPDATE checkpoint SET size = ?, note = ?", (size, note))
        else:
            self._run("INSERT INTO checkpoint (one, size, note) VALUES (1, ?, ?)", (size, note))

    def _run(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._guarded():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as problem:
            code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
            damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT)
            raise refusal("ledger_invalid" if damaged else "ledger_unreachable", f"{self.path}: {problem}") from problem


def _connect(path: Path, wait_s: float) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    db = sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)
    db.text_factory = _text
    return db


def _text(raw: bytes) -> str:
    """What is no UTF-8 was not written here, and is to be found out as a changed row."""
    return raw.decode("utf-8", "replace")
