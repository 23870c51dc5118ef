"""The one way in for another program's scene that steers a job: its bytes, for a clearance, hashed as they are read."""

from __future__ import annotations

from pathlib import Path

from bottega.model import Exemplar, Role, UsageError
from bottega.rights import Clearance, Door

from .described import path_of
from .frames import check_door, sealed_bytes
from .sealing import Progress, seal
from .sequence import FoundFile, Kind, Source, check_name, shown_path

SCENES = (".blend",)


def seal_scene(path: Path, *, progress: Progress | None = None) -> Exemplar:
    """Hash a scene; it steers as a matte does, and none of its pixels is seen. Raises UsageError, FootageError."""
    check_name(path.name)
    if path.suffix.lower() not in SCENES or not path.is_file() or path.is_symlink():
        raise UsageError(f"{shown_path(path)} is no scene: name one file that ends with {', '.join(SCENES)}")
    source = Source(kind=Kind.STILL, shown_as=str(path), files=(FoundFile(path=path.absolute()),))
    return seal(source, role=Role.MATTE, progress=progress)


def open_scene(exemplar: Exemplar, clearance: Clearance, *, door: Door, root: Path | None = None) -> bytes:
    """Read a scene whole: the bytes that were cleared, and no other.

    Raises ConsentError when the door refuses or the file changed since it was sealed, CredentialError for a record that was changed,
    FootageError for a file that cannot be read, UsageError for what is no scene.
    """
    check_door(door)
    if exemplar.role is not Role.MATTE or len(exemplar.files) != 1 or Path(exemplar.files[0].path).suffix.lower() not in SCENES:
        raise UsageError(f"exemplar {exemplar.digest[:12]} is no scene, allowed is one file that ends with {', '.join(SCENES)}")
    door.admit(clearance, exemplar.digest)
    exemplar.check()
    sealed = exemplar.files[0]
    return sealed_bytes(sealed, path_of(sealed, root))
