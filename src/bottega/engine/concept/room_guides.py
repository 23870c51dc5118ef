"""What guides a room's painting: edges of labels, normals, depth, shade, line, and the way that edges run. All 0..1, all local."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .records import Float, Labels, Room

_EDGE_PX = 6.0  # how far an edge of a label is felt: as far as a stroke is wide
_SHADE_PX = 2.0  # sigma: a rendered guide's grain is not the painter's business
_LINE_PX = 0.7
_FLOW_PX = (1.0, 8.0)  # sigma of the picture and of its tensor
_FAINT = 1e-5  # squared slope (a pixel, 0..1) under which no direction is sure
CHANNELS = ("edge", "edge", "edge", "flow", "flow", "shade", "line", "depth", "normal", "normal", "normal")


def guides(room: Room, normal: Float, depths: tuple[float, float]) -> Float:
    """Guides of one angle: (H, W, 11) float32, in the order of `CHANNELS`.

    The first three are the distance to the nearest other label, cut off at 6 pixels, and the direction to it, so that left edges are
    painted like left edges. Flow is cosine and sine of twice the angle in which shade and line run nearby, 0.5 where none is.
    """
    from scipy.ndimage import gaussian_filter

    low, high = (float(np.log(d)) for d in depths)
    depth = (np.log(room.depth) - low) / max(high - low, 1e-6)
    shade = gaussian_filter(room.shade, _SHADE_PX, mode="nearest")
    line = gaussian_filter(room.line, _LINE_PX, mode="nearest")
    planes = [edges(room.labels), _flow(room), np.stack([shade, line, depth], -1), (normal + 1) / 2]
    return np.ascontiguousarray(np.concatenate(planes, axis=-1), np.float32)


def edges(labels: Labels) -> Float:
    """Distance to the nearest pixel of another label over 6 pixels, 0..1, and 0.5 + half of the direction to it times 1 - distance."""
    from scipy.ndimage import distance_transform_edt, find_objects

    out = np.zeros((*labels.shape, 3), np.float32)
    out[..., 0], out[..., 1:] = 1, 0.5
    pad = int(_EDGE_PX) + 1
    for index, box in enumerate(find_objects(labels.astype(np.int32) + 1)):
        if box is None:
            continue
        wide = tuple(slice(max(s.start - pad, 0), min(s.stop + pad, n)) for s, n in zip(box, labels.shape, strict=True))
        inside = labels[wide] == index
        if inside.all():
            continue
        far, near = distance_transform_edt(inside, return_indices=True)
        toward = near - np.stack(list(np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]]))
        share = np.minimum(far / _EDGE_PX, 1)
        turn = toward / np.maximum(far, 1) * (1 - share) / 2 + 0.5
        out[wide][inside] = np.stack([share, turn[0], turn[1]], -1)[inside]
    return out


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
