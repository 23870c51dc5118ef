"""One frame from its candidates: bands chosen, trusted and blended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.candidates import Candidate, Repaired, Strength
from bottega.engine.checks import Float, one_thread, picture, plane
from bottega.engine.finest import Shown, shown, unsure
from bottega.engine.grain import grain
from bottega.engine.keys import low_band
from bottega.engine.settings import RepairSettings
from bottega.engine.shape import calmed, carried_shape

# Lengths in pixels are at 512 pixels of shorter side; larger pictures scale them. Energies are mean squares of the encoding.
_JUDGED_OVER_PX = 3.0  # sigma over which detail is compared, for trust and choice
_STATE_OVER_PX = 6.0  # sigma over which an eye or a mouth is found to be in another state than the key's
_STATE_REACH_PX = 4.0  # what a key shows beside a wrong eye belongs to that eye: widen the verdict by this
_FILL_PX = 2.4  # sigma over which tone flows in from trusted surroundings
_COARSE_PX = 4.0  # the last three work on a grid this coarse
_DETAIL_NOISE = 1e-4  # energy that is taken for noise rather than painted or mismatched detail
_STATE_NOISE = 0.08  # contrast energy below which a mismatch is no change of state: skin, however different, stays the key's
_CHOICE_FLOOR = 4e-4  # mismatch energy below which two keys are equally good
_ROUND_TRIP_SHARE = 0.75  # how much worse a mismatch counts where the round trip fails too
_STEEPNESS = 8  # of the step from trusted to not trusted
_LEAST_TRUST = 1e-3
_LEAST_CHOICE = 0.02
_HALF_WAY = 0.5  # how far a key's bands follow the common shape, away from the key's own
_HALF_WAY_PX = 4.0  # sigma of that difference
_MOST_SHAPE = 1.5  # a displacement exaggerated further tears


@dataclass(frozen=True)
class _Window:
    """The rectangle round the matte that is worked on, with room for the filters' reach."""

    top: int
    bottom: int
    left: int
    right: int
    scale: float

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(array[self.top : self.bottom, self.left : self.right])


@dataclass(frozen=True)
class _Reach:
    """How much of each band is asked for: matte times strength times the settings' own, (H, W) float32 each."""

    tone: Float
    shape: Float
    detail: Float

    def of(self, window: _Window) -> _Reach:
        return _Reach(window.of(self.tone), window.of(self.shape), window.of(self.detail))


def render(
    plate: Float, candidates: Sequence[Candidate], *, matte: Float, strength: Strength | Float | float = 1.0, settings: RepairSettings
) -> Repaired:
    """Repaired = plate + Σ choice·(tone·low + detail·trust·(key's high band − plate's)), in the encoding and back.

    The low band of the change is added to the plate; the high band comes from the warped painted key where its plate matches this one,
    else the plate keeps its own detail (a closed eye under the key's tone instead of a warped open one). Candidates are chosen per pixel
    by how well their plate's detail matches and by their weight in time.

    Parameters
    ----------
    plate
        (H, W, 3) float32, scene-linear.
    candidates
        1..15, each a key with its walk to this frame. A candidate whose walk stands at its own key frame takes the whole choice.
    matte
        (H, W) float32, 0..1. Where it is 0 the plate's bits come back.
    strength
        A number or (H, W) float32, 0..1.5, multiplied with the matte: a region's own strength, of all bands or (`Strength`) of each.
    settings
        The same `band_px` and `toe` as in `prepare_key`.

    Returns
    -------
    Repaired

    Raises
    ------
    TypeError, ValueError
        If an array is not as described, a candidate does not fit, there are none, or all weights in time are 0.
    RuntimeError
        If OpenCV is set to more than one thread.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> from bottega.engine import prepare_key, start_walk
    >>> cv2.setNumThreads(1)
    >>> settings = RepairSettings()
    >>> plate = np.full((64, 64, 3), 0.18, np.float32)
    >>> key = prepare_key(plate, plate * np.float32(1.5), frame=1001, settings=settings)
    >>> out = render(plate, [Candidate(key, start_walk(key), 1.0)], matte=np.ones((64, 64), np.float32), settings=settings)
    >>> bool((out.rgb == key.painted).all()), int(out.weights[1, 0, 0])
    (True, 65536)
    """
    one_thread()
    plate = picture(plate, "plate")
    size = (plate.shape[0], plate.shape[1])
    matte = plane(matte, "matte", like=size)
    reach = _reach(matte, strength, settings)
    _check_candidates(candidates, size)
    out = Repaired(plate.copy(), np.zeros_like(plate), np.zeros((len(candidates) + 1, *size), np.uint32), np.ones(size, np.uint8))
    out.weights[0] = kernels.PARTS
    window = _window(np.maximum(reach.tone, reach.detail), settings)
    if window is not None:
        _render_window(out, candidates, reach, window, settings=settings)
        _copy_key_frames(out, candidates, reach)
    np.subtract(out.rgb, plate, out=out.delta)
    return out


def _reach(matte: Float, strength: Strength | Float | float, settings: RepairSettings) -> _Reach:
    each = strength if isinstance(strength, Strength) else Strength(strength, strength, strength)
    named = "strength.{}" if isinstance(strength, Strength) else "strength"
    bands = [matte * _strength(getattr(each, band), named.format(band), matte.shape) for band in ("tone", "shape", "detail")]
    own = (settings.tone, settings.shape, settings.detail)
    return _Reach(*(np.asarray(asked * np.float32(most), np.float32) for asked, most in zip(bands, own, strict=True)))


def _strength(strength: Float | float, name: str, size: tuple[int, ...]) -> Float | np.float32:
    if isinstance(strength, int | float) and not isinstance(strength, bool):
        if not 0 <= strength <= 1.5:
            raise ValueError(f"{name} is {strength:g}, allowed is 0 to 1.5")
        return np.float32(strength)
    return plane(strength, name, like=(size[0], size[1]), high=1.5)


def _check_candidates(candidates: Sequence[Candidate], size: tuple[int, int]) -> None:
    if not 1 <= len(candidates) <= 15:
        raise ValueError(f"candidates has {len(candidates)} entries, allowed is 1 to 15")
    for i, candidate in enumerate(candidates):
        for name, given in (("key", candidate.key.guide.shape), ("walk", candidate.walk.quality.shape)):
            if given != size:
                raise ValueError(f"candidates[{i}].{name} is {given[0]}x{given[1]} pixels, allowed is the plate's {size[0]}x{size[1]}")
    if all(candidate.time_weight == 0 for candidate in candidates):
        raise ValueError("candidates all have time_weight 0, allowed is at least one above 0")
    if len({candidate.key.frame for candidate in candidates}) < len(candidates):
        raise ValueError(f"candidates have keys {[c.key.frame for c in candidates]}, allowed is each key once")
    frames = {candidate.walk.at_frame for candidate in candidates}
    if len(frames) > 1:
        raise ValueError(f"candidates stand at frames {sorted(frames)}, allowed is one frame for all")


def _window(reach: Float, settings: RepairSettings) -> _Window | None:
    rows, columns = np.flatnonzero(reach.any(1)), np.flatnonzero(reach.any(0))
    if rows.size == 0:
        return None
    height, width = reach.shape
    scale = max(min(height, width) / 512, 0.25)
    margin = int(np.ceil(max(4 * settings.band_sigma(height, width), 4 * _STATE_OVER_PX * scale))) + 2
    return _Window(
        max(int(rows[0]) - margin, 0), min(int(rows[-1]) + margin + 1, height),
        max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, width), scale,
    )  # fmt: skip


def _render_window(out: Repaired, candidates: Sequence[Candidate], whole: _Reach, window: _Window, *, settings: RepairSettings) -> None:
    plate, reach, size = window.of(out.rgb), whole.of(window), whole.tone.shape
    encoded = kernels.encode(plate, np.float32(settings.toe))
    loose = grain(encoded)
    shapes = [_carried(c, window) for c in candidates]
    common = _common(shapes, candidates, window)
    encoded = _moved(encoded - loose, common, candidates, window, reach.shape, size=size, settings=settings)
    plate_high = encoded - low_band(encoded, settings.band_sigma(*size))
    at_key, finest = [c.at_key for c in candidates], shown(plate_high, loose, window.scale)
    count, (height, width) = len(candidates), encoded.shape[:2]
    changes = np.empty((count, height, width, 9), np.float32)
    trust = np.empty((count, height, width, 2), np.float32)
    choice = np.empty((count, height, width), np.float32)
    for i, candidate in enumerate(candidates):
        shift = _half_way(window.of(candidate.walk.map_to_key), common - shapes[i], window.scale)
        changes[i], trust[i], merit = _offer(candidate, shift, plate_high, finest, window, settings=settings)
        choice[i] = merit * np.float32(at_key[i] if any(at_key) else candidate.time_weight)
    choice /= choice.sum(0)
    weights, copied = np.empty((count + 1, height, width), np.uint32), np.empty((height, width), np.uint8)
    strengths = (reach.tone, reach.detail, settings.toe)
    kernels.blend((plate, encoded + loose, plate_high), (changes, trust, choice), strengths, (plate, weights, copied))
    area = (slice(window.top, window.bottom), slice(window.left, window.right))
    out.rgb[area], out.weights[:, area[0], area[1]], out.copied_from[area] = plate, weights, copied


def _carried(candidate: Candidate, window: _Window) -> Float:
    key, to_key = candidate.key, window.of(candidate.walk.map_to_key)
    painted = kernels.sample_linear(key.coverage, to_key, window.top, window.left)[..., 0]
    return carried_shape(key.shape, to_key, painted * window.of(candidate.walk.quality), window.top, window.left)


def _common(shapes: Sequence[Float], candidates: Sequence[Candidate], window: _Window) -> Float:
    """The shapes of the keys as one, weighed by time and quality."""
    total, sure = np.zeros_like(shapes[0]), np.zeros((*shapes[0].shape[:2], 1), np.float32)
    for shape, candidate in zip(shapes, candidates, strict=True):
        share = np.float32(candidate.time_weight) * (window.of(candidate.walk.quality) + np.float32(_LEAST_TRUST))[..., None]
        total += share * shape
        sure += share
    return np.asarray(total / sure, np.float32)


def _half_way(shift: Float, apart: Float, scale: float) -> Float:
    """Where to fetch a key's bands: nearer to where the common shape puts them, so that two keys lie on one another (view interpolation,
    Chen & Williams 1993). Half of the way, since shapes are noisy.
    """
    if not apart.any():
        return shift
    return np.asarray(shift + np.float32(_HALF_WAY) * cv2.GaussianBlur(apart, (0, 0), _HALF_WAY_PX * scale), np.float32)


def _moved(
    encoded: Float,
    common: Float,
    candidates: Sequence[Candidate],
    window: _Window,
    reach: Float,
    *,
    size: tuple[int, ...],
    settings: RepairSettings,
) -> Float:
    """The plate's window in the shape of the keys.

    Where the plate, so moved, shows another state than every key (another eye, another mouth), the map there is not to be trusted, and
    what it made of the shape is calmed.
    """
    displaced = np.asarray(common * np.minimum(reach, np.float32(_MOST_SHAPE))[..., None], np.float32)
    moved = kernels.sample_cubic(encoded, displaced, 0, 0)
    high = moved - low_band(moved, settings.band_sigma(size[0], size[1]))
    known = np.max([_known(c, high, window, settings) for c in candidates if c.time_weight > 0], axis=0)
    return kernels.sample_cubic(encoded, calmed(displaced, known, window.scale), 0, 0)


def _known(candidate: Candidate, high: Float, window: _Window, settings: RepairSettings) -> Float:
    """Where a key shows the frame's own state, 0..1 at the window's size."""
    bands = kernels.sample_cubic(candidate.key.bands, window.of(candidate.walk.map_to_key), window.top, window.left)
    energies = kernels.energies(high, bands)
    same = _same_state(energies, window.of(candidate.walk.quality), window.scale, settings.state_tolerance)
    return np.asarray(cv2.resize(same, (high.shape[1], high.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _offer(
    candidate: Candidate, shift: Float, plate_high: Float, finest: Shown, window: _Window, *, settings: RepairSettings
) -> tuple[Float, Float, Float]:
    """What one key offers to the window: its warped bands, its trust in each band, its merit in the choice."""
    bands = kernels.sample_cubic(candidate.key.bands, shift, window.top, window.left)
    coverage = kernels.sample_linear(candidate.key.coverage, shift, window.top, window.left)[..., 0]
    energies = kernels.energies(plate_high, bands)
    judged = cv2.GaussianBlur(energies[..., :2], (0, 0), _JUDGED_OVER_PX * window.scale)
    differs, painted = judged[..., 0], judged[..., 1] + np.float32(_DETAIL_NOISE)
    same = _same_state(energies, window.of(candidate.walk.quality), window.scale, settings.state_tolerance)
    filled, sure = _filled(bands[..., :3], same, window.scale)
    bands[..., 6:9] -= unsure(finest, bands)
    # Wiener's ratio: the key's detail is worth taking while what was painted outweighs what does not match.
    high = sure * coverage * painted / (painted + np.float32(settings.mismatch_cost) * differs)
    bands[..., :3] = filled * coverage[..., None]
    return bands, np.stack([coverage, high], -1), (sure + np.float32(_LEAST_CHOICE)) / (differs + np.float32(_CHOICE_FLOOR))


def _same_state(energies: Float, quality: Float, scale: float, tolerance: float) -> Float:
    """Where the key shows the frame's own state, on the coarse grid: 1 the same, 0 another eye, another mouth.

    The measure is the mismatch relative to the contrast there: 1 where plate and key plate have nothing to do with each other.
    """
    step = max(1, round(_COARSE_PX * scale))
    size = (max(1, quality.shape[1] // step), max(1, quality.shape[0] // step))
    small = cv2.GaussianBlur(cv2.resize(energies, size, interpolation=cv2.INTER_AREA), (0, 0), _STATE_OVER_PX * scale / step)
    fails = np.float32(1) - cv2.resize(quality, size, interpolation=cv2.INTER_AREA)
    apart = small[..., 0] / (small[..., 2] + np.float32(_STATE_NOISE)) * (np.float32(1) + np.float32(_ROUND_TRIP_SHARE) * fails)
    reach = 2 * round(_STATE_REACH_PX * scale / step) + 1
    widest = cv2.dilate(apart, np.ones((reach, reach), np.uint8))
    return np.asarray(1 / (1 + (widest / np.float32(tolerance)) ** _STEEPNESS), np.float32)


def _filled(low: Float, same: Float, scale: float) -> tuple[Float, Float]:
    """Tone of trusted surroundings where the state is another: normalised convolution (Knutsson & Westin 1993). And `same` at full size."""
    size, step = (low.shape[1], low.shape[0]), max(1, round(_COARSE_PX * scale))
    weight = same[..., None] + np.float32(_LEAST_TRUST)
    small = cv2.resize(low, same.shape[::-1], interpolation=cv2.INTER_AREA) * weight
    wide = cv2.GaussianBlur(np.concatenate([small, weight], -1), (0, 0), _FILL_PX * scale / step)
    around = cv2.resize(wide[..., :3] / wide[..., 3:], size, interpolation=cv2.INTER_LINEAR)
    sure = cv2.resize(same, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(around + sure[..., None] * (low - around), np.float32), sure


def _copy_key_frames(out: Repaired, candidates: Sequence[Candidate], reach: _Reach) -> None:
    """On a key's own frame, at full strength, the artist's own pixels go back bit for bit."""
    full = (reach.tone == 1) & (reach.shape == 1) & (reach.detail == 1)
    for i, candidate in enumerate(candidates):
        if not candidate.at_key:
            continue
        here = full & (candidate.key.coverage[..., 0] == 1)
        out.rgb[here] = candidate.key.painted[here]
        out.weights[:, here] = 0
        out.weights[i + 1, here] = kernels.PARTS
        out.copied_from[here] = 2 + i
