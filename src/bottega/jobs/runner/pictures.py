"""Exemplars opened for one run: each read is cleared, hashed and decoded by the footage room."""

from __future__ import annotations

import threading
from pathlib import Path

from bottega.footage import Box, Frame, Frames, open_frames
from bottega.model import Exemplar
from bottega.rights import Clearance

from .passes import Pass


class Pictures:
    """Frames of one exemplar by number, from any thread. A movie has one decoder, so its reads take turns."""

    def __init__(
        self,
        exemplar: Exemplar,
        right: Pass,
        *,
        root: Path,
        working: str | None,
        canvas: Box | None = None,
        default_colour: str | None = None,
    ) -> None:
        self.exemplar, self._right = exemplar, right
        self._root, self._working, self._canvas, self._default_colour = root, working, canvas, default_colour
        self._lock = threading.Lock()
        self._open: tuple[Clearance, Frames] | None = None

    def on(self, canvas: Box) -> Pictures:
        """The same exemplar on another canvas, under the same right; this one is closed."""
        self.close()
        return Pictures(
            self.exemplar, self._right, root=self._root, working=self._working, canvas=canvas, default_colour=self._default_colour
        )

    def read(self, number: int) -> Frame:
        """One frame; a still answers to any number. Raises FootageError for a damaged file, ConsentError for a changed one."""
        with self._lock:
            frames = self.frames()
            if frames.is_movie:
                return frames.read(number)
        return frames.read(number)

    def frames(self) -> Frames:
        """What is open now, under a clearance that holds."""
        clearance = self._right.clearance()
        if self._open is None or self._open[0] is not clearance:
            self.close()
            opened = open_frames(
                self.exemplar,
                clearance,
                door=self._right.door,
                working=self._working,
                canvas=self._canvas,
                default_colour=self._default_colour,
                root=self._root,
            )
            self._open = clearance, opened
        return self._open[1]

    def close(self) -> None:
        """Let go of the decoder."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
