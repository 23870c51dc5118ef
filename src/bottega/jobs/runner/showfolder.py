"""A show on disk: `bottega.toml`, the ledger, the sealed exemplars, and a folder for each shot."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
import tomllib
from fractions import Fraction
from pathlib import Path

from bottega.footage import sidecar_of
from bottega.model import Exemplar, JobError, SealedFile, Shot, Show, UsageError, code, sha256_text, shown
from bottega.rights.durable import sync_folder

from .files import read_record, write_json, write_whole

SETTINGS = "bottega.toml"
FASTEST_FPS = 1000


class ShowFolder:
    """The layout of a show, and nothing about what the files mean. Every name that becomes a path is checked here."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = root / "ledger.db"
        self.people = root / "people.db"
        self.public_key = root / "keys" / "gate.pub"
        self.log_key = root / "keys" / "log.vkey"
        self.checkpoint = root / "checkpoints" / "latest.note"
        self.exemplars = root / "exemplars"

    @classmethod
    def create(cls, root: Path, *, show: str, fps: Fraction, ledger: str | None = None) -> tuple[ShowFolder, Show]:
        """Lay out a new show. Raises UsageError when the folder already holds something."""
        _check_rate(fps)
        if root.is_symlink() or (root.exists() and (not root.is_dir() or any(root.iterdir()))):
            raise UsageError(f"{shown(str(root))} is there already and not empty: give a new folder")
        record = Show(code=show, show_id=f"{show}-{secrets.token_hex(8)}", fps=fps, ledger=ledger)
        try:
            root.mkdir(parents=True, exist_ok=True)
            (root / "keys").mkdir()
            (root / "exemplars").mkdir()
        except OSError as problem:
            raise UsageError(f"{shown(str(root))} cannot be made: {problem.strerror}") from problem
        folder = cls(root)
        write_whole(root / SETTINGS, _settings_text(record).encode())
        return folder, record

    @classmethod
    def find(cls, start: Path) -> ShowFolder:
        """The show that `start` lies in, looking upwards. Raises UsageError when there is none."""
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / SETTINGS).is_file():
                return cls(folder)
        raise UsageError(f"no {SETTINGS} in {shown(str(start))} or above it: go into a show's folder, or make one with `bottega new`")

    def settings(self) -> Show:
        """Read `bottega.toml`. Raises UsageError that names the field."""
        try:
            data = tomllib.loads((self.root / SETTINGS).read_text("utf-8"))
        except (OSError, ValueError) as problem:
            raise UsageError(f"{SETTINGS} cannot be read: {problem}") from problem
        try:
            show = Show.from_json({"schema": Show.schema, "schema_version": data.pop("schema_version", 1), **data})
            _check_rate(show.fps)
        except UsageError as problem:
            raise UsageError(f"{SETTINGS}: {problem}") from problem
        return show

    def shot(self, name: str) -> Shot:
        """A registered shot. Raises UsageError that lists the shots there are."""
        path = self.root / code(name, "shot code") / "shot.json"
        if not path.is_file():
            have = ", ".join(self.shots()) or "none"
            raise UsageError(
                f"shot {shown(name)} is not registered (there are: {have}): add it with `bottega shot add {name} PLATES --colour SPACE`"
            )
        return read_record(path, Shot)

    def shots(self) -> list[str]:
        """Codes of all registered shots."""
        return sorted(p.parent.name for p in self.root.glob("*/shot.json"))

    def claim_shot(self, name: str) -> Path:
        """Make a shot's folder. Raises UsageError where something else has its name."""
        folder = self.root / code(name, "shot code")
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{name} in the show is a link or a file: move it away")
        folder.mkdir(exist_ok=True)
        return folder

    def write_shot(self, shot: Shot) -> None:
        """Keep a shot's record."""
        write_json(self.claim_shot(shot.code) / "shot.json", shot.to_json())

    def exemplar(self, digest: str) -> Exemplar:
        """The record of a sealed exemplar, checked against its digest. Raises JobError when it is not there."""
        path = self.exemplars / f"{sha256_text(digest, 'exemplar digest')}.json"
        if not path.is_file():
            raise JobError(
                f"exemplar {digest[:12]} has no record in exemplars/: add it again (`bottega exemplar add`; a plate: `bottega shot add`)"
            )
        found = read_record(path, Exemplar)
        found.check()
        if found.digest != digest:
            raise JobError(f"exemplar {digest[:12]}: its record is that of {found.digest[:12]}")
        return found

    def has_exemplar(self, digest: str) -> bool:
        """Whether a record of that digest is kept."""
        return (self.exemplars / f"{sha256_text(digest, 'exemplar digest')}.json").is_file()

    def anchors(self) -> str | None:
        """Certificates (PEM) of signers whose Content Credentials the show trusts, if somebody put any there."""
        path = self.root / "keys" / "credentials.pem"
        try:
            return path.read_text("ascii") if path.is_file() else None
        except (OSError, ValueError) as problem:
            raise UsageError(f"keys/{path.name} cannot be read: {problem}; it holds certificates as PEM") from problem

    def replaced_by(self, exemplar: Exemplar) -> str | None:
        """The digest under which the same path was added before, when these are no longer its bytes; else None."""
        if self.has_exemplar(exemplar.digest):
            return None
        path = str(Path(exemplar.files[0].path).resolve())
        for record in sorted(self.exemplars.glob("*.json")):
            found = read_record(record, Exemplar)
            if found.came_from == path:
                return found.digest
        return None

    def keep(self, exemplar: Exemplar, *, copy: bool) -> Exemplar:
        """Keep an exemplar's record, and with `copy` its files too, so that painting over them later loses nothing."""
        exemplar.check()
        path = str(Path(exemplar.files[0].path).resolve())
        files = tuple(self._copy(exemplar.digest, f) for f in exemplar.files) if copy else exemplar.files
        kept = Exemplar.from_json(exemplar.to_json() | {"files": [f.to_json() for f in files], "came_from": path})
        write_json(self.exemplars / f"{exemplar.digest}.json", kept.to_json())
        return kept

    def _copy(self, digest: str, file: SealedFile) -> SealedFile:
        source = Path(file.path)
        target = self.exemplars / digest[:16] / source.name
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            _copy_whole(source, target, file.sha256)
        beside = sidecar_of(source)
        if beside is not None and not target.with_suffix(beside.suffix).exists():
            _copy_whole(beside, target.with_suffix(beside.suffix), None)
        return SealedFile.from_json(file.to_json() | {"path": str(target.relative_to(self.root))})


def _copy_whole(source: Path, target: Path, sha256: str | None) -> None:
    with tempfile.NamedTemporaryFile(prefix=".", suffix=".part", dir=target.parent, delete=False) as out:
        temporary = Path(out.name)
        try:
            with source.open("rb") as taken:
                shutil.copyfileobj(taken, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
        except OSError as problem:
            temporary.unlink(missing_ok=True)
            raise JobError(f"{source.name} cannot be kept in exemplars/: {problem.strerror}. Free space, then run it again") from problem
    with temporary.open("rb") as copy:
        found = hashlib.file_digest(copy, "sha256").hexdigest()
    if sha256 is not None and found != sha256:
        temporary.unlink(missing_ok=True)
        raise JobError(f"{source.name} changed while it was added: wait until it is saved, then add it again")
    temporary.chmod(0o444)
    temporary.replace(target)
    sync_folder(target.parent)


def _check_rate(fps: Fraction) -> None:
    if not 0 < fps <= FASTEST_FPS:
        raise UsageError(f"fps {shown(str(fps))}: allowed is above 0 and at most {FASTEST_FPS}, as 24 or 24000/1001")


def _settings_text(show: Show) -> str:
    quoted = {k: json.dumps(v, ensure_ascii=False) for k, v in show.to_json().items()}
    ledger = f"ledger = {quoted['ledger']}" if show.ledger else '# ledger = "postgresql://USER@HOST/DATABASE"'
    return f"""# Settings of this show. The ledger and the takes refer to show_id: do not change it.
schema_version = {quoted["schema_version"]}
code = {quoted["code"]}
show_id = {quoted["show_id"]}

# Frames a second, an exact fraction: "24/1", "24000/1001".
fps = {quoted["fps"]}

# Colour spaces by their OpenColorIO names (the config is built in and pinned; $OCIO wins over it): the space to work in
# when a plate is not scene-linear itself, and what painted PNG and TIFF keys are when neither the file nor the artist says.
working_colour = {quoted["working_colour"]}
key_colour = {quoted["key_colour"]}

# Number of a movie's or a still's first frame.
first_frame = {quoted["first_frame"]}

# Where the ledger lies: in ledger.db, unless a PostgreSQL database was named when the show was made. No password here: libpq has
# its own places for it.
{ledger}
"""
