"""Cards of one take, whatever they show: delivered, noted, found again after a stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditMap, Tally, palette_for, picture
from bottega.footage import Band, BoardDelivery, Box, CardOut, LookOut, PaintLayer
from bottega.jobs.runner.passes import Pass
from bottega.jobs.runner.progress import Progress
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import Exemplar, Output, UsageError

from .carding import Cards, NameOf, labels_of
from .crediting import sources_of
from .job import ConceptJob
from .looks import BoardLook

OPEN_UNITS, CARD_UNITS, FINISH_UNITS = 3.0, 1.0, 0.5
Codes = NDArray[np.uint8]
Rgb = tuple[int, int, int]


def work_units(job: ConceptJob) -> float:
    """How much there is to do, for the progress bar."""
    return OPEN_UNITS + (CARD_UNITS + FINISH_UNITS) * len(job.looks)


@dataclass(frozen=True, eq=False, kw_only=True)
class Bench:
    """What every maker works with. `exemplars` are the sources by their records in the show, the drawing first."""

    job: ConceptJob
    folder: TakeFolder
    delivery: BoardDelivery
    right: Pass
    exemplars: tuple[Exemplar, ...]
    name_of: NameOf
    progress: Progress

    @property
    def band(self) -> Band | None:
        """The visible mark that the take carries, if it has to."""
        return Band(self.delivery.take.band.text) if self.delivery.take.band else None


@dataclass(frozen=True, eq=False, kw_only=True)
class MadeLook:
    """A look as it was made: its layers, the lowest first, its size in rows and columns, its credit, its main colours.

    `figure` are the sources' shares of what is drawn, paper aside; `notes` what a designer should know of it.
    """

    layers: Sequence[PaintLayer]
    size: tuple[int, int]
    credit: CreditMap
    figure: Sequence[Fraction]
    palette: Sequence[Rgb]
    notes: Sequence[str] = ()


class CardMaker:
    """Delivers the cards of one take; what is there already, whole and noted, is kept. A maker of one kind says how a look is made."""

    def __init__(self, bench: Bench, *, thumbs: dict[str, Codes], notes: tuple[str, ...] = ()) -> None:
        self.bench, self.job, self.band = bench, bench.job, bench.band
        self.sources = sources_of(bench.exemplars, band=self.band)
        labels = labels_of(self.job, bench.exemplars) + (("visible mark",) if self.band else ())
        take = bench.delivery.take
        self._cards = Cards(job=self.job, take=take, sources=self.sources, labels=labels, thumbs=thumbs, name_of=bench.name_of)
        self.row = {e.digest: i for i, e in enumerate(bench.exemplars)}
        self._scratch, self._lock, self.stopped = bench.folder.scratch(), threading.Lock(), threading.Event()
        self.tally = Tally()
        self.outputs: dict[int, tuple[Output, ...]] = {}
        self._said: dict[int, dict[str, Any]] = {}
        self.notes = notes

    def run(self, *, threads: int) -> None:
        """Make every card. Raises what a card raised; what was finished by then stays and is found again."""
        raise NotImplementedError

    def extra(self) -> list[Output]:
        """Files beside the cards."""
        return []

    def settle(self, looks: tuple[BoardLook, ...]) -> None:
        """From now on the looks are these."""
        self.job = replace(self.job, looks=looks)
        self._cards = replace(self._cards, job=self.job)

    def deliver(self, look: BoardLook, made: MadeLook) -> None:
        """Write a look's files and note them. Raises ConsentError where the gate no longer says yes."""
        shown, window = picture(made.credit, palette=palette_for(self.sources)), Box(0, 0, made.size[1], made.size[0])
        out = LookOut(
            number=look.number, layers=made.layers, size=made.size, credit=made.credit.channels(), manifest=made.credit.manifest(),
            credit_picture=self.band.over(shown, window, window) if self.band else shown,
        )  # fmt: skip
        whole = out.picture()
        card, record = self._cards.card(look, whole, made.palette, made.figure), self._cards.record(look, made.figure, made.palette)
        self.bench.right.check()
        outputs = self.bench.delivery.look(out, whole, resume=True)
        outputs += self.bench.delivery.card(look.number, card, record, resume=True)
        self._scratch.put(f"card-{look.number}", {"picture": whole})
        counted = Tally()
        counted.add(made.credit)
        said = {"palette": [list(c) for c in made.palette], "figure": [str(f) for f in made.figure], "notes": list(made.notes)}
        self._note(look.number, counted, outputs, said)

    def warnings(self) -> tuple[str, ...]:
        """What a designer should know, of the board and then card by card."""
        return (*self.notes, *(note for look in self.job.looks for note in self._said[look.number]["notes"]))

    def cards(self) -> Iterator[CardOut]:
        """All cards in order, with the pictures that were delivered."""
        for look in self.job.looks:
            said = self._said[look.number]
            found = self._scratch.get(f"card-{look.number}")
            if found is None:
                raise UsageError(f"card {look.number} was made and its picture is gone from the take's scratch: run it again")
            shares = [Fraction(text) for text in said["figure"]]
            yield self._cards.card(look, np.asarray(found["picture"], np.uint8), [tuple(c) for c in said["palette"]], shares)

    def found(self, number: int) -> bool:
        """Whether a card is there already; then it counts."""
        note = self.bench.folder.noted_frame(number)
        if note is None or self._scratch.get(f"card-{number}") is None:
            return False
        self.tally.merge(Tally.from_json(note["tally"]))
        self.outputs[number] = tuple(Output.from_json(o) for o in note["outputs"])
        self._said[number] = {what: note[what] for what in ("palette", "figure", "notes")}
        self.bench.progress.advance("make", units=CARD_UNITS, frame=number, found=True)
        return True

    def _note(self, number: int, counted: Tally, outputs: list[Output], said: dict[str, Any]) -> None:
        note = {"outputs": [o.to_json() for o in outputs], "tally": counted.to_json(), "carried": 1.0, "non_finite": 0, **said}
        self.bench.folder.note_frame(number, note)
        with self._lock:
            self.tally.merge(counted)
            self.outputs[number], self._said[number] = tuple(outputs), said
        self.bench.progress.advance("make", units=CARD_UNITS, frame=number)
