"""Sixteen processes at once, and killed in the middle: nothing is lost, nothing forks. On both stores."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bottega.rights import Database, Ledger

from .server import APP, OWNER, Server, running

PROCESSES, EACH = 16, 12
KILLS = 50


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.heavy)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Database:
    """An empty ledger."""
    where: Path | Database = tmp_path / "ledger.db"
    if request.param == "postgres":
        server: Server = request.getfixturevalue("server")
        where = Database.of(server.url(APP), show_id=f"show-{random.randbytes(4).hex()}", owner_url=server.url(OWNER))
    Ledger.create(where).close()
    return where


def _append(place: Path | Database, who: int, ready: object) -> None:
    with Ledger(place, wait_s=100) as ledger:
        ready.wait()  # type: ignore[attr-defined]
        for i in range(EACH):
            with ledger.transaction() as transaction:
                transaction.append("note.worker", {"who": who, "i": i})
                transaction.append("note.worker", {"who": who, "i": -i - 1})


def test_sixteen_processes_lose_nothing_and_fork_nothing(place: Path | Database) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(PROCESSES)
    workers = [spawn.Process(target=_append, args=(place, who, ready)) for who in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(200)
        assert worker.exitcode == 0
    with Ledger(place) as ledger:
        assert ledger.verify().size == PROCESSES * EACH * 2
        entries = ledger.entries("note.worker")
    assert [e.idx for e in entries] == list(range(PROCESSES * EACH * 2))
    for who in range(PROCESSES):
        assert [e.data["i"] for e in entries if e.data["who"] == who] == [n for i in range(EACH) for n in (i, -i - 1)]
    pairs = [(e.data["who"], e.data["i"]) for e in entries]
    assert all(first == (who, -i - 1) for (who, i), first in zip(pairs[::2], pairs[1::2], strict=True)), "transactions do not mix"


WRITER = (
    "import sys\nfrom pathlib import Path\nfrom bottega.rights import Database, Ledger\n"
    "place = Database(*sys.argv[1:]) if len(sys.argv) > 2 else Path(sys.argv[1])\nledger, n = Ledger(place), 0\n"
    "while True:\n  n += 1\n  print(ledger.append('note.a', {'n': n, 'text': 'a' * (n * 977 % 9000)}).idx, flush=True)\n"
)


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_killed_at_fifty_points_what_was_acknowledged_is_there(place: Path | Database) -> None:
    words = [place.url, place.schema] if isinstance(place, Database) else [str(place)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    draw, acknowledged = random.Random(20261122), []
    for _ in range(KILLS):
        child = subprocess.Popen([sys.executable, "-c", WRITER, *words], stdout=subprocess.PIPE, text=True, env=env)
        assert child.stdout is not None
        acknowledged.append(int(child.stdout.readline()))
        time.sleep(draw.uniform(0, 0.03))
        child.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        child.stdout.close()
        child.wait()
        with Ledger(place) as ledger:
            size = ledger.verify().size
            assert size > acknowledged[-1]
            assert {e.idx for e in ledger.entries("note.a")} >= set(acknowledged)
    assert len(acknowledged) > KILLS
    assert acknowledged == sorted(set(acknowledged))
