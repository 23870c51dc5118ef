from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bottega.model import ConsentError
from bottega.rights import Gate, Ledger, Mark, Notary, create_show, log_signer
from bottega.rights.ledger import Head
from bottega.rights.ledger.checkpoint import Checkpoint, open_checkpoint
from tests.rights.builders import GATE_KEY, SHOW, good_use

from .show import LOG_KEY, STRANGER, Books, made, refused, tampered

VERIFIER = log_signer(SHOW, LOG_KEY).verifier


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return made(tmp_path)


def said(note: str | bytes) -> Checkpoint:
    return open_checkpoint(note, VERIFIER).checkpoint


def test_every_transaction_ends_in_a_checkpoint_in_three_places(books: Books) -> None:
    with books.open() as ledger:
        for _ in range(3):
            ledger.append("note.b", {})
            note = ledger.checkpoint()
            assert note is not None
            assert books.mark.read_text() == books.copy.read_text() == note
            checkpoint = said(note)
            assert Head(checkpoint.size, checkpoint.root) == ledger.head()


def test_nothing_written_nothing_signed(books: Books) -> None:
    before = books.mark.read_bytes()
    with books.open() as ledger, ledger.transaction():
        pass
    with books.open() as ledger, pytest.raises(ZeroDivisionError), ledger.transaction() as transaction:
        transaction.append("note.b", {})
        raise ZeroDivisionError
    assert books.mark.read_bytes() == before


def test_an_old_file_put_back_is_a_rollback(books: Books) -> None:
    old = books.kept("old.db")
    with books.open() as ledger:
        ledger.append("note.b", {})
    books.put_back(old)
    with books.open() as ledger:
        for ask in (ledger.verify, ledger.attest, lambda: ledger.append("note.c", {})):
            with refused("rollback"):
                ask()
        with refused("rollback"):
            Gate(ledger, GATE_KEY, show_id=SHOW)
        assert ledger.head().size == 4, "what was refused left nothing behind"


def test_the_last_entries_cut_off_is_a_rollback_even_with_an_older_checkpoint(books: Books) -> None:
    with books.open() as ledger:
        older = ledger.stored_checkpoint()
        ledger.append("note.b", {})
    assert older is not None
    tampered(
        books.path,
        "DELETE FROM entry WHERE idx = 4",
        "DELETE FROM hash WHERE level = 0 AND i = 4",
        lambda db: db.execute("UPDATE checkpoint SET size = ?, note = ?", older),
    )
    with books.open() as ledger, refused("rollback"):
        ledger.verify()


def test_another_past_of_the_same_size_is_a_split_view(books: Books) -> None:
    """Both are signed by the log's own key: somebody let the log go two ways."""
    fork = books.folder / "fork"
    fork.mkdir()
    shutil.copy(books.path, fork / "ledger.db")
    shutil.copytree(books.mark.parent, fork / "marks")
    for where, word in ((books, "here"), (Books(fork), "there")):
        with where.open() as ledger:
            ledger.append("note.b", {"word": word})
    books.put_back(fork / "ledger.db")
    with books.open() as ledger:
        with refused("split_view"):
            ledger.verify()
        with refused("split_view"):
            Gate(ledger, GATE_KEY, show_id=SHOW)


def test_a_longer_fork_is_a_split_view_too(books: Books) -> None:
    fork = books.folder / "fork"
    fork.mkdir()
    shutil.copy(books.path, fork / "ledger.db")
    shutil.copytree(books.mark.parent, fork / "marks")
    with books.open() as ledger:
        ledger.append("note.b", {"word": "here"})
    with Books(fork).open() as ledger:
        for _ in range(5):
            ledger.append("note.b", {"word": "there"})
    books.put_back(fork / "ledger.db")
    with books.open() as ledger, refused("split_view"):
        ledger.attest()


def test_a_new_log_under_the_old_name_is_a_rollback(books: Books) -> None:
    books.path.unlink()
    with Ledger.create(books.path, clock=books.clock, notary=books.notary()) as ledger, refused("rollback"):
        create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo", log_key=LOG_KEY.public_key())


def test_a_rewritten_log_signed_by_another_key_is_known_by_its_key(tmp_path: Path) -> None:
    for name in ("true", "false"):
        (tmp_path / name).mkdir()
    books = made(tmp_path / "true")
    false = Books(tmp_path / "false", key=STRANGER)
    with Ledger.create(false.path, clock=false.clock, notary=false.notary()) as ledger:
        create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo", log_key=STRANGER.public_key())
        for i in range(9):
            ledger.append("note.a", {"n": i})
    books.put_back(false.path)
    with books.open() as ledger, refused("unknown_checkpoint_key"):
        ledger.verify()


def test_a_checkpoint_by_a_stranger_in_the_row_or_as_the_mark(books: Books) -> None:
    with books.open() as ledger:
        head = ledger.head()
    false = Checkpoint(VERIFIER.name, head.size, head.root).signed(log_signer(SHOW, STRANGER))
    true = books.mark.read_text()
    books.mark.write_text(false)
    with books.open() as ledger, refused("unknown_checkpoint_key"):
        ledger.attest()
    books.mark.write_text(true)
    tampered(books.path, lambda db: db.execute("UPDATE checkpoint SET note = ?", (false,)))
    with books.open() as ledger, refused("unknown_checkpoint_key"):
        ledger.attest()


def test_a_checkpoint_of_another_log_of_ours(books: Books, tmp_path: Path) -> None:
    signer = log_signer("show-2", LOG_KEY)
    with books.open() as ledger:
        head = ledger.head()
    books.mark.write_text(Checkpoint(signer.verifier.name, head.size, head.root).signed(signer))
    with books.open() as ledger, refused("unknown_checkpoint_key"):
        ledger.attest()


def test_a_mark_that_is_gone_and_a_row_that_is_gone(books: Books) -> None:
    kept = books.mark.read_bytes()
    books.mark.unlink()
    with books.open() as ledger, refused("mark_missing"):
        ledger.append("note.b", {})
    books.mark.write_bytes(kept)
    tampered(books.path, "DELETE FROM checkpoint")
    with books.open() as ledger, refused("ledger_invalid"):
        ledger.append("note.b", {})


def test_a_log_that_names_no_key_is_not_signed_for(tmp_path: Path) -> None:
    books = Books(tmp_path)
    with Ledger.create(books.path, clock=books.clock) as ledger:
        create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo")
    with books.open() as ledger, refused("unknown_checkpoint_key"):
        ledger.append("note.b", {})


def test_a_worker_without_the_key_appends_and_the_gate_signs_for_it_next(books: Books) -> None:
    with books.open(notary=Notary(VERIFIER)) as worker:
        worker.append("note.worker", {})
        note = worker.checkpoint()
        assert note is not None and said(note).size == 4
    with books.open() as ledger:
        ledger.verify()
        ledger.append("note.gate", {})
        assert said(books.mark.read_bytes()).size == ledger.head().size == 6


def test_what_workers_wrote_unsigned_does_not_hide_a_change_below(books: Books) -> None:
    """The checkpoint's own subtrees are left alone, so only the bodies give it away."""
    with books.open(notary=None) as worker:
        for _ in range(4):
            worker.append("note.worker", {})
    other = books.folder / "other.db"
    with Ledger.create(other, clock=books.clock) as rewritten:
        with books.open() as ledger:
            texts = [(e.kind, dict(e.data)) for e in ledger.entries()]
        for i, (kind, data) in enumerate(texts):
            rewritten.append(kind, data | ({"n": 7} if i == 2 else {}))
    _copy_but_for(books, other, keep=(2, 0))
    with books.open() as ledger:
        ledger.attest()
        with refused("ledger_invalid"):
            Gate(ledger, GATE_KEY, show_id=SHOW)


def _copy_but_for(books: Books, other: Path, *, keep: tuple[int, int]) -> None:
    source = sqlite3.connect(other)
    entries = source.execute("SELECT idx, body FROM entry").fetchall()
    nodes = [n for n in source.execute("SELECT hash, level, i FROM hash").fetchall() if n[1:] != keep]
    source.close()
    tampered(
        books.path,
        lambda db: db.executemany("UPDATE entry SET body = ?2 WHERE idx = ?1", entries),
        lambda db: db.executemany("UPDATE hash SET hash = ? WHERE level = ? AND i = ?", nodes),
    )


def test_the_mark_only_moves_forward(books: Books) -> None:
    with books.open() as ledger:
        older = ledger.checkpoint()
        ledger.append("note.b", {})
        newer = books.mark.read_text()
        assert older is not None
        books.notary().keep(older)
    assert books.mark.read_text() == newer


def test_a_mark_that_cannot_be_written_is_a_no(books: Books) -> None:
    with books.open() as ledger:
        shutil.rmtree(books.mark.parent)
        books.mark.parent.write_text("in the way")
        with refused("ledger_unreachable"):
            ledger.append("note.b", {})
        assert ledger.head().size == 4
        books.mark.parent.unlink()
        books.mark.parent.mkdir()
        books.mark.mkdir()
        with refused("ledger_unreachable"):
            ledger.append("note.b", {})


def test_the_mark_is_looked_at_in_every_decision(books: Books) -> None:
    with books.open() as ledger:
        gate = Gate(ledger, GATE_KEY, show_id=SHOW)
        gate.decide(good_use(), job_id="job-1")
        books.mark.unlink()
        with refused("mark_missing"):
            gate.decide(good_use(), job_id="job-2")


MOVER = (
    "import sys\nfrom pathlib import Path\nfrom bottega.rights import Ledger\n"
    "from tests.rights.ledger.show import Books\nfrom datetime import timedelta\nbooks = Books(Path(sys.argv[1]))\n"
    "with books.open(wait_s=60) as ledger:\n  for i in range(20): ledger.append('note.a', {'who': sys.argv[2], 'i': i})\n"
)


def test_processes_that_sign_at_once_leave_the_mark_at_the_end(books: Books) -> None:
    root = Path(__file__).parents[3]
    env = os.environ | {"PYTHONPATH": f"{root / 'src'}:{root}"}
    workers = [subprocess.Popen([sys.executable, "-c", MOVER, str(books.folder), str(who)], env=env) for who in range(4)]
    assert [w.wait(120) for w in workers] == [0, 0, 0, 0]
    with books.open() as ledger:
        assert ledger.verify().size == 84
        assert said(books.mark.read_bytes()).size == said(books.copy.read_bytes()).size == 84


def test_without_its_files_a_notary_can_still_check(books: Books) -> None:
    with books.open(notary=Notary(VERIFIER)) as ledger:
        ledger.verify()
    with books.open(notary=Notary(log_signer(SHOW, STRANGER).verifier)) as ledger, refused("unknown_checkpoint_key"):
        ledger.verify()


def test_time_runs_on_under_a_notary_as_without(books: Books) -> None:
    with books.open() as ledger:
        books.clock.at -= timedelta(seconds=121)
        with pytest.raises(ConsentError, match=r"^clock:"):
            ledger.append("note.b", {})


def test_how_far_a_mark_goes(books: Books, tmp_path: Path) -> None:
    assert books.notary().marked_size() == 4
    assert Notary(log_signer(SHOW, LOG_KEY), mark=Mark(tmp_path / "none.note")).marked_size() == -1
