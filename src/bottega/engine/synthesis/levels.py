"""One level of a synthesis: rounds of vote and search on arrays that are laid out once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .atlas import Atlas
from .canvas import Canvas, wrap_rim
from .lanes import Lane, make_lanes, merge, sweep_level
from .metric import Metric, renew
from .pyramid import bands
from .search import Ground, Sweep
from .settings import SynthesisSettings
from .vector import row_mask
from .vote import grouped, mean_rows, median_rows, weigh

Array = NDArray[Any]
FINAL_OFFERS = (3, 3, 8)  # of the last 3×3 pass
SLACK = 0.006  # share of the pixels by which all labels together may pass their quotas, so that labels can change places
NO_LIMIT = 1 << 40
EVERYWHERE = np.ones((1, 1), np.uint8)
POOR = 2.0  # times a level's mean difference, from which on a match is searched as widely as on a coarse level
ASTRAY = 0.25  # share of the guides' difference of two patches at random, from which on a match has gone astray
EVEN = 1.1  # blocks do not see that uses crowd across their borders: so much more λ makes up for it
_SAMPLES = 1 << 14  # pixels that a level's guides are known by
_PASS_SEEDS = 8192  # more passes than a level ever has


@dataclass(frozen=True)
class Turn:
    """Which pass over a level, and what is known before it."""

    sweep: int  # from 0
    fresh: bool = False  # the picture was voted anew
    guides_only: bool = False
    unsure: bool = False  # matches whose guides are far off are not believed


@dataclass(frozen=True)
class Crew:
    """Threads, and how many rows one of them votes at once. Neither changes a bit of the result."""

    executor: Executor | None
    threads: int
    band: int

    def each_band(self, rows: int, work: Callable[[int, int], None]) -> None:
        """Call work(first row, one past the last) for all bands."""
        parts = bands(rows, self.band)
        if self.executor is None or len(parts) == 1:
            for top, bottom in parts:
                work(top, bottom)
            return
        for done in [self.executor.submit(work, top, bottom) for top, bottom in parts]:
            done.result()


@dataclass(frozen=True, eq=False)
class Voters:
    """All that decides a vote: matches, their weights, and what they bring. Arrays cover the canvas."""

    field: Array
    weight: NDArray[np.float32]
    style: NDArray[np.float32]
    wanted: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    patch: int
    median: bool

    def rows(self, top: int, bottom: int, todo: NDArray[np.uint8] = EVERYWHERE) -> NDArray[np.float32]:
        """Votes for some rows of the canvas, channels in whole groups; where `todo` is 0, no values."""
        out = np.empty((bottom - top, self.weight.shape[1], grouped(self.style)), np.float32)
        kernel = median_rows if self.median else mean_rows
        kernel(self.field, self.weight, self.style, self.wanted, self.kind, todo, self.patch, top, out)
        return out


@dataclass(frozen=True, eq=False)
class Bench:
    """One level, laid out."""

    settings: SynthesisSettings
    metric: Metric
    atlas: Atlas
    canvas: Canvas
    ground: Ground
    lanes: tuple[Lane, ...]
    held: tuple[NDArray[np.int64], NDArray[np.int64]]  # matches a label, and the most it may have
    weight: NDArray[np.float32]
    stranger: float  # what the guides of two patches at random differ by

    def voters(self) -> Voters:
        """The field as it is now, weighed."""
        s, g = self.settings, self.ground
        unit = g.patch**2 * self.metric.full * s.vote_tolerance**2 if s.vote == "weighted" else 0.0
        weigh(g.cost, g.site, unit, self.weight)
        if s.wrap:
            for array in (g.field, g.moved, self.weight):
                wrap_rim(array, self.canvas.rim)
        return Voters(g.field, self.weight, self.atlas.style, g.wanted, self.atlas.kind, g.patch, s.vote == "median")

    def estimate(self, crew: Crew, *, since: int = 0, all_active: bool) -> None:
        """Vote the target's style, and find which pixels have to be searched again.

        From pass `since` on matches have moved since the last vote: under others the old vote stands. 0 is no vote yet.
        """
        voters, changed = self.voters(), np.zeros(self.canvas.site.shape, np.uint8)
        todo = self.unsettled(since)
        tolerance = int(self.settings.still * self.metric.span)
        metric = (self.metric.scale[: self.of_style], self.metric.offset[: self.of_style])
        into = self.canvas.view

        def work(top: int, bottom: int) -> None:
            renew(voters.rows(top, bottom, todo), into, top, self.canvas.kept, todo, metric, tolerance, changed)

        crew.each_band(len(changed), work)
        if self.settings.wrap:
            wrap_rim(into[..., : self.of_style], self.canvas.rim)
            wrap_rim(changed, self.canvas.rim)
        self.ground.active[...] = 1 if all_active else spread(changed, self.canvas.rim)

    def unsettled(self, since: int) -> NDArray[np.uint8]:
        """Where a vote comes out anew, or (1, 1) for everywhere: a weighted vote depends on differences, too."""
        if since == 0 or self.settings.vote == "weighted":
            return EVERYWHERE
        return spread((self.ground.moved >= since).astype(np.uint8), self.ground.patch // 2)

    @property
    def of_style(self) -> int:
        """Style channels."""
        return int(self.atlas.sheets[0].style.shape[2])

    def search(self, crew: Crew, offers: tuple[int, int, int], seed: int, turn: Turn) -> None:
        """One pass over the picture. `offers` is far, near, reach."""
        (far, near, reach), s, g, sweep = offers, self.settings, self.ground, turn.sweep
        side, mean = max(self.atlas.centre.shape), int(g.cost.sum(dtype=np.int64)) / max(1, int(g.site.sum()))
        pass_ = Sweep(
            bool(sweep & 1), turn.fresh, seed * _PASS_SEEDS + sweep, far, near, min(reach, side), sweep + 1,
            0 if turn.fresh or turn.guides_only or turn.unsure else sweep, int(ASTRAY * self.stranger) if turn.unsure else -1,
            int(POOR * mean) if mean > 0 else NO_LIMIT, max(far, s.far), min(s.reach_px, side),
        )  # fmt: skip
        ground = g._replace(row_mask=g.guide_mask) if turn.guides_only else g
        sweep_level(ground, self.lanes, pass_, self.held, crew.executor, crew.threads)

    def last_pass(self) -> Bench:
        """The same level for 3×3 patches whose use costs nothing."""
        row, moved, price = row_mask(3 * self.ground.channels), np.zeros_like(self.ground.moved), np.zeros_like(self.ground.price)
        return replace(self, ground=self.ground._replace(patch=3, row_mask=row, moved=moved, price=price))


def lay_bench(
    settings: SynthesisSettings,
    metric: Metric,
    atlas: Atlas,
    canvas: Canvas,
    field: Array,
    limits: tuple[Array, Array],
    caps: Array,
    lam: float,
) -> Bench:
    """Bring a level's arrays together. `limits` are anchor and radius, `caps` shares a label, `lam` λ in the pictures' squared units."""
    sites = int(canvas.site.sum())
    per_use = EVEN * lam * metric.unit * int(atlas.area.sum()) / sites
    price = np.where(atlas.area > 0, per_use / np.maximum(atlas.area, 1), 0.0)
    matches = label_counts(field, atlas, canvas, caps.size, settings.wrap)
    every, slack = matches.sum(), SLACK / max(1, caps.size - 1)
    most = np.where(caps < 1, np.ceil(caps * every) + np.floor(slack * every), NO_LIMIT).astype(np.int64)
    row, of_style = settings.patch * canvas.channels, atlas.sheets[0].style.shape[2]
    masks = row_mask(row), row_mask(row, of_style, canvas.channels)
    guarded = not atlas.plain() or canvas.wanted.size > 1 or limits[1].size > 1
    ground = Ground(
        canvas.packed, canvas.weights, atlas.packed, *masks, field, np.zeros(canvas.site.shape, np.int32), canvas.site,
        np.zeros(canvas.site.shape, np.int16), np.ones_like(canvas.site), canvas.wanted, atlas.centre, atlas.block_row, atlas.block_column,
        count(field, canvas.site, atlas), price, atlas.label, np.zeros(caps.size, np.int64), *limits, atlas.origin,
        canvas.channels, settings.patch, 0 if settings.wrap else 2 * canvas.rim, guarded,
    )  # fmt: skip
    lanes, weight = make_lanes(price.size, caps.size), np.zeros(canvas.site.shape, np.float32)
    bench = Bench(settings, metric, atlas, canvas, ground, lanes, (matches, most), weight, strangers(atlas, canvas, of_style))
    merge(ground, bench.lanes, bench.held)
    return bench


def strangers(atlas: Atlas, canvas: Canvas, of_style: int) -> float:
    """What the guides of a source patch and a target patch drawn at random differ by, from every so many pixels of each."""
    moments = []
    for packed, shape, there in ((atlas.packed, atlas.kind.shape, atlas.kind), (canvas.packed, canvas.site.shape, canvas.site)):
        numbers = packed[: shape[0] * shape[1] * canvas.channels].reshape(-1, canvas.channels)
        step = 1 + there.size // _SAMPLES
        chosen = numbers[::step, of_style:][there.ravel()[::step] > 0].astype(np.float64)
        moments.append((chosen.mean(0), chosen.var(0)) if chosen.size else (0.0, 0.0))
    (mean, variance), (other, another) = moments
    return float(np.sum((mean - other) ** 2 + variance + another)) * (2 * canvas.rim + 1) ** 2


def label_counts(field: Array, atlas: Atlas, canvas: Canvas, labels: int, wrap: bool) -> NDArray[np.int64]:
    """Pixels of every label, the border's by the patch that they go on from."""
    pixels = canvas.site.astype(np.int64)
    if not wrap:
        edge, times = 2 * canvas.rim, 1 + canvas.rim
        for row in {edge, pixels.shape[0] - 1 - edge}:
            pixels[row] *= times
        for column in {edge, pixels.shape[1] - 1 - edge}:
            pixels[:, column] *= times
    return np.bincount(atlas.label[field[..., 0]].ravel(), pixels.ravel(), minlength=labels).astype(np.int64)


def count(field: Array, site: NDArray[np.uint8], atlas: Atlas) -> NDArray[np.int32]:
    """Matches in every block of the atlas."""
    chosen = field[site != 0]
    blocks = atlas.block_row[chosen[:, 0]] + atlas.block_column[chosen[:, 1]]
    return np.bincount(blocks, minlength=atlas.area.size).astype(np.int32)


def spread(changed: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """1 where anything within `radius` pixels each way is set."""
    out = changed
    for axis in (0, 1):
        lines, wide = np.moveaxis(out, axis, 0), out.copy()
        into = np.moveaxis(wide, axis, 0)
        for shift in range(1, radius + 1):
            into[shift:] |= lines[:-shift]
            into[:-shift] |= lines[shift:]
        out = wide
    return out
