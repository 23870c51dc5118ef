"""What goes to the artist and what comes back: a picture to paint on, and the painted key taken back without loss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bottega.model import FootageError

from .colour import DISPLAY, space_name, to_working
from .frame import Box, Floats, Frame, Samples, as_float
from .mark import Mark
from .png import png_bytes
from .whole_file import write_whole

CODES = 65535
SAME_ALPHA = 1e-3


def hand_out(frame: Frame, *, key_colour: str) -> npt.NDArray[np.uint16]:
    """The frame's canvas as 16-bit codes of `key_colour`, rounded half up: what `write_png16` saves for painting.

    Light above the encoding's white and below its black is clipped here; `take_back` restores it wherever nobody painted.
    """
    if frame.working is None:
        raise FootageError(f"{frame.where} holds numbers, no colour: hand out a plate or a reference")
    codes = to_working(frame.rgb.copy(), frame.working, key_colour)
    np.clip(codes, 0, 1, out=codes)
    return np.floor(codes.astype(np.float64) * CODES + 0.5).astype(np.uint16)


def write_png16(path: Path, codes: npt.NDArray[np.uint16], *, mark: Mark, key_colour: str = DISPLAY, frame: int | None = None) -> str:
    """Write handed-out codes as a 16-bit PNG that says its colour and what it is, and give its sha256. Never overwrites.

    Raises FootageError, and UsageError for a colour space that a PNG cannot say.
    """
    if codes.dtype != np.uint16:
        raise TypeError(f"a 16-bit PNG takes uint16 codes, given {codes.dtype}")
    return write_whole(path, png_bytes(codes, colour=key_colour, mark=mark), frame)


def take_back(key: Frame, plate: Frame, *, allow_8bit: bool = False) -> Floats:
    """The painted picture, (H, W, 3) float32 on the plate's canvas in the plate's working space.

    1. The key must have the size of the plate's canvas or display window, and no fewer bits unless 8 are allowed.
    2. A premultiplied key (EXR) is laid over the plate, key + (1 - alpha) plate; one with the plate's own alpha (within
       1/1000) is the picture itself. A straight alpha (PNG, TIFF) mixes: alpha key + (1 - alpha) plate, in light.
    3. Where the key's codes are what `hand_out` gave (within 1 code), the pixel is the plate's own, bit for bit: highlights
       above white, shadows below black and all that nobody painted come back unchanged. So it is where a half EXR holds
       what a float plate rounds to, and for a single channel that is at white (or black) in both: what was cut off there
       was never shown to the painter.

    Raises FootageError.
    """
    if key.working != plate.working or plate.working is None:
        raise ValueError(f"key is in {key.working}, plate in {plate.working}: open the key with working={plate.working!r}")
    _check_depth(key, plate, allow_8bit)
    target = _placed(key, plate)
    box = target.shared(plate.canvas)
    if box is None:
        raise FootageError(
            f"{key.where}: its picture, {target}, lies outside the plate's, {plate.canvas}: write it with the plate's windows"
        )
    whole = plate.rgb.copy()
    before = plate.rgb[box.inside(plate.canvas)]
    part = _Part(key, key.data.inside(key.canvas), box.inside(target))
    after = _composited(part, plate, box, before)
    if key.native.dtype.kind == "u":
        after = np.where(_untouched(part, plate, box), before, after)
    elif key.dtype == "half" and plate.dtype == "float":
        after = np.where((_halved(after) == _halved(before)).all(-1, keepdims=True), before, after)
    whole[box.inside(plate.canvas)] = after
    return whole


def as_matte(frame: Frame) -> Floats:
    """One channel, (H, W) float32 from 0 to 1, of a grey picture, a channel named A, Y or matte, or equal R, G and B.

    Raises FootageError when the picture is coloured or leaves 0..1.
    """
    grey = frame.native[..., 0] if frame.grey or bool((frame.native == frame.native[..., :1]).all()) else None
    named = next((frame.others[n] for n in ("matte", "Y", "A") if n in frame.others), None)
    if grey is not None and named is not None and not (_flat(named) or np.array_equal(grey, named)):
        if not _flat(grey):
            raise FootageError(f"{frame.where}: both its grey and its alpha could be the matte: save it as grey without alpha")
        grey = None
    found = named if grey is None else grey
    if found is None:
        raise FootageError(f"{frame.where} is coloured, a matte is one channel: save it as grey, or name its channel Y, A or matte")
    matte = as_float(np.ascontiguousarray(found))
    low, high = float(matte.min()), float(matte.max())
    if not (low >= 0 and high <= 1):
        raise FootageError(f"{frame.where}: its values go from {low} to {high}, a matte's from 0 to 1: clamp it and write it again")
    whole = np.zeros((frame.canvas.height, frame.canvas.width), np.float32)
    whole[frame.data.inside(frame.canvas)] = matte
    return whole


def _check_depth(key: Frame, plate: Frame, allow_8bit: bool) -> None:
    if key.bits == 8 and plate.bits > 8 and not allow_8bit:
        raise FootageError(
            f"{key.where} has 8 bits a channel, the plate is {plate.dtype}: banding would show. Save the key as 16-bit PNG or TIFF, "
            "or as EXR; --allow-8bit-keys takes it as it is"
        )


def _flat(channel: Samples) -> bool:
    return bool((channel == channel.flat[0]).all())


@dataclass(frozen=True, eq=False)
class _Part:
    """The rows and columns of a key that lie on the plate."""

    key: Frame
    drawn: tuple[slice, slice]
    kept: tuple[slice, slice]

    @property
    def rgb(self) -> Floats:
        return self.key.rgb[self.drawn][self.kept]

    @property
    def alpha(self) -> Floats | None:
        return None if self.key.alpha is None else self.key.alpha[self.drawn][self.kept]

    @property
    def codes(self) -> Samples:
        return self.key.native[self.kept]


def _placed(key: Frame, plate: Frame) -> Box:
    """Where the key's data window lies on the plate; its whole picture has the size of the canvas or the display window.

    An EXR with the plate's display window keeps its own data window: what lies outside of it was not painted.
    """
    if key.display == plate.display:
        return key.data
    for box in (plate.canvas, plate.display):
        if (key.display.width, key.display.height) == (box.width, box.height):
            return Box(key.data.x + box.x - key.display.x, key.data.y + box.y - key.display.y, key.data.width, key.data.height)
    allowed = sorted({f"{b.width}x{b.height}" for b in (plate.display, plate.canvas)})
    raise FootageError(
        f"{key.where} is {key.display.width}x{key.display.height}, the plate of frame {plate.number} is {' or '.join(allowed)}: "
        "paint on the picture that was handed out, and do not crop or resize it"
    )


def _composited(part: _Part, plate: Frame, box: Box, before: Floats) -> Floats:
    if part.alpha is None:
        return part.rgb
    alpha = part.alpha[..., None]
    if not part.key.premultiplied:
        mixed = alpha * part.rgb + (1 - alpha) * before
        return np.where(alpha == 1, part.rgb, np.where(alpha == 0, before, mixed))
    own = np.ones_like(alpha) if plate.alpha is None else plate.alpha[box.inside(plate.canvas)][..., None]
    if np.abs(alpha - own).max() <= SAME_ALPHA:
        return part.rgb
    return part.rgb + (1 - alpha) * before


def _halved(light: Floats) -> npt.NDArray[np.float16]:
    with np.errstate(over="ignore"):  # beyond the largest half both are infinite
        return light.astype(np.float16)


def _untouched(part: _Part, plate: Frame, box: Box) -> npt.NDArray[np.bool_]:
    """Where a PNG's or TIFF's codes are those that were handed out, or where it is fully clear; (H, W, 3).

    A channel that is at its largest or smallest code in both was cut off when it was handed out: it says nothing about the
    light beyond, so it is the plate's own even where the other channels were painted.
    """
    given = hand_out(plate, key_colour=space_name(part.key.colour or ""))[box.inside(plate.canvas)].astype(np.int64)
    most = CODES
    if part.codes.dtype == np.uint8:
        given, most = (given * 255 + CODES // 2) // CODES, 255
    same = np.all(np.abs(part.codes - given) <= 1, axis=-1, keepdims=True)
    if part.alpha is not None:
        same = same | (part.alpha == 0)[..., None]
    return np.asarray(same | ((part.codes == given) & ((given == 0) | (given == most))))
