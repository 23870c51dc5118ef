"""A board as a designer writes it: `board.toml`, read strictly. Nothing is opened here but the sheet itself and a file of labels."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from bottega.jobs.runner.table import TEXT, Table, is_text, read_toml
from bottega.model import UsageError, code, shown

from .painted_sheet import painted_sheet
from .sheet_rooms import bounded, each_once, known, maybe, picture, read_painting, read_room
from .stated import (
    ANY,
    AXES,
    CLOTH,
    COSTUME,
    KINDS,
    NONE,
    ONE_WAY,
    ORNAMENT,
    OWN,
    PAINTING,
    PALETTE,
    SET,
    SILHOUETTE,
    BoardSheet,
    DrawingSheet,
    FigureSheet,
    LookSheet,
    PaletteSheet,
    PartSheet,
    Rgb,
    SwatchSheet,
    VarySheet,
)

MOST_LOOKS, MOST_SWATCHES, MOST_LABELS, MOST_DRAWINGS = 200, 200, 250, 32
FACTS = ("character", "scene", "story_day", "version")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def template(kind: str = COSTUME) -> str:
    """A commented sheet to start from, for a costume or a set. Raises UsageError."""
    if kind not in KINDS:
        raise UsageError(f"template {shown(kind)}: allowed are {', '.join(KINDS)}")
    return files(__package__).joinpath(f"template_{kind}.toml").read_text("utf-8")


def read_board(path: Path) -> BoardSheet:
    """Read `board.toml`. Raises UsageError that names the sheet, the place in it, the value and what is allowed."""
    data, name = read_toml(path)
    return parsed(data, name, folder=path.parent)


def parsed(data: Mapping[str, Any], name: str, *, folder: Path) -> BoardSheet:
    """A sheet's tables, checked one by one, and against each other. `folder` is where a file of labels lies."""
    top = Table(data, sheet=name)
    board = top.table("board")
    kind = board.text("kind", COSTUME, one_of=KINDS)
    head: dict[str, Any] = board.made(
        dict,
        board=code(board.text("code"), "board code"),
        kind=kind,
        title=board.text("title"),
        facts={f: _fact(board, f) for f in FACTS if board.has(f)},
        paper=_colour(board, "paper", "#ffffff"),
    )
    if kind == SET:
        return top.made(BoardSheet, **head, room=read_room(top, lambda t: _labels(t, folder)))
    if kind == PAINTING:
        return top.made(BoardSheet, **head, painting=read_painting(top, lambda t: _labels(t, folder)))
    figure = _figure(top.table("figure"), folder)
    swatches = tuple(_swatch(t) for t in bounded(top, "swatch", MOST_SWATCHES))
    parts = tuple(_part(t, figure, swatches) for t in top.tables("part", least=1))
    palettes = tuple(_palette(t) for t in top.tables("palette"))
    each_once(top, "swatch", [s.name for s in swatches])
    each_once(top, "palette", [p.name for p in palettes])
    each_once(top, "part", [n for p in parts for n in p.parts])
    drawings = tuple(_drawing(t) for t in bounded(top, "drawing", MOST_DRAWINGS))
    each_once(top, "drawing", [d.name for d in drawings])
    drawn = tuple(d.name for d in drawings)
    vary = _vary(top.table("vary"), parts, swatches, palettes, drawn)
    looks = tuple(_look(t, parts, swatches, palettes, drawn) for t in bounded(top, "look", MOST_LOOKS))
    each_once(top, "look", [look.name for look in looks])
    if looks and vary.axis != NONE:
        raise top.error("look", f"there, and vary.axis is {vary.axis} too", "looks that are listed, or one axis to vary along")
    _all_used(top, figure, parts, swatches, (vary, looks))
    costume: dict[str, Any] = {"figure": figure, "swatches": swatches, "parts": parts, "palettes": palettes, "drawings": drawings}
    return top.made(BoardSheet, **head, **costume, vary=vary, looks=looks)


def _fact(t: Table, key: str) -> str:
    """A word for a card; numbers may be written as numbers."""
    return t.text(key) if t.holds_text(key) else str(t.whole(key, low=0, high=10**6))


def _colour(t: Table, key: str, default: str | None = None) -> Rgb:
    text = t.text(key, default) if default else t.text(key)
    if not _HEX.fullmatch(text):
        raise t.error(key, text, "a colour as #rrggbb")
    return rgb_of(text)


def rgb_of(text: str) -> Rgb:
    """`#rrggbb` as numbers 0 to 255."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _figure(t: Table, folder: Path) -> FigureSheet:
    flats = maybe(t, "flats")
    labels = _labels(t, folder) if flats else {}
    dabs = _dabs(t.table("dabs"))
    if flats is None and not dabs:
        raise t.error("flats", ..., "the flats, or [figure.dabs] with places (x, y) in each part of closed line art")
    if flats is not None and dabs:
        raise t.error("dabs", "there, and flats are too", "one of the two")
    background = t.text("background", "background") if flats and (t.has("background") or "background" in labels) else None
    if background is not None and background not in labels:
        raise t.error("background", background, f"one of {', '.join(labels)}")
    return t.made(
        FigureSheet,
        line=picture(t, "line"),
        flats=flats,
        shade=maybe(t, "shade"),
        folds=maybe(t, "folds"),
        labels=labels,
        background=background,
        dabs=dabs,
        height_cm=t.number("height_cm", low=10, high=1000),
        height_px=t.number("height_px", above=0) if t.has("height_px") else None,
    )


def _labels(t: Table, folder: Path) -> dict[str, Rgb]:
    """Colours of the flats by name: a table in the sheet, or a JSON file."""
    if t.holds_text("labels"):
        return read_labels(folder / t.text("labels"))
    inside = t.table("labels")
    found = {name: _colour(inside, name) for name in inside.names()}
    inside.done()
    if not 1 <= len(found) <= MOST_LABELS or len(set(found.values())) != len(found):
        raise t.error(
            "labels", f"of {len(found)} names and {len(set(found.values()))} colours", f"1 to {MOST_LABELS}, each of its own colour"
        )
    return found


def read_labels(path: Path) -> dict[str, Rgb]:
    """Names and colours from JSON: `{"labels": [{"name": "coat", "color": "#5e3e2c"}]}`, or `rgb` as three numbers. Raises UsageError."""
    try:
        rows = json.loads(path.read_text("utf-8"))["labels"]
        found = {str(r["name"]): _rgb(r.get("color", r.get("rgb"))) for r in rows}
        hidden = [name for name in found if not is_text(name)]
        if hidden:
            raise ValueError(f"{shown(hidden[0])} is no {TEXT}")
        if not 1 <= len(rows) <= MOST_LABELS or len(set(found.values())) != len(rows):
            raise ValueError(f"{len(rows)} rows, {len(found)} names, {len(set(found.values()))} colours")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        allowed = '{"labels": [{"name": "coat", "color": "#5e3e2c"}]}, each name and colour once'
        raise UsageError(
            f"labels {shown(path.name)} cannot be read ({type(problem).__name__}: {problem}), allowed is {allowed}"
        ) from problem
    return found


def _rgb(given: Any) -> Rgb:
    if isinstance(given, str) and _HEX.fullmatch(given):
        return rgb_of(given)
    red, green, blue = (int(v) for v in given)
    if not all(0 <= v <= 255 for v in (red, green, blue)):
        raise ValueError(f"colour {given}")
    return red, green, blue


def _dabs(t: Table) -> dict[str, tuple[tuple[float, float], ...]]:
    found = {name: _pairs(t, name, t.numbers(name, None, low=0, high=1e5)) for name in t.names()}
    t.done()
    return found


def _pairs(t: Table, key: str, flat: Sequence[float]) -> tuple[tuple[float, float], ...]:
    if len(flat) % 2:
        raise t.error(key, list(flat), "[x, y], or several: [x, y, x, y]")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def _swatch(t: Table) -> SwatchSheet:
    size = _pair(t, "size_cm")
    repeat = _pair(t, "repeat_cm") if t.has("repeat_cm") else None
    if repeat is not None and (repeat[0] > size[0] or repeat[1] > size[1]):
        raise t.error("repeat_cm", list(repeat), f"at most what is seen of it, {size[0]:g} x {size[1]:g} cm: photograph a whole repeat")
    painted = painted_sheet(t)
    if painted is not None and t.has("file"):
        raise t.error("file", "there, and model is too", "a picture of cloth, or a model to paint one")
    return t.made(
        SwatchSheet,
        name=t.text("name"),
        picture=picture(t, "file") if painted is None else None,
        painted=painted,
        size_cm=size,
        repeat_cm=repeat,
        direction=t.text("direction", ONE_WAY, one_of=(ONE_WAY, ANY)),
        corners_px=t.points("corners_px", 4) if t.has("corners_px") else None,
    )


def _pair(t: Table, key: str) -> tuple[float, float]:
    first, second = t.numbers(key, 2, low=0.01, high=10_000)
    return first, second


def _part(t: Table, figure: FigureSheet, swatches: Sequence[SwatchSheet]) -> PartSheet:
    parts = t.some("parts")
    there = tuple(n for n in (figure.labels or figure.dabs) if n != figure.background)
    for name in parts:
        if name not in there:
            raise t.error("parts", name, f"one of {', '.join(there)}")
    if t.has("swatch") == t.has("colour"):
        raise t.error("swatch", "there, and colour is too" if t.has("swatch") else ..., "a swatch or a colour, one of the two")
    names = tuple(s.name for s in swatches)
    x, y = t.numbers("offset_cm", 2, (0.0, 0.0), low=-1e4, high=1e4)
    return t.made(
        PartSheet,
        parts=parts,
        swatch=t.text("swatch", one_of=names or ("a [[swatch]] of the sheet",)) if t.has("swatch") else None,
        colour=_colour(t, "colour") if t.has("colour") else None,
        scale=t.number("scale", 1.0, low=0.05, high=20),
        angle_deg=t.number("angle_deg", 0.0, low=-360, high=360),
        offset_cm=(x, y),
        follow=t.number("follow", 1.0, low=0, high=1),
        seams=t.truth("seams", default=True),
    )


def _palette(t: Table) -> PaletteSheet:
    texts = t.some("colours", ())
    for text in texts:
        if not _HEX.fullmatch(text):
            raise t.error("colours", text, "colours as #rrggbb")
    picture = maybe(t, "from")
    if bool(texts) == (picture is not None):
        raise t.error("colours", "there, and from is too" if texts else ..., "colours, or a picture to take them from; one of the two")
    return t.made(PaletteSheet, name=t.text("name"), colours=tuple(rgb_of(c) for c in texts), picture=picture)


def _drawing(t: Table) -> DrawingSheet:
    shade, folds = maybe(t, "shade"), maybe(t, "folds")
    return t.made(DrawingSheet, name=t.text("name"), line=picture(t, "line"), flats=picture(t, "flats"), shade=shade, folds=folds)


def _look(
    t: Table,
    parts: Sequence[PartSheet],
    swatches: Sequence[SwatchSheet],
    palettes: Sequence[PaletteSheet],
    drawn: tuple[str, ...],
) -> LookSheet:
    wear, names = t.table("wear"), tuple(s.name for s in swatches)
    dressed = tuple(n for p in parts if p.swatch for n in p.parts)
    found = {n: wear.text(n, one_of=names or ("a [[swatch]] of the sheet",)) for n in known(wear, dressed)}
    wear.done()
    colours = tuple(p.name for p in palettes) or ("a [[palette]] of the sheet",)
    palette = t.text("palette", one_of=colours) if t.has("palette") else None
    swaps, there = t.table("drawings"), tuple(n for p in parts for n in p.parts)
    drawings = {n: swaps.text(n, one_of=drawn or ("a [[drawing]] of the sheet",)) for n in known(swaps, there)}
    swaps.done()
    return t.made(LookSheet, name=t.text("name"), wear=found, palette=palette, drawings=drawings)


def _vary(
    t: Table,
    parts: Sequence[PartSheet],
    swatches: Sequence[SwatchSheet],
    palettes: Sequence[PaletteSheet],
    drawn: tuple[str, ...],
) -> VarySheet:
    axis = t.text("axis", NONE, one_of=AXES)
    dressed = tuple(n for p in parts if p.swatch or axis == SILHOUETTE for n in p.parts)
    names = tuple(s.name for s in swatches)
    colours = tuple(p.name for p in palettes)
    pins, quotas = t.table("pins"), t.table("quotas")
    found = t.made(
        VarySheet,
        axis=axis,
        count=t.whole("count", 1 if axis == NONE else 12, low=1, high=MOST_LOOKS),
        parts=_among(t, "parts", dressed),
        swatches=_among(t, "swatches", names),
        palettes=_among(t, "palettes", colours),
        lock=_among(t, "lock", tuple(n for p in parts for n in p.parts), default=()),
        pins={n: pins.text(n, one_of=names) for n in known(pins, dressed)},
        quotas={n: quotas.number(n, low=0, high=1) for n in known(quotas, colours if axis == PALETTE else names)},
        overlap=t.number("overlap", 0.3, low=0.01, high=1),
        drawings=_among(t, "drawings", (OWN, *drawn)),
        scales=t.numbers("scales", None, (1.0,), low=0.05, high=20),
        angles_deg=t.numbers("angles_deg", None, (0.0,), low=-360, high=360),
        offsets=_pairs(t, "offsets", t.numbers("offsets", None, (0.0, 0.0), low=0, high=1)),
    )
    for inside in (pins, quotas):
        inside.done()
    _check_vary(t, found)
    return found


def _check_vary(t: Table, vary: VarySheet) -> None:
    if vary.axis == CLOTH and not vary.swatches:
        raise t.error("swatches", ..., "the swatches to vary among")
    if vary.axis == PALETTE and not vary.palettes:
        raise t.error("palettes", ..., "the palettes to vary among: give [[palette]] tables")
    if vary.axis == SILHOUETTE and len(vary.drawings) < 2:
        raise t.error("drawings", ..., "drawings to take the parts from: give [[drawing]] tables")
    turns = len(vary.scales) * len(vary.angles_deg) * len(vary.offsets)
    if vary.axis == ORNAMENT and turns < 2:
        raise t.error("scales", ..., "scales, angles_deg or offsets of the ornament to vary among, two or more in all")
    if vary.axis == NONE and vary.count != 1:
        raise t.error(
            "axis", NONE, f"{CLOTH}, {PALETTE} or {ORNAMENT}, where {vary.count} looks are wanted: looks of one sheet differ in one thing"
        )
    if sum(vary.quotas.values()) > 1 + 1e-9:
        raise t.error("quotas", f"{sum(vary.quotas.values()):g} together", "shares that sum to 1 at most")
    free = [n for n in vary.parts if n not in vary.lock and n not in vary.pins]
    if vary.axis != NONE and not free:
        raise t.error("parts", list(vary.parts), "a part that is neither locked nor pinned: nothing is left to vary")


def _among(t: Table, key: str, there: Sequence[str], default: Sequence[str] | None = None) -> tuple[str, ...]:
    found = t.some(key, there if default is None else default)
    for name in found:
        if name not in there:
            raise t.error(key, name, f"among {', '.join(there) or 'none: the sheet has none'}")
    return found


def _all_used(t: Table, figure: FigureSheet, parts: Sequence[PartSheet], swatches: Sequence[SwatchSheet], asked: Any) -> None:
    """A swatch that nothing is made of would be cleared and credited for nothing. `asked`: what varies, and the looks."""
    vary, looks = asked
    used = {p.swatch for p in parts} | set(vary.pins.values()) | (set(vary.swatches) if vary.axis == CLOTH else set())
    used |= {name for look in looks for name in look.wear.values()}
    idle = [s.name for s in swatches if s.name not in used]
    if idle:
        labels = len(figure.labels or figure.dabs) - (figure.background is not None)
        given = f"{idle[0]}, used by no part ({labels} labels for {len(swatches)} swatches)"
        raise t.error("swatch", given, 'swatches that a [[part]] or a [[look]] is made of, or that [vary] lists with axis = "cloth"')
