"""A tower of boxes: the plainest building, for tests, benchmarks and a first try."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.records import Bonds, Face, Pieces

_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
_SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def brick_tower(
    across: int,
    deep: int,
    storeys: int,
    *,
    size: tuple[float, float, float] = (8.0, 6.0, 12.0),
    rows: int = 1,
    cluster: tuple[int, int, int] = (1, 1, 1),
    hollow: bool = False,
    density: float = 2000.0,
    strength_mpa: tuple[float, float] = (3.0, 0.2),
) -> tuple[Pieces, Bonds]:
    """Stack boxes that fill a block standing on z = 0, centred on the origin, each bonded to those it touches.

    Parameters
    ----------
    across, deep : int
        Boxes along x and y.
    storeys : int
        Storeys along z.
    size : tuple of float
        Metres along x, y, z.
    rows : int
        Boxes one above the other in a storey.
    cluster : tuple of int
        Boxes along x, y, z that are glued into one; a cluster never spans storeys.
    hollow : bool
        Leave out what is inside, but for each storey's top row: walls and floors.
    density : float
        kg/m³.
    strength_mpa : tuple of float
        Of bonds inside clusters and between them.

    Returns
    -------
    tuple of Pieces and Bonds

    Raises
    ------
    ValueError
        A count below 1 or a size not above 0.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import brick_tower
    >>> pieces, bonds = brick_tower(2, 2, 2)
    >>> len(pieces), len(bonds), pieces.storey.tolist()
    (8, 12, [0, 0, 0, 0, 1, 1, 1, 1])
    """
    if min(across, deep, storeys, rows, *cluster) < 1 or min(size) <= 0:
        raise ValueError(f"tower: counts of 1 or above and sizes above 0 are needed, not {across, deep, storeys, rows, cluster, size}")
    shape = np.array([across, deep, storeys * rows])
    brick = np.asarray(size) / shape
    place = np.stack(np.meshgrid(*map(np.arange, shape[::-1]), indexing="ij"), -1).reshape(-1, 3)[:, ::-1]
    if hollow:
        wall = (place[:, :2] == 0).any(1) | (place[:, :2] == shape[:2] - 1).any(1)
        place = place[wall | (place[:, 2] % rows == rows - 1)]
    n = len(place)
    centre = (place + 0.5) * brick - np.array([size[0] / 2, size[1] / 2, 0])
    corners = np.tile(_CORNERS * brick.astype(np.float32), (n, 1))
    triangles = np.concatenate([_SIDES[:, [0, 1, 2]], _SIDES[:, [0, 2, 3]]])
    glue = np.stack([place[:, 0] // cluster[0], place[:, 1] // cluster[1], place[:, 2] // rows, place[:, 2] % rows // cluster[2]], 1)
    label = np.unique(glue[:, [2, 3, 1, 0]], axis=0, return_inverse=True)[1].astype(np.int32).reshape(-1)
    whole, eight = np.full(n, brick.prod()), np.arange(n + 1) * 8
    pieces = Pieces(
        corners, eight, (np.tile(triangles, (n, 1)) + np.repeat(eight[:-1], 12)[:, None]).astype(np.int32), np.arange(n + 1) * 12,
        np.full(n * 12, Face.OUTSIDE, np.uint8), corners, eight, centre, whole, np.full(n, density), np.zeros(n, np.uint8),
        ("brick",), label, label, (place[:, 2] // rows).astype(np.int32),
    )  # fmt: skip
    return pieces, _bonds(place, brick, centre, label, strength_mpa)


def _bonds(place: np.ndarray, brick: np.ndarray, centre: np.ndarray, label: np.ndarray, strength_mpa: tuple[float, float]) -> Bonds:
    index = {tuple(p): i for i, p in enumerate(place.tolist())}
    rows = []
    for i, p in enumerate(place.tolist()):
        for axis in range(3):
            other = index.get(tuple(v + (k == axis) for k, v in enumerate(p)))
            if other is not None:
                rows.append((i, other, axis))
    table = np.asarray(rows, np.int64).reshape(-1, 3)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    a, b, axis = table.T
    area = brick.prod() / brick[axis]
    inside = label[a] == label[b]
    strength = np.where(inside, *strength_mpa) * area * 1e6
    return Bonds(table[:, :2].astype(np.int32), area, (centre[a] + centre[b]) / 2, np.eye(3)[axis], strength)
