"""Traced light: its noise goes and its edges stay, a place is found again exactly, what no key saw is told by its piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bottega.engine.collapse.finish.buffers import draw_pose
from bottega.engine.collapse.finish.finishing import finish
from bottega.engine.collapse.finish.fragments import Fragments, find_fragments
from bottega.engine.collapse.finish.raster import PATTERNS, lens_of
from bottega.engine.collapse.finish.recipe import on_fragments
from bottega.engine.collapse.finish.skin import pose
from bottega.engine.collapse.finish.traced import Key, Traced, carried, lay_key, smoothed
from bottega.engine.collapse.records import Camera

from .conftest import Scene
from .towers import camera, still, tilted

Array = NDArray[Any]


def laid(scene: Scene, at: tuple[Array, Array], seen_by: Camera | None = None, factor: float = 1.0) -> Key:
    """A key whose tracer found our own light, times a factor."""
    seen_by = seen_by or scene.camera
    blank = np.ones((seen_by.height, seen_by.width, 3), np.float32)
    key = lay_key(scene.stage, seen_by, position=at[0], rotation=at[1], traced=blank)
    return key._replace(light=(key.own * np.float32(factor)).astype(np.float32), factor=np.full_like(key.factor, factor))


def fragments(scene: Scene, at: tuple[Array, Array]) -> tuple[Fragments, Array]:
    now, lens = pose(*at), lens_of(scene.camera)
    size = (scene.camera.height, scene.camera.width)
    drawn = draw_pose(scene.stage.skin, now, lens, size=size).triangle[None]
    found = find_fragments(drawn, np.ones(size, bool), scene.stage.skin, now, lens=lens, pattern=PATTERNS[1])
    return found, on_fragments(scene.stage, found, now, scene.stage.shadows(now))


def test_light_that_is_our_own_changes_no_bit_of_a_frame(scene: Scene) -> None:
    shot = scene.shot(*tilted(scene.pieces, 14.0, 2))
    plain = finish(scene.stage, shot, rested=scene.rested)
    key, rest = laid(scene, tilted(scene.pieces, 12.0, 2)), laid(scene, still(scene.pieces))
    traced = finish(scene.stage, shot, rested=scene.rested, traced=Traced(((key, 0.5), (rest, 0.5)), (rest,)))
    assert (traced.beauty == plain.beauty).all()
    brighter = laid(scene, tilted(scene.pieces, 12.0, 2), factor=1.25)
    lit = finish(scene.stage, shot, rested=scene.rested, traced=Traced(((brighter, 1.0),), (rest,)))
    front = plain.pieces[..., 3] > 0.999
    gain = lit.beauty[front] / plain.beauty[front]
    assert np.median(gain) == pytest.approx(1.25, rel=1e-3)
    assert (lit.beauty[~plain.touched] == plain.beauty[~plain.touched]).all()


def test_what_stands_is_the_plate_whatever_was_traced(scene: Scene) -> None:
    dark = laid(scene, still(scene.pieces), factor=0.5)
    made = finish(scene.stage, scene.shot(*still(scene.pieces)), rested=scene.rested, traced=Traced(((dark, 1.0),), (dark,)))
    assert (made.beauty == scene.plate).all()


def test_a_place_is_found_again_in_another_pose_through_another_camera(scene: Scene) -> None:
    key = laid(scene, still(scene.pieces), camera((-20.0, -30.0, 4.0), width=384))
    there = key.triangle >= 0
    places = np.where(there[..., None], 2 + 0.2 * key.local, 0).astype(np.float32)
    key = key._replace(light=places, own=np.ones_like(places), factor=np.full_like(key.factor, 7.0))
    found, _ = fragments(scene, tilted(scene.pieces, 14.0, 1))
    told = carried(scene.stage, found, np.ones((len(found.pixel), 3), np.float32), [(key, 1.0)])
    hidden = (told == 7).all(1)
    assert (~hidden).mean() > 0.4
    away = np.abs(told[~hidden] - 2 - 0.2 * found.side[~hidden]).max(1)
    assert np.quantile(away, 0.8) < 1e-3  # between four pixels of the same side
    assert away.max() < 0.06  # at a side's edge, where fewer are: a pixel
    tops = scene.stage.skin.normal[found.triangle, 2] > 0.9
    assert hidden[tops].all()  # the key's eye is below them


def test_a_side_that_no_key_saw_has_the_mean_of_its_piece(scene: Scene) -> None:
    key = laid(scene, still(scene.pieces))
    own, piece = key.own, scene.stage.skin.piece[key.triangle]
    lamp = np.where(((key.triangle >= 0) & (piece == piece[key.triangle >= 0][0]))[..., None], 3 * own, own).astype(np.float32)
    whole = lay_key(scene.stage, scene.camera, position=still(scene.pieces)[0], rotation=still(scene.pieces)[1], traced=lamp)
    lit = int(piece[key.triangle >= 0][0])
    assert whole.factor[lit] == pytest.approx(3, rel=0.02)
    others = np.setdiff1d(np.unique(piece[key.triangle >= 0]), lit)
    np.testing.assert_allclose(whole.factor[others], 1, rtol=0.02)
    unseen = np.setdiff1d(np.arange(len(scene.pieces)), np.unique(piece[key.triangle >= 0]))
    assert len(unseen)
    assert len(np.unique(whole.factor[unseen], axis=0)) == 1  # the key's own


def test_of_two_keys_the_nearer_one_counts_and_the_one_that_was_lit_alike(scene: Scene) -> None:
    rest = still(scene.pieces)
    found, own = fragments(scene, tilted(scene.pieces, 5.0, 0))
    near, far = laid(scene, rest, factor=2.0), laid(scene, rest, factor=0.5)
    a, b = (np.median(carried(scene.stage, found, own, [(near, w), (far, 1 - w)]) / own) for w in (0.9, 0.1))
    assert a == pytest.approx(0.9 * 2 + 0.1 * 0.5, rel=0.02)
    assert b == pytest.approx(0.1 * 2 + 0.9 * 0.5, rel=0.02)
    other = far._replace(own=far.own * np.float32(10), light=far.light * np.float32(10))
    seen = carried(scene.stage, found, own, [(near, 0.5), (other, 0.5)]) / own
    assert np.median(seen) > 1.9


def test_noise_goes_from_a_lit_box_and_its_shadows_edge_stays() -> None:
    rng, size = np.random.default_rng(3), (64, 96)
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    side = x >= 48  # two faces of one box that meet in an edge
    normal = np.where(side[..., None], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    world = np.stack([np.where(side, x - 48, 0), np.where(side, 0, 48 - x), y], -1) * 0.05
    true = np.where(side, 5.0, 2.0) * np.where(y > 31, 0.25, 1.0)  # sun on each, and a shadow across both
    noisy = (true * (1 + 0.08 * rng.standard_normal(size)))[..., None].repeat(3, -1).astype(np.float32)
    out = smoothed(noisy, np.zeros(size, int), world=world, normal=normal, px_m=np.full(size, 0.05))
    before, after = (np.sqrt((((a[..., 0] - true) / true) ** 2).mean()) for a in (noisy, out))
    assert after < before / 4
    edge = np.abs(y - 31.5) < 1
    assert np.abs(out[..., 0] / true - 1)[edge].max() < 0.12
    np.testing.assert_array_equal(smoothed(noisy, np.full(size, -1), world=world, normal=normal, px_m=np.ones(size)), noisy)


def test_a_key_that_shows_no_piece_leaves_our_own_light(scene: Scene) -> None:
    rest, away = still(scene.pieces), camera(at=(-60.0, -80.0, 2.0))
    key = lay_key(scene.stage, away, position=rest[0], rotation=rest[1], traced=np.ones((108, 192, 3), np.float32))
    assert (key.triangle == -1).all()
    found, own = fragments(scene, tilted(scene.pieces, 5.0, 0))
    assert (carried(scene.stage, found, own, [(key, 1.0)]) == own).all()


def test_what_cannot_be_is_refused(scene: Scene) -> None:
    rest, blank = still(scene.pieces), np.ones((scene.camera.height, scene.camera.width, 3), np.float32)
    for wrong in (blank[:-1], blank.astype(np.float64), -blank, blank * np.float32(np.nan)):
        with pytest.raises(ValueError, match=r"traced light is .* allowed is float32 \(108, 192, 3\), finite, 0 or more"):
            lay_key(scene.stage, scene.camera, position=rest[0], rotation=rest[1], traced=wrong)
    key = laid(scene, rest)
    found, own = fragments(scene, rest)
    for keys in ([], [(key, 0.0)], [(key, -1.0)]):
        with pytest.raises(ValueError, match="allowed are one key or more, of 0 or more, not all 0"):
            carried(scene.stage, found, own, keys)
    with pytest.raises(ValueError, match="traced light is of 0 views, allowed is one for each of the stage's 1"):
        finish(scene.stage, scene.shot(*rest), rested=scene.rested, traced=Traced(((key, 1.0),), ()))
