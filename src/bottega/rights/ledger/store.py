"""What a ledger needs of a database: three tables that only grow, one writer at a time, and a commit that is on the disk.

| table | holds |
|---|---|
| `entry (idx, kind, body)` | the entries: canonical JSON, and its kind once more to find it by |
| `hash (level, i, hash)` | the complete subtrees of RFC 6962's tree, the leaves at level 0 |
| `checkpoint (one, size, note)` | at most one row: the log's latest signed statement of its size and root |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

SCHEMA_VERSION = 2


class Row(NamedTuple):
    """An entry as it lies in the table, and the leaf hash that was written with it (None: gone)."""

    idx: int
    kind: str
    body: bytes
    leaf: bytes | None


class Store(Protocol):
    """An open database. Whatever goes wrong is a ConsentError `ledger_unreachable` or `ledger_invalid`."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def close(self) -> None:
        """Let go of it."""

    def check_schema(self) -> None:
        """Raise `ledger_invalid` where a table, trigger or version is not as this version makes it."""

    def check_files(self) -> None:
        """Have the database look for damage of its own files, where it can."""

    def begin(self) -> None:
        """Take the only write lock."""

    def begin_reading(self) -> None:
        """See one state, whatever others write, until `rollback`."""

    def commit(self) -> None:
        """Put what was written on the disk, and let go of the lock."""

    def rollback(self) -> None:
        """Forget what was written since `begin`; harmless when there is nothing to forget."""

    def size(self) -> int:
        """How many entries there are, going by the last index."""

    def rows(self, kind: str | None, after: int, *, mentioning: str = "", most: int | None = None) -> list[Row]:
        """The entries after an index, of one kind or of all, in order, `most` of them; only those whose body holds `mentioning`."""

    def last(self) -> Row | None:
        """The last entry."""

    def nodes(self, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The hashes of some subtrees (level, i); those that are not stored are left out."""

    def level(self, level: int, first: int, most: int) -> list[tuple[int, bytes]]:
        """(i, hash) of a level's stored subtrees from `first` on, in order, so many at the most."""

    def count_nodes(self) -> int:
        """How many hashes are stored."""

    def insert(self, idx: int, kind: str, body: bytes, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Add an entry and the subtrees that it completes."""

    def checkpoint(self) -> tuple[int, str] | None:
        """Size and note of the checkpoint."""

    def put_checkpoint(self, size: int, note: str) -> None:
        """Replace the checkpoint by one of a larger log."""
