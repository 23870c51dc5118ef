"""What the network's room does where torch is not installed: shares, pictures, settings, refusals."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bottega.attribution import CreditSource, Tally, credit_frame, regather
from bottega.engine import Candidate, Repaired, RepairSettings, network, prepare_key, render, start_walk
from bottega.engine.network import NetworkSettings, NetworkState, Pair, combine, combining, features, twin
from bottega.model import Claim, Role

Float = NDArray[np.float32]
SIDE = 64


@pytest.fixture
def plate() -> Float:
    return np.random.default_rng(1).uniform(0.05, 0.6, (SIDE, SIDE, 3)).astype(np.float32)


@pytest.fixture
def matte() -> Float:
    out = np.zeros((SIDE, SIDE), np.float32)
    out[10:50, 12:48] = 1
    return out


def repaired(plate: Float, left: Float, matte: Float) -> Repaired:
    """A frame on which the keys were taken as far as `left` says: that share stayed with the plate."""
    weights = np.zeros((2, *left.shape), np.uint32)
    weights[0] = np.rint(np.where(matte > 0, left, 1) * 65536)
    weights[1] = 65536 - weights[0]
    rgb = plate * np.float32(1.2) * (weights[1] > 0)[..., None] + plate * (weights[1] == 0)[..., None]
    return Repaired(rgb, rgb - plate, weights, (weights[1] == 0).astype(np.uint8))


@given(st.lists(st.integers(0, 65536), min_size=1, max_size=4), st.integers(0, 65536))
@settings(max_examples=60)
def test_parts_are_divided_exactly_and_as_the_twin_does(cuts: list[int], network_parts: int) -> None:
    edges = [0, *sorted(cuts), 65536]
    weights = np.diff(edges).astype(np.uint32).reshape(-1, 1, 1)
    parts = np.array([[network_parts]], np.uint32)
    made = combining.divided(weights, parts)
    assert made.sum() == 65536
    assert made[-1, 0, 0] == network_parts
    assert (made == twin.divided(weights, parts)).all()
    assert (made[:-1][weights == 0] == 0).all(), "who had no part has none"


def test_the_picture_is_the_twins(plate: Float) -> None:
    rng = np.random.default_rng(2)
    change, parts = rng.normal(size=plate.shape).astype(np.float32) / 4, rng.integers(0, 65537, (SIDE, SIDE)).astype(np.uint32)
    parts[:8] = 0
    reach, copied = rng.random((SIDE, SIDE), np.float32), plate * np.float32(1.3)
    made = combining.mix(plate, copied, change, reach, parts, toe=0.02)
    assert np.allclose(made, twin.mix((plate, copied), change, reach, parts, toe=0.02), rtol=2e-5, atol=1e-6)
    assert (made[:8] == copied[:8]).all()


def test_the_network_is_asked_where_the_copy_was_not_trusted(plate: Float, matte: Float) -> None:
    left = np.full((SIDE, SIDE), 0.02, np.float32)
    left[10:50, 30:48] = 0.7
    out = combine(plate, repaired(plate, left, matte), np.full_like(plate, 0.5), np.zeros((SIDE, SIDE), np.float32), matte=matte, away=2.0)
    share = out.weights[-1] / 65536
    assert share[30, 16] == pytest.approx(0.25 + 0.3 * 0.02, abs=0.005)
    assert share[30, 40] == pytest.approx(0.25 + 0.3 * 0.7, abs=0.005)
    assert (out.weights.sum(0) == 65536).all()
    assert (out.learned == (out.weights[-1] > 0)).all()


def test_a_network_that_expects_to_be_wrong_has_little_to_say(plate: Float, matte: Float) -> None:
    left = np.full((SIDE, SIDE), 0.7, np.float32)
    copied, change = repaired(plate, left, matte), np.full_like(plate, 0.5)
    each = [combine(plate, copied, change, np.full((SIDE, SIDE), e, np.float32), matte=matte, away=60.0)
            for e in (0.0, 0.04, 0.5, 5.0, np.inf)]  # fmt: skip
    shares = [out.weights[-1, 30, 30] / 65536 for out in each]
    assert shares[0] == pytest.approx(0.5 + 0.3 * 0.7, abs=0.005), "far from the keys it has half"
    assert shares[1] == pytest.approx(shares[0], abs=0.01)
    assert shares[2] < 0.3 and shares[3] < 0.01
    assert shares[4] == 0


@pytest.mark.parametrize(
    ("away", "error", "share"),
    [(0.0, 0.0, 0.0), (6.0, 0.0, 0.5), (2.0, 0.04, 0.25), (2.0, 0.08, 1 / 49), (2.0, 9.0, 0.0), (60.0, 0.0, 0.5)],
)
def test_it_has_the_more_to_say_the_farther_the_keys_are(away: float, error: float, share: float, plate: Float, matte: Float) -> None:
    copied = repaired(plate, np.zeros((SIDE, SIDE), np.float32), matte)
    out = combine(plate, copied, np.full_like(plate, 0.5), np.full((SIDE, SIDE), error, np.float32), matte=matte, away=away)
    assert out.weights[-1, 30, 30] / 65536 == pytest.approx(share, abs=0.01)


def test_outside_the_matte_the_plates_bits_stay(plate: Float, matte: Float) -> None:
    out = combine(
        plate, repaired(plate, matte * 0.5, matte), np.ones_like(plate), np.zeros((SIDE, SIDE), np.float32), matte=matte, away=9.0
    )
    outside = matte == 0
    assert (out.rgb[outside] == plate[outside]).all()
    assert not out.delta[outside].any()
    assert not out.learned[outside].any()
    assert out.learned[matte > 0].all()


def test_copied_pixels_gather_again_and_each_kind_has_its_share(plate: Float, matte: Float) -> None:
    painted = np.where(matte[..., None] > 0, plate * np.float32(1.4), plate).astype(np.float32)
    key = prepare_key(plate, painted, frame=1001, matte=matte, settings=RepairSettings())
    copied = render(plate, [Candidate(key, start_walk(key), 1.0)], matte=matte, settings=RepairSettings())
    copied.copied_from[20:40, 20:40] = 0  # as on a frame that is no key
    out = combine(plate, copied, np.full_like(plate, 0.5), np.zeros((SIDE, SIDE), np.float32), matte=matte, away=9.0)
    sources = [
        CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE),
        CreditSource(id=2, exemplar="b" * 64, role=Role.KEY, frame=1001, author_id="p_1"),
        CreditSource(id=3, exemplar="c" * 64, role=Role.MODEL),
    ]
    credit = credit_frame(out.weights, out.copied_from, sources, learned=out.learned)
    found, mask = regather(credit, {1: plate, 2: painted})
    assert (found[mask] == out.rgb[mask]).all()
    assert 0 < mask.sum() < mask.size
    tally = Tally()
    tally.add(credit)
    parts = {(s.exemplar[0], s.claim): s.share for s in tally.shares()}
    assert sum(parts.values()) == 1
    assert parts["c", Claim.LEARNED] * 65536 * SIDE * SIDE == int(out.weights[-1].sum())
    assert {kind for who, kind in parts if who == "b"} == {Claim.COPIED, Claim.BLENDED}


def test_the_position_moves_with_the_matte(plate: Float, matte: Float) -> None:
    moved = np.roll(matte, (5, 7), (0, 1))
    first, second = features.channels(plate, matte), features.channels(plate, moved)
    assert np.allclose(np.roll(first[5:7], (5, 7), (1, 2))[:, 20:50, 20:50], second[5:7, 20:50, 20:50], atol=1e-5)


def test_a_state_comes_back_from_its_arrays() -> None:
    state = NetworkState(NetworkSettings(seed=3), (1001, 1048), 7, 9, 1.5, (0.1, 0.2), {"a": np.ones(2, np.float32)}, {"raw.a": np.ones(2)})
    again = NetworkState.from_arrays(state.arrays())
    for field in dataclasses.fields(state):
        if field.name not in ("weights", "memory"):
            assert getattr(again, field.name) == getattr(state, field.name)
    assert (again.memory["raw.a"] == 1).all()
    assert not NetworkState.from_arrays(state.arrays(to_go_on=False)).memory
    with pytest.raises(ValueError, match="revision 99, allowed is 1"):
        NetworkState.from_arrays(state.arrays() | {"revision": np.array(99)})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"steps": 0}, "steps is 0, allowed is 1 to"),
        ({"crop_px": 100}, "crop_px is 100, allowed is a multiple of 16"),
        ({"held_share": 0.9}, "held_share is 0.9, allowed is 0 to 0.5"),
        ({"learning_rate": float("nan")}, "learning_rate is nan, allowed is"),
    ],
)
def test_settings_out_of_range(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NetworkSettings(**given)


def test_settings_of_another_type() -> None:
    with pytest.raises(TypeError, match="steps is True, allowed is a whole number"):
        NetworkSettings(steps=True)


def _pair(frame: int, plate: Float, matte: Float) -> Pair:
    return Pair(frame, plate, plate, matte)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p, m: (), "pairs has 0 entries, allowed is 1 to 64"),
        (lambda p, m: (_pair(1, p, m), _pair(1, p, m)), "each frame once"),
        (lambda p, m: (_pair(1, p, m), _pair(2, p[:40], m[:40])), "40 pixels high and 64 wide, allowed is 64 high"),
        (lambda p, m: (_pair(1, p, m * 0),), "is 0 everywhere"),
        (lambda p, m: (_pair(1, p[..., :2], m),), r"allowed is \(H, W, 3\)"),
    ],
)
def test_pairs_that_do_not_fit(spoil: Callable[[Float, Float], tuple[Pair, ...]], said: str, plate: Float, matte: Float) -> None:
    with pytest.raises(ValueError, match=said):
        features.check_pairs(spoil(plate, matte))


def test_combine_refuses_what_does_not_fit(plate: Float, matte: Float) -> None:
    copied = repaired(plate, matte * 0.5, matte)
    with pytest.raises(ValueError, match=r"error is .*allowed is shape"):
        combine(plate, copied, plate, np.zeros((3, 3), np.float32), matte=matte, away=1.0)
    with pytest.raises(ValueError, match="residual is 40 pixels high"):
        combine(plate, copied, plate[:40], np.zeros((SIDE, SIDE), np.float32), matte=matte, away=1.0)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"away is .*allowed is 0 and above"):
            combine(plate, copied, plate, np.zeros((SIDE, SIDE), np.float32), matte=matte, away=wrong)


def test_without_torch_it_says_what_to_install(plate: Float, matte: Float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'bottega\[learn\]'"):
        network.train([_pair(1, plate, matte)], settings=NetworkSettings())


def test_torch_is_not_imported_before_it_is_needed() -> None:
    code = "import bottega.engine.network as n, sys; n.available(); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("name", ["", ".settings", ".features", ".state", ".combining"])
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(f"bottega.engine.network{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted > 0
