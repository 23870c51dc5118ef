"""Where the colour of a piece's surface comes from: pictures that saw it, and tiles by example for what none saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera, Face
from bottega.engine.synthesis.compiled import uncounted

from .raster import PARTS, Lens, Planes, lens_of
from .sampling import STEPS
from .skin import Pose, Skin

Array = NDArray[Any]

SURE = 0.98  # of the matte: less is mixed with what is behind or before
_SNAP_PX = 4  # how far a place beside the sure part may go to its nearest pixel
_OFFSET_M = 64.0  # a tile begins somewhere within so many metres, another for each piece and side


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture that shows the pieces.

    name
        What it is called in the credit.
    picture
        (h, w, 3) float32, linear.
    camera
        Through which it was taken, of the picture's size.
    matte
        (h, w) float32, 0..1: how much of a pixel is the building's own, what stands before it held out; of a painted key,
        what was painted.
    position, rotation
        The pose that it shows, as in `Motion`; None is the rest.
    painted
        Whether it is a painted key, which goes before every plate.
    """

    name: str
    picture: Array
    camera: Camera
    matte: Array
    position: Array | None = None
    rotation: Array | None = None
    painted: bool = False

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        if self.picture.shape != (*size, 3) or self.picture.dtype != np.float32:
            raise ValueError(f"view {self.name}: picture is {self.picture.dtype} {self.picture.shape}, allowed is float32 {(*size, 3)}")
        if self.matte.shape != size or not (self.matte.min() >= 0 and self.matte.max() <= 1):
            raise ValueError(f"view {self.name}: matte is {self.matte.shape}, allowed is {size} with 0 to 1")
        if not (self.matte >= SURE).any():
            raise ValueError(
                f"view {self.name}: matte is nowhere {SURE} or more (at most {self.matte.max():g}): nothing can be taken from it"
            )
        if (self.position is None) != (self.rotation is None):
            raise ValueError(f"view {self.name}: position and rotation are given together, or neither")


class Seen(NamedTuple):
    """A view laid out for the kernels; nearest (h, w, 2) int32 is the nearest sure pixel, or −1 where none is near."""

    near: Array
    triangle: Array
    lens: Lens
    pose: Pose
    nearest: Array


class Found(NamedTuple):
    """Of F fragments in one view: (F,) found, x and y in 1/256, step (F, 2, 2) float32, resolution (F,) float32 pixels a metre.

    `column` and `row` (F,) int32 are the pixel that it falls on.
    """

    found: Array
    x: Array
    y: Array
    step: Array
    resolution: Array
    column: Array
    row: Array


def lay_view(view: View, planes: Planes, pose: Pose) -> Seen:
    """A view with what it shows drawn."""
    from scipy.ndimage import distance_transform_edt

    sure = (view.matte >= SURE) & (planes.triangle >= 0)
    if not sure.any():
        raise ValueError(f"view {view.name}: no pixel of its matte shows a piece; do camera, pose and matte belong together?")
    distance, index = distance_transform_edt(~sure, return_indices=True)
    nearest = np.where((distance <= _SNAP_PX)[..., None], np.stack([index[1], index[0]], -1), -1).astype(np.int32)
    return Seen(planes.near, planes.triangle, lens_of(view.camera), pose, nearest)


def look_up(skin: Skin, fragments: Any, seen: Seen) -> Found:
    """Each fragment's place in a view, where the view saw it."""
    count = len(fragments.pixel)
    found = Found(
        np.zeros(count, np.bool_), np.zeros(count, np.int32), np.zeros(count, np.int32), np.zeros((count, 2, 2), np.float32),
        np.zeros(count, np.float32), np.zeros(count, np.int32), np.zeros(count, np.int32),
    )  # fmt: skip
    _look_up(skin, fragments, seen, (np.empty(3), np.empty(3), np.empty(3)), found)
    return found


@uncounted
def _look_up(skin: Any, fragments: Any, seen: Any, room: Any, into: Any) -> None:
    at, other, moved_to = room
    for i in range(len(fragments.pixel)):
        t = fragments.triangle[i]
        for attempt in range(2):
            place = fragments.local[i] if attempt == 0 else fragments.side[i]
            shown_at(skin, t, seen, place, at)
            if _is_seen(skin, t, seen, at):
                into.found[i] = True
                break
        if not into.found[i]:
            continue
        x, y = int(np.floor((at[0] - 0.5) * STEPS + 0.5)), int(np.floor((at[1] - 0.5) * STEPS + 0.5))
        into.x[i], into.y[i], moved = _onto_sure(x, y, seen.nearest)
        into.column[i], into.row[i] = int(at[0]), int(at[1])
        into.resolution[i] = seen.lens.scale / at[2] * np.sqrt(abs(facing(skin, t, seen, at)))
        for k in range(2):
            if moved:
                continue
            for c in range(3):
                moved_to[c] = place[c] + fragments.step[i, k, c]
            shown_at(skin, t, seen, moved_to, other)
            for c in range(2):
                into.step[i, k, c] = min(max(other[c] - at[c], -64.0), 64.0) if other[2] > 0 else 0.0


@uncounted
def shown_at(skin: Any, t: int, seen: Any, place: Array, out: Array) -> None:
    """A place of a triangle's piece in the view: column, row, depth."""
    p, lens = skin.piece[t], seen.lens
    right, down, ahead = 0.0, 0.0, 0.0
    for j in range(3):
        turn = seen.pose.turn[p, j]
        world = seen.pose.position[p, j] + turn[0] * place[0] + turn[1] * place[1] + turn[2] * place[2] - lens.eye[j]
        right += lens.turn[0, j] * world
        down += lens.turn[1, j] * world
        ahead += lens.turn[2, j] * world
    out[2] = ahead
    if ahead > 0:
        out[0], out[1] = right / ahead * lens.scale + lens.centre_x, down / ahead * lens.scale + lens.centre_y


@uncounted
def facing(skin: Any, t: int, seen: Any, at: Array) -> float:
    """Cosine between a triangle's normal and the way to the view's eye; not above 0 is turned away."""
    p, lens = skin.piece[t], seen.lens
    x, y = (at[0] - lens.centre_x) / lens.scale, (at[1] - lens.centre_y) / lens.scale
    total = 0.0
    for j in range(3):
        ray = lens.turn[0, j] * x + lens.turn[1, j] * y + lens.turn[2, j]
        turn = seen.pose.turn[p, j]
        total -= ray * (turn[0] * skin.normal[t, 0] + turn[1] * skin.normal[t, 1] + turn[2] * skin.normal[t, 2])
    return float(total / np.sqrt(1 + x * x + y * y))


@uncounted
def _alike(skin: Any, one: int, other: int, pose: Any) -> float:
    """Cosine between the normals of two triangles in the view."""
    total = 0.0
    for j in range(3):
        a, b = 0.0, 0.0
        for i in range(3):
            a += pose.turn[skin.piece[one], j, i] * skin.normal[one, i]
            b += pose.turn[skin.piece[other], j, i] * skin.normal[other, i]
        total += a * b
    return total


@uncounted
def _is_seen(skin: Any, t: int, seen: Any, at: Array) -> bool:
    """In the picture, facing it, and the nearest thing there: the same flat, or the same kind of face, turned alike, at the same depth.

    A broken side that touches the skin at rest lies at the skin's depth, and was not seen.
    """
    height, width = seen.near.shape
    if at[2] <= 0 or not (0 <= at[0] < width and 0 <= at[1] < height):
        return False
    x, y = int(at[0]), int(at[1])
    there, towards = seen.triangle[y, x], facing(skin, t, seen, at)
    if there < 0 or seen.nearest[y, x, 0] < 0 or (towards <= 0 and not skin.double[t]):
        return False
    for j in range(max(y - 1, 0), min(y + 2, height)):  # a flat may end within the pixel, before its middle
        for i in range(max(x - 1, 0), min(x + 2, width)):
            if seen.triangle[j, i] >= 0 and skin.flat[seen.triangle[j, i]] == skin.flat[t]:
                return True
    bias = 0.01 + 1.5 * at[2] / seen.lens.scale / max(abs(towards), 0.1)
    if skin.double[t]:  # a card lies a little behind its piece
        bias += 0.002 * at[2]
    elif skin.face[there] != skin.face[t] or _alike(skin, t, there, seen.pose) < 0.7:
        bias = 0.0
    return bool(abs(1 / seen.near[y, x] - at[2]) < bias)


@uncounted
def _onto_sure(x: int, y: int, nearest: Array) -> tuple[int, int, bool]:
    """The place, if all four pixels about it are sure; else the nearest sure pixel."""
    height, width = nearest.shape[:2]
    x0, y0 = x // STEPS, y // STEPS
    for j in range(y0, y0 + 1 + (y % STEPS > 0)):
        for i in range(x0, x0 + 1 + (x % STEPS > 0)):
            a, b = min(max(i, 0), width - 1), min(max(j, 0), height - 1)
            if nearest[b, a, 0] != a or nearest[b, a, 1] != b:
                a = min(max((x + STEPS // 2) // STEPS, 0), width - 1)
                b = min(max((y + STEPS // 2) // STEPS, 0), height - 1)
                if nearest[b, a, 0] < 0:
                    return a * STEPS, b * STEPS, True
                return nearest[b, a, 0] * STEPS, nearest[b, a, 1] * STEPS, True
    return x, y, False


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A texture without edges for one material and face kind, made by example (`texture.make_tile`).

    name
        What it is called in the credit.
    material, face
        Whose skin it is.
    picture
        (h, w, 3) float32, linear.
    px_per_metre
        Its real scale.
    lit_by
        (r, g, b) irradiance that its exemplar was taken under, by which it is divided; None says that it is albedo.
    """

    name: str
    material: str
    face: Face
    picture: Array
    px_per_metre: float
    lit_by: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.picture.ndim != 3 or self.picture.shape[2] != 3 or self.picture.dtype != np.float32:
            raise ValueError(f"tile {self.name}: picture is {self.picture.dtype} {self.picture.shape}, allowed is float32 (h, w, 3)")
        if not self.px_per_metre > 0 or (self.lit_by is not None and min(self.lit_by) <= 0):
            raise ValueError(f"tile {self.name}: {self.px_per_metre} px a metre, lit by {self.lit_by}; allowed is more than 0")

    @property
    def light(self) -> Array:
        """(3,) what irradiance is divided by: the exemplar's own, or π for albedo."""
        return np.full(3, np.pi) if self.lit_by is None else np.asarray(self.lit_by, np.float64)


def on_tile(skin: Skin, fragments: Any, tile: Tile, *, seed: int) -> tuple[Array, Array, Array]:
    """Places (F,) x, y in 1/256 and steps (F, 2, 2) on a tile: along the two axes that a triangle faces least, from a start of its own.

    All in piece space, so that the texture lies still on its piece.
    """
    normal = np.abs(skin.normal[fragments.triangle])
    axis = normal.argmax(1)
    across, along = np.array([1, 0, 0])[axis], np.array([2, 2, 1])[axis]
    row = np.arange(len(axis))
    start = starts(len(np.unique(skin.piece)), seed=seed)[skin.piece[fragments.triangle], axis]
    place = np.stack([fragments.side[row, across], -fragments.side[row, along]], -1) * tile.px_per_metre
    step = np.stack([fragments.step[row, :, across], -fragments.step[row, :, along]], -1) * tile.px_per_metre
    size = np.array([tile.picture.shape[1], tile.picture.shape[0]])
    at = np.floor(np.mod(place + start * tile.px_per_metre, size) * STEPS + 0.5).astype(np.int32)
    return at[:, 0], at[:, 1], step.astype(np.float32)


def starts(pieces: int, *, seed: int) -> Array:
    """(N, 3, 2) metres: where the texture begins on each piece, for each axis that a face may look along."""
    return np.random.default_rng([seed, PARTS]).random((pieces, 3, 2)) * _OFFSET_M
