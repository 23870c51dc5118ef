"""What falls falls as physics says, stays above the ground, gains no energy, and comes to rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.building import Building, FractureSettings, elements, fracture
from bottega.engine.collapse.motion import (
    Box,
    Direction,
    Failure,
    HoldOff,
    MotionSettings,
    Shot,
    at_rest,
    boxes_as_building,
    collected,
    plan,
    simulate,
)
from bottega.engine.collapse.motion.rotations import rotated

from .towers import FALL, GRAVITY, dropped, energy, fallen, lone_boxes, same, small_tower

FREE = MotionSettings(linear_damping=0.0, angular_damping=0.0)


@pytest.mark.parametrize("substeps", [2, 8])
def test_a_free_fall_is_half_g_t_squared(substeps: int) -> None:
    """Without correction a semi-implicit Euler step falls ½ g t h too far; half a step back in the velocity takes that away."""
    scene = dropped(*lone_boxes((0, 0, 60.0)), np.zeros((1, 3)), shot=Shot(1, 25))
    for state in simulate(scene, replace(FREE, substeps=substeps)):
        seconds = (state.frame - 1) / 24
        assert 60.0 - state.position[0, 2] == pytest.approx(0.5 * GRAVITY * seconds**2, rel=0.01, abs=1e-6)


def test_slow_motion_is_the_same_fall_in_less_time() -> None:
    pieces, bonds = lone_boxes((0, 0, 60.0))
    direction = Direction((Failure((0.0, 0.0), 1.0, frame=2),), rate=0.25, buckle=0.0)
    state = list(simulate(plan(pieces, bonds, direction=direction, shot=Shot(1, 49)), FREE))[-1]
    assert 60.0 - state.position[0, 2] == pytest.approx(0.5 * GRAVITY * 0.5**2, rel=0.01)


def test_two_bodies_that_hit_keep_their_momentum() -> None:
    pieces, bonds = lone_boxes((-1.5, 0, 80.0), (1.5, 0.3, 80.2))
    pieces = replace(pieces, density=np.array([2000.0, 700.0]))
    push = np.array([[6.0, 0, 0], [-2.0, 0, 0]])
    scene = dropped(pieces, bonds, push, shot=Shot(1, 20), frame=2)
    states = list(simulate(scene, FREE))
    assert np.abs(states[-1].velocity[:, 0] - push[:, 0]).min() > 0.5  # they met
    for state in states[2:]:
        falls = -GRAVITY * ((state.frame - 1) / 24 - 0.5 / 24 / 8)
        wanted = (pieces.mass[:, None] * (push + np.array([0, 0, falls]))).sum(0)
        assert (pieces.mass[:, None] * state.velocity).sum(0) == pytest.approx(wanted, rel=1e-3, abs=3.0)


def test_a_glued_body_that_breaks_in_a_hit_keeps_its_momentum() -> None:
    bar = np.array([[x, 0, 80.0] for x in (-4.0, -3.0, -2.0, -1.0)] + [[1.5, 0, 80.0]])
    for weak, parted in ((0.001, True), (1000.0, False)):
        built = boxes_as_building(bar, np.ones((5, 3)), np.array([0, 0, 0, 0, 1]), np.zeros(5, int), strength_mpa=(weak, 1.0))
        push = np.array([[8.0, 0, 0]] * 4 + [[0.0, 0, 0]])
        states = list(simulate(dropped(*built, push, shot=Shot(1, 24)), FREE))
        assert (len(set(states[-1].body.tolist())) > 2) == parted
        assert ((states[-1].broken > 0).any()) == parted
        for state in states[2:]:
            assert (built[0].mass * state.velocity[:, 0]).sum() == pytest.approx(4 * 2000 * 8.0, rel=2e-3)


def test_no_vertex_is_under_the_ground_and_no_energy_is_made() -> None:
    scene, states = fallen()
    owner = np.repeat(np.arange(len(scene.pieces)), np.diff(scene.pieces.vertex_start))
    total = [energy(scene, state) for state in states]
    for state in states:
        points = state.position[owner] + rotated(state.rotation[owner], scene.pieces.vertices.astype(float))
        assert points[:, 2].min() > -0.02
    pushed = int(scene.release.max()) - scene.first_frame  # until then the direction's pushes give energy
    assert max(np.diff(total)[pushed:]) < 0.01 * total[0]
    assert max(np.diff(total)) < 0.02 * total[0]
    assert total[-1] < 0.5 * total[0]  # it did come down


def test_it_comes_to_rest() -> None:
    states = fallen()[1]
    end = states[-1]
    assert end.frame == 96 + 48
    assert (end.asleep & (end.released > 0)).mean() >= 0.95
    still = states[-2].asleep & end.asleep
    assert (states[-2].position[still] == end.position[still]).all()
    assert np.linalg.norm(states[-1].position - states[-2].position, axis=1).max() < 0.3


def test_nothing_moves_before_its_frame() -> None:
    scene, states = fallen()
    start = at_rest(scene)
    moved = np.zeros(len(scene.pieces), bool)
    for state in states:
        before = state.frame < scene.release
        assert (state.position[before] == start.position[before]).all()
        assert (state.rotation[before] == start.rotation[before]).all()
        assert state.asleep[before].all()
        moved |= (state.position != start.position).any(1)
    assert moved.all()
    motion = collected(scene, states)
    for piece in range(0, len(scene.pieces), 7):
        rows = motion.position[: scene.release[piece] - scene.first_frame, piece]
        assert (rows == scene.pieces.centre[piece].astype(np.float32)).all()


def test_motion_tells_bonds_releases_and_impacts() -> None:
    scene, states = fallen()
    motion = collected(scene, states)
    assert motion.first_frame == 1
    assert (motion.released == scene.release).all()
    assert ((motion.broken == 0) | (motion.broken >= 12)).all()
    assert (motion.broken > 0).mean() > 0.5
    assert (motion.impacts.energy > MotionSettings().least_impact_j).all()
    assert (np.diff(motion.impacts.frame) >= 0).all()
    assert motion.impacts.energy.sum() < energy(scene, states[0]) * 1.1
    assert np.linalg.norm(motion.rotation, axis=2) == pytest.approx(1.0, abs=1e-6)
    height = motion.impacts.point[:, 2]
    assert height.min() > -0.2
    assert height.max() < 12.5


def test_a_stronger_building_breaks_less() -> None:
    counts = []
    for strength in (2.0, 20.0, 500.0):
        scene = plan(*small_tower(), direction=replace(FALL, strength=strength), shot=Shot(1, 60))
        counts.append(len(set(list(simulate(scene))[-1].body.tolist())))
    assert counts[0] > counts[1] > counts[2]


def test_a_box_stands_in_the_way() -> None:
    pieces, bonds = lone_boxes((0, 0, 6.0))
    direction = Direction((Failure((0.0, 0.0), 1.0, frame=2),), buckle=0.0)
    for boxes, height in (((), 0.5), ((Box((0.0, 0.0, 1.0), (4.0, 4.0, 2.0), turn=0.5),), 2.5)):
        state = list(simulate(plan(pieces, bonds, direction=direction, shot=Shot(1, 84), boxes=boxes)))[-1]
        assert state.position[0, 2] == pytest.approx(height, abs=0.03)
        assert state.asleep[0]


def test_the_ground_may_lie_elsewhere() -> None:
    pieces, bonds = lone_boxes((0, 0, 1.0))
    direction = Direction((Failure((0.0, 0.0), 1.0, frame=2),), buckle=0.0)
    state = list(simulate(plan(pieces, bonds, direction=direction, shot=Shot(1, 60), ground=-3.0)))[-1]
    assert state.position[0, 2] == pytest.approx(-2.5, abs=0.03)


def test_a_sleeper_does_not_hang_in_the_air() -> None:
    """The upper box comes to rest on the lower, which is held; then the lower is let go."""
    pieces, bonds = lone_boxes((0, 0, 4.5), (0, 0, 5.6))
    direction = Direction((Failure((0.0, 0.0), 1.0, frame=2),), hold_offs=(HoldOff((0.0, 0.0, 4.5), 0.5, until_frame=60),), buckle=0.0)
    states = list(simulate(plan(pieces, bonds, direction=direction, shot=Shot(1, 156))))
    assert states[58].asleep.all()
    assert states[58].released.tolist() == [0, 2]
    assert states[58].position[1, 2] == pytest.approx(5.5, abs=0.03)
    assert states[75].position[1, 2] < 4.0
    assert states[-1].position[:, 2].max() < 1.6
    assert states[-1].asleep.all()


def test_what_is_held_stands_until_its_frame_and_other_failures_make_other_shots() -> None:
    pieces, bonds = small_tower()
    held = HoldOff((3.0, 3.0), 1.5, until_frame=40)
    ends = []
    for where, holds in (((-3.0, -3.0), (held,)), ((3.0, -3.0), ()), ((0.0, 3.0), ())):
        failing = (replace(FALL.failures[0], where=where, radius_m=3.0),)
        scene = plan(pieces, bonds, direction=replace(FALL, failures=failing, hold_offs=holds), shot=Shot(1, 48))
        states = list(simulate(scene))
        ends.append(states[-1])
        if holds:
            corner = (np.linalg.norm(pieces.centre[:, :2] - [3.0, 3.0], axis=1) <= 1.5).nonzero()[0]
            assert len(corner) >= 8
            for state in states[:39]:
                assert (state.position[corner] == pieces.centre[corner]).all()
            assert (states[38].released > 0).mean() > 0.5  # while the rest was going
            assert (ends[0].position[corner] != pieces.centre[corner]).any()
    assert not same(ends[0], ends[1])
    assert not same(ends[1], ends[2])
    assert np.abs(ends[0].position - ends[1].position).max() > 1.0
    assert np.abs(ends[1].position - ends[2].position).max() > 1.0


def test_what_is_let_go_is_not_torn_by_its_own_neighbours() -> None:
    house = Building(((0, 0), (11, 0), (11, 9), (0, 9)), (3, 3, 0, 0), (4.0, 3.2, 3.2, 3.2))
    pieces, bonds = fracture(elements(house), FractureSettings(piece_m=1.4), seed=4)
    scene = plan(pieces, bonds, direction=Direction((Failure((5.0, 4.0), 20.0, frame=3, storeys=(0,)),)), shot=Shot(1, 3))
    last = list(simulate(scene))[-1]
    panel = pieces.cluster[bonds.pair]
    above = (panel[:, 0] == panel[:, 1]) & (pieces.storey[bonds.pair].min(1) >= 1)
    assert above.sum() > 300
    assert (last.broken[above] > 0).mean() < 0.1  # it was 0.42 when hulls began inside one another
