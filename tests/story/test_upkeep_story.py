"""What guards the ledger, looked after: keys replaced, a mark or a clock accepted, a disk that is full, a machine without keys."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega import Studio
from bottega.model import ConsentError, UsageError
from bottega.rights import Gate, State, load_gate_key, load_log_key, mark_folder, private_key_path
from bottega.rights.desk import upkeep
from bottega.rights.ledger import Moment, SteadyClock
from bottega.rights.rotation import rotate_key
from bottega.studio import examine
from tests.rights.builders import NOON, good_use
from tests.rights.ledger.server import APP, OWNER, running
from tests.rights.ledger.show import refused, tampered

BY = "Operator C"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOTTEGA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def studio(home: Path, tmp_path: Path) -> Studio:
    made = Studio.create(tmp_path / "my_show", show="demo")
    made.add_person("Performer A", role="performer")
    return made


def again(studio: Studio) -> Studio:
    studio.close()
    return Studio.open(studio.folder.root)


def gate(studio: Studio) -> Gate:
    return Gate(studio.ledger, load_gate_key(studio.show.show_id), show_id=studio.show.show_id)


def mark(studio: Studio) -> Path:
    return mark_folder() / f"{studio.show.show_id}.note"


def test_a_new_show_has_two_keys_a_mark_and_a_checkpoint(studio: Studio, home: Path) -> None:
    show_id = studio.show.show_id
    assert load_gate_key(show_id).private_bytes_raw() != load_log_key(show_id).private_bytes_raw()
    assert mark(studio).parent == home / "marks"
    assert mark(studio).read_text() == studio.folder.checkpoint.read_text() == studio.ledger.checkpoint()
    assert studio.folder.log_key.read_text().startswith(f"bottega/{show_id}+")
    inside = b"".join(p.read_bytes() for p in studio.folder.root.rglob("*") if p.is_file())
    assert b"PRIVATE" not in inside
    found = {c.name: c for c in examine(studio.folder.root)}
    assert found["ledger"].ok and "signed here" in found["ledger"].detail
    assert found["clock"].ok


def test_a_new_gate_key_works_and_the_old_one_no_more(studio: Studio) -> None:
    old_gate, old = gate(studio), studio.folder.public_key.read_bytes()
    studio.rotate_key("gate", by=BY)
    assert studio.folder.public_key.read_bytes() != old
    with refused("unknown_key"):
        old_gate.decide(good_use(), job_id="job-1")
    use = good_use(show_id=studio.show.show_id)
    assert gate(studio).decide(use, job_id="job-1").idx is not None
    assert gate(again(studio)).decide(use, job_id="job-1").idx is not None


def test_a_new_log_key_signs_from_then_on(studio: Studio) -> None:
    old, named = studio.ledger.checkpoint(), studio.folder.log_key.read_text()
    studio.rotate_key("log", by=BY)
    studio.rotate_key("log", by=BY)
    studio.add_person("Performer B", role="performer")
    assert studio.folder.log_key.read_text() != named
    studio = again(studio)
    studio.add_person("Performer D", role="performer")
    size = studio.ledger.verify().size
    assert old is not None
    mark(studio).write_text(old)  # signed by a key that the log names as a former one: an earlier mark, and a true one
    studio.add_person("Performer E", role="performer")
    assert studio.ledger.verify().size == size + 1


def test_the_private_key_of_before_does_not_open_the_log_any_more(studio: Studio) -> None:
    path = private_key_path(studio.show.show_id, which="log")
    old, told = path.read_bytes(), studio.folder.log_key.read_text()
    studio.rotate_key("log", by=BY)
    path.write_bytes(old)
    studio.folder.log_key.write_text(told)
    with refused("unknown_checkpoint_key"):
        again(studio).add_person("Performer B", role="performer")


@pytest.mark.parametrize("which", ["gate", "log"])
def test_cut_off_before_the_new_key_is_in_place_the_next_opening_does_the_rest(
    studio: Studio, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(upkeep, "_install", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            studio.rotate_key(which, by=BY)
    waiting = private_key_path(studio.show.show_id, which=which, state=".new")
    assert waiting.is_file()
    studio = again(studio)
    assert not waiting.exists()
    studio.add_person("Performer B", role="performer")
    gate(studio)
    assert studio.ledger.verify().size == studio.ledger.head().size


def test_cut_off_before_it_is_recorded_nothing_has_changed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(upkeep, "rotate_key", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            studio.rotate_key("gate", by=BY)
    studio = again(studio)
    gate(studio)
    studio.rotate_key("gate", by=BY)
    gate(again(studio))


def test_a_rotation_that_the_old_key_did_not_sign_shuts_the_gate(studio: Studio) -> None:
    stranger = Ed25519PrivateKey.generate()
    with studio.ledger.transaction() as transaction:
        entry = {"which": "gate", "old": stranger, "new": stranger.public_key(), "show_id": studio.show.show_id}
        rotate_key(transaction, by="p_0000000000000000", **entry)
    with refused("ledger_invalid"):
        State.of(studio.ledger)


def test_only_the_gates_and_the_logs_keys_can_be_replaced(studio: Studio) -> None:
    with pytest.raises(UsageError, match="gate, log"):
        studio.rotate_key("mine", by=BY)


def test_an_old_copy_put_back_on_purpose_is_accepted_by_name(studio: Studio) -> None:
    studio.close()
    shutil.copy(studio.folder.ledger, studio.folder.root / "old.db")
    studio = Studio.open(studio.folder.root)
    studio.add_person("Performer B", role="performer")
    studio.close()
    shutil.copy(studio.folder.root / "old.db", studio.folder.ledger)
    studio = Studio.open(studio.folder.root)
    with refused("rollback"):
        gate(studio)
    assert not {c.name: c.ok for c in examine(studio.folder.root)}["ledger"]
    there = studio.ledger.head().size
    before, now = studio.upkeep.accept_mark(by=BY)
    assert before == there + 1
    assert now == there + 2, "the person and the word, both new"
    gate(studio)
    [said] = studio.ledger.entries("note.mark_accepted")
    assert said.data["before"] == before and said.data["by"] in State.of(studio.ledger).people


def test_a_mark_that_is_gone_is_accepted_but_a_damaged_log_is_not(studio: Studio) -> None:
    mark(studio).unlink()
    with refused("mark_missing"):
        gate(studio)
    tampered(studio.folder.ledger, "UPDATE entry SET body = CAST(replace(body, 'performer', 'purformer') AS BLOB)")
    with refused("ledger_invalid"):
        studio.upkeep.accept_mark(by=BY)
    assert not mark(studio).exists()


def test_a_clock_that_was_set_is_accepted_by_name(home: Path, tmp_path: Path) -> None:
    ahead = timedelta(0)

    def moment() -> Moment:
        return Moment(NOON + ahead, timedelta(hours=1), "boot-1")

    studio = Studio.create(tmp_path / "my_show", show="demo", clock=SteadyClock(home / "marks", moment=moment))
    ahead = timedelta(days=1)
    with refused("clock"):
        studio.add_person("Performer A", role="performer")
    studio.upkeep.accept_clock(studio.clock, by=BY)
    studio.add_person("Performer A", role="performer")
    [said] = studio.ledger.entries("clock.accepted")
    assert said.data["by"] in State.of(studio.ledger).people
    with pytest.raises(UsageError, match="not watched"):
        studio.upkeep.accept_clock(lambda: NOON, by=BY)


def test_a_machine_without_the_keys_reads_and_appends_and_does_not_sign(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = studio.ledger.checkpoint()
    studio.close()
    with monkeypatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(tmp_path / "elsewhere"))
        worker = Studio.open(studio.folder.root)
        worker.ledger.append("note.worker", {})
        assert worker.ledger.checkpoint() == signed
        worker.ledger.verify()
        worker.close()
    home = Studio.open(studio.folder.root)
    home.add_person("Performer B", role="performer")
    assert home.ledger.checkpoint() != signed
    assert home.ledger.entries("note.worker")
    assert home.ledger.verify() == home.ledger.head()


def test_the_show_without_its_public_log_key_stays_shut(studio: Studio) -> None:
    studio.folder.log_key.unlink()
    with refused("unknown_checkpoint_key"):
        again(studio)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root with CAP_SYS_ADMIN")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(studio: Studio) -> int:
    for count in range(2000):
        try:
            studio.ledger.append("note.a", {"text": "a" * 900})
        except ConsentError as refusal:
            assert refusal.codes == ("ledger_unreachable",)
            return count
    raise AssertionError("the disk was not full")


def test_a_full_disk_under_the_ledger_is_a_no(home: Path, small_disk: Path) -> None:
    studio = Studio.create(small_disk / "my_show", show="demo")
    count = fill(studio)
    with pytest.raises(ConsentError):
        gate(studio).decide(good_use(show_id=studio.show.show_id), job_id="job-1")
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    studio = again(studio)
    assert studio.ledger.verify().size >= count + 1
    assert gate(studio).decide(good_use(show_id=studio.show.show_id), job_id="job-1").idx is not None


def test_a_full_disk_under_the_mark_is_a_no(tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", str(small_disk / "home"))
    studio = Studio.create(tmp_path / "my_show", show="demo")
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="space"):
        filler.write_bytes(b"x" * 1_000_000)
    with refused("ledger_unreachable"):
        gate(studio).clear(good_use(show_id=studio.show.show_id), job_id="job-1")
    filler.unlink()
    assert gate(studio).decide(good_use(show_id=studio.show.show_id), job_id="job-1").idx is not None
    assert studio.ledger.verify().size == studio.ledger.head().size


def test_nothing_is_made_for_a_database_that_cannot_be_used(home: Path, tmp_path: Path) -> None:
    for ledger, owner in (("postgresql://a:secret@h/d", None), ("mysql://h/d", None), (None, "postgresql://h/d")):
        with pytest.raises(UsageError):
            Studio.create(tmp_path / "my_show", show="demo", ledger=ledger, ledger_owner=owner)
    assert not (tmp_path / "my_show").exists()


@pytest.mark.heavy
def test_a_show_whose_ledger_is_a_database(home: Path, tmp_path: Path) -> None:
    with running() as server:
        studio = Studio.create(tmp_path / "my_show", show="demo", ledger=server.url(APP), ledger_owner=server.url(OWNER))
        studio.add_person("Performer A", role="performer")
        assert not studio.folder.ledger.exists()
        studio = again(studio)
        assert [name for _, name in studio.people()] == ["Performer A"]
        gate(studio).decide(good_use(show_id=studio.show.show_id), job_id="job-1")
        studio.rotate_key("log", by=BY)
        assert {c.name: c.ok for c in examine(studio.folder.root)}["ledger"]
        assert studio.ledger.verify().size >= 4
        server.control("-m", "immediate", "stop")
        with refused("ledger_unreachable"):
            gate(studio)


def test_the_databases_file_is_no_place_for_names(studio: Studio) -> None:
    said = b"".join(bytes(body) for [body] in sqlite3.connect(studio.folder.ledger).execute("SELECT body FROM entry"))
    assert b"Performer A" not in said and str(studio.folder.root).encode() not in said
