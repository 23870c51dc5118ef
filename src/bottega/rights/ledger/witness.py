"""A witness: a small program with its own key that keeps, for each log, the last size and root that it saw (C2SP tlog-witness).

It signs a log's checkpoint when the log proves that it only grew since. A log that was rolled back, or that tells two stories, gets no
signature: what the log's own machine cannot notice, its witness does.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bottega.model import UsageError
from bottega.model.names import shown
from bottega.rights.durable import write_whole
from bottega.rights.private.keys import load_private_key, make_private_key

from .checkpoint import Checkpoint, open_checkpoint
from .clock import wall_clock
from .note import COSIGNATURE, ED25519, NoteError, Signature, Signer, Verifier, from_decimal, joined, plain, split, to_base64
from .proof import hashes
from .tree import holds_consistency

LONGEST_REQUEST = 256 * 1024
NOTHING_YET = "nothing seen yet\n"


class WitnessError(NoteError):
    """The witness does not sign. `status` is HTTP's, `body` what the protocol answers; the message says why."""

    def __init__(self, status: int, message: str, *, body: str | None = None) -> None:
        super().__init__(message)
        self.status, self.body = status, body


@dataclass(frozen=True)
class Request:
    """What a log sends: the size that the witness saw last, the proof that it only grew since, the new checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The request's body."""
        return "\n".join([f"old {self.old}", *map(to_base64, self.proof), "", self.note])

    @classmethod
    def parse(cls, text: str | bytes) -> Request:
        """Read a body as it was written and in no other way. Raises NoteError."""
        head, _, note = plain(text, longest=LONGEST_REQUEST).partition("\n\n")
        first, *lines = head.split("\n")
        if not first.startswith("old "):
            raise NoteError(f"a request that begins with {shown(first)}: allowed is old SIZE, hashes, a blank line, a checkpoint")
        return cls(from_decimal(first.removeprefix("old ")), hashes(lines), note)


class Witness:
    """A witness in its folder: its key, the logs it trusts, the last checkpoint of each. Safe for threads and processes.

    A checkpoint is on the disk before its cosignature is given away.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = wall_clock) -> None:
        """Open a witness's folder. Raises UsageError or CredentialError."""
        if not (folder / "witness.vkey").is_file():
            raise UsageError(f"{shown(str(folder))} is no witness's folder: make one with `bottega witness new FOLDER --name NAME`")
        self.folder, self._clock = folder, clock
        self.verifier = Verifier.parse((folder / "witness.vkey").read_text("utf-8"))
        self._signer = Signer(self.verifier.name, load_private_key(folder / "witness.pem"), COSIGNATURE)
        if self._signer.verifier != self.verifier:
            raise NoteError("witness.vkey is not the public half of witness.pem: restore the folder")

    @classmethod
    def create(cls, folder: Path, *, name: str) -> Witness:
        """Make a witness with a key of its own in a new folder. Raises UsageError for a folder in use, NoteError for a name."""
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise UsageError(f"{shown(str(folder))} is there already and not empty: give a new folder")
        Verifier(name, bytes(32), COSIGNATURE)  # the name is checked before anything is made
        for part in ("", "logs", "seen"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = Signer(name, make_private_key(folder / "witness.pem"), COSIGNATURE)
        write_whole(folder / "witness.vkey", f"{signer.verifier.vkey}\n".encode())
        return cls(folder)

    def trust(self, vkey: str) -> Verifier:
        """Cosign this log from now on. A second key of the same log is trusted beside the first. Raises NoteError."""
        key = Verifier.parse(vkey.strip())
        if key.kind != ED25519:
            raise NoteError(f"the key of {shown(key.name)} signs as a witness: allowed is a log's own key")
        with self._locked():
            known = self._keys(key.name)
            if not known and self._memory(_origin_hash(key.name)) is None:  # before the key: a memory that is missing later was lost
                write_whole(self._file("seen", key.name, "note"), NOTHING_YET.encode())
            if key not in known:
                write_whole(self._file("logs", key.name, "vkey"), "".join(f"{k.vkey}\n" for k in (*known, key)).encode())
        return key

    def logs(self) -> list[tuple[str, int]]:
        """Every trusted log's name with the size that was cosigned last."""
        names = sorted({Verifier.parse(p.read_text("utf-8").split("\n")[0]).name for p in (self.folder / "logs").glob("*.vkey")})
        return [(name, seen.size if (seen := self._seen(name)) else 0) for name in names]

    def add_checkpoint(self, body: str | bytes) -> str:
        """The cosignature line for a request. Raises WitnessError with the status that the protocol names."""
        try:
            request = Request.parse(body)
            origin = Checkpoint.parse(split(request.note)[0]).origin
        except NoteError as problem:
            raise WitnessError(400, str(problem)) from problem
        with self._locked():
            if not (keys := self._keys(origin)):
                raise WitnessError(404, f"the log {shown(origin)} is not trusted here")
            try:
                found = open_checkpoint(request.note, *keys)
            except NoteError as problem:
                raise WitnessError(403, str(problem)) from problem
            self._check(request, found.checkpoint)
            text = found.note.text
            made = self._signer.sign(text, time=int(self._clock().timestamp()))
            kept = joined(text, [*(v.signature for v in found.note.verified), made])
            write_whole(self._file("seen", origin, "note"), kept.encode())
        return made.line()

    def checkpoint(self, origin_hash: str) -> str | None:
        """The last checkpoint of a log as a note with both signatures; None where nothing was cosigned. The log is named by its sha256."""
        note = self._memory(origin_hash)
        return None if note == NOTHING_YET else note

    def _check(self, request: Request, new: Checkpoint) -> None:
        """Raise WitnessError unless the new checkpoint continues the last one."""
        seen = self._seen(new.origin)
        size = seen.size if seen else 0
        if request.old > new.size:
            raise WitnessError(400, f"a checkpoint of {new.size} entries after one of {request.old}: a log only grows")
        if request.old != size:
            raise WitnessError(409, f"the last checkpoint seen has {size} entries, the request begins at {request.old}", body=f"{size}\n")
        if not new.empty_is_empty:
            raise WitnessError(422, "a log of no entries has the hash of nothing as its root")
        if seen is None:
            if request.proof:
                raise WitnessError(422, "nothing was seen before, so there is nothing to prove: allowed is an empty proof")
        elif not holds_consistency(seen.size, new.size, seen.root, new.root, request.proof):
            raise WitnessError(422, f"the log of {new.size} entries does not continue the one of {seen.size} that was seen")

    def _seen(self, origin: str) -> Checkpoint | None:
        """The last checkpoint, held to this witness's own signature: a file that is damaged or gone is no reason to begin anew."""
        note = self._memory(_origin_hash(origin))
        if note == NOTHING_YET:
            return None
        if note is None:
            raise NoteError(f"what was seen of {shown(origin)} is gone: restore the witness's folder")
        found = open_checkpoint(note, *self._keys(origin), witnesses=[self.verifier])
        if found.checkpoint.origin != origin or not found.cosignatures:
            raise NoteError(f"what was seen of {shown(origin)} is damaged: restore the witness's folder")
        return found.checkpoint

    def _memory(self, origin_hash: str) -> str | None:
        path = self.folder / "seen" / f"{origin_hash}.note"
        return path.read_text("utf-8", "replace") if path.is_file() else None

    def _keys(self, origin: str) -> tuple[Verifier, ...]:
        path = self._file("logs", origin, "vkey")
        keys = tuple(map(Verifier.parse, path.read_text("utf-8").splitlines())) if path.is_file() else ()
        if any(k.name != origin for k in keys):
            raise NoteError(f"the trusted keys of {shown(origin)} are damaged: restore the witness's folder")
        return keys

    def _file(self, part: str, origin: str, ending: str) -> Path:
        return self.folder / part / f"{_origin_hash(origin)}.{ending}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One request at a time, over threads and processes: between the look at what was seen and its change nobody else looks."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _origin_hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def cosignature(answer: str) -> tuple[Signature, ...]:
    """The signature lines of a witness's answer, nothing verified. Raises NoteError."""
    *lines, last = plain(answer).split("\n")
    if last or not lines:
        raise NoteError("no answer of a witness: allowed are signature lines, each with its newline")
    return tuple(map(Signature.parse, lines))
