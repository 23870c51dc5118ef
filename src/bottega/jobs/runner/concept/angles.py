"""Make the cards of a set board: each other angle of a room in the hand of the painted one, of the painting's own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.concept_room import Guides, Painted, Room, RoomSettings, paint, room_of
from bottega.model import UsageError

from .carding import thumb
from .gathering import gathered
from .inputs import line_art
from .job import ConceptJob
from .looks import BoardLook
from .making import OPEN_UNITS, Bench, CardMaker
from .opened import Floats, Opened, Opener
from .stated import AngleSheet, PictureName, SetSheet


@dataclass(frozen=True, eq=False, kw_only=True)
class SetInputs:
    """A set board's angles by name. `painting` is the painted angle's picture; `lines` (H, W, 4) uint8 the drawings of the others."""

    rooms: dict[str, Room]
    painting: Opened
    lines: dict[str, NDArray[np.uint8]]


def open_set(job: ConceptJob, opener: Opener) -> SetInputs:
    """Open everything that a set board reads. Raises ConsentError, FootageError, UsageError."""
    sheet = room_sheet(job)
    rooms, lines, painting = {}, {}, None
    for angle in sheet.angles:

        def opened(picture: PictureName) -> Opened:
            return opener.read(picture, job.exemplar(picture))

        line = opened(angle.line)
        paint_of = opened(angle.painted) if angle.painted is not None else None
        painting = paint_of or painting
        lines[angle.name] = line_art(line).rgba
        try:
            rooms[angle.name] = _room(sheet, angle, line=lines[angle.name], opened=[opened(p) for p in _guides(angle)], painted=paint_of)
        except ValueError as problem:
            raise UsageError(f"angle {angle.name!r}: {problem}") from problem
    if painting is None:
        raise UsageError(f"board {job.shot.code} has no painted angle")
    return SetInputs(rooms=rooms, painting=painting, lines=lines)


def room_sheet(job: ConceptJob) -> SetSheet:
    """The room of a job's sheet. Raises UsageError where it is no set board."""
    if job.sheet.room is None:
        raise UsageError(f"board {job.shot.code} is no set")
    return job.sheet.room


def _guides(angle: AngleSheet) -> list[PictureName]:
    return [angle.flats, angle.normal, angle.depth, angle.shade]


def _room(sheet: SetSheet, angle: AngleSheet, *, line: NDArray[np.uint8], opened: list[Opened], painted: Opened | None) -> Room:
    flats, normal, depth, shade = opened
    for picture in (*opened, *([painted] if painted is not None else [])):
        if picture.size != line.shape[:2]:
            given, wanted = f"{picture.size[1]}x{picture.size[0]}", f"{line.shape[1]}x{line.shape[0]}"
            raise ValueError(f"{picture.where} is {given}, its line is {wanted}: all pictures of an angle have one size")
    guides = Guides(
        flats=flats.eight(), normal=normal.numbers(), depth=_one(depth), shade=_one(shade),
        line=line[..., 3].astype(np.float32) / np.float32(255), painted=None if painted is None else painted.light(),
    )  # fmt: skip
    return room_of(guides, labels=sheet.labels, depth_m=angle.depth_m, to_world=angle.to_world)


def _one(picture: Opened) -> Floats:
    return np.ascontiguousarray(picture.numbers()[..., 0])


class SetMaker(CardMaker):
    """Makes the cards of a set board."""

    def __init__(self, bench: Bench, inputs: SetInputs) -> None:
        shown = thumb(inputs.painting.light(), bench.band)
        super().__init__(bench, thumbs={"the painting": shown})
        self._inputs, self._sheet = inputs, room_sheet(bench.job)
        self._key = next(a for a in self._sheet.angles if a.painted is not None)

    def run(self, *, threads: int) -> None:
        """Paint every other angle. Raises UsageError for what the engine refuses, ConsentError, FootageError."""
        self.bench.progress.advance("open", units=OPEN_UNITS)
        names = list(self._sheet.labels)
        pairs = tuple((names.index(a), names.index(b)) for a, b in self._sheet.stand_ins.items())
        for look in self.job.looks:
            if self.found(look.number):
                continue
            self.bench.right.check()
            try:
                settings = RoomSettings(stand_ins=pairs, missing=self._sheet.missing, seed=self.job.request.seed + 1)
                rooms = self._inputs.rooms
                made = paint(rooms[self._key.name], rooms[look.name], settings=settings, threads=threads, cancelled=self.stopped.is_set)
            except ValueError as problem:
                raise UsageError(f"angle {look.name!r}: {problem}") from problem
            notes = [f"{look.name}: {names[a]} is not in the painting, it is painted like {names[b]}" for a, b in made.stand_ins]
            self._card(look, made, notes)

    def _card(self, look: BoardLook, made: Painted, notes: list[str]) -> None:
        of = self.row[self._key.painted.file] if self._key.painted is not None else 0
        rows = np.full(made.positions.shape[:2], of)
        self.deliver(
            look, gathered(self, self._inputs.painting, made.positions, rows=rows, line=self._inputs.lines[look.name], notes=notes)
        )
