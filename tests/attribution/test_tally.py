from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.attribution import CreditMap, Tally, credit_frame
from bottega.model import Claim, CredentialError, Role

from .cases import credits, digest, sources


def tally_of(frames: list[CreditMap]) -> Tally:
    tally = Tally()
    for frame in frames:
        tally.add(frame)
    return tally


def counted_slowly(frames: list[CreditMap], *, touched: bool) -> dict[tuple[str, str | None, Claim], Fraction]:
    """Pixel after pixel, in fractions: the specification of `Tally`."""
    counts: dict[tuple[str, str | None, Claim], Fraction] = defaultdict(Fraction)
    for frame in frames:
        for y, x in np.ndindex(frame.shape):
            pixel = frame.at(x, y)
            if touched and pixel.claim is Claim.COPIED and pixel.parts[0][0].role is Role.PLATE:
                continue
            for source, part in pixel.parts:
                counts[source.exemplar, source.author_id, pixel.claim] += part
    whole = sum(counts.values())
    return {whose: part / whole for whose, part in counts.items()}


@given(st.lists(credits(longest_px=4), min_size=1, max_size=4))
def test_shares_are_those_counted_pixel_by_pixel_and_sum_to_exactly_one(frames: list[CreditMap]) -> None:
    tally = tally_of(frames)
    shares = tally.shares()
    assert {(s.exemplar, s.author_id, s.claim): s.share for s in shares} == counted_slowly(frames, touched=False)
    assert sum(s.share for s in shares) == 1
    touched = tally.touched_shares()
    assert {(s.exemplar, s.author_id, s.claim): s.share for s in touched} == counted_slowly(frames, touched=True)
    assert sum(s.share for s in touched) == (1 if tally.touched_pixels else 0)
    assert tally.pixels == sum(f.claim.size for f in frames)


@given(st.lists(credits(longest_px=4), min_size=3, max_size=6), st.randoms(use_true_random=False))
def test_tallies_add_up_the_same_in_any_order_and_grouping(frames: list[CreditMap], random) -> None:  # type: ignore[no-untyped-def]
    whole = tally_of(frames)
    mixed = list(frames)
    random.shuffle(mixed)
    cut = random.randrange(len(mixed) + 1)
    a, b, c = tally_of(mixed[:cut]), tally_of(mixed[cut:]), tally_of([])
    assert (a + b) + c == whole == a + (c + b) == (b + a) + c
    assert (a + b).shares() == whole.shares()
    a.merge(b)
    assert a == whole


@given(st.lists(credits(longest_px=4), max_size=3))
def test_a_killed_run_resumes_from_json_with_the_same_counts(frames: list[CreditMap]) -> None:
    first = tally_of(frames[:1])
    resumed = Tally.loads(first.dumps())
    for frame in frames[1:]:
        resumed.add(frame)
    assert resumed == tally_of(frames)
    assert resumed.dumps() == tally_of(frames).dumps()


def test_nothing_counted_has_no_shares() -> None:
    assert Tally().shares() == ()
    assert Tally().touched_shares() == ()


def test_a_plate_copied_everywhere_touches_nothing() -> None:
    tally = tally_of([credit_frame(np.full((1, 3, 4), 65536, np.uint32), np.ones((3, 4), np.uint8), sources(1))])
    assert (tally.pixels, tally.touched_pixels) == (12, 0)
    assert [(s.exemplar, s.claim, s.share) for s in tally.shares()] == [(digest(1), Claim.COPIED, Fraction(1))]
    assert tally.touched_shares() == ()


def test_counts_stay_exact_where_floats_would_not() -> None:
    weights = np.zeros((2, 1, 3), np.uint32)
    weights[0], weights[1] = 65535, 1
    frame = credit_frame(weights, np.zeros((1, 3), np.uint8), sources(2))
    tally = tally_of([frame])
    for _ in range(60):  # 3 * 2**60 pixels
        tally = tally + tally
    assert sum(s.share for s in tally.shares()) == 1
    assert tally.shares()[1].share == Fraction(1, 65536)


def test_a_tally_is_no_dictionary_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Tally())
    assert Tally() != 0


@given(credits(longest_px=3), st.data())
def test_a_changed_count_is_found(frame: CreditMap, data: st.DataObject) -> None:
    saved = tally_of([frame]).to_json()
    field = data.draw(st.sampled_from(["pixels", "touched_pixels", "denominator", "parts", "touched_parts"]))
    holder = saved if field in saved else data.draw(st.sampled_from(saved["rows"]))
    holder[field] += data.draw(st.integers(-3, 3).filter(bool))
    with pytest.raises(CredentialError, match="tally does not hold"):
        Tally.from_json(saved)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"schema":"bottega.take","schema_version":1}'])
def test_what_is_no_tally_is_refused(text: str) -> None:
    with pytest.raises(CredentialError, match="tally does not hold"):
        Tally.loads(text)


def test_a_row_given_twice_is_refused() -> None:
    saved = tally_of([credit_frame(np.full((2, 1, 1), 32768, np.uint32), np.zeros((1, 1), np.uint8), sources(2))]).to_json()
    saved["rows"] = [saved["rows"][0], saved["rows"][0]]
    assert json.dumps(saved)
    with pytest.raises(CredentialError, match="tally does not hold"):
        Tally.from_json(saved)
