"""Towers of boxes: the plainest buildings, for tests, benchmarks and a first try."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.records import Bonds, Face, Float, Int, Pieces

_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
_TOUCH_M = 1e-6
_DENSITY = 2000.0  # kg/m³


def brick_tower(
    across: int, deep: int, storeys: int, *, size: tuple[float, float, float] = (8.0, 6.0, 12.0), strength_mpa: float = 0.2
) -> tuple[Pieces, Bonds]:
    """Stack boxes that fill a block standing on z = 0, centred on the origin; each is its own cluster, bonded to those it touches.

    Parameters
    ----------
    across, deep, storeys : int
        Boxes along x, y, z.
    size : tuple of float
        Metres along x, y, z.
    strength_mpa : float
        Of every bond.

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
    if min(across, deep, storeys) < 1 or min(size) <= 0:
        raise ValueError(f"tower: counts of 1 or above and sizes above 0 are needed, not {across, deep, storeys, size}")
    shape = np.array([across, deep, storeys])
    brick = np.asarray(size) / shape
    place = np.stack(np.meshgrid(*map(np.arange, shape[::-1]), indexing="ij"), -1).reshape(-1, 3)[:, ::-1]
    centre = (place + 0.5) * brick - np.array([size[0] / 2, size[1] / 2, 0])
    return boxes_as_building(
        centre, np.tile(brick, (len(place), 1)), np.arange(len(place)), place[:, 2], strength_mpa=(strength_mpa, strength_mpa)
    )


def walled_tower(
    storeys: int,
    *,
    size: tuple[float, float, float] = (18.0, 12.0, 28.0),
    brick_m: float = 1.2,
    panel_m: float = 5.0,
    wall_m: float = 0.35,
    floor_m: float = 0.25,
    strength_mpa: tuple[float, float] = (1.0, 0.1),
) -> tuple[Pieces, Bonds]:
    """Build four outer walls, one across the middle, and floors, of boxes glued into panels: hollow, as buildings are.

    Parameters
    ----------
    storeys : int
        Storeys along z.
    size : tuple of float
        Metres along x, y, z.
    brick_m, panel_m
        About how long a box and a glued panel of them are.
    wall_m, floor_m
        Thickness of walls and floors.
    strength_mpa : tuple of float
        Of bonds inside panels and between them.

    Returns
    -------
    tuple of Pieces and Bonds

    Raises
    ------
    ValueError
        A count below 1, a size not above 0, or walls thicker than the tower allows.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import walled_tower
    >>> pieces, bonds = walled_tower(2, size=(6.0, 5.0, 6.0), brick_m=2.0)
    >>> len(pieces), int(pieces.storey.max())
    (36, 1)
    """
    if storeys < 1 or min(*size, brick_m, panel_m, wall_m, floor_m) <= 0 or 4 * wall_m > min(size[:2]) or floor_m >= size[2] / storeys:
        raise ValueError(f"tower: sizes above 0 that leave rooms are needed, not {storeys, size, brick_m, panel_m, wall_m, floor_m}")
    x, y, high = size[0] / 2, size[1] / 2, size[2] / storeys
    slabs = [((-x, x), (-y, -y + wall_m), 0), ((-x, x), (y - wall_m, y), 0), ((-x, -x + wall_m), (-y + wall_m, y - wall_m), 1)]
    slabs += [((x - wall_m, x), (-y + wall_m, y - wall_m), 1), ((-wall_m / 2, wall_m / 2), (-y + wall_m, y - wall_m), 1)]
    boxes: list[Float] = []
    labels: list[int] = []
    for storey in range(storeys):
        low = storey * high
        floor = ((-x, x), (-y, y), (low + high - floor_m, low + high)), (True, True, False)
        walls = [((a, b, (low, low + high - floor_m)), (along == 0, along == 1, True)) for a, b, along in slabs]
        for spans, cut in [*walls, floor]:
            cells, panel = _cells(spans, cut, brick_m, panel_m)
            boxes.append(cells)
            labels += [(max(labels) + 1 if labels else 0) + p for p in panel]
    table = np.concatenate(boxes)
    storey_of = np.clip((table[:, 0, 2] + 1e-6) // high, 0, storeys - 1).astype(np.int64)
    return boxes_as_building(table.mean(1), table[:, 1] - table[:, 0], np.asarray(labels), storey_of, strength_mpa=strength_mpa)


def _cells(spans: tuple[tuple[float, float], ...], cut: tuple[bool, ...], brick_m: float, panel_m: float) -> tuple[Float, list[int]]:
    """(n, 2, 3) low and high corners of a block cut along some axes, and which panel each is of."""
    edges, panels = [], []
    for (a, b), along in zip(spans, cut, strict=True):
        count = max(1, round((b - a) / brick_m)) if along else 1
        edges.append(np.linspace(a, b, count + 1))
        wide = max(1, round((b - a) / panel_m)) if along else 1
        panels.append(np.arange(count) * wide // count)
    i, j, k = (g.ravel() for g in np.meshgrid(*(np.arange(len(e) - 1) for e in edges), indexing="ij"))
    low = np.stack([edges[0][i], edges[1][j], edges[2][k]], 1)
    high = np.stack([edges[0][i + 1], edges[1][j + 1], edges[2][k + 1]], 1)
    label = (panels[0][i] * (panels[1].max() + 1) + panels[1][j]) * (panels[2].max() + 1) + panels[2][k]
    return np.stack([low, high], 1), label.tolist()


def boxes_as_building(centre: Float, size: Float, cluster: Int, storey: Int, *, strength_mpa: tuple[float, float]) -> tuple[Pieces, Bonds]:
    """Make pieces of N axis-aligned boxes, and bonds where they touch.

    Parameters
    ----------
    centre, size : array
        (N, 3) float64, metres.
    cluster, storey : array
        (N,) int.
    strength_mpa : tuple of float
        Of bonds inside clusters and between them.

    Returns
    -------
    tuple of Pieces and Bonds

    Raises
    ------
    ValueError
        See `Pieces` and `Bonds`.

    Examples
    --------
    >>> import numpy as np
    >>> from bottega.engine.collapse.motion import boxes_as_building
    >>> one = np.zeros(2, int)
    >>> pieces, bonds = boxes_as_building(np.array([[0, 0, 0.5], [0, 0, 1.5]]), np.ones((2, 3)), one, one, strength_mpa=(1.0, 0.5))
    >>> bonds.area.tolist(), bonds.normal.tolist(), bonds.strength.tolist()
    ([1.0], [[0.0, 0.0, 1.0]], [1000000.0])
    """
    n, eight = len(centre), np.arange(len(centre) + 1) * 8
    corners = (_CORNERS[None] * size[:, None]).reshape(-1, 3).astype(np.float32)
    triangles = np.concatenate([_SIDES[:, [0, 1, 2]], _SIDES[:, [0, 2, 3]]])
    cluster, storey = cluster.astype(np.int32), storey.astype(np.int32)
    pieces = Pieces(
        corners, eight, (np.tile(triangles, (n, 1)) + np.repeat(eight[:-1], 12)[:, None]).astype(np.int32), np.arange(n + 1) * 12,
        np.full(n * 12, Face.OUTSIDE, np.uint8), corners, eight, np.asarray(centre, np.float64), size.prod(1), np.full(n, _DENSITY),
        np.zeros(n, np.uint8), ("brick",), cluster, cluster, storey,
    )  # fmt: skip
    return pieces, _bonds(pieces.centre, size, cluster, strength_mpa)


def _bonds(centre: Float, size: Float, cluster: Int, strength_mpa: tuple[float, float]) -> Bonds:
    """Where two boxes share a face, or part of one."""
    from scipy.spatial import cKDTree

    pair = cKDTree(centre).query_pairs(float(np.linalg.norm(size, axis=1).max()) + _TOUCH_M, output_type="ndarray").reshape(-1, 2)
    pair = np.sort(pair, axis=1)
    a, b = pair.T
    low = np.maximum(centre[a] - size[a] / 2, centre[b] - size[b] / 2)
    high = np.minimum(centre[a] + size[a] / 2, centre[b] + size[b] / 2)
    over = high - low
    axis = over.argmin(1)
    rest = np.sort(over, axis=1)[:, 1:]
    touch = (np.abs(over.min(1)) < _TOUCH_M) & (rest > 1e-3).all(1)
    pair, axis, area, middle = pair[touch], axis[touch], rest[touch].prod(1), ((low + high) / 2)[touch]
    order = np.lexsort((pair[:, 1], pair[:, 0]))
    pair, axis, area, middle = pair[order], axis[order], area[order], middle[order]
    a, b = pair.T
    normal = np.eye(3)[axis] * np.sign(centre[b] - centre[a])[np.arange(len(a)), axis][:, None]
    strength = np.where(cluster[a] == cluster[b], *strength_mpa) * area * 1e6
    return Bonds(pair.astype(np.int32), area, middle, normal, strength)
