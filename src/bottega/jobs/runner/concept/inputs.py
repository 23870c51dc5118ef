"""What a board's pictures are to the recipe: ink with alpha, flats, shading, folds, swatches; each checked where it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bottega.footage import display, space_name
from bottega.jobs.recipes.concept import (
    Drawing,
    Figure,
    Leak,
    Palette,
    Swatch,
    figure_from_dabs,
    figure_from_flats,
    palette_of_colours,
    palette_of_picture,
)
from bottega.model import UsageError, shown

from .job import COLOUR as SRGB
from .job import ConceptJob
from .opened import LIGHT, Floats, Opened, Opener
from .stated import FigureSheet, PaletteSheet, PictureName, SwatchSheet

_OPAQUE = 0.999


@dataclass(frozen=True, eq=False, kw_only=True)
class LineArt:
    """The line as it is written: `rgba` (H, W, 4) uint8 straight sRGB codes. `own`: they are the file's, bit for bit.

    `plain`: and the file is that one picture, so that a copied pixel has a place in it.
    """

    rgba: NDArray[np.uint8]
    own: bool
    plain: bool


class OpenLineError(UsageError):
    """Line art that is open: `leaks` are where, `ink` (H, W) is what to draw them on."""

    def __init__(self, text: str, leaks: tuple[Leak, ...], ink: Floats) -> None:
        super().__init__(text)
        self.leaks, self.ink = leaks, ink


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """A drawing as it was opened. `shade` (H, W) uint8 are codes to multiply with, None without shading.

    `leaks` were closed to find its parts, `unnamed` are places (x, y) in larger areas that no dab names.
    """

    figure: Figure
    line: LineArt
    shade: NDArray[np.uint8] | None
    leaks: tuple[Leak, ...] = ()
    unnamed: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class CostumeInputs:
    """A costume board's pictures; swatches that a model paints come later.

    `others` are drawings to take parts from, by name; `notes` go into the take.
    """

    drawn: Drawn
    others: Mapping[str, Drawn]
    swatches: Mapping[str, Swatch]
    palettes: Mapping[str, Palette]
    notes: tuple[str, ...]


def open_costume(job: ConceptJob, opener: Opener) -> CostumeInputs:
    """Open everything that a costume board reads. Raises ConsentError, FootageError, UsageError."""
    sheet = job.sheet.figure
    if sheet is None:
        raise UsageError(f"board {job.shot.code} has no figure")

    def opened(picture: PictureName | None) -> Opened | None:
        return None if picture is None else opener.read(picture, job.exemplar(picture))

    def drawing(line: PictureName, flats: PictureName | None, shade: PictureName | None, folds: PictureName | None) -> Drawn:
        return _drawn(sheet, opener.read(line, job.exemplar(line)), flats=opened(flats), shade=opened(shade), folds=opened(folds))

    drawn = drawing(sheet.line, sheet.flats, sheet.shade, sheet.folds)
    others = {d.name: drawing(d.line, d.flats, d.shade, d.folds) for d in job.sheet.drawings}
    swatches = {s.name: swatch_of(opener.read(s.picture, job.exemplar(s.picture)), s) for s in job.sheet.swatches if s.picture is not None}
    palettes = {p.name: _palette(p, opened(p.picture)) for p in job.sheet.palettes}
    return CostumeInputs(drawn=drawn, others=others, swatches=swatches, palettes=palettes, notes=_notes(drawn))


def _drawn(sheet: FigureSheet, line: Opened, *, flats: Opened | None, shade: Opened | None, folds: Opened | None) -> Drawn:
    art = line_art(line)
    for picture in (flats, shade, folds):
        _same_size(picture, line)
    codes = None if shade is None else _shade_codes(shade)
    drawing = Drawing(
        line=_linear(art),
        shade=None if codes is None else _light(np.repeat(codes[..., None], 3, axis=2))[..., 0].copy(),
        folds=None if folds is None else _fold_numbers(folds),
        height_cm=sheet.height_cm,
        height_px=sheet.height_px,
    )
    figure, leaks, unnamed = _figure(drawing, flats, sheet)
    return Drawn(figure=figure, line=art, shade=codes, leaks=leaks, unnamed=unnamed)


def _notes(drawn: Drawn) -> tuple[str, ...]:
    leaks, places = drawn.leaks, ", ".join(f"({x}, {y})" for x, y in drawn.unnamed[:8])
    out = [f"line art was open by {leak.gap_px:.1f} px at ({leak.x:.0f}, {leak.y:.0f}): closed for the flats" for leak in leaks[:8]]
    if len(leaks) > 8:
        out.append(f"and at {len(leaks) - 8} other places, see leaks.png")
    if drawn.unnamed:
        out.append(f"areas of the line art that no dab names stay paper, {len(drawn.unnamed)} of them: {places}")
    own = drawn.line.own
    return tuple(out) if own else (*out, "the line drawing is not 8-bit RGB with alpha in sRGB: it was brought to that, by rounding")


def line_art(line: Opened) -> LineArt:
    """Ink with alpha. A drawing without alpha (a scan) is ink on white paper: what white takes away is its alpha.

    Raises UsageError for a drawing that shows nothing.
    """
    srgb = line.colour == space_name(SRGB)
    rgb, alpha = line.eight() if srgb else display(line.light(), LIGHT), line.eight_alpha()
    if alpha is not None and (alpha < 255).any():
        if not alpha.any():
            raise UsageError(f"{line.where} is clear everywhere: the line is empty, allowed is a drawing that shows something")
        own = srgb and line.codes.dtype == np.uint8
        return LineArt(rgba=np.dstack([rgb, alpha]), own=own, plain=own and line.plain)
    ink = 255 - rgb.min(2)
    if not ink.any():
        raise UsageError(f"{line.where} is white everywhere: the line is empty, allowed is a drawing that shows something")
    share = ink.astype(np.float64)[..., None]
    straight = np.where(share > 0, (rgb - (255 - share)) * 255 / np.maximum(share, 1), 0)
    return LineArt(rgba=np.dstack([np.rint(straight.clip(0, 255)).astype(np.uint8), ink]), own=False, plain=False)


def _light(codes: NDArray[np.uint8]) -> Floats:
    return Opened(codes=np.ascontiguousarray(codes), alpha=None, colour=SRGB, where="", plain=False).light()


def _linear(art: LineArt) -> Floats:
    """(H, W, 4) float32 linear, premultiplied."""
    alpha = art.rgba[..., 3:].astype(np.float32) / np.float32(255)
    return np.concatenate([_light(art.rgba[..., :3]) * alpha, alpha], axis=-1)


def _same_size(picture: Opened | None, line: Opened) -> None:
    if picture is not None and picture.size != line.size:
        given, wanted = (f"{p.size[1]}x{p.size[0]}" for p in (picture, line))
        raise UsageError(f"{picture.where} is {given}, the line drawing is {wanted}: all pictures of a figure have one size")


def _grey(picture: Opened, numbers: Floats) -> Floats:
    """One channel over white; coloured shading is taken by its mean."""
    grey: Floats = numbers.mean(axis=2, dtype=np.float64).astype(np.float32)
    share = picture.share()
    return grey if share is None else 1 - share * (1 - grey)


def _shade_codes(shade: Opened) -> NDArray[np.uint8]:
    codes: NDArray[np.uint8] = np.rint(_grey(shade, shade.numbers()) * 255).astype(np.uint8)
    return codes


def _fold_numbers(folds: Opened) -> Floats:
    numbers, share = folds.numbers(), folds.share()
    sure = numbers[..., 2] if share is None else numbers[..., 2] * share
    return np.stack([numbers[..., 0] * 2 - 1, numbers[..., 1] * 2 - 1, sure], axis=-1).astype(np.float32)


def _figure(drawing: Drawing, flats: Opened | None, sheet: FigureSheet) -> tuple[Figure, tuple[Leak, ...], tuple[tuple[int, int], ...]]:
    try:
        if flats is not None:
            alpha = flats.eight_alpha()
            return figure_from_flats(drawing, flats.eight(), alpha, labels=sheet.labels, background=sheet.background), (), ()
        figure, leaks, outside, unnamed = figure_from_dabs(drawing, sheet.dabs)
    except ValueError as problem:
        raise UsageError(f"[figure] {flats.where if flats else 'dabs'}: {problem}") from problem
    if figure is None:
        places = ", ".join(f"({leak.x:.0f}, {leak.y:.0f}), {leak.gap_px:.0f} px wide" for leak in leaks[:6]) or "none narrower than 128 px"
        text = f"[figure] the line art round {', '.join(outside)} is open, at {places}: close it in the drawing, or give flats"
        raise OpenLineError(text, leaks, drawing.line[..., 3])
    return figure, leaks, unnamed


def _palette(sheet: PaletteSheet, picture: Opened | None) -> Palette:
    if picture is None:
        return palette_of_colours([linear(c) for c in sheet.colours])
    try:
        return palette_of_picture(picture.light(), picture.share())
    except ValueError as problem:
        raise UsageError(f"palette {shown(sheet.name)}, {picture.where}: {problem}") from problem


def linear(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """An sRGB colour, 0 to 255, as light."""
    red, green, blue = _light(np.array([[colour]], np.uint8))[0, 0].tolist()
    return red, green, blue


def swatch_of(picture: Opened, sheet: SwatchSheet) -> Swatch:
    """A piece of cloth from its picture. Raises UsageError for one that is clear or black."""
    share = picture.share()
    if share is not None and sheet.corners_px is None and (share < _OPAQUE).any():
        clear = int((share < _OPAQUE).sum())
        raise UsageError(f"{picture.where} is clear at {clear} pixels, allowed is cloth all over: crop it, or give corners_px inside it")
    if picture.codes.max() == 0:
        raise UsageError(f"{picture.where} is black everywhere, allowed is a swatch that shows something")
    return Swatch(
        pixels=picture.light(), size_cm=sheet.size_cm, repeat_cm=sheet.repeat_cm, direction=sheet.direction, corners_px=sheet.corners_px
    )  # fmt: skip
