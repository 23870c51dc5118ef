"""Signs each new state of the log, and watches that the log never goes back behind what was signed.

Three copies of the latest checkpoint: in the ledger itself, outside the show as the high-water mark, and in the show's `checkpoints/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bottega.rights.reasons import refusal

from .checkpoint import Checkpoint, open_checkpoint
from .log import Entry, Head, Ledger
from .mark import Mark
from .note import NoteError, Signer, Verifier

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NOTES_REMEMBERED = 8


def origin(show_id: str) -> str:
    """The name of a show's log, in its checkpoints and of its key."""
    return f"bottega/{show_id}"


def log_signer(show_id: str, key: Ed25519PrivateKey) -> Signer:
    """The log's key, named as the log."""
    return Signer(origin(show_id), key)


class Notary:
    """One log's key, and where its marks are. Without the private key it only checks; without a mark it checks the log's own row."""

    def __init__(self, key: Signer | Verifier, *, mark: Mark | None = None, copies: Sequence[Path] = ()) -> None:
        self._signer = key if isinstance(key, Signer) else None
        self.verifier = key.verifier if isinstance(key, Signer) else key
        self.mark = mark
        self._copies = tuple(copies)
        self._known: dict[bytes, Checkpoint] = {}

    @property
    def key_id(self) -> str:
        """The sha256 of the raw public key: what the ledger names it by."""
        return hashlib.sha256(self.verifier.public).hexdigest()

    def with_key(self, signer: Signer) -> Notary:
        """The same marks, under the key that replaces this one."""
        return Notary(signer, mark=self.mark, copies=self._copies)

    def check(self, ledger: Ledger) -> None:
        """Raise ConsentError unless this is the log that was signed last.

        1 the log names this key, at its creation or by a rotation that the key before signed (`unknown_checkpoint_key`);
        2 its checkpoint is signed by a key that it names (`unknown_checkpoint_key`) and
        3 is one of its own states (`ledger_invalid`); 4 the mark is there (`mark_missing`) and signed;
        5 the log is not shorter than the mark (`rollback`) and 6 continues it (`split_view`).
        """
        marked = self.mark.read() if self.mark else None  # before the log: it moves after each commit
        size = ledger.head().size
        row = ledger.stored_checkpoint()
        if not size and row is None and marked is None:
            return  # not begun yet
        keys = self.keys(ledger) if size else (self.verifier,)  # 1
        if row is not None:
            said = self._opened(row[1].encode(), keys)  # 2
            if said.size != row[0] or said.size > size or ledger.root_at(said.size) != said.root:  # 3
                raise refusal("ledger_invalid", f"{ledger.path}: its checkpoint of {said.size} entries is of another log")
        elif size:
            raise refusal("ledger_invalid", f"{ledger.path}: its checkpoint is gone")
        if self.mark is not None:
            self._check_mark(ledger, size, marked, keys)

    def sign(self, head: Head) -> str | None:
        """A signed checkpoint of a state; None without the private key: the next one who has it signs for this one too."""
        if self._signer is None:
            return None
        said = Checkpoint(self.verifier.name, head.size, head.root)
        note = said.signed(self._signer)
        self._remember(note.encode(), said)
        return note

    def keep(self, note: str) -> None:
        """Move the mark forward, and refresh the copies. Raises ConsentError `ledger_unreachable`."""
        said = self._opened(note.encode(), (self.verifier,))
        if self.mark is not None:
            self.mark.move(note, said.size, size_of=self._size_of, copies=self._copies)

    def marked_size(self) -> int:
        """The size that the mark says, -1 where there is none."""
        there = self.mark.read() if self.mark else None
        return self._size_of(there) if there is not None else -1

    def accept(self, ledger: Ledger) -> None:
        """Make the log's own checkpoint the mark, whatever the mark was: only on a named human's word. Raises ConsentError."""
        note = ledger.checkpoint()
        if note is None or self.mark is None:
            raise refusal("mark_missing", f"{ledger.path}: there is no checkpoint, or no place for its mark on this machine")
        self.mark.set(note)

    def _check_mark(self, ledger: Ledger, size: int, marked: bytes | None, keys: Sequence[Verifier]) -> None:
        if marked is None:  # 4
            raise refusal("mark_missing", f"the high-water mark of {self.verifier.name} is not on this machine")
        mark = self._opened(marked, keys)
        if mark.size > size:  # 5
            raise refusal("rollback", f"{ledger.path}: it has {size} entries, {mark.size} were signed on this machine")
        if ledger.root_at(mark.size) != mark.root:  # 6
            raise refusal("split_view", f"{ledger.path}: its first {mark.size} entries are not those that were signed on this machine")

    def keys(self, ledger: Ledger) -> tuple[Verifier, ...]:
        """The keys that the log names, this one the last of them. Raises `unknown_checkpoint_key` where they do not lead to it."""
        first = ledger.entries("show.created")
        named = first[0].data.get("log_key") if first else None
        keys, rotations = [self.verifier], [e for e in ledger.entries("key.rotated") if e.data.get("which") == "log"]
        for entry in reversed(rotations):
            if _key(entry, "new", self.verifier.name) != keys[0]:
                raise self._unknown(named)
            keys.insert(0, _key(entry, "old", self.verifier.name))
        if named != hashlib.sha256(keys[0].public).hexdigest():
            raise self._unknown(named)
        return tuple(keys)

    def _unknown(self, named: object) -> Exception:
        return refusal("unknown_checkpoint_key", f"the ledger names the log key {str(named)[:12]}, given is {self.key_id[:12]}")

    def _opened(self, note: bytes, keys: Sequence[Verifier]) -> Checkpoint:
        known = self._known.get(note)
        if known is not None:
            return known
        try:
            said = open_checkpoint(note, *keys).checkpoint
            if said.origin != self.verifier.name:
                raise NoteError("it is of another log")
        except NoteError as problem:
            raise refusal("unknown_checkpoint_key", f"a checkpoint of {self.verifier.name} does not verify: {problem}") from problem
        self._remember(note, said)
        return said

    def _size_of(self, note: bytes) -> int:
        """The size that a mark says, whoever signed it: a damaged one counts as none, and is found at the next check."""
        try:
            return Checkpoint.parse(note.decode().split("\n\n")[0] + "\n").size
        except (NoteError, ValueError):
            return -1

    def _remember(self, note: bytes, said: Checkpoint) -> None:
        while len(self._known) >= NOTES_REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[note] = said


def _key(entry: Entry, which: str, name: str) -> Verifier:
    """A key of a rotation, as the entry has it in hexadecimal."""
    try:
        return Verifier(name, bytes.fromhex(entry.data[which]))
    except (KeyError, TypeError, ValueError, NoteError) as problem:
        raise refusal("ledger_invalid", f"entry {entry.idx} is no rotation of a key: {problem}") from problem
