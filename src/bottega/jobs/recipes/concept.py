"""Concept boards: from a drawing, swatches and what is to be worn where, to looks, as functions of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.concept.cloth import make_cloth
from bottega.engine.concept.drape import Drape, drape
from bottega.engine.concept.dye import recolour
from bottega.engine.concept.flats import correct, fill_flats, read_flats
from bottega.engine.concept.look import LookSettings, dress
from bottega.engine.concept.palette import all_neutral, colour_map, dyes_of, likeness, palette_from, palette_of, swatch
from bottega.engine.concept.photo import rectify
from bottega.engine.concept.records import NO_PART, Cloth, ColourMap, Figure, Garment, Leak, Palette
from bottega.engine.concept.silhouette import swap_part

__all__ = [
    "REVISION",
    "Board",
    "Cloth",
    "Drawing",
    "Figure",
    "Leak",
    "Palette",
    "Swatch",
    "Wear",
    "board_of",
    "cloth_of",
    "figure_from_dabs",
    "figure_from_flats",
    "palette_of_colours",
    "palette_of_picture",
    "swapped",
]

swapped = swap_part

REVISION = "concept/1"
GAP_PX = 8.0  # openings in line art up to this wide are closed, and told
_WIDER_PX = (16.0, 32.0, 64.0, 128.0)  # how wide an opening is looked for where an area is open
_FINER = 6.0  # a swatch has at most this many of its pixels for one of the drawing: finer is never seen, and scans may be huge
_SQUARE = 0.02  # pixels of a straight swatch are square to within this
_PALETTE, _CHIPS = 6, 3  # colours taken from a painting; of a cloth, for its card
Picture = NDArray[np.float32]
Dye = tuple[str, int | None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawing:
    """A croquis as it was opened: `line` (H, W, 4) float32 linear, premultiplied; `shade` (H, W) and `folds` (H, W, 3) as in `Figure`."""

    line: Picture
    shade: Picture | None
    folds: Picture | None
    height_cm: float
    height_px: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Swatch:
    """A swatch as it was opened: `pixels` (h, w, 3) float32 linear, and what is known of it."""

    pixels: Picture
    size_cm: tuple[float, float]
    repeat_cm: tuple[float, float] | None
    direction: Any
    corners_px: tuple[tuple[float, float], ...] | None


@dataclass(frozen=True, kw_only=True)
class Wear:
    """What some parts are made of in one look: a cloth by its name, or a plain linear colour.

    `garment` are all parts that are laid together with them: where only some of them change, the others stay as they lie. `dye` is a
    palette by name, and which of its colours the cloth's main one becomes (None: the nearest).
    """

    parts: tuple[str, ...]
    garment: tuple[str, ...]
    cloth: str | None
    colour: tuple[float, float, float] | None
    scale: float = 1.0
    angle_deg: float = 0.0
    offset_cm: tuple[float, float] = (0.0, 0.0)
    follow: float = 1.0
    seams: bool = True
    dye: Dye | None = None


@dataclass(eq=False, kw_only=True)
class Board:
    """A figure and its cloths by name. Each garment is laid once for all looks: `drapes` keeps the maps."""

    figure: Figure
    cloths: dict[str, Cloth]
    paper: tuple[float, float, float]
    palettes: Mapping[str, Palette] = field(default_factory=dict)
    drapes: dict[Any, Drape] = field(default_factory=dict)
    dyes: dict[tuple[str, Dye], ColourMap] = field(default_factory=dict)
    dyed: dict[tuple[str, Dye], Cloth] = field(default_factory=dict)
    chips: dict[str, Picture] = field(default_factory=dict)

    def likenesses(self) -> dict[str, tuple[float, ...]]:
        """What each cloth is like, in numbers: for looks that are to be more like one."""
        return {name: likeness(cloth) for name, cloth in self.cloths.items()}

    def colours(self, cloth: str, dye: Dye | None) -> Picture:
        """The main colours of a cloth as it is worn, the largest first: (n, 3) float32 linear."""
        if cloth not in self.chips:
            own = dyes_of(self.cloths[cloth].pixels[::2, ::2], count=_CHIPS)
            self.chips[cloth] = swatch(own)[np.argsort(-own.shares, kind="stable")]
        shown = self.chips[cloth]
        return shown if dye is None else recolour(shown, self._dye(cloth, dye))

    def _dye(self, cloth: str, dye: Dye) -> ColourMap:
        """Where a cloth's colours go. Greys stay as they are, but for a cloth that has nothing else."""
        if (cloth, dye) not in self.dyes:
            pixels, (name, main) = self.cloths[cloth].pixels, dye
            grey = all_neutral(dyes_of(pixels[::2, ::2]))
            self.dyes[cloth, dye] = colour_map(pixels, self.palettes[name], name=name, main=main, keep_neutrals=not grey)
        return self.dyes[cloth, dye]

    def _worn(self, cloth: str, dye: Dye | None) -> Cloth:
        """A cloth, dyed thread by thread before it is laid: colours that mix in the drawing's pixels mix as they are worn."""
        if dye is None:
            return self.cloths[cloth]
        if (cloth, dye) not in self.dyed:
            plain = self.cloths[cloth]
            self.dyed[cloth, dye] = replace(plain, pixels=recolour(plain.pixels, self._dye(cloth, dye)))
        return self.dyed[cloth, dye]

    def lay(self, wears: Sequence[Wear]) -> None:
        """Lay garments now that are not laid yet."""
        for wear in wears:
            key = (wear.garment, wear.follow, wear.seams)
            if wear.cloth is not None and key not in self.drapes:
                self.drapes[key] = drape(self.figure, wear.garment, follow=wear.follow, seams=wear.seams)

    def on(self, figure: Figure, wears: Sequence[Wear]) -> Board:
        """The board on another drawing of the same croquis; garments that have the same pixels there lie as they do here, to the bit."""
        self.lay(wears)
        mine = {key: laid for key, laid in self.drapes.items() if isinstance(key[0], tuple)}  # what else is kept there is of one drawing
        same = {key: laid for key, laid in mine.items() if _same_pixels(self.figure, figure, key[0])}
        return replace(self, figure=figure, drapes=same)

    def dress(self, wears: Sequence[Wear]) -> list[Picture]:
        """The layers of a look, one for each of `wears`: (H, W, 4) float32 linear, premultiplied, cloth without its shading.

        Parts of one garment that are of two cloths are each cut from a whole garment of theirs, so that every part lies as it would
        if all of it were of one.
        """
        garments: dict[tuple[str, ...], list[int]] = {}
        for i, wear in enumerate(wears):
            garments.setdefault(wear.garment, []).append(i)
        layers: list[Picture] = [np.zeros(0, np.float32)] * len(wears)
        how = LookSettings(paper=self.paper, shade=0.0)
        for turn in range(max(map(len, garments.values()))):
            worn = [of[min(turn, len(of) - 1)] for of in garments.values()]
            look = dress(self.figure, tuple(self._garment(wears[i]) for i in worn), settings=how, drapes=self.drapes)
            for i, layer in zip(worn, look.layers[1:-1], strict=True):
                alone = len(garments[wears[i].garment]) == 1
                layers[i] = layer.pixels if alone else self._cut(layer.pixels, wears[i])
        return layers

    def _garment(self, wear: Wear) -> Garment:
        cloth = self._worn(wear.cloth, wear.dye) if wear.cloth is not None else None
        return Garment(
            wear.garment, wear.cloth or "", cloth=cloth, colour=wear.colour, scale=wear.scale, angle_deg=wear.angle_deg,
            offset_cm=wear.offset_cm, follow=wear.follow, seams=wear.seams,
        )  # fmt: skip

    def _cut(self, pixels: Picture, wear: Wear) -> Picture:
        """What belongs to these parts of a garment: each pixel goes with the part of the garment that is nearest."""
        from scipy.ndimage import distance_transform_edt

        labels, names = self.figure.labels, self.figure.names
        garment = np.isin(labels, [names.index(n) for n in wear.garment])
        y, x = distance_transform_edt(~garment, return_distances=False, return_indices=True)
        inside = np.isin(labels[y, x], [names.index(n) for n in wear.parts])
        return np.where(inside[..., None], pixels, np.float32(0))


def _same_pixels(first: Figure, second: Figure, parts: Sequence[str]) -> bool:
    here, there = (np.isin(f.labels, [f.names.index(n) for n in parts if n in f.names]) for f in (first, second))
    return bool((here == there).all())


def palette_of_picture(pixels: Picture, share: Picture | None) -> Palette:
    """The palette of a painting or of a photo of a swatch card; what is clear does not count. Raises ValueError."""
    return palette_of(pixels, count=_PALETTE, mask=None if share is None else share > 0.5)


def palette_of_colours(colours: Sequence[tuple[float, float, float]]) -> Palette:
    """The designer's own colours, linear."""
    return palette_from(np.array(colours, np.float64))


def board_of(
    figure: Figure, swatches: Mapping[str, Swatch], *, paper: tuple[float, float, float], palettes: Mapping[str, Palette] | None = None
) -> Board:
    """A board: every swatch made into cloth. Raises ValueError that names the swatch."""
    cloths: dict[str, Cloth] = {}
    for name, given in swatches.items():
        try:
            cloths[name] = cloth_of(given, drawn_px_per_cm=figure.px_per_cm)
        except ValueError as problem:
            raise ValueError(f"swatch {name!r}: {problem}") from problem
    return Board(figure=figure, cloths=cloths, paper=paper, palettes=dict(palettes or {}))


def cloth_of(swatch: Swatch, *, drawn_px_per_cm: float) -> Cloth:
    """Cloth of a swatch's picture, straightened where its corners are given, no finer than the drawing can show.

    Raises ValueError for a swatch whose picture and size do not go together, or that is smaller than its repeat.
    """
    most = _FINER * drawn_px_per_cm
    how: dict[str, Any] = {"repeat_cm": swatch.repeat_cm, "direction": swatch.direction}
    if swatch.corners_px is not None:
        corners = np.asarray(swatch.corners_px, np.float64)
        pixels, where, scale = rectify(swatch.pixels, corners, size_cm=swatch.size_cm)
        if scale > most:
            pixels, where, scale = rectify(swatch.pixels, corners, size_cm=swatch.size_cm, px_per_cm=most)
        return make_cloth(pixels, scale, where=where, **how)
    height, width = swatch.pixels.shape[:2]
    across, down = width / swatch.size_cm[0], height / swatch.size_cm[1]
    if abs(across / down - 1) > _SQUARE:
        given = f"{width}x{height} pixels for {swatch.size_cm[0]:g} x {swatch.size_cm[1]:g} cm are {across:.4g} and {down:.4g} pixels a cm"
        raise ValueError(f"{given}, allowed is the same both ways: correct size_cm, or give corners_px for a photo taken at an angle")
    coarse, places, scale = _no_finer(swatch.pixels, across, most)
    return make_cloth(coarse, scale, where=places, **how)


def _no_finer(pixels: Picture, px_per_cm: float, most: float) -> tuple[Picture, Picture | None, float]:
    """A picture averaged over whole cells until it has at most so many pixels a cm, and where each came from."""
    many = int(px_per_cm // most)
    if many < 2:
        return pixels, None, px_per_cm
    height, width = pixels.shape[0] // many, pixels.shape[1] // many
    cut = pixels[: height * many, : width * many]
    mean = cut.reshape(height, many, width, many, 3).mean(axis=(1, 3), dtype=np.float64).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * many + (many - 1) / 2
    return mean, np.stack([x, y], axis=-1), px_per_cm / many


def figure_from_flats(
    drawing: Drawing,
    flats: NDArray[np.uint8],
    alpha: NDArray[np.uint8] | None,
    *,
    labels: Mapping[str, Sequence[int]],
    background: str | None,
) -> Figure:
    """A figure whose parts are painted in exact colours. Raises ValueError that names a colour that is no part's."""
    names = [n for n in labels if n != background]
    parts = [tuple(labels[n]) for n in names]
    ground = _unlike(parts) if background is None else tuple(labels[background])  # what is clear is no part
    read, coverage = read_flats(flats, np.array([ground, *parts], np.uint8), alpha=alpha)
    return _figure(drawing, np.where(read == 0, NO_PART, read - 1).astype(np.uint8), np.where(read == 0, 1, coverage), names)


def _unlike(colours: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """A colour far from all of these."""
    steps = range(0, 256, 51)
    grid = np.array([(r, g, b) for r in steps for g in steps for b in steps])
    apart = np.abs(grid[:, None] - np.array(colours)[None]).sum(axis=2).min(axis=1)
    return tuple(int(v) for v in grid[int(np.argmax(apart))])


def figure_from_dabs(
    drawing: Drawing, dabs: Mapping[str, Sequence[tuple[float, float]]]
) -> tuple[Figure | None, tuple[Leak, ...], tuple[str, ...], tuple[tuple[int, int], ...]]:
    """A figure of closed line art, a place in each of its parts given; openings that were closed; parts that are open; places (x, y) of
    larger areas that no dab names.

    Where parts are open there is no figure: the leaks are then those through which they run out, as far as they were found.

    Raises ValueError for a dab that lies on a line, or outside of the picture.
    """
    ink = drawing.line[..., 3]
    names = list(dabs)
    marks = np.full(ink.shape, NO_PART, np.uint8)
    for index, (name, places) in enumerate(dabs.items()):
        for x, y in places:
            column, row = round(x), round(y)
            if not (0 <= column < ink.shape[1] and 0 <= row < ink.shape[0]):
                raise ValueError(
                    f"dab of {name!r} at ({x:g}, {y:g}): allowed is inside the drawing of {ink.shape[1]}x{ink.shape[0]} pixels"
                )
            marks[row, column] = index
    filled = fill_flats(ink, gap_px=GAP_PX)
    outside = sorted({names[i] for i in np.unique(marks[(filled.labels == 0) & (marks != NO_PART)])}, key=names.index)
    if outside:
        return None, _openings(ink, marks, [names.index(n) for n in outside]), tuple(outside), ()
    labels = correct(filled.labels, marks)
    return _figure(drawing, labels, None, names), filled.leaks, (), _unnamed(filled.labels, marks)


def _unnamed(areas: NDArray[np.uint8], marks: NDArray[np.uint8]) -> tuple[tuple[int, int], ...]:
    """A place in each area without a dab that is a hundredth of all areas or more, the largest first."""
    named, many = np.unique(areas[marks != NO_PART]), np.bincount(areas.ravel(), minlength=256)
    least = many[1:].sum() / 100
    out = []
    for area in range(1, 256):
        if many[area] >= least and area not in named:
            rows, columns = np.nonzero(areas == area)
            middle = len(rows) // 2
            out.append((int(columns[middle]), int(rows[middle])))
    return tuple(out)


def _openings(ink: Picture, marks: NDArray[np.uint8], parts: Sequence[int]) -> tuple[Leak, ...]:
    """The openings that have to be closed before the parts are: looked for wider and wider."""
    for gap in _WIDER_PX:
        wider = fill_flats(ink, gap_px=gap)
        if not ((wider.labels == 0) & np.isin(marks, parts)).any():
            opened = np.unique(wider.labels[np.isin(marks, parts)])
            return tuple(leak for leak in wider.leaks if leak.gap_px > GAP_PX and _parts_from_outside(wider.labels, leak, opened))
    return ()


def _parts_from_outside(labels: NDArray[np.uint8], leak: Leak, areas: NDArray[np.uint8]) -> bool:
    """Whether an opening lies between the outside and one of these areas."""
    reach = int(leak.gap_px / 2) + 4
    x, y = round(leak.x), round(leak.y)
    near = labels[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
    return bool((near == 0).any() and np.isin(near, areas).any())


def _figure(drawing: Drawing, labels: NDArray[np.uint8], coverage: Any, names: Sequence[str]) -> Figure:
    there = labels != NO_PART
    if not there.any():
        raise ValueError("the flats have no part: the mask is empty, allowed is a figure that is drawn")
    rows = np.flatnonzero(there.any(1))
    tall = float(rows[-1] - rows[0] + 1) if drawing.height_px is None else drawing.height_px
    return Figure(
        drawing.line, labels, tuple(names), tall / drawing.height_cm, shade=drawing.shade, folds=drawing.folds,
        coverage=None if coverage is None else np.ascontiguousarray(coverage, np.float32),
    )  # fmt: skip
