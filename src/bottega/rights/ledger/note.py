"""Signed notes: text, a blank line, a line for each signature (C2SP signed-note; cosignatures: C2SP tlog-cosignature).

Two kinds of key: `ED25519` signs the text, `COSIGNATURE` signs the text with a time before it. A note is read in one way only:
base64 that decodes but would be written otherwise is refused, so that no byte of a signed note can change unseen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bottega.model import CredentialError
from bottega.model.names import shown

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 0x01, 0x04
KINDS = (ED25519, COSIGNATURE)
MOST_SIGNATURES = 64
LONGEST_NOTE = 1024 * 1024
LATEST_TIME = 2**63 - 1
_DASH = "— "
_ID_BYTES, _TIME_BYTES, _KEY_BYTES = 4, 8, 32
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(CredentialError):
    """A note, key, checkpoint or proof is malformed or does not verify. At the gate, callers turn it into a refusal with a reason code."""


@dataclass(frozen=True)
class Signature:
    """One signature line: who, with which key, and what they signed with it."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.value)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a line without its newline. Raises NoteError."""
        parts = line.removeprefix(_DASH).split(" ")
        if not line.startswith(_DASH) or len(parts) != 2:
            raise NoteError(f"{shown(line)} is no signature line: allowed is an em dash, a key's name and base64, a space between")
        raw = from_base64(parts[1])
        if len(raw) <= _ID_BYTES:
            raise NoteError(f"a signature of {len(raw)} bytes is too short: allowed are more than {_ID_BYTES}")
        return cls(key_name(parts[0]), raw[:_ID_BYTES], raw[_ID_BYTES:])


@dataclass(frozen=True)
class Verifier:
    """A public key with its name: what somebody who checks has to be given beforehand."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        key_name(self.name)
        if len(self.public) != _KEY_BYTES or self.kind not in KINDS:
            raise NoteError(f"a key of {len(self.public)} bytes and type {self.kind}: allowed are {_KEY_BYTES} bytes and type {KINDS}")

    @cached_property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart; no proof of anything."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as one line of text: name+id+key."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a line that `vkey` wrote, a newline at its end or not. Raises NoteError."""
        name, _, rest = vkey.removesuffix("\n").partition("+")
        key_id, _, text = rest.partition("+")
        raw = from_base64(text)
        found = cls(name, raw[1:], raw[0] if raw else 0)
        if key_id != found.key_id.hex():
            raise NoteError(f"the key of {shown(name)} has id {found.key_id.hex()}, but its line says {shown(key_id)}")
        return found

    def made(self, signature: Signature) -> bool:
        """Whether the line claims to be by this key."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verify(self, text: str, signature: Signature) -> int | None:
        """The time of a cosignature (seconds since 1970), None for a plain signature. Raises NoteError where it does not hold."""
        from cryptography.exceptions import InvalidSignature

        value, time = signature.value, None
        if self.kind == COSIGNATURE:
            time, value = int.from_bytes(value[:_TIME_BYTES], "big"), value[_TIME_BYTES:]
            if not 0 < time <= LATEST_TIME:
                raise NoteError(f"the cosignature of {shown(self.name)} has the time {time}: allowed is 1 to {LATEST_TIME}")
        try:
            self._key.verify(value, _signed(text, time))
        except InvalidSignature:
            raise NoteError(f"the signature of {shown(self.name)} does not hold: text, signature or key were changed") from None
        return time

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            return Ed25519PublicKey.from_public_bytes(self.public)
        except ValueError as problem:
            raise NoteError(f"the key of {shown(self.name)} is no Ed25519 key: {problem}") from problem


class Signer:
    """A private key with its name. The same key must not serve both kinds."""

    def __init__(self, name: str, key: Ed25519PrivateKey, kind: int = ED25519) -> None:
        self.verifier = Verifier(name, key.public_key().public_bytes_raw(), kind)
        self._key = key

    def sign(self, text: str, *, time: int | None = None) -> Signature:
        """A signature over a note's text. A cosignature needs a time in seconds since 1970; a plain signature has none (ValueError)."""
        cosigns = self.verifier.kind == COSIGNATURE
        if cosigns is not (time is not None and 0 < time <= LATEST_TIME):
            raise ValueError(f"time {time}: allowed is 1 to {LATEST_TIME} for a cosignature, and none for a plain signature")
        stamp = b"" if time is None else time.to_bytes(_TIME_BYTES, "big")
        return Signature(self.verifier.name, self.verifier.key_id, stamp + self._key.sign(_signed(text, time)))


@dataclass(frozen=True)
class Verified:
    """A signature that holds: by which key, and when for a cosignature."""

    by: Verifier
    signature: Signature
    time: int | None


@dataclass(frozen=True)
class Opened:
    """A note's text and the signatures that hold; `ignored` counts those of keys that nobody named."""

    text: str
    verified: tuple[Verified, ...]
    ignored: int = 0


def sign(text: str, *signers: Signer) -> str:
    """A note, signed by plain keys. Raises NoteError for text that no note can hold."""
    return joined(text, [s.sign(text) for s in signers])


def joined(text: str, signatures: Iterable[Signature]) -> str:
    """A note of a text and its signatures. Raises NoteError where it could not be read back."""
    note = text + "\n" + "".join(s.line() for s in signatures)
    if split(note)[0] != text:
        raise NoteError(f"{shown(text)} cannot be signed: allowed is text that ends in a newline")
    return note


def split(note: str | bytes) -> tuple[str, tuple[Signature, ...]]:
    """Text and signatures of a note, nothing verified: for looking, never for trusting. Raises NoteError."""
    whole = plain(note)
    at = whole.rfind("\n\n")
    lines = whole[at + 2 :].split("\n")
    if at < 0 or lines.pop() != "":
        raise NoteError("no signed note: allowed is text, a blank line and signature lines, each with its newline")
    if not 0 < len(lines) <= MOST_SIGNATURES:
        raise NoteError(f"{len(lines)} signatures: allowed are 1 to {MOST_SIGNATURES}")
    return whole[: at + 1], tuple(Signature.parse(line) for line in lines)


def open_note(note: str | bytes, *keys: Verifier) -> Opened:
    """Text and verified signatures. Raises NoteError where a named key's signature does not hold, or none of them signed."""
    text, signatures = split(note)
    held, ignored = [], 0
    for signature in signatures:
        makers = [k for k in keys if k.made(signature)]
        held += [Verified(k, signature, k.verify(text, signature)) for k in makers]
        ignored += not makers
    if not held:
        raise NoteError(f"signed by {_names(signatures)}: allowed is a signature of {', '.join(shown(k.name) for k in keys) or 'nobody'}")
    return Opened(text, tuple(held), ignored)


def to_base64(raw: bytes) -> str:
    """Standard base64 with padding: RFC 4648, 4."""
    return base64.b64encode(raw).decode("ascii")


def from_base64(text: str) -> bytes:
    """Decode base64 that is written in the one canonical way. Raises NoteError."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raw = b""
    if not raw or to_base64(raw) != text:
        raise NoteError(f"{shown(text)} is no base64 as RFC 4648 writes it")
    return raw


def from_decimal(text: str) -> int:
    """A whole number from 0 to 2^63 - 1 without leading zeroes. Raises NoteError."""
    if not _DECIMAL.fullmatch(text) or int(text) > LATEST_TIME:
        raise NoteError(f"{shown(text)} is no size or index: allowed are decimal digits without leading zeroes, up to {LATEST_TIME}")
    return int(text)


def key_name(text: str) -> str:
    """A key's name: not empty, no space, no plus, no control character. Raises NoteError."""
    if not text or any(c == "+" or c.isspace() or c < " " for c in text):
        raise NoteError(f"key name {shown(text)} cannot be used: allowed is text without spaces, plus signs and control characters")
    return text


def plain(text: str | bytes, *, longest: int = LONGEST_NOTE) -> str:
    """Text as a note may hold it: UTF-8 without control characters but the newline. Raises NoteError."""
    if len(text) > longest:
        raise NoteError(f"a text of {len(text)} bytes is too long: allowed are {longest}")
    try:
        found = text.decode("utf-8") if isinstance(text, bytes) else text
        found.encode("utf-8")  # a lone surrogate is no text
    except UnicodeError as problem:
        raise NoteError("no signed note: it is not UTF-8") from problem
    if _CONTROL.search(found):
        raise NoteError("no signed note: it holds a control character")
    return found


def _signed(text: str, time: int | None) -> bytes:
    return (text if time is None else f"cosignature/v1\ntime {time}\n{text}").encode()


def _names(signatures: Sequence[Signature]) -> str:
    return ", ".join(shown(s.name) for s in signatures)
