"""The same scene gives the same bits: again, in another process, and going on from a checkpoint; records survive as arrays."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bottega.engine.collapse.motion import (
    MotionSettings,
    Scene,
    Shot,
    State,
    at_rest,
    collected,
    from_exchange,
    plan,
    simulate,
    to_exchange,
)
from bottega.engine.collapse.records import Motion

from .towers import FALL, fallen, same, small_tower

SETTINGS = MotionSettings(rebuild_every=12, substeps=4)


def scene() -> Scene:
    return plan(*small_tower(), direction=FALL, shot=Shot(1, 61))


def digest() -> str:
    motion = collected(scene(), simulate(scene(), SETTINGS))
    whole = hashlib.sha256()
    for name, array in to_exchange(motion).items():
        whole.update(name.encode() + array.tobytes())
    return whole.hexdigest()


def test_another_process_gives_the_same_bits() -> None:
    code = "from tests.engine.collapse.motion.test_same_bits import digest; import sys; sys.stdout.write(digest())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert other.stdout == digest()


@pytest.mark.parametrize("frame", [13, 37, 49])
def test_going_on_from_a_checkpoint_is_never_having_stopped(frame: int) -> None:
    whole = list(simulate(scene(), SETTINGS))
    kept = from_exchange(to_exchange(whole[frame - 1]), State)
    assert kept.frame == frame
    rest = list(simulate(scene(), SETTINGS, resume=kept))
    assert [s.frame for s in rest] == list(range(frame + 1, 62))
    assert all(same(a, b) for a, b in zip(whole[frame:], rest, strict=True))


def test_a_run_keeps_no_place_that_bodies_have_been_in() -> None:
    from panda3d.core import TransformState

    before = TransformState.get_num_states()
    assert len(list(simulate(scene(), SETTINGS))) == 61
    assert TransformState.get_num_states() - before < 10 * len(scene().pieces)


def test_what_is_no_checkpoint_is_refused() -> None:
    state = at_rest(scene())
    with pytest.raises(ValueError, match="frame 14 is no checkpoint; they are every 12 frames from 1"):
        simulate(scene(), SETTINGS, resume=replace(state, frame=14))
    with pytest.raises(ValueError, match="0 pieces"):
        simulate(scene(), SETTINGS, resume=replace(state, body=state.body[:0]))


def test_frames_come_one_by_one() -> None:
    states = simulate(scene(), SETTINGS)
    assert [next(states).frame for _ in range(3)] == [1, 2, 3]
    states.close()  # type: ignore[attr-defined]


def test_another_solver_takes_the_place() -> None:
    class Still:
        def frames(self, scene: Scene, settings: MotionSettings, state: State):  # type: ignore[no-untyped-def]
            for frame in range(state.frame + 1, scene.last_frame + 1):
                yield replace(state, frame=frame)

    motion = collected(scene(), simulate(scene(), solver=Still()))
    assert len(motion) == 61
    assert (motion.position == motion.position[0]).all()


def test_frames_that_do_not_follow_are_refused() -> None:
    whole, states = fallen()
    with pytest.raises(ValueError, match="frame 3 is missing, 4 follows 2"):
        collected(whole, [states[1], states[3]])
    with pytest.raises(ValueError, match="none given"):
        collected(whole, [])


def test_records_survive_as_arrays() -> None:
    whole, states = fallen()
    for record, kind in ((whole, Scene), (states[30], State), (collected(whole, states), Motion), (SETTINGS, MotionSettings)):
        arrays = to_exchange(record)
        assert all(isinstance(a, np.ndarray) and a.dtype != object for a in arrays.values())
        again = to_exchange(from_exchange(arrays, kind))
        assert list(again) == list(arrays)
        assert all(again[n].dtype == arrays[n].dtype and again[n].tobytes() == arrays[n].tobytes() for n in arrays)


def test_a_worker_at_the_other_end_gives_the_same_bits() -> None:
    there = from_exchange(to_exchange(scene()), Scene)
    assert same(list(simulate(there, SETTINGS))[40], list(simulate(scene(), SETTINGS))[40])


def test_other_arrays_are_refused() -> None:
    arrays = to_exchange(SETTINGS)
    with pytest.raises(ValueError, match="State of version 1 is needed, given MotionSettings of version 1"):
        from_exchange(arrays, State)
    with pytest.raises(ValueError, match="has no fields"):
        from_exchange({**arrays, "colour": np.zeros(1)}, MotionSettings)
    with pytest.raises(ValueError, match="field slow is missing"):
        from_exchange({n: a for n, a in arrays.items() if n != "slow"}, MotionSettings)
    with pytest.raises(ValueError, match="given nothing"):
        from_exchange({}, Motion)
    with pytest.raises(TypeError, match="not int"):
        to_exchange(3)  # type: ignore[arg-type]
