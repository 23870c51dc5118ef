"""The proof behind `Copied`: gather the exemplars' own pixels again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .credit import COPIED, CreditMap


def regather(credit: CreditMap, pictures: Mapping[int, NDArray[Any]]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Gather copied pixels from their exemplars again: ``out[p] = pictures[id(p)][y(p), x(p)]`` where the claim is copied.

    A frame whose credit is true holds the same bits wherever the mask is set.

    Parameters
    ----------
    credit : CreditMap
        The credit of a frame of shape (H, W).
    pictures : mapping of int to ndarray, shape (h, w, C)
        The exemplar of each source id that a copied pixel names, all of one dtype and one C, in any colour space: values are moved,
        never computed with, so that any bit pattern (NaN, negative zero) survives.

    Returns
    -------
    out : ndarray, shape (H, W, C)
        The pixels gathered, in the pictures' dtype; zeros elsewhere.
    mask : ndarray of bool, shape (H, W)
        Where a pixel is copied.

    Raises
    ------
    ValueError
        When no picture is given, one is missing, they differ in dtype or channels, or a source position lies outside its picture.

    Examples
    --------
    >>> from bottega.attribution import CreditSource, credit_frame
    >>> from bottega.model import Role
    >>> plate = CreditSource(id=1, exemplar="a" * 64, role=Role.PLATE)
    >>> credit = credit_frame(np.full((1, 1, 2), 65536, np.uint32), np.array([[1, 0]], np.uint8), [plate])
    >>> out, mask = regather(credit, {1: np.array([[[0.5], [0.25]]], np.float32)})
    >>> out[..., 0].tolist(), mask.tolist()
    ([[0.5, 0.0]], [[True, False]])
    """
    kinds = {(p.dtype, p.shape[2:]) for p in pictures.values()}
    if len(kinds) != 1 or any(p.ndim != 3 for p in pictures.values()):
        given = {i: f"{p.dtype} {p.shape}" for i, p in pictures.items()}
        raise ValueError(f"pictures: one or more of one dtype and of shape (h, w, C) are needed, given {given}")
    dtype, channels = kinds.pop()
    mask = credit.claim == COPIED
    out = np.zeros((*credit.shape, *channels), dtype)
    for source, parts in zip(credit.sources, credit.parts, strict=True):
        here = mask & (parts > 0)
        if not here.any():
            continue
        if source.id not in pictures:
            what = f"{source.role.value} {source.exemplar[:12]}"
            raise ValueError(f"pictures: source {source.id} ({what}) is missing, given {sorted(pictures)}")
        picture, x, y = pictures[source.id], credit.x[here], credit.y[here]
        height, width = picture.shape[:2]
        if int(x.max()) >= width or int(y.max()) >= height:
            far = f"x={int(x.max())}, y={int(y.max())}"
            raise ValueError(f"pictures: source {source.id} is {width}x{height}, but pixels are copied from as far as {far}")
        out[here] = picture[y, x]
    return out, mask
