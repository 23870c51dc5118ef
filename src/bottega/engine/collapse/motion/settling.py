"""When a body has come to rest, and what wakes it: one by one, for a pile of which one piece still creeps should not keep all awake."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bottega.engine.collapse.motion.rotations import rotated
from bottega.engine.collapse.motion.scene import MotionSettings
from bottega.engine.collapse.records import Bool, Float

_GROWS, _GROWS_BY = 1.03, 0.003  # a body whose speed rises by more than this from frame to frame may be toppling
_BACK = 0.3  # of a frame, that a faster one takes from its quiet time: speeds that tremble rise half of the time, those of a fall always
_LOWER_M = 0.03
_YOUNG = 2.0  # times `settle_s`: until then anything may topple
_SLENDER = 1.5  # what is taller than this many times its depth may at any age
_LIGHTEST = 0.06  # of a sleeper's mass: what is lighter, by its speed over `slow`, does not wake it


def upright(spread: Float, rotation: Float) -> Bool:
    """(M,) bool: bodies taller than they are deep, from the (M, 3, 3) spread of their hulls' points at rest and their quaternions.

    Height and depth are the roots of R S Rᵀ upward and across its thinnest horizontal way: what stands so must be free to topple.
    """
    rows = np.stack([rotated(rotation, spread[:, :, k]) for k in range(3)], 2)  # R S
    turned = np.stack([rotated(rotation, rows[:, k]) for k in range(3)], 1)  # (R S) Rᵀ
    xx, yy, xy = turned[:, 0, 0], turned[:, 1, 1], turned[:, 0, 1]
    thinnest = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    return np.asarray(turned[:, 2, 2] > _SLENDER**2 * np.maximum(thinnest, 0))


def quieter(
    quiet_s: Float, topples: Bool, age_s: Float, before: Float, after: Float, *, went: Float, seconds: float, settings: MotionSettings
) -> Float:
    """Seconds for which each body has been quiet: longer by a frame where it is slow and not getting faster, shorter where it is.

    What trembles on the spot is slow: how far it went in a frame counts, where that is less than its speed says.

    Parameters
    ----------
    quiet_s
        (M,) so far.
    topples
        (M,) whether each is `upright`.
    age_s
        (M,) seconds since each was let go.
    before, after
        (M, 6) velocity and spin in the frame before and in this.
    went
        (M, 2) metres and radians from the frame before to this.
    seconds
        A frame's.
    settings
        `slow` and `slow_turn`.

    Returns
    -------
    (M,) float64; 0 where it is fast.
    """
    fast, growing = np.zeros(len(after), bool), np.zeros(len(after), bool)
    for k, (columns, most) in enumerate(((slice(0, 3), settings.slow), (slice(3, 6), settings.slow_turn))):
        old, new = np.linalg.norm(before[:, columns], axis=1), np.linalg.norm(after[:, columns], axis=1)
        fast |= np.minimum(new, went[:, k] / seconds) >= most
        growing |= new > old * _GROWS + _GROWS_BY
    growing &= topples | (age_s < _YOUNG * settings.settle_s)
    return np.where(fast, 0.0, np.maximum(quiet_s + np.where(growing, -_BACK * seconds, seconds), 0.0))


def near_moving(asleep: Bool, position: Float, reach: Float, *, within_m: float) -> Bool:
    """Sleeping pieces whose sphere of radius `reach` comes within a distance of a moving one's.

    Parameters
    ----------
    asleep, position, reach
        (N,) bool, (N, 3) and (N,) metres.
    within_m
        Metres.

    Returns
    -------
    (N,) bool
    """
    from scipy.spatial import cKDTree

    near = np.zeros(len(asleep), bool)
    sleepers, movers = np.flatnonzero(asleep), np.flatnonzero(~asleep)
    if len(sleepers) and len(movers):
        farthest = reach[sleepers] + within_m + float(reach[movers].max())
        found = cKDTree(position[movers]).query_ball_point(position[sleepers], farthest, return_sorted=True)
        for sleeper, others in zip(sleepers.tolist(), found, strict=True):
            around = movers[others]
            away = np.linalg.norm(position[around] - position[sleeper], axis=1)
            near[sleeper] = bool((away < reach[around] + reach[sleeper] + within_m).any())
    return near


def unheld(under: dict[int, list[int]], free: Bool, low: Float) -> list[int]:
    """Sleepers that no way down leads from to what is fixed or moves: they lie on one another, and on nothing.

    Parameters
    ----------
    under
        For each sleeper, what it touches below or beside it; below 0 is what never moves.
    free
        (N,) bool by the same numbers: not a sleeper that was let go, so that it holds what lies on it.
    low
        (N,) metres: each one's lowest point. What does not reach lower than a sleeper does not hold it.

    Returns
    -------
    list of int
        Rising.
    """
    carries: dict[int, list[int]] = {}
    held = []
    for key in sorted(under):
        below = [o for o in under[key] if o < 0 or free[o] or low[o] < low[key] - _LOWER_M]
        if any(o < 0 or free[o] for o in below):
            held.append(key)
        for other in below:
            if other >= 0:
                carries.setdefault(other, []).append(key)
    found = set(held)
    while held:
        for over in carries.get(held.pop(), []):
            if over in under and over not in found:
                found.add(over)
                held.append(over)
    return [key for key in sorted(under) if key not in found]


def woken(touching: Iterable[tuple[int, int]], asleep: Bool, mass: Float, speed: Float, *, settings: MotionSettings) -> list[int]:
    """Bodies that something still moving shoves or slides away under, in rising order.

    Parameters
    ----------
    touching
        Pairs of bodies' numbers; below 0 is what never moves.
    asleep, mass, speed
        (N,) by the same numbers: bool, kg, m/s.
    settings
        `slow`: what is slower than that wakes nothing.

    Returns
    -------
    list of int
    """
    up: set[int] = set()
    for one, other in touching:
        if min(one, other) >= 0 and asleep[one] != asleep[other]:
            sleeper, mover = (one, other) if asleep[one] else (other, one)
            shove = speed[mover] / settings.slow
            if shove > 1 and mass[mover] * shove > _LIGHTEST * mass[sleeper]:
                up.add(sleeper)
    return sorted(up)
