"""A contact sheet of a plate's faces: every box with its track, and whose it is by pseudonym or kind, never by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Mark, display, marked, working_space, write_sheet
from bottega.model import FaceBox, FaceTrack, Shot, UsageError
from bottega.rights import PlateFaces, State
from bottega.rights.record.faces import faces_of

from .looking import looking
from .pictures import Pictures
from .views import small

if TYPE_CHECKING:
    from .run import House

JOB = "faces"
SPREAD, MOST_FRAMES, A_ROW = 4, 24, 4
COLOURS = {
    "performer": (80, 220, 100),
    "double": (240, 160, 40),
    "bystander": (90, 160, 255),
    "reflection": (220, 110, 240),
    "depiction": (255, 220, 60),
    "lookalike": (255, 90, 90),
    "object": (170, 120, 80),
    "nothing": (140, 140, 140),
}
FOUND = (255, 255, 255)


def face_sheet(house: House, shot: Shot, *, to: Path) -> list[int]:
    """Write the sheet as a PNG and give the frames on it: some spread over the shot, and those where a track or detection begins.

    Raises UsageError for a file that is there already, ConsentError when the gate refuses.
    """
    if to.exists():
        raise UsageError(f"{to.name} is there already: give another file, or move it")
    known = faces_of(State.of(house.ledger), shot.plate)
    plate = house.folder.exemplar(shot.plate)
    numbers = frames_to_show(shot, known)
    right = looking(house, shot, plate, job=JOB)
    working = working_space(shot.colour, house.show.working_colour)
    pictures = Pictures(plate, right, root=house.folder.root, working=working, default_colour=shot.colour)
    try:
        cells = [(str(n), _picture(pictures, n, known)) for n in numbers]
        to.parent.mkdir(parents=True, exist_ok=True)
        write_sheet(to, [cells[i : i + A_ROW] for i in range(0, len(cells), A_ROW)], mark=Mark.of_copy(house.show.show_id, plate.digest))
    except OSError as problem:
        raise UsageError(f"{to.name} cannot be written: {problem.strerror}") from problem
    finally:
        pictures.close()
    return numbers


def frames_to_show(shot: Shot, known: PlateFaces) -> list[int]:
    """At most `MOST_FRAMES`: spread over the shot, then where tracks begin, turn and end and where detectors found something."""
    there = [n for n in shot.frames if n not in shot.holes]
    spread = [there[round(i * (len(there) - 1) / (SPREAD - 1))] for i in range(SPREAD)]
    marks = [n for t in known.tracks.values() for n in (t.frames.first, t.frames.last, *(b.frame for b in t.boxes))]
    marks += [b.frame for d in known.detections.values() for b in d.boxes]
    wanted = dict.fromkeys(n for n in (*spread, *marks) if n in set(there))
    return sorted(list(wanted)[:MOST_FRAMES])


def _picture(pictures: Pictures, number: int, known: PlateFaces) -> NDArray[np.uint8]:
    frame = pictures.read(number)
    whole = display(np.ascontiguousarray(frame.rgb[frame.display.inside(frame.canvas)]), frame.working or "")
    shrunk = small(whole)
    scale = shrunk.shape[1] / whole.shape[1]
    found = [b for d in known.detections.values() for b in d.boxes if b.frame == number]
    boxes = [("", _scaled(b, scale), FOUND) for b in found]
    tracks = [(t, box) for t in known.tracks.values() if (box := t.box_at(number)) is not None]
    boxes += [(_label(t), _scaled(box, scale), COLOURS[t.kind.value]) for t, box in tracks]
    return marked(shrunk, boxes)


def _scaled(box: FaceBox, scale: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom in the shrunk picture."""
    edges = (box.x, box.y, box.x + box.width, box.y + box.height)
    left, top, right, bottom = (round(v * scale) for v in edges)
    return left, top, right, bottom


def _label(track: FaceTrack) -> str:
    kind = () if track.track_id.startswith(track.kind.value) else (track.kind.value,)
    return " ".join((track.track_id, *kind, *track.people()))
