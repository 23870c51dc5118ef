"""A look's drawing: the croquis, or the croquis with parts of the designer's other drawings; who drew the line where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bottega.footage import display
from bottega.jobs.recipes.concept import Board, Wear, swapped

from .inputs import Drawn
from .opened import LIGHT
from .stated import OWN


@dataclass(frozen=True, eq=False, kw_only=True)
class LookDrawing:
    """What a look is dressed on. `hand` (H, W) says which drawing each pixel of the line is of: 0 the croquis, then `names` from 1 on."""

    board: Board
    drawn: Drawn
    hand: NDArray[np.uint8]
    names: tuple[str, ...]


class Drawings:
    """The drawings of a board's looks, each put together once."""

    def __init__(self, board: Board, own: Drawn, others: Mapping[str, Drawn], *, wears: Sequence[Wear]) -> None:
        self._others, self._wears = others, wears
        plain = LookDrawing(board=board, drawn=own, hand=np.zeros(own.line.rgba.shape[:2], np.uint8), names=())
        self._known: dict[tuple[tuple[str, str], ...], LookDrawing] = {(): plain}

    def of(self, parts: Mapping[str, str]) -> LookDrawing:
        """The drawing with these parts of others. Raises ValueError where two drawings do not lie on each other."""
        key = tuple(sorted((part, name) for part, name in parts.items() if name != OWN))
        if key not in self._known:
            before = self.of(dict(key[:-1]))
            self._known[key] = self._with(before, *key[-1])
        return self._known[key]

    def _with(self, before: LookDrawing, part: str, name: str) -> LookDrawing:
        other = self._others[name]
        try:
            figure, taken = swapped(before.drawn.figure, other.figure, part)
        except ValueError as problem:
            raise ValueError(f"drawing {name!r}, {part}: {problem}") from problem
        names = before.names if name in before.names else (*before.names, name)
        mine, its = before.drawn.line, other.line
        line = replace(mine, rgba=np.where(taken[..., None], its.rgba, mine.rgba), own=mine.own and its.own, plain=mine.plain and its.plain)
        shade = None if figure.shade is None else display(np.repeat(figure.shade[..., None], 3, axis=2), LIGHT)[..., 0]
        return LookDrawing(
            board=before.board.on(figure, self._wears),
            drawn=replace(before.drawn, figure=figure, line=line, shade=shade),
            hand=np.where(taken, np.uint8(1 + names.index(name)), before.hand),
            names=names,
        )
