"""What a synthesis will do and cost, before it is run and without pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .lanes import LANES
from .pyramid import half
from .search import TILE
from .settings import SynthesisSettings
from .vote import GROUP

Size = tuple[int, int]

_LEAST_SIDE_PX = 16  # of the coarsest level, or two patches if that is more
# Measured with bench/engine_synthesis.py on one core of a shared server: seconds a target pixel.
_OFFER_SECONDS = 2.6e-8  # an offer that is compared: fixed part
_NUMBER_SECONDS = 5e-11  # and for each number of a patch
_SEARCHED = 0.6  # of all pixels in a pass; the others rest
_VOTE_SECONDS = 2.2e-9  # for each patch that votes, three style channels
_PIXEL_SECONDS = 1.5e-7  # packing, pyramid, upscaling


@dataclass(frozen=True)
class Level:
    """One level of the pyramid: sizes as (rows, columns) of the target and of each source."""

    target: Size
    sources: tuple[Size, ...]


@dataclass(frozen=True)
class Plan:
    """A synthesis of one size, ready to run; `str` prints it as a table.

    Parameters
    ----------
    settings
        As given to `plan`.
    style_channels, guide_channels
        Channels of every source and of the target.
    levels
        The coarsest first; the last has the sizes that were given.
    peak_bytes
        What the run allocates at its worst moment, beside the arrays that the caller gave: linear in pixels and channels.
    cpu_seconds
        On one core of the machine that the constants were measured on; expect a factor of two either way elsewhere.
    """

    settings: SynthesisSettings
    style_channels: int
    guide_channels: int
    levels: tuple[Level, ...] = field(repr=False)
    peak_bytes: int
    cpu_seconds: float

    @property
    def target(self) -> Size:
        """(rows, columns) of the result."""
        return self.levels[-1].target

    @property
    def sources(self) -> tuple[Size, ...]:
        """(rows, columns) of each source."""
        return self.levels[-1].sources

    @property
    def vote_patch(self) -> int:
        """Side of the patches that the result is voted from."""
        return 3 if self.settings.final_pass else self.settings.patch

    def passes(self) -> list[int]:
        """Passes of search on each level, the coarsest first."""
        s, below = self.settings, range(len(self.levels) - 1, -1, -1)
        return [s.rounds_on(down) * s.sweeps + (s.sweeps if s.final_pass and down == 0 else 0) for down in below]

    def __str__(self) -> str:
        s = self.settings
        lines = [f"{s.patch}x{s.patch} patches, {self.style_channels} style and {self.guide_channels} guide channels, seed {s.seed}"]
        lines.append("level  target        sources                 passes  tiles")
        for i, (level, passes) in enumerate(zip(self.levels, self.passes(), strict=True)):
            height, width = level.target
            across = ", ".join(f"{w}x{h}" for h, w in level.sources[:3]) + (" ..." if len(level.sources) > 3 else "")
            tiles = -(-height // TILE) * -(-width // TILE)
            lines.append(f"{len(self.levels) - 1 - i:>5}  {f'{width}x{height}':<12}  {across:<22}  {passes:>6}  {tiles:>5}")
        lines.append(f"at most {self.peak_bytes / 1e6:.0f} MB beside the inputs, about {self.cpu_seconds:.1f} CPU seconds")
        return "\n".join(lines)


def plan(
    sources: Size | Sequence[Size],
    target: Size,
    *,
    style_channels: int = 3,
    guide_channels: int = 3,
    maps: bool = False,
    settings: SynthesisSettings,
) -> Plan:
    """Levels, memory and cost of a synthesis: N pixels cost N·offers·patch²·channels, on all levels together 4/3 of the finest.

    Parameters
    ----------
    sources : (int, int) or sequence of (int, int)
        Rows and columns of the source, or of each.
    target : (int, int)
        Rows and columns of the picture to be made.
    style_channels, guide_channels : int
        Channels, 1..8 and 1..32.
    maps : bool
        Masks, classes or guide maps will be given: they take memory of their own.
    settings : SynthesisSettings
        Patch, levels, rounds and offers decide the cost.

    Returns
    -------
    Plan
        Give it to `synthesise`; print it to read it.

    Raises
    ------
    ValueError
        If a size is smaller than the patch, or there are too few or too many channels.

    Examples
    --------
    >>> made = plan((320, 462), (320, 462), guide_channels=3, settings=SynthesisSettings(patch=3))
    >>> [level.target for level in made.levels]
    [(20, 29), (40, 58), (80, 116), (160, 231), (320, 462)]
    """
    given: list[Size] = [sources] if isinstance(sources[0], int) else list(sources)  # type: ignore[arg-type, list-item]
    for name, (height, width) in [("target", target)] + [(f"sources[{i}]", size) for i, size in enumerate(given)]:
        if min(height, width) < settings.patch:
            raise ValueError(f"{name} is {height} pixels high and {width} wide, allowed is at least the patch, {settings.patch} each way")
    for name, count, most in (("style_channels", style_channels, 8), ("guide_channels", guide_channels, 32)):
        if not 1 <= count <= most:
            raise ValueError(f"{name} is {count}, allowed is 1 to {most}")
    levels = _levels(given, target, settings)
    peak = _peak(levels[-1], style_channels, guide_channels, settings.patch, maps)
    return Plan(settings, style_channels, guide_channels, levels, peak, _seconds(levels, style_channels + guide_channels, settings))


def _levels(sources: Sequence[Size], target: Size, settings: SynthesisSettings) -> tuple[Level, ...]:
    out = [Level(target, tuple(sources))]
    least = max(2 * settings.patch + 1, _LEAST_SIDE_PX)
    while settings.levels is None or len(out) < settings.levels:
        sizes = [(half(h), half(w)) for h, w in (out[0].target, *out[0].sources)]
        if min(min(size) for size in sizes) < least:
            break
        out.insert(0, Level(sizes[0], tuple(sizes[1:])))
    return tuple(out)


def _peak(finest: Level, style: int, guides: int, patch: int, maps: bool) -> int:
    """Bytes, a pixel and in all: packed 16 bit numbers, pyramids (a third of full size, float), field, cost, maps, voted picture."""
    rim = patch // 2 * 2
    target = (finest.target[0] + rim) * (finest.target[1] + rim)
    height = sum(-(-h // patch) * patch for h, _ in finest.sources)
    atlas = height * max(w for _, w in finest.sources)
    of_target = 2 * (style + guides) + 4 * guides / 3 + 8 + 4 + 4 + 8 + 8 + 4 * style + 4 + 12
    of_atlas = 2 * (style + guides) + 4 * (style + guides) / 3 + 4 * -(-style // GROUP) * GROUP + 3 + 8
    if maps:  # weights as 16 bit numbers, maps over their largest and their pyramid, classes and masks
        of_target += 2 * (style + guides) + 16 * guides / 3 + 4 * style / 3 + 4
        of_atlas += 4
    blocks = atlas / patch**2 * (4 * LANES + 24)
    return int(target * of_target + atlas * of_atlas + blocks + (1 << 24))


def _seconds(levels: Sequence[Level], channels: int, settings: SynthesisSettings) -> float:
    each = _OFFER_SECONDS + _NUMBER_SECONDS * settings.patch**2 * channels
    total = 0.0
    for down, level in enumerate(reversed(levels)):
        far, near, _ = settings.offers(down, down + 1 < len(levels), 0)
        rounds = settings.rounds_on(down)
        offers, votes = rounds * settings.sweeps * (3 + far + near) * _SEARCHED, rounds * settings.patch**2 * _VOTE_SECONDS
        total += level.target[0] * level.target[1] * (offers * each + votes + _PIXEL_SECONDS)
    return total
