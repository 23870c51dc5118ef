"""Which of Bottega's takes a picture says that it comes from. Read from headers; nothing is decoded, and nothing of it is trusted."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Any

from bottega.model import Exemplar, MadeBy

from .exr_header import header_of
from .layers import Reach, guarded, in_memory, png_chunks, tiff_xmp
from .mark import png_xmp, read_attributes, read_xmp
from .movie_file import open_container
from .sealing import open_plain, place
from .sequence import LAYERED, MOVIES


def made_by(exemplar: Exemplar, *, show_id: str, root: Path | None = None) -> MadeBy | None:
    """What the files of an exemplar say of who made them, in one statement; another show's comes before `show_id`'s own.

    Raises FootageError for a damaged header.
    """
    said = []
    for sealed in exemplar.files:
        path = Path(sealed.path) if root is None else root / sealed.path
        with os.fdopen(open_plain(path, sealed.frame), "rb", buffering=0) as file:
            found = _said(file, PurePath(sealed.path).suffix.lower(), place(sealed.path, sealed.frame))
        if found is not None:
            said.append(found)
    if not said:
        return None
    elsewhere = [m for m in said if m.show_id != show_id]
    plans = dict.fromkeys(plan for m in said if m.show_id == show_id for plan in m.plans)
    return elsewhere[0] if elsewhere else MadeBy(show_id=show_id, plans=tuple(plans), source=said[0].source)


def _said(file: Any, suffix: str, where: str) -> MadeBy | None:
    if suffix in MOVIES:
        with open_container(file, suffix, where) as container:
            return read_xmp(container.metadata.get("xmp", "").encode())
    reach = Reach(os.fstat(file.fileno()).st_size, lambda offset, count: os.pread(file.fileno(), count, offset))
    if suffix in LAYERED:
        return _painted(reach.whole(0, reach.size), suffix, where)
    if suffix == ".exr":
        return next((m for part in header_of(reach.at, reach.size, where) if (m := read_attributes(part.raw)) is not None), None)
    if suffix == ".png":
        packets = guarded(lambda: (png_xmp(reach.whole(at, size)) for name, at, size in png_chunks(reach) if name == b"iTXt"), where)
    elif suffix in (".tif", ".tiff"):
        packets = guarded(lambda: tiff_xmp(reach), where)
    else:
        return None
    return next((m for packet in packets if (m := read_xmp(packet)) is not None), None)


def _painted(data: bytes, suffix: str, where: str) -> MadeBy | None:
    """A PSD has the mark in its XMP resource, an OpenRaster file in its merged picture."""
    from .ora_file import merged_of
    from .psd_read import XMP_RESOURCE, read_psd

    if suffix == ".psd":
        return read_xmp(read_psd(data, where).resource(XMP_RESOURCE))
    merged = merged_of(data, where)
    if not merged:
        return None
    png = in_memory(merged)
    packets = guarded(lambda: (png_xmp(png.whole(at, size)) for name, at, size in png_chunks(png) if name == b"iTXt"), where)
    return next((m for packet in packets if (m := read_xmp(packet)) is not None), None)
