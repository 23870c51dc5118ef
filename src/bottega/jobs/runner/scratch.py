"""Intermediate arrays on disk, so that memory does not grow with the shot and a killed run goes on where it was."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .files import write_whole

Arrays = Mapping[str, NDArray[np.generic]]
_NUMBER_BYTES = 4
_ALIGNED_BYTES = 16  # kernels are compiled for aligned, writable arrays


class Scratch:
    """A folder of named array sets inside an unfinished take. Each set is whole or absent, and its checksum is tested."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def put(self, name: str, arrays: Arrays) -> None:
        """Keep a set of arrays."""
        plain = {key: np.asarray(array, order="C") for key, array in arrays.items()}
        head = json.dumps([[key, array.dtype.str, array.shape] for key, array in plain.items()]).encode()
        pieces: list[bytes | memoryview] = [len(head).to_bytes(_NUMBER_BYTES, "big"), head]
        at = _NUMBER_BYTES + len(head)
        for array in plain.values():
            pieces += [bytes(-at % _ALIGNED_BYTES), array.data]
            at += -at % _ALIGNED_BYTES + array.nbytes
        check = 0
        for piece in pieces:
            check = zlib.crc32(piece, check)
        write_whole(self._path(name), *pieces, check.to_bytes(_NUMBER_BYTES, "big"), durable=False)

    def get(self, name: str) -> dict[str, NDArray[np.generic]] | None:
        """The set of that name, or None when it is absent or damaged (it is then made again)."""
        try:
            with self._path(name).open("rb") as file:
                data = np.empty(os.fstat(file.fileno()).st_size, np.uint8).data  # numpy's memory comes in large pages
                whole = file.readinto(data) == len(data)
        except FileNotFoundError:
            return None
        body, check = data[:-_NUMBER_BYTES], bytes(data[-_NUMBER_BYTES:])
        if not whole or len(body) < _NUMBER_BYTES or zlib.crc32(body).to_bytes(_NUMBER_BYTES, "big") != check:
            return None
        at = _NUMBER_BYTES + int.from_bytes(body[:_NUMBER_BYTES], "big")
        found = {}
        for key, kind, shape in json.loads(bytes(body[_NUMBER_BYTES:at])):
            at += -at % _ALIGNED_BYTES
            array = np.frombuffer(body, kind, math.prod(shape), at).reshape(shape)
            found[key] = array
            at += array.nbytes
        return found

    def has(self, name: str) -> bool:
        """Whether a set of that name is there."""
        return self._path(name).exists()

    def drop(self, name: str) -> None:
        """Forget a set."""
        with contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()

    def clear(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.arrays"
