"""A sheet as `take.json` keeps it, and read back. Every picture is named by its digest: the names of files stay out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any

from bottega.model import UsageError

from .stated import (
    AngleSheet,
    BoardSheet,
    DrawingSheet,
    FigureSheet,
    FrameSheet,
    LookSheet,
    PaintedSheet,
    PaintingSheet,
    PaletteSheet,
    PartSheet,
    PictureName,
    SetSheet,
    SwatchSheet,
    VarySheet,
)


def pictures_of(sheet: BoardSheet) -> tuple[PictureName, ...]:
    """All pictures that a sheet names, each once, the drawing first."""
    line = line_of(sheet)
    return tuple(dict.fromkeys((line, *_pictures(sheet))))


def models_of(sheet: BoardSheet) -> tuple[str, ...]:
    """The folders of all models that a sheet names, each once."""
    return tuple(dict.fromkeys(s.painted.model for s in sheet.swatches if s.painted is not None))


def line_of(sheet: BoardSheet) -> PictureName:
    """The drawing that the board stands on: the croquis, or the line of the painted angle."""
    if sheet.room is not None:
        return next(a.line for a in sheet.room.angles if a.painted is not None)
    if sheet.painting is not None:
        return sheet.painting.picture
    if sheet.figure is None:
        raise UsageError(f"board {sheet.board} has neither a figure nor a set")
    return sheet.figure.line


def _pictures(value: Any) -> Iterator[PictureName]:
    if isinstance(value, PictureName):
        yield value
    elif is_dataclass(value):
        for f in fields(value):
            yield from _pictures(getattr(value, f.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _pictures(one)


def by_digest(sheet: BoardSheet, digests: Mapping[str, str]) -> BoardSheet:
    """The sheet with every picture's file, and every model's folder, replaced by its digest."""
    named: BoardSheet = _renamed(sheet, digests)
    return named


def _renamed(value: Any, digests: Mapping[str, str]) -> Any:
    if isinstance(value, PictureName):
        return replace(value, file=digests[value.file])
    if isinstance(value, PaintedSheet):
        return replace(value, model=digests[value.model])
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _renamed(getattr(value, f.name), digests) for f in fields(value)})
    if isinstance(value, tuple):
        return tuple(_renamed(one, digests) for one in value)
    return value


def sheet_json(sheet: BoardSheet) -> dict[str, Any]:
    """A sheet whose pictures are named by digest, as JSON values."""
    return asdict(sheet)


def sheet_of(data: Mapping[str, Any]) -> BoardSheet:
    """A sheet as `sheet_json` wrote it."""
    told = dict(data)
    return BoardSheet(
        **told
        | {
            "paper": _rgb(told["paper"]),
            "figure": told["figure"] and _figure(told["figure"]),
            "swatches": tuple(_swatch(s) for s in told["swatches"]),
            "parts": tuple(_part(p) for p in told["parts"]),
            "palettes": tuple(_palette(p) for p in told["palettes"]),
            "vary": told["vary"] and _vary(told["vary"]),
            "looks": tuple(LookSheet(**look) for look in told["looks"]),
            "drawings": tuple(_drawing(d) for d in told["drawings"]),
            "room": told["room"] and _room(told["room"]),
            "painting": told["painting"] and _painting(told["painting"]),
        }
    )


def _picture(told: Mapping[str, Any] | None) -> PictureName | None:
    return PictureName(**told) if told else None


def _rgb(told: Any) -> Any:
    return None if told is None else tuple(told)


def _labels(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _rgb(colour) for name, colour in told.items()}


def _tupled(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}


def _figure(told: Mapping[str, Any]) -> FigureSheet:
    named = {key: _picture(told[key]) for key in ("line", "flats", "shade", "folds")}
    dabs = {name: tuple((x, y) for x, y in places) for name, places in told["dabs"].items()}
    return FigureSheet(**dict(told) | named | {"labels": _labels(told["labels"]), "dabs": dabs})


def _drawing(told: Mapping[str, Any]) -> DrawingSheet:
    return DrawingSheet(**dict(told) | {key: _picture(told[key]) for key in ("line", "flats", "shade", "folds")})


def _swatch(told: Mapping[str, Any]) -> SwatchSheet:
    corners = told["corners_px"] and tuple((x, y) for x, y in told["corners_px"])
    painted = PaintedSheet(**_tupled(told["painted"])) if told.get("painted") else None
    return SwatchSheet(**_tupled(told) | {"picture": _picture(told["picture"]), "corners_px": corners, "painted": painted})


def _part(told: Mapping[str, Any]) -> PartSheet:
    return PartSheet(**_tupled(told))


def _palette(told: Mapping[str, Any]) -> PaletteSheet:
    colours = tuple(_rgb(c) for c in told["colours"])
    return PaletteSheet(name=told["name"], colours=colours, picture=_picture(told["picture"]))


def _vary(told: Mapping[str, Any]) -> VarySheet:
    return VarySheet(**_tupled(told) | {"offsets": tuple((x, y) for x, y in told["offsets"])})


def _room(told: Mapping[str, Any]) -> SetSheet:
    return SetSheet(**dict(told) | {"labels": _labels(told["labels"]), "angles": tuple(_angle(a) for a in told["angles"])})


def _painting(told: Mapping[str, Any]) -> PaintingSheet:
    frames = tuple(FrameSheet(**_tupled(f) | {"flats": _picture(f["flats"])}) for f in told["frames"])
    named = {key: _picture(told[key]) for key in ("picture", "avoid", "flats")}
    return PaintingSheet(**dict(told) | named | {"labels": _labels(told["labels"]), "frames": frames})


def _angle(told: Mapping[str, Any]) -> AngleSheet:
    named = {key: _picture(told[key]) for key in ("line", "flats", "shade", "normal", "depth", "painted")}
    rows = told["to_world"] and tuple(tuple(row) for row in told["to_world"])
    return AngleSheet(**dict(told) | named | {"to_world": rows})
