"""Loads on bonds against statics by hand; parts, rotations, rest; and the preview shows what there is."""

from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import pytest

from bottega.engine.collapse.motion import (
    Direction,
    Failure,
    MotionSettings,
    Shot,
    at_rest,
    boxes_as_building,
    brick_tower,
    collected,
    contact_sheet,
    plan,
    preview_raster,
    walled_tower,
)
from bottega.engine.collapse.motion.breaking import body_loads, parts
from bottega.engine.collapse.motion.buckling import bulge
from bottega.engine.collapse.motion.frame_kernels import factor, loads
from bottega.engine.collapse.motion.rotations import conjugate, lowest, rotated, turned
from bottega.engine.collapse.motion.settling import quieter, unheld, upright, woken
from bottega.engine.collapse.motion.world import Body, Contact
from bottega.engine.collapse.records import Camera

RNG = np.random.default_rng(11)


def chain(count: int) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Nodes a metre apart along x, and joints of 0.25 m² halfway between them."""
    place = np.zeros((count, 3))
    place[:, 0] = np.arange(count)
    pair = np.stack([np.arange(count - 1), np.arange(1, count)], 1)
    return place, (pair, np.full(count - 1, 0.25), (place[:-1] + place[1:]) / 2, np.tile([1.0, 0, 0], (count - 1, 1)))


def borne(place: np.ndarray, joints: tuple[np.ndarray, ...], force: np.ndarray) -> np.ndarray:
    return loads(factor(*joints[:3], place), joints, place, force, 0.2)


def test_a_string_bears_what_hangs_on_each_joint() -> None:
    place, joints = chain(4)
    force = np.zeros((4, 6))
    force[:, 0] = [-3, 1, 1, 1]
    assert borne(place, joints, force) == pytest.approx([3, 2, 1], rel=1e-4)
    assert borne(place, joints, -force) == pytest.approx([0.6, 0.4, 0.2], rel=1e-4)  # pressed


def test_a_beam_bears_shear_and_bending_as_statics_says() -> None:
    """A cantilever with 1 N at its end: shear 1, moment the way to the end; edge stress times area is 6 M / √A."""
    place, joints = chain(6)
    force = np.zeros((6, 6))
    force[5, 2], force[0, 2], force[0, 4] = -1, 1, -5
    moment = 5 - joints[2][:, 0]
    assert borne(place, joints, force) == pytest.approx(np.hypot(1, 6 * moment / 0.5), rel=1e-3)


def test_a_factor_is_the_stiffness_that_numpy_builds() -> None:
    place = RNG.uniform(0, 3, (5, 3))
    pair = np.array([[0, 1], [0, 2], [1, 3], [2, 3], [3, 4], [1, 4]])
    joints = (pair, RNG.uniform(0.2, 2, 6), RNG.uniform(0, 3, (6, 3)), np.tile([0, 0, 1.0], (6, 1)))
    upper = np.triu(factor(*joints[:3], place))
    stiff = np.zeros((30, 30))
    for (p, q), area, at in zip(pair, *joints[1:3], strict=True):
        rows = np.zeros((6, 30))
        for node, sign in ((p, -1), (q, 1)):
            x, y, z = at - place[node]
            rows[:3, 6 * node : 6 * node + 6] = sign * np.hstack([np.eye(3), [[0, z, -y], [-z, 0, x], [y, -x, 0]]])
            rows[3:, 6 * node + 3 : 6 * node + 6] = sign * np.eye(3)
        stiff += rows.T @ np.diag([area] * 3 + [area**2 / 12] * 3) @ rows
    assert upper.T @ upper == pytest.approx(stiff, abs=1e-5)


def test_a_body_in_free_fall_bears_nothing_and_one_that_is_stopped_bears_its_weight() -> None:
    """Five cubes in a column, 8 m/s, stopped by a blow from below: each joint bears what is above it."""
    column = np.array([[0, 0, z + 0.5] for z in range(5)])
    pieces, bonds = boxes_as_building(column, np.ones((5, 3)), np.zeros(5, int), np.zeros(5, int), strength_mpa=(1.0, 1.0))
    members = np.arange(5)
    spread = np.tile(np.eye(3) / 4, (5, 1, 1))
    straight = np.array([1.0, 0, 0, 0])

    class Node:
        def get_transform(self) -> Node:
            return self

        def get_pos(self) -> tuple[float, float, float]:
            return (0.0, 0.0, 2.5)

    body = Body(members, column - column.mean(0), pieces.mass.sum(), True, column[0], members[:4], 1.0, np.eye(3), 2.0, Node())
    stopped = np.array([0, 0, 8.0, 0, 0, 0])
    blow = Contact("0", "ground", 0, -1, np.array([0, 0, 0.0]), np.array([0, 0, 8.0 * pieces.mass.sum()]))
    for change, contacts, wanted in ((0 * stopped, [], np.zeros(4)), (stopped, [blow], 16000.0 * np.array([4, 3, 2, 1]))):
        load = body_loads(body, bonds, pieces.mass, spread, turn=straight, change=change, contacts=contacts, pressed=1.0)
        assert load == pytest.approx(wanted, rel=1e-3, abs=1e-6)


def test_a_bulge_has_no_momentum_and_goes_out_in_the_middle() -> None:
    arm = np.array([[x, 0.01 * x * z, z] for x in (-1.0, 0, 1.0) for z in (-1.5, 0, 1.5)])
    mass = RNG.uniform(1, 2, 9)
    velocity = bulge(arm, mass)
    assert (mass[:, None] * velocity).sum(0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.abs(velocity[:, 0]).max() < 0.1
    middle = velocity[arm[:, 2] == 0, 1]
    assert (np.sign(middle) != np.sign(velocity[arm[:, 2] != 0, 1])[:3]).all()


def test_sleepers_that_lie_on_nothing_are_found() -> None:
    under = {0: [-1], 1: [0], 2: [3], 3: [2], 5: [4], 6: [1, 2]}
    free = np.array([False, False, False, False, True, False, False])
    low = np.array([0, 1, 5, 6.0, 0, 1, 2])
    assert unheld(under, free, low) == [2, 3]
    assert unheld({1: [0]}, np.zeros(2, bool), np.zeros(2)) == [1]  # beside it, not under it


def test_parts_are_what_hangs_together() -> None:
    assert [p.tolist() for p in parts(np.array([[3, 4], [0, 2], [2, 5]]), 7)] == [[0, 2, 5], [1], [3, 4], [6]]
    assert [p.tolist() for p in parts(np.zeros((0, 2), int), 2)] == [[0], [1]]


def test_rotations_keep_lengths_and_go_back() -> None:
    q = RNG.normal(size=(50, 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    v = RNG.normal(size=(50, 3))
    assert np.linalg.norm(rotated(q, v), axis=1) == pytest.approx(np.linalg.norm(v, axis=1))
    assert rotated(conjugate(q), rotated(q, v)) == pytest.approx(v)
    quarter = np.array([[np.sqrt(0.5), 0, 0, np.sqrt(0.5)]])
    assert rotated(quarter, np.array([[1.0, 0, 0]])) == pytest.approx(np.array([[0, 1.0, 0]]))
    start = np.array([0, 20, 50])
    height = [(rotated(q[i : i + 1], v[start[i] : start[i + 1]])[:, 2]).min() + i for i in range(2)]
    assert lowest(v, start, np.array([[0, 0, 0], [0, 0, 1.0]]), q[:2]) == pytest.approx(height)


def test_a_wall_stands_upright_and_a_floor_does_not() -> None:
    wall = np.diag([4.0, 0.01, 3.0])[None]
    lying = np.array([[np.sqrt(0.5), np.sqrt(0.5), 0, 0]])
    straight = np.array([[1.0, 0, 0, 0]])
    assert upright(wall, straight)[0]
    assert not upright(wall, lying)[0]
    any_way = RNG.normal(size=(1, 4))
    assert not upright(np.eye(3)[None], any_way / np.linalg.norm(any_way))[0]


def test_the_slow_fall_asleep_and_the_toppling_do_not() -> None:
    settings, zero, went = MotionSettings(), np.zeros(2, bool), np.ones((2, 2))
    before = np.full((2, 6), 0.02)
    after = before * np.array([[1.2], [0.9]])  # faster, slower
    how = {"went": went, "seconds": 0.04, "settings": settings}
    young = quieter(np.full(2, 0.2), zero, np.zeros(2), before, after, **how)
    assert young == pytest.approx([0.188, 0.24])
    old = quieter(np.full(2, 0.2), zero, np.full(2, 9.0), before, after, **how)
    assert old == pytest.approx([0.24, 0.24])
    leaning = quieter(np.full(2, 0.2), ~zero, np.full(2, 9.0), before, after, **how)
    assert leaning == pytest.approx([0.188, 0.24])
    assert (quieter(np.full(2, 0.2), zero, np.zeros(2), before, before + 1, **how) == 0).all()


def test_what_trembles_on_the_spot_is_slow() -> None:
    trembling = np.full((2, 6), 1.0)
    went = np.array([[0.001, 0.001], [0.04, 0.001]])  # the first stays where it is
    quiet = quieter(
        np.full(2, 0.2), np.zeros(2, bool), np.full(2, 9.0), trembling, trembling, went=went, seconds=0.04, settings=MotionSettings()
    )
    assert quiet == pytest.approx([0.24, 0])


def test_turns_are_measured_the_short_way() -> None:
    half = np.array([np.cos(0.1), np.sin(0.1), 0, 0])
    assert turned(np.array([1.0, 0, 0, 0]), half) == pytest.approx(0.2)
    assert turned(np.array([1.0, 0, 0, 0]), -half) == pytest.approx(0.2)


def test_a_shove_wakes_and_a_pebble_does_not() -> None:
    asleep, mass = np.array([True, False, False, True]), np.array([1000.0, 500.0, 1.0, 1000.0])
    touching = [(0, 1), (2, 3), (0, 3)]
    for speed, up in ((0.1, []), (0.6, [0])):
        assert woken(touching, asleep, mass, np.array([0, speed, speed, 0]), settings=MotionSettings()) == up


def test_towers_touch_where_boxes_do() -> None:
    pieces, bonds = brick_tower(3, 2, 4, size=(3.0, 2.0, 4.0))
    assert len(bonds) == 2 * 2 * 4 + 3 * 1 * 4 + 3 * 2 * 3
    assert bonds.area == pytest.approx(1.0)
    assert pieces.mass.sum() == pytest.approx(24 * 2000)
    way = pieces.centre[bonds.pair[:, 1]] - pieces.centre[bonds.pair[:, 0]]
    assert (way * bonds.normal).sum(1) == pytest.approx(1.0)
    assert (np.diff(bonds.pair[:, 0].astype(np.int64) * 99 + bonds.pair[:, 1]) > 0).all()
    hollow, joints = walled_tower(3, size=(8.0, 6.0, 9.0))
    assert 0.1 < hollow.volume.sum() / (8 * 6 * 9) < 0.5
    assert parts(joints.pair, len(hollow))[0].tolist() == list(range(len(hollow)))
    for counts in ((0, 1, 1), (1, 1, -1)):
        with pytest.raises(ValueError, match="counts of 1 or above"):
            brick_tower(*counts)
    with pytest.raises(ValueError, match="leave rooms"):
        walled_tower(1, wall_m=9.0)


def seen() -> Camera:
    return Camera(np.array([[1, 0, 0, 0], [0, 0, -1, -12], [0, 1, 0, 1.5], [0, 0, 0, 1.0]]), 400.0, (160.0, 90.0), 320, 180)


def test_the_preview_shows_near_before_far_and_refuses_what_is_not_there() -> None:
    places = np.array([[0, 0, 1.5], [0, 4.0, 1.5]])
    pieces, bonds = boxes_as_building(places, np.array([[1.0] * 3, [3.0] * 3]), np.arange(2), np.zeros(2, int), strength_mpa=(1, 1))
    scene = plan(pieces, bonds, direction=Direction((Failure((0.0, 0.0), 1.0, frame=3),)), shot=Shot(1, 8))
    motion = collected(scene, [at_rest(scene)])
    picture = preview_raster(pieces, motion, camera=seen(), height=180)[0]
    near, far = picture[90, 160].astype(int), picture[90, 160 + 25].astype(int)
    assert np.abs(near - far).max() > 10  # each piece has its tone
    assert (picture[90, 160 - 15 : 160 + 15] == picture[90, 160]).all()  # 400 px · 0.5 m / 11.5 m = 17 px to either side
    assert (picture[0, 0] != picture[-1, 0]).any()  # sky and ground
    small = preview_raster(pieces, motion, camera=seen(), height=90, frames=[1])
    assert small.shape == (1, 90, 160, 3)
    for wrong, said in (({"frames": [4]}, r"\[4\] are outside the motion 1..1"), ({"height": 0}, "height must be 1")):
        with pytest.raises(ValueError, match=said):
            preview_raster(pieces, motion, camera=seen(), **wrong)
    with pytest.raises(ValueError, match="it is of 2 pieces, given 8"):
        preview_raster(brick_tower(2, 2, 2)[0], motion, camera=seen())


def test_a_contact_sheet_is_in_rows() -> None:
    frames = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 3), np.uint8) + 1
    sheet = contact_sheet(frames, columns=3)
    assert sheet.shape == (4, 9, 3)
    assert sheet[::2, ::3, 0].tolist() == [[1, 2, 3], [4, 5, 0]]
    with pytest.raises(ValueError, match="not 0 and 4"):
        contact_sheet(frames[:0])


@pytest.mark.parametrize("module", ["exchange", "preview", "scene", "schedule", "simulation", "tower"])
def test_the_examples_run(module: str) -> None:
    outcome = doctest.testmod(import_module(f"bottega.engine.collapse.motion.{module}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
