"""One frame from its candidates: bands chosen, trusted and blended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import kernels
from bottega.engine.candidates import Candidate, Repaired
from bottega.engine.checks import Float, one_thread, picture, plane
from bottega.engine.keys import low_band
from bottega.engine.settings import RepairSettings

_JUDGED_OVER_PX = 3.0  # sigma, at 512 pixels of shorter side, over which detail is compared
_DETAIL_NOISE = 1e-4  # mean square of the encoding that is taken for noise rather than painted or mismatched detail
_CHOICE_FLOOR = 4e-4  # mean square mismatch below which two keys are equally good
_FILL_PX = 12.0  # sigma, at 512 pixels of shorter side, over which tone flows in from trusted surroundings
_LEAST_TRUST = 1e-3


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


def render(
    plate: Float, candidates: Sequence[Candidate], *, matte: Float, strength: Float | float = 1.0, settings: RepairSettings
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
        A number or (H, W) float32, 0..1.5, multiplied with the matte: a region's own strength.
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
    strength = _strength(strength, size)
    _check_candidates(candidates, size)
    reach = matte * strength
    out = Repaired(plate.copy(), np.zeros_like(plate), np.zeros((len(candidates) + 1, *size), np.uint32), np.ones(size, np.uint8))
    out.weights[0] = kernels.PARTS
    window = _window(reach, settings)
    if window is not None:
        _render_window(out, candidates, reach, window, settings=settings)
        _copy_key_frames(out, candidates, reach, settings=settings)
    np.subtract(out.rgb, plate, out=out.delta)
    return out


def _strength(strength: Float | float, size: tuple[int, int]) -> Float:
    if isinstance(strength, int | float) and not isinstance(strength, bool):
        if not 0 <= strength <= 1.5:
            raise ValueError(f"strength is {strength:g}, allowed is 0 to 1.5")
        return np.full(size, strength, np.float32)
    return plane(strength, "strength", like=size, high=1.5)


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
    margin = int(np.ceil(max(4 * settings.band_sigma(height, width), 4 * _JUDGED_OVER_PX * scale))) + 2
    return _Window(
        max(int(rows[0]) - margin, 0), min(int(rows[-1]) + margin + 1, height),
        max(int(columns[0]) - margin, 0), min(int(columns[-1]) + margin + 1, width), scale,
    )  # fmt: skip


def _render_window(out: Repaired, candidates: Sequence[Candidate], reach: Float, window: _Window, *, settings: RepairSettings) -> None:
    plate = window.of(out.rgb)
    encoded = kernels.encode(plate, np.float32(settings.toe))
    plate_high = encoded - low_band(encoded, settings.band_sigma(*reach.shape))
    at_key = [c.walk.at_frame == c.key.frame for c in candidates]
    count, (height, width) = len(candidates), encoded.shape[:2]
    changes = np.empty((count, height, width, 9), np.float32)
    trust = np.empty((count, height, width, 2), np.float32)
    choice = np.empty((count, height, width), np.float32)
    for i, candidate in enumerate(candidates):
        changes[i], trust[i], merit = _offer(candidate, plate_high, window, settings=settings)
        choice[i] = merit * np.float32(at_key[i] if any(at_key) else candidate.time_weight)
    choice /= choice.sum(0)
    weights, copied = np.empty((count + 1, height, width), np.uint32), np.empty((height, width), np.uint8)
    strengths = (window.of(reach), settings.tone, settings.detail, settings.toe)
    kernels.blend((plate, encoded, plate_high), (changes, trust, choice), strengths, (plate, weights, copied))
    area = (slice(window.top, window.bottom), slice(window.left, window.right))
    out.rgb[area], out.weights[:, area[0], area[1]], out.copied_from[area] = plate, weights, copied


def _offer(candidate: Candidate, plate_high: Float, window: _Window, *, settings: RepairSettings) -> tuple[Float, Float, Float]:
    """What one key offers to the window: its warped bands, its trust in each band, its merit in the choice."""
    shift, quality = window.of(candidate.walk.map_to_key), window.of(candidate.walk.quality)
    bands = kernels.sample_cubic(candidate.key.bands, shift, window.top, window.left)
    coverage = kernels.sample_linear(candidate.key.coverage, shift, window.top, window.left)[..., 0]
    judged = cv2.GaussianBlur(kernels.energies(plate_high, bands), (0, 0), _JUDGED_OVER_PX * window.scale)
    differs, painted = judged[..., 0], judged[..., 1] + np.float32(_DETAIL_NOISE)
    # Wiener's ratio: the key's detail is worth taking while what was painted outweighs what does not match.
    high = quality * coverage * painted / (painted + np.float32(settings.mismatch_cost) * differs)
    bands[..., :3] = _filled(bands[..., :3], quality, window.scale) * coverage[..., None]
    return bands, np.stack([coverage, high], -1), 1 / (differs + np.float32(_CHOICE_FLOOR))


def _filled(low: Float, quality: Float, scale: float) -> Float:
    """Where the match is poor take the tone of trusted surroundings: normalised convolution (Knutsson & Westin 1993)."""
    sure = quality[..., None] + np.float32(_LEAST_TRUST)
    height, width = quality.shape
    small = cv2.resize(np.concatenate([low * sure, sure], -1), (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    wide = cv2.resize(cv2.GaussianBlur(small, (0, 0), _FILL_PX * scale / 4), (width, height), interpolation=cv2.INTER_LINEAR)
    around = wide[..., :3] / wide[..., 3:]
    return np.asarray(around + quality[..., None] * (low - around), np.float32)


def _copy_key_frames(out: Repaired, candidates: Sequence[Candidate], reach: Float, *, settings: RepairSettings) -> None:
    """On a key's own frame, at full strength, the artist's own pixels go back bit for bit."""
    full = (reach * np.float32(settings.tone) == 1) & (reach * np.float32(settings.detail) == 1)
    for i, candidate in enumerate(candidates):
        if candidate.walk.at_frame != candidate.key.frame:
            continue
        here = full & (candidate.key.coverage[..., 0] == 1)
        out.rgb[here] = candidate.key.painted[here]
        out.weights[:, here] = 0
        out.weights[i + 1, here] = kernels.PARTS
        out.copied_from[here] = 2 + i
