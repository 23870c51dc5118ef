"""Drawing: the twin's bits, no gap and no overlap along edges, places that project back, motion that is known."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.engine.collapse.finish import twin
from bottega.engine.collapse.finish.buffers import draw_pose, draw_poses, rasterise
from bottega.engine.collapse.finish.raster import NEAR_M, PATTERNS, Lens, draw, empty_planes, lens_of, see
from bottega.engine.collapse.finish.skin import boxes, lay_skin, pose, to_world

from .towers import camera, still, tilted, tower


def test_the_twin_draws_the_same_bits() -> None:
    pieces, seen_by = tower(), camera(width=96)
    skin, lens = lay_skin(pieces), lens_of(seen_by)
    now = pose(*tilted(pieces, 13.0, 1))
    seen = see(to_world(skin, now), lens)
    ours = draw_pose(skin, now, lens, size=(54, 96))
    slow = twin.draw(seen, skin.triangles, skin.double, lens, size=(54, 96))
    assert (ours.triangle == slow.triangle).all() and (ours.near == slow.near).all()
    assert (ours.triangle >= 0).mean() > 0.05


def test_triangles_with_a_common_edge_own_every_pixel_once() -> None:
    rng = np.random.default_rng(5)
    inner = rng.random((200, 2)) * 60 + 2
    corners = np.array([[0, 0], [64, 0], [0, 64], [64, 64]])
    from scipy.spatial import Delaunay

    points = np.concatenate([corners, inner])
    points[:20] = np.round(points[:20]) + 0.5  # corners on the samples themselves
    points[:4] = corners
    faces = Delaunay(points).simplices.astype(np.int32)
    lens = Lens(np.eye(3), np.zeros(3), 1.0, 0.0, 0.0, False)
    seen = np.concatenate([points, np.ones((len(points), 1))], 1)
    owners = np.zeros((64, 64), int)
    for t in range(len(faces)):
        into = empty_planes(64, 64)
        draw(seen, faces[t : t + 1], np.ones(1, np.bool_), lens, into, (0, 0), 0)
        owners += into.triangle >= 0
    assert (owners == 1).all()


def test_places_project_back_to_the_pixels_middle_and_lie_on_the_piece() -> None:
    pieces, seen_by = tower(), camera()
    position, rotation = tilted(pieces, 20.0, 2)
    buffers = rasterise(pieces, position, rotation=rotation, camera=seen_by)
    there = buffers.piece >= 0
    now = pose(position, rotation)
    piece = buffers.piece[there]
    world = now.position[piece] + np.einsum("nij,nj->ni", now.turn[piece], buffers.local[there].astype(np.float64))
    pixel, depth = seen_by.project(world)
    rows, columns = np.nonzero(there)
    assert np.abs(pixel - np.stack([columns + 0.5, rows + 0.5], -1)).max() < 1e-3
    assert np.abs(depth - buffers.depth[there]).max() < 1e-4 and np.isinf(buffers.depth[~there]).all()
    assert (np.abs(buffers.local[there]).max(1) < 2.02).all()
    facing = ((np.asarray(seen_by.to_world)[:3, 3] - world) * buffers.normal[there]).sum(1)
    assert (facing > 0).all()


def test_motion_is_the_way_since_the_frame_before() -> None:
    pieces, seen_by = tower(), camera()
    position, rotation = still(pieces)
    moved = position + np.array([0, 0, -0.5], np.float32)
    buffers = rasterise(pieces, moved, rotation=rotation, camera=seen_by, before=(position, rotation, seen_by))
    there = buffers.piece >= 0
    world = moved[buffers.piece[there]] + buffers.local[there]
    expected = seen_by.project(world)[0] - seen_by.project(world + np.array([0, 0, 0.5]))[0]
    assert np.abs(buffers.motion[there] - expected).max() < 1e-2
    assert (buffers.motion[there][:, 1] > 0).all() and not buffers.motion[~there].any()


def test_a_camera_inside_a_room_sees_its_walls_through_the_near_plane() -> None:
    vertices, triangles = boxes([((-50, -50, -1.7), (50, 50, 0))])
    lens = lens_of(camera(eye=(0, 0, 0.5), at=(10, 0, 0.5), width=64))
    into = empty_planes(36, 64)
    draw(see(vertices, lens), triangles, np.zeros(len(triangles), np.bool_), lens, into, (0, 0), 0)
    assert (into.triangle[19:] >= 0).all() and (into.triangle[:17] < 0).all()  # a floor to the horizon, nothing above
    assert into.near.max() <= 1 / NEAR_M


@pytest.mark.parametrize("pattern", PATTERNS.values())
def test_samples_are_balanced_and_share_no_row_or_column(pattern: tuple[tuple[int, int], ...]) -> None:
    for axis in (0, 1):
        values = [p[axis] for p in pattern]
        assert sum(values) == 0 and len(set(values)) == len(values) and max(map(abs, values)) < 128


def test_wrong_poses_are_refused_by_name() -> None:
    pieces = tower((1, 1, 1))
    with pytest.raises(ValueError, match="one for each of the 1 pieces"):
        rasterise(pieces, np.zeros((2, 3)), rotation=np.zeros((2, 4)), camera=camera())
    with pytest.raises(ValueError, match="unit"):
        rasterise(pieces, np.zeros((1, 3)), rotation=np.zeros((1, 4)), camera=camera())


def test_several_samples_at_once_have_the_bits_of_each_alone() -> None:
    pieces, seen = tower((2, 2, 3)), camera()
    skin, now, lens = lay_skin(pieces), pose(*tilted(pieces, 20)), lens_of(seen)
    held = [empty_planes(seen.height, seen.width) for _ in PATTERNS[8]]
    for k, plane in enumerate(held):
        plane.near[:, 20 * k : 20 * k + 10] = 1 / 15  # something stands before the middle of the tower
    together = draw_poses(skin, now, lens, offsets=PATTERNS[8], held=held)
    for k, (offset, plane) in enumerate(zip(PATTERNS[8], held, strict=True)):
        alone = draw_pose(skin, now, lens, size=(seen.height, seen.width), offset=offset, held=plane)
        assert (together.near[k] == alone.near).all() and (together.triangle[k] == alone.triangle).all()
    assert len({triangle.tobytes() for triangle in together.triangle}) == 8
