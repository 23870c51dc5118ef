"""What may be set in a synthesis, with units and ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

PATCHES = (3, 5, 7, 9)
VOTES = ("mean", "weighted", "median")

_RANGES: dict[str, tuple[float, float]] = {
    "uniformity": (0.0, 1e12),
    "style_weight": (1e-9, 1e9),
    "levels": (1, 16),
    "rounds": (1, 64),
    "sweeps": (1, 64),
    "far": (0, 16),
    "near": (0, 16),
    "reach_px": (1, 1 << 15),
    "still": (0.0, 0.1),
    "vote_tolerance": (1e-4, 10.0),
    "seed": (0, 2**31 - 1),
}
_WHOLE = ("levels", "rounds", "sweeps", "far", "near", "reach_px", "seed")
_FROM_PICTURE = ("uniformity", "levels")
_REFINED_OFFERS = ((0, 2), (0, 2), (1, 1))  # far offers, and near ones more than set: full size, half size, smaller
_REACHES_PX = (512, 16, 64, 128, 32, 512)  # of one pass after the other


@dataclass(frozen=True)
class SynthesisSettings:
    """Settings of a guided synthesis. The first four are the artist's, the rest are time against quality.

    Parameters
    ----------
    patch
        Side of the patches in pixels: 3, 5, 7 or 9. Small keeps fine grain and follows the guides closely; large keeps strokes and motifs
        whole.
    style_weight
        Weight of one style channel in the energy: how much neighbouring patches must agree in colour.
    guide_weights
        Weight of each guide channel, or one number for all: how closely the guides are followed. 0 leaves a guide out.
    uniformity
        λ of the energy, in squared units of the pictures' values, 0 or more: how much the use of one source patch over its fair share
        costs. More uses all of the source, less repeats its favourites. EbSynth's 3500 is meant for values of 0..255; for 0..1 divide by
        255². None takes 3500/255² times the square of the style's range.
    seed
        Another number gives another picture, the same number the same bits.
    vote
        ``"mean"``; ``"weighted"`` with 1/(1 + error), which is sharper where patches disagree; ``"median"``, which invents no colours.
    wrap
        The result tiles: its right edge continues at its left, its bottom at its top.
    final_pass
        One more search at the finest level with 3×3 patches and no uniformity: crisper grain, more repeats.
    levels
        Levels of the pyramid, 1 (full size only)..16; None goes down to about 16 pixels.
    rounds, sweeps
        Votes at full size, 1..64 (two thirds more on smaller levels), and passes of search for each vote, 1..64.
    far, near
        Random offers a pixel and pass: in windows that halve, 0..16, and within two pixels, 0..16. Levels after the coarsest
        start from a field that is nearly right: there fewer far and more near offers are made, but to pixels whose match is poor
        (twice the level's mean difference) all of them.
    reach_px
        Half side of the first random window, 1..32768, at most the atlas' longer side.
    still
        A pixel is searched again when the estimate under its patch has moved by more than this share of a channel's range, 0..0.1.
    vote_tolerance
        Root mean square difference, as a share of the channels' range, at which a patch has half a vote when the vote is weighted.

    Raises
    ------
    ValueError
        If a value is outside its range; the message quotes the value given and the values allowed.
    TypeError
        If a value is not a number, or not a truth value where one is asked for.

    Examples
    --------
    >>> SynthesisSettings(patch=3).rounds
    6
    >>> SynthesisSettings(patch=4)
    Traceback (most recent call last):
    ...
    ValueError: patch is 4, allowed is one of 3, 5, 7, 9
    """

    patch: int = 5
    style_weight: float = 1 / 3
    guide_weights: float | tuple[float, ...] = 1 / 3
    uniformity: float | None = None
    seed: int = 1
    vote: Literal["mean", "weighted", "median"] = "mean"
    wrap: bool = False
    final_pass: bool = False
    levels: int | None = None
    rounds: int = 6
    sweeps: int = 3
    far: int = 6
    near: int = 1
    reach_px: int = 512
    still: float = 0.003
    vote_tolerance: float = 0.02

    def __post_init__(self) -> None:
        if self.patch not in PATCHES or isinstance(self.patch, bool):
            raise ValueError(f"patch is {self.patch!r}, allowed is one of {', '.join(map(str, PATCHES))}")
        if self.vote not in VOTES:
            raise ValueError(f"vote is {self.vote!r}, allowed is one of {', '.join(VOTES)}")
        for name in ("wrap", "final_pass"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} is {getattr(self, name)!r}, allowed is True or False")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _RANGES and not (value is None and field.name in _FROM_PICTURE):
                _number(field.name, value, field.name in _WHOLE, *_RANGES[field.name])
        for i, weight in enumerate(self.guide_weights if isinstance(self.guide_weights, tuple) else (self.guide_weights,)):
            _number(f"guide_weights[{i}]", weight, False, 0.0, 1e9)

    def weights(self, style: int, guides: int) -> tuple[float, ...]:
        """Weight of every channel, style first. Raises ValueError when there are not as many guide weights as guide channels."""
        given = self.guide_weights if isinstance(self.guide_weights, tuple) else (self.guide_weights,) * guides
        if len(given) != guides:
            raise ValueError(f"guide_weights has {len(given)} numbers, allowed is one for each of the {guides} guide channels")
        return (self.style_weight,) * style + given

    def rounds_on(self, down: int) -> int:
        """Rounds on the level that is `down` steps below full size: more on coarse levels, where they cost little and decide much."""
        return self.rounds if down == 0 else -(-self.rounds * 5 // 3)

    def offers(self, down: int, refined: bool, sweep: int) -> tuple[int, int, int]:
        """Far offers, near offers and reach in pixels of a pass on the level that is `down` steps below full size.

        `refined` says that its field comes from a coarser level. Then few far offers are made: they cost most, as they leave the cache,
        and seldom win. What a coarse level could not see is found by the pixels whose match is poor, which are given all of `far`.
        """
        if not refined:
            return self.far, self.near, self.reach_px
        far, more = _REFINED_OFFERS[min(down, len(_REFINED_OFFERS) - 1)]
        return min(self.far, far), self.near + more, min(self.reach_px, _REACHES_PX[sweep % len(_REACHES_PX)])

    def draft(self) -> SynthesisSettings:
        """Two thirds of the time: to look at while choosing weights."""
        return replace(self, rounds=4, sweeps=2)

    def fine(self) -> SynthesisSettings:
        """Less than twice the time: for the frame that is delivered."""
        return replace(self, rounds=10, sweeps=4, still=0.0)


def _number(name: str, value: object, whole: bool, low: float, high: float) -> None:
    kind = "a whole number" if whole else "a number"
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise TypeError(f"{name} is {value!r}, allowed is {kind} from {low:g} to {high:g}")
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} is {value:g}, allowed is {low:g} to {high:g}")
