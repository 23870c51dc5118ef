"""What time it is, and whether that can be believed: never before the last entry, and in step with the time since the machine started."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bottega.model import utc_instant, utc_text
from bottega.rights.reasons import refusal

Clock = Callable[[], datetime]

CLOCK_SLACK = timedelta(seconds=120)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LONGEST_ANCHOR = 4096


def wall_clock() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


def not_before(last: datetime | None, now: datetime) -> datetime:
    """The later of the two in UTC; a clock more than two minutes behind the last entry is refused with `clock`."""
    if now.tzinfo is None:
        raise ValueError(f"the clock gave {now.isoformat()}, which has no time zone")
    now = now.astimezone(UTC)
    if last is None:
        return now
    if now < last - CLOCK_SLACK:
        raise refusal("clock", f"it is {utc_text(now)} by this machine, but the last entry is of {utc_text(last)}")
    return max(now, last)


@dataclass(frozen=True)
class Moment:
    """Wall time and time since boot, read together, and which boot it was."""

    wall: datetime
    since_boot: timedelta
    boot: str


def system_moment() -> Moment:
    """Both clocks of this machine. CLOCK_BOOTTIME also runs while it sleeps, and nobody can set it."""
    try:
        boot = BOOT_ID.read_text("ascii").strip()
    except (OSError, UnicodeError) as problem:
        raise refusal("clock", f"which boot this is cannot be read: {problem}") from problem
    return Moment(wall_clock(), timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME)), boot)


class SteadyClock:
    """Wall time that is refused with `clock` once somebody has set it by more than two minutes, forward or back.

    The first reading of a boot is kept in `folder`, so that every process of that boot compares with the same one. A clock that is
    wrong from the start is not found out: there is nothing to compare it with.
    """

    def __init__(self, folder: Path, *, moment: Callable[[], Moment] = system_moment) -> None:
        self._folder, self._moment = folder, moment
        self._anchor: Moment | None = None

    def __call__(self) -> datetime:
        """The wall time. Raises ConsentError `clock`."""
        now = self._moment()
        anchor = self._anchored(now)
        expected = anchor.wall + (now.since_boot - anchor.since_boot)
        if abs(now.wall - expected) > CLOCK_SLACK:
            raise refusal("clock", f"it is {utc_text(now.wall)} by this machine, by the time since it started it is {utc_text(expected)}")
        return now.wall

    def unwatched(self) -> datetime:
        """The wall time, compared with nothing."""
        return self._moment().wall

    def accept(self) -> datetime:
        """Believe the wall time from now on. Only after a named human's `clock.accepted` is on record."""
        now = self._moment()
        self._anchor = None
        self._write(now, replace=True)
        return now.wall

    def _anchored(self, now: Moment) -> Moment:
        anchor = self._anchor
        if anchor is None or anchor.boot != now.boot:
            self._write(now, replace=False)
        # read again each time: another process may have accepted a new one
        self._anchor = self._read(now.boot)
        return self._anchor

    def _path(self, boot: str) -> Path:
        if not boot or not all(c.isalnum() or c == "-" for c in boot):
            raise refusal("clock", "this boot's id is no id")
        return self._folder / f"clock_{boot}.json"

    def _read(self, boot: str) -> Moment:
        path = self._path(boot)
        try:
            said = json.loads(path.read_bytes()[:LONGEST_ANCHOR])
            return Moment(utc_instant(said["wall"]), timedelta(microseconds=int(said["since_boot_us"])), boot)
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise refusal("clock", f"{path.name}, this boot's first reading of the clock, cannot be read: {problem}") from problem

    def _write(self, now: Moment, *, replace: bool) -> None:
        path = self._path(now.boot)
        content = json.dumps({"since_boot_us": now.since_boot // timedelta(microseconds=1), "wall": utc_text(now.wall)}).encode()
        part = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and not replace:
                return
            part.write_bytes(content)
            if replace:
                part.replace(path)
                return
            try:
                os.link(part, path)  # whole at once, and never over one that is there
            except FileExistsError:
                pass
            finally:
                part.unlink()
        except OSError as problem:
            raise refusal("clock", f"{path.name}, this boot's first reading of the clock, cannot be kept: {problem.strerror}") from problem
