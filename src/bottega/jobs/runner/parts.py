"""Parts of a picture and of a shot that a user treats apart: regions, what each key may serve, sides of a cut."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bottega.jobs.recipes.keyed import MOST_STRENGTH, Strength
from bottega.jobs.recipes.schedule import KeyUse
from bottega.model import FrameRange, UsageError, code, shown

BANDS = ("tone", "shape", "detail")
REFUSE, SPLIT, NO_CUTS, PLATE = "refuse", "split", "none", "plate"


@dataclass(frozen=True, kw_only=True)
class Region:
    """A named part of the picture with a strength of its own: 0 leaves the plate, 1 is the key's full effect.

    `tone`, `shape` and `detail` are strengths of one band; None is `strength`. A `strength` of None is the look's.
    """

    name: str
    matte: Path
    strength: float | None = 1.0
    tone: float | None = None
    shape: float | None = None
    detail: float | None = None

    @property
    def bands(self) -> Strength:
        """The strength of each band."""
        whole = 1.0 if self.strength is None else self.strength
        return Strength(*(float(whole if b is None else b) for b in (self.tone, self.shape, self.detail)))


def region(name: str, matte: Path, strength: float | Mapping[str, float] | None) -> Region:
    """A region with one strength, or one for each band: {"tone": 0.5, "shape": 1}. Raises UsageError."""
    if not isinstance(strength, Mapping):
        return Region(name=name, matte=matte, strength=strength)
    stray = sorted(set(strength) - set(BANDS))
    if stray:
        raise UsageError(f"region {shown(name)}: no band is called {shown(stray[0])}; allowed are {', '.join(BANDS)}")
    return Region(name=name, matte=matte, **strength)


def key_use(number: int, *, weight: float = 1.0, range: str | None = None) -> KeyUse:
    """How a key may be used, as people state it. Raises UsageError."""
    allowed = FrameRange.parse(range) if range is not None else None
    try:
        return KeyUse(number, weight, allowed.first if allowed else None, allowed.last if allowed else None)
    except ValueError as problem:
        raise UsageError(f"--{problem}") from problem


def checked(regions: tuple[Region, ...]) -> tuple[Region, ...]:
    """Regions whose names and strengths can be used. Raises UsageError."""
    for region in regions:
        for band, strength in asdict(region.bands).items():
            if not 0 <= strength <= MOST_STRENGTH:
                raise UsageError(f"region {shown(region.name)}: its strength of {band} is {strength:g}, allowed is 0 to {MOST_STRENGTH}")
    names = [code(r.name, "region") for r in regions]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise UsageError(f"region {twice[0]} is given twice: allowed is once")
    return regions


def check_uses(uses: Sequence[KeyUse], keys: Collection[int], *, unserved: str, cuts: str) -> None:
    """A key that is spoken of is one of the job's, once; and what is decided is one of the ways on. Raises UsageError."""
    named = [u.frame for u in uses]
    for number in named:
        if number not in keys:
            raise UsageError(f"--key {number}: no such key; the keys are {', '.join(map(str, keys))}")
        if named.count(number) > 1:
            raise UsageError(f"--key {number} is given twice: allowed is once")
    for what, given, allowed in (("unserved", unserved, (REFUSE, PLATE)), ("cuts", cuts, (REFUSE, SPLIT, NO_CUTS))):
        if given not in allowed:
            raise UsageError(f"{what} {shown(given)}: allowed are {', '.join(allowed)}")
