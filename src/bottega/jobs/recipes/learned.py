"""The steps that a per-shot network adds to a keyed repair: what it learns from, its part of a frame, what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bottega.engine.network import NetworkSettings, NetworkState, Pair, check_network, combine, keep_to_one_thread, predict, train
from bottega.engine.network import available as can_learn
from bottega.engine.repair import Repaired, RepairSettings

NETWORK = "network"  # what the last of a frame's weights stands for, beside key frames
PARTS = 65536  # that a pixel's weights sum to
MOST_KEYS = 64
SECONDS_A_STEP = 0.091  # bench/network.py: CPU, one thread, a step of four crops of 128 x 128
SECONDS_A_MEGAPIXEL = 0.56  # the same: predicting and mixing one frame
PIXELS_A_STEP = 4 * 128 * 128
BYTES_A_NETWORK = 700 * 1024 * 1024  # torch, and one tile with its surroundings

Picture = NDArray[np.float32]


def training_seconds(settings: NetworkSettings) -> float:
    """Expected CPU seconds of a training that is not ended early."""
    return settings.steps * SECONDS_A_STEP * settings.crops * settings.crop_px**2 / PIXELS_A_STEP


def worth_learning(matte: Picture) -> bool:
    """Whether a key has anything under its matte."""
    return bool(matte.any())


def mixed(
    plate: Picture,
    copied: Repaired,
    network: NetworkState,
    *,
    matte: Picture,
    away: float,
    strength: Picture | float,
    settings: RepairSettings,
) -> Repaired:
    """A frame's copy with the network's part in it: its weights are one longer, the network's last."""
    residual, error = predict(network, plate, matte)
    out = combine(plate, copied, residual, error, matte=matte, away=away, strength=strength, toe=settings.toe)
    return Repaired(out.rgb, out.delta, out.weights, out.copied_from)


def alone(plate: Picture, network: NetworkState, *, matte: Picture, toe: float) -> Picture:
    """What the network would make of a frame by itself: enc(plate) + matte · residual, decoded; outside the matte the plate."""
    residual, _ = predict(network, plate, matte)
    value = np.sign(plate) * np.log1p(np.abs(plate) / np.float32(toe)) + matte[..., None] * residual
    light = np.sign(value) * np.float32(toe) * np.expm1(np.abs(value))
    return np.asarray(np.where(matte[..., None] > 0, light, plate), np.float32)


def without_network(weights: NDArray[np.uint32]) -> NDArray[np.float64]:
    """The keys' weight in each pixel as it would be had the network not been asked, in parts of 65536; its own comes last in `weights`."""
    rest = PARTS - weights[-1].astype(np.float64)
    keys = weights[1:-1].sum(0, dtype=np.float64)
    return np.asarray(np.divide(keys * PARTS, rest, out=np.zeros_like(rest), where=rest > 0), np.float64)


def names(keys: Sequence[int], weights: int) -> tuple[int | str, ...]:
    """What a frame's weights stand for after the plate's: its keys, and the network where there is one more."""
    return (*keys, NETWORK) if weights == len(keys) + 2 else tuple(keys)


__all__ = [
    "MOST_KEYS",
    "NETWORK",
    "NetworkSettings",
    "NetworkState",
    "Pair",
    "alone",
    "can_learn",
    "check_network",
    "keep_to_one_thread",
    "mixed",
    "names",
    "train",
    "training_seconds",
    "without_network",
    "worth_learning",
]
