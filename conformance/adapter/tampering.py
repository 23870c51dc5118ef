"""Steps in which somebody with a shell works on the database, the disk, the marks or the clock. They really do it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.rights import load_log_key, log_signer, write_public_key
from bottega.rights.ledger.checkpoint import Checkpoint
from bottega.rights.ledger.note import Signer
from bottega.rights.ledger.tree import Frontier

from .neutral import UnsupportedError
from .world import World

SMALL_DISK = "size=2m"


def edit_database(world: World, step: Mapping[str, Any]) -> None:
    """Edit a row under the triggers: they are dropped, and put back unless the step leaves it at that.

    `rehash` makes every hash anew, so that the log is whole in itself; `resign` also signs it, with the log's own stolen key.
    """
    if not step.get("while_open"):
        world.studio.close()
    with closing(sqlite3.connect(world.studio.folder.ledger, isolation_level=None)) as db:
        triggers = _drop_triggers(db)
        if "entry" in step:
            _edit_row(db, step)
            if step.get("rehash"):
                _rehash(db)
            if step.get("resign"):
                _sign(db, world, log_signer(world.show_id(None), load_log_key(world.show_id(None))))
            for sql in triggers:
                db.execute(sql)
    if not step.get("while_open"):
        world.reopen()


def sign_checkpoint(world: World, step: Mapping[str, Any]) -> None:
    """The latest checkpoint in the database is signed by somebody else's key of the same name, or not at all."""
    world.studio.close()
    with closing(sqlite3.connect(world.studio.folder.ledger, isolation_level=None)) as db:
        triggers = _drop_triggers(db)
        if step["key"] == "unknown":
            _sign(db, world, log_signer(world.show_id(None), Ed25519PrivateKey.generate()))
        else:
            [note] = db.execute("SELECT note FROM checkpoint").fetchone()
            db.execute("UPDATE checkpoint SET note = ?", (note.split("\n\n")[0] + "\n\n",))
        for sql in triggers:
            db.execute(sql)
    world.reopen()


def _drop_triggers(db: sqlite3.Connection) -> list[str]:
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    return [sql for _, sql in triggers]


def _edit_row(db: sqlite3.Connection, step: Mapping[str, Any]) -> None:
    kind = step["entry"]
    where, values = ("1 = 1", ()) if kind == "last" else ("kind = ?", (kind,))
    [idx] = db.execute(f"SELECT max(idx) FROM entry WHERE {where}", values).fetchone()  # noqa: S608 - constants
    if step.get("delete"):
        changed = db.execute("DELETE FROM entry WHERE idx = ?", (idx,)).rowcount
    else:
        [body] = db.execute("SELECT body FROM entry WHERE idx = ?", (idx,)).fetchone()
        before, after = (text.encode() for text in step["replace"])
        if before not in body:
            raise ValueError(f"the case edits {before!r}, which entry {idx} does not hold")
        changed = db.execute("UPDATE entry SET body = ? WHERE idx = ?", (body.replace(before, after), idx)).rowcount
    if changed != 1:
        raise ValueError(f"{changed} rows were edited, one was to be")


def _rehash(db: sqlite3.Connection) -> None:
    """The stored hashes of RFC 6962, section 2.1, made anew from the bodies as they are now."""
    db.execute("DELETE FROM hash")
    level = 0
    hashes = [sha256(b"\0" + body).digest() for (body,) in db.execute("SELECT body FROM entry ORDER BY idx").fetchall()]
    while hashes:
        db.executemany("INSERT INTO hash VALUES (?, ?, ?)", [(level, i, made) for i, made in enumerate(hashes)])
        level, pairs = level + 1, zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in pairs]


def _sign(db: sqlite3.Connection, world: World, signer: Signer) -> None:
    frontier = Frontier()
    for (leaf,) in db.execute("SELECT hash FROM hash WHERE level = 0 ORDER BY i").fetchall():
        frontier.add(leaf)
    note = Checkpoint(signer.verifier.name, frontier.size, frontier.root).signed(signer)
    db.execute("UPDATE checkpoint SET size = ?, note = ?", (frontier.size, note))


def copy_database(world: World, step: Mapping[str, Any]) -> None:
    """A backup of the whole show, as it lies on the disk."""
    world.studio.close()
    shutil.copytree(world.show_folder, world.root / f"copy-{step['as']}")
    world.reopen()


def restore_database(world: World, step: Mapping[str, Any]) -> None:
    """The backup is put back in the place of the show; what lies outside the show stays as it is."""
    show, old = world.show_folder, world.root / f"copy-{step['from']}"
    if step.get("while_open"):  # the file itself is overwritten under the open connection, as a restore job would
        with closing(sqlite3.connect(old / "ledger.db")) as source, closing(sqlite3.connect(show / "ledger.db")) as target:
            source.backup(target)
        return
    world.studio.close()
    shutil.rmtree(show)
    shutil.copytree(old, show)
    if step.get("reopen", True):
        world.reopen()


def _mark(world: World) -> Path:
    [mark] = world.home.rglob("*.note")
    return mark


def copy_mark(world: World, step: Mapping[str, Any]) -> None:
    """A copy of what the gate's machine remembers of the log, outside the show."""
    shutil.copy(_mark(world), world.root / f"mark-{step['as']}")


def restore_mark(world: World, step: Mapping[str, Any]) -> None:
    """What the machine remembers is put back to an earlier or another state."""
    world.studio.close()
    shutil.copy(world.root / f"mark-{step['from']}", _mark(world))
    world.reopen()


def remove_mark(world: World, step: Mapping[str, Any]) -> None:
    """The machine has forgotten what it knew of the log."""
    world.studio.close()
    _mark(world).unlink()
    world.reopen()


def append_unknown_entry(world: World, step: Mapping[str, Any]) -> None:
    """A newer version of the software writes an entry of a kind that this one does not know."""
    with patch("bottega.rights.ledger.log.is_known", return_value=True):
        world.ledger.append("moon.phase", {"full": True})
    world.reopen()


def change_gate_key(world: World, step: Mapping[str, Any]) -> None:
    """The gate's key pair is replaced by another one, public half in the show included."""
    folder = world.studio.key_folder
    [private] = folder.glob("gate_*.pem")
    private.unlink()
    world.studio.folder.public_key.unlink()
    write_public_key(world.studio.folder.public_key, world.new_gate_key().public_key())
    world.reopen()


def make_database_unreachable(world: World, step: Mapping[str, Any]) -> None:
    """The database goes away, or somebody sits on it."""
    how, file = step["how"], world.studio.folder.ledger
    if how == "close":
        world.ledger.close()
    elif how == "remove":
        world.studio.close()
        file.unlink()
        world.reopen()
    elif how == "garbage":
        world.studio.close()
        file.write_bytes(b"this is no database. " * 500)
        world.reopen()
    elif how == "lock":
        db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        db.execute("BEGIN IMMEDIATE")
        world.at_exit(db.close)
        world.hurry()
    elif how == "read_only":
        disk = _small_disk(world)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        world.reopen()
    else:
        raise UnsupportedError(f"no way {how} to make a database unreachable")


def fill_disk(world: World, step: Mapping[str, Any]) -> None:
    """The show lies on a disk of its own, and that is full to the last byte."""
    disk = _small_disk(world)
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * 4096)
        except OSError:
            pass
    world.reopen()


def _small_disk(world: World) -> Path:
    """Move the show to a small disk of its own. Needs a machine that lets us mount one."""
    disk = world.root / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", str(disk)], check=False).returncode:
        raise UnsupportedError("mounting a small disk needs root")
    world.at_exit(lambda: subprocess.run(["umount", "-l", str(disk)], check=True))
    world.studio.close()
    shutil.copytree(world.show_folder, disk / "show")
    world.show_folder = disk / "show"
    return disk


def set_clock(world: World, step: Mapping[str, Any]) -> None:
    """The clock shows another time. Unless the step says how long the machine ran, as much time went by as the clock says."""
    to = datetime.fromisoformat(step["to"]).astimezone(UTC)
    ran = step.get("machine_ran_seconds")
    world.set_clock(to, ran=timedelta(seconds=ran) if ran is not None else max(to - world.now, timedelta(0)))
