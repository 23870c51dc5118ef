"""Light that a path tracer found in some frames, carried to the others by the pieces themselves.

A traced key is the irradiance of one pose through one camera, on grey pieces. Its noise is filtered along the surfaces (Dammertz, Sewtz,
Hanika and Lensch 2010). A place of a piece is found in a key by the piece and where on it it is; there the key says how much more, or less,
light arrives than our own maps say, and that factor goes on our own light of the frame, which knows how the piece has turned since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.records import Camera
from bottega.engine.synthesis.compiled import compiled

from .buffers import draw_pose, place
from .fragments import Fragments
from .light import irradiance
from .raster import Lens, lens_of
from .skin import Pose, pose
from .sources import facing, shown_at
from .stage import Stage, held_out

Array = NDArray[Any]

_SPLINE = np.array([1, 4, 6, 4, 1]) / 16  # B3
_TOLERANCE = 0.35  # of its own light that a neighbour may differ by in the first pass; half of it in the next
_PASSES = 3
_MOST = 8.0  # a traced light is taken for up to so many times our own, and down to its inverse
_FEWEST = 6  # pixels of a piece that its mean is told by
_ALIKE = 0.9  # cosine between the normals of what counts as the same side
_EVEN_SO = 1e-3  # weight of a key that time and turn speak against, where no other saw the place


class Key(NamedTuple):
    """A traced pose, made by `lay_key`; the kernels read it as they read `sources.Seen`. H, W are its own camera's, N the pieces.

    lens, pose
        Through which it was traced, and of what.
    triangle
        (H, W) int32: what the pixels' middles show; −1 where that is no piece.
    local
        (H, W, 3) float32: where on its piece, metres.
    light, own
        (H, W, 3) float32 irradiance: traced and filtered; and as our own maps have it.
    factor
        (N, 3) float64: traced over own, the mean of each piece; of the whole key where the piece is hardly seen; 1 where none is.
    """

    lens: Lens
    pose: Pose
    triangle: Array
    local: Array
    light: Array
    own: Array
    factor: Array


class Traced(NamedTuple):
    """What a frame is lit by: keys with their nearness in time, 0..1, and one key for each of the stage's views, of the pose it shows."""

    now: tuple[tuple[Key, float], ...]
    then: tuple[Key, ...]


def lay_key(stage: Stage, camera: Camera, *, position: Array, rotation: Array, traced: Array) -> Key:
    """Make a traced picture ready: what it shows is drawn, its noise filtered along the surfaces, our own light set beside it.

    Parameters
    ----------
    stage : Stage
        As `prepare` gives it.
    camera : Camera
        Through which it was traced; one sample place a pixel, its middle.
    position, rotation : (N, 3) float, (N, 4) float
        The pose, as in `Motion`.
    traced : (H, W, 3) float32
        Irradiance, linear, in the units of `Light`.

    Returns
    -------
    Key

    Raises
    ------
    ValueError
        For a picture of another size than the camera's, or that is not finite and 0 or more.
    """
    size = (camera.height, camera.width)
    if traced.shape != (*size, 3) or traced.dtype != np.float32 or not np.isfinite(traced).all() or traced.min() < 0:
        raise ValueError(f"traced light is {traced.dtype} {traced.shape}, allowed is float32 {(*size, 3)}, finite, 0 or more")
    now, lens, skin = pose(position, rotation), lens_of(camera), stage.skin
    triangle = draw_pose(skin, now, lens, size=size, held=held_out(stage, camera)).triangle
    triangle = np.where((triangle >= 0) & ~skin.double[triangle], triangle, -1).astype(np.int32)
    there = triangle >= 0
    local, _ = place(skin, triangle, now, lens)
    piece, own = skin.piece[triangle[there]], np.zeros((*size, 3), np.float32)
    world = np.zeros((*size, 3))
    world[there] = now.position[piece] + np.einsum("nij,nj->ni", now.turn[piece], local[there].astype(np.float64))
    shade = np.einsum("nij,nj->ni", now.turn[piece], skin.shade[triangle[there]])
    own[there] = irradiance(world[there], shade, stage.lamp, stage.shadows(now))
    light = smoothed(traced, np.where(there, skin.piece[triangle], -1), world=world, normal=_turned(there, shade), px_m=_px_m(lens, world))
    return Key(lens, now, triangle, local, light, own, _factors(piece, light[there], own[there], len(now.position)))


def _turned(there: Array, normal: Array) -> Array:
    out = np.zeros((*there.shape, 3))
    out[there] = normal
    return out


def _px_m(lens: Lens, world: Array) -> Array:
    """(H, W) metres that a pixel is wide at each place."""
    return np.asarray(((world - lens.eye) @ lens.turn[2]) / lens.scale)


def _factors(piece: Array, light: Array, own: Array, count: int) -> Array:
    """(N, 3): traced light over our own, by piece. A key that shows no piece at all speaks for our own."""
    if not len(piece):
        return np.ones((count, 3))
    sums = [np.stack([np.bincount(piece, a[:, c], count) for c in range(3)], -1) for a in (light, own)]
    whole = light.sum(0, dtype=np.float64) / np.maximum(own.sum(0, dtype=np.float64), 1e-9)
    few = np.bincount(piece, minlength=count) < _FEWEST
    factor = np.where(few[:, None], whole, sums[0] / np.maximum(sums[1], 1e-9))
    return np.clip(factor, 1 / _MOST, _MOST)


def smoothed(traced: Array, piece: Array, *, world: Array, normal: Array, px_m: Array) -> Array:
    """Filter noise along surfaces: mean over holes of growing width of what is of the same piece, plane, direction and like light.

    A step of the à-trous wavelet (Dammertz et al. 2010), eq. 2: Σ h w c / Σ h w, with w = [same piece] · max(n·n′, 0)³² ·
    exp(−(d / width)²) · exp(−(Δ / tolerance)²), d the distance of the neighbour from the plane, Δ the relative difference of light.

    Parameters
    ----------
    traced : (H, W, 3) float32
        Irradiance.
    piece : (H, W) int
        Whose surface; below 0 is left as it is.
    world, normal : (H, W, 3) float64
        Where the surface is, metres, and its unit normal.
    px_m : (H, W) float64
        Metres that a pixel is wide there.

    Returns
    -------
    (H, W, 3) float32
    """
    out = traced
    for k in range(_PASSES):
        into = out.copy()
        _pass((piece, world, normal, px_m), out, 2**k, _TOLERANCE / 2**k, into)
        out = into
    return out


@compiled
def _pass(guide: Any, light: Array, step: int, tolerance: float, out: Array) -> None:
    piece, world, normal, px_m = guide
    height, width = piece.shape
    for y in range(height):
        for x in range(width):
            if piece[y, x] < 0:
                continue
            total, r, g, b = 0.0, 0.0, 0.0, 0.0
            own = light[y, x, 0] + light[y, x, 1] + light[y, x, 2]
            for j in range(-2, 3):
                for i in range(-2, 3):
                    v, u = y + j * step, x + i * step
                    if not (0 <= v < height and 0 <= u < width) or piece[v, u] != piece[y, x]:
                        continue
                    alike, off = 0.0, 0.0
                    for a in range(3):
                        alike += normal[y, x, a] * normal[v, u, a]
                        off += normal[y, x, a] * (world[v, u, a] - world[y, x, a])
                    other = light[v, u, 0] + light[v, u, 1] + light[v, u, 2]
                    away, unlike = off / (step * px_m[y, x]), (other - own) / (tolerance * max(own, 1e-6))
                    w = _SPLINE[j + 2] * _SPLINE[i + 2] * max(alike, 0.0) ** 32 * np.exp(-away * away - unlike * unlike)
                    total += w
                    r, g, b = r + w * light[v, u, 0], g + w * light[v, u, 1], b + w * light[v, u, 2]
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r / total, g / total, b / total


def carried(stage: Stage, fragments: Fragments, own: Array, keys: Sequence[tuple[Key, float]]) -> Array:
    """The light of fragments by what was traced: our own, times the factor that the keys have at the same place of the same piece.

    Where several keys saw a place they are mixed by nearness in time, and by how like our own light of then is to that of now: a side that
    has turned out of the sun says little of what it is lit by in it, and as far as it was lit otherwise its piece's mean factor holds for
    it. What no key saw has its piece's factor, or the key's.

    Parameters
    ----------
    stage : Stage
        As `prepare` gives it.
    fragments : Fragments
        F of them.
    own : (F, 3) float32
        Our own irradiance on them.
    keys : sequence of (Key, float)
        With their nearness, 0 or more, not all 0.

    Returns
    -------
    (F, 3) float32

    Raises
    ------
    ValueError
        Without keys, or with a nearness below 0 or all of 0.
    """
    near = np.array([nearness for _, nearness in keys], np.float64)
    if not len(near) or near.min() < 0 or near.sum() <= 0:
        raise ValueError(f"keys have nearness {near.tolist()}, allowed are one key or more, of 0 or more, not all 0")
    count = len(fragments.pixel)
    total, weight, rest = np.zeros((count, 3)), np.zeros(count), np.zeros((count, 3))
    piece = stage.skin.piece[fragments.triangle]
    for (key, _), nearness in zip(keys, near / near.sum(), strict=True):
        light, then = np.zeros((count, 3)), np.zeros((count, 3))
        seen = _read(stage.skin, fragments, key, light, then)
        a, b = own.sum(1, dtype=np.float64), then.sum(1)
        like = (np.minimum(a, b) / np.maximum(np.maximum(a, b), 1e-9)) ** 2
        w = np.where(seen, nearness * like + _EVEN_SO, 0.0)
        mean = key.factor[piece]
        here = np.clip(light / np.maximum(then, 1e-6), 1 / _MOST, _MOST)
        total += w[:, None] * (mean + like[:, None] * (here - mean))
        weight += w
        rest += nearness * mean
    factor = np.where((weight > 0)[:, None], total / np.maximum(weight, 1e-12)[:, None], rest)
    return np.asarray(own * factor, np.float32)


@compiled
def _read(skin: Any, fragments: Any, key: Any, light: Array, own: Array) -> Array:
    """Whether each fragment's place is in a key; its light there and our own: bilinear, of those of four pixels that show its side."""
    count, at = len(fragments.pixel), np.empty(3)
    seen = np.zeros(count, np.bool_)
    lens, _, triangle, local, traced, ours, _ = key
    height, width = triangle.shape
    for f in range(count):
        t = fragments.triangle[f]
        shown_at(skin, t, key, fragments.side[f], at)
        if at[2] <= 0:
            continue
        x, y = at[0] - 0.5, at[1] - 0.5
        x0, y0, total = int(np.floor(x)), int(np.floor(y)), 0.0
        reach = 3.0 * at[2] / lens.scale / max(facing(skin, t, key, at), 0.1)
        for j in range(2):
            for i in range(2):
                v, u = y0 + j, x0 + i
                if not (0 <= v < height and 0 <= u < width) or not _same(skin, t, triangle[v, u]):
                    continue
                far = 0.0
                for a in range(3):
                    far += (local[v, u, a] - fragments.side[f, a]) ** 2
                if far > reach * reach:
                    continue
                w = (1 - abs(x - u)) * (1 - abs(y - v))
                total += w
                for c in range(3):
                    light[f, c] += w * traced[v, u, c]
                    own[f, c] += w * ours[v, u, c]
        if total > 0.05:
            seen[f] = True
            for c in range(3):
                light[f, c], own[f, c] = light[f, c] / total, own[f, c] / total
    return seen


@compiled
def _same(skin: Any, one: int, other: int) -> bool:
    """Whether two triangles are of one piece and of one side of it."""
    if other < 0 or skin.piece[one] != skin.piece[other] or skin.double[one]:
        return False
    alike = 0.0
    for a in range(3):
        alike += skin.shade[one, a] * skin.shade[other, a]
    return alike > _ALIKE
