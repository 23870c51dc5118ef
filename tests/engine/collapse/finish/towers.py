"""Towers of boxes, cameras and plates that are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.finish.skin import boxes
from bottega.engine.collapse.records import Camera, Face, Pieces

Array = NDArray[Any]


def tower(grid: tuple[int, int, int] = (3, 3, 4), size_m: tuple[float, float, float] = (4.0, 4.0, 3.0)) -> Pieces:
    """Boxes in a grid, standing on z = 0 about the z axis. Faces between boxes are BROKEN, the others OUTSIDE."""
    cells = [(i, j, k) for k in range(grid[2]) for j in range(grid[1]) for i in range(grid[0])]
    half = np.asarray(size_m) / 2
    vertices, triangles = boxes([(-half, half)])
    normals = np.cross(vertices[triangles[:, 1]] - vertices[triangles[:, 0]], vertices[triangles[:, 2]] - vertices[triangles[:, 0]])
    axis, way = np.abs(normals).argmax(1), np.sign(normals[np.arange(12), np.abs(normals).argmax(1)])
    face = []
    for cell in cells:
        beyond = np.asarray(cell)[axis] + way
        face.append(np.where((beyond < 0) | (beyond >= np.asarray(grid)[axis]), Face.OUTSIDE, Face.BROKEN))
    n = len(cells)
    centre = (np.asarray(cells, np.float64) + 0.5 - np.array([grid[0] / 2, grid[1] / 2, 0])) * size_m
    start = np.arange(n + 1, dtype=np.int64)
    return Pieces(
        np.tile(vertices, (n, 1)).astype(np.float32), start * 8, np.concatenate([triangles + 8 * i for i in range(n)]).astype(np.int32),
        start * 12, np.concatenate(face).astype(np.uint8), np.tile(vertices, (n, 1)).astype(np.float32), start * 8, centre,
        np.full(n, float(np.prod(size_m))), np.full(n, 2400.0), np.zeros(n, np.uint8), ("concrete",),
        np.arange(n, dtype=np.int32), np.zeros(n, np.int32), np.asarray([c[2] for c in cells], np.int32),
    )  # fmt: skip


def camera(eye: tuple[float, float, float] = (-22.0, -28.0, 1.7), at: tuple[float, float, float] = (0, 0, 7), width: int = 192) -> Camera:
    """A camera of 16:9 that looks at a point."""
    back = np.asarray(eye, np.float64) - at
    back /= np.linalg.norm(back)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    turn = np.eye(4)
    turn[:3] = np.stack([right, np.cross(back, right), back, np.asarray(eye)], 1)
    return Camera(turn, width * 0.9, (width / 2, width * 9 / 32), width, width * 9 // 16)


def still(pieces: Pieces) -> tuple[Array, Array]:
    """The rest as a frame of a motion has it."""
    rotation = np.zeros((len(pieces), 4), np.float32)
    rotation[:, 0] = 1
    return pieces.centre.astype(np.float32), rotation


def tilted(pieces: Pieces, degrees: float, above_storey: int = 0) -> tuple[Array, Array]:
    """Everything from a storey on, turned as one about its lower edge in +x."""
    position, rotation = still(pieces)
    moves = pieces.storey >= above_storey
    foot = np.array([pieces.centre[:, 0].max() + 2, 0, pieces.centre[moves, 2].min() - 1.5])
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    position[moves] = ((pieces.centre[moves] - foot) @ turn.T + foot).astype(np.float32)
    rotation[moves] = np.array([np.cos(a / 2), 0, np.sin(a / 2), 0], np.float32)
    return position, rotation
