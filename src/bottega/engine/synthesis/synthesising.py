"""Guided synthesis by example: plan it, run it, gather it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .atlas import Atlas, Sheet, full_sheet, lay_out
from .canvas import Canvas, Scene, lay_canvas
from .field import extend, from_atlas, mend, refine, scatter, to_atlas
from .inputs import Source, Target, check
from .levels import FINAL_OFFERS, Bench, Crew, Turn, lay_bench
from .metric import Metric, limits, make_metric
from .planning import Plan
from .pyramid import Allocate
from .regather import fill

Array = NDArray[Any]
_BLIND_DOWN = 3  # levels below full size from which on a first round has no style
_REACH_OF_UNIFORMITY = 3500 / 255**2  # EbSynth's figure for 5×5 patches and 8 bit values


class Cancelled(Exception):  # noqa: N818 - not a fault
    """The caller's `cancelled` said so; nothing is handed back. `message` says how far it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class Synthesis(NamedTuple):
    """What comes out of `synthesise`.

    image: (H, W, C) float32, in the sources' own units. nnf: (H, W, 3) int32, the source, row and column of the centre of the patch that
    each pixel's patch was matched with, −1 where nothing was made. weights: (H, W) float32, the say that each patch had in the vote.
    """

    image: NDArray[np.float32]
    nnf: NDArray[np.int32]
    weights: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Job:
    """A synthesis that is running."""

    plan: Plan
    metric: Metric
    lam: float
    labels: tuple[int, ...]  # index of each source's label
    caps: NDArray[np.float64]  # most share, a label each
    target: Target
    allocate: Allocate
    crew: Crew
    tick: Callable[[int], None]


def synthesise(
    plan: Plan,
    source: Source | Sequence[Source],
    target: Target,
    *,
    threads: int = 1,
    band_rows: int = 128,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    allocate: Allocate = np.empty,
) -> Synthesis:
    """Fill a target from sources: a field n and a picture T that make Σ w·|T(p) − S(n(p))|² + λ·use(n(p)) small over all patches p.

    Coarse to fine; on each level rounds of vote and search. The energy is that of Kaspar 2015 and Fišer 2016 (with guides: Hertzmann 2001;
    with use: Jamriška 2015), the search PatchMatch (Barnes 2009) by translation only, the vote that of Wexler 2007.

    Parameters
    ----------
    plan : Plan
        From `plan`, for these sizes and channels.
    source : Source or sequence of Source
        Where to copy from.
    target : Target
        What to fill.
    threads : int
        How many; the bits do not depend on it.
    band_rows : int
        Rows that one thread votes at once; the bits do not depend on it.
    progress : callable, optional
        Called with (done, total) after every pass, the work in pixels.
    cancelled : callable, optional
        Asked before every pass; True ends the run with `Cancelled`.
    allocate : callable, optional
        Makes the large arrays from a shape and a dtype, as ``numpy.empty`` does; memory-mapped arrays bound what is held in memory.

    Returns
    -------
    Synthesis
        (image, nnf, weights). `regather` makes the same image from the other two, bit for bit.

    Raises
    ------
    TypeError, ValueError
        If an array is of the wrong kind, size or content, or does not fit the plan: which, where, what is allowed.
    Cancelled
        If ``cancelled`` said so.

    Examples
    --------
    >>> import numpy as np
    >>> from bottega.engine import Source, SynthesisSettings, Target, plan, synthesise
    >>> y, x = np.mgrid[0:32, 0:32].astype(np.float32)
    >>> place = np.stack([y, x], -1)
    >>> stripes = np.sin(x / 2)[..., None]
    >>> made = plan((32, 32), (32, 32), style_channels=1, guide_channels=2, settings=SynthesisSettings())
    >>> image, nnf, weights = synthesise(made, Source(stripes, place), Target(place))
    >>> bool(np.abs(image - stripes)[2:-2, 2:-2].max() < 1e-6)
    True
    """
    sources = [source] if isinstance(source, Source) else list(source)
    check(sources, target, plan.settings.patch)
    _fits(plan, sources, target)
    if threads < 1 or band_rows < 1:
        raise ValueError(f"threads is {threads} and band_rows {band_rows}, allowed is 1 or more")
    with ThreadPoolExecutor(threads) if threads > 1 else nullcontext() as executor:
        job = _job(plan, sources, target, allocate, Crew(executor, threads, band_rows), _ticker(plan, progress, cancelled))
        bench = _descend(job, _sheets(plan, sources, allocate), _scenes(plan, target, allocate))
        return _finish(job, bench)


def _fits(plan: Plan, sources: Sequence[Source], target: Target) -> None:
    sizes = tuple(s.style.shape[:2] for s in sources)
    if sizes != plan.sources or target.guides.shape[:2] != plan.target:
        raise ValueError(f"sources are {sizes} and target {target.guides.shape[:2]}, the plan allows {plan.sources} and {plan.target}")
    channels = sources[0].style.shape[2], target.guides.shape[2]
    if channels != (plan.style_channels, plan.guide_channels):
        raise ValueError(f"style and guide channels are {channels}, the plan allows {(plan.style_channels, plan.guide_channels)}")


def _ticker(plan: Plan, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None) -> Callable[[int], None]:
    total = sum(level.target[0] * level.target[1] * passes for level, passes in zip(plan.levels, plan.passes(), strict=True))
    done = 0

    def tick(pixels: int) -> None:
        nonlocal done
        if cancelled is not None and cancelled():
            raise Cancelled(f"cancelled after {done} of {total} pixels")
        done += pixels
        if progress is not None and pixels:
            progress(done, total)

    return tick


def _job(plan: Plan, sources: Sequence[Source], target: Target, allocate: Allocate, crew: Crew, tick: Callable[[int], None]) -> Job:
    names = sorted({i if s.label is None else s.label for i, s in enumerate(sources)})
    labels = tuple(names.index(i if s.label is None else s.label) for i, s in enumerate(sources))
    caps = np.ones(len(names))
    for label, source in zip(labels, sources, strict=True):
        caps[label] = 1.0 if source.quota is None else source.quota
    weights = np.asarray(plan.settings.weights(plan.style_channels, plan.guide_channels))
    if not weights[plan.style_channels :].any():
        raise ValueError("guide_weights are all 0, allowed is more than 0 somewhere: no guide would be followed")
    if target.guide_maps is not None:
        weights[plan.style_channels :] *= target.guide_maps.reshape(-1, target.guide_maps.size // (plan.target[0] * plan.target[1])).max(0)
    ranges = [limits([(s.style[..., c], s.mask) for s in sources]) for c in range(plan.style_channels)]
    for c in range(plan.guide_channels):
        ranges.append(limits([*((s.guides[..., c], s.mask) for s in sources), (target.guides[..., c], None)]))
    lam = plan.settings.uniformity
    if lam is None:
        lam = _REACH_OF_UNIFORMITY * max(high - low for low, high in ranges[: plan.style_channels]) ** 2
    metric = make_metric(ranges, [float(w) for w in weights], plan.settings.patch)
    return Job(plan, metric, lam, labels, caps, target, allocate, crew, tick)


def _sheets(plan: Plan, sources: Sequence[Source], allocate: Allocate) -> list[tuple[Sheet, ...]]:
    levels = [tuple(full_sheet(source) for source in sources)]
    for _ in plan.levels[1:]:
        levels.insert(0, tuple(sheet.halved(allocate) for sheet in levels[0]))
    return levels


def _scenes(plan: Plan, target: Target, allocate: Allocate) -> list[Scene]:
    maps = target.guide_maps
    if maps is not None:
        maps = maps.reshape(*plan.target, -1)
        maps = maps / np.maximum(maps.reshape(-1, maps.shape[2]).max(0), np.finfo(np.float32).tiny)
    levels = [Scene(target.guides, target.picture, target.mask, target.classes, maps)]
    for _ in plan.levels[1:]:
        levels.insert(0, levels[0].halved(allocate))
    return levels


def _descend(job: Job, sheets: list[tuple[Sheet, ...]], scenes: list[Scene]) -> Bench:
    """All levels, the coarsest first. A coarse level where the masks leave no patch is left out."""
    s = job.plan.settings
    bench: Bench | None = None
    for i, (sheet, scene) in enumerate(zip(sheets, scenes, strict=True)):
        down, pixels = len(sheets) - 1 - i, scene.guides.shape[0] * scene.guides.shape[1]
        atlas = lay_out(sheet, job.labels, job.metric, s.patch, job.allocate)
        if not atlas.centre.any() and down:
            job.tick(pixels * job.plan.passes()[i])
            continue
        refined, bench = bench is not None, _begin(job, atlas, scene, bench, down)
        _rounds(job, bench, down, refined)
    assert bench is not None  # noqa: S101 - the finest level is never left out
    if s.final_pass:
        bench = bench.last_pass()
        bench.estimate(job.crew, all_active=True)
        for sweep in range(s.sweeps):
            job.tick(0)
            bench.search(job.crew, FINAL_OFFERS, s.seed * 64 + 63, Turn(sweep, sweep == 0))
            job.tick(job.plan.target[0] * job.plan.target[1])
    return bench


def _rounds(job: Job, bench: Bench, down: int, refined: bool) -> None:
    """Vote and search. The first round of the coarse levels looks at the guides alone: what was voted there means nothing yet.

    On finer levels it does so where the guides say that a match is wrong.
    """
    s, (rows, columns) = job.plan.settings, bench.canvas.site[bench.canvas.inner].shape
    blind = job.target.start is None and (not refined or down >= _BLIND_DOWN)
    for sweep in range(s.rounds_on(down) * s.sweeps):
        round_, fresh = sweep // s.sweeps, sweep % s.sweeps == 0
        if fresh:
            bench.estimate(job.crew, since=max(0, sweep + 1 - s.sweeps), all_active=round_ <= blind)
        job.tick(0)
        offers = s.offers(down, refined, sweep)
        unsure = round_ == 0 and not blind and job.target.start is None
        bench.search(job.crew, offers, s.seed * 64 + down, Turn(sweep, fresh, blind and round_ == 0, unsure))
        job.tick(rows * columns)


def _begin(job: Job, atlas: Atlas, scene: Scene, before: Bench | None, down: int) -> Bench:
    """Lay a level out, with the field that it starts from."""
    s = job.plan.settings
    canvas = lay_canvas(scene, job.metric, patch=s.patch, wrap=s.wrap, allocate=job.allocate)
    _classes_there(canvas, atlas, down)
    random = np.random.default_rng([s.seed, down])
    anchor, radius = np.zeros((1, 1, 2), np.int32), np.zeros((1, 1), np.int32)
    if job.target.start is not None:
        anchor = _anchor(job.target.start, canvas, atlas, down)
        mend(anchor, canvas.site, canvas.wanted, atlas, job.caps, random)
    if before is not None:
        field = refine(before.ground.field, before.atlas, atlas, canvas.site.shape, canvas.rim, 0 if s.wrap else canvas.rim)
    elif job.target.start is not None:
        field = anchor.copy()
    else:
        asked = np.broadcast_to(canvas.wanted, canvas.site.shape) if canvas.wanted.size > 1 else np.zeros(canvas.site.shape, np.uint8)
        field = scatter(atlas, asked.ravel(), job.caps, random).reshape(*canvas.site.shape, 2)
    if job.target.radius is not None:
        radius = np.zeros(canvas.site.shape, np.int32)
        coarse = -(-np.asarray(job.target.radius) // (1 << down))
        radius[canvas.inner] = np.broadcast_to(coarse, job.plan.target)[:: 1 << down, :: 1 << down]
        field = np.clip(field, anchor - radius[..., None], anchor + radius[..., None])
    mend(field, canvas.site, canvas.wanted, atlas, job.caps, random)
    return lay_bench(s, job.metric, atlas, canvas, field, (anchor, radius), job.caps, job.lam)


def _classes_there(canvas: Canvas, atlas: Atlas, down: int) -> None:
    """Ask for no class that has no patch on this level; at full size that is an error."""
    there = np.unique(atlas.centre)
    if not atlas.centre.any():
        raise ValueError("the sources' masks leave no whole patch to copy from, allowed is at least one")
    if canvas.wanted.size == 1:
        return
    missing = np.setdiff1d(np.unique(canvas.wanted[canvas.site != 0]), np.append(there, 0))
    if missing.size and not down:
        allowed = (there[there > 0] - 1).tolist()
        raise ValueError(f"the target has class {int(missing[0]) - 1}, of which the sources have no whole patch; allowed are {allowed}")
    canvas.wanted[np.isin(canvas.wanted, missing)] = 0


def _anchor(start: Array, canvas: Canvas, atlas: Atlas, down: int) -> NDArray[np.int32]:
    places = start[:: 1 << down, :: 1 << down].astype(np.int64)
    places[..., 1:] >>= down
    anchor = np.zeros((*canvas.site.shape, 2), np.int32)
    anchor[canvas.inner] = to_atlas(places, atlas)
    return anchor


def _finish(job: Job, bench: Bench) -> Synthesis:
    canvas, (height, width), s = bench.canvas, job.plan.target, job.plan.settings
    if not s.wrap:
        extend(bench.ground.field, bench.atlas, canvas.rim, canvas.rim)
        mend(bench.ground.field, 1 - canvas.kept, canvas.wanted, bench.atlas, job.caps, np.random.default_rng([s.seed, 64]))
    voters = bench.voters()
    image = job.allocate((height, width, job.plan.style_channels), np.dtype(np.float32))
    fill(image, voters, canvas.kept, canvas.rim, job.target, job.crew)
    nnf = job.allocate((height, width, 3), np.dtype(np.int32))
    from_atlas(bench.ground.field[canvas.inner], canvas.kept[canvas.inner], bench.atlas, nnf)
    return Synthesis(image, nnf, np.ascontiguousarray(bench.weight[canvas.inner]))
