"""Which tile is searched when, and by whom: the same bits for any number of threads.

Tiles are coloured 2×2, so that no two of one colour touch: what one tile reads of its neighbours stands still meanwhile. The tiles of a
colour go to a fixed number of lanes, each in runs of neighbours. In a phase every lane searches one tile, against the use of source
patches at the phase's start plus its own changes; then the lanes' changes are added up in order. A lane is a unit of work, not a thread:
threads share the lanes of a phase, and which thread takes which lane changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, wait
from typing import Any

import numpy as np

from .compiled import uncounted
from .search import TILE, Ground, Lane, Sweep, search_tile

__all__ = ["LANES", "Lane", "make_lanes", "merge", "sweep_level"]

LANES = 8
COLOURS = 4
WORTH_THREADS = 1 << 16  # pixels of a level below which handing out phases costs more than it gains


def make_lanes(blocks: int, labels: int) -> tuple[Lane, ...]:
    """Empty lanes for an atlas of so many blocks and labels."""
    size = 2 * TILE * TILE
    return tuple(
        Lane(np.zeros(blocks, np.int32), np.zeros(size, np.int32), np.zeros(1, np.int32), np.zeros(labels, np.int64)) for _ in range(LANES)
    )


def sweep_level(g: Ground, lanes: tuple[Lane, ...], sweep: Sweep, held: Any, executor: Executor | None, threads: int) -> None:
    """One pass over a level's picture. `held` is (matches, most) a label, both int64."""
    if executor is None or threads < 2 or g.cost.size < WORTH_THREADS:
        _whole_sweep(g, lanes, sweep, held)
        return
    for colour, phase in _phases(g, sweep.backward):
        share = [executor.submit(_phase, g, lanes, sweep, colour, phase, first, threads) for first in range(1, threads)]
        _phase(g, lanes, sweep, colour, phase, 0, threads)
        wait(share)
        for each in share:
            each.result()
        merge(g, lanes, held)


def _phases(g: Ground, backward: bool) -> Iterator[tuple[int, int]]:
    for turn in range(COLOURS):
        colour = COLOURS - 1 - turn if backward else turn
        for phase in range(phases_of(g.site.shape, g.patch // 2, colour)):
            yield colour, phase


@uncounted
def _grid(shape: tuple[int, int], colour: int) -> tuple[int, int]:
    """Rows and columns of a colour's tiles."""
    rows, columns = (shape[0] + TILE - 1) // TILE, (shape[1] + TILE - 1) // TILE
    return (rows - (colour >> 1) + 1) // 2, (columns - (colour & 1) + 1) // 2


@uncounted
def phases_of(shape: tuple[int, int], margin: int, colour: int) -> int:
    """Phases that a colour's tiles need."""
    rows, columns = _grid(shape, colour)
    return (rows * columns + LANES - 1) // LANES


@uncounted
def _phase(g: Any, lanes: Any, sweep: Any, colour: int, phase: int, first: int, threads: int) -> None:
    """Search one phase's tiles of the lanes first, first + threads, …"""
    rows, columns = _grid(g.site.shape, colour)
    tiles = rows * columns
    phases = (tiles + LANES - 1) // LANES
    for number in range(first, LANES, threads):
        tile = number * phases + phase
        if tile >= tiles:
            continue
        top = ((tile // columns) * 2 + (colour >> 1)) * TILE
        left = ((tile % columns) * 2 + (colour & 1)) * TILE
        search_tile(g, lanes[number], sweep, top, left, min(top + TILE, g.site.shape[0]), min(left + TILE, g.site.shape[1]))


@uncounted
def merge(g: Any, lanes: Any, held: Any) -> None:
    """Add every lane's changes to the counts that all read, and share out anew what room the labels have."""
    matches, most = held
    for lane in lanes:
        for i in range(lane.logged[0]):
            block = lane.log[i]
            g.use[block] += lane.use[block]
            lane.use[block] = 0
        lane.logged[0] = 0
        for label in range(matches.size):
            matches[label] += lane.moved[label]
            lane.moved[label] = 0
    for label in range(matches.size):
        g.room[label] = (most[label] - matches[label]) // LANES  # rounded down: below zero every lane must give some up


@uncounted
def _whole_sweep(g: Any, lanes: Any, sweep: Any, held: Any) -> None:
    for turn in range(COLOURS):
        colour = COLOURS - 1 - turn if sweep.backward else turn
        for phase in range(phases_of(g.site.shape, 0, colour)):
            _phase(g, lanes, sweep, colour, phase, 0, 1)
            merge(g, lanes, held)
