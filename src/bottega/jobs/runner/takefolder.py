"""A take's folder: one a version, never overwritten; unfinished ones are found again and continued."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bottega.model import JobError, Output, Take, TakeState, UsageError, code, shown

from .files import json_bytes, read_json, read_record, write_json
from .scratch import Scratch

RECORD = "take.json"
WORK = ".work"
ASIDE = ".quarantine"
TRAINING = "training"  # the arrays of a network that is being trained, in the scratch
_VERSION = re.compile(r"v(\d{3,})")


class TakeFolder:
    """The files of one take: its record, its scratch and the notes on frames that are done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.work = path / WORK

    def read(self) -> Take:
        """The take's record. Raises JobError when it is missing or damaged."""
        return read_record(self.path / RECORD, Take)

    def write(self, take: Take) -> None:
        """Keep the take's record, whole or absent."""
        write_json(self.path / RECORD, take.to_json())

    def scratch(self) -> Scratch:
        """The take's intermediate arrays."""
        self.work.mkdir(exist_ok=True)
        return Scratch(self.work / "arrays")

    def note_frame(self, number: int, note: dict[str, Any]) -> None:
        """Remember that a frame is delivered: its outputs and what it counts towards the shares."""
        self.work.mkdir(exist_ok=True)
        write_json(self.work / f"{number}.json", note)

    def noted_frame(self, number: int) -> dict[str, Any] | None:
        """The note on a delivered frame, or None. `drop_unnoted` has removed the notes that do not hold."""
        path = self.work / f"{number}.json"
        return read_json(path) if path.is_file() else None

    def drop_unnoted(self) -> None:
        """Remove the frames that an earlier run left without a note, or that are no longer what their note says: they are made again."""
        noted: set[str] = set()
        for note in self.work.glob("[0-9]*.json"):
            outputs = self._outputs_of(note)
            if outputs is None:
                note.unlink()
            else:
                noted |= {o.path for o in outputs}
        for file in self.path.rglob("*"):
            inside = str(file.relative_to(self.path))
            if file.is_file() and inside not in noted and not inside.startswith((RECORD, WORK)):
                file.unlink()

    def _outputs_of(self, note: Path) -> tuple[Output, ...] | None:
        """The files of a noted frame, or None when the note is damaged or a file is gone or changed."""
        try:
            said = read_json(note)
            outputs = tuple(Output.from_json(o) for o in said["outputs"])
            if not {"tally", "carried", "non_finite"} <= said.keys():
                return None
            same = all(_sha256(self.path / o.path) == o.sha256 for o in outputs)
        except (JobError, UsageError, KeyError, TypeError, ValueError, OSError):
            return None
        return outputs if same else None

    def lacks(self, take: Take) -> list[str]:
        """Files that the take's record names and that are gone."""
        return [o.path for o in take.outputs if not (self.path / o.path).is_file()]

    def has_notes(self) -> bool:
        """Whether any frame was finished, or a training begun, by this run or an earlier one."""
        return any(self.work.glob("[0-9]*.json")) or self.scratch().has(TRAINING)

    def abandon(self) -> None:
        """Remove the folder of a take of which no frame was made."""
        shutil.rmtree(self.path)

    def set_aside(self) -> None:
        """Take what was made out of the open: all files but the record go to a hidden folder that only its owner can enter."""
        aside = self.path / ASIDE
        aside.mkdir(mode=0o700, exist_ok=True)
        for made in list(self.path.iterdir()):
            if made.name not in (RECORD, WORK, ASIDE):
                made.rename(aside / made.name)
        self.finish()

    def finished(self) -> Take:
        """The record of a take that is done; what a run left that was killed before it had cleared its scratch is cleared."""
        if self.work.is_dir():
            with self.held():
                self.finish()
        return self.read()

    def finish(self) -> None:
        """Remove scratch and notes once the record is whole."""
        Scratch(self.work / "arrays").clear()
        for note in self.work.glob("*"):
            note.unlink()
        self.work.rmdir()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the take against a second run on the same files. Raises JobError when another process holds it."""
        self.work.mkdir(exist_ok=True)
        handle = os.open(self.work / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as problem:
            raise JobError(f"{'/'.join(self.path.parts[-3:])} is being made by another run: wait for it, or stop it") from problem
        finally:
            os.close(handle)


def record_sha256(take: Take) -> str:
    """The sha256 of a take's record as `TakeFolder.write` puts it on disk."""
    return hashlib.sha256(json_bytes(take.to_json())).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions(root: Path, shot: str, job: str) -> list[TakeFolder]:
    """All takes of a job on a shot, oldest first."""
    folder = root / code(shot, "shot code") / code(job, "job")
    found = [(int(m[1]), p) for p in folder.glob("v*") if (m := _VERSION.fullmatch(p.name)) and p.is_dir()]
    return [TakeFolder(p) for _, p in sorted(found)]


def same_plan(root: Path, shot: str, job: str, plan_digest: str, *, remake_of: str | None = None) -> TakeFolder | None:
    """The newest take with that plan that is unfinished, or done with all its files, or None: to be continued, or already there.

    A remake of a take (by its id) goes on with its own unfinished folder only. A take whose record is damaged is passed over
    (`report` and `doctor` name it), and a new version is made.
    """
    for folder in reversed(versions(root, shot, job)):
        if not (folder.path / RECORD).is_file():
            continue
        try:
            take = folder.read()
        except JobError:
            continue
        if take.plan_digest != plan_digest or take.state is TakeState.QUARANTINED or take.remake_of != remake_of:
            continue
        if take.state is TakeState.MAKING or (remake_of is None and not folder.lacks(take)):
            return folder
    return None


def new_version(root: Path, shot: str, job: str) -> tuple[TakeFolder, int]:
    """Claim the next free version folder; two runs at once get two."""
    parent = root / code(shot, "shot code") / code(job, "job")
    try:
        parent.mkdir(exist_ok=True)
        last = max((int(m[1]) for p in parent.iterdir() if (m := _VERSION.fullmatch(p.name))), default=0)
        while True:
            last += 1
            path = parent / f"v{last:03d}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return TakeFolder(path), last
    except OSError as problem:
        raise JobError(f"a new version under {shot}/{job} cannot be made: {problem.strerror}") from problem


def named(root: Path, text: str) -> TakeFolder:
    """The take that a user names: `sh010/deage/v003`, a path to that folder, or `sh010_deage_v003`. Raises UsageError."""
    parts = Path(text).parts[-3:] if "/" in text or not re.fullmatch(r".+_.+_v\d+", text) else tuple(text.rsplit("_", 2))
    if len(parts) != 3 or not _VERSION.fullmatch(parts[2]):
        raise UsageError(f"take {shown(text)}: write it as SHOT/JOB/vNNN, for example sh010/deage/v003")
    path = root / code(parts[0], "shot code") / code(parts[1], "job") / parts[2]
    if not (path / RECORD).is_file():
        have = ", ".join(f.path.name for f in versions(root, parts[0], parts[1])) or "none"
        raise UsageError(f"take {shown(text)} is not there (versions of {parts[0]}/{parts[1]}: {have})")
    return TakeFolder(path)
