"""Light in closed form, cubic reads, blur, grain, tiles and holes."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.engine.collapse.finish.blur import blur
from bottega.engine.collapse.finish.credit import Credit
from bottega.engine.collapse.finish.film import Grain, add_grain, kept, measure_grain
from bottega.engine.collapse.finish.light import Light, irradiance, lay_lamp, shadow_maps
from bottega.engine.collapse.finish.recipe import plain_reads
from bottega.engine.collapse.finish.sampling import STEPS, Reads, gather
from bottega.engine.collapse.finish.skin import boxes, casting, coplanar, lay_skin
from bottega.engine.collapse.finish.texture import Exemplar, fill, make_tile, quantiles
from bottega.engine.collapse.records import Face

from .towers import tower

LIGHT = Light((1, 0, 1), (4, 3, 2), (1, 1, 2), sun_map=256, sky_map=64, sky_directions=13)
UP = np.array([[0.0, 0, 1]])


def test_open_ground_has_the_suns_and_the_skys_light_and_a_box_takes_them_away() -> None:
    lamp = lay_lamp(LIGHT, np.array([-20.0, -20, -1]), np.array([20.0, 20, 11]))
    vertices, triangles = boxes([((-2, -2, 0), (2, 2, 10))])
    maps = shadow_maps(lamp, vertices, triangles, double=np.zeros(len(triangles), np.bool_))
    far, behind = np.array([[15.0, 15, 0]]), np.array([[-6.0, 0, 0]])
    whole = np.array([4, 3, 2]) * np.sqrt(0.5) + np.array([1, 1, 2])
    open_, shaded = irradiance(far, UP, lamp, maps)[0], irradiance(behind, UP, lamp, maps)[0]
    assert np.abs(open_ / whole - 1).max() < 0.2 and (open_ <= whole + 1e-4).all()
    assert (shaded < [1, 1, 2]).all() and (shaded > [0.3, 0.3, 0.6]).all()
    bare = shadow_maps(lamp, vertices[:0], triangles[:0], double=np.zeros(0, np.bool_))
    assert np.abs(irradiance(behind, UP, lamp, bare)[0] - whole).max() < 1e-4


def test_a_far_edge_is_softer_than_a_near_one() -> None:
    light = Light((0, 0, 1), (1, 1, 1), (0.1, 0.1, 0.1), sun_angle_rad=0.1, sun_map=1024, sky_map=32, sky_directions=3)
    lamp = lay_lamp(light, np.array([-10.0, -10, -1]), np.array([10.0, 10, 12]))
    x = np.linspace(-2, 2, 81)
    widths = []
    for height in (1.0, 9.0):
        vertices, triangles = boxes([((-9, -9, height), (0, 9, height + 0.5))])
        maps = shadow_maps(lamp, vertices, triangles, double=np.zeros(len(triangles), np.bool_))
        points = np.stack([x, 0 * x, 0 * x], -1)
        sun = irradiance(points, np.repeat(UP, len(x), 0), lamp, maps)[:, 0]
        share = (sun - sun.min()) / (sun.max() - sun.min())
        widths.append(float(((share > 0.15) & (share < 0.85)).mean()))
    assert widths[1] > 2 * widths[0]


def test_a_light_that_cannot_be_is_refused() -> None:
    for wrong, said in (({"to_sun": (0, 0, 0)}, "to_sun"), ({"sun": (-1, 0, 0)}, "sun is"), ({"ratio_least": 2.0}, "ratio bounds")):
        with pytest.raises(ValueError, match=said):
            Light(**({"to_sun": (0, 0, 1), "sun": (1, 1, 1), "sky": (1, 1, 1)} | wrong))
    with pytest.raises(ValueError, match="both 0"):
        Light((0, 0, 1), (0, 0, 0), (0, 0, 0))


def test_triangles_of_one_plane_are_one_flat_and_a_foreign_corner_is_refused() -> None:
    skin = lay_skin(tower((1, 1, 2)))
    assert len(np.unique(skin.flat)) == 12 and (np.bincount(skin.flat) == 2).all()
    assert len(casting(skin)) == 24
    assert len(coplanar(skin.piece[:0], skin.face[:0], skin.normal[:0], skin.level[:0])) == 0
    pieces = tower((1, 1, 2))
    pieces.triangles[3, 0] = 12
    with pytest.raises(ValueError, match="triangle 3 of piece 0"):
        lay_skin(pieces)


def test_a_read_on_a_pixel_is_its_bits_and_one_between_is_the_cubic() -> None:
    ramp = np.arange(12, dtype=np.float32)[None, :, None] * np.ones((6, 1, 3), np.float32)
    at = np.array([(3, 2), (3.5, 2), (3.25, 2.5)])
    reads = plain_reads(np.arange(3), 3, 0, np.ones(3), np.ones((3, 3)))
    reads = reads._replace(x=(at[:, 0] * STEPS).astype(np.int32), y=(at[:, 1] * STEPS).astype(np.int32))
    assert gather(reads, [ramp], size=(1, 3))[0, :, 0].tolist() == [3.0, 3.5, 3.25]  # a cubic keeps a ramp
    spike = np.zeros((6, 12, 3), np.float32)
    spike[2, 4] = 1
    assert (gather(reads, [spike], size=(1, 3)) >= 0).all()  # no dark rim


def test_a_fine_source_is_averaged() -> None:
    checks = (np.indices((32, 32)).sum(0) % 2)[..., None].astype(np.float32) * np.ones(3, np.float32)
    reads = plain_reads(np.arange(4), 4, 0, np.ones(4), np.ones((4, 3)))
    reads = reads._replace(x=reads.x * 4 + 10 * STEPS, y=reads.y + 10 * STEPS, step=reads.step * np.float32(4))
    assert np.abs(gather(reads, [checks], size=(1, 4)) - 0.5).max() < 0.13


def test_a_moving_dot_becomes_a_line_and_still_things_keep_their_bits() -> None:
    picture = np.random.default_rng(3).random((64, 64, 3), np.float32) * np.float32(0.1)
    motion, depth, none = np.zeros((64, 64, 2), np.float32), np.full((64, 64), np.inf, np.float32), np.zeros((64, 64), np.float32)
    assert (blur(picture, motion, depth=depth, foreground=none) == picture).all()
    picture[30:34, 30:34], motion[30:34, 30:34], depth[30:34, 30:34] = 1, (24, 0), 5
    out = blur(picture, motion, depth=depth, foreground=none)
    changed = (out != picture).any(-1)
    assert changed[31, 25:39].all() and not changed[:29].any() and not changed[:, :22].any()
    assert out[31, 31].mean() < 0.6 and out[31, 26].mean() > 0.15
    held = np.zeros_like(none)
    held[:, 36:] = 1
    assert (blur(picture, motion, depth=depth, foreground=held)[:, 36:] == picture[:, 36:]).all()
    with pytest.raises(ValueError, match="shutter is 2"):
        blur(picture, motion, depth=depth, foreground=none, shutter=2.0)


@pytest.fixture(scope="module")
def filmed() -> tuple[np.ndarray, np.ndarray]:
    import cv2

    clean = np.repeat(np.linspace(0.1, 0.8, 256, dtype=np.float32)[None, :, None], 192, 0) * np.ones(3, np.float32)
    white = np.random.default_rng(8).standard_normal(clean.shape)
    soft = cv2.GaussianBlur(white, (0, 0), 0.6)
    noise = soft / soft.std() * 0.02 * np.sqrt(clean)
    return clean, (clean + noise).astype(np.float32)


def test_grain_is_measured_at_its_brightness(filmed: tuple[np.ndarray, np.ndarray]) -> None:
    grain = measure_grain(filmed[1])
    assert np.abs(grain.sigma.mean(1) / (0.02 * np.sqrt(grain.level)) - 1).max() < 0.2
    assert abs(grain.soft_px - 0.6) <= 0.15
    assert measure_grain(filmed[0]).sigma.max() < 1e-3
    with pytest.raises(ValueError, match="64 or more"):
        measure_grain(filmed[0][:32])


def test_grain_comes_back_where_it_was_lost_and_nowhere_else(filmed: tuple[np.ndarray, np.ndarray]) -> None:
    clean, shot = filmed
    where = np.arange(192 * 256).reshape(192, 256)[:, 64:192].ravel()
    touched = np.zeros((192, 256), np.bool_)
    touched.ravel()[where] = True
    nothing = plain_reads(where[:0], 256, 0, np.ones(0), np.ones((0, 3)))
    credit = Credit(
        ("plate", "tile"), (192, 256), plain_reads(where, 256, 1, np.ones(len(where)), np.ones((len(where), 3))), nothing, touched
    )
    grain = measure_grain(shot)
    out = add_grain(clean, credit, grain, carried=(1, 0), seed=(1, 1001))
    added, wanted = (out - clean)[touched].std(), (shot - clean)[touched].std()
    assert 0.8 < added / wanted < 1.2 and (out[~touched] == clean[~touched]).all()
    assert (add_grain(clean, credit, grain, carried=(1, 1), seed=(1, 1001)) == clean).all()  # a source with grain of its own needs none
    assert (add_grain(clean, credit, grain, carried=(1, 0), seed=(1, 1001)) == out).all()
    with pytest.raises(ValueError, match="carried has 1"):
        add_grain(clean, credit, grain, carried=(1,), seed=(1, 1))


def test_half_way_between_pixels_less_of_a_grain_is_left() -> None:
    reads = plain_reads(np.arange(2), 2, 0, np.ones(2), np.ones((2, 3)))
    between = Reads(*reads)._replace(x=reads.x + STEPS // 2)
    assert (kept(reads, 0.05) == 1).all()
    assert np.abs(kept(between, 0.05) - (2 * 0.5625**2 + 2 * 0.0625**2)).max() < 1e-9
    assert Grain(np.array([0.0, 1.0]), np.array([[0.0] * 3, [1.0] * 3]), 0.5, np.eye(3)).at(np.full((1, 3), 0.25))[0, 0] == 0.25


def wall(seed: int) -> np.ndarray:
    import cv2

    rng = np.random.default_rng(seed)
    rough = sum(cv2.resize(rng.random((n, n)), (96, 96), interpolation=cv2.INTER_CUBIC) for n in (6, 24, 96))
    return np.ascontiguousarray((0.1 + 0.1 * rough)[..., None] * [1.0, 0.9, 0.8], np.float32)


@pytest.mark.parametrize(("count", "asked"), [(1, 5), (2, 9), (1000, 700), (777, 4000)])
def test_quantiles_are_numpys_to_the_bit(count: int, asked: int) -> None:
    chance = np.random.default_rng(count)
    values, shares = chance.random(count).astype(np.float32), np.concatenate([[0, 1, 0.5], chance.random(asked)])
    assert (quantiles(values, shares) == np.quantile(values, shares)).all()


def test_a_tile_is_made_of_its_exemplar_and_has_no_edge() -> None:
    exemplar = Exemplar("broken", "concrete", Face.BROKEN, wall(1), 50.0)
    tile, made = make_tile(exemplar, 80, seed=5)
    assert (made.regather() == tile.picture).all() and tile.px_per_metre == 50
    assert exemplar.picture.min() <= tile.picture.min() and tile.picture.max() <= exemplar.picture.max()
    across = np.abs(tile.picture[0] - tile.picture[-1]).mean()
    assert across < 2 * np.abs(np.diff(tile.picture, axis=0)).mean()
    assert (make_tile(exemplar, 80, seed=5)[0].picture == tile.picture).all()
    with pytest.raises(ValueError, match="size is 8"):
        make_tile(exemplar, 8, seed=5)


def test_a_hole_is_filled_from_the_picture_and_the_rest_keeps_its_bits() -> None:
    picture = wall(2)
    hole = np.zeros((96, 96), np.bool_)
    hole[:, 40:48] = True
    marked = picture.copy()
    marked[hole] = 9
    made = fill(marked, hole, seed=1)
    assert (made.picture[~hole] == picture[~hole]).all() and made.picture.max() < 1
    assert (made.regather() == made.picture).all()
    assert np.abs(made.picture[hole].mean() - picture[hole].mean()) < 0.05
    with pytest.raises(ValueError, match="some and not all"):
        fill(picture, ~hole | hole)
