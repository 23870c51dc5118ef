"""What an artist asks for that cannot be is refused by name; the front, the holds and the support come when they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.motion import (
    Box,
    Direction,
    Failure,
    HoldOff,
    Lean,
    MotionSettings,
    Shot,
    boxes_as_building,
    brick_tower,
    plan,
    schedule,
    story_time,
)

from .towers import FALL, small_tower

SHOT = Shot(1001, 1100)
ROW, LONG = brick_tower(20, 1, 1, size=(20.0, 1.0, 1.0)), Failure((-9.5, 0.0), 0.6, frame=1010)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"failures": ()}, "one at least"),
        ({"failures": (replace(LONG, where=(40.0, 0.0)),)}, r"failures\[0\].*outside the building"),
        ({"failures": (LONG, replace(LONG, radius_m=0.0))}, r"failures\[1\]: radius_m must be above 0, not 0.0"),
        ({"failures": (replace(LONG, frame=1101),)}, r"frame 1101 is outside the shot 1001..1100"),
        ({"failures": (replace(LONG, storeys=(3,)),)}, r"storeys must be among 0..0"),
        ({"failures": (replace(LONG, where=(1.0,)),)}, r"where must be \(x, y\)"),
        ({"failures": (replace(LONG, reach_m=-1.0),)}, r"reach_m must be above 0"),
        ({"hold_offs": (HoldOff((0.0, 0.0), -2.0, 1050),)}, r"hold_offs\[0\]: radius_m"),
        ({"hold_offs": (HoldOff((0.0, 0.0), 2.0, 900),)}, r"hold_offs\[0\]: frame 900"),
        ({"strength": 0.0}, "strength must be above 0, not 0.0"),
        ({"strength": -1.0}, "strength must be above 0, not -1.0"),
        ({"front_speed": 0.0}, "front_speed must be above 0"),
        ({"support": 1.5}, "support must be 0 to 1"),
        ({"buckle": -1.0}, "buckle must be 0 or above"),
        ({"lean": Lean((0.0, 0.0), 1.0)}, r"not \(0, 0\)"),
        ({"lean": Lean((1.0, 0.0), -1.0)}, "lean: speed"),
        ({"rate": 0.0}, "rate must be above 0"),
        ({"rate": ((1010, 1.0), (1005, 0.5))}, "frames must rise"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan(*ROW, direction=replace(Direction((LONG,)), **change), shot=SHOT)


def test_settings_shots_boxes_and_bonds_without_strength_are_refused() -> None:
    with pytest.raises(ValueError, match="substeps must be 1 or above, not 0"):
        MotionSettings(substeps=0)
    with pytest.raises(ValueError, match="friction must be 0 to 1, not 2"):
        MotionSettings(friction=2)
    with pytest.raises(ValueError, match="last_frame must be above"):
        Shot(5, 5)
    with pytest.raises(ValueError, match="size above 0"):
        Box((0, 0, 0), (1, 0, 1))
    pieces, bonds = ROW
    with pytest.raises(ValueError, match="bonds' strength must be above 0 N"):
        plan(pieces, replace(bonds, strength=bonds.strength * 0), direction=Direction((LONG,)), shot=SHOT)


def test_the_front_runs_at_its_speed() -> None:
    """A row of bricks a metre apart, all on the ground, at 12 m/s and 24 frames a second: one every other frame."""
    frames = schedule(*ROW, direction=Direction((LONG,), front_speed=12.0), shot=SHOT)
    assert frames.tolist() == [1010 + 2 * i for i in range(20)]


def test_slow_motion_slows_the_front() -> None:
    direction = Direction((LONG,), front_speed=12.0, rate=0.5)
    assert schedule(*ROW, direction=direction, shot=SHOT).tolist() == [1010 + 4 * i for i in range(20)]
    curve = replace(direction, rate=((1020, 1.0), (1040, 0.25)))
    times = story_time(curve, SHOT)
    assert np.diff(times)[:19] == pytest.approx(1 / 24)
    assert np.diff(times)[39:] == pytest.approx(0.25 / 24)
    assert np.diff(times)[19:39].sum() == pytest.approx(20 * 0.625 / 24)


def test_a_reach_ends_the_front() -> None:
    frames = schedule(*ROW, direction=Direction((replace(LONG, reach_m=5.0),), front_speed=12.0), shot=SHOT)
    assert (frames[:6] > 0).all()
    assert (frames[6:] == 0).all()


def test_what_loses_its_support_goes_and_what_is_held_does_not() -> None:
    tower = brick_tower(3, 1, 3, size=(3.0, 1.0, 3.0), strength_mpa=0.2)
    under = Failure((-1.0, 0.0), 0.4, frame=1010, storeys=(0,), reach_m=0.1)
    frames = schedule(*tower, direction=Direction((under,)), shot=SHOT)
    assert frames[0] == 1010
    assert frames[3] > frames[0]
    assert frames[6] > frames[3]  # each on the one below
    assert (np.delete(frames, [0, 3, 6]) == 0).all()
    held = HoldOff((-1.0, 0.0, 1.5), 0.4, until_frame=1060)
    frames = schedule(*tower, direction=Direction((under,), hold_offs=(held,)), shot=SHOT)
    assert frames[0] == 1010
    assert frames[3] == 1060
    assert frames[6] > 1060


def test_what_hangs_goes_when_its_last_way_to_the_ground_goes() -> None:
    """Lintels that hang on one another between two feet stay up while one foot stands, though none rests on it."""
    places = np.array([[0, 0, 0.5], [4, 0, 0.5], [0, 0, 1.5], [1, 0, 1.5], [2, 0, 1.5], [3, 0, 1.5], [4, 0, 1.5]])
    arch = boxes_as_building(places, np.ones((7, 3)), np.arange(7), places[:, 2].astype(int), strength_mpa=(0.2, 0.2))
    left, right = (Failure((x, 0.0, 0.5), 0.4, frame, reach_m=0.1) for x, frame in ((0.0, 1010), (4.0, 1030)))
    frames = schedule(*arch, direction=Direction((left, right), support=0.0), shot=SHOT)
    assert frames[[0, 1]].tolist() == [1010, 1030]
    assert 1010 < frames[2] < 1015  # it stood on the left foot
    assert (frames[3:] >= 1030).all()
    assert (frames[3:] < 1040).all()


def test_nothing_below_a_failure_goes_where_down_is_none() -> None:
    tower = brick_tower(3, 1, 4, size=(3.0, 1.0, 4.0))
    top = Failure((0.0, 0.0), 0.4, frame=1010, storeys=(2,))
    standing = schedule(*tower, direction=Direction((top,), down=0.0), shot=SHOT)
    assert (standing[:6] == 0).all()
    assert (standing[6:] > 0).all()
    assert (schedule(*tower, direction=Direction((top,), down=0.4), shot=SHOT) > 0).all()


def test_walls_on_a_failing_storey_buckle_and_floors_do_not() -> None:
    pieces, bonds = small_tower()
    scene = plan(pieces, bonds, direction=replace(FALL, lean=None), shot=Shot(1, 100))
    flat = np.ptp(pieces.hull.reshape(-1, 8, 3), axis=1)[:, 2] < 0.21
    assert scene.weak[~flat & (pieces.storey < 2)].all()
    assert not scene.weak[flat | (pieces.storey >= 2)].any()
    assert not scene.push[~scene.weak].any()
    front = scene.weak & (pieces.centre[:, 1] < -2.9)
    assert (scene.push[front, 1] < -0.5).all()  # outward
    assert np.abs(scene.push).max() <= FALL.buckle
    assert not plan(pieces, bonds, direction=replace(FALL, buckle=0.0), shot=Shot(1, 100)).weak.any()
