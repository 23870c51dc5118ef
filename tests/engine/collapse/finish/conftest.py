"""One small shot: a tower before a bright sky on a grey ground, its plate made by the same light that the finish is told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine.collapse.finish.buffers import rasterise
from bottega.engine.collapse.finish.finishing import Shot
from bottega.engine.collapse.finish.light import Light
from bottega.engine.collapse.finish.sources import Tile, View
from bottega.engine.collapse.finish.stage import Rested, Stage, look_at_rest, prepare
from bottega.engine.collapse.records import Camera, Face, Pieces

from .towers import camera, still, tower

Array = NDArray[Any]


@dataclass(frozen=True)
class Scene:
    """All of it."""

    pieces: Pieces
    camera: Camera
    light: Light
    plate: Array
    clean: Array
    matte: Array
    tiles: tuple[Tile, ...]
    stage: Stage
    rested: Rested

    def shot(self, position: Array, rotation: Array, **other: Any) -> Shot:
        given = {"plate": self.plate, "clean": self.clean, "matte": self.matte, "foreground": np.zeros_like(self.matte)} | other
        return Shot(1001, camera=self.camera, position=position, rotation=rotation, **given)

    def pictures(self) -> list[Array]:
        return [self.plate, self.clean, *(v.picture for v in self.stage.views), *(t.picture for t in self.tiles)]


def tiles() -> tuple[Tile, ...]:
    rng = np.random.default_rng(4)
    made = (np.float32(0.3) + 0.1 * rng.random((64, 64, 3), np.float32) for _ in range(2))
    return tuple(
        Tile(name, "concrete", face, picture, 20.0)
        for name, face, picture in zip(("broken", "skin"), (Face.BROKEN, Face.OUTSIDE), made, strict=True)
    )


@pytest.fixture(scope="package")
def scene() -> Scene:
    pieces, seen_by = tower(), camera()
    light = Light((-1, -0.6, 0.8), (4.0, 3.6, 3.0), (1.0, 1.3, 1.8), (0.4, 0.4, 0.35), sun_map=256, sky_map=64, sky_directions=7)
    size = (seen_by.height, seen_by.width)
    rng = np.random.default_rng(2)
    clean = np.ascontiguousarray(np.broadcast_to(np.linspace(0.9, 0.2, size[0], dtype=np.float32)[:, None, None], (*size, 3)))
    clean += 0.05 * rng.random(clean.shape, np.float32)
    position, rotation = still(pieces)
    buffers = rasterise(pieces, position, rotation=rotation, camera=seen_by)
    there = buffers.piece >= 0
    pattern = 0.3 + 0.15 * np.sin(buffers.local * 4) + 0.02 * (buffers.piece % 5)[..., None]
    plate = np.where(there[..., None], pattern.astype(np.float32), clean)
    matte = there.astype(np.float32)
    views, made = [View("plate 1001", plate, seen_by, matte)], tiles()
    stage = prepare(pieces, light, views=views, tiles=made)
    return Scene(pieces, seen_by, light, plate, clean, matte, made, stage, look_at_rest(stage, seen_by))
