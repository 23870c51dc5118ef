"""What a motion looks like, at once: flat shading, far triangles first. For judging the fall, not for the screen."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from bottega.engine.checks import Byte
from bottega.engine.collapse.motion.rotations import rotated
from bottega.engine.collapse.records import Camera, Float, Int, Motion, Pieces

_SUN = np.array([-0.45, -0.65, 0.62]) / np.linalg.norm([-0.45, -0.65, 0.62])
_SKY, _GROUND = (205, 210, 215), (120, 116, 110)
_NEAR_M = 0.1
_SHIFT = 4  # cv2's fixed-point bits
_TONES = np.array([[190, 160, 130], [172, 150, 132], [200, 176, 150], [160, 148, 140], [186, 150, 120]], np.float64)


def preview_raster(pieces: Pieces, motion: Motion, *, camera: Camera, frames: Sequence[int] | None = None, height: int = 270) -> Byte:
    """Draw frames of a motion, each triangle one tone, the nearer over the farther (Newell, Newell & Sancha 1972).

    Parameters
    ----------
    pieces : Pieces
        N pieces.
    motion : Motion
        Of the same pieces.
    camera : Camera
        Its picture is drawn smaller, in proportion.
    frames : sequence of int, optional
        The shot's numbers; all where none are given.
    height : int
        Pixels.

    Returns
    -------
    (F, height, w, 3) uint8, red, green, blue, for the eye.

    Raises
    ------
    ValueError
        A motion of other pieces, a frame that it has not, a height below 1.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import *
    >>> import numpy as np
    >>> from bottega.engine.collapse.records import Camera
    >>> pieces, bonds = brick_tower(2, 1, 3, size=(2.0, 1.0, 3.0))
    >>> scene = plan(pieces, bonds, direction=Direction((Failure((0.0, 0.0), 2.0, frame=3),)), shot=Shot(1, 8))
    >>> seen = Camera(np.array([[1, 0, 0, 0], [0, 0, -1, -9], [0, 1, 0, 2], [0, 0, 0, 1.0]]), 300.0, (160.0, 90.0), 320, 180)
    >>> preview_raster(pieces, collected(scene, [at_rest(scene)]), camera=seen, height=90).shape
    (1, 90, 160, 3)
    """
    if motion.position.shape[1] != len(pieces):
        raise ValueError(f"motion: it is of {motion.position.shape[1]} pieces, given {len(pieces)}")
    if height < 1:
        raise ValueError(f"height must be 1 or above, not {height}")
    last = motion.first_frame + len(motion) - 1
    wanted = list(range(motion.first_frame, last + 1)) if frames is None else list(frames)
    outside = [f for f in wanted if not motion.first_frame <= f <= last]
    if outside:
        raise ValueError(f"frames: {outside} are outside the motion {motion.first_frame}..{last}")
    scale = height / camera.height
    width = max(1, round(camera.width * scale))
    small = Camera(camera.to_world, camera.focal_px * scale, (camera.centre_px[0] * scale, camera.centre_px[1] * scale), width, height)
    ground, corner_of, piece_of = _empty(small), np.repeat(np.arange(len(pieces)), np.diff(pieces.vertex_start)), _owner(pieces)
    out = np.empty((len(wanted), height, width, 3), np.uint8)
    for row, frame in enumerate(wanted):
        at = frame - motion.first_frame
        turned = rotated(motion.rotation[at].astype(np.float64)[corner_of], pieces.vertices.astype(np.float64))
        out[row] = _draw(ground.copy(), turned + motion.position[at][corner_of], pieces.triangles, piece_of, small)
    return out


def _owner(pieces: Pieces) -> Int:
    return np.repeat(np.arange(len(pieces)), np.diff(pieces.triangle_start))


def _empty(camera: Camera) -> Byte:
    """Sky and ground."""
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    ray = np.stack([(x - camera.centre_px[0]) / camera.focal_px, -(y - camera.centre_px[1]) / camera.focal_px, -np.ones_like(x)], -1)
    down = ray @ np.asarray(camera.to_world, np.float64)[2, :3] < 0
    return np.where(down[..., None], np.array(_GROUND), np.array(_SKY)).astype(np.uint8)


def _draw(picture: Byte, points: Float, triangles: Int, piece_of: Int, camera: Camera) -> Byte:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    eye = np.asarray(camera.to_world, np.float64)[:3, 3]
    pixel, depth = camera.project(points)
    facing = ((eye - a) * normal).sum(1) > 0
    drawn = np.flatnonzero(facing & (depth[triangles].min(1) > _NEAR_M))
    drawn = drawn[np.argsort(-depth[triangles[drawn]].mean(1), kind="stable")]
    unit = normal[drawn] / np.maximum(np.linalg.norm(normal[drawn], axis=1, keepdims=True), 1e-12)
    light = 0.45 + 0.12 * unit[:, 2] + 0.5 * np.maximum(unit @ _SUN, 0)
    tones = np.clip(_TONES[piece_of[drawn] % len(_TONES)] * light[:, None], 0, 255).tolist()
    with np.errstate(invalid="ignore"):
        corners = np.clip(np.rint(pixel[triangles[drawn]] * 2**_SHIFT), -(2**20), 2**20).astype(np.int32)
    for corner, tone in zip(corners, tones, strict=True):
        cv2.fillConvexPoly(picture, corner, tone, cv2.LINE_8, _SHIFT)
    return picture


def contact_sheet(frames: Byte, *, columns: int = 4) -> Byte:
    """Lay frames out in rows, in order.

    Parameters
    ----------
    frames : array
        (F, h, w, 3) uint8.
    columns : int
        Frames in a row.

    Returns
    -------
    (rows · h, columns · w, 3) uint8; what is left over is black.

    Raises
    ------
    ValueError
        No frame, or columns below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from bottega.engine.collapse.motion import contact_sheet
    >>> contact_sheet(np.zeros((5, 9, 16, 3), np.uint8)).shape
    (18, 64, 3)
    """
    if not len(frames) or columns < 1:
        raise ValueError(f"contact sheet: a frame and a column at least are needed, not {len(frames)} and {columns}")
    count, height, width, _ = frames.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width, 3), np.uint8)
    sheet[:count] = frames
    return np.asarray(sheet.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, 3))
