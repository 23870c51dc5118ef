"""EXR pixels, by the OpenEXR library."""

from __future__ import annotations

import numpy as np

from bottega.model import FootageError

from .exr_header import COPY_IT, check_whole, picture_in, read_parts
from .frame import Decoded, Samples

_KINDS = {"float16": "half", "float32": "float"}


def decode_exr(data: bytes, path: str, where: str) -> Decoded:
    """Decode the picture of an EXR held in memory; `path` leads the library to the same bytes. Raises FootageError."""
    parts, tables = read_parts(data, where)
    check_whole(data, parts, tables, where)
    index, names = picture_in([p.channels for p in parts], where)
    part, channels = parts[index], _channels(path, index, len(parts), where)
    if sorted(channels) != sorted(part.channels) or any(c.shape != (part.data.height, part.data.width) for c in channels.values()):
        raise FootageError(f"{where} is a damaged EXR: {', '.join(sorted(channels)) or 'no channel'} could be read; {COPY_IT}")
    if "uint32" in {part.channels[n] for n in names}:
        raise FootageError(f"{where}: {names[0]} holds whole numbers (uint32), allowed are half and float: those are ids, no light")
    prefix = names[0][:-1] if names[0] != names[1] else ""
    others = {n.removeprefix(prefix): c for n, c in channels.items() if n not in names}
    rgb = np.stack([channels[n] for n in names], -1)
    return Decoded(
        rgb=rgb,
        others=others,
        alpha_name="A" if "A" in others else None,
        premultiplied=True,
        dtype=_KINDS[str(rgb.dtype)],
        grey=names[0] == names[1],
        data=part.data,
        display=part.display,
        pixel_aspect=part.pixel_aspect,
        passed_on={} if part.chromaticities is None else {"chromaticities": part.chromaticities},
    )


def _channels(path: str, index: int, count: int, where: str) -> dict[str, Samples]:
    import OpenEXR

    try:
        with OpenEXR.File(path, separate_channels=True, num_threads=1) as file:
            if len(file.parts) != count:
                raise FootageError(f"{where} is a damaged EXR: {len(file.parts)} of {count} parts could be read; {COPY_IT}")
            return {n: c.pixels for n, c in file.parts[index].channels.items()}
    except (RuntimeError, ValueError, TypeError) as problem:
        raise FootageError(f"{where} is a damaged EXR ({problem}): {COPY_IT}") from problem
