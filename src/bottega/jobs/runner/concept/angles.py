"""Make the cards of a set board: each other angle of a room in the hand of the painted one, of the painting's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bottega.attribution import CreditMap
from bottega.footage import Box, PaintLayer, layer_of
from bottega.jobs.recipes.concept_room import Guides, Painted, Room, RoomSettings, paint, room_of
from bottega.model import UsageError

from .carding import thumb
from .inputs import line_art
from .job import ConceptJob
from .layering import mark_of, without
from .looks import BoardLook
from .making import OPEN_UNITS, Bench, CardMaker, MadeLook
from .opened import Floats, Opened, Opener
from .stated import AngleSheet, PictureName, SetSheet

PAINTED, LINE = "painted", "line"
_COPIED, _BLENDED, _WHOLE = 1, 2, 65536


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
        x, y = made.positions[..., 0], made.positions[..., 1]
        picture = self._inputs.painting.eight()[y, x]
        size = (int(x.shape[0]), int(x.shape[1]))
        window = Box(0, 0, size[1], size[0])
        opaque = np.dstack([picture, np.full(size, 255, np.uint8)])
        layers: list[PaintLayer] = [layer_of(PAINTED, without(opaque, self.band))]
        layers.append(layer_of(LINE, without(self._inputs.lines[look.name], self.band), visible=False))
        if self.band is not None:
            layers.append(mark_of(self.band, size))
        of = self.row[self._key.painted.file] if self._key.painted is not None else 0
        parts = np.zeros((len(self.sources), *size), np.uint32)
        parts[of] = _WHOLE
        copied = np.full(size, self._inputs.painting.copyable())
        if self.band is not None:
            where = self.band.box(window).inside(window)
            parts[(slice(None), *where)], copied[where] = 0, False
            parts[(-1, *where)] = _WHOLE
        claim = np.where(copied, _COPIED, _BLENDED).astype(np.uint8)
        credit = CreditMap(claim, parts, x.astype(np.uint32) * copied, y.astype(np.uint32) * copied, self.sources)
        shares = [Fraction(int(p.sum(dtype=np.uint64)), _WHOLE * size[0] * size[1]) for p in parts]
        self.deliver(look, MadeLook(layers=layers, size=size, credit=credit, figure=shares, palette=_main_colours(picture), notes=notes))


def _main_colours(picture: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    """The eight most frequent colours in cells of 32 codes, each by its mean."""
    cells = (picture >> 5).reshape(-1, 3).astype(np.int64) @ np.array([64, 8, 1])
    many = np.bincount(cells, minlength=512)
    sums = [np.bincount(cells, weights=picture[..., c].ravel(), minlength=512) for c in range(3)]
    top = np.argsort(-many, kind="stable")[:8]
    return [(round(sums[0][i] / many[i]), round(sums[1][i] / many[i]), round(sums[2][i] / many[i])) for i in top if many[i]]
