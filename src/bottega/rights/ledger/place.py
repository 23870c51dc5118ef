"""Where a ledger lies: a file, or a schema of a PostgreSQL database."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bottega.model import UsageError
from bottega.model.names import shown

from .store import Store

_SCHEMES = ("postgresql", "postgres")
_SECRETS = ("password", "sslpassword", "passfile", "sslkey")
_LONGEST_NAME = 63  # PostgreSQL cuts longer names off


@dataclass(frozen=True)
class Database:
    """A show's ledger in PostgreSQL. `owner_url` is whose tables they are, where that is somebody else than who writes entries."""

    url: str
    schema: str
    owner_url: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, *, show_id: str, owner_url: str | None = None) -> Database:
        """The place for one show. Raises UsageError for anything but a PostgreSQL URL without a password."""
        for text in (url, *([owner_url] if owner_url else [])):
            _check_url(text)
        return cls(url, _schema_name(show_id), owner_url)

    def __str__(self) -> str:
        return f"{self.url}, schema {self.schema}"


def open_store(place: Path | Database, *, wait_s: float) -> Store:
    """Open what is there. Raises ConsentError."""
    if isinstance(place, Database):
        from .postgres import PostgresStore

        return PostgresStore(place, wait_s=wait_s)
    from .sqlite import SqliteStore

    return SqliteStore(place, wait_s=wait_s)


def make_store(place: Path | Database, *, wait_s: float) -> None:
    """Make an empty one; what is there already is never touched. Raises ConsentError."""
    if isinstance(place, Database):
        from .postgres import create_schema

        create_schema(place, wait_s=wait_s)
    else:
        from .sqlite import SqliteStore

        SqliteStore.create(place, wait_s=wait_s).close()


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        secret = parts.password is not None or any(name.lower() in _SECRETS for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    except ValueError as problem:
        raise UsageError(f"ledger: not a URL ({problem}); allowed is postgresql://USER@HOST/DATABASE") from None
    if secret:
        raise UsageError("ledger: the URL holds a secret; leave it out, PostgreSQL's own password file or service file has it")
    if parts.scheme not in _SCHEMES:
        raise UsageError(f"ledger {shown(url)}: allowed is postgresql://USER@HOST/DATABASE")


def _schema_name(show_id: str) -> str:
    """A schema that no other show has: the id, as far as it fits, and where it does not, its hash."""
    name = "bottega_" + re.sub(r"[^a-z0-9]", "_", show_id.lower())
    digest = hashlib.sha256(show_id.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST_NAME - len(digest) - 1]}_{digest}"
