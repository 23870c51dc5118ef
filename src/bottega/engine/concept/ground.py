"""What a patchwork is laid of and by, and the first guess: a guided synthesis within classes says what may lie where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.synthesis import Source, SynthesisSettings, Target, plan, synthesise

from .records import Labels


class Ground(NamedTuple):
    """What is laid, and by what.

    style: (h, w, C) float32. source: (h, w, G) float32 guides. kind: (h, w) uint8, class of each pixel. target: (H, W, G) float32.
    wanted: (H, W) uint8: pixels take only from where kind is the same. weights: (G,) float32. held: (H, W) bool, pixels that stay as
    they begin.
    """

    style: NDArray[np.float32]
    source: NDArray[np.float32]
    kind: Labels
    target: NDArray[np.float32]
    wanted: Labels
    weights: NDArray[np.float32]
    held: NDArray[np.bool_]


@dataclass(frozen=True)
class Search:
    """How the first guess is made: seed, threads (the bits do not depend on them), and who may end it."""

    seed: int
    threads: int = 1
    cancelled: Callable[[], bool] | None = None

    def find(self, ground: Ground, start: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
        """(H, W, 2) int32, row and column in the source of each pixel's match; held pixels stay where they are in ``start``."""
        settings = SynthesisSettings(guide_weights=tuple(float(w) for w in ground.weights), seed=self.seed)
        (h, w), (height, width) = ground.kind.shape, ground.wanted.shape
        made = plan((h, w), (height, width), style_channels=ground.style.shape[2], guide_channels=ground.weights.size, settings=settings)
        source = Source(ground.style, ground.source, classes=ground.kind)
        wanted, picture, mask = reachable(ground.wanted, ground.kind, settings.patch // 2), None, None
        if start is not None:
            mask, picture = ~ground.held, ground.style[start[..., 0], start[..., 1]]
        target = Target(ground.target, picture, mask, wanted)
        found = synthesise(made, source, target, threads=self.threads, cancelled=self.cancelled).nnf[..., 1:]
        return found if start is None else np.where(ground.held[..., None], start, found)


def reachable(wanted: Labels, kind: Labels, rim: int) -> Labels:
    """Classes to search for: one that has no whole patch, as it lies in the source's border, gives way to the nearest in the target."""
    from scipy.ndimage import distance_transform_edt

    there = np.isin(wanted, kind[rim : kind.shape[0] - rim, rim : kind.shape[1] - rim])
    if there.all():
        return wanted
    if not there.any():
        return np.full_like(wanted, kind[kind.shape[0] // 2, kind.shape[1] // 2])
    y, x = distance_transform_edt(~there, return_distances=False, return_indices=True)
    return np.ascontiguousarray(wanted[y, x])
