"""A part of one of the designer's drawings put into another of the same croquis: another sleeve; and how far two looks overlap."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .choices import Recipe
from .drape import fold_field
from .oklab import to_oklab
from .records import MOST_PARTS, NO_PART, Figure, Float, Look, array, number

_LINE_CM = 0.5  # a part's outline lies within so much of it
_SCALE = 0.03
_REGISTERED = 0.5  # of what both draw of other parts at least so much lies on itself
_SEEN = 0.02  # two colours that are nearer in OKLab are one to the eye


def swap_part(figure: Figure, other: Figure, part: str) -> tuple[Figure, NDArray[np.bool_]]:
    """Take a part from another drawing, with its outline, shade and folds: out = other within R, figure elsewhere.

    R is where either drawing has the part: where the figure's was and the other's is not, there is what the other shows. Lines are taken
    from half a centimetre around R too, each pixel as one of the two drew it. Everything else has the figure's bits.

    Parameters
    ----------
    figure : Figure
        The drawing that is changed.
    other : Figure
        Another of the same croquis: of its size and scale, lying on it.
    part : str
        Name of the part; both have it.

    Returns
    -------
    figure : Figure
        With all names of both that are in it, the figure's first.
    taken : ndarray
        (H, W) bool: what is the other's, for the credit of its line.

    Raises
    ------
    ValueError
        If sizes or scales differ, one of them has no such part, or the drawings do not lie on each other.

    Examples
    --------
    >>> flat, line = np.full((40, 40), 255, np.uint8), np.zeros((40, 40, 4), np.float32)
    >>> flat[10:30, 10:30] = 0
    >>> wide = flat.copy()
    >>> wide[10:30, 5:35] = 0
    >>> swapped, taken = swap_part(Figure(line, flat, ("coat",), 2.0), Figure(line, wide, ("coat",), 2.0), "coat")
    >>> bool((swapped.labels == wide).all()), bool(taken[20, 5]), bool(taken[0, 0])
    (True, True, False)
    """
    here, there = figure.part(part), other.part(part) if _same_size(figure, other) else np.zeros(0, bool)
    names = (*figure.names, *(n for n in other.names if n not in figure.names))
    if len(names) > MOST_PARTS:
        raise ValueError(f"the two drawings have {len(names)} parts, allowed is {MOST_PARTS}")
    _registered(figure, other, part)
    region = here | there
    new_number = np.full(256, NO_PART, np.uint8)
    new_number[: len(other.names)] = [names.index(n) for n in other.names]
    around = _grown(region, max(round(_LINE_CM * figure.px_per_cm), 1))
    labels = np.where(region, new_number[other.labels], figure.labels)
    line = np.where(around[..., None], other.line, figure.line)
    planes = {name: _taken(region, *pair) for name, pair in _planes(figure, other).items()}
    return dataclasses.replace(
        figure, line=line, labels=labels, names=names, shade=planes["shade"], folds=planes["folds"], coverage=planes["coverage"]
    ), around


def redrawn(figure: Figure, recipe: Recipe, drawings: Mapping[str, Figure]) -> tuple[Figure, dict[str, NDArray[np.bool_]]]:
    """Take every part of a look from the drawing its recipe names, in order.

    Parameters
    ----------
    figure : Figure
        The croquis: parts that the recipe does not name are its own.
    recipe : Recipe
        Its ``drawings`` are part and name of a drawing.
    drawings : mapping
        The designer's drawings by name; the croquis may be among them.

    Returns
    -------
    figure : Figure
        As drawn.
    taken : dict
        Name of a drawing, and (H, W) bool where its pixels are the last put in: for the credit of lines. The croquis is not in it.

    Raises
    ------
    ValueError
        If a drawing is unknown, or a part cannot be taken from it (see `swap_part`).

    Examples
    --------
    >>> from bottega.engine.concept.choices import Choice
    >>> labels = np.zeros((40, 40), np.uint8)
    >>> croquis = Figure(np.zeros((40, 40, 4), np.float32), labels, ("coat",), 2.0)
    >>> look = Recipe("a", (("coat", Choice("wool")),), drawings=(("coat", "wide"),))
    >>> {name: int(mask.sum()) for name, mask in redrawn(croquis, look, {"wide": croquis})[1].items()}
    {}
    """
    out = figure
    taken: dict[str, NDArray[np.bool_]] = {}
    for part, name in recipe.drawings:
        if name not in drawings:
            raise ValueError(f"part {part!r} is of drawing {name!r}, allowed is one of {', '.join(drawings)}")
        if drawings[name] is figure:
            continue
        out, here = swap_part(out, drawings[name], part)
        taken = {known: mask & ~here for known, mask in taken.items()}
        taken[name] = taken.get(name, np.zeros(here.shape, bool)) | here
    return out, taken


def _planes(figure: Figure, other: Figure) -> dict[str, tuple[Float | None, Float | None]]:
    """Shade, folds and coverage of both; what only one of them has is plain in the other, and folds are found from its shade."""
    pairs: dict[str, tuple[Float | None, Float | None]] = {}
    for name in ("shade", "folds", "coverage"):
        two = [getattr(drawing, name) for drawing in (figure, other)]
        if any(plane is not None for plane in two):
            drawings = zip(two, (figure, other), strict=True)
            two = [p if p is not None else fold_field(d) if name == "folds" else np.ones(d.labels.shape, np.float32) for p, d in drawings]
        pairs[name] = (two[0], two[1])
    return pairs


def _taken(region: NDArray[np.bool_], mine: Float | None, its: Float | None) -> Float | None:
    if mine is None or its is None:
        return None
    return np.where(region.reshape(*region.shape, *[1] * (its.ndim - 2)), its, mine)


def _same_size(figure: Figure, other: Figure) -> bool:
    if figure.labels.shape != other.labels.shape:
        raise ValueError(f"the other drawing has shape {other.labels.shape}, allowed is that of the first, {figure.labels.shape}")
    if abs(other.px_per_cm / figure.px_per_cm - 1) > _SCALE:
        raise ValueError(
            f"the other drawing has {other.px_per_cm:.5g} pixels a cm, allowed is {figure.px_per_cm:.5g} as the first, within {_SCALE:.0%}"
        )
    return True


def _registered(figure: Figure, other: Figure, part: str) -> None:
    """Raise ValueError unless what both draw of other parts lies about in the same place; with no other part nothing is told."""
    same, either = 0, 0
    for name in set(figure.names) & set(other.names) - {part}:
        here, there = figure.labels == figure.names.index(name), other.labels == other.names.index(name)
        if here.any() and there.any():
            same += int((here & there).sum())
            either += int((here | there).sum())
    if either and same < _REGISTERED * either:
        raise ValueError(
            f"of the other parts {same / either:.0%} lie in the same place in both drawings, allowed is at least {_REGISTERED:.0%}: "
            "two drawings of one croquis, one on top of the other"
        )


def _grown(region: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    import cv2

    if not region.any():
        return region
    return np.asarray(cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 5) <= by, np.bool_)


def field_overlap(first: Look, second: Look, *, within: NDArray[np.bool_], near_px: float = 2.0) -> float:
    """Measure how far two looks overlap: the share of worn pixels that have the same source, the same place in it, and the same colour.

    Parameters
    ----------
    first, second : Look
        Of the same size.
    within : ndarray
        (H, W) bool: the varied parts.
    near_px : float
        Places in the swatch's photo that are nearer are one.

    Returns
    -------
    float
        0..1; of what either look wears within.

    Raises
    ------
    ValueError
        If shapes differ, or nothing is worn within.

    Examples
    --------
    >>> from bottega.engine.concept.look import dress
    >>> from bottega.engine.concept.records import Garment
    >>> figure = Figure(np.zeros((40, 30, 4), np.float32), np.zeros((40, 30), np.uint8), ("coat",), 10.0)
    >>> red, blue = (dress(figure, (Garment(("coat",), n, colour=c),)) for n, c in (("red", (0.5, 0.1, 0.1)), ("blue", (0.1, 0.1, 0.5))))
    >>> everywhere = np.ones((40, 30), bool)
    >>> field_overlap(red, red, within=everywhere), field_overlap(red, blue, within=everywhere)
    (1.0, 0.0)
    """
    array(within, "within", first.source.shape, np.bool_)
    array(second.source, "second look", first.source.shape, np.int16)
    number(near_px, "near_px", 0, 1e6)
    worn = within & ((first.source >= 0) | (second.source >= 0))
    if not worn.any():
        raise ValueError("nothing is worn within, allowed is at least one pixel")
    names = {name: i for i, name in enumerate(dict.fromkeys((*first.sources, *second.sources)))}
    here, there = (np.array([*(names[s] for s in look.sources), -1])[look.source[worn]] for look in (first, second))
    near = np.abs(first.positions[worn] - second.positions[worn]).max(axis=-1) <= near_px
    seen = np.linalg.norm(to_oklab(first.picture[worn]) - to_oklab(second.picture[worn]), axis=-1) <= _SEEN
    return float(((here == there) & near & seen).mean())
