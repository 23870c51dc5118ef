"""A patchwork: its energy never rises, its classes are kept, what is held stays, and a planted shift is found."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from bottega.engine.concept import painted as painted_module
from bottega.engine.concept import patchwork as module
from bottega.engine.concept.ground import Ground, reachable
from bottega.engine.concept.painted import gather
from bottega.engine.concept.patchwork import PatchworkSettings, calm, patchwork


@pytest.mark.parametrize("name", [module, painted_module])
def test_the_examples_run(name: object) -> None:
    assert doctest.testmod(name).failed == 0  # type: ignore[arg-type]


def ground(seed: int = 1, held: bool = False) -> Ground:
    """Strokes in two classes, a target of the same kind, guides of two channels."""
    random = np.random.default_rng(seed)
    style, source = random.random((40, 52, 3), np.float32), random.random((40, 52, 2), np.float32)
    target = random.random((36, 44, 2), np.float32)
    kind, wanted = (np.arange(52) > 20)[None].repeat(40, 0), (np.arange(36) > 15)[:, None].repeat(44, 1)
    stay = np.zeros((36, 44), bool)
    stay[10:20, 10:20] = held
    return Ground(style, source, kind.astype(np.uint8), target, wanted.astype(np.uint8), np.array([0.3, 0.7], np.float32), stay)


def start_of(given: Ground, seed: int = 2) -> np.ndarray:
    """Places of the right class, at random."""
    random = np.random.default_rng(seed)
    place = np.zeros((*given.wanted.shape, 2), np.int64)
    for kind in (0, 1):
        rows, columns = np.nonzero(given.kind == kind)
        pick = random.integers(0, rows.size, given.wanted.shape)
        place = np.where((given.wanted == kind)[..., None], np.stack([rows[pick], columns[pick]], -1), place)
    return place


def energy(given: Ground, place: np.ndarray, s: PatchworkSettings) -> float:
    """The energy written out as the module states it."""
    height, width = given.kind.shape
    weight = calm(given.style)
    fit = (given.weights * (given.source[place[..., 0], place[..., 1]] - given.target) ** 2).sum()
    offset = place - np.stack(list(np.mgrid[0 : place.shape[0], 0 : place.shape[1]]), -1)
    total = s.strict * float(fit)
    for y, x in np.ndindex(place.shape[:2]):
        for v, u in ((y + 1, x), (y, x + 1)):
            if v >= place.shape[0] or u >= place.shape[1] or (offset[y, x] == offset[v, u]).all():
                continue
            ends = []
            for p in ((y, x), (v, u)):
                a, b = np.array(p) + offset[y, x], np.array(p) + offset[v, u]
                if min(*a, *b) >= 0 and max(a[0], b[0]) < height and max(a[1], b[1]) < width:
                    ends.append(((given.style[tuple(a)] - given.style[tuple(b)]) ** 2).sum() * (weight[tuple(a)] + weight[tuple(b)]))
            seen = 2 * float(np.mean(ends)) * (4 if given.held[y, x] or given.held[v, u] else 1) if ends else 0.1
            total += s.length + seen
    return total


@pytest.mark.parametrize("strict", [0.0, 0.3, 5.0])
def test_the_energy_falls_and_classes_are_kept(strict: float) -> None:
    given, settings = ground(), PatchworkSettings(strict, repeat=0)
    start = start_of(given)
    laid = patchwork(given, start, settings=settings)
    assert (given.kind[laid[..., 0], laid[..., 1]] == given.wanted).all()
    assert energy(given, laid, settings) < 0.9 * energy(given, start, settings)


def test_one_pass_never_raises_the_energy() -> None:
    from bottega.engine.concept.laying import Board, lay_blocks, lay_pixels

    given, settings = ground(3, held=True), PatchworkSettings(0.5, repeat=0)
    own = np.stack(list(np.mgrid[0:36, 0:44]), -1)
    offset = (start_of(given) - own).astype(np.int32)
    board = Board(*given, offset, calm(given.style), np.float32(0.5), np.float32(settings.length), np.float32(0))
    before = energy(given, offset + own, settings)
    shifts = np.random.default_rng(1).integers(-6, 7, (400, 8, 2)).astype(np.int32)
    for turn in range(4):
        changed = lay_blocks(board, 6, np.array([turn, 2]), shifts) if turn % 2 == 0 else lay_pixels(board, turn == 3, 2)
        after = energy(given, offset + own, settings)
        assert after < before if changed else after == before
        before = after * (1 + 1e-6)


def test_what_is_held_stays_and_seeds_decide() -> None:
    given = ground(held=True)
    start = start_of(given)
    one, again, other = (patchwork(given, start, settings=PatchworkSettings(seed=seed)) for seed in (1, 1, 2))
    assert (one[10:20, 10:20] == start[10:20, 10:20]).all()
    assert (one == again).all()
    assert (one != other).any()


def test_places_outside_and_of_another_class_are_replaced() -> None:
    given = ground()
    start = np.full((36, 44, 2), -5)
    laid = patchwork(given, start)
    assert (given.kind[laid[..., 0], laid[..., 1]] == given.wanted).all()
    start[18:] = (4, 40)
    assert (given.kind[tuple(np.moveaxis(patchwork(given, start), -1, 0))] == given.wanted).all()


def test_refusals_name_what_is_allowed() -> None:
    given = ground()
    with pytest.raises(ValueError, match=r"wanted has class 7, allowed are those of the source, \[0, 1\]"):
        patchwork(given._replace(wanted=given.wanted + np.uint8(7)), np.zeros((36, 44, 2)))
    with pytest.raises(ValueError, match=r"strict is -1, allowed is 0 to 100"):
        PatchworkSettings(-1)
    with pytest.raises(ValueError, match=r"allowed is \(0, 0\) to \(3, 2\)"):
        gather(np.zeros((3, 4, 3), np.float32), np.full((2, 2, 2), 3))


def test_a_class_in_the_border_alone_is_not_searched_for() -> None:
    kind = np.zeros((20, 20), np.uint8)
    kind[0] = 3
    wanted = np.zeros((10, 10), np.uint8)
    wanted[4:6] = 3
    assert not reachable(wanted, kind, 2).any()
    assert (reachable(wanted, kind, 0) == wanted).all()
    assert not reachable(np.full((4, 4), 3, np.uint8), kind, 2).any()


def test_a_repeat_that_costs_is_rarer() -> None:
    """A plain target laid of noise: blocks next to each other would all show the place that fits best."""
    random = np.random.default_rng(4)
    style = random.random((60, 60, 3), np.float32)
    best = np.abs(np.stack(list(np.mgrid[0:60, 0:60])) - 30).max(0)[..., None].astype(np.float32) / 30
    plain, flat = np.zeros((64, 64), np.uint8), np.zeros((64, 64, 1), np.float32)
    given = Ground(style, best, plain[:60, :60], flat, plain, np.ones(1, np.float32), plain > 0)
    start = random.integers(0, 60, (64, 64, 2))
    most = []
    for repeat in (0.0, 0.5):
        place = patchwork(given, start, settings=PatchworkSettings(repeat=repeat))
        most.append(int(np.bincount(place[..., 0].ravel() * 60 + place[..., 1].ravel()).max()))
    assert most[1] < 0.7 * most[0]
