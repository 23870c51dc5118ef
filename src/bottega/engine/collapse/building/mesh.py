"""A building from a modelling program: closed meshes, cut into convex bodies that break as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bottega.engine.collapse.building.cells import MOST_CORNERS, halved, polygon_facts
from bottega.engine.collapse.building.materials import Material
from bottega.engine.collapse.records import Face, Float, Int

_SAME_M = 1e-5
_MOST_PLANES = 96
_MOST_BODIES = 4000
_SPECK_M3 = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class MeshPart:
    """One closed mesh: a wall with its windows, a slab, a column.

    vertices, triangles
        (V, 3) float64 metres and (T, 3) int, counter-clockwise from outside.
    material, storey, panel
        See `Element`.
    shows
        (T,) `Face` of each triangle; all `Face.OUTSIDE` where nothing is said.
    """

    name: str
    vertices: Float
    triangles: Int
    material: Material
    storey: int
    panel: int
    shows: Int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A convex body: its polygons (P, MOST_CORNERS, 3), how many corners each has. The rest as in `Element`."""

    points: Float
    counts: Int
    sides: tuple[int, ...]
    material: Material
    storey: int
    panel: int
    cells: float = 1.0
    run: int = -1
    kind: str = "part"
    side: int = -1
    bay: int = -1
    volume: float = field(init=False)
    middle: Float = field(init=False)

    def __post_init__(self) -> None:
        apex = self.points[0, 0]
        area, at, normal, _ = polygon_facts(self.points - apex, self.counts)
        pyramids = (normal * at).sum(-1) * area / 3
        object.__setattr__(self, "volume", float(pyramids.sum()))
        object.__setattr__(self, "middle", apex + (pyramids[:, None] * at * 0.75).sum(0) / pyramids.sum())

    @property
    def thick_m(self) -> float:
        """The least width of it across one of its sides."""
        corners = self.points[np.arange(MOST_CORNERS) < self.counts[:, None]]
        _, _, normal, _ = polygon_facts(self.points, self.counts)
        return float(np.ptp(corners @ normal.T, axis=0).min())

    def walls(self) -> tuple[Float, Int]:
        """Its polygons, in the order of `sides`, as `cells_of` takes them."""
        return self.points, self.counts

    def place(self, rng: np.random.Generator) -> Float:
        """A place inside, all places alike: a triangle's tetrahedron from its middle by volume, a point in that."""
        fans = [(self.points[p, 0], self.points[p, k], self.points[p, k + 1]) for p, n in enumerate(self.counts) for k in range(1, n - 1)]
        corners = np.asarray(fans) - self.middle
        volume = np.cumsum(np.abs(np.linalg.det(corners)))
        k = min(int(np.searchsorted(volume, rng.random() * volume[-1])), len(corners) - 1)
        cuts = np.sort(np.concatenate([[0.0, 1.0], rng.random(3)]))
        return np.asarray(self.middle + np.diff(cuts)[:3] @ corners[k])


def from_mesh(parts: Sequence[MeshPart]) -> tuple[Body, ...]:
    """Convex bodies whose union is the meshes: space cut by the planes of each mesh's faces, and of the cells those inside kept.

    Inside by the generalised winding number (Jacobson, Kavan and Sorkine-Hornung 2013). Bodies of a mesh are one run, so no crack shows
    where they were cut.

    Parameters
    ----------
    parts : sequence of MeshPart
        Closed, none inside another.

    Returns
    -------
    tuple of Body
        In the order of the parts.

    Raises
    ------
    ValueError
        Arrays of other shapes; a mesh with an open edge, of which the first is named; one turned inside out or that crosses itself; one
        with too many planes to be cut, as curved ones have.

    Examples
    --------
    >>> from bottega.engine.collapse.building import MeshPart, PRESETS, from_mesh
    >>> corners = np.array([[x, y, z] for x in (0, 2) for y in (0, 1) for z in (0, 3)], float)
    >>> quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    >>> triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    >>> bodies = from_mesh([MeshPart("pier", corners, triangles, PRESETS["masonry"], 0, 0)])
    >>> len(bodies), round(bodies[0].volume, 9)
    (1, 6.0)
    """
    if not parts:
        raise ValueError("parts: one mesh at least is needed, none given")
    out: list[Body] = []
    for run, part in enumerate(parts):
        vertices, triangles = _checked(part)
        found = _bodies(part, vertices, triangles, run)
        whole, held = _volume(vertices, triangles), sum(b.volume for b in found)
        if abs(held / whole - 1) > 1e-6:
            raise ValueError(f"mesh {part.name!r}: it crosses itself: it holds {held:.6g} m³ by its inside, {whole:.6g} m³ by its skin")
        out += found
    return tuple(out)


def _checked(part: MeshPart) -> tuple[Float, Int]:
    """Vertices, of which those in one place are one, and triangles."""
    vertices, triangles = np.asarray(part.vertices, np.float64), np.asarray(part.triangles, np.int64)
    if vertices.ndim != 2 or vertices.shape[1:] != (3,) or triangles.ndim != 2 or triangles.shape[1:] != (3,) or not len(triangles):
        raise ValueError(f"mesh {part.name!r}: (V, 3) vertices and (T, 3) triangles are needed, given {vertices.shape}, {triangles.shape}")
    if not np.isfinite(vertices).all() or triangles.min() < 0 or triangles.max() >= len(vertices):
        raise ValueError(f"mesh {part.name!r}: finite vertices and triangles that count 0 to {len(vertices) - 1} are needed")
    if part.shows is not None and part.shows.shape != (len(triangles),):
        raise ValueError(f"mesh {part.name!r}: shows must be ({len(triangles)},), given {part.shows.shape}")
    _, index, same = np.unique(vertices.round(6), axis=0, return_index=True, return_inverse=True)
    vertices, triangles = vertices[index], same.ravel()[triangles]
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    key, back = edges[:, 0] * len(vertices) + edges[:, 1], edges[:, 1] * len(vertices) + edges[:, 0]
    seen, many = np.unique(key, return_counts=True)
    open_ = ~np.isin(key, back) | (many[np.searchsorted(seen, key)] > 1)
    if open_.any():
        a, b = vertices[edges[int(open_.argmax())]].round(4).tolist()
        raise ValueError(f"mesh {part.name!r}: it must be closed, and the edge from {a} to {b} is open or has more than two faces")
    if _volume(vertices, triangles) <= 0:
        raise ValueError(f"mesh {part.name!r}: it is turned inside out: faces must run counter-clockwise as seen from outside")
    return vertices, triangles


def _volume(vertices: Float, triangles: Int) -> float:
    a, b, c = (vertices[triangles[:, k]] - vertices[0] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def _planes(vertices: Float, triangles: Int) -> Float:
    """(K, 4): the planes of a mesh's faces, each once, whichever way they look; hollows' planes last."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    keep = area > 1e-10
    normal = normal[keep] / area[keep, None]
    offset = (normal * a[keep]).sum(1)
    out: list[Float] = []
    for way, d in zip(normal, offset, strict=True):
        reach = np.abs(vertices - vertices.mean(0)).max()
        near = (np.abs(p[3] - (1 if p[:3] @ way > 0 else -1) * d) < _SAME_M and abs(p[:3] @ way) > 1 - (_SAME_M / reach) ** 2 for p in out)
        if not any(near):
            out.append(np.append(way, d))
    return np.asarray(out)


def _bodies(part: MeshPart, vertices: Float, triangles: Int, run: int) -> list[Body]:
    planes = _planes(vertices, triangles)
    if len(planes) > _MOST_PLANES:
        raise ValueError(
            f"mesh {part.name!r}: its faces lie in {len(planes)} planes, allowed are {_MOST_PLANES}: cut it into simpler parts, or give "
            "what is curved fewer faces"
        )
    middle, reach = (vertices.min(0) + vertices.max(0)) / 2, float(np.ptp(vertices, axis=0).max())
    cells = [_cube(middle, reach)]
    for plane in planes:
        cells = [half for cell in cells for half in halved(*cell, plane)]
        cells = [c for c in cells if _inside_box(c, vertices)]
        if len(cells) > _MOST_BODIES:
            raise ValueError(f"mesh {part.name!r}: it comes apart into more than {_MOST_BODIES} convex bodies: cut it into simpler parts")
    out = []
    for points, counts in cells:
        body = Body(points, counts, (int(Face.OUTSIDE),) * len(counts), part.material, part.storey, part.panel, 1.0, run, part.name)
        if body.volume > _SPECK_M3 and _winding(vertices, triangles, body.middle) > 0.5:
            out.append(body if part.shows is None else _showing(body, part))
    return out


def _cube(middle: Float, half: float) -> tuple[Float, Int]:
    """A cube's polygons, counter-clockwise from outside."""
    points, counts = np.zeros((6, MOST_CORNERS, 3)), np.full(6, 4, np.int64)
    for k in range(3):
        for n, sign in enumerate((-1.0, 1.0)):
            u, v, w = (np.eye(3)[(k + j) % 3] * half for j in range(3))
            ring = [(-v - w), (v - w), (v + w), (w - v)][:: int(sign)]
            points[2 * k + n, :4] = [middle + u * sign + r for r in ring]
    return points, counts


def _inside_box(cell: tuple[Float, Int], vertices: Float) -> bool:
    """Whether a convex cell has some of the mesh's box."""
    corners = cell[0][np.arange(MOST_CORNERS) < cell[1][:, None]]
    return bool((corners.min(0) < vertices.max(0) - _SAME_M).all() and (corners.max(0) > vertices.min(0) + _SAME_M).all())


def _winding(vertices: Float, triangles: Int, at: Float) -> float:
    """Solid angle of a mesh seen from a point, of a whole sphere (van Oosterom and Strackee 1983)."""
    a, b, c = (vertices[triangles[:, k]] - at for k in range(3))
    x, y, z = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    top = (a * np.cross(b, c)).sum(1)
    below = x * y * z + (a * b).sum(1) * z + (b * c).sum(1) * x + (c * a).sum(1) * y
    return float(np.arctan2(top, below).sum() / (2 * np.pi))


def _showing(body: Body, part: MeshPart) -> Body:
    """The body with the `Face` of the triangles that its sides lie on."""
    from dataclasses import replace

    _, middle, normal, _ = polygon_facts(body.points, body.counts)
    a, b, c = (np.asarray(part.vertices, np.float64)[np.asarray(part.triangles)[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    way = across / np.maximum(np.linalg.norm(across, axis=1), 1e-12)[:, None]
    shows = np.asarray(part.shows)
    sides = []
    for at, out in zip(middle, normal, strict=True):
        level = (np.abs(((at - a) * way).sum(1)) < 10 * _SAME_M) & (way @ out > 0.999)
        parts = [(np.cross(q - p, at - p) * way).sum(1) for p, q in ((a, b), (b, c), (c, a))]
        on = level & (np.min(parts, axis=0) > -_SAME_M)
        sides.append(int(shows[int(on.argmax())]) if on.any() else int(Face.INSIDE))
    return replace(body, sides=tuple(sides))
