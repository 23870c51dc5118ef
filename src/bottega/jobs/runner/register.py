"""Bring pictures into a show: hash them, say whose they are, put that on record. Nothing is decoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bottega.footage import Described, colour_of, describe, find, layers_of, made_by, marks_of, require_known, seal
from bottega.model import Exemplar, FrameRange, Licence, MarkState, Role, Shot, Show, UsageError, code, shown
from bottega.rights import KnownExemplar, Ledger, State
from bottega.rights.reasons import refusal
from bottega.rights.record import registry

from .showfolder import ShowFolder

SHORTEST_DIGEST = 8
Watch = Callable[[int, int], None]


def seal_at(path: Path, *, role: Role, colour: str | None = None, first_frame: int = 1001, watch: Watch | None = None) -> Exemplar:
    """Seal what lies at a path; the record holds absolute paths, whatever folder the user stood in."""
    return seal(find(path.absolute(), first_frame=first_frame), role=role, colour=colour, progress=watch)


def looked_at(sealed: Exemplar, folder: ShowFolder, *, show_id: str) -> Exemplar:
    """A sealed exemplar with all that its headers say: layers, credentials, and which take it comes from.

    Raises ConsentError `unknown_layer` or `tampered_credential` for what can never be used, FootageError for damage.
    """
    layers, marks = layers_of(sealed), marks_of(sealed, anchors=folder.anchors())
    name = shown(Path(sealed.files[0].path).name)
    require_known(layers, sealed.role, name)
    if marks.state is MarkState.INVALID:
        raise refusal("tampered_credential", f"the credentials of {name} do not hold ({', '.join(marks.faults[:4])})")
    return replace(sealed, layers=layers, marks=marks, made_by=made_by(sealed, show_id=show_id))


def add_exemplar(folder: ShowFolder, ledger: Ledger, sealed: Exemplar, *, author_id: str | None, licence_id: str | None) -> Exemplar:
    """Keep a copy of a sealed picture and record whose it is. The same bytes twice are one record."""
    seen = looked_at(sealed, folder, show_id=folder.settings().show_id)
    kept = folder.keep(replace(seen, author_id=author_id, licence_id=licence_id), copy=True)
    registry.register_exemplar(ledger, kept)
    return kept


def add_copy(folder: ShowFolder, ledger: Ledger, sealed: Exemplar, *, same_as: str) -> Exemplar:
    """Register another encoding of a picture on record: re-saved, scaled, graded. It has its original's author and licence, and ends
    with them. That it is the same picture is the word of whoever says so.

    Raises UsageError for an original that is not on record, or is itself.
    """
    source = one_known(State.of(ledger), same_as)
    linked = replace(sealed, derived_from=source.digest)
    return add_exemplar(folder, ledger, linked, author_id=source.author_id, licence_id=source.licence_id)


def one_known(state: State, digest: str) -> KnownExemplar:
    """The picture whose digest begins so. Raises UsageError."""
    found = [known for d, known in state.exemplars.items() if d.startswith(digest)] if len(digest) >= SHORTEST_DIGEST else []
    if len(found) != 1:
        allowed = f"allowed is the digest of one picture on record, {SHORTEST_DIGEST} to 64 digits of it"
        raise UsageError(f"picture {shown(digest)}: {len(found)} on record begin so; {allowed} (`bottega exemplar list`)")
    return found[0]


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
    handles: int = 0,
    watch: Watch | None = None,
    **told: Any,
) -> Shot:
    """Register a shot by its plate: hash every frame, read the headers, settle the colour space.

    `told` are facts that no file says: episode, scene, performed_at.

    Raises UsageError for an unknown colour space or a hole in the sequence, FootageError for unreadable files.
    """
    code(name, "shot code")
    first = first_frame if first_frame is not None else show.first_frame
    sealed = seal_at(plate, role=Role.PLATE, colour=colour, first_frame=first, watch=watch)
    sealed = looked_at(sealed, folder, show_id=show.show_id)
    described = describe(sealed)
    frames, holes = _numbers(sealed, described, first)
    if holes and not allow_holes:
        raise UsageError(
            f"the plate of {name} lacks {len(holes)} frame{'s' * (len(holes) > 1)} of {frames}, the first is {holes[0]}: "
            "bring the missing ones, or register the holes with --allow-holes (they stay holes, no frame is held)"
        )
    space = colour_of(sealed, described)
    kept = folder.keep(replace(sealed, colour=space, licence_id=licence.licence_id), copy=False)
    size = described.canvas
    facts: dict[str, Any] = {"holes": holes, "handle_frames": handles} | told
    shot = Shot(code=name, plate=kept.digest, frames=frames, colour=space, width=size.width, height=size.height, **facts)
    folder.claim_shot(name)
    registry.register_exemplar(ledger, kept)
    registry.register_shot(ledger, shot)
    folder.write_shot(shot)
    return shot


def given_names(exemplar: Exemplar) -> list[str]:
    """What a user called the files of an exemplar, without their folders; of a sequence each name once, whatever its numbers."""
    names = [Path(exemplar.came_from).name] if exemplar.came_from else []
    names += [Path(f.path).name for f in exemplar.files]
    return list({re.sub(r"\d+", "", name): name for name in reversed(names)}.values())


def _numbers(plate: Exemplar, described: Described, first: int) -> tuple[FrameRange, tuple[int, ...]]:
    """The plate's frame range, and which numbers inside it are missing."""
    numbers = [f.frame for f in plate.files if f.frame is not None] or list(range(first, first + (described.frame_count or 1)))
    frames = FrameRange(first=numbers[0], last=numbers[-1])
    return frames, tuple(sorted(set(frames) - set(numbers)))


def record_mattes(ledger: Ledger, mattes: tuple[Exemplar, ...], *, licence_id: str, roles: Mapping[str, Collection[Role]]) -> None:
    """Put the mattes of a job on record before the gate is asked. They steer where a repair acts; none of their pixels is seen.

    `roles` are those of each picture on record. A matte may become a region too; what is on record as a key or a plate keeps its
    author and licence, and the gate refuses it as a matte.
    """
    for matte in mattes:
        known = roles.get(matte.digest, ())
        if matte.role not in known and {Role.MATTE, Role.REGION}.issuperset(known):
            registry.register_exemplar(ledger, replace(matte, licence_id=licence_id))
