"""Which recorded faces a job's edit may touch, measured on its matte before the gate is asked about the job."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from bottega.footage import Box, as_matte, describe
from bottega.model import FaceBox
from bottega.rights import PlateFaces, State
from bottega.rights.record.faces import detected_name, faces_of

from .looking import looking
from .opening import check_size
from .pictures import Pictures
from .request import Resolved

if TYPE_CHECKING:
    from .run import House

JOB = "measure"
BAND_SIGMAS = 3.0


def with_faces(house: House, job: Resolved) -> Resolved:
    """The job with the faces that its edit may touch stated in its use.

    A face is touched where the matte, on any frame, is above 0 inside the face's box and a margin of `reach_px`. Outside its matte
    a job changes no pixel, and regions only weaken or strengthen it inside. The matte is read under a clearance of its own: it
    is an artist's work and shows nobody. A job without a matte, whose matte follows from the keys, is not measured: every face
    counts as touched. A plate without recorded faces has nothing to measure.
    """
    known = faces_of(State.of(house.ledger), job.plate.digest)
    if job.matte is None or not (known.tracks or known.detections):
        return job
    touched = tuple(sorted(_touched(house, job, known)))
    return replace(job, use=replace(job.use, tracks_touched=touched, faces_measured=known.digest))


def reach_px(job: Resolved) -> int:
    """How far from a changed pixel the engine looks for tone: the width of its low band. It changes nothing outside the matte."""
    return math.ceil(BAND_SIGMAS * job.request.settings.band_sigma(job.shot.height, job.shot.width))


def _touched(house: House, job: Resolved, known: PlateFaces) -> set[str]:
    assert job.matte is not None  # noqa: S101 - for the type checker: the caller asked
    plate = describe(job.plate, root=house.folder.root)
    right = looking(house, job.shot, job.matte, job=JOB, frames=job.use.frames)
    pictures = Pictures(job.matte, right, root=house.folder.root, working=None)
    found: set[str] = set()
    try:
        check_size("matte", pictures.frames().info.display, plate.display)
        pictures = pictures.on(plate.canvas)
        for number in job.frames:
            boxes = [(name, box) for name, box in _faces_at(known, number) if name not in found]
            if boxes:
                matte = as_matte(pictures.read(number)) > 0
                found |= {
                    name
                    for name, box in boxes
                    if (at := _inside(box.grown(reach_px(job)), plate.display, plate.canvas)) and matte[at].any()
                }
    finally:
        pictures.close()
    return found


def _faces_at(known: PlateFaces, number: int) -> Iterator[tuple[str, FaceBox]]:
    """The tracks and detections on one frame, by the names under which the gate knows them."""
    yield from ((t.track_id, box) for t in known.tracks.values() if (box := t.box_at(number)) is not None)
    for idx, detection in known.detections.items():
        yield from ((detected_name(idx, i), box) for i, box in enumerate(detection.boxes) if box.frame == number)


def _inside(box: FaceBox, display: Box, canvas: Box) -> tuple[slice, slice] | None:
    """Rows and columns of a face's box in an array over the canvas; None outside it."""
    shared = Box(box.x + display.x, box.y + display.y, box.width, box.height).shared(canvas)
    return shared.inside(canvas) if shared else None
