"""Angles of a room painted in the hand of one, as functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.concept.flats import read_flats
from bottega.engine.concept.numbers import NumbersSettings, by_numbers
from bottega.engine.concept.painted import Painted
from bottega.engine.concept.records import Room
from bottega.engine.concept.reframe import ReframeSettings, reframe
from bottega.engine.concept.room import RoomSettings, paint_angles

__all__ = [
    "Guides",
    "NumbersSettings",
    "Painted",
    "ReframeSettings",
    "Room",
    "RoomSettings",
    "by_numbers",
    "labels_of",
    "paint",
    "put_in_frame",
    "room_of",
]

put_in_frame = reframe

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Guides:
    """One angle's pictures as they were opened: numbers 0..1, and flats in exact colours."""

    flats: NDArray[np.uint8]
    normal: Picture
    depth: Picture
    shade: Picture
    line: Picture
    painted: Picture | None = None


def labels_of(flats: NDArray[np.uint8], labels: Mapping[str, Any]) -> NDArray[np.uint8]:
    """(H, W) uint8: what is where, by its place among the labels. Raises ValueError that names a colour that is no label's."""
    read, _ = read_flats(flats, np.array(list(labels.values()), np.uint8))
    return read


def room_of(guides: Guides, *, labels: Mapping[str, Any], depth_m: float, to_world: Any) -> Room:
    """An angle: normals from 0..1 to -1..1, depth to metres. Raises ValueError that names a colour that is no label's."""
    return Room(
        labels=labels_of(guides.flats, labels),
        normal=(guides.normal * 2 - 1).astype(np.float32),
        depth=(guides.depth * np.float32(depth_m)).astype(np.float32),
        shade=guides.shade,
        line=guides.line,
        to_world=None if to_world is None else np.array(to_world, np.float64),
        painted=guides.painted,
    )


def paint(key: Room, other: Room, *, settings: RoomSettings, threads: int, cancelled: Callable[[], bool]) -> Painted:
    """One other angle. Raises ValueError."""
    (made,) = paint_angles(key, (other,), settings=settings, threads=threads, cancelled=cancelled)
    return made
