"""A frame's identities: the plate where nothing changed, the credit that makes it again, the refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine.collapse.finish.buffers import draw_pose
from bottega.engine.collapse.finish.compositing import LastSteps, composite
from bottega.engine.collapse.finish.credit import Credit
from bottega.engine.collapse.finish.film import measure_grain
from bottega.engine.collapse.finish.finishing import Shot, finish
from bottega.engine.collapse.finish.fragments import find_fragments
from bottega.engine.collapse.finish.raster import PATTERNS, lens_of
from bottega.engine.collapse.finish.sampling import STEPS
from bottega.engine.collapse.finish.skin import boxes, pose
from bottega.engine.collapse.finish.sources import View, on_tile
from bottega.engine.collapse.finish.stage import prepare

from .conftest import Scene
from .towers import camera, still, tilted, tower

Array = NDArray[Any]


def test_a_frame_at_rest_is_the_plate_bit_for_bit(scene: Scene) -> None:
    made = finish(scene.stage, scene.shot(*still(scene.pieces)), rested=scene.rested)
    assert (made.beauty == scene.plate).all() and not made.touched.any()
    assert made.credit.shares()["plate"] == 1 and (made.credit.copied() == 0).all()
    last = composite(made, scene.shot(*still(scene.pieces)), steps=LastSteps(0.5, (1, 1, 1, 0, 0)), grain=measure_grain(scene.plate))
    assert (last == scene.plate).all()


def test_the_projection_of_the_rest_gives_the_plate_without_being_told(scene: Scene) -> None:
    # Every piece is moved by a millionth of a metre, so that nothing counts as standing still
    position, rotation = still(scene.pieces)
    made = finish(scene.stage, scene.shot(position + np.float32(2e-6), rotation), rested=scene.rested)
    inside = (scene.rested.samples >= 0).all(0)
    assert made.touched[inside].all()
    error = (made.beauty - scene.plate)[inside].astype(np.float64)
    assert -10 * np.log10((error**2).mean()) > 49
    front = made.credit.front
    own = (front.source == 2) & (front.x == front.pixel % 192 * STEPS) & (front.y == front.pixel // 192 * STEPS)
    assert own[inside.ravel()[front.pixel]].mean() > 0.98  # each from its own place in the plate


@pytest.fixture(scope="module")
def fallen(scene: Scene) -> tuple[Shot, Any]:
    shot = scene.shot(*tilted(scene.pieces, 14.0, 2), before=(*tilted(scene.pieces, 11.0, 2), scene.camera))
    return shot, finish(scene.stage, shot, rested=scene.rested)


def test_the_credit_makes_the_frame_again_to_the_bit(scene: Scene, fallen: tuple[Shot, Any]) -> None:
    _, made = fallen
    assert (made.credit.regather(scene.pictures()) == made.beauty).all()
    other = [p if i != 2 else p + np.float32(0.1) for i, p in enumerate(scene.pictures())]
    assert (made.credit.regather(other) != made.beauty).any(-1).mean() > 0.02
    with pytest.raises(ValueError, match="4, the plate's"):
        made.credit.regather(scene.pictures()[:-1])


def test_every_pixel_is_somebodys(scene: Scene, fallen: tuple[Shot, Any]) -> None:
    credit: Credit = fallen[1].credit
    shares = credit.shares()
    assert sum(shares.values()) == pytest.approx(1, abs=1e-6)
    assert all(shares[name] > 0 for name in ("plate", "clean", "plate 1001", "broken"))
    weight = np.zeros(credit.touched.size)
    np.add.at(weight, credit.back.pixel, credit.back.weight)
    assert np.abs(weight[credit.touched.ravel()] - 1).max() < 1e-6  # what stands behind is whole
    assert (np.diff(credit.back.pixel) >= 0).all() and (np.diff(credit.front.pixel) >= 0).all()


def test_a_copied_pixel_is_that_pixel_of_that_source(scene: Scene, fallen: tuple[Shot, Any]) -> None:
    credit, beauty = fallen[1].credit, fallen[1].beauty
    copied = credit.copied()
    pictures, seen = scene.pictures(), 0
    for reads in (credit.back, credit.front):
        for i in np.nonzero(copied.ravel()[reads.pixel] == reads.source)[0]:
            y, x = divmod(int(reads.pixel[i]), credit.size[1])
            if reads.weight[i] == 1 and credit.touched[y, x]:
                seen += 1
                assert (beauty[y, x] == pictures[reads.source[i]][reads.y[i] // STEPS, reads.x[i] // STEPS]).all()
    assert seen > 50
    assert (beauty[~credit.touched] == scene.plate[~credit.touched]).all()


def test_the_same_frame_twice_has_the_same_bits_and_still_ground_never_changes(scene: Scene, fallen: tuple[Shot, Any]) -> None:
    again = finish(scene.stage, fallen[0])
    assert (again.beauty == fallen[1].beauty).all() and (again.pieces == fallen[1].pieces).all()
    sky = ~scene.rested.ground & (fallen[1].coverage == 0) & (scene.matte == 0)
    assert sky.sum() > 100 and (fallen[1].beauty[sky] == scene.plate[sky]).all()


def test_the_texture_lies_still_on_its_piece(scene: Scene) -> None:
    skin, lens, pattern = scene.stage.skin, lens_of(scene.camera), PATTERNS[1]
    tile, wanted = scene.tiles[0], np.ones(scene.matte.shape, np.bool_)
    places, followed = [], -1
    for degrees in (4.0, 9.0):
        now = pose(*tilted(scene.pieces, degrees, 0))
        drawn = draw_pose(skin, now, lens, size=scene.matte.shape)
        found = find_fragments(drawn.triangle[None], wanted, skin, now, lens=lens, pattern=pattern)
        x, y, _ = on_tile(skin, found, tile, seed=3)
        followed = int(found.triangle[len(found.triangle) // 2]) if followed < 0 else followed
        same = found.triangle == followed
        assert same.sum() > 5
        places.append((found.side[same], np.stack([x, y], -1)[same] / STEPS))
    axis = np.abs(skin.normal[followed]).argmax()
    keep = [k for k in range(3) if k != axis]
    offsets = []
    for side, at in places:
        flat = side[:, keep] * [1, -1] * tile.px_per_metre
        offsets.append(np.mod(at - flat, 64))
    spread = np.concatenate(offsets) - offsets[0][0]
    assert np.abs(np.mod(spread + 32, 64) - 32).max() < 0.01  # place and texture differ by one constant in both frames


def test_a_painted_key_reaches_its_own_frame_exactly_and_others_by_place(scene: Scene) -> None:
    key_pose, later = tilted(scene.pieces, 8.0, 2), tilted(scene.pieces, 10.0, 2)
    painting = np.random.default_rng(9).random(scene.plate.shape, np.float32)
    shown = finish(scene.stage, scene.shot(*key_pose), rested=scene.rested)
    painted = ((shown.coverage == 1) & shown.touched).astype(np.float32)
    key = View("key 1010", painting, scene.camera, painted, *key_pose, painted=True)
    stage = prepare(scene.pieces, scene.light, views=[scene.stage.views[0], key], tiles=scene.tiles)
    made = finish(stage, scene.shot(*key_pose), rested=scene.rested)
    whole = made.credit.copied() == 3
    assert whole.sum() > 0.5 * painted.sum() and (made.beauty[whole] == painting[whole]).all()
    assert finish(stage, scene.shot(*later), rested=scene.rested).credit.shares()["key 1010"] > 0.5 * painted.mean()


def test_a_face_that_nothing_shows_is_refused_by_name(scene: Scene) -> None:
    stage = prepare(scene.pieces, scene.light, views=scene.stage.views, tiles=scene.tiles[1:])
    with pytest.raises(ValueError, match="concrete BROKEN"):
        finish(stage, scene.shot(*tilted(scene.pieces, 14.0, 2)), rested=scene.rested)


def test_no_wall_is_relit_beyond_the_brightest_surface(scene: Scene) -> None:
    bright = scene.plate.copy()
    bright[scene.matte > 0] = 0.9
    views = [View("plate 1001", bright, scene.camera, scene.matte)]
    peaks = []
    for most in (0.7, 1e6):
        light = replace(scene.light, albedo_most=most, ratio_most=20.0)
        stage = prepare(scene.pieces, light, views=views, tiles=scene.tiles)
        made = finish(stage, scene.shot(*tilted(scene.pieces, 25.0, 1), plate=bright), rested=scene.rested)
        front = made.credit.front
        lit = (front.source == 2) & (front.ratio.max(1) > 1)
        peaks.append(0.9 * front.ratio[lit].max())
    assert peaks[0] < peaks[1] and peaks[0] <= max(0.7 / np.pi * 8, 0.9) * 1.05


def test_the_foreground_is_the_plate_in_every_frame(scene: Scene) -> None:
    foreground = np.zeros_like(scene.matte)
    foreground[:, 90:96] = 1
    foreground[:, 96] = 0.5
    shot = scene.shot(*tilted(scene.pieces, 14.0, 1), foreground=foreground, before=(*still(scene.pieces), scene.camera))
    made = finish(scene.stage, shot, rested=scene.rested)
    dust = np.full((*scene.matte.shape, 4), 0.3, np.float32), np.full(scene.matte.shape, 0.5, np.float32)
    last = composite(made, shot, steps=LastSteps(0.5, (1, 1, 1, 0, 0)), grain=measure_grain(scene.plate), dust=dust)
    assert (last[:, 90:96] == scene.plate[:, 90:96]).all() and (last[:, :80] != scene.plate[:, :80]).any()
    assert (made.pieces[:, 96, 3] <= 0.5).all()


def test_pieces_behind_a_wall_are_hidden_and_dust_is_laid_over(scene: Scene) -> None:
    wall = boxes([((-12, -12, 0), (-7, 12, 30))])
    stage = prepare(scene.pieces, scene.light, views=scene.stage.views, tiles=scene.tiles, static=wall)
    moved = tilted(scene.pieces, 14.0, 1)
    made, free = finish(stage, scene.shot(*moved)), finish(scene.stage, scene.shot(*moved), rested=scene.rested)
    assert made.coverage.sum() < 0.7 * free.coverage.sum()
    shot, rgba = scene.shot(*moved), np.full((*scene.matte.shape, 4), 0.25, np.float32)
    over = composite(free, shot, steps=LastSteps(0.0, (1,) * 5), dust=(rgba, np.full(scene.matte.shape, 0.75, np.float32)))
    assert np.abs(over - (free.beauty * 0.75 + 0.25)).max() < 1e-6
    with pytest.raises(ValueError, match="dust lets through"):
        composite(free, shot, steps=LastSteps(0.0, (1,) * 5), dust=(rgba, rgba[..., 3] * 5))


def test_what_the_matte_has_beyond_the_pieces_goes_with_them(scene: Scene) -> None:
    matte = scene.matte.copy()
    rows, columns = np.nonzero(scene.matte)
    top = rows.min()
    matte[top - 3 : top, columns[rows == top].min() : columns[rows == top].max() + 1] = 1  # a parapet that no piece has
    marked = np.where((matte > scene.matte)[..., None], np.float32([5, 0, 0]), scene.plate)
    stage = prepare(scene.pieces, scene.light, views=[View("plate", marked, scene.camera, matte)], tiles=scene.tiles)
    gone = finish(stage, scene.shot(*tilted(scene.pieces, 14.0, 2), plate=marked, matte=matte))
    left_behind = (gone.beauty[..., 0] > 3) & (matte > scene.matte)
    moved_along = (gone.beauty[..., 0] > 2) & (gone.beauty[..., 1] < 1) & (matte == scene.matte)
    assert left_behind.mean() == 0 and moved_along.sum() > 5
    none = prepare(scene.pieces, scene.light, views=stage.views, tiles=scene.tiles, fringe=0.0)
    assert len(none.skin.triangles) == len(scene.pieces.triangles) < len(stage.skin.triangles)


def test_wrong_inputs_are_refused_by_name(scene: Scene) -> None:
    with pytest.raises(ValueError, match="frame 1001: clean is"):
        scene.shot(*still(scene.pieces), clean=scene.clean[:-1])
    with pytest.raises(ValueError, match="matte is nowhere"):
        View("x", scene.plate, scene.camera, np.zeros_like(scene.matte))
    with pytest.raises(ValueError, match="do camera, pose and matte belong together"):
        away = camera(eye=(40, 40, 2), at=(80, 80, 2))
        prepare(scene.pieces, scene.light, views=[View("x", scene.plate, away, np.ones_like(scene.matte))])
    with pytest.raises(ValueError, match="samples is 3"):
        prepare(scene.pieces, scene.light, views=scene.stage.views, samples=3)
    with pytest.raises(ValueError, match="'brick', allowed is one of"):
        prepare(tower(), scene.light, views=scene.stage.views, tiles=[replace(scene.tiles[0], material="brick")])
