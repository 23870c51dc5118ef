"""Find pictures on disk by the ways artists name them: `####`, `%04d`, `$F4`, a folder, one file or a movie."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bottega.model import FootageError, UsageError, shown
from bottega.model.frames import HIGHEST_FRAME

STILLS = frozenset({".exr", ".png", ".tif", ".tiff", ".dpx"})
LAYERED = frozenset({".psd", ".ora"})
MOVIES = frozenset({".mov", ".mp4", ".m4v", ".mxf", ".mkv"})
LONGEST_NAME_BYTES = 255
_TOKEN = re.compile(r"%0?\d*d|\$F\d*|#+|@+")
_WAYS = "write it as name.####.exr, name.%04d.exr, name.$F4.exr, a folder, one picture or a movie"


class Kind(StrEnum):
    """What a source is."""

    STILL = "still"
    SEQUENCE = "sequence"
    MOVIE = "movie"


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A file and the frame it is; None for a still and for a movie."""

    path: Path
    frame: int | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """Pictures found on disk, not yet hashed or opened.

    `holes` are the numbers missing between the first and the last frame. `first_frame` is None for a still;
    `number_in_name` is what a still's name ends in (a key saved as `face.1024.png`).
    """

    kind: Kind
    shown_as: str
    files: tuple[FoundFile, ...]
    first_frame: int | None = None
    holes: tuple[int, ...] = ()
    number_in_name: int | None = None


def check_flat(path: str, where: str) -> None:
    """Refuse a paint program's file where one picture is needed. Raises UsageError."""
    if Path(path).suffix.lower() in LAYERED:
        raise UsageError(f"{where} is in layers: name one of them, or save it as PNG, TIFF or EXR")


def find(source: str | Path, first_frame: int = 1001) -> Source:
    """Find one still, one sequence or one movie; a movie's first picture is `first_frame`.

    Raises UsageError for a request that names no one thing, FootageError for files that cannot be trusted or read.
    """
    text = str(source)
    if "\0" in text or not text.strip():
        raise UsageError(f"source {shown(text)} is no file name: {_WAYS}")
    path = Path(text)
    tokens = _TOKEN.findall(path.name)
    check_name(path.name)
    there = _is_there(path)
    if tokens and not there:
        return _pattern(path, tokens)
    if there:
        return _folder(path) if path.is_dir() else _single(path, first_frame)
    raise UsageError(f"source {shown(text)} does not exist: {_WAYS}")


def check_name(name: str) -> None:
    """Refuse a file name that hides what it is: control, direction or undecodable characters, or too long. FootageError."""
    bad = [c for c in name if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
    if bad:
        raise FootageError(f"file name {shown(name)} holds U+{ord(bad[0]):04X}: rename the file with printable characters only")
    if len(name.encode()) > LONGEST_NAME_BYTES:
        raise FootageError(f"file name {shown(name)} has {len(name.encode())} bytes, allowed are {LONGEST_NAME_BYTES}: use a shorter one")


def shown_path(path: Path | str) -> str:
    """Quote a path for an error: escapes, and of a long one its end, which names the file."""
    safe = str(path).encode("unicode_escape", "backslashreplace").decode("ascii")
    return f"'...{safe[-117:]}'" if len(safe) > 120 else f"'{safe}'"


def ranges(numbers: Iterable[int]) -> str:
    """Frame numbers as people write them: `1001-1010,1012`."""
    import fileseq

    return str(fileseq.framesToFrameRange(sorted(numbers)))


def _pattern(path: Path, tokens: list[str]) -> Source:
    if len(tokens) > 1:
        places = f"{len(tokens)} places for the frame number ({', '.join(tokens)})"
        raise UsageError(f"source {shown_path(path)} has {places}, allowed is 1: {_WAYS}")
    before, after = path.name.split(tokens[0])
    check_name(before + after)
    suffix = Path("x" + after).suffix
    if suffix.lower() not in STILLS:
        raise UsageError(f"source {shown_path(path)}: a sequence's files end in {_listed(STILLS)}, given {shown(suffix)}")
    match = re.compile(re.escape(before) + r"(\d+)" + re.escape(after))
    entries = _entries(path.parent)
    found = [(int(m[1]), e) for e in entries if len(e.name) <= LONGEST_NAME_BYTES and (m := match.fullmatch(e.name))]
    if not found:
        there = ", ".join(_summary(entries)) or "no pictures"
        raise UsageError(f"source {shown_path(path)} matches no frame; the folder holds {there}: {_WAYS}")
    return _sequence(path.parent, before + "#" * 4 + after, found)


def _folder(folder: Path) -> Source:
    entries = [e for e in _entries(folder) if e.suffix.lower() in STILLS | MOVIES]
    for entry in entries:
        check_name(entry.name)
    groups: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    singles = []
    for entry in entries:
        number = _number(entry.stem) if entry.suffix.lower() in STILLS else None
        if number is None:
            singles.append(entry)
        else:
            groups.setdefault((entry.stem.rstrip("0123456789"), entry.suffix), []).append((number, entry))
    if len(groups) + len(singles) != 1:
        there = ", ".join(_summary(entries)) or f"no picture ending in {_listed(STILLS | MOVIES)}"
        raise UsageError(f"folder {shown_path(folder)} holds {there}; one sequence is needed: name one of them, or move the others away")
    if singles:
        return _single(singles[0], 1001)
    (before, suffix), found = next(iter(groups.items()))
    return _sequence(folder, f"{before}####{suffix}", found)


def _sequence(folder: Path, name: str, found: list[tuple[int, Path]]) -> Source:
    by_number: dict[int, Path] = {}
    for number, entry in sorted(found):
        check_name(entry.name)
        if number > HIGHEST_FRAME:
            raise FootageError(f"{shown(entry.name)}: frame {number} is above {HIGHEST_FRAME}: renumber the file")
        if number in by_number:
            raise FootageError(f"frame {number} is there twice, {shown(by_number[number].name)} and {shown(entry.name)}: move one away")
        by_number[number] = _inside(folder, entry)
    numbers = sorted(by_number)
    return Source(
        kind=Kind.SEQUENCE,
        shown_as=str(folder / name),
        files=tuple(FoundFile(path=by_number[n], frame=n) for n in numbers),
        first_frame=numbers[0],
        holes=tuple(sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))),
    )


def _single(path: Path, first_frame: int) -> Source:
    check_name(path.name)
    suffix = path.suffix.lower()
    if suffix not in STILLS | MOVIES | LAYERED:
        raise UsageError(
            f"source {shown_path(path)}: allowed are files that end in {_listed(STILLS | MOVIES | LAYERED)}, given {shown(path.suffix)}"
        )
    file = FoundFile(path=_inside(path.parent, path))
    if suffix in MOVIES:
        return Source(kind=Kind.MOVIE, shown_as=str(path), files=(file,), first_frame=first_frame)
    return Source(kind=Kind.STILL, shown_as=str(path), files=(file,), number_in_name=_number(path.stem))


def _number(stem: str) -> int | None:
    """The frame number a name ends in; `face_v003` ends in a version, not in a frame."""
    found = re.search(r"(?<![0-9])(v?)([0-9]+)$", stem)
    return int(found[2]) if found and not found[1] else None


def _inside(folder: Path, entry: Path) -> Path:
    """The entry's real, absolute path, which must lie in the folder that was named."""
    try:
        real, home = entry.resolve(strict=True), folder.resolve(strict=True)
    except (OSError, RuntimeError) as problem:
        raise FootageError(
            f"{shown_path(entry)} is a broken or circular link ({problem.__class__.__name__}): name the file itself"
        ) from problem
    if not real.is_relative_to(home):
        raise FootageError(f"{shown_path(entry)} is a link out of its folder, to {shown_path(real)}: name that file, or copy it here")
    if not real.is_file():
        raise FootageError(f"{shown_path(entry)} is no ordinary file: allowed are pictures and movies")
    return real


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as problem:
        raise FootageError(f"{shown_path(path)} cannot be reached: {problem.strerror}; check name and permissions") from problem
    return True


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(e for e in folder.iterdir() if not e.name.startswith("."))
    except OSError as problem:
        raise FootageError(f"folder {shown_path(folder)} cannot be read: {problem.strerror}; check name and permissions") from problem


def _summary(entries: list[Path]) -> list[str]:
    """What a folder holds, sequences folded, at most six of them."""
    import fileseq

    names = [shown(e.name)[1:-1] for e in entries if e.suffix.lower() in STILLS | MOVIES]
    parts = [str(s) for s in fileseq.findSequencesInList(names, pad_style=fileseq.PAD_STYLE_HASH1)]
    return [*sorted(parts)[:6], *([f"{len(parts) - 6} more"] if len(parts) > 6 else [])]


def _listed(suffixes: Iterable[str]) -> str:
    return " ".join(sorted(suffixes))
