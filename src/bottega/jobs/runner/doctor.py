"""Is this machine fit, and is this show sound? Each check says what it found."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bottega.footage import colour_spaces, config_name
from bottega.jobs.recipes.keyed import can_learn
from bottega.model import BottegaError, JobError, TakeState, UsageError
from bottega.rights import Notary, PeopleStore, State, SubjectKeys, load_gate_key, load_public_key, subject_keys_path, wall_clock
from bottega.rights.desk.models import overdue

from .books import open_books, steady_clock
from .request import versions
from .showfolder import ShowFolder
from .takefolder import RECORD
from .takefolder import versions as takes_of

GIBI = 1024**3
LEAST_FREE_GIB = 5


@dataclass(frozen=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return asdict(self)


def examine(folder: Path, *, named: bool = False) -> list[Check]:
    """Check Python, libraries and colour; inside a show also its ledger, keys, free space and unfinished takes.

    A `named` folder has to be a show.
    """
    checks = list(_machine())
    try:
        show = ShowFolder.find(folder)
    except UsageError as problem:
        return [*checks, Check("show", not named, str(problem) if named else "none here: only the machine was checked")]
    return [*checks, *_show(show)]


def _machine() -> Iterator[Check]:
    found = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", (3, 11) <= sys.version_info[:2] <= (3, 13), f"{found} (3.11 to 3.13)")
    yield _try("libraries", lambda: ", ".join(f"{k} {v}" for k, v in versions().items()))
    torch = f"torch {version('torch')}" if can_learn() else "no torch here; for --learn: pip install 'bottega[learn]'"
    yield Check("per-shot network", True, torch)
    yield _try("colour", lambda: f"{len(colour_spaces())} colour spaces in {config_name()}")


def _show(show: ShowFolder) -> Iterator[Check]:
    yield _try("settings", lambda: f"{show.settings().code} at {show.settings().fps} frames a second")
    yield _try("ledger", lambda: _ledger(show))
    yield _try("clock", lambda: f"{steady_clock()():%Y-%m-%d %H:%M} UTC, in step with the time since the machine started")
    yield _try("gate's key", lambda: _keys(show))
    yield _try("names", lambda: _names(show))
    free = shutil.disk_usage(show.root).free / GIBI
    yield Check("free space", free >= LEAST_FREE_GIB, f"{free:.1f} GiB (at least {LEAST_FREE_GIB})")
    yield _try("shots", lambda: ", ".join(show.shot(name).code for name in show.shots()) or "none")
    yield _try("exemplars", lambda: _exemplars(show))
    yield _try("weights and templates", lambda: _models(show))
    yield from _takes(show)


def _takes(show: ShowFolder) -> Iterator[Check]:
    unfinished, damaged = [], []
    for shot in show.shots():
        for job in sorted(p.name for p in (show.root / shot).iterdir() if p.is_dir()):
            for folder in takes_of(show.root, shot, job):
                if not (folder.path / RECORD).is_file():
                    continue
                try:
                    take = folder.read()
                except JobError as problem:
                    damaged.append(f"{shot}/{job}: {problem}")
                    continue
                unfinished += [take.name] if take.state is TakeState.MAKING else []
    yield Check("takes", not damaged, "; ".join(damaged) or "every record can be read")
    yield Check("unfinished takes", True, ", ".join(unfinished) + ": run the same command again to go on" if unfinished else "none")


def _exemplars(show: ShowFolder) -> str:
    """Every record holds, and the copies that the show keeps are there."""
    destroyed = {digest for digest, known in _state(show).models.items() if known.destroyed_idx is not None}
    kept = [show.exemplar(p.stem) for p in sorted(show.exemplars.glob("*.json")) if p.stem not in destroyed]
    gone = [f.path for e in kept for f in e.files if not (show.root / f.path).is_file()]
    if gone:
        raise JobError(f"{len(gone)} files are gone, the first is {gone[0]}: restore it, or add it again")
    return f"{len(kept)} on record, all their files are there"


def _models(show: ShowFolder) -> str:
    """Nothing that was learned is there longer than it may be."""
    state = _state(show)
    late = overdue(state, now=datetime.now(UTC))
    if late:
        raise JobError(f"{len(late)} should be gone by now ({'; '.join(late)}): destroy with `bottega model destroy`")
    return f"{len(state.models)} on record, none overdue"


def _state(show: ShowFolder) -> State:
    with open_books(show, show.settings(), clock=wall_clock) as ledger:
        return State.of(ledger)


def _ledger(show: ShowFolder) -> str:
    with open_books(show, show.settings(), clock=wall_clock) as ledger:
        size = ledger.verify().size
        marked = isinstance(ledger.notary, Notary) and ledger.notary.mark is not None
    return f"{size} entries, all hash as they were written{', and go on from what was signed here' if marked else ''}"


def _keys(show: ShowFolder) -> str:
    public = load_public_key(show.public_key)
    if load_gate_key(show.settings().show_id).public_key() != public:
        raise UsageError("the private key on this machine is not the one of this show")
    return "private key is here and matches keys/gate.pub"


def _names(show: ShowFolder) -> str:
    """Every name can be read with the keys that are on this machine."""
    if not show.people.is_file():
        return "none yet"
    with PeopleStore(show.people, SubjectKeys(subject_keys_path(show.settings().show_id))) as people:
        return f"{len(people.all())} can be read"


def _try(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except BottegaError as problem:
        return Check(name, False, str(problem))
