from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.attribution import OKABE_ITO, CreditMap, Palette, bar, credit_frame, legend, palette_for, picture
from bottega.attribution.picture import DARK_GREY
from bottega.model import Claim, Share

from .cases import credits, digest, sources


def flat(weights: list[int], copied_from: int, *, learned: bool = False, px: int = 16) -> CreditMap:
    parts = np.broadcast_to(np.array(weights, np.uint32)[:, None, None], (len(weights), px, px))
    mask = np.full((px, px), learned)
    return credit_frame(parts.copy(), np.full((px, px), copied_from, np.uint8), sources(len(weights)), learned=mask)


def test_a_copied_key_has_its_full_colour_and_a_copied_plate_is_dark_grey() -> None:
    assert (picture(flat([0, 0, 65536], 3)) == OKABE_ITO[1]).all()
    assert (picture(flat([65536, 0, 0], 1)) == DARK_GREY).all()
    assert max(DARK_GREY) < 80


def test_a_blend_is_darker_than_a_copy_of_the_same_source() -> None:
    blend, copy = picture(flat([0, 65536], 0)).astype(int), picture(flat([0, 65536], 2)).astype(int)
    assert abs(blend * 4 - copy * 3).max() <= 2  # rounding to 8 bit


def test_a_blend_lies_between_its_sources() -> None:
    half = picture(flat([0, 32768, 32768], 0))[0, 0].astype(int)
    a, b = (np.array(OKABE_ITO[i], int) for i in (0, 1))
    assert abs(half * 8 - (a + b) * 3).max() <= 4


def test_learned_pixels_are_hatched_on_the_diagonal() -> None:
    out = picture(flat([0, 65536], 0, learned=True, px=32))
    lines = {tuple(c) for c in out.reshape(-1, 3).tolist()}
    assert len(lines) == 2
    assert np.array_equal(out[1:, :-1], out[:-1, 1:])  # one step down and one left lies on the same line


@given(credits())
def test_the_picture_is_the_sum_of_parts_times_colours(credit: CreditMap) -> None:
    out = picture(credit)
    colours = palette_for(credit.sources).of(credit.sources)
    for y, x in np.ndindex(credit.shape):
        if credit.claim[y, x] == 3:
            continue
        parts = {s.id: p for s, p in credit.at(x, y).parts}
        level = Fraction(1) if credit.claim[y, x] == 1 else Fraction(3, 4)
        exact = [level * sum(parts.get(s.id, 0) * c[i] for s, c in zip(credit.sources, colours, strict=True)) for i in range(3)]
        assert all(abs(int(v) - e) <= Fraction(1, 2) for v, e in zip(out[y, x], exact, strict=True))


def test_the_key_colours_differ_also_after_they_have_been_used_up() -> None:
    colours = palette_for(sources(22)).of(sources(22))[1:]
    assert len(set(colours)) == 21
    brightness = [sum(c) for c in colours]
    assert all(brightness[i + 7] < brightness[i] for i in range(14))


def test_the_legend_shows_every_source_with_the_pictures_colour_and_every_kind() -> None:
    lines = legend(sources(3), names={"p_1": "Artist B"})
    assert [s.text for s in lines[:3]] == ["plate", "key 1001 Artist B", "key 1002 p_2"]
    assert [s.colour for s in lines[:3]] == [DARK_GREY, *OKABE_ITO[:2]]
    assert [line.text.split(": ")[1].split(",")[0] for line in lines[3:]] == [c.value for c in Claim]
    assert [line.stripe is not None for line in lines[3:]] == [False, False, True, True]


def test_a_key_keeps_its_colour_in_a_frame_that_knows_only_some_of_the_keys() -> None:
    everything = sources(4)
    some = credit_frame(np.array([[[0]], [[65536]]], np.uint32), np.full((1, 1), 2, np.uint8), [everything[0], everything[3]])
    assert tuple(picture(some, palette=palette_for(everything))[0, 0]) == OKABE_ITO[2]
    with pytest.raises(ValueError, match=r"no colour for source ids \[102\], given \[7, 100\]"):
        picture(some, palette=palette_for(everything[:2]))


@pytest.mark.parametrize("colour", [(0, 0, 256), (-1, 0, 0), (1, 2)])
def test_a_palette_out_of_range_is_refused(colour: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="allowed are three values of 0 to 255"):
        Palette({1: colour})
    with pytest.raises(ValueError, match="one or more key colours are needed"):
        palette_for(sources(2), keys=())


def share(number: int, part: Fraction, claim: Claim = Claim.BLENDED) -> Share:
    return Share(exemplar=digest(number), author_id=None, claim=claim, share=part)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=9), st.integers(1, 400))
def test_blocks_and_tenths_add_up(counts: list[int], width: int) -> None:
    whole = sum(counts)
    line = bar([share(i, Fraction(n, whole)) for i, n in enumerate(counts)], {}, width)
    blocks, words = line.split("  ", 1)
    assert len(blocks) == width
    tenths = [w.split(" ")[2] for w in words.split(" | ")]
    assert sum(int(t.replace(".", "")) for t in tenths if t != "<0.1") == 1000
    for text, n in zip(tenths, counts, strict=True):
        tenth = 0 if text == "<0.1" else int(text.replace(".", ""))
        assert abs(Fraction(tenth) - Fraction(1000 * n, whole)) < 1
    assert "\n" not in line


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**9)), min_size=1, max_size=12, unique_by=lambda t: (t[0], t[1] % 3)))
def test_the_kinds_of_an_exemplar_add_up_to_its_share(rows: list[tuple[int, int]]) -> None:
    whole = sum(n for _, n in rows)
    line = bar([share(e, Fraction(n, whole), list(Claim)[n % 3]) for e, n in rows], {})
    for words in line.split("  ", 1)[1].split(" | "):
        if "(" not in words:
            continue
        head, kinds = words.split(" (")
        parts = [k.split(" ")[0] for k in kinds.rstrip(")").split(", ")]
        assert sum(round(10 * float(p)) for p in parts if p != "<0.1") == round(10 * float(head.split(" ")[2].replace("<0.1", "0")))


def test_the_bar_names_and_claims() -> None:
    shares = [
        share(1, Fraction(712, 1000), Claim.COPIED),
        share(2, Fraction(200, 1000)),
        share(3, Fraction(1, 1000), Claim.LEARNED),
        share(2, Fraction(87, 1000), Claim.COPIED),
    ]
    line = bar(shares, {digest(1): "plate", digest(2): "key 1001 Artist B"}, width=10)
    assert line == (
        f"███████▓▓▓  █ plate 71.2 % copied | ▓ key 1001 Artist B 28.7 % (20.0 blended, 8.7 copied) | ▒ {digest(3)[:8]} 0.1 % learned"
    )


def test_a_share_below_a_tenth_is_not_shown_as_nothing() -> None:
    line = bar([share(1, Fraction(99_999, 100_000)), share(2, Fraction(1, 100_000))], {})
    assert "100.0 %" in line
    assert "<0.1 %" in line


def test_no_shares_is_said() -> None:
    assert bar([], {}) == "nothing was counted"


@pytest.mark.parametrize("parts", [[Fraction(1, 2)], [Fraction(3, 2), Fraction(-1, 2)]])
def test_shares_that_do_not_sum_to_one_are_refused(parts: list[Fraction]) -> None:
    with pytest.raises(ValueError, match="must be exactly 1"):
        bar([share(i, p) for i, p in enumerate(parts)], {})


@pytest.mark.parametrize("width", [0, -3, 401])
def test_a_bar_of_no_width_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=f"{width} blocks, allowed are 1 to 400"):
        bar([share(1, Fraction(1))], {}, width)
