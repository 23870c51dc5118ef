"""Cloth in another colour: every colour moves with the palette's colours near it, lightness in an order that stays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .compiled import compiled
from .oklab import LAB, LMS, TO_LMS, TO_RGB
from .records import ColourMap, Float, array, colours, within

GREY = (0.04, 0.10)  # chroma over lightness: neutral up to the first, a colour from the second on
LIGHT, FLOOR = 1 / 3, 0.2  # of `features`
DARK = 0.05  # chromaticity is over at least this L
_HALVINGS = 14


def recolour(pixels: Float, moves: ColourMap, *, lock: Float | None = None) -> Float:
    """Recolour pixels: cloth, a painting, or a part of one.

    Parameters
    ----------
    pixels : ndarray
        (..., 3) float32, linear, 0 or more.
    moves : ColourMap
        Where colours go.
    lock : ndarray, optional
        (...) float32, 0..1: 1 stays as it is (skin, what is not to change), between it moves the less.

    Returns
    -------
    ndarray
        (..., 3) float32, within 0 and the largest of 1 and the pixels given; chroma is shortened where the gamut ends. What does not move
        has the same bits.

    Raises
    ------
    ValueError
        If shapes do not fit, or a pixel is below 0 or not finite.

    Examples
    --------
    >>> red, blue = np.array([[0.5, 0.15, 0.08]]), np.array([[0.4, -0.02, -0.1]])
    >>> to_blue = ColourMap("card", red, blue, np.ones(1), 0.2)
    >>> out = recolour(np.float32([[0.4, 0.02, 0.02], [0.3, 0.3, 0.3]]), to_blue)
    >>> [[round(v, 2) for v in pixel] for pixel in out.tolist()]  # the grey has stayed
    [[0.01, 0.05, 0.19], [0.3, 0.3, 0.3]]
    """
    flat = np.ascontiguousarray(pixels.reshape(1, -1, 3)) if pixels.ndim and pixels.shape[-1] == 3 else pixels
    colours(flat, "pixels")
    array(lock, "lock", pixels.shape[:-1], np.float32, absent=True)
    within(lock, "lock", 0, 1)
    free = np.ones(1, np.float32) if lock is None else np.ascontiguousarray(1 - lock.reshape(-1))
    out = np.empty_like(flat[0])
    neutral = GREY if moves.keep_neutrals else (-1.0, -0.5)
    limits = np.array([0.5 / moves.reach**2, *neutral, max(1.0, float(flat.max()))])
    _recolour(flat[0], _dyes(moves), limits, free, out)
    result: Float = out.reshape(pixels.shape)
    return result


def _dyes(moves: ColourMap) -> NDArray[np.float64]:
    """(k, 12): of each colour its features; its L, that of its target and the slope; the turn of its chromaticity."""
    light = np.stack([moves.source[:, 0], moves.target[:, 0], moves.slope], axis=-1)
    return np.ascontiguousarray(np.concatenate([features(moves.source), light, _turns(moves).reshape(-1, 6)], axis=1))


def _turns(moves: ColourMap) -> NDArray[np.float64]:
    """(k, 2, 3): of each colour the matrix and shift that take its chromaticity to the target's."""
    out = []
    for c, t in zip(_chromaticity(moves.source), _chromaticity(moves.target), strict=True):
        size = float(np.hypot(*c))
        vivid = float(np.clip((size - GREY[0]) / (GREY[1] - GREY[0]), 0, 1))
        vivid *= vivid * (3 - 2 * vivid)
        kept = 1 - vivid * (1 - min(1.0, float(np.hypot(*t)) / max(size, 1e-9)))
        off = t - kept * c
        matrix = kept * np.eye(2) + vivid * np.outer(off, c) / max(size * size, 1e-12)
        out.append(np.concatenate([matrix, (1 - vivid) * off[:, None]], axis=1))
    return np.array(out)


def features(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """What tells one dye from another: a third of L, and half of a/L and b/L (L at least 0.2 there).

    Parameters
    ----------
    lab : ndarray
        (..., 3) float64, OKLab.

    Returns
    -------
    ndarray
        (..., 3) float64.

    Raises
    ------
    IndexError
        If the last axis is not 3.

    Examples
    --------
    >>> lit, shaded = features(np.array([[0.6, 0.12, 0.06], [0.3, 0.06, 0.03]])).tolist()
    >>> lit[1:] == shaded[1:], round(lit[0] - shaded[0], 3)
    (True, 0.1)
    """
    floor = 0.5 / np.maximum(lab[..., 0], FLOOR)
    return np.stack([lab[..., 0] * LIGHT, lab[..., 1] * floor, lab[..., 2] * floor], axis=-1)


def _chromaticity(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = lab[:, 1:] / np.maximum(lab[:, :1], DARK)
    return result


@compiled
def _product(matrix: Any, x: float, y: float, z: float) -> tuple[float, float, float]:
    return (
        matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z,
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z,
        matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z,
    )


@compiled
def _linear(light: float, a: float, b: float) -> tuple[float, float, float]:
    x, y, z = _product(TO_LMS, light, a, b)
    return _product(TO_RGB, x * x * x, y * y * y, z * z * z)


@compiled
def _fits(red: float, green: float, blue: float, most: float) -> bool:
    return min(red, green, blue) >= -1e-9 and max(red, green, blue) <= most * (1 + 1e-9)


@compiled
def _curve(c: float, t: float, slope: float, light: float) -> Any:
    """Rises from 0..f(0) through (c, t); straight as long as there is room, else a power of the way left to black or white."""
    if light >= 1.0:
        return _curve(c, t, slope, 1.0 - 1e-9) + slope * (light - 1.0)
    if light >= c:
        room, ask = 1.0 - t, slope * (1.0 - c)
        return t + slope * (light - c) if ask <= room else 1.0 - room * ((1.0 - light) / (1.0 - c)) ** (ask / room)
    spare, away = t - slope * c, light - c
    if spare < 0.0:
        return t * (max(light, 0.0) / c) ** (slope * c / t)
    return t + slope * away - 0.5 * spare * (away / c) ** 2


@compiled
def _moved(dyes: Any, sharp: float, colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """Lightness and chromaticity after the move; weights are taken from the nearest colour, so that none is lost far away from all."""
    light, a, b = colour
    near, half = np.inf, 0.5 / max(light, FLOOR)
    for i in range(len(dyes)):
        near = min(near, (light * LIGHT - dyes[i, 0]) ** 2 + (a * half - dyes[i, 1]) ** 2 + (b * half - dyes[i, 2]) ** 2)
    p, q = a / max(light, DARK), b / max(light, DARK)
    total, after, u, v = 0.0, 0.0, 0.0, 0.0
    for i in range(len(dyes)):
        away = (light * LIGHT - dyes[i, 0]) ** 2 + (a * half - dyes[i, 1]) ** 2 + (b * half - dyes[i, 2]) ** 2
        weight = np.exp((near - away) * sharp)
        if weight > 1e-9:
            total += weight
            after += weight * _curve(dyes[i, 3], dyes[i, 4], dyes[i, 5], light)
            u += weight * (dyes[i, 6] * p + dyes[i, 7] * q + dyes[i, 8])
            v += weight * (dyes[i, 9] * p + dyes[i, 10] * q + dyes[i, 11])
    return after / total, u / total, v / total


@compiled
def _recolour(pixels: Any, dyes: Any, limits: Any, free: Any, out: Any) -> None:
    sharp, grey, colour, most = limits[0], limits[1], limits[2], limits[3]
    top = np.cbrt(most)
    for i in range(len(pixels)):
        x, y, z = _product(LMS, float(pixels[i, 0]), float(pixels[i, 1]), float(pixels[i, 2]))
        light, a, b = _product(LAB, np.cbrt(x), np.cbrt(y), np.cbrt(z))
        vivid = (np.sqrt(a * a + b * b) / max(light, 1e-3) - grey) / (colour - grey)
        share = min(max(vivid, 0.0), 1.0)
        share = share * share * (3 - 2 * share) * float(free[i % len(free)])
        after, u, v = _moved(dyes, sharp, (light, a, b)) if share > 0 else (light, 0.0, 0.0)
        after = min(max(after, 0.0), top)
        dl, da, db = after - light, u * max(after, DARK) - a, v * max(after, DARK) - b
        if share * max(abs(dl), abs(da), abs(db)) < 1e-12:
            out[i] = pixels[i]
            continue
        light, a, b = light + share * dl, a + share * da, b + share * db
        red, green, blue = _linear(light, a, b)
        if not _fits(red, green, blue, most):
            low, high = 0.0, 1.0
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                red, green, blue = _linear(light, middle * a, middle * b)
                if _fits(red, green, blue, most):
                    low = middle
                else:
                    high = middle
            red, green, blue = _linear(light, low * a, low * b)
        out[i, 0], out[i, 1], out[i, 2] = min(max(red, 0.0), most), min(max(green, 0.0), most), min(max(blue, 0.0), most)
