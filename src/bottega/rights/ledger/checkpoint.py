"""A checkpoint: a log's name, size and root, signed by the log (C2SP tlog-checkpoint). Extension lines are refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bottega.model.names import shown

from .note import (
    COSIGNATURE,
    ED25519,
    LATEST_TIME,
    NoteError,
    Opened,
    Signer,
    Verified,
    Verifier,
    from_base64,
    from_decimal,
    open_note,
    sign,
    to_base64,
)
from .tree import EMPTY_ROOT, HASH_BYTES


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself. Raises NoteError for values that no log can have."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or any(c < " " for c in self.origin):
            raise NoteError(f"origin {shown(self.origin)} cannot be used: allowed is one line that is not empty")
        if not 0 <= self.size <= LATEST_TIME or len(self.root) != HASH_BYTES:
            raise NoteError(
                f"size {self.size} with a root of {len(self.root)} bytes: allowed are 0 to {LATEST_TIME} and {HASH_BYTES} bytes"
            )

    @property
    def empty_is_empty(self) -> bool:
        """Whether a log of no entries has the root of no entries; true of every other."""
        return self.size > 0 or self.root == EMPTY_ROOT

    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text, as it was written and in no other way. Raises NoteError."""
        lines = text.split("\n")
        if len(lines) != 4 or lines.pop() != "":
            raise NoteError(f"a checkpoint of {text.count(chr(10))} lines: allowed are origin, size and root, each with its newline")
        return cls(lines[0], from_decimal(lines[1]), from_base64(lines[2]))

    def signed(self, signer: Signer) -> str:
        """The checkpoint as a note, signed by the log. Raises NoteError where the key is not named as the log is."""
        if not self.empty_is_empty:
            raise NoteError("a log of no entries has a root: allowed is the hash of nothing")
        if signer.verifier.name != self.origin or signer.verifier.kind != ED25519:
            raise NoteError(
                f"the key of {shown(signer.verifier.name)} cannot sign for {shown(self.origin)}: allowed is the log's own plain key"
            )
        return sign(self.text(), signer)


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint whose log signature holds, with the cosignatures of named witnesses that hold."""

    checkpoint: Checkpoint
    note: Opened

    @property
    def cosignatures(self) -> tuple[Verified, ...]:
        """Who else saw this state of the log, and when."""
        return tuple(v for v in self.note.verified if v.by.kind == COSIGNATURE)


def open_checkpoint(note: str | bytes, *keys: Verifier, witnesses: Iterable[Verifier] = ()) -> SignedCheckpoint:
    """A checkpoint that one of the log's keys signed. Raises NoteError.

    Every named key's signature has to hold; one has to be a plain key that is named as the log is. Cosignatures are reported, not demanded.
    """
    opened = open_note(note, *keys, *witnesses)
    found = Checkpoint.parse(opened.text)
    if not any(v.by.kind == ED25519 and v.by.name == found.origin and v.by in keys for v in opened.verified):
        raise NoteError(f"the checkpoint of {shown(found.origin)} is not signed by a known key of that log")
    return SignedCheckpoint(found, opened)
