"""A collapse in a plate with overscan: what lies outside the display window is finished too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bottega.model import Take, UsageError

from .test_collapse_out import take  # noqa: F401
from .test_collapse_story import FAILS, LAST, Set, _its_keys, corner, delivered  # noqa: F401

pytestmark = pytest.mark.timeout(1200)
INSET = (16, 9)  # of the display window in plates of 256 x 144


def overscanned(corner: Set, name: str, *, aside: int = 0) -> Path:  # noqa: F811
    """The same plates with a smaller display window in the same middle; the data window `aside` columns to the right."""
    to = corner.root / f"{name}_overscan{aside}"
    to.mkdir(exist_ok=True)
    for path in sorted((corner.root / name).glob("*.exr")):
        with OpenEXR.File(str(path), separate_channels=False) as file:
            rgb = np.ascontiguousarray(file.parts[0].channels["RGB"].pixels)
        high, wide = rgb.shape[:2]
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        left, top, right, bottom = -INSET[0], -INSET[1], wide - INSET[0] - 1, high - INSET[1] - 1
        header["dataWindow"] = np.array([left + aside, top], np.int32), np.array([right + aside, bottom], np.int32)
        header["displayWindow"] = np.zeros(2, np.int32), np.array([right - INSET[0], bottom - INSET[1]], np.int32)
        with OpenEXR.File(header, {"RGB": rgb}) as file:
            file.write(str(to / path.name))
    return to


def layers(corner: Set, take: Take, number: int) -> dict[str, np.ndarray]:  # noqa: F811
    """Every channel of a frame, by its part's name and its own."""
    path, _ = delivered(corner, take, number)
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {f"{part.name()}.{name}": channel.pixels for part in file.parts for name, channel in part.channels.items()}


@pytest.mark.heavy
def test_a_plate_with_overscan_is_finished_to_its_edges_as_if_it_were_all_picture(corner: Set, take: Take) -> None:  # noqa: F811
    for name, plates in (("sh030", "with"), ("sh030-clean", "clean")):
        corner.studio.add_shot(name, overscanned(corner, plates), colour="lin_rec709_srgb")
    sheet = corner.sheet("overscan.toml", a=('clean = "sh020-clean"', 'clean = "sh030-clean"'))
    wide = corner.studio.collapse(corner.studio.collapse_request("sh030", sheet, no_performer=True), threads=1)
    for number in (FAILS - 1, LAST):
        _, over = delivered(corner, wide, number)
        assert (over.data.x, over.data.y, over.data.width, over.data.height) == (-INSET[0], -INSET[1], 256, 144)
        assert (over.display.width, over.display.height) == (256 - 2 * INSET[0], 144 - 2 * INSET[1])
        found, wanted = layers(corner, wide, number), layers(corner, take, number)
        assert set(found) == set(wanted) >= {"rgb.R", "matte.Y", "credit.credit.part0"}
        assert number != LAST or set(found) >= {"pieces.R", "dust.A", "depth.Z"}
        for name, channel in wanted.items():  # the grain is measured on the display window, which is another
            if number != LAST or name.split(".")[0] not in ("rgb", "delta"):
                np.testing.assert_array_equal(found[name], channel, err_msg=name)
    narrow = corner.studio.add_shot("sh031-clean", overscanned(corner, "clean", aside=4), colour="lin_rec709_srgb")
    sheet = corner.sheet("narrow.toml", a=('clean = "sh020-clean"', f'clean = "{narrow.code}"'))
    with pytest.raises(UsageError, match="clean plate with the plate's overscan"):
        corner.studio.collapse(corner.studio.collapse_request("sh030", sheet, no_performer=True))
