"""Exemplars opened for one run: each read is cleared, hashed and decoded by the footage room."""

from __future__ import annotations

import threading

from bottega.footage import Frame, Frames, Working, open_frames
from bottega.model import Exemplar
from bottega.rights import Clearance

from .passes import Pass


class Pictures:
    """Frames of one exemplar by number, from any thread. A movie has one decoder, so its reads take turns."""

    def __init__(self, exemplar: Exemplar, right: Pass, *, working: Working) -> None:
        self.exemplar, self._right, self._working = exemplar, right, working
        self._lock = threading.Lock()
        self._open: tuple[Clearance, Frames] | None = None

    def read(self, number: int | None = None) -> Frame:
        """One frame. Raises FootageError for a damaged file, ConsentError for a changed or no longer cleared one."""
        with self._lock:
            frames = self._frames()
            if frames.sequential:
                return frames.read(number)
        return frames.read(number)

    def _frames(self) -> Frames:
        clearance = self._right.clearance()
        if self._open is None or self._open[0] is not clearance:
            if self._open is not None:
                self._open[1].close()
            self._open = clearance, open_frames(self.exemplar, clearance, door=self._right.door, working=self._working)
        return self._open[1]

    def close(self) -> None:
        """Let go of the decoder."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
