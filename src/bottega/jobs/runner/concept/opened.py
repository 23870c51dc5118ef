"""A picture of a board, opened under its pass: its codes, its light, its alpha, whether it was one layer of many or a plain file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Frame, canvas_of, codes8, flattened, on_picture, open_layers, space_name, to_working
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.pictures import Pictures
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.model import Exemplar, Show, UsageError, shown

from .stated import PictureName

LIGHT = "lin_rec709_srgb"  # what the engine's concept room works in
MOST_PIXELS = 120_000_000
LAYERED = frozenset({".psd", ".ora"})
Codes = NDArray[Any]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Opened:
    """A picture. `codes` (H, W, 3) are the file's own samples, `alpha` (H, W) in the same type or None where it has none.

    `colour` is the space of the codes; `where` is how errors name it. `plain`: it is all of its file.
    """

    codes: Codes
    alpha: Codes | None
    colour: str
    where: str
    plain: bool

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.codes.shape[0]), int(self.codes.shape[1])

    def light(self) -> Floats:
        """(H, W, 3) float32 scene-linear Rec. 709, straight, 0 or more."""
        return np.maximum(to_working(_as_float(self.codes), self.colour, LIGHT), 0)

    def share(self) -> Floats | None:
        """(H, W) float32 alpha, 0..1; None where it has none."""
        return None if self.alpha is None else _as_float(self.alpha)

    def numbers(self) -> Floats:
        """(H, W, 3) float32, 0..1: the codes as numbers, no light."""
        return _as_float(self.codes)

    def copyable(self) -> bool:
        """Whether its 8-bit codes are the file's own, so that what is copied from it is copied bit for bit."""
        return self.plain and self.codes.dtype == np.uint8

    def eight(self) -> NDArray[np.uint8]:
        """(H, W, 3) 8-bit codes; of 16 bits rounded."""
        return _eight(self.codes)

    def eight_alpha(self) -> NDArray[np.uint8] | None:
        """(H, W) 8-bit alpha."""
        return None if self.alpha is None else _eight(self.alpha)


class Opener:
    """Opens the pictures of one run, each once."""

    def __init__(self, right: Pass, *, folder: ShowFolder, show: Show) -> None:
        self.right, self._folder, self._show = right, folder, show
        self._open: dict[str, Any] = {}

    def read(self, picture: PictureName, exemplar: Exemplar) -> Opened:
        """A picture, or one of its layers. Raises ConsentError, FootageError, UsageError."""
        kept = self._folder.exemplar(exemplar.digest) if self._folder.has_exemplar(exemplar.digest) else exemplar
        kept = Exemplar.from_json(kept.to_json() | {"role": exemplar.role.value})
        name = PurePath(kept.files[0].path)
        size = canvas_of(kept, root=self._folder.root)
        if size.width * size.height > MOST_PIXELS:
            most = f"{MOST_PIXELS // 10**6} million pixels"
            raise UsageError(f"{shown(name.name)} is {size.width}x{size.height}, allowed are {most}: scan it at fewer dots an inch")
        if name.suffix.lower() in LAYERED:
            return self._layer(picture, kept, name.name)
        pictures = Pictures(kept, self.right, root=self._folder.root, working=LIGHT, default_colour=self._show.key_colour)
        try:
            return _of_frame(pictures.read(1), name.name, self._show.key_colour)
        finally:
            pictures.close()

    def _layer(self, picture: PictureName, exemplar: Exemplar, name: str) -> Opened:
        if exemplar.digest not in self._open:
            clearance = self.right.clearance()
            self._open[exemplar.digest] = open_layers(exemplar, clearance, door=self.right.door, root=self._folder.root)
        layers = self._open[exemplar.digest]
        if picture.layer is None:
            rgba: Codes = codes8(flattened(layers.all(), layers.canvas, where=shown(name)))
        else:
            rgba = on_picture(layers.read(picture.layer), layers.canvas)
        where = shown(name if picture.layer is None else f"{name}#{picture.layer}")
        return Opened(
            codes=np.ascontiguousarray(rgba[..., :3]), alpha=np.ascontiguousarray(rgba[..., 3]),
            colour=space_name(layers.colour or self._show.key_colour), where=where, plain=False,
        )  # fmt: skip


def _of_frame(frame: Frame, name: str, colour: str) -> Opened:
    if frame.native.dtype not in (np.uint8, np.uint16):
        raise UsageError(f"{shown(name)} holds {frame.dtype} samples, allowed are codes of 8 or 16 bits: save it as PNG or TIFF")
    if frame.premultiplied:
        raise UsageError(f"{shown(name)} has its alpha multiplied in, allowed is straight alpha: save it as PNG")
    alpha = frame.others.get(frame.alpha_name or "")
    return Opened(codes=frame.native, alpha=alpha, colour=space_name(frame.colour or colour), where=shown(name), plain=True)


def _as_float(codes: Codes) -> Floats:
    return np.divide(codes, np.float32(np.iinfo(codes.dtype).max), dtype=np.float32)


def _eight(codes: Codes) -> NDArray[np.uint8]:
    if codes.dtype == np.uint8:
        return codes
    eight: NDArray[np.uint8] = ((codes.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    return eight
