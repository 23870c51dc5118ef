"""Depth, normals and motion of pieces, ground and sky, against points projected one by one."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.engine.collapse.finish.buffers import rasterise
from bottega.engine.collapse.finish.control import flow, inverse_depth, nearest_m, rays, scene_depth, scene_normal
from bottega.engine.collapse.records import Camera

from .towers import still, tower

SIZE = (48, 64)


def camera(x: float = 0.0, *, turned: float = 0.0) -> Camera:
    """3 m up, 30 m before the origin, looking along +y, a little down, turned about the world's z."""
    down = np.radians(8)
    right = np.array([np.cos(turned), np.sin(turned), 0])
    ahead = np.array([-np.sin(turned) * np.cos(down), np.cos(turned) * np.cos(down), -np.sin(down)])
    to_world = np.eye(4)
    to_world[:3, 0], to_world[:3, 1], to_world[:3, 2], to_world[:3, 3] = right, np.cross(-ahead, right), -ahead, (x, -30, 3)
    return Camera(to_world, 60.0, (SIZE[1] / 2, SIZE[0] / 2), SIZE[1], SIZE[0])


def ground_of(seen: Camera) -> np.ndarray:
    """Metres along the view to z = 0, inf above the horizon."""
    with np.errstate(divide="ignore"):
        far = -np.asarray(seen.to_world)[2, 3] / rays(seen)[..., 2]
    return np.where(far > 0, far, np.inf).astype(np.float32)


@pytest.fixture
def scene():
    pieces, here = tower(), camera()
    rest = still(pieces)
    return pieces, rest, here, rasterise(pieces, rest[0], rotation=rest[1], camera=here), ground_of(here)


def test_nothing_moves_where_nothing_moved(scene) -> None:
    _, rest, here, buffers, ground = scene
    assert np.abs(flow(buffers, ground, camera=here, then=(*rest, here))).max() < 1e-3


def test_each_kind_of_point_goes_where_it_is_projected(scene) -> None:
    _, rest, here, buffers, ground = scene
    there = camera(0.4, turned=0.05)
    angle = np.float32(0.1)
    moved = rest[0] + np.float32([0.3, 0.2, -0.5]), np.tile(np.float32([np.cos(angle), 0, 0, np.sin(angle)]), (len(rest[0]), 1))
    found = flow(buffers, ground, camera=here, then=(*moved, there))
    kinds = set()
    for row, column in [(r, c) for r in range(0, SIZE[0], 5) for c in range(0, SIZE[1], 5)]:
        piece, ray = buffers.piece[row, column], rays(here)[row, column]
        if piece >= 0:
            c, s = np.cos(2 * angle), np.sin(2 * angle)
            point = moved[0][piece] + np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ buffers.local[row, column]
        elif np.isfinite(ground[row, column]):
            point = np.asarray(here.to_world)[:3, 3] + ray * ground[row, column]
        else:
            point = np.asarray(here.to_world)[:3, 3] + ray * 1e9
        kinds.add((piece >= 0, bool(np.isfinite(ground[row, column]))))
        pixel, depth = there.project(point[None].astype(np.float64))
        assert depth[0] > 0
        assert np.abs(found[row, column] - (pixel[0] - [column + 0.5, row + 0.5])).max() < 2e-2
    assert {(True, True), (False, True), (False, False)} <= kinds


def test_there_and_back_again(scene) -> None:
    """Forward and backward motion of a point cancel: one frame's forward, sampled where it goes, is less the other's backward."""
    pieces, rest, here, buffers, ground = scene
    there = camera(0.2)
    moved = rest[0] + np.float32([0.2, 0, 0.1]), rest[1]
    after = rasterise(pieces, moved[0], rotation=moved[1], camera=there)
    forward = flow(buffers, ground, camera=here, then=(*moved, there))
    backward = flow(after, ground_of(there), camera=there, then=(*rest, here))
    rows, columns = np.nonzero(buffers.piece >= 0)
    to = np.floor(np.stack([columns, rows], -1) + 0.5 + forward[rows, columns]).astype(int)
    inside = ((to >= 0) & (to < [SIZE[1], SIZE[0]])).all(1)
    rows, columns, to = rows[inside], columns[inside], to[inside]
    same = after.piece[to[:, 1], to[:, 0]] == buffers.piece[rows, columns]
    same &= np.linalg.norm(after.local[to[:, 1], to[:, 0]] - buffers.local[rows, columns], axis=1) < 0.2
    assert same.sum() > 50
    assert np.abs(forward[rows, columns] + backward[to[:, 1], to[:, 0]])[same].max() < 0.5


def test_depth_is_the_nearer_and_its_inverse_gives_it_back(scene) -> None:
    _, _, _, buffers, ground = scene
    depth = scene_depth(buffers, ground)
    assert (depth == np.minimum(buffers.depth, ground)).all()
    code = np.round(inverse_depth(depth, 2.0).astype(np.float64) * 65535)
    assert (code[np.isinf(depth)] == 0).all()
    near = (depth > 2) & (depth < 40)
    assert near.sum() > 500
    assert np.abs(2.0 * 65535 / code[near] / depth[near] - 1).max() < 40 / 2 / 65535 + 1e-4
    with pytest.raises(ValueError, match="near_m is 0, allowed is above 0"):
        inverse_depth(depth, 0)


def test_normals_look_at_the_camera(scene) -> None:
    _, _, here, buffers, ground = scene
    normal = scene_normal(buffers, ground, here)
    length = np.linalg.norm(normal, axis=-1)
    there = np.isfinite(scene_depth(buffers, ground))
    assert np.abs(length[there] - 1).max() < 1e-5
    assert (length[~there] == 0).all()
    towards = -(rays(here) @ np.asarray(here.to_world)[:3, :3])
    assert ((normal * towards).sum(-1)[there] > 0).all()


def test_the_nearest_is_no_further_than_what_is_seen(scene) -> None:
    pieces, rest, here, buffers, ground = scene
    reach = np.array(
        [np.linalg.norm(pieces.hull[a:b], axis=1).max() for a, b in zip(pieces.hull_start, pieces.hull_start[1:], strict=False)]
    )
    found = nearest_m(rest[0], reach, camera=here)
    assert 0.25 <= found <= scene_depth(buffers, ground).min() * 1.01
    with pytest.raises(ValueError, match="allowed is one size"):
        flow(buffers, ground[:-1], camera=here, then=(*rest, here))
