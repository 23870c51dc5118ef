"""The tree against the values that Certificate Transparency publishes with its reference tree, and against itself, exhaustively."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import pytest

from bottega.rights.ledger import tree

from .grown import Grown

N = 129

# The leaves, roots and proofs of merkletree/merkle_tree_test.cc in github.com/google/certificate-transparency, in hexadecimal.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
NODE_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
NODE_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
NODE_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
NODE_4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSION = {
    (0, 1): [],
    (0, 8): [LEAF_1, NODE_2_3, NODE_4_7],
    (5, 8): [LEAF_4, NODE_6_7, ROOTS[4]],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], NODE_2_3, LEAF_4],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [LEAF_1, NODE_2_3, NODE_4_7],
    (6, 8): [NODE_4_5, NODE_6_7, ROOTS[4]],
    (2, 5): [NODE_2_3, LEAF_4],
}


def reference(level: int, i: int) -> bytes:
    if level == 0:
        return tree.leaf_hash(bytes.fromhex(LEAVES[i]))
    return tree.node_hash(reference(level - 1, 2 * i), reference(level - 1, 2 * i + 1))


def test_the_published_roots() -> None:
    assert [tree.root(n, reference).hex() for n in range(9)] == ROOTS


def test_the_published_inclusion_proofs() -> None:
    assert {k: [h.hex() for h in tree.inclusion(*k, reference)] for k in INCLUSION} == INCLUSION


def test_the_published_consistency_proofs() -> None:
    assert {k: [h.hex() for h in tree.consistency(*k, reference)] for k in CONSISTENCY} == CONSISTENCY


@pytest.fixture(scope="module")
def log() -> Grown:
    return Grown(N)


def flipped(raw: bytes, salt: int) -> bytes:
    """One bit changed, another one for every salt."""
    bit = salt * 97 % (8 * len(raw))
    return raw[: bit // 8] + bytes([raw[bit // 8] ^ 1 << bit % 8]) + raw[bit // 8 + 1 :]


def mutated(proof: Sequence[bytes], salt: int) -> Iterator[list[bytes]]:
    """A proof that lost, gained, changed or swapped something."""
    spare = hashlib.sha256(str(salt).encode()).digest()
    at = salt % len(proof) if proof else 0
    yield [*proof, spare]
    yield [spare, *proof]
    if proof:
        yield [*proof[:at], flipped(proof[at], salt), *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], proof[at], *proof[at:]]
        yield [*proof[:at], proof[at][:-1], *proof[at + 1 :]]
    if len(proof) > 1:
        yield [*proof[1:], proof[0]]


def test_every_inclusion_proof_holds_and_none_that_was_changed(log: Grown) -> None:
    good = bad = 0
    for size in range(1, N + 1):
        root = log.root(size)
        for index in range(size):
            proof, leaf = tree.inclusion(index, size, log.at), log.at(0, index)
            assert tree.holds_inclusion(index, size, leaf, proof, root), (index, size)
            good += 1
            wrong = [tree.holds_inclusion(index, size, leaf, p, root) for p in mutated(proof, good)]
            wrong.append(tree.holds_inclusion(index, size, flipped(leaf, good), proof, root))
            wrong.append(tree.holds_inclusion(index, size, leaf, proof, flipped(root, good)))
            wrong += [tree.holds_inclusion(i, size, leaf, proof, root) for i in (index - 1, index + 1, size)]
            assert not any(wrong), (index, size, wrong)
            bad += len(wrong)
    assert good == N * (N + 1) // 2 == 8385
    assert bad >= good


def test_an_inclusion_proof_holds_for_no_other_index(log: Grown) -> None:
    for size in (1, 2, 3, 7, 8, 13, 64, 129):
        for index in range(size):
            proof = tree.inclusion(index, size, log.at)
            held = [i for i in range(-2, size + 2) if tree.holds_inclusion(i, size, log.at(0, index), proof, log.root(size))]
            assert held == [index]


def test_every_consistency_proof_holds_and_none_that_was_changed(log: Grown) -> None:
    good = bad = 0
    for size in range(1, N + 1):
        root = log.root(size)
        for old in range(1, size + 1):
            proof, before = tree.consistency(old, size, log.at), log.root(old)
            assert tree.holds_consistency(old, size, before, root, proof), (old, size)
            good += 1
            wrong = [tree.holds_consistency(old, size, before, root, p) for p in mutated(proof, good)]
            wrong.append(tree.holds_consistency(old, size, flipped(before, good), root, proof))
            wrong.append(tree.holds_consistency(old, size, before, flipped(root, good), proof))
            wrong.append(tree.holds_consistency(size + 1, size, before, root, proof))
            if old < size:
                wrong.append(tree.holds_consistency(old, size, root, before, proof))
                wrong.append(tree.holds_consistency(0, size, before, root, proof))
            assert not any(wrong), (old, size, wrong)
            bad += len(wrong)
    assert good == 8385
    assert bad >= good


def test_another_story_is_consistent_with_none_of_the_sizes_it_left_behind(log: Grown) -> None:
    other = Grown(N, story="revoke", fork=40)
    for old in range(1, N):
        proof = tree.consistency(old, N, other.at)
        assert tree.holds_consistency(old, N, log.root(old), other.root(N), proof) is (old <= 40)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_outside_the_tree(log: Grown, index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        tree.inclusion(index, size, log.at)


@pytest.mark.parametrize(("old", "size"), [(-1, 3), (4, 3)])
def test_there_is_no_proof_from_a_larger_tree(log: Grown, old: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no earlier state"):
        tree.consistency(old, size, log.at)
