"""Viola and Jones's cascades from OpenCV 4, in an environment of their own: pictures go over a pipe, boxes come back.

OpenCV 5 has no cascades any more. The worker is a separate program (`haar_worker.py`) run by the interpreter that
`$BOTTEGA_FACE_PYTHON` names, so that its OpenCV and ours never meet, and a crash there is an error here and never "no faces".
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.model import JobError, UsageError, shown

INTERPRETER = "BOTTEGA_FACE_PYTHON"
WORKER = Path(__file__).with_name("haar_worker.py")
START_S, ANSWER_S = 60.0, 120.0
LONGEST_LINE = 1 << 20
SETTINGS = MappingProxyType(
    {"scale": "1.1", "neighbours": "5", "smallest": "1/24", "cascades": "frontalface_alt2,profileface,profileface mirrored"}
)


class HaarDetector:
    """Frontal faces and profiles to both sides, by OpenCV's Haar cascades in another interpreter."""

    settings: Mapping[str, str] = SETTINGS

    def __init__(self, *, answer_s: float = ANSWER_S) -> None:
        self.version, self._answer_s = "unknown", answer_s
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        python = os.environ.get(INTERPRETER)
        if not python or not Path(python).is_file():
            raise UsageError(
                f"${INTERPRETER} is {shown(python) if python else 'not set'}: name a Python interpreter with opencv-python-headless<5, "
                "for example of an environment made with `python3 -m venv faces && faces/bin/pip install 'opencv-python-headless<5'`"
            )
        try:
            self._worker = subprocess.Popen(
                [python, "-I", str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
            )
        except OSError as problem:
            raise UsageError(f"${INTERPRETER} cannot be run: {problem.strerror}") from problem
        try:
            self.version = f"OpenCV {self._ask({'settings': dict(SETTINGS)}, b'', START_S)['version']}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.kill()
            for pipe in (self._worker.stdin, self._worker.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._worker.wait()
            self._worker = None

    def find(self, picture: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
        """Where the cascades see faces. Raises JobError when the worker does not answer, or answers nonsense."""
        height, width = picture.shape[:2]
        said = self._ask({"height": height, "width": width}, np.ascontiguousarray(picture).tobytes(), self._answer_s)
        boxes = said.get("boxes")
        if not isinstance(boxes, list) or not all(_is_box(b, height, width) for b in boxes):
            raise JobError("the face detector answered something that is no list of boxes: nothing is recorded")
        return [(b[0], b[1], b[2], b[3]) for b in boxes]

    def _ask(self, question: Mapping[str, Any], payload: bytes, seconds: float) -> dict[str, Any]:
        """Send a line and what belongs to it, and read a line; a worker that is silent for too long is ended."""
        worker = self._worker
        if worker is None or worker.stdin is None or worker.stdout is None:
            raise RuntimeError("the face detector is closed: use it in a `with` block")
        bell = threading.Timer(seconds, worker.kill)
        bell.start()
        try:
            worker.stdin.write(json.dumps(question).encode() + b"\n" + payload)
            worker.stdin.flush()
            line = worker.stdout.readline(LONGEST_LINE)
        except OSError:
            line = b""
        finally:
            bell.cancel()
        try:
            said = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            said = None
        if not isinstance(said, dict) or "error" in said:
            why = shown(str(said["error"])) if isinstance(said, dict) else f"no answer within {seconds:g} s, or its program ended"
            raise JobError(f"the face detector failed ({why}): nothing is recorded. Check ${INTERPRETER}, then run it again")
        return said


def _is_box(box: object, height: int, width: int) -> bool:
    if not isinstance(box, list) or len(box) != 4 or not all(type(v) is int for v in box):
        return False
    x, y, w, h = box
    return bool(x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height)
