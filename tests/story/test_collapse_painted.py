"""A frame that the artist painted goes with the pieces; a neighbour stands where they fall."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from bottega import Studio
from bottega.model import ConsentError, Take, UsageError

from .test_collapse_story import FAILS, LAST, Set, _its_keys, corner, delivered  # noqa: F401

PAINTED = 1006
pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]


def painting(path: Path, *, alpha: bool = True) -> Path:
    """Green wherever it is painted: the middle third of the frame's width."""
    pixels = np.zeros((144, 256, 4 if alpha else 3), np.float32)
    pixels[..., 1] = 0.4
    if alpha:
        pixels[:, 90:170, 3] = 1
    buffer = oiio.ImageBuf(oiio.ImageSpec(256, 144, pixels.shape[2], "half"))
    buffer.set_pixels(oiio.ROI(), pixels)
    path.parent.mkdir(exist_ok=True)
    assert buffer.write(str(path))
    return path


def painted_sheet(corner: Set, picture: str) -> Path:  # noqa: F811
    block = "[[block]]\nlow = [-30.0, -20.0, 0.0]\nhigh = [-4.0, 40.0, 9.0]\n"
    return corner.sheet("painted.toml", a=("[dust]", f"[[painted]]\nframe = {PAINTED}\npath = '{picture}'\n\n{block}\n[dust]"))


@pytest.fixture(scope="module")
def take(corner: Set) -> Take:  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(corner.root / "home"))
        studio: Studio = corner.studio
        picture = painting(corner.root / "painted" / "1006.exr")
        sheet = painted_sheet(corner, "painted/1006.exr")
        with pytest.raises(ConsentError) as refusal:
            studio.collapse(studio.collapse_request("sh020", sheet, no_performer=True))
        assert "unknown_exemplar" in refusal.value.codes
        studio.add_exemplars([picture], by="Artist C", licence="work-for-hire", colour="lin_rec709_srgb")
        return studio.collapse(studio.collapse_request("sh020", sheet, no_performer=True), threads=1)


def parts_of(corner: Set, take: Take, number: int) -> dict[str, dict[str, np.ndarray]]:  # noqa: F811
    path, _ = delivered(corner, take, number)
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {p.name(): {n: c.pixels.astype(np.float32) for n, c in p.channels.items()} for p in file.parts}


def green(parts: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    pieces = parts["pieces"]
    return (pieces["A"] > 0.99) & (pieces["G"] > 0.02) & (pieces["R"] < 0.01 * pieces["G"]) & (pieces["B"] < 0.01 * pieces["G"])


def test_the_painted_frame_shows_what_was_painted_and_others_carry_it(corner: Set, take: Take) -> None:  # noqa: F811
    own = parts_of(corner, take, PAINTED)
    whole = own["pieces"]["A"] > 0.99
    inside = whole & (np.arange(256) > 95) & (np.arange(256) < 165)
    assert inside.sum() > 1000
    assert green(own)[inside].mean() > 0.9  # but where a pixel's samples fall on what its neighbours' middles do not show
    np.testing.assert_allclose(own["pieces"]["G"][green(own)], 0.4, atol=0.0005)
    assert not green(own)[:, :85].any() and not green(own)[:, 175:].any()
    for number in (PAINTED - 1, LAST):
        parts = parts_of(corner, take, number)
        found = green(parts)
        assert found.sum() > 0.5 * green(own).sum()
        ids, painted_ids = parts["id"]["piece"], np.unique(own["id"]["piece"][:, 88:172])
        assert np.isin(ids[found], painted_ids).mean() > 0.97


def test_the_painter_is_credited_and_the_block_stops_what_falls(corner: Set, take: Take) -> None:  # noqa: F811
    [digest] = [e.digest for e, _ in corner.studio.exemplars() if "1006" in str(e.came_from)]
    [share] = [s.share for s in take.shares if s.exemplar == digest]
    assert share > 0.01
    assert sum(s.share for s in take.shares) == 1
    result = corner.studio.remake(take.folder, threads=2)
    assert (result.different, result.same) == ((), 8)


def test_a_painting_without_alpha_is_refused_by_its_frame(corner: Set) -> None:  # noqa: F811
    picture = painting(corner.root / "painted" / "flat.exr", alpha=False)
    corner.studio.add_exemplars([picture], by="Artist C", licence="work-for-hire", colour="lin_rec709_srgb")
    request = corner.studio.collapse_request("sh020", painted_sheet(corner, "painted/flat.exr"), no_performer=True)
    with pytest.raises(UsageError, match=f"frame {PAINTED}.*no alpha"):
        corner.studio.collapse(request)


def hidden_sheet(corner: Set) -> Path:  # noqa: F811
    """Without a clean plate: what the building hides is made from the reference and a picture of the artist's."""
    street = oiio.ImageBuf(oiio.ImageSpec(160, 90, 3, "half"))
    wide = oiio.ImageBuf(str(corner.root / "with" / "1001.exr")).get_pixels(oiio.FLOAT)
    street.set_pixels(oiio.ROI(), np.ascontiguousarray(wide[:90, :64].repeat(3, 1)[:, :160, :3]))
    assert street.write(str(corner.root / "exemplars" / "street.exr"))
    return corner.sheet(
        "hidden.toml", a=('clean = "sh020-clean"\n', ""), b=("pixels_per_metre", 'behind = "exemplars/street.exr"\npixels_per_metre')
    )


def test_without_a_clean_plate_what_is_hidden_is_made_by_example_and_credited(corner: Set) -> None:  # noqa: F811
    studio, sheet = corner.studio, hidden_sheet(corner)
    studio.add_exemplars([corner.root / "exemplars" / "street.exr"], by="Artist D", licence="work-for-hire", colour="lin_rec709_srgb")
    take = studio.collapse(studio.collapse_request("sh020", sheet, no_performer=True), threads=1)
    parts = parts_of(corner, take, LAST)
    with OpenEXR.File(str(corner.root / "with" / f"{LAST}.exr"), separate_channels=True) as file:
        plate = file.parts[0].channels["G"].pixels.astype(np.float32)
    with OpenEXR.File(str(corner.root / "clean" / f"{LAST}.exr"), separate_channels=True) as file:
        clean = file.parts[0].channels["G"].pixels.astype(np.float32)
    opened = (np.abs(clean - plate) > 0.1) & (np.abs(parts["behind"]["G"] - plate) > 1e-4)
    assert opened.sum() > 200
    assert np.abs(parts["behind"]["G"] - clean)[opened].mean() < 0.75 * np.abs(plate - clean)[opened].mean()
    assert sum(s.share for s in take.shares) == 1
    assert "sh020-clean" not in str(take.to_json())
    for number in range(1001, FAILS):
        _, before = delivered(corner, take, number)
        assert not before.delta.any()
    result = studio.remake(take.folder, threads=2)
    assert (result.different, result.same) == ((), 8)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('clean = "sh020-clean"\n', "", "neither is given"),
        ("pixels_per_metre", 'behind = "exemplars/broken.png"\npixels_per_metre', "both are given"),
    ],
)
def test_a_clean_plate_or_pictures_of_it_and_not_both(corner: Set, old: str, new: str, says: str) -> None:  # noqa: F811
    with pytest.raises(UsageError, match=says):
        corner.studio.collapse(corner.studio.collapse_request("sh020", corner.sheet("both.toml", a=(old, new)), no_performer=True))
