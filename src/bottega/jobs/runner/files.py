"""Whole or absent: records are written to a temporary name, flushed to the disk and renamed."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from bottega.model import FootageError, JobError, Record, UsageError
from bottega.rights.durable import sync_folder

R = TypeVar("R", bound=Record)


def write_whole(path: Path, *data: bytes | memoryview, durable: bool = True) -> None:
    """Put `data`, piece after piece, at `path` so that a reader, or a crash, sees the old file or the new one and nothing between.

    Without `durable` a power cut may leave a damaged file: only for what carries its own checksum.
    Raises FootageError when the disk is full or the folder cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as f:
            for part in data:
                f.write(part)
            f.flush()
            if durable:
                os.fsync(f.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        if durable:
            sync_folder(path.parent)
    except OSError as problem:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        raise FootageError(
            f"{path.name} cannot be written: {problem.strerror}. Free space or give another folder, then run it again"
        ) from problem


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write a record as readable JSON, whole or absent."""
    write_whole(path, json_bytes(data))


def json_bytes(data: Mapping[str, Any]) -> bytes:
    """A record as it lies on disk."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_json(path: Path) -> dict[str, Any]:
    """Read a record. Raises JobError that names the file when it is missing, damaged or no table."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as problem:
        raise JobError(f"{path.name} is missing in {path.parent.name}") from problem
    except (OSError, ValueError) as problem:
        raise JobError(f"{path.name} in {path.parent.name} cannot be read: {problem}") from problem
    if not isinstance(data, dict):
        raise JobError(f"{path.name} in {path.parent.name} holds a {type(data).__name__}, a table is needed")
    return data


def read_record(path: Path, kind: type[R]) -> R:
    """Read a record of one kind. Raises JobError that names the file: a damaged record is nobody's wrong usage."""
    try:
        return kind.from_json(read_json(path))
    except UsageError as problem:
        raise JobError(f"{path.name} in {path.parent.name} is damaged: {problem}; restore it from a copy") from problem
