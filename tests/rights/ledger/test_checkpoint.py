from __future__ import annotations

import pytest

from bottega.rights.ledger.checkpoint import Checkpoint, open_checkpoint
from bottega.rights.ledger.note import COSIGNATURE, NoteError, Signer, joined, sign

from .grown import LOG, SEEN_AT, WITNESS, Grown

# C2SP tlog-checkpoint, the example's text
SPEC = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_published_text_is_read_and_written() -> None:
    found = Checkpoint.parse(SPEC)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.text() == SPEC


def test_a_signed_checkpoint_opens_with_the_log_s_key() -> None:
    log = Grown(5)
    opened = open_checkpoint(log.note(), LOG.verifier)
    assert opened.checkpoint == log.checkpoint()
    assert opened.cosignatures == ()


def test_cosignatures_are_reported_with_their_time() -> None:
    opened = open_checkpoint(Grown(5).cosigned(), LOG.verifier, witnesses=[WITNESS.verifier])
    assert [(v.by, v.time) for v in opened.cosignatures] == [(WITNESS.verifier, SEEN_AT)]


def test_a_witness_alone_does_not_make_a_checkpoint() -> None:
    with pytest.raises(NoteError, match="not signed by a known key of that log"):
        open_checkpoint(Grown(5).cosigned(), witnesses=[WITNESS.verifier])


def test_a_witness_that_is_named_as_the_log_does_not_make_a_checkpoint() -> None:
    said = Grown(5).checkpoint()
    namesake = Signer(said.origin, WITNESS._key, COSIGNATURE)
    with pytest.raises(NoteError, match="not signed by a known key of that log"):
        open_checkpoint(joined(said.text(), [namesake.sign(said.text(), time=SEEN_AT)]), namesake.verifier)
    with pytest.raises(NoteError, match="not signed by a known key of that log"):
        open_checkpoint(Grown(5).note(), witnesses=[LOG.verifier])


def test_another_log_s_key_does_not_make_a_checkpoint() -> None:
    other = Signer("bottega.example/show-2", LOG._key)
    with pytest.raises(NoteError, match="not signed by a known key of that log"):
        open_checkpoint(sign(Grown(5).checkpoint().text(), other), other.verifier)


def test_a_key_signs_for_its_own_log_only() -> None:
    with pytest.raises(NoteError, match="cannot sign for"):
        Grown(5).checkpoint().signed(Signer("bottega.example/show-2", LOG._key))


def test_an_empty_log_has_the_empty_root() -> None:
    assert open_checkpoint(Grown(0).note(), LOG.verifier).checkpoint.size == 0
    with pytest.raises(NoteError, match="hash of nothing"):
        Checkpoint(LOG.verifier.name, 0, bytes(32)).signed(LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SPEC + "extension\n",
        SPEC[:-1],
        SPEC + "\n",
        "\n" + SPEC,
        SPEC.replace("example.com/behind-the-sofa", ""),
        SPEC.replace("20852163", "020852163"),
        SPEC.replace("20852163", "-1"),
        SPEC.replace("20852163", "2e7"),
        SPEC.replace("20852163", str(2**63)),
        SPEC.replace("q2I=", "q2J="),
        SPEC.replace("q2I=", "q2I"),
        SPEC.replace("CsUY", ""),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)
