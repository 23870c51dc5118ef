"""A network's row among the weights: it survives neighbours with other keys, steadying, and a round to disk; and how reach is counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bottega.engine import Repaired, change_of
from bottega.jobs.recipes.keyed import Draft, KeyedRepair, Near, RepairSettings
from bottega.jobs.recipes.learned import NETWORK, NetworkSettings, names, training_seconds, without_network

SIDE = 48
PARTS = 65536


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    cv2.setNumThreads(1)


def draft(seed: int, keys: tuple[int, ...], *, network: bool) -> Draft:
    """A frame whose pixels stand on the plate, its keys and, if asked, a network."""
    rng = np.random.default_rng(seed)
    plate = np.full((SIDE, SIDE, 3), 0.2, np.float32) + rng.random((SIDE, SIDE, 3), np.float32) / 100
    cuts = np.sort(rng.integers(0, PARTS + 1, (len(keys) + network, SIDE, SIDE)), 0)
    edges = np.concatenate([np.zeros_like(cuts[:1]), cuts, np.full_like(cuts[:1], PARTS)])
    weights = np.diff(edges, axis=0).astype(np.uint32)
    ones = np.ones((SIDE, SIDE), np.float32)
    rgb = plate * np.float32(1.3)
    made = Repaired(rgb, rgb - plate, weights, np.zeros((SIDE, SIDE), np.uint8))
    return Draft.of(made, change_of(plate, made, settings=RepairSettings(), away=3.5), matte=ones, reach=ones, keys=keys)


def test_what_the_weights_stand_for() -> None:
    assert draft(1, (1001, 1048), network=True).near.of == (1001, 1048, NETWORK)
    assert draft(1, (1001, 1048), network=False).near.of == (1001, 1048)
    assert names((), 2) == (NETWORK,)


def test_a_draft_comes_back_from_disk_with_the_networks_row() -> None:
    made = draft(2, (1001,), network=True)
    again = Draft.from_arrays(made.arrays(), Near.from_arrays(made.near.arrays()))
    assert again.near.of == made.near.of
    assert (again.near.weights == made.near.weights).all()
    assert (again.near.change.repair == made.near.change.repair).all() and (again.rgb == made.rgb).all()
    assert again.near.change.away == 3.5


def test_steadying_keeps_the_networks_weight_apart() -> None:
    frames = (1001, 1002, 1003, 1004)
    at = {n: draft(n, (1001, 1004), network=True) for n in frames} | {1001: draft(1001, (1001,), network=False)}
    still = np.zeros((SIDE, SIDE, 2), np.float32)
    shown = at[1002].rgb / np.float32(1.3), at[1002]
    made = KeyedRepair(RepairSettings()).steadied(1002, shown, ((1003, 1004), (1001,)), lambda n: at[n].near, lambda *_: still)
    assert made.weights.shape == (4, SIDE, SIDE)
    assert (made.weights.sum(0) == PARTS).all()
    mean = {n: float(made.weights[i].mean()) for i, n in enumerate(("plate", 1001, 1004, NETWORK))}
    assert all(share > 0 for share in mean.values())
    spread = np.diff([float(w) for w in made.weights[-1].ravel()]).std()
    assert spread < np.diff([float(w) for w in at[1002].near.weights[-1].ravel()]).std(), "it was averaged like a key's"


@given(st.integers(0, PARTS), st.integers(0, PARTS))
@settings(max_examples=60, deadline=None)
def test_reach_is_counted_as_if_the_network_had_not_been_asked(key: int, network: int) -> None:
    rest = PARTS - network
    kept = key * rest // PARTS
    weights = np.array([rest - kept, kept, network], np.uint32).reshape(3, 1, 1)
    found = float(without_network(weights)[0, 0])
    assert found == 0 if rest == 0 else abs(found - key) <= PARTS / rest


def test_a_trainings_seconds_grow_with_steps_and_pixels() -> None:
    usual = training_seconds(NetworkSettings())
    assert 90 < usual < 130
    assert training_seconds(NetworkSettings(steps=1100)) == pytest.approx(usual / 2)
    assert training_seconds(NetworkSettings(crops=4)) == pytest.approx(usual * 2)
