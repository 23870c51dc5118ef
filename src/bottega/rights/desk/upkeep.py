"""Upkeep of what guards the ledger: new keys, and a named human's word where the machine's own memory does not agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bottega.model import CredentialError, Person, PersonKind, UsageError, label
from bottega.model.names import shown
from bottega.rights.ledger import Database, Ledger, Notary, SteadyClock, Transaction, log_signer
from bottega.rights.ledger.mark import write_note
from bottega.rights.private.keys import (
    load_gate_key,
    load_log_key,
    load_private_key,
    make_private_key,
    private_key_path,
    public_pem,
)
from bottega.rights.private.people import PeopleStore
from bottega.rights.reasons import refusal
from bottega.rights.record.state import State
from bottega.rights.rotation import WHICH, rotate_key

NEW = ".new"


class UpkeepDesk:
    """The work of whoever looks after a show's keys, on the machine that holds them."""

    def __init__(self, ledger: Ledger, people: PeopleStore, *, show_id: str, gate_public: Path, log_public: Path) -> None:
        self._ledger, self._people, self._show_id = ledger, people, show_id
        self._public = {"gate": gate_public, "log": log_public}

    def rotate(self, which: str, *, by: str) -> str:
        """Replace the gate's or the log's key; gives the new key's public half in hexadecimal. Old clearances open nothing any more.

        1 make the new key, 2 record it, signed by the old one, 3 put it in the old one's place. Cut off in between, the next opening
        of the show does the rest. Raises UsageError, CredentialError, ConsentError.
        """
        if which not in WHICH:
            raise UsageError(f"key {shown(which)}: allowed are {', '.join(WHICH)}")
        old = (load_gate_key if which == "gate" else load_log_key)(self._show_id)
        waiting = private_key_path(self._show_id, which=which, state=NEW)
        new = load_private_key(waiting) if waiting.exists() else make_private_key(waiting)  # 1
        with self._ledger.transaction() as transaction:  # 2
            named = self._named(transaction, by)
            rotate_key(transaction, which=which, old=old, new=new.public_key(), show_id=self._show_id, by=named)
            if which == "log" and isinstance(self._ledger.notary, Notary):
                self._ledger.notary = self._ledger.notary.with_key(log_signer(self._show_id, new))
        _install(self._show_id, which, self._public[which])  # 3
        return new.public_key().public_bytes_raw().hex()

    def accept_mark(self, *, by: str) -> tuple[int, int]:
        """Take the ledger as it stands for the true one, on a named human's word; gives the mark's size before (-1: none) and now.

        The ledger has to be whole, and signed by the log's key. Raises ConsentError.
        """
        notary = self._ledger.notary
        if not isinstance(notary, Notary) or notary.mark is None:
            raise refusal("mark_missing", "this machine does not hold the show's keys, so it keeps no mark")
        signer = log_signer(self._show_id, load_log_key(self._show_id))
        with Ledger(self._ledger.path, clock=self._ledger.clock, notary=Notary(signer)) as unmarked:
            unmarked.verify()
            before = notary.marked_size()
            with unmarked.transaction() as transaction:
                transaction.append("note.mark_accepted", {"by": self._named(transaction, by), "before": before})
            notary.accept(unmarked)
            return before, unmarked.head().size

    def accept_clock(self, clock: Callable[[], object], *, by: str) -> None:
        """Take the machine's clock, which was set since it started, for right, on a named human's word. Raises ConsentError."""
        if not isinstance(clock, SteadyClock):
            raise UsageError("this clock is not watched: there is nothing to accept")
        with self._ledger.transaction(clock.unwatched) as transaction:
            transaction.append("clock.accepted", {"by": self._named(transaction, by)})
        clock.accept()

    def _named(self, transaction: Transaction, name: str) -> str:
        """The id of a person, put on record with the same entry when new."""
        clean = label(name, "by")
        found = self._people.find(clean) or self._people.add(clean)
        if found not in State.of(self._ledger).people:
            transaction.append("person.added", Person(subject_id=found, kind=PersonKind.ARTIST).to_json())
        return found


def finish_rotations(place: Path | Database, show_id: str, *, gate_public: Path, log_public: Path) -> None:
    """Do the rest of a rotation that was recorded, and then cut off. One that was not recorded is left to be tried again."""
    for which, public in (("gate", gate_public), ("log", log_public)):
        waiting = private_key_path(show_id, which=which, state=NEW)
        if not waiting.exists():
            continue
        with Ledger(place) as ledger:
            rotations = [e.data for e in ledger.entries("key.rotated") if e.data.get("which") == which]
        if rotations and rotations[-1].get("new") == load_private_key(waiting).public_key().public_bytes_raw().hex():
            _install(show_id, which, public)


def _install(show_id: str, which: str, public: Path) -> None:
    waiting = private_key_path(show_id, which=which, state=NEW)
    key = load_private_key(waiting)
    text = public_pem(key.public_key()).decode() if which == "gate" else f"{log_signer(show_id, key).verifier.vkey}\n"
    write_note(public, text, durable=True)
    try:
        waiting.replace(private_key_path(show_id, which=which))
    except OSError as problem:
        raise CredentialError(f"{waiting}: the new key cannot be put in place: {problem.strerror}") from problem
