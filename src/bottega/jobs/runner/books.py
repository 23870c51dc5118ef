"""A show's ledger, with the keys, the mark and the clock that guard it: made once, and opened by whoever needs it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from bottega.model import CredentialError, Show, UsageError
from bottega.rights import (
    Clock,
    Database,
    Ledger,
    Mark,
    Notary,
    SteadyClock,
    Verifier,
    create_show,
    load_log_key,
    log_signer,
    make_gate_key,
    make_log_key,
    mark_folder,
    private_key_path,
    write_public_key,
)
from bottega.rights.desk.upkeep import finish_rotations
from bottega.rights.packs import shipped
from bottega.rights.reasons import refusal
from bottega.rights.record.rulings_registry import adopt_pack

from .files import write_whole
from .showfolder import ShowFolder


def steady_clock() -> Clock:
    """The machine's clock, watched."""
    return SteadyClock(mark_folder())


def make_show(root: Path, *, show: str, fps: Fraction, clock: Clock, ledger: str | None, owner_url: str | None) -> ShowFolder:
    """Make a show's folder, its two keys and its ledger. Raises BottegaError."""
    if ledger is not None:
        Database.of(ledger, show_id=show, owner_url=owner_url)  # before anything is made
    elif owner_url is not None:
        raise UsageError("an owner of the ledger's tables is named, but no database for it: name that, too")
    folder, record = ShowFolder.create(root, show=show, fps=fps, ledger=ledger)
    _make_books(folder, record, clock=clock, owner_url=owner_url)
    return folder


def _make_books(folder: ShowFolder, show: Show, *, clock: Clock, owner_url: str | None) -> None:
    where = place(folder, show, owner_url=owner_url)
    gate, log = make_gate_key(show.show_id).public_key(), make_log_key(show.show_id)
    signer = log_signer(show.show_id, log)
    write_public_key(folder.public_key, gate)
    write_whole(folder.log_key, f"{signer.verifier.vkey}\n".encode())
    notary = Notary(signer, mark=mark(show.show_id), copies=[folder.checkpoint])
    with Ledger.create(where, clock=clock, notary=notary) as ledger:
        create_show(ledger, gate, show_id=show.show_id, show_code=show.code, log_key=log.public_key())
        adopt_pack(ledger, shipped(), by=None, role=None, ref="a new show begins with it")


def open_books(folder: ShowFolder, show: Show, *, clock: Clock) -> Ledger:
    """Open a show's ledger. Where its log key is, it signs; where either key is, it keeps the high-water mark."""
    where, show_id = place(folder, show), show.show_id
    finish_rotations(where, show_id, gate_public=folder.public_key, log_public=folder.log_key)
    held = [private_key_path(show_id, which=which).exists() for which in ("gate", "log")]
    told = _public_log_key(folder)
    key = log_signer(show_id, load_log_key(show_id)) if held[1] else told
    if told != getattr(key, "verifier", key):
        raise refusal("unknown_checkpoint_key", "keys/log.vkey is not that of the log key on this machine")
    copies = [folder.checkpoint] if held[1] else []
    return Ledger(where, clock=clock, notary=Notary(key, mark=mark(show_id) if any(held) else None, copies=copies))


def place(folder: ShowFolder, show: Show, *, owner_url: str | None = None) -> Path | Database:
    """Where the ledger lies, by the show's settings. Raises UsageError for a URL that cannot be used."""
    return folder.ledger if show.ledger is None else Database.of(show.ledger, show_id=show.show_id, owner_url=owner_url)


def mark(show_id: str) -> Mark:
    """The show's high-water mark on this machine."""
    return Mark(mark_folder() / f"{show_id}.note")


def _public_log_key(folder: ShowFolder) -> Verifier:
    try:
        return Verifier.parse(folder.log_key.read_text("ascii"))
    except (OSError, ValueError, CredentialError) as problem:
        raise refusal("unknown_checkpoint_key", f"keys/log.vkey cannot be read: {problem}") from problem
