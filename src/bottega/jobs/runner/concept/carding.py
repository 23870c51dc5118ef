"""What a look's card says: facts, swatches, palette, whose work it is; as words and pictures, and as a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditSource
from bottega.footage import Band, CardOut, display, smaller
from bottega.model import Exemplar, Role, Take

from .job import ConceptJob, uses_of
from .looks import BoardLook, Piece
from .opened import LIGHT

SCHEMA = "bottega.card/1"
_THUMB_PX, _THUMB_SHAPE = 360, 4 / 3
_MOST_CHIPS = 10
Picture = NDArray[np.uint8]
NameOf = Callable[[str, str | None], str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cards:
    """Makes the cards of one take. `labels` say what each source is called, `thumbs` are the swatches as cards show them."""

    job: ConceptJob
    take: Take
    sources: tuple[CreditSource, ...]
    labels: tuple[str, ...]
    thumbs: Mapping[str, Picture]
    name_of: NameOf

    def card(self, look: BoardLook, picture: Picture, palette: Sequence[tuple[int, int, int]], figure: Sequence[Fraction]) -> CardOut:
        """A look's card. `figure` are the sources' shares of what is drawn, paper aside."""
        named = [p.swatch for p in look.pieces if p.swatch is not None] if look.pieces else list(self.thumbs)
        return CardOut(
            picture=picture,
            title=look.name,
            facts=self._facts(look),
            swatches=[(name, self.thumbs[name]) for name in dict.fromkeys(named)],
            palette=list(palette)[:_MOST_CHIPS],
            credits=self._credits(figure),
            lineage=look.lineage,
        )

    def record(self, look: BoardLook, figure: Sequence[Fraction], palette: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
        """A look's card as JSON: digests and ids, no names of people."""
        take, sheet = self.take, self.job.sheet
        return {
            "schema": SCHEMA,
            "take": take.name,
            "plan": take.plan_digest,
            "seed": take.seed,
            "board": sheet.board,
            "title": sheet.title,
            "look": look.number,
            "name": look.name,
            "facts": dict(sheet.facts),
            "parts": [self._part(p) for p in look.pieces],
            "choices": look.choices,
            "colours": ["#{:02x}{:02x}{:02x}".format(*c) for c in palette],
            "lineage": list(look.lineage),
            "sources": [self._source(i, share) for i, share in enumerate(figure)],
        }

    def _part(self, part: Piece) -> dict[str, Any]:
        exemplar = self.job.swatch_pictures()[part.swatch].digest if part.swatch is not None else None
        colour = "#{:02x}{:02x}{:02x}".format(*part.colour) if part.colour is not None else None
        return {
            "parts": list(part.parts), "swatch": part.swatch, "exemplar": exemplar, "colour": colour, "scale": part.scale,
            "angle_deg": part.angle_deg, "offset_cm": list(part.offset_cm), "follow": part.follow, "seams": part.seams,
            "dye": list(part.dye) if part.dye is not None else None,
        }  # fmt: skip

    def _source(self, row: int, share: Fraction) -> dict[str, Any]:
        source = self.sources[row]
        return {
            "exemplar": source.exemplar, "what": self.labels[row], "role": source.role.value, "author_id": source.author_id,
            "licence_id": source.licence_id, "share_of_figure": f"{share.numerator}/{share.denominator}",
        }  # fmt: skip

    def _facts(self, look: BoardLook) -> list[str]:
        sheet = self.job.sheet
        lines = [] if look.name == sheet.title else [sheet.title]
        lines += [f"{name.replace('_', ' ')}: {value}" for name, value in sheet.facts.items()]
        return [*lines, f"card {look.number} of {len(self.job.looks)}, {self.take.name}"]

    def _credits(self, figure: Sequence[Fraction]) -> list[str]:
        rows = sorted((i for i in range(len(figure)) if figure[i]), key=lambda i: (-figure[i], i))
        return [f"{_percent(figure[i])}  {self.labels[i]}{self._by(i)}" for i in rows]

    def _by(self, row: int) -> str:
        source = self.sources[row]
        if source.role is Role.BAND:
            return ""
        return f", {self.name_of(source.author_id, source.licence_id)}" if source.author_id else ", the production"


def labels_of(job: ConceptJob, exemplars: Sequence[Exemplar]) -> tuple[str, ...]:
    """What each source is called on a card: all that it is used as."""
    uses = uses_of(job)
    out: list[str] = []
    for i, e in enumerate(exemplars):
        name = " + ".join(what for what, digest in uses.items() if digest == e.digest)
        out.append(f"{name}, carried on" if any(e.digest == before.digest for before in exemplars[:i]) else name)
    return tuple(out)


def thumb(pixels: NDArray[np.float32], band: Band | None) -> Picture:
    """A swatch, (h, w, 3) linear, as cards show it: its middle, four to three; with the visible mark, if the take carries one."""
    height, width = pixels.shape[:2]
    tall, wide = min(height, round(width / _THUMB_SHAPE)), min(width, round(height * _THUMB_SHAPE))
    y, x = (height - tall) // 2, (width - wide) // 2
    shown = smaller(display(np.ascontiguousarray(pixels[y : y + tall, x : x + wide]), LIGHT), _THUMB_PX)
    return band.on_screen(shown) if band else shown


def _percent(share: Fraction) -> str:
    tenths = round(share * 1000)
    return f"{tenths // 10}.{tenths % 10} %"
