"""Small pictures to synthesise from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine import Source, Synthesis, SynthesisSettings, Target, plan, synthesise

Array = NDArray[Any]


def noise(rows: int, columns: int, channels: int = 3, *, seed: int = 1) -> Array:
    """A texture no two patches of which are alike, 0..1: fine noise over coarse."""
    random = np.random.default_rng(seed)
    coarse = random.random((rows // 4 + 2, columns // 4 + 2, channels)).repeat(4, 0).repeat(4, 1)[:rows, :columns]
    return (0.5 * coarse + 0.5 * random.random((rows, columns, channels))).astype(np.float32)


def place(rows: int, columns: int) -> Array:
    """A position guide: row and column, 0..1 of the longer side."""
    return np.stack(np.mgrid[0:rows, 0:columns], -1).astype(np.float32) / max(rows, columns)


def quick(**given: Any) -> SynthesisSettings:
    """Settings that take little time."""
    return SynthesisSettings(**{"patch": 3, "rounds": 3, "sweeps": 2, **given})


def run(source: Any, target: Target, settings: SynthesisSettings, **options: Any) -> Synthesis:
    """Plan and synthesise."""
    sources = [source] if isinstance(source, Source) else source
    made = plan(
        [s.style.shape[:2] for s in sources],
        target.guides.shape[:2],
        style_channels=sources[0].style.shape[2],
        guide_channels=target.guides.shape[2],
        settings=settings,
    )
    return synthesise(made, source, target, **options)


def plan_of(source: Source, target: Target, settings: SynthesisSettings) -> Any:
    """The plan that `run` makes for one source."""
    channels = {"style_channels": source.style.shape[2], "guide_channels": target.guides.shape[2]}
    return plan(source.style.shape[:2], target.guides.shape[:2], settings=settings, **channels)
