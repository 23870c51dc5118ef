from __future__ import annotations

import base64

import pytest

from bottega.rights.ledger.note import (
    COSIGNATURE,
    MOST_SIGNATURES,
    NoteError,
    Signature,
    Signer,
    Verifier,
    from_base64,
    from_decimal,
    joined,
    open_note,
    sign,
    split,
)

from .grown import LOG, SEEN_AT, WITNESS

TEXT = "first line\n\nlast line\n"

# C2SP signed-note, "Example"
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# C2SP tlog-cosignature, the example's witness line; its text names the time
SPEC_COSIGNATURE = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
)
SPEC_TIME = 1679315147


def test_the_published_note_opens_with_the_published_key() -> None:
    opened = open_note(SPEC_NOTE, Verifier.parse(SPEC_KEY))
    assert opened.text == "This is an example message.\n"
    assert [v.by.vkey for v in opened.verified] == [SPEC_KEY]


def test_the_published_cosignature_line_names_its_time() -> None:
    line = Signature.parse(SPEC_COSIGNATURE)
    assert line.line() == SPEC_COSIGNATURE + "\n"
    assert int.from_bytes(line.value[:8], "big") == SPEC_TIME
    assert len(line.value) == 8 + 64


def test_what_was_signed_opens() -> None:
    opened = open_note(sign(TEXT, LOG), LOG.verifier)
    assert opened.text == TEXT
    assert opened.ignored == 0


def test_a_cosignature_signs_the_time_before_the_text() -> None:
    made = WITNESS.sign(TEXT, time=SEEN_AT)
    WITNESS._key.public_key().verify(made.value[8:], f"cosignature/v1\ntime {SEEN_AT}\n{TEXT}".encode())
    (held,) = open_note(joined(TEXT, [made]), WITNESS.verifier).verified
    assert held.time == SEEN_AT


def test_a_cosignature_does_not_pass_for_a_plain_signature() -> None:
    twin = Signer(LOG.verifier.name, LOG._key, COSIGNATURE)
    assert twin.verifier.key_id != LOG.verifier.key_id
    moved = Signature(LOG.verifier.name, LOG.verifier.key_id, twin.sign(TEXT, time=SEEN_AT).value)
    with pytest.raises(NoteError, match="does not hold"):
        open_note(joined(TEXT, [moved]), LOG.verifier)


@pytest.mark.parametrize("time", [0, -1, 2**63])
def test_a_cosignature_without_a_time_is_not_made(time: int) -> None:
    with pytest.raises(ValueError, match="allowed is 1 to"):
        WITNESS.sign(TEXT, time=time)


def test_a_cosignature_of_time_zero_is_refused() -> None:
    value = bytes(8) + WITNESS._key.sign(f"cosignature/v1\ntime 0\n{TEXT}".encode())
    with pytest.raises(NoteError, match="has the time 0"):
        open_note(joined(TEXT, [Signature(WITNESS.verifier.name, WITNESS.verifier.key_id, value)]), WITNESS.verifier)


def test_signatures_of_keys_that_nobody_named_are_passed_over() -> None:
    opened = open_note(joined(TEXT, [WITNESS.sign(TEXT, time=SEEN_AT), LOG.sign(TEXT)]), LOG.verifier)
    assert [v.by for v in opened.verified] == [LOG.verifier]
    assert opened.ignored == 1


def test_a_note_without_a_known_signature_is_refused() -> None:
    with pytest.raises(NoteError, match="allowed is a signature of"):
        open_note(sign(TEXT, LOG), WITNESS.verifier)


def test_one_bad_signature_of_a_known_key_spoils_the_note() -> None:
    other = WITNESS.sign("other\n", time=SEEN_AT)
    with pytest.raises(NoteError, match="does not hold"):
        open_note(joined(TEXT, [LOG.sign(TEXT), other]), LOG.verifier, WITNESS.verifier)


def test_no_single_byte_of_a_note_can_change() -> None:
    note = joined(TEXT, [LOG.sign(TEXT), WITNESS.sign(TEXT, time=SEEN_AT)]).encode()
    keys = (LOG.verifier, WITNESS.verifier)
    for at in range(len(note)):
        for value in set(range(256)) - {note[at]}:
            changed = note[:at] + bytes([value]) + note[at + 1 :]
            try:
                opened = open_note(changed, *keys)
            except NoteError:
                continue
            assert {v.by for v in opened.verified} != set(keys), f"byte {at} as {value}"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n\n",
        "text\n\n— name",
        "text\n\nname AAAAAAA=\n",
        "text\n\n— name  AAAAAAA=\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n— na\u2003me AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAAAAA\n",
        "text\n\n— name AAAA AAA=\n",
        "te\txt\n\n— name AAAAAAA=\n",
        "te\rxt\n\n— name AAAAAAA=\n",
        "te\ud800xt\n\n— name AAAAAAA=\n",
        b"te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"te\xc0\xaext\n\n\xe2\x80\x94 name AAAAAAA=\n",
    ],
)
def test_what_is_no_note_is_refused(note: str | bytes) -> None:
    with pytest.raises(NoteError):
        split(note)


def test_the_last_empty_line_ends_the_text() -> None:
    assert split("a\n\nb\n\n— name AAAAAAA=\n")[0] == "a\n\nb\n"


def test_a_note_has_at_most_64_signatures() -> None:
    lines = "— name AAAAAAA=\n" * MOST_SIGNATURES
    assert len(split(f"text\n\n{lines}")[1]) == MOST_SIGNATURES
    with pytest.raises(NoteError, match="allowed are 1 to 64"):
        split(f"text\n\n{lines}— name AAAAAAA=\n")


@pytest.mark.parametrize("text", ["", "no newline", "a\x00b\n"])
def test_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(NoteError):
        sign(text, LOG)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000",
        SPEC_KEY.replace("530d903a", "530d903b"),
        SPEC_KEY.replace("530d903a", "530D903A"),
        SPEC_KEY.replace("foo", "fooo"),
        SPEC_KEY + "=",
        SPEC_KEY + "\n\n",
        f"na me+00000000+{base64.b64encode(bytes(33)).decode()}",
    ],
)
def test_a_key_line_that_does_not_hold_together_is_refused(vkey: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


@pytest.mark.parametrize("kind", [0, 2, 3, 5, 6, 255])
def test_a_key_of_another_type_is_refused(kind: int) -> None:
    with pytest.raises(NoteError, match="type"):
        Verifier("name", LOG.verifier.public, kind)


@pytest.mark.parametrize("text", ["", "A", "AA", "AAB=", "AAA", "AAA=\n", " AAA=", "AA-_", "AAA=AAA=", "ÀAA="])
def test_base64_is_read_in_one_way(text: str) -> None:
    with pytest.raises(NoteError):
        from_base64(text)


@pytest.mark.parametrize("text", ["", "00", "01", "-1", "+1", " 1", "1 ", "1_0", "٣", str(2**63), "1" * 30])
def test_numbers_are_read_in_one_way(text: str) -> None:
    with pytest.raises(NoteError):
        from_decimal(text)
