"""Cards: the picture stays as it is, all texts are drawn, and the files of a look are whole for other readers."""

from __future__ import annotations

import json

import numpy as np
import OpenImageIO
import pytest
from made_pictures import a_take

from bottega.footage import BoardDelivery, CardOut, LookOut, layer_of, side_by_side, smaller
from bottega.footage.card import card_picture, drawable, written


def a_card(title="Coat", height=200):
    picture = np.random.default_rng(1).integers(0, 256, (height, 150, 3), dtype=np.uint8)
    return CardOut(
        picture=picture, title=title, facts=("scene 12",), swatches=[("tartan", picture[:40, :50])] * 5, palette=[(200, 0, 0), (0, 0, 9)],
        credits=("line 40 %",), lineage=("look 1",),
    )  # fmt: skip


@pytest.mark.parametrize("height", [200, 900])
def test_the_picture_stands_on_its_card_bit_for_bit(height):
    card = a_card(height=height)
    whole = card_picture(card)
    assert (whole[:height, :150] == card.picture).all()
    assert whole.shape[1] > 150 + 300
    assert (whole[:, 150:] == (200, 0, 0)).all(-1).any()


def test_a_long_text_is_cut_with_dots_and_letters_that_the_font_lacks_are_latin():
    ink, width = (0, 0, 0), 200
    long = written("a very long line that goes on and on and on and on", 15, width, ink)
    assert (long[:, -5:] == long[0, 0]).all()
    assert drawable("Šedý Ελ 外\x1b[2J") == "Sedý El Wai [2J"
    assert (written("外套", 15, width, ink) != long[0, 0]).any()


def test_equal_pictures_compare_white_and_others_do_not():
    picture = a_card().picture
    other = picture.copy()
    other[10, 20] = 255 - other[10, 20]
    same, apart = side_by_side(picture, picture), side_by_side(picture, other)
    assert (same[:, 150:300] == 255).all()
    assert ((apart[:, 150:300] != 255).any(-1).nonzero()[0] == 10).all()
    assert smaller(picture, 50).shape == (50, 38, 3)


def test_a_looks_files_are_whole_and_its_layers_give_its_picture(tmp_path):
    rgba = np.random.default_rng(2).integers(0, 256, (60, 50, 4), dtype=np.uint8)
    paper = np.full((60, 50, 4), 255, np.uint8)
    numbers = {"credit.claim": np.full((60, 50), 2, np.uint32)}
    look = LookOut(
        number=3, layers=[layer_of("paper", paper), layer_of("line", rgba)], size=(60, 50), credit=numbers, manifest="{}",
        credit_picture=paper[..., :3],
    )  # fmt: skip
    delivery = BoardDelivery(tmp_path, a_take())
    picture = look.picture()
    outputs = delivery.look(look, picture) + delivery.card(3, a_card(), {"look": 3})
    outputs += [delivery.board([a_card()] * 7), delivery.book([a_card()], title="Coats", subtitle="")]
    there = {o.path.split("/")[0] for o in outputs}
    assert there == {"psd", "ora", "credit", "frames", "data", "cards", "board.png", "lookbook.pdf"}
    [png, psd] = [next(str(tmp_path / o.path) for o in outputs if o.path.startswith(f)) for f in ("frames", "psd")]
    for path in (png, psd):
        assert (OpenImageIO.ImageInput.open(path).read_image(OpenImageIO.UINT8) == picture).all()
    assert json.loads(next((tmp_path / "data").iterdir()).read_text()) == {"look": 3}
