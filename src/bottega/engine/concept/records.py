"""What the concept boards are made of and what they give back: cloths, figures, garments, looks. Arrays and numbers, no names of files.

Colour is scene-linear Rec. 709, float32, everywhere in this room. Positions are (x, y) in pixels of the picture they point into, pixel
centres at whole numbers; cm are cm of the real cloth on the real body.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .checks import array, bounded, colours, number, positive, within

__all__ = [
    "MOST_PARTS",
    "NOBODY",
    "NO_PART",
    "Cloth",
    "ColourMap",
    "Figure",
    "Float",
    "Garment",
    "Labels",
    "Layer",
    "Leak",
    "Look",
    "Palette",
    "Room",
    "array",
    "bounded",
    "colours",
    "number",
    "positive",
    "within",
]

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]

MOST_PARTS = 255
NOBODY = -1  # source of a pixel that no exemplar was put on: the paper
NO_PART = 255  # label of a pixel that is in no part


@dataclass(frozen=True, eq=False)
class Cloth:
    """A piece of cloth (or of a painting) with its real size, flat and evenly lit.

    Parameters
    ----------
    pixels
        (h, w, 3) float32, linear, 0 or more, finite. Up on the picture is up on the body: warp and nap run down the columns.
    px_per_cm
        How many of its pixels are one cm.
    where
        (h, w, 2) float32: the place (x, y) in the swatch's photo that each pixel was taken from; None is its own place.
    gain
        (h, w) float32: what the photo was multiplied with there to even its light; None is 1.
    repeat_cm
        Width and height of one repeat; None has none.
    direction
        ``"one-way"`` has a right way up (nap, motif); ``"any"`` may be turned.
    tileable
        Its right edge continues at its left and its bottom at its top. Otherwise it goes on mirrored where a part is larger than it.
    """

    pixels: Float
    px_per_cm: float
    where: Float | None = None
    gain: Float | None = None
    repeat_cm: tuple[float, float] | None = None
    direction: Literal["one-way", "any"] = "one-way"
    tileable: bool = False

    def __post_init__(self) -> None:
        colours(self.pixels, "pixels")
        positive(self.px_per_cm, "px_per_cm")
        for name, planes in (("where", (2,)), ("gain", ())):
            array(getattr(self, name), name, (*self.pixels.shape[:2], *planes), np.float32, absent=True)
        if self.direction not in ("one-way", "any"):
            raise ValueError(f"direction is {self.direction!r}, allowed is 'one-way' or 'any'")
        for side, value in zip(("repeat_cm[0]", "repeat_cm[1]"), self.repeat_cm or (), strict=False):
            positive(value, side)

    @property
    def size_cm(self) -> tuple[float, float]:
        """Width and height."""
        return self.pixels.shape[1] / self.px_per_cm, self.pixels.shape[0] / self.px_per_cm


@dataclass(frozen=True, eq=False)
class Figure:
    """A croquis: line, flats, shading, folds and its scale.

    Parameters
    ----------
    line
        (H, W, 4) float32, linear, premultiplied: the line art, put on top and never changed.
    labels
        (H, W) uint8: index of each pixel's part in ``names``; `NO_PART` is none.
    names
        Name of each part; its index is its label.
    px_per_cm
        Pixels of the drawing for one cm of the body: the figure's height in pixels over its height in cm.
    shade
        (H, W) float32, 0..4, linear: what cloth is multiplied with; None is 1.
    folds
        (H, W, 3) float32: cosine and sine of twice the angle of the folds (y down), -1..1, and how sure they are, 0..1; None is found
        from shade and parts.
    coverage
        (H, W) float32, 0..1: how much of a pixel its part covers, for flats with soft edges; None is 1 inside.
    """

    line: Float
    labels: Labels
    names: tuple[str, ...]
    px_per_cm: float
    shade: Float | None = None
    folds: Float | None = None
    coverage: Float | None = None

    def __post_init__(self) -> None:
        bounded(self.labels.shape, "the drawing")
        array(self.labels, "labels", None, np.uint8)
        shape = self.labels.shape
        array(self.line, "line", (*shape, 4), np.float32)
        for name, planes in (("shade", ()), ("folds", (3,)), ("coverage", ())):
            array(getattr(self, name), name, (*shape, *planes), np.float32, absent=True)
        within(self.line[..., 3], "line alpha", 0, 1)
        within(self.shade, "shade", 0, 4)
        within(self.folds, "folds", -1.01, 1.01)
        within(self.coverage, "coverage", 0, 1)
        positive(self.px_per_cm, "px_per_cm")
        if not 0 < len(self.names) <= MOST_PARTS or len(set(self.names)) != len(self.names):
            raise ValueError(f"names are {self.names!r}, allowed is 1 to {MOST_PARTS} different names")
        wrong = self.labels[(self.labels >= len(self.names)) & (self.labels != NO_PART)]
        if wrong.size:
            raise ValueError(
                f"labels has {int(wrong[0])}, allowed is 0 to {len(self.names) - 1}, one for each name, and {NO_PART} for none"
            )

    def part(self, name: str) -> NDArray[np.bool_]:
        """Where a part is. Raises ValueError if the figure has none of that name, or it is empty."""
        if name not in self.names:
            raise ValueError(f"part is {name!r}, allowed is one of {', '.join(self.names)}")
        inside: NDArray[np.bool_] = self.labels == self.names.index(name)
        if not inside.any():
            raise ValueError(f"part {name!r} has no pixel in labels, allowed is a part that is drawn")
        return inside


@dataclass(frozen=True, eq=False)
class ColourMap:
    """Where colours go, in OKLab: what a cloth is dyed with. The credit stays with the cloth's maker, beside the palette's.

    Shade scales L, a and b alike, so that it leaves chromaticity p = (a, b)/L as it is. A pixel has a share w_i of each of the cloth's
    own colours c_i: w_i = exp(-d(x, c_i)² / 2·reach²), made to sum to 1, where d counts chromaticity for much and L for a third (see
    `features`). For each colour it moves so: L along a rising curve that takes c_i's L to t_i's and has this slope there; p is q times
    p_c and a rest, and becomes q·p_t and as much of the rest as p_t is smaller than p_c, so that a pale glint on red is one on blue. Of
    a grey, q is 1. All is smooth and makes no bands; where nothing moves a pixel keeps its bits.

    Parameters
    ----------
    palette
        Name of what the palette was taken from.
    source
        (k, 3) float64 OKLab: the cloth's own colours c_i.
    target
        (k, 3) float64 OKLab: what they become.
    slope
        (k,) float64, more than 0: of the curve of lightness at each.
    reach
        How far, in d, a colour takes others with it.
    keep_neutrals
        Greys, whites and blacks stay as they are.
    """

    palette: str
    source: NDArray[np.float64]
    target: NDArray[np.float64]
    slope: NDArray[np.float64]
    reach: float
    keep_neutrals: bool = True

    def __post_init__(self) -> None:
        array(self.source, "source", (len(self.source), 3), np.float64)
        array(self.target, "target", self.source.shape, np.float64)
        array(self.slope, "slope", (len(self.source),), np.float64)
        positive(self.reach, "reach")
        positive(float(self.slope.min()), "slope")
        for name, light in (("source", self.source[:, 0]), ("target", self.target[:, 0])):
            within(light, f"lightness of {name}", 1e-3, 0.999)


@dataclass(frozen=True, eq=False)
class Garment:
    """What one or several parts are made of.

    Parameters
    ----------
    parts
        Names of parts that are cut from one cloth: it runs on from one into the next.
    source
        Name of the cloth or colour: it comes back in the look's ``sources``.
    cloth
        The cloth; None is plain ``colour``.
    colour
        Linear Rec. 709, for parts without cloth (skin, hair, a flat accessory).
    dye
        What it is recoloured with; None leaves it as it is.
    scale
        Times its real size; 1 keeps it.
    angle_deg
        Turned clockwise: 45 is cut on the bias.
    offset_cm
        Where the cloth's corner lies, right and down of the garment's anchor (top of its middle line).
    follow
        How closely it follows the folds: 0 hangs straight, 1 follows.
    seams
        True: pieces of these parts carry on each other's repeat (one layout). False: every connected piece starts at its own anchor.
    """

    parts: tuple[str, ...]
    source: str
    cloth: Cloth | None = None
    colour: tuple[float, float, float] | None = None
    dye: ColourMap | None = None
    scale: float = 1.0
    angle_deg: float = 0.0
    offset_cm: tuple[float, float] = (0.0, 0.0)
    follow: float = 1.0
    seams: bool = True

    def __post_init__(self) -> None:
        if not self.parts or len(set(self.parts)) != len(self.parts):
            raise ValueError(f"parts are {self.parts!r}, allowed is at least one name, each once")
        if (self.cloth is None) == (self.colour is None):
            raise ValueError(f"garment {self.source!r} of {', '.join(self.parts)} has cloth and colour, or neither: allowed is one of them")
        positive(self.scale, "scale")
        number(self.follow, "follow", 0, 1)
        for name, values in (("angle_deg", (self.angle_deg,)), ("offset_cm", self.offset_cm), ("colour", self.colour or ())):
            for value in values:
                number(value, name, 0 if name == "colour" else -1e5, 1e5)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of a look, to be put over those before it.

    Parameters
    ----------
    name
        What it shows: a part's names, ``"paper"`` or ``"line"``.
    pixels
        (H, W, 4) float32, linear, premultiplied.
    """

    name: str
    pixels: Float


@dataclass(frozen=True, eq=False)
class Look:
    """A dressed figure: the picture, its layers, and whose work each pixel is.

    The picture is paper, then every layer over it in order: P = L.rgb + (1 - L.a)·P. The line is the last. A pixel's credit: the share
    ``line`` is the line's author, the rest is that of ``sources[source]`` at ``positions``, or the paper's where ``source`` is -1.

    Parameters
    ----------
    layers
        From paper to line.
    picture
        (H, W, 3) float32, linear.
    source
        (H, W) int16: index in ``sources``, -1 where there is only paper.
    positions
        (H, W, 2) float32: place (x, y) in that source's swatch photo; (-1, -1) for plain colours and paper.
    light
        (H, W) float32: what the swatch's pixel was multiplied with there (shade, times the gain that evened its light; it is recoloured
        between the two).
    line
        (H, W) float32: share of the line art, its alpha.
    sources
        Names of the sources.
    palettes
        Name of each recoloured layer and of the palette its colours are of: that is credited beside the cloth, whose pixels they were.
    """

    layers: tuple[Layer, ...]
    picture: Float
    source: NDArray[np.int16]
    positions: Float
    light: Float
    line: Float
    sources: tuple[str, ...]
    palettes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours in OKLab and how much there is of each.

    Parameters
    ----------
    colours
        (n, 3) float64, OKLab (L, a, b), darkest first.
    shares
        (n,) float64, 0 or more; they sum to 1.
    """

    colours: NDArray[np.float64]
    shares: NDArray[np.float64]

    def __post_init__(self) -> None:
        array(self.colours, "colours", (len(self.colours), 3), np.float64)
        array(self.shares, "shares", (len(self.colours),), np.float64)
        if not len(self.colours) or self.shares.min() < 0 or abs(self.shares.sum() - 1) > 1e-6:
            raise ValueError(f"shares are {self.shares.tolist()}, allowed is 0 or more that sum to 1, for at least one colour")


@dataclass(frozen=True)
class Leak:
    """A place where closed line art is open.

    Parameters
    ----------
    x, y
        Its middle in pixels.
    gap_px
        How wide the opening is.
    joins
        Pixels of the smaller of the two areas it joins.
    """

    x: float
    y: float
    gap_px: float
    joins: int


@dataclass(frozen=True, eq=False)
class Room:
    """One angle of a greybox room, with what is known of it.

    Parameters
    ----------
    labels
        (H, W) uint8: what is where, the same numbers in every angle.
    normal
        (H, W, 3) float32, -1..1: camera space (x right, y up, z to the viewer), or world space when ``to_world`` is None.
    depth
        (H, W) float32, metres along the camera's axis.
    shade
        (H, W) float32, 0..1.
    line
        (H, W) float32, 0..1: 1 is ink.
    to_world
        (3, 3) camera to world rotation; None takes normals as they are.
    painted
        (H, W, 3) float32, linear: the painting, of the angle that has one.
    """

    labels: Labels
    normal: Float
    depth: Float
    shade: Float
    line: Float
    to_world: NDArray[np.float64] | None = field(default=None)
    painted: Float | None = None

    def __post_init__(self) -> None:
        array(self.labels, "labels", None, np.uint8)
        shape = self.labels.shape
        for name, planes in (("normal", (3,)), ("depth", ()), ("shade", ()), ("line", ())):
            array(getattr(self, name), name, (*shape, *planes), np.float32)
        if self.painted is not None:
            colours(self.painted, "painted")
            array(self.painted, "painted", (*shape, 3), np.float32)
        array(self.to_world, "to_world", (3, 3), np.float64, absent=True)
