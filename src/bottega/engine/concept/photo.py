"""A swatch's photo made flat and evenly lit: four corners to a rectangle of real size, then division by the light's slow part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float, array, colours, positive

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_FULL = 0.88  # a card fills at least this part of the four corners found around it


def rectify(
    photo: Float, corners: NDArray[np.float64], *, size_cm: tuple[float, float], px_per_cm: float | None = None
) -> tuple[Float, Float, float]:
    """Straighten a quadrilateral of a photo: R(x, y) = photo(H·(x, y)), H the homography that takes the rectangle to the corners.

    Parameters
    ----------
    photo : ndarray
        (h, w, 3) float32, linear.
    corners : ndarray
        (4, 2) float64: (x, y) of top left, top right, bottom right, bottom left, in pixels of the photo.
    size_cm : tuple of float
        Real width and height of what lies between the corners.
    px_per_cm : float, optional
        Of the result; None keeps the photo's finest, so that nothing is thrown away.

    Returns
    -------
    pixels : ndarray
        (H, W, 3) float32. Bilinear; where the result is coarser than the photo, the mean of as many samples as it needs.
    where : ndarray
        (H, W, 2) float32: place (x, y) in the photo.
    px_per_cm : float

    Raises
    ------
    ValueError
        If corners lie outside, or are not a convex quadrilateral in clockwise order.

    Examples
    --------
    >>> import numpy as np
    >>> photo = np.random.default_rng(1).random((30, 40, 3), np.float32)
    >>> flat, where, scale = rectify(photo, np.float64([[0, 0], [39, 0], [39, 29], [0, 29]]), size_cm=(3.9, 2.9))
    >>> flat.shape, round(scale, 6), bool(np.allclose(flat[3, 5], photo[3, 5]))
    ((30, 40, 3), 10.0, True)
    """
    from scipy.ndimage import map_coordinates

    colours(photo, "photo")
    _check_corners(corners, photo.shape)
    for side, value in zip(("size_cm[0]", "size_cm[1]"), size_cm, strict=True):
        positive(value, side)
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    finest = float(max(lengths[0] / size_cm[0], lengths[2] / size_cm[0], lengths[1] / size_cm[1], lengths[3] / size_cm[1]))
    scale = finest if px_per_cm is None else px_per_cm
    positive(scale, "px_per_cm")
    width, height = round(size_cm[0] * scale) + 1, round(size_cm[1] * scale) + 1
    matrix = _homography(np.array([[0.0, 0.0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]), corners)
    many = max(int(np.ceil(finest / scale - 1e-6)), 1)
    offsets = (np.arange(many) + 0.5) / many - 0.5
    total = np.zeros((height, width, 3), np.float64)
    for dy in offsets:
        for dx in offsets:
            x, y = _mapped(matrix, height, width, dx, dy)
            total += np.stack([map_coordinates(photo[..., c], (y, x), order=1, mode="nearest") for c in range(3)], axis=-1)
    x, y = _mapped(matrix, height, width, 0.0, 0.0)
    return (total / many**2).astype(np.float32), np.stack([x, y], axis=-1).astype(np.float32), scale


def _check_corners(corners: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    array(corners, "corners", (4, 2), np.float64)
    if corners.min() < -0.5 or (corners > (shape[1] - 0.5, shape[0] - 0.5)).any():
        raise ValueError(f"corners are {corners.tolist()}, allowed is inside the photo of {shape[1]}×{shape[0]} pixels")
    side = np.roll(corners, -1, axis=0) - corners
    after = np.roll(side, -1, axis=0)
    if (side[:, 0] * after[:, 1] - side[:, 1] * after[:, 0] <= 0).any():
        raise ValueError(f"corners are {corners.tolist()}, allowed is convex: top left, top right, bottom right, bottom left")


def _homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows, np.float64), target.ravel())
    return np.append(solved, 1.0).reshape(3, 3)


def _mapped(matrix: NDArray[np.float64], height: int, width: int, dx: float, dy: float) -> tuple[Any, Any]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    points = np.stack([x + dx, y + dy, np.ones_like(x)])
    u, v, w = np.tensordot(matrix, points, axes=1)
    return u / w, v / w


def find_card(photo: Float) -> NDArray[np.float64]:
    """Find the four corners of a swatch or card that lies on a plain ground of another colour.

    The ground is the median colour of the photo's border. What differs from it (Otsu's threshold of the distance of cube roots) and is
    largest is the card; each side is a straight line fitted to the middle 80 % of its edge, corners are where sides meet.

    Parameters
    ----------
    photo : ndarray
        (h, w, 3) float32, linear.

    Returns
    -------
    ndarray
        (4, 2) float64, as `rectify` takes them; top left is the corner with the least x + y.

    Raises
    ------
    ValueError
        If nothing of four sides stands out: give the corners then.

    Examples
    --------
    >>> import numpy as np
    >>> photo = np.zeros((80, 100, 3), np.float32)
    >>> photo[20:60, 30:90] = 0.8
    >>> np.abs(find_card(photo) - [[30, 20], [89, 20], [89, 59], [30, 59]]).max() < 1
    np.True_
    """
    import cv2

    colours(photo, "photo")
    root = np.cbrt(photo)
    border = np.concatenate([root[:4].reshape(-1, 3), root[-4:].reshape(-1, 3), root[:, :4].reshape(-1, 3), root[:, -4:].reshape(-1, 3)])
    away = np.linalg.norm(root - np.median(border, axis=0), axis=2)
    codes = np.clip(away / max(float(away.max()), 1e-6) * 255, 0, 255).astype(np.uint8)
    _, mask = cv2.threshold(cv2.medianBlur(codes, 5), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines or away.max() < 0.02:
        raise ValueError("photo has nothing that stands out from its border, allowed is a card on a plain ground; or give its corners")
    outline = cv2.convexHull(max(outlines, key=cv2.contourArea))
    four = _four_sides(outline)
    area = cv2.contourArea(max(outlines, key=cv2.contourArea))
    if four is None or area < _FULL * cv2.contourArea(four.astype(np.float32)) or area < 0.01 * away.size:
        raise ValueError("what stands out from the photo's border has not four straight sides; give the four corners")
    corners = _fitted(max(outlines, key=cv2.contourArea)[:, 0].astype(np.float64), four)
    first = int(np.argmin(corners.sum(axis=1)))
    return np.roll(corners, -first, axis=0)


def _four_sides(hull: Any) -> NDArray[np.float64] | None:
    """The hull with its corners cut down to four, clockwise."""
    import cv2

    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.02, 0.03, 0.05, 0.08):
        points = cv2.approxPolyDP(hull, share * length, True)[:, 0].astype(np.float64)
        if len(points) == 4:
            turn = points - points.mean(axis=0)
            clockwise: NDArray[np.float64] = points[np.argsort(np.arctan2(turn[:, 1], turn[:, 0]), kind="stable")]
            return clockwise
    return None


def _fitted(outline: NDArray[np.float64], four: NDArray[np.float64]) -> NDArray[np.float64]:
    lines = []
    for a, b in zip(four, np.roll(four, -1, axis=0), strict=True):
        along = (b - a) / np.linalg.norm(b - a)
        t = (outline - a) @ along / np.linalg.norm(b - a)
        off = np.abs((outline - a) @ np.array([-along[1], along[0]]))
        near = outline[(t > 0.1) & (t < 0.9) & (off < max(4.0, 0.03 * float(np.linalg.norm(b - a))))]
        middle = near.mean(axis=0)
        normal = np.linalg.svd(near - middle, full_matrices=False)[2][1]
        lines.append((normal, float(normal @ middle)))
    meet = [np.linalg.solve(np.stack([p[0], q[0]]), [p[1], q[1]]) for p, q in zip([lines[-1], *lines[:-1]], lines, strict=True)]
    return np.array(meet, np.float64)


def even_light(pixels: Float, *, window_px: tuple[int, int] | None = None) -> tuple[Float, Float]:
    """Divide by the slow part of the light: out = pixels · gain, gain = m / L, L the light, m such that the mean luminance stays.

    log L is the quadratic surface that fits the logarithm of the low-passed luminance. Low-passed is a mean over whole repeats, which
    makes any pattern even, so that a tartan's dark band is not taken for shadow; without repeat, over an eighth of the picture.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear.
    window_px : tuple of int, optional
        Width and height of one repeat.

    Returns
    -------
    pixels : ndarray
        (h, w, 3) float32.
    gain : ndarray
        (h, w) float32.

    Raises
    ------
    ValueError
        If the picture is black.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.broadcast_to(np.linspace(0.5, 1, 64, dtype=np.float32)[None, :, None], (64, 64, 3)).copy()
    >>> even, gain = even_light(ramp)
    >>> bool(even.std() < 0.05 * ramp.std()), round(float(even.mean() / ramp.mean()), 4)
    (True, 1.0)
    """
    from scipy.ndimage import uniform_filter1d

    colours(pixels, "pixels")
    luma = (pixels @ LUMA).astype(np.float64)
    if luma.max() <= 0:
        raise ValueError("pixels are black everywhere, allowed is a picture that shows something")
    height, width = luma.shape
    side = (max(width // 8, 1), max(height // 8, 1)) if window_px is None else window_px
    slow = uniform_filter1d(uniform_filter1d(luma, min(side[0], width), axis=1), min(side[1], height), axis=0)
    ry, rx = (int(min(s // 2, 0.4 * n)) for s, n in ((side[1], height), (side[0], width)))
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    y, x = y / height - 0.5, x / width - 0.5
    surface = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    inside = np.s_[ry : height - ry : 2, rx : width - rx : 2]
    log = np.log(np.maximum(slow[inside], 1e-6 * luma.max()))
    fitted = np.linalg.lstsq(surface[inside].reshape(-1, 6), log.ravel(), rcond=None)[0]
    gain = np.exp(-(surface @ fitted))
    gain *= luma.mean() / (luma * gain).mean()
    return (pixels * gain[..., None]).astype(np.float32), gain.astype(np.float32)


def even_patches(pixels: Float, *, window_px: tuple[int, int]) -> tuple[Float, Float]:
    """Divide by the light of patches: out = pixels · m / L, L the mean luminance over a window about each pixel, m that over all.

    A cloth that goes on by its own edge shows at once where it is darker on one side, or blotched: the eye finds the grid. So what is
    slower than a window is taken out, and the weave stays.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear.
    window_px : tuple of int
        Width and height: some whole repeats.

    Returns
    -------
    pixels : ndarray
        (h, w, 3) float32.
    gain : ndarray
        (h, w) float32, 0.5..2.

    Raises
    ------
    ValueError
        If the picture is black, or a window less than a pixel.

    Examples
    --------
    >>> import numpy as np
    >>> blotch = 1 + 0.3 * np.sin(np.arange(96) / 20)
    >>> even, _ = even_patches(np.float32(blotch[None, :, None] * np.ones((64, 1, 3))), window_px=(12, 12))
    >>> bool(even.std() < 0.15 * blotch.std())
    True
    """
    colours(pixels, "pixels")
    for name, value in zip(("window_px[0]", "window_px[1]"), window_px, strict=True):
        positive(value, name)
    luma = (pixels @ LUMA).astype(np.float64)
    if luma.max() <= 0:
        raise ValueError("pixels are black everywhere, allowed is a picture that shows something")
    gain = np.clip(luma.mean() / np.maximum(_slow(luma, window_px), 1e-6 * luma.max()), 0.5, 2)
    gain *= luma.mean() / (luma * gain).mean()
    return (pixels * gain[..., None]).astype(np.float32), gain.astype(np.float32)


def patchy(pixels: Float, *, window_px: tuple[int, int]) -> tuple[float, float]:
    """Measure what patches differ by: light alone, or colour too, as those of a pattern or a painting do.

    Parameters
    ----------
    pixels : ndarray
        (h, w, 3) float32, linear.
    window_px : tuple of int
        Width and height of a patch.

    Returns
    -------
    light : float
        Standard deviation of the logarithm of the mean luminance of patches.
    colour : float
        That of their chromaticity in OKLab, (a, b)/L.

    Raises
    ------
    ValueError
        If pixels are no picture.

    Examples
    --------
    >>> import numpy as np
    >>> blotch = 1 + 0.3 * np.sin(np.arange(96) / 20)[None, :, None] * np.ones((64, 1, 1))
    >>> red = np.float32(blotch * (0.4, 0.1, 0.1))
    >>> light, colour = patchy(red, window_px=(8, 8))
    >>> light > 0.1, colour < 1e-3
    (True, True)
    """
    from .oklab import to_oklab

    colours(pixels, "pixels")
    slow = np.stack([_slow(pixels[..., c].astype(np.float64), window_px) for c in range(3)], axis=-1)
    lab = to_oklab(slow)
    spread = (lab[..., 1:] / np.maximum(lab[..., :1], 0.05)).std(axis=(0, 1))
    luma = slow @ LUMA
    return float(np.log(np.maximum(luma, 1e-6 * luma.max() + 1e-12)).std()), float(np.hypot(*spread))


def _slow(plane: NDArray[np.float64], window_px: tuple[int, int]) -> NDArray[np.float64]:
    """Mean over a window, over what of it lies within the picture."""
    from scipy.ndimage import uniform_filter1d

    share = np.ones_like(plane)
    for axis, side in ((1, window_px[0]), (0, window_px[1])):
        plane, share = (uniform_filter1d(p, min(side, plane.shape[axis]), axis=axis, mode="constant") for p in (plane, share))
    result: NDArray[np.float64] = plane / share
    return result
