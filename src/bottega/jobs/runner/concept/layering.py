"""A look as layers that a paint program opens: paper, one layer a garment, the shading to multiply, the line as it was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Band, Box, PaintLayer, display, layer_of

from .inputs import LineArt
from .opened import LIGHT
from .stated import Rgb

PAPER, CLOTH, SHADE, LINE = "paper", "cloth", "shading", "line"
_OPAQUE = 255
Codes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Layers:
    """A look's layers, the lowest first, and of each garment how much of a pixel it covers: (H, W) uint8 by its place in the look."""

    stack: tuple[PaintLayer, ...]
    covers: tuple[Codes, ...]


def layers_of(
    dressed: Sequence[tuple[str, NDArray[np.float32]]], line: LineArt, *, shade: Codes | None, paper: Rgb, band: Band | None
) -> Layers:
    """Layers of 8-bit sRGB codes. `dressed` are names and (H, W, 4) linear, premultiplied pixels, in the order they are put on.

    Under a visible mark no layer has a pixel: what is below the band cannot be had by switching it off.
    """
    size = line.rgba.shape[:2]
    whole = np.empty((*size, 4), np.uint8)
    whole[:] = (*paper, _OPAQUE)
    pictures: list[tuple[str, Codes, dict[str, Any]]] = [(PAPER, whole, {})]
    covers = []
    for name, pixels in dressed:
        codes = straight_codes(pixels)
        covers.append(codes[..., 3])
        pictures.append((name, codes, {"groups": (CLOTH,)}))
    if shade is not None and covers:
        over = np.maximum.reduce(covers)
        pictures.append((SHADE, np.dstack([shade, shade, shade, over]), {"blend": "multiply"}))
    pictures.append((LINE, line.rgba, {}))
    stack = [layer_of(name, without(codes, band), **how) for name, codes, how in pictures]
    if band is not None:
        stack.append(mark_of(band, size))
    return Layers(tuple(stack), tuple(covers))


def straight_codes(pixels: NDArray[np.float32]) -> Codes:
    """(H, W, 4) linear, premultiplied, as 8-bit sRGB codes with straight alpha."""
    out = np.zeros(pixels.shape, np.uint8)
    rows, columns = np.flatnonzero(pixels[..., 3].any(1)), np.flatnonzero(pixels[..., 3].any(0))
    if not rows.size:
        return out
    box = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    part = pixels[box]
    alpha = part[..., 3:]
    light = np.divide(part[..., :3], alpha, out=np.zeros_like(part[..., :3]), where=alpha > 0)
    out[(*box, slice(0, 3))] = display(light, LIGHT)
    out[(*box, 3)] = np.rint(alpha[..., 0] * _OPAQUE).astype(np.uint8)
    out[out[..., 3] == 0] = 0
    return out


def without(codes: Codes, band: Band | None) -> Codes:
    """A layer without what lies under the visible mark."""
    if band is None:
        return codes
    out, window = codes.copy(), Box(0, 0, codes.shape[1], codes.shape[0])
    out[band.box(window).inside(window)] = 0
    return out


def mark_of(band: Band, size: tuple[int, ...]) -> PaintLayer:
    """The visible mark as a layer."""
    window = Box(0, 0, size[1], size[0])
    whole = np.zeros((*size, 4), np.uint8)
    where = band.box(window).inside(window)
    whole[where] = _OPAQUE
    whole[(*where, slice(0, 3))] = band.on_screen(np.zeros((*size, 3), np.uint8))[where]
    return layer_of("not cleared", whole)
