"""Which paint goes where: labels, and within a label the things of one colour, each to a thing of the other angle.

Two armchairs of one label, one orange, one yellow: whoever paints the other angle makes one orange and the other yellow. So a label of
the painting is cut into pieces (connected, without a step in depth), pieces of one colour are a *kind*, and every piece of the other
angle is given one kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .painted import MOST_LABEL
from .records import Float, Labels, Room

_STEP = 0.05  # of log depth from a pixel to the next: more is another thing
_CHROMA = 0.07  # distance of r/(r+g+b), g/(r+g+b) from which on two colours are two
_BRIGHT = 3.0  # ratio of brightness over shade, the same
_LEAST = 0.06  # of its label's pixels that a piece needs to be a kind of its own ...
_LEAST_PX = 64  # ... and so many
_PART = 0.25  # of a thing's pixels under which a piece beside it is a part of it
_NEAR = 0.35  # of the thing's longer side: what is beside it


@dataclass(frozen=True, eq=False)
class Casting:
    """Classes for the synthesis.

    Parameters
    ----------
    kind
        (h, w) uint8, of the painting.
    wanted
        (H, W) uint8, of the other angle: every class is in ``kind``.
    labels
        (classes,) int: the painting's label that each class is of.
    stand_ins
        (label, painted label) for those that the painting lacks.
    """

    kind: Labels
    wanted: Labels
    labels: NDArray[np.int64]
    stand_ins: tuple[tuple[int, int], ...]


def pieces(labels: Labels, depth: Float) -> NDArray[np.int32]:
    """(H, W) int32, a number for each piece from 0: neighbours of one label whose depths differ by less than 5 % are together."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    number = np.arange(labels.size).reshape(labels.shape)
    deep = np.log(depth)
    pairs = []
    for a, b in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        joined = (labels[a] == labels[b]) & (np.abs(deep[a] - deep[b]) < _STEP)
        pairs.append(np.stack([number[a][joined], number[b][joined]]))
    first, second = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(first.size, np.int8), (first, second)), shape=(labels.size, labels.size))
    result: NDArray[np.int32] = connected_components(graph, directed=False)[1].reshape(labels.shape).astype(np.int32)
    return result


def cast(
    key: Room, painted: Float, other: Room, normals: tuple[Float, Float], *, stand_ins: tuple[tuple[int, int], ...], refuse: bool
) -> Casting:
    """Classes of the painting and of the other angle.

    What the painting lacks takes its stand-in, or else the painted label whose mean normal and shade are nearest, of those with a quarter
    of its pixels at least. Raises ValueError if a stand-in is not painted, or for what has none when ``refuse``.
    """
    stood = _stand_ins(key, other, normals, dict(stand_ins), refuse)
    like = np.arange(256, dtype=np.uint8)
    for label, shown in stood:
        like[label] = shown
    asked = like[other.labels]
    of_key, of_other = pieces(key.labels, key.depth), pieces(other.labels, other.depth)
    kind, wanted = key.labels.copy(), asked.copy()
    labels = list(range(MOST_LABEL + 1))
    free = [n for n in range(MOST_LABEL, -1, -1) if not (key.labels == n).any()]
    for label in np.unique(asked).tolist():
        kinds = _kinds(key, painted, of_key, label)
        if len(kinds) < 2 or len(free) < len(kinds) - 1:
            continue
        numbers = [label, *(free.pop() for _ in kinds[1:])]
        for number, members in zip(numbers, kinds, strict=True):
            kind[np.isin(of_key, members)] = number
            labels[number] = label
        shares = [len(members) for members in kinds]
        for members, choice in _given(of_other, other.depth, asked == label, shares):
            wanted[np.isin(of_other, members) & (asked == label)] = numbers[choice]
    return Casting(kind, wanted, np.asarray(labels, np.int64), stood)


def _stand_ins(key: Room, other: Room, normals: tuple[Float, Float], given: dict[int, int], refuse: bool) -> tuple[tuple[int, int], ...]:
    painted, size = np.unique(key.labels, return_counts=True)
    for label, like in given.items():
        if like not in painted:
            raise ValueError(f"stand_ins has ({label}, {like}), allowed are the painting's labels {painted.tolist()}")
    out = []
    for label in np.setdiff1d(np.unique(other.labels), painted).tolist():
        if label not in given and refuse:
            raise ValueError(f"the painting has nothing of label {label}, allowed are {painted.tolist()}, or a stand-in for it")
        if label not in given:
            here = other.labels == label
            mean = np.append(normals[1][here].mean(axis=0), other.shade[here].mean())
            far = []
            for k, count in zip(painted, size, strict=True):
                there = key.labels == k
                one = np.append(normals[0][there].mean(axis=0), key.shade[there].mean())
                far.append(((one - mean) ** 2).sum() + (4.0 if 4 * count < here.sum() else 0.0))
            given = {**given, label: int(painted[int(np.argmin(far))])}
        out.append((label, given[label]))
    return tuple(out)


def _kinds(key: Room, painted: Float, piece: NDArray[np.int32], label: int) -> list[list[int]]:
    """Pieces of a label by colour, the largest kind first; one list if all are alike."""
    here = key.labels == label
    numbers, index = np.unique(piece[here], return_inverse=True)
    size = np.bincount(index)
    colour = np.stack([np.bincount(index, weights=painted[here][:, c]) for c in range(3)], -1) / size[:, None]
    light = np.bincount(index, weights=key.shade[here]) / size
    kinds: list[list[int]] = []
    looks: list[NDArray[np.float64]] = []
    for i in np.argsort(-size, kind="stable").tolist():
        look = _look(colour[i], light[i])
        far = [max(float(np.hypot(*(look - one)[:2])) / _CHROMA, abs(float((look - one)[2])) / np.log(_BRIGHT)) for one in looks]
        new = size[i] >= max(_LEAST * here.sum(), _LEAST_PX)
        if not far or (new and min(far) > 1):
            kinds.append([int(numbers[i])])
            looks.append(look)
        else:
            kinds[int(np.argmin(far))].append(int(numbers[i]))
    return kinds


def _look(colour: Any, light: float) -> NDArray[np.float64]:
    total = float(colour.sum()) + 1e-6
    return np.array([colour[0] / total, colour[1] / total, np.log(total / max(light, 1e-3))])


def _given(piece: NDArray[np.int32], depth: Float, here: NDArray[np.bool_], shares: list[int]) -> list[tuple[list[int], int]]:
    """Things of the other angle, each with the number of its kind: the largest things first, kinds in turn by how many pieces they have."""
    from scipy.ndimage import find_objects

    numbers, index = np.unique(piece[here], return_inverse=True)
    size = np.bincount(index)
    deep = np.bincount(index, weights=np.log(depth[here])) / size
    plane = np.zeros(here.shape, np.int32)
    plane[here] = index + 1
    boxes = find_objects(plane)
    things: list[list[int]] = []
    for i in np.argsort(-size, kind="stable").tolist():
        homes = [t for t in things if size[i] < _PART * size[t[0]] and _beside(boxes[i], boxes[t[0]])]
        if homes:
            min(homes, key=lambda t: abs(deep[i] - deep[t[0]])).append(i)
        else:
            things.append([i])
    used = [0] * len(shares)
    out = []
    for thing in things:
        choice = min(range(len(shares)), key=lambda k: ((used[k] + 1) / shares[k], k))
        used[choice] += 1
        out.append(([int(numbers[i]) for i in thing], choice))
    return out


def _beside(box: Any, home: Any) -> bool:
    reach = int(_NEAR * max(s.stop - s.start for s in home)) + 1
    return all(a.start < b.stop + reach and b.start < a.stop + reach for a, b in zip(box, home, strict=True))
