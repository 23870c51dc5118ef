"""Arrays are checked at the door: the message names the argument, what was given and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Byte = NDArray[np.uint8]

SMALLEST_SIDE_PX = 32  # below this the flow's pyramid has no level left to search on


def one_thread() -> None:
    """Refuse to work while OpenCV may split a picture over threads: the flow's bits would depend on their number."""
    import cv2

    given = cv2.getNumThreads()
    if given > 1:
        raise RuntimeError(
            f"OpenCV is set to {given} threads, allowed is 1: the flow's bits depend on that number. "
            "Call cv2.setNumThreads(1) once when the process starts, and run frames side by side instead"
        )


def picture(array: Any, name: str, *, like: tuple[int, int] | None = None) -> Float:
    """Check an (H, W, 3) float32 picture of finite values and give it back with contiguous memory."""
    checked = _array(array, name, 3, np.float32, "(H, W, 3)")
    if checked.shape[2] != 3:
        raise ValueError(f"{name} has shape {checked.shape}, allowed is (H, W, 3)")
    _size(checked, name, like)
    _finite(checked, name)
    return np.ascontiguousarray(checked)


def plane(array: Any, name: str, *, like: tuple[int, int], low: float = 0.0, high: float = 1.0) -> Float:
    """Check an (H, W) float32 plane with values in low..high and give it back with contiguous memory."""
    checked = _array(array, name, 2, np.float32, "(H, W)")
    _size(checked, name, like)
    _finite(checked, name)
    least, most = float(checked.min()), float(checked.max())
    if least < low or most > high:
        raise ValueError(f"{name} has values from {least:g} to {most:g}, allowed is {low:g} to {high:g}")
    return np.ascontiguousarray(checked)


def guide_plane(array: Any, name: str, *, like: tuple[int, int] | None = None) -> Byte:
    """Check an (H, W) uint8 guide as `guide` makes it."""
    checked = _array(array, name, 2, np.uint8, "(H, W)")
    _size(checked, name, like)
    return np.ascontiguousarray(checked)


def look_planes(array: Any, name: str, *, like: tuple[int, int]) -> Byte:
    """Check an (H, W, 3) uint8 look as `look` makes it."""
    checked = _array(array, name, 3, np.uint8, "(H, W, 3)")
    if checked.shape[2] != 3:
        raise ValueError(f"{name} has shape {checked.shape}, allowed is (H, W, 3)")
    _size(checked, name, like)
    return np.ascontiguousarray(checked)


def _array(array: Any, name: str, ndim: int, dtype: type, shape: str) -> NDArray[Any]:
    wanted = np.dtype(dtype).name
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}, allowed is a numpy array of {wanted} with shape {shape}")
    if array.dtype != dtype:
        raise TypeError(f"{name} has dtype {array.dtype}, allowed is {wanted}")
    if array.ndim != ndim:
        raise ValueError(f"{name} has shape {array.shape}, allowed is {shape}")
    return array


def _size(array: NDArray[Any], name: str, like: tuple[int, int] | None) -> None:
    height, width = array.shape[:2]
    if like is not None and (height, width) != like:
        raise ValueError(f"{name} is {height} pixels high and {width} wide, allowed is {like[0]} high and {like[1]} wide as the rest")
    if min(height, width) < SMALLEST_SIDE_PX:
        raise ValueError(f"{name} is {height} pixels high and {width} wide, allowed is at least {SMALLEST_SIDE_PX} each way")


def _finite(array: NDArray[Any], name: str) -> None:
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} has a value that is not finite ({array[where]}) at (row, column, ...) {where}, allowed is finite numbers")
