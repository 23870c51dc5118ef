"""A fall given as poses alone is the fall: Bullet's own, told by its poses, has the same speeds, breaks and sleepers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.motion import MotionSettings, PosedSolver, State, at_rest, from_exchange, simulate
from bottega.engine.collapse.motion.rotations import multiplied, rotated
from bottega.engine.collapse.motion.scene import Scene
from bottega.engine.collapse.records import Float

from .towers import fallen, same


def told(states: tuple[State, ...]) -> Callable[..., Iterator[tuple[int, Float, Float]]]:
    return lambda scene, settings: ((s.frame, s.position, s.rotation) for s in states[1:])


def test_two_turns_one_after_the_other() -> None:
    draw = np.random.default_rng(1)
    one, other, point = draw.normal(size=(9, 4)), draw.normal(size=(9, 4)), draw.normal(size=(9, 3))
    one, other = (q / np.linalg.norm(q, axis=1, keepdims=True) for q in (one, other))
    np.testing.assert_allclose(rotated(multiplied(one, other), point), rotated(one, rotated(other, point)), atol=1e-12)


def test_bullets_own_poses_give_its_own_fall() -> None:
    scene, states = fallen()
    again = list(simulate(scene, solver=PosedSolver(told(states))))
    last, own = again[-1], states[-1]
    assert [s.frame for s in again] == [s.frame for s in states]
    assert np.abs(last.position - own.position).max() < 0.05  # chips that Bullet does not see are lifted out of the ground
    np.testing.assert_array_equal(last.released > 0, own.released > 0)
    assert (np.abs(last.released - own.released)[own.released > 0] <= 2).mean() > 0.95
    assert np.mean((last.broken > 0) == (own.broken > 0)) > 0.85
    assert (last.broken > 0).sum() > 50
    assert last.asleep.mean() > 0.9
    energies = [np.concatenate([s.impact_energy for s in run]).sum() for run in (again, states)]
    assert energies[0] == pytest.approx(energies[1], rel=0.35)


def test_the_scene_is_handed_over_whole() -> None:
    scene, states = fallen()

    def poses(arrays: dict[str, np.ndarray], settings: dict[str, np.ndarray]) -> Iterator[tuple[int, Float, Float]]:
        given = from_exchange(arrays, Scene)
        np.testing.assert_array_equal(given.release, scene.release)
        assert from_exchange(settings, MotionSettings) == MotionSettings(substeps=3)
        return told(states)(arrays, settings)

    assert next(iter(PosedSolver(poses).frames(scene, MotionSettings(substeps=3), at_rest(scene)))).frame == 2


def test_going_on_gives_the_same_bits() -> None:
    scene, states = fallen()
    solver = PosedSolver(told(states))
    whole = list(simulate(scene, solver=solver))
    rest = list(simulate(scene, solver=solver, resume=whole[48]))
    assert all(same(a, b) for a, b in zip(rest, whole[49:], strict=True))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda s: s[:40], "frames to 144 are needed, the last given is 40"),
        (lambda s: s[:3] + s[4:], "frame 4 is needed next, given 5"),
        (lambda s: (s[0], replace(s[1], position=s[1].position[:-1])), "poses of frame 2: "),
        (lambda s: (s[0], replace(s[1], rotation=s[1].rotation * 3)), "poses of frame 2: piece 0 is at"),
        (lambda s: (s[0], replace(s[1], position=s[1].position * np.nan)), "poses of frame 2: piece 0 is at"),
    ],
)
def test_poses_that_cannot_be_are_named(spoil: Callable[[tuple[State, ...]], tuple[State, ...]], says: str) -> None:
    scene, states = fallen()
    with pytest.raises(ValueError, match=says):
        list(simulate(scene, solver=PosedSolver(told(spoil(states)))))
