"""What a designer chose for a look, without pixels: cloth, palette, ornament, drawing; and how far two choices overlap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .records import number, positive

Axis = Literal["cloth", "palette", "ornament", "silhouette"]
AXES: tuple[Axis, ...] = ("cloth", "palette", "ornament", "silhouette")


@dataclass(frozen=True)
class Choice:
    """What one slot (the coat, the trousers) of a look is made of.

    Parameters
    ----------
    cloth
        Name of the exemplar.
    palette
        Name of the palette it is recoloured with; None leaves it as it is.
    colour
        Which of the palette's colours its main colour becomes, 0 is the darkest.
    scale
        Times its real size.
    angle_deg
        Turned clockwise.
    offset
        Shift right and down in repeats (of the whole cloth where nothing repeats), 0..1.
    """

    cloth: str
    palette: str | None = None
    colour: int = 0
    scale: float = 1.0
    angle_deg: float = 0.0
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        positive(self.scale, "scale")
        number(self.angle_deg, "angle_deg", -360, 360)
        number(self.colour, "colour", 0, 1e4)
        for value in self.offset:
            number(value, "offset", 0, 1)

    def on(self, axis: Axis) -> tuple[Any, ...]:
        """What it says about one axis; silhouettes are no matter of a slot but of a part, see `Recipe`."""
        if axis == "cloth":
            return (self.cloth,)
        if axis == "palette":
            return (self.palette, self.colour)
        if axis == "ornament":
            return (self.scale, self.angle_deg, *self.offset)
        raise ValueError(f"axis is {axis!r}, allowed is 'cloth', 'palette' or 'ornament' for a slot")


@dataclass(frozen=True)
class Recipe:
    """A look's choices and where it comes from.

    Parameters
    ----------
    name
        Its name, each once on a board.
    choices
        Slot and choice, in the order they are put on.
    drawings
        Part, and the name of the designer's drawing it is taken from; parts that are not named are the croquis' own.
    parent
        Name of the recipe it varies; None is a first one.
    axis
        The one axis on which it differs from its parent.
    seed
        What it was drawn with.
    """

    name: str
    choices: tuple[tuple[str, Choice], ...]
    drawings: tuple[tuple[str, str], ...] = ()
    parent: str | None = None
    axis: Axis | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        for what, names in (("slots", [s for s, _ in self.choices]), ("parts", [p for p, _ in self.drawings])):
            if len(set(names)) != len(names):
                raise ValueError(f"{what} of recipe {self.name!r} are {names!r}, allowed is each once")
        if not self.choices:
            raise ValueError(f"recipe {self.name!r} has no choices, allowed is at least one slot")

    def on(self, axis: Axis) -> dict[str, tuple[Any, ...]]:
        """What it says about one axis, by slot; by part for the silhouette."""
        if axis == "silhouette":
            return {part: (drawing,) for part, drawing in self.drawings}
        return {slot: choice.on(axis) for slot, choice in self.choices}


@dataclass(frozen=True)
class Options:
    """What may be chosen from, an axis each; only the varied axis need be filled.

    Parameters
    ----------
    cloths
        Names of the exemplars.
    palettes
        Name and number of colours of each palette. A look takes all its colours from one.
    scales, angles_deg, offsets
        Of the ornament: every combination may be chosen; offsets in repeats, 0..1.
    drawings
        Part, and the names of the drawings it may be taken from.
    allowed
        Slot, and the only cloths (palettes) that it may take; slots that are not named may take all.
    one_way
        Cloths with a right way up: they are turned by less than 90 degrees.
    features
        Name of a cloth or palette, and what it is like in numbers (see `likeness`): for ``like``.
    """

    cloths: tuple[str, ...] = ()
    palettes: tuple[tuple[str, int], ...] = ()
    scales: tuple[float, ...] = (1.0,)
    angles_deg: tuple[float, ...] = (0.0,)
    offsets: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    drawings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    allowed: tuple[tuple[str, tuple[str, ...]], ...] = ()
    one_way: frozenset[str] = frozenset()
    features: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Quota:
    """How much of the varied area over a board an exemplar was to have, and has; shares of 1."""

    name: str
    wanted: float
    got: float


@dataclass(frozen=True)
class Variations:
    """A board of looks that differ on one axis.

    Parameters
    ----------
    axis
        The axis.
    recipes
        Pinned ones first, then the new ones.
    overlap
        The largest overlap of any two of them on the axis, a share of the varied area.
    quotas
        What was asked and what was reached.
    """

    axis: Axis
    recipes: tuple[Recipe, ...]
    overlap: float
    quotas: tuple[Quota, ...] = ()


def overlap(first: Recipe, second: Recipe, *, axis: Axis, areas: dict[str, float]) -> float:
    """How much of the varied area is the same in two looks: the areas of slots (parts) with the same choice over all areas.

    Parameters
    ----------
    first, second : Recipe
        Two looks.
    axis : str
        The varied axis.
    areas : dict
        Slot (part, for the silhouette) and its area, of those that vary.

    Returns
    -------
    float
        0..1.

    Raises
    ------
    ValueError
        If there is no area, or a recipe does not know a slot.

    Examples
    --------
    >>> one = Recipe("a", (("coat", Choice("tartan")), ("trousers", Choice("twill"))))
    >>> two = Recipe("b", (("coat", Choice("velvet")), ("trousers", Choice("twill"))))
    >>> overlap(one, two, axis="cloth", areas={"coat": 3.0, "trousers": 1.0})
    0.25
    """
    total = sum(areas.values())
    if not total > 0:
        raise ValueError(f"areas are {areas!r}, allowed is more than 0 together")
    here, there = first.on(axis), second.on(axis)
    for slot in areas:
        if axis != "silhouette" and (slot not in here or slot not in there):
            raise ValueError(f"areas name the slot {slot!r}, allowed is one of {', '.join(here)}")
    return sum(area for slot, area in areas.items() if here.get(slot) == there.get(slot)) / total


def lineage(name: str, recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """What a look came from: itself, its parent, and so on to the first that is known.

    Parameters
    ----------
    name : str
        The look.
    recipes : tuple of Recipe
        All that are known.

    Returns
    -------
    tuple of Recipe
        The youngest first; each says on which axis it differs from the next.

    Raises
    ------
    ValueError
        If the look is unknown, or a recipe is its own ancestor.

    Examples
    --------
    >>> coat = (("coat", Choice("tartan")),)
    >>> known = (Recipe("a", coat), Recipe("b", coat, parent="a", axis="ornament"))
    >>> [(r.name, r.axis) for r in lineage("b", known)]
    [('b', 'ornament'), ('a', None)]
    """
    by_name = {recipe.name: recipe for recipe in recipes}
    if name not in by_name:
        raise ValueError(f"look is {name!r}, allowed is one of {', '.join(by_name)}")
    line: list[Recipe] = []
    at: str | None = name
    while at is not None and at in by_name:
        if by_name[at] in line:
            raise ValueError(f"look {at!r} is its own ancestor, allowed is a line that ends")
        line.append(by_name[at])
        at = line[-1].parent
    return tuple(line)
