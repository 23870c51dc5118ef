from __future__ import annotations

import multiprocessing
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bottega.model import BottegaError, UsageError
from bottega.rights.ledger import witness as witness_module
from bottega.rights.ledger.checkpoint import Checkpoint, open_checkpoint
from bottega.rights.ledger.note import NoteError, Signer, Verifier, sign
from bottega.rights.ledger.submit import ask, in_folder
from bottega.rights.ledger.witness import Request, Witness, WitnessError
from tests.rights.builders import NOON, Clock

from .grown import LOG, WITNESS, Grown

A_LOG = Grown(64)
OTHER_PAST = Grown(64, story="revoke", fork=20)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = Witness.create(tmp_path / "witness", name="guild.example/w1")
    made.trust(LOG.verifier.vkey)
    return Witness(tmp_path / "witness", clock=Clock())


def refused(witness: Witness, request: Request | str) -> int:
    before = witness.logs()
    with pytest.raises(WitnessError) as found:
        witness.add_checkpoint(request.text() if isinstance(request, Request) else request)
    assert witness.logs() == before
    return found.value.status


def test_a_log_that_grew_is_cosigned_at_the_time_of_the_witness(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 5).text())
    line = witness.add_checkpoint(A_LOG.request(5, 64).text())
    (held,) = open_checkpoint(A_LOG.note() + line, LOG.verifier, witnesses=[witness.verifier]).cosignatures
    assert held.time == int(NOON.timestamp())
    assert witness.logs() == [(LOG.verifier.name, 64)]


def test_the_same_checkpoint_is_cosigned_again(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 5).text())
    witness.add_checkpoint(A_LOG.request(5, 5).text())
    assert witness.logs() == [(LOG.verifier.name, 5)]


@pytest.mark.parametrize("size", [1, 19, 20, 21, 33, 63])
def test_a_log_that_shrank_is_not_cosigned(witness: Witness, size: int) -> None:
    witness.add_checkpoint(A_LOG.request(0).text())
    assert refused(witness, A_LOG.request(0, size)) == 409
    assert refused(witness, Request(64, (), A_LOG.note(size))) == 400


@pytest.mark.parametrize("size", [40, 64])
def test_a_log_with_another_past_is_not_cosigned(witness: Witness, size: int) -> None:
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    assert refused(witness, OTHER_PAST.request(40, size)) == 422


def test_a_proof_that_does_not_fit_is_not_accepted(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    good = A_LOG.request(40, 64)
    assert refused(witness, Request(40, good.proof[:-1], good.note)) == 422
    assert refused(witness, Request(40, (*good.proof, bytes(32)), good.note)) == 422
    assert refused(witness, Request(40, (), good.note)) == 422


def test_the_first_checkpoint_has_nothing_to_prove(witness: Witness) -> None:
    assert refused(witness, Request(0, (bytes(32),), A_LOG.note(5))) == 422


def test_an_empty_log_has_the_empty_root_and_grows(witness: Witness) -> None:
    wrong = Checkpoint(LOG.verifier.name, 0, bytes(32))
    assert refused(witness, Request(0, (), sign(wrong.text(), LOG))) == 422
    witness.add_checkpoint(A_LOG.request(0, 0).text())
    witness.add_checkpoint(A_LOG.request(0, 3).text())
    assert witness.logs() == [(LOG.verifier.name, 3)]


def test_a_log_that_nobody_trusts_is_not_cosigned(witness: Witness) -> None:
    other = Grown(3, signer=Signer("bottega.example/show-2", LOG._key))
    assert refused(witness, other.request(0)) == 404


def test_a_checkpoint_that_the_log_did_not_sign_is_not_cosigned(witness: Witness) -> None:
    stranger = Grown(3, signer=Signer(LOG.verifier.name, WITNESS._key))
    assert refused(witness, stranger.request(0)) == 403
    broken = A_LOG.note(3).replace("\n3\n", "\n4\n")
    assert refused(witness, Request(0, (), broken)) == 403


GOOD = A_LOG.request(0, 5).text()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 0",
        GOOD.replace("old 0", "old 00"),
        GOOD.replace("old 0", "old -1"),
        GOOD.replace("old 0", "new 0"),
        GOOD.replace("old 0", "old 6"),
        GOOD.replace("\n\n", "\n", 1),
        GOOD.replace("\n5\n", "\n5\nextension\n"),
        GOOD[:-1],
        GOOD.replace("old 0\n", "old 0\nAAAA\n"),
        GOOD.replace("old 0\n", "old 0\n" + ("A" * 43 + "=\n") * 64),
        "x" * (witness_module.LONGEST_REQUEST + 1),
    ],
)
def test_what_is_no_request_is_refused(witness: Witness, body: str) -> None:
    assert refused(witness, body) == 400


def test_what_was_seen_survives_a_restart(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    again = Witness(witness.folder)
    assert again.verifier == witness.verifier
    assert refused(again, A_LOG.request(0, 30)) == 409


def test_a_cosignature_is_given_only_after_it_is_kept(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(witness_module, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        witness.add_checkpoint(A_LOG.request(0, 5).text())
    assert witness.logs() == [(LOG.verifier.name, 0)]


def test_a_damaged_memory_is_no_reason_to_begin_anew(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    (seen,) = (witness.folder / "seen").iterdir()
    for damaged in (b"", b"\xff\xfe", seen.read_bytes()[:-1], A_LOG.note(3).encode(), OTHER_PAST.cosigned(3).encode()):
        seen.write_bytes(damaged)
        with pytest.raises(NoteError) as found:
            witness.add_checkpoint(A_LOG.request(0, 30).text())
        assert not isinstance(found.value, WitnessError)


def test_a_memory_that_is_gone_is_no_reason_to_begin_anew(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    (seen,) = (witness.folder / "seen").iterdir()
    seen.unlink()
    witness.trust(LOG.verifier.vkey)
    with pytest.raises(NoteError, match="is gone"):
        witness.add_checkpoint(A_LOG.request(0, 30).text())


def test_trusting_a_log_again_forgets_nothing(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    (key,) = (witness.folder / "logs").iterdir()
    key.unlink()
    witness.trust(LOG.verifier.vkey)
    assert refused(witness, A_LOG.request(0, 30)) == 409


def test_a_memory_that_was_swapped_with_another_log_s_is_refused(witness: Witness) -> None:
    other = Grown(3, signer=Signer("bottega.example/show-2", LOG._key))
    witness.trust(other.signer.verifier.vkey)
    witness.add_checkpoint(A_LOG.request(0, 40).text())
    witness.add_checkpoint(other.request(0).text())
    mine = next(p for p in (witness.folder / "seen").iterdir() if LOG.verifier.name in p.read_text())
    his = next(p for p in (witness.folder / "seen").iterdir() if p != mine)
    mine.write_bytes(his.read_bytes())
    with pytest.raises(NoteError):
        witness.add_checkpoint(A_LOG.request(3, 30).text())


def test_a_log_s_second_key_is_trusted_beside_the_first(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 5).text())
    rotated = Grown(9, signer=Signer(LOG.verifier.name, WITNESS._key))
    witness.trust(rotated.signer.verifier.vkey)
    witness.trust(rotated.signer.verifier.vkey)
    witness.add_checkpoint(rotated.request(5).text())
    assert witness.logs() == [(LOG.verifier.name, 9)]


def test_a_witness_does_not_trust_a_witness_as_a_log(witness: Witness) -> None:
    with pytest.raises(NoteError, match="allowed is a log's own key"):
        witness.trust(WITNESS.verifier.vkey)


def race(run: Callable[[int], object], count: int) -> None:
    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_requests_that_race_one_wins_and_none_rolls_back(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 10).text())
    requests = [A_LOG.request(10, 11 + n).text() for n in range(8)]
    won: list[int] = []

    def send(number: int) -> None:
        try:
            Witness(witness.folder).add_checkpoint(requests[number])
        except WitnessError as problem:
            assert problem.status == 409
        else:
            won.append(11 + number)

    race(send, 8)
    assert len(won) == 1
    assert witness.logs() == [(LOG.verifier.name, won[0])]


def _grow(folder: Path, story: str, told: Any) -> None:
    """Push one story from 10 entries on, a few at a time, as a process of its own."""
    log, size = Grown(64, story=story, fork=10), 10
    for larger in range(12, 64, 4):
        try:
            Witness(folder).add_checkpoint(log.request(size, larger).text())
        except WitnessError:
            break
        size = larger
    told.put((story, size))


def test_of_two_processes_with_two_stories_one_is_witnessed(witness: Witness) -> None:
    witness.add_checkpoint(A_LOG.request(0, 10).text())
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    processes = [context.Process(target=_grow, args=(witness.folder, story, told)) for story in ("grant", "revoke")]
    for process in processes:
        process.start()
    sizes = dict(told.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(60)
    assert sorted(sizes.values()) == [10, 60]


def test_a_folder_is_made_once_and_its_key_is_private(witness: Witness) -> None:
    assert stat.S_IMODE((witness.folder / "witness.pem").stat().st_mode) == 0o600
    assert Verifier.parse((witness.folder / "witness.vkey").read_text()) == witness.verifier
    with pytest.raises(UsageError, match="not empty"):
        Witness.create(witness.folder, name="guild.example/w2")


def test_another_key_in_the_folder_is_noticed(witness: Witness, tmp_path: Path) -> None:
    other = Witness.create(tmp_path / "other", name="guild.example/w1")
    shutil.copy(other.folder / "witness.pem", witness.folder / "witness.pem")
    with pytest.raises(NoteError, match="not the public half"):
        Witness(witness.folder)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\n"])
def test_a_name_that_no_note_can_hold_is_refused_before_anything_is_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(BottegaError):
        Witness.create(tmp_path / "new", name=name)
    assert not (tmp_path / "new").exists()


# The log's side


def test_a_log_finds_out_what_the_witness_knows(witness: Witness) -> None:
    place = in_folder(witness.folder)
    for seen, size in ((0, 10), (10, 20), (0, 30), (7, 64)):
        (held,) = ask(place, A_LOG.note(size), size=size, at=A_LOG.at, seen=seen)
        assert held.by == witness.verifier
    assert witness.logs() == [(LOG.verifier.name, 64)]


def test_a_log_that_was_rolled_back_is_told(witness: Witness) -> None:
    ask(in_folder(witness.folder), A_LOG.note(40), size=40, at=A_LOG.at)
    with pytest.raises(NoteError, match=r"ROLLED BACK: .* saw 40 entries of this log, it has 30 now"):
        ask(in_folder(witness.folder), A_LOG.note(30), size=30, at=A_LOG.at)


def test_a_log_that_was_rolled_back_and_grew_again_is_told(witness: Witness) -> None:
    ask(in_folder(witness.folder), A_LOG.note(40), size=40, at=A_LOG.at)
    with pytest.raises(NoteError, match="FORKED"):
        ask(in_folder(witness.folder), OTHER_PAST.note(64), size=64, at=OTHER_PAST.at)


def test_a_witness_that_does_not_know_the_log_is_named(tmp_path: Path) -> None:
    Witness.create(tmp_path / "w", name="guild.example/w1")
    with pytest.raises(NoteError, match=r"'guild.example/w1' does not know this log: it has to trust keys/log.vkey"):
        ask(in_folder(tmp_path / "w"), A_LOG.note(40), size=40, at=A_LOG.at)
