"""The network learns, goes on, stops and predicts. Needs the extra `learn`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine.network import NetworkSettings, NetworkState, Pair, Progress, available, check_network, predict, train

Float = NDArray[np.float32]
SIDE = 96
pytestmark = [pytest.mark.heavy, pytest.mark.skipif(not available(), reason="torch is not installed: pip install 'bottega[learn]'")]
QUICK = NetworkSettings(steps=12, crop_px=32, crops=2, seed=5)


@pytest.fixture
def shot(texture: Callable[[NDArray[np.float64], NDArray[np.float64]], Float]) -> Callable[[int], Pair]:
    """A texture that wanders; painted: darker where it is bright, so that the plate alone tells what was painted."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)

    def at(frame: int) -> Pair:
        plate = texture(columns + 3.3 * frame, rows + 1.7 * frame)
        painted = plate * np.where(plate > 0.18, np.float32(0.6), np.float32(1.5))
        matte = np.zeros((SIDE, SIDE), np.float32)
        matte[8:88, 8:88] = 1
        return Pair(frame, plate, np.where(matte[..., None] > 0, painted, plate).astype(np.float32), matte)

    return at


def same(one: NetworkState, other: NetworkState) -> bool:
    a, b = one.arrays(), other.arrays()
    return a.keys() == b.keys() and all(a[n].tobytes() == b[n].tobytes() for n in a)


def miss(state: NetworkState, pair: Pair) -> tuple[float, float, Float]:
    """Mean error of the answer, of no answer, and the expected error."""
    change, error = predict(state, pair.plate, pair.matte)
    true = np.log1p(pair.painted / 0.02) - np.log1p(pair.plate / 0.02)
    inside = pair.matte > 0
    return float(np.abs(change - true)[inside].mean()), float(np.abs(true)[inside].mean()), error


def test_a_planted_relation_is_recovered_on_a_frame_between_keys(shot: Callable[[int], Pair]) -> None:
    state = train([shot(0), shot(8)], settings=NetworkSettings(steps=240, crop_px=48, crops=4))
    assert state.done
    wrong, nothing, error = miss(state, shot(4))
    assert wrong < 0.4 * nothing
    assert 0.3 * wrong < float(error[shot(4).matte > 0].mean()) < 3 * wrong, "it knows about how wrong it is"
    assert len(state.held) >= 3


def test_it_begins_as_the_plate_and_training_lowers_the_error(shot: Callable[[int], Pair]) -> None:
    untrained = train([shot(0)], settings=QUICK, pause_at=0)
    trained = train([shot(0)], settings=NetworkSettings(steps=80, crop_px=48, crops=2))
    assert miss(untrained, shot(0))[0] == miss(untrained, shot(0))[1]
    assert miss(trained, shot(0))[0] < 0.7 * miss(untrained, shot(0))[0]
    assert trained.calibration == 2.0, "with one key nothing was measured"


def test_the_same_seed_is_the_same_bits_and_another_is_not(shot: Callable[[int], Pair]) -> None:
    pairs = [shot(0), shot(3)]
    assert same(train(pairs, settings=QUICK), train(pairs[::-1], settings=QUICK))
    assert not same(train(pairs, settings=QUICK), train(pairs, settings=NetworkSettings(steps=12, crop_px=32, crops=2, seed=6)))


@pytest.mark.parametrize("at", [1, 4, 11])
def test_a_training_that_goes_on_is_the_one_that_never_stopped(at: int, shot: Callable[[int], Pair]) -> None:
    settings = NetworkSettings(steps=24, crop_px=32, crops=2, held_share=0.25)
    pairs = [shot(0), shot(3), shot(6)]
    paused = train(pairs, settings=settings, pause_at=at)
    assert (paused.step, paused.done) == (at, False)
    again = NetworkState.from_arrays(paused.arrays())
    assert same(train(pairs, settings=settings, state=again), train(pairs, settings=settings))


def test_it_can_be_cancelled_and_looked_at(shot: Callable[[int], Pair]) -> None:
    told: list[Progress] = []
    state = train([shot(0)], settings=QUICK, progress=told.append, cancelled=lambda: len(told) >= 3)
    assert (state.step, state.done) == (3, False)
    assert [p.step for p in told] == [1, 2, 3]
    assert told[-1].seconds_left == pytest.approx(told[-1].cpu_seconds * 3)
    assert np.isfinite(predict(state, shot(2).plate, shot(2).matte)[0]).all()


def test_at_most_a_million_parameters(shot: Callable[[int], Pair]) -> None:
    state = train([shot(0)], settings=QUICK, pause_at=0)
    assert 100_000 < sum(a.size for a in state.weights.values()) <= 1_000_000


def test_tiles_are_the_whole(shot: Callable[[int], Pair], texture: Callable[[NDArray[np.float64], NDArray[np.float64]], Float]) -> None:
    state = train([shot(0)], settings=NetworkSettings(steps=30, crop_px=48, crops=2))
    rows, columns = np.mgrid[0:400, 0:430].astype(np.float64)
    plate, matte = texture(columns, rows), np.ones((400, 430), np.float32)
    whole, tiled = predict(state, plate, matte, tile_px=448), predict(state, plate, matte, tile_px=64)
    # The tiles see all that the network can see; only the order of sums inside a convolution may differ with a tile's size.
    assert np.abs(whole[0] - tiled[0]).max() < 1e-4
    assert np.abs(whole[1] / tiled[1] - 1).max() < 1e-3
    assert np.abs(whole[0]).max() > 0.05


def test_outside_the_matte_nothing_is_answered(shot: Callable[[int], Pair]) -> None:
    state = train([shot(0)], settings=QUICK)
    change, error = predict(state, shot(1).plate, shot(1).matte)
    outside = shot(1).matte == 0
    assert not change[outside].any()
    assert np.isinf(error[outside]).all()
    assert np.isinf(predict(state, shot(1).plate, shot(1).matte * 0)[1]).all()


def test_wrong_arguments_are_named(shot: Callable[[int], Pair]) -> None:
    state = train([shot(0)], settings=QUICK, pause_at=1)
    with pytest.raises(ValueError, match=r"keys \[0\], allowed is the same: \[0, 3\]"):
        train([shot(0), shot(3)], settings=QUICK, state=state)
    with pytest.raises(ValueError, match="allowed is the same: NetworkSettings"):
        train([shot(0)], settings=NetworkSettings(steps=13), state=state)
    with pytest.raises(ValueError, match="no memory to go on from"):
        train([shot(0)], settings=QUICK, state=NetworkState.from_arrays(state.arrays(to_go_on=False)))
    with pytest.raises(ValueError, match="tile_px is 100, allowed is a multiple of 16"):
        predict(state, shot(0).plate, shot(0).matte, tile_px=100)


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("mean", np.ones((1, 6, 1, 1), np.float32), "no mean of the right size"),
        ("last.bias", np.ones(1, np.float32), r"last.bias has shape \(1,\), allowed is \(16,\)"),
        ("last.bias", np.full(16, np.nan, np.float32), "not finite"),
        ("more", np.ones(1, np.float32), "the state has weights .*allowed are"),
    ],
)
def test_weights_of_another_network_are_refused(name: str, array: Float, said: str, shot: Callable[[int], Pair]) -> None:
    state = train([shot(0)], settings=QUICK, pause_at=0)
    check_network(state)
    with pytest.raises(ValueError, match=said):
        check_network(dataclasses.replace(state, weights=dict(state.weights) | {name: array}))


def test_the_number_of_threads_is_given_back(shot: Callable[[int], Pair]) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    train([shot(0)], settings=QUICK, pause_at=1)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_a_memory_of_another_rule_is_refused(shot: Callable[[int], Pair]) -> None:
    begun = train([shot(1)], settings=QUICK, pause_at=2)
    other = {n.replace("momentum_buffer", "exp_avg"): a for n, a in begun.memory.items()}
    with pytest.raises(ValueError, match=r"no memory momentum_buffer\..*allowed is one that this version trained"):
        train([shot(1)], settings=QUICK, state=dataclasses.replace(begun, memory=other))


def test_a_kernels_matrix_is_the_kernels_own_memory(shot: Callable[[int], Pair]) -> None:
    import torch

    from bottega.engine.network.rule import Rule

    net = torch.nn.Sequential(torch.nn.Conv2d(5, 7, 3), torch.nn.Conv2d(7, 3, 1)).to(memory_format=torch.channels_last)
    before = {n: p.detach().clone() for n, p in net.named_parameters()}
    rule = Rule(net)
    net(torch.ones(1, 5, 8, 8)).square().sum().backward()
    rule.step(0.01)
    assert all(bool((p != before[n]).any()) for n, p in net.named_parameters()), "all weights move"
    assert all(p.grad is None for p in net.parameters())


def test_crops_go_where_the_change_has_detail() -> None:
    from bottega.engine.network.sampling import Lesson

    channels, flat = np.ones((7, 96, 96), np.float32), np.zeros((3, 96, 96), np.float32)
    busy = flat.copy()
    busy[:, 64:, 64:] = np.random.default_rng(1).normal(size=(3, 32, 32))

    def share(residual: Float) -> float:
        rng, lesson = np.random.default_rng(2), Lesson.of(channels, residual)
        return float(np.mean([min(lesson.pixel(rng)) >= 64 for _ in range(4000)]))

    assert share(flat) == pytest.approx(1 / 9, abs=0.02)
    assert 0.35 < share(busy) < 0.75, "more there, and not only there"
