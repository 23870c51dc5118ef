"""What guides a room's painting: edges, normals, depth, shade, line, and the way that edges run. All 0..1, all local."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float, Labels, Room

EDGE_PX = 6.0  # how far an edge of a label is felt: as far as a stroke is wide
_SHADE_PX = 2.0  # sigma: a rendered guide's grain is not the painter's business
_LINE_PX = 0.7
_FLOW_PX = (1.0, 8.0)  # sigma of the picture and of its tensor
_FAINT = 1e-5  # squared slope (a pixel, 0..1) under which no direction is sure
CHANNELS = ("edge", "edge", "edge", "beyond", "beyond", "beyond", "flow", "flow", "shade", "line", "depth", "normal", "normal", "normal")


def guides(room: Room, normal: Float, depths: tuple[float, float], classes: Labels, palette: Float) -> Float:
    """Guides of one angle: (H, W, 14) float32, in the order of `CHANNELS`.

    Of the edges see `edges`. Flow is cosine and sine of twice the angle in which shade and line run nearby, 0.5 where none is.
    """
    from scipy.ndimage import gaussian_filter

    low, high = (float(np.log(d)) for d in depths)
    depth = (np.log(room.depth) - low) / max(high - low, 1e-6)
    shade = gaussian_filter(room.shade, _SHADE_PX, mode="nearest")
    line = gaussian_filter(room.line, _LINE_PX, mode="nearest")
    planes = [edges(classes, palette), _flow(room), np.stack([shade, line, depth], -1), (normal + 1) / 2]
    return np.ascontiguousarray(np.concatenate(planes, axis=-1), np.float32)


def edges(classes: Labels, palette: Float, reach_px: float = EDGE_PX) -> Float:
    """Where an edge is near, on which side, and what paint is beyond it: (H, W, 6) float32.

    The distance d to the nearest pixel of another class over ``reach_px``, at most 1; 0.5 and half of the direction to it times 1 - d, so
    that left edges are painted like left edges; the colour of that class in ``palette`` (256, 3) times 1 - d, so that strokes which reach
    over the edge are of a paint that is there.
    """
    from scipy.ndimage import distance_transform_edt, find_objects

    out = np.zeros((*classes.shape, 6), np.float32)
    out[..., 0], out[..., 1:3] = 1, 0.5
    pad = int(reach_px) + 1
    for index, box in enumerate(find_objects(classes.astype(np.int32) + 1)):
        if box is None:
            continue
        wide = tuple(slice(max(s.start - pad, 0), min(s.stop + pad, n)) for s, n in zip(box, classes.shape, strict=True))
        inside = classes[wide] == index
        if inside.all():
            continue
        far, near = distance_transform_edt(inside, return_indices=True)
        toward = near - np.stack(list(np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]]))
        share = np.minimum(far / reach_px, 1)[..., None]
        turn = np.moveaxis(toward, 0, -1) / np.maximum(far, 1)[..., None] * (1 - share) / 2 + 0.5
        beyond = palette[classes[wide][near[0], near[1]]] * (1 - share)
        out[wide][inside] = np.concatenate([share, turn, beyond], -1)[inside]
    return out


def palette_of(style: Float, classes: Labels) -> Float:
    """(256, 3) float32: mean style of each class, 0 of those that are not there."""
    size = np.maximum(np.bincount(classes.ravel(), minlength=256), 1)
    means = [np.bincount(classes.ravel(), weights=style[..., c].ravel(), minlength=256) / size for c in range(3)]
    return np.stack(means, -1).astype(np.float32)


def _flow(room: Room) -> NDArray[np.float32]:
    """Structure tensor (Bigün & Granlund 1987) of shade and a third of line: twice the angle along it, by its coherence."""
    from scipy.ndimage import gaussian_filter, sobel

    tensor = np.zeros((3, *room.labels.shape), np.float32)
    for plane, weight in ((room.shade, 1.0), (room.line, 0.3)):
        smooth = gaussian_filter(plane, _FLOW_PX[0], mode="nearest")
        down, across = sobel(smooth, 0, mode="nearest") / 8, sobel(smooth, 1, mode="nearest") / 8
        for k, product in enumerate((across * across, across * down, down * down)):
            tensor[k] += weight * gaussian_filter(product, _FLOW_PX[1], mode="nearest")
    total = tensor[0] + tensor[2] + _FAINT
    twice = np.stack([tensor[2] - tensor[0], -2 * tensor[1]], -1) / total[..., None]
    result: NDArray[np.float32] = ((twice + 1) / 2).astype(np.float32)
    return result


def world_normals(key: Room, other: Room) -> tuple[Float, Float]:
    """Normals of both in world space if both say how their cameras stood, else as they are given.

    Raises ValueError if only one of them says so.
    """
    if (key.to_world is None) != (other.to_world is None):
        raise ValueError("to_world is given for one angle only, allowed is for the painted one and the other, or for none")
    pair: list[Any] = []
    for room in (key, other):
        turned = room.normal if room.to_world is None else room.normal @ room.to_world.T.astype(np.float32)
        size = np.sqrt((turned * turned).sum(axis=-1, keepdims=True))
        pair.append(np.ascontiguousarray(turned / np.maximum(size, 1e-6), np.float32))
    return pair[0], pair[1]
