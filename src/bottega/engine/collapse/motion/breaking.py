"""Which bonds of a glued body a blow breaks: the body as a frame, loaded by what presses on it and by its pieces' inertia."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.motion.frame_kernels import factor, loads
from bottega.engine.collapse.motion.rotations import conjugate, cross, rotated
from bottega.engine.collapse.motion.world import Body, Contact
from bottega.engine.collapse.records import Bonds, Float, Int


def body_loads(
    body: Body, bonds: Bonds, mass: Float, spread: Float, *, turn: Float, change: Float, contacts: list[Contact], pressed: float
) -> Float:
    """Impulse that each of a body's bonds bore in a step, in rest axes: K u = contacts − m Δv, and the joints' forces from u.

    Parameters
    ----------
    body
        Its factor is made and kept where it has none.
    bonds, mass, spread
        Of all pieces: (N,) kg, (N, 3, 3) m² second moments.
    turn
        (4,) the body's quaternion.
    change
        (6,) change of its velocity and spin in the step, gravity's share taken out.
    contacts
        What pressed on it, among others' contacts.
    pressed
        See `frame_kernels.loads`.

    Returns
    -------
    (B,) float64, N s; over the blow's length, newtons. In the order of `body.bonds`.
    """
    back = conjugate(turn)[None]
    change = rotated(back, change.reshape(2, 3))
    load = np.zeros((len(body.members), 6))
    load[:, :3] = -mass[body.members][:, None] * (change[0] + cross(change[1][None], body.offset))
    load[:, 3:] = -(mass[body.members] * np.trace(spread[body.members], axis1=1, axis2=2) * (2 / 3))[:, None] * change[1]
    name, count = str(body.key), len(body.members)
    mine = [(c.in_first, c.impulse, c.point) for c in contacts if c.first == name and 0 <= c.in_first < count]
    mine += [(c.in_second, -c.impulse, c.point) for c in contacts if c.second == name and 0 <= c.in_second < count]
    if mine:
        at = np.array([m[0] for m in mine])
        push = rotated(back, np.array([m[1] for m in mine]))
        point = rotated(back, np.array([m[2] for m in mine]) - body.position())
        np.add.at(load, at, np.hstack([push, cross(point - body.offset[at], push)]))
    middle = body.offset[0] - body.rest
    joints = (
        np.searchsorted(body.members, bonds.pair[body.bonds]).astype(np.int64), bonds.area[body.bonds],
        bonds.centre[body.bonds] + middle, np.ascontiguousarray(bonds.normal[body.bonds], np.float64),
    )  # fmt: skip
    if body.frame is None:
        body.frame = factor(joints[0], joints[1], joints[2], body.offset)
    return np.asarray(loads(body.frame, joints, body.offset, load, pressed))


def parts(pair: Int, count: int) -> list[Int]:
    """Connected parts of 0..count-1 under the (B, 2) pairs that still hold, each rising, in the order of their lowest."""
    lowest = np.arange(count)
    rows = pair.tolist()
    changed = True
    while changed:
        changed = False
        for a, b in rows:
            least = min(lowest[a], lowest[b])
            if lowest[a] != least or lowest[b] != least:
                lowest[a] = lowest[b] = least
                changed = True
    return [np.flatnonzero(lowest == first) for first in np.unique(lowest)]
