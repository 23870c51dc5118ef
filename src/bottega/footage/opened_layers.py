"""The way in for pictures in layers: the same door and the same hash as for any picture, then one layer at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePath

from bottega.model import Exemplar, Role, UsageError
from bottega.rights import Clearance, Door

from .described import describe, path_of
from .frame import Box
from .frames import check_door, sealed_bytes
from .layered import LayerHead, PaintLayer, one_layer
from .layers import check_layers, layers_in
from .ora_file import Ora, read_ora
from .psd_read import ICC_RESOURCE, Psd, psd_head, read_psd
from .sealing import open_plain, place
from .sequence import LAYERED

_HEAD_BYTES = 64
_PROFILES = {b"sRGB": "srgb_tx", b"Display P3": "srgb_p3d65", b"Adobe RGB (1998)": "adobergb"}


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenLayers:
    """An open file. `heads` are its layers, the lowest first; `left_out` what it holds besides that has no pixels of its own.

    `colour` is what its profile says, where that is one we know by name. Memory holds the file and one layer at a time.
    """

    canvas: Box
    heads: tuple[LayerHead, ...]
    left_out: tuple[str, ...]
    colour: str | None
    where: str
    file: Psd | Ora

    def read(self, name: str) -> PaintLayer:
        """A layer by its name, or its `group/name`. Raises UsageError that lists what there is, FootageError for damage."""
        return self.file.read(one_layer(self.heads, name, self.where))

    def all(self) -> list[PaintLayer]:
        """All layers, the lowest first: to be flattened. Raises UsageError where that would not be what the artist saw."""
        if self.left_out:
            raise UsageError(f"{self.where} has {'; '.join(self.left_out[:4])}: name a layer, or flatten the file and save it as PNG")
        return [self.file.read(head) for head in self.heads]


def canvas_of(exemplar: Exemplar, *, root: Path | None = None) -> Box:
    """How large a still is, in layers or not, by its header alone. Raises FootageError for a damaged one."""
    sealed = exemplar.files[0]
    suffix = PurePath(sealed.path).suffix.lower()
    if suffix not in LAYERED:
        return describe(exemplar, root=root).display
    path, where = path_of(sealed, root), place(sealed.path, None)
    with os.fdopen(open_plain(path, None), "rb") as file:
        data = file.read(_HEAD_BYTES if suffix == ".psd" else -1)
    return psd_head(data, where).canvas if suffix == ".psd" else read_ora(data, where).canvas


def open_layers(exemplar: Exemplar, clearance: Clearance, *, door: Door, root: Path | None = None) -> OpenLayers:
    """Open a PSD or an OpenRaster file's layers; relative paths are under `root`.

    Raises ConsentError when the door refuses or the file changed since it was sealed, CredentialError for a record that was
    changed, FootageError for damage or what we do not read, UsageError for a file that is not in layers.
    """
    check_door(door)
    sealed = exemplar.files[0]
    suffix, where = PurePath(sealed.path).suffix.lower(), place(sealed.path, None)
    if suffix not in LAYERED or exemplar.role in (Role.MODEL, Role.TEMPLATE):
        raise UsageError(f"{where} is not in layers, allowed are {', '.join(sorted(LAYERED))}")
    door.admit(clearance, exemplar.digest)
    exemplar.check()
    data = sealed_bytes(sealed, path_of(sealed, root))
    check_layers(layers_in(data, suffix, exemplar.role, where), exemplar, where)
    if suffix == ".ora":
        ora = read_ora(data, where)
        return OpenLayers(canvas=ora.canvas, heads=ora.heads, left_out=(), colour="srgb_tx", where=where, file=ora)
    psd = read_psd(data, where)
    icc = psd.resource(ICC_RESOURCE)
    colour = next((space for name, space in _PROFILES.items() if _names(icc, name.decode())), None)
    return OpenLayers(canvas=psd.head.canvas, heads=psd.heads, left_out=psd.left_out, colour=colour, where=where, file=psd)


def _names(profile: bytes, name: str) -> bool:
    """Whether an ICC profile has that name, as version 2 (bytes) or 4 (UTF-16) write it."""
    return name.encode() in profile or name.encode("utf-16-be") in profile
