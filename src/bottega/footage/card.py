"""Look cards: the picture, and beside it what it is made of, its palette and whose work it is; and sheets that compare cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from anyascii import anyascii

Picture = npt.NDArray[np.uint8]
Ink = tuple[int, int, int]
_GROUND, _INK, _GREY = (250, 249, 247), (30, 30, 30), (110, 110, 110)
_NARROWEST_PX, _SHORTEST_PX, _PANEL = 360, 520, 0.44
_MOST_SWATCHES, _COLUMNS = 8, 4
_DRAWN = ((0x20, 0x7E), (0xA1, 0xFF))  # what the font inside OpenImageIO draws: Latin-1


@dataclass(frozen=True, eq=False, kw_only=True)
class CardOut:
    """What a card shows. Pictures are (h, w, 3) uint8 sRGB; `facts` and `credits` are lines, `swatches` have a name and a picture."""

    picture: Picture
    title: str
    facts: Sequence[str]
    swatches: Sequence[tuple[str, Picture]]
    palette: Sequence[Ink]
    credits: Sequence[str]
    lineage: Sequence[str] = ()


def card_picture(card: CardOut) -> Picture:
    """Lay out a card, (H, W, 3) uint8: the picture at the left, as it is, and a panel at its right."""
    height, width = card.picture.shape[:2]
    panel = max(_NARROWEST_PX, int(width * _PANEL))
    whole = np.full((max(height, _SHORTEST_PX), width + panel, 3), _GROUND, np.uint8)
    whole[:height, :width] = card.picture
    pen = _Pen(whole, left=width + panel // 18, right=width + panel - panel // 18, top=panel // 18, unit=panel / 26)
    pen.line(card.title, size=1.7, ink=_INK)
    for fact in card.facts:
        pen.line(fact, size=1.0, ink=_GREY)
    pen.skip(0.8)
    pen.chips(card.palette)
    pen.skip(0.8)
    pen.swatches(card.swatches)
    pen.skip(0.6)
    for title, lines in (("whose work", card.credits), ("from", card.lineage)):
        if lines:
            pen.line(title, size=1.0, ink=_INK)
            for line in lines:
                pen.line(line, size=0.85, ink=_GREY)
            pen.skip(0.6)
    return whole


def side_by_side(first: Picture, second: Picture) -> Picture:
    """Two pictures and, between them, where they differ: white where they are the same, darker the more they do. (H, W, 3) uint8."""
    height, width = (max(first.shape[i], second.shape[i]) for i in (0, 1))
    pair = []
    for picture in (first, second):
        whole = np.full((height, width, 3), 255, np.uint8)
        whole[: picture.shape[0], : picture.shape[1]] = picture
        pair.append(whole)
    apart = np.abs(pair[0].astype(np.int16) - pair[1]).max(-1)
    between = np.repeat((255 - np.minimum(apart * 2, 255)).astype(np.uint8)[..., None], 3, -1)
    return np.concatenate([pair[0], between, pair[1]], 1)


def smaller(picture: Picture, most_px: int) -> Picture:
    """A picture with at most `most_px` a side, by the mean over areas (h, w, 3) uint8; one that is small enough is itself."""
    import cv2

    scale = most_px / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    made: Picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return made


def written(text: str, size_px: int, width: int, ink: Ink, ground: Ink = _GROUND) -> Picture:
    """A strip with one line of text, (1.5 size, width, 3) uint8; what does not fit is cut, and ends in an ellipsis.

    Letters that the font lacks are written in Latin ones.
    """
    import OpenImageIO

    line, shown = drawable(text), drawable(text)
    tools = OpenImageIO.ImageBufAlgo
    while shown and tools.text_size(shown, size_px).width > width - 8:
        line = line[:-1]
        shown = line.rstrip() + "..." if line else ""
    strip = OpenImageIO.ImageBuf(OpenImageIO.ImageSpec(width, size_px * 3 // 2, 3, OpenImageIO.UINT8))
    tools.fill(strip, tuple(c / 255 for c in ground))
    if shown and not tools.render_text(strip, 1, int(size_px * 1.1), shown, size_px, "", tuple(c / 255 for c in ink)):
        raise ValueError(f"text {text!r} cannot be drawn: {strip.geterror()}")
    return np.asarray(strip.get_pixels(OpenImageIO.UINT8), np.uint8)


def drawable(text: str) -> str:
    """A text on one line, in letters that the font has."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return " ".join("".join(c if any(a <= ord(c) <= b for a, b in _DRAWN) else anyascii(c) for c in line).split())


class _Pen:
    """Writes down a panel, from its top; what no longer fits is left out."""

    def __init__(self, whole: Picture, *, left: int, right: int, top: int, unit: float) -> None:
        self._whole, self._left, self._right, self._y, self._unit = whole, left, right, top, unit

    def skip(self, units: float) -> None:
        self._y += int(units * self._unit)

    def line(self, text: str, *, size: float, ink: Ink) -> None:
        self._put(written(text, max(9, int(size * self._unit)), self._right - self._left, ink), self._left)
        self._y += max(9, int(size * self._unit)) * 3 // 2

    def chips(self, colours: Sequence[Ink]) -> None:
        if not colours:
            return
        edges = np.linspace(self._left, self._right, len(colours) + 1).astype(int)
        tall = int(2 * self._unit)
        for colour, left, right in zip(colours, edges, edges[1:], strict=False):
            self._put(np.full((tall, max(1, right - left - 3), 3), colour, np.uint8), int(left))
        self._y += tall

    def swatches(self, swatches: Sequence[tuple[str, Picture]]) -> None:
        gap = max(4, int(self._unit / 2))
        side = (self._right - self._left - (_COLUMNS - 1) * gap) // _COLUMNS
        tall, text = side * 3 // 4, max(9, int(0.8 * self._unit))
        for first in range(0, min(len(swatches), _MOST_SWATCHES), _COLUMNS):
            for i, (name, picture) in enumerate(swatches[first : min(first + _COLUMNS, _MOST_SWATCHES)]):
                left = self._left + i * (side + gap)
                self._put(_filling(picture, tall, side), left)
                self._put(written(name, text, side, _GREY), left, down=tall + 2)
            self._y += tall + text * 2

    def _put(self, part: Picture, left: int, down: int = 0) -> None:
        top = self._y + down
        room = self._whole.shape[0] - top
        if room >= part.shape[0]:
            self._whole[top : top + part.shape[0], left : left + part.shape[1]] = part


def _filling(picture: Picture, height: int, width: int) -> Picture:
    """The middle of a picture, as much of it as has the rectangle's shape, in its size."""
    import cv2

    scale = max(height / picture.shape[0], width / picture.shape[1])
    h, w = min(picture.shape[0], max(1, round(height / scale))), min(picture.shape[1], max(1, round(width / scale)))
    y, x = (picture.shape[0] - h) // 2, (picture.shape[1] - w) // 2
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    made: Picture = cv2.resize(np.ascontiguousarray(picture[y : y + h, x : x + w]), (width, height), interpolation=how)
    return made
