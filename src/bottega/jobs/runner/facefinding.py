"""Let a detector look at a shot's plate, under a clearance, and put what it found on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bottega.footage import display, working_space
from bottega.model import Detection, FaceBox, Shot, UsageError
from bottega.rights.record.faces_registry import record_detection

from .detectors import detector
from .looking import looking
from .pictures import Pictures

if TYPE_CHECKING:
    from .run import House

JOB = "faces"


def detect_faces(house: House, shot: Shot, *, name: str, every: int = 1) -> Detection:
    """Show a detector every n-th frame of the plate, and the last, as sRGB; record its boxes, or nothing when it fails.

    Raises UsageError for an unknown detector, JobError when it fails, ConsentError when the gate refuses.
    """
    if every < 1:
        raise UsageError(f"every {every} frames: allowed is 1 or more")
    make = detector(name)
    there = [n for n in shot.frames if n not in shot.holes]
    numbers = sorted({*there[::every], there[-1]})
    boxes: list[FaceBox] = []
    with make() as looker:
        plate = house.folder.exemplar(shot.plate)
        right = looking(house, shot, plate, job=JOB)
        working = working_space(shot.colour, house.show.working_colour)
        pictures = Pictures(plate, right, root=house.folder.root, working=working, default_colour=shot.colour)
        try:
            for number in numbers:
                frame = pictures.read(number)
                shown = display(np.ascontiguousarray(frame.rgb[frame.display.inside(frame.canvas)]), frame.working or "")
                boxes += [_box(number, box) for box in looker.find(shown)]
        finally:
            pictures.close()
        found = Detection(
            plate=shot.plate,
            detector=name,
            detector_version=looker.version,
            frames=tuple(numbers),
            boxes=tuple(boxes),
            settings={str(k): str(v) for k, v in looker.settings.items()},
        )
    record_detection(house.ledger, found)
    return found


def _box(number: int, box: tuple[int, int, int, int]) -> FaceBox:
    x, y, width, height = (int(v) for v in box)  # a plug-in's integers may be numpy's, which no entry takes
    return FaceBox(frame=number, x=x, y=y, width=width, height=height)
