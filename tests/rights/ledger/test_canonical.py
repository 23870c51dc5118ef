from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.model import canonical_json
from bottega.rights.ledger.canonical import read_canonical

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
SNIPPETS = [
    b" ",
    b"\n",
    b"-0",
    b"0",
    b"1.5",
    b"1e3",
    b'"',
    b"\\u0061",
    b"\\/",
    b",",
    b"{}",
    b'"a":1,',
    b"NaN",
    b"e\xcc\x81",
    b"\xff",
    b"\x00",
]


def told_apart(body: bytes) -> bool:
    """The slow, plain answer: whether canonical JSON of what it says is this very body."""
    try:
        return canonical_json(json.loads(body)) == body
    except (TypeError, ValueError):
        return False


def read(body: bytes) -> Any:
    try:
        return read_canonical(body)
    except (TypeError, ValueError):
        return ValueError


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    try:
        body = canonical_json(value)
    except ValueError:  # twin keys, a lone surrogate
        return
    assert read(body) == json.loads(body)


@given(VALUES, st.integers(0, 60), st.sampled_from(SNIPPETS), st.integers(0, 3))
def test_what_is_written_otherwise_is_told_apart_as_by_the_slow_way(value: Any, at: int, snippet: bytes, over: int) -> None:
    try:
        body = canonical_json(value)
    except ValueError:
        return
    bent = body[:at] + snippet + body[at + over :]
    assert (read(bent) is not ValueError) == told_apart(bent)


@pytest.mark.parametrize(
    "body",
    [b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a": 1}', b"[-0]", b"[0.5]", b"[1e2]", b"[NaN]", b"[Infinity]", b'["\\u0061"]', b'["\\/"]',
     b' {"a":1}', b'{"a":1}\n', '["e\u0301"]'.encode(), b'["\xff"]', b"", b"[1,]", b"[01]", b"["],
)  # fmt: skip
def test_these_are_refused(body: bytes) -> None:
    assert read(body) is ValueError
