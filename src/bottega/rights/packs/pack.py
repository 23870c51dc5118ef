"""A policy pack: one studio's guidance in TOML, with its source and date. Read strictly: what is not understood is refused."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from bottega.model import UsageError, code, label, shown

from .condition import Condition, read_condition
from .words import FACTS, YES_NO, Fact

SCHEMA, VERSION = "bottega.pack", 1
LONGEST_PACK = 64 * 1024
CODES = ("approval_missing", "environment", "escalate")
"""The reasons that a row or question may raise; `unsure` is raised for whatever is missing."""
BY_THE_GATE = "gate"
RISKS = ("low", "judge", "early", "escalate", "stop")
SHIPPED = "studio-guidance"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}")
_FACT = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Question:
    """Asked of every job. Neither `yes` nor `no` is unsure. `code` None: the gate's own policies refuse that no."""

    id: str
    asks: str
    yes: Condition
    no: Condition | None
    code: str | None
    approvals: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A use case: where `when` holds, `needs` have to hold and the roles in `approvals` to have approved; else `code`.

    `code` None: the gate's own policies refuse what does not hold.
    """

    id: str
    title: str
    risk: str
    signs: str
    when: Condition
    needs: tuple[Condition, ...]
    approvals: tuple[str, ...]
    code: str | None


@dataclass(frozen=True)
class Pack:
    """A pack as it was adopted. `environments` are the places that it approves; `facts` all that it may ask about."""

    id: str
    title: str
    source: str
    dated: date
    note: str
    environments: tuple[str, ...]
    facts: Mapping[str, Fact]
    questions: tuple[Question, ...]
    rows: tuple[Row, ...]


def shipped() -> str:
    """The text of the pack that comes with Bottega."""
    return (files("bottega.rights.packs") / f"{SHIPPED.replace('-', '_')}.toml").read_text("utf-8")


@lru_cache(maxsize=64)
def read_pack(text: str) -> Pack:
    """Read a pack's text. Raises UsageError that says where and why."""
    if len(text.encode()) > LONGEST_PACK:
        raise UsageError(f"the pack has {len(text.encode())} bytes, allowed are {LONGEST_PACK}")
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise UsageError(f"the pack is no TOML: {problem}") from problem
    top = _Table(data, "the pack")
    if (top.take("schema", str), top.take("schema_version", int)) != (SCHEMA, VERSION):
        raise UsageError(f"the pack is none of ours, or of a newer Bottega: allowed is schema {SCHEMA!r}, schema_version {VERSION}")
    name = code(top.take("id", str), "pack id")
    facts = dict(FACTS) | {f.name: f for f in map(_fact, top.tables("fact"))}
    found = Pack(
        id=name,
        title=top.line("title"),
        source=top.line("source"),
        dated=top.take("dated", date),
        note=top.line("note"),
        environments=tuple(code(e, "environment") for e in top.texts("environments")),
        facts=facts,
        questions=tuple(_question(t, facts) for t in top.tables("question")),
        rows=tuple(_row(t, facts) for t in top.tables("row")),
    )
    top.end()
    ids = [q.id for q in found.questions] + [r.id for r in found.rows]
    if not ids or len(set(ids)) < len(ids):
        raise UsageError(f"pack {name}: it needs questions or rows, each with an id of its own; given {', '.join(ids) or 'none'}")
    return found


class _Table:
    """A TOML table of which every key has to be taken, with its type."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._left, self.where = dict(data), where

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        value = self._left.pop(key, default)
        if type(value) is not kind:
            raise UsageError(f"{self.where}: {key} needs a {kind.__name__}, given {shown(str(value))}")
        return value

    def line(self, key: str) -> str:
        return label(self.take(key, str), f"{self.where}: {key}")

    def texts(self, key: str) -> list[str]:
        found = self.take(key, list, default=[])
        if not all(isinstance(t, str) for t in found):
            raise UsageError(f"{self.where}: {key} needs a list of texts")
        return list(found)

    def one_of(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        found: str = self.take(key, str, default=default)
        if found not in allowed:
            raise UsageError(f"{self.where}: {key} is {shown(found)}, allowed are {', '.join(allowed)}")
        return found

    def id(self) -> str:
        found: str = self.take("id", str)
        if not _ID.fullmatch(found):
            raise UsageError(f"{self.where}: id {shown(found)}: allowed are 1 to 16 letters, digits, '-' and '_'")
        self.where = found
        return found

    def tables(self, key: str) -> list[_Table]:
        found = self.take(key, list, default=[])
        if not all(isinstance(t, dict) for t in found):
            raise UsageError(f"{self.where}: {key} needs tables, written as [[{key}]]")
        return [_Table(t, f"{key} {i}") for i, t in enumerate(found, 1)]

    def end(self) -> None:
        if self._left:
            raise UsageError(f"{self.where}: unknown {', '.join(shown(k) for k in sorted(self._left))}")


def _fact(table: _Table) -> Fact:
    name = table.take("name", str)
    if not _FACT.fullmatch(name) or name in FACTS:
        raise UsageError(f"{table.where}: a pack's own fact needs a new name of a-z, 0-9 and _, given {shown(name)}")
    found = Fact(name, table.line("asks"), tuple(code(v, f"{name}: value") for v in table.texts("values")) or YES_NO)
    table.end()
    return found


def _question(table: _Table, facts: Mapping[str, Fact]) -> Question:
    name, asks = table.id(), table.line("asks")
    no = table.texts("no")
    found = Question(
        id=name,
        asks=asks,
        yes=read_condition(table.texts("yes"), facts, name),
        no=read_condition(no, facts, name) if no else None,
        code=_code(table),
        approvals=_roles(table),
    )
    table.end()
    return found


def _row(table: _Table, facts: Mapping[str, Fact]) -> Row:
    name = table.id()
    found = Row(
        id=name,
        title=table.line("title"),
        risk=table.one_of("risk", RISKS),
        signs=table.line("signs"),
        when=read_condition(table.texts("when"), facts, name),
        needs=tuple(read_condition([text], facts, name) for text in table.texts("needs")),
        approvals=_roles(table),
        code=_code(table, default="escalate"),
    )
    table.end()
    return found


def _code(table: _Table, default: str | None = None) -> str | None:
    found = table.one_of("code", (*CODES, BY_THE_GATE), default)
    return None if found == BY_THE_GATE else found


def _roles(table: _Table) -> tuple[str, ...]:
    return tuple(code(r, f"{table.where}: role") for r in table.texts("approvals"))
