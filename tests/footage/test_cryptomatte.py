"""Cryptomatte by a reader of the specification: hashes, ids that are plain numbers, levels, the keys of the header."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.footage.cryptomatte import Cryptomatte, distinct, id_bits, murmur3


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (b"", 0),
        (b"hello", 0x248BFA47),
        (b"hello, world", 0x149BBB7F),
        (b"The quick brown fox jumps over the lazy dog", 0x2E4FF723),
    ],
)
def test_the_hash_is_murmurs(data: bytes, known: int) -> None:
    assert murmur3(data) == known


@given(st.text(min_size=1))
def test_an_id_is_a_plain_number_that_keeps_its_bits(name: str) -> None:
    bits = id_bits(name)
    [number] = struct.unpack("<f", struct.pack("<I", bits))
    assert np.isfinite(number)
    assert abs(number) >= np.finfo(np.float32).tiny
    assert bits ^ murmur3(name.encode()) in (0, 1 << 23)
    with np.errstate(all="ignore"):
        assert np.float32(number).view(np.uint32) == bits


def test_the_header_has_four_keys_under_the_layers_own_and_a_manifest_of_all_names() -> None:
    made = Cryptomatte("crypto_piece", ("wall_p1", "glass_p2"))
    key = f"cryptomatte/{murmur3(b'crypto_piece'):08x}"[:19]
    assert set(made.attributes) == {f"{key}/{name}" for name in ("name", "hash", "conversion", "manifest")}
    assert all(len(name) <= 31 for name in made.attributes)  # longer names need another version of the file
    assert (made.attributes[f"{key}/name"], made.attributes[f"{key}/hash"]) == ("crypto_piece", "MurmurHash3_32")
    assert made.attributes[f"{key}/conversion"] == "uint32_to_float32"
    assert json.loads(made.attributes[f"{key}/manifest"]) == {n: f"{id_bits(n):08x}" for n in made.names}


def test_ranks_become_levels_of_id_and_coverage() -> None:
    group = np.array([[[1]], [[0]], [[-1]], [[-1]]], np.int32)
    coverage = np.array([[[0.75]], [[0.25]], [[0]], [[0]]], np.float32)
    found = Cryptomatte("crypto_element", ("wall", "slab")).channels(group, coverage)
    assert list(found) == [f"crypto_element{level}.{letter}" for level in ("00", "01") for letter in "RGBA"]
    assert found["crypto_element00.R"].view(np.uint32).item() == id_bits("slab")
    assert found["crypto_element00.B"].view(np.uint32).item() == id_bits("wall")
    assert [found[f"crypto_element00.{c}"].item() for c in "GA"] == [0.75, 0.25]
    assert not any(found[f"crypto_element01.{c}"].any() for c in "RGBA")


def test_refusals_name_the_value() -> None:
    with pytest.raises(ValueError, match="called 'a b', allowed are letters"):
        Cryptomatte("a b", ("x",))
    with pytest.raises(ValueError, match="even number"):
        Cryptomatte("a", ("x",)).channels(np.zeros((3, 1, 1), np.int32), np.zeros((3, 1, 1), np.float32))


def test_names_of_one_id_are_told_apart() -> None:
    assert distinct(["a", "b", "a"]) == ("a", "b", "a_")
    with pytest.raises(ValueError, match="have one id"):
        Cryptomatte("a", ("", ""))
