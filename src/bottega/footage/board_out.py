"""The way out for boards: a look's picture, its layers, its card, its credit, and the books and sheets over all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bottega.model import Output

from .card import CardOut, card_picture, smaller
from .colour import DISPLAY
from .deliver import Delivery
from .exr_write import PartOut, exr_bytes
from .frame import Box
from .layered import PaintLayer, codes8, flattened
from .ora_file import ora_bytes
from .pdf_book import BookLook, book_bytes
from .png import png_bytes
from .psd_write import psd_bytes

Picture = npt.NDArray[np.uint8]
FRAMES, CARDS, PSD, ORA, CREDIT, DATA = "frames", "cards", "psd", "ora", "credit", "data"
BOOK, BOARD = "lookbook.pdf", "board.png"
SMALL_PX = 480


@dataclass(frozen=True, eq=False, kw_only=True)
class LookOut:
    """A look to write. The picture is what its layers give together; `credit` are uint32 channels with `manifest` to read them by.

    `credit_picture` is their false colour (H, W, 3) uint8, `record` what the card's JSON says.
    """

    number: int
    layers: Sequence[PaintLayer]
    size: tuple[int, int]
    credit: Mapping[str, npt.NDArray[np.uint32]]
    manifest: str
    credit_picture: Picture

    def picture(self) -> Picture:
        """The picture, (H, W, 3) uint8 sRGB: the layers, flattened as a paint program flattens them."""
        return codes8(flattened(self.layers, Box(0, 0, self.size[1], self.size[0])))[..., :3]


class BoardDelivery(Delivery):
    """Writes the files of one board into its folder."""

    def look(self, out: LookOut, picture: Picture, *, resume: bool = False) -> list[Output]:
        """Write a look's layers (PSD, OpenRaster), credit (EXR, and a picture for eyes) and, last, its picture. Raises FootageError."""
        box = Box(0, 0, out.size[1], out.size[0])
        part = PartOut(name="credit", channels=out.credit, data=box, attributes={"manifest": out.manifest})
        credit = exr_bytes([part], display=box, pixel_aspect=1.0, mark=self.mark, passed_on={})
        name, number = self._name(out.number), out.number
        files = [
            (f"{PSD}/{name}.psd", psd_bytes(out.layers, picture, mark=self.mark)),
            (f"{ORA}/{name}.ora", ora_bytes(out.layers, picture, mark=self.mark)),
            (f"{CREDIT}/{name}.exr", credit),
            (f"{CREDIT}/{name}.png", png_bytes(out.credit_picture, colour=DISPLAY, mark=self.mark)),
            (f"{FRAMES}/{name}.png", png_bytes(picture, colour=DISPLAY, mark=self.mark)),
        ]
        return [self._write(path, data, number, resume=resume) for path, data in files]

    def card(self, number: int, card: CardOut, record: Mapping[str, Any], *, resume: bool = False) -> list[Output]:
        """Write a look's card as a PNG and as JSON. Raises FootageError."""
        name = self._name(number)
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True) + "\n"
        picture = png_bytes(card_picture(card), colour=DISPLAY, mark=self.mark)
        written = [(f"{DATA}/{name}.json", text.encode()), (f"{CARDS}/{name}.png", picture)]
        return [self._write(path, data, number, resume=resume) for path, data in written]

    def book(self, cards: Sequence[CardOut], *, title: str, subtitle: str) -> Output:
        """Write the look book. Raises FootageError, ValueError."""
        looks = [
            BookLook(
                title=c.title, picture=c.picture, small=smaller(c.picture, SMALL_PX), facts=c.facts, swatches=c.swatches,
                palette=c.palette, credits=[*c.credits, *([f"from: {'; '.join(c.lineage)}"] if c.lineage else [])],
            )
            for c in cards
        ]  # fmt: skip
        return self._write(BOOK, book_bytes(looks, title=title, subtitle=subtitle, mark=self.mark), None)

    def board(self, cards: Sequence[CardOut]) -> Output:
        """Write the sheet of all looks, six in a row. Raises FootageError."""
        cells = [(c.title, smaller(c.picture, SMALL_PX)) for c in cards]
        return self.sheet(BOARD, [cells[i : i + 6] for i in range(0, len(cells), 6)])
