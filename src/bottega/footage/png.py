"""PNG files written chunk by chunk: the same pixels give the same bytes, with nothing in them that was not asked for."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

_LEVEL = 3
_GREY, _RGB = 0, 2
_UP = 2
_PERCEPTUAL = b"\0"


def png_bytes(codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, srgb: bool) -> bytes:
    """Encode (H, W) grey or (H, W, 3) RGB codes of 8 or 16 bits; `srgb` writes the chunk that says so.

    Raises TypeError, ValueError.
    """
    if codes.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"a PNG holds uint8 or uint16, given {codes.dtype}")
    if codes.ndim not in (2, 3) or (codes.ndim == 3 and codes.shape[2] != 3) or not codes.size:
        raise ValueError(f"a PNG holds (H, W) or (H, W, 3), given {codes.shape}")
    height, width = codes.shape[:2]
    kind = _GREY if codes.ndim == 2 else _RGB
    header = struct.pack(">2I5B", width, height, codes.itemsize * 8, kind, 0, 0, 0)
    # Each row minus the one above (PNG filter 2), byte by byte.
    rows = np.ascontiguousarray(codes, codes.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    pixels = zlib.compress(filtered.tobytes(), _LEVEL)
    chunks = [(b"IHDR", header), *([(b"sRGB", _PERCEPTUAL)] if srgb else []), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
