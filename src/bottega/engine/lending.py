"""A key of one shot on a frame of another: where the two plates show the same, and the key prepared as if it had been painted there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.checks import SMALLEST_SIDE_PX, Byte, Float, one_thread, picture, plane
from bottega.engine.correspondence import agreement, flow_between
from bottega.engine.guides import guide, look
from bottega.engine.keys import Key, prepare_key
from bottega.engine.settings import RepairSettings

_SIGHT_PX = 256  # shorter side on which frames of two shots are held against each other
_MID = 128.0
_REST = 64.0  # mean square of the guide beside which structure must count, as for cuts
_MOST_FEATURES, _LEAST_CONTRAST = 1500, 0.02  # of a frame; a face has few corners
_RATIO = 0.8  # of the nearest feature's distance to the second nearest's
_FIT_PX = 4.0  # a feature this near to where the similarity puts it agrees with it
_FEWEST_FEATURES = 6
_LEAST_SCALE, _MOST_SCALE = 0.2, 5.0  # of one picture to the other; beyond, a painting has nothing to say
_MOST_TURN = np.deg2rad(60)  # a camera rolls, and a head is tilted; on its head it is somebody else's
_COARSER = 1  # pyramid levels that the flow of an alignment stops before
_MAP_SIGMA_PX = 2.5  # smoothing of the map between two shots, at 512 pixels of shorter side
_LIGHT_PX = 24.0  # sigma over which the light of the two plates is compared, at 512 pixels of shorter side
_MOST_GAIN = 8.0
_TOE = 1e-3  # light, scene-linear, below which there is none to compare
_OUT = 1.0  # pixels beyond the key's picture from which on it shows nothing

Affine = NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """A frame made small, to be held against a frame of another shot.

    Parameters
    ----------
    frame
        Its number.
    size
        Rows and columns of the plate that it was made of.
    plate
        (h, w, 3) float32, scene-linear, 256 pixels of shorter side; a smaller plate keeps its size.
    inside
        (h, w) float32, 0..1: where to look.
    """

    frame: int
    size: tuple[int, int]
    plate: Float
    inside: Float


@dataclass(frozen=True)
class Alignment:
    """How a frame of one shot lies on a frame of another.

    Parameters
    ----------
    to_key
        (2, 3) float64: column and row of the frame, in pixels of the whole plate, to those of the key's plate.
    likeness
        0..1: how much of the structure inside both regions agrees once the motion is taken out; 1 is the same picture.
    """

    to_key: Affine
    likeness: float


@dataclass(frozen=True)
class Laid:
    """A key of another shot where it lies on a frame of this one, from `lay_pair`.

    Parameters
    ----------
    plate, painted
        (H, W, 3) float32, scene-linear: the other plate and its painting, moved here, in this frame's light.
    match
        (H, W) float32, 0..1: where the two plates agree.
    """

    plate: Float
    painted: Float
    match: Float


def sight(plate: Float, inside: Float | None = None, *, frame: int) -> Sight:
    """Make a frame small: area means at 256 pixels of shorter side.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.
    inside
        (H, W) float32, 0..1: the matte, or where a key was painted. None is everywhere.
    frame
        The frame's number.

    Returns
    -------
    Sight

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
    >>> sight(np.full((512, 640, 3), 0.18, np.float32), frame=1001).plate.shape
    (256, 320, 3)
    """
    one_thread()
    plate = picture(plate, "plate")
    size = (plate.shape[0], plate.shape[1])
    within = np.ones(size, np.float32) if inside is None else plane(inside, "inside", like=size)
    shrink = min(size) / _SIGHT_PX
    if shrink <= 1:
        return Sight(frame, size, plate, within)
    to = (max(SMALLEST_SIDE_PX, round(size[1] / shrink)), max(SMALLEST_SIDE_PX, round(size[0] / shrink)))
    small = [np.ascontiguousarray(cv2.resize(a, to, interpolation=cv2.INTER_AREA), np.float32) for a in (plate, within)]
    return Sight(frame, size, small[0], np.clip(small[1], 0, 1))


def align(here: Sight, key: Sight) -> Alignment:
    """The similarity A that lays a frame on a key's plate, q = A·(x, y, 1), and how alike the two are along the flow that is left.

    Three ways are tried and the one after which most of the structure agrees is taken: features (SIFT, Lowe 2004) inside both regions
    with a robust fit (RANSAC, Fischler & Bolles 1981), the centres and areas of the regions, and the frames as they stand.
    Likeness = (2·Σ a·b + c) / (Σ a² + Σ b² + c) of the normalised guides inside the region, the lesser of both directions.

    Parameters
    ----------
    here, key
        From `sight`: the frame, and the plate that the key was painted on. Their sizes may differ.

    Returns
    -------
    Alignment

    Raises
    ------
    ValueError
        If a region is empty.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate = np.random.default_rng(1).uniform(0.1, 0.5, (64, 64, 3)).astype(np.float32)
    >>> found = align(sight(plate, frame=1), sight(plate, frame=7))
    >>> round(found.likeness, 2), found.to_key.round(6).tolist()
    (1.0, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    """
    one_thread()
    for name, given in (("here", here), ("key", key)):
        if not (given.inside > 0.5).any():
            raise ValueError(f"the region of {name}, frame {given.frame}, is empty; allowed is one with values above 0.5")
    settings = RepairSettings()
    seen = guide(here.plate, settings=settings)
    tried = [(_likeness(seen, here, key, way, settings), -i, way) for i, way in enumerate(_ways(seen, here, key, settings))]
    best, _, way = max(tried, key=lambda one: one[:2])
    return Alignment(_scaled(way, here, key), best)


def lend_key(
    pair: tuple[Float, Float], plate: Float, alignment: Alignment, *, frame: int, matte: Float | None = None, settings: RepairSettings
) -> Key:
    """The key of another shot as if it had been painted on this frame: its plate and painting, moved here and lit as here, prepared anew.

    The map is the alignment, then flow between the two plates, searched both ways. Both pictures are multiplied by the same smooth ratio
    of light, so that what the artist changed, painted over plate, stays what it was. Beyond the other shot's picture nothing was painted.

    Parameters
    ----------
    pair
        (h, w, 3) float32 each, scene-linear: the other shot's frame as shot, and as the artist painted it.
    plate
        (H, W, 3) float32, scene-linear: the frame of this shot.
    alignment
        From `align` of the two plates.
    frame
        The number of this shot's frame.
    matte
        (H, W) float32, 0..1, of this shot's frame; where it is 0 the painting is ignored. None takes every pixel that differs.
    settings
        As in `prepare_key`.

    Returns
    -------
    Key with `match`: where the two plates agree. It begins its walk with that quality and never takes a frame for itself.

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
    >>> plate = np.random.default_rng(1).uniform(0.1, 0.5, (64, 64, 3)).astype(np.float32)
    >>> found = align(sight(plate, frame=1), sight(plate, frame=7))
    >>> key = lend_key((plate, plate * np.float32(1.2)), plate, found, frame=7, settings=RepairSettings())
    >>> key.frame, key.match is not None
    (7, True)
    """
    laid = lay_pair(pair, plate, alignment, settings=settings)
    key = prepare_key(laid.plate, laid.painted, frame=frame, matte=matte, settings=settings)
    return replace(key, guide=guide(plate, settings=settings), look=look(plate, settings=settings), match=laid.match)


def lay_pair(pair: tuple[Float, Float], plate: Float, alignment: Alignment, *, settings: RepairSettings) -> Laid:
    """A key of another shot, its plate and painting, moved to a frame of this one and lit as that is: what a network may learn from.

    Parameters
    ----------
    pair, plate, alignment, settings
        As for `lend_key`.

    Returns
    -------
    Laid

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
    >>> plate = np.random.default_rng(1).uniform(0.1, 0.5, (64, 64, 3)).astype(np.float32)
    >>> found = align(sight(plate, frame=1), sight(plate, frame=7))
    >>> laid = lay_pair((plate, plate * np.float32(1.2)), plate * np.float32(0.5), found, settings=RepairSettings())
    >>> round(float((laid.painted / laid.plate).mean()), 2), round(float((laid.plate / plate).mean()), 2)
    (1.2, 0.5)
    """
    one_thread()
    theirs = picture(pair[0], "pair[0]")
    painted = picture(pair[1], "pair[1]", like=(theirs.shape[0], theirs.shape[1]))
    plate = picture(plate, "plate")
    size = (plate.shape[0], plate.shape[1])
    flat = _affine_map(alignment.to_key, size)
    moved = _fetched(theirs, flat, alignment.to_key)
    seen, there = guide(plate, settings=settings), guide(moved, settings=settings)
    to_key, quality = _searched(seen, there, settings)
    shift = _affine_map(alignment.to_key, size, to_key)
    inside = _inside(shift, theirs.shape[:2])
    before, after = (_fetched(p, shift, alignment.to_key) for p in (theirs, painted))
    gain = _light(plate, before, quality * inside)
    after = np.where(inside[..., None] > 0, after, before)
    return Laid(before * gain, after * gain, np.asarray(quality * inside, np.float32))


def _ways(seen: Byte, here: Sight, key: Sight, settings: RepairSettings) -> Iterator[Affine]:
    """Similarities from the small frame to the small key that are worth a try."""
    (h, w), (kh, kw) = here.inside.shape, key.inside.shape
    yield np.array([[kw / w, 0, 0], [0, kh / h, 0]], np.float64)
    yield _by_region(here.inside, key.inside)
    found = _by_features((seen, here.inside), (guide(key.plate, settings=settings), key.inside))
    if found is not None:
        yield found


def _by_region(here: Float, key: Float) -> Affine:
    """Centre on centre, area on area."""
    masses, centres = [], []
    for inside in (here, key):
        rows, columns = np.mgrid[: inside.shape[0], : inside.shape[1]]
        mass = float(inside.sum(dtype=np.float64))
        masses.append(mass)
        centres.append((float((columns * inside).sum(dtype=np.float64)) / mass, float((rows * inside).sum(dtype=np.float64)) / mass))
    scale = float(np.clip(np.sqrt(masses[1] / masses[0]), _LEAST_SCALE, _MOST_SCALE))
    (x, y), (kx, ky) = centres
    return np.array([[scale, 0, kx - scale * x], [0, scale, ky - scale * y]], np.float64)


def _by_features(here: tuple[Byte, Float], key: tuple[Byte, Float]) -> Affine | None:
    """A robust similarity between features of the two guides, None where too few agree."""
    finder = cv2.SIFT.create(nfeatures=_MOST_FEATURES, contrastThreshold=_LEAST_CONTRAST)
    (spots, codes), (key_spots, key_codes) = (
        finder.detectAndCompute(picture, (inside > 0.5).astype(np.uint8) * 255) for picture, inside in (here, key)
    )
    if codes is None or key_codes is None or min(len(codes), len(key_codes)) < _FEWEST_FEATURES:
        return None
    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(codes, key_codes, k=2)
    good = [two[0] for two in nearest if len(two) == 2 and two[0].distance < _RATIO * two[1].distance]
    if len(good) < _FEWEST_FEATURES:
        return None
    ours = np.array([spots[m.queryIdx].pt for m in good], np.float64)
    theirs = np.array([key_spots[m.trainIdx].pt for m in good], np.float64)
    found, agree = cv2.estimateAffinePartial2D(ours, theirs, method=cv2.RANSAC, ransacReprojThreshold=_FIT_PX, maxIters=2000)
    if found is None or int(agree.sum()) < _FEWEST_FEATURES:
        return None
    scale, turn = float(np.hypot(found[0, 0], found[1, 0])), abs(float(np.arctan2(found[1, 0], found[0, 0])))
    return found if _LEAST_SCALE <= scale <= _MOST_SCALE and turn <= _MOST_TURN else None


def _likeness(seen: Byte, here: Sight, key: Sight, way: Affine, settings: RepairSettings) -> float:
    shift = _affine_map(way, (here.inside.shape[0], here.inside.shape[1]))
    there = guide(_fetched(key.plate, shift, way), settings=settings)
    region = kernels.sample_linear(key.inside[..., None], shift, 0, 0)[..., 0]
    known = _inside(shift, key.inside.shape)
    # What lies in either region has to agree, else a corner in which both agree would do.
    weight = np.asarray(np.maximum(here.inside, region * known), np.float32)
    return min(_one_way(seen, there, weight, known, settings), _one_way(there, seen, weight, known, settings))


def _one_way(here: Byte, there: Byte, weight: Float, known: Float, settings: RepairSettings) -> float:
    flow = flow_between(here, there, None, coarser=_COARSER, settings=settings)
    a = here.astype(np.float32) - np.float32(_MID)
    b = kernels.sample_linear((there.astype(np.float32) - np.float32(_MID))[..., None], flow, 0, 0)[..., 0] * known
    rest = float(weight.sum(dtype=np.float64)) * _REST
    both, ours, theirs = (float((weight * p).sum(dtype=np.float64)) for p in (a * b, a * a, b * b))
    return max(0.0, (2 * both + rest) / (ours + theirs + rest))


def _searched(seen: Byte, there: Byte, settings: RepairSettings) -> tuple[Float, Float]:
    """The map from the frame to the other plate once that lies on it, and where it holds both ways."""
    coarse = flow_between(seen, there, None, coarser=_COARSER + 1, settings=settings)
    sharp = flow_between(seen, there, coarse, coarser=0, settings=settings)
    to_key = np.asarray(cv2.GaussianBlur(sharp, (0, 0), _MAP_SIGMA_PX * max(min(seen.shape) / 512, 0.5)), np.float32)
    from_key = flow_between(there, seen, None, coarser=_COARSER, settings=settings)
    return to_key, agreement(to_key, from_key, seen, there, settings)


def _light(plate: Float, moved: Float, sure: Float) -> Float:
    """Ratio of the two plates' light, channel by channel, smooth: a normalised convolution (Knutsson & Westin 1993) of what agrees."""
    sigma = _LIGHT_PX * max(min(sure.shape) / 512, 0.25)
    ratio = np.log(np.maximum(plate, 0) + np.float32(_TOE)) - np.log(np.maximum(moved, 0) + np.float32(_TOE))
    weight = sure[..., None] + np.float32(1e-3)
    wide = cv2.GaussianBlur(np.concatenate([ratio * weight, weight], -1), (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    most = np.float32(np.log(_MOST_GAIN))
    return np.asarray(np.exp(np.clip(wide[..., :3] / wide[..., 3:], -most, most)), np.float32)


def _fetched(source: Float, shift: Float, way: Affine) -> Float:
    """A picture fetched through a map; where it shrinks it is first made as soft as its new size, so that nothing aliases."""
    scale = float(np.sqrt(abs(np.linalg.det(way[:, :2]))))
    if scale > 1:
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.5 * np.sqrt(scale**2 - 1) + 1e-3, borderType=cv2.BORDER_REFLECT_101))
    return kernels.sample_cubic(source, shift, 0, 0)


def _affine_map(way: Affine, size: tuple[int, int], flow: Float | None = None) -> Float:
    """Displacement A·(p + flow(p)) − p."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float64)
    x, y = (columns, rows) if flow is None else (columns + flow[..., 0], rows + flow[..., 1])
    along = way[0, 0] * x + way[0, 1] * y + way[0, 2] - columns
    down = way[1, 0] * x + way[1, 1] * y + way[1, 2] - rows
    return np.stack([along, down], -1).astype(np.float32)


def _inside(shift: Float, size: tuple[int, ...]) -> Float:
    """1 where a map leads into a picture of that size."""
    x = np.arange(shift.shape[1], dtype=np.float32) + shift[..., 0]
    y = np.arange(shift.shape[0], dtype=np.float32)[:, None] + shift[..., 1]
    return np.asarray((x >= -_OUT) & (x <= size[1] - 1 + _OUT) & (y >= -_OUT) & (y <= size[0] - 1 + _OUT), np.float32)


def _scaled(way: Affine, here: Sight, key: Sight) -> Affine:
    """A similarity of small pictures as one of whole plates; pixel centres lie at whole numbers."""

    def up(one: Sight) -> Affine:
        (h, w), (height, width) = one.inside.shape, one.size
        return np.array([[width / w, 0, (width / w - 1) / 2], [0, height / h, (height / h - 1) / 2], [0, 0, 1]])

    whole = up(key) @ np.vstack([way, [0, 0, 1]]) @ np.linalg.inv(up(here))
    return np.asarray(whole[:2], np.float64)
