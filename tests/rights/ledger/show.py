"""A show's ledger with its notary, mark and copies, as the studio opens it; and the ways to break into it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import ConsentError
from bottega.rights import Ledger, Mark, Notary, create_show, log_signer
from tests.rights.builders import GATE_KEY, SHOW, Clock

LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"log!" * 8)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"evil" * 8)


def refused(code: str) -> Any:
    return pytest.raises(ConsentError, match=f"^{code}:")


@dataclass
class Books:
    """Files of one show: `ledger.db` and `latest.note` in it, the mark outside."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    key: Ed25519PrivateKey = LOG_KEY

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def mark(self) -> Path:
        return self.folder / "marks" / f"{SHOW}.note"

    @property
    def copy(self) -> Path:
        return self.folder / "checkpoints" / "latest.note"

    def notary(self) -> Notary:
        return Notary(log_signer(SHOW, self.key), mark=Mark(self.mark), copies=[self.copy])

    def open(self, **options: Any) -> Ledger:
        return Ledger(self.path, **({"clock": self.clock, "notary": self.notary()} | options))

    def kept(self, name: str) -> Path:
        """A copy of the ledger's file as it is now. Nobody may have it open."""
        return Path(shutil.copy(self.path, self.folder / name))

    def put_back(self, copy: Path) -> None:
        for rest in self.folder.glob("ledger.db-*"):
            rest.unlink()
        shutil.copy(copy, self.path)


def made(folder: Path, *, entries: int = 3) -> Books:
    """A show that began, and said a few things."""
    books = Books(folder)
    with Ledger.create(books.path, clock=books.clock, notary=books.notary()) as ledger:
        create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo", log_key=books.key.public_key())
        for i in range(entries):
            ledger.append("note.a", {"n": i, "name": "é" if i == 1 else "e"})
    return books


def tampered(path: Path, *changes: Callable[[sqlite3.Connection], object] | str) -> None:
    """Change rows as somebody with the file can: triggers out of the way first, and back in place afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        db.execute("BEGIN")
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for change in changes:
            db.execute(change) if isinstance(change, str) else change(db)
        for _, sql in triggers:
            db.execute(sql)
        db.execute("COMMIT")
