"""What a collapse gives to the air, and the chips that fly off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.dust import (
    Daylight,
    DebrisSettings,
    DebrisState,
    DustSettings,
    Grid,
    chip_normals,
    daylit,
    draw_debris,
    fly,
    no_debris,
    sources_of,
)
from bottega.engine.collapse.dust.sources import bodies_in, given_to
from bottega.engine.collapse.records import Bonds, Camera, Impacts, Motion, Pieces

CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
SECOND = 24
NOON = Daylight((0.0, 0.0, 1.0), (3.0, 2.5, 2.0), (0.5, 0.7, 1.0))
EYE = Camera(np.array([[1, 0, 0, 0], [0, 0, -1, -10], [0, 1, 0, 5], [0, 0, 0, 1.0]]), 60.0, (32.0, 24.0), 64, 48)
SKY = np.full((48, 64), np.inf, np.float32)


def two_cubes() -> tuple[Pieces, Bonds]:
    """A cube of a metre on another; their bond lies between them."""
    triangle = np.array([[0, 1, 2]] * 2, np.int32)
    each, flat = np.array([0, 8, 16]), np.zeros(2, np.int32)
    pieces = Pieces(
        np.tile(CORNERS, (2, 1)), each, triangle, np.array([0, 1, 2]), np.zeros(2, np.uint8), np.tile(CORNERS, (2, 1)), each,
        np.array([[0, 0, 9.5], [0, 0, 10.5]]), np.ones(2), np.full(2, 2400.0), np.zeros(2, np.uint8), ("concrete",), flat, flat, flat,
    )  # fmt: skip
    return pieces, Bonds(np.array([[0, 1]], np.int32), np.ones(1), np.array([[0, 0, 10.0]]), np.array([[0, 0, 1.0]]), np.ones(1))


def fall(frames: int = 30, spin: float = 0.0) -> Motion:
    """Both cubes fall freely from frame 1 on; their bond breaks in frame 5; the lower strikes in frame 20."""
    pieces, _ = two_cubes()
    t = np.arange(frames) / SECOND
    position = np.repeat(pieces.centre[None], frames, 0)
    position[..., 2] -= 9.81 / 2 * t[:, None] ** 2
    rotation = np.zeros((frames, 2, 4))
    rotation[..., 0], rotation[..., 3] = np.cos(spin * t / 2)[:, None], np.sin(spin * t / 2)[:, None]
    blow = Impacts(np.array([20]), np.array([0]), np.array([[0.0, 0, 6]]), np.array([2e6]))
    return Motion(
        1, position.astype(np.float32), rotation.astype(np.float32), np.zeros((frames, 2), bool), np.array([5]), np.array([1, 1]), blow
    )


def give(frame: int, settings: DustSettings | None = None, motion: Motion | None = None):
    pieces, bonds = two_cubes()
    return sources_of(frame, motion or fall(), pieces=pieces, bonds=bonds, settings=settings or DustSettings())


def test_a_bond_gives_dust_where_it_has_fallen_to_in_the_frame_it_breaks() -> None:
    assert [len(give(f).mass) for f in (4, 5, 6)] == [0, 1, 0]
    wanted = [0, 0, 10 - 9.81 / 2 * (4 / SECOND) ** 2]
    np.testing.assert_allclose(give(5).point[0], wanted, atol=1e-5)


def test_a_blow_gives_dust_by_its_energy_and_falling_pieces_shed_some() -> None:
    twenty, other = give(20), give(21)
    assert twenty.mass.sum() - other.mass.sum() == pytest.approx(12, rel=1e-3)
    assert len(other.mass) == 2
    assert other.mass.sum() == pytest.approx(6e-5 * 4800 / SECOND)
    assert twenty.air.sum() == pytest.approx(3 * twenty.mass.sum())


def test_amount_and_spread_scale_what_is_given() -> None:
    one, double = give(20), give(20, DustSettings(amount=2, spread=0.5))
    np.testing.assert_allclose(double.mass, 2 * one.mass)
    np.testing.assert_allclose(double.air, one.air / 2)
    none = give(20, DustSettings(amount=0))
    assert not none.mass.any()


def test_points_in_a_turning_piece_move_as_it_turns() -> None:
    body = give(10, motion=fall(spin=3.0))
    assert body.body_volume.sum() == pytest.approx(2)
    down = -9.81 * (8.5 / SECOND)
    np.testing.assert_allclose(body.body_velocity[:, 2], down, rtol=1e-3)
    still = give(1)
    assert not still.body_velocity.any()
    pieces, _ = two_cubes()
    long = replace(pieces, hull=pieces.hull * np.float32([4, 1, 1]))
    turning = sources_of(10, fall(spin=3.0), pieces=long, bonds=two_cubes()[1], settings=DustSettings())
    arm = turning.body_point[:, :2]
    np.testing.assert_allclose(turning.body_velocity[:, :2], 3.0 * np.stack([-arm[:, 1], arm[:, 0]], 1), atol=2e-2)


def test_what_is_given_arrives_in_the_cells_to_the_gram() -> None:
    grid = Grid((-8.0, -8.0, 0.0), 0.5, (32, 32, 32))
    mass, air = given_to(grid, give(20), settings=DustSettings(), frame=20)
    assert mass.sum(dtype=np.float64) * 0.125 == pytest.approx(give(20).mass.sum(), rel=1e-5)
    assert air.sum(dtype=np.float64) * 0.125 == pytest.approx(give(20).air.sum(), rel=1e-5)
    pieces, bonds = two_cubes()
    share, moving = bodies_in(grid, sources_of(10, fall(), pieces=pieces, bonds=bonds, settings=DustSettings(), cell_m=0.5))
    assert share.max() <= 1
    assert share[16, 16, 18] > 0.8
    assert moving[16, 16, 18, 2] == pytest.approx(-9.81 * 8.5 / SECOND, rel=0.01)


def chips(frames: int, settings: DebrisSettings | None = None, start: DebrisState | None = None) -> DebrisState:
    pieces, bonds = two_cubes()
    state = start or no_debris(0)
    for _ in range(frames):
        state = fly(state, fall(), pieces=pieces, bonds=bonds, settings=settings or DebrisSettings(amount=20))
    return state


def test_chips_fly_off_in_the_frames_in_which_something_breaks() -> None:
    born = chips(30).born
    assert set(born.tolist()) == {5, 20}
    assert (born == 5).sum() == pytest.approx(240, abs=70)
    assert len(chips(30, DebrisSettings(amount=0))) == 0
    assert len(chips(5, DebrisSettings(amount=1e6, most=100))) == pytest.approx(100, abs=45)


def test_a_heavy_chip_falls_as_a_stone_does_and_a_light_one_is_held_back() -> None:
    one = DebrisState(
        np.array([[0, 0, 50.0], [3, 0, 50.0]], np.float32), np.zeros((2, 3), np.float32), np.array([50, 0.01], np.float32),
        np.tile(np.array([1, 0, 0, 5], np.float32), (2, 1)), np.zeros(2, np.uint8), np.ones(2, np.int64), np.array(100),
    )  # fmt: skip
    state = chips(48, start=one)
    n = 48
    assert state.position[0, 2] == pytest.approx(50 - 9.81 / SECOND**2 * n * (n + 1) / 2, abs=0.05)
    assert -state.velocity[1, 2] < 0.9 * -state.velocity[0, 2]
    limit = (9.81 * 0.01 / (1.2 / 2200 / 2)) ** 0.5
    assert -state.velocity[1, 2] < limit


def test_chips_bounce_and_then_lie_on_the_ground() -> None:
    assert chips(26).position[:, 2].min() >= 0
    at_last = chips(200)
    assert (at_last.bounces == 255).all()
    assert not at_last.velocity.any()
    assert not at_last.position[:, 2].any()


BOX = ((2.0, -3.0, 0.0), (2.2, 3.0, 4.0))


def thrown(place: tuple[float, float, float], speed: tuple[float, float, float]) -> DebrisState:
    return replace(one_chip(speed), position=np.array([place], np.float32), frame=np.array(100))


def against(start: DebrisState, frames: int) -> list[DebrisState]:
    pieces, bonds = two_cubes()
    states = [start]
    for _ in range(frames):
        states.append(fly(states[-1], fall(), pieces=pieces, bonds=bonds, settings=DebrisSettings(amount=0), blocks=(BOX,)))
    return states


@pytest.mark.parametrize("speed", [3.0, 40.0, 400.0], ids=["slow", "fast", "through the wall in a twentieth of a frame"])
def test_a_chip_bounces_off_a_blocks_side_however_fast_it_is(speed: float) -> None:
    states = against(thrown((0.0, 0.0, 2.0), (speed, 0.0, 1.0)), 60)
    assert all(s.position[0, 0] <= 2.0 for s in states)
    assert min(s.velocity[0, 0] for s in states) < -0.2 * speed * DebrisSettings().bounce
    assert states[-1].position[0, 2] == 0 or states[-1].bounces[0] < 255


def test_a_chip_that_falls_on_a_block_lies_on_it_and_one_beside_it_on_the_ground() -> None:
    on, beside = against(thrown((2.1, 1.0, 6.0), (0.0, 0.0, 0.0)), 200)[-1], against(thrown((3.1, 1.0, 6.0), (0.0, 0.0, 0.0)), 200)[-1]
    assert on.bounces[0] == beside.bounces[0] == 255
    assert (on.position[0, 2], beside.position[0, 2]) == (4.0, 0.0)
    away = against(thrown((-1.0, 0.0, 2.0), (-3.0, 0.0, 0.0)), 40)[-1]
    free = chips(40, start=thrown((-1.0, 0.0, 2.0), (-3.0, 0.0, 0.0)), settings=DebrisSettings(amount=0))
    assert np.array_equal(away.position, free.position), "a block that nothing meets changes no bit"


def test_sizes_follow_their_power_law() -> None:
    size = chips(5, DebrisSettings(amount=250, most=10**6, smallest_m=0.02, largest_m=2.0, fineness=1.5)).size
    assert size.min() >= 0.02
    assert size.max() <= 2.0
    assert (size > 0.04).mean() == pytest.approx(2**-1.5, abs=0.03)
    assert (size > 0.08).mean() == pytest.approx(4**-1.5, abs=0.03)


def test_resumed_it_has_the_same_bits_and_another_seed_has_others() -> None:
    whole, early = chips(40), chips(12)
    rest = chips(28, start=DebrisState(**{name: a.copy() for name, a in early.arrays().items()}))
    assert all(np.array_equal(a, rest.arrays()[name]) for name, a in whole.arrays().items())
    assert len(whole) > 100
    other = chips(40, DebrisSettings(amount=20, seed=1))
    assert not np.array_equal(other.position[:50], whole.position[:50])


def one_chip(velocity: tuple[float, float, float] = (0, 0, 0), size: float = 0.5) -> DebrisState:
    return DebrisState(
        np.array([[0.0, 0, 5]], np.float32), np.array([velocity], np.float32), np.array([size], np.float32),
        np.array([[0, 1, 0, 3]], np.float32), np.zeros(1, np.uint8), np.ones(1, np.int64), np.array(3),
    )  # fmt: skip


def draw(state: DebrisState, depth: np.ndarray = SKY, sunlit: np.ndarray | None = None, **more: object):
    light = daylit(chip_normals(state, settings=DebrisSettings()), NOON, sunlit=sunlit)
    return draw_debris(state, EYE, settings=DebrisSettings(), depth=depth, **({"irradiance": light} | more))  # type: ignore[arg-type]


def test_a_chip_is_seen_where_it_is_unless_something_stands_before_it() -> None:
    seen = draw(one_chip(size=2.0))
    y, x = np.nonzero(seen.rgba[..., 3] > 0.5)
    assert abs(y.mean() + 0.5 - 24) < 0.6
    assert abs(x.mean() + 0.5 - 32) < 0.6
    assert 60 < len(x) < 144
    assert seen.depth[24, 32] == pytest.approx(10)
    assert seen.chip[24, 32] == 0
    assert not draw(one_chip(size=2.0), np.full_like(SKY, 9)).rgba.any()
    assert draw(one_chip(size=2.0), np.full_like(SKY, 11)).rgba.any()


def test_motion_draws_a_chip_out_and_keeps_what_it_hides() -> None:
    still, fast = draw(one_chip()), draw(one_chip((48.0, 0, 0)))
    wide = [np.ptp(np.nonzero(p.rgba[..., 3])[1]) for p in (still, fast)]
    assert wide[1] > wide[0] + 4
    assert fast.rgba[..., 3].sum() == pytest.approx(still.rgba[..., 3].sum(), rel=0.25)


def test_no_chip_is_no_picture_and_shade_darkens() -> None:
    empty = draw(no_debris(3))
    assert not empty.rgba.any()
    assert np.isinf(empty.depth).all()
    assert (empty.chip == -1).all()
    state = chips(24)
    lit, shaded = draw(state), draw(state, sunlit=np.zeros(len(state)))
    assert lit.rgba[..., :3].sum() > 1.1 * shaded.rgba[..., :3].sum() > 0
    np.testing.assert_array_equal(lit.rgba[..., 3], shaded.rgba[..., 3])


def test_chips_may_have_colours_of_their_own_and_some_may_be_left_out() -> None:
    state = chips(24)
    green = np.tile([0.0, 0.5, 0.0], (len(state), 1))
    assert (draw(state, colour=green).rgba[..., :3].sum((0, 1)) > 0).tolist() == [False, True, False]
    half = np.arange(len(state)) % 2 == 0
    one, other = (draw(state, which=w).rgba[..., 3] for w in (half, ~half))
    np.testing.assert_allclose(1 - (1 - one) * (1 - other), draw(state).rgba[..., 3], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: DebrisSettings(amount=-1), "amount.*-1"),
        (lambda: DebrisSettings(smallest_m=2), "from 2 to 0.35 m"),
        (lambda: DebrisSettings(bounce=1), "bounce: 0 to 0.9.*1"),
        (lambda: DebrisSettings(fineness=0), "fineness.*0"),
        (lambda: DebrisSettings(most=0), "most.*0"),
        (lambda: give(3, motion=replace(fall(), broken=np.zeros(7, np.int32))), "7 bonds"),
        (lambda: draw(one_chip(), SKY[1:]), "depth"),
        (lambda: draw(one_chip(), irradiance=np.zeros((4, 3))), r"\(1, 3\) irradiance"),
        (lambda: draw(one_chip(), colour=np.zeros((4, 3))), r"given \(1, 3\), \(4, 3\)"),
        (lambda: draw(one_chip(), shutter=2), "shutter: 0 to 1.*2"),
    ],
)
def test_refusals_quote_what_was_given(make: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()  # type: ignore[operator]
