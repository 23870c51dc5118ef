"""A filter along the motion: what a frame's repair and its neighbours' disagree about is flicker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels, steady_kernels
from bottega.engine.candidates import Repaired
from bottega.engine.checks import Byte, Float, guide_plane, one_thread, picture, plane
from bottega.engine.finest import coarser
from bottega.engine.settings import RepairSettings

_PATCH_STRIDE_PX = 5
_SIGMA_FRAMES = 3.0
_OWN = 4.0  # weight of the frame itself, where a neighbour's is at most 1: keeps pores sharp
_MATCH = 0.2  # deviation in the encoding, natural log, from which two frames no longer show the same
_JUDGED_OVER_PX = 1.5  # at 512 pixels of shorter side


@dataclass(frozen=True)
class Change:
    """A frame as `steady` looks at it, from `change_of`: made once, since a frame is the neighbour of several.

    Parameters
    ----------
    plate
        (H, W, 3) float32, the plate in the encoding.
    repair
        (H, W, 3) float32, the repaired frame in the encoding less that.
    away
        From `away`: how far it is from what was painted, in pixels of motion; 0 where nobody knows.
    """

    plate: Float
    repair: Float
    away: float = 0.0


@dataclass(frozen=True)
class Neighbour:
    """One frame near the one to be steadied.

    Parameters
    ----------
    distance
        Frames from here, not 0.
    change
        From `change_of`.
    weights
        (K+1, H, W) uint32 of its `Repaired`, of the same keys in the same order: `in_order`.
    reach
        (H, W) float32, 0..1.5: the neighbour's matte times its strength.
    flow
        (H, W, 2) float32, displacement (x, y) in pixels: pixel p of the frame here is seen in the neighbour at p + flow[p].
    """

    distance: int
    change: Change
    weights: NDArray[np.uint32]
    reach: Float
    flow: Float


def step_flow(guide_here: Byte, guide_there: Byte, *, settings: RepairSettings) -> Float:
    """Flow from one frame to its neighbour on their guides (DIS, Kroeger et al. 2016); compose steps with `chain`.

    Parameters
    ----------
    guide_here, guide_there
        (H, W) uint8 from `guide`.
    settings
        The flow's quality.

    Returns
    -------
    (H, W, 2) float32, displacement (x, y) in pixels.

    Raises
    ------
    TypeError, ValueError
        If the guides are not as described or of different sizes.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> flat = np.full((64, 64), 128, np.uint8)
    >>> float(np.abs(step_flow(flat, flat, settings=RepairSettings())).max())
    0.0
    """
    one_thread()
    here = guide_plane(guide_here, "guide_here")
    there = guide_plane(guide_there, "guide_there", like=(here.shape[0], here.shape[1]))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(settings.finest_scale(*here.shape))
    search.setPatchStride(_PATCH_STRIDE_PX)
    search.setGradientDescentIterations(settings.flow_iterations)
    search.setVariationalRefinementIterations(settings.flow_smoothing_iterations)
    return np.asarray(search.calc(here, there, None), np.float32)


def chain(first: Float, second: Float) -> Float:
    """first(x) + second(x + first(x)): the flow over two steps.

    Parameters
    ----------
    first, second
        (H, W, 2) float32, from `step_flow` or `chain`: here to next, next to the one after.

    Returns
    -------
    (H, W, 2) float32.

    Raises
    ------
    ValueError
        If their shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> step = np.ones((40, 40, 2), np.float32)
    >>> float(chain(step, step)[0, 0, 0])
    2.0
    """
    if first.shape != second.shape:
        raise ValueError(f"second has shape {second.shape}, allowed is {first.shape} as the first")
    return kernels.compose(first, second)


def change_of(plate: Float, repaired: Repaired, *, settings: RepairSettings, away: float = 0.0) -> Change:
    """Change = enc(repaired) − enc(plate), beside enc(plate).

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.
    repaired
        From `render`.
    settings
        The same `toe` as in `render`.
    away
        From `away`.

    Returns
    -------
    Change

    Raises
    ------
    TypeError, ValueError
        If the plate is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> plate, whole = np.full((40, 40, 3), 0.18, np.float32), np.full((1, 40, 40), 65536, np.uint32)
    >>> same = Repaired(plate, plate - plate, whole, np.ones((40, 40), np.uint8))
    >>> float(change_of(plate, same, settings=RepairSettings()).repair.max())
    0.0
    """
    toe = np.float32(settings.toe)
    encoded = kernels.encode(picture(plate, "plate"), toe)
    repair = kernels.encode(repaired.rgb, toe)
    repair -= encoded
    return Change(encoded, repair, away)


def steady(
    plate: Float,
    repaired: Repaired,
    neighbours: Iterable[Neighbour],
    *,
    reach: Float,
    settings: RepairSettings,
    change: Change | None = None,
) -> Repaired:
    """Delta = reach · Σ w·delta_d(x + f_d) / Σ w·reach_d(x + f_d) in the encoding, over the frame itself (w = 4) and its neighbours.

    w falls with distance, exp(−d²/2σ²), σ = 3 frames, and with the mismatch of the plates along the flow: what was hidden does not
    count. A neighbour that is farther than the frame from what was painted counts in the ratio of the two: near a key its own is better
    than any mean. Only the change is averaged, never the plate: its grain and its motion blur stay. The finest of the change, a pixel or
    so, stays the frame's own: a neighbour's, fetched between pixels, is noise there. The weights are averaged in the same way, so that
    they are the filtered pixel's own; they are whole parts again by largest remainder.

    Parameters
    ----------
    plate, repaired
        The frame as shot, and from `render`. Pixels copied from a key stay as they are.
    neighbours
        Any number, taken one by one; those that are missing at the ends of a shot are just not given.
    reach
        (H, W) float32, 0..1.5: matte times strength, as `render` was given them. Where it is 0 the plate's bits come back.
    settings
        The same `toe` as in `render`.
    change
        The frame's own, from `change_of`; None makes it here.

    Returns
    -------
    Repaired

    Raises
    ------
    TypeError, ValueError
        If an array is not as described, a distance is 0 or two are the same.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.setNumThreads(1)
    >>> plate, still = np.full((64, 64, 3), 0.18, np.float32), np.zeros((64, 64), np.float32)
    >>> weights = np.zeros((2, 64, 64), np.uint32)
    >>> weights[0] = 65536
    >>> same = Repaired(plate, plate - plate, weights, np.ones((64, 64), np.uint8))
    >>> float(steady(plate, same, [], reach=still, settings=RepairSettings()).delta.max())
    0.0
    """
    one_thread()
    plate = picture(plate, "plate")
    size = (plate.shape[0], plate.shape[1])
    own = plane(reach, "reach", like=size, high=1.5)
    here = change_of(plate, repaired, settings=settings) if change is None else change
    total = here.repair * np.float32(_OWN)
    shares = repaired.weights[1:].astype(np.float32)
    shares *= np.float32(_OWN)
    norm = own * np.float32(_OWN)
    seen = [0]
    for n in neighbours:
        _check(n, seen, repaired)
        seen.append(n.distance)
        steady_kernels.gather((total, shares, norm), (n.change.repair, n.weights, n.reach), n.flow, _weight(here, n))
    _own_finest((total, shares, norm), here.repair, repaired.weights, own)
    rgb, weights, copied = np.empty_like(plate), np.empty_like(repaired.weights), np.empty_like(repaired.copied_from)
    steady_kernels.settle((plate, here.plate), (total, shares), np.float32(settings.toe), (rgb, weights, copied))
    exact = repaired.copied_from >= 2
    if exact.any():
        rgb[exact], weights[:, exact], copied[exact] = repaired.rgb[exact], repaired.weights[:, exact], repaired.copied_from[exact]
    return Repaired(rgb, rgb - plate, weights, copied)


def in_order(weights: NDArray[np.uint32], have: Sequence[int | str], *, want: Sequence[int | str]) -> NDArray[np.uint32]:
    """A frame's weights in another order of keys, none for those that it did not look at.

    Parameters
    ----------
    weights
        (K+1, H, W) uint32, of a `Repaired`.
    have, want
        What its weights stand for, and what they shall stand for: frame numbers of keys, and a name for a source that is none (a network).

    Returns
    -------
    (len(want)+1, H, W) uint32

    Raises
    ------
    ValueError
        If a key of `have` is not among `want`, or `have` is not as long as the weights.

    Examples
    --------
    >>> import numpy as np
    >>> in_order(np.full((2, 40, 40), 32768, np.uint32), [1024], want=[1001, 1024])[:, 0, 0].tolist()
    [32768, 0, 32768]
    """
    if len(have) + 1 != len(weights) or set(have) - set(want):
        raise ValueError(f"have is {list(have)}, allowed is {len(weights) - 1} of {list(want)}")
    if list(have) == list(want):
        return weights
    out = np.zeros((len(want) + 1, *weights.shape[1:]), np.uint32)
    out[0] = weights[0]
    for i, key in enumerate(have):
        out[1 + want.index(key)] = weights[1 + i]
    return out


def _own_finest(sums: tuple[Float, Float, Float], change: Float, weights: NDArray[np.uint32], reach: Float) -> None:
    """Turn the sums into means, in place, of which the finest is the frame's own: own + coarser(mean − own); nothing out of reach."""
    total, shares, norm = sums
    gain = np.divide(reach, norm, out=np.zeros_like(reach), where=reach > 0)
    inside = (reach > 0).astype(np.float32)
    total *= gain[..., None]
    total -= change
    total[...] = (coarser(total) + change) * inside[..., None]
    for k in range(len(shares)):
        mine = weights[k + 1].astype(np.float32)
        shares[k] = np.maximum((coarser(shares[k] * gain - mine) + mine) * inside, 0)


def _weight(here: Change, neighbour: Neighbour) -> Float:
    size, there = here.plate.shape[:2], neighbour.change
    unlike = np.empty(size, np.float32)
    steady_kernels.apart(here.plate, there.plate, neighbour.flow, unlike)
    apart = np.asarray(cv2.GaussianBlur(unlike, (0, 0), _JUDGED_OVER_PX * max(min(size) / 512, 0.25)), np.float32)
    apart /= np.float32(_MATCH**2)
    np.negative(apart, out=apart)
    apart -= np.float32(neighbour.distance**2 / (2 * _SIGMA_FRAMES**2))
    weight = np.asarray(np.exp(apart, out=apart), np.float32)
    if there.away > here.away:
        weight *= np.float32(here.away / there.away)
    return weight


def _check(n: Neighbour, seen: Sequence[int], repaired: Repaired) -> None:
    if n.distance in seen:
        raise ValueError(f"neighbours are at distances {[*seen[1:], n.distance]}, allowed is each once and none 0")
    name, size = f"neighbour at {n.distance:+d}", repaired.copied_from.shape
    for band, array in (("plate", n.change.plate), ("repair", n.change.repair)):
        picture(array, f"{name}: change.{band}", like=(size[0], size[1]))
    plane(n.reach, f"{name}: reach", like=(size[0], size[1]), high=1.5)
    if n.flow.shape != (*size, 2):
        raise ValueError(f"{name}: flow has shape {n.flow.shape}, allowed is {(*size, 2)}")
    if n.weights.shape != repaired.weights.shape:
        raise ValueError(f"{name}: weights have shape {n.weights.shape}, allowed is {repaired.weights.shape} as here")
