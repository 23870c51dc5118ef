"""The same bits for any number of threads and any band, and the picture again from its field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bottega.engine import Source, Target, regather
from bottega.engine.synthesis import lanes, levels

from .pictures import noise, plan_of, quick, run

ROWS, COLUMNS = 110, 131


@pytest.fixture
def pair() -> tuple[Source, Target]:
    guide = noise(ROWS, COLUMNS, 2, seed=3)
    return Source(noise(90, 101), guide[:90, :101]), Target(guide)


@pytest.fixture
def threads_for_all_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WORTH_THREADS", 0)


@pytest.mark.usefixtures("threads_for_all_levels")
@pytest.mark.parametrize("options", [{"threads": 2}, {"threads": 4}, {"threads": 3, "band_rows": 7}, {"band_rows": 1}])
def test_threads_and_bands_change_no_bit(pair: tuple[Source, Target], options: dict[str, int]) -> None:
    whole = run(*pair, quick())
    other = run(*pair, quick(), **options)
    assert all(np.array_equal(a, b) for a, b in zip(whole, other, strict=True))


@pytest.mark.parametrize("given", [{}, {"vote": "median"}, {"vote": "weighted"}, {"wrap": True}, {"patch": 5, "final_pass": True}], ids=str)
def test_voting_only_where_matches_moved_changes_no_bit(
    pair: tuple[Source, Target], given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    part, shares = run(*pair, quick(**given)), []
    unsettled = levels.Bench.unsettled

    def everywhere(bench: levels.Bench, since: int) -> Any:
        shares.append(float(unsettled(bench, since).mean()))
        return levels.EVERYWHERE

    monkeypatch.setattr(levels.Bench, "unsettled", everywhere)
    whole = run(*pair, quick(**given))
    assert all(np.array_equal(a, b) for a, b in zip(part, whole, strict=True))
    assert (min(shares) < 1) == (given.get("vote") != "weighted")


def test_another_seed_changes_bits(pair: tuple[Source, Target]) -> None:
    assert not np.array_equal(run(*pair, quick()).nnf, run(*pair, quick(seed=2)).nnf)


def test_arrays_that_the_caller_allocates_hold_the_same_bits(pair: tuple[Source, Target], tmp_path: Any) -> None:
    made = []

    def allocate(shape: tuple[int, ...], dtype: Any) -> Any:
        made.append(shape)
        return np.memmap(tmp_path / f"{len(made)}", dtype, "w+", shape=shape)

    assert np.array_equal(run(*pair, quick(), allocate=allocate).image, run(*pair, quick()).image)
    assert (ROWS, COLUMNS, 3) in made


@pytest.mark.parametrize(
    "given", [{}, {"vote": "weighted"}, {"vote": "median"}, {"wrap": True}, {"patch": 5, "final_pass": True}, {"patch": 7}], ids=str
)
def test_field_and_weights_gather_to_the_picture(pair: tuple[Source, Target], given: dict[str, Any]) -> None:
    settings = quick(**given)
    image, nnf, weights = run(*pair, settings)
    made = plan_of(*pair, settings)
    assert np.array_equal(regather(made, *pair, nnf, weights), image)
    moved = nnf.copy()
    moved[48:54, 48:54, 1:] = moved[48:54, 48:54, 1:][::-1, ::-1]
    assert not np.array_equal(regather(made, *pair, moved, weights), image)


def test_a_result_of_many_parts_gathers_too() -> None:
    random = np.random.default_rng(5)
    guide, classes = noise(60, 60, 1, seed=2), (np.mgrid[0:60, 0:60][1] // 20).astype(np.uint8)
    sources = [
        Source(noise(40, 50, 4), noise(40, 50, 1, seed=8), random.random((40, 50)) > 0.002, random.integers(0, 3, (40, 50), np.uint8)),
        Source(noise(31, 64, 4, seed=4), noise(31, 64, 1, seed=9), classes=(np.mgrid[0:31, 0:64][1] // 22).astype(np.uint8)),
    ]
    target = Target(guide, picture=noise(60, 60, 4, seed=6), mask=random.random((60, 60)) > 0.2, classes=classes)
    settings = quick(vote="weighted")
    image, nnf, weights = run(sources, target, settings)
    from bottega.engine import plan

    made = plan([(40, 50), (31, 64)], (60, 60), style_channels=4, guide_channels=1, settings=settings)
    assert np.array_equal(regather(made, sources, target, nnf, weights), image)
    assert target.picture is not None
    assert target.mask is not None
    assert np.array_equal(image[~target.mask], target.picture[~target.mask])
    assert (nnf[~target.mask] == -1).all()
