"""A model's folder: sealed file by file with each one's place in it, and brought out under a clearance as the bytes that were sealed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bottega.model import Exemplar, FootageError, Role, SealedFile, UsageError, content_digest, shown
from bottega.rights import Clearance, Door

from .described import path_of
from .frames import check_door
from .movie_file import changed
from .sealing import Progress, open_plain, seal
from .sequence import FoundFile, Kind, Source, check_name, shown_path

WEIGHTS = ".safetensors"
PLAIN = frozenset({WEIGHTS, ".json", ".txt", ".md"})
WORDS = frozenset({"LICENSE", "LICENCE", "NOTICE", "README"})
MOST_FILES, MOST_DEPTH = 400, 4
_BLOCK_BYTES = 1 << 20


def seal_model_folder(path: Path, *, progress: Progress | None = None) -> Exemplar:
    """Hash every file of a folder of weights; nothing of it is read as anything. The digest holds each file's place.

    Allowed are safetensors and text: a pickle or a program may do anything when it is loaded. Raises UsageError, FootageError.
    """
    if path.is_symlink() or not path.is_dir():
        raise UsageError(f"model {shown(str(path))} is no folder on this machine: name a folder of weights, nothing is fetched")
    top = path.absolute()
    names = sorted(_names(top))
    if not any(PurePosixPath(name).suffix == WEIGHTS for name in names):
        raise UsageError(f"model {shown_path(path)} holds no {WEIGHTS} file among {len(names)}: allowed are weights as safetensors")
    source = Source(kind=Kind.STILL, shown_as=str(path), files=tuple(FoundFile(path=top / name) for name in names))
    sealed = seal(source, role=Role.MODEL, progress=progress)
    files = tuple(replace(f, name=name) for f, name in zip(sealed.files, names, strict=True))
    return replace(sealed, files=files, digest=content_digest(files, None))


def copy_model_folder(exemplar: Exemplar, clearance: Clearance, *, door: Door, into: Path, root: Path | None = None) -> None:
    """Copy a model into an empty folder, hashed as it is copied: what is loaded from there are the bytes that were cleared.

    Raises ConsentError when the door refuses or a file changed since it was sealed, CredentialError for a record that was changed,
    FootageError for a file that cannot be read, UsageError for what is no model's folder.
    """
    check_door(door)
    if exemplar.role is not Role.MODEL or any(f.name is None for f in exemplar.files):
        raise UsageError(
            f"exemplar {exemplar.digest[:12]} is a {exemplar.role.value} of {len(exemplar.files)} files, allowed is a model's folder"
        )
    door.admit(clearance, exemplar.digest)
    exemplar.check()
    for sealed in exemplar.files:
        place = PurePosixPath(sealed.name or "")
        if place.is_absolute() or ".." in place.parts:
            raise UsageError(f"model {exemplar.digest[:12]} has a file at {shown(str(place))}, allowed are places inside its folder")
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(sealed, path_of(sealed, root), target)


def _names(top: Path) -> Iterator[str]:
    """Places of all files; a link, a hidden file or one of another kind is refused by name."""
    found = 0
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        depth = len(here.relative_to(top).parts)
        if links or depth > MOST_DEPTH:
            odd = here / links[0] if links else here
            raise UsageError(f"model {shown_path(odd)}: allowed are plain folders, {MOST_DEPTH} deep at most")
        for name in files:
            found += 1
            _check_file(here / name, found)
            yield (here / name).relative_to(top).as_posix()


def _check_file(path: Path, number: int) -> None:
    check_name(path.name)
    plain = path.suffix.lower() in PLAIN or path.name in WORDS
    if path.is_symlink() or path.name.startswith(".") or not plain or number > MOST_FILES:
        what = (
            "a link"
            if path.is_symlink()
            else "hidden"
            if path.name.startswith(".")
            else f"file {number}"
            if plain
            else "of no allowed kind"
        )
        allowed = f"allowed are up to {MOST_FILES} files of {', '.join(sorted(PLAIN))}, {', '.join(sorted(WORDS))}"
        raise UsageError(
            f"model {shown_path(path)} is {what}: {allowed}. A pickle or a program is never loaded; save weights as safetensors"
        )


def _copy(sealed: SealedFile, source: Path, target: Path) -> None:
    sha, left = hashlib.sha256(), sealed.size_bytes
    try:
        with os.fdopen(open_plain(source, None), "rb", buffering=0) as taken, target.open("xb") as out:
            while block := taken.read(_BLOCK_BYTES):
                left -= len(block)
                if left < 0:
                    break
                sha.update(block)
                out.write(block)
    except OSError as problem:
        raise FootageError(
            f"model's file {shown_path(source)} cannot be copied: {problem.strerror}; free space, then run it again"
        ) from problem
    if left or sha.hexdigest() != sealed.sha256:
        raise changed(sealed, "its bytes")
