"""Dusty air: projection, advection and dust to the gram."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.dust import (
    DustSettings,
    DustState,
    Grid,
    Sources,
    advance,
    advection,
    begin,
    forces,
    frames,
    grid_around,
    nothing,
    pressure,
    solid_cells,
    twin,
)
from bottega.engine.collapse.dust.turbulence import eddies

GRID = Grid((-16.0, -12.0, 0.0), 1.0, (32, 24, 16))
CALM = DustSettings(roughness=0.0)
AIR = np.zeros(GRID.shape, bool)


def chance_air(seed: int = 1, shape: tuple[int, int, int] = GRID.shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=[n + (a == axis) for a, n in enumerate(shape)]).astype(np.float32) for axis in range(3))


def puff(point: tuple[float, float, float], kg: float, air: float = 0.0) -> Sources:
    none, flat = np.zeros((0, 3)), np.zeros(0)
    return Sources(np.array([point]), np.array([kg]), np.array([air]), none, flat, none)


def run(given: list[Sources], settings: DustSettings, solid: np.ndarray = AIR, threads: int = 1) -> list[DustState]:
    state = begin(GRID, settings=settings, frame=0)
    return list(frames(state, iter(given), grid=GRID, solid=solid, settings=settings, threads=threads))


def kilograms(state: DustState) -> float:
    return float(state.density.sum(dtype=np.float64) * GRID.cell_m**3 + state.deposit.sum(dtype=np.float64) * GRID.cell_m**2 + state.left)


def same(a: DustState, b: DustState) -> bool:
    return all(np.array_equal(x, b.arrays()[name]) for name, x in a.arrays().items())


def test_projection_leaves_what_is_made_and_no_more() -> None:
    air = chance_air()
    made = np.random.default_rng(2).random(GRID.shape).astype(np.float32)
    pressure.project(air, made, solid=AIR, guess=np.zeros(GRID.shape, np.float32))
    assert np.abs(twin.divergence(air, made, AIR)).max() < 5e-5
    assert not air[2][:, :, 0].any()


def test_projection_beside_buildings() -> None:
    solid = solid_cells(GRID, [((-4, -4, 0), (4, 4, 8)), ((8, -12, 0), (12, 0, 5))])
    air, made = chance_air(), np.zeros(GRID.shape, np.float32)
    pressure.still_walls(air, solid)
    before = np.sqrt((twin.divergence(air, made, solid) ** 2).mean())
    pressure.project(air, made, solid=solid, guess=np.zeros(GRID.shape, np.float32))
    assert np.sqrt((twin.divergence(air, made, solid) ** 2).mean()) < 2e-3 * before
    for axis, a in enumerate(air):
        walls = np.moveaxis(solid, axis, 0)
        through = np.moveaxis(a, axis, 0)
        assert not through[1:][walls].any()
        assert not through[:-1][walls].any()


def test_the_fast_solution_solves_the_slow_equation() -> None:
    right = np.random.default_rng(3).normal(size=GRID.shape).astype(np.float32)
    p = pressure.inverse_laplacian(right)
    np.testing.assert_allclose(twin.laplacian(p, AIR), right, atol=2e-4)


def test_kernels_are_their_twins() -> None:
    air = chance_air(4)
    solid = np.random.default_rng(5).random(GRID.shape) < 0.2
    p = np.random.default_rng(6).normal(size=GRID.shape).astype(np.float32)
    out = np.empty_like(p)
    pressure.laplacian(p, solid, out)
    np.testing.assert_allclose(out, twin.laplacian(p, solid), atol=1e-5)
    pressure.divergence(air, p, solid, out)
    np.testing.assert_allclose(out, twin.divergence(air, p, solid), atol=1e-5)
    whirl = np.zeros((*GRID.shape, 4), np.float32)
    forces.curl(0, GRID.shape[0], air, np.float32(0.7), whirl)
    np.testing.assert_allclose(whirl[..., :3], twin.curl(air, 0.7), atol=1e-4)
    np.testing.assert_allclose(whirl[..., 3], np.linalg.norm(twin.curl(air, 0.7), axis=-1), atol=1e-4)


def test_dust_is_carried_as_its_twin_says() -> None:
    air, dust = chance_air(7), np.random.default_rng(8).random(GRID.shape).astype(np.float32)
    after, laid, gone = np.empty_like(dust), np.zeros(GRID.shape[:2]), np.zeros(GRID.shape[:2])
    how = (np.float32(0.05), np.float32(0.4), AIR)
    advection.carry_dust(0, GRID.shape[0], (dust, air), how, (after, laid, gone))
    wanted, fallen = twin.carried_dust(dust, air, 0.05, 0.4)
    np.testing.assert_allclose(after, wanted, atol=2e-6)
    np.testing.assert_allclose(laid, fallen, atol=1e-6)
    assert after.sum(dtype=np.float64) + laid.sum() + gone.sum() == pytest.approx(dust.sum(dtype=np.float64), rel=1e-6)


@pytest.mark.parametrize(("cells", "within"), [(1.0, 1e-5), (0.5, 0.1)])
def test_maccormack_moves_a_bump_along(cells: float, within: float) -> None:
    shape = GRID.shape
    x, y, z = np.meshgrid(*(np.arange(n) + 0.5 for n in shape), indexing="ij")

    def bump(middle: float) -> np.ndarray:
        return np.exp(-((x - middle) ** 2 + (y - 12) ** 2 + (z - 8) ** 2) / 8).astype(np.float32)

    air = (np.full((33, 24, 16), 1, np.float32), np.zeros((32, 25, 16), np.float32), np.zeros((32, 24, 17), np.float32))
    half = np.float32(0.5)
    how = ((half, half, half), np.float32(cells), np.zeros(16, np.float32), np.asarray(shape, np.float32))
    now, plain = bump(10), bump(10)
    for _ in range(8):
        carried = tuple(np.empty_like(now) for _ in range(3))
        advection.carry_back(0, 32, (now, air), how, carried)
        after = np.empty_like(now)
        advection.correct(0, 32, (now, air, carried), how, after)
        advection.carry_back(0, 32, (plain, air), how, carried)
        now, plain = after, carried[0].copy()
    now, plain = now[9:], plain[9:]  # the wind, 0, comes in behind
    error, plainly = (np.abs(a - bump(10 + 8 * cells)[9:]).max() for a in (now, plain))
    assert error < within
    assert cells == 1 or error < 0.6 * plainly
    assert now.min() >= 0
    assert now.max() <= 1


def test_eddies_have_no_divergence() -> None:
    swirl = eddies(3)
    waves = np.fft.fftn(swirl, axes=(0, 1, 2))
    k = np.stack(np.meshgrid(*[np.fft.fftfreq(64)] * 3, indexing="ij"), -1)
    assert np.abs((waves * k).sum(-1)).max() < 1e-3 * np.abs(waves).max()
    assert (swirl**2).sum(-1).mean() == pytest.approx(1, rel=1e-4)
    assert not np.array_equal(swirl, eddies(4))


def test_without_a_source_nothing_is_there_at_all() -> None:
    last = run([nothing()] * 3, DustSettings())[-1]
    assert not any(a.any() for name, a in last.arrays().items() if name not in ("age", "turn", "clock", "frame"))
    windy = run([nothing()] * 3, replace(CALM, wind_mps=(3.0, 1.0)))[-1]
    assert not windy.density.any()
    np.testing.assert_allclose(windy.u, begin(GRID, settings=DustSettings(wind_mps=(3.0, 1.0)), frame=0).u, atol=1e-4)


def test_every_gram_is_in_the_air_on_the_ground_or_gone() -> None:
    settings = DustSettings(wind_mps=(8.0, 0.0), settle_s=2.0)
    solid = solid_cells(GRID, [((2, -4, 0), (6, 4, 6))])
    last = run([puff((-1, 0, 3), 2.5, 40.0), puff((12, 5, 3), 2.5)] * 8 + [nothing()] * 40, settings, solid)[-1]
    assert kilograms(last) == pytest.approx(40, rel=1e-5)
    assert last.left > 0.5
    assert last.deposit.sum() > 5
    assert not last.density[solid].any()
    assert last.density.min() >= 0


def test_a_heavy_cloud_falls_and_spreads() -> None:
    states = run([puff((0, 0, 8), 30.0)] * 4 + [nothing()] * 60, replace(CALM, settle_s=1e6, fall_mps=0.0))
    x, _, z = np.meshgrid(*((np.arange(n) + 0.5) * GRID.cell_m for n in GRID.shape), indexing="ij")
    early, late = states[4].density.astype(np.float64), states[-1].density.astype(np.float64)
    assert (late * z).sum() / late.sum() < 0.5 * (early * z).sum() / early.sum()
    wide = [((d * (x - (d * x).sum() / d.sum()) ** 2).sum() / d.sum()) ** 0.5 for d in (early, late)]
    assert wide[1] > 2.5 * wide[0]


def test_squeezed_air_leaves_through_the_sides() -> None:
    state = run([puff((0, 0, 2), 0.0, 24.0)], CALM)[-1]
    out = state.u[-1].sum() - state.u[0].sum() + state.v[:, -1].sum() - state.v[:, 0].sum() + state.w[:, :, -1].sum()
    assert out == pytest.approx(24.0 * CALM.fps, rel=1e-3)


def test_a_falling_piece_drags_air_down_and_pushes_it_aside() -> None:
    none, flat = np.zeros((0, 3)), np.zeros(0)
    body = Sources(none, flat, flat, np.array([[0.5, 0.5, 6.5]]), np.array([1.0]), np.array([[0.0, 0, -10]]))
    state = run([body], CALM)[-1]
    assert state.w[16, 12, 6] < -3
    assert state.u[17, 12, 4] > 0 > state.u[16, 12, 4]


@pytest.mark.parametrize("threads", [1, 2])
def test_resumed_and_threaded_it_has_the_same_bits(threads: int) -> None:
    settings, given = DustSettings(seed=5, steps=2), [puff((0, 0, 3), 3.0, 20.0)] * 4 + [nothing()] * 26
    whole = run(given, settings)
    saved = DustState(**{name: a.copy() for name, a in whole[11].arrays().items()})
    rest = list(frames(saved, iter(given[12:]), grid=GRID, solid=AIR, settings=settings, threads=threads))
    assert same(rest[-1], whole[-1])
    assert whole[-1].turn.max() > 0
    assert not same(run(given, replace(settings, seed=6))[-1], whole[-1])


def test_slow_motion_takes_more_frames() -> None:
    fast, slow = (
        run([puff((0, 0, 6), 10.0)] + [nothing()] * 7, CALM),
        run([puff((0, 0, 6), 10.0)] + [nothing()] * 7, replace(CALM, time=0.25)),
    )
    z = np.arange(GRID.shape[2])
    heights = [(s[-1].density.sum((0, 1)) * z).sum() / s[-1].density.sum() for s in (fast, slow)]
    assert heights[0] < heights[1]


def test_a_grid_holds_its_building() -> None:
    grid = grid_around((0, 0, 1), (18, 12, 29), cell_m=0.9)
    assert grid.origin[2] == 1
    assert all(n % 8 == 0 for n in grid.shape)
    assert grid.origin[0] + grid.shape[0] * 0.9 / 2 == pytest.approx(9)
    assert grid.shape[0] * 0.9 >= 18 + 2 * 1.3 * 28


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: DustSettings(amount=-1), "amount.*-1"),
        (lambda: DustSettings(settle_s=0), "settle_s.*0"),
        (lambda: DustSettings(wind_mps=(99, 0)), "wind_mps.*99"),
        (lambda: DustSettings(steps=0), "steps: 1 to 16.*0"),
        (lambda: Grid((0, 0, 0), 0, (8, 8, 8)), "cell_m.*0"),
        (lambda: Grid((0, 0, 0), 1, (4, 8, 8)), "at least 8 cells"),
        (lambda: grid_around((0, 0, 0), (1, 0, 1)), "no extent"),
        (lambda: solid_cells(GRID, [((-99, -99, -99), (99, 99, 99))]), "leave no air"),
        (lambda: puff((0, 0, 0), -1.0), "-1.0 kg"),
        (lambda: advance(begin(GRID, settings=CALM, frame=0), nothing(), grid=GRID, solid=AIR[1:], settings=CALM), "not the grid's"),
        (lambda: run([puff((0, 0, 2), 1.0, 1.0)], CALM, threads=0), "threads.*0"),
        (lambda: run([puff((0, 0, 2), np.inf)], CALM), "not finite"),
    ],
)
def test_refusals_quote_what_was_given(make: object, says: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=says):
        make()  # type: ignore[operator]
