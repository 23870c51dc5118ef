"""Y'CbCr codes to R'G'B' and back, for movies. Plain matrix arithmetic, so that any machine gives the same picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .frame import Floats

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

# Kr, Kb by the number of the matrix (ITU-T H.273 table 4).
MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
BT709 = 1


@dataclass(frozen=True)
class Coding:
    """How codes stand for values: bits a sample, limited (16..235 in 8 bits) or full range, the matrix's number."""

    bits: int
    limited: bool = True
    matrix: int = BT709

    @property
    def luma(self) -> tuple[float, float]:
        """Code of black, and codes between black and white."""
        scale = 1 << (self.bits - 8)
        return (16.0 * scale, 219.0 * scale) if self.limited else (0.0, float((1 << self.bits) - 1))

    @property
    def chroma(self) -> tuple[float, float]:
        """Code of no colour, and codes from one end to the other."""
        scale = 1 << (self.bits - 8)
        return 128.0 * scale, 224.0 * scale if self.limited else float((1 << self.bits) - 1)


def to_rgb(y: Codes, cb: Codes, cr: Codes, coding: Coding) -> Floats:
    """Planes to (H, W, 3) R'G'B' float32, 0..1 and a little beyond. Smaller chroma planes are interpolated.

    R' = Y' + 2(1 - Kr) Cr, B' = Y' + 2(1 - Kb) Cb, G' = (Y' - Kr R' - Kb B') / Kg.
    """
    kr, kb = MATRICES[coding.matrix]
    (black, span), (zero, width) = coding.luma, coding.chroma
    luma = (y.astype(np.float32) - np.float32(black)) / np.float32(span)
    blue, red = ((_grown(c, luma.shape) - np.float32(zero)) / np.float32(width) for c in (cb, cr))
    rgb = np.empty((*luma.shape, 3), np.float32)
    rgb[..., 0] = luma + np.float32(2 * (1 - kr)) * red
    rgb[..., 2] = luma + np.float32(2 * (1 - kb)) * blue
    rgb[..., 1] = (luma - np.float32(kr) * rgb[..., 0] - np.float32(kb) * rgb[..., 2]) / np.float32(1 - kr - kb)
    return rgb


def from_rgb(rgb: Floats, coding: Coding, *, halve_rows: bool) -> tuple[Codes, Codes, Codes]:
    """(H, W, 3) R'G'B' 0..1 of even size to planes with chroma of half the columns, and half the rows if asked."""
    kr, kb = MATRICES[coding.matrix]
    (black, span), (zero, width) = coding.luma, coding.chroma
    luma = np.float32(kr) * rgb[..., 0] + np.float32(1 - kr - kb) * rgb[..., 1] + np.float32(kb) * rgb[..., 2]
    blue = (rgb[..., 2] - luma) / np.float32(2 * (1 - kb))
    red = (rgb[..., 0] - luma) / np.float32(2 * (1 - kr))
    planes = [(luma, black, span), (_shrunk(blue, halve_rows), zero, width), (_shrunk(red, halve_rows), zero, width)]
    y, cb, cr = (_rounded(v * np.float32(scale) + np.float32(offset), coding.bits) for v, offset, scale in planes)
    return y, cb, cr


def _rounded(values: Floats, bits: int) -> Codes:
    whole: Floats = np.floor(values + np.float32(0.5)).clip(0, (1 << bits) - 1)
    return whole.astype(np.uint8) if bits == 8 else whole.astype(np.uint16)


def _grown(plane: Codes, shape: tuple[int, ...]) -> Floats:
    """Chroma at every pixel: linear between samples that sit on even columns and between two rows (H.273 type 0)."""
    whole: Floats = plane.astype(np.float32)
    if whole.shape[1] < shape[1]:
        after = np.concatenate([whole[:, 1:], whole[:, -1:]], 1)
        whole = np.stack([whole, (whole + after) * np.float32(0.5)], -1).reshape(whole.shape[0], -1)[:, : shape[1]]
    if whole.shape[0] < shape[0]:
        above = np.concatenate([whole[:1], whole[:-1]], 0)
        below = np.concatenate([whole[1:], whole[-1:]], 0)
        near = np.float32(0.75) * whole
        rows = np.stack([near + np.float32(0.25) * above, near + np.float32(0.25) * below], 1)
        whole = np.asarray(rows.reshape(-1, whole.shape[1])[: shape[0]], np.float32)
    return whole


def _shrunk(plane: Floats, halve_rows: bool) -> Floats:
    """Chroma where the samples sit: a 1-2-1 filter on even columns, the mean of two rows."""
    before = np.concatenate([plane[:, :1], plane[:, 1:-1:2]], 1)
    small = np.float32(0.5) * plane[:, ::2] + np.float32(0.25) * (before + plane[:, 1::2])
    return np.float32(0.5) * (small[::2] + small[1::2]) if halve_rows else small
