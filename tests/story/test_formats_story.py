"""A whole repair in every format: what nobody painted comes back bit for bit, what was painted arrives, and it can be made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega import Studio
from bottega.footage.colour import to_working
from bottega.model import FootageError

from . import formats
from .formats import CODECS, DISPLAY, LINEAR, LOG, SMALL, SRGB, WORLD, Box, Still, cut, scene
from .stage import ARTIST, SHOT, painted, srgb, write_png

NUMBERS, KEYS, BETWEEN = range(1001, 1006), (1001, 1005), 1003
LEAST_ARRIVED = 0.6


@dataclass(frozen=True)
class Plate:
    """A way to write a plate."""

    write: Still
    suffix: str
    colour: str = LINEAR
    data: Box = DISPLAY
    pattern: str = ""


PLATES = {
    "EXR half": Plate(formats.half, "exr"),
    "EXR float, folder": Plate(formats.full, "exr", pattern="."),
    "EXR second part, layer names": Plate(formats.layered, "exr", pattern="plate.%04d.exr"),
    "EXR data window inside the display window": Plate(formats.half, "exr", data=SMALL, pattern="plate.$F4.exr"),
    "EXR data window around the display window": Plate(formats.half, "exr", data=WORLD),
    "EXR premultiplied RGBA": Plate(formats.premultiplied, "exr"),
    "EXR ACEScct": Plate(formats.half, "exr", colour=LOG),
    "PNG 8": Plate(formats.eight, "png", colour=SRGB),
    "PNG 16": Plate(formats.sixteen, "png", colour=SRGB),
    "TIFF 16": Plate(formats.sixteen, "tif", colour=SRGB),
    "TIFF float": Plate(formats.tiff_float, "tif"),
    "DPX 10": Plate(formats.dpx10, "dpx", colour=SRGB),
}


@dataclass
class Made:
    """A finished take: the parts of its frames, and what went in."""

    studio: Studio
    take: object
    native: dict[int, np.ndarray]

    def part(self, number: int, name: str) -> OpenEXR.Part:
        path = self.studio.folder.root / self.take.folder / "frames" / f"{self.take.name}.{number}.exr"
        return next(p for p in OpenEXR.File(str(path), separate_channels=True).parts if p.name() == name)

    def rgb(self, number: int) -> np.ndarray:
        channels = self.part(number, "rgb").channels
        return np.stack([channels[c].pixels for c in "RGB"], -1)

    def delta(self, number: int) -> np.ndarray:
        channels = self.part(number, "delta").channels
        return np.stack([channels[f"delta.{c}"].pixels for c in "RGB"], -1)


def mattes(root: Path, world: Box, box: Box, size: tuple[int, int]) -> dict[int, np.ndarray]:
    """Write 8-bit mattes of the display window; gives them over WORLD."""
    (root / "mattes").mkdir()
    whole = {}
    for n in NUMBERS:
        matte = formats.picture(n, size)[1]
        write_png(root / "mattes" / f"{n}.png", cut(matte, box, world), bits=8)
        whole[n] = matte
    return whole


def repaired(root: Path, plate: str | Path, colour: str, keys: dict[str, Callable[[Path], object]]) -> tuple[Studio, object]:
    (root / "keys").mkdir()
    for name, write in keys.items():
        write(root / "keys" / name)
    studio = Studio.create(root / "show", show="demo", fps=24)
    studio.add_exemplars(sorted((root / "keys").iterdir()), by=ARTIST, licence="work-for-hire")
    studio.add_shot(SHOT, plate, colour=colour)
    return studio, studio.repair(SHOT, keys=root / "keys", matte=root / "mattes", no_performer=True)


def key_of(linear: np.ndarray, matte: np.ndarray) -> Callable[[Path], object]:
    """A 16-bit sRGB PNG of the painted picture."""
    return lambda path: write_png(path, srgb(painted(linear, matte)))


def made(root: Path, plate: Plate) -> Made:
    (root / "plates").mkdir()
    whole, native, keys = mattes(root, WORLD, DISPLAY, (WORLD[3], WORLD[2])), {}, {}
    for n in NUMBERS:
        light = cut(scene(n)[0], plate.data)
        native[n] = plate.write(root / "plates" / f"plate.{n}.{plate.suffix}", formats.encoded(light, plate.colour), plate.data)
        if n in KEYS:
            linear = np.zeros((WORLD[3], WORLD[2], 3), np.float32)
            cut(linear, plate.data)[:] = formats.decoded(native[n], plate.colour)
            matte = whole[n]
            if plate.write is formats.premultiplied:
                rgb = cut(painted(linear, matte), plate.data)
                keys[f"{n}.exr"] = lambda path, rgb=rgb: repaint_premultiplied(path, rgb)
            else:
                keys[f"{n}.png"] = key_of(cut(linear, DISPLAY), cut(matte, DISPLAY))
    pattern = plate.pattern or f"plate.####.{plate.suffix}"
    studio, take = repaired(root, root / "plates" / pattern, plate.colour, keys)
    return Made(studio, take, native)


def repaint_premultiplied(path: Path, rgb: np.ndarray) -> None:
    channels = {c: rgb[..., i].astype(np.float32) for i, c in enumerate("RGB")}
    formats.exr(path, {**channels, "A": cut(formats.alpha(), DISPLAY).astype(np.float32)}, DISPLAY)


def same_bits(result: np.ndarray, native: np.ndarray) -> bool:
    """Half and float bit for bit; codes by rounding."""
    if native.dtype.kind == "u":
        most = np.iinfo(native.dtype).max
        return result.dtype == np.float32 and np.array_equal(np.floor(result * np.float64(most) + 0.5).astype(np.int64), native)
    bits = np.uint16 if native.dtype == np.float16 else np.uint32
    return result.dtype == native.dtype and np.array_equal(result.view(bits), native.view(bits))


@pytest.mark.parametrize("name", PLATES)
def test_plates(name: str, tmp_path: Path) -> None:
    plate = PLATES[name]
    done = made(tmp_path, plate)
    for n in NUMBERS:
        header, result, native = done.part(n, "rgb").header, done.rgb(n), done.native[n]
        for attribute, box in (("dataWindow", plate.data), ("displayWindow", DISPLAY)):
            assert np.array_equal(header[attribute], formats.window(box)), attribute
        matte = np.round(cut(scene(n)[1], plate.data) * 255) / 255
        inside = cut(np.pad(np.ones((DISPLAY[3], DISPLAY[2])), ((6, 6), (8, 8))), plate.data) > 0
        outside = (matte == 0) | ~inside
        assert outside.any() and same_bits(np.ascontiguousarray(result[outside]), np.ascontiguousarray(native[outside]))
        before = formats.decoded(native, plate.colour)
        after = formats.decoded(result, plate.colour)
        arrived(n, before, after, (matte == 1) & inside & (np.abs(before).min(-1) > 0.02), whole=n in KEYS)
        delta_is_after_minus_before(done, n, plate, before, after)
    assert done.studio.remake(done.take.folder).different == ()


def arrived(number: int, before: np.ndarray, after: np.ndarray, where: np.ndarray, *, whole: bool) -> None:
    """The artist's gain inside the matte, as it is known: to the key's own precision on a key, most of it between keys."""
    wanted = painted(before, np.ones(before.shape[:2], np.float32))
    left = np.abs(srgb(after) - srgb(wanted))[where].mean()
    change = np.abs(srgb(before) - srgb(wanted))[where].mean()
    assert where.sum() > 200 and change > 0.05
    assert left < (0.02 if whole else 1 - LEAST_ARRIVED) * change, (number, left / change)


def delta_is_after_minus_before(done: Made, number: int, plate: Plate, before: np.ndarray, after: np.ndarray) -> None:
    """In the working space: the plate's own space when it is scene-linear, else ACEScg. Exactly 0 where nothing was painted."""
    delta = done.delta(number)
    assert delta.dtype == np.float32
    canvas = done.part(number, "delta").header["dataWindow"]
    left, top = (int(v) for v in canvas[0])
    x, y, w, h = plate.data
    delta = delta[y - top : y - top + h, x - left : x - left + w]
    if plate.colour != LINEAR:
        before, after = (to_working(np.ascontiguousarray(v, np.float32), LINEAR, "ACEScg") for v in (before, after))
    step = 2.0**-10 * np.abs(after).max(-1, keepdims=True) + 2e-4 if plate.colour == LINEAR else 4e-3
    assert (np.abs(before + delta - after) <= step).all()
    untouched = np.round(cut(scene(number)[1], plate.data) * 255) == 0
    assert not delta[untouched].any()


def test_the_pictures_other_channels_go_out_with_it_and_other_parts_stay_behind(tmp_path: Path) -> None:
    """A part is a picture of its own: what is beside the picture's part stays in the plate."""
    for name, channel in (("EXR premultiplied RGBA", "A"), ("EXR second part, layer names", "mask")):
        (tmp_path / channel).mkdir()
        done = made(tmp_path / channel, PLATES[name])
        for n in NUMBERS:
            channels = done.part(n, "rgb").channels
            expected = cut(formats.alpha(), DISPLAY) if channel == "A" else done.native[n][..., 0]
            assert set(channels) == {"R", "G", "B", channel}
            assert same_bits(channels[channel].pixels, np.ascontiguousarray(expected))
        path = done.studio.folder.root / done.take.folder / "frames" / f"{done.take.name}.1001.exr"
        assert [p.name() for p in OpenEXR.File(str(path)).parts] == ["rgb", "delta", "matte", "credit"]


@pytest.mark.parametrize("suffix", ["png", "tif", "exr"])
def test_keys(suffix: str, tmp_path: Path) -> None:
    """The same painting as 16-bit PNG, 16-bit TIFF and half EXR."""
    (tmp_path / "plates").mkdir()
    whole, keys = mattes(tmp_path, WORLD, DISPLAY, (WORLD[3], WORLD[2])), {}
    for n in NUMBERS:
        native = formats.half(tmp_path / "plates" / f"{n}.exr", cut(scene(n)[0], DISPLAY), DISPLAY)
        if n in KEYS:
            after = painted(native.astype(np.float32), cut(whole[n], DISPLAY))
            write = formats.half if suffix == "exr" else formats.sixteen
            keys[f"face.{n}.{suffix}"] = partial(write, rgb=after if suffix == "exr" else srgb(after), box=DISPLAY)
    studio, take = repaired(tmp_path, tmp_path / "plates", LINEAR, keys)
    done = Made(studio, take, {})
    for n in NUMBERS:
        before, matte = cut(scene(n)[0], DISPLAY).astype(np.float16), cut(whole[n], DISPLAY)
        result = done.rgb(n)
        arrived(n, before.astype(np.float32), result.astype(np.float32), matte == 1, whole=n in KEYS)
        assert same_bits(result[np.round(matte * 255) == 0], before[np.round(matte * 255) == 0])
        if suffix == "exr" and n in KEYS:
            assert same_bits(result[matte == 1], painted(before.astype(np.float32), matte).astype(np.float16)[matte == 1])


MOVIE: Box = (0, 0, 256, 128)


@pytest.mark.parametrize("name", CODECS)
def test_movies(name: str, tmp_path: Path) -> None:
    size = (MOVIE[3], MOVIE[2])
    whole = mattes(tmp_path, MOVIE, MOVIE, size)
    path = tmp_path / CODECS[name].file
    formats.movie(path, [srgb(formats.picture(n, size)[0]) for n in NUMBERS], CODECS[name])
    plain = Studio.create(tmp_path / "paper", show="demo", fps=24)
    plain.add_shot(SHOT, path, colour=SRGB)
    papers = plain.hand_out(SHOT, list(NUMBERS), to=tmp_path / "handed")
    decoded = {n: png16(p) for n, p in zip(NUMBERS, papers, strict=True)}
    keys = {f"{n}.png": key_of(formats.decoded(decoded[n], SRGB), whole[n]) for n in KEYS}
    studio, take = repaired(tmp_path, path, SRGB, keys)
    done = Made(studio, take, decoded)
    for n in NUMBERS:
        result, matte = done.rgb(n), whole[n]
        outside = np.round(matte * 255) == 0
        assert same_bits(result[outside], decoded[n][outside])
        before = formats.decoded(decoded[n], SRGB)
        arrived(n, before, formats.decoded(result, SRGB), (matte == 1) & (before.min(-1) > 0.02), whole=n in KEYS)
    assert studio.remake(take.folder).different == ()


def png16(path: Path) -> np.ndarray:
    import OpenImageIO as oiio

    return oiio.ImageBuf(str(path)).get_pixels(oiio.UINT16)


def test_a_sequence_that_changes_its_size_is_refused(tmp_path: Path) -> None:
    for n in NUMBERS:
        box = DISPLAY if n != BETWEEN else SMALL
        rgb = cut(scene(n)[0], box)
        write_png(tmp_path / f"{n}.png", srgb(rgb))
    studio = Studio.create(tmp_path / "show", show="demo", fps=24)
    with pytest.raises(FootageError, match="1003"):
        studio.add_shot(SHOT, tmp_path / "####.png", colour=SRGB)
