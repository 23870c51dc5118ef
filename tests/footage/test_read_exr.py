import struct

import numpy as np
import OpenEXR
import OpenImageIO
import pytest
from made_pictures import half_picture, opened, read_one, sealed, window, write_exr, write_rgb

from bottega.footage import Box, describe
from bottega.model import FootageError, Role


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("compression", ["NO", "RLE", "ZIPS", "ZIP", "PIZ"])
def test_lossless_exr_comes_back_bit_for_bit(tmp_path, dtype, compression):
    rgb = half_picture(37, 41, low=-1).astype(dtype)
    path = write_rgb(tmp_path / "a.exr", rgb, compression=getattr(OpenEXR, f"{compression}_COMPRESSION"))
    frame = read_one(path)
    assert frame.native.dtype == dtype
    assert frame.native.tobytes() == rgb.tobytes()
    assert (frame.rgb == rgb.astype(np.float32)).all()
    assert (frame.dtype, frame.alpha, frame.non_finite) == ("half" if dtype == np.float16 else "float", None, 0)


def test_tiled_exr(tmp_path):
    rgb = half_picture(70, 50)
    tiles = OpenEXR.TileDescription()
    tiles.xSize = tiles.ySize = 16
    path = write_rgb(tmp_path / "a.exr", rgb, type=OpenEXR.tiledimage, tiles=tiles)
    assert (read_one(path).native == rgb).all()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FootageError, match=r"frame 1001 is (cut off|a damaged EXR).*copy it again"):
        read_one(path)


def test_windows_with_negative_origins_lie_right_on_the_canvas(tmp_path):
    rgb = half_picture(10, 12)
    path = write_rgb(tmp_path / "a.exr", rgb, data=window(-3, -2, 12, 10), display=window(0, 0, 8, 20))
    found = describe(sealed(path))
    assert (found.canvas, found.display) == (Box(-3, -2, 12, 22), Box(0, 0, 8, 20))
    frame = read_one(path)
    assert frame.rgb.shape == (22, 12, 3)
    assert (frame.rgb[:10] == rgb.astype(np.float32)).all()
    assert not frame.rgb[10:].any()
    assert (frame.data, frame.native.shape) == (Box(-3, -2, 12, 10), (10, 12, 3))


def test_canvas_of_a_sequence_holds_every_frames_window(tmp_path):
    for number, box in ((1001, (0, 0, 6, 6)), (1002, (-4, 1, 6, 9))):
        write_rgb(tmp_path / f"a.{number}.exr", half_picture(box[3], box[2]), data=window(*box), display=window(0, 0, 6, 6))
    with opened(tmp_path) as frames:
        assert frames.canvas == Box(-4, 0, 10, 10)
        one, two = frames
    assert one.rgb.shape == two.rgb.shape == (10, 10, 3)
    assert (two.rgb[1:10, 0:6] == two.native.astype(np.float32)).all()
    with opened(tmp_path, canvas=Box(0, 0, 6, 6)) as frames, pytest.raises(FootageError, match="leaves the shot's canvas"):
        frames.read(1002)


@pytest.mark.parametrize("layer", ["rgb.", "RGBA.", "beauty.", "Combined."])
def test_layered_names_are_found(tmp_path, layer):
    rgb = half_picture()
    channels = {layer + c: np.ascontiguousarray(rgb[..., i]) for i, c in enumerate("RGB")}
    channels[layer + "A"] = np.full(rgb.shape[:2], 0.5, np.float16)
    frame = read_one(write_exr(tmp_path / "a.exr", channels), colour="acescg", working="acescg")
    assert (frame.native == rgb).all()
    assert (frame.alpha == 0.5).all()
    assert frame.premultiplied


def test_plain_rgb_wins_over_layers_and_two_layers_are_refused(tmp_path):
    rgb = half_picture()
    planes = [np.ascontiguousarray(rgb[..., i]) for i in range(3)]
    both = {**dict(zip("RGB", planes, strict=True)), **{f"diffuse.{c}": p * 0 for c, p in zip("RGB", planes, strict=True)}}
    assert (read_one(write_exr(tmp_path / "a.exr", both), colour="acescg").native == rgb).all()
    two = {f"{layer}.{c}": p for layer in ("diffuse", "specular") for c, p in zip("RGB", planes, strict=True)}
    with pytest.raises(FootageError, match=r"has the layers diffuse\., specular\., needed is one"):
        read_one(write_exr(tmp_path / "b.exr", two), colour="acescg")


def test_picture_in_a_later_part_of_a_multipart_file(tmp_path):
    rgb, ids = half_picture(), np.full((24, 32), 2**31 + 7, np.uint32)
    parts = [
        OpenEXR.Part({"type": OpenEXR.scanlineimage}, {"id": ids, "id2": ids}, "ids"),
        OpenEXR.Part({"type": OpenEXR.scanlineimage}, {"RGB": rgb}, "rgb"),
    ]
    with OpenEXR.File(parts) as file:
        file.write(str(tmp_path / "a.exr"))
    assert (read_one(tmp_path / "a.exr", colour="acescg").native == rgb).all()


def test_grey_exr_and_other_channels(tmp_path):
    grey = half_picture()[..., 0]
    frame = read_one(write_exr(tmp_path / "a.exr", {"Y": grey}), colour="acescg")
    assert frame.grey
    assert (frame.native == grey[..., None]).all()
    ids = np.arange(24 * 32, dtype=np.uint32).reshape(24, 32) + np.uint32(2**32 - 1000)
    depth = half_picture(seed=3)[..., 0].astype(np.float32)
    rgb = half_picture()
    channels = {**dict(zip("RGB", (np.ascontiguousarray(rgb[..., i]) for i in range(3)), strict=True)), "Z": depth, "id": ids}
    frame = read_one(write_exr(tmp_path / "b.exr", channels), colour="acescg")
    assert (frame.others["id"] == ids).all()
    assert frame.others["id"].dtype == np.uint32
    assert (frame.others["Z"] == depth).all()


def test_whole_numbers_are_no_light(tmp_path):
    ids = np.zeros((4, 4), np.uint32)
    with pytest.raises(FootageError, match=r"whole numbers \(uint32\), allowed are half and float"):
        read_one(write_exr(tmp_path / "a.exr", {"R": ids, "G": ids, "B": ids}), colour="acescg")


@pytest.mark.parametrize("keep", [0, 3, 4, 7, 8, 60, 200, 330, 400, 0.3, 0.5, 0.9, 0.99, -1])
def test_a_cut_off_exr_is_refused_with_its_name_and_frame(tmp_path, keep, capfd):
    path = write_rgb(tmp_path / "a.1001.exr", half_picture(200, 64))
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(FootageError, match=r"a\.1001\.exr', frame 1001.* (cut off|empty|no EXR).*") as caught:
        read_one(tmp_path / "a.####.exr")
    assert "copy it again" in str(caught.value) or "check what wrote it" in str(caught.value)
    assert capfd.readouterr().out == ""


def test_every_byte_of_a_header_may_be_wrong_without_a_crash(tmp_path, capfd):
    path = write_rgb(tmp_path / "a.exr", half_picture(20, 20))
    data = path.read_bytes()
    good = half_picture(20, 20)
    rng = np.random.default_rng(0)
    refused = 0
    for at in range(4, 420, 3):
        wrong = bytearray(data)
        wrong[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(wrong))
        try:
            frame = read_one(path, colour="acescg")
        except FootageError:
            refused += 1
        else:
            assert frame.native.shape == good.shape or frame.data != Box(0, 0, 20, 20)
    assert refused > 20
    capfd.readouterr()


def test_a_text_file_and_an_empty_one(tmp_path):
    (tmp_path / "a.1001.exr").write_text("this is text")
    with pytest.raises(FootageError, match=r"a\.1001\.exr', frame 1001 is no EXR: it begins with b'this'"):
        read_one(tmp_path)


def test_a_huge_header_is_refused_before_memory_is_asked_for(tmp_path):
    path = write_rgb(tmp_path / "a.exr", half_picture())
    data = bytearray(path.read_bytes())
    at = data.find(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    for box in ((0, 0, 40000, 10), (0, 0, 32767, 32768), (-(2**31), 0, 2**31 - 1, 1), (5, 5, 1, 1)):
        data[at : at + 16] = struct.pack("<4i", *box)
        path.write_bytes(bytes(data))
        with pytest.raises(FootageError, match=r"its header says -?\d+x-?\d+ pixels, allowed are 1 to 32768 a side"):
            describe(sealed(path))


def test_deep_exr_is_refused_with_the_next_step(tmp_path):
    spec = OpenImageIO.ImageSpec(4, 4, 5, OpenImageIO.FLOAT)
    spec.channelnames = ("R", "G", "B", "A", "Z")
    spec.deep = True
    deep = OpenImageIO.ImageBuf(spec)
    deep.set_deep_samples(1, 1, 0, 2)
    assert deep.write(str(tmp_path / "a.exr")), deep.geterror()
    with pytest.raises(FootageError, match=r"a\.exr'.* is a deep EXR, allowed are flat ones: flatten it"):
        read_one(tmp_path / "a.exr", colour="acescg")


def test_non_finite_samples_are_replaced_and_counted_in_plates_alone(tmp_path):
    rgb = half_picture(6, 6)
    rgb[2, 3] = (np.nan, np.inf, -np.inf)
    path = write_rgb(tmp_path / "a.1001.exr", rgb)
    frame = read_one(tmp_path)
    assert frame.non_finite == 3
    assert frame.rgb[2, 3].tolist() == [0.0, 65504.0, -65504.0]
    assert frame.native.tobytes() == rgb.tobytes()
    for role in (Role.KEY, Role.REFERENCE, Role.MATTE):
        with pytest.raises(FootageError, match=r"a\.1001\.exr', frame 1001: 3 samples are NaN.* first R = nan at x 3, y 2 .*repaint"):
            read_one(path, role)


def test_frames_of_a_sequence_must_agree(tmp_path):
    write_rgb(tmp_path / "a.1001.exr", half_picture(8, 8))
    write_rgb(tmp_path / "a.1002.exr", half_picture(8, 9))
    with pytest.raises(FootageError, match=r"frame 1002: display is 9x8 at \(0, 0\), frame 1001 has 8x8 .*must agree"):
        opened(tmp_path)
    write_rgb(tmp_path / "a.1002.exr", half_picture(8, 8).astype(np.float32))
    with pytest.raises(FootageError, match="dtype is float, frame 1001 has half"):
        opened(tmp_path)
