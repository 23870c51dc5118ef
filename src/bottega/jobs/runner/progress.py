"""What a running job tells whoever watches: a step, how far it is, and the time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One report: `done` of `total` units of work over all steps; `seconds_left` is None until it can be told."""

    step: str
    done: float
    total: float
    frame: int | None = None
    seconds_left: float | None = None


Watch = Callable[[Event], None]


def silent(_event: Event) -> None:
    """Watch nothing."""


class Progress:
    """Counts units of work from several threads and estimates the time left from the rate so far.

    Work that a resumed run finds done counts as done, not towards the rate.
    """

    def __init__(self, total: float, *, watch: Watch = silent) -> None:
        self._total, self._watch = total, watch
        self._done, self._made = 0.0, 0.0
        self._since, self._lock = time.monotonic(), threading.Lock()

    def advance(self, step: str, *, units: float = 1.0, frame: int | None = None, found: bool = False) -> None:
        """Count `units` done in a step; `found` when they were done by an earlier run."""
        with self._lock:
            self._done += units
            self._made += 0.0 if found else units
            rate = self._made / max(time.monotonic() - self._since, 1e-9)
            left = (self._total - self._done) / rate if self._made else None
            event = Event(step, self._done, self._total, frame, left)
        self._watch(event)
