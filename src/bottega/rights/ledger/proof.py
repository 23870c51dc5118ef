"""A proof that an entry is in the log, in one file: the entry, its place, the way to the root, the signed checkpoint (C2SP tlog-proof).

The entry's canonical body goes along as the `extra` line, so that whoever checks needs nothing else but the log's public key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bottega.model.names import shown

from .checkpoint import SignedCheckpoint, open_checkpoint
from .note import NoteError, Verifier, from_base64, from_decimal, plain, to_base64
from .tree import HASH_BYTES, holds_inclusion, leaf_hash

HEAD = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
LONGEST_PROOF = 32 * 1024 * 1024


@dataclass(frozen=True)
class Proof:
    """What `bottega ledger prove` writes. Nothing in it is to be believed before `verify`."""

    index: int
    hashes: tuple[bytes, ...]
    note: str
    body: bytes

    def text(self) -> str:
        """The proof as a file's text."""
        lines = [HEAD, f"extra {to_base64(self.body)}", f"index {self.index}", *map(to_base64, self.hashes), "", self.note]
        return "\n".join(lines)

    @classmethod
    def parse(cls, text: str | bytes) -> Proof:
        """Read a proof as it was written and in no other way. Raises NoteError."""
        head, blank, note = plain(text, longest=LONGEST_PROOF).partition("\n\n")
        first, *lines = head.split("\n")
        if first != HEAD or not blank or len(lines) < 2:
            raise NoteError(f"no proof, it begins with {shown(first)}: allowed is {HEAD}, then extra, index, hashes, a checkpoint")
        body = from_base64(_after("extra ", lines[0]))
        return cls(from_decimal(_after("index ", lines[1])), hashes(lines[2:]), note, body)

    def verify(self, *keys: Verifier, witnesses: Sequence[Verifier] = ()) -> SignedCheckpoint:
        """The checkpoint that the entry is proven under. Raises NoteError.

        A key of the log has to have signed it, and each of `witnesses` as well.
        """
        signed = open_checkpoint(self.note, *keys, witnesses=witnesses)
        demand_all(signed, witnesses)
        at = signed.checkpoint
        if not holds_inclusion(self.index, at.size, leaf_hash(self.body), self.hashes, at.root):
            raise NoteError(f"the proof does not lead from this entry, as number {self.index}, to the root of {at.size} entries")
        return signed


def demand_all(signed: SignedCheckpoint, witnesses: Iterable[Verifier]) -> None:
    """Raise NoteError unless each of these witnesses cosigned."""
    seen = {v.by for v in signed.cosignatures}
    for witness in witnesses:
        if witness not in seen:
            raise NoteError(f"the witness {shown(witness.name)} did not cosign the checkpoint of {signed.checkpoint.size} entries")


def hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """The hashes of a proof, one a line. Raises NoteError."""
    found = tuple(map(from_base64, lines))
    if len(found) > MOST_HASHES or any(len(h) != HASH_BYTES for h in found):
        raise NoteError(f"{len(found)} lines of hashes: allowed are at most {MOST_HASHES}, of {HASH_BYTES} bytes each")
    return found


def _after(start: str, line: str) -> str:
    if not line.startswith(start):
        raise NoteError(f"{shown(line)}: allowed is a line that begins with {shown(start)}")
    return line.removeprefix(start)
