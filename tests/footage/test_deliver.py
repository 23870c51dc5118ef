import hashlib
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import OpenEXR
import OpenImageIO
import pytest
from made_pictures import LIN, SRGB, a_take, frame_out, half_picture, opened, read_one, window, write_rgb, write_still

from bottega.footage import Box, Delivery, LayerOut, find, read_delivered, to_working
from bottega.footage.exr_header import read_parts
from bottega.footage.whole_file import write_whole
from bottega.model import CredentialError, FootageError, UsageError


@pytest.fixture
def delivery(tmp_path):
    return Delivery(tmp_path / "v003", a_take())


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def delivered(delivery, out):
    made = delivery.frame(out, layers=())
    return read_delivered(delivery.folder / made[0].path, sha256=made[0].sha256)


def test_a_frame_and_its_layers_have_their_names_and_hashes(delivery, tmp_path):
    made = delivery.frame(frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture()))))
    assert [o.path for o in made] == [
        "delta/sh010_deage_v003.1001.exr",
        "matte/sh010_deage_v003.1001.png",
        "credit/sh010_deage_v003.1001.png",
        "frames/sh010_deage_v003.1001.exr",
    ]
    assert all(o.frame == 1001 and o.sha256 == sha256(delivery.folder / o.path) for o in made)
    assert sorted(p.name for p in delivery.folder.rglob("*") if p.is_file()) == sorted(o.path.split("/")[1] for o in made)


@pytest.mark.parametrize("low", [-3.0, 0.0])
def test_untouched_half_plates_go_out_bit_for_bit_with_their_windows(delivery, tmp_path, low):
    rgb, alpha = half_picture(low=low), half_picture(seed=5, high=1)[..., 0]
    rgb[0, 0] = (np.nan, np.inf, -np.inf)
    path = write_rgb(tmp_path / "a.exr", rgb, alpha=alpha, data=window(-5, 3, 32, 24), display=window(0, 0, 20, 40), pixelAspectRatio=2.0)
    plate = read_one(path)
    back = delivered(delivery, frame_out(plate))
    assert back.rgb.dtype == np.float16
    assert back.rgb.tobytes() == rgb.tobytes()
    assert (back.others["A"] == alpha).all()
    assert (back.data, back.display) == (Box(-5, 3, 32, 24), Box(0, 0, 20, 40))
    assert (back.colour, back.working, back.canvas) == ("Linear Rec.709 (sRGB)", "Linear Rec.709 (sRGB)", plate.canvas)
    again = read_one(delivery.folder / "frames" / "sh010_deage_v003.1001.exr")
    assert (again.native.tobytes(), again.data, again.display, again.pixel_aspect) == (rgb.tobytes(), plate.data, plate.display, 2.0)


def test_the_plates_time_code_and_primaries_go_with_it(delivery, tmp_path):
    code = OpenEXR.TimeCode(21, 59, 48, 23, 1, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 15)
    path = write_rgb(tmp_path / "a.exr", half_picture(), timeCode=code, chromaticities=(0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329))
    made = delivery.frame(frame_out(read_one(path)), layers=())
    before, after = (read_parts(p.read_bytes(), "")[0][0].raw for p in (path, delivery.folder / made[0].path))
    assert struct.unpack("<I", before["timeCode"][4:])[0] == 0xF7654321
    for name in ("timeCode", "chromaticities"):
        assert after[name] == before[name]


def test_touched_pixels_are_the_jobs_and_the_delta_is_exact(delivery, tmp_path):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture().astype(np.float32)))
    rgb = plate.rgb + np.random.default_rng(2).normal(0, 1, plate.rgb.shape).astype(np.float32)
    untouched = np.zeros(plate.rgb.shape[:2], bool)
    untouched[:10] = True
    out = frame_out(plate, rgb, untouched)
    back = delivered(delivery, out)
    assert back.rgb.dtype == np.float32
    assert (back.rgb[:10] == plate.native[:10]).all()
    assert (back.rgb[10:] == rgb[10:]).all()
    assert (back.delta == out.delta).all()
    assert (back.matte == out.matte).all()


def test_half_plates_stay_half_and_finite(delivery, tmp_path):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture()))
    rgb = np.full_like(plate.rgb, 1e6)
    back = delivered(delivery, frame_out(plate, rgb, np.zeros(rgb.shape[:2], bool)))
    assert back.rgb.dtype == np.float16
    assert (back.rgb == np.float16(65504)).all()


@pytest.mark.parametrize(("dtype", "ending"), [(np.uint8, "png"), (np.uint16, "png"), (np.uint16, "dpx"), (np.uint16, "tif")])
def test_codes_of_integer_plates_come_back_by_rounding(delivery, tmp_path, dtype, ending):
    most = np.iinfo(dtype).max
    codes = np.arange(most + 1, dtype=np.uint32)[:: 1 if dtype == np.uint8 else 7][:9216].astype(dtype)
    codes = np.resize(codes, (64, 48, 3))
    plate = read_one(write_still(tmp_path / f"a.{ending}", codes), colour=SRGB, working="acescg")
    back = delivered(delivery, frame_out(plate))
    assert back.colour == "sRGB Encoded Rec.709 (sRGB)"
    assert back.working == "ACEScg"
    assert (np.round(back.rgb.astype(np.float64) * most) == codes).all()


def test_touched_pixels_of_an_encoded_plate_go_back_to_its_space(delivery, tmp_path):
    codes = np.full((8, 8, 3), 20000, np.uint16)
    plate = read_one(write_still(tmp_path / "a.png", codes), colour=SRGB, working="acescg")
    wanted = np.full((8, 8, 3), 0.25, np.float32)
    back = delivered(delivery, frame_out(plate, to_working(wanted.copy(), SRGB, "acescg"), np.zeros((8, 8), bool)))
    assert np.allclose(back.rgb, wanted, atol=2e-6)


def test_ids_are_exact_and_the_manifest_is_text(delivery, tmp_path):
    out = frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture())))
    back = delivered(delivery, out)
    assert back.manifest == out.manifest
    assert back.plan == "0" * 64
    assert sorted(back.credit) == ["source", "weight.0"]
    for name, ids in out.credit.items():
        assert back.credit[name].dtype == np.uint32
        assert (back.credit[name] == ids).all()
    assert int(back.credit["source"].max()) > 2**31


def test_layers_beside_the_picture_keep_their_bits_and_say_which_is_light(delivery, tmp_path):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture()))
    shape = plate.rgb.shape[:2]
    ids = np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape) + np.uint32(2**31)
    light = np.linspace(-1, 60000, ids.size, dtype=np.float32).reshape(shape)
    beside = (
        LayerOut(name="pieces", channels={"R": light, "A": light.astype(np.float16)}, light=True),
        LayerOut(name="id", channels={"piece": ids}, attributes={"manifest": "{}"}),
    )
    delivery.frame(replace(frame_out(plate), beside=beside), layers=())
    with OpenEXR.File(str(delivery.folder / "frames" / "sh010_deage_v003.1001.exr"), separate_channels=True) as file:
        assert [p.name() for p in file.parts][4:] == ["pieces", "id"]
        assert (file.parts[4].channels["R"].pixels == light).all()
        assert file.parts[4].header["bottega:colourSpace"] == plate.working
        assert file.parts[4].channels["A"].pixels.dtype == np.float16
        assert (file.parts[5].channels["piece"].pixels == ids).all()
        assert "bottega:colourSpace" not in file.parts[5].header
        assert file.parts[5].header["manifest"] == "{}"


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (LayerOut(name="credit", channels={}), "layer 'credit' of frame 1001 is there already"),
        (LayerOut(name="id", channels={"piece": np.zeros((2, 2), np.uint32)}), r"id\.piece is \(2, 2\) uint32, needed is"),
        (LayerOut(name="id", channels={"piece": np.zeros((24, 32), np.int64)}), "int64, needed is"),
    ],
)
def test_layers_that_do_not_fit_are_named(delivery, tmp_path, layer, says):
    out = replace(frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture()))), beside=(layer,))
    with pytest.raises(ValueError, match=says):
        delivery.frame(out, layers=())


def test_the_first_part_is_rgb_for_any_reader(delivery, tmp_path):
    delivery.frame(frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture()))), layers=())
    path = str(delivery.folder / "frames" / "sh010_deage_v003.1001.exr")
    with OpenEXR.File(path) as file:
        assert [p.name() for p in file.parts] == ["rgb", "delta", "matte", "credit"]
        assert (file.parts[0].channels["RGB"].pixels == half_picture()).all()
        assert file.parts[0].header["colorInteropId"] == "lin_rec709_scene"
        assert file.parts[3].header["manifest"] == '{"1":"key"}'
    image = OpenImageIO.ImageInput.open(path)
    assert image.spec().channelnames[:3] == ("R", "G", "B")
    image.close()


def test_the_same_pixels_give_the_same_bytes(tmp_path):
    out = frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture())))
    one, two = (Delivery(tmp_path / name, a_take()).frame(out) for name in ("one", "two"))
    assert [o.sha256 for o in one] == [o.sha256 for o in two]
    data = b"".join((tmp_path / "one" / o.path).read_bytes() for o in one)
    for secret in (str(tmp_path).encode(), os.uname().nodename.encode(), b"capDate", b"tIME", b"DateTime"):
        assert secret not in data


def test_work_beyond_the_plates_window_widens_it(delivery, tmp_path):
    for number, box in ((1001, (0, 0, 6, 6)), (1002, (-4, 0, 10, 8))):
        write_rgb(tmp_path / f"a.{number}.exr", half_picture(box[3], box[2]), data=window(*box), display=window(0, 0, 6, 6))
    with opened(tmp_path / "a.####.exr") as frames:
        plate = frames.read(1001)
    rgb, untouched = plate.rgb.copy(), np.ones(plate.rgb.shape[:2], bool)
    untouched[0, 0], rgb[0, 0] = False, 0.5
    back = delivered(delivery, frame_out(plate, rgb, untouched))
    assert back.data == plate.canvas == Box(-4, 0, 10, 8)
    assert back.rgb[0, 0].tolist() == [0.5, 0.5, 0.5]
    assert (back.rgb[0:6, 4:10] == plate.native).all()
    assert not back.rgb[6:].any()


def test_matte_and_credit_pictures(delivery, tmp_path):
    out = frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture())))
    delivery.frame(out)
    matte = read_one(delivery.folder / "matte" / "sh010_deage_v003.1001.png", colour=SRGB)
    assert matte.grey
    assert (matte.native[..., 0] == np.floor(out.matte.astype(np.float64) * 65535 + 0.5)).all()
    assert (read_one(delivery.folder / "credit" / "sh010_deage_v003.1001.png").native == out.credit_picture).all()


def test_finished_files_are_never_overwritten(delivery, tmp_path):
    out = frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture())))
    first = delivery.frame(out, layers=())[0]
    with pytest.raises(FootageError, match=r"1001\.exr', frame 1001 is there already and finished frames are never overwritten"):
        delivery.frame(out, layers=())
    assert sha256(delivery.folder / first.path) == first.sha256
    assert [p.name for p in (delivery.folder / "frames").iterdir()] == ["sh010_deage_v003.1001.exr"]


def test_a_stopped_run_goes_on_where_the_bytes_are_the_same(delivery, tmp_path):
    out = frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture())))
    made = delivery.frame(out)
    (delivery.folder / made[-1].path).unlink()
    before = (delivery.folder / made[0].path).stat().st_mtime_ns
    assert delivery.frame(out, resume=True) == made
    assert (delivery.folder / made[0].path).stat().st_mtime_ns == before
    (delivery.folder / made[1].path).write_bytes(b"other")
    with pytest.raises(FootageError, match=r"1001\.png', frame 1001 is there already"):
        delivery.frame(out, resume=True)
    assert (delivery.folder / made[1].path).read_bytes() == b"other"


def test_reading_back_needs_the_recorded_hash(delivery, tmp_path):
    made = delivery.frame(frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture()))), layers=("delta",))
    path = delivery.folder / made[1].path
    with pytest.raises(CredentialError, match=r"hashes to .* the take's record says 000000000000"):
        read_delivered(path, sha256="0" * 64)
    with pytest.raises(FootageError, match="no delivered frame"):
        read_delivered(delivery.folder / made[0].path, sha256=made[0].sha256)


@pytest.mark.parametrize(
    "name", ["../a.png", "/a.png", "a/../../b.png", "", ".", "..", "a\nb.png", "a\0.png", "a\u202e.png", "x" * 300 + ".png", ".a.png"]
)
def test_names_that_lead_out_are_refused(delivery, name):
    with pytest.raises(UsageError, match=r"file name '.*(cannot be used|rename|allowed)"):
        delivery.png16(name, np.zeros((2, 2), np.uint16))
    assert not delivery.folder.exists()


def test_wrong_arrays_are_named(delivery, tmp_path):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture()))
    out = frame_out(plate)
    with pytest.raises(ValueError, match=r"rgb is \(2, 2, 3\) float32, needed is \(24, 32, 3\) float32, frame 1001"):
        delivery.frame(replace(out, rgb=np.zeros((2, 2, 3), np.float32)))
    with pytest.raises(ValueError, match=r"credit\['source'\] is .* float32, needed is .* uint32"):
        delivery.frame(replace(out, credit={"source": out.matte}))
    with pytest.raises(ValueError, match="delta of frame 1001 holds NaN"):
        delivery.frame(replace(out, delta=out.delta * np.float32(np.nan)))
    with pytest.raises(ValueError, match="layer 'normal' cannot be written, allowed are delta, matte, credit"):
        delivery.frame(out, layers=("normal",))
    assert not delivery.folder.exists()


def test_contact_sheet_shows_its_pictures_and_labels(delivery, tmp_path):
    red = np.zeros((40, 120, 3), np.uint8)
    red[..., 0] = 200
    made = delivery.sheet("sheet.png", [[("frame 1001, Artist B", red), ("", red)], [("plate\n\u202e1002", red)]])
    frame = read_one(delivery.folder / "sheet.png")
    assert made.sha256 == sha256(delivery.folder / "sheet.png")
    assert (frame.native == (200, 0, 0)).all(-1).sum() == 3 * 40 * 120
    labelled = frame.native[4:30, 4:124].astype(int)
    assert labelled.max() > 180, "the label is drawn"
    assert frame.native[4:30, 128:248].max() == 24, "an empty label draws nothing"
    with pytest.raises(ValueError, match="needs rows with pictures"):
        delivery.sheet("b.png", [])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MB; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting a small disk is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_no_half_frame(small_disk, tmp_path):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture(512, 512)))
    delivery = Delivery(small_disk / "v003", a_take())
    rgb = plate.rgb + np.random.default_rng(0).normal(0, 1, plate.rgb.shape).astype(np.float32)
    with pytest.raises(FootageError, match=r"1001\.exr', frame 1001 cannot be written: No space left on device; free space"):
        delivery.frame(frame_out(plate, rgb), layers=())
    noise = [np.random.default_rng(i).integers(0, 255, (256, 256, 3), dtype=np.uint8) for i in range(45)]
    with pytest.raises(FootageError, match=r"proxy\.mov' cannot be written: No space left on device"):
        delivery.movie("proxy.mov", noise, Fraction(24), codec="prores")
    assert [p for p in small_disk.rglob("*") if p.is_file()] == []
    assert shutil.disk_usage(small_disk).used < 100_000


@pytest.fixture
def short_files():
    """No file may grow beyond 4 KiB: a full disk for everybody who may not mount one."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_cannot_grow_leaves_no_half_frame(delivery, tmp_path, request):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture(64, 64)))
    pictures = [half_picture(64, 64, i, high=1).astype(np.float32) for i in range(3)]
    request.getfixturevalue("short_files")
    with pytest.raises(FootageError, match=r"1001\.exr', frame 1001 cannot be written: File too large"):
        delivery.frame(frame_out(plate), layers=())
    with pytest.raises(FootageError, match=r"proxy\.mov' cannot be written: File too large"):
        delivery.movie("proxy.mov", pictures, Fraction(24), codec="prores")
    assert [p for p in delivery.folder.rglob("*") if p.is_file()] == []


def test_a_killed_writer_leaves_nothing_that_counts(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from bottega.footage.whole_file import new_file\n"
        "with new_file(Path(sys.argv[1]), 1001) as temporary:\n"
        "    temporary.write_bytes(b'half'); os._exit(9)"
    )
    path = tmp_path / "frames" / "a.1001.exr"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    assert not path.exists()
    with pytest.raises(UsageError, match="holds no picture"):
        find(path.parent)
    assert write_whole(path, b"whole", 1001) == hashlib.sha256(b"whole").hexdigest()
    assert [f.path.name for f in find(path.parent).files] == ["a.1001.exr"]


def test_a_closed_folder_is_named(delivery, tmp_path):
    delivery.folder.write_text("a file where the folder should be")
    with pytest.raises(FootageError, match=r"1001\.exr', frame 1001 cannot be written: (Not a directory|File exists)"):
        delivery.frame(frame_out(read_one(write_rgb(tmp_path / "a.exr", half_picture()))), layers=())


def test_a_linear_plate_of_another_space_keeps_it(delivery, tmp_path):
    plate = read_one(write_rgb(tmp_path / "a.exr", half_picture(), colour=None), colour="acescg", working="acescg")
    back = delivered(delivery, frame_out(plate))
    assert (back.colour, back.rgb.tobytes()) == ("ACEScg", plate.native.tobytes())
    again = read_one(delivery.folder / "frames" / "sh010_deage_v003.1001.exr", working=LIN)
    assert again.colour == "ACEScg", "the delivered file says its colour itself"


def test_straight_alpha_goes_out_and_comes_back_as_straight(delivery, tmp_path):
    codes = np.random.default_rng(0).integers(0, 65536, (8, 8, 4), dtype=np.uint16)
    plate = read_one(write_still(tmp_path / "a.png", codes, oiio__UnassociatedAlpha=1), colour=SRGB, working="acescg")
    back = delivered(delivery, frame_out(plate))
    assert (np.round(back.others["A"].astype(np.float64) * 65535) == codes[..., 3]).all()
    again = read_one(delivery.folder / "frames" / "sh010_deage_v003.1001.exr", working="acescg")
    assert (again.premultiplied, again.colour) == (False, "sRGB Encoded Rec.709 (sRGB)")
