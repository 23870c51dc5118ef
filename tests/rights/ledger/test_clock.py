from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from bottega.rights import Ledger, SteadyClock
from bottega.rights.ledger import Moment
from bottega.rights.ledger.clock import system_moment
from tests.rights.builders import NOON

from .show import refused

BOOT = "b0073d00-0000-4000-8000-000000000001"


class Machine:
    """Wall clock and time since boot, to be set apart."""

    def __init__(self) -> None:
        self.wall, self.up, self.boot = NOON, timedelta(hours=1), BOOT

    def __call__(self) -> Moment:
        return Moment(self.wall, self.up, self.boot)

    def passes(self, **span: float) -> None:
        self.wall += timedelta(**span)
        self.up += timedelta(**span)

    def set_by(self, **span: float) -> None:
        self.wall += timedelta(**span)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_while_both_clocks_agree_it_is_the_wall_time(tmp_path: Path, machine: Machine) -> None:
    clock = SteadyClock(tmp_path, moment=machine)
    for _ in range(3):
        assert clock() == machine.wall
        machine.passes(days=3)


@pytest.mark.parametrize("sign", [1, -1])
def test_set_by_more_than_two_minutes_it_is_refused_either_way(tmp_path: Path, machine: Machine, sign: int) -> None:
    clock = SteadyClock(tmp_path, moment=machine)
    clock()
    machine.passes(hours=1)
    machine.set_by(seconds=120 * sign)
    assert clock() == machine.wall
    machine.set_by(microseconds=sign)
    with refused("clock"):
        clock()
    machine.set_by(microseconds=-sign)
    assert clock() == machine.wall, "set right again, it is believed again"


def test_many_small_steps_are_one_large_one(tmp_path: Path, machine: Machine) -> None:
    clock = SteadyClock(tmp_path, moment=machine)
    clock()
    machine.set_by(seconds=100)
    clock()
    machine.set_by(seconds=100)
    with refused("clock"):
        clock()


def test_another_process_of_the_same_boot_compares_with_the_first_reading(tmp_path: Path, machine: Machine) -> None:
    SteadyClock(tmp_path, moment=machine)()
    machine.set_by(days=1)
    with refused("clock"):
        SteadyClock(tmp_path, moment=machine)()


def test_after_a_restart_there_is_nothing_to_compare_with(tmp_path: Path, machine: Machine) -> None:
    clock = SteadyClock(tmp_path, moment=machine)
    clock()
    machine.set_by(days=1)
    machine.boot, machine.up = BOOT.replace("1", "2"), timedelta(seconds=5)
    assert clock() == machine.wall
    machine.set_by(days=1)
    with refused("clock"):
        clock()


def test_what_a_human_accepts_is_believed_by_every_process(tmp_path: Path, machine: Machine) -> None:
    here, there = SteadyClock(tmp_path, moment=machine), SteadyClock(tmp_path, moment=machine)
    here(), there()
    machine.set_by(days=1)
    with refused("clock"):
        there()
    assert here.accept() == here() == there() == machine.wall


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"wall": 7, "since_boot_us": 1}', b'{"wall": "2026-03-10T12:00:00Z"}', b"\xff"])
def test_a_damaged_first_reading_is_a_no(tmp_path: Path, machine: Machine, content: bytes) -> None:
    clock = SteadyClock(tmp_path, moment=machine)
    clock()
    [kept] = tmp_path.glob("clock_*.json")
    kept.write_bytes(content)
    with refused("clock"):
        clock()


def test_one_that_cannot_be_kept_is_a_no(tmp_path: Path, machine: Machine) -> None:
    (tmp_path / "file").touch()
    with refused("clock"):
        SteadyClock(tmp_path / "file", moment=machine)()


def test_a_boot_without_a_proper_id_is_a_no(tmp_path: Path, machine: Machine) -> None:
    for name in ("", "../other", "a b"):
        machine.boot = name
        with refused("clock"):
            SteadyClock(tmp_path, moment=machine)()


def test_the_machines_own_clocks_are_read_together(tmp_path: Path) -> None:
    first, then = system_moment(), system_moment()
    assert first.boot == then.boot
    assert timedelta(0) <= then.since_boot - first.since_boot < timedelta(seconds=60)
    clock = SteadyClock(tmp_path / "marks")
    assert abs(clock() - first.wall) < timedelta(seconds=60)
    [kept] = (tmp_path / "marks").iterdir()
    assert set(json.loads(kept.read_text())) == {"since_boot_us", "wall"}
    assert stat.S_IMODE(kept.parent.stat().st_mode) & 0o077 == 0


def test_a_ledger_whose_clock_was_set_takes_no_entry(tmp_path: Path, machine: Machine) -> None:
    with Ledger.create(tmp_path / "ledger.db", clock=SteadyClock(tmp_path / "marks", moment=machine)) as ledger:
        ledger.append("note.a", {})
        machine.set_by(days=400)
        with refused("clock"):
            ledger.append("note.a", {})
        assert ledger.head().size == 1
