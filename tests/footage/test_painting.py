import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_pictures import LIN, SRGB, half_picture, read_one, window, write_exr, write_rgb, write_still

from bottega.footage import Mark, as_matte, hand_out, take_back, to_working, write_png16
from bottega.model import FootageError, Role

MARK = Mark.of_copy("demo-1", "a" * 64)


def plate_of(tmp_path, rgb=None, **more):
    return read_one(write_rgb(tmp_path / "plate.exr", half_picture() if rgb is None else rgb, **more))


def key_of(path, plate, **more):
    return read_one(path, Role.KEY, plate.working, plate.number, **more)


def test_codes_are_srgb_rounded_half_up(tmp_path):
    plate = plate_of(tmp_path, np.array([[[0, 1, 2], [-1, 0.5, 0.18]]], np.float16))
    codes = hand_out(plate, key_colour=SRGB)
    assert codes.dtype == np.uint16
    assert codes[0, 0].tolist() == [0, 65535, 65535]
    light = np.array([0.5, float(np.float16(0.18))])
    assert codes[0, 1].tolist() == [0, *(np.floor((1.055 * light ** (1 / 2.4) - 0.055) * 65535 + 0.5)).astype(int).tolist()]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31), low=st.sampled_from([0.0, -2.0]), high=st.sampled_from([1e-6, 0.01, 1.0, 8.0, 60000.0]))
def test_an_unpainted_picture_comes_back_bit_for_bit(tmp_path, seed, low, high):
    """Also light above white and below black: what the PNG clipped is the plate's own again."""
    for name in ("plate.exr", "key.png"):
        (tmp_path / name).unlink(missing_ok=True)
    plate = plate_of(tmp_path, half_picture(seed=seed, low=low, high=high))
    write_png16(tmp_path / "key.png", hand_out(plate, key_colour=SRGB), mark=MARK)
    key = key_of(tmp_path / "key.png", plate)
    assert key.colour == "sRGB Encoded Rec.709 (sRGB)"
    assert take_back(key, plate).tobytes() == plate.rgb.tobytes()


def test_the_handed_out_codes_alone_lose_less_than_a_thousandth(tmp_path):
    plate = plate_of(tmp_path, half_picture(high=1.0))
    light = to_working(hand_out(plate, key_colour=SRGB).astype(np.float32) / 65535, SRGB, LIN)
    assert np.abs(light - plate.rgb).max() < 1e-3


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_paint_programs_rounding_is_no_paint(tmp_path, shift):
    plate = plate_of(tmp_path, half_picture(high=0.9, low=0.1))
    write_png16(tmp_path / "key.png", (hand_out(plate, key_colour=SRGB).astype(int) + shift).astype(np.uint16), mark=MARK)
    assert (take_back(key_of(tmp_path / "key.png", plate), plate) == plate.rgb).all()


def test_painted_pixels_are_the_keys_and_the_rest_is_the_plates(tmp_path):
    plate = plate_of(tmp_path)
    codes = hand_out(plate, key_colour=SRGB)
    codes[5:9, 5:9] = (20000, 30000, 40000)
    write_png16(tmp_path / "key.png", codes, mark=MARK)
    back = take_back(key_of(tmp_path / "key.png", plate), plate)
    painted = to_working(codes[5:9, 5:9].astype(np.float32) / 65535, SRGB, LIN)
    assert (back[5:9, 5:9] == painted).all()
    back[5:9, 5:9] = plate.rgb[5:9, 5:9]
    assert (back == plate.rgb).all()


def test_a_channel_above_white_keeps_its_light_when_the_others_are_painted(tmp_path):
    light = np.full((24, 32, 3), 0.2, np.float16)
    light[4, 5] = (3.5, 0.4, 0.4)
    plate = read_one(write_rgb(tmp_path / "a.exr", light))
    codes = hand_out(plate, key_colour=SRGB)
    codes[4, 5, 1:] //= 2
    write_png16(tmp_path / "1001.png", codes, mark=MARK)
    back = take_back(read_one(tmp_path / "1001.png", role=Role.KEY, working=plate.working), plate)
    assert back[4, 5, 0] == 3.5
    assert (back[4, 5, 1:] < 0.2).all()


def test_an_exr_key_comes_back_bit_for_bit(tmp_path):
    plate = plate_of(tmp_path, half_picture(low=-1))
    painted = half_picture(seed=7, low=-1)
    key = key_of(write_rgb(tmp_path / "key.exr", painted), plate)
    assert (take_back(key, plate) == painted.astype(np.float32)).all()


def test_a_half_key_of_a_float_plate_loses_nothing_unpainted(tmp_path):
    light = np.random.default_rng(0).normal(0, 10, (24, 32, 3)).astype(np.float32)
    light[0, 0] = 1e6
    plate = plate_of(tmp_path, light)
    with np.errstate(over="ignore"):
        painted = np.minimum(light, 65504).astype(np.float16)
    painted[0, 0] = np.float16(65504)
    painted[4, 4] = 0.25
    back = take_back(key_of(write_rgb(tmp_path / "key.exr", painted), plate), plate)
    assert np.argwhere((back != plate.rgb).any(-1)).tolist() == [[0, 0], [4, 4]]
    assert (back[4, 4] == 0.25).all()


def test_premultiplied_goes_over_the_plate_and_the_plates_own_alpha_is_no_layer(tmp_path):
    rgb, alpha = half_picture(high=1.0), half_picture(seed=2, high=1.0)[..., 0]
    plate = plate_of(tmp_path)
    over = key_of(write_rgb(tmp_path / "over.exr", rgb * alpha[..., None], alpha=alpha), plate)
    expected = (rgb * alpha[..., None]).astype(np.float32) + (1 - alpha.astype(np.float32))[..., None] * plate.rgb
    assert np.allclose(take_back(over, plate), expected, atol=1e-6)
    own = read_one(write_rgb(tmp_path / "own.exr", rgb, alpha=alpha))
    plain = key_of(write_rgb(tmp_path / "plain.exr", rgb, alpha=alpha + np.float16(0.0004)), own)
    assert (take_back(plain, own) == rgb.astype(np.float32)).all()
    opaque = key_of(write_rgb(tmp_path / "opaque.exr", rgb, alpha=np.ones_like(alpha)), plate)
    assert (take_back(opaque, plate) == rgb.astype(np.float32)).all()


def test_straight_alpha_mixes_with_the_plate(tmp_path):
    plate = plate_of(tmp_path)
    codes = np.full((24, 32, 4), 30000, np.uint16)
    codes[..., 3] = 0
    codes[:8, :, 3] = 65535
    codes[8:16, :, 3] = 32768
    key = key_of(write_still(tmp_path / "key.png", codes, oiio__UnassociatedAlpha=1), plate, colour=SRGB)
    back = take_back(key, plate)
    paint = to_working(np.full((1, 1, 3), 30000 / 65535, np.float32), SRGB, LIN)
    assert np.allclose(back[:8], paint, atol=1e-7)
    assert np.allclose(back[8:16], 32768 / 65535 * paint + (1 - 32768 / 65535) * plate.rgb[8:16], atol=1e-6)
    assert (back[16:] == plate.rgb[16:]).all()


def test_a_key_of_the_display_window_leaves_the_overscan(tmp_path):
    plate = plate_of(tmp_path, data=window(-4, -2, 32, 24), display=window(0, 0, 20, 16))
    codes = hand_out(plate, key_colour=SRGB)
    assert codes.shape == (24, 32, 3)
    inner = codes[2:18, 4:24].copy()
    inner[3, 3] = 1000
    write_png16(tmp_path / "key.png", inner, mark=MARK)
    back = take_back(key_of(tmp_path / "key.png", plate), plate)
    changed = (back != plate.rgb).any(-1)
    assert np.argwhere(changed).tolist() == [[5, 7]]
    write_png16(tmp_path / "whole.png", codes, mark=MARK)
    assert (take_back(key_of(tmp_path / "whole.png", plate), plate) == plate.rgb).all()


def test_an_exr_keys_own_data_window_is_all_that_was_painted(tmp_path):
    plate = plate_of(tmp_path)
    patch = half_picture(4, 5, seed=9)
    path = write_rgb(tmp_path / "key.exr", patch, data=window(10, 6, 5, 4), display=window(0, 0, 32, 24))
    back = take_back(key_of(path, plate), plate)
    assert (back[6:10, 10:15] == patch.astype(np.float32)).all()
    back[6:10, 10:15] = plate.rgb[6:10, 10:15]
    assert (back == plate.rgb).all()


def test_a_key_beside_the_plate_is_refused(tmp_path):
    plate = plate_of(tmp_path)
    path = write_rgb(tmp_path / "key.exr", half_picture(4, 5), data=window(100, 6, 5, 4), display=window(0, 0, 32, 24))
    with pytest.raises(FootageError, match=r"its picture, 5x4 at \(100, 6\), lies outside the plate's, 32x24 at \(0, 0\)"):
        take_back(key_of(path, plate), plate)


def test_wrong_sizes_are_refused_with_both(tmp_path):
    plate = plate_of(tmp_path, data=window(-4, -2, 32, 24), display=window(0, 0, 20, 16))
    write_png16(tmp_path / "key.png", np.zeros((24, 31, 3), np.uint16), mark=MARK)
    key = key_of(tmp_path / "key.png", plate)
    with pytest.raises(FootageError, match=r"key\.png', frame 1001 is 31x24, the plate of frame 1001 is 20x16 or 32x24: paint on the"):
        take_back(key, plate)


def test_eight_bits_are_refused_unless_allowed(tmp_path):
    plate = plate_of(tmp_path)
    codes = ((hand_out(plate, key_colour=SRGB).astype(np.int64) * 255 + 32767) // 65535).astype(np.uint8)
    codes[3, 3] = (1, 200, 3)
    key = key_of(write_still(tmp_path / "key.png", codes), plate, colour=SRGB)
    with pytest.raises(FootageError, match=r"key\.png', frame 1001 has 8 bits a channel, the plate is half: .*16-bit PNG.*--allow-8bit"):
        take_back(key, plate)
    back = take_back(key, plate, allow_8bit=True)
    assert np.argwhere((back != plate.rgb).any(-1)).tolist() == [[3, 3]]


def test_eight_bit_plates_take_eight_bit_keys(tmp_path):
    codes = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    plate = read_one(write_still(tmp_path / "plate.png", codes), colour=SRGB, working="acescg")
    key = key_of(write_still(tmp_path / "key.png", codes), plate, colour=SRGB)
    assert (take_back(key, plate) == plate.rgb).all()


def test_a_key_must_be_opened_in_the_plates_space(tmp_path):
    plate = plate_of(tmp_path)
    key = read_one(write_rgb(tmp_path / "key.exr", half_picture()), Role.KEY, "acescg")
    with pytest.raises(ValueError, match=r"key is in ACEScg, plate in Linear Rec.709"):
        take_back(key, plate)


def test_mattes_by_each_way_of_writing_them(tmp_path):
    grey = np.linspace(0, 65535, 48).astype(np.uint16).reshape(6, 8)
    exact = (grey.astype(np.float64) / 65535).astype(np.float32)
    half = exact.astype(np.float16)
    ones = np.ones_like(half)
    rgb = half_picture(6, 8, high=1.0)
    colours = dict(zip("RGB", np.moveaxis(rgb, -1, 0), strict=True))
    white_with_alpha = np.dstack([np.full((6, 8, 3), 65535, np.uint16), grey])
    made = {
        "grey.png": (write_still(tmp_path / "grey.png", grey), exact),
        "rgb.png": (write_still(tmp_path / "rgb.png", grey[..., None].repeat(3, -1)), exact),
        "white.png": (write_still(tmp_path / "white.png", white_with_alpha, oiio__UnassociatedAlpha=1), exact),
        "y.exr": (write_exr(tmp_path / "y.exr", {"Y": half}), half.astype(np.float32)),
        "a.exr": (write_exr(tmp_path / "a.exr", {"A": half}), half.astype(np.float32)),
        "colour.exr": (write_exr(tmp_path / "colour.exr", {**colours, "matte": half, "A": ones}), half.astype(np.float32)),
    }
    for path, expected in made.values():
        assert np.allclose(as_matte(read_one(path, Role.MATTE, None)), expected, atol=1e-7), path
    with pytest.raises(FootageError, match="is coloured, a matte is one channel"):
        as_matte(read_one(write_exr(tmp_path / "c.exr", colours), Role.MATTE, None))
    with pytest.raises(FootageError, match=r"its values go from 0\.0 to 2\.0, a matte's from 0 to 1"):
        as_matte(read_one(write_exr(tmp_path / "d.exr", {"Y": np.float16(2) * (half > 0.5)}), Role.MATTE, None))
    both = np.dstack([grey, grey, grey, grey[::-1]])
    with pytest.raises(FootageError, match="both its grey and its alpha could be the matte"):
        as_matte(read_one(write_still(tmp_path / "b.png", both, oiio__UnassociatedAlpha=1), Role.MATTE, None))
