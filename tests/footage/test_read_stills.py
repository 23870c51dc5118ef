import struct
import zlib

import numpy as np
import pytest
from made_pictures import SRGB, opened, read_one, sealed, with_chunk, write_still

from bottega.footage import Box, colour_of, describe, to_working
from bottega.model import FootageError, Role, UsageError


def codes(dtype=np.uint16, channels=3, seed=1):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (20, 30, channels), dtype=dtype, endpoint=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("ending", "channels"), [("png", 1), ("png", 3), ("png", 4), ("tif", 1), ("tif", 3), ("tif", 4), ("dpx", 3), ("dpx", 4)]
)
def test_codes_come_back_exactly(tmp_path, dtype, ending, channels):
    made = codes(dtype, channels)
    path = write_still(tmp_path / f"a.{ending}", made, **({"oiio__UnassociatedAlpha": 1} if channels == 4 else {}))
    frame = read_one(path, colour=SRGB, working=SRGB)
    assert frame.native.dtype == dtype
    assert (frame.native == made[..., :3]).all()
    assert frame.grey == (channels == 1)
    most = np.iinfo(dtype).max
    assert (np.round(frame.rgb.astype(np.float64) * most) == made[..., :3]).all()
    if channels == 4:
        assert ending == "dpx" or not frame.premultiplied
        assert (frame.others["A"] == made[..., 3]).all()


def test_float_tiff_comes_back_exactly(tmp_path):
    made = np.random.default_rng(0).normal(0, 5, (20, 30, 3)).astype(np.float32)
    frame = read_one(write_still(tmp_path / "a.tif", made), colour="acescg", working="acescg")
    assert (frame.rgb == made).all()
    assert frame.dtype == "float"


def test_ten_bit_dpx_says_so(tmp_path):
    ten = np.arange(1024, dtype=np.uint16).reshape(32, 32, 1).repeat(3, -1)
    path = write_still(tmp_path / "a.dpx", (ten << 6) | (ten >> 4), oiio__BitsPerSample=10)
    frame = read_one(path, colour=SRGB, working=SRGB)
    assert (frame.dtype, frame.bits) == ("uint10", 10)
    assert (frame.native >> 6 == ten).all()


def test_palette_png(tmp_path):
    palette = bytes([255, 0, 0, 0, 128, 0, 9, 8, 7])
    rows = b"".join(b"\0" + bytes(row) for row in ([0, 1, 2], [2, 1, 0]))
    chunks = [(b"IHDR", struct.pack(">2I5B", 3, 2, 8, 3, 0, 0, 0)), (b"PLTE", palette), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks)
    (tmp_path / "a.png").write_bytes(data)
    frame = read_one(tmp_path / "a.png", colour=SRGB, working=SRGB)
    assert frame.native.tolist() == [[[255, 0, 0], [0, 128, 0], [9, 8, 7]], [[9, 8, 7], [0, 128, 0], [255, 0, 0]]]


def test_alpha_is_straight_in_png_and_by_extra_samples_in_tiff(tmp_path):
    made = codes(channels=4)
    straight = write_still(tmp_path / "s.tif", made, oiio__UnassociatedAlpha=1)
    multiplied = write_still(tmp_path / "m.tif", made)
    assert not describe(sealed(straight)).premultiplied
    assert describe(sealed(multiplied)).premultiplied
    png = describe(sealed(write_still(tmp_path / "a.png", made, oiio__UnassociatedAlpha=1)))
    assert (png.alpha, png.premultiplied) == (True, False)


def test_premultiplied_codes_are_divided_before_the_curve_is_undone(tmp_path):
    alpha = np.full((20, 30), 32768, np.uint16)
    rgb = np.full((20, 30, 3), 16384, np.uint16)
    path = write_still(tmp_path / "m.tif", np.dstack([rgb, alpha]))
    frame = read_one(path, Role.KEY, colour=SRGB)
    half = np.full((1, 1, 3), 16384 / 32768, np.float32)
    assert not frame.premultiplied
    assert np.allclose(frame.rgb, to_working(half, SRGB, "lin_rec709_srgb"), rtol=1e-5)


def test_a_plate_with_alpha_multiplied_into_its_codes_is_refused(tmp_path):
    rgba = np.full((20, 30, 4), 16384, np.uint16)
    path = write_still(tmp_path / "m.tif", rgba)
    with pytest.raises(FootageError, match=r"m\.tif', frame 1001: its alpha is multiplied into sRGB.* codes: unpremultiply the plate"):
        read_one(path, colour=SRGB)
    rgba[..., 3] = 65535
    assert (read_one(write_still(tmp_path / "n.tif", rgba), colour=SRGB).native == 16384).all()


@pytest.mark.parametrize("ending", ["png", "tif", "dpx"])
@pytest.mark.parametrize("keep", [2, 0.02, 0.5, 0.9])
def test_cut_off_stills_are_refused(tmp_path, ending, keep):
    path = write_still(tmp_path / f"a.1001.{ending}", codes())
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(FootageError, match=rf"a\.1001\.{ending}', frame 1001 (is|cannot).*(copy it again|check what wrote it)"):
        read_one(tmp_path, colour=SRGB)


@pytest.mark.parametrize("ending", ["png", "tif", "dpx"])
def test_a_file_that_is_not_what_its_name_says(tmp_path, ending):
    (tmp_path / f"a.{ending}").write_text("some text")
    with pytest.raises(FootageError, match=r"is no (PNG|TIFF|DPX): it begins with b'some tex'"):
        describe(sealed(tmp_path / f"a.{ending}"))


def test_huge_png_header_is_refused(tmp_path):
    path = write_still(tmp_path / "a.png", codes())
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">2I", 60000, 60000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    path.write_bytes(bytes(data))
    with pytest.raises(FootageError, match=r"60000x60000|cannot be read"):
        describe(sealed(path))


def chromatic(name, body, tmp_path, tail=b""):
    path = tmp_path / "a.png"
    plain = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b))
        for n, b in (
            (b"IHDR", struct.pack(">2I5B", 1, 1, 16, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"\0" + bytes(6))),
            (b"IEND", b""),
        )
    )
    path.write_bytes(plain)
    return describe(sealed(with_chunk(path, name, body) if name else path))


@pytest.mark.parametrize(
    ("name", "body", "colour"),
    [
        (b"", b"", None),
        (b"sRGB", b"\0", "sRGB Encoded Rec.709 (sRGB)"),
        (b"cICP", bytes([12, 13, 0, 1]), "sRGB Encoded P3-D65"),
        (b"cICP", bytes([77, 1, 0, 1]), None),
        (b"gAMA", struct.pack(">I", 100000), "Linear Rec.709 (sRGB)"),
        (b"gAMA", struct.pack(">I", 50000), None),
        (b"iCCP", b"Display P3\0\0" + zlib.compress(b"....Display P3..."), "sRGB Encoded P3-D65"),
        (b"iCCP", b"odd\0\0" + zlib.compress(b"....Odd profile..."), None),
    ],
)
def test_png_says_its_colour_or_nothing_is_guessed(tmp_path, name, body, colour):
    found = chromatic(name, body, tmp_path)
    assert found.colour == colour
    assert bool(found.notes) == (bool(name) and colour is None)


def test_colour_is_declared_or_said_or_the_default_or_refused(tmp_path):
    path = tmp_path / "a.png"
    found = chromatic(b"sRGB", b"\0", tmp_path)
    assert colour_of(sealed(path, colour="acescg"), found) == "ACEScg"
    assert colour_of(sealed(path), found, "acescg") == "sRGB Encoded Rec.709 (sRGB)"
    silent = chromatic(b"", b"", tmp_path)
    assert colour_of(sealed(path), silent, SRGB) == "sRGB Encoded Rec.709 (sRGB)"
    with pytest.raises(
        UsageError, match=r"a\.png': the file does not say its colour space, and none was declared: declare it with --colour"
    ):
        colour_of(sealed(path), silent)
    with pytest.raises(UsageError, match="does not say its colour space"):
        opened(path)
    assert silent.canvas == Box(0, 0, 1, 1)
