"""Blender in its own process: found or named, ended and told about, and a fall that is physics and the embedded solver's kin."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from bench.collapse_solvers import measured

from bottega.adapters.blender import VARIABLE, Blender, BlenderProgram, find_blender
from bottega.adapters.blender.process import talk
from bottega.engine.collapse.motion import (
    Direction,
    Failure,
    Lean,
    MotionSettings,
    PosedSolver,
    Shot,
    plan,
    simulate,
    to_exchange,
    walled_tower,
)
from bottega.engine.collapse.motion.scene import Scene, State
from bottega.model import JobError, UsageError
from tests.engine.collapse.motion.towers import GRAVITY, dropped, fallen, lone_boxes
from tests.with_blender import needs_blender


def pretended(folder: Path, does: str) -> Blender:
    """A program that answers as the worker does, and then does something."""
    program = folder / "python-pretended"
    program.write_text(f"#!{sys.executable}\nimport os, sys\n{does}\n")
    program.chmod(0o755)
    return Blender(program=program, is_python=True)


# Found, or named


def test_no_blender_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match=r"no Blender is found.*pip install bpy==") as missing:
        find_blender({})
    assert VARIABLE in str(missing.value)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"BOTTEGA_BLENDER is '/nowhere/blender', which is no program"):
        find_blender({VARIABLE: "/nowhere/blender"})


def test_a_python_without_blender_is_refused_before_anything_else() -> None:
    with pytest.raises(UsageError, match=r"cannot be used as Blender: this Python has no Blender in it: No module named 'bpy'"):
        BlenderProgram.found(find_blender({VARIABLE: sys.executable}))


def test_a_path_from_where_the_user_stands_is_good_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = pretended(tmp_path, 'print(\'bottega: {"version": "9.9"}\')').program
    monkeypatch.chdir(tmp_path)
    found = find_blender({VARIABLE: f"./{program.name}"})
    assert found.program == program
    assert BlenderProgram.found(found).version == "9.9"


def test_a_file_that_no_machine_can_run_is_named(tmp_path: Path) -> None:
    program = tmp_path / "python-broken"
    program.write_bytes(b"\x7fELF and no more")
    program.chmod(0o755)
    with pytest.raises(UsageError, match=r"python-broken cannot be started as Blender: Exec format error"):
        BlenderProgram.found(find_blender({VARIABLE: str(program)}))


def test_a_program_that_says_nothing_is_no_blender(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="asked for its version it said nothing"):
        BlenderProgram.found(pretended(tmp_path, "print('Hello')"))


def test_blenders_own_program_is_started_without_the_users_settings(tmp_path: Path) -> None:
    words = Blender(program=Path("/a/blender"), is_python=False).command(tmp_path / "worker.py", "simulate", "/a folder")
    assert words[:3] == ["/a/blender", "--background", "--factory-startup"]
    assert words[words.index("--") + 1 :] == ["simulate", "/a folder"]


# Ended


def heard(blender: Blender, folder: Path) -> tuple[list[int], str]:
    """The frames that a worker says, and how it ended."""
    frames = []
    with pytest.raises(JobError) as ended:
        for word in talk(blender, "simulate", folder):
            frames.append(word["frame"])
    return frames, str(ended.value)


SAYS = "print('bottega: {\"frame\": 1002}', flush=True)"


def test_a_crash_is_named_with_the_frame_that_it_reached(tmp_path: Path) -> None:
    frames, said = heard(pretended(tmp_path, f"{SAYS}\nos.kill(os.getpid(), 9)"), tmp_path)
    assert frames == [1002]
    assert said.startswith("Blender was ended by SIGKILL after frame 1002")


def test_an_error_is_passed_on_with_what_blender_said(tmp_path: Path) -> None:
    frames, said = heard(pretended(tmp_path, "print('Fluid: no memory', flush=True)\nraise RuntimeError('out of bounds')"), tmp_path)
    assert frames == []
    assert said.startswith("Blender ended with code 1 before the first frame")
    assert "Fluid: no memory" in said
    assert "RuntimeError: out of bounds" in said


def test_who_stops_listening_ends_it(tmp_path: Path) -> None:
    there = tmp_path / "pid"
    words = talk(
        pretended(tmp_path, f"open({str(there)!r}, 'w').write(str(os.getpid()))\n{SAYS}\nimport time\ntime.sleep(600)"), "x", tmp_path
    )
    assert next(words)["frame"] == 1002
    words.close()
    assert not Path(f"/proc/{there.read_text()}").exists()


def test_it_is_given_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTTEGA_HOME", "/secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    _, said = heard(pretended(tmp_path, "sys.exit(' '.join(sorted(os.environ)))"), tmp_path)
    assert "BOTTEGA_HOME" not in said
    assert "PYTHONPATH" not in said
    assert "OMP_NUM_THREADS" in said


# The fall


@cache
def blender() -> BlenderProgram:
    return BlenderProgram.found(find_blender())


def felled(scene: Scene, **how: float) -> list[State]:
    return list(simulate(scene, MotionSettings(**how), solver=PosedSolver(blender().fall)))


@pytest.mark.heavy
@needs_blender
def test_it_falls_as_g_says_from_its_frame_on() -> None:
    scene = dropped(*lone_boxes((0, 0, 30.0), (5, 0, 30.0)), np.array([[0, 0, 0], [3.0, 0, 0]]), shot=Shot(1, 49), frame=7)
    states = felled(scene, linear_damping=0.0)
    height = np.array([s.position[0, 2] for s in states])
    assert (height[:6] == 30).all()
    seconds = np.arange(1, 43) / 24
    np.testing.assert_allclose(30 - height[6:48], 0.5 * GRAVITY * seconds**2, rtol=0.03, atol=0.02)
    whole = 30 - height[47]
    assert whole == pytest.approx(0.5 * GRAVITY * (42 / 24) ** 2, rel=0.01)
    assert states[30].position[1, 0] - 5 == pytest.approx(3.0 * 25 / 24, rel=0.02)


@pytest.mark.heavy
@needs_blender
def test_slow_motion_is_the_same_fall_told_slowly() -> None:
    boxes = dropped(*lone_boxes((0, 0, 30.0)), np.zeros((1, 3)), shot=Shot(1, 25))
    slow = felled(replace(boxes, step_s=boxes.step_s / 2))
    assert 30 - slow[-1].position[0, 2] == pytest.approx(0.5 * GRAVITY * (24 / 48) ** 2, rel=0.03)


@pytest.mark.heavy
@needs_blender
def test_blender_and_the_embedded_solver_agree_on_the_same_start() -> None:
    """Fall time and debris radius within 15 %; nothing is below the ground, no energy comes of nothing, nothing moves before its frame."""
    direction = Direction((Failure((-6.0, -6.0), 5.0, frame=6, storeys=(0, 1)),), front_speed=15.0, lean=Lean((-1.0, -0.3), 1.0))
    scene = plan(*walled_tower(6, brick_m=1.8), direction=direction, shot=Shot(1, 144))
    embedded, states = list(simulate(scene)), felled(scene)
    own, theirs = measured(scene, embedded), measured(scene, states)
    assert theirs.seconds == pytest.approx(own.seconds, rel=0.15)
    assert theirs.radius_m == pytest.approx(own.radius_m, rel=0.15)
    assert theirs.lowest_m > -1e-3
    assert theirs.gained < 0.01
    for state in states:
        early = (scene.release == 0) | (scene.release > state.frame)
        assert (state.position[early] == scene.pieces.centre[early]).all()


@pytest.mark.heavy
@needs_blender
def test_the_same_start_gives_the_same_bits() -> None:
    scene, _ = fallen()
    short = replace(scene, step_s=scene.step_s[:40])
    runs = [list(blender().fall(to_exchange(short), to_exchange(MotionSettings()))) for _ in range(2)]
    assert len(runs[0]) == 40
    for (number, position, rotation), (again, where, turn) in zip(*runs, strict=True):
        assert number == again
        assert position.tobytes() == where.tobytes()
        assert rotation.tobytes() == turn.tobytes()
