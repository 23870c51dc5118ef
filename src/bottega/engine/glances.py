"""Frames at a glance: small pictures of a shot's plates, compared with one another along the motion.

How far apart two frames are says how well a key painted on one would serve the other, before anybody has painted it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.checks import Byte, Float, one_thread, picture, plane
from bottega.engine.correspondence import Walk, start_walk, step_walk
from bottega.engine.guides import guide
from bottega.engine.keys import Key
from bottega.engine.settings import RepairSettings

_SMALL_PX = 128  # shorter side of a glance; a smaller plate is left as it is
CELL_PX = 4  # of a glance, on which frames are compared
_LEVEL_SIGMAS = 2.0  # the levelled picture keeps what is finer than this many sigmas of the guide's normalisation
_REST_PX = 0.5  # a frame, at 512 pixels of shorter side: what counts where nothing moves
_STATE_CELLS = 0.6  # sigma, in cells, over which a state is judged
_STATE_NOISE = 2e-3  # energy of detail below which a difference is no change of state: grain, skin

Tick = Callable[[int], None]


@dataclass(frozen=True)
class Glance:
    """A frame made small.

    Parameters
    ----------
    frame
        Its number.
    size
        Rows and columns of the plate that it was made of.
    bands
        (h, w, 6) float16 in the encoding: the plate's detail, and the plate less its wide local mean, three channels each.
    guide
        (h, w) uint8, as `guide` makes it.
    matte
        (h, w) float16, 0..1: where work is done.
    """

    frame: int
    size: tuple[int, int]
    bands: NDArray[np.float16]
    guide: Byte
    matte: NDArray[np.float16]


@dataclass(frozen=True)
class Compared:
    """Frames of one gap between keys, each against those that are a key or could become one; h × w cells of 4 × 4 small pixels.

    Parameters
    ----------
    frames
        The N frames that are no keys, ascending.
    columns
        The C frames that they were held against, ascending: the gap's one or two keys and the candidates.
    keys
        Which of the columns are keys.
    apart
        (N, C, h, w) float16: root of the mean square difference, levelled plus detail, inside the matte; in the encoding.
    unlike
        (N, C, h, w) float16: difference of detail over its contrast. 1 is unrelated: another eye, another mouth.
    motion
        (N, C) float32: how far the median pixel of the matte moved between the two, over how far it would at rest (half a pixel a frame
        at 512 pixels of shorter side; `by_motion`, chosen later, rests at 0.8), plus 1.
    matte
        (N, h, w) float32, 0..1.
    size
        Rows and columns of the plates.
    stands_for
        How many frames of the shot each of the N stands for: 1, or more in a long gap of which every n-th was looked at.
    """

    frames: tuple[int, ...]
    columns: tuple[int, ...]
    keys: tuple[int, ...]
    apart: NDArray[np.float16]
    unlike: NDArray[np.float16]
    motion: Float
    matte: Float
    size: tuple[int, int]
    stands_for: float = 1.0


def glance(plate: Float, matte: Float, *, frame: int, settings: RepairSettings) -> Glance:
    """Make a frame small: bands = (enc − G_band * enc, enc − G_wide * enc) of the plate at 128 pixels of shorter side.

    A gain on the light is a sum in the encoding and falls out of both bands.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.
    matte
        (H, W) float32, 0..1: where a take works.
    frame
        The frame's number.
    settings
        `toe`, `band_px` and `guide_radius_px` as of the take; the last two are taken from the small picture where they are None.

    Returns
    -------
    Glance

    Raises
    ------
    TypeError, ValueError
        If an array is not as described.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate, matte = np.full((256, 320, 3), 0.18, np.float32), np.ones((256, 320), np.float32)
    >>> glance(plate, matte, frame=1001, settings=RepairSettings()).guide.shape
    (128, 160)
    """
    one_thread()
    plate = picture(plate, "plate")
    size = (plate.shape[0], plate.shape[1])
    matte = plane(matte, "matte", like=size)
    scale = max(1.0, min(size) / _SMALL_PX)
    to = (round(size[1] / scale), round(size[0] / scale))
    small = np.ascontiguousarray(cv2.resize(plate, to, interpolation=cv2.INTER_AREA), np.float32)
    encoded = kernels.encode(small, np.float32(settings.toe))
    fine, wide = settings.band_sigma(to[1], to[0]), _LEVEL_SIGMAS * settings.guide_sigma(to[1], to[0])
    if settings.band_px is not None:
        fine /= scale
    if settings.guide_radius_px is not None:
        wide /= scale
    bands = np.concatenate([encoded - _blurred(encoded, fine), encoded - _blurred(encoded, wide)], -1)
    within = cv2.resize(matte, to, interpolation=cv2.INTER_AREA)
    return Glance(frame, size, bands.astype(np.float16), guide(small, settings=RepairSettings()), within.astype(np.float16))


def compare(
    glances: Sequence[Glance],
    columns: Sequence[int],
    *,
    keys: Sequence[int],
    settings: RepairSettings,
    stands_for: float = 1.0,
    tick: Tick | None = None,
) -> Compared:
    """Hold every frame of a gap against its keys and candidates, along a walk from each (`step_walk`, at the glances' size).

    Parameters
    ----------
    glances
        The gap's frames in the order of the shot, its keys among them.
    columns
        Numbers of the frames to hold them against, the keys among them; each one of `glances`.
    keys
        One or two numbers: the gap's keys.
    settings
        The flow's settings.
    stands_for
        How many frames of the shot each glance stands for.
    tick
        Called with a column's number when it is done; may raise to stop.

    Returns
    -------
    Compared

    Raises
    ------
    ValueError
        If the glances are not ascending or of one size, a column or key is none of them, or nothing lies between the keys.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> settings = RepairSettings()
    >>> plate = np.random.default_rng(1).uniform(0.1, 0.5, (64, 64, 3)).astype(np.float32)
    >>> shot = [glance(plate, np.ones((64, 64), np.float32), frame=n, settings=settings) for n in (1, 2, 3)]
    >>> found = compare(shot, (1, 2), keys=(1,), settings=settings)
    >>> found.frames, found.apart.shape, float(found.apart.max())
    ((2, 3), (2, 2, 16, 16), 0.0)
    """
    one_thread()
    numbers = [g.frame for g in glances]
    _check(glances, numbers, columns, keys)
    rows = [i for i, n in enumerate(numbers) if n not in keys]
    ordered = sorted(columns)
    cells = tuple(max(1, side // CELL_PX) for side in glances[0].guide.shape)
    apart = np.zeros((len(rows), len(ordered), *cells), np.float16)
    unlike, motion = np.zeros_like(apart), np.ones(apart.shape[:2], np.float32)
    for c, column in enumerate(ordered):
        for i, walk, moved in _outwards(glances, numbers.index(column), settings):
            if i in rows:
                n = rows.index(i)
                apart[n, c], unlike[n, c] = _difference(glances[i], moved, cells)
                motion[n, c] = _motion(walk, glances[i])
        if tick is not None:
            tick(column)
    mattes = np.array([_cells(glances[i].matte.astype(np.float32), cells) for i in rows])
    frames = tuple(numbers[i] for i in rows)
    return Compared(frames, tuple(ordered), tuple(sorted(keys)), apart, unlike, motion, mattes, glances[0].size, stands_for)


def _check(glances: Sequence[Glance], numbers: list[int], columns: Sequence[int], keys: Sequence[int]) -> None:
    if numbers != sorted(set(numbers)):
        raise ValueError(f"glances are of frames {numbers}, allowed is each once, ascending")
    if len({g.size for g in glances}) > 1:
        raise ValueError(f"glances are of plates of {sorted({g.size for g in glances})} pixels, allowed is one size")
    stray = sorted({*columns, *keys} - set(numbers))
    if stray:
        raise ValueError(f"columns and keys name frames {stray}, allowed are those of the glances")
    if not 1 <= len(set(keys)) <= 2 or not set(keys) <= set(columns):
        raise ValueError(f"keys are {list(keys)}, allowed are one or two of the columns")
    if len(numbers) == len(set(keys)):
        raise ValueError(f"glances are of the keys {numbers} alone, allowed is at least one frame that is none")


def _outwards(glances: Sequence[Glance], at: int, settings: RepairSettings) -> Iterator[tuple[int, Walk, Float]]:
    """Walk from one glance to all others: index, walk, and the first one's bands moved there."""
    here = glances[at]
    source = np.ascontiguousarray(here.bands, np.float32)
    still = np.zeros((*here.guide.shape, 2), np.float32)
    key = Key(here.frame, source[..., :3], source, source[..., :1], still, source[..., 0], here.guide)
    for direction in (1, -1):
        walk, i = start_walk(key), at + direction
        while 0 <= i < len(glances):
            before, there = glances[i - direction], glances[i]
            walk = step_walk(key, walk, before.guide, there.guide, settings=settings, frame=there.frame)
            yield i, walk, kernels.sample_cubic(source, walk.map_to_key, 0, 0)
            i += direction


def _difference(there: Glance, moved: Float, cells: tuple[int, ...]) -> tuple[Float, Float]:
    bands, matte = there.bands.astype(np.float32), there.matte.astype(np.float32)[..., None]
    away = (bands - moved) ** 2 * matte
    detail, level = _cells(away[..., :3].mean(-1), cells), _cells(away[..., 3:].mean(-1), cells)
    contrast = _cells(((bands[..., :3] ** 2 + moved[..., :3] ** 2) * matte).mean(-1), cells)
    unlike = _blurred(detail, _STATE_CELLS) / (_blurred(contrast, _STATE_CELLS) + np.float32(_STATE_NOISE))
    return np.sqrt(detail) + np.sqrt(level), unlike


def _motion(walk: Walk, there: Glance) -> float:
    inside: NDArray[np.bool_] = np.asarray(there.matte > 0.5)
    if not inside.any():
        return 1.0
    far = np.sqrt((walk.map_to_key[inside].astype(np.float64) ** 2).sum(-1))
    rest: float = _REST_PX * max(min(there.guide.shape) / 512, 0.25) * abs(walk.at_frame - walk.key_frame)
    return float(np.median(far)) / rest + 1


def _cells(values: Float, cells: tuple[int, ...]) -> Float:
    return np.asarray(cv2.resize(values, cells[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _blurred(values: Float, sigma: float) -> Float:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
