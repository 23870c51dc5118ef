"""Make the cards of a painting in other frames: its own pixels stay, what is new is laid of its strokes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.recipes.concept_room import NumbersSettings, Painted, ReframeSettings, by_numbers, labels_of, put_in_frame
from bottega.model import UsageError

from .carding import thumb
from .gathering import gathered
from .job import ConceptJob
from .making import OPEN_UNITS, Bench, CardMaker
from .opened import Floats, Opened, Opener
from .stated import FrameSheet, PaintingSheet, PictureName

_WHITE = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class FrameInputs:
    """A painting, and (H, W) bool where nothing may be repeated, if anywhere.

    `labels` (H, W) uint8 are what is where in it, `wanted` what shall be where in a frame, by its name.
    """

    painting: Opened
    avoid: NDArray[np.bool_] | None
    labels: NDArray[np.uint8] | None
    wanted: Mapping[str, NDArray[np.uint8]]


def painting_sheet(job: ConceptJob) -> PaintingSheet:
    """The painting of a job's sheet. Raises UsageError where it has none."""
    if job.sheet.painting is None:
        raise UsageError(f"board {job.shot.code} has no painting")
    return job.sheet.painting


def open_painting(job: ConceptJob, opener: Opener) -> FrameInputs:
    """Open what is to be re-framed. Raises ConsentError, FootageError, UsageError."""
    sheet = painting_sheet(job)
    painting, avoid = opener.read(sheet.picture, job.line), None
    share = painting.share()
    if share is not None and (share < 1).any():
        raise UsageError(f"{painting.where} is clear at {int((share < 1).sum())} pixels, allowed is paint all over: crop it")
    if sheet.avoid is not None:
        found = opener.read(sheet.avoid, job.exemplar(sheet.avoid))
        _check(found, painting.size, "the painting")
        avoid = found.numbers().mean(axis=2) > _WHITE

    def read(picture: PictureName, size: tuple[int, int], what: str) -> NDArray[np.uint8]:
        flats = opener.read(picture, job.exemplar(picture))
        _check(flats, size, what)
        try:
            return labels_of(flats.eight(), sheet.labels)
        except ValueError as problem:
            raise UsageError(f"{flats.where}: {problem}") from problem

    labels = None if sheet.flats is None else read(sheet.flats, painting.size, "the painting")
    wanted = {f.name: read(f.flats, (f.height, f.width), f"frame {f.name!r}") for f in sheet.frames if f.flats is not None}
    return FrameInputs(painting=painting, avoid=avoid, labels=labels, wanted=wanted)


def _check(picture: Opened, size: tuple[int, int], what: str) -> None:
    if picture.size != size:
        raise UsageError(f"{picture.where} is {picture.size[1]}x{picture.size[0]}, {what} is {size[1]}x{size[0]}: they lie on each other")


class FrameMaker(CardMaker):
    """Makes the cards of a painting in other frames."""

    def __init__(self, bench: Bench, inputs: FrameInputs) -> None:
        super().__init__(bench, thumbs={"the painting": thumb(inputs.painting.light(), bench.band)})
        self._inputs = inputs

    def run(self, *, threads: int) -> None:
        """Make every frame. Raises UsageError for what the engine refuses, ConsentError, FootageError."""
        self.bench.progress.advance("open", units=OPEN_UNITS)
        light, (height, width) = self._inputs.painting.light(), self._inputs.painting.size
        for look, frame in zip(self.job.looks, painting_sheet(self.job).frames, strict=True):
            if self.found(look.number):
                continue
            self.bench.right.check()
            place = _place(frame, width, height)
            try:
                made = self._numbers(light, frame, threads) if frame.by_numbers else self._reframed(light, frame, place, threads)
            except ValueError as problem:
                raise UsageError(f"frame {look.name!r}: {problem}") from problem
            y, x = np.mgrid[: frame.height, : frame.width]
            own = (y >= place[0]) & (y < place[0] + height) & (x >= place[1]) & (x < place[1] + width) & (not frame.by_numbers)
            self.deliver(look, gathered(self, self._inputs.painting, made.positions, rows=np.where(own, 0, 1)))

    def _reframed(self, light: Floats, frame: FrameSheet, place: tuple[int, int], threads: int) -> Painted:
        how: dict[str, Any] = {"settings": ReframeSettings(seed=self.job.request.seed + 1), "avoid": self._inputs.avoid, "threads": threads}
        if frame.name in self._inputs.wanted:
            how |= {"labels": self._inputs.labels, "wanted": self._inputs.wanted[frame.name]}
        return put_in_frame(light, (frame.height, frame.width), place=place, cancelled=self.stopped.is_set, **how)

    def _numbers(self, light: Floats, frame: FrameSheet, threads: int) -> Painted:
        labels, wanted = self._inputs.labels, self._inputs.wanted[frame.name]
        if labels is None:
            raise ValueError("the painting has no flats")
        settings = NumbersSettings(seed=self.job.request.seed + 1)
        return by_numbers(light, labels, wanted=wanted, settings=settings, threads=threads, cancelled=self.stopped.is_set)


def _place(frame: FrameSheet, width: int, height: int) -> tuple[int, int]:
    """Row and column of the frame where the painting's first pixel lies."""
    if frame.place is not None:
        return frame.place[1], frame.place[0]
    return (frame.height - height) // 2, (frame.width - width) // 2
