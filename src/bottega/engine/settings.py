"""What may be set in a keyed repair, with units and ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

_RANGES: dict[str, tuple[float, float]] = {
    "tone": (0.0, 1.5),
    "shape": (0.0, 1.5),
    "detail": (0.0, 1.5),
    "band_px": (0.5, 200.0),
    "toe": (1e-4, 1.0),
    "guide_radius_px": (1.0, 400.0),
    "mismatch_cost": (0.0, 100.0),
    "state_tolerance": (0.05, 10.0),
    "match_tolerance": (1e-3, 100.0),
    "round_trip_tolerance_px": (1e-2, 100.0),
    "quality_memory": (0.0, 0.95),
    "flow_finest_scale": (0, 5),
    "flow_iterations": (1, 256),
    "flow_smoothing_iterations": (0, 50),
    "steady_frames": (0, 8),
}
_WHOLE = ("flow_finest_scale", "flow_iterations", "flow_smoothing_iterations", "steady_frames")
_FROM_PICTURE = ("band_px", "guide_radius_px", "flow_finest_scale")


@dataclass(frozen=True)
class RepairSettings:
    """Settings of a keyed repair. The first three are the artist's, the rest rarely need a change.

    Parameters
    ----------
    tone
        Strength of the low band (colour, shading), 0..1.5. 0 leaves the plate's, 1 is the key's, more exaggerates.
    shape
        Strength of the displacement (lids, jaw, outline), 0..1.5. It moves the plate where tone or detail take something of a key; where
        both are 0 the plate's bits come back.
    detail
        Strength of the high band (lines, pores, edges), 0..1.5. ``tone=1, detail=0`` keeps the plate's own pores.
    band_px
        Sigma in pixels of the Gaussian that parts the two bands, 0.5..200; None is the picture's shorter side / 128.
    toe
        Scene-linear value below which the encoding turns from logarithmic to linear, 1e-4..1.
    guide_radius_px
        Sigma in pixels of the local normalisation of the flow guide, 1..400; None is the picture's shorter side / 43.
    mismatch_cost
        How much a mismatch of detail between plate and warped key plate counts against the key's detail, 0..100; 0 ignores it.
    state_tolerance
        Mismatch of detail relative to its contrast (1 is unrelated) from which a key is taken to show another state, an open eye where the
        frame's is closed; there the plate keeps its own detail and the tone flows in from around. 0.05..10.
    match_tolerance
        Mean square difference of the normalised guides (unit variance) at which they no longer agree, 1e-3..100.
    round_trip_tolerance_px
        Forward/backward error in pixels, at 512 pixels of shorter side, at which the round trip no longer closes, 0.01..100.
    quality_memory
        Share of the previous frame's quality that is kept along the walk, 0..0.95: steadies the choice in time.
    flow_finest_scale
        Finest pyramid level of the flow, 0 (full size)..5; None is 0 below 800 pixels of shorter side, one more for each doubling.
        The flow of a single step, which only starts the search, stops two levels before, the reverse map one.
    flow_iterations
        Gradient descent steps of a patch, 1..256.
    flow_smoothing_iterations
        Rounds of variational refinement on each level, 0..50.
    steady_frames
        How many frames before and after count in `steady`, 0 (no filter)..8.

    Raises
    ------
    ValueError
        If a value is outside its range; the message quotes the value given and the values allowed.
    TypeError
        If a value is not a number.

    Examples
    --------
    >>> RepairSettings(tone=0.5).tone
    0.5
    >>> RepairSettings(tone=2)
    Traceback (most recent call last):
    ...
    ValueError: tone is 2, allowed is 0 to 1.5
    """

    tone: float = 1.0
    shape: float = 1.0
    detail: float = 1.0
    band_px: float | None = None
    toe: float = 0.02
    guide_radius_px: float | None = None
    mismatch_cost: float = 0.3
    state_tolerance: float = 0.5
    match_tolerance: float = 0.5
    round_trip_tolerance_px: float = 3.0
    quality_memory: float = 0.3
    flow_finest_scale: int | None = None
    flow_iterations: int = 8
    flow_smoothing_iterations: int = 2
    steady_frames: int = 4

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.name in _FROM_PICTURE:
                continue
            low, high = _RANGES[field.name]
            wanted = (int,) if field.name in _WHOLE else (int, float)
            if isinstance(value, bool) or not isinstance(value, wanted):
                kind = "a whole number" if field.name in _WHOLE else "a number"
                raise TypeError(f"{field.name} is {value!r}, allowed is {kind} from {low:g} to {high:g}")
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"{field.name} is {value:g}, allowed is {low:g} to {high:g}")

    def band_sigma(self, height: int, width: int) -> float:
        """Sigma of the split in pixels for a picture of this size."""
        return self.band_px if self.band_px is not None else max(0.5, min(height, width) / 128)

    def guide_sigma(self, height: int, width: int) -> float:
        """Sigma of the guide's local normalisation in pixels for a picture of this size."""
        return self.guide_radius_px if self.guide_radius_px is not None else max(1.0, min(height, width) / 43)

    def finest_scale(self, height: int, width: int) -> int:
        """Finest pyramid level of the flow for a picture of this size."""
        if self.flow_finest_scale is not None:
            return self.flow_finest_scale
        return max(0, round(math.log2(min(height, width) / 560)))
