"""The looks of a board before anything is made: what each wears, and what its card is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .stated import BoardSheet, LookSheet, PartSheet


@dataclass(frozen=True, kw_only=True)
class BoardLook:
    """A look by its number: `parts` as in the sheet, with what this look changes; `palette` by name.

    `lineage` says in words what it came from and what is another than there.
    """

    number: int
    name: str
    parts: tuple[PartSheet, ...]
    palette: str | None = None
    lineage: tuple[str, ...] = ()

    @property
    def swatches(self) -> frozenset[str]:
        """The swatches that it is made of."""
        return frozenset(p.swatch for p in self.parts if p.swatch is not None)


def looks_of(sheet: BoardSheet) -> tuple[BoardLook, ...]:
    """The looks of a sheet: those it lists, or the one that its parts are."""
    if sheet.room is not None:
        others = [a.name for a in sheet.room.angles if a.painted is None]
        return tuple(BoardLook(number=i, name=name, parts=()) for i, name in enumerate(others, 1))
    if not sheet.looks:
        return (BoardLook(number=1, name=sheet.title, parts=sheet.parts),)
    return tuple(_listed(sheet, look, number) for number, look in enumerate(sheet.looks, 1))


def _listed(sheet: BoardSheet, look: LookSheet, number: int) -> BoardLook:
    changed = [f"{part} in {swatch}" for part, swatch in look.wear.items()] + ([f"palette {look.palette}"] if look.palette else [])
    return BoardLook(
        number=number,
        name=look.name,
        parts=worn(sheet.parts, look.wear),
        palette=look.palette,
        lineage=(f"the sheet's parts, with {', '.join(changed)}",) if changed else (),
    )


def worn(parts: tuple[PartSheet, ...], wear: Mapping[str, str]) -> tuple[PartSheet, ...]:
    """The parts with other swatches. Parts of one cloth stay one cloth where they change together, and are parted where they do not."""
    out: list[PartSheet] = []
    for part in parts:
        groups: dict[str | None, list[str]] = {}
        for name in part.parts:
            groups.setdefault(wear.get(name, part.swatch), []).append(name)
        out += [replace(part, parts=tuple(names), swatch=swatch) for swatch, names in groups.items()]
    return tuple(out)
