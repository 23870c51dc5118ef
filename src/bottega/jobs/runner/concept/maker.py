"""Make the cards of a board one after another: dressed, layered, credited, delivered; what is there already is found again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import Tally, palette_for, picture
from bottega.footage import Band, BoardDelivery, Box, CardOut, LookOut
from bottega.jobs.recipes.concept import Board, Wear, board_of
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.progress import Progress
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import Exemplar, Output, UsageError

from .carding import Cards, NameOf, chips, labels_of, thumb
from .crediting import credit_of, sources_of
from .inputs import CostumeInputs
from .job import ConceptJob
from .layering import layers_of
from .looks import BoardLook, Piece
from .opened import Opened

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

    def run(self, *, threads: int) -> None:
        """Make every card. Raises what a card raised; what was finished by then stays and is found again."""
        todo = [look for look in self.job.looks if not self._found(look.number)]
        if not todo:
            self._progress.advance("open", units=OPEN_UNITS)
            return
        try:
            board = board_of(self.inputs.figure, self.inputs.swatches, paper=linear(self.job.sheet.paper))
            self._progress.advance("open", units=OPEN_UNITS)
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
        with ThreadPoolExecutor(max(1, threads), thread_name_prefix="card") as pool:
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
        whole, colours = out.picture(), chips(layers.stack)
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
        return {self._row[self.job.sheet.swatch(part.swatch).picture.file]: Fraction(1)}

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


def linear(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """An sRGB colour, 0 to 255, as light."""
    codes = np.array([[colour]], np.uint8)
    red, green, blue = Opened(codes=codes, alpha=None, colour="srgb_tx", where="", plain=False).light()[0, 0].tolist()
    return red, green, blue


def _wear(part: Piece) -> Wear:
    colour = linear(part.colour) if part.colour is not None else None
    return Wear(
        parts=part.parts, garment=part.garment, cloth=part.swatch, colour=colour, scale=part.scale, angle_deg=part.angle_deg,
        offset_cm=part.offset_cm, follow=part.follow, seams=part.seams,
    )  # fmt: skip
