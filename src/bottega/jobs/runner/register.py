"""Bring pictures into a show: hash them, say whose they are, put that on record. Nothing is decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bottega.footage import colour_of, describe, find, seal
from bottega.model import Exemplar, FrameRange, Licence, Role, Shot, Show, UsageError, code
from bottega.rights import Ledger

from .showfolder import ShowFolder

Watch = Callable[[int, int], None]


def add_exemplar(
    folder: ShowFolder, ledger: Ledger, path: Path, *, role: Role, author_id: str, licence: Licence, colour: str | None = None
) -> Exemplar:
    """Seal one painted or licensed picture, keep a copy of it, and record whose it is. The same bytes twice are one record."""
    sealed = seal(find(path), role=role, colour=colour)
    record = Exemplar.from_json(sealed.to_json() | {"author_id": author_id, "licence_id": licence.licence_id})
    kept = folder.keep(record, copy=True)
    ledger.append("exemplar.registered", _entry(kept))
    return kept


def add_shot(
    folder: ShowFolder,
    ledger: Ledger,
    show: Show,
    name: str,
    *,
    plate: Path,
    licence: Licence,
    colour: str | None = None,
    first_frame: int | None = None,
    allow_holes: bool = False,
    watch: Watch | None = None,
) -> Shot:
    """Register a shot by its plate: hash every frame, read the headers, settle the colour space.

    Raises UsageError for an unknown colour space or a hole in the sequence, FootageError for unreadable files.
    """
    code(name, "shot code")
    source = find(plate, first_frame=first_frame if first_frame is not None else show.first_frame)
    sealed = seal(source, role=Role.PLATE, colour=colour, progress=watch)
    described = describe(sealed)
    space = colour_of(colour, described, default=None)
    numbers = described.numbers
    frames = FrameRange(first=numbers[0], last=numbers[-1])
    holes = tuple(sorted(set(frames) - set(numbers)))
    if holes and not allow_holes:
        raise UsageError(
            f"the plate of {name} lacks {len(holes)} frame{'s' * (len(holes) > 1)} of {frames}, the first is {holes[0]}: "
            "bring the missing ones, or register the holes with --allow-holes (they stay holes, no frame is held)"
        )
    record = Exemplar.from_json(sealed.to_json() | {"colour": space, "licence_id": licence.licence_id})
    kept = folder.keep(record, copy=False)
    shot = Shot(code=name, plate=kept.digest, frames=frames, colour=space, width=described.width, height=described.height, holes=holes)
    ledger.append("exemplar.registered", _entry(kept))
    ledger.append("shot.registered", {"shot": name, "plate": kept.digest, "frames": str(frames), "holes": list(holes)})
    folder.write_shot(shot)
    return shot


def record_mattes(ledger: Ledger, mattes: tuple[Exemplar, ...], *, licence_id: str, known: Callable[[str], bool]) -> None:
    """Put the mattes of a job on record before the gate is asked. They steer where a repair acts; none of their pixels is seen."""
    for matte in mattes:
        if not known(matte.digest):
            ledger.append("exemplar.registered", _entry(Exemplar.from_json(matte.to_json() | {"licence_id": licence_id})))


def _entry(exemplar: Exemplar) -> dict[str, object]:
    return {
        "digest": exemplar.digest,
        "role": exemplar.role.value,
        "files": len(exemplar.files),
        "author_id": exemplar.author_id,
        "licence_id": exemplar.licence_id,
        "colour": exemplar.colour,
    }
