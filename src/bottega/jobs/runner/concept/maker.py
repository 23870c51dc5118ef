"""Make the cards of a board one after another: dressed, layered, credited, delivered; what is there already is found again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import Tally, palette_for, picture
from bottega.footage import Band, BoardDelivery, Box, CardOut, LookOut, display
from bottega.jobs.recipes.concept import Board, Wear, board_of
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.progress import Progress
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import Exemplar, Output, UsageError

from .carding import Cards, NameOf, labels_of, thumb
from .crediting import credit_of, sources_of
from .inputs import CostumeInputs, linear
from .job import ConceptJob
from .layering import layers_of
from .looks import BoardLook, Piece
from .opened import LIGHT
from .varying import settled

OPEN_UNITS, CARD_UNITS, FINISH_UNITS = 3.0, 1.0, 0.5
Codes = NDArray[np.uint8]


def work_units(job: ConceptJob) -> float:
    """How much there is to do, for the progress bar."""
    return OPEN_UNITS + (CARD_UNITS + FINISH_UNITS) * len(job.looks)


class CostumeMaker:
    """Makes the cards of one take. `exemplars` are the sources by their records in the show, the drawing first."""

    def __init__(
        self,
        job: ConceptJob,
        inputs: CostumeInputs,
        folder: TakeFolder,
        delivery: BoardDelivery,
        *,
        right: Pass,
        exemplars: tuple[Exemplar, ...],
        name_of: NameOf,
        progress: Progress,
    ) -> None:
        self.job, self.inputs, self._folder, self._delivery, self._right = job, inputs, folder, delivery, right
        self._progress = progress
        take = delivery.take
        self._band = Band(take.band.text) if take.band else None
        self._scratch = folder.scratch()
        self._lock, self._stop = threading.Lock(), threading.Event()
        self.sources = sources_of(exemplars, band=self._band)
        labels = labels_of(job, exemplars) + (("visible mark",) if self._band else ())
        thumbs = {name: thumb(swatch, self._band) for name, swatch in inputs.swatches.items()}
        self._cards = Cards(job=job, take=take, sources=self.sources, labels=labels, thumbs=thumbs, name_of=name_of)
        self._row = {e.digest: i for i, e in enumerate(exemplars)}
        self.tally = Tally()
        self.outputs: dict[int, tuple[Output, ...]] = {}
        self._said: dict[int, dict[str, Any]] = {}
        self.notes: tuple[str, ...] = ()

    def run(self, *, threads: int) -> None:
        """Make every card. Raises what a card raised; what was finished by then stays and is found again."""
        inputs, paper = self.inputs, linear(self.job.sheet.paper)
        try:
            board = board_of(inputs.figure, inputs.swatches, paper=paper, palettes=inputs.palettes)
            chosen = settled(self.job, board)
            self.job, self.notes = replace(self.job, looks=chosen.looks), chosen.notes
            self._cards = replace(self._cards, job=self.job)
            self._progress.advance("open", units=OPEN_UNITS)
            todo = [look for look in self.job.looks if not self._found(look.number)]
            if not todo:
                return
            self._card(board, todo[0])  # it lays what all looks share
            self._others(board, todo[1:], threads)
        except ValueError as problem:
            raise UsageError(f"board {self.job.shot.code}: {problem}") from problem

    def cards(self) -> Iterator[CardOut]:
        """All cards in order, with the pictures that were delivered."""
        for look in self.job.looks:
            said = self._said[look.number]
            found = self._scratch.get(f"card-{look.number}")
            if found is None:
                raise UsageError(f"card {look.number} was made and its picture is gone from the take's scratch: run it again")
            shares = [Fraction(text) for text in said["figure"]]
            yield self._cards.card(look, np.asarray(found["picture"], np.uint8), [tuple(c) for c in said["palette"]], shares)

    def _others(self, board: Board, looks: list[BoardLook], threads: int) -> None:
        if threads == 1:
            for look in looks:
                self._card(board, look)
            return
        with ThreadPoolExecutor(threads, thread_name_prefix="card") as pool:
            waiting: list[Future[None]] = [pool.submit(self._card, board, look) for look in looks]
            try:
                for future in waiting:
                    future.result()
            except BaseException:
                self._stop.set()
                for future in waiting:
                    future.cancel()
                raise

    def _card(self, board: Board, look: BoardLook) -> None:
        if self._stop.is_set():
            return
        self._right.check()
        worn = board.dress([_wear(p) for p in look.pieces])
        dressed = [(f"{' + '.join(p.parts)}: {p.swatch or 'plain'}", pixels) for p, pixels in zip(look.pieces, worn, strict=True)]
        art, sheet = self.inputs.line, self.job.sheet
        layers = layers_of(dressed, art, shade=self.inputs.shade, paper=sheet.paper, band=self._band)
        garments = [(cover, self._shares(p)) for cover, p in zip(layers.covers, look.pieces, strict=True)]
        credit = credit_of(art, garments, self.sources, band=self._band)
        size = (int(art.rgba.shape[0]), int(art.rgba.shape[1]))
        window = Box(0, 0, size[1], size[0])
        shown = picture(credit.map, palette=palette_for(self.sources))
        out = LookOut(
            number=look.number, layers=layers.stack, size=size, credit=credit.map.channels(), manifest=credit.map.manifest(),
            credit_picture=self._band.over(shown, window, window) if self._band else shown,
        )  # fmt: skip
        whole, colours = out.picture(), self._chips(board, look)
        card = self._cards.card(look, whole, colours, credit.figure)
        self._right.check()
        outputs = self._delivery.look(out, whole, resume=True)
        outputs += self._delivery.card(look.number, card, self._cards.record(look, credit.figure, colours), resume=True)
        self._scratch.put(f"card-{look.number}", {"picture": whole})
        counted = Tally()
        counted.add(credit.map)
        self._note(look.number, counted, outputs, {"palette": [list(c) for c in colours], "figure": [str(f) for f in credit.figure]})

    def _shares(self, part: Piece) -> Mapping[int, Fraction]:
        if part.swatch is None:
            return {}
        cloth = self._row[self.job.sheet.swatch(part.swatch).picture.file]
        if part.dye is None:
            return {cloth: Fraction(1)}
        palette = next(p for p in self.job.sheet.palettes if p.name == part.dye[0])  # its own colours are the designer's, as the drawing is
        of = self._row[palette.picture.file] if palette.picture is not None else 0
        return {cloth: Fraction(1)} if of == cloth else {cloth: Fraction(1, 2), of: Fraction(1, 2)}

    def _chips(self, board: Board, look: BoardLook) -> list[tuple[int, int, int]]:
        """The colours of what is worn, the largest of each cloth first, each once."""
        seen = [board.colours(p.swatch, p.dye) for p in look.pieces if p.swatch is not None]
        codes = [tuple(c) for light in seen for c in display(light[None].copy(), LIGHT)[0].tolist()]
        codes += [p.colour for p in look.pieces if p.colour is not None]
        return list(dict.fromkeys(codes))

    def _note(self, number: int, counted: Tally, outputs: list[Output], said: dict[str, Any]) -> None:
        note = {"outputs": [o.to_json() for o in outputs], "tally": counted.to_json(), "carried": 1.0, "non_finite": 0, **said}
        self._folder.note_frame(number, note)
        with self._lock:
            self.tally.merge(counted)
            self.outputs[number], self._said[number] = tuple(outputs), said
        self._progress.advance("make", units=CARD_UNITS, frame=number)

    def _found(self, number: int) -> bool:
        note = self._folder.noted_frame(number)
        if note is None or self._scratch.get(f"card-{number}") is None:
            return False
        self.tally.merge(Tally.from_json(note["tally"]))
        self.outputs[number] = tuple(Output.from_json(o) for o in note["outputs"])
        self._said[number] = {"palette": note["palette"], "figure": note["figure"]}
        self._progress.advance("make", units=CARD_UNITS, frame=number, found=True)
        return True


def _wear(part: Piece) -> Wear:
    colour = linear(part.colour) if part.colour is not None else None
    return Wear(
        parts=part.parts, garment=part.garment, cloth=part.swatch, colour=colour, scale=part.scale, angle_deg=part.angle_deg,
        offset_cm=part.offset_cm, follow=part.follow, seams=part.seams, dye=part.dye,
    )  # fmt: skip
