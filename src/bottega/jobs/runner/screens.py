"""Pictures for a monitor: encoded, cut to the display window, small enough for a sheet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Box, display

SHEET_WIDTH_PX = 512
Display = NDArray[np.uint8]


def screen(rgb: NDArray[Any], data: Box, window: Box, colour: str | None) -> Display:
    """A picture over `data`, encoded for a monitor and cut to the display window, black where it does not reach."""
    whole = window.union(data)
    canvas = np.zeros((whole.height, whole.width, 3), np.float32)
    canvas[data.inside(whole)] = rgb
    return display(np.ascontiguousarray(canvas[window.inside(whole)]), colour or "")


def small(shown: Display) -> Display:
    """A picture for a contact sheet: at most the sheet's width, by area."""
    import cv2

    if shown.shape[1] <= SHEET_WIDTH_PX:
        return shown
    size = SHEET_WIDTH_PX, max(1, round(shown.shape[0] * SHEET_WIDTH_PX / shown.shape[1]))
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
