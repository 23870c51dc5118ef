"""A building's parts touch and do not overlap; its pieces fill them; what touches is bonded."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

from bottega.engine.collapse.building import PRESETS, Building, Denser, FractureSettings, elements, fracture
from bottega.engine.collapse.building.bars import TRIANGLES_A_BAR
from bottega.engine.collapse.building.bonds import bonds_between, bonds_within
from bottega.engine.collapse.building.cells import cells_of, polygon_facts, prism_walls
from bottega.engine.collapse.building.polygons import clip_polygon, inset, polygon_area
from bottega.engine.collapse.building.solids import Solid
from bottega.engine.collapse.records import Face

HOUSE = Building(((0, 0), (14, 0), (14, 10), (0, 10)), (3, 2, 0, 0), (4.0, 3.0))
SLANTED = Building(((0, 0), (16, 1), (17, 13), (1, 12)), (4, 3, 2, 0), (4.0, 3.0, 3.0), material="reinforced concrete")
SMALL = Building(((0, 0), (8, 0), (8, 6), (0, 6)), (2, 0, 0, 0), (3.0,))


def common(a, b):
    """Area that two convex polygons share."""
    for i in range(len(a)):
        p, q = a[i], a[(i + 1) % len(a)]
        turn = np.array([[q[0] - p[0], q[1] - p[1]], [-(q[1] - p[1]), q[0] - p[0]]]) / np.hypot(*(q - p))
        b = clip_polygon((b - p) @ turn.T, 1, 0.0, above=True) @ turn + p
        if len(b) < 3:
            return 0.0
    return polygon_area(b)


@pytest.mark.parametrize("building", [HOUSE, SLANTED, SMALL])
def test_parts_touch_and_do_not_overlap(building):
    parts = elements(building)
    for i, one in enumerate(parts):
        assert polygon_area(one.base) > 0
        for other in parts[i + 1 :]:
            if min(one.high, other.high) - max(one.low, other.low) > 1e-6:
                assert common(one.base, other.base) < 1e-6, (i, one, other)


def test_windows_are_where_they_were_asked_for_and_the_skin_is_outside():
    parts = elements(HOUSE)
    panes = [e for e in parts if e.material.name == "glass"]
    assert len(panes) == (3 + 2) * 2
    outside = [e for e in parts if Face.OUTSIDE in e.sides]
    assert {s for e in outside for s in e.sides} == {Face.OUTSIDE, Face.INSIDE}
    front = sum(
        np.ptp(e.base[:2, 0]) * (e.high - e.low) for e in outside if abs(e.base[:2, 1]).max() < 1e-9 and e.high <= 7.0
    )  # fmt: skip
    windows = 3 * (0.7 * 14 / 3 * (4 * (0.78 - 0.06)) + 0.5 * 14 / 3 * (3 * (0.82 - 0.28)) - 0.7 * 14 / 3 * 0)
    tall = 3 * 0.7 * 14 / 3 * min(0, 3.6 - (0.78 * 4))
    assert front + windows + tall == pytest.approx(14 * 7, rel=0.02)


@pytest.mark.parametrize("building", [HOUSE, SLANTED])
def test_pieces_fill_their_parts_and_nothing_is_loose(building):
    parts = elements(building)
    pieces, bonds = fracture(parts, seed=3)
    run = np.asarray([e.run if e.run >= 0 else -1 - i for i, e in enumerate(parts)])
    _, run = np.unique(run, return_inverse=True)
    each = np.bincount(run[pieces.element], pieces.volume)
    assert np.allclose(each, np.bincount(run, [e.volume for e in parts]), rtol=1e-9)
    assert (np.bincount(bonds.pair.ravel(), minlength=len(pieces)) > 0).all()
    assert (bonds.pair[:, 0] < bonds.pair[:, 1]).all()
    assert len(np.unique(bonds.pair, axis=0)) == len(bonds)
    reached, edge = {0}, {0}
    neighbours = {}
    for a, b in bonds.pair.tolist():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    while edge:
        edge = {n for e in edge for n in neighbours[e]} - reached
        reached |= edge
    assert len(reached) == len(pieces)


def test_bonds_are_as_strong_as_their_area_and_stronger_inside_a_panel():
    parts = elements(HOUSE)
    pieces, bonds = fracture(parts, FractureSettings(glue=15.0, strength=2.0), seed=3)
    material = [parts[e].material for e in pieces.element]
    mpa = np.empty(len(bonds))
    for i, ((a, b), way) in enumerate(zip(bonds.pair, bonds.normal, strict=True)):
        one, two = (np.hypot(m.tension_mpa * way[2], m.shear_mpa * np.hypot(*way[:2])) for m in (material[a], material[b]))
        mpa[i] = min(one, two) if material[a] == material[b] else min(one, two, material[a].edge_mpa, material[b].edge_mpa)
        if material[a].glued and material[b].glued and pieces.cluster[a] == pieces.cluster[b]:
            mpa[i] *= 15
    assert np.allclose(bonds.strength, mpa * 1e6 * bonds.area * 2.0)
    edge = [(material[a].name == "glass") != (material[b].name == "glass") for a, b in bonds.pair]
    assert np.allclose(bonds.strength[edge], 0.14e6 * bonds.area[edge] * 2.0)


def test_a_steel_frame_is_filled_and_a_material_says_what_it_may_be():
    stuff = {e.material.name for e in elements(replace(HOUSE, material="steel"))}
    assert {"steel", "masonry", "reinforced concrete", "glass"} >= stuff
    assert "masonry" in stuff
    for name in ("density", "tension_mpa", "shear_mpa", "piece"):
        with pytest.raises(ValueError, match=f"material 'masonry': {name} must be above 0, not 0"):
            replace(PRESETS["masonry"], **{name: 0})
    with pytest.raises(ValueError, match="rough_m must be 0 or above, not -1"):
        replace(PRESETS["masonry"], rough_m=-1)


def test_normals_point_from_the_first_to_the_second():
    pieces, bonds = fracture(elements(HOUSE), seed=3)
    away = pieces.centre[bonds.pair[:, 1]] - pieces.centre[bonds.pair[:, 0]]
    assert np.allclose(np.linalg.norm(bonds.normal, axis=1), 1)
    assert ((away * bonds.normal).sum(-1) > 0).mean() > 0.99


def test_two_bricks_that_touch_have_the_bond_that_one_can_measure():
    walls = [prism_walls(np.array([[x, 0], [x + 1, 0], [x + 1, 2], [x, 2]], float), low, low + 1.0) for x, low in ((0, 0.0), (1, 0.4))]
    skin, grey = np.full(6, -1), np.full(6, Face.INSIDE)
    solids = [Solid(i, *walls[i], skin, grey, 2.0, np.array([i + 0.5, 1, 0.5 + 0.4 * i]), i) for i in range(2)]
    (pair, area, middle, normal), covered = bonds_between(solids)
    assert pair.tolist() == [[0, 1]]
    assert area[0] == pytest.approx(2 * 0.6)
    assert middle[0] == pytest.approx([1, 1, 0.7])
    assert normal[0] == pytest.approx([1, 0, 0])
    assert [c.sum() for c in covered] == [1, 1]  # six tenths of a side
    assert len(bonds_within(solids)[0]) == 0


def test_cells_are_those_points_that_are_nearest_to_their_seed():
    rng = np.random.default_rng(5)
    base = np.array([[0, 0], [3, 0], [4, 2], [1, 3]], float)
    walls, counts = prism_walls(base, 1.0, 3.0)
    seeds = np.column_stack([rng.uniform(1, 3, 12), rng.uniform(0.5, 2, 12), rng.uniform(1, 3, 12)])
    for stretch in (np.ones(3), np.array([1, 1, 0.2])):
        apart = (((seeds[:, None] - seeds) * stretch) ** 2).sum(-1)
        np.fill_diagonal(apart, np.inf)
        points, many, _, owner = cells_of(walls, counts, seeds, np.argsort(apart, 1)[:, :11].copy(), stretch)
        for s in range(12):
            mine = owner == s
            corners = np.concatenate([points[f, : many[f]] for f in np.flatnonzero(mine)])
            inside = corners.mean(0) + (corners - corners.mean(0)) * 0.999
            gaps = (((inside[:, None] - seeds) * stretch) ** 2).sum(-1)
            assert (gaps.argmin(1) == s).all()
        assert polygon_facts(points, many)[3].sum() == pytest.approx(polygon_area(base) * 2)


def test_meshes_are_closed_and_hold_the_volume_of_their_cell():
    pieces, _ = fracture(elements(SMALL), FractureSettings(stubs=False, rough=0.0), seed=2)
    rough, _ = fracture(elements(SMALL), FractureSettings(stubs=False), seed=2)
    for found, tolerance in ((pieces, 1e-5), (rough, 0.35)):
        for i in range(len(found)):
            triangles = found.triangles[found.triangle_start[i] : found.triangle_start[i + 1]]
            edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
            assert len(np.unique(edges, axis=0)) == len(edges)
            assert {tuple(e) for e in edges.tolist()} == {tuple(e) for e in edges[:, ::-1].tolist()}
            a, b, c = (found.vertices[triangles[:, k]].astype(float) for k in range(3))
            assert (a * np.cross(b, c)).sum() / 6 == pytest.approx(found.volume[i], rel=tolerance)
        whole = sum(
            (found.vertices[t[:, 0]].astype(float) * np.cross(found.vertices[t[:, 1]], found.vertices[t[:, 2]])).sum() / 6
            for t in (found.triangles[a:b] for a, b in zip(found.triangle_start, found.triangle_start[1:], strict=False))
        )
        lost = 1 - whole / found.volume.sum()  # what one loses its neighbour gains, but where parts only stood against one another
        assert abs(lost) < 1e-5 if found is pieces else 0 < lost < 0.05


def test_the_skin_stays_where_the_plate_shows_it():
    pieces, _ = fracture(elements(SMALL), seed=2)
    piece = np.repeat(np.arange(len(pieces)), np.diff(pieces.triangle_start))
    skin = pieces.face == Face.OUTSIDE
    corners = pieces.vertices[pieces.triangles[skin]].astype(float) + pieces.centre[piece[skin]][:, None]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = np.abs(normal[:, 1]) > 0.99 * np.linalg.norm(normal, axis=1)
    assert front.any()
    away = corners[front][..., 1]
    assert np.minimum(np.abs(away), np.abs(away - 6)).max() < 1e-5


@pytest.mark.parametrize("building", [HOUSE, SLANTED])
def test_nothing_leaves_the_building_at_rest(building):
    pieces, _ = fracture(elements(building), FractureSettings(rough=2.0), seed=3)
    piece = np.repeat(np.arange(len(pieces)), np.diff(pieces.vertex_start))
    corners = pieces.vertices.astype(float) + pieces.centre[piece]
    plan = np.asarray(building.plan, float)
    edges = np.roll(plan, -1, 0) - plan
    normals = np.stack([edges[:, 1], -edges[:, 0]], -1) / np.linalg.norm(edges, axis=1)[:, None]
    assert (((corners[:, None, :2] - plan) * normals).sum(-1)).max() < 1e-5
    assert corners[:, 2].min() > -1e-5
    assert corners[:, 2].max() < sum(building.storeys_m) + building.parapet_m + 1e-5


def test_the_skin_has_neither_gaps_nor_overlaps_at_rest():
    for building, wide in ((SMALL, 8), (HOUSE, 14)):
        pieces, _ = fracture(elements(building), seed=2)
        piece = np.repeat(np.arange(len(pieces)), np.diff(pieces.triangle_start))
        corners = pieces.vertices[pieces.triangles].astype(float) + pieces.centre[piece][:, None]
        front = (np.abs(corners[..., 1]) < 1e-5).all(1) & (pieces.face == Face.OUTSIDE)
        a, b, c = corners[front][..., [0, 2]].transpose(1, 0, 2)
        area = 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
        assert (area > 0).mean() > 0.97
        parts = [e for e in elements(building) if np.abs(e.base[:2, 1]).max() < 1e-9]
        assert area.sum() == pytest.approx(sum(np.ptp(e.base[:2, 0]) * (e.high - e.low) for e in parts), rel=1e-6)
        seen = np.zeros((200, 200), int)
        high = max(e.high for e in parts)
        y, x = (np.mgrid[0:200, 0:200] + [[[0.5031]], [[0.5017]]]) / 200 * np.array([high, wide])[:, None, None]
        for p, q, r in zip(a, b, c, strict=True):
            inside = [(v[0] - u[0]) * (y - u[1]) - (v[1] - u[1]) * (x - u[0]) >= 0 for u, v in ((p, q), (q, r), (r, p))]
            seen += np.logical_and.reduce(inside)
        wall = np.zeros_like(seen, bool)
        for e in parts:
            wall |= (x > e.base[0, 0]) & (x < e.base[1, 0]) & (y > e.low) & (y < e.high)
        assert (seen[wall] > 0).all()
        assert (seen[wall] > 1).mean() < 0.01


def test_the_same_seed_gives_the_same_bits_and_another_another():
    one, two, other = (fracture(elements(SMALL), seed=s) for s in (4, 4, 5))
    for name in ("vertices", "triangles", "hull", "centre", "face"):
        assert np.array_equal(getattr(one[0], name), getattr(two[0], name))
    assert np.array_equal(one[1].strength, two[1].strength)
    assert one[0].vertices.shape != other[0].vertices.shape or not np.array_equal(one[0].vertices, other[0].vertices)


def test_it_breaks_finer_where_it_was_asked_to():
    plain, _ = fracture(elements(HOUSE), seed=1)
    finer, _ = fracture(elements(HOUSE), FractureSettings(denser=(Denser((0, 0, 0), 6.0, 6.0),)), seed=1)

    def near(pieces):
        return int((np.linalg.norm(pieces.centre, axis=1) < 4).sum())

    assert near(finer) > 2 * near(plain)
    assert len(finer) - near(finer) < 1.5 * (len(plain) - near(plain))


def test_reinforcement_sticks_out_of_concrete_only():
    for building, some in ((SLANTED, True), (replace(SMALL, material="timber"), False)):
        bare, _ = fracture(elements(building), FractureSettings(stubs=False), seed=1)
        full, _ = fracture(elements(building), seed=1)
        assert (len(full.triangles) > len(bare.triangles)) is some
        more = np.diff(full.triangle_start) - np.diff(bare.triangle_start)
        assert (more % TRIANGLES_A_BAR == 0).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"plan": ((0, 0), (1, 0))}, "three corners"),
        ({"plan": ((0, 0), (0, 10), (14, 10), (14, 0))}, "counter-clockwise"),
        ({"bays": (1, 1)}, "4 numbers of 0 or above"),
        ({"storeys_m": ()}, "heights above"),
        ({"storeys_m": (3.0, 0.2)}, "heights above"),
        ({"material": "marble"}, "allowed are reinforced concrete, masonry"),
        ({"plan": ((0, 0), (1, 0), (1, 10), (0, 10))}, "sides must be"),
    ],
)
def test_a_building_that_cannot_be_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        replace(HOUSE, **change)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"piece_m": 0}, "piece_m must be above 0, not 0"), ({"strength": -1}, "strength must be above 0"),
        ({"rough": 9}, "rough must be 0 to 3"),
        ({"denser": (Denser((0, 0, 0), 0.0, 2.0),)}, r"denser\[0\]"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        FractureSettings(**settings)
    with pytest.raises(ValueError, match="one part at least"):
        fracture([], seed=1)


def test_an_outline_moved_inward_keeps_its_corners_order():
    plan = np.asarray(SLANTED.plan, float)
    inner = inset(plan, 0.4)
    assert polygon_area(inner) < polygon_area(plan)
    edges = np.roll(plan, -1, 0) - plan
    normals = np.stack([-edges[:, 1], edges[:, 0]], -1) / np.linalg.norm(edges, axis=1)[:, None]
    assert np.allclose(((inner - plan) * normals).sum(-1), 0.4)


def test_hulls_keep_out_of_what_lies_beside_them():
    house = Building(((0, 0), (11, 0), (11, 9), (0, 9)), (3, 3, 0, 0), (4.0, 3.2))
    pieces, bonds = fracture(elements(house), FractureSettings(piece_m=1.4), seed=4)
    hulls = [ConvexHull(pieces.hull[a:b].astype(float)) for a, b in pairwise(pieces.hull_start)]
    assert min(h.volume / v for h, v in zip(hulls, pieces.volume, strict=True)) > 0.49
    faces = []
    for hull, centre in zip(hulls, pieces.centre, strict=True):
        normal, offset = hull.equations[:, :3], hull.equations[:, 3]
        faces.append(np.column_stack([normal, np.ones(len(normal)), offset - normal @ centre]))
    for one, other in bonds.pair:  # the largest ball that lies in both
        both = np.concatenate([faces[one], faces[other]])
        ball = linprog([0, 0, 0, -1], A_ub=both[:, :4], b_ub=-both[:, 4], bounds=[(None, None)] * 3 + [(-1, None)])
        assert ball.x[3] < 0.002, (one, other)
