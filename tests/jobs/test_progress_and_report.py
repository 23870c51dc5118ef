"""Shares in percent, work in units: arithmetic that a person reads."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.jobs.recipes.keyed import MOST_STRENGTH, KeyedRepair, RepairSettings, Strength
from bottega.jobs.recipes.schedule import KeyUse, Schedule
from bottega.jobs.runner import progress as module
from bottega.jobs.runner.make import work_units
from bottega.jobs.runner.progress import Event, Progress
from bottega.jobs.runner.report import take_report
from bottega.jobs.runner.takefolder import TakeFolder
from bottega.model import TakeState

from .cases import KEYS, PLATE, a_take, shares


def test_units_add_up_from_many_threads() -> None:
    events: list[Event] = []
    progress = Progress(400.0, watch=events.append)
    workers = [threading.Thread(target=lambda: [progress.advance("make") for _ in range(100)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(e.done for e in events) == [float(n) for n in range(1, 401)]
    assert all(e.total == 400 for e in events)


def test_the_time_left_comes_from_what_this_run_made(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    events: list[Event] = []
    progress = Progress(100.0, watch=events.append)
    progress.advance("make", units=50, found=True)
    assert events[-1].seconds_left is None and events[-1].done == 50
    now[0] += 10
    progress.advance("make", units=10)
    assert events[-1].seconds_left == pytest.approx(40)


@given(st.sets(st.integers(1001, 1060), min_size=1), st.data())
def test_the_work_is_a_unit_a_frame_and_a_unit_a_step(frames: set[int], data: st.DataObject) -> None:
    numbers = tuple(sorted(frames))
    keys = tuple(sorted(data.draw(st.sets(st.sampled_from(numbers), min_size=1))))
    outer = sum(n < keys[0] or n > keys[-1] for n in numbers)
    between = len(numbers) - outer - len(keys)
    assert work_units(Schedule(numbers, tuple(KeyUse(k) for k in keys))) == len(numbers) + outer + 2 * between


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=3))
def test_percentages_are_of_the_exact_share_rounded_once(parts: list[int]) -> None:
    works = [PLATE.digest, *(e.digest for e in KEYS.values())]
    total = sum(parts)
    given_shares = shares(*((works[i], "blended", Fraction(p, total)) for i, p in enumerate(parts)))
    with_shares = a_take(state=TakeState.DONE, shares=given_shares, touched_shares=given_shares)
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = TakeFolder(Path(name))
        folder.write(with_shares)
        report = take_report(folder, name_of=lambda subject: f"name of {subject}")
    for said, part in zip(report["touched"], parts, strict=True):
        assert Fraction(said["share"]) == Fraction(part, total)
        assert said["percent"].endswith(" %") and abs(Fraction(said["percent"][:-2]) - Fraction(100 * part, total)) <= Fraction(1, 20)
    assert sum(Fraction(s["share"]) for s in report["shares"]) == 1


def test_regions_multiply_and_never_leave_what_the_engine_takes() -> None:
    recipe = KeyedRepair(RepairSettings())
    matte = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert recipe.strength((1, 3), {}) == Strength(1.0, 1.0, 1.0)
    one = recipe.strength((1, 3), {"hair": (matte, Strength(0.5, 0.0, 1.0))})
    two = recipe.strength((1, 3), {name: (matte, Strength(1.5, 1.5, 1.5)) for name in ("hair", "face")})
    assert [getattr(one, band).tolist() for band in ("tone", "shape", "detail")] == [[[1, 0.75, 0.5]], [[1, 0.5, 0]], [[1, 1, 1]]]
    assert np.array_equal(two.tone, [[1, 1.5, MOST_STRENGTH]]) and np.array_equal(one.most, [[1, 1, 1]])
