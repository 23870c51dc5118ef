"""The pieces' skin laid out for drawing, and where it is in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Pieces
from bottega.engine.synthesis.compiled import compiled

Array = NDArray[Any]


class Skin(NamedTuple):
    """Triangles of N pieces for the kernels.

    vertices
        (V, 3) float64, relative to the piece's centre.
    vertex_piece
        (V,) int32.
    triangles
        (T, 3) int32.
    piece, face, material
        (T,) int32, uint8, uint8: of each triangle.
    normal, level
        (T, 3) and (T,) float64: its plane n·x = level in piece space, n a unit vector out of the piece.
    flat
        (T,) int32: triangles of one piece in one plane share a number.
    double
        (T,) bool: seen from both sides: a card (`fringe`), which casts no shadow.
    shade
        (T, 3) float64: the normal that it is lit by, piece space.
    """

    vertices: Array
    vertex_piece: Array
    triangles: Array
    piece: Array
    face: Array
    material: Array
    normal: Array
    level: Array
    flat: Array
    double: Array
    shade: Array


class Pose(NamedTuple):
    """Where N pieces are: (N, 3) float64 metres and (N, 3, 3) float64, piece space to world."""

    position: Array
    turn: Array


def lay_skin(pieces: Pieces) -> Skin:
    """The skin of the pieces. Raises ValueError for a triangle of no area, by its number."""
    count = np.diff(pieces.vertex_start)
    vertex_piece = np.repeat(np.arange(len(pieces), dtype=np.int32), count)
    piece = np.repeat(np.arange(len(pieces), dtype=np.int32), np.diff(pieces.triangle_start))
    vertices = np.asarray(pieces.vertices, np.float64)
    triangles = np.asarray(pieces.triangles, np.int32)
    if len(triangles) and (vertex_piece[triangles] != piece[:, None]).any():
        wrong = int(np.nonzero((vertex_piece[triangles] != piece[:, None]).any(1))[0][0])
        raise ValueError(f"triangle {wrong} of piece {piece[wrong]} has a vertex of another piece, allowed is its own only")
    normal, level = planes(vertices, triangles)
    flat = coplanar(piece, np.asarray(pieces.face), normal, level)
    material = np.asarray(pieces.material, np.uint8)[piece]
    double = np.zeros(len(triangles), np.bool_)
    return Skin(vertices, vertex_piece, triangles, piece, np.asarray(pieces.face, np.uint8), material, normal, level, flat, double, normal)


def planes(vertices: Array, triangles: Array) -> tuple[Array, Array]:
    """Unit normals and levels; a triangle without area gets a zero normal, and is never drawn."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    size = np.linalg.norm(across, axis=1, keepdims=True)
    normal = np.where(size > 1e-12, across / np.maximum(size, 1e-12), 0.0)
    return normal, np.einsum("ij,ij->i", normal, a)


def coplanar(piece: Array, face: Array, normal: Array, level: Array) -> Array:
    """One number for the triangles of a piece and face kind that lie in one plane, to 0.01 of the normal and 2 mm."""
    rows = np.concatenate(
        [
            piece[:, None],
            face[:, None].astype(np.int64),
            np.round(normal * 100).astype(np.int64),
            np.round(level[:, None] * 500).astype(np.int64),
        ],
        axis=1,
    )
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32) if len(rows) else np.zeros(0, np.int32)


def casting(skin: Skin) -> Array:
    """(C, 3) int32: the triangles that cast shadows."""
    return np.ascontiguousarray(skin.triangles[~skin.double])


def pose(position: Array, rotation: Array) -> Pose:
    """Pose of N pieces from (N, 3) positions and (N, 4) unit quaternions (w, x, y, z)."""
    position, rotation = np.asarray(position), np.asarray(rotation)
    if rotation.shape != (len(position), 4) or position.shape != (len(position), 3):
        raise ValueError(f"a pose is (N, 3) positions and (N, 4) quaternions, given {position.shape} and {rotation.shape}")
    if not (np.isfinite(position).all() and np.abs((rotation.astype(np.float64) ** 2).sum(1) - 1).max(initial=0) < 1e-3):
        raise ValueError("a pose has a position that is not finite or a quaternion that is not a unit one")
    w, x, y, z = (rotation.astype(np.float64)[:, k] for k in range(4))
    turn = np.stack(
        [
            1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
        ],
        -1,
    )  # fmt: skip
    return Pose(position.astype(np.float64), np.ascontiguousarray(turn.reshape(-1, 3, 3)))


def rest_pose(pieces: Pieces) -> Pose:
    """Everything where it stood; positions rounded to float32 as in a motion, so that a pose of the rest has the same bits."""
    rotation = np.zeros((len(pieces), 4), np.float32)
    rotation[:, 0] = 1
    return pose(np.asarray(pieces.centre, np.float32), rotation)


def unmoved(now: Pose, rest: Pose) -> Array:
    """(N,) bool: pieces whose pose has the bits of the rest."""
    return np.asarray((now.position == rest.position).all(1) & (now.turn == rest.turn).all((1, 2)))


def boxes(corners: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[Array, Array]:
    """Boxes along the axes, each from its lowest to its highest corner, as (V, 3) float64 vertices and (T, 3) int32 triangles."""
    unit = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], np.float64)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    one = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.int32)
    vertices = [np.asarray(low, np.float64) + unit * (np.asarray(high, np.float64) - np.asarray(low, np.float64)) for low, high in corners]
    triangles = [one + 8 * i for i in range(len(corners))]
    return (np.concatenate(vertices), np.concatenate(triangles)) if corners else (np.zeros((0, 3)), np.zeros((0, 3), np.int32))


@compiled
def to_world(skin: Any, now: Any) -> Array:
    """(V, 3) float64: the skin's vertices in the world."""
    out = np.empty_like(skin.vertices)
    for v in range(len(out)):
        p = skin.vertex_piece[v]
        for i in range(3):
            t = now.turn[p, i]
            out[v, i] = now.position[p, i] + (t[0] * skin.vertices[v, 0] + t[1] * skin.vertices[v, 1] + t[2] * skin.vertices[v, 2])
    return out  # type: ignore[no-any-return]
