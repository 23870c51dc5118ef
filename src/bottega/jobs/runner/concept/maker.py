"""Make the looks of a costume board: every swatch into cloth, who wears what settled, then look by look dressed and credited."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction

from bottega.footage import display
from bottega.jobs.recipes.concept import Board, Wear, board_of
from bottega.model import Output, UsageError

from .carding import thumb
from .crediting import credit_of
from .drawn import Drawings
from .inputs import CostumeInputs, linear
from .layering import layers_of
from .leaking import leak_picture
from .looks import BoardLook, Piece
from .making import OPEN_UNITS, Bench, CardMaker, MadeLook, Rgb
from .opened import LIGHT
from .varying import settled


class CostumeMaker(CardMaker):
    """Makes the cards of a costume board."""

    def __init__(self, bench: Bench, inputs: CostumeInputs, *, painted: tuple[Output, ...] = ()) -> None:
        thumbs = {name: thumb(swatch.pixels, bench.band) for name, swatch in inputs.swatches.items()}
        super().__init__(bench, thumbs=thumbs, notes=inputs.notes)
        self._inputs, self._painted = inputs, painted

    def run(self, *, threads: int) -> None:
        """Make every card. Raises UsageError for what the engine refuses, ConsentError, FootageError."""
        inputs, paper = self._inputs, linear(self.job.sheet.paper)
        try:
            board = board_of(inputs.drawn.figure, inputs.swatches, paper=paper, palettes=inputs.palettes)
            chosen = settled(self.job, board)
            self.settle(chosen.looks)
            self.notes += chosen.notes
            self.bench.progress.advance("open", units=OPEN_UNITS)
            todo = [look for look in self.job.looks if not self.found(look.number)]
            wears = [_wear(p) for look in self.job.looks for p in look.pieces]
            drawings = Drawings(board, inputs.drawn, inputs.others, wears=wears)
            for look in todo:
                drawings.of(look.drawings)
            if todo:
                self._card(drawings, todo[0])  # it lays what all looks share
                self._others(drawings, todo[1:], threads)
        except ValueError as problem:
            raise UsageError(f"board {self.job.shot.code}: {problem}") from problem

    def extra(self) -> list[Output]:
        """What models painted; and openings of the line art that were closed, shown where there were any."""
        drawn = self._inputs.drawn
        if not drawn.leaks:
            return [*self._painted]
        shown = leak_picture(drawn.figure.line[..., 3], drawn.leaks)
        closed = self.bench.delivery.sheet("leaks.png", [[("closed here", self.band.on_screen(shown) if self.band else shown)]])
        return [*self._painted, closed]

    def _others(self, drawings: Drawings, looks: list[BoardLook], threads: int) -> None:
        if threads == 1:
            for look in looks:
                self._card(drawings, look)
            return
        with ThreadPoolExecutor(threads, thread_name_prefix="card") as pool:
            waiting: list[Future[None]] = [pool.submit(self._card, drawings, look) for look in looks]
            try:
                for future in waiting:
                    future.result()
            except BaseException:
                self.stopped.set()
                for future in waiting:
                    future.cancel()
                raise

    def _card(self, drawings: Drawings, look: BoardLook) -> None:
        if self.stopped.is_set():
            return
        self.bench.right.check()
        on, sheet = drawings.of(look.drawings), self.job.sheet
        art = on.drawn.line
        worn = on.board.dress([_wear(p) for p in look.pieces])
        dressed = [(f"{' + '.join(p.parts)}: {p.swatch or 'plain'}", pixels) for p, pixels in zip(look.pieces, worn, strict=True)]
        layers = layers_of(dressed, art, shade=on.drawn.shade, paper=sheet.paper, band=self.band)
        garments = [(cover, self._shares(p)) for cover, p in zip(layers.covers, look.pieces, strict=True)]
        hands = [self.row[next(d.line.file for d in sheet.drawings if d.name == name)] for name in on.names]
        credit = credit_of(art, garments, self.sources, band=self.band, hand=on.hand, hands=hands)
        size = (int(art.rgba.shape[0]), int(art.rgba.shape[1]))
        colours = self._colours(on.board, look)
        self.deliver(look, MadeLook(layers=layers.stack, size=size, credit=credit.map, figure=credit.figure, palette=colours))

    def _shares(self, part: Piece) -> Mapping[int, Fraction]:
        if part.swatch is None:
            return {}
        cloth = self.row[self.job.sheet.swatch(part.swatch).source]
        if part.dye is None:
            return {cloth: Fraction(1)}
        palette = next(p for p in self.job.sheet.palettes if p.name == part.dye[0])  # its own colours are the designer's, as the drawing is
        of = self.row[palette.picture.file] if palette.picture is not None else 0
        return {cloth: Fraction(1)} if of == cloth else {cloth: Fraction(1, 2), of: Fraction(1, 2)}

    def _colours(self, board: Board, look: BoardLook) -> list[Rgb]:
        """The colours of what is worn, the largest of each cloth first, each once."""
        seen = [board.colours(p.swatch, p.dye) for p in look.pieces if p.swatch is not None]
        codes = [tuple(c) for light in seen for c in display(light[None].copy(), LIGHT)[0].tolist()]
        codes += [p.colour for p in look.pieces if p.colour is not None]
        return list(dict.fromkeys(codes))


def _wear(part: Piece) -> Wear:
    colour = linear(part.colour) if part.colour is not None else None
    return Wear(
        parts=part.parts, garment=part.garment, cloth=part.swatch, colour=colour, scale=part.scale, angle_deg=part.angle_deg,
        offset_cm=part.offset_cm, follow=part.follow, seams=part.seams, dye=part.dye,
    )  # fmt: skip
