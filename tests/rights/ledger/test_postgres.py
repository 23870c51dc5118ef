"""The ledger on a real PostgreSQL: who may do what, and what happens when the server is gone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from bottega.model import UsageError
from bottega.rights import Database, Ledger, Mark, Notary, create_show, log_signer
from bottega.rights.ledger import EMPTY
from tests.rights.builders import GATE_KEY, SHOW, Clock

from .server import APP, OWNER, Server, running
from .show import LOG_KEY, refused

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def place(server: Server) -> Database:
    return Database.of(server.url(APP), show_id=f"show-{secrets.token_hex(4)}", owner_url=server.url(OWNER))


@pytest.fixture
def ledger(place: Database) -> Iterator[Ledger]:
    with Ledger.create(place, clock=Clock()) as made:
        for i in range(5):
            made.append("note.a", {"n": i, "name": "é"})
        yield made


def as_role(place: Database, url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f'SET search_path = "{place.schema}"')  # type: ignore[call-overload]
        for statement in statements:
            db.execute(statement)  # type: ignore[call-overload]


def test_it_is_the_same_log_as_in_a_file(ledger: Ledger, tmp_path: Any) -> None:
    with Ledger.create(tmp_path / "ledger.db", clock=Clock()) as file:
        for i in range(5):
            file.append("note.a", {"n": i, "name": "é"})
        assert file.verify() == ledger.verify() == ledger.head()
        assert [(e.idx, e.at, e.kind, e.data, e.leaf) for e in file.entries()] == [
            (e.idx, e.at, e.kind, e.data, e.leaf) for e in ledger.entries()
        ]
        assert all(file.at(level, 0) == ledger.at(level, 0) for level in range(3))
        assert file.since(EMPTY) == ledger.since(EMPTY)


CHANGES = [
    "UPDATE entry SET kind = 'note.b'",
    "DELETE FROM entry",
    "TRUNCATE entry",
    "UPDATE hash SET hash = decode(repeat('00', 32), 'hex')",
    "DELETE FROM hash",
    "TRUNCATE hash",
    "DELETE FROM checkpoint",
    "TRUNCATE checkpoint",
    "UPDATE checkpoint SET one = 2",
    "DROP TABLE entry",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "DROP TRIGGER entry_no_update ON entry",
    "CREATE TABLE other (n integer)",
    "CREATE OR REPLACE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_role_that_writes_entries_can_change_none(ledger: Ledger, place: Database, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(place, place.url, statement)
    assert ledger.verify().size == 5


@pytest.mark.parametrize(
    "statement",
    [
        *[s for s in CHANGES if s.split()[0] in ("UPDATE", "DELETE", "TRUNCATE") and "checkpoint" not in s],
        "INSERT INTO entry VALUES (7, 'note.a', '')",
        "INSERT INTO entry VALUES (0, 'note.a', '') ON CONFLICT (idx) DO UPDATE SET kind = 'note.b'",
        "INSERT INTO hash VALUES (0, 9, decode(repeat('00', 32), 'hex'))",
        "INSERT INTO checkpoint VALUES (1, 9, 'x'); UPDATE checkpoint SET size = 8",
        "INSERT INTO checkpoint VALUES (1, 9, 'x'); DELETE FROM checkpoint",
        "INSERT INTO checkpoint VALUES (1, 9, 'x'); TRUNCATE checkpoint",
    ],
)
def test_even_the_owner_meets_the_triggers(ledger: Ledger, place: Database, statement: str) -> None:
    assert place.owner_url is not None
    with pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
        as_role(place, place.owner_url, *statement.split("; "))
    assert len(ledger.entries()) == 5


TAMPERED: dict[str, Callable[[str], list[str]]] = {
    "a trigger dropped": lambda s: [f"DROP TRIGGER entry_no_update ON {s}.entry"],
    "a trigger off": lambda s: [f"ALTER TABLE {s}.entry DISABLE TRIGGER entry_no_delete"],
    "a trigger made toothless": lambda s: [
        f"CREATE OR REPLACE FUNCTION {s}.never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ],
    "a check dropped": lambda s: [f"ALTER TABLE {s}.hash DROP CONSTRAINT hash_hash_check"],
    "a column added": lambda s: [f"ALTER TABLE {s}.entry ADD COLUMN more text"],
    "a view in the way": lambda s: [f"CREATE VIEW {s}.other AS SELECT 1"],
    "another version": lambda s: [f"COMMENT ON SCHEMA {s} IS 'bottega ledger 1'"],
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_changed_schema_is_found(ledger: Ledger, place: Database, server: Server, how: str) -> None:
    server.sql(*TAMPERED[how](f'"{place.schema}"'))
    with refused("ledger_invalid"):
        ledger.verify()
    with refused("ledger_invalid"):
        Ledger(place)


ROWS = {
    "body": "UPDATE entry SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE idx = 2",
    "kind": "UPDATE entry SET kind = 'note.z' WHERE idx = 2",
    "index": "UPDATE entry SET idx = 9 WHERE idx = 4",
    "entry gone": "DELETE FROM entry WHERE idx = 0",
    "leaf": "UPDATE hash SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE level = 0 AND i = 1",
    "subtree": "UPDATE hash SET hash = set_byte(hash, 31, get_byte(hash, 31) # 128) WHERE level = 1 AND i = 1",
    "hash gone": "DELETE FROM hash WHERE level = 2",
    "hash too many": "INSERT INTO hash VALUES (5, 0, decode(repeat('00', 32), 'hex'))",
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_changed_by_the_servers_own_administrator_is_found(ledger: Ledger, place: Database, server: Server, row: str) -> None:
    server.sql(f'SET search_path = "{place.schema}"; SET session_replication_role = replica; {ROWS[row]}')
    with refused("ledger_invalid"):
        ledger.verify()


def test_with_a_notary_it_signs_and_sees_a_rollback(server: Server, tmp_path: Any) -> None:
    place = Database.of(server.url(APP), show_id=f"{SHOW}-{secrets.token_hex(4)}", owner_url=server.url(OWNER))
    notary = Notary(log_signer(SHOW, LOG_KEY), mark=Mark(tmp_path / "marks" / "m.note"))
    with Ledger.create(place, clock=Clock(), notary=notary) as ledger:
        create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo", log_key=LOG_KEY.public_key())
        ledger.append("note.a", {})
        ledger.append("note.b", {})
        assert ledger.checkpoint() == (tmp_path / "marks" / "m.note").read_text()
        assert ledger.verify().size == 3
        cut = "DELETE FROM entry WHERE idx = 2; DELETE FROM hash WHERE level = 0 AND i = 2; DELETE FROM checkpoint"
        server.sql(f'SET search_path = "{place.schema}"; SET session_replication_role = replica; {cut}')
        with refused("ledger_invalid"):
            ledger.append("note.c", {})


def test_a_schema_that_is_there_is_never_made_anew(ledger: Ledger, place: Database) -> None:
    with refused("ledger_unreachable"):
        Ledger.create(place)
    assert ledger.verify().size == 5


def test_no_such_schema_database_or_server(place: Database, server: Server, tmp_path: Any) -> None:
    no_database, no_server = server.url(APP).replace("/show", "/none"), f"postgresql://x@/show?host={tmp_path}"
    for missing in (place, Database(no_database, place.schema), Database(no_server, place.schema)):
        with refused("ledger_unreachable"):
            Ledger(missing, wait_s=1)


def test_a_writer_that_does_not_let_go_is_waited_for_and_then_reported(ledger: Ledger, place: Database) -> None:
    with Ledger(place, clock=Clock(), wait_s=0.2) as other, ledger.transaction():
        with refused("ledger_unreachable"):
            other.append("note.a", {})
        assert other.head().size == 5, "reading is not held up"
    assert ledger.append("note.b", {}).idx == 5


def test_a_server_that_dies_is_a_no_and_what_was_acknowledged_is_there_after(place: Database, server: Server) -> None:
    with Ledger.create(place, clock=Clock()) as ledger:
        ledger.append("note.a", {})
        server.control("-m", "immediate", "stop")
        try:
            for ask in (ledger.head, ledger.verify, lambda: ledger.append("note.b", {})):
                with refused("ledger_unreachable"):
                    ask()
            with refused("ledger_unreachable"):
                Ledger(place, wait_s=1)
        finally:
            server.start()
        with refused("ledger_unreachable"):
            ledger.head()
    with Ledger(place, clock=Clock()) as again:
        assert again.verify().size == 1
        assert again.append("note.b", {}).idx == 1


def test_one_role_for_all_is_allowed_and_is_its_own_owner(server: Server) -> None:
    place = Database.of(server.url(OWNER), show_id=f"show-{secrets.token_hex(4)}")
    with Ledger.create(place) as ledger:
        assert ledger.append("note.a", {}).idx == 0


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@host/db",
        "postgresql://me@host/db?password=secret",
        "postgresql://me@host/db?sslpassword=secret",
        "mysql://me@host/db",
        "ledger.db",
        "postgresql://[",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_and_no_secret_is_repeated(url: str) -> None:
    with pytest.raises(UsageError) as problem:
        Database.of(url, show_id="show-1")
    assert "secret@" not in str(problem.value) and "=secret" not in str(problem.value)


def test_every_show_has_a_schema_of_its_own() -> None:
    ids = ["a-b", "a_b", "x" * 100, "x" * 101, 'a"; DROP SCHEMA b; --']
    names = [Database.of("postgresql://h/d", show_id=i).schema for i in ids]
    assert len(set(names)) == len(ids)
    assert all(len(n) <= 63 and n.replace("_", "").isalnum() for n in names)
