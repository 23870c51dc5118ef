"""Meshes become convex bodies that hold the same; what is open is named."""

import numpy as np
import pytest

from bottega.engine.collapse.building import PRESETS, FractureSettings, MeshPart, fracture, from_mesh
from bottega.engine.collapse.records import Face

STONE = PRESETS["masonry"]


def grown(outline, holes, thick):
    """A wall (x, z outlines) of a thickness along y, triangulated over a grid of its own lines, with square holes."""
    xs = sorted({p for x0, x1, _, _ in [outline, *holes] for p in (x0, x1)})
    zs = sorted({p for _, _, z0, z1 in [outline, *holes] for p in (z0, z1)})
    solid = {
        (i, j)
        for i in range(len(xs) - 1)
        for j in range(len(zs) - 1)
        if not any(x0 <= xs[i] < x1 and z0 <= zs[j] < z1 for x0, x1, z0, z1 in holes)
    }
    quads = []
    for i, j in sorted(solid):
        (x0, x1), (z0, z1) = (xs[i], xs[i + 1]), (zs[j], zs[j + 1])
        quads.append([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)])
        quads.append([(x0, thick, z0), (x0, thick, z1), (x1, thick, z1), (x1, thick, z0)])
        for beside, quad in (
            ((i - 1, j), [(x0, 0, z0), (x0, 0, z1), (x0, thick, z1), (x0, thick, z0)]),
            ((i + 1, j), [(x1, 0, z0), (x1, thick, z0), (x1, thick, z1), (x1, 0, z1)]),
            ((i, j - 1), [(x0, 0, z0), (x0, thick, z0), (x1, thick, z0), (x1, 0, z0)]),
            ((i, j + 1), [(x0, 0, z1), (x1, 0, z1), (x1, thick, z1), (x0, thick, z1)]),
        ):
            if beside not in solid:
                quads.append(quad)
    triangles = np.arange(4 * len(quads)).reshape(-1, 4)[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    return np.asarray(quads, float).reshape(-1, 3), triangles


WALL = grown((0, 6, 0, 3), [(1, 2, 1, 2), (4, 5, 1, 2)], 0.4)
ROOF = (
    np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0], [0, 1.5, 1.5], [4, 1.5, 1.5]], float),
    np.array([[0, 2, 1], [0, 3, 2], [0, 1, 5], [0, 5, 4], [2, 3, 4], [2, 4, 5], [0, 4, 3], [1, 2, 5]]),
)


def part(mesh, **more):
    return MeshPart("wall", mesh[0], mesh[1], STONE, 0, 0, **more)


def test_a_wall_with_windows_is_cut_into_bodies_that_hold_what_it_holds():
    bodies = from_mesh([part(WALL)])
    assert sum(b.volume for b in bodies) == pytest.approx((18 - 2) * 0.4)
    assert {b.run for b in bodies} == {0}
    assert len(bodies) == 15 - 2


def test_a_gable_roof_is_one_body():
    bodies = from_mesh([part(ROOF)])
    assert [round(b.volume, 9) for b in bodies] == [round(4 * 3 * 1.5 / 2, 9)]


def test_places_lie_inside():
    rng = np.random.default_rng(1)
    (body,) = from_mesh([part(ROOF)])
    at = np.stack([body.place(rng) for _ in range(400)])
    assert (at[:, 2] > 0).all()
    assert (at[:, 2] < 1.5 - np.abs(at[:, 1] - 1.5)).all()
    assert at.mean(0) == pytest.approx([2, 1.5, 0.5], abs=0.15)
    assert body.middle == pytest.approx([2, 1.5, 0.5])


def test_it_breaks_into_closed_pieces_and_windows_stay_open():
    bodies = from_mesh([part(WALL), part((ROOF[0] + [0, 0, 3], ROOF[1]))])
    pieces, bonds = fracture(bodies, FractureSettings(piece_m=0.8), seed=1)
    assert pieces.volume.sum() == pytest.approx(sum(b.volume for b in bodies))
    assert len(pieces) > 12
    assert (np.bincount(bonds.pair.ravel(), minlength=len(pieces)) > 0).all()
    piece = np.repeat(np.arange(len(pieces)), np.diff(pieces.triangle_start))
    for i in range(len(pieces)):
        triangles = pieces.triangles[piece == i]
        edges = {tuple(e) for e in triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).tolist()}
        assert edges == {(b, a) for a, b in edges}
    corners = pieces.vertices[pieces.triangles].astype(float) + pieces.centre[piece][:, None]
    front = (np.abs(corners[..., 1]) < 1e-5).all(1) & (pieces.face == Face.OUTSIDE) & (corners[..., 2] < 3 + 1e-6).all(1)
    a, b, c = corners[front][..., [0, 2]].transpose(1, 0, 2)
    area = 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    assert area.sum() == pytest.approx(16, rel=1e-5)


def test_faces_show_what_they_were_told_to():
    normal = np.cross(WALL[0][WALL[1][:, 1]] - WALL[0][WALL[1][:, 0]], WALL[0][WALL[1][:, 2]] - WALL[0][WALL[1][:, 0]])
    shows = np.where(normal[:, 1] < 0, Face.OUTSIDE, Face.INSIDE)
    bodies = from_mesh([part(WALL, shows=shows)])
    assert {sum(s == Face.OUTSIDE for s in b.sides) for b in bodies} == {1}


def test_an_open_mesh_is_refused_and_its_first_open_edge_named():
    with pytest.raises(
        ValueError, match=r"mesh 'wall': it must be closed, and the edge from \[4.0, 3.0, 0.0\] to \[0.0, 0.0, 0.0\] is open"
    ):
        from_mesh([part((ROOF[0], ROOF[1][1:]))])


@pytest.mark.parametrize(
    ("mesh", "says"),
    [
        ((ROOF[0], ROOF[1][:, ::-1]), "inside out"),
        ((ROOF[0][:, :2], ROOF[1]), r"\(V, 3\) vertices"),
        ((ROOF[0], ROOF[1] + 1), "count 0 to 5"),
        ((ROOF[0] * np.nan, ROOF[1]), "finite"),
        ((np.concatenate([ROOF[0], ROOF[0] + 0.3]), np.concatenate([ROOF[1], ROOF[1] + 6])), "it crosses itself"),
    ],
)
def test_what_is_no_solid_is_refused(mesh, says):
    with pytest.raises(ValueError, match=says):
        from_mesh([part(mesh)])
    with pytest.raises(ValueError, match="one mesh at least"):
        from_mesh([])


def test_a_curved_mesh_is_refused():
    turn = np.linspace(0, 2 * np.pi, 121)[:-1]
    ring = np.stack([np.cos(turn), np.sin(turn)], -1)
    vertices = np.concatenate([np.c_[ring, np.zeros(120)], np.c_[ring, np.ones(120)], [[0, 0, 0], [0, 0, 1]]])
    k, n = np.arange(120), (np.arange(120) + 1) % 120
    low, high = np.full(120, 240), np.full(120, 241)
    sides = [np.c_[k, n, n + 120], np.c_[k, n + 120, k + 120], np.c_[n, k, low], np.c_[k + 120, n + 120, high]]
    triangles = np.concatenate(sides)
    with pytest.raises(ValueError, match="its faces lie in 122 planes, allowed are 96"):
        from_mesh([part((vertices, triangles))])
