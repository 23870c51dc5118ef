"""The look book: a contents page, then a page a look with its swatches, its palette and whose work it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .mark import Mark
from .pdf_writing import Ink, Page, Pdf, Picture

WIDTH_PT, HEIGHT_PT = 841.89, 595.276  # A4, lying
_EDGE, _GAP = 36.0, 10.0
_SMALL, _TEXT, _TITLE = 8.0, 10.0, 20.0
_GREY: Ink = (0.42, 0.42, 0.42)
_COLUMNS, _ROWS = 6, 2
_TOP = 64.0


@dataclass(frozen=True, eq=False, kw_only=True)
class BookLook:
    """A look as a page shows it. `facts` and `credits` are lines of text; `swatches` have a name and a small picture each.

    `palette` are display-encoded colours, 0 to 255. Pictures are (h, w, 3) uint8 sRGB.
    """

    title: str
    picture: Picture
    small: Picture
    facts: Sequence[str] = ()
    credits: Sequence[str] = ()
    swatches: Sequence[tuple[str, Picture]] = ()
    palette: Sequence[tuple[int, int, int]] = ()


def book_bytes(looks: Sequence[BookLook], *, title: str, subtitle: str, mark: Mark) -> bytes:
    """Encode a look book. Raises ValueError without looks, or for pictures that are none."""
    if not looks:
        raise ValueError("a look book needs looks, given 0")
    pdf = Pdf(title, mark)
    each = _COLUMNS * _ROWS
    sheets = -(-len(looks) // each)
    for number in range(sheets):
        first = number * each
        pdf.page(_contents(looks[first : first + each], title, subtitle, before=first, sheets=sheets))
    for number, look in enumerate(looks, 1):
        pdf.page(_look(look, number, len(looks)))
    return pdf.ended(outline=[("Contents", 0), *((look.title, sheets + i) for i, look in enumerate(looks))])


def _contents(looks: Sequence[BookLook], title: str, subtitle: str, *, before: int, sheets: int) -> Page:
    page = Page(WIDTH_PT, HEIGHT_PT)
    page.text(title, _EDGE, HEIGHT_PT - _EDGE - _TITLE + 4, size=_TITLE, bold=True, width=WIDTH_PT - 2 * _EDGE)
    page.text(subtitle, _EDGE, HEIGHT_PT - _EDGE - 34, size=_TEXT, ink=_GREY, width=WIDTH_PT - 2 * _EDGE)
    wide = (WIDTH_PT - 2 * _EDGE - (_COLUMNS - 1) * _GAP) / _COLUMNS
    tall = (HEIGHT_PT - 2 * _EDGE - _TOP + 10) / _ROWS
    for i, look in enumerate(looks):
        x = _EDGE + (i % _COLUMNS) * (wide + _GAP)
        top = HEIGHT_PT - _EDGE - _TOP + 14 - (i // _COLUMNS) * tall
        _fitted(page, look.small, x, top - tall + 28, width=wide, height=tall - 34)
        page.text(f"{before + i + 1}  {look.title}", x, top - tall + 16, size=_SMALL, width=wide)
        page.link(x, top - tall + 12, width=wide, height=tall - 16, to=sheets + before + i)
    return page


def _look(look: BookLook, number: int, count: int) -> Page:
    page = Page(WIDTH_PT, HEIGHT_PT)
    wide = 0.52 * (WIDTH_PT - 2 * _EDGE)
    _fitted(page, look.picture, _EDGE, _EDGE, width=wide, height=HEIGHT_PT - 2 * _EDGE)
    x, room = _EDGE + wide + 2 * _GAP, WIDTH_PT - 2 * _EDGE - wide - 2 * _GAP
    y = HEIGHT_PT - _EDGE - _TITLE + 4
    page.text(look.title, x, y, size=_TITLE, bold=True, width=room)
    y -= 20
    for line in look.facts:
        page.text(line, x, y, size=_TEXT, ink=_GREY, width=room)
        y -= 14
    y = _palette(page, look, x, y - 6, room=room)
    y = _swatches(page, look, x, y - 10, room=room) - 8
    page.text("whose work", x, y - 6, size=_TEXT, bold=True)
    y -= 20
    for line in look.credits:
        if y < _EDGE + 14:
            break
        page.text(line, x, y, size=_SMALL, width=room)
        y -= 11
    page.text(f"{number} / {count}", x + room - 40, _EDGE - 6, size=_SMALL, ink=_GREY)
    page.link(x + room - 44, _EDGE - 10, width=44, height=14, to=0)
    return page


def _palette(page: Page, look: BookLook, x: float, y: float, *, room: float) -> float:
    if not look.palette:
        return y
    wide = room / len(look.palette)
    for i, (red, green, blue) in enumerate(look.palette):
        page.box(x + i * wide, y - 22, width=wide - 3, height=22, ink=(red / 255, green / 255, blue / 255))
    return y - 22


def _swatches(page: Page, look: BookLook, x: float, y: float, *, room: float) -> float:
    """Swatches four in a row, each with its name below."""
    side, columns = (room - 3 * _GAP) / 4, 4
    for i, (name, picture) in enumerate(look.swatches[:8]):
        left, top = x + (i % columns) * (side + _GAP), y - (i // columns) * (side * 0.75 + 16)
        page.picture(picture, left, top - side * 0.75, width=side, height=side * 0.75)
        page.text(name, left, top - side * 0.75 - 10, size=_SMALL, width=side)
    rows = -(-len(look.swatches[:8]) // columns)
    return y - rows * (side * 0.75 + 16)


def _fitted(page: Page, picture: Picture, x: float, y: float, *, width: float, height: float) -> None:
    """A picture as large as fits, to the middle."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    w, h = picture.shape[1] * scale, picture.shape[0] * scale
    page.picture(picture, x + (width - w) / 2, y + (height - h) / 2, width=w, height=h)
