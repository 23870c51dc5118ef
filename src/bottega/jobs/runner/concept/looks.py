"""The looks of a board before anything is made: what each wears, and what its card is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .stated import CLOTH, NONE, BoardSheet, LookSheet, PartSheet, Rgb


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Parts that are of one cloth in one look. `garment` are all parts that the sheet cuts from one cloth: they are laid together.

    `dye` is a palette and which of its colours the cloth's main one becomes.
    """

    parts: tuple[str, ...]
    garment: tuple[str, ...]
    swatch: str | None
    colour: Rgb | None
    scale: float
    angle_deg: float
    offset_cm: tuple[float, float]
    follow: float
    seams: bool
    dye: tuple[str, int | None] | None = None


@dataclass(frozen=True, kw_only=True)
class BoardLook:
    """A look by its number. `swatches` are those that it is made of, or may be, where that is not settled yet.

    `lineage` says in words what it came from and what is another than there; `choices` say the same for the next board.
    """

    number: int
    name: str
    pieces: tuple[Piece, ...]
    swatches: frozenset[str]
    lineage: tuple[str, ...] = ()
    drawings: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)


def looks_of(sheet: BoardSheet) -> tuple[BoardLook, ...]:
    """The looks of a sheet, as far as the sheet alone says: those it lists, the one that its parts are, or as many as vary."""
    if sheet.room is not None:
        others = [a.name for a in sheet.room.angles if a.painted is None]
        return tuple(BoardLook(number=i, name=name, pieces=(), swatches=frozenset()) for i, name in enumerate(others, 1))
    if sheet.painting is not None:
        frames = [f.name for f in sheet.painting.frames]
        return tuple(BoardLook(number=i, name=name, pieces=(), swatches=frozenset()) for i, name in enumerate(frames, 1))
    if sheet.looks:
        return tuple(_listed(sheet, look, number) for number, look in enumerate(sheet.looks, 1))
    if sheet.vary is not None and sheet.vary.axis != NONE:
        named = {p.swatch for p in sheet.parts if p.swatch} | set(sheet.vary.pins.values())
        among = frozenset(named | set(sheet.vary.swatches if sheet.vary.axis == CLOTH else ()))
        return tuple(BoardLook(number=i, name=f"look {i}", pieces=(), swatches=among) for i in range(1, sheet.vary.count + 1))
    return (look_of(1, sheet.title, pieces_of(sheet.parts, {})),)


def look_of(number: int, name: str, pieces: tuple[Piece, ...], *, lineage: tuple[str, ...] = ()) -> BoardLook:
    """A look that is settled."""
    swatches = frozenset(p.swatch for p in pieces if p.swatch is not None)
    return BoardLook(number=number, name=name, pieces=pieces, swatches=swatches, lineage=lineage)


def _listed(sheet: BoardSheet, look: LookSheet, number: int) -> BoardLook:
    changed = [f"{part} in {swatch}" for part, swatch in look.wear.items()] + ([f"palette {look.palette}"] if look.palette else [])
    changed += [f"{part} of {drawing}" for part, drawing in look.drawings.items()]
    lineage = (f"the sheet's parts, with {', '.join(changed)}",) if changed else ()
    pieces, lock = pieces_of(sheet.parts, look.wear), sheet.vary.lock if sheet.vary is not None else ()
    if look.palette is not None:
        free = [p.swatch is not None and not set(p.parts) & set(lock) for p in pieces]
        pieces = tuple(replace(p, dye=(look.palette, None)) if f else p for p, f in zip(pieces, free, strict=True))
    return replace(look_of(number, look.name, pieces, lineage=lineage), drawings=look.drawings)


def pieces_of(parts: tuple[PartSheet, ...], wear: Mapping[str, str]) -> tuple[Piece, ...]:
    """The pieces of a sheet's parts, some of them in other swatches: a garment comes apart where its parts are of two cloths."""
    out: list[Piece] = []
    for part in parts:
        groups: dict[str | None, list[str]] = {}
        for name in part.parts:
            groups.setdefault(wear.get(name, part.swatch), []).append(name)
        out += [replace(_whole(part), parts=tuple(names), swatch=swatch) for swatch, names in groups.items()]
    return tuple(out)


def _whole(part: PartSheet) -> Piece:
    return Piece(
        parts=part.parts, garment=part.parts, swatch=part.swatch, colour=part.colour, scale=part.scale, angle_deg=part.angle_deg,
        offset_cm=part.offset_cm, follow=part.follow, seams=part.seams,
    )  # fmt: skip
