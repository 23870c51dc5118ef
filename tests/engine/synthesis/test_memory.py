"""What a run allocates: less than its plan says, and little for each pixel and channel."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from bottega.engine import Source, Target, plan, synthesise

from .pictures import noise, quick

SIZE = (384, 400)


def peak_of(sources: list[Source], target: Target, settings: Any, *, maps: bool = False) -> tuple[int, int, int]:
    """Bytes allocated at the worst moment beside the inputs, what the plan says, and pixels × channels."""
    channels = {"style_channels": sources[0].style.shape[2], "guide_channels": target.guides.shape[2]}
    made = plan([s.style.shape[:2] for s in sources], target.guides.shape[:2], settings=settings, maps=maps, **channels)
    pixels = sum(s.style[..., 0].size for s in sources) + target.guides[..., 0].size
    synthesise(made, sources, target)  # compiles what is not compiled yet, which takes memory too
    tracemalloc.start()
    try:
        synthesise(made, sources, target)
        return tracemalloc.get_traced_memory()[1], made.peak_bytes, pixels * sum(channels.values())
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("style", "guides"), [(1, 1), (3, 3), (3, 12)])
@pytest.mark.parametrize("given", [{}, {"patch": 5, "vote": "weighted", "final_pass": True}, {"wrap": True}], ids=str)
def test_a_run_stays_below_its_plan_and_60_bytes(style: int, guides: int, given: dict[str, Any]) -> None:
    source = Source(noise(*SIZE, style), noise(*SIZE, guides, seed=2))
    worst, planned, numbers = peak_of([source], Target(noise(*SIZE, guides, seed=3)), quick(rounds=1, sweeps=1, **given))
    assert worst <= planned
    assert worst <= 60 * numbers


def test_masks_classes_and_many_sources_stay_below_the_plan_too() -> None:
    classes = (np.mgrid[0 : SIZE[0], 0 : SIZE[1]][1] // 200).astype(np.uint8)
    mask = noise(*SIZE, 1, seed=4)[..., 0] > 0.1
    sources = [Source(noise(*SIZE, 3, seed=i), noise(*SIZE, 4, seed=i + 5), mask=mask, classes=classes, quota=0.5) for i in range(2)]
    maps = np.ones((*SIZE, 4), np.float32)
    target = Target(noise(*SIZE, 4, seed=9), picture=noise(*SIZE, 3), mask=mask, classes=classes, guide_maps=maps)
    worst, planned, numbers = peak_of(sources, target, quick(rounds=1, sweeps=1), maps=True)
    assert worst <= planned
    assert worst <= 60 * numbers
