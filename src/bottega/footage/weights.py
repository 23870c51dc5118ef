"""The one way in for what was learned: a network's weights or a face template as bytes, for a clearance, hashed as they are read."""

from __future__ import annotations

from pathlib import Path

from bottega.model import Exemplar, Role, UsageError
from bottega.rights import Clearance, Door

from .described import path_of
from .frames import check_door, sealed_bytes
from .sealing import Progress, seal
from .sequence import FoundFile, Kind, Source, check_name, shown_path

ROLES = (Role.MODEL, Role.TEMPLATE)


def seal_weights(path: Path, *, role: Role, progress: Progress | None = None) -> Exemplar:
    """Hash a file of weights or a template; nothing of it is read as anything. Raises UsageError, FootageError."""
    if role not in ROLES:
        raise UsageError(f"weights as {role.value}: allowed are {', '.join(r.value for r in ROLES)}")
    check_name(path.name)
    if not path.is_file() or path.is_symlink():
        raise UsageError(f"{shown_path(path)} is no file: name one file of weights, or one template")
    source = Source(kind=Kind.STILL, shown_as=str(path), files=(FoundFile(path=path.absolute()),))
    return seal(source, role=role, progress=progress)


def open_weights(exemplar: Exemplar, clearance: Clearance, *, door: Door, root: Path | None = None) -> bytes:
    """Read weights or a template whole. What they mean is for whoever asked; these are the bytes that were cleared, and no other.

    Raises ConsentError when the door refuses or the file changed since it was sealed, CredentialError for a record that was changed,
    FootageError for a file that cannot be read, UsageError for a picture.
    """
    check_door(door)
    if exemplar.role not in ROLES or len(exemplar.files) != 1:
        raise UsageError(f"exemplar {exemplar.digest[:12]} is a {exemplar.role.value}, allowed are {', '.join(r.value for r in ROLES)}")
    door.admit(clearance, exemplar.digest)
    exemplar.check()
    sealed = exemplar.files[0]
    return sealed_bytes(sealed, path_of(sealed, root))
