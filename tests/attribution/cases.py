"""Random credit, drawn the way an engine makes it: some pixels copied, some learned, the rest blended."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from bottega.attribution import CreditMap, CreditSource, credit_frame
from bottega.model import Role


def digest(number: int) -> str:
    return f"{number:064x}"


def sources(count: int) -> list[CreditSource]:
    plate = CreditSource(id=7, exemplar=digest(1), role=Role.PLATE, licence_id="l_plate")
    authors = ("p_1", "p_2", None)
    keys = [
        CreditSource(id=100 + i, exemplar=digest(2 + i), role=Role.KEY, frame=1001 + i, author_id=authors[i % 3], licence_id="l_1")
        for i in range(count - 1)
    ]
    return [plate, *keys]


def random_parts(rng: np.random.Generator, count: int, shape: tuple[int, int]) -> np.ndarray:
    """Integers that sum to 65536: the gaps between sorted cuts."""
    cuts = np.sort(rng.integers(0, 65537, (count - 1, *shape)), axis=0)
    edges = np.concatenate([np.zeros((1, *shape), int), cuts, np.full((1, *shape), 65536)])
    return np.diff(edges, axis=0).astype(np.uint32)


@st.composite
def credits(draw: st.DrawFn, *, most_sources: int = 5, longest_px: int = 7) -> CreditMap:
    count = draw(st.integers(1, most_sources))
    shape = (draw(st.integers(1, longest_px)), draw(st.integers(1, longest_px)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = random_parts(rng, count, shape)
    copied = rng.integers(0, count + 1, shape).astype(np.uint8)
    if draw(st.booleans()):
        copied[:] = rng.integers(0, 2, shape)  # few keys copied: frames where a source may have no part at all
    for i in range(count):
        weights[:, copied == i + 1] = 0
        weights[i, copied == i + 1] = 65536
    learned = (copied == 0) & (rng.random(shape) < 0.3)
    xy = rng.integers(0, 11, (2, *shape)).astype(np.uint32) if draw(st.booleans()) else None
    return credit_frame(weights, copied, sources(count), learned=learned, copied_xy=xy)
