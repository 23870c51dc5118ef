from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bottega.model import ConsentError
from bottega.rights import Ledger, State
from bottega.rights.ledger import EMPTY, Head, leaf_hash
from bottega.rights.ledger.tree import node_hash

from .builders import NOON, Clock, good_consent, set_stage


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "ledger.db", clock=Clock()) as made:
        yield made


def raw(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def change(path: Path, *statements: str) -> None:
    db = raw(path)
    for statement in statements:
        db.execute(statement)
    db.close()


def refused(code: str) -> Any:
    return pytest.raises(ConsentError, match=f"^{code}:")


def test_what_is_appended_is_read_back_in_order(ledger: Ledger) -> None:
    for i in range(5):
        entry = ledger.append("note.test", {"n": i, "name": "é"})
        assert (entry.idx, entry.at, entry.kind) == (i, NOON, "note.test")
    ledger.append("job.started", {"job_id": "j"})
    assert [e.data["n"] for e in ledger.entries("note.test", after=1)] == [2, 3, 4]
    assert [e.idx for e in ledger.entries()] == list(range(6))
    assert ledger.verify() == ledger.head()
    assert ledger.head().size == 6


def test_the_hashes_are_those_of_the_specification(ledger: Ledger) -> None:
    first, second = ledger.append("note.a", {}), ledger.append("note.b", {"x": 1})
    body = b'{"at":"2026-03-10T12:00:00.000000Z","data":{"x":1},"kind":"note.b"}'
    assert second.leaf == leaf_hash(body) == hashlib.sha256(b"\0" + body).digest()
    assert ledger.head().root == node_hash(first.leaf, second.leaf)
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "the leaf of RFC 6962's empty string"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET kind = 'note.b'",
        "DELETE FROM entry",
        "INSERT OR REPLACE INTO entry SELECT 0, 'note.b', body FROM entry WHERE idx = 1",
        "INSERT INTO entry SELECT 7, kind, body FROM entry WHERE idx = 1",
        "INSERT INTO entry SELECT -1, kind, body FROM entry WHERE idx = 1",
        "UPDATE hash SET hash = zeroblob(32)",
        "DELETE FROM hash WHERE level = 1",
        "INSERT OR REPLACE INTO hash SELECT level, i, zeroblob(32) FROM hash",
        "INSERT INTO hash VALUES (1, 7, zeroblob(32))",
        "INSERT INTO hash VALUES (-1, 1, zeroblob(32))",
        "DELETE FROM checkpoint",
        "UPDATE checkpoint SET size = 2",
        "UPDATE checkpoint SET size = 1, note = 'older'",
        "UPDATE checkpoint SET note = 'other'",
        "UPDATE checkpoint SET one = 2, size = 9",
        "INSERT OR REPLACE INTO checkpoint VALUES (1, 9, 'other')",
        "INSERT INTO checkpoint VALUES (1, 9, 'other')",
    ],
)
def test_sqlite_itself_refuses_all_but_the_next_entry(ledger: Ledger, statement: str) -> None:
    ledger.append("note.a", {})
    ledger.append("note.a", {})
    change(ledger.path, "INSERT INTO checkpoint VALUES (1, 2, 'note')")
    db = raw(ledger.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)
    db.close()
    assert ledger.verify().size == 2


EDITS = {
    "body": "UPDATE entry SET body = CAST(replace(body, 'one', 'two') AS BLOB) WHERE idx = 1",
    "body and kind": "UPDATE entry SET kind = 'note.z' WHERE idx = 1",
    "leaf": "UPDATE hash SET hash = zeroblob(32) WHERE level = 0 AND i = 1",
    "subtree": "UPDATE hash SET hash = zeroblob(32) WHERE level = 1 AND i = 0",
    "a hash gone": "DELETE FROM hash WHERE level = 1 AND i = 0",
    "a hash too many": "INSERT INTO hash VALUES (1, 1, zeroblob(32))",
    "a row gone": "DELETE FROM entry WHERE idx = 1",
    "the first row gone": "DELETE FROM entry WHERE idx = 0",
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_under_the_triggers_is_found(ledger: Ledger, edit: str) -> None:
    for word in ("zero", "one", "two"):
        ledger.append("note.a", {"word": word})
    db = raw(ledger.path)
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    db.close()
    change(ledger.path, *(f"DROP TRIGGER {name}" for name, _ in triggers), EDITS[edit])
    with refused("ledger_invalid"):
        ledger.verify()
    change(ledger.path, *(sql for _, sql in triggers))
    with refused("ledger_invalid"):
        ledger.verify()
    if edit != "a hash too many":  # it changes no answer, and only the whole check counts them
        with refused("ledger_invalid"):
            ledger.since(EMPTY)


@pytest.mark.parametrize("data", [b" {}", b'{"x":0.5}', '{"e\u0301":1}'.encode(), b'{"x":1,"x":2}'])
def test_a_body_in_another_form_is_found(ledger: Ledger, data: bytes) -> None:
    """It hashes well and reads the same, so only the form gives away that it was not written here."""
    body = b'{"at":"2026-03-10T12:00:00.000000Z","data":' + data + b',"kind":"note.a"}'
    db = raw(ledger.path)
    db.execute("INSERT INTO entry VALUES (0, 'note.a', ?)", (body,))
    db.execute("INSERT INTO hash VALUES (0, 0, ?)", (leaf_hash(body),))
    db.close()
    with refused("ledger_invalid"):
        ledger.entries()
    with refused("ledger_invalid"):
        ledger.verify()


def test_a_dropped_trigger_alone_is_found(ledger: Ledger) -> None:
    change(ledger.path, "DROP TRIGGER entry_no_update")
    with refused("ledger_invalid"):
        ledger.verify()
    with refused("ledger_invalid"):
        Ledger(ledger.path)


def test_one_who_has_read_on_notices_a_rewritten_or_shortened_past(tmp_path: Path) -> None:
    """The rewritten log is whole in itself: only somebody who remembers the old head can tell."""
    with Ledger.create(tmp_path / "a.db", clock=Clock()) as a, Ledger.create(tmp_path / "b.db", clock=Clock()) as b:
        a.append("note.a", {"word": "this"})
        known = a.append("note.a", {"word": "that"})
        b.append("note.a", {"word": "other"})
        head = a.head()
        assert head == Head(2, node_hash(a.entries()[0].leaf, known.leaf))
        with refused("ledger_invalid"):
            b.since(head)
        b.append("note.a", {"word": "that"})
        with refused("ledger_invalid"):
            b.since(head)
        assert b.verify().size == 2


def test_time_never_runs_backwards(tmp_path: Path) -> None:
    clock = Clock()
    with Ledger.create(tmp_path / "ledger.db", clock=clock) as ledger:
        ledger.append("note.a", {})
        clock.forward(seconds=-120)
        assert ledger.append("note.a", {}).at == NOON
        clock.forward(microseconds=-1)
        with refused("clock"):
            ledger.append("note.a", {})
        clock.at = NOON + timedelta(seconds=1)
        assert ledger.append("note.a", {}).at == NOON + timedelta(seconds=1)
        clock.at = NOON.replace(tzinfo=None)
        with pytest.raises(ValueError, match="no time zone"):
            ledger.append("note.a", {})
        assert ledger.verify().size == 3


def test_unlisted_kinds_and_floats_are_not_written(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match=r"grant\.imagined"):
        ledger.append("grant.imagined", {})
    with pytest.raises(TypeError, match="float"):
        ledger.append("note.a", {"x": 0.5})
    with pytest.raises(ValueError, match="too long"):
        ledger.append("note.a", {"x": "a" * (16 * 1024 * 1024)})
    assert ledger.head() == EMPTY


def test_a_transaction_is_all_or_nothing(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction() as transaction:
        transaction.append("note.a", {})
        raise ZeroDivisionError
    assert ledger.head() == EMPTY
    with ledger.transaction() as transaction:
        transaction.append("note.a", {})
        transaction.append("note.b", {})
        with pytest.raises(RuntimeError, match="is open"):
            ledger.append("note.c", {})
    with pytest.raises(RuntimeError, match="over"):
        transaction.append("note.d", {})
    assert [e.kind for e in ledger.entries()] == ["note.a", "note.b"]


def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("my dear diary, " * 400)
    (tmp_path / "empty.db").write_bytes(b"")
    change(tmp_path / "other.db", "CREATE TABLE entry (idx INTEGER)")
    shutil.copy(tmp_path / "other.db", tmp_path / "marked.db")
    change(tmp_path / "marked.db", "PRAGMA application_id = 1651471463", "PRAGMA user_version = 2")
    for name in ("text.db", "empty.db", "other.db", "marked.db"):
        with refused("ledger_invalid"):
            Ledger(tmp_path / name)
    for path in (tmp_path / "none.db", tmp_path / "no" / "such" / "ledger.db", tmp_path):
        with refused("ledger_unreachable"):
            Ledger(path)


def test_a_ledger_of_another_version_is_named(ledger: Ledger) -> None:
    change(ledger.path, "PRAGMA user_version = 1")
    with pytest.raises(ConsentError, match="ledger version 1, allowed 2"):
        Ledger(ledger.path)


def test_a_file_that_is_there_is_never_made_anew(ledger: Ledger) -> None:
    ledger.append("note.a", {})
    with refused("ledger_unreachable"):
        Ledger.create(ledger.path)
    with refused("ledger_unreachable"):
        Ledger.create(ledger.path.parent / "no" / "ledger.db")
    assert ledger.verify().size == 1


def test_a_writer_that_does_not_let_go_is_waited_for_and_then_reported(ledger: Ledger) -> None:
    with Ledger(ledger.path, clock=Clock(), wait_s=0.2) as other, ledger.transaction():
        with refused("ledger_unreachable"):
            other.append("note.a", {})
        assert other.head() == EMPTY, "reading is not held up"
    assert ledger.append("note.b", {}).idx == 0


def test_a_closed_ledger_is_unreachable(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "ledger.db")
    ledger.close()
    with refused("ledger_unreachable"):
        ledger.append("note.a", {})


def test_a_full_disk_refuses_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from bottega.model import ConsentError\nfrom bottega.rights import Ledger\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nledger, n = Ledger.create(Path(sys.argv[1])), 0\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "try:\n  while n < 1000: ledger.append('note.a', {'x': 'a' * 2000}); n += 1\n"
        "except ConsentError as e: print(n, *e.codes)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "ledger.db")], capture_output=True, text=True, check=True)
    n, code = done.stdout.split()
    assert code == "ledger_unreachable"
    assert 10 < int(n) < 1000
    with Ledger(tmp_path / "ledger.db") as ledger:
        assert ledger.verify().size == int(n)
        ledger.append("note.a", {})


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to write where the mode says no."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_read_only_ledger_takes_no_entry(ledger: Ledger) -> None:
    ledger.append("note.a", {})
    ledger.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(ledger.path, folder))
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        with as_nobody(), refused("ledger_unreachable"), Ledger(path, clock=Clock()) as opened:
            opened.append("note.b", {})
        Path(folder).chmod(0o755)


def test_a_child_must_open_the_ledger_again(ledger: Ledger) -> None:
    ledger._pid = os.getppid()
    with refused("ledger_unreachable"):
        ledger.append("note.a", {})
    ledger._pid = os.getpid()


def _append_many(path: Path, who: int, count: int) -> None:
    with Ledger(path, wait_s=60) as ledger:
        for i in range(count):
            ledger.append("note.worker", {"who": who, "i": i})


def test_four_processes_lose_nothing(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        spawn = multiprocessing.get_context("spawn")
        workers = [spawn.Process(target=_append_many, args=(ledger.path, who, 25)) for who in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
        assert ledger.verify().size == 100
        found = [(e.data["who"], e.data["i"]) for e in ledger.entries("note.worker")]
    assert sorted(found) == [(who, i) for who in range(4) for i in range(25)]
    assert all([i for w, i in found if w == who] == list(range(25)) for who in range(4))


def test_threads_lose_nothing(ledger: Ledger) -> None:
    threads = [threading.Thread(target=lambda: [ledger.append("note.a", {}) for _ in range(20)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.verify().size == 100


def test_killed_while_appending_leaves_a_valid_log_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.create(path).close()
    script = (
        "import sys\nfrom pathlib import Path\nfrom bottega.rights import Ledger\nledger = Ledger(Path(sys.argv[1]))\n"
        "while True:\n  print(ledger.append('note.a', {'x': 'a' * 3000}).idx, flush=True)\n"
    )
    acknowledged = -1
    for wait in (0.05, 0.11, 0.23):
        child = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        lines = child.stdout.read().splitlines()
        child.stdout.close()
        child.wait()
        acknowledged = max(acknowledged, *(int(n) for n in lines[:-1])) if len(lines) > 1 else acknowledged
        with Ledger(path) as ledger:
            assert ledger.verify().size > acknowledged
    assert acknowledged > 5


def test_a_state_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, good_consent())
    stage.ledger.append("grant.revoked", {"grant_id": "g_unknown"})
    with refused("ledger_invalid"):
        State.of(stage.ledger)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("show.created", {"show_id": "show-1", "gate_key_id": "k"}),
        ("grant.created", good_consent().to_json()),
        ("grant.created", {k: v for k, v in good_consent(grant_id="g_2").to_json().items() if k != "valid_until"}),
        ("licence.revoked", {}),
        ("clearance.spent", {"clearance_id": 7, "door_id": "d"}),
    ],
)
def test_a_twice_told_or_broken_entry_stops_the_gate(tmp_path: Path, kind: str, data: dict[str, Any]) -> None:
    stage = set_stage(tmp_path, good_consent())
    stage.ledger.append(kind, data)
    with refused("ledger_invalid"):
        stage.gate()


def test_a_kind_of_the_future_stops_the_gate_and_other_rooms_kinds_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = set_stage(tmp_path, good_consent())
    before = stage.state()
    stage.ledger.append("review.noted", {"take": "sh010_deage_v001"})
    stage.ledger.append("output.registered", {"sha256": "0" * 64})
    before.refresh(stage.ledger)
    assert before.head == stage.ledger.head()
    monkeypatch.setattr("bottega.rights.ledger.log.is_known", lambda kind: True)
    stage.ledger.append("grant.suspended", {"grant_id": "g_1"})
    with refused("ledger_invalid"):
        before.refresh(stage.ledger)
