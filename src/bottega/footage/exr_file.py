"""EXR pixels, by the OpenEXR library."""

from __future__ import annotations

import numpy as np

from bottega.model import FootageError

from .exr_header import COPY_IT, check_whole, only_part, picture_in, read_parts
from .frame import Decoded, Samples
from .whole_file import as_path

ALPHA_ATTRIBUTE, STRAIGHT = "bottega:alpha", "straight"
_KINDS = {"float16": "half", "float32": "float"}


def decode_exr(data: bytes, path: str, where: str) -> Decoded:
    """Decode the picture of an EXR held in memory; `path` leads the library to the same bytes. Raises FootageError."""
    parts, tables = read_parts(data, where)
    check_whole(data, parts, tables, where)
    index, names = picture_in([p.channels for p in parts], where)
    part = parts[index]
    if len(parts) > 1:
        with as_path(only_part(data, parts, tables, index), ".exr") as alone:
            [(_, channels)] = read_channels(alone, 1, where)
    else:
        [(_, channels)] = read_channels(path, 1, where)
    if sorted(channels) != sorted(part.channels) or any(c.shape != (part.data.height, part.data.width) for c in channels.values()):
        raise FootageError(f"{where} is a damaged EXR: {', '.join(sorted(channels)) or 'no channel'} could be read; {COPY_IT}")
    if "uint32" in {part.channels[n] for n in names}:
        raise FootageError(f"{where}: {names[0]} holds whole numbers (uint32), allowed are half and float: those are ids, no light")
    prefix = names[0][:-1] if names[0] != names[1] else ""
    others = {_short(n, prefix, channels): c for n, c in channels.items() if n not in names}
    rgb = np.stack([channels[n] for n in names], -1)
    return Decoded(
        rgb=rgb,
        others=others,
        alpha_name="A" if "A" in others else None,
        premultiplied=part.text(ALPHA_ATTRIBUTE) != STRAIGHT,
        dtype=_KINDS[str(rgb.dtype)],
        grey=names[0] == names[1],
        data=part.data,
        display=part.display,
        pixel_aspect=part.pixel_aspect,
        passed_on={n: v for n, v in (("chromaticities", part.chromaticities), ("timeCode", part.time_code)) if v is not None},
    )


def _short(name: str, prefix: str, channels: dict[str, Samples]) -> str:
    """`rgb.A` goes by A, unless the part has an A of its own."""
    short = name.removeprefix(prefix)
    return name if short in channels else short


def read_channels(path: str, count: int, where: str) -> list[tuple[str, dict[str, Samples]]]:
    """Every part's name and channels; all `count` of them or a FootageError: the library drops what it cannot read."""
    import OpenEXR

    try:
        with OpenEXR.File(path, separate_channels=True, num_threads=1) as file:
            parts = [(p.name(), {n: c.pixels for n, c in p.channels.items()}) for p in file.parts]
    except (RuntimeError, ValueError, TypeError) as problem:
        raise FootageError(f"{where} is a damaged EXR ({problem}): {COPY_IT}") from problem
    if len(parts) != count:
        raise FootageError(f"{where} is a damaged EXR: {len(parts)} of {count} parts could be read; {COPY_IT}")
    return parts
