"""A density as an OpenVDB file: what every renderer and compositor with volumes reads. Version 224 of the format, half floats, zipped."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from uuid import UUID

import numpy as np
import numpy.typing as npt

_MAGIC, _VERSION, _LIBRARY = 0x56444220, 224, (8, 1)
_ZIPPED, _ACTIVE_ONLY = 1, 2  # the file's compression: zip, and nothing but the values that a mask names
_LEAF, _LOWER, _UPPER = 8, 128, 4096  # entries along a side of each level's nodes
_OTHERS_ARE_BACKGROUND = b"\0"  # before a node's values
_TREE = "Tree_float_5_4_3_HalfFloat"
_LARGEST = 65504.0

Floats = npt.NDArray[np.float32]


def vdb_bytes(
    density: Floats, *, origin_m: tuple[float, float, float], cell_m: float, name: str = "density", mark: Mapping[str, str] | None = None
) -> bytes:
    """A fog volume as the bytes of a .vdb: (X, Y, Z) float32, from 0 up; the corner of entry 0, 0, 0 and an entry's edge in metres.

    Entries of 0 are left out. The same arrays give the same bytes. Raises ValueError for what is no such volume.
    """
    if density.ndim != 3 or density.dtype != np.float32 or max(density.shape) > _UPPER:
        raise ValueError(f"volume is {density.dtype} {density.shape}, allowed is float32 (X, Y, Z) of up to {_UPPER} a side")
    if not (np.isfinite(density).all() and density.min(initial=0) >= 0 and cell_m > 0):
        raise ValueError(f"volume from {density.min():g} to {density.max():g} with a cell of {cell_m} m, allowed is 0 and more of above 0")
    leaves, at = _leaves(density)
    topology, buffers = _tree(leaves, at)
    said = {
        "class": ("string", b"fog volume"), "creator": ("string", b"bottega"), "file_compression": ("string", b"zip + active values"),
        "is_saved_as_half_float": ("bool", b"\1"), "name": ("string", name.encode()), **_counted(density),
    }  # fmt: skip
    middle = [o + cell_m / 2 for o in origin_m]
    head = struct.pack("<I", _ZIPPED | _ACTIVE_ONLY) + _metadata(said) + _placed(middle, cell_m)
    grid = head + topology
    unique = UUID(bytes=hashlib.sha256(grid + buffers).digest()[:16])
    start = struct.pack("<QIII?", _MAGIC, _VERSION, *_LIBRARY, True) + str(unique).encode()
    start += _metadata({k: ("string", v.encode()) for k, v in sorted((mark or {}).items())})
    start += struct.pack("<I", 1) + _text(name) + _text(_TREE) + _text("")
    begins = len(start) + 24
    return start + struct.pack("<QQQ", begins, begins + len(grid), begins + len(grid) + len(buffers)) + grid + buffers


def _leaves(density: Floats) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int64]]:
    """(L, 512) values of the leaves that are not empty, and (L, 3) which leaf each is; in the order of the tree."""
    values = density.clip(0, _LARGEST).astype(np.float16)
    whole = np.pad(values, [(0, -n % _LEAF) for n in values.shape])
    x, y, z = (n // _LEAF for n in whole.shape)
    cut = whole.reshape(x, _LEAF, y, _LEAF, z, _LEAF).transpose(0, 2, 4, 1, 3, 5).reshape(x, y, z, _LEAF**3)
    at = np.argwhere(cut.any(-1))
    upper = at // (_LOWER // _LEAF)
    at = at[np.lexsort((*at.T[::-1], *upper.T[::-1]))]
    return cut[tuple(at.T)], at


def _tree(leaves: npt.NDArray[np.float16], at: npt.NDArray[np.int64]) -> tuple[bytes, bytes]:
    """The tree's topology and its leaves' values."""
    lower = at // (_LOWER // _LEAF)
    masks = [np.packbits(leaf != 0, bitorder="little").tobytes() for leaf in leaves]
    top = struct.pack("<IfII", 1, 0.0, 0, int(len(at) > 0))
    if len(at):
        top += struct.pack("<iii", 0, 0, 0) + _node(lower, 32)
    for one in np.unique(lower, axis=0):
        mine = np.flatnonzero((lower == one).all(1))
        top += _node(at[mine] - one * 16, 16) + b"".join(masks[i] for i in mine.tolist())
    body = [mask + _OTHERS_ARE_BACKGROUND + _zipped(leaf[leaf != 0]) for mask, leaf in zip(masks, leaves, strict=True)]
    return top, b"".join(body)


def _node(children: npt.NDArray[np.int64], side: int) -> bytes:
    """A node of which only children are known: which those are, no tile of its own."""
    x, y, z = children.T
    there = np.zeros(side**3, np.bool_)
    there[(x * side + y) * side + z] = True
    return np.packbits(there, bitorder="little").tobytes() + bytes(side**3 // 8) + _OTHERS_ARE_BACKGROUND


def _zipped(values: npt.NDArray[np.float16]) -> bytes:
    plain = values.astype("<f2").tobytes()
    packed = zlib.compress(plain)
    return struct.pack("<q", len(packed)) + packed if len(packed) < len(plain) else struct.pack("<q", -len(plain)) + plain


def _counted(density: Floats) -> dict[str, tuple[str, bytes]]:
    there = np.argwhere(density.astype(np.float16) > 0)
    low, high = (there.min(0), there.max(0)) if len(there) else (np.zeros(3, int), np.zeros(3, int))
    return {
        "file_bbox_min": ("vec3i", struct.pack("<iii", *low.tolist())),
        "file_bbox_max": ("vec3i", struct.pack("<iii", *high.tolist())),
        "file_voxel_count": ("int64", struct.pack("<q", len(there))),
    }


def _placed(middle: list[float], cell_m: float) -> bytes:
    """Where the entries' middles are in the world: a uniform scale and a translation, and what follows from them."""
    rows = (middle, *([v] * 3 for v in (cell_m, cell_m, 1 / cell_m, 1 / cell_m**2, 0.5 / cell_m)))
    return _text("UniformScaleTranslateMap") + b"".join(struct.pack("<ddd", *row) for row in rows)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data


def _metadata(said: Mapping[str, tuple[str, bytes]]) -> bytes:
    rows = (_text(name) + _text(kind) + struct.pack("<I", len(data)) + data for name, (kind, data) in said.items())
    return struct.pack("<I", len(said)) + b"".join(rows)
