"""The ledger's tables in PostgreSQL: the statements that make them, and the facts by which a changed schema is found out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .store import SCHEMA_VERSION

if TYPE_CHECKING:
    import psycopg

TABLES = ("entry", "hash", "checkpoint")

_COLUMNS = {
    "entry": "idx bigint PRIMARY KEY, kind text NOT NULL, body bytea NOT NULL",
    "hash": "level integer NOT NULL, i bigint NOT NULL, hash bytea NOT NULL CHECK (length(hash) = 32), PRIMARY KEY (level, i)",
    "checkpoint": "one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL, note text NOT NULL",
}
_NEVER = "BEGIN RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'integrity_constraint_violation'; END"
# which statement may pass, and when; every other one on these tables meets `never`
_ONLY = {
    ("entry", "INSERT"): "NEW.idx = (SELECT coalesce(max(idx) + 1, 0) FROM {schema}.entry)",
    ("hash", "INSERT"): "NEW.i = (SELECT coalesce(max(i) + 1, 0) FROM {schema}.hash WHERE level = NEW.level)",
    ("checkpoint", "INSERT"): "NOT EXISTS (SELECT 1 FROM {schema}.checkpoint)",
    ("checkpoint", "UPDATE"): "NEW.one = OLD.one AND NEW.size > OLD.size",
}
_VERBS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
# pg_trigger.tgtype: row 1, before 2, insert 4, delete 8, update 16, truncate 32
_BITS = {"INSERT": 1 | 2 | 4, "DELETE": 1 | 2 | 8, "UPDATE": 1 | 2 | 16, "TRUNCATE": 2 | 32}

_FOUND = """
SELECT 'table', c.relname::text, c.relkind::text || c.relrowsecurity::text || c.relhasrules::text FROM pg_class c
  WHERE c.relnamespace = %(n)s::regnamespace AND c.relkind NOT IN ('i', 't')
UNION ALL SELECT 'column', c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || a.attnotnull::text
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = %(n)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', c.relname || '.' || conname, pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.connamespace = %(n)s::regnamespace AND k.contype <> 'n'
UNION ALL SELECT 'trigger', c.relname || '.' || t.tgname, t.tgtype::text || t.tgenabled::text || p.proname || coalesce(t.tgqual::text, '')
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
  WHERE c.relnamespace = %(n)s::regnamespace AND NOT t.tgisinternal
UNION ALL SELECT 'function', proname::text, prosrc FROM pg_proc WHERE pronamespace = %(n)s::regnamespace
"""


def ident(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def statements(schema: str, *, role: str | None) -> Iterator[str]:
    """Make the schema; `role` is who may read and append without owning it."""
    here = ident(schema)
    yield f"CREATE SCHEMA {here}"
    for table, columns in _COLUMNS.items():
        yield f"CREATE TABLE {here}.{table} ({columns})"
    yield f"CREATE INDEX entry_kind ON {here}.entry (kind, idx)"
    for name, source in _functions(schema).items():
        yield f"CREATE FUNCTION {here}.{name}() RETURNS trigger LANGUAGE plpgsql AS $body${source}$body$"
    for table, verb, name, function in _triggers():
        each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
        yield f"CREATE TRIGGER {name} BEFORE {verb} ON {here}.{table} FOR EACH {each} EXECUTE FUNCTION {here}.{function}()"
    yield f"COMMENT ON SCHEMA {here} IS 'bottega ledger {SCHEMA_VERSION}'"
    if role is not None:
        yield f"GRANT USAGE ON SCHEMA {here} TO {ident(role)}"
        for table in TABLES:
            yield f"REVOKE ALL ON {here}.{table} FROM PUBLIC, {ident(role)}"
            yield f"GRANT SELECT, INSERT ON {here}.{table} TO {ident(role)}"
            yield f"REVOKE UPDATE, DELETE, TRUNCATE ON {here}.{table} FROM {ident(role)}"
        yield f"GRANT UPDATE (size, note) ON {here}.checkpoint TO {ident(role)}"


def facts(db: psycopg.Connection[Any], schema: str) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """What the schema is made of, and what it should be made of."""
    found = {tuple(row) for row in db.execute(_FOUND, {"n": ident(schema)}).fetchall()}
    return found, {*_wanted(schema)}


def _wanted(schema: str) -> Iterator[tuple[str, ...]]:
    for table, columns in _COLUMNS.items():
        yield "table", table, "rfalsefalse"
        for name, kind in re.findall(r"(\w+) (bigint|integer|text|bytea)", columns):
            yield "column", f"{table}.{name}", f"{kind}true"
    yield "constraint", "entry.entry_pkey", "PRIMARY KEY (idx)"
    yield "constraint", "hash.hash_pkey", "PRIMARY KEY (level, i)"
    yield "constraint", "hash.hash_hash_check", "CHECK ((length(hash) = 32))"
    yield "constraint", "checkpoint.checkpoint_pkey", "PRIMARY KEY (one)"
    yield "constraint", "checkpoint.checkpoint_one_check", "CHECK ((one = 1))"
    for table, verb, name, function in _triggers():
        yield "trigger", f"{table}.{name}", f"{_BITS[verb]}O{function}"
    for name, source in _functions(schema).items():
        yield "function", name, source


def _triggers() -> Iterator[tuple[str, str, str, str]]:
    """(table, verb, trigger, function)."""
    for table in TABLES:
        for verb in _VERBS:
            only = (table, verb) in _ONLY
            name = f"{table}_{'only' if only else 'no'}_{verb.lower()}"
            yield table, verb, name, name if only else "never"


def _functions(schema: str) -> dict[str, str]:
    made = {"never": _NEVER}
    for (table, verb), rule in _ONLY.items():
        allowed = rule.format(schema=ident(schema))
        body = f"BEGIN IF {allowed} THEN RETURN NEW; END IF; {_NEVER.removeprefix('BEGIN ')}"
        made[f"{table}_only_{verb.lower()}"] = body
    return made
