"""Volumes and points as files: read again from their bytes alone, and by Blender's own OpenVDB where there is one."""

from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from tests.with_blender import needs_blender

from bottega.adapters.blender import find_blender
from bottega.footage import ply_bytes, vdb_bytes

ORIGIN, CELL = (-3.0, 4.0, 0.5), 0.5


def cloud(seed: int = 1) -> np.ndarray:
    """More than one node of each level but the topmost, with holes."""
    rng = np.random.default_rng(seed)
    out = np.zeros((140, 30, 17), np.float32)
    out[3:135, 4:20, 2:10] = rng.random((132, 16, 8))
    out[40:60] = 0
    return out


def test_the_same_volume_is_the_same_bytes_and_another_is_not() -> None:
    given = cloud()
    data = vdb_bytes(given, origin_m=ORIGIN, cell_m=CELL)
    assert data == vdb_bytes(given, origin_m=ORIGIN, cell_m=CELL)
    given[50, 5, 5] = 0.25
    assert data != vdb_bytes(given, origin_m=ORIGIN, cell_m=CELL)


def test_its_places_are_where_they_are_said_to_be_and_its_last_leaf_is_the_volumes() -> None:
    given = cloud()
    data = vdb_bytes(given, origin_m=ORIGIN, cell_m=CELL, mark={"bottega:show": "demo"})
    at = data.index(b"Tree_float_5_4_3_HalfFloat") + len(b"Tree_float_5_4_3_HalfFloat") + 4
    begins, blocks, ends = struct.unpack_from("<QQQ", data, at)
    assert (begins, ends) == (at + 24, len(data))
    assert b"bottega:show" in data[:at]
    place = data.index(b"UniformScaleTranslateMap") + len(b"UniformScaleTranslateMap")
    assert struct.unpack_from("<ddd", data, place) == (-2.75, 4.25, 0.75)
    mask = np.unpackbits(np.frombuffer(data, np.uint8, 64, blocks), bitorder="little").reshape(8, 8, 8)
    np.testing.assert_array_equal(mask, given[0:8, 0:8, 0:8] > 0)  # the first leaf
    (size,) = struct.unpack_from("<q", data, blocks + 65)
    body = data[blocks + 73 : blocks + 73 + abs(size)]
    values = np.frombuffer(body if size < 0 else zlib.decompress(body), "<f2")
    np.testing.assert_array_equal(values, given[0:8, 0:8, 0:8][mask > 0].astype(np.float16))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (np.zeros((2, 2), np.float32), r"float32 \(2, 2\), allowed is float32 \(X, Y, Z\)"),
        (np.zeros((2, 2, 2)), r"float64 \(2, 2, 2\)"),
        (np.full((2, 2, 2), -1, np.float32), r"from -1 to -1"),
        (np.full((2, 2, 2), np.nan, np.float32), r"from nan"),
    ],
)
def test_what_is_no_volume_is_refused(given: np.ndarray, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        vdb_bytes(given, origin_m=ORIGIN, cell_m=CELL)


READS = """
import bpy, importlib.util, json, sys, numpy as np
from pathlib import Path
home = Path(bpy.utils.resource_path("LOCAL")) / "python" / "lib"
found = importlib.util.spec_from_file_location("openvdb", next(home.rglob("openvdb*.so")))
vdb = importlib.util.module_from_spec(found)
found.loader.exec_module(vdb)
[grid], said = vdb.readAll(sys.argv[1] + "/x.vdb")
array = np.zeros((140, 30, 17), np.float32)
grid.copyToArray(array)
np.save(sys.argv[1] + "/x.npy", array)
told = {"name": grid.name, "first": [*grid.transform.indexToWorld((0, 0, 0))], "said": said, "count": grid.activeVoxelCount()}
Path(sys.argv[1] + "/told.json").write_text(json.dumps(told))
"""


@pytest.mark.heavy
@needs_blender
@pytest.mark.parametrize("empty", [False, True])
def test_openvdb_itself_reads_the_same_values_in_the_same_places(tmp_path: Path, empty: bool) -> None:
    import json

    program = find_blender()
    if not program.is_python:
        pytest.skip("this Blender is no Python that a script can be given to")
    given = np.zeros_like(cloud()) if empty else cloud()
    (tmp_path / "x.vdb").write_bytes(vdb_bytes(given, origin_m=ORIGIN, cell_m=CELL, mark={"bottega:show": "demo"}))
    (tmp_path / "read.py").write_text(READS)
    subprocess.run([str(program.program), "-I", str(tmp_path / "read.py"), str(tmp_path)], check=True, capture_output=True, timeout=120)
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["name"], told["first"], told["said"]) == ("density", [-2.75, 4.25, 0.75], {"bottega:show": "demo"})
    assert told["count"] == (given.astype(np.float16) > 0).sum()
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), given.astype(np.float16))


def test_points_are_their_numbers_in_rows() -> None:
    columns = {name: np.arange(3, dtype=np.float32) + i for i, name in enumerate(("x", "y", "z", "size"))}
    data = ply_bytes(columns, mark={"bottega:show": "demo"})
    head, _, body = data.partition(b"end_header\n")
    assert head.decode().split("\n")[:4] == ["ply", "format binary_little_endian 1.0", "comment bottega:show demo", "element vertex 3"]
    assert head.count(b"property float") == 4
    np.testing.assert_array_equal(np.frombuffer(body, "<f4").reshape(3, 4), np.stack([*columns.values()], 1))


def test_points_without_a_place_or_of_unequal_rows_are_refused() -> None:
    one, two = np.zeros(1, np.float32), np.zeros(2, np.float32)
    with pytest.raises(ValueError, match=r"columns x, y of \[1\] rows, allowed are x, y, z"):
        ply_bytes({"x": one, "y": one})
    with pytest.raises(ValueError, match=r"of \[1, 2\] rows"):
        ply_bytes({"x": one, "y": one, "z": two})
