"""Run a solver over a shot, frame by frame, and put its states together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from bottega.engine.collapse.motion.bullet import BulletSolver
from bottega.engine.collapse.motion.scene import MotionSettings, Scene, Solver, State, at_rest
from bottega.engine.collapse.records import Impacts, Motion


def simulate(
    scene: Scene, settings: MotionSettings | None = None, *, solver: Solver | None = None, resume: State | None = None
) -> Iterator[State]:
    """Give the shot's states one by one, from the first frame, or from the one after `resume`.

    Parameters
    ----------
    scene : Scene
        See `plan`.
    settings : MotionSettings, optional
        How the simulation runs.
    solver : Solver, optional
        `BulletSolver` where none is given.
    resume : State, optional
        A checkpoint of an earlier run of the same scene and settings: the rest has the same bits as if it had never stopped.

    Returns
    -------
    iterator of State
        Stop asking for more to cancel.

    Raises
    ------
    ValueError
        A state that is not a checkpoint of this scene.
    ImportError
        The solver's library is not installed.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import Direction, Failure, Shot, brick_tower, collected, plan, simulate
    >>> pieces, bonds = brick_tower(2, 1, 3, size=(2.0, 1.0, 3.0))
    >>> scene = plan(pieces, bonds, direction=Direction((Failure((0.0, 0.0), 2.0, frame=3),)), shot=Shot(1, 8))
    >>> motion = collected(scene, simulate(scene))
    >>> motion.position.shape, bool((motion.position[1] == motion.position[0]).all())
    ((8, 6, 3), True)
    """
    settings = settings or MotionSettings()
    if resume is not None:
        away = resume.frame - scene.first_frame
        if len(resume.body) != len(scene.pieces) or len(resume.broken) != len(scene.bonds):
            raise ValueError(
                f"resume: the state has {len(resume.body)} pieces and {len(resume.broken)} bonds, "
                f"the scene {len(scene.pieces)} and {len(scene.bonds)}"
            )
        if away % settings.rebuild_every or not scene.first_frame <= resume.frame <= scene.last_frame:
            raise ValueError(
                f"resume: frame {resume.frame} is no checkpoint; they are every {settings.rebuild_every} frames from "
                f"{scene.first_frame} to {scene.last_frame}"
            )
    return _states(scene, settings, solver or BulletSolver(), resume)


def _states(scene: Scene, settings: MotionSettings, solver: Solver, resume: State | None) -> Iterator[State]:
    state = resume or at_rest(scene)
    if resume is None:
        yield state
    yield from solver.frames(scene, settings, state)


def collected(scene: Scene, states: Iterable[State]) -> Motion:
    """Put states of consecutive frames together.

    Parameters
    ----------
    scene : Scene
        What they are of.
    states : iterable of State
        In order, none left out.

    Returns
    -------
    Motion
        Pieces not yet released are at rest to the bit.

    Raises
    ------
    ValueError
        No state, or frames that do not follow one another.

    Examples
    --------
    >>> from bottega.engine.collapse.motion import Direction, Failure, Shot, at_rest, brick_tower, collected, plan
    >>> pieces, bonds = brick_tower(2, 1, 3, size=(2.0, 1.0, 3.0))
    >>> scene = plan(pieces, bonds, direction=Direction((Failure((0.0, 0.0), 2.0, frame=3),)), shot=Shot(1, 8))
    >>> len(collected(scene, [at_rest(scene)]))
    1
    """
    position, rotation, asleep, impacts = [], [], [], []
    last: State | None = None
    for state in states:
        if last is not None and state.frame != last.frame + 1:
            raise ValueError(f"states: frame {last.frame + 1} is missing, {state.frame} follows {last.frame}")
        last = state
        position.append(state.position.astype(np.float32))
        rotation.append(state.rotation.astype(np.float32))
        asleep.append(state.asleep)
        impacts.append(
            (np.full(len(state.impact_piece), state.frame, np.int32), state.impact_piece, state.impact_point, state.impact_energy)
        )
    if last is None:
        raise ValueError(f"states: one at least is needed, none given for frames {scene.first_frame}..{scene.last_frame}")
    return Motion(
        last.frame + 1 - len(position), np.stack(position), np.stack(rotation), np.stack(asleep), last.broken, last.released,
        Impacts(*(np.concatenate(column) for column in zip(*impacts, strict=True))),
    )  # fmt: skip
