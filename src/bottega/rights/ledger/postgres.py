"""The ledger as a schema of a PostgreSQL database: the same three tables and rules as the SQLite file.

Whoever owns the tables can still change them; whoever only writes entries cannot (`Database.owner_url` keeps the two apart).
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bottega.model import JobError
from bottega.rights.reasons import refusal

from .place import Database
from .postgres_schema import TABLES, facts, ident, statements
from .store import SCHEMA_VERSION, Row

if TYPE_CHECKING:
    import psycopg

_ROW = "SELECT e.idx, e.kind, e.body, h.hash FROM entry e LEFT JOIN hash h ON h.level = 0 AND h.i = e.idx"


class PostgresStore:
    """An open connection. Threads have to take turns. One that broke stays broken: open the ledger again."""

    def __init__(self, place: Database, *, wait_s: float) -> None:
        """Connect, and check the schema; `wait_s` is how long to wait for the server and for another writer."""
        self.place = place
        self._db = connect(place, place.url, wait_s=wait_s)
        self._closing = weakref.finalize(self, self._db.close)
        try:
            with guarded(place):
                self._db.execute(f"SET search_path = {ident(place.schema)}, pg_temp")
            self.check_schema()
        except BaseException:
            self._db.close()
            raise

    @property
    def name(self) -> str:
        """The database and the schema in it."""
        return str(self.place)

    def close(self) -> None:
        """Let go of the connection."""
        self._db.close()

    def check_schema(self) -> None:
        """Compare columns, constraints, triggers and their functions with what this version makes. Raises `ledger_invalid`."""
        if not self._run("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.place.schema,)):
            raise refusal("ledger_unreachable", f"{self.place}: no such schema, or no right to see it")
        comment = self._run("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (self.place.schema,))[0][0]
        if comment != f"bottega ledger {SCHEMA_VERSION}":
            raise refusal("ledger_invalid", f"{self.place}: it is {comment!r}, allowed is 'bottega ledger {SCHEMA_VERSION}'")
        with guarded(self.place):
            found, wanted = facts(self._db, self.place.schema)
        if found != wanted:
            [first, *_] = sorted(found ^ wanted)
            raise refusal("ledger_invalid", f"{self.place}: {' '.join(first[:2])} in its schema was added, dropped or changed")

    def check_files(self) -> None:
        """Nothing: PostgreSQL looks after its own files (data checksums); what it hands out is hashed."""

    def begin(self) -> None:
        """Take the show's lock until the end of the transaction."""
        self._run("BEGIN ISOLATION LEVEL READ COMMITTED")
        self._run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (self.place.schema,))

    def begin_reading(self) -> None:
        """Hold on to one state; writers are not held up."""
        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Commit, flushed to the server's disk."""
        self._run("COMMIT")

    def rollback(self) -> None:
        """Roll back what is open."""
        import psycopg

        if not self._db.closed and self._db.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._run("ROLLBACK")

    def size(self) -> int:
        """One more than the last index."""
        return int(self._run("SELECT coalesce(max(idx) + 1, 0) FROM entry")[0][0])

    def rows(self, kind: str | None, after: int, *, mentioning: str = "", most: int | None = None) -> list[Row]:
        """Entries after an index."""
        values: list[Any]
        where, values = ("e.idx > %s", [after]) if kind is None else ("e.kind = %s AND e.idx > %s", [kind, after])
        if mentioning:
            where, values = f"{where} AND position(%s IN e.body) > 0", [*values, mentioning.encode()]
        found = self._run(f"{_ROW} WHERE {where} ORDER BY e.idx LIMIT %s", [*values, most])
        return [Row(*row) for row in found]

    def last(self) -> Row | None:
        """The last entry."""
        found = self._run(f"{_ROW} ORDER BY e.idx DESC LIMIT 1")
        return Row(*found[0]) if found else None

    def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The hashes of some subtrees."""
        levels, places = [level for level, _ in wanted], [i for _, i in wanted]
        sql = "SELECT level, i, hash FROM hash JOIN unnest(%s::integer[], %s::bigint[]) AS w (level, i) USING (level, i)"
        return {(level, i): node for level, i, node in self._run(sql, (levels, places))}

    def level(self, level: int, first: int, most: int) -> list[tuple[int, bytes]]:
        """A level's hashes."""
        return self._run("SELECT i, hash FROM hash WHERE level = %s AND i >= %s ORDER BY i LIMIT %s", (level, first, most))

    def count_nodes(self) -> int:
        """How many hashes are stored."""
        return int(self._run("SELECT count(*) FROM hash")[0][0])

    def insert(self, idx: int, kind: str, body: bytes, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Add an entry and what it completes."""
        self._run("INSERT INTO entry (idx, kind, body) VALUES (%s, %s, %s)", (idx, kind, body))
        with guarded(self.place):
            self._db.cursor().executemany("INSERT INTO hash (level, i, hash) VALUES (%s, %s, %s)", nodes)

    def checkpoint(self) -> tuple[int, str] | None:
        """The checkpoint's size and note."""
        found = self._run("SELECT size, note FROM checkpoint")
        return found[0] if found else None

    def put_checkpoint(self, size: int, note: str) -> None:
        """Replace the checkpoint."""
        if self._run("SELECT 1 FROM checkpoint"):
            self._run("UPDATE checkpoint SET size = %s, note = %s", (size, note))
        else:
            self._run("INSERT INTO checkpoint (one, size, note) VALUES (1, %s, %s)", (size, note))

    def _run(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with guarded(self.place):
            cursor = self._db.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []


def create_schema(place: Database, *, wait_s: float) -> None:
    """Make the tables as their owner, and let the role of `place.url` read and append. Raises `ledger_unreachable`."""
    owner_url = place.owner_url or place.url
    with connect(place, place.url, wait_s=wait_s) as app, connect(place, owner_url, wait_s=wait_s) as owner, guarded(place):
        [role], [owns] = (db.execute("SELECT current_user").fetchone() or [""] for db in (app, owner))
        with owner.transaction():
            for statement in statements(place.schema, role=role if role != owns else None):
                owner.execute(statement)


def connect(place: Database, url: str, *, wait_s: float) -> psycopg.Connection[Any]:
    """A connection that never waits for ever. Passwords are libpq's business. Raises `ledger_unreachable`."""
    try:
        import psycopg
    except ImportError as problem:
        raise JobError("a ledger in PostgreSQL needs psycopg: pip install 'bottega[postgres]'") from problem
    limit = max(1, round(wait_s * 1000))
    with guarded(place):
        db = psycopg.connect(url, autocommit=True, connect_timeout=max(2, round(wait_s)), application_name="bottega")
        db.execute(f"SET lock_timeout = {limit}")
        db.execute("SET synchronous_commit = on")
        db.execute("SET idle_in_transaction_session_timeout = 0")
        return db


@contextmanager
def guarded(place: Database) -> Iterator[None]:
    """Turn psycopg's errors into refusals; what the tables' own rules refuse means that somebody broke them."""
    import psycopg

    try:
        yield
    except psycopg.Error as problem:
        damaged = isinstance(problem, psycopg.IntegrityError | psycopg.errors.DataCorrupted | psycopg.errors.IndexCorrupted)
        words = " ".join(str(problem).split())
        raise refusal("ledger_invalid" if damaged else "ledger_unreachable", f"{place}: {words}") from problem


__all__ = ["TABLES", "PostgresStore", "create_schema"]
