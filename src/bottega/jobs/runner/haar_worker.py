"""Find faces with OpenCV 4's cascades. Stands alone: run by another interpreter, which has none of ours.

Reads a JSON line and, for a picture, its raw RGB bytes after it; writes one JSON line for each. Ends when its input does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEBIAN = "/usr/share/opencv4/haarcascades"
SAME_SHARE = 0.3
Box = tuple[int, int, int, int]
Look = Callable[[bytes, int, int], list[Box]]


def main() -> None:
    """Answer until the input ends; what goes wrong is said as {"error": ...}."""
    look: Look | None = None
    while line := sys.stdin.buffer.readline():
        try:
            asked = json.loads(line)
            if look is None:
                look, said = start(asked["settings"])
            else:
                wanted = asked["height"] * asked["width"] * 3
                data = sys.stdin.buffer.read(wanted)
                if len(data) != wanted:
                    raise ValueError(f"{len(data)} bytes of a picture of {wanted}")
                said = {"boxes": look(data, asked["height"], asked["width"])}
        except Exception as problem:  # noqa: BLE001 - the other side decides what a failure means
            said = {"error": f"{type(problem).__name__}: {problem}"[:300]}
        sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
        sys.stdout.buffer.flush()


def start(settings: dict[str, str]) -> tuple[Look, dict[str, Any]]:
    """Load the cascades; gives the function that looks, and what to answer."""
    import cv2

    opencv: Any = cv2  # version 4: not the one that the rest of the project is checked against
    folder = getattr(getattr(opencv, "data", None), "haarcascades", None) or DEBIAN
    names = ("frontalface_alt2", "profileface")
    frontal, profile = (opencv.CascadeClassifier(str(Path(folder) / f"haarcascade_{name}.xml")) for name in names)
    if frontal.empty() or profile.empty():
        raise RuntimeError("no Haar cascades in this OpenCV")
    scale, neighbours, part = float(settings["scale"]), int(settings["neighbours"]), int(settings["smallest"].split("/")[1])

    def look(data: bytes, height: int, width: int) -> list[Box]:
        import numpy as np

        grey = opencv.equalizeHist(opencv.cvtColor(np.frombuffer(data, np.uint8).reshape(height, width, 3), opencv.COLOR_RGB2GRAY))
        least = max(20, min(height, width) // part)
        options = {"scaleFactor": scale, "minNeighbors": neighbours, "minSize": (least, least)}
        found = [tuple(map(int, b)) for cascade in (frontal, profile) for b in cascade.detectMultiScale(grey, **options)]
        mirrored = profile.detectMultiScale(opencv.flip(grey, 1), **options)
        found += [(int(width - x - w), int(y), int(w), int(h)) for x, y, w, h in mirrored]
        return merged(found)

    return look, {"version": opencv.__version__}


def merged(boxes: list[Any]) -> list[Box]:
    """Leave out a box that is mostly one that is there already: the cascades see the same face twice."""
    kept: list[Box] = []
    for box in boxes:
        if all(overlap(box, other) < SAME_SHARE for other in kept):
            kept.append(box)
    return kept


def overlap(a: Box, b: Box) -> float:
    """Shared area over the area of both (intersection over union)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


if __name__ == "__main__":
    main()
