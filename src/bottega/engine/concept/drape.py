"""Where on the cloth does each pixel of a garment lie? A map (u, v) in cm that turns with the folds and keeps its scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Figure, Float, array, number

_CELLS = 24_000  # the map is solved on cells of whole pixels, at most about this many, and read out smoothly
_STRAIGHT = 0.12  # how sure cloth is of hanging straight, beside the folds' own 0..1
_PULL = 0.05  # share of the way to the folds that a turn takes in each of ...
_ROUNDS = 6  # ... so many rounds
_SMOOTH_CM = 1.5


@dataclass(frozen=True, eq=False)
class Drape:
    """The map of a garment.

    Parameters
    ----------
    inside
        (H, W) bool: the garment.
    uv_cm
        (H, W, 2) float32: place on the cloth in cm, right and down; 0 outside.
    stretch
        5 %, 50 % and 95 % quantiles of cm of cloth for a cm of the drawing (the root of the map's area): 1 is true to scale.
    """

    inside: NDArray[np.bool_]
    uv_cm: Float
    stretch: tuple[float, float, float]


def fold_field(figure: Figure) -> Float:
    """Directions of the folds from shading and the shape of parts, for drawings that come without.

    The structure tensor of log shade and of the parts' borders (a quarter as strong), over 1 cm: a fold runs along its smaller eigenvector
    (Bigün & Granlund 1987). Sure is the tensor's coherence times how strong it is.

    Parameters
    ----------
    figure : Figure
        With or without ``shade``.

    Returns
    -------
    ndarray
        (H, W, 3) float32, as ``Figure.folds``.

    Raises
    ------
    TypeError
        If shade is no array of float32.

    Examples
    --------
    >>> import numpy as np
    >>> shade = np.tile(0.6 + 0.3 * np.sin(np.arange(64) / 3), (64, 1)).astype(np.float32)
    >>> flat = Figure(np.zeros((64, 64, 4), np.float32), np.zeros((64, 64), np.uint8), ("skirt",), 8.0, shade)
    >>> [abs(v) for v in fold_field(flat)[32, 32].round(1).tolist()]  # twice 90 degrees
    [1.0, 0.0, 1.0]
    """
    from scipy.ndimage import gaussian_filter, sobel

    wide, small = figure.px_per_cm, max(0.12 * figure.px_per_cm, 0.7)
    inside = figure.labels.astype(np.float64)
    shade = np.zeros(inside.shape) if figure.shade is None else np.log(np.maximum(figure.shade.astype(np.float64), 0.02))
    tensor = np.zeros((3, *inside.shape))
    for plane, weight in ((shade, 1.0), (np.minimum(_border(figure), 1.0), 0.25)):
        smooth = gaussian_filter(plane, small)
        gx, gy = sobel(smooth, axis=1) / 8, sobel(smooth, axis=0) / 8
        tensor += weight * np.stack([gaussian_filter(a, wide) for a in (gx * gx, gx * gy, gy * gy)])
    across, along = tensor[0] - tensor[2], 2 * tensor[1]
    size = np.hypot(across, along)
    total = tensor[0] + tensor[2]
    sure = size / np.maximum(total, 1e-12) * np.minimum(np.sqrt(total) * figure.px_per_cm / 0.15, 1)
    safe = np.maximum(size, 1e-12)
    return np.stack([-across / safe, -along / safe, np.clip(sure, 0, 1)], axis=-1).astype(np.float32)


def _border(figure: Figure) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    edge = np.zeros(figure.labels.shape, bool)
    edge[:, 1:] |= figure.labels[:, 1:] != figure.labels[:, :-1]
    edge[1:] |= figure.labels[1:] != figure.labels[:-1]
    if not edge.any():
        return np.zeros(edge.shape)
    result: NDArray[np.float64] = np.exp(-distance_transform_edt(~edge) / figure.px_per_cm)
    return result


def drape(figure: Figure, parts: tuple[str, ...], *, follow: float = 1.0, seams: bool = True, folds: Float | None = None) -> Drape:
    """Lay cloth on parts: grad u = (cos t, sin t) / s, grad v = (-sin t, cos t) / s, with t the turn of the grain, s pixels a cm.

    (1) Folds run with the warp or with the weft: their angle times four is smoothed over the parts, beside a small vote for straight, and
    the turn nearest to straight is t. The hem's and the waist's horizontal folds so agree with the skirt's vertical ones, and where a
    field with a way to run would have singular points this one has soft turns; t jumps only where folds lie at 45 degrees.
    (2) No map has just these gradients. The nearest in least squares is solved (Poisson), the turns it has are taken and pulled towards
    the folds again, six times: as rigid as possible (Sorkine & Alexa 2007), so that it is the scale that is kept and the turn that gives.
    (3) Each connected piece is a map of its own, with its mean at its place in the drawing: pieces of one layout carry on each other's
    repeat. Without ``seams`` it begins at (0, 0) in the middle of its top.

    Parameters
    ----------
    figure : Figure
        The drawing.
    parts : tuple of str
        Parts that are of one cloth.
    follow : float
        0 hangs straight, 1 follows the folds.
    seams : bool
        True: one layout for all pieces.
    folds : ndarray, optional
        (H, W, 3) float32 in place of the figure's (strokes of the designer painted over them, or `fold_field`).

    Returns
    -------
    Drape

    Raises
    ------
    ValueError
        If a part is unknown or empty.

    Examples
    --------
    >>> import numpy as np
    >>> figure = Figure(np.zeros((60, 40, 4), np.float32), np.zeros((60, 40), np.uint8), ("skirt",), 10.0)
    >>> hung = drape(figure, ("skirt",), follow=0)
    >>> (hung.uv_cm[30, 25] - hung.uv_cm[20, 20]).round(3).tolist(), hung.stretch
    ([0.5, 1.0], (1.0, 1.0, 1.0))
    """
    number(follow, "follow", 0, 1)
    inside = np.logical_or.reduce([figure.part(name) for name in parts])
    field = folds if folds is not None else figure.folds
    if field is None:
        field = fold_field(figure)
    array(field, "folds", (*inside.shape, 3), np.float32)
    uv = np.zeros((*inside.shape, 2), np.float32)
    scale = figure.px_per_cm
    areas = []
    for rows, columns, piece in _pieces(inside):
        cell = max(int(np.ceil(np.sqrt(piece.sum() / _CELLS))), 1)
        turn, sure = _turns(field[rows, columns], piece, _SMOOTH_CM * scale, cell)
        moved, area = _solved(turn, sure * follow, _cells(piece, cell) > 0, cell)
        shift = _read(moved, cell, piece.shape)
        y, x = np.nonzero(piece)
        place = np.stack([x + columns.start, y + rows.start], axis=-1) + shift[piece]
        if not seams:
            top = y <= y.min() + scale
            place -= (np.median(place[top, 0]), place[:, 1].min())
        uv[rows, columns][piece] = place / scale
        areas.append(area)
    low, middle, high = np.quantile(np.concatenate(areas), (0.05, 0.5, 0.95))
    return Drape(inside, uv, (round(float(low), 4), round(float(middle), 4), round(float(high), 4)))


def _pieces(inside: NDArray[np.bool_]) -> list[tuple[slice, slice, NDArray[np.bool_]]]:
    from scipy.ndimage import find_objects, label

    found, _ = label(inside, np.ones((3, 3), int))
    return [(*box, found[box] == index + 1) for index, box in enumerate(find_objects(found))]


def _cells(plane: NDArray[Any], cell: int) -> NDArray[np.float64]:
    """Means over cells of whole pixels; the last ones may lie half outside."""
    height, width = plane.shape
    padded = np.pad(plane.astype(np.float64), ((0, -height % cell), (0, -width % cell)))
    result: NDArray[np.float64] = padded.reshape(padded.shape[0] // cell, cell, -1, cell).mean(axis=(1, 3))
    return result


def _turns(field: Float, piece: NDArray[np.bool_], smooth_px: float, cell: int) -> tuple[Any, Any]:
    """Turn of the grain in radians, -pi/4..pi/4, and how sure it is, 0..1, by cells."""
    from scipy.ndimage import gaussian_filter

    cos, sin, sure = (field[..., i].astype(np.float64) for i in range(3))
    strong = np.clip(sure, 0, 1) * piece
    four = [_cells(strong * (cos * cos - sin * sin), cell), _cells(strong * 2 * cos * sin, cell), _cells(piece, cell)]
    cos4, sin4, here = (gaussian_filter(plane, smooth_px / cell, mode="constant") for plane in four)
    cos4, sin4 = cos4 / np.maximum(here, 1e-9), sin4 / np.maximum(here, 1e-9)
    return np.arctan2(sin4, cos4 + _STRAIGHT) / 4, np.minimum(np.hypot(cos4, sin4) / (np.hypot(cos4, sin4) + _STRAIGHT), 1)


def _solved(turn: Any, sure: Any, held: NDArray[np.bool_], cell: int) -> tuple[Any, Any]:
    """Shift in pixels of each cell's map from its place, nan outside, and the stretch of each cell."""
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import splu

    index = np.full(held.shape, -1)
    index[held] = np.arange(held.sum())
    right, below = held[:, :-1] & held[:, 1:], held[:-1] & held[1:]
    first = np.concatenate([index[:, :-1][right], index[:-1][below]])
    second = np.concatenate([index[:, 1:][right], index[1:][below]])
    edges, count = np.arange(len(first)), int(held.sum())
    signs = np.repeat([-1.0, 1.0], len(first))
    gradient = csc_matrix((signs, (np.tile(edges, 2), np.concatenate([first, second]))), shape=(len(first), count))
    factor = splu((gradient.T @ gradient + 1e-9 * identity(count)).tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    aim, strength = turn[held], sure[held]
    level = int(right.sum())
    now, solved, stretch = aim * np.minimum(strength * 2, 1), np.zeros((count, 2)), np.ones(count)
    if not len(first) or not strength.any():
        return _spread(solved, held), stretch
    for _ in range(_ROUNDS):
        middle = (now[first] + now[second]) / 2
        cos, sin, across = np.cos(middle), np.sin(middle), edges < level
        solved = np.stack(
            [factor.solve(gradient.T @ (cell * d)) for d in (np.where(across, cos - 1, sin), np.where(across, -sin, cos - 1))], -1
        )
        steps = gradient @ solved / cell
        jacobian = _jacobian(steps, first, second, level, count)
        rigid = np.arctan2(jacobian[:, 2] - jacobian[:, 1], jacobian[:, 0] + jacobian[:, 3])
        now = rigid + _PULL * strength * (aim - rigid)
    stretch = np.sqrt(np.abs(jacobian[:, 0] * jacobian[:, 3] - jacobian[:, 1] * jacobian[:, 2]))
    grain = np.median(stretch)
    place = np.stack(np.nonzero(held)[::-1], axis=-1) * float(cell)
    solved = (solved + place) / grain - place
    return _spread(solved - solved.mean(axis=0), held), stretch / grain


def _jacobian(steps: Any, first: Any, second: Any, level: int, count: int) -> Any:
    """(du/dx, dv/dx, du/dy, dv/dy) of each cell: the mean of the differences on both of its sides."""
    out = np.zeros((count, 4))
    for half, (start, stop) in enumerate(((0, level), (level, len(first)))):
        ends = np.concatenate([first[start:stop], second[start:stop]])
        many = np.maximum(np.bincount(ends, minlength=count), 1)
        for i in range(2):
            twice = np.tile(steps[start:stop, i], 2)
            out[:, 2 * half + i] = np.bincount(ends, weights=twice, minlength=count) / many
    out[:, 0] += 1
    out[:, 3] += 1
    return out


def _spread(solved: Any, held: NDArray[np.bool_]) -> Any:
    plane = np.full((*held.shape, 2), np.nan)
    plane[held] = solved
    return plane


def _read(moved: Any, cell: int, shape: tuple[int, ...]) -> Any:
    """The cells' shifts at every pixel: what lies outside continues the nearest cell, then smoothly between cells (cubic)."""
    from scipy.ndimage import distance_transform_edt, map_coordinates

    lost = np.isnan(moved[..., 0])
    y, x = distance_transform_edt(lost, return_distances=False, return_indices=True)
    full = moved[y, x]
    if cell == 1:
        return full
    rows, columns = ((np.arange(n) + 0.5) / cell - 0.5 for n in shape)
    grid = np.meshgrid(rows, columns, indexing="ij")
    return np.stack([map_coordinates(full[..., i], grid, order=3, mode="nearest") for i in range(2)], axis=-1)
