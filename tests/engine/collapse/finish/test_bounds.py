"""The bounds of shadow maps: what they say of a place is what its pixels say, and light that is asked with them has the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.engine.collapse.finish.bounds import BLOCK_PX, depth_bounds
from bottega.engine.collapse.finish.light import Light, irradiance, lay_lamp, shadow_maps
from bottega.engine.collapse.finish.skin import boxes

LOW, HIGH = np.array([-20.0, -20, -1]), np.array([20.0, 20, 13])


def plain_bounds(shade: np.ndarray, reach: int) -> np.ndarray:
    """The same, slowly."""
    size = len(shade)
    blocks = -(-size // BLOCK_PX)
    out = np.empty((blocks, blocks, 2), np.float32)
    for r in range(blocks):
        for c in range(blocks):
            y, x = np.arange(r * BLOCK_PX - reach, (r + 1) * BLOCK_PX + reach), np.arange(c * BLOCK_PX - reach, (c + 1) * BLOCK_PX + reach)
            inside = (y[:, None] >= 0) & (y[:, None] < size) & (x >= 0) & (x < size)
            part = shade[np.ix_(y.clip(0, size - 1), x.clip(0, size - 1))]
            out[r, c] = np.where(inside, part, np.inf).min(), np.where(inside, part, np.inf).max()
    return out


@pytest.mark.parametrize(("size", "reach"), [(16, 0), (17, 2), (23, 5), (24, 9)])
def test_bounds_are_the_least_and_greatest_within_reach(size: int, reach: int) -> None:
    shade = np.random.default_rng(size).random((size, size)).astype(np.float32)
    shade[shade > 0.8] = np.inf
    assert (depth_bounds(shade, reach) == plain_bounds(shade, reach)).all()


def test_a_map_that_is_not_square_and_a_reach_below_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\)"):
        depth_bounds(np.zeros((4, 5), np.float32), 1)
    with pytest.raises(ValueError, match="within -1"):
        depth_bounds(np.zeros((4, 4), np.float32), -1)


@pytest.mark.parametrize(("seed", "angle", "sun_map", "sky_map"), [(1, 0.0093, 256, 64), (2, 0.2, 130, 37), (3, 0.03, 512, 96)])
def test_light_has_the_same_bits_with_bounds_that_say_nothing(seed: int, angle: float, sun_map: int, sky_map: int) -> None:
    chance = np.random.default_rng(seed)
    light = Light((1, 0.5, 0.8), (4, 3, 2), (1, 1, 2), (0.3, 0.3, 0.2), sun_angle_rad=angle, sun_map=sun_map, sky_map=sky_map)
    lamp = lay_lamp(light, LOW, HIGH)
    low = chance.uniform((-15, -15, 0), (12, 12, 8), (40, 3))
    vertices, triangles = boxes([(tuple(a), tuple(a + s)) for a, s in zip(low, chance.uniform(0.2, 5, (40, 3)), strict=True)])
    maps = shadow_maps(lamp, vertices, triangles, double=np.zeros(len(triangles), np.bool_))
    points = np.concatenate([chance.uniform(LOW - 30, HIGH + 30, (3000, 3)), chance.uniform(LOW, HIGH, (12000, 3))])
    normals = chance.normal(size=points.shape)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    silent = [np.stack([np.full_like(b[..., 0], -np.inf), np.full_like(b[..., 1], np.inf)], -1) for b in (maps.sun_bounds, maps.sky_bounds)]
    plain = irradiance(points, normals, lamp, maps._replace(sun_bounds=silent[0], sky_bounds=silent[1]))
    assert (irradiance(points, normals, lamp, maps) == plain).all()
    assert len(np.unique(plain[:, 0])) > 5000  # and it is not all one light
