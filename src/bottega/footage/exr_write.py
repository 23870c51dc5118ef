"""EXR files as bytes: lossless, multipart, and the same bytes for the same pixels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .colour import interop_id
from .frame import Box, Samples
from .mark import Mark


@dataclass(frozen=True, eq=False, kw_only=True)
class PartOut:
    """One part: its channels (h, w) over `data`; `colour` is the space of light, None for numbers."""

    name: str
    channels: Mapping[str, Samples]
    data: Box
    colour: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def exr_bytes(parts: list[PartOut], *, display: Box, pixel_aspect: float, mark: Mark, passed_on: Mapping[str, Any]) -> bytes:
    """Encode parts with lossless ZIP, each with the mark. No time, user, machine or path goes in."""
    import OpenEXR

    written = [
        OpenEXR.Part(_header(p, display, pixel_aspect, mark, passed_on), {n: _contiguous(c) for n, c in p.channels.items()}, p.name)
        for p in parts
    ]
    out = io.BytesIO()
    with OpenEXR.File(written, num_threads=1) as file:
        file.write(out)
    return out.getvalue()


def _header(part: PartOut, display: Box, pixel_aspect: float, mark: Mark, passed_on: Mapping[str, Any]) -> dict[str, Any]:
    import OpenEXR

    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": part.data.window(),
        "displayWindow": display.window(),
        "pixelAspectRatio": pixel_aspect,
        **mark.fields(),
        # Chromaticities and time code are shared by all parts (OpenEXR, "shared attributes").
        **{n: OpenEXR.TimeCode(*v) if n == "timeCode" else v for n, v in passed_on.items()},
        **part.attributes,
    }
    if part.colour is not None:
        header["bottega:colourSpace"] = part.colour
        if (found := interop_id(part.colour)) is not None:
            header["colorInteropId"] = found
    return header


def _contiguous(channel: Samples) -> Samples:
    return np.ascontiguousarray(channel)
