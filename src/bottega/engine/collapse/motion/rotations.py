"""Unit quaternions (w, x, y, z), many at once."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.records import Float, Int


def cross(a: Float, b: Float) -> Float:
    """A × b of (..., 3) vectors, without numpy's own care for other lengths."""
    ax, ay, az, bx, by, bz = a[..., 0], a[..., 1], a[..., 2], b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def rotated(quaternion: Float, vector: Float) -> Float:
    """(..., 4) quaternions turn (..., 3) vectors: v + 2 w (u × v) + 2 u × (u × v), u the vector part."""
    w, u = quaternion[..., :1], quaternion[..., 1:]
    across = 2 * cross(u, vector)
    return np.asarray(vector + w * across + cross(u, across))


def conjugate(quaternion: Float) -> Float:
    """(..., 4): the inverse of each unit quaternion."""
    return np.asarray(quaternion * np.array([1.0, -1, -1, -1]))


def multiplied(one: Float, other: Float) -> Float:
    """(..., 4) × (..., 4): the turn that does `other` first, then `one`."""
    w, u, v, x = one[..., :1], one[..., 1:], other[..., :1], other[..., 1:]
    real = w * v - (u * x).sum(-1, keepdims=True)
    return np.concatenate([real, w * x + v * u + cross(u, x)], -1)


def turned(one: Float, other: Float) -> Float:
    """(...,) radians between (..., 4) quaternions, the short way: 4 asin(|q − p| / 2), p or −p whichever is nearer."""
    apart = np.minimum(np.linalg.norm(other - one, axis=-1), np.linalg.norm(other + one, axis=-1))
    return np.asarray(4 * np.arcsin(np.minimum(apart / 2, 1.0)))


def lowest(points: Float, start: Int, position: Float, rotation: Float) -> Float:
    """(N,) float64: height of the lowest of each piece's points, of which piece i owns points[start[i]:start[i + 1]]."""
    w, x, y, z = rotation.T
    row = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], 1)  # third row of the matrix
    height = (points * np.repeat(row, np.diff(start), axis=0)).sum(1)
    return np.asarray(np.minimum.reduceat(height, start[:-1]) + position[:, 2])
