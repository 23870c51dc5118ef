"""Every byte of every column of every row, of the checkpoint and of the mark: whatever is changed is found."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bottega.model import ConsentError
from bottega.rights import Ledger

from .show import Books, made, tampered

COLUMNS = {"entry": ("idx", "kind", "body"), "hash": ("level", "i", "hash"), "checkpoint": ("one", "size", "note")}
CODES = {"ledger_invalid", "unknown_checkpoint_key", "rollback", "split_view"}
MANY = 100_000
SAMPLES = 40


def cells(path: Path) -> Iterator[tuple[str, int, str, Any]]:
    """(table, row, column, value); a row goes by its place in the order of the first two columns."""
    db = sqlite3.connect(path)
    for table, columns in COLUMNS.items():
        rows = db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608
        for number, row in enumerate(rows):
            for column, value in zip(columns, row, strict=True):
                yield table, number, column, value
    db.close()


def _select(what: str, table: str) -> str:
    return f"SELECT {what} FROM {table} ORDER BY {', '.join(COLUMNS[table][:2])} LIMIT 1 OFFSET ?"  # noqa: S608


def cell(path: Path, table: str, number: int, column: str) -> Any:
    db = sqlite3.connect(path)
    [value] = db.execute(_select(column, table), (number,)).fetchone()
    db.close()
    return value


def changes(value: Any, *, mask: int) -> Iterator[Any]:
    """The value with one byte changed, for every byte; a number has eight."""
    if isinstance(value, int):
        for byte in range(8):
            yield int.from_bytes((value ^ mask << 8 * byte).to_bytes(8, "big"), "big", signed=True)
        return
    raw = value.encode() if isinstance(value, str) else value
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]
        yield ("text", changed) if isinstance(value, str) else changed


def put(path: Path, table: str, number: int, column: str, value: Any) -> bool:
    """Write one cell; False where SQLite itself refuses (a check, a twin)."""
    first, second, _ = COLUMNS[table]
    place = "?"
    if isinstance(value, tuple):  # bytes that are no UTF-8 have to be cast
        place, value = "CAST(? AS TEXT)", value[1]

    def change(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.text_factory = bytes
        key = db.execute(_select(f"{first}, {second}", table), (number,)).fetchone()
        kind = "TEXT" if second == "kind" else "INTEGER"
        db.execute(f"UPDATE {table} SET {column} = {place} WHERE {first} IS ? AND {second} IS CAST(? AS {kind})", (value, *key))  # noqa: S608

    try:
        tampered(path, change)
    except sqlite3.IntegrityError:
        return False
    return True


def found(books: Books) -> str:
    """The code with which the log is refused, or an empty text."""
    try:
        with books.open() as ledger:
            ledger.verify()
    except ConsentError as refusal:
        return refusal.codes[0]
    return ""


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_every_byte_of_every_row(tmp_path: Path, mask: int) -> None:
    books = made(tmp_path, entries=4)
    whole, tried, unseen = books.kept("whole.db"), 0, []
    for table, number, column, value in [*cells(books.path)]:
        for changed in changes(value, mask=mask):
            if put(books.path, table, number, column, changed):
                tried += 1
                if found(books) not in CODES:
                    unseen.append((table, number, column, changed))
                books.put_back(whole)
    assert not unseen
    assert tried > 1000
    assert found(books) == ""


@pytest.mark.parametrize("mask", range(1, 256, 23))
def test_every_byte_of_the_mark(tmp_path: Path, mask: int) -> None:
    books = made(tmp_path)
    whole, unseen = books.mark.read_bytes(), []
    for changed in changes(whole, mask=mask):
        books.mark.write_bytes(changed)
        if found(books) not in CODES:
            unseen.append(changed)
    for cut in range(len(whole)):
        books.mark.write_bytes(whole[:cut])
        if found(books) not in CODES:
            unseen.append(whole[:cut])
    books.mark.write_bytes(whole + b"\n")
    assert found(books) in CODES
    assert not unseen


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_bytes_drawn_from_a_hundred_thousand_entries(tmp_path: Path) -> None:
    books = made(tmp_path)
    with books.open() as ledger, ledger.transaction() as transaction:
        for i in range(MANY):
            transaction.append("note.many", {"n": i, "text": f"{i:x}" * 8})
    whole, draw, unseen = books.kept("whole.db"), random.Random(7), []
    sizes = {"entry": MANY + 4, "hash": 2 * MANY, "checkpoint": 1}
    for _ in range(SAMPLES):
        table = draw.choice([*COLUMNS])
        column, number = draw.choice(COLUMNS[table]), draw.randrange(sizes[table])
        changed = draw.choice([*changes(cell(books.path, table, number, column), mask=draw.randrange(1, 128))])
        if put(books.path, table, number, column, changed):
            if found(books) not in CODES:
                unseen.append((table, number, column, changed))
            books.put_back(whole)
    assert not unseen
    assert found(books) == ""


def test_the_ledger_without_a_notary_finds_its_own_rows_too(tmp_path: Path) -> None:
    books = made(tmp_path, entries=2)
    whole, unseen = books.kept("whole.db"), []
    for table, number, column, value in [c for c in cells(books.path) if c[0] != "checkpoint"]:
        for changed in [*changes(value, mask=0x01)][::5]:
            if put(books.path, table, number, column, changed):
                try:
                    with Ledger(books.path) as ledger:
                        ledger.verify()
                    unseen.append((table, number, column, changed))
                except ConsentError as refusal:
                    assert refusal.codes == ("ledger_invalid",)
                books.put_back(whole)
    assert not unseen
