"""The Merkle tree of RFC 6962, 2.1 (SHA-256): roots, inclusion proofs, consistency proofs. Pure functions of hashes.

A tree of `size` leaves is read through `at(level, i)`: the hash of the *complete* subtree over the leaves
[i 2^level, (i+1) 2^level). Complete subtrees never change as the log grows, so they are all that has to be stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Reader = Callable[[int, int], bytes]


def leaf_hash(body: bytes) -> bytes:
    """sha256(0x00 || body): RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """sha256(0x01 || left || right): RFC 6962, 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def completed(size: int, leaf: bytes, at: Reader) -> list[tuple[int, int, bytes]]:
    """The subtrees (level, i, hash) that are complete once a leaf is appended to a tree of `size` leaves, the leaf first."""
    made, level, i = [(0, size, leaf)], 0, size
    while i % 2:
        leaf = node_hash(at(level, i - 1), leaf)
        level, i = level + 1, i // 2
        made.append((level, i, leaf))
    return made


def grown(size: int, leaves: Sequence[bytes], at: Reader) -> list[list[bytes]]:
    """By level, the hashes of all subtrees that are complete once these leaves follow a tree of `size`; the first is at `size >> level`."""
    levels, here, level = [], [*leaves], 0
    while here:
        levels.append(here)
        first = size >> level
        if first % 2:  # its left twin is in the tree already
            here = [at(level, first - 1), *here]
        here = [node_hash(here[i], here[i + 1]) for i in range(0, len(here) - 1, 2)]
        level += 1
    return levels


def complete_count(size: int) -> int:
    """How many complete subtrees a tree has, its leaves among them."""
    return 2 * size - size.bit_count()


@dataclass
class Frontier:
    """A tree that only grows, known by its peaks: enough for its root, not for proofs."""

    size: int = 0
    _peaks: list[bytes] = field(default_factory=list)
    _root: bytes | None = field(default=EMPTY_ROOT, compare=False)

    @classmethod
    def of(cls, size: int, peaks: Sequence[bytes]) -> Frontier:
        """The frontier of a tree whose peaks are known, from left to right."""
        return cls(size, [*peaks], None)

    def add(self, leaf: bytes) -> None:
        """Append a leaf."""
        i = self.size
        while i % 2:
            leaf = node_hash(self._peaks.pop(), leaf)
            i //= 2
        self._peaks.append(leaf)
        self.size += 1
        self._root = None

    @property
    def root(self) -> bytes:
        """The tree's hash."""
        if self._root is None:
            self._root = bagged(self._peaks)
        return self._root


def root(size: int, at: Reader) -> bytes:
    """The tree's hash."""
    return _range(0, size, at) if size else EMPTY_ROOT


def peaks(size: int) -> list[tuple[int, int]]:
    """The largest complete subtrees (level, i) that make up a tree, from left to right: one for each 1 bit of its size."""
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def bagged(hashes: Sequence[bytes]) -> bytes:
    """The root over the peaks' hashes, from left to right."""
    if not hashes:
        return EMPTY_ROOT
    *rest, found = hashes
    for left in reversed(rest):
        found = node_hash(left, found)
    return found


def inclusion(index: int, size: int, at: Reader) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962, 2.1.1: the siblings from the leaf to the root. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    return _path(index, 0, size, at)


def consistency(old: int, size: int, at: Reader) -> list[bytes]:
    """PROOF(old, D[size]) of RFC 6962, 2.1.2; empty where old is 0 or size. Raises ValueError outside the tree."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} has no earlier state of {old}")
    return _sub_proof(old, 0, size, at, True) if 0 < old < size else []


def holds_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether a proof leads from the leaf at `index` to the root: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size or any(len(h) != HASH_BYTES for h in (leaf, root_hash, *proof)):
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if not last:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root_hash


def holds_consistency(old: int, size: int, old_root: bytes, root_hash: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of `size` continues the tree of `old`: RFC 9162, 2.1.4.2."""
    if not 0 <= old <= size or any(len(h) != HASH_BYTES for h in (old_root, root_hash, *proof)):
        return False
    if old in (0, size):
        return not proof and old_root == (root_hash if old else EMPTY_ROOT) and (size > 0 or root_hash == EMPTY_ROOT)
    steps = [old_root, *proof] if old & (old - 1) == 0 else [*proof]
    if not steps:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root_hash


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _range(first: int, end: int, at: Reader) -> bytes:
    """The hash over the leaves [first, end); `first` is a multiple of the power of two that covers them."""
    count = end - first
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return at(level, first >> level)
    middle = first + _split(count)
    return node_hash(_range(first, middle, at), _range(middle, end, at))


def _path(index: int, first: int, end: int, at: Reader) -> list[bytes]:
    if end - first == 1:
        return []
    middle = first + _split(end - first)
    if index < middle:
        return [*_path(index, first, middle, at), _range(middle, end, at)]
    return [*_path(index, middle, end, at), _range(first, middle, at)]


def _sub_proof(old: int, first: int, end: int, at: Reader, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962, 2.1.2; `old` counts from 0, `whole` is its b."""
    if old == end:
        return [] if whole else [_range(first, end, at)]
    middle = first + _split(end - first)
    if old <= middle:
        return [*_sub_proof(old, first, middle, at, whole), _range(middle, end, at)]
    return [*_sub_proof(old, middle, end, at, False), _range(first, middle, at)]
