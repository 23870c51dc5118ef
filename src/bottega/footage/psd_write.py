"""Photoshop's own format, written: named layers in groups, the merged picture, the mark. The same pictures give the same bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from .frame import Box
from .layered import MULTIPLY, NORMAL, SCREEN, PaintLayer
from .mark import Mark
from .psd_read import MAGIC, XMP_RESOURCE

_BLENDS = {NORMAL: b"norm", MULTIPLY: b"mul ", SCREEN: b"scrn"}
LARGEST_SIDE_PX = 30000
_OPEN, _LINE = 1, 3
_RLE = 1


def psd_bytes(layers: Sequence[PaintLayer], merged: npt.NDArray[np.uint8], *, mark: Mark) -> bytes:
    """Encode 8-bit RGB layers, the lowest first, and what they look like together, `merged` (H, W, 3).

    Raises ValueError for sizes or types that a PSD cannot hold.
    """
    if merged.ndim != 3 or merged.shape[2] != 3 or merged.dtype != np.uint8:
        raise ValueError(f"merged is {merged.shape} {merged.dtype}, needed is (H, W, 3) uint8")
    height, width = merged.shape[:2]
    if max(height, width) > LARGEST_SIDE_PX or not min(height, width):
        raise ValueError(f"the picture is {width}x{height}, a PSD holds 1 to {LARGEST_SIDE_PX} a side")
    wrong = [layer.head.name for layer in layers if layer.rgba.dtype != np.uint8]
    if wrong:
        raise ValueError(f"layer {wrong[0]!r} is not uint8, which is what is written")
    header = MAGIC + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    info = _layer_info(layers)
    section = _sized(_sized(info + b"\0" * (-len(info) % 2)) + struct.pack(">I", 0))
    return b"".join([header, struct.pack(">I", 0), _sized(_xmp(mark)), section, _merged(merged)])


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _xmp(mark: Mark) -> bytes:
    packet = mark.xmp()
    return b"8BIM" + struct.pack(">HH", XMP_RESOURCE, 0) + _sized(packet) + b"\0" * (len(packet) % 2)


def _layer_info(layers: Sequence[PaintLayer]) -> bytes:
    records, pixels = [], []
    for entry in _stacked(layers):
        if isinstance(entry, PaintLayer):
            planes = [_plane(entry.rgba[..., c]) for c in (3, 0, 1, 2)]
            records.append(_record(entry, [len(p) for p in planes]))
            pixels += planes
        else:
            name, kind = entry
            records.append(_divider(name, kind))
            pixels += [struct.pack(">H", 0)] * 4
    return struct.pack(">h", len(records)) + b"".join(records) + b"".join(pixels)


def _stacked(layers: Sequence[PaintLayer]) -> list[PaintLayer | tuple[str, int]]:
    """Layers with the lines of their groups: upwards, a group begins with its line and ends with its head."""
    out: list[PaintLayer | tuple[str, int]] = []
    inside: tuple[str, ...] = ()
    for layer in layers:
        shared = 0
        for a, b in zip_longest(inside, layer.head.groups):
            if a != b:
                break
            shared += 1
        out += [(name, _OPEN) for name in reversed(inside[shared:])]
        out += [("</Layer group>", _LINE) for _ in layer.head.groups[shared:]]
        inside = layer.head.groups
        out.append(layer)
    return out + [(name, _OPEN) for name in reversed(inside)]


def _record(layer: PaintLayer, sizes: Sequence[int]) -> bytes:
    head = layer.head
    flags = 8 | (0 if head.visible else 2)
    return _head(head.box, sizes, _BLENDS[head.blend], int(head.opacity * 255 + 0.5), flags) + _sized(_extra(head.name))


def _divider(name: str, kind: int) -> bytes:
    """A group's head or its lower line. A head passes its layers through."""
    blend = b"pass" if kind == _OPEN else b"norm"
    more = b"8BIMlsct" + _sized(struct.pack(">I4s4s", kind, b"8BIM", blend))
    return _head(Box(0, 0, 0, 0), [2] * 4, blend, 255, 8 | (16 if kind == _LINE else 0)) + _sized(_extra(name) + more)


def _head(box: Box, sizes: Sequence[int], blend: bytes, opacity: int, flags: int) -> bytes:
    edges = (box.y, box.x, box.y + box.height, box.x + box.width)
    channels = b"".join(struct.pack(">hI", number, size) for number, size in zip((-1, 0, 1, 2), sizes, strict=True))
    return struct.pack(">iiiiH", *edges, 4) + channels + struct.pack(">4s4sBBBB", b"8BIM", blend, opacity, 0, flags, 0)


def _extra(name: str) -> bytes:
    """No mask, no blending ranges, the name for old readers and for all others."""
    short = name.encode("mac_roman", "replace")[:255]
    pascal = bytes([len(short)]) + short
    wide = name.encode("utf-16-be")
    luni = struct.pack(">I", len(wide) // 2) + wide
    luni += b"\0" * (-len(luni) % 4)
    return struct.pack(">II", 0, 0) + pascal + b"\0" * (-len(pascal) % 4) + b"8BIMluni" + _sized(luni)


def _plane(plane: npt.NDArray[np.uint8]) -> bytes:
    from .packbits import packed

    sizes, body = packed(plane)
    return struct.pack(">H", _RLE) + sizes.astype(">u2").tobytes() + body


def _merged(merged: npt.NDArray[np.uint8]) -> bytes:
    """The merged picture, channel after channel; all row sizes stand before all rows."""
    from .packbits import packed

    sizes, body = packed(np.ascontiguousarray(np.moveaxis(merged, -1, 0)).reshape(-1, merged.shape[1]))
    return struct.pack(">H", _RLE) + sizes.astype(">u2").tobytes() + body
