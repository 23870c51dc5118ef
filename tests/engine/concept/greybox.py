"""Another room, for tests: boxes, cast by rays from any camera, and a painting of it made of strokes along its surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from bottega.engine.concept.records import Room

FLOOR, CEILING, BACK, LEFT, RIGHT, BED, CRATE, BEAM, FRONT = range(9)
_BOXES = (  # label, low and high corner in metres: x right, y up, z to the viewer of the first angle; the room is 6 x 3 x 6
    (BED, (-2.9, 0.0, -2.8), (-1.4, 0.6, -0.3)),
    (CRATE, (1.2, 0.0, -2.2), (2.2, 1.0, -1.2)),
    (CRATE, (-0.5, 0.0, -0.6), (0.2, 0.6, 0.1)),
    (BEAM, (-3.0, 2.6, -1.1), (3.0, 3.0, -0.7)),
)
_PAINT = {  # linear colours
    FLOOR: (0.16, 0.10, 0.06), CEILING: (0.30, 0.30, 0.28), BACK: (0.10, 0.22, 0.20), LEFT: (0.30, 0.22, 0.10), RIGHT: (0.12, 0.16, 0.26),
    BED: (0.40, 0.10, 0.09), CRATE: (0.35, 0.26, 0.08), BEAM: (0.10, 0.06, 0.04), FRONT: (0.2, 0.2, 0.2),
}  # fmt: skip


@dataclass(frozen=True)
class Camera:
    """Where it stands (metres), how it is turned (degrees, to the left and up), and its opening across."""

    place: tuple[float, float, float]
    turn: float
    tilt: float = -6.0
    across: float = 75.0

    def to_world(self) -> np.ndarray:
        """Rotation from camera to world."""
        a, b = np.radians(self.turn), np.radians(self.tilt)
        about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        return np.asarray(about_y @ about_x)


def greybox(camera: Camera, height: int, width: int) -> Room:
    """The guides of one angle."""
    focal = width / 2 / np.tan(np.radians(camera.across) / 2)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    rays = np.stack([(x - width / 2) / focal, (height / 2 - y) / focal, -np.ones_like(x)], -1) @ camera.to_world().T
    origin = np.asarray(camera.place)
    far = np.full((height, width), np.inf)
    labels, normal = np.zeros((height, width), np.uint8), np.zeros((height, width, 3))
    inside = ((FLOOR, 1, 0.0, 1), (CEILING, 1, 3.0, -1), (BACK, 2, -3.0, 1), (LEFT, 0, -3.0, 1), (RIGHT, 0, 3.0, -1), (FRONT, 2, 3.0, -1))
    for label, axis, at, way in inside:
        with np.errstate(divide="ignore"):
            t = (at - origin[axis]) / rays[..., axis]
        hit = (t > 1e-6) & (rays[..., axis] * way < 0) & (t < far)
        far[hit], labels[hit], normal[hit] = t[hit], label, np.eye(3)[axis] * way
    for label, low, high in _BOXES:
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.stack([(np.asarray(c) - origin) / rays for c in (low, high)])
        near, last = ends.min(0), ends.max(0)
        axis = near.argmax(-1)
        t = near.max(-1)
        hit = (t > 1e-6) & (t < last.min(-1)) & (t < far)
        far[hit], labels[hit] = t[hit], label
        normal[hit] = (np.eye(3)[axis] * -np.sign(np.take_along_axis(rays, axis[..., None], -1)))[hit]
    return _lit(camera, labels, normal, origin + far[..., None] * rays, far)


def _lit(camera: Camera, labels: np.ndarray, normal: np.ndarray, place: np.ndarray, depth: np.ndarray) -> Room:
    lamp = np.array([0.4, 2.3, 0.6]) - place
    size = np.linalg.norm(lamp, axis=-1)
    shade = 0.18 + 0.95 * np.maximum((lamp * normal).sum(-1) / size, 0) / (1 + 0.12 * size**2)
    edge = np.zeros(labels.shape)
    facing = normal @ np.array([1.0, 2.0, 4.0])
    for plane in (labels.astype(float), facing):
        edge[:, 1:] += plane[:, 1:] != plane[:, :-1]
        edge[1:] += plane[1:] != plane[:-1]
    line = np.minimum(gaussian_filter((edge > 0).astype(float), 0.8) * 2, 1)
    one = [np.ascontiguousarray(a, np.float32) for a in (normal @ camera.to_world(), depth, np.clip(shade, 0, 1), line)]
    return Room(labels, *one, to_world=camera.to_world())


def paint(room: Room, seed: int = 1, length: float = 22.0, wide: float = 3.0) -> np.ndarray:
    """A painting of an angle: strokes of one length and width, along level lines of the surface, dark and light, a little out of colour."""
    random = np.random.default_rng(seed)
    height, width = room.labels.shape
    world = room.normal @ room.to_world.T.astype(np.float32)
    along = np.cross(world, (0.0, 1.0, 0.0))
    flat = np.linalg.norm(along, axis=-1) < 0.3
    along[flat] = (1.0, 0.0, 0.35)
    seen = along @ room.to_world
    angle = np.arctan2(-seen[..., 1], seen[..., 0])
    base = np.array([_PAINT[k] for k in range(9)])[room.labels] * room.shade[..., None] * 1.6
    out = base * 0.6
    y, x = np.mgrid[-14:15, -14:15]
    for cy, cx in np.stack([random.integers(0, height, height * width // 22), random.integers(0, width, height * width // 22)], -1):
        turn = angle[cy, cx] + random.normal(0, 0.12)
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        body = np.clip(length / 2 - np.abs(u), 0, 1) * np.clip(wide / 2 - np.abs(v) + 0.5, 0, 1)
        bristle = 1 + 0.25 * np.sin(v * 2.1 + random.random() * 6)
        top, left = max(cy - 14, 0), max(cx - 14, 0)
        cut = np.s_[top - cy + 14 : min(height, cy + 15) - cy + 14, left - cx + 14 : min(width, cx + 15) - cx + 14]
        cover = (body * 0.85)[cut][..., None]
        tone = base[cy, cx] * random.lognormal(0, 0.16) * (1 + random.normal(0, 0.05, 3))
        view = out[top : min(height, cy + 15), left : min(width, cx + 15)]
        view[:] = view * (1 - cover) + cover * tone * bristle[cut][..., None]
    return np.ascontiguousarray(np.maximum(out, 0), np.float32)
