"""A board as a designer states it: the records that `board.toml` is read into. Paths are as written, relative to the sheet's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COSTUME, SET, PAINTING = "costume", "set", "painting"
KINDS = (COSTUME, SET, PAINTING)
ONE_WAY, ANY = "one-way", "any"
CLOTH, PALETTE, ORNAMENT, SILHOUETTE, NONE = "cloth", "palette", "ornament", "silhouette", "none"
AXES = (CLOTH, PALETTE, ORNAMENT, SILHOUETTE, NONE)
OWN = "as drawn"  # the croquis' own part, among drawings to take it from
NEAREST, REFUSE = "nearest", "refuse"
Rgb = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class PictureName:
    """A picture, or one layer of a picture in layers: `croquis.png`, `croquis.psd#Ink`."""

    file: str
    layer: str | None = None

    def __str__(self) -> str:
        return self.file if self.layer is None else f"{self.file}#{self.layer}"


@dataclass(frozen=True, kw_only=True)
class FigureSheet:
    """A croquis. `labels` are the colours of the flats by the part's name; without flats, `dabs` are places (x, y) in each part.

    `height_px` is how high the figure is drawn where its height is `height_cm`; None is the height of all that is no background.
    """

    line: PictureName
    flats: PictureName | None
    shade: PictureName | None
    folds: PictureName | None
    labels: Mapping[str, Rgb]
    background: str | None
    dabs: Mapping[str, tuple[tuple[float, float], ...]]
    height_cm: float
    height_px: float | None


@dataclass(frozen=True, kw_only=True)
class PaintedSheet:
    """A swatch that a model paints: the model's folder, who runs it, and what it is asked for. `size_px` are width and height."""

    model: str
    backend: str
    prompt: str
    size_px: tuple[int, int]
    seed: int
    steps: int
    guidance: float


@dataclass(frozen=True, kw_only=True)
class DrawingSheet:
    """Another drawing of the same croquis, lying on it, to take parts from; its flats have the croquis' colours."""

    name: str
    line: PictureName
    flats: PictureName
    shade: PictureName | None
    folds: PictureName | None


@dataclass(frozen=True, kw_only=True)
class SwatchSheet:
    """A piece of cloth: its picture, or what a model is to paint for it; what is seen of it in cm, its repeat, and its right way up.

    `corners_px` are those of the cloth in a photo that was not taken from above: upper left, upper right, lower right, lower left.
    """

    name: str
    picture: PictureName | None
    size_cm: tuple[float, float]
    repeat_cm: tuple[float, float] | None
    direction: str
    corners_px: tuple[tuple[float, float], ...] | None
    painted: PaintedSheet | None = None

    @property
    def source(self) -> str:
        """The picture's file or the model's folder; in a job, the digest of it."""
        return self.painted.model if self.painted is not None else self.picture.file if self.picture is not None else ""


@dataclass(frozen=True, kw_only=True)
class PartSheet:
    """What some parts are made of: a swatch, or a plain colour."""

    parts: tuple[str, ...]
    swatch: str | None
    colour: Rgb | None
    scale: float
    angle_deg: float
    offset_cm: tuple[float, float]
    follow: float
    seams: bool


@dataclass(frozen=True, kw_only=True)
class PaletteSheet:
    """A palette by name: the designer's colours, or a picture to take them from."""

    name: str
    colours: tuple[Rgb, ...]
    picture: PictureName | None


@dataclass(frozen=True, kw_only=True)
class LookSheet:
    """A look that the designer lists: what differs in it from the [[part]] tables. `wear` is a swatch, `drawings` a drawing by part."""

    name: str
    wear: Mapping[str, str]
    palette: str | None
    drawings: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class VarySheet:
    """What varies over a board: one axis, for the parts named.

    `swatches` (or `palettes`) are those to vary among. `pins` are parts that keep a swatch, `lock` parts that keep what they have.
    `quotas` are how much of the varied cloth a swatch (a palette) is to be, 0..1. Any two looks agree on less than `overlap` of the
    varied area. `scales`, `angles_deg` and `offsets` (right and down, in repeats) are what the ornament is chosen from, beside what the
    part has.
    """

    axis: str
    count: int
    parts: tuple[str, ...]
    swatches: tuple[str, ...]
    palettes: tuple[str, ...]
    lock: tuple[str, ...]
    pins: Mapping[str, str]
    quotas: Mapping[str, float]
    overlap: float
    scales: tuple[float, ...] = (1.0,)
    angles_deg: tuple[float, ...] = (0.0,)
    offsets: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    drawings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AngleSheet:
    """One view of a room: its guides. `to_world` are the rows of the camera's rotation; None takes normals as they are."""

    name: str
    line: PictureName
    flats: PictureName
    shade: PictureName
    normal: PictureName
    depth: PictureName
    depth_m: float
    to_world: tuple[tuple[float, ...], ...] | None
    painted: PictureName | None


@dataclass(frozen=True, kw_only=True)
class SetSheet:
    """A room's angles, of which one is painted, and the colours of the flats by name.

    `stand_ins` say for a label that the painting does not show which one it is painted like; `missing` what happens to others.
    """

    labels: Mapping[str, Rgb]
    angles: tuple[AngleSheet, ...]
    stand_ins: Mapping[str, str]
    missing: str


@dataclass(frozen=True, kw_only=True)
class FrameSheet:
    """Another frame for a painting: its size in pixels, and where (x, y) in it the painting lies; None is the middle.

    `flats` say what shall be where in it, in the colours of the painting's own flats. `by_numbers`: they say all of it, an elevation or
    another wall, and the painting itself does not lie in it.
    """

    name: str
    width: int
    height: int
    place: tuple[int, int] | None
    flats: PictureName | None
    by_numbers: bool = False


@dataclass(frozen=True, kw_only=True)
class PaintingSheet:
    """A painting to be put into other frames. `avoid` is white where nothing may be repeated: a lamp, a figure, a signature.

    `flats` are what is where in it, `labels` their colours by name.
    """

    picture: PictureName
    avoid: PictureName | None
    flats: PictureName | None
    labels: Mapping[str, Rgb]
    frames: tuple[FrameSheet, ...]


@dataclass(frozen=True, kw_only=True)
class BoardSheet:
    """All of a sheet. `board` names the folder; `facts` are what is written on a card."""

    board: str
    kind: str
    title: str
    facts: Mapping[str, str]
    paper: Rgb
    figure: FigureSheet | None = None
    swatches: tuple[SwatchSheet, ...] = ()
    parts: tuple[PartSheet, ...] = ()
    palettes: tuple[PaletteSheet, ...] = ()
    vary: VarySheet | None = None
    looks: tuple[LookSheet, ...] = ()
    drawings: tuple[DrawingSheet, ...] = ()
    room: SetSheet | None = None
    painting: PaintingSheet | None = None

    def swatch(self, name: str) -> SwatchSheet:
        """A swatch by its name; the sheet was read, so it is there."""
        return next(s for s in self.swatches if s.name == name)
