"""A network's weights as bytes: the same arrays give the same bytes, and what a stranger wrote is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.jobs.recipes.learned import NetworkSettings, NetworkState
from bottega.jobs.runner import weights
from bottega.jobs.runner.weights import LARGEST_BYTES, MAGIC, read_weights, weight_bytes
from bottega.model import JobError, canonical_json

TRAINING = "a" * 64
STATE = NetworkState(
    NetworkSettings(steps=9, seed=2**62 + 1),
    (1001, 1048),
    9,
    9,
    1.5,
    (0.1, 0.2),
    {"down.0.first.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), "mean": np.ones((1, 7, 1, 1), np.float32)},
    {"raw.mean": np.ones(3, np.float32)},
)


@pytest.fixture(autouse=True)
def _any_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the weights make a network is asked of torch, in the engine's own tests."""
    monkeypatch.setattr(weights, "check_network", lambda state: None)


def same(one: NetworkState, other: NetworkState) -> bool:
    a, b = one.arrays(to_go_on=False), other.arrays(to_go_on=False)
    return a.keys() == b.keys() and all(a[n].tobytes() == b[n].tobytes() and a[n].shape == b[n].shape for n in a)


def test_there_and_back() -> None:
    data = weight_bytes(STATE, training=TRAINING)
    again = read_weights(data, called="these")
    assert same(again, STATE)
    assert again.settings == STATE.settings
    assert not again.memory
    assert weight_bytes(again, training=TRAINING) == data == weight_bytes(STATE, training=TRAINING)


def test_another_training_is_another_file() -> None:
    assert weight_bytes(STATE, training="b" * 64) != weight_bytes(STATE, training=TRAINING)


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_whatever_a_byte_becomes_it_is_read_or_refused(at: int, put: bytes) -> None:
    data = bytearray(weight_bytes(STATE, training=TRAINING))
    at %= len(data)
    data[at : at + len(put)] = put
    try:
        found = read_weights(bytes(data), called="these")
    except JobError as problem:
        assert str(problem).startswith("weights these cannot be used: ")
    else:
        assert all(np.isfinite(a).all() for a in found.weights.values())


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_noise_is_refused(noise: bytes) -> None:
    for data in (noise, MAGIC + noise):
        with pytest.raises(JobError, match="cannot be used"):
            read_weights(data, called="these")


def with_head(change: Callable[[dict[str, object]], object], *, tail: bytes | None = None) -> bytes:
    data = weight_bytes(STATE, training=TRAINING)
    begin = len(MAGIC) + 4
    size = int.from_bytes(data[len(MAGIC) : begin], "big")
    head = json.loads(data[begin : begin + size])
    change(head)
    text = canonical_json(head)
    body = data[begin + size :].lstrip(b"\0") if tail is None else tail
    out = MAGIC + len(text).to_bytes(4, "big") + text
    return out + bytes(-len(out) % 16 if body else 0) + body


def rows(head: dict[str, object]) -> list[list[object]]:
    found = head["arrays"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "0 bytes that begin with"),
        (b"PK\x03\x04" + bytes(50), "allowed are .* that begin with"),
        (MAGIC + b"\xff\xff\xff\xff", "a head of 4294967295 bytes"),
        (MAGIC + (2).to_bytes(4, "big") + b"[]", "no canonical table"),
        (MAGIC + (2).to_bytes(4, "big") + b"{ ", "cannot be used"),
        (weight_bytes(STATE, training=TRAINING) + b"more", "4 bytes after the last array"),
        (weight_bytes(STATE, training=TRAINING)[:-4], "goes beyond its"),
        (with_head(lambda h: h.update(training="no digest")), "training digest"),
        (with_head(lambda h: h.update(more=1)), "no canonical table"),
        (with_head(lambda h: rows(h)[0].__setitem__(1, "|O")), "no known type"),
        (with_head(lambda h: rows(h)[0].__setitem__(2, [-1])), "no shape of up to 4 whole numbers"),
        (with_head(lambda h: rows(h)[0].__setitem__(2, [2**26, 2**26, 2**26, 2**26])), "goes beyond its"),
        (with_head(lambda h: rows(h)[0].__setitem__(0, "../../etc")), "no name that may follow"),
        (with_head(lambda h: rows(h).reverse()), "no name that may follow"),
        (with_head(lambda h: rows(h)[0].append(1)), r"is no \[name, dtype, shape\]"),
        (with_head(lambda h: h.update(arrays=[["a", "<f4", [0]]] * 1025), tail=b""), "no list of up to 1024"),
        (with_head(lambda h: h.update(arrays=[]), tail=b""), "revision None, allowed is"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, said: str) -> None:
    with pytest.raises(JobError, match=said):
        read_weights(data, called="these")


def test_a_file_is_no_larger_than_weights_are() -> None:
    with pytest.raises(JobError, match=f"allowed are {LARGEST_BYTES}"):
        read_weights(MAGIC + bytes(LARGEST_BYTES), called="these")


def test_what_is_not_finite_or_not_done_is_refused() -> None:
    wrong = dict(STATE.weights) | {"mean": np.full((1, 7, 1, 1), np.nan, np.float32)}
    spoilt = NetworkState(STATE.settings, (1,), 9, 9, 1.0, (), wrong)
    with pytest.raises(JobError, match=r"array weights\.mean holds what is not finite"):
        read_weights(weight_bytes(spoilt, training=TRAINING), called="these")
    stopped = NetworkState(STATE.settings, (1,), 5, 9, 1.0, (), STATE.weights)
    with pytest.raises(JobError, match="stopped at step 5 of 9"):
        read_weights(weight_bytes(stopped, training=TRAINING), called="these")
