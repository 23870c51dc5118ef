"""The ledger: an append-only log, laid under RFC 6962's Merkle tree. Tamper-evident: whoever owns the disk can rewrite it, but it shows.

What it is kept in is a `Store`: an SQLite file, or a schema of a PostgreSQL database.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bottega.model import canonical_json, utc_instant, utc_text
from bottega.model.names import shown
from bottega.rights.reasons import refusal

from . import tree
from .canonical import is_instant, read_canonical
from .clock import Clock, not_before, wall_clock
from .entries import is_known
from .place import Database, make_store, open_store
from .store import Row, Store

LONGEST_BODY = 16 * 1024 * 1024
BATCH = 2000
_FIELDS = {"at", "data", "kind"}


@dataclass(frozen=True)
class Head:
    """How many entries there are, and the tree's root over all of them."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `data` is what was said; `leaf` is its hash in the tree."""

    idx: int
    at: datetime
    kind: str
    data: Mapping[str, Any]
    leaf: bytes

    @property
    def body(self) -> bytes:
        """What the leaf is the hash of: the entry as canonical JSON."""
        return _body(self.kind, self.at, self.data)


EMPTY = Head(0, tree.EMPTY_ROOT)


class Signatory(Protocol):
    """Who signs the log's state and watches that it never goes back: a `Notary`."""

    def check(self, ledger: Ledger) -> None:
        """Raise ConsentError where the log is not the one that was signed last."""

    def sign(self, head: Head) -> str | None:
        """A signed checkpoint; None without the key."""

    def keep(self, note: str) -> None:
        """Move the high-water mark, once the checkpoint is on the disk."""


class Ledger:
    """An open ledger. Safe for threads; several processes may append, one write at a time.

    With a notary every transaction first makes sure that the log is the one signed last, and ends with a signed checkpoint.
    Everything that goes wrong is a ConsentError with code `ledger_unreachable`, `ledger_invalid` or `clock`, or the notary's.
    """

    def __init__(self, path: Path | Database, *, clock: Clock = wall_clock, wait_s: float = 10.0, notary: Signatory | None = None) -> None:
        """Open an existing ledger; `wait_s` is how long to wait for another writer."""
        self.path = path
        self.clock = clock
        self.notary = notary
        self._store: Store = open_store(path, wait_s=wait_s)
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._writing = False

    @classmethod
    def create(cls, path: Path | Database, *, clock: Clock = wall_clock, wait_s: float = 10.0, notary: Signatory | None = None) -> Ledger:
        """Make an empty ledger. One that is there already is never touched."""
        make_store(path, wait_s=wait_s)
        return cls(path, clock=clock, wait_s=wait_s, notary=notary)

    def close(self) -> None:
        """Let go of the file or the connection."""
        with self._lock:
            self._store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """Write one entry; when this returns, it is on the disk."""
        with self.transaction() as transaction:
            return transaction.append(kind, data)

    @contextmanager
    def transaction(self, clock: Clock | None = None) -> Iterator[Transaction]:
        """Hold the only write lock: what is read inside cannot change until what is appended inside is on the disk.

        In the same commit the notary's checkpoint of the new state; the high-water mark moves right after it.
        """
        with self._held() as store:
            if self._writing:
                raise RuntimeError("a ledger transaction is open in this thread: append through it")
            self._writing, done = True, False
            try:
                store.begin()
                self.attest()
                transaction = Transaction(self, self._now(clock or self.clock))
                yield transaction
                note = self._sign() if transaction.wrote else None
                store.commit()
                done = True
            finally:
                self._writing = False
                if not done:
                    store.rollback()
            if note is not None and self.notary is not None:
                self.notary.keep(note)

    def attest(self) -> None:
        """Make sure, with the notary if there is one, that this is the log that was signed last. Raises ConsentError."""
        if self.notary is not None:
            self.notary.check(self)

    def head(self) -> Head:
        """Size and root as they stand; microseconds."""
        with self._held() as store:
            size = store.size()
            return Head(size, self.root_at(size)) if size else EMPTY

    def at(self, level: int, i: int) -> bytes:
        """The hash of a complete subtree: `tree.Reader`. Raises `ledger_invalid` where it is not stored."""
        return self._nodes([(level, i)])[0]

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` entries, from the stored subtrees."""
        return tree.bagged(self._nodes(tree.peaks(size)))

    def checkpoint(self) -> str | None:
        """The latest signed checkpoint, or None where nobody has signed yet."""
        found = self.stored_checkpoint()
        return found[1] if found else None

    def stored_checkpoint(self) -> tuple[int, str] | None:
        """The checkpoint's row: its size and its note."""
        with self._held() as store:
            return store.checkpoint()

    def entries(self, kind: str | None = None, *, after: int = -1, mentioning: str = "", most: int | None = None) -> list[Entry]:
        """The entries with a higher index than `after`, of one kind or of all, `most` of them; each is checked against its own hash.

        `mentioning` leaves out those whose body does not hold that text; they are not looked at, so it is for asking, not for deciding.
        """
        with self._held() as store:
            rows = store.rows(kind, after, mentioning=mentioning, most=most)
        return [_entry(row) for row in rows]

    def naming(self, kind: str, digests: Collection[str]) -> list[Entry]:
        """The entries of a kind that name one of several digests; as with `mentioning`, the others are not looked at."""
        wanted = {digest.encode() for digest in digests}
        with self._held() as store:
            rows = store.rows(kind, -1)
        return [_entry(row) for row in rows if not wanted.isdisjoint(row.body.split(b'"'))]

    def since(self, known: Head) -> list[Entry]:
        """The entries after a head that the caller has seen; raises `ledger_invalid` where the log does not continue from it."""
        return [*self.follow(known)]

    def follow(self, known: Head) -> Iterator[Entry]:
        """The entries after a head, as `since`, without holding all of them at once.

        1 the tree at the known size has the known root; 2 the new bodies hash to their leaves; 3 every subtree they complete is
        stored as they make it. Whoever adds the leaves to what they know gets the head's root.
        """
        frontier = tree.Frontier.of(known.size, self._nodes(tree.peaks(known.size)))
        if frontier.root != known.root:  # 1
            raise refusal("ledger_invalid", f"{self.path}: the first {known.size} entries are not those that were read before")
        while True:
            with self._held() as store:
                rows = store.rows(None, frontier.size - 1, most=BATCH)
            batch = [_entry(row) for row in rows]  # 2
            if [e.idx for e in batch] != [*range(frontier.size, frontier.size + len(batch))]:
                raise refusal("ledger_invalid", f"{self.path}: an entry after {frontier.size - 1} is gone")
            self._check_nodes(frontier.size, [e.leaf for e in batch])  # 3
            for entry in batch:
                frontier.add(entry.leaf)
            yield from batch
            if len(batch) < BATCH:
                return

    def verify(self) -> Head:
        """Hash every body again, rebuild every subtree, check schema, form, order of instants, checkpoint and mark.

        Raises ConsentError: `ledger_invalid`, or what the notary finds.
        """
        with self._snapshot() as store:
            store.check_schema()
            store.check_files()
            last: Entry | None = None
            frontier = tree.Frontier()
            for entry in self.follow(EMPTY):
                if last and entry.at < last.at:
                    raise refusal("ledger_invalid", f"{self.path}: entry {entry.idx} is dated before entry {last.idx}")
                frontier.add(entry.leaf)
                last = entry
            nodes, belong = store.count_nodes(), tree.complete_count(frontier.size)
            if nodes != belong:
                raise refusal("ledger_invalid", f"{self.path}: {nodes} hashes are stored, {belong} belong to its entries")
        self.attest()  # after, for the mark may have moved on meanwhile
        return Head(frontier.size, frontier.root)

    def _check_nodes(self, size: int, leaves: list[bytes]) -> None:
        for level, made in enumerate(tree.grown(size, leaves, self.at)):
            first = size >> level
            with self._held() as store:
                stored = store.level(level, first, len(made))
            if stored != [*enumerate(made, first)]:
                raise refusal("ledger_invalid", f"{self.path}: the stored hashes of level {level} are not those of its entries")

    def _nodes(self, wanted: list[tuple[int, int]]) -> list[bytes]:
        with self._held() as store:
            found = store.nodes(wanted)
        gone = [place for place in wanted if place not in found]
        if gone:
            raise refusal("ledger_invalid", f"{self.path}: the hash of level {gone[0][0]}, {gone[0][1]} is gone")
        return [found[place] for place in wanted]

    def _insert(self, kind: str, data: Mapping[str, Any], at: datetime) -> Entry:
        if not is_known(kind):
            raise ValueError(f"entry kind {kind!r} is not listed in bottega.rights.ledger.entries; allowed are those, note.* and review.*")
        body = _body(kind, at, data)
        if len(body) > LONGEST_BODY:
            raise ValueError(f"a {kind} entry of {len(body)} bytes is too long; allowed are {LONGEST_BODY}")
        size, leaf = self._store.size(), tree.leaf_hash(body)
        self._store.insert(size, kind, body, tree.completed(size, leaf, self.at))
        return _entry(Row(size, kind, body, leaf))

    def _sign(self) -> str | None:
        head = self.head()
        note = self.notary.sign(head) if self.notary is not None else None
        if note is not None:
            self._store.put_checkpoint(head.size, note)
        return note

    def _now(self, clock: Clock) -> datetime:
        """The time of the next entry: never before the last one, and refused where the clock was set back."""
        row = self._store.last()
        return not_before(_entry(row).at if row else None, clock())

    @contextmanager
    def _held(self) -> Iterator[Store]:
        if self._pid != os.getpid():  # neither SQLite's locks nor a connection survive a fork
            raise refusal("ledger_unreachable", f"{self.path}: opened by process {self._pid}, used in {os.getpid()}; open it there again")
        with self._lock:
            yield self._store

    @contextmanager
    def _snapshot(self) -> Iterator[Store]:
        """One state of the log, however many others append meanwhile."""
        with self._held() as store:
            try:
                store.begin_reading()
                yield store
            finally:
                store.rollback()


class Transaction:
    """The write lock in hand. `now` is the time of all that is decided and appended in it."""

    def __init__(self, ledger: Ledger, now: datetime) -> None:
        self._ledger = ledger
        self.now = now
        self.wrote = False

    def append(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """Add an entry; it is on the disk when the transaction ends well, and gone if it does not."""
        if not self._ledger._writing:
            raise RuntimeError("this ledger transaction is over")
        entry = self._ledger._insert(kind, data, self.now)
        self.wrote = True
        return entry


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    return canonical_json({"at": utc_text(at), "data": data, "kind": kind})


def _entry(row: Row) -> Entry:
    """Read a row. Raises `ledger_invalid` where it does not hash to its leaf, is not canonical, or its columns differ from its body."""
    idx, kind, body, leaf = row
    if not isinstance(body, bytes) or tree.leaf_hash(body) != leaf:
        raise refusal("ledger_invalid", f"entry {idx} does not hash to what was recorded: it was changed")
    try:
        said = read_canonical(body)
        if said.keys() != _FIELDS or said["kind"] != kind or not isinstance(said["data"], dict) or not is_instant(said["at"]):
            raise ValueError("body and columns differ")
        return Entry(idx, utc_instant(said["at"]), kind, said["data"], leaf)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise refusal("ledger_invalid", f"entry {shown(str(idx))} is no entry of ours: {problem}") from problem
