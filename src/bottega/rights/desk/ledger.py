"""What a show hands to outsiders about its ledger, and what it takes from them: checkpoints, proofs, cosignatures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bottega.model import BottegaError, CredentialError, UsageError, utc_text
from bottega.model.names import shown
from bottega.rights.durable import write_whole
from bottega.rights.ledger import Entry, Ledger, Notary, Verifier
from bottega.rights.ledger.checkpoint import SignedCheckpoint, open_checkpoint
from bottega.rights.ledger.note import LONGEST_NOTE, NoteError, split
from bottega.rights.ledger.proof import Proof
from bottega.rights.ledger.submit import WitnessPlace, ask, at_url, checked, in_folder, merged
from bottega.rights.ledger.tree import consistency, inclusion
from bottega.rights.ledger.witness import Request, cosignature

NAMED = (("grant.created", "grant_id"), ("gate.decided", "clearance_id"), ("output.registered", "take"))
_INDEX = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)


class LedgerDesk:
    """A show's ledger as outsiders see it. `checkpoints` is the show's folder of cosigned checkpoints."""

    def __init__(self, ledger: Ledger, *, checkpoints: Path) -> None:
        self._ledger, self._folder = ledger, checkpoints

    def verify(self, *, against: Sequence[Path] = (), witnesses: Sequence[str] = ()) -> list[Finding]:
        """Hash everything again and hold it to checkpoints from outside; each finding says whether it is good.

        1 entries, hashes, own checkpoint and mark; 2 every kept checkpoint and every file of `against`; 3 each witness's latest word.
        """
        keys = [read_key(text) for text in witnesses]
        opened: list[SignedCheckpoint] = []

        def compare(path: Path) -> str:
            opened.append(self._open(path, *keys))
            return self._agrees(opened[-1])

        found = [_finding("entries", self._whole)]  # 1
        found += [_finding(path.name, partial(compare, path)) for path in (*self._kept(), *against)]  # 2
        return [*found, *(_finding(f"witness {key.name}", partial(self._word_of, key, opened)) for key in keys)]  # 3

    def checkpoint(self, *places: WitnessPlace) -> str:
        """The latest signed checkpoint, with the cosignatures of these witnesses and those kept before.

        Raises NoteError where a witness saw another log than this one.
        """
        note, size = self._latest()
        for place in places:
            seen = self._seen_by(place.key)
            held = ask(place, note, size=size, at=self._ledger.at, seen=seen if seen <= size else 0)
            note = self._keep(merged(note, held), size)
        return note

    def request(self, *, seen: int) -> str:
        """What to send to a witness that saw `seen` entries last, where this machine cannot reach it. Raises UsageError."""
        note, size = self._latest()
        try:
            proof = consistency(seen, size, self._ledger.at)
        except ValueError as problem:
            raise UsageError(f"seen {seen}: {problem}") from problem
        return Request(seen, tuple(proof), self._keep(note, size)).text()

    def add_cosignature(self, answer: str, *keys: Verifier) -> str:
        """Keep a witness's answer to `request`; gives the checkpoint that it is of, with all its signatures. Raises NoteError."""
        lines = cosignature(answer)
        for path in reversed(self._kept()):
            note = _read(path).decode("utf-8", "replace")
            with suppress(NoteError):
                return self._keep(merged(note, checked(note, lines, *keys)), int(path.stem))
        raise NoteError("the cosignature is of no checkpoint in checkpoints/ by a key named here: give the witness's key, and ask it anew")

    def witness(self, place: str, *keys: Verifier) -> WitnessPlace:
        """A witness by its folder, or by its URL and its key. Raises UsageError."""
        if Path(place).is_dir():
            return in_folder(Path(place))
        if len(keys) != 1:
            raise UsageError(f"witness {shown(place)} is no folder: for a URL, name its public key with --key (given: {len(keys)})")
        return at_url(place, keys[0])

    def prove(self, entry: str) -> str:
        """A proof that an entry is in the log, by its index, a grant's or clearance's id, or a take's name. Raises BottegaError."""
        found = self.find(entry)
        note, size = self._covering(found.idx)
        proof = Proof(found.idx, tuple(inclusion(found.idx, size, self._ledger.at)), note, found.body)
        proof.verify(*self._keys())
        return proof.text()

    def find(self, entry: str) -> Entry:
        """The entry that a user names. Raises UsageError."""
        if _INDEX.fullmatch(entry):
            index = int(entry)
            rows = self._ledger.entries(after=index - 1, most=1) if index < self._ledger.head().size else []
            if rows:
                return rows[0]
        for kind, field in NAMED:
            for name in {entry, entry.replace("/", "_")}:
                found = [e for e in self._ledger.entries(kind, mentioning=name) if e.data.get(field) == name]
                if found:
                    return found[-1]
        size = self._ledger.head().size
        raise UsageError(f"entry {shown(entry)}: allowed are 0 to {size - 1}, a grant's or clearance's id, or a take (SHOT/JOB/vNNN)")

    def bodies(self, *, since: int = 0) -> Iterator[bytes]:
        """The canonical bodies from an index on: sha256(0x00, body) is the leaf."""
        yield from (entry.body for entry in self._ledger.entries(after=since - 1))

    def entries(self, *, kind: str | None = None) -> list[Entry]:
        """The entries, of one kind or of all."""
        return self._ledger.entries(kind)

    # What is compared

    def _whole(self) -> str:
        head = self._ledger.verify()
        return f"{head.size} entries, root {head.root.hex()}"

    def _agrees(self, signed: SignedCheckpoint) -> str:
        said, size = signed.checkpoint, self._ledger.head().size
        if said.size > size:
            raise CredentialError(f"ROLLED BACK: it is of {said.size} entries, the ledger has {size}")
        if self._ledger.root_at(said.size) != said.root:
            raise CredentialError(f"FORKED: its {said.size} entries are not the first {said.size} of this ledger")
        seen = [f"{v.by.name} at {_when(v.time)}" for v in signed.cosignatures]
        return f"agrees on the first {said.size} entries" + (f"; cosigned by {', '.join(seen)}" if seen else "")

    def _word_of(self, key: Verifier, opened: Sequence[SignedCheckpoint]) -> str:
        seen = [(s.checkpoint.size, v.time) for s in opened for v in s.cosignatures if v.by == key]
        if not seen:
            raise CredentialError("it cosigned none of the checkpoints at hand: give one with --against")
        size, time = max(seen, key=lambda word: word[0])
        return f"saw {size} entries at {_when(time)}; {self._ledger.head().size - size} more since, on the log's own word"

    # Checkpoints

    def _keys(self) -> tuple[Verifier, ...]:
        return self._notary().keys(self._ledger)

    def _notary(self) -> Notary:
        if not isinstance(self._ledger.notary, Notary):
            raise CredentialError("this ledger was opened without the log's public key, keys/log.vkey")
        return self._ledger.notary

    def _open(self, path: Path, *witnesses: Verifier) -> SignedCheckpoint:
        """A checkpoint in a file. Raises NoteError, which names it."""
        try:
            return open_checkpoint(_read(path), *self._keys(), witnesses=witnesses)
        except NoteError as problem:
            raise NoteError(f"{path.name}: {problem}") from problem

    def _latest(self) -> tuple[str, int]:
        """The latest checkpoint and its size, signed anew where entries came since and the log's key is here. Raises CredentialError."""
        self._ledger.attest()
        note, head = self._ledger.checkpoint(), self._ledger.head()
        size = open_checkpoint(note, *self._keys()).checkpoint.size if note else 0
        if note is None or size < head.size:
            fresh = self._notary().sign(head)
            if fresh is not None:
                self._notary().keep(fresh)
                note, size = fresh, head.size
        if note is None:
            raise CredentialError("nobody has signed this ledger yet: open it on the machine that holds the log's key")
        kept = self._path(size)
        return (kept.read_text("utf-8"), size) if kept.is_file() and self._same(kept, note) else (note, size)

    def _covering(self, index: int) -> tuple[str, int]:
        """The newest cosigned checkpoint that covers an entry, else the latest one."""
        for path in reversed(self._kept()):
            signed = self._open(path)
            if signed.checkpoint.size > index and signed.note.ignored:
                self._agrees(signed)
                return path.read_text("utf-8"), signed.checkpoint.size
        note, size = self._latest()
        if size <= index:
            raise CredentialError(f"entry {index} is under no signed checkpoint yet: prove it on the machine that holds the log's key")
        return note, size

    def _kept(self) -> list[Path]:
        return sorted(p for p in self._folder.glob("*.note") if p.stem.isdigit())

    def _path(self, size: int) -> Path:
        return self._folder / f"{size:012d}.note"

    def _same(self, path: Path, note: str) -> bool:
        """Whether a kept file is of this very state; another text of the same size is a fork."""
        if split(_read(path))[0] != split(note)[0]:
            raise CredentialError(f"FORKED: {path.name} is of another state of this log; verify it")
        return True

    def _keep(self, note: str, size: int) -> str:
        self._folder.mkdir(exist_ok=True)
        write_whole(self._path(size), note.encode())
        return note

    def _seen_by(self, key: Verifier) -> int:
        """The largest size that a witness is known to have cosigned."""
        opened = (self._open(path, key) for path in self._kept())
        return max((s.checkpoint.size for s in opened if s.cosignatures), default=0)


def read_key(text: str) -> Verifier:
    """A public key: a file that holds one, or the line itself. Raises NoteError, UsageError."""
    if "+" in text:
        return Verifier.parse(text)
    return Verifier.parse(_read(Path(text)).decode("utf-8", "replace"))


def summary(entry: Entry) -> str:
    """What an entry says, in a line: its plain values."""
    plain = [f"{k}={v}" for k, v in sorted(entry.data.items()) if isinstance(v, str | int) and v != ""]
    return " ".join(plain)


def _finding(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except (BottegaError, OSError) as problem:
        return Finding(what, False, str(problem))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_NOTE + 1)
    except OSError as problem:
        raise UsageError(f"{shown(str(path))} cannot be read: {problem.strerror}") from problem


def _when(seconds: int | None) -> str:
    try:
        return utc_text(datetime.fromtimestamp(seconds or 0, UTC))
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"
