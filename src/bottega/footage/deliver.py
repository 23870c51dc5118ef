"""The one way out: frames, layers, proxies and contact sheets of a take, each file whole or absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bottega.model import Output, Take

from .colour import DISPLAY, space_name, to_working
from .exr_file import ALPHA_ATTRIBUTE, STRAIGHT
from .exr_write import PartOut, exr_bytes
from .frame import LARGEST_HALF, Box, Floats, Frame, Samples, as_float
from .mark import Mark
from .movie_write import encode_movie
from .png import png_bytes
from .sealing import place
from .sheet import sheet_picture
from .whole_file import inside, new_file, write_whole

LAYERS = ("delta", "matte", "credit")


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerOut:
    """A part beside the finished picture: channels (H, W) over the plate's canvas. `light` is in the working space, all else is numbers.

    `heading` are attributes of the part and of the file's first part too, where hosts look that read no other header.
    """

    name: str
    channels: Mapping[str, Samples]
    light: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    heading: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class FrameOut:
    """A finished frame, arrays over the plate's canvas.

    `rgb` and `delta` are (H, W, 3) float32 in the plate's working space, `untouched` says where the plate's own samples go out
    bit for bit, `matte` is 0..1, `credit` are uint32 channels with `manifest` (JSON) to read them by, and `credit_picture` is
    their false colour (H, W, 3) uint8. `beside` are further parts of the frame's file, after its own.
    """

    number: int
    plate: Frame
    rgb: Floats
    untouched: npt.NDArray[np.bool_]
    delta: Floats
    matte: Floats
    credit: Mapping[str, npt.NDArray[np.uint32]]
    manifest: str
    credit_picture: npt.NDArray[np.uint8] | None = None
    beside: Sequence[LayerOut] = ()

    def check(self) -> None:
        """Raise ValueError unless every array covers the canvas and has its type."""
        shape = (self.plate.canvas.height, self.plate.canvas.width)
        wanted: list[tuple[str, Samples, tuple[int, ...], type]] = [
            ("rgb", self.rgb, (*shape, 3), np.float32),
            ("delta", self.delta, (*shape, 3), np.float32),
            ("matte", self.matte, shape, np.float32),
            ("untouched", self.untouched, shape, np.bool_),
            *((f"credit[{n!r}]", c, shape, np.uint32) for n, c in self.credit.items()),
        ]
        if self.credit_picture is not None:
            wanted.append(("credit_picture", self.credit_picture, (*shape, 3), np.uint8))
        for name, array, size, kind in wanted:
            if array.shape != size or array.dtype != kind:
                raise ValueError(f"{name} is {array.shape} {array.dtype}, needed is {size} {np.dtype(kind)}, frame {self.number}")
        for name, light in (("rgb", self.rgb), ("delta", self.delta), ("matte", self.matte)):
            if not np.isfinite(light).all():
                raise ValueError(f"{name} of frame {self.number} holds NaN or infinite values, allowed are finite ones")
        self._check_beside(shape)

    def _check_beside(self, shape: tuple[int, int]) -> None:
        taken = ["rgb", "delta", "matte", "credit"]
        for layer in self.beside:
            if layer.name in taken:
                raise ValueError(
                    f"layer {layer.name!r} of frame {self.number} is there already, allowed are names not among {', '.join(taken)}"
                )
            taken.append(layer.name)
            for name, channel in layer.channels.items():
                if channel.shape != shape or channel.dtype not in (np.float16, np.float32, np.uint32):
                    given = f"{channel.shape} {channel.dtype}"
                    raise ValueError(f"{layer.name}.{name} is {given}, needed is {shape} of half, float or uint32, frame {self.number}")


class Delivery:
    """Writes the files of one take into its folder. Finished files are never overwritten.

    Frames go out in the plate's own colour space, untouched samples bit for bit, unless `colour` asks for another: then all of
    the picture is converted. Raises UsageError for an unknown space.
    """

    def __init__(self, folder: Path, take: Take, *, colour: str | None = None) -> None:
        if not isinstance(take, Take):
            raise TypeError(f"a delivery needs the Take it belongs to, given {type(take).__name__}")
        self.folder, self.take, self.mark = folder, take, Mark.of(take)
        self.colour = space_name(colour) if colour is not None else None

    def frame(self, out: FrameOut, *, layers: Sequence[str] = LAYERS, resume: bool = False) -> list[Output]:
        """Write `frames/NAME.1001.exr` and the layers asked for beside it, of LAYERS.

        The frame itself comes last: where it is, its layers are. With `resume`, files that hold the same bytes already, from
        a run that was stopped, are left as they are.

        Raises FootageError when a file is there already or cannot be written, ValueError for arrays of a wrong size or type.
        """
        out.check()
        unknown = [name for name in layers if name not in LAYERS]
        if unknown or ("credit" in layers and out.credit_picture is None):
            given = unknown[0] if unknown else "credit without a credit_picture"
            raise ValueError(f"layer {given!r} cannot be written, allowed are {', '.join(LAYERS)} with their pictures")
        plate, delta = out.plate, _delta_part(out)
        parts = [self._rgb_part(out), delta, _matte_part(out), _credit_part(out), *(_beside(out, layer) for layer in out.beside)]
        files: list[tuple[str, bytes]] = []
        if "delta" in layers:
            files.append((f"delta/{self._name(out.number)}.exr", self._exr([delta], plate)))
        if "matte" in layers:
            codes = np.floor(out.matte.clip(0, 1).astype(np.float64) * 65535 + 0.5).astype(np.uint16)
            files.append((f"matte/{self._name(out.number)}.png", png_bytes(codes, colour=None, mark=self.mark)))
        if "credit" in layers and out.credit_picture is not None:
            files.append((f"credit/{self._name(out.number)}.png", png_bytes(out.credit_picture, colour=DISPLAY, mark=self.mark)))
        files.append((f"frames/{self._name(out.number)}.exr", self._exr(parts, plate)))
        return [self._write(name, data, out.number, resume=resume) for name, data in files]

    def png16(self, name: str, codes: npt.NDArray[np.uint16], *, colour: str | None = DISPLAY, frame: int | None = None) -> Output:
        """Write 16-bit codes, (H, W) or (H, W, 3), as a PNG that says its colour (None: numbers).

        Raises FootageError, UsageError for a name that leads out.
        """
        if codes.dtype != np.uint16:
            raise TypeError(f"png16 takes uint16 codes, given {codes.dtype}")
        return self._write(name, png_bytes(codes, colour=colour, mark=self.mark), frame)

    def png8(self, name: str, codes: npt.NDArray[np.uint8], *, frame: int | None = None) -> Output:
        """Write 8-bit codes that are numbers, (H, W) or (H, W, 3), as a PNG. Raises FootageError, UsageError for a name that leads out."""
        if codes.dtype != np.uint8:
            raise TypeError(f"png8 takes uint8 codes, given {codes.dtype}")
        return self._write(name, png_bytes(codes, colour=None, mark=self.mark), frame)

    def numbers(self, name: str, layers: Sequence[LayerOut], plate: Frame, *, frame: int) -> Output:
        """Write layers (H, W) over the plate's canvas as an EXR of their own, a part each. Raises FootageError, UsageError."""
        parts = [PartOut(name=la.name, channels=la.channels, data=plate.canvas, attributes=la.attributes) for la in layers]
        return self._write(name, self._exr(parts, plate), frame)

    def other(self, name: str, data: bytes, *, frame: int | None = None) -> Output:
        """Write the bytes of a file that is no picture; its writer puts the mark's fields in. Raises FootageError, UsageError."""
        return self._write(name, data, frame)

    def sheet(self, name: str, rows: Sequence[Sequence[tuple[str, npt.NDArray[np.uint8]]]]) -> Output:
        """Write a contact sheet as a PNG: rows of (label, display-encoded picture). Raises FootageError, UsageError."""
        return self._write(name, png_bytes(sheet_picture(rows), colour=DISPLAY, mark=self.mark), None)

    def movie(self, name: str, pictures: Iterable[npt.NDArray[np.uint8] | Floats], fps: Fraction, *, codec: str = "h264") -> Output:
        """Write display-encoded pictures, uint8 or float32 0..1, as a movie.

        `h264`: all-intra 4:2:0, seeks at once; `prores`: 422 HQ. Odd sizes gain one repeated row or column. Raises
        FootageError, UsageError for a name that leads out or an unknown codec.
        """
        path = inside(self.folder, name)
        with new_file(path) as temporary:
            digest = encode_movie(temporary, pictures, fps, codec=codec, called=place(path, None), suffix=path.suffix, mark=self.mark)
        return Output(path=name, sha256=digest)

    def _name(self, number: int) -> str:
        return f"{self.take.name}.{number:04d}"

    def _write(self, name: str, data: bytes, frame: int | None, *, resume: bool = False) -> Output:
        return Output(path=name, sha256=write_whole(inside(self.folder, name), data, frame, resume=resume), frame=frame)

    def _exr(self, parts: list[PartOut], plate: Frame) -> bytes:
        passed_on = {n: v for n, v in plate.passed_on.items() if n != "chromaticities" or self.colour in (None, plate.colour)}
        return exr_bytes(parts, display=plate.display, pixel_aspect=plate.pixel_aspect, mark=self.mark, passed_on=passed_on)

    def _rgb_part(self, out: FrameOut) -> PartOut:
        """The finished picture in the plate's own colour (or the one asked for), samples and windows, with the plate's other channels."""
        plate, colour = out.plate, self.colour or out.plate.colour
        light = out.rgb if colour == plate.working else _in_colour(out, colour)
        window = plate.data.inside(plate.canvas)
        half = plate.native.dtype == np.float16
        picture: Samples = light.clip(-LARGEST_HALF, LARGEST_HALF).astype(np.float16) if half else light
        own: Samples = plate.native if half else as_float(plate.native)
        if colour != plate.colour:
            own = picture[window]
        untouched = out.untouched.copy()
        outside = np.ones(untouched.shape, bool)
        outside[window] = False
        grown = bool((outside & ~untouched).any())  # work beyond the plate's own window widens it
        kept = untouched[window][..., None]
        inner = np.where(kept, own, picture[window])
        if grown:
            picture = np.where(outside[..., None] & untouched[..., None], picture.dtype.type(0), picture)
            picture[window] = inner
        box = plate.canvas if grown else plate.data
        rgb = picture if grown else inner
        channels: dict[str, Samples] = {c: rgb[..., i] for i, c in enumerate("RGB")}
        for name, samples in plate.others.items():
            channels[name] = _widened(_as_exr(samples), plate.data, box)
        straight = plate.alpha is not None and not plate.premultiplied
        said = {name: text for layer in out.beside for name, text in layer.heading.items()}
        said |= {ALPHA_ATTRIBUTE: STRAIGHT} if straight else {}  # EXR alpha is premultiplied unless a file says otherwise
        return PartOut(name="rgb", channels=channels, data=box, colour=colour, attributes=said)


def _in_colour(out: FrameOut, colour: str | None) -> Floats:
    """The picture converted; in the plate's own colour the value of untouched pixels does not matter, its samples go there."""
    plate = out.plate
    if colour is None or plate.working is None:
        raise ValueError(f"the plate of frame {out.number} has no colour: open it with the role plate")
    return to_working(out.rgb.copy(), plate.working, colour)


def _as_exr(samples: Samples) -> Samples:
    """Other channels keep their type; codes become float32, as the picture does."""
    return as_float(samples) if samples.dtype in (np.uint8, np.uint16) else samples


def _widened(samples: Samples, data: Box, box: Box) -> Samples:
    if data == box:
        return samples
    whole = np.zeros((box.height, box.width), samples.dtype)
    whole[data.inside(box)] = samples
    return whole


def _delta_part(out: FrameOut) -> PartOut:
    """What was added, in the working space; for a half plate worked on in its own space, exactly: plate + delta = rgb."""
    plate, delta = out.plate, out.delta
    if plate.native.dtype == np.float16 and plate.colour == plate.working:
        sent = out.rgb.clip(-LARGEST_HALF, LARGEST_HALF).astype(np.float16).astype(np.float32)
        delta = np.where(out.untouched[..., None], np.float32(0), sent - plate.rgb)
    channels = {f"delta.{c}": delta[..., i] for i, c in enumerate("RGB")}
    return PartOut(name="delta", channels=channels, data=plate.canvas, colour=plate.working)


def _matte_part(out: FrameOut) -> PartOut:
    return PartOut(name="matte", channels={"Y": out.matte}, data=out.plate.canvas)


def _beside(out: FrameOut, layer: LayerOut) -> PartOut:
    colour = out.plate.working if layer.light else None
    return PartOut(
        name=layer.name, channels=layer.channels, data=out.plate.canvas, colour=colour, attributes={**layer.attributes, **layer.heading}
    )


def _credit_part(out: FrameOut) -> PartOut:
    return PartOut(name="credit", channels=out.credit, data=out.plate.canvas, attributes={"manifest": out.manifest})
