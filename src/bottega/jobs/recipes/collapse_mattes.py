"""Where the building is seen and what stands before it, carried from the reference picture to a frame's camera; what is whose there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.building.parts import Part
from bottega.engine.collapse.finish.finishing import Finished
from bottega.engine.collapse.finish.mattes import ranked
from bottega.engine.collapse.finish.skin import to_world
from bottega.engine.collapse.finish.stage import Rested, Stage
from bottega.engine.collapse.records import Camera, Pieces
from bottega.engine.distances import distance_to_zero

Picture = NDArray[np.float32]
_MARGIN_PX = 6.0  # at 540 lines: as far as this from the outline a proxy may miss the building, and what is there is no foreground
_NEAR_M = 0.05


@dataclass(frozen=True, eq=False)
class Standing:
    """(H, W) float32 each: the building's visible part, what stands before it, and the depth of the ground behind (inf: sky)."""

    matte: Picture
    foreground: Picture
    ground: Picture


def standing(stage: Stage, rested: Rested, reference: Camera, matte: Picture) -> Standing:
    """Look the reference's matte up from a frame: where a piece is seen at rest through its own place, else along the ray.

    What is piece at rest and not building in the matte stands before it: a lamp post, a car. Along the outline, where a proxy is a little
    larger than its building, only what reaches in from deeper inside counts.
    """
    camera = rested.camera
    away = _places(stage, rested)
    hit = np.asarray((rested.samples >= 0).any(0))
    pixel, depth = reference.project(away.reshape(-1, 3))
    x, y = (pixel[:, k].reshape(hit.shape).astype(np.float32) - 0.5 for k in (0, 1))
    behind = depth.reshape(hit.shape) <= 0
    seen = cv2.remap(
        matte, np.where(behind, -9, x), np.where(behind, -9, y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.0
    )
    before = _before(seen, hit, _MARGIN_PX * camera.height / 540)
    ground = np.full(hit.shape, np.inf, np.float32)
    turn = np.asarray(camera.to_world)
    ground[rested.ground] = ((rested.point - turn[:3, 3]) @ -turn[:3, 2]).astype(np.float32)
    return Standing(np.ascontiguousarray(np.clip(seen, 0, 1)), before, ground)


def _places(stage: Stage, rested: Rested) -> NDArray[np.float64]:
    """(H, W, 3) a world point on each pixel's ray: on the piece seen there at rest, else far away."""
    camera = rested.camera
    turn = np.asarray(camera.to_world, np.float64)
    rows, columns = np.mgrid[0 : camera.height, 0 : camera.width]
    local = np.stack([columns + 0.5 - camera.centre_px[0], -(rows + 0.5 - camera.centre_px[1]), np.full(rows.shape, -camera.focal_px)], -1)
    ray = (local / camera.focal_px) @ turn[:3, :3].T
    far = np.full(rows.shape, 1e6)
    triangle = rested.samples.max(0)
    where = triangle >= 0
    corners = to_world(stage.skin, stage.rest)[stage.skin.triangles[triangle[where]]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    along = (ray[where] * normal).sum(-1)
    reach = ((corners[:, 0] - turn[:3, 3]) * normal).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = reach / along
    far[where] = np.where(np.isfinite(found) & (found > _NEAR_M), found, 1e6)
    return np.asarray(turn[:3, 3] + ray * far[..., None])


def _before(seen: Picture, hit: NDArray[Any], margin: float) -> Picture:
    """1 − matte inside the outline at rest, without the seam along the outline that hangs together with nothing deeper inside."""
    inside = distance_to_zero(np.pad(hit, 1).astype(np.uint8), most_px=max(margin + 1, 1))[1:-1, 1:-1]
    before = np.where(hit, 1 - seen, 0).astype(np.float32)
    count, parts = cv2.connectedComponents((before > 0.5).astype(np.uint8))
    deep = np.unique(parts[(before > 0.5) & (inside > margin)])
    solid = np.isin(parts, deep[deep > 0]) if count > 1 else np.zeros(hit.shape, bool)
    reach = 2 * int(np.ceil(margin)) + 3
    core = cv2.dilate((solid & (inside > margin)).astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    kept = solid & (core | (inside > margin))
    soft = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(np.where(soft, np.clip(before, 0, 1), 0), np.float32)


@dataclass(frozen=True, eq=False)
class Called:
    """The pieces' names: what each is and where, in letters, digits and `_`; what each element's kind is; (N,) the kind's number of each.

    `wall_s02_f0_b03_p00127`: kind, storey from 0, side of the plan, bay, the piece's own number. Only parts of walls have side and bay.
    """

    piece: tuple[str, ...]
    kinds: tuple[str, ...]
    kind: NDArray[np.int32]


def called(parts: Sequence[Part], pieces: Pieces) -> Called:
    """Name the pieces by the parts that they broke from."""
    plain = [re.sub(r"[^A-Za-z0-9]+", "_", part.kind).strip("_") or "part" for part in parts]
    kinds = tuple(dict.fromkeys(plain))
    kind = np.array([kinds.index(plain[e]) for e in pieces.element], np.int32)
    names = []
    for number, element in enumerate(pieces.element):
        part = parts[element]
        wall = f"_f{part.side}_b{part.bay:02d}" if part.side >= 0 else ""
        names.append(f"{plain[element]}_s{int(pieces.storey[number]):02d}{wall}_p{number:05d}")
    return Called(tuple(names), kinds, kind)


def ranks_of(finished: Finished, group: NDArray[np.int32], *, samples: int) -> tuple[NDArray[np.int32], Picture]:
    """Each pixel's groups and coverages (K, H, W), the largest first; K is even and enough for every sample to be another group."""
    return ranked(finished.owners, group, size=finished.touched.shape, ranks=max(2, samples))
