"""A picture of every second pixel put together again along the edges of what stands in the dust."""

from __future__ import annotations

import numpy as np

from bottega.engine.collapse.dust.slabs import in_slabs
from bottega.engine.collapse.dust.state import Array
from bottega.engine.synthesis.compiled import uncounted

ONE, TWO, ZERO, HALF = np.float32(1), np.float32(2), np.float32(0), np.float32(0.5)
_APART = np.float32(0.04)  # of the depth: what is nearer to one another than this stands at one place
_SLOPES = np.float32(1.3)  # within four pixels: up to this the depth of one slanting surface, as a street's is; beyond, an edge


def put_together(small: Array, near: Array, far: Array, ends: Array, threads: int) -> Array:
    """Joint upsampling (Kopf, Cohen, Lischinski and Uyttendaele 2007) from rays that were read at two depths.

    Each pixel takes from the four rays around it, read between their two depths at its own, by closeness on the picture and agreement
    in depth.

    Parameters
    ----------
    small
        (h, w, 2, C) float32, rays read down to `near` and down to `far`.
    near, far
        (h, w) float32, m.
    ends
        (H, W) float32, m: a pixel's own depth; h = ⌈H/2⌉, w = ⌈W/2⌉.
    threads
        At most this many.

    Returns
    -------
    (H, W, C) float32.

    Raises
    ------
    ValueError
        Sizes that do not fit one another.
    """
    wanted = (-(-ends.shape[0] // 2), -(-ends.shape[1] // 2))
    if small.shape[:3] != (*wanted, 2) or near.shape != wanted or far.shape != wanted:
        raise ValueError(f"rays {small.shape}, read at {near.shape} and {far.shape}, do not make a picture of {ends.shape}")
    out = np.zeros((*ends.shape, small.shape[3]), np.float32)
    in_slabs(_upsample, len(out), threads, (small, near, far, ends), out)
    return out


@uncounted
def _agreement(a: np.float32, b: np.float32, slack: np.float32) -> np.float32:
    """1 where two depths are one, towards 0 where they are further apart than slack; the sky agrees with the sky."""
    if a == b:
        return ONE
    if np.isinf(a) or np.isinf(b):
        return np.float32(1e-4)
    d = (a - b) / (_APART * min(a, b) + slack + np.float32(1e-6))
    return max(ONE / (ONE + d * d), np.float32(1e-4))


@uncounted
def _between(a: np.float32, near: np.float32, far: np.float32) -> np.float32:
    """Where a depth lies from near, 0, to far, 1."""
    if a <= near:
        return ZERO
    if a >= far:
        return ONE
    return ZERO if np.isinf(far) else (a - near) / (far - near)


@uncounted
def _upsample(first: int, last: int, given: tuple[Array, Array, Array, Array], out: Array) -> None:
    small, near, far, ends = given
    h, w = near.shape
    for r in range(first, last):
        y = min(max(HALF * np.float32(r) - np.float32(0.25), ZERO), np.float32(h - 1))
        i = min(int(y), max(h - 2, 0))
        for c in range(out.shape[1]):
            x = min(max(HALF * np.float32(c) - np.float32(0.25), ZERO), np.float32(w - 1))
            j = min(int(x), max(w - 2, 0))
            total = ZERO
            for corner in range(4):
                a, b = min(i + (corner >> 1), h - 1), min(j + (corner & 1), w - 1)
                share = (y - i if corner >> 1 else ONE - (y - i)) * (x - j if corner & 1 else ONE - (x - j))
                part = _between(ends[r, c], near[a, b], far[a, b])
                slack = far[a, b] - near[a, b] if far[a, b] < _SLOPES * near[a, b] else ZERO
                agrees = _agreement(ends[r, c], min(max(ends[r, c], near[a, b]), far[a, b]), TWO * slack)
                share = np.float32(share * agrees) + np.float32(1e-9)
                total += share
                for n in range(out.shape[2]):
                    out[r, c, n] += share * (small[a, b, 0, n] + part * (small[a, b, 1, n] - small[a, b, 0, n]))
            for n in range(out.shape[2]):
                out[r, c, n] /= total
