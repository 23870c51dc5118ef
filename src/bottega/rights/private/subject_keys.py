"""A random key for each person of a show, in a file outside the show. Whoever deletes a key has erased all that it sealed."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from bottega.model import CredentialError, code

from .keys import key_folder
from .private_file import PrivateFile
from .sealing import KEY_BYTES

APPLICATION_ID = 0x626F746B  # "botk"
INDEX = "index"
_SCHEMA = {
    "secret": f"CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL CHECK (length(value) = {KEY_BYTES})) STRICT, WITHOUT ROWID"
}


def subject_keys_path(show_id: str, *, folder: Path | None = None) -> Path:
    """The file of the keys of a show's people, beside the gate's private key."""
    return (folder or key_folder()) / f"subjects_{code(show_id, 'show id')}.db"


class SubjectKeys:
    """The keys of a show's people, and the key of the index in which names are looked up.

    The file is opened when it is first needed: a show can be looked at without it, as long as no name is asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: PrivateFile | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def make(self) -> None:
        """Make the file with a new index key, unless it is there. Raises CredentialError."""
        if not self.path.exists():
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as problem:
                raise CredentialError(f"{self.path}: the keys of the people cannot be made: {problem.strerror}") from problem
            self._file = PrivateFile(self.path, _SCHEMA, application_id=APPLICATION_ID, what="keys of the people")
        self._of(INDEX, new=True)

    def is_there(self) -> bool:
        """Whether the file is on this machine."""
        return self.path.exists()

    def look_up(self, *parts: str) -> bytes:
        """HMAC-SHA256 of texts under the index key (RFC 2104): the same each time, and nothing to guess names by without it."""
        return hmac.new(self._needed(INDEX), "\n".join(parts).encode(), hashlib.sha256).digest()

    def key(self, subject: str) -> bytes | None:
        """A person's key, or None when they have none (any more)."""
        return self._of(subject)

    def new_key(self, subject: str) -> bytes:
        """A person's key, made if they have none."""
        made = self._of(subject, new=True)
        assert made is not None  # noqa: S101 - for the type checker: it was just made
        return made

    def destroy(self, subject: str) -> bool:
        """Delete a person's key for good. Whether there was one."""
        file = self._opened()
        with file.writing():
            return file.db.execute("DELETE FROM secret WHERE name = ?", (subject,)).rowcount > 0

    def _needed(self, name: str) -> bytes:
        found = self._of(name)
        if found is None:
            raise CredentialError(f"{self.path}: it lacks the key {name}; restore it from a backup")
        return found

    def _of(self, name: str, *, new: bool = False) -> bytes | None:
        file = self._opened()
        with file.guarded():
            if new:
                file.db.execute("INSERT OR IGNORE INTO secret VALUES (?, ?)", (name, os.urandom(KEY_BYTES)))
            row = file.db.execute("SELECT value FROM secret WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def _opened(self) -> PrivateFile:
        if self._file is None:
            if not self.path.exists():
                raise CredentialError(
                    f"{self.path}: the keys of this show's people are not on this machine, so no name can be read or added; "
                    "copy that file from the machine on which the show was made, or from its backup"
                )
            self._file = PrivateFile(self.path, _SCHEMA, application_id=APPLICATION_ID, what="keys of the people")
        return self._file
