"""Variations on one axis: different enough on it, the same in all else, with a quota for each exemplar. Names and numbers, no pixels."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .choices import AXES, Axis, Choice, Options, Quota, Recipe, Variations, overlap
from .deal import Board, search
from .records import number

MOST_OVERLAP = 0.3
_MOST_LOOKS = 200


def vary(
    base: Recipe,
    *,
    axis: Axis,
    count: int,
    options: Options,
    areas: dict[str, float],
    seed: int = 0,
    locks: tuple[str, ...] = (),
    pins: tuple[Recipe, ...] = (),
    like: Recipe | None = None,
    quotas: dict[str, float] | None = None,
    most_overlap: float = MOST_OVERLAP,
) -> Variations:
    """Choose looks that differ on one axis.

    With w_s the share of slot s in the varied area, the overlap of two looks is the sum of w_s over slots in which they have the same
    choice. Looks are chosen such that the overlap of any two is less than ``most_overlap``, then that exemplars have their quotas, then,
    with ``like``, that they are near to it: simulated annealing from a shuffled deal, each in order of importance; the same seed gives the
    same looks.

    Parameters
    ----------
    base : Recipe
        What does not vary is as it is here.
    axis : str
        ``"cloth"``, ``"palette"``, ``"ornament"`` or ``"silhouette"``.
    count : int
        How many looks, pinned ones included.
    options : Options
        What may be chosen.
    areas : dict
        Slot (part, for the silhouette) that varies and its area, in any one unit, such as its pixels in the drawing.
    seed : int
        0 or more.
    locks : tuple of str
        Slots or parts that keep the base's choice.
    pins : tuple of Recipe
        Looks that stay: the others differ from them.
    like : Recipe, optional
        "More like this": a look that differs from the base on this axis only. Options with ``features`` are near by these, others when
        they are the same.
    quotas : dict, optional
        Name of a cloth, palette or drawing, and its share of the varied area over the board, 0..1. Those not named take the rest.
    most_overlap : float
        Any two looks overlap by less, 0..1; 1 allows all but copies.

    Returns
    -------
    Variations
        Its ``quotas`` say how near the asked shares could be come by: with few looks not every share can be had.

    Raises
    ------
    ValueError
        If fewer different looks exist than are asked for, or a name, lock, pin or quota does not fit.

    Examples
    --------
    >>> base = Recipe("walk", (("coat", Choice("tartan")), ("shoes", Choice("leather"))))
    >>> cloths = Options(cloths=("tartan", "twill", "velvet", "knit"))
    >>> board = vary(base, axis="cloth", count=4, options=cloths, areas={"coat": 9.0, "shoes": 1.0}, locks=("shoes",))
    >>> sorted(dict(r.choices)["coat"].cloth for r in board.recipes), board.overlap
    (['knit', 'tartan', 'twill', 'velvet'], 0.0)
    """
    if axis not in AXES:
        raise ValueError(f"axis is {axis!r}, allowed is one of {', '.join(AXES)}")
    number(count, "count", max(len(pins), 1), _MOST_LOOKS)
    number(most_overlap, "most_overlap", 1e-9, 1)
    number(seed, "seed", 0, 2**63)
    varied = _varied(base, axis, areas, locks)
    for other, what in [*((pin, "pin") for pin in pins), *([(like, "like")] if like is not None else [])]:
        _same_elsewhere(base, other, axis, tuple(varied), what)
    tokens = [tokens_of(base, axis, slot, options) for slot in varied]
    wanted = {} if quotas is None else quotas
    _check_quotas(wanted, axis, tokens)
    parent = base if like is None else like
    asked = _Asked(parent, axis, varied, pins, like, options, wanted, most_overlap, seed)
    board = _board(asked, tokens)
    _enough(board, list(varied), count, len(pins))
    rows = search(board, count - len(pins), seed)
    recipes = (*pins, *(_recipe(asked, board, row, index) for index, row in enumerate(rows)))
    return Variations(axis, recipes, _largest(recipes, axis, varied), _reached(recipes, axis, varied, wanted))


def _varied(base: Recipe, axis: Axis, areas: dict[str, float], locks: tuple[str, ...]) -> dict[str, float]:
    for lock in locks:
        if lock not in areas and lock not in dict(base.choices):
            raise ValueError(f"locks name {lock!r}, allowed is one of {', '.join(areas)}")
    for name, area in areas.items():
        if axis != "silhouette" and name not in dict(base.choices):
            raise ValueError(f"areas name the slot {name!r}, allowed is one of {', '.join(dict(base.choices))}")
        if not (math.isfinite(area) and area > 0):
            raise ValueError(f"area of {name!r} is {area!r}, allowed is more than 0")
    varied = {name: area for name, area in areas.items() if name not in locks}
    if not varied:
        raise ValueError(f"locks are {', '.join(locks)}: nothing is left to vary, allowed is at least one slot without a lock")
    return varied


def _same_elsewhere(base: Recipe, other: Recipe, axis: Axis, varied: tuple[str, ...], what: str) -> None:
    """Raise ValueError unless two looks differ on the varied axis of varied slots only."""
    if [s for s, _ in base.choices] != [s for s, _ in other.choices]:
        raise ValueError(f"{what} {other.name!r} has slots {[s for s, _ in other.choices]}, allowed is {[s for s, _ in base.choices]}")
    for on in AXES:
        here, there = base.on(on), other.on(on)
        for slot in sorted({*here, *there}):
            if here.get(slot) != there.get(slot) and (on != axis or slot not in varied):
                raise ValueError(
                    f"{what} {other.name!r} has {there.get(slot)} on {on} of {slot!r}, allowed is {here.get(slot)} as in {base.name!r}: "
                    f"only {axis} of {', '.join(varied)} varies"
                )


def tokens_of(base: Recipe, axis: Axis, slot: str, options: Options) -> list[tuple[Any, ...]]:
    """Everything that a slot (part) may take on an axis, in the options' order.

    Parameters
    ----------
    base : Recipe
        The look that varies.
    axis : str
        The axis.
    slot : str
        Slot, or part for the silhouette.
    options : Options
        What may be chosen.

    Returns
    -------
    list of tuple
        As `Choice.on` gives them.

    Raises
    ------
    ValueError
        If there is nothing, or ``allowed`` names what is not among the options.

    Examples
    --------
    >>> base = Recipe("walk", (("coat", Choice("velvet")),))
    >>> turns = Options(angles_deg=(0, 45, 180), one_way=frozenset({"velvet"}))
    >>> tokens_of(base, "ornament", "coat", turns)
    [(1.0, 0, 0.0, 0.0), (1.0, 45, 0.0, 0.0)]
    """
    only = dict(options.allowed).get(slot)
    every: list[tuple[Any, ...]]
    if axis == "cloth":
        every = [(name,) for name in options.cloths]
    elif axis == "palette":
        every = [(name, colour) for name, many in options.palettes for colour in range(many)]
    elif axis == "silhouette":
        every = [(name,) for name in dict(options.drawings).get(slot, ())]
    else:
        one_way = dict(base.choices)[slot].cloth in options.one_way
        turns = [a for a in options.angles_deg if not one_way or abs((a + 180) % 360 - 180) < 90]
        every = [(s, a, *o) for s in options.scales for a in turns for o in options.offsets]
    if only is not None and axis != "ornament":
        unknown = sorted(set(only) - {token[0] for token in every})
        if unknown:
            raise ValueError(
                f"allowed names {', '.join(unknown)} for {slot!r}, allowed is one of {', '.join(sorted({t[0] for t in every}))}"
            )
        every = [token for token in every if token[0] in only]
    if not every or len(set(every)) != len(every):
        raise ValueError(f"options for {axis} of {slot!r} are {every!r}, allowed is at least one, each once")
    return every


def _check_quotas(wanted: dict[str, float], axis: Axis, tokens: list[list[tuple[Any, ...]]]) -> None:
    if wanted and axis == "ornament":
        raise ValueError("quotas are given for axis 'ornament', allowed is 'cloth', 'palette' or 'silhouette': its exemplars stay the same")
    names = {token[0] for slot in tokens for token in slot}
    for name, share in wanted.items():
        if name not in names:
            raise ValueError(f"quotas name {name!r}, allowed is one of {', '.join(sorted(map(str, names)))}")
        number(share, f"quota of {name!r}", 0, 1)
    total = sum(wanted.values())
    if total > 1 + 1e-9 or (wanted and set(wanted) == names and abs(total - 1) > 1e-6):
        raise ValueError(f"quotas sum to {total:.6g}, allowed is {'1' if set(wanted) == names else 'at most 1'}")


@dataclass(frozen=True, eq=False)
class _Asked:
    parent: Recipe
    axis: Axis
    varied: dict[str, float]
    pins: tuple[Recipe, ...]
    like: Recipe | None
    options: Options
    wanted: dict[str, float]
    most: float
    seed: int


def _board(asked: _Asked, tokens: list[list[tuple[Any, ...]]]) -> Board:
    """Everything in numbers: tokens of all slots share one numbering, so that a pinned look may have what is no longer an option."""
    axis, varied, like = asked.axis, asked.varied, asked.like
    others = [*asked.pins, *([like] if like is not None else [])]
    known = list(dict.fromkeys([t for slot in tokens for t in slot] + [r.on(axis).get(s) for r in others for s in varied]))
    number_of = {token: i for i, token in enumerate(known)}
    weights = np.array(list(varied.values())) / sum(varied.values())
    fixed = np.array([[number_of[r.on(axis).get(s)] for s in varied] for r in others], np.int64).reshape(len(others), len(varied))
    names = [None if token is None else token[0] for token in known]
    groups = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return Board(
        tokens=known,
        choices=[np.array([number_of[t] for t in slot], np.int64) for slot in tokens],
        weights=weights,
        fixed=fixed,
        pinned=len(asked.pins),
        group=np.array([groups[n] for n in names], np.int64),
        coherent=axis == "palette",
        quota=np.array([asked.wanted.get(n, np.nan) if n is not None else np.nan for n in groups]),
        far=_far(known, axis, asked.options, None if like is None else [number_of[like.on(axis).get(s)] for s in varied]),
        most=asked.most,
    )


def _far(known: list[Any], axis: Axis, options: Options, liked: list[int] | None) -> NDArray[np.float64] | None:
    """How far each token is from the liked one, by slot, 0..1: by features where both have them, else 0 for the same and 1 for another."""
    if liked is None:
        return None
    found = np.ones((len(liked), len(known)))
    features = [_feature(token, axis, options) for token in known]
    apart = [
        [math.inf if a is None or b is None or len(a) != len(b) else float(np.linalg.norm(np.subtract(a, b))) for b in features]
        for a in features
    ]
    widest = max((d for row in apart for d in row if math.isfinite(d)), default=0.0)
    for slot, mine in enumerate(liked):
        for token in range(len(known)):
            away = apart[mine][token]
            found[slot, token] = away / widest if math.isfinite(away) and widest > 0 else 1.0
        found[slot, mine] = 0.0
    return found


def _feature(token: Any, axis: Axis, options: Options) -> tuple[float, ...] | None:
    if token is None or axis == "silhouette":
        return None
    if axis == "ornament":
        scale, angle, right, down = token
        return (math.log2(scale), angle / 90, *(0.5 * f(2 * math.pi * v) for v in (right, down) for f in (math.cos, math.sin)))
    return options.features.get(token[0])


def _enough(board: Board, varied: list[str], count: int, pinned: int) -> None:
    """Raise ValueError if a slot that must differ in every look has fewer choices than there are to be looks."""
    for slot, weight, tokens in zip(varied, board.weights, board.choices, strict=True):
        left = np.setdiff1d(tokens, board.fixed[:, varied.index(slot)])
        if weight >= board.most and len(left) < count - pinned:
            raise ValueError(
                f"{count} looks are asked for ({pinned} of them pinned), allowed is up to {pinned + len(left)}: {slot!r} has "
                f"{weight:.0%} of the varied area, so that it differs in every look, and {len(left)} choices; or raise most_overlap"
            )


def _recipe(asked: _Asked, board: Board, row: NDArray[np.int64], index: int) -> Recipe:
    parent, axis = asked.parent, asked.axis
    chosen = {slot: board.tokens[int(token)] for slot, token in zip(asked.varied, row, strict=True)}
    choices, drawings = parent.choices, dict(parent.drawings)
    if axis == "silhouette":
        drawings.update({part: token[0] for part, token in chosen.items()})
    else:
        choices = tuple((slot, _changed(choice, axis, chosen[slot]) if slot in chosen else choice) for slot, choice in choices)
    name = f"{parent.name}.{axis}-{asked.seed}-{index + 1:02d}"
    return Recipe(name, choices, tuple(drawings.items()), parent=parent.name, axis=axis, seed=asked.seed)


def _changed(choice: Choice, axis: Axis, token: tuple[Any, ...]) -> Choice:
    if axis == "cloth":
        return dataclasses.replace(choice, cloth=token[0])
    if axis == "palette":
        return dataclasses.replace(choice, palette=token[0], colour=token[1])
    return dataclasses.replace(choice, scale=token[0], angle_deg=token[1], offset=token[2:])


def _largest(recipes: tuple[Recipe, ...], axis: Axis, varied: dict[str, float]) -> float:
    pairs = [(a, b) for i, a in enumerate(recipes) for b in recipes[i + 1 :]]
    return max((overlap(a, b, axis=axis, areas=varied) for a, b in pairs), default=0.0)


def _reached(recipes: tuple[Recipe, ...], axis: Axis, varied: dict[str, float], wanted: dict[str, float]) -> tuple[Quota, ...]:
    total = sum(varied.values()) * len(recipes)
    got = dict.fromkeys(wanted, 0.0)
    for recipe in recipes:
        for slot, token in recipe.on(axis).items():
            if slot in varied and token[0] in got:
                got[token[0]] += varied[slot] / total
    return tuple(Quota(name, share, got[name]) for name, share in wanted.items())
