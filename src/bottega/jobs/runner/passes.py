"""A run's right to read pictures: asked for again before it runs out, so that a revoked consent stops the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from bottega.footage import Band
from bottega.model import JobError, Use, VisibleMark
from bottega.rights import Clearance, Door, Gate, State

RENEW_BEFORE = timedelta(minutes=3)


class Pass:
    """The clearances of one run, in order. Each renewal is a new decision by the gate, on the state of that moment."""

    def __init__(self, gate: Gate, use: Use, *, job_id: str, door: Door, clock: Callable[[], datetime]) -> None:
        self._gate, self._use, self._job_id, self._clock = gate, use, job_id, clock
        self.door = door
        self._lock = threading.Lock()
        self.used: list[Clearance] = [gate.clear(use, job_id=job_id)]

    def turn_to(self, use: Use) -> None:
        """Go on with another use of the same job, on a clearance of its own. Raises ConsentError when the gate says no to it."""
        with self._lock:
            self._renew(use)
            self._use = use

    def clearance(self) -> Clearance:
        """The clearance to open with now. Raises ConsentError when the gate no longer says yes."""
        with self._lock:
            if self.used[-1].expires_at - self._clock() < RENEW_BEFORE:
                self._renew(self._use)
            return self.used[-1]

    def _renew(self, use: Use) -> None:
        renewed = self._gate.clear(use, job_id=self._job_id)
        if renewed.watermark and not self.used[0].watermark:
            raise JobError("from now on the job rests on an override, and its frames carry no visible mark: run it again")
        self.used.append(renewed)

    def check(self) -> None:
        """Raise ConsentError where the gate no longer says yes. Quick: for between two frames, and before anything is written."""
        self.door.admit(self.clearance(), self._use.inputs[0].digest)

    def band(self, state: State) -> VisibleMark | None:
        """The visible mark that everything made under this pass has to carry, or None."""
        if not self.used[0].watermark:
            return None
        override = str(state.cleared[self.used[0].decision_idx].data["override_id"])
        band = Band(f"NOT CLEARED - {override}")
        return VisibleMark(text=band.text, digest=band.digest, override_id=override)

    def licences(self, state: State) -> tuple[str, ...]:
        """The licences that the decisions of this run rest on."""
        return tuple(sorted({k for c in self.used for k in state.cleared[c.decision_idx].data["licences"]}))
