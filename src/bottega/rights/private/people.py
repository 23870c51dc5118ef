"""Who is who: names and documents of a show's people, each sealed under the person's own key, beside the ledger.

Deleting a person's key erases them, in every copy of these files too; the log keeps the pseudonym and stays whole.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from bottega.model import CredentialError, UsageError, label, subject_id
from bottega.model.names import shown

from .private_file import PrivateFile
from .sealing import seal, unseal
from .subject_keys import SubjectKeys
from .twins import looks

ERASED = "(erased)"
APPLICATION_ID = 0x626F7470  # "botp"
NAME = "name"
_SCHEMA = {
    "kept": "CREATE TABLE kept (subject_id TEXT NOT NULL, what TEXT NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY (subject_id, what)) STRICT, WITHOUT ROWID",
    "look": "CREATE TABLE look (token BLOB PRIMARY KEY, subject_id TEXT NOT NULL) STRICT, WITHOUT ROWID",
}
_PAD = 64  # the length of a name tells less
_BOUND = ("", "keys")  # the row that says which index key this file belongs to


class PeopleStore:
    """What is known of people and must never enter the log. Two names that look alike are one name.

    Names lie in the file, documents in the folder of the same name beside it. On the disk are ciphertext, pseudonyms and
    keyed hashes only. Raises UsageError for names, CredentialError for the files.
    """

    def __init__(self, path: Path, keys: SubjectKeys) -> None:
        """Open the store, or make it with mode 0600."""
        self.path, self.folder, self.keys = path, path.with_suffix(""), keys
        self._file = PrivateFile(path, _SCHEMA, application_id=APPLICATION_ID, what="names")

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        self.keys.close()

    def __enter__(self) -> PeopleStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, name: str, *, known_as: str | None = None) -> str:
        """Keep a name and give its pseudonym, a new random one unless given. A name that looks like one that is there is refused."""
        clean = " ".join(label(name, "name").split())
        chosen = subject_id(known_as, "subject id") if known_as is not None else f"p_{secrets.token_hex(8)}"
        with self._file.writing():
            self._bind()
            twin = self._found(clean) or (chosen if self._sealed(chosen, NAME) else None)
            if twin:
                raise UsageError(f"name {shown(name)}: {twin} is {shown(self._name(twin))} already; use that person, or tell the two apart")
            padded = clean.encode().ljust(-(-len(clean.encode()) // _PAD) * _PAD, b"\0")
            self._put(chosen, NAME, seal(self.keys.new_key(chosen), padded, subject=chosen, what=NAME))
            self._file.db.executemany("INSERT INTO look VALUES (?, ?)", [(token, chosen) for token in self._tokens(clean)])
        return chosen

    def find(self, name: str) -> str | None:
        """The pseudonym of a name, or None."""
        clean = " ".join(label(name, "name").split())
        with self._file.guarded():
            return self._found(clean) if self._is_bound() else None

    def name_of(self, known_as: str) -> str:
        """The name behind a pseudonym, `(erased)` when it is gone."""
        with self._file.guarded():
            return self._name(subject_id(known_as, "subject id"))

    def all(self) -> dict[str, str]:
        """Every pseudonym and its name, by name."""
        with self._file.guarded():
            known = [row[0] for row in self._file.db.execute("SELECT subject_id FROM kept WHERE what = ?", (NAME,)).fetchall()]
            names = {known_as: self._name(known_as) for known_as in known}
        return dict(sorted(names.items(), key=lambda item: looks(item[1])))

    def keep(self, known_as: str, what: str, content: bytes) -> None:
        """Seal a document or template of a person; `what` says which, and the same again replaces it."""
        with self._file.writing():
            self._bind()
            key = self.keys.key(subject_id(known_as, "subject id"))
            if key is None:
                raise UsageError(f"{known_as} is not among this show's people, or was erased; nothing can be kept of them")
            _write_whole(self._place(known_as, what), seal(key, content, subject=known_as, what=what))

    def kept(self, known_as: str, what: str) -> bytes | None:
        """What was kept, or None when it never was or the person was erased. Raises CredentialError where it was changed."""
        place = self._place(subject_id(known_as, "subject id"), what)
        key = self.keys.key(known_as)
        if key is None or not place.is_file():
            return None
        return unseal(key, place.read_bytes(), subject=known_as, what=what)

    def drop(self, known_as: str, what: str) -> bool:
        """Delete one document or template of a person. Whether there was one."""
        place = self._place(subject_id(known_as, "subject id"), what)
        there = place.is_file()
        place.unlink(missing_ok=True)
        return there

    def erase(self, known_as: str, *, record: Callable[[], object] | None = None) -> None:
        """Forget a person for good: key first, then `record` (the ledger's entry), then what is left of the rest.

        In that order an entry means that the key is gone, and a run that was cut off can be repeated by name.
        """
        with self._file.writing():
            there = self._sealed(subject_id(known_as, "subject id"), NAME) is not None
            if not (self.keys.destroy(known_as) or there):
                raise UsageError(f"{known_as} has no name here; nothing was erased")
            if record is not None:
                record()
            self._file.db.execute("DELETE FROM kept WHERE subject_id = ?", (known_as,))
            self._file.db.execute("DELETE FROM look WHERE subject_id = ?", (known_as,))
            shutil.rmtree(self.folder / known_as, ignore_errors=True)

    def _name(self, known_as: str) -> str:
        sealed = self._sealed(known_as, NAME)
        key = self.keys.key(known_as) if sealed is not None else None
        return unseal(key, sealed, subject=known_as, what=NAME).rstrip(b"\0").decode() if key is not None and sealed is not None else ERASED

    def _found(self, clean: str) -> str | None:
        for token in self._tokens(clean):
            row = self._file.db.execute("SELECT subject_id FROM look WHERE token = ?", (token,)).fetchone()
            if row:
                return str(row[0])
        return None

    def _tokens(self, clean: str) -> list[bytes]:
        small, written = looks(clean)
        return [self.keys.look_up("small", small), self.keys.look_up("written", written)]

    def _sealed(self, known_as: str, what: str) -> bytes | None:
        row = self._file.db.execute("SELECT sealed FROM kept WHERE subject_id = ? AND what = ?", (known_as, what)).fetchone()
        return bytes(row[0]) if row else None

    def _put(self, known_as: str, what: str, sealed: bytes) -> None:
        self._file.db.execute("INSERT INTO kept VALUES (?, ?, ?)", (known_as, what, sealed))

    def _place(self, known_as: str, what: str) -> Path:
        return self.folder / known_as / f"{self.keys.look_up(known_as, label(what, 'what')).hex()[:32]}.sealed"

    def _bind(self) -> None:
        """Tie an empty store to its keys, made if need be; a store that has names wants the keys it was made with."""
        if not self._is_bound():
            self.keys.make()
            self._put(*_BOUND, self._check_value())

    def _is_bound(self) -> bool:
        bound = self._sealed(*_BOUND)
        if bound is not None and bound != self._check_value():
            raise CredentialError(f"{self.keys.path}: these are the keys of other people than {self.path.name}'s; restore the right ones")
        return bound is not None

    def _check_value(self) -> bytes:
        return self.keys.look_up("", "people")


def document_key(sha256: str) -> str:
    """What a signed document is kept as."""
    return f"document {sha256}"


def read_document(path: Path, *, longest: int) -> tuple[bytes, str]:
    """A document's bytes and their sha256. Raises UsageError for what cannot be read or is too long."""
    try:
        if not path.is_file() or path.stat().st_size > longest:
            raise UsageError(f"document {shown(path.name)} is no plain file, or longer than the {longest} bytes that are allowed")
        content = path.read_bytes()
    except OSError as problem:
        raise UsageError(f"document {shown(path.name)} cannot be read: {problem.strerror}") from problem
    return content, hashlib.sha256(content).hexdigest()


def _write_whole(place: Path, content: bytes) -> None:
    """Whole or absent, and for its owner only."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    except OSError as problem:
        raise CredentialError(f"{place.parent.parent.name}/: a document cannot be kept: {problem.strerror}") from problem
