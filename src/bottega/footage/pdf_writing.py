"""The bytes of a PDF: objects, a cross-reference table, text in the standard fonts, pictures as JPEG. By ISO 32000-1 (PDF 1.7).

Text is set in Helvetica, one of the 14 fonts that every viewer has; nothing is embedded. Its letters are those of Windows-1252. Others
(Greek, Cyrillic, Chinese ...) are set in Latin letters by `anyascii`, and such a text keeps its own as the `ActualText` that viewers find
and copy. No text can become an instruction of the page: all of it is written as hexadecimal strings.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from anyascii import anyascii

from .mark import Mark

JPEG_QUALITY = 95
# Widths of Helvetica's letters from space to tilde, in thousandths (Adobe's font metrics); all others count as 556.
_WIDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278), *([556] * 10),
    *(278, 278, 584, 584, 584, 556, 1015), *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833),
    *(722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611), *(278, 278, 278, 469, 556, 333),
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833), *(556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500),
    *(334, 260, 334, 584),
)  # fmt: skip
Picture = npt.NDArray[np.uint8]
Ink = tuple[float, float, float]
BLACK: Ink = (0.1, 0.1, 0.1)


@dataclass(eq=False)
class Pdf:
    """A file under way. Pages are added one by one, and `ended` ends it. The same calls give the same bytes."""

    title: str
    mark: Mark
    _objects: list[bytes] = field(default_factory=list)
    _pages: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._objects = [b"", b""]  # 1: catalogue, 2: pages
        self._fonts = [self._add(_font(name)) for name in ("Helvetica", "Helvetica-Bold")]

    def page(self, page: Page) -> None:
        """Put a page at the end."""
        images = {name: self._picture(picture) for name, picture in page.pictures.items()}
        body = b"\n".join(page.said)
        content = self._add(b"<< /Length %d >>\nstream\n" % len(body) + body + b"\nendstream")
        links = " ".join(
            f"<< /Type /Annot /Subtype /Link /Border [0 0 0] /Rect [{_n(x)} {_n(y)} {_n(x + w)} {_n(y + h)}] /Dest [{target} /Fit] >>"
            for (x, y, w, h), target in page.links
        )
        used = " ".join(f"/{name} {number} 0 R" for name, number in images.items())
        fonts = " ".join(f"/F{i} {number} 0 R" for i, number in enumerate(self._fonts))
        whole = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_n(page.width)} {_n(page.height)}] /Contents {content} 0 R "
            f"/Resources << /Font << {fonts} >> /XObject << {used} >> >> /Annots [{links}] >>"
        )
        self._pages.append(self._add(whole.encode()))

    def ended(self, *, outline: list[tuple[str, int]]) -> bytes:
        """The whole file; `outline` are titles and the pages, from 0, that they lead to."""
        xmp = self.mark.xmp()
        metadata = self._add(b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n" % len(xmp) + xmp + b"\nendstream")
        tree = self._outline(outline) if outline else None
        more = f" /Outlines {tree} 0 R /PageMode /UseOutlines" if tree else ""
        self._objects[0] = f"<< /Type /Catalog /Pages 2 0 R /Metadata {metadata} 0 R{more} >>".encode()
        kids = " ".join(f"{n} 0 R" for n in self._pages)
        self._objects[1] = f"<< /Type /Pages /Count {len(self._pages)} /Kids [{kids}] >>".encode()
        info = self._add(f"<< /Title {_wide(self.title)} /Producer (Bottega) >>".encode())
        return self._joined(info)

    def _joined(self, info: int) -> bytes:
        out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
        for number, body in enumerate(self._objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        begin = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, info, begin)
        return bytes(out)

    def _add(self, body: bytes) -> int:
        self._objects.append(body)
        return len(self._objects)

    def _picture(self, picture: Picture) -> int:
        jpeg = jpeg_bytes(picture)
        height, width = picture.shape[:2]
        head = (
            f"<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB /BitsPerComponent 8 "
            f"/Filter /DCTDecode /Length {len(jpeg)} >>\nstream\n"
        )
        return self._add(head.encode() + jpeg + b"\nendstream")

    def _outline(self, entries: list[tuple[str, int]]) -> int:
        root = len(self._objects) + 1
        self._objects.append(b"")
        for i, (title, page) in enumerate(entries):
            before = f" /Prev {root + i} 0 R" if i else ""
            after = f" /Next {root + i + 2} 0 R" if i + 1 < len(entries) else ""
            self._add(f"<< /Title {_wide(title)} /Parent {root} 0 R /Dest [{self._pages[page]} 0 R /Fit]{before}{after} >>".encode())
        count = len(entries)
        self._objects[root - 1] = f"<< /Type /Outlines /First {root + 1} 0 R /Last {root + count} 0 R /Count {count} >>".encode()
        return root


@dataclass(eq=False)
class Page:
    """A page under way: sizes and places in points, from the lower left corner."""

    width: float
    height: float
    said: list[bytes] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)
    links: list[tuple[tuple[float, float, float, float], int]] = field(default_factory=list)

    def text(self, text: str, x: float, y: float, *, size: float, bold: bool = False, width: float | None = None, ink: Ink = BLACK) -> None:
        """Set one line of text; what is wider than `width` is cut, and ends in an ellipsis."""
        line = plain(text)
        shown, cut = line, False
        while width is not None and shown and text_width(shown + ("…" if cut else ""), size) > width:
            shown, cut = shown[:-1], True
        shown += "…" if cut else ""
        letters, own = shown.encode("cp1252", "replace").hex(), ""
        if line != " ".join(text.split()):
            own = f"/Span << /ActualText {_wide(text)} >> BDC "
        colour = " ".join(_n(c) for c in ink)
        end = " EMC" if own else ""
        self.said.append(f"{own}BT /F{int(bold)} {_n(size)} Tf {colour} rg {_n(x)} {_n(y)} Td <{letters}> Tj ET{end}".encode())

    def picture(self, picture: Picture, x: float, y: float, *, width: float, height: float) -> None:
        """Put a picture, (h, w, 3) uint8, into a rectangle."""
        name = f"I{len(self.pictures)}"
        self.pictures[name] = picture
        self.said.append(f"q {_n(width)} 0 0 {_n(height)} {_n(x)} {_n(y)} cm /{name} Do Q".encode())

    def box(self, x: float, y: float, *, width: float, height: float, ink: Ink) -> None:
        """Fill a rectangle."""
        self.said.append(f"{' '.join(_n(c) for c in ink)} rg {_n(x)} {_n(y)} {_n(width)} {_n(height)} re f".encode())

    def link(self, x: float, y: float, *, width: float, height: float, to: int) -> None:
        """Make a rectangle lead to a page, counted from 0."""
        self.links.append(((x, y, width, height), to))


def plain(text: str) -> str:
    """A text in letters of Windows-1252, on one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return " ".join("".join(c if _has(c) else anyascii(c) for c in line).split())


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def text_width(text: str, size: float) -> float:
    """How wide a line is in Helvetica, in points; letters beyond ASCII are taken as wide as a digit."""
    return sum(_WIDTHS[ord(c) - 32] if 32 <= ord(c) < 127 else 556 for c in text) * size / 1000


def jpeg_bytes(picture: Picture) -> bytes:
    """A picture, (h, w, 3) uint8 RGB, as JPEG of quality 95 without chroma subsampling. Raises ValueError."""
    import cv2

    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(f"a picture is {picture.shape} {picture.dtype}, needed is (h, w, 3) uint8")
    how = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, data = cv2.imencode(".jpg", picture[..., ::-1], how)
    if not done:
        raise ValueError(f"a picture of {picture.shape} cannot be encoded as JPEG")
    return bytes(data.tobytes())


def _font(name: str) -> bytes:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()


def _wide(text: str) -> str:
    """Any text, as UTF-16 in hexadecimal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"<FEFF{line.encode('utf-16-be', 'replace').hex().upper()}>"


def _n(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
