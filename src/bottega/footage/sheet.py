"""Contact sheets: labelled pictures in rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
_LABEL_PX, _TEXT_PX, _GAP_PX = 26, 15, 4
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


def _label(text: str, width: int) -> Picture:
    """A strip with the text, by OpenImageIO and the font inside it; what does not fit is cut."""
    import OpenImageIO

    strip = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(width, _LABEL_PX, 3, OpenImageIO.UINT8))
    OpenImageIO.ImageBufAlgo.fill(strip, tuple(3 * [_GROUND / 255]))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if line and not OpenImageIO.ImageBufAlgo.render_text(strip, 2, _LABEL_PX - 8, line, _TEXT_PX, "", _INK):
        raise ValueError(f"label {text!r} cannot be drawn: {strip.geterror()}")
    return np.asarray(strip.get_pixels(OpenImageIO.UINT8), np.uint8)
