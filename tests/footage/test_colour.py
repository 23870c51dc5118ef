import numpy as np
import pytest
from made_pictures import LIN, SRGB, half_picture, opened, sealed, write_rgb

from bottega.footage import colour_of, colour_spaces, config_name, describe, display, is_linear, space_name, to_working, working_space
from bottega.model import UsageError


@pytest.mark.parametrize("name", ["lin_rec709_srgb", "LIN_REC709_SRGB", "lin_srgb", "Linear Rec.709 (sRGB)", "lin_rec709_scene"])
def test_a_space_goes_by_any_of_its_names(name):
    assert space_name(name) == "Linear Rec.709 (sRGB)"


def test_the_pinned_config_is_in_force(monkeypatch):
    monkeypatch.delenv("OCIO", raising=False)
    assert config_name() == "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
    assert {"ACEScg", "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"} <= set(colour_spaces())


@pytest.mark.parametrize(("given", "near"), [("acescgg", "acescg"), ("lin_rec_709", "lin_rec709"), ("sRGB-Texture", "sRGB - Texture")])
def test_an_unknown_space_lists_close_ones(given, near):
    with pytest.raises(UsageError, match=rf"colour space '{given}' is not in the config ocio.*(?i:did you mean .*{near})"):
        space_name(given)
    with pytest.raises(UsageError, match="usual ones are acescg"):
        space_name("qqqqqqqq")


def test_ocio_overrides_and_a_bad_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OCIO", "ocio://studio-config-v1.0.0_aces-v1.3_ocio-v2.1")
    assert space_name("ARRI LogC4") == "ARRI LogC4"
    monkeypatch.setenv("OCIO", str(tmp_path / "no.ocio"))
    with pytest.raises(UsageError, match=r"the OpenColorIO config '.*no\.ocio' cannot be read: .*correct or unset OCIO"):
        space_name("acescg")
    (tmp_path / "no.ocio").write_text("this is no config")
    with pytest.raises(UsageError, match="cannot be read"):
        space_name("acescg")


def test_linear_plates_are_worked_on_in_their_own_space():
    assert is_linear("acescg")
    assert is_linear(LIN)
    assert not is_linear(SRGB)
    assert not is_linear("ACEScct")
    assert working_space(LIN, "acescg") == "Linear Rec.709 (sRGB)"
    assert working_space("acescct", "acescg") == "ACEScg"
    assert working_space(SRGB) == "ACEScg"


def test_srgb_is_the_published_curve_and_goes_on_beyond_white_and_black():
    codes = np.linspace(-0.2, 2, 1001, dtype=np.float32)[None, :, None].repeat(3, -1)
    light = to_working(codes.copy(), SRGB, LIN)
    known = np.where(codes <= 0.04045, codes / 12.92, ((np.maximum(codes, 0.04045) + 0.055) / 1.055) ** 2.4)
    assert np.abs(light - known).max() < 2e-5
    assert np.abs(to_working(light.copy(), LIN, SRGB) - codes).max() < 1e-5


def test_the_same_space_by_another_name_changes_no_bit():
    rgb = half_picture(low=-5).astype(np.float32)
    assert to_working(rgb, LIN, "lin_srgb") is rgb


def test_the_conversion_to_acescg_keeps_white_and_comes_back():
    rgb = np.random.default_rng(0).random((9, 9, 3), dtype=np.float32) * 8
    assert np.allclose(to_working(to_working(rgb.copy(), LIN, "acescg"), "acescg", LIN), rgb, atol=1e-5)
    assert np.allclose(to_working(np.ones((1, 1, 3), np.float32), LIN, "acescg"), 1, atol=1e-5)


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.zeros((2, 2, 3)), np.zeros((2, 2, 4), np.float32)])
def test_wrong_arrays_are_named(wrong):
    with pytest.raises(ValueError, match=r"takes \(H, W, 3\) float32, given"):
        to_working(wrong, LIN, SRGB)


def test_display_is_srgb_in_eight_bits_and_takes_anything():
    rgb = np.array([[[0, 1, 2], [-1, 0.18, np.nan]]], np.float32)
    kept = rgb.copy()
    assert display(rgb, LIN)[0].tolist()[0] == [0, 255, 255]
    assert display(rgb, LIN)[0, 1].tolist() == [0, 118, 0]
    assert np.array_equal(rgb, kept, equal_nan=True)
    assert np.abs(display(to_working(np.full((1, 1, 3), 0.18, np.float32), LIN, "acescg"), "acescg").astype(int) - 118).max() <= 1


@pytest.mark.parametrize(
    ("attributes", "colour"),
    [
        ({"colour": "lin_ap1_scene"}, "ACEScg"),
        ({"colour": None, "chromaticities": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)}, "Linear Rec.709 (sRGB)"),
        ({"colour": None, "chromaticities": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)}, "ACEScg"),
        ({"colour": None, "oiio:ColorSpace": "lin_rec2020"}, "Linear Rec.2020"),
        ({"colour": None}, None),
        ({"colour": None, "oiio:ColorSpace": "scene_linear"}, None),
        ({"colour": "something_new"}, None),
        ({"colour": None, "chromaticities": (0.7, 0.3, 0.2, 0.7, 0.1, 0.05, 0.31, 0.33)}, None),
    ],
)
def test_exr_headers_say_their_colour_or_nothing_is_guessed(tmp_path, attributes, colour):
    path = write_rgb(tmp_path / "a.exr", half_picture(), **attributes)
    found = describe(sealed(path))
    assert found.colour == colour
    if colour is None:
        with pytest.raises(UsageError, match=r"a\.exr': the file does not say its colour space.*--colour lin_rec709_srgb"):
            opened(path)


def test_numbers_are_no_colour_of_a_picture(tmp_path):
    path = write_rgb(tmp_path / "a.exr", half_picture(), colour="data")
    with pytest.raises(UsageError, match="'Raw' holds numbers, no light"):
        colour_of(sealed(path), describe(sealed(path)))
