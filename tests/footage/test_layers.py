"""Case 35: nothing hides in a file. What a file holds is listed by its headers; what is not known is not decoded."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import OpenEXR
import OpenImageIO
import pytest
from made_pictures import SRGB, Door, a_take, frame_out, half_picture, png_chunk, read_one, sealed, write_exr, write_rgb, write_still

from bottega import footage
from bottega.footage import exr_file, layers_of
from bottega.model import ConsentError, FootageError, LayerUse, Role

CODES = np.random.default_rng(3).integers(0, 65535, (8, 10, 3)).astype(np.uint16)


def listed(path: Path, role: Role = Role.KEY) -> dict[str, str]:
    return {layer.name: layer.use.value for layer in layers_of(sealed(path, role))}


def unknown(path: Path, role: Role = Role.KEY) -> list[str]:
    return [name for name, use in listed(path, role).items() if use == LayerUse.UNKNOWN]


def two_pages(path: Path) -> Path:
    spec = OpenImageIO.ImageSpec(10, 8, 3, OpenImageIO.UINT16)
    out = OpenImageIO.ImageOutput.create(str(path))
    assert out.open(str(path), [spec, spec]) and out.write_image(CODES)
    assert out.open(str(path), spec, "AppendSubimage") and out.write_image(CODES[::-1].copy())
    out.close()
    return path


def two_parts(path: Path, hidden: np.ndarray) -> Path:
    rgb = half_picture(8, 10)
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    parts = [
        OpenEXR.Part(
            header | {"colorInteropId": "lin_rec709_scene"}, {c: np.ascontiguousarray(rgb[..., i]) for i, c in enumerate("RGB")}, "rgb"
        ),
        OpenEXR.Part(header, {c: np.ascontiguousarray(hidden[..., i]) for i, c in enumerate("RGB")}, "performer_x"),
    ]
    with OpenEXR.File(parts) as file:
        file.write(str(path))
    return path


def hiding_files(folder: Path) -> dict[str, Path]:
    rgb, extra = half_picture(8, 10), half_picture(8, 10, seed=9)[..., 0]
    channels = dict(zip("RGB", np.moveaxis(rgb, -1, 0), strict=True))
    five = write_still(folder / "five.tif", np.dstack([CODES, CODES[..., :2]]))
    tail = write_still(folder / "tail.png", CODES)
    tail.write_bytes(tail.read_bytes() + write_still(folder / "inner.png", CODES[::-1]).read_bytes())
    private = write_still(folder / "private.png", CODES)
    data = private.read_bytes()
    private.write_bytes(data[:-12] + png_chunk(b"zzZz", b"a picture") + data[-12:])
    return {
        "second TIFF page": two_pages(folder / "pages.tif"),
        "fifth TIFF channel": five,
        "second EXR part": two_parts(folder / "parts.exr", half_picture(8, 10, seed=5)),
        "EXR channel beside RGBA": write_exr(folder / "depth.exr", {**channels, "Z": extra}, colorInteropId="lin_rec709_scene"),
        "EXR layer beside RGBA": write_exr(folder / "layer.exr", {**channels, "other.R": extra}, colorInteropId="lin_rec709_scene"),
        "data behind a PNG": tail,
        "private PNG chunk": private,
    }


NAMES = (
    "second TIFF page",
    "fifth TIFF channel",
    "second EXR part",
    "EXR channel beside RGBA",
    "EXR layer beside RGBA",
    "data behind a PNG",
    "private PNG chunk",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", [Role.KEY, Role.REFERENCE, Role.MATTE, Role.REGION])
def test_what_hides_in_the_work_of_an_artist_is_refused(tmp_path: Path, name: str, role: Role) -> None:
    path = hiding_files(tmp_path)[name]
    assert unknown(path, role)
    with pytest.raises(ConsentError) as refusal:
        read_one(path, role, colour=SRGB)
    assert refusal.value.codes == ("unknown_layer",)


def test_nothing_of_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(exr_file, "read_channels", lambda *a: decoded.append(a))
    with pytest.raises(ConsentError):
        read_one(two_parts(tmp_path / "a.exr", half_picture(8, 10)), Role.KEY)
    assert not decoded


def test_a_plates_other_parts_are_listed_and_their_bytes_never_reach_the_decoder(tmp_path: Path) -> None:
    path = two_parts(tmp_path / "a.exr", half_picture(8, 10, seed=5))
    assert set(unknown(path, Role.PLATE)) == {f"part performer_x channel {c} half" for c in "RGB"}
    whole = path.read_bytes()
    parts, tables = footage.exr_header.read_parts(whole, "a")
    second = struct.unpack_from("<Q", whole, tables + 8)[0]
    path.write_bytes(whole[: second + 20] + b"\xff" * (len(whole) - second - 20))  # the hidden part's pixels are rubbish
    assert (read_one(path).native == half_picture(8, 10)).all()
    assert len(parts) == 2


def test_a_plates_other_page_is_listed_and_passed_over(tmp_path: Path) -> None:
    path = two_pages(tmp_path / "a.tif")
    assert listed(path, Role.PLATE) == {"page 1": "picture", "page 2": "unknown"}
    assert (read_one(path, colour=SRGB).native == CODES).all()


@pytest.mark.parametrize(
    ("name", "pixels", "expected"),
    [
        ("a.png", CODES, {"picture"}),
        ("b.png", np.dstack([CODES, CODES[..., 0]]), {"picture with alpha"}),
        ("c.tif", CODES, {"page 1"}),
        ("d.tif", np.dstack([CODES, CODES[..., 0]]), {"page 1 with alpha"}),
        ("e.dpx", CODES, {"element 1"}),
    ],
)
def test_ordinary_stills_hold_one_picture(tmp_path: Path, name: str, pixels: np.ndarray, expected: set[str]) -> None:
    found = listed(write_still(tmp_path / name, pixels))
    assert {layer for layer, use in found.items() if use == LayerUse.PICTURE} == expected
    assert LayerUse.UNKNOWN not in found.values()


def test_an_ordinary_exr_with_alpha_is_known(tmp_path: Path) -> None:
    path = write_rgb(tmp_path / "a.exr", half_picture(8, 10), alpha=half_picture(8, 10)[..., 0])
    assert set(listed(path).values()) == {"picture"}


def test_what_lies_under_a_fully_clear_alpha_has_no_effect(tmp_path: Path) -> None:
    plate = read_one(write_rgb(tmp_path / "plate.exr", half_picture(8, 10)))
    hidden = np.dstack([CODES, np.zeros((8, 10), np.uint16)])
    key = read_one(write_still(tmp_path / "key.png", hidden, oiio__UnassociatedAlpha=1), Role.KEY, plate.working, colour=SRGB)
    assert (footage.take_back(key, plate) == plate.rgb).all()


def test_a_take_that_comes_back_holds_what_we_wrote(tmp_path: Path) -> None:
    plate = read_one(write_rgb(tmp_path / "plate.exr", half_picture(8, 10)))
    out = frame_out(plate)
    credit = {"credit.claim": out.credit["source"], "credit.x": out.credit["weight.0"]}
    [*_, made] = footage.Delivery(tmp_path, a_take()).frame(replace(out, credit=credit))
    found = listed(tmp_path / made.path)
    assert LayerUse.UNKNOWN not in found.values() and found["part credit channel credit.claim uint32"] == "note"


def test_streams_of_a_movie(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("libx264", rate=24), out.add_stream("libx264", rate=24)]
        sound = out.add_stream("pcm_s16le", rate=48000)
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for stream in streams:
            out.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
            out.mux(stream.encode(None))
        noise = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 1024), np.int16), layout="stereo")
        noise.sample_rate = 48000
        out.mux(sound.encode(noise))
    assert listed(path, Role.REFERENCE) == {"stream 0 video": "picture", "stream 1 video": "unknown", "stream 2 audio": "note"}
    with pytest.raises(FootageError, match="2 video tracks"):
        read_one(path, colour=SRGB)


def test_what_is_found_must_be_what_was_recorded(tmp_path: Path) -> None:
    key = sealed(write_still(tmp_path / "a.png", np.dstack([CODES, CODES[..., 0]])), Role.KEY, SRGB)
    other = layers_of(sealed(write_still(tmp_path / "b.png", CODES), Role.KEY))
    frames = footage.open_frames(replace(key, layers=other), "c", door=Door(), working=SRGB)
    with frames, pytest.raises(ConsentError, match="picture with alpha, which its record does not list") as refusal:
        frames.read(1)
    assert refusal.value.codes == ("unknown_layer",)


@pytest.mark.parametrize("ending", ["png", "tif", "dpx", "exr"])
def test_damaged_headers_are_errors_of_the_file(tmp_path: Path, ending: str) -> None:
    """No byte of a header, changed, makes listing fail otherwise than with a word about the file."""
    path = tmp_path / f"a.{ending}"
    _ = write_rgb(path, half_picture(8, 10)) if ending == "exr" else write_still(path, CODES)
    data = path.read_bytes()
    rng = np.random.default_rng(7)
    for at in rng.integers(0, min(len(data), 400), 150).tolist():
        path.write_bytes(data[:at] + bytes([data[at] ^ int(rng.integers(1, 255))]) + data[at + 1 :])
        try:
            layers_of(sealed(path, Role.KEY))
        except FootageError as problem:
            assert f"a.{ending}" in str(problem)
