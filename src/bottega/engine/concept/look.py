"""A dressed figure: paper, one layer a garment, and the line untouched on top; and whose work each pixel is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .drape import Drape, drape
from .dye import recolour
from .edges import Edges, find_edges
from .records import NOBODY, Figure, Float, Garment, Layer, Look, number
from .sampling import sample


@dataclass(frozen=True)
class LookSettings:
    """How a look is put together.

    Parameters
    ----------
    paper
        Linear colour under everything.
    shade
        0 leaves cloth flat, 1 multiplies it with the drawing's shading.
    soften
        True: hard flats get soft edges against the paper, inwards only, so that nothing is outside of its part.
    """

    paper: tuple[float, float, float] = (1.0, 1.0, 1.0)
    shade: float = 1.0
    soften: bool = True

    def __post_init__(self) -> None:
        number(self.shade, "shade", 0, 1)
        for value in self.paper:
            number(value, "paper", 0, 1e4)


def dress(
    figure: Figure, garments: tuple[Garment, ...], *, settings: LookSettings | None = None, drapes: dict[Any, Any] | None = None
) -> Look:
    """Dress a figure.

    Of each garment the layer is (shade · cloth · c, c), c the coverage of its parts, its cloth recoloured first if it has a dye; of the
    picture see `Look`. Outside of its parts a layer is 0, but under a line: there it goes on to the line's middle, see `find_edges`.

    Parameters
    ----------
    figure : Figure
        The drawing.
    garments : tuple of Garment
        What its parts are made of, each part at most once; parts that are not named stay paper.
    settings : LookSettings, optional
        Paper and shading.
    drapes : dict, optional
        Maps and edges made before for the same figure: what is missing is made and put in, so that a board of looks lays each garment
        once. Start with ``{}``.

    Returns
    -------
    Look

    Raises
    ------
    ValueError
        If there is no garment, or a part is unknown, empty, or in two garments.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.zeros((40, 30, 4), np.float32)
    >>> figure = Figure(line, np.zeros((40, 30), np.uint8), ("coat",), 10.0)
    >>> look = dress(figure, (Garment(("coat",), "red", colour=(0.5, 0.1, 0.1)),), settings=LookSettings(soften=False))
    >>> look.picture[0, 0].tolist() == np.float32([0.5, 0.1, 0.1]).tolist(), int(look.source[0, 0]), [l.name for l in look.layers]
    (True, 0, ['paper', 'coat', 'line'])
    """
    how = LookSettings() if settings is None else settings
    _once(figure, garments)
    shape = figure.labels.shape
    known: dict[Any, Any] = {} if drapes is None else drapes
    edges = _edges(figure, garments, how.soften, known)
    sources = tuple(dict.fromkeys(g.source for g in garments))
    source, positions = np.full(shape, NOBODY, np.int16), np.full((*shape, 2), -1, np.float32)
    light = np.ones(shape, np.float32)
    paper = np.ones((*shape, 4), np.float32)
    paper[..., :3] = how.paper
    layers = [Layer("paper", paper)]
    for garment in garments:
        inside, colour, where, gain = _laid(figure, garment, known)
        if garment.dye is not None:
            colour = recolour(colour, garment.dye)
        shade = np.ones(len(colour), np.float32) if figure.shade is None else 1 + how.shade * (figure.shade[inside] - 1)
        share = edges.coverage[inside]
        pixels = np.zeros((*shape, 4), np.float32)
        pixels[inside] = np.concatenate([colour * (shade * share)[:, None], share[:, None]], axis=1)
        layers.append(Layer(" + ".join(garment.parts), pixels))
        source[inside], positions[inside], light[inside] = sources.index(garment.source), where, shade * gain
        _run_on(edges, inside, (pixels, source, positions, light))
    layers.append(Layer("line", figure.line))
    palettes = tuple((" + ".join(g.parts), g.dye.palette) for g in garments if g.dye is not None)
    return Look(tuple(layers), flatten(tuple(layers)), source, positions, light, figure.line[..., 3].copy(), sources, palettes)


def _run_on(edges: Edges, inside: NDArray[np.bool_], planes: tuple[NDArray[Any], ...]) -> None:
    """Under lines the nearest pixel's cloth goes on, with its source and light."""
    mine = inside.ravel()[edges.nearest]
    under, nearest = edges.under[mine], edges.nearest[mine]
    for plane in planes:
        flat = plane.reshape(inside.size, -1)
        flat[under] = flat[nearest]


def flatten(layers: tuple[Layer, ...]) -> Float:
    """Put layers over each other in order: P = L.rgb + (1 - L.a)·P, from black.

    Parameters
    ----------
    layers : tuple of Layer
        From below to above.

    Returns
    -------
    ndarray
        (H, W, 3) float32. Where the last layer's alpha is 1, its own pixel, bit for bit.

    Raises
    ------
    ValueError
        If there is no layer, or shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> flatten((Layer("paper", np.ones((2, 2, 4), np.float32)),))[0, 0].tolist()
    [1.0, 1.0, 1.0]
    """
    if not layers or len({layer.pixels.shape for layer in layers}) != 1:
        raise ValueError(f"layers have shapes {[layer.pixels.shape for layer in layers]}, allowed is at least one, all the same")
    picture = np.zeros((*layers[0].pixels.shape[:2], 3), np.float32)
    for layer in layers:
        _over(np.ascontiguousarray(layer.pixels), picture)
    return picture


@compiled
def _over(pixels: Any, picture: Any) -> None:
    one = np.float32(1)
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            alpha = pixels[y, x, 3]
            if alpha == one:
                for c in range(3):
                    picture[y, x, c] = pixels[y, x, c]
            elif alpha > 0:
                for c in range(3):
                    picture[y, x, c] = pixels[y, x, c] + (one - alpha) * picture[y, x, c]


def shares(look: Look) -> dict[str, float]:
    """How much of what was put on the paper is whose: the line's part of every pixel is its own, the rest the cloth's.

    Parameters
    ----------
    look : Look
        A dressed figure.

    Returns
    -------
    dict
        Share of each source and of ``"line"``; they sum to 1.

    Raises
    ------
    ValueError
        If nothing was put on the paper.

    Examples
    --------
    >>> import numpy as np
    >>> figure = Figure(np.zeros((40, 30, 4), np.float32), np.zeros((40, 30), np.uint8), ("coat",), 10.0)
    >>> shares(dress(figure, (Garment(("coat",), "red", colour=(0.5, 0.1, 0.1)),)))
    {'red': 1.0, 'line': 0.0}
    """
    ink = look.line.astype(np.float64)
    worn = look.source >= 0
    cloth = np.bincount(look.source[worn], weights=1 - ink[worn], minlength=len(look.sources))
    total = float(cloth.sum() + ink.sum())
    if total <= 0:
        raise ValueError("the look has no pixel of cloth or line, allowed is at least one")
    return {**{name: float(cloth[i]) / total for i, name in enumerate(look.sources)}, "line": float(ink.sum()) / total}


def _once(figure: Figure, garments: tuple[Garment, ...]) -> None:
    if not garments:
        raise ValueError("garments are none, allowed is at least one")
    seen: set[str] = set()
    for garment in garments:
        for part in garment.parts:
            if part in seen:
                raise ValueError(f"part {part!r} is in two garments, allowed is one")
            figure.part(part)
            seen.add(part)


def _edges(figure: Figure, garments: tuple[Garment, ...], soften: bool, known: dict[Any, Any]) -> Edges:
    parts = frozenset(p for g in garments for p in g.parts)
    key = ("edges", parts, soften)
    if key not in known:
        worn = np.isin(figure.labels, [figure.names.index(p) for p in parts])
        known[key] = find_edges(figure, worn, soften=soften)
    found: Edges = known[key]
    return found


def _laid(figure: Figure, garment: Garment, known: dict[Any, Any]) -> tuple[Any, Any, Any, Any]:
    """Where a garment is, and there its colour, place in the swatch and gain."""
    if garment.cloth is None:
        inside = np.logical_or.reduce([figure.part(name) for name in garment.parts])
        count = int(inside.sum())
        colour = np.broadcast_to(np.asarray(garment.colour, np.float32), (count, 3))
        return inside, colour, np.full((count, 2), -1, np.float32), np.ones(count, np.float32)
    key = (garment.parts, garment.follow, garment.seams)
    if key not in known:
        known[key] = drape(figure, garment.parts, follow=garment.follow, seams=garment.seams)
    laid = known[key]
    places = _turned(laid, garment)
    return laid.inside, *sample(garment.cloth, places, px_per_cm=figure.px_per_cm * garment.scale)


def _turned(laid: Drape, garment: Garment) -> Float:
    """Places on the cloth, with their change to the next pixel: turned about the garment's anchor, scaled and shifted."""
    y, x = np.nonzero(laid.inside)
    uv, top = laid.uv_cm, y <= y.min() + 2
    anchor = np.array([np.median(uv[y[top], x[top], 0]), uv[y[top], x[top], 1].min()], np.float64) if garment.seams else np.zeros(2)
    angle = np.deg2rad(garment.angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / garment.scale
    out = np.zeros((len(y), 2, 3), np.float32)
    _turn(laid.inside, uv, np.stack([y, x], axis=-1), np.concatenate([turn, anchor[None], np.array([garment.offset_cm])]), out)
    return out


@compiled
def _turn(inside: Any, uv: Any, at: Any, how: Any, out: Any) -> None:
    """Place on the cloth and its change to the next pixel; from the one before where the next is outside; none where both are."""
    height, width = inside.shape
    for i in range(len(at)):
        y, x = at[i, 0], at[i, 1]
        u, v = float(uv[y, x, 0]), float(uv[y, x, 1])
        for axis in range(2):
            out[i, axis, 0] = how[axis, 0] * (u - how[2, 0]) + how[axis, 1] * (v - how[2, 1]) - how[3, axis]
        for column in (1, 2):
            du, dv = 0.0, 0.0
            for sign in (-1, 1):
                row, place = (y, x + sign) if column == 1 else (y + sign, x)
                if 0 <= row < height and 0 <= place < width and inside[row, place]:
                    du, dv = sign * (uv[row, place, 0] - u), sign * (uv[row, place, 1] - v)
            for axis in range(2):
                out[i, axis, column] = how[axis, 0] * du + how[axis, 1] * dv
