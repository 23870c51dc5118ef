"""Identities and ground truth we planted, for a key, its walk and one rendered frame."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from bottega.engine import (
    Candidate,
    Key,
    Repaired,
    RepairSettings,
    Strength,
    Walk,
    guide,
    prepare_key,
    render,
    start_walk,
    step_walk,
)
from bottega.engine.grain import grain
from bottega.engine.reference import sample_cubic

Float = NDArray[np.float32]
Texture = Callable[[NDArray[np.float64], NDArray[np.float64]], Float]
SIDE = 96
INNER = (slice(20, SIDE - 20), slice(20, SIDE - 20))


def walked(key: Key, plate: Float, settings: RepairSettings) -> Walk:
    return step_walk(key, start_walk(key), key.guide, guide(plate, settings=settings), settings=settings)


def same(one: Repaired, two: Repaired) -> bool:
    return all(np.array_equal(getattr(one, n), getattr(two, n)) for n in ("rgb", "delta", "weights", "copied_from"))


def psnr(a: Float, b: Float) -> float:
    return float(-10 * np.log10(((a - b) ** 2).mean()))


def test_nothing_painted_gives_the_plates_bits(plate: Float, texture: Texture, grid, ones: Float, settings: RepairSettings) -> None:
    key = prepare_key(plate, plate.copy(), frame=1, settings=settings)
    moved = texture(grid[0] - 1.5, grid[1])
    for at, walk in ((plate, start_walk(key)), (moved, walked(key, moved, settings))):
        out = render(at, [Candidate(key, walk, 1.0)], matte=ones, settings=settings)
        assert out.rgb.tobytes() == at.tobytes()
        assert not out.delta.any()
        assert (out.weights[0] == 65536).all()
        assert (out.copied_from == 1).all()


def test_a_key_frame_gives_the_painted_bits(plate: Float, painted: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    out = render(plate, [Candidate(key, start_walk(key), 1.0)], matte=ones, settings=settings)
    assert out.rgb.tobytes() == painted.tobytes()
    touched = (plate != painted).any(-1)
    assert np.array_equal(out.copied_from, np.where(touched, 2, 1))
    assert np.array_equal(out.weights[1], np.where(touched, 65536, 0))


def test_bands_add_up_to_the_change(plate: Float, painted: Float, key: Key, settings: RepairSettings) -> None:
    before, after = (np.log1p(p / settings.toe).astype(np.float32) for p in (plate, painted))
    change = after - grain(after) - sample_cubic(before - grain(before), key.shape, 0, 0)
    change[(plate == painted).all(-1)] = 0
    np.testing.assert_allclose(key.bands[..., :3] + key.bands[..., 6:], change, atol=2e-6)
    assert not key.bands[(plate == painted).all(-1)][:, [0, 1, 2, 6, 7, 8]].any()


def affine(x: NDArray[np.float64], y: NDArray[np.float64], shift: float, turn: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    c, middle = SIDE / 2, (np.cos(turn), np.sin(turn))
    return c + middle[0] * (x - c) - middle[1] * (y - c) + shift, c + middle[1] * (x - c) + middle[0] * (y - c) - shift / 2


@pytest.mark.parametrize(("shift", "turn"), [(2.0, 0.0), (1.3, 0.0), (0.8, 0.05), (-3.0, -0.03)])
def test_a_planted_warp_and_change_are_recovered(
    *, texture: Texture, paint, grid, key: Key, ones: Float, settings: RepairSettings, shift: float, turn: float
) -> None:
    where = affine(*grid, shift, turn)
    plate, truth = texture(*where), paint(texture(*where), *where)
    walk = walked(key, plate, settings)
    error = np.hypot(*(walk.map_to_key[INNER][..., i] - (where[i] - grid[i])[INNER] for i in range(2)))
    assert np.median(error) < 0.15
    out = render(plate, [Candidate(key, walk, 1.0)], matte=ones, settings=settings)
    # A map wrong by e pixels rms leaves about e·(gradient rms); the right map still leaves the interpolation's error, in picture and paint.
    slope = float(np.sqrt(sum((g**2).mean() for g in np.gradient(truth[INNER], axis=(0, 1)))))
    right_map = np.stack([where[i] - grid[i] for i in range(2)], -1).astype(np.float32)
    resampled = sample_cubic(key.painted, right_map, 0, 0)
    bound = float(np.sqrt((error**2).mean())) * slope + 2 * float(np.sqrt(((resampled - truth)[INNER] ** 2).mean())) + 0.003
    assert psnr(out.rgb[INNER], truth[INNER]) > -20 * np.log10(bound)
    assert psnr(out.rgb[INNER], truth[INNER]) > psnr(plate[INNER], truth[INNER]) + 10


def test_a_gain_on_the_light_keeps_the_ratio(plate: Float, painted: Float, ones: Float) -> None:
    settings = RepairSettings(band_px=3.0, toe=1e-4)  # a ratio is exact where the encoding is a logarithm
    key = prepare_key(plate, painted, frame=1, settings=settings)
    dim = plate * np.float32(0.4)
    out = render(dim, [Candidate(key, walked(key, dim, settings), 1.0)], matte=ones, settings=settings)
    ratio = (out.rgb / dim)[INNER] / (painted / plate)[INNER]
    assert np.abs(ratio - 1).mean() < 0.02
    assert np.quantile(np.abs(ratio - 1), 0.99) < 0.08


def test_strength_acts_as_expected(plate: Float, painted: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    offer = [Candidate(key, start_walk(key), 1.0)]
    none = render(plate, offer, matte=ones, strength=0.0, settings=settings)
    assert none.rgb.tobytes() == plate.tobytes()
    half = render(plate, offer, matte=ones, strength=0.5, settings=settings)
    touched = (plate != painted).any(-1)
    share = (np.log(half.rgb[touched] + settings.toe) - np.log(plate[touched] + settings.toe)).sum()
    whole = (np.log(painted[touched] + settings.toe) - np.log(plate[touched] + settings.toe)).sum()
    assert share / whole == pytest.approx(0.5, abs=1e-3)
    neither = render(plate, offer, matte=ones, settings=replace(settings, tone=0.0, detail=0.0))
    assert neither.rgb.tobytes() == plate.tobytes()


def test_tone_alone_keeps_the_plates_own_detail(plate: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    out = render(plate, [Candidate(key, start_walk(key), 1.0)], matte=ones, settings=replace(settings, detail=0.0))
    moved = sample_cubic(np.log1p(plate / settings.toe).astype(np.float32), key.shape, 0, 0)
    np.testing.assert_allclose(np.log1p(out.rgb / settings.toe) - moved, key.bands[..., :3], atol=2e-5)
    assert int(out.weights[1].max()) == 32768


def test_two_keys_meet_on_the_ramp(plate: Float, painted: Float, ones: Float, settings: RepairSettings) -> None:
    keys = [
        prepare_key(plate, painted, frame=1, settings=settings),
        prepare_key(plate, plate * np.float32(0.8), frame=5, settings=settings),
    ]
    walks = [Walk(k.frame, 3, *(getattr(start_walk(k), n) for n in ("map_to_key", "map_from_key", "quality"))) for k in keys]
    out = render(plate, [Candidate(k, w, 0.5) for k, w in zip(keys, walks, strict=True)], matte=ones, settings=settings)
    middle = out.weights[:, SIDE // 2, SIDE // 2].astype(int)
    assert middle.sum() == 65536
    assert abs(middle[1] - middle[2]) <= 0.02 * 65536


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    small=arrays.arrays(np.float32, (SIDE // 8, SIDE // 8), elements=st.floats(0, 1, width=32)),
    strength=st.floats(0, 1.5), tone=st.floats(0, 1.5), detail=st.floats(0, 1.5),
)  # fmt: skip
def test_weights_sum_and_the_matte_is_a_wall(
    *, plate: Float, key: Key, settings: RepairSettings, small: Float, strength: float, tone: float, detail: float
) -> None:
    matte = np.kron(small, np.ones((8, 8), np.float32))
    matte[:30] = 0
    moved = np.roll(plate, 1, 1)
    walk = replace(start_walk(key), at_frame=1002)
    chosen = replace(settings, tone=tone, detail=detail)
    out = render(moved, [Candidate(key, walk, 1.0)], matte=matte, strength=strength, settings=chosen)
    outside = matte == 0
    assert (out.weights.sum(0) == 65536).all()
    assert out.rgb[outside].tobytes() == moved[outside].tobytes()
    assert not out.delta[outside].any()
    assert np.array_equal(out.delta, out.rgb - moved)
    plates_own = out.copied_from == 1
    assert np.array_equal(plates_own, out.weights[0] == 65536)
    assert out.rgb[plates_own].tobytes() == moved[plates_own].tobytes()


def test_frames_side_by_side_give_the_same_bits(texture: Texture, grid, key: Key, ones: Float, settings: RepairSettings) -> None:
    plates = [texture(grid[0] - 0.7 * i, grid[1] + 0.4 * i) for i in range(8)]

    def whole(plate: Float) -> tuple[Walk, Repaired]:
        walk = walked(key, plate, settings)
        return walk, render(plate, [Candidate(key, walk, 1.0)], matte=ones, settings=settings)

    alone = [whole(plate) for plate in plates]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(whole, plates))
    for (walk, out), (other_walk, other) in zip(alone, together, strict=True):
        assert same(out, other)
        assert all(a.tobytes() == b.tobytes() for a, b in zip(walk.arrays().values(), other_walk.arrays().values(), strict=True))


def test_resuming_from_stored_arrays_gives_the_same_bits(
    *, tmp_path, texture: Texture, grid, key: Key, ones: Float, settings: RepairSettings
) -> None:
    plates = [texture(grid[0] - i, grid[1]) for i in (1.0, 2.2)]
    guides = [guide(plate, settings=settings) for plate in plates]
    first = step_walk(key, start_walk(key), key.guide, guides[0], settings=settings)
    np.savez(tmp_path / "walk.npz", **first.arrays())
    np.savez(tmp_path / "key.npz", **key.arrays())
    with np.load(tmp_path / "walk.npz") as walk_file, np.load(tmp_path / "key.npz") as key_file:
        stored_walk, stored_key = Walk.from_arrays(walk_file), Key.from_arrays(key_file)
    outs = []
    for k, w in ((key, first), (stored_key, stored_walk)):
        last = step_walk(k, w, guides[0], guides[1], settings=settings)
        outs.append(render(plates[1], [Candidate(k, last, 1.0)], matte=ones, settings=settings))
    assert last.at_frame == 1003
    assert same(*outs)


def test_another_state_keeps_the_plates_own_detail_under_the_keys_tone(
    *, plate: Float, texture: Texture, grid, ones: Float, settings: RepairSettings
) -> None:
    """An 'eye': strong detail in the key that the frame does not show. The key's gain belongs there, its detail does not."""
    x, y = grid
    eye = (np.hypot(x - 48, y - 48) < 11)[..., None]
    iris = (np.cos(1.3 * x) * np.cos(1.1 * y))[..., None]
    with_eye = np.where(eye, 0.18 * np.exp(0.9 * iris), plate).astype(np.float32)
    repainted = np.where(eye, 0.18 * 1.4 * np.exp(1.6 * iris), 1.4 * plate).astype(np.float32)
    key = prepare_key(with_eye, repainted, frame=1, settings=settings)
    offer = [Candidate(key, replace(start_walk(key), at_frame=2), 1.0)]
    out = render(plate, offer, matte=ones, settings=settings)
    any_state = render(plate, offer, matte=ones, settings=replace(settings, state_tolerance=10.0))
    naive = render(plate, offer, matte=ones, settings=replace(settings, state_tolerance=10.0, mismatch_cost=0.0))
    inside = eye[..., 0]
    truth = plate * np.float32(1.4)
    assert psnr(out.rgb[inside], truth[inside]) > 38
    assert psnr(out.rgb[inside], truth[inside]) > psnr(any_state.rgb[inside], truth[inside]) + 6
    assert psnr(any_state.rgb[inside], truth[inside]) > psnr(naive.rgb[inside], truth[inside])
    assert out.weights[1][inside].mean() < 0.6 * 65536
    assert out.weights[1][10:20, 10:20].mean() > 0.9 * 65536


def test_a_long_way_is_walked_step_by_step(texture: Texture, grid, key: Key, settings: RepairSettings) -> None:
    """27 pixels in nine steps: composition brings the direct search near enough."""
    x, y = grid
    walk, before = start_walk(key), key.guide
    for step in range(1, 10):
        here = guide(texture(x - 3.0 * step, y), settings=settings)
        walk = step_walk(key, walk, before, here, settings=settings)
        before = here
    seen = (slice(15, SIDE - 15), slice(45, SIDE - 15))
    assert np.median(np.abs(walk.map_to_key[seen] - np.array([-27.0, 0.0], np.float32))) < 0.1
    assert walk.quality[seen].min() > 0.9
    lost = step_walk(key, replace(start_walk(key), at_frame=1009), before, before, settings=settings)
    assert np.median(np.abs(lost.map_to_key[seen][..., 0] + 27)) > 1


def test_each_band_has_a_strength_of_its_own(plate: Float, painted: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    """A number in the settings and a map in the strength are the same; one map for all bands is what one number is."""
    offer = [Candidate(key, start_walk(key), 1.0)]
    asked = replace(settings, tone=0.5, shape=0.25, detail=0.75)
    set_so = render(plate, offer, matte=ones, settings=asked)
    mapped = Strength(*(np.full(ones.shape, s, np.float32) for s in (0.5, 0.25, 0.75)))
    strength = render(plate, offer, matte=ones, strength=mapped, settings=settings)
    assert set_so.rgb.tobytes() == strength.rgb.tobytes() and np.array_equal(set_so.weights, strength.weights)
    assert int(set_so.weights[1].max()) <= 65536 * (0.5 * 0.5 + 0.5 * 0.75) + 1
    one = render(plate, offer, matte=ones, strength=ones * np.float32(0.5), settings=settings)
    each = render(plate, offer, matte=ones, strength=Strength(0.5, 0.5, 0.5), settings=settings)
    assert one.rgb.tobytes() == each.rgb.tobytes()
    with pytest.raises(ValueError, match=r"strength\.shape is 1\.6, allowed is 0 to 1\.5"):
        render(plate, offer, matte=ones, strength=Strength(shape=1.6), settings=settings)


def test_the_shape_alone_takes_nothing_of_a_key(plate: Float, key: Key, ones: Float, settings: RepairSettings) -> None:
    """What is moved is credited by its tone and detail: without either the plate's bits come back."""
    offer = [Candidate(key, start_walk(key), 1.0)]
    out = render(plate, offer, matte=ones, settings=replace(settings, tone=0.0, detail=0.0, shape=1.5))
    assert out.rgb.tobytes() == plate.tobytes() and (out.weights[0] == 65536).all()


def test_the_shape_moves_by_its_strength(plate: Float, ones: Float, settings: RepairSettings) -> None:
    """A planted displacement: none, whole, and one and a half of it."""
    moved = prepare_key(plate, np.roll(plate, 2, 1), frame=1, settings=settings)
    still = np.zeros((*ones.shape, 2), np.float32)
    planted = replace(moved, shape=still + np.array([2.0, 0.0], np.float32), bands=np.zeros_like(moved.bands), coverage=ones[..., None])
    faint = replace(settings, tone=1e-3, detail=0.0)
    for strength, by in ((0.0, 0), (0.5, 1), (1.0, 2), (1.5, 3)):
        out = render(plate, [Candidate(planted, start_walk(planted), 1.0)], matte=ones, settings=replace(faint, shape=strength))
        assert np.abs(out.rgb - np.roll(plate, -by, 1))[INNER].max() < 1e-4
