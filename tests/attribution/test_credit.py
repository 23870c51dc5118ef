from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.attribution import Blended, Copied, CreditMap, CreditSource, Learned, credit_frame
from bottega.model import Claim, CredentialError, Role, UsageError

from .cases import credits, digest, random_parts, sources


def same(a: CreditMap, b: CreditMap) -> bool:
    pairs = ((a.claim, b.claim), (a.parts, b.parts), (a.x, b.x), (a.y, b.y))
    return a.sources == b.sources and all(np.array_equal(p, q) for p, q in pairs)


@given(credits())
def test_channels_and_manifest_survive_a_round_trip(credit: CreditMap) -> None:
    channels, manifest = credit.channels(), credit.manifest()
    back = CreditMap.from_channels(channels, manifest)
    assert same(back, credit)
    assert back.manifest() == manifest
    assert all(pixels.dtype == np.uint32 and pixels.shape == credit.shape for pixels in channels.values())


@given(credits())
def test_parts_in_the_channels_sum_to_the_denominator(credit: CreditMap) -> None:
    channels = credit.channels()
    parts = [pixels.astype(np.uint64) for name, pixels in channels.items() if name.startswith("credit.part")]
    assert (sum(parts) == json.loads(credit.manifest())["denominator"]).all()


@given(credits())
def test_every_pixel_says_its_kind_and_its_parts_sum_to_one(credit: CreditMap) -> None:
    kinds = {1: Copied, 2: Blended, 3: Learned}
    for y, x in np.ndindex(credit.shape):
        pixel = credit.at(x, y)
        assert type(pixel) is kinds[int(credit.claim[y, x])]
        assert sum(part for _, part in pixel.parts) == 1


@settings(max_examples=300)
@given(credits(), st.data())
def test_a_change_of_any_one_value_is_found(credit: CreditMap, data: st.DataObject) -> None:
    channels = {name: pixels.copy() for name, pixels in credit.channels().items()}
    name = data.draw(st.sampled_from(sorted(channels)))
    y, x = (data.draw(st.integers(0, n - 1)) for n in credit.shape)
    old = int(channels[name][y, x])
    near = st.sampled_from([0, 1, 2, 3, 7, 100, 101, 65536, old ^ 1])
    channels[name][y, x] = data.draw((near | st.integers(0, 2**32 - 1)).filter(lambda v: v != old))
    with pytest.raises(CredentialError, match="credit does not hold"):
        CreditMap.from_channels(channels, credit.manifest())


def test_shifting_parts_between_two_sources_is_found_though_the_sum_holds() -> None:
    credit = credit_frame(np.full((2, 4, 4), 32768, np.uint32), np.zeros((4, 4), np.uint8), sources(2))
    channels = {n: p.copy() for n, p in credit.channels().items()}
    channels["credit.part0"][2, 1] += 5
    channels["credit.part1"][2, 1] -= 5
    with pytest.raises(CredentialError, match="not those of the manifest"):
        CreditMap.from_channels(channels, credit.manifest())


def test_a_blend_relabelled_as_learned_or_back_is_found() -> None:
    learned = np.array([[True, False]])
    credit = credit_frame(np.full((2, 1, 2), 32768, np.uint32), np.zeros((1, 2), np.uint8), sources(2), learned=learned)
    channels = credit.channels()
    channels["credit.claim"] = channels["credit.claim"][:, ::-1].copy()
    with pytest.raises(CredentialError, match="not those of the manifest"):
        CreditMap.from_channels(channels, credit.manifest())


def test_slots_in_another_order_say_the_same() -> None:
    credit = credit_frame(np.full((2, 3, 3), 32768, np.uint32), np.zeros((3, 3), np.uint8), sources(2))
    c = credit.channels()
    c["credit.id0"], c["credit.id1"] = c["credit.id1"], c["credit.id0"]
    c["credit.part0"], c["credit.part1"] = c["credit.part1"], c["credit.part0"]
    assert same(CreditMap.from_channels(c, credit.manifest()), credit)


def test_a_source_with_no_part_in_the_frame_has_no_slot_but_stays_in_the_manifest() -> None:
    weights = np.zeros((3, 2, 2), np.uint32)
    weights[2] = 65536
    credit = credit_frame(weights, np.full((2, 2), 3, np.uint8), sources(3))
    assert sorted(credit.channels()) == ["credit.claim", "credit.id0", "credit.part0", "credit.x", "credit.y"]
    assert [s["id"] for s in json.loads(credit.manifest())["sources"]] == [7, 100, 101]


def test_the_manifest_is_canonical_and_holds_ids_only() -> None:
    credit = credit_frame(np.full((2, 1, 1), 32768, np.uint32), np.zeros((1, 1), np.uint8), sources(2))
    text = credit.manifest()
    data = json.loads(text)
    assert json.dumps(data, sort_keys=True, separators=(",", ":")) == text
    assert (data["schema"], data["schema_version"], data["denominator"]) == ("bottega.credit", 1, 65536)
    assert set(data["sources"][1]) == {"id", "exemplar", "role", "frame", "author_id", "licence_id"}


def test_unknown_fields_of_a_manifest_survive() -> None:
    credit = credit_frame(np.full((1, 1, 1), 65536, np.uint32), np.ones((1, 1), np.uint8), sources(1))
    data = json.loads(credit.manifest())
    data["watermark"] = "w"
    data["sources"][0]["colour"] = "acescg"
    again = json.loads(CreditMap.from_channels(credit.channels(), json.dumps(data)).manifest())
    assert again == data


def test_copies_name_the_same_position_unless_told_otherwise() -> None:
    copied = np.array([[1, 0, 1], [1, 1, 0]], np.uint8)
    credit = credit_frame(np.full((1, 2, 3), 65536, np.uint32), copied, sources(1))
    assert credit.at(2, 0) == Copied(sources(1)[0], x=2, y=0)
    assert credit.at(1, 0) == Blended(((sources(1)[0], Fraction(1)),))
    assert credit.x.tolist() == [[0, 0, 2], [0, 1, 0]]
    assert credit.y.tolist() == [[0, 0, 0], [1, 1, 0]]


def test_the_callers_arrays_are_not_held_and_the_credits_own_cannot_be_written() -> None:
    weights = np.full((1, 1, 1), 65536, np.uint32)
    credit = credit_frame(weights, np.ones((1, 1), np.uint8), sources(1))
    weights[:] = 0
    assert int(credit.parts[0, 0, 0]) == 65536
    with pytest.raises(ValueError, match="read-only"):
        credit.parts[0, 0, 0] = 1
    for pixels in credit.channels().values():
        with pytest.raises(ValueError, match="read-only"):
            pixels[0, 0] = 1


WHOLE = np.full((1, 2, 3), 65536, np.uint32)
ONES = np.ones((2, 3), np.uint8)


@pytest.mark.parametrize(
    ("weights", "copied", "count", "what"),
    [
        (WHOLE.astype(np.float32), ONES, 1, "weights: an array of uint32 is needed, given float32"),
        (WHOLE[0], ONES, 1, "weights: 3 dimensions"),
        (np.zeros((1, 0, 3), np.uint32), ONES, 1, "none empty"),
        (WHOLE, ONES.astype(np.int64), 1, "copied_from: an array of uint8 is needed, given int64"),
        (WHOLE, ONES.T.copy(), 1, r"copied_from: shape is \(3, 2\), must be \(2, 3\)"),
        (WHOLE, ONES, 2, "1 weights need as many sources"),
        (WHOLE, ONES * 2, 1, "copied_from holds 2: allowed are 0 to 1"),
        (WHOLE - 1, ONES * 0, 1, r"x=0, y=0: it has parts whose sum is not 65536 \(6 pixels\)"),
        (np.concatenate([WHOLE - 9, WHOLE * 0 + 9]), ONES, 2, "copied from source 0 but its weights name others"),
    ],
)
def test_wrong_weights_are_named(weights: np.ndarray, copied: np.ndarray, count: int, what: str) -> None:
    with pytest.raises((TypeError, ValueError), match=what):
        credit_frame(weights, copied, sources(count))


def test_a_first_source_that_is_no_plate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the plate first; given \['key'\]"):
        credit_frame(WHOLE, ONES, sources(2)[1:])


def test_a_pixel_cannot_be_copied_and_learned() -> None:
    with pytest.raises(ValueError, match="x=0, y=0: it is said to be both copied and learned"):
        credit_frame(WHOLE, ONES, sources(1), learned=np.ones((2, 3), bool))


def test_two_sources_with_one_id_are_refused() -> None:
    plate = sources(1)[0]
    with pytest.raises(ValueError, match=r"same id: given \[7, 7\]"):
        credit_frame(np.concatenate([WHOLE, WHOLE * 0]), ONES, [plate, plate])


@pytest.mark.parametrize("wrong", [0, -1, 2**32])
def test_ids_are_uint32_and_never_zero(wrong: int) -> None:
    with pytest.raises(ValueError, match="allowed are 1 to 4294967295"):
        CreditSource(id=wrong, exemplar=digest(1), role=Role.KEY)


def test_an_exemplar_is_named_by_a_whole_digest() -> None:
    with pytest.raises(UsageError, match="no sha256"):
        CreditSource(id=1, exemplar="keys/1001.png", role=Role.KEY)


def test_pixels_outside_the_frame_have_no_credit() -> None:
    credit = credit_frame(WHOLE, ONES, sources(1))
    for x, y in ((3, 0), (0, 2), (-1, 0)):
        with pytest.raises(IndexError, match="allowed are x 0 to 2, y 0 to 1"):
            credit.at(x, y)


@pytest.mark.parametrize("kind", [Blended, Learned])
def test_parts_of_a_pixel_sum_to_one(kind: type[Blended] | type[Learned]) -> None:
    plate, key = sources(2)
    assert kind(((plate, Fraction(1, 3)), (key, Fraction(2, 3)))).claim in (Claim.BLENDED, Claim.LEARNED)
    for parts in (((plate, Fraction(1, 3)),), ((plate, Fraction(4, 3)), (key, Fraction(-1, 3))), ()):
        with pytest.raises(ValueError, match="sum 1"):
            kind(parts)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda d: d | {"schema": "bottega.take"}, "schema is 'bottega.take'"),
        (lambda d: d | {"schema_version": 2}, "version is 2, this Bottega reads 1 to 1"),
        (lambda d: d | {"denominator": 65535}, "denominator is 65535, must be 65536"),
        (lambda d: d | {"channels_sha256": "0" * 64}, "not those of the manifest"),
        (lambda d: {k: v for k, v in d.items() if k != "channels_sha256"}, "missing channels_sha256"),
        (lambda d: d | {"sources": d["sources"][:1]}, r"holds id 100: the manifest knows \[7\]"),
        (lambda d: d | {"sources": [d["sources"][0] | {"id": True}]}, "int is needed, given True"),
        (lambda d: d | {"sources": [d["sources"][0] | {"role": "muse"}]}, "'muse' is no Role"),
        (lambda d: [d], "no JSON table"),
    ],
)
def test_a_wrong_manifest_is_named(change, what: str) -> None:  # type: ignore[no-untyped-def]
    credit = credit_frame(np.full((2, 2, 2), 32768, np.uint32), np.zeros((2, 2), np.uint8), sources(2))
    with pytest.raises(CredentialError, match=what):
        CreditMap.from_channels(credit.channels(), json.dumps(change(json.loads(credit.manifest()))))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "null", '{"a":' * 5000])
def test_a_manifest_that_is_no_json_is_a_credential_error(text: str) -> None:
    credit = credit_frame(WHOLE, ONES, sources(1))
    with pytest.raises(CredentialError):
        CreditMap.from_channels(credit.channels(), text)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda c: c | {"credit.z": c["credit.x"]}, "credit.z"),
        (lambda c: {n: p for n, p in c.items() if n != "credit.part1"}, "credit.part1"),
        (lambda c: {n: p for n, p in c.items() if n != "credit.claim"}, "credit.claim"),
        (lambda c: c | {"credit.id0": c["credit.id0"].astype(np.float32)}, "uint32 is needed, given float32"),
        (lambda c: c | {"credit.x": c["credit.x"][:1]}, "shape"),
        (lambda c: c | {"credit.id1": c["credit.id0"]}, "sum|not those"),
        (lambda c: {}, "missing"),
    ],
)
def test_wrong_channels_are_named(change, what: str) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    credit = credit_frame(random_parts(rng, 2, (2, 2)), np.zeros((2, 2), np.uint8), sources(2))
    with pytest.raises(CredentialError, match=what):
        CreditMap.from_channels(change(credit.channels()), credit.manifest())
