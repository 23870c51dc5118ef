from fractions import Fraction

import numpy as np
import OpenEXR
import pytest
from made_pictures import SRGB, a_take, frame_out, half_picture, opened, read_one, write_rgb, write_still

from bottega.footage import Delivery
from bottega.model import BottegaError

CODES = np.random.default_rng(0).integers(0, 65536, (24, 32, 3), dtype=np.uint16)


def good(folder, kind):
    if kind == "flat.exr":
        return write_rgb(folder / kind, half_picture())
    if kind == "tiled.exr":
        tiles = OpenEXR.TileDescription()
        tiles.xSize = tiles.ySize = 16
        return write_rgb(folder / kind, half_picture(), type=OpenEXR.tiledimage, tiles=tiles)
    delivery = Delivery(folder, a_take())
    if kind == "multipart.exr":
        made = delivery.frame(frame_out(read_one(write_rgb(folder / "plate.exr", half_picture()))), layers=())
        return (folder / made[0].path).rename(folder / kind)
    if kind.endswith(("mp4", "mov")):
        pictures = [np.full((32, 32, 3), 30 * i, np.uint8) for i in range(3)]
        delivery.movie(kind, pictures, Fraction(24), codec="h264" if kind.endswith("mp4") else "prores")
        return folder / kind
    return write_still(folder / kind, CODES)


def damaged(data, rng):
    """The bytes with one to five faults, half of them in the header."""
    wrong = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(len(wrong) if rng.random() < 0.5 else min(600, len(wrong))))
        fault = rng.random()
        if fault < 0.6:
            wrong[at] = int(rng.integers(256))
        elif fault < 0.8:
            wrong[at : at + 4] = b"\xff\xff\xff\x7f" if fault < 0.7 else rng.bytes(4)
        elif fault < 0.9:
            del wrong[at : at + int(rng.integers(1, 50))]
        else:
            del wrong[at + 1 :]
    return bytes(wrong)


@pytest.mark.parametrize("kind", ["flat.exr", "tiled.exr", "multipart.exr", "a.png", "a.tif", "a.dpx", "a.mp4", "a.mov"])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path, kind, capfd):
    """Files that were damaged before anybody sealed them: every one gives pictures of a sane size or one of our errors."""
    path = good(tmp_path, kind)
    data, rng, refused = path.read_bytes(), np.random.default_rng(4), 0
    for _ in range(80):
        path.write_bytes(damaged(data, rng))
        try:
            with opened(path, colour=SRGB, working=SRGB) as frames:
                for number in frames.numbers[:3]:
                    assert frames.read(number).rgb.shape[2] == 3
        except BottegaError as problem:
            refused += 1
            assert kind in str(problem)
    assert refused >= 20
    capfd.readouterr()
