"""What may be set in the training of a per-shot network, with units and ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

_RANGES: dict[str, tuple[float, float]] = {
    "steps": (1, 1_000_000),
    "seed": (0, 2**63 - 1),
    "crop_px": (32, 512),
    "crops": (1, 64),
    "learning_rate": (1e-6, 1e-1),
    "held_share": (0.0, 0.5),
    "toe": (1e-4, 1.0),
}
_WHOLE = ("steps", "seed", "crop_px", "crops")
MULTIPLE_PX = 16  # four levels, the first of them at half size


@dataclass(frozen=True)
class NetworkSettings:
    """Settings of the training. `steps` is the budget; the rest rarely needs a change.

    Parameters
    ----------
    steps
        Steps of training, 1..1000000. A step of the default size took 0.044 to 0.048 CPU seconds (`bench/network.py`).
    seed
        Decides first weights and every crop, 0..2**63 - 1.
    crop_px
        Side of a crop in pixels, 32..512, a multiple of 16.
    crops
        Crops in a step, 1..64.
    learning_rate
        Highest rate, 1e-6..0.1, of kernels and biases alike: reached after a warm-up, then falling along a cosine (Loshchilov & Hutter
        2017).
    held_share
        Share of the steps, 0..0.5, in which one key is held back: it measures how far the network is to be trusted, and ends the training
        early when it no longer gains. With one key nothing is held back.
    toe
        Scene-linear value below which the encoding turns from logarithmic to linear, as in `RepairSettings`, 1e-4..1.

    Raises
    ------
    ValueError
        If a value is outside its range; the message quotes the value given and the values allowed.
    TypeError
        If a value is not a number.

    Examples
    --------
    >>> NetworkSettings(steps=200).crops
    2
    >>> NetworkSettings(steps=0)
    Traceback (most recent call last):
    ...
    ValueError: steps is 0, allowed is 1 to 1e+06
    """

    steps: int = 2200
    seed: int = 0
    crop_px: int = 128
    crops: int = 2
    learning_rate: float = 2.5e-3
    held_share: float = 0.12
    toe: float = 0.02

    def __post_init__(self) -> None:
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), _RANGES[field.name]
            wanted = (int,) if field.name in _WHOLE else (int, float)
            if isinstance(value, bool) or not isinstance(value, wanted):
                kind = "a whole number" if field.name in _WHOLE else "a number"
                raise TypeError(f"{field.name} is {value!r}, allowed is {kind} from {low:g} to {high:g}")
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"{field.name} is {value:g}, allowed is {low:g} to {high:g}")
        if self.crop_px % MULTIPLE_PX:
            raise ValueError(f"crop_px is {self.crop_px}, allowed is a multiple of {MULTIPLE_PX}")
