"""Hand plate frames out to be painted on. They leave through the same gate as everything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bottega.footage import Mark, working_space, write_png16
from bottega.footage import hand_out as codes_for
from bottega.model import Shot, UsageError

from .looking import looking
from .pictures import Pictures
from .run import House

JOB = "handout"


def hand_out(house: House, shot: Shot, frames: Sequence[int], *, to: Path) -> list[Path]:
    """Write `SHOT.NNNN.png`, 16-bit in the show's key colour space, for each frame. Never overwrites a painting.

    Raises UsageError for a frame that the plate lacks or a file that is there already; ConsentError when the gate refuses.
    """
    stray = [n for n in frames if n not in shot.frames or n in shot.holes]
    if stray or not frames:
        raise UsageError(
            f"frames {stray or 'none'}: shot {shot.code} has {shot.frames}" + (f" without {list(shot.holes)}" if shot.holes else "")
        )
    targets = {n: to / f"{shot.code}.{n}.png" for n in frames}
    there = [p.name for p in targets.values() if p.exists()]
    if there:
        raise UsageError(f"{there[0]} is there already and may be painted on: give another folder, or move it")
    plate = house.folder.exemplar(shot.plate)
    right = looking(house, shot, plate, job=JOB)
    working = working_space(shot.colour, house.show.working_colour)
    pictures = Pictures(plate, right, root=house.folder.root, working=working, default_colour=shot.colour)
    mark = Mark.of_copy(house.show.show_id, plate.digest)
    try:
        to.mkdir(parents=True, exist_ok=True)
        for n, path in targets.items():
            write_png16(path, codes_for(pictures.read(n), key_colour=house.show.key_colour), mark=mark, key_colour=house.show.key_colour)
    except OSError as problem:
        raise UsageError(f"{to.name} cannot be written: {problem.strerror}") from problem
    finally:
        pictures.close()
    return list(targets.values())
