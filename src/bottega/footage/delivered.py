"""Read back what a take delivered, for checks. Only bytes whose hash the take's record holds are decoded."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bottega.model import CredentialError, FootageError

from .exr_file import read_channels
from .exr_header import COPY_IT, check_whole, read_parts
from .frame import Box, Samples
from .sealing import open_plain, place
from .still_file import decode_still
from .whole_file import as_path


@dataclass(frozen=True, eq=False, kw_only=True)
class DeliveredFrame:
    """A delivered frame. `rgb` covers `data`, in `colour`; delta, matte and credit cover `canvas`, delta in `working`.

    `others` are the plate's channels that went out with rgb.
    """

    rgb: Samples
    others: Mapping[str, Samples]
    data: Box
    display: Box
    colour: str | None
    delta: npt.NDArray[np.float32]
    matte: npt.NDArray[np.float32]
    credit: Mapping[str, npt.NDArray[np.uint32]]
    canvas: Box
    working: str | None
    manifest: str
    plan: str


def read_delivered_png(path: Path, *, sha256: str) -> npt.NDArray[np.uint8]:
    """Read a take's 8-bit RGB PNG, (H, W, 3). Raises CredentialError unless its sha256 is the record's, FootageError if damaged."""
    data, where = _on_record(path, sha256)
    with as_path(data, ".png") as name:
        found = decode_still(data, name, path.name, where)
    if found.rgb.dtype != np.uint8:
        raise FootageError(f"{where} holds {found.rgb.dtype} samples, a board's pictures have 8 bits")
    return np.ascontiguousarray(found.rgb)


def read_delivered(path: Path, *, sha256: str) -> DeliveredFrame:
    """Read `frames/NAME.1001.exr` of a take. Raises CredentialError unless its sha256 is the record's, FootageError if damaged."""
    data, where = _on_record(path, sha256)
    parts, tables = read_parts(data, where)
    check_whole(data, parts, tables, where)
    headers = {p.text("name"): p for p in parts}
    missing = [n for n in ("rgb", "delta", "matte", "credit") if n not in headers]
    if missing:
        raise FootageError(f"{where} has no part {missing[0]!r}: it is no delivered frame; read one of the take's frames/ folder")
    with as_path(data, ".exr") as name:
        pixels = dict(read_channels(name, len(parts), where))
    if {n: sorted(c) for n, c in pixels.items()} != {n: sorted(h.channels) for n, h in headers.items()}:
        raise FootageError(f"{where} is damaged, only {', '.join(pixels)} could be read: {COPY_IT}")
    rgb = pixels["rgb"]
    return DeliveredFrame(
        rgb=np.stack([rgb.pop(c) for c in "RGB"], -1),
        others=rgb,
        data=headers["rgb"].data,
        display=headers["rgb"].display,
        colour=headers["rgb"].text("bottega:colourSpace"),
        delta=np.stack([pixels["delta"][f"delta.{c}"] for c in "RGB"], -1),
        matte=pixels["matte"]["Y"],
        credit=pixels["credit"],
        canvas=headers["delta"].data,
        working=headers["delta"].text("bottega:colourSpace"),
        manifest=headers["credit"].text("manifest") or "",
        plan=headers["rgb"].text("bottega:plan") or "",
    )


def _on_record(path: Path, sha256: str) -> tuple[bytes, str]:
    """A file's bytes, which are those of the take's record, and how errors name it."""
    where = place(path, None)
    with os.fdopen(open_plain(path, None), "rb") as file:
        data = file.read()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise CredentialError(f"{where} hashes to {found[:12]}, the take's record says {sha256[:12]}: the file was changed or swapped")
    return data, where
