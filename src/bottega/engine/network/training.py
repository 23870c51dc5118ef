"""Train the network on a shot's own pairs, on one thread, so that the same seed gives the same bits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bottega.engine.checks import Float
from bottega.engine.network import features, sampling
from bottega.engine.network.features import MATTE, Pair
from bottega.engine.network.model import PerShotNet
from bottega.engine.network.rule import Rule
from bottega.engine.network.settings import MULTIPLE_PX, NetworkSettings
from bottega.engine.network.state import NetworkState, Progress

_WARM_UP = 20  # steps
_AVERAGE = 0.98  # of the weights, over steps
_LONGEST = 1.0  # gradient
_GRADIENT, _SIMILAR, _SPREAD = 0.5, 0.1, 0.02  # weights of the losses beside L1
_SIMILAR_PX, _SIMILAR_STEP = 7, 3
_SIMILAR_FLOORS = (0.03, 0.01)  # of SSIM, in squared units of the encoding
_LOOKS = 6  # at the held key
_PATIENCE = 2  # looks without a gain end the training early
UNMEASURED = 2.0  # how much larger than on its own keys an error is taken to be where no key was held back
_LEAST_RATE = 0.01
_STATISTICS = {"mean": features.CHANNELS, "deviation": features.CHANNELS, "scale": 3}  # numbers in each


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """One thread inside, and as many as before after it: sums come in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class _Run:
    """What changes while it trains."""

    net: PerShotNet
    rule: Rule
    average: list[Tensor]
    step: int
    steps: int
    calibration: float
    held: list[float]


def train(
    pairs: Sequence[Pair],
    *,
    settings: NetworkSettings,
    state: NetworkState | None = None,
    pause_at: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> NetworkState:
    """See `bottega.engine.network.train`."""
    checked = features.check_pairs(tuple(pairs))
    frames = tuple(p.frame for p in checked)
    if state is not None:
        _check_state(state, settings, frames)
    stacks = [features.channels(p.plate, p.matte, toe=settings.toe) for p in checked]
    answers = [features.residual(p, toe=settings.toe) for p in checked]
    lessons = [sampling.Lesson.of(x, r) for x, r in zip(stacks, answers, strict=True)]
    with one_torch_thread():
        run = _started(lessons, settings) if state is None else _resumed(state)
        _teach(run, lessons, frames, settings, pause_at=pause_at, progress=progress, cancelled=cancelled)
        return _state(run, settings, frames)


def parameters(net: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(p.numel() for p in net.parameters())


def held_key(frames: Sequence[int]) -> int | None:
    """Index of the key that is held back: the one nearest to the others, which stands for a frame between keys. None with one key."""
    if len(frames) < 2:
        return None
    return min(range(len(frames)), key=lambda i: (sum(abs(frames[i] - f) for f in frames), i))


def _check_state(state: NetworkState, settings: NetworkSettings, frames: tuple[int, ...]) -> None:
    if state.settings != settings:
        raise ValueError(f"state was trained with {state.settings}, allowed is the same: {settings}")
    if state.frames != frames:
        raise ValueError(f"state was trained on keys {list(state.frames)}, allowed is the same: {list(frames)}")
    if not state.memory and not state.done:
        raise ValueError("state has no memory to go on from, allowed is one with memory or one that is done")


def _statistics(lessons: Sequence[sampling.Lesson]) -> dict[str, Tensor]:
    inside = torch.cat([lesson.stack[:, lesson.stack[MATTE] > 0] for lesson in lessons], 1)
    mean, deviation = inside.mean(1), inside.std(1, unbiased=False)
    answer = deviation[features.CHANNELS :].clamp_min(0.01)
    mean, deviation = mean[: features.CHANNELS].clone(), deviation[: features.CHANNELS].clamp_min(0.01)
    mean[MATTE], deviation[MATTE] = 0.5, 0.5
    return {"mean": mean, "deviation": deviation, "scale": answer}


def _started(lessons: Sequence[sampling.Lesson], settings: NetworkSettings) -> _Run:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed % 2**63)
        net = PerShotNet(_statistics(lessons)).to(memory_format=torch.channels_last)
    return _Run(net, Rule(net), [p.detach().clone() for p in net.parameters()], 0, settings.steps, UNMEASURED, [])


def _resumed(state: NetworkState) -> _Run:
    net = network_of(state)
    average = [p.detach().clone() for p in net.parameters()]
    rule = Rule(net)
    if state.memory:
        for name, parameter in net.named_parameters():
            parameter.data.copy_(torch.from_numpy(np.array(state.memory[f"raw.{name}"])))
        rule.restore(state.memory, state.step)
    return _Run(net, rule, average, state.step, state.steps, state.calibration, list(state.held))


def network_of(state: NetworkState) -> PerShotNet:
    """The network with the averaged weights."""
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in state.weights.items()}
    missing = [name for name in ("mean", "deviation", "scale") if name not in tensors or tensors[name].numel() != _STATISTICS[name]]
    if missing:
        raise ValueError(f"the state has no {', '.join(missing)} of the right size, allowed are {_STATISTICS}")
    net: PerShotNet = PerShotNet(tensors).to(memory_format=torch.channels_last)
    own = dict(net.state_dict())
    if own.keys() != tensors.keys():
        raise ValueError(f"the state has weights {sorted(tensors)}, allowed are {sorted(own)}")
    for name, values in own.items():
        if values.shape != tensors[name].shape:
            raise ValueError(f"weight {name} has shape {tuple(tensors[name].shape)}, allowed is {tuple(values.shape)}")
        values.copy_(tensors[name])  # a state dict's tensors are the network's own memory
    return net


def _state(run: _Run, settings: NetworkSettings, frames: tuple[int, ...]) -> NetworkState:
    names = [name for name, _ in run.net.named_parameters()]
    weights = {name: _array(a) for name, a in zip(names, run.average, strict=True)}
    weights |= {name: _array(b) for name, b in run.net.named_buffers()}
    memory = {f"raw.{name}": _array(p) for name, p in run.net.named_parameters()}
    return NetworkState(settings, frames, run.step, run.steps, run.calibration, tuple(run.held), weights, memory | run.rule.memory())


def _array(tensor: Tensor) -> Float:
    return np.ascontiguousarray(tensor.detach().numpy()).copy()


def _teach(
    run: _Run,
    lessons: Sequence[sampling.Lesson],
    frames: tuple[int, ...],
    settings: NetworkSettings,
    *,
    pause_at: int | None,
    progress: Callable[[Progress], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    held = held_key(frames) if round(settings.steps * settings.held_share) >= _LOOKS else None
    until = round(settings.steps * settings.held_share) if held is not None else 0
    every, began, first, loss = max(1, until // _LOOKS), time.process_time(), run.step, 0.0
    others = [lesson for i, lesson in enumerate(lessons) if i != held]
    while run.step < run.steps and (pause_at is None or run.step < pause_at):
        if cancelled is not None and cancelled():
            return
        holding = run.step < min(until, _phase_end(run, settings))
        now = _step(run, others if holding else lessons, settings)
        loss = now if run.step == first + 1 else loss + 0.05 * (now - loss)
        if held is not None and holding and run.step % every == 0:
            _look(run, lessons[held], settings)
        if progress is not None:
            spent = time.process_time() - began
            left = spent / (run.step - first) * (run.steps - run.step)
            progress(Progress(run.step, run.steps, loss, spent, left, run.held[-1] if run.held else None))


def _phase_end(run: _Run, settings: NetworkSettings) -> int:
    return round(run.steps * settings.held_share)


def _look(run: _Run, lesson: sampling.Lesson, settings: NetworkSettings) -> None:
    """Measure the averaged network on the held key; when it no longer gains, plan for fewer steps in all."""
    top, bottom = int(lesson.rows.min()), int(lesson.rows.max()) + 1
    left, right = int(lesson.columns.min()), int(lesson.columns.max()) + 1
    area = lesson.stack[:, top:bottom, left:right]
    x = functional.pad(area[None], (0, -area.shape[2] % MULTIPLE_PX, 0, -area.shape[1] % MULTIPLE_PX), mode="replicate")
    raw = [p.detach().clone() for p in run.net.parameters()]
    with torch.no_grad():
        for parameter, average in zip(run.net.parameters(), run.average, strict=True):
            parameter.copy_(average)
        change, spread = run.net(x[:, : features.CHANNELS])
        for parameter, kept in zip(run.net.parameters(), raw, strict=True):
            parameter.copy_(kept)
    inside = x[:, MATTE : MATTE + 1] > 0.5
    error = (change - x[:, features.CHANNELS :]).abs().mean(1, keepdim=True)
    inside = inside if bool(inside.any()) else torch.ones_like(inside)
    mean = float(error[inside].mean())
    run.held.append(mean)
    run.calibration = float(np.clip(mean / float(spread.exp()[inside].mean()), 0.25, 16))
    if len(run.held) > _PATIENCE and min(run.held[-_PATIENCE:]) >= min(run.held[:-_PATIENCE]):
        run.steps = min(run.steps, round(run.step / settings.held_share))


def _step(run: _Run, lessons: Sequence[sampling.Lesson], settings: NetworkSettings) -> float:
    x, answer = sampling.crops(lessons, step=run.step, settings=settings)
    rate = min(1.0, (run.step + 1) / _WARM_UP) * (0.5 + 0.5 * np.cos(np.pi * run.step / run.steps))
    loss = _loss(run.net, x, answer)
    loss.backward()
    nn.utils.clip_grad_norm_(run.net.parameters(), _LONGEST)
    run.rule.step(settings.learning_rate * max(float(rate), _LEAST_RATE))
    keep = min(_AVERAGE, (run.step + 1) / (run.step + 10))
    with torch.no_grad():
        for average, parameter in zip(run.average, run.net.parameters(), strict=True):
            average.lerp_(parameter, 1 - keep)
    run.step += 1
    return float(loss.detach())


def _loss(net: PerShotNet, x: Tensor, answer: Tensor) -> Tensor:
    """L1 + gradients (L1) + (1 − SSIM) of the residual's picture, and the likelihood of the error (Laplace), which moves no residual."""
    change, spread = net(x)
    matte = x[:, MATTE : MATTE + 1]
    error = (change - answer) * matte
    away = error.abs()
    edges = error.diff(dim=3).abs().mean() + error.diff(dim=2).abs().mean()
    similar = _similarity(x[:, :3] + matte * change, x[:, :3] + matte * answer)
    likelihood = ((away.detach().mean(1, keepdim=True) * torch.exp(-spread) + spread) * matte).mean()
    return away.mean() + _GRADIENT * edges + _SIMILAR * (1 - similar) + _SPREAD * likelihood


def _similarity(a: Tensor, b: Tensor) -> Tensor:
    """SSIM (Wang et al. 2004) over square windows on every third pixel."""

    def mean(x: Tensor) -> Tensor:
        return functional.avg_pool2d(x, _SIMILAR_PX, _SIMILAR_STEP)

    one, two = _SIMILAR_FLOORS
    ma, mb = mean(a), mean(b)
    va, vb, both = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    return ((2 * ma * mb + one) * (2 * both + two) / ((ma * ma + mb * mb + one) * (va + vb + two))).mean()
