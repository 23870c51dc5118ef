"""A picture of where line art is open: the ink, greyed, with a frame round each opening."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bottega.footage import marked
from bottega.jobs.recipes.concept import Leak

_INK = (230, 40, 40)
_AROUND_PX = 14


def leak_picture(ink: NDArray[np.float32], leaks: Sequence[Leak]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: the line on white, and a red frame round each opening, numbered as they are told."""
    grey = np.rint(255 - ink * 160).astype(np.uint8)
    boxes = []
    for number, leak in enumerate(leaks, 1):
        reach = round(leak.gap_px / 2) + _AROUND_PX
        x, y = round(leak.x), round(leak.y)
        boxes.append((str(number), (x - reach, y - reach, x + reach, y + reach), _INK))
    return marked(np.repeat(grey[..., None], 3, axis=2), boxes)
