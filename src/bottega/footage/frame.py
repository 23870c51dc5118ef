"""One frame in memory: its pixels, where they lie, and the untouched samples they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from bottega.model import FootageError

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[Any]

LARGEST_SIDE_PX = 32768
MOST_PIXELS = 1 << 30
LARGEST_HALF = 65504.0
BITS = {"uint8": 8, "uint10": 10, "uint12": 12, "half": 16, "uint16": 16, "uint32": 32, "float": 32}


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels in the shot's coordinates: x to the right, y down, as EXR windows count."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of_window(cls, window: Any) -> Self:
        """From an EXR window, whose last pixel is inside."""
        (x0, y0), (x1, y1) = ((int(v) for v in corner) for corner in window)
        return cls(x0, y0, x1 - x0 + 1, y1 - y0 + 1)

    def window(self) -> tuple[Any, Any]:
        """As an EXR window."""
        first, last = (self.x, self.y), (self.x + self.width - 1, self.y + self.height - 1)
        return np.array(first, np.int32), np.array(last, np.int32)

    def union(self, other: Box) -> Box:
        """The smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Box(x, y, right - x, bottom - y)

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside."""
        return self.union(other) == self

    def shared(self, other: Box) -> Box | None:
        """The part that lies in both, or None."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Box(x, y, right - x, bottom - y) if right > x and bottom > y else None

    def inside(self, canvas: Box) -> tuple[slice, slice]:
        """Rows and columns of this box in an array that covers `canvas`."""
        x, y = self.x - canvas.x, self.y - canvas.y
        return slice(y, y + self.height), slice(x, x + self.width)

    def check(self, where: str) -> None:
        """Refuse sizes that no picture has, before memory is asked for. Raises FootageError."""
        if not (1 <= self.width <= LARGEST_SIDE_PX and 1 <= self.height <= LARGEST_SIDE_PX) or self.width * self.height > MOST_PIXELS:
            raise FootageError(
                f"{where}: its header says {self.width}x{self.height} pixels, allowed are 1 to {LARGEST_SIDE_PX} a side and "
                f"{MOST_PIXELS} in all; the header is damaged, or the picture must be split"
            )

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at ({self.x}, {self.y})"


@dataclass(frozen=True, eq=False, kw_only=True)
class Decoded:
    """What a decoder found in one file, nothing converted.

    `rgb` (h, w, 3) and `others` (h, w) keep the file's own type and cover `data`; a grey picture has its value three times.
    """

    rgb: Samples
    others: Mapping[str, Samples]
    alpha_name: str | None
    premultiplied: bool
    dtype: str
    grey: bool
    data: Box
    display: Box
    pixel_aspect: float = 1.0
    passed_on: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """A frame on the shot's canvas.

    `rgb` is (H, W, 3) float32 in `working`, zero outside the frame's data window. `alpha` is (H, W) float32 or None;
    `premultiplied` says whether rgb holds light already multiplied by it (EXR) or not (PNG, TIFF as a rule).
    `native` are the file's samples of R, G, B and `others` of its other channels, in their own type and in `colour`, over the
    `data` window: they go back to disk bit for bit. `non_finite` counts NaN and infinite samples of native; rgb has 0 or the
    largest finite half there.
    """

    number: int
    file: str
    rgb: Floats
    alpha: Floats | None
    premultiplied: bool
    native: Samples
    others: Mapping[str, Samples]
    alpha_name: str | None
    dtype: str
    grey: bool
    colour: str | None
    working: str | None
    canvas: Box
    data: Box
    display: Box
    pixel_aspect: float = 1.0
    non_finite: int = 0
    passed_on: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bits(self) -> int:
        """Bits a sample: 8, 10, 12, 16 or 32."""
        return BITS[self.dtype]

    @property
    def where(self) -> str:
        """How an error names this frame."""
        return f"{self.file}, frame {self.number}"


def as_float(samples: Samples) -> Floats:
    """Samples as float32: codes over their largest code, light as it is. The code comes back by rounding."""
    if samples.dtype.kind == "u" and samples.dtype.itemsize <= 2:
        return np.divide(samples, np.float32(np.iinfo(samples.dtype).max), dtype=np.float32)
    return samples.astype(np.float32)


def on_canvas(picture: Floats, box: Box, canvas: Box) -> Floats:
    """The picture laid on a canvas of zeros; the same array when it covers all of it."""
    if box == canvas:
        return picture
    whole = np.zeros((canvas.height, canvas.width, *picture.shape[2:]), picture.dtype)
    whole[box.inside(canvas)] = picture
    return whole
