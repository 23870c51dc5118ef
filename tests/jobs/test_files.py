"""Scratch and records: right, or absent."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bottega.jobs.runner.files import read_json, read_record, write_json, write_whole
from bottega.jobs.runner.scratch import Scratch
from bottega.model import FootageError, JobError, Take

ARRAYS = {
    "flow": np.arange(24, dtype=np.float32).reshape(2, 3, 4)[:, ::-1],
    "sure": np.ones((2, 3), np.uint8),
    "frame": np.array(1001),
    "none": np.empty((0, 2), np.int64),
}
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)


def same(found: dict[str, np.ndarray]) -> bool:
    return found.keys() == ARRAYS.keys() and all(np.array_equal(found[k], a) and found[k].dtype == a.dtype for k, a in ARRAYS.items())


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "arrays")
    scratch.put("walk.1001.1002", ARRAYS)
    found = scratch.get("walk.1001.1002")
    assert found is not None and same(found)
    assert all(array.flags.aligned and array.flags.writeable for array in found.values())
    scratch.drop("walk.1001.1002")
    scratch.drop("walk.1001.1002")
    assert scratch.get("walk.1001.1002") is None and not scratch.has("walk.1001.1002")


@SAME_FOLDER
@given(data=st.data())
def test_any_damaged_byte_makes_a_set_absent(data: st.DataObject, tmp_path: Path) -> None:
    scratch = Scratch(tmp_path / "arrays")
    scratch.put("set", ARRAYS)
    [file] = scratch.folder.iterdir()
    whole = file.read_bytes()
    if data.draw(st.booleans()):
        broken = bytearray(whole)
        broken[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        broken = bytearray(whole[: data.draw(st.integers(0, len(whole) - 1))])
    file.write_bytes(broken)
    assert scratch.get("set") is None
    file.write_bytes(bytes(8))  # what a power cut leaves
    assert scratch.get("set") is None


@pytest.mark.parametrize("call", ["fsync", "replace", "mkstemp", "write"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    call: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "take.json"
    write_whole(target, b"old")

    def fails(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    if call == "write":
        monkeypatch.setattr("os.fdopen", lambda handle, mode: Full(handle, number))
    else:
        monkeypatch.setattr({"fsync": "os.fsync", "replace": "pathlib.Path.replace", "mkstemp": "tempfile.mkstemp"}[call], fails)
    with pytest.raises(FootageError, match=r"take\.json cannot be written"):
        write_whole(target, b"new" * 1000)
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == ["take.json"] and target.read_bytes() == b"old"


class Full:
    """An open file on a full disk."""

    def __init__(self, handle: int, number: int) -> None:
        self.handle, self.number = handle, number

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def write(self, _: bytes) -> int:
        raise OSError(self.number, os.strerror(self.number))


def test_records_round_trip_and_damage_names_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "v001"
    folder.mkdir()
    path = folder / "take.json"
    with pytest.raises(JobError, match=r"take\.json is missing in v001"):
        read_json(path)
    write_json(path, {"näme": [1, 2]})
    assert read_json(path) == {"näme": [1, 2]}
    with pytest.raises(JobError, match=r"take\.json in v001 is damaged.*schema"):
        read_record(path, Take)
    for wrong in (b"", b"[1]", b"\xff\xfe", b'{"a": 1'):
        path.write_bytes(wrong)
        with pytest.raises(JobError, match=r"take\.json in v001"):
            read_json(path)
