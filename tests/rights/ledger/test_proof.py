from __future__ import annotations

import pytest

from bottega.rights.ledger.note import NoteError, Signer
from bottega.rights.ledger.proof import HEAD, Proof

from .grown import LOG, WITNESS, Grown

LOG_12 = Grown(12)


def test_a_proof_is_read_as_it_was_written_and_holds() -> None:
    text = LOG_12.proof(5).text()
    found = Proof.parse(text.encode())
    assert found.text() == text
    assert found.verify(LOG.verifier, witnesses=[WITNESS.verifier]).checkpoint == LOG_12.checkpoint()


def test_a_proof_has_the_lines_that_the_format_names() -> None:
    lines = LOG_12.proof(5).text().split("\n")
    assert lines[0] == HEAD
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    assert lines[7:10] == ["", LOG.verifier.name, "12"]


def test_a_log_of_one_entry_needs_no_hashes() -> None:
    proof = Grown(1).proof(0)
    assert proof.hashes == ()
    proof.verify(LOG.verifier)
    assert Proof.parse(proof.text()) == proof


@pytest.mark.parametrize("index", [4, 6, 11, 12, 99])
def test_an_entry_is_not_proven_at_another_place(index: int) -> None:
    good = LOG_12.proof(5)
    with pytest.raises(NoteError, match="does not lead"):
        Proof(index, good.hashes, good.note, good.body).verify(LOG.verifier)


def test_another_entry_is_not_proven() -> None:
    good = LOG_12.proof(5)
    with pytest.raises(NoteError, match="does not lead"):
        Proof(5, good.hashes, good.note, LOG_12.body(6)).verify(LOG.verifier)


def test_the_log_s_key_has_to_have_signed() -> None:
    stranger = Signer(LOG.verifier.name, WITNESS._key)
    with pytest.raises(NoteError):
        LOG_12.proof(5).verify(stranger.verifier)


def test_a_witness_that_is_named_has_to_have_signed() -> None:
    good = LOG_12.proof(5)
    alone = Proof(5, good.hashes, LOG_12.note(), good.body)
    alone.verify(LOG.verifier)
    with pytest.raises(NoteError, match="did not cosign"):
        alone.verify(LOG.verifier, witnesses=[WITNESS.verifier])


TEXT = LOG_12.proof(5).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("index 5", "index 05"),
        TEXT.replace("index 5", "index"),
        TEXT.replace("index 5\n", ""),
        TEXT.replace("extra ", "extra  "),
        TEXT.replace("extra ", "extra\t"),
        TEXT.replace("\n\n", "\n"),
        TEXT.replace("\nindex", "\n\nindex"),
        TEXT.replace("index 5\n", "index 5\n" + "A" * 43 + "=\n" + "AAAA\n"),
        TEXT.replace("index 5\n", "index 5\n" + ("A" * 43 + "=\n") * 64),
        "\n" + TEXT,
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Proof.parse(text).verify(LOG.verifier)
