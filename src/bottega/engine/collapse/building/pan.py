"""How a camera that only turns has turned, frame by frame, told by the plates' own pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bottega.engine.collapse.records import Bool, Camera, Float, Int

_SHORTLIST = 0.75  # a match must be this much nearer than the second best (Lowe 2004, section 7.1)
_DRAWS = 400
_STEPS = 12


@dataclass(frozen=True, slots=True)
class PanSettings:
    """How a turn is found.

    most
        Points looked for in a plate.
    near_px
        A match that the turn misses by more than this is left out.
    fewest
        Matches that must agree, else the frame is refused.
    seed
        Of the draws.
    """

    most: int = 4000
    near_px: float = 2.0
    fewest: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        if self.most < 50 or self.fewest < 4 or not self.near_px > 0:
            raise ValueError(f"pan: most of 50, fewest of 4 or above and near_px above 0, not {self.most}, {self.fewest}, {self.near_px}")


@dataclass(frozen=True, slots=True, eq=False)
class Pan:
    """A camera in F frames.

    cameras
        All in the reference camera's place.
    residual_px
        (F,) float64: root mean square distance of the matches that agree, in the frame's pixels.
    matches
        (F,) int64: how many agree.
    """

    cameras: tuple[Camera, ...]
    residual_px: Float
    matches: Int


def nodal_pan(
    frames: Iterable[Float],
    reference: Float,
    *,
    camera: Camera,
    focal_px: float,
    leave_out: Bool | None = None,
    settings: PanSettings | None = None,
) -> Pan:
    """For each frame the rotation R that brings its points' directions onto the reference's: min Σ ρ(|f·π(R d) − p|²).

    Points are found and described by SIFT (Lowe 2004), a first turn from pairs drawn at random (Fischler & Bolles 1981), the last by
    Gauss-Newton with Huber's weights. Right for a camera on its nodal point, or one whose way is short against the street.

    Parameters
    ----------
    frames : iterable of ndarray
        (h, w, 3) float32 each, linear or encoded, all of one size.
    reference : ndarray
        (H, W, 3) float32: the plate that `camera` was solved on.
    camera : Camera
        Of the reference.
    focal_px : float
        Of the frames, in their own pixels; their principal point is their middle.
    leave_out : ndarray, optional
        (H, W) bool: parts of the reference that do not stand still, as the building.
    settings : PanSettings, optional

    Returns
    -------
    Pan

    Raises
    ------
    ValueError
        A reference that is not of the camera's size, a mask of another size, a focal length not above 0, frames of other shapes, or a
        frame in which too few points agree on a turn.

    Examples
    --------
    >>> from bottega.engine.collapse.building import nodal_pan
    >>> wide = np.random.default_rng(1).random((60, 80, 3)).astype(np.float32).repeat(4, 0).repeat(4, 1)
    >>> camera = Camera(np.eye(4), 400.0, (160.0, 120.0), 320, 240)
    >>> pan = nodal_pan([wide], wide, camera=camera, focal_px=400.0)
    >>> bool(np.allclose(pan.cameras[0].to_world, np.eye(4), atol=1e-4))
    True
    """
    settings = settings or PanSettings()
    _check(reference, camera, focal_px, leave_out)
    there, words = _points(reference, settings.most)
    if leave_out is not None and len(there):
        stands = ~leave_out[tuple(there[:, ::-1].astype(np.int64).clip(0, np.array(leave_out.shape) - 1).T)]
        there, words = there[stands], words[stands]
    far = _directions(there, camera.focal_px, camera.centre_px)
    cameras, residuals, counts = [], [], []
    for number, frame in enumerate(frames):
        if frame.ndim != 3 or frame.shape[-1] != 3:
            raise ValueError(f"frame {number}: (h, w, 3) is needed, given {frame.shape}")
        high, wide = frame.shape[:2]
        here, own = _points(frame, settings.most)
        a, b = _matched(own, words)
        if len(a) < settings.fewest:
            raise ValueError(f"frame {number}: {len(a)} points match the reference, needed are {settings.fewest}")
        turn, residual, count = _turn(here[a], far[b], focal_px, (wide / 2, high / 2), settings, number)
        pose = np.array(camera.to_world, np.float64)
        pose[:3, :3] = pose[:3, :3] @ turn
        cameras.append(Camera(pose, focal_px, (wide / 2, high / 2), wide, high))
        residuals.append(residual)
        counts.append(count)
    return Pan(tuple(cameras), np.asarray(residuals), np.asarray(counts, np.int64))


def _check(reference: Float, camera: Camera, focal_px: float, leave_out: Bool | None) -> None:
    if reference.shape != (camera.height, camera.width, 3):
        raise ValueError(f"reference: the camera's size ({camera.height}, {camera.width}, 3) is needed, given {reference.shape}")
    if leave_out is not None and (leave_out.shape != reference.shape[:2] or leave_out.dtype != np.bool_):
        raise ValueError(f"leave_out: {reference.shape[:2]} bool is needed, given {leave_out.shape} {leave_out.dtype}")
    if not (np.isfinite(focal_px) and focal_px > 0):
        raise ValueError(f"focal_px must be above 0, not {focal_px}")


def _points(picture: Float, most: int) -> tuple[Float, Float]:
    """(N, 2) pixels with centres at +0.5, and (N, 128) descriptors."""
    import cv2

    grey = np.maximum(np.asarray(picture, np.float32).mean(-1), 0)
    white = float(np.quantile(grey, 0.99))
    shown = (np.clip(grey / max(white, 1e-6), 0, 1) ** np.float32(1 / 2.2) * 255).astype(np.uint8)
    # Without the precise upscale every point lies a quarter of a pixel off.
    finder = cv2.SIFT_create(nfeatures=most, enable_precise_upscale=True)  # type: ignore[attr-defined]
    found, words = finder.detectAndCompute(shown, None)
    if words is None:
        return np.empty((0, 2)), np.empty((0, 128), np.float32)
    at = np.array([point.pt for point in found], np.float64)
    order = np.lexsort((at[:, 0], at[:, 1]))
    return at[order] + 0.5, words[order]


def _matched(words: Float, others: Float) -> tuple[Int, Int]:
    """Indices of descriptors that are each other's nearest and clearly nearer than the next."""
    if len(words) < 2 or len(others) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    apart = (words**2).sum(1)[:, None] + (others**2).sum(1) - 2 * words @ others.T
    two = np.argpartition(apart, 1, axis=1)[:, :2]
    rows = np.arange(len(words))
    near, second = apart[rows, two[:, 0]], apart[rows, two[:, 1]]
    back = apart.argmin(0)
    good = (near < _SHORTLIST**2 * second) & (back[two[:, 0]] == rows)
    return np.flatnonzero(good), two[good, 0]


def _directions(pixels: Float, focal: float, centre: tuple[float, float]) -> Float:
    """Unit vectors in the camera's space: x right, y up, −z ahead."""
    ray = np.stack([(pixels[:, 0] - centre[0]) / focal, -(pixels[:, 1] - centre[1]) / focal, np.full(len(pixels), -1.0)], -1)
    return np.asarray(ray / np.linalg.norm(ray, axis=1)[:, None])


def _turn(
    here: Float, far: Float, focal: float, centre: tuple[float, float], settings: PanSettings, number: int
) -> tuple[Float, float, int]:
    """The rotation from the frame's camera to the reference's, its residual, and how many matches agree."""
    turn = _drawn(_directions(here, focal, centre), far, settings.near_px / focal, np.random.default_rng([settings.seed, number]))
    for _ in range(_STEPS):
        miss, slope = _misses(turn, here, far, focal, centre)
        size = np.linalg.norm(miss, axis=1)
        near = size < settings.near_px
        if near.sum() < settings.fewest:
            raise ValueError(f"frame {number}: {int(near.sum())} points agree on a turn, needed are {settings.fewest}")
        weight = np.where(size < 0.5, 1.0, 0.5 / np.maximum(size, 1e-9)) * near
        rows, values = slope.reshape(-1, 3), miss.reshape(-1)
        doubled = np.repeat(weight, 2)
        step = np.linalg.solve(rows.T @ (rows * doubled[:, None]), -rows.T @ (values * doubled))
        turn = turn @ _small(step)
    size = np.linalg.norm(_misses(turn, here, far, focal, centre)[0], axis=1)
    near = size < settings.near_px
    return turn, float(np.sqrt((size[near] ** 2).mean())), int(near.sum())


def _misses(turn: Float, here: Float, far: Float, focal: float, centre: tuple[float, float]) -> tuple[Float, Float]:
    """(N, 2) pixels between where the frame sees the reference's directions and where it has its points, and (N, 2, 3) their slope."""
    local = far @ turn
    x, y, z = local.T
    seen = np.stack([focal * x / -z + centre[0], -focal * y / -z + centre[1]], -1)
    zero = np.zeros_like(x)
    by_local = np.stack([np.stack([-focal / z, zero, focal * x / z**2], -1), np.stack([zero, focal / z, -focal * y / z**2], -1)], 1)
    by_turn = np.stack([np.stack([zero, -z, y], -1), np.stack([z, zero, -x], -1), np.stack([-y, x, zero], -1)], 1)  # local × step
    return seen - here, by_local @ by_turn


def _small(step: Float) -> Float:
    """Rodrigues' rotation of a vector."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(step).as_matrix())


def _drawn(near: Float, far: Float, within: float, rng: np.random.Generator) -> Float:
    """The rotation with far ≈ R near that most matches agree on, of those that pairs of matches tell."""
    pairs = np.stack([rng.choice(len(near), 2, replace=False) for _ in range(_DRAWS)])
    turns = _frames(far[pairs]) @ _frames(near[pairs]).transpose(0, 2, 1)
    agree = np.array([(((near @ turn.T - far) ** 2).sum(1) < (2 * within) ** 2).sum() for turn in turns])
    return np.asarray(turns[int(agree.argmax())])


def _frames(two: Float) -> Float:
    """(N, 2, 3) pairs of directions to (N, 3, 3) rotations whose columns they span."""
    middle, across = two[:, 0] + two[:, 1], np.cross(two[:, 0], two[:, 1])
    first = middle / np.maximum(np.linalg.norm(middle, axis=1), 1e-12)[:, None]
    third = across / np.maximum(np.linalg.norm(across, axis=1), 1e-12)[:, None]
    return np.stack([first, np.cross(third, first), third], -1)
