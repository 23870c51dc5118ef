"""The visible mark of what is not cleared: a band of words along the foot of a picture, burned into its pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .frame import Box, Floats

# The band's height and its letters', as parts of the picture's height: 1080 lines give letters of 45, a 512 wide cell still 12.
_BAND, _LETTERS = 0.07, 0.042
_LEAST_PX, _LEAST_LETTERS_PX = 14, 9
_GROUND, _INK = 0.02, 0.8  # light: near black, and below white so that no clipping can hide a letter
_SCREEN_GROUND, _SCREEN_INK = 16, 235


@dataclass(frozen=True)
class Band:
    """The words of the band. It is nobody's work: `digest` stands for it where works are credited."""

    text: str

    @property
    def digest(self) -> str:
        """The sha256 that stands for these words in credit and shares."""
        return hashlib.sha256(b"bottega.band/1\n" + self.text.encode()).hexdigest()

    def box(self, display: Box) -> Box:
        """Where the band lies: the foot of the display window, over all its width."""
        height = min(display.height, max(_LEAST_PX, round(display.height * _BAND)))
        return Box(display.x, display.y + display.height - height, display.width, height)

    def light(self, display: Box) -> Floats:
        """The band as light, (h, w, 3) float32 of values that half floats hold exactly."""
        box = self.box(display)
        letters = _letters(self.text, box.width, box.height, _letters_px(display))
        values = (_GROUND + (_INK - _GROUND) * letters).astype(np.float16).astype(np.float32)
        return np.repeat(values[..., None], 3, -1)

    def on_screen(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A copy of a display-encoded (H, W, 3) picture with the band on it."""
        display = Box(0, 0, picture.shape[1], picture.shape[0])
        return self.over(picture, display, display)

    def over(self, picture: npt.NDArray[np.uint8], canvas: Box, display: Box) -> npt.NDArray[np.uint8]:
        """A copy of a display-encoded picture of the canvas with the band at the foot of the display window."""
        out, box = picture.copy(), self.box(display)
        letters = _letters(self.text, box.width, box.height, _letters_px(display))
        codes = np.round(_SCREEN_GROUND + (_SCREEN_INK - _SCREEN_GROUND) * letters).astype(np.uint8)
        out[box.inside(canvas)] = codes[..., None]
        return out


def _letters_px(display: Box) -> int:
    return max(_LEAST_LETTERS_PX, round(display.height * _LETTERS))


@lru_cache(maxsize=4)
def _letters(text: str, width: int, height: int, letters_px: int) -> Floats:
    """The words, again and again from edge to edge, as coverage 0..1; smaller where one of them would not fit."""
    import OpenImageIO as oiio

    line = f"{text}     "
    while letters_px > 4 and oiio.ImageBufAlgo.text_size(text, letters_px, "").xend > width:
        letters_px -= 1
    size = oiio.ImageBufAlgo.text_size(line, letters_px, "")
    times = -(-width // max(1, size.xend)) + 1
    strip = oiio.ImageBuf(oiio.ImageSpec(width, height, 1, oiio.FLOAT))
    oiio.ImageBufAlgo.zero(strip)
    foot = (height + round(letters_px * 0.72)) // 2
    if not oiio.ImageBufAlgo.render_text(strip, 2, foot, line * times, letters_px, "", (1.0,)):
        raise ValueError(f"the band {text!r} cannot be drawn: {strip.geterror()}")
    letters: Floats = np.asarray(strip.get_pixels(oiio.FLOAT), np.float32)[..., 0].clip(0, 1)
    letters.flags.writeable = False
    return letters
