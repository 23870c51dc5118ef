"""Contact sheets: labelled pictures in rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .colour import DISPLAY
from .mark import Mark
from .png import png_bytes
from .whole_file import write_whole

Edges = tuple[int, int, int, int]
Ink = tuple[int, int, int]
Picture = npt.NDArray[np.uint8]
_LABEL_PX, _TEXT_PX, _GAP_PX = 26, 15, 4
_LINE_PX = 2
_GROUND, _INK = 24, (0.85, 0.85, 0.85)


def sheet_picture(rows: Sequence[Sequence[tuple[str, Picture]]]) -> Picture:
    """Lay out rows of (label, (h, w, 3) uint8 picture) on dark grey, (H, W, 3) uint8. Raises ValueError."""
    if not rows or not all(rows):
        raise ValueError(f"a contact sheet needs rows with pictures, given {[len(r) for r in rows]} pictures a row")
    for label, picture in (cell for row in rows for cell in row):
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ValueError(f"picture {label!r} is {picture.shape} {picture.dtype}, needed is (h, w, 3) uint8")
    width = max(sum(p.shape[1] + _GAP_PX for _, p in row) + _GAP_PX for row in rows)
    heights = [max(p.shape[0] for _, p in row) + _LABEL_PX + _GAP_PX for row in rows]
    whole = np.full((sum(heights) + _GAP_PX, width, 3), _GROUND, np.uint8)
    y = _GAP_PX
    for row, height in zip(rows, heights, strict=True):
        x = _GAP_PX
        for label, picture in row:
            whole[y : y + _LABEL_PX, x : x + picture.shape[1]] = _label(label, picture.shape[1])
            whole[y + _LABEL_PX : y + _LABEL_PX + picture.shape[0], x : x + picture.shape[1]] = picture
            x += picture.shape[1] + _GAP_PX
        y += height
    return whole


def write_sheet(path: Path, rows: Sequence[Sequence[tuple[str, Picture]]], *, mark: Mark) -> str:
    """Write a contact sheet as a PNG, and give its sha256. Never overwrites. Raises FootageError, ValueError."""
    return write_whole(path, png_bytes(sheet_picture(rows), colour=DISPLAY, mark=mark))


def marked(picture: Picture, boxes: Sequence[tuple[str, Edges, Ink]]) -> Picture:
    """A copy of a picture with frames drawn on it: a label, the edges (left, top, right, bottom; half-open) and a colour for each."""
    out = picture.copy()
    height, width = out.shape[:2]
    for label, (left, top, _, bottom), ink in boxes:
        if label:
            below = bottom if bottom + _LABEL_PX <= height else max(0, top - _LABEL_PX)
            _write_on(out, label, min(max(0, left), width - 1), max(0, below), ink)
    for _, (left, top, right, bottom), ink in boxes:  # after the labels: no label hides a box
        rows, columns = slice(max(0, top), max(0, bottom)), slice(max(0, left), max(0, right))
        for inner in range(_LINE_PX):
            for x in (left + inner, right - 1 - inner):
                if 0 <= x < width:
                    out[rows, x] = ink
            for y in (top + inner, bottom - 1 - inner):
                if 0 <= y < height:
                    out[y, columns] = ink
    return out


def _write_on(picture: Picture, label: str, left: int, top: int, ink: Ink) -> None:
    """Put a label on a dark ground at a box's corner, as wide as the picture lets it be."""
    strip = _label(label, max(1, picture.shape[1] - left))[..., :1].astype(np.float32)
    letters = ((strip - _GROUND) / (_INK[0] * 255 - _GROUND)).clip(0, 1)
    written = np.flatnonzero(letters.any(axis=(0, 2)))
    letters = letters[: picture.shape[0] - top, : int(written[-1]) + _GAP_PX] if written.size else letters[:, :0]
    place = picture[top : top + letters.shape[0], left : left + letters.shape[1]]
    letters = letters[:, : place.shape[1]]
    place[:] = (_GROUND * (1 - letters) + np.array(ink, np.float32) * letters).astype(np.uint8)


def _label(text: str, width: int) -> Picture:
    """A strip with the text, by OpenImageIO and the font inside it; what does not fit is cut."""
    import OpenImageIO

    strip = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(width, _LABEL_PX, 3, OpenImageIO.UINT8))
    OpenImageIO.ImageBufAlgo.fill(strip, tuple(3 * [_GROUND / 255]))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if line and not OpenImageIO.ImageBufAlgo.render_text(strip, 2, _LABEL_PX - 8, line, _TEXT_PX, "", _INK):
        raise ValueError(f"label {text!r} cannot be drawn: {strip.geterror()}")
    return np.asarray(strip.get_pixels(OpenImageIO.UINT8), np.uint8)
