"""The dust's picture: light through it, what it hides, and what hides it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.dust import (
    Daylight,
    DustLight,
    DustLook,
    DustSettings,
    DustState,
    Grid,
    begin,
    density,
    detail_tile,
    lit,
    march,
    shadow,
    sun_on,
    twin,
)
from bottega.engine.collapse.dust.sweep import depth_towards
from bottega.engine.collapse.dust.volume import tiled
from bottega.engine.collapse.records import Camera

GRID = Grid((-8.0, -8.0, 0.0), 1.0, (16, 16, 16))
PLAIN = DustLook(edges=0.0, grain=0.0, veil=1.0, half=False, step_m=0.2)
NOON = Daylight((0.0, 0.0, 1.0), (3.0, 2.5, 2.0), (0.5, 0.7, 1.0))
# Looks along +y from 22 m before the middle, level, its centre on the volume's.
EYE = Camera(np.array([[1, 0, 0, 0], [0, 0, -1, -22], [0, 1, 0, 8], [0, 0, 0, 1.0]]), 40.0, (24.0, 16.0), 48, 32)
SKY = np.full((32, 48), np.inf, np.float32)
TAKES = 40.0  # m²/kg


def still(dust: np.ndarray | float) -> DustState:
    arrays = begin(GRID, settings=DustSettings(), frame=0).arrays()
    arrays["density"] = np.broadcast_to(np.asarray(dust, np.float32), GRID.shape).copy()
    return DustState(**arrays)


def cloud() -> np.ndarray:
    x, y, z = np.meshgrid(*(np.arange(16) - 7.5 for _ in range(3)), indexing="ij")
    return 0.05 * np.clip(2 - (x * x + y * y + z * z) ** 0.5 / 3, 0, 1)


def seen(dust: np.ndarray | float, look: DustLook = PLAIN, day: Daylight = NOON) -> DustLight:
    return lit(still(dust), grid=GRID, look=look, daylight=day)


def test_a_slab_hides_as_beer_and_lambert_say() -> None:
    picture = march(seen(0.002), EYE, depth=SKY)
    along = np.sqrt(1 + (0.5 / 40) ** 2 * 2)  # of the middle pixel's ray, for a metre of depth
    assert picture.rgba[16, 24, 3] == pytest.approx(1 - np.exp(-TAKES * 0.002 * 16 * along), rel=2e-3)
    assert 14 < picture.depth[16, 24] < 22


@pytest.mark.parametrize("depth", [14.5, 18.0, 26.25])
def test_dust_behind_what_a_pixel_shows_is_not_seen(depth: float) -> None:
    picture = march(seen(0.002), EYE, depth=np.full_like(SKY, depth))
    wanted = 1 - np.exp(-TAKES * 0.002 * (depth - 14) * np.sqrt(1 + 2 * (0.5 / 40) ** 2))
    assert picture.rgba[16, 24, 3] == pytest.approx(wanted, abs=2e-3)
    assert not march(seen(0.002), EYE, depth=np.full_like(SKY, 13.9)).rgba.any()


def test_without_dust_the_picture_is_nothing_at_all() -> None:
    light = seen(0.0, DustLook())
    picture = march(light, EYE, depth=SKY)
    assert not picture.rgba.any()
    assert np.isinf(picture.depth).all()
    assert (sun_on(light, np.random.default_rng(1).uniform(-20, 20, (50, 3))) == 1).all()
    assert (shadow(light, EYE, depth=np.full_like(SKY, 20)) == 1).all()


def test_a_thick_cloud_in_full_sun_reflects_its_colour() -> None:
    day = Daylight((0.0, -1.0, 0.001), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), ground=(0, 0, 0))
    look = replace(PLAIN, colour=(0.8, 0.4, 0.2), glow=0.0)
    rgba = march(seen(0.05, look, day), EYE, depth=SKY).rgba[16, 24]
    np.testing.assert_allclose(rgba[:3] / (2 / np.pi), [0.8, 0.4, 0.2], rtol=0.15)
    assert rgba[3] == 1


def test_light_adds_up() -> None:
    sun, sky = replace(NOON, sky=(0, 0, 0)), replace(NOON, sun=(0, 0, 0))
    both, one, other = (march(seen(cloud(), DustLook(), d), EYE, depth=SKY).rgba for d in (NOON, sun, sky))
    np.testing.assert_allclose(both[..., :3], one[..., :3] + other[..., :3], atol=2e-6)
    np.testing.assert_array_equal(both[..., 3], one[..., 3])
    assert both[..., 3].max() > 0.9


def test_the_side_away_from_the_sun_is_darker_and_bluer() -> None:
    day = Daylight((-1.0, 0.0, 0.2), (4.0, 3.2, 2.4), (0.4, 0.7, 1.2))
    rgba = march(seen(cloud(), DustLook(half=False), day), EYE, depth=SKY).rgba
    left, right = rgba[12:20, 16:20].mean((0, 1)), rgba[12:20, 28:32].mean((0, 1))
    assert left[0] > 1.5 * right[0]
    assert left[0] / left[2] > 1.2 * right[0] / right[2]


def test_optical_depth_is_its_twin_along_the_axes_and_exact_aslant() -> None:
    extinction = np.random.default_rng(2).random((9, 8, 7)).astype(np.float32)
    for way in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)):
        np.testing.assert_allclose(depth_towards(extinction, way, 0.5), twin.optical_depth(extinction, way, 0.5), rtol=1e-5)
    slant = np.array([0.3, -0.2, 0.9]) / np.linalg.norm([0.3, -0.2, 0.9])
    even = depth_towards(np.full((41, 41, 11), 0.2, np.float32), tuple(slant), 0.5)
    height = (np.arange(11)[::-1] + 0.5) * 0.5
    np.testing.assert_allclose(even[20, 20], 0.2 * height / slant[2], rtol=1e-5)


def test_dust_casts_its_shadow() -> None:
    light = seen(0.001)
    points = np.array([[0.3, 0.2, 0.0], [0.3, 0.2, 8.0], [0.0, 0.0, 20.0], [12.0, 0.0, 1.0], [0.0, 0.0, -5.0]])
    wanted = np.exp(-TAKES * 0.001 * np.array([16, 8, 0, 0, 16]))
    np.testing.assert_allclose(sun_on(light, points), wanted, rtol=0.012)
    aslant = seen(cloud(), PLAIN, replace(NOON, to_sun=(-1.0, 0.0, 1.0)))
    beside = sun_on(aslant, np.array([[14.0, 0.0, -6.0], [-14.0, 0.0, -6.0]]))
    assert beside[0] < 0.2
    assert beside[1] == 1
    floor = shadow(light, EYE, depth=np.full_like(SKY, 22.0))
    assert floor[16, 24] == pytest.approx(np.exp(-TAKES * 0.001 * (16 - 8)), rel=0.02)


def test_half_the_rays_give_nearly_the_same_picture() -> None:
    whole, half = (march(seen(cloud(), replace(PLAIN, half=h)), EYE, depth=SKY).rgba for h in (False, True))
    assert np.abs(whole - half).mean() < 0.01
    assert whole[..., 3].max() > 0.9


def test_half_the_rays_keep_edges_in_depth() -> None:
    depth = SKY.copy()
    depth[:, 21:] = 13.0  # stands before all dust, its edge within a ray's four pixels
    depth[9, 10] = 13.0  # a single pixel
    rgba = march(seen(0.01, replace(PLAIN, half=True)), EYE, depth=depth).rgba
    assert rgba[:, 22:].max() < 1e-4
    assert rgba[9, 10, 3] < 0.02
    assert rgba[16, 20, 3] > 0.98 * march(seen(0.01), EYE, depth=depth).rgba[16, 20, 3]


def test_what_stands_before_all_dust_covers_it() -> None:
    cover = np.zeros_like(SKY)
    cover[:, :24], cover[:, 24] = 1, 0.5
    light = seen(cloud())
    free, covered = march(light, EYE, depth=SKY), march(light, EYE, depth=SKY, foreground=cover)
    assert not covered.rgba[:, :24].any()
    np.testing.assert_array_equal(covered.rgba[:, 24], free.rgba[:, 24] * np.float32(0.5))


def test_detail_continues_over_its_edges() -> None:
    tile = detail_tile(3)
    assert tile.mean() == pytest.approx(0, abs=1e-3)
    assert tile.std() == pytest.approx(1, abs=1e-3)
    inside, across = np.abs(np.diff(tile, axis=0)).mean(), np.abs(tile[0] - tile[-1]).mean()
    assert across == pytest.approx(inside, rel=0.1)
    assert not np.array_equal(tile, detail_tile(4))


def test_a_tile_is_the_same_wherever_it_repeats() -> None:
    side = 7
    tile = np.random.default_rng(3).random((side, side, side)).astype(np.float32)
    for whole in np.random.default_rng(4).integers(-900, 900, (400, 3)):
        assert tiled(tile, *whole.astype(np.float32)) == tile[tuple(whole % side)]


def test_detail_carves_the_edge_and_leaves_the_mean_near() -> None:
    soft, hard = (seen(cloud(), DustLook(edges=e, grain=e)).extinction for e in (0.0, 1.0))
    assert np.abs(np.diff(hard, axis=0)).mean() > 1.2 * np.abs(np.diff(soft, axis=0)).mean()
    assert hard.sum() == pytest.approx(soft.sum(), rel=0.3)


def test_any_number_of_threads_gives_the_same_bits() -> None:
    pictures = []
    for threads in (1, 2, 3):
        light = lit(still(cloud()), grid=GRID, look=DustLook(), daylight=NOON, threads=threads)
        pictures.append(march(light, EYE, depth=SKY, threads=threads).rgba)
    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])
    assert pictures[0].any()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: DustLook(colour=(2, 0, 0)), "colour.*2"),
        (lambda: DustLook(veil=3), "veil: 0 to 1.*3"),
        (lambda: DustLook(step_m=0), "step_m.*0"),
        (lambda: Daylight((0, 0, 0), (1, 1, 1), (1, 1, 1)), "to_sun: a direction"),
        (lambda: Daylight((0, 1, -0.2), (1, 1, 1), (1, 1, 1)), "stands above the ground"),
        (lambda: Daylight((0, 0, 1), (1, 1, -1), (1, 1, 1)), "sun: three numbers"),
        (lambda: lit(still(0.0), grid=replace(GRID, shape=(8, 8, 8)), look=PLAIN, daylight=NOON), "the grid"),
        (lambda: march(seen(0.0), EYE, depth=SKY[1:]), r"depth is \(31, 48\)"),
        (lambda: march(seen(0.0), EYE, depth=SKY * np.nan), "1536 are neither"),
        (lambda: march(seen(0.0), EYE, depth=SKY, foreground=SKY[1:]), "foreground"),
        (lambda: shadow(seen(0.0), EYE, depth=SKY[1:]), "depth is"),
        (lambda: sun_on(seen(0.0), np.zeros((3, 2))), r"\(3, 2\)"),
        (lambda: depth_towards(np.zeros((3, 3, 3), np.float32), (0, 0, 0), 1.0), "length"),
        (lambda: detail_tile(-1), "seed.*-1"),
    ],
)
def test_refusals_quote_what_was_given(make: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()  # type: ignore[operator]


def test_the_density_given_away_hides_what_the_picture_hides() -> None:
    light = seen(cloud() / 8, DustLook(half=False, step_m=0.1))
    volume = density(light)
    assert volume.shape == (32, 32, 32)
    far = Camera(np.array([[1, 0, 0, 0], [0, 0, -1, -4000], [0, 1, 0, 8], [0, 0, 0, 1.0]]), 2 * 4000.0, (16.0, 16.0), 32, 32)
    alpha = march(light, far, depth=np.full((32, 32), np.inf, np.float32)).rgba[..., 3].astype(np.float64)
    hidden = (1 - np.exp(-volume.sum(1, dtype=np.float64) * 0.5)).T[::-1]  # looking along y: x to the right, z up
    assert alpha.max() > 0.5
    assert hidden.sum() == pytest.approx(alpha.sum(), rel=0.03)
    assert np.corrcoef(hidden.ravel(), alpha.ravel())[0, 1] > 0.98
    np.testing.assert_array_equal(density(light, threads=2), volume)


def test_grains_of_the_albedo_reflect_the_colour_of_a_thick_cloud_of_them() -> None:
    look = DustLook(colour=(0.45, 0.1, 1.0))
    s = np.sqrt(1 - np.asarray(look.albedo))
    np.testing.assert_allclose((1 - s) * (1 - 0.139 * s) / (1 + 1.17 * s), look.colour, atol=1e-9)
    assert look.albedo[2] == 1
