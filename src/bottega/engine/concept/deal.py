"""The search behind `vary`: rows of numbered tokens that overlap little, keep quotas and stay near a liked row. Annealed, from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEPS = 6000  # a try, and ...
_STEPS_A_LOOK = 500  # ... so many more for each look
_TRIES = 3
_OVERLAP, _QUOTA, _LIKE = 100.0, 10.0, 0.5  # what one whole of each costs
_HOT, _COLD = 0.5, 0.001


@dataclass(frozen=True, eq=False)
class Board:
    """What is searched.

    Parameters
    ----------
    tokens
        What each number stands for.
    choices
        Of each slot, the numbers it may take.
    weights
        (slots,) float64, share of each; they sum to 1.
    fixed
        (m, slots) int64: rows that others must differ from.
    pinned
        How many of these, the first ones, count for quotas.
    group
        (tokens,) int64: which name each token has.
    coherent
        All slots of a row take tokens of one name.
    quota
        (names,) float64: share of each name, nan is free.
    far
        (slots, tokens) float64, 0..1: how far from what is liked; None likes all.
    most
        Rows overlap by less.
    """

    tokens: list[Any]
    choices: list[NDArray[np.int64]]
    weights: NDArray[np.float64]
    fixed: NDArray[np.int64]
    pinned: int
    group: NDArray[np.int64]
    coherent: bool
    quota: NDArray[np.float64]
    far: NDArray[np.float64] | None
    most: float


def search(board: Board, count: int, seed: int) -> NDArray[np.int64]:
    """Find so many rows.

    Parameters
    ----------
    board : Board
        What is searched.
    count : int
        How many rows.
    seed : int
        Of the shuffles.

    Returns
    -------
    ndarray
        (count, slots) int64.

    Raises
    ------
    ValueError
        If no try finds rows that differ enough.

    Examples
    --------
    >>> pair = np.array([0, 1])
    >>> free = np.full(2, np.nan)
    >>> two = Board(["a", "b"], [pair, pair], np.array([0.5, 0.5]), np.zeros((0, 2), np.int64), 0, pair, False, free, None, 0.3)
    >>> sorted(map(tuple, search(two, 2, 1).tolist())) in ([(0, 0), (1, 1)], [(0, 1), (1, 0)])
    True
    """
    best, least = np.zeros((0, len(board.choices)), np.int64), np.inf
    for attempt in np.random.SeedSequence(seed).spawn(_TRIES):
        rows, cost = _annealed(board, count, np.random.default_rng(attempt))
        if cost < least - 1e-12:
            best, least = rows, cost
        if _crowded(board, best) == 0:
            return best
    kept = _kept(board, best)
    raise ValueError(
        f"{count} new looks are asked for that overlap by less than {board.most:.0%}, found are {kept}: give more options, unlock slots, "
        f"ask for {kept}, or raise most_overlap"
    )


def _annealed(board: Board, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], float]:
    rows = _dealt(board, count, rng)
    cost = _cost(board, rows)
    best, least = rows.copy(), cost
    steps = _STEPS + _STEPS_A_LOOK * count if count else 0
    for step in range(steps):
        if least <= 1e-12:
            break
        heat = _HOT * (_COLD / _HOT) ** (step / steps)
        tried = _moved(board, rows, rng)
        now = _cost(board, tried)
        if now <= cost or rng.random() < np.exp((cost - now) / heat):
            rows, cost = tried, now
            if cost < least - 1e-12:
                best, least = rows.copy(), cost
    return best, least


def _dealt(board: Board, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Every slot's tokens from a shuffled deck of its own, shuffled anew when it is through."""
    rows = np.zeros((count, len(board.choices)), np.int64)
    for slot, tokens in enumerate(board.choices):
        decks = [rng.permutation(tokens) for _ in range(-(-count // len(tokens)))]
        rows[:, slot] = np.concatenate(decks)[:count] if decks else rows[:, slot]
    if board.coherent:
        names = np.unique(board.group[np.concatenate(board.choices)])
        for row, name in enumerate(np.resize(rng.permutation(names), count)):
            rows[row] = _of_name(board, int(name), rng)
    return rows


def _of_name(board: Board, name: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A row of one name, each token once as long as there are some left; slots that may not take the name take any of theirs."""
    row: list[int] = []
    for tokens in board.choices:
        mine = tokens[board.group[tokens] == name]
        left = np.setdiff1d(mine, row)
        row.append(int(rng.choice(left if left.size else mine if mine.size else tokens)))
    return np.array(row, np.int64)


def _moved(board: Board, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """One token anew, or two rows swap one; where rows are of one name, a token of the same name or all of the row anew."""
    out = rows.copy()
    row, slot, way = int(rng.integers(len(rows))), int(rng.integers(rows.shape[1])), rng.random()
    tokens = board.choices[slot]
    if board.coherent:
        names = board.group[tokens]
        if way < 0.3:
            out[row] = _of_name(board, int(rng.choice(names)), rng)
        else:
            out[row, slot] = rng.choice(tokens[names == board.group[rows[row, slot]]])
    elif way < 0.4 and len(rows) > 1:
        other = int(rng.integers(len(rows)))
        out[[row, other], slot] = out[[other, row], slot]
    else:
        out[row, slot] = rng.choice(tokens)
    return out


def _cost(board: Board, rows: NDArray[np.int64]) -> float:
    cost = _OVERLAP * _crowded(board, rows)
    wanted = ~np.isnan(board.quota)
    if wanted.any():
        every = np.concatenate([board.fixed[: board.pinned], rows])
        weights = np.broadcast_to(board.weights / len(every), every.shape)
        got = np.bincount(board.group[every].ravel(), weights=weights.ravel(), minlength=len(board.quota))
        cost += _QUOTA * float(np.abs(got - board.quota)[wanted].sum())
    if board.far is not None and len(rows):
        cost += _LIKE * float((board.far[np.arange(rows.shape[1]), rows] * board.weights).sum() / len(rows))
    return cost


def _same(board: Board, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Overlap of each new row (down) with each fixed one, then with each new one after it; 0 elsewhere."""
    every = np.concatenate([board.fixed, rows])
    same = (rows[:, None] == every[None]) @ board.weights
    index = np.arange(len(rows))
    same[:, len(board.fixed) :][index[:, None] >= index[None]] = 0
    result: NDArray[np.float64] = same
    return result


def _crowded(board: Board, rows: NDArray[np.int64]) -> float:
    """By how much rows overlap too much, over all pairs; at least a little for each that does."""
    if not len(rows):
        return 0.0
    over = _same(board, rows) - board.most
    return float((over[over >= -1e-9] + 0.01).sum())


def _kept(board: Board, rows: NDArray[np.int64]) -> int:
    """How many rows are left when those that are too like an earlier one are thrown out."""
    kept: list[int] = []
    for row in range(len(rows)):
        tried = [*kept, row]
        if _crowded(board, rows[tried]) == 0:
            kept = tried
    return len(kept)
