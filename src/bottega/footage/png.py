"""PNG files written chunk by chunk: the same pixels give the same bytes, with nothing in them that was not asked for."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from bottega.model import UsageError, shown

from .colour import space_name
from .mark import Mark

_LEVEL = 3
_GREY, _RGB, _RGBA = 0, 2, 6
_UP = 2
# How a PNG says its colour: the sRGB chunk, or the numbers of ITU-T H.273 (PNG 3rd edition, 11.3.2.6).
_SAYS = {"sRGB Encoded Rec.709 (sRGB)": (b"sRGB", b"\0"), "sRGB Encoded P3-D65": (b"cICP", bytes([12, 13, 0, 1]))}


def png_bytes(codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], *, colour: str | None, mark: Mark) -> bytes:
    """Encode (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGB with straight alpha, codes of 8 or 16 bits.

    The file says its `colour` (None: numbers, as a matte) and carries `mark`.

    Raises TypeError, ValueError, and UsageError for a colour space that a PNG cannot say.
    """
    if codes.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"a PNG holds uint8 or uint16, given {codes.dtype}")
    if codes.ndim not in (2, 3) or (codes.ndim == 3 and codes.shape[2] not in (3, 4)) or not codes.size:
        raise ValueError(f"a PNG holds (H, W), (H, W, 3) or (H, W, 4), given {codes.shape}")
    said = [] if colour is None else [_said(colour)]
    height, width = codes.shape[:2]
    kind = _GREY if codes.ndim == 2 else _RGBA if codes.shape[2] == 4 else _RGB
    header = struct.pack(">2I5B", width, height, codes.itemsize * 8, kind, 0, 0, 0)
    # Each row minus the one above (PNG filter 2), byte by byte.
    rows = np.ascontiguousarray(codes, codes.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    pixels = zlib.compress(filtered.tobytes(), _LEVEL)
    chunks = [(b"IHDR", header), *said, mark.png_chunk(), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _said(colour: str) -> tuple[bytes, bytes]:
    name = space_name(colour)
    if name not in _SAYS:
        raise UsageError(f"a PNG cannot say that it is {shown(colour)}, allowed are {', '.join(_SAYS)}: hand it out in one of these")
    return _SAYS[name]


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
