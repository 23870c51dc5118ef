"""The kernels' specification: numpy, short, slow. Tests compare them on small grids."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust.state import Air, Array, Mask
from bottega.engine.collapse.records import Float


def divergence(air: Air, made: Array, solid: Mask) -> Float:
    """What leaves a cell less what enters it and is made in it."""
    u, v, w = (np.asarray(a, np.float64) for a in air)
    return np.where(solid, 0, np.diff(u, axis=0) + np.diff(v, axis=1) + np.diff(w, axis=2) - made)


def laplacian(p: Array, solid: Mask) -> Float:
    """Over open faces; −p beyond sides and top, nothing through the ground and solid cells."""
    total = np.zeros(p.shape)
    wide = np.pad(np.asarray(p, np.float64), 1)
    closed = np.pad(solid, 1)
    closed[:, :, 0] = True
    for axis in range(3):
        for step in (-1, 1):
            there, shut = (np.roll(a, -step, axis)[1:-1, 1:-1, 1:-1] for a in (wide, closed))
            edge = np.zeros(p.shape, bool)
            np.moveaxis(edge, axis, 0)[-1 if step > 0 else 0] = True
            total += np.where(shut, 0, np.where(edge, -2 * p, there - p))
    return np.where(solid, 0, total)


def curl(air: Air, cell_m: float) -> Float:
    """∇×velocity in the middles of all but the outermost cells, (X, Y, Z, 3)."""
    u, v, w = (np.asarray(a, np.float64) for a in air)
    middle = ((u[1:] + u[:-1]) / 2, (v[:, 1:] + v[:, :-1]) / 2, (w[:, :, 1:] + w[:, :, :-1]) / 2)
    slope = [[np.gradient(a, cell_m, axis=axis) for axis in range(3)] for a in middle]
    out = np.stack([slope[2][1] - slope[1][2], slope[0][2] - slope[2][0], slope[1][0] - slope[0][1]], -1)
    inner = np.zeros(out.shape[:3], bool)
    inner[1:-1, 1:-1, 1:-1] = True
    return np.where(inner[..., None], out, 0)


def carried_dust(dust: Array, air: Air, seconds_a_cell: float, fall: float) -> tuple[Float, Float]:
    """Dust after a step without solid cells, and what came to lie in each column: upwind, sharpened by van Leer's harmonic mean."""
    after, laid = np.asarray(dust, np.float64).copy(), np.zeros(dust.shape[:2])
    for axis, velocity in enumerate(air):
        q = np.moveaxis(np.asarray(dust, np.float64), axis, 0)
        wide = np.pad(q, ((2, 2), (0, 0), (0, 0)))
        c = seconds_a_cell * (np.moveaxis(np.asarray(velocity, np.float64), axis, 0) - (fall if axis == 2 else 0))
        if axis == 2:
            c[0] = -seconds_a_cell * fall
        far_low, low, high, far_high = wide[:-3], wide[1:-2], wide[2:-1], wide[3:]
        up, further, jump = np.where(c > 0, low, high), np.where(c > 0, far_low, far_high), np.where(c > 0, high - low, low - high)
        slope = up - further
        bend = np.where(slope * jump > 0, 2 * slope * jump / np.where(slope + jump == 0, 1, slope + jump), 0)
        passes = c * (up + (1 - np.abs(c)) * bend / 2)
        if axis == 2:
            passes[0] = c[0] * q[0]
            laid = -passes[0]
        np.moveaxis(after, axis, 0)[...] += passes[:-1] - passes[1:]
    return after, laid


def optical_depth(extinction: Array, way: tuple[int, int, int], cell_m: float) -> Float:
    """Along an axis, way being one of ±the unit vectors: half of its own cell, and all of those towards the light."""
    axis = int(np.argmax(np.abs(way)))
    a = np.moveaxis(np.asarray(extinction, np.float64), axis, 0)
    a = a[::-1] if way[axis] > 0 else a
    out = np.cumsum(a, 0) - a / 2
    return np.moveaxis(out[::-1] if way[axis] > 0 else out, 0, axis) * cell_m
