from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import BottegaError, CredentialError, Person, PersonKind, UsageError
from bottega.rights import Ledger, Notary, add_consent, add_person, log_signer
from bottega.rights.desk.ledger import LedgerDesk, read_key
from bottega.rights.ledger import leaf_hash, tree
from bottega.rights.ledger.checkpoint import Checkpoint, open_checkpoint
from bottega.rights.ledger.note import NoteError
from bottega.rights.ledger.proof import Proof
from bottega.rights.ledger.submit import in_folder
from bottega.rights.ledger.witness import Witness
from bottega.rights.rotation import rotate_key
from tests.rights.builders import PERFORMER, SHOW, good_consent
from tests.rights.ledger.show import LOG_KEY, STRANGER, Books, made, tampered

LOG = log_signer(SHOW, LOG_KEY).verifier


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return made(tmp_path, entries=5)


@pytest.fixture
def ledger(books: Books) -> Iterator[Ledger]:
    with books.open() as opened:
        yield opened


@pytest.fixture
def desk(books: Books, ledger: Ledger) -> LedgerDesk:
    return desk_of(books, ledger)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made_here = Witness.create(tmp_path / "witness", name="guild.example/w1")
    made_here.trust(LOG.vkey)
    return made_here


def desk_of(books: Books, ledger: Ledger) -> LedgerDesk:
    return LedgerDesk(ledger, checkpoints=books.copy.parent)


def bad(desk: LedgerDesk, *against: Path, witnesses: tuple[str, ...] = ()) -> dict[str, str]:
    """What `verify` finds wrong."""
    return {f.what: f.detail for f in desk.verify(against=against, witnesses=witnesses) if not f.ok}


# Proofs


def test_every_entry_is_proven_by_its_index(desk: LedgerDesk, ledger: Ledger) -> None:
    for entry in ledger.entries():
        proof = Proof.parse(desk.prove(str(entry.idx)))
        assert proof.body == entry.body
        assert proof.verify(LOG).checkpoint.size == 6


def test_an_entry_is_found_by_what_people_call_it(desk: LedgerDesk, ledger: Ledger) -> None:
    add_person(ledger, Person(subject_id=PERFORMER, kind=PersonKind.PERFORMER))
    add_consent(ledger, good_consent())
    ledger.append("gate.decided", {"clearance_id": "c" * 32})
    ledger.append("output.registered", {"take": "sh010_deage_v003"})
    assert desk.find("g_1").kind == "grant.created"
    assert desk.find("c" * 32).kind == "gate.decided"
    assert desk.find("sh010_deage_v003") == desk.find("sh010/deage/v003")
    assert Proof.parse(desk.prove("g_1")).index == desk.find("g_1").idx


@pytest.mark.parametrize("entry", ["6", "-1", "", "g_2", "1" * 30, "../x", "%", "1.0", "\x00"])
def test_an_entry_that_is_not_there_is_nobody_s(desk: LedgerDesk, entry: str) -> None:
    with pytest.raises(UsageError, match="allowed are 0 to 5"):
        desk.prove(entry)


def test_a_proof_carries_the_cosignatures_that_cover_the_entry(desk: LedgerDesk, ledger: Ledger, witness: Witness) -> None:
    desk.checkpoint(in_folder(witness.folder))
    ledger.append("note.b", {})
    Proof.parse(desk.prove("5")).verify(LOG, witnesses=[witness.verifier])
    assert Proof.parse(desk.prove("6")).verify(LOG).checkpoint.size == 7


def test_what_a_machine_without_the_key_wrote_is_proven_where_the_key_is(books: Books) -> None:
    with Ledger(books.path, clock=books.clock, notary=Notary(LOG)) as unsigned:
        unsigned.append("note.b", {})
        with pytest.raises(CredentialError, match="under no signed checkpoint yet"):
            desk_of(books, unsigned).prove("6")
    with books.open() as ledger:
        assert Proof.parse(desk_of(books, ledger).prove("6")).verify(LOG).checkpoint.size == 7


def test_proofs_hold_after_the_log_s_key_was_replaced(desk: LedgerDesk, ledger: Ledger, witness: Witness) -> None:
    desk.checkpoint(in_folder(witness.folder))
    new = Ed25519PrivateKey.from_private_bytes(b"new!" * 8)
    with ledger.transaction() as transaction:
        rotate_key(transaction, which="log", old=LOG_KEY, new=new.public_key(), show_id=SHOW, by=PERFORMER)
        assert isinstance(ledger.notary, Notary)
        ledger.notary = ledger.notary.with_key(log_signer(SHOW, new))
    Proof.parse(desk.prove("2")).verify(LOG, witnesses=[witness.verifier])
    Proof.parse(desk.prove("6")).verify(log_signer(SHOW, new).verifier)
    assert not bad(desk)
    with pytest.raises(NoteError, match="does not know the log's key"):
        desk.checkpoint(in_folder(witness.folder))
    witness.trust(log_signer(SHOW, new).verifier.vkey)
    desk.checkpoint(in_folder(witness.folder))
    assert witness.logs() == [(LOG.name, 7)]


# Export


def test_the_exported_bodies_recompute_the_root(desk: LedgerDesk, ledger: Ledger) -> None:
    leaves = [leaf_hash(body) for body in desk.bodies()]
    frontier = tree.Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    assert frontier.root == open_checkpoint(desk.checkpoint(), LOG).checkpoint.root
    assert list(desk.bodies(since=4)) == [e.body for e in ledger.entries()][4:]


# Checkpoints and witnesses


def test_a_cosigned_checkpoint_is_kept_and_given_again(desk: LedgerDesk, books: Books, witness: Witness) -> None:
    note = desk.checkpoint(in_folder(witness.folder))
    assert open_checkpoint(note, LOG, witnesses=[witness.verifier]).cosignatures
    assert (books.copy.parent / "000000000006.note").read_text() == note == desk.checkpoint()


def test_two_witnesses_sign_the_same_checkpoint(desk: LedgerDesk, witness: Witness, tmp_path: Path) -> None:
    second = Witness.create(tmp_path / "second", name="agency.example/w")
    second.trust(LOG.vkey)
    note = desk.checkpoint(in_folder(witness.folder), in_folder(second.folder))
    note = desk.checkpoint(in_folder(witness.folder))
    keys = [witness.verifier, second.verifier]
    assert {v.by for v in open_checkpoint(note, LOG, witnesses=keys).cosignatures} == set(keys)
    assert note.count("— ") == 3


def test_a_witness_that_cannot_be_reached_is_asked_by_mail(desk: LedgerDesk, ledger: Ledger, witness: Witness) -> None:
    answer = witness.add_checkpoint(desk.request(seen=0))
    ledger.append("note.b", {})
    note = desk.add_cosignature(answer, witness.verifier)
    assert open_checkpoint(note, LOG, witnesses=[witness.verifier]).checkpoint.size == 6
    answer = witness.add_checkpoint(desk.request(seen=6))
    assert open_checkpoint(desk.add_cosignature(answer, witness.verifier), LOG).checkpoint.size == 7


def test_an_answer_that_is_of_no_checkpoint_of_ours_is_not_kept(desk: LedgerDesk, witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = made(tmp_path / "other", entries=9)
    with other.open() as its_ledger:
        answer = witness.add_checkpoint(desk_of(other, its_ledger).request(seen=0))
    desk.request(seen=0)
    with pytest.raises(NoteError, match="of no checkpoint in checkpoints/"):
        desk.add_cosignature(answer, witness.verifier)


@pytest.mark.parametrize("seen", [7, 99])
def test_nobody_saw_more_than_there_is(desk: LedgerDesk, seen: int) -> None:
    with pytest.raises(UsageError, match="has no earlier state"):
        desk.request(seen=seen)


def test_a_witness_on_the_network_needs_a_key(desk: LedgerDesk, witness: Witness) -> None:
    with pytest.raises(UsageError, match="name its public key"):
        desk.witness("https://guild.example/w1")
    assert desk.witness("https://guild.example/w1", witness.verifier).key == witness.verifier


def test_a_key_is_read_from_a_file_or_a_line(witness: Witness) -> None:
    assert read_key(str(witness.folder / "witness.vkey")) == read_key(witness.verifier.vkey) == witness.verifier
    with pytest.raises(UsageError, match="cannot be read"):
        read_key("nothing.vkey")


# What damage looks like


def test_a_whole_ledger_is_found_whole(desk: LedgerDesk, witness: Witness) -> None:
    desk.checkpoint(in_folder(witness.folder))
    found = desk.verify(witnesses=[witness.verifier.vkey])
    assert [f.what for f in found] == ["entries", "000000000006.note", "witness guild.example/w1"]
    assert all(f.ok for f in found)
    assert "saw 6 entries" in found[2].detail


def test_an_edited_entry_is_found(books: Books) -> None:
    with books.open() as ledger:
        note = desk_of(books, ledger).checkpoint()
    (books.folder / "kept.note").write_text(note)
    tampered(books.path, """UPDATE entry SET body = cast(replace(body, '"n":2', '"n":7') AS BLOB) WHERE idx = 3""")
    with books.open() as ledger:
        assert "ledger_invalid" in bad(desk_of(books, ledger), books.folder / "kept.note")["entries"]


@pytest.fixture
def rolled_back(books: Books, witness: Witness) -> Books:
    """Everything that lies with the log is put back to an older state together: file, mark and checkpoints."""
    with books.open() as ledger:
        desk_of(books, ledger).checkpoint(in_folder(witness.folder))
    older = [shutil.copytree(p, books.folder / "older" / p.name) for p in (books.mark.parent, books.copy.parent)]
    file = books.kept("older.db")
    with books.open() as ledger:
        ledger.append("note.revocation", {})
        (books.folder / "outside.note").write_text(desk_of(books, ledger).checkpoint(in_folder(witness.folder)))
    books.put_back(file)
    for folder in older:
        shutil.rmtree(books.folder / folder.name)
        shutil.copytree(folder, books.folder / folder.name)
    return books


def test_what_lies_with_the_log_does_not_show_that_all_of_it_is_old(rolled_back: Books) -> None:
    with rolled_back.open() as ledger:
        assert not bad(desk_of(rolled_back, ledger))


def test_the_witness_shows_it(rolled_back: Books, witness: Witness) -> None:
    with rolled_back.open() as ledger, pytest.raises(NoteError, match=r"ROLLED BACK: .* saw 7 entries of this log, it has 6 now"):
        desk_of(rolled_back, ledger).checkpoint(in_folder(witness.folder))


def test_the_witness_shows_it_also_when_the_log_grew_again(rolled_back: Books, witness: Witness) -> None:
    with rolled_back.open() as ledger:
        for _ in range(3):
            ledger.append("note.other", {})
        with pytest.raises(NoteError, match="FORKED"):
            desk_of(rolled_back, ledger).checkpoint(in_folder(witness.folder))


def test_a_checkpoint_that_somebody_kept_shows_it(rolled_back: Books) -> None:
    outside = rolled_back.folder / "outside.note"
    with rolled_back.open() as ledger:
        assert "ROLLED BACK" in bad(desk_of(rolled_back, ledger), outside)["outside.note"]
        for _ in range(3):
            ledger.append("note.other", {})
        assert "FORKED" in bad(desk_of(rolled_back, ledger), outside)["outside.note"]


def test_a_checkpoint_that_another_key_signed_is_found(desk: LedgerDesk, books: Books, ledger: Ledger) -> None:
    forged = books.folder / "forged.note"
    said = open_checkpoint(desk.checkpoint(), LOG).checkpoint
    forged.write_text(said.signed(log_signer(SHOW, STRANGER)))
    assert "forged.note" in bad(desk, forged)
    (books.copy.parent / "000000000006.note").write_text(forged.read_text())
    assert "000000000006.note" in bad(desk)


def test_a_witness_that_never_signed_is_missed(desk: LedgerDesk, witness: Witness) -> None:
    assert "cosigned none" in bad(desk, witnesses=(witness.verifier.vkey,))["witness guild.example/w1"]


def test_a_file_that_is_not_there_is_no_agreement(desk: LedgerDesk, tmp_path: Path) -> None:
    assert "cannot be read" in bad(desk, tmp_path / "nothing.note")["nothing.note"]


def test_a_kept_checkpoint_of_another_state_stops_the_next_one(desk: LedgerDesk, books: Books) -> None:
    forked = Checkpoint(LOG.name, 6, leaf_hash(b"another past")).signed(log_signer(SHOW, LOG_KEY))
    (books.copy.parent / "000000000006.note").write_text(forked)
    with pytest.raises(BottegaError, match="FORKED"):
        desk.checkpoint()
    with pytest.raises(BottegaError, match="FORKED"):
        desk.prove("0")
