"""Cryptomatte, as Psyop's specification 1.2 has it: names hashed to floats, ranks of id and coverage, a manifest in the header."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

_MASK = 0xFFFFFFFF
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_LETTERS = ("R", "G", "B", "A")


def murmur3(data: bytes) -> int:
    """MurmurHash3, x86, 32 bits, seed 0 (Appleby 2011)."""
    state = 0
    for at in range(0, len(data) - len(data) % 4, 4):
        state ^= _mixed(int.from_bytes(data[at : at + 4], "little"))
        state = (_rotated(state, 13) * 5 + 0xE6546B64) & _MASK
    tail = data[len(data) - len(data) % 4 :]
    if tail:
        state ^= _mixed(int.from_bytes(tail, "little"))
    state ^= len(data)
    state = ((state ^ (state >> 16)) * 0x85EBCA6B) & _MASK
    state = ((state ^ (state >> 13)) * 0xC2B2AE35) & _MASK
    return state ^ (state >> 16)


def _mixed(word: int) -> int:
    return (_rotated((word * 0xCC9E2D51) & _MASK, 15) * 0x1B873593) & _MASK


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK


def id_bits(name: str) -> int:
    """The 32 bits of a name's id: its hash, an exponent of all ones or none changed so that the float is a plain number."""
    bits = murmur3(name.encode())
    return bits ^ (1 << 23) if (bits >> 23) & 255 in (0, 255) else bits


@dataclass(frozen=True)
class Cryptomatte:
    """One set of mattes of a shot: the layer's name, and each group's name in the order of their numbers.

    Raises ValueError for a layer's name that is not plain letters, digits and `_`, and for two names that have one id.
    """

    layer: str
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _PLAIN.fullmatch(self.layer):
            raise ValueError(f"a layer is called {self.layer!r}, allowed are letters, digits and _")
        seen: dict[int, str] = {}
        for name in self.names:
            if (other := seen.setdefault(id_bits(name), name)) != name or not name:
                raise ValueError(f"names {other!r} and {name!r} have one id, allowed are names with an id each")

    @cached_property
    def attributes(self) -> dict[str, str]:
        """The header's keys."""
        key = f"cryptomatte/{murmur3(self.layer.encode()):08x}"[: len("cryptomatte/") + 7]
        manifest = {name: f"{id_bits(name):08x}" for name in dict.fromkeys(self.names)}
        return {
            f"{key}/name": self.layer,
            f"{key}/hash": "MurmurHash3_32",
            f"{key}/conversion": "uint32_to_float32",
            f"{key}/manifest": json.dumps(manifest, separators=(",", ":")),
        }

    @cached_property
    def _floats(self) -> npt.NDArray[np.float32]:
        """Each group's id as a float, and 0 for none at the end."""
        return np.array([*(id_bits(name) for name in self.names), 0], np.uint32).view(np.float32)

    def channels(self, group: npt.NDArray[np.int32], coverage: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
        """Ranks (K, H, W) of groups (−1 for none) and coverages as channels: two ranks a level, id and coverage in turn.

        Raises ValueError for ranks that make no whole levels.
        """
        if len(group) % 2 or group.shape != coverage.shape:
            raise ValueError(f"ranks are {group.shape} and {coverage.shape}, allowed is an even number of both")
        out = {}
        for rank in range(len(group)):
            level, letters = f"{self.layer}{rank // 2:02d}", _LETTERS[:2] if rank % 2 == 0 else _LETTERS[2:]
            out[f"{level}.{letters[0]}"] = self._floats[group[rank]]
            out[f"{level}.{letters[1]}"] = coverage[rank]
        return out


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with an id each: of two with the same id the later gets `_` until it has its own."""
    taken: set[int] = set()
    out = []
    for name in names:
        own = name
        while id_bits(own) in taken:
            own += "_"
        taken.add(id_bits(own))
        out.append(own)
    return tuple(out)
