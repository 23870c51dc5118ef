"""Intermediate arrays on disk, so that memory does not grow with the shot and a killed run goes on where it was."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .files import write_whole

Arrays = Mapping[str, NDArray[np.generic]]
_SUM_BYTES = 4


class Scratch:
    """A folder of named array sets inside an unfinished take. Each set is whole or absent, and its checksum is tested."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def put(self, name: str, arrays: Arrays) -> None:
        """Keep a set of arrays."""
        buffer = io.BytesIO()
        buffer.write(json.dumps(list(arrays)).encode() + b"\n")
        for array in arrays.values():
            np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)  # no zip: it sums every byte once more
        data = buffer.getbuffer()
        write_whole(self._path(name), zlib.crc32(data).to_bytes(_SUM_BYTES, "big"), data, durable=False)

    def get(self, name: str) -> dict[str, NDArray[np.generic]] | None:
        """The set of that name, or None when it is absent or damaged (it is then made again)."""
        path = self._path(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        check, body = data[:_SUM_BYTES], memoryview(data)[_SUM_BYTES:]
        if not body or zlib.crc32(body).to_bytes(_SUM_BYTES, "big") != check:
            return None
        buffer = io.BytesIO(body)
        names = json.loads(buffer.readline())
        return {name: np.lib.format.read_array(buffer, allow_pickle=False) for name in names}

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
