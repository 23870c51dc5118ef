"""A fall that another program moved, or an artist: from where the pieces are in each frame to all that the rest of the job asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from bottega.engine.collapse.motion.blows import blows
from bottega.engine.collapse.motion.exchange import Arrays, to_exchange
from bottega.engine.collapse.motion.rotations import conjugate, lowest, multiplied, rotated
from bottega.engine.collapse.motion.scene import MotionSettings, Scene, State, at_rest
from bottega.engine.collapse.records import Bool, Float, Int

Poses = Callable[[Arrays, Arrays], Iterator[tuple[int, Float, Float]]]
_MOVED_M = 1e-3  # what is no farther than this from where it was built, and turned no farther (rad), has not moved
_APART_M = 0.03  # between the two sides of a bond: from here on it is broken


class PosedSolver:
    """`Solver` that is told where every piece is in every frame, and works out the rest: speeds, breaks, blows, sleep.

    `poses` is called with a scene and settings as `to_exchange` gives them, and gives for each frame from the scene's second: its number,
    (N, 3) positions of the pieces' centres in metres and (N, 4) unit quaternions (w, x, y, z). A run that goes on from a state asks for
    all of them again and leaves out what it has: the program on the other side begins at the first frame.
    """

    def __init__(self, poses: Poses) -> None:
        self._poses = poses

    def frames(self, scene: Scene, settings: MotionSettings, state: State) -> Iterator[State]:
        """See `Solver`. Raises ValueError for poses of another shape, that are not finite, or of a frame out of order."""
        now, wanted = at_rest(scene), scene.first_frame + 1
        for frame, position, rotation in self._poses(to_exchange(scene), to_exchange(settings)):
            if frame != wanted:
                raise ValueError(f"poses: frame {wanted} is needed next, given {frame}")
            now = _next(scene, settings, now, _checked(scene, frame, position, rotation))
            wanted += 1
            if frame > state.frame:
                yield now
        if wanted <= scene.last_frame:
            raise ValueError(f"poses: frames to {scene.last_frame} are needed, the last given is {wanted - 1}")


def _checked(scene: Scene, frame: int, position: Float, rotation: Float) -> tuple[int, Float, Float]:
    n = len(scene.pieces)
    if position.shape != (n, 3) or rotation.shape != (n, 4):
        raise ValueError(f"poses of frame {frame}: ({n}, 3) and ({n}, 4) are needed, given {position.shape} and {rotation.shape}")
    size = np.linalg.norm(rotation, axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(position).all(1) & (np.abs(size[:, 0] - 1) < 1e-2)))
    if len(bad):
        raise ValueError(f"poses of frame {frame}: piece {bad[0]} is at {position[bad[0]].tolist()}, turned {rotation[bad[0]].tolist()}")
    return frame, np.asarray(position, np.float64), np.asarray(rotation / size, np.float64)


def _next(scene: Scene, settings: MotionSettings, old: State, pose: tuple[int, Float, Float]) -> State:
    """The state of a frame after the one before. What never left its place stays there to the bit, and is asleep."""
    frame, position, rotation = pose
    seconds = float(scene.step_s[frame - 1 - scene.first_frame])
    rest = np.asarray(scene.pieces.centre, np.float64)
    away = np.linalg.norm(position - rest, axis=1) + 2 * np.linalg.norm(rotation[:, 1:], axis=1)
    free = (old.released > 0) | (away > _MOVED_M)
    position, rotation = np.where(free[:, None], position, rest), np.where(free[:, None], rotation, np.array([1.0, 0, 0, 0]))
    position = position.copy()
    feet = lowest(scene.pieces.vertices, scene.pieces.vertex_start, position, rotation)
    position[free, 2] += np.maximum(scene.ground - feet, 0)[free]
    velocity = (position - old.position) / seconds
    spin = _spin(old.rotation, rotation) / seconds
    before, after = (
        np.hypot(np.linalg.norm(v, axis=1), np.linalg.norm(w, axis=1)) for v, w in ((old.velocity, old.spin), (velocity, spin))
    )
    slow = (np.linalg.norm(velocity, axis=1) < settings.slow) & (np.linalg.norm(spin, axis=1) < settings.slow_turn)
    calm = np.where(slow & (after <= before + settings.slow / 4), old.quiet_s + seconds, 0.0)
    released = np.where(free & (old.released == 0), frame, old.released).astype(np.int32)
    state = replace(
        old, frame=frame, position=position, rotation=rotation, velocity=velocity, spin=spin, released=released, quiet_s=calm,
        body=np.arange(len(rest), dtype=np.int32), asleep=~free | (calm >= settings.quiet_s),
        broken=np.where((old.broken == 0) & _apart(scene, position, rotation), frame, old.broken).astype(np.int32),
    )  # fmt: skip
    moving = [np.array([i]) for i in np.flatnonzero(free).tolist()]
    piece, point, energy = blows(scene.pieces, moving, old=old, new=state, seconds=seconds, least_j=settings.least_impact_j)
    return replace(state, impact_piece=piece, impact_point=point, impact_energy=energy)


def _spin(before: Float, after: Float) -> Float:
    """(N, 3) the turn from one orientation to another, radians about the world's axes, the short way round."""
    turn = multiplied(after, conjugate(before))
    turn = turn * np.where(turn[:, :1] < 0, -1.0, 1.0)
    sine = np.linalg.norm(turn[:, 1:], axis=1)
    angle = 2 * np.arctan2(sine, turn[:, 0])
    return np.asarray(turn[:, 1:] * (angle / np.maximum(sine, 1e-12))[:, None])


def _apart(scene: Scene, position: Float, rotation: Float) -> Bool:
    """(B,) bool: bonds whose two sides no longer meet."""

    def side(end: Int) -> Float:
        return np.asarray(position[end] + rotated(rotation[end], scene.bonds.centre - scene.pieces.centre[end]))

    one, other = scene.bonds.pair.T
    return np.asarray(np.linalg.norm(side(one) - side(other), axis=1) > _APART_M)
