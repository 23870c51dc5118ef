"""What the ledger stores and rebuilds of its tree, against the tree's own definition."""

from __future__ import annotations

import pytest

from bottega.rights.ledger import tree

MOST = 129
LEAVES = [tree.leaf_hash(bytes([i])) for i in range(MOST)]


def stored(size: int) -> dict[tuple[int, int], bytes]:
    """Every complete subtree, one leaf after the other."""
    nodes: dict[tuple[int, int], bytes] = {}
    for n in range(size):
        for level, i, node in tree.completed(n, LEAVES[n], lambda *place: nodes[place]):
            nodes[level, i] = node
    return nodes


ALL = stored(MOST)


def at(level: int, i: int) -> bytes:
    return ALL[level, i]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return tree.node_hash(plain_root(leaves[:split]), plain_root(leaves[split:]))


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_the_frontier_and_the_peaks_have_the_root_of_the_definition(size: int) -> None:
    frontier = tree.Frontier()
    for leaf in LEAVES[:size]:
        frontier.add(leaf)
    wanted = plain_root(LEAVES[:size])
    assert frontier.root == tree.root(size, at) == tree.bagged([at(*peak) for peak in tree.peaks(size)]) == wanted
    again = tree.Frontier.of(size, [at(*peak) for peak in tree.peaks(size)])
    assert again == frontier and again.root == wanted


def test_an_empty_frontier_has_the_root_of_nothing() -> None:
    assert tree.Frontier().root == tree.Frontier.of(0, []).root == tree.EMPTY_ROOT


@pytest.mark.parametrize("size", range(MOST + 1))
def test_how_many_subtrees_are_complete(size: int) -> None:
    assert tree.complete_count(size) == len(stored(size))


@pytest.mark.parametrize("old", range(0, 70, 3))
def test_a_batch_completes_what_its_leaves_complete_one_by_one(old: int) -> None:
    for size in range(old, MOST + 1, 7):
        made = {
            (level, i): node
            for level, nodes in enumerate(tree.grown(old, LEAVES[old:size], at))
            for i, node in enumerate(nodes, old >> level)
        }
        before = stored(old)
        assert made == {place: node for place, node in stored(size).items() if place not in before}
