"""The ledger: an append-only SQLite file. Tamper-evident, not tamper-proof: whoever owns the disk can rewrite it, but it shows.

`leaf` is RFC 6962's leaf hash of the body, so that a Merkle tree can be laid over the entries later without touching them;
`chain` hashes the chain before it and the leaf.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bottega.model import canonical_json, utc_instant, utc_text
from bottega.model.names import shown
from bottega.rights.reasons import refusal

from .entries import is_known
from .tree import leaf_hash

Clock = Callable[[], datetime]

APPLICATION_ID = 0x626F7467  # "botg", at byte 68 of the file
USER_VERSION = 1
GENESIS = hashlib.sha256(b"bottega.ledger/1\n").digest()
CLOCK_SLACK = timedelta(seconds=120)
LONGEST_BODY = 16 * 1024 * 1024

_SCHEMA = {
    "entry": "CREATE TABLE entry (idx INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,"
    " leaf BLOB NOT NULL CHECK (length(leaf) = 32), chain BLOB NOT NULL CHECK (length(chain) = 32)) STRICT",
    "entry_kind": "CREATE INDEX entry_kind ON entry (kind, idx)",
    "entry_no_update": "CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "entry_no_delete": "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    # INSERT OR REPLACE deletes without firing the delete trigger
    "entry_only_next": "CREATE TRIGGER entry_only_next BEFORE INSERT ON entry"
    " WHEN NEW.idx IS NOT (SELECT coalesce(max(idx) + 1, 0) FROM entry)"
    " BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
}
_COLUMNS = "idx, at, kind, body, leaf, chain"


@dataclass(frozen=True)
class Head:
    """How many entries there are, and the chain over all of them."""

    size: int
    chain: bytes


@dataclass(frozen=True)
class Entry:
    """One entry. `data` is what was said; `leaf` and `chain` are the hashes."""

    idx: int
    at: datetime
    kind: str
    data: Mapping[str, Any]
    leaf: bytes
    chain: bytes


EMPTY = Head(0, GENESIS)


def wall_clock() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


class Ledger:
    """An open ledger. Safe for threads; several processes may append, one write at a time.

    Everything that goes wrong is a ConsentError with code `ledger_unreachable`, `ledger_invalid` or `clock`.
    """

    def __init__(self, path: Path, *, clock: Clock = wall_clock, wait_s: float = 10.0) -> None:
        """Open an existing ledger; `wait_s` is how long to wait for another writer."""
        if not path.is_file():
            raise refusal("ledger_unreachable", f"{path}: no such file")
        self.path = path
        self.clock = clock
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._writing = False
        with self._guarded():
            self._db = _connect(path, wait_s)
        self._closing = weakref.finalize(self, self._db.close)  # a ledger that is forgotten is closed, too
        try:
            with self._guarded():
                self._check_schema()
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def create(cls, path: Path, *, clock: Clock = wall_clock, wait_s: float = 10.0) -> Ledger:
        """Make an empty ledger. A file that is there already is never touched."""
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
                db.execute(f"PRAGMA user_version = {USER_VERSION}")
                db.execute("COMMIT")
            finally:
                db.close()
        except sqlite3.Error as problem:
            raise refusal("ledger_unreachable", f"{path}: cannot be made: {problem}") from problem
        return cls(path, clock=clock, wait_s=wait_s)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """Write one entry; when this returns, it is on the disk."""
        with self.transaction() as transaction:
            return transaction.append(kind, data)

    @contextmanager
    def transaction(self, clock: Clock | None = None) -> Iterator[Transaction]:
        """Hold the only write lock: what is read inside cannot change until what is appended inside is on the disk."""
        with self._lock, self._guarded():
            if self._writing:
                raise RuntimeError("a ledger transaction is open in this thread: append through it")
            self._db.execute("BEGIN IMMEDIATE")
            self._writing, done = True, False
            try:
                yield Transaction(self, self._now(clock or self.clock))
                self._db.execute("COMMIT")
                done = True
            finally:
                self._writing = False
                if not done and self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def head(self) -> Head:
        """Size and chain as they stand; microseconds."""
        with self._lock, self._guarded():
            row = self._db.execute("SELECT idx, chain FROM entry ORDER BY idx DESC LIMIT 1").fetchone()
        return Head(row[0] + 1, row[1]) if row else EMPTY

    def entries(self, kind: str | None = None, *, after: int = -1, mentioning: str = "") -> list[Entry]:
        """The entries with a higher index than `after`, of one kind or of all; each is checked against its own hash.

        `mentioning` leaves out those whose body does not hold that text; they are not looked at, so it is for asking, not for deciding.
        """
        return [_entry(row) for row in self._rows(kind, after, mentioning)]

    def since(self, known: Head) -> list[Entry]:
        """The entries after a head that the caller has seen; raises `ledger_invalid` where the log does not continue from it."""
        rows = self._rows(None, known.size - 2)
        if known.size:
            if not rows or rows[0][0] != known.size - 1 or rows[0][5] != known.chain:
                raise refusal("ledger_invalid", f"{self.path}: entry {known.size - 1} is gone or changed since it was read")
            rows = rows[1:]
        found, head = [], known
        for row in rows:
            entry = _entry(row)
            if entry.idx != head.size or entry.chain != hashlib.sha256(head.chain + entry.leaf).digest():
                raise refusal("ledger_invalid", f"{self.path}: entry {entry.idx} does not follow from entry {head.size - 1}")
            head = Head(entry.idx + 1, entry.chain)
            found.append(entry)
        return found

    def verify(self) -> Head:
        """Hash every body again, and check schema, order, chain and instants. Raises ConsentError `ledger_invalid`."""
        with self._lock, self._guarded():
            self._check_schema()
            damage = [row[0] for row in self._db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if damage:
            raise refusal("ledger_invalid", f"{self.path}: SQLite finds {damage[0]}")
        last: Entry | None = None
        for entry in self.since(EMPTY):
            if last and entry.at < last.at:
                raise refusal("ledger_invalid", f"{self.path}: entry {entry.idx} is dated before entry {last.idx}")
            if not _is_canonical(entry):
                raise refusal("ledger_invalid", f"{self.path}: entry {entry.idx} is not in canonical form")
            last = entry
        return Head(last.idx + 1, last.chain) if last else EMPTY

    def _rows(self, kind: str | None, after: int, mentioning: str = "") -> list[Any]:
        where, values = ("idx > ?", [after]) if kind is None else ("kind = ? AND idx > ?", [kind, after])
        if mentioning:
            where, values = f"{where} AND instr(body, ?)", [*values, mentioning.encode()]
        with self._lock, self._guarded():
            return self._db.execute(f"SELECT {_COLUMNS} FROM entry WHERE {where} ORDER BY idx", values).fetchall()  # noqa: S608 - constants

    def _insert(self, kind: str, data: Mapping[str, Any], at: datetime) -> Entry:
        if not is_known(kind):
            raise ValueError(f"entry kind {kind!r} is not listed in bottega.rights.ledger.entries; allowed are those, note.* and review.*")
        body = _body(kind, at, data)
        if len(body) > LONGEST_BODY:
            raise ValueError(f"a {kind} entry of {len(body)} bytes is too long; allowed are {LONGEST_BODY}")
        head, leaf = self.head(), leaf_hash(body)
        chain = hashlib.sha256(head.chain + leaf).digest()
        row = (head.size, utc_text(at), kind, body, leaf, chain)
        self._db.execute(f"INSERT INTO entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constants
        return _entry(row)

    def _now(self, clock: Clock) -> datetime:
        """The time of the next entry: never before the last one, and refused where the clock was set back."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM entry ORDER BY idx DESC LIMIT 1").fetchone()  # noqa: S608 - constants
        return not_before(_entry(row).at if row else None, clock())

    def _check_schema(self) -> None:
        found = dict(self._db.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall())
        marks = (self._db.execute("PRAGMA application_id").fetchone()[0], self._db.execute("PRAGMA user_version").fetchone()[0])
        if marks[0] != APPLICATION_ID:
            raise refusal("ledger_invalid", f"{self.path}: an SQLite file, but no ledger of ours")
        if marks[1] != USER_VERSION:
            raise refusal("ledger_invalid", f"{self.path}: ledger version {marks[1]}, allowed {USER_VERSION}; another Bottega wrote it")
        for name in sorted(_SCHEMA.keys() | found.keys()):
            if found.get(name) != _SCHEMA.get(name):
                raise refusal("ledger_invalid", f"{self.path}: {shown(name)} in its schema was added, dropped or changed")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._pid != os.getpid():  # SQLite's locks do not survive a fork
            raise refusal("ledger_unreachable", f"{self.path}: opened by process {self._pid}, used in {os.getpid()}; open it there again")
        try:
            yield
        except sqlite3.Error as problem:
            code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
            damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT)
            raise refusal("ledger_invalid" if damaged else "ledger_unreachable", f"{self.path}: {problem}") from problem


class Transaction:
    """The write lock in hand. `now` is the time of all that is decided and appended in it."""

    def __init__(self, ledger: Ledger, now: datetime) -> None:
        self._ledger = ledger
        self.now = now

    def append(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """Add an entry; it is on the disk when the transaction ends well, and gone if it does not."""
        if not self._ledger._writing:
            raise RuntimeError("this ledger transaction is over")
        return self._ledger._insert(kind, data, self.now)


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    return canonical_json({"at": utc_text(at), "data": data, "kind": kind})


def _is_canonical(entry: Entry) -> bool:
    try:
        return leaf_hash(_body(entry.kind, entry.at, entry.data)) == entry.leaf
    except (TypeError, ValueError):  # a float, or keys that are twins
        return False


def not_before(last: datetime | None, now: datetime) -> datetime:
    """The later of the two in UTC; a clock more than two minutes behind the last entry is refused with `clock`."""
    if now.tzinfo is None:
        raise ValueError(f"the clock gave {now.isoformat()}, which has no time zone")
    now = now.astimezone(UTC)
    if last is None:
        return now
    if now < last - CLOCK_SLACK:
        raise refusal("clock", f"it is {utc_text(now)} by this machine, but the last entry is of {utc_text(last)}")
    return max(now, last)


def _connect(path: Path, wait_s: float) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)


def _entry(row: Any) -> Entry:
    """Read a row, and raise `ledger_invalid` where it does not hash to its leaf or its columns differ from its body."""
    idx, at, kind, body, leaf, chain = row
    if not isinstance(body, bytes) or leaf_hash(body) != leaf:
        raise refusal("ledger_invalid", f"entry {idx} does not hash to what was recorded: it was changed")
    try:
        said = json.loads(body)
        if (said["at"], said["kind"]) != (at, kind):
            raise ValueError("body and columns differ")
        return Entry(idx, utc_instant(said["at"]), kind, said["data"], leaf, chain)
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise refusal("ledger_invalid", f"entry {idx} is no entry of ours: {problem}") from problem
