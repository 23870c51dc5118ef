"""The shape in a painted change: where the painting moved what the plate shows, a jaw, a lid, an outline."""

from __future__ import annotations

import cv2
import numpy as np

from bottega.engine import kernels
from bottega.engine.checks import Byte, Float
from bottega.engine.distances import distance_to_zero
from bottega.engine.settings import RepairSettings

# Lengths in pixels are at 512 pixels of shorter side; larger pictures scale them.
_FINEST_LEVEL = 1  # of the flow: a painted shape is smooth
_PATCH_STRIDE_PX = 4
_SMOOTHING_ITERATIONS, _ITERATIONS = 5, 16
_ROUND_TRIP_PX = 1.5
_SMOOTH_PX = 3.0  # sigma of the normalised convolution
_REST = 0.05  # confidence of "nothing moved", beside which the flow's own must count
_MOST_PX = 20.0
_EDGE_PX = 3.0  # the shape comes to rest over this distance from the edge of what was painted
_JUDGED_OVER_PX = 6.0
_ROUGH_PX = 0.3  # deviation from its surroundings from which on a carried shape is taken for noise
_ROUGH_OVER_PX = 3.0
_CALM_PX = 16.0  # sigma that noise is smoothed with
_FIT_STEP = 4  # every fourth pixel of every fourth row is asked how the picture turned and grew
_MOST_SCALE = 5.0  # of one frame to another, either way


def painted_shape(plate: tuple[Float, Byte], painted: tuple[Float, Byte], coverage: Float, *, settings: RepairSettings) -> Float:
    """Shape S with painted(x) ≈ plate(x + S(x)) but for tone: flow from painting to plate, checked both ways and made smooth.

    A flow of uncertain vectors is smoothed by normalised convolution (Knutsson & Westin 1993) in which "nothing moved" has a small weight
    of its own, and is given up where the moved plate's detail is no nearer to the painting's than the plate's own.

    Parameters
    ----------
    plate, painted
        Each a pair: (H, W, 3) float32 in the encoding, and its (H, W) uint8 guide.
    coverage
        (H, W) float32, 1 where a pixel was painted; the shape is exactly 0 elsewhere.
    settings
        `flow_finest_scale` and `band_px` matter here.

    Returns
    -------
    (H, W, 2) float32, displacement (x, y) in pixels.
    """
    size = coverage.shape
    scale = max(min(size) / 512, 0.25)
    forth, back = _flow(painted[1], plate[1], settings), _flow(plate[1], painted[1], settings)
    trip = (kernels.compose(forth, back) ** 2).sum(-1) / np.float32((_ROUND_TRIP_PX * scale) ** 2)
    far = (forth**2).sum(-1) > (_MOST_PX * scale) ** 2
    sure = np.where(far, 0, coverage / (1 + trip * trip)).astype(np.float32)[..., None]
    sigma = _SMOOTH_PX * scale
    wide = cv2.GaussianBlur(np.concatenate([forth * sure, sure], -1), (0, 0), sigma)
    shape = wide[..., :2] / (wide[..., 2:] + np.float32(_REST))
    inside = distance_to_zero((coverage > 0).astype(np.uint8), most_px=_EDGE_PX * scale + 2)
    shape *= np.clip((inside - 1) / np.float32(_EDGE_PX * scale), 0, 1)[..., None]
    return np.asarray(shape * _worth(plate[0], painted[0], shape, scale, settings)[..., None] * coverage[..., None], np.float32)


def _worth(plate: Float, painted: Float, shape: Float, scale: float, settings: RepairSettings) -> Float:
    """1 where moving the plate brings its detail nearer to the painting's, falling to 0 where it takes it away."""
    sigma = settings.band_sigma(*plate.shape[:2])

    def apart(moved: Float) -> Float:
        away = moved - painted
        high = ((away - cv2.GaussianBlur(away, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)) ** 2).mean(-1)
        return np.asarray(cv2.GaussianBlur(high, (0, 0), _JUDGED_OVER_PX * scale), np.float32)

    before, after = apart(plate), apart(kernels.sample_cubic(plate, shape, 0, 0))
    return np.asarray(np.clip(2 - 2 * after / (before + np.float32(1e-6)) + 0.5, 0, 1), np.float32)


def carried_shape(shape: Float, to_key: Float, sure: Float, top: int, left: int) -> Float:
    """Shape at a frame: S(x + M(x)) / z: the key's displacement, turned and scaled as the whole of what was painted was.

    q = x + M(x) ≈ z·x + t is the similarity that fits the map best in the mean square, of columns and rows as complex numbers (Umeyama
    1991). A lid, a jaw or an outline keeps its distance from the plate's own; the map's local changes are of the plate's lines and
    folds, which are not where the painting's are, and say nothing of it.

    Parameters
    ----------
    shape
        (H, W, 2) float32 on the key's frame: its displacement (x, y) in pixels.
    to_key
        (h, w, 2) float32: the map M from frame to key, of a window that begins at (top, left).
    sure
        (h, w) float32, 0..1: what each pixel counts in the fit.
    top, left
        Where the window begins.

    Returns
    -------
    (h, w, 2) float32; exactly 0 where the shape is.
    """
    there = kernels.sample_linear(shape, to_key, top, left)
    z = 1 / _similarity(to_key, sure)
    real, imaginary = np.float32(z.real), np.float32(z.imag)
    x, y = there[..., 0], there[..., 1]
    return np.asarray(np.stack([real * x - imaginary * y, imaginary * x + real * y], -1), np.float32)


def calmed(displaced: Float, known: Float, scale: float) -> Float:
    """Displacement D where its state is known or it is smooth, its wide mean where neither: a map into a closed eye is noise.

    Roughness is the mean square of D less its local mean; the step between the two is 1/(1 + roughness²) of it over its tolerance.

    Parameters
    ----------
    displaced
        (H, W, 2) float32, pixels.
    known
        (H, W) float32, 0..1: 1 where a key shows the frame's own state.
    scale
        Shorter side over 512.

    Returns
    -------
    (H, W, 2) float32; exactly 0 where all of the neighbourhood is.
    """
    sigma = _ROUGH_OVER_PX * scale
    away = ((displaced - cv2.GaussianBlur(displaced, (0, 0), sigma)) ** 2).sum(-1)
    rough = cv2.GaussianBlur(away, (0, 0), sigma) / np.float32((_ROUGH_PX * scale) ** 2)
    kept = np.maximum(known, cv2.GaussianBlur(1 / (1 + rough * rough), (0, 0), sigma))[..., None]
    calm = cv2.GaussianBlur(displaced, (0, 0), _CALM_PX * scale)
    return np.asarray(displaced * kept + calm * (1 - kept), np.float32)


def _similarity(to_key: Float, sure: Float) -> complex:
    """The similarity nearest to the map, as z: its angle is the turn, its length the scale. 1 where nothing counts."""
    rows, columns = np.mgrid[: sure.shape[0] : _FIT_STEP, : sure.shape[1] : _FIT_STEP]
    weight = sure[::_FIT_STEP, ::_FIT_STEP].astype(np.float64)
    here = columns + 1j * rows
    shift = to_key[::_FIT_STEP, ::_FIT_STEP].astype(np.float64)
    there = here + shift[..., 0] + 1j * shift[..., 1]
    mass = weight.sum()
    if mass == 0:
        return 1.0 + 0.0j
    away = here - (weight * here).sum() / mass
    spread = (weight * np.abs(away) ** 2).sum()
    z = complex((weight * np.conj(away) * there).sum() / spread) if spread > 0 else 1.0 + 0.0j
    # A map of noise shrinks everything to a point; no key is carried as far as that.
    return z * min(max(abs(z), 1 / _MOST_SCALE), _MOST_SCALE) / abs(z) if z else 1.0 + 0.0j


def _flow(here: Byte, there: Byte, settings: RepairSettings) -> Float:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(settings.finest_scale(*here.shape) + _FINEST_LEVEL)
    search.setPatchStride(_PATCH_STRIDE_PX)
    search.setGradientDescentIterations(_ITERATIONS)
    search.setVariationalRefinementIterations(_SMOOTHING_ITERATIONS)
    return np.asarray(search.calc(here, there, None), np.float32)
