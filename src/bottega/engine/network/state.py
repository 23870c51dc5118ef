"""A network as named arrays: weights, the optimiser's memory, and where the training stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.checks import Float
from bottega.engine.network.settings import NetworkSettings

REVISION = 1


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Parameters
    ----------
    step, steps
        Steps done, and in all as planned now (fewer than in the settings when the held key no longer gained).
    loss
        Mean loss of the last steps.
    cpu_seconds, seconds_left
        CPU seconds spent in this call, and what the rest takes at that pace.
    held_error
        Mean absolute error on the held key in the encoding, at the last look; None before that and without a held key.
    """

    step: int
    steps: int
    loss: float
    cpu_seconds: float
    seconds_left: float
    held_error: float | None


@dataclass(frozen=True, eq=False)
class NetworkState:
    """A network while or after it is trained: enough to go on with, bit for bit, or to predict.

    Parameters
    ----------
    settings
        What it is trained with.
    frames
        Key frames it is trained on.
    step, steps
        Steps done, and in all.
    calibration
        Expected errors are multiplied with this: measured on the held key, 2 where there was none.
    held
        The held key's errors at each look, mean absolute in the encoding.
    weights
        Named float32 arrays for predicting: the moving average of the weights, and the channels' statistics.
    memory
        Named arrays for going on: raw weights and the optimiser's moments. Empty in a `finished` state.

    Examples
    --------
    >>> state = NetworkState(NetworkSettings(steps=5), (1001,), 0, 5, 2.0, (), {"a": np.zeros(2, np.float32)}, {})
    >>> NetworkState.from_arrays(state.arrays()).settings.steps
    5
    """

    settings: NetworkSettings
    frames: tuple[int, ...]
    step: int
    steps: int
    calibration: float
    held: tuple[float, ...]
    weights: Mapping[str, Float]
    memory: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.steps

    def arrays(self, *, to_go_on: bool = True) -> dict[str, NDArray[Any]]:
        """Everything as named arrays, ready for ``numpy.savez``; without `to_go_on` only what predicting needs (2 MB, a third)."""
        numbers = {name: np.array(value) for name, value in asdict(self.settings).items()}
        head = {
            "revision": np.array(REVISION),
            "frames": np.array(self.frames, np.int64),
            "at": np.array([self.step, self.steps], np.int64),
            "calibration": np.array(self.calibration),
            "held": np.array(self.held, np.float64),
        }
        kept = {f"memory.{n}": a for n, a in self.memory.items()} if to_go_on else {}
        return head | {f"settings.{n}": a for n, a in numbers.items()} | {f"weights.{n}": a for n, a in self.weights.items()} | kept

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NetworkState:
        """Make the state again, bit for bit, from what `arrays` gave (or an opened ``.npz``). Raises ValueError for another revision."""
        revision = int(arrays["revision"]) if "revision" in arrays else None
        if revision != REVISION:
            raise ValueError(f"network has revision {revision}, allowed is {REVISION}: train it anew")
        settings = NetworkSettings(**{f.name: arrays[f"settings.{f.name}"].item() for f in fields(NetworkSettings)})
        parts = {kind: {n.removeprefix(kind): arrays[n] for n in arrays if n.startswith(kind)} for kind in ("weights.", "memory.")}
        return cls(
            settings,
            tuple(int(n) for n in arrays["frames"]),
            int(arrays["at"][0]),
            int(arrays["at"][1]),
            float(arrays["calibration"]),
            tuple(float(e) for e in arrays["held"]),
            parts["weights."],
            parts["memory."],
        )
