"""What belongs to the building beyond its pieces' outline: cornices, balconies, awnings that the matte has and the pieces do not.

Each run of such pixels becomes a card that faces the plate's camera at the depth of the nearest piece, and moves with that piece. It is
drawn, projected and lit like any other skin, its edge is the matte's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .buffers import draw_pose
from .raster import lens_of
from .skin import Pose, Skin, planes
from .sources import View

Array = NDArray[Any]

_BEHIND = 1.001  # of the depth: a card lies behind the piece that it belongs to
_FAINT = 0.02  # of the matte: less is nobody's


def add_fringe(skin: Skin, rest: Pose, view: View, *, widest_px: float) -> Skin:
    """The skin and cards for the matte's pixels within `widest_px` of the pieces' outline in a view of the rest.

    Cards shade as the face that they are nearest to. Raises ValueError for a negative width.
    """
    from scipy.ndimage import binary_dilation, distance_transform_edt

    if widest_px < 0:
        raise ValueError(f"widest_px is {widest_px}, allowed is 0 or more")
    camera = view.camera
    drawn = draw_pose(skin, rest, lens_of(camera), size=(camera.height, camera.width))
    empty = drawn.triangle < 0
    distance, (rows, columns) = distance_transform_edt(empty, return_indices=True)
    # A pixel's middle may be covered and its samples not: cards also lie under the outline's own pixels
    wanted = binary_dilation(empty) & (view.matte > _FAINT) & (distance <= widest_px)
    if not wanted.any():
        return skin
    triangle, near = drawn.triangle[rows, columns], drawn.near[rows, columns]
    piece = np.where(wanted, skin.piece[triangle], -1)
    y, x = np.nonzero(wanted & (piece != np.pad(piece, ((0, 0), (1, 0)), constant_values=-2)[:, :-1]))
    key = np.where(wanted, piece, -1)
    length = _run_lengths(key, y, x)
    owner, ahead, on = piece[y, x], _BEHIND / near[y, x], triangle[y, x]
    lens = lens_of(camera)
    across = np.stack([x, x + length, x + length, x], -1)
    down = np.stack([y, y, y + 1, y + 1], -1)
    right, low = (across - lens.centre_x) / lens.scale, (down - lens.centre_y) / lens.scale
    ray = right[..., None] * lens.turn[0] + low[..., None] * lens.turn[1] + lens.turn[2]
    world = lens.eye + ray * ahead[:, None, None]
    local = np.einsum("nji,nkj->nki", rest.turn[owner], world - rest.position[owner][:, None])
    return _joined(skin, local, owner, on)


def _run_lengths(key: Array, y: Array, x: Array) -> Array:
    """How many pixels from each start on have its piece."""
    width = key.shape[1]
    changes = np.ones((key.shape[0], width + 1), np.bool_)
    changes[:, 1:width] = key[:, 1:] != key[:, :-1]
    ends = np.nonzero(changes.ravel())[0]
    start = y * (width + 1) + x
    return np.asarray(ends[np.searchsorted(ends, start, side="right")] - start)


def _joined(skin: Skin, corners: Array, owner: Array, on: Array) -> Skin:
    count, first = len(corners), len(skin.vertices)
    quad = first + 4 * np.arange(count, dtype=np.int32)[:, None]
    triangles = (quad + np.array([0, 2, 1, 0, 3, 2], np.int32)).reshape(-1, 3).astype(np.int32)
    vertices = np.concatenate([skin.vertices, corners.reshape(-1, 3)])
    normal, level = planes(vertices, triangles)
    piece, face_of = np.repeat(owner, 2).astype(np.int32), np.repeat(on, 2)
    flat = skin.flat.max(initial=-1) + 1 + piece  # one number a piece: cards of one piece are one fragment
    return Skin(
        np.ascontiguousarray(vertices), np.concatenate([skin.vertex_piece, np.repeat(owner, 4).astype(np.int32)]),
        np.concatenate([skin.triangles, triangles]), np.concatenate([skin.piece, piece]),
        np.concatenate([skin.face, skin.face[face_of]]), np.concatenate([skin.material, skin.material[face_of]]),
        np.concatenate([skin.normal, normal]), np.concatenate([skin.level, level]), np.concatenate([skin.flat, flat.astype(np.int32)]),
        np.concatenate([skin.double, np.ones(2 * count, np.bool_)]), np.concatenate([skin.shade, skin.shade[face_of]]),
    )  # fmt: skip
